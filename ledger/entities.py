"""Opening entities and accounts: the doors through which the rooms above get books. Nothing is posted here."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from core import money
from core.errors import Invalid
from ledger.accounts import Book, EntityKind, Kind, PartyRule
from ledger.models import Account, Entity

Key = tuple[int, str, str, str]
"""The natural key of an account: entity, book, kind, party."""


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
    account_ids([(entity.pk, Book.REAL, Kind.WALLET, "") for entity in opened])
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
    return Account.objects.get(pk=account_ids([(entity_id, book, kind, party)])[0])


def account_ids(keys: Sequence[Key]) -> list[int]:
    """The ids of accounts by natural key, in the order given; those not there yet are opened.

    Two to four statements for any number of keys. Opening follows the order of the keys themselves, so that two
    writers opening the same accounts wait for each other instead of deadlocking. Raises Invalid for an entity without
    books and for a party where the kind has none (or none where it must have one).
    """
    found = _look_up(keys)
    missing = sorted({key for key, account_id in zip(keys, found, strict=True) if account_id is None})
    if missing:
        _check_parties(missing)
        _open(missing)
        opened = dict(zip(missing, _look_up(missing), strict=True))
        found = [opened[key] if account_id is None else account_id for key, account_id in zip(keys, found, strict=True)]
    ids = [account_id for account_id in found if account_id is not None]
    if len(ids) != len(keys):
        raise Invalid(_("An entry names an entity that has no books. Open its books first."))
    return ids


def _look_up(keys: Sequence[Key]) -> list[int | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT array_agg(a.id ORDER BY k.position)
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
                   WITH ORDINALITY AS k (entity_id, book, kind, party, position)
              LEFT JOIN ledger_account a USING (entity_id, book, kind, party)
            """,
            _columns(keys),
        )
        ids: list[int | None] = cursor.fetchone()[0] or []
    return ids


def _open(keys: Sequence[Key]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_account (entity_id, book, kind, party, currency)
            SELECT k.entity_id, k.book, k.kind, k.party, e.currency
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS k (entity_id, book, kind, party)
              JOIN ledger_entity e ON e.id = k.entity_id
             ORDER BY 1, 2, 3, 4
            ON CONFLICT DO NOTHING
            """,
            _columns(keys),
        )


def _columns(keys: Sequence[Key]) -> list[str]:
    """The keys as four array literals: the driver spells a list out value by value, which is slow for thousands."""
    entities, books, kinds, parties = zip(*keys, strict=True)
    return [
        "{" + ",".join(map(str, entities)) + "}",
        "{" + ",".join(books) + "}",
        "{" + ",".join(kinds) + "}",
        "{" + ",".join(map(_quoted, parties)) + "}",
    ]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _check(draft: NewEntity) -> None:
    if not draft.name.strip():
        raise Invalid(_("Give it a name."), field="name")
    if draft.kind not in list(EntityKind):
        raise Invalid(_("Books are kept for microenterprises, ideas and platforms only."), field="kind")
    if not money.known(draft.currency):
        raise Invalid(_("%(code)s is not a currency code such as CNY.") % {"code": draft.currency}, field="currency")


def _check_parties(keys: Sequence[Key]) -> None:
    for _entity, _book, kind, party in keys:
        rule = Kind(kind).party
        if (rule is PartyRule.NEVER and party) or (rule is PartyRule.MUST and not party):
            label = Kind(kind).label
            raise Invalid(
                _("The account “%(account)s” is kept for a named person or entity; name them.") % {"account": label}
                if rule is PartyRule.MUST
                else _("The account “%(account)s” is one for the whole entity; name nobody.") % {"account": label}
            )
        if party and (not party.startswith(("person:", "entity:", "owner:")) or party.endswith(":") or "\0" in party):
            raise Invalid(_("A party is written as person:…, entity:… or owner:…, not “%(party)s”.") % {"party": party})
