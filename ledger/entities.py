"""Opening entities and accounts: the doors through which the rooms above get books. Nothing is posted here."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import money
from core.errors import Invalid
from ledger.accounts import Book, EntityKind, Kind, PartyRule
from ledger.canonical import account_key
from ledger.models import Account, Entity


class NewEntity(NamedTuple):
    """What must be known to open books."""

    name: str
    kind: str
    currency: str


def open_entity(*, name: str, kind: str, currency: str) -> Entity:
    """Open books for a microenterprise, idea or platform, with its wallet in the real book.

    currency: ISO 4217, fixed for ever. Raises Invalid with a sentence when a value cannot be used.
    """
    return open_entities([NewEntity(name, kind, currency)])[0]


def open_entities(drafts: Sequence[NewEntity]) -> list[Entity]:
    """Like `open_entity` for many at once (seeders), in a constant number of statements, in the order given."""
    for draft in drafts:
        _check(draft)
    opened = Entity.objects.bulk_create(
        [Entity(name=draft.name, kind=EntityKind(draft.kind), currency=draft.currency) for draft in drafts]
    )
    account_ids([account_key(entity.pk, Kind.WALLET, "") for entity in opened])
    return opened


def rename(entity: Entity, name: str) -> Entity:
    """Give an entity another name; what was posted stays as it is."""
    _check(NewEntity(name, entity.kind, entity.currency))
    entity.name = name
    entity.save(update_fields=["name"])
    return entity


def become(entity: Entity, kind: str) -> Entity:
    """Change what an entity is: an idea that is launched becomes a microenterprise with the same books."""
    _check(NewEntity(entity.name, kind, entity.currency))
    entity.kind = EntityKind(kind)
    entity.save(update_fields=["kind"])
    return entity


def open_account(entity_id: int, kind: Kind, party: str = "", book: Book = Book.REAL) -> Account:
    """The account with that natural key, opened if it is not there yet."""
    return Account.objects.get(pk=account_ids([account_key(entity_id, kind, party)], book)[0])


def account_ids(keys: Sequence[str], book: Book = Book.REAL) -> list[int]:
    """The ids of a book's accounts by `canonical.account_key`, in the order given; those not there yet are opened.

    One statement, or three when some are opened. Opening goes in the order of the natural keys, so that two writers
    opening the same accounts wait for each other instead of deadlocking. Raises Invalid for an entity without books,
    and for a party where the kind has none, or none where it must have one.
    """
    found = _look_up(keys, book)
    if None in found:
        missing = sorted({key for key, account_id in zip(keys, found, strict=True) if account_id is None})
        _check_keys(missing)
        _open(missing, book)
        opened = dict(zip(missing, _look_up(missing, book), strict=True))
        found = [opened[key] if account_id is None else account_id for key, account_id in zip(keys, found, strict=True)]
    ids = [account_id for account_id in found if account_id is not None]
    if len(ids) != len(keys):
        raise Invalid(_("An entry names an entity that has no books. Open its books first."))
    return ids


# Keys travel as one text: the driver spells a list out value by value, which is slow for thousands.
_KEYS = r"""(
    SELECT split_part(key, ',', 1)::bigint AS entity_id, split_part(key, ',', 2) AS kind,
           substr(key, strpos(key, ':') + 1) AS party, position
      FROM unnest(string_to_array(%(keys)s, E'\n')) WITH ORDINALITY AS given (key, position)) k"""


def _look_up(keys: Sequence[str], book: Book) -> list[int | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT array_agg(a.id ORDER BY k.position)
              FROM {_KEYS}
              LEFT JOIN ledger_account a
                     ON a.entity_id = k.entity_id AND a.book = %(book)s AND a.kind = k.kind AND a.party = k.party
            """,  # noqa: S608 (a constant)
            {"keys": _joined(keys), "book": book.value},
        )
        ids: list[int | None] = cursor.fetchone()[0] or []
    return ids


def _open(keys: Sequence[str], book: Book) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Held as by whoever posts: a seal covers the accounts opened before it, and none is on its way then.
        cursor.execute("SELECT ledger_hold_date()")
        cursor.execute(
            f"""
            INSERT INTO ledger_account (entity_id, book, kind, party, currency)
            SELECT k.entity_id, %(book)s, k.kind, k.party, e.currency
              FROM {_KEYS} JOIN ledger_entity e ON e.id = k.entity_id
             ORDER BY k.entity_id, k.kind, k.party
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 (a constant)
            {"keys": _joined(keys), "book": book.value},
        )


def _joined(keys: Sequence[str]) -> str:
    text = "\n".join(keys)
    if text.count("\n") != max(len(keys) - 1, 0) or "\0" in text:
        raise Invalid(_("The name of a party is one line of plain text."))
    return text


def _check(draft: NewEntity) -> None:
    if not draft.name.strip():
        raise Invalid(_("Give it a name."), field="name")
    if draft.kind not in list(EntityKind):
        raise Invalid(_("Books are kept for microenterprises, ideas and platforms only."), field="kind")
    if not money.known(draft.currency):
        raise Invalid(_("%(code)s is not a currency code such as CNY.") % {"code": draft.currency}, field="currency")


def _check_keys(keys: Sequence[str]) -> None:
    for key in keys:
        _entity, kind, counted = key.split(",", 2)
        party = counted.partition(":")[2]
        rule, label = Kind(kind).party, Kind(kind).label
        if rule is PartyRule.MUST and not party:
            raise Invalid(_("The account “%(account)s” is kept for someone; name them.") % {"account": label})
        if rule is PartyRule.NEVER and party:
            raise Invalid(_("The account “%(account)s” is one for the whole entity; name nobody.") % {"account": label})
        if party and (party.partition(":")[0] not in ("person", "entity", "owner") or party.endswith(":")):
            raise Invalid(_("A party is written as person:…, entity:… or owner:…, not “%(party)s”.") % {"party": party})
