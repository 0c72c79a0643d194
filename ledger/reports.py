"""What reports and journals read beyond one page: accounts, balances on a date, lines in the order of an account.

Amounts are minor units, debit positive, so that a whole book sums to zero. `posted` dates are business dates; a report
may also leave out what takes effect later than some date (`effective_until`). Nothing here writes, and nothing here
knows a file format. Lines are always reached through the index that starts with the account, and what stood before
them is a nightly snapshot and the lines since, so that what a report costs follows from what it shows and not from the
history around it or before it.
"""

# ruff: noqa: S608 (what is put into the queries are constants of this file)

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import F

from ledger import queries, trial
from ledger.accounts import Book, Kind
from ledger.models import Account, BusinessDay, Entity, Entry
from ledger.trial import TrialLine

EVER: Final = date(1, 1, 1)
AT_ONCE: Final = 300
"""How many accounts or entities one statement looks at one by one when a report goes through many."""


class AccountFacts(NamedTuple):
    """An account and whose it is."""

    id: int
    entity_id: int
    entity_name: str
    kind: Kind
    party: str
    book: Book
    currency: str


class AccountLine(NamedTuple):
    """One line of the general ledger."""

    account_id: int
    business_date: date
    entry_id: int
    line: int
    effective_date: date
    posted_at: datetime
    posted_by: str
    reference: str
    entry_kind: str
    subject: str
    memo: str
    amount_minor: int


class Posting(NamedTuple):
    """One line of a transaction."""

    kind: Kind
    party: str
    currency: str
    amount_minor: int


class Transaction(NamedTuple):
    """The lines of an entry that belong to one entity; they sum to zero."""

    business_date: date
    entry_id: int
    entity_id: int
    entity_name: str
    reference: str
    entry_kind: str
    subject: str
    memo: str
    effective_date: date
    posted_by: str
    content_hash: str
    postings: tuple[Posting, ...]


class Sealed(NamedTuple):
    """The last sealed date up to some date, and the hash that chains it to all before."""

    date: date
    day_hash: str


# --- Entities and accounts --------------------------------------------------------------------------------------------


def entity_name(entity_id: int) -> str | None:
    """The name of an entity, or None when there is none with that number."""
    return Entity.objects.filter(pk=entity_id).values_list("name", flat=True).first()


def entity_names(entity_ids: Collection[int]) -> dict[int, str]:
    """The names of entities by number."""
    return dict(_rows("SELECT id, name FROM ledger_entity WHERE id = ANY(%(entities)s)", entities=list(entity_ids)))


def entities_named(text: str) -> list[int]:
    """The numbers of all entities whose name contains a text, in order; sums over some of them would be wrong."""
    return list(Entity.objects.filter(name__icontains=text).order_by("pk").values_list("pk", flat=True))


def entities_with_accounts(book: Book) -> list[int]:
    """The numbers of every entity that has an account in a book, in order."""
    rows = Account.objects.filter(book=book).order_by("entity_id").values_list("entity_id", flat=True)
    return list(rows.distinct())


def account(account_id: int) -> AccountFacts | None:
    """One account, or None when there is none with that number."""
    found = _rows(f"SELECT {_FACTS} FROM {_OWNED} WHERE a.id = %(account)s", account=account_id)
    return _facts(found[0]) if found else None


def accounts(book: Book, *, entity_ids: Collection[int] | None, kinds: Collection[Kind] | None) -> list[AccountFacts]:
    """The accounts of a book by entity, chart and party; only those of some entities or kinds where they are named.

    The one list a report keeps in memory: it grows with the accounts, never with their lines.
    """
    found = _rows(
        f"""
        SELECT {_FACTS} FROM {_OWNED}
         WHERE a.book = %(book)s AND (%(entities)s::bigint[] IS NULL OR a.entity_id = ANY(%(entities)s))
           AND (%(kinds)s::text[] IS NULL OR a.kind = ANY(%(kinds)s))
         ORDER BY a.entity_id, {_CHART}, a.party
        """,
        book=book.value,
        entities=_list(entity_ids),
        kinds=_list(kinds),
        chart=list(Kind),
    )
    return [_facts(row) for row in found]


def parties_of(entity_ids: Collection[int], book: Book) -> list[str]:
    """Every party that an account of these entities is kept for."""
    rows = _rows(
        """
        SELECT DISTINCT party FROM ledger_account
         WHERE entity_id = ANY(%(entities)s) AND book = %(book)s AND party <> '' ORDER BY party
        """,
        entities=list(entity_ids),
        book=book.value,
    )
    return [party for (party,) in rows]


# --- Balances ---------------------------------------------------------------------------------------------------------


def balances_at(account_ids: Sequence[int], as_of: date, *, effective_until: date | None = None) -> dict[int, int]:
    """What stood in accounts at the end of a business date, debit positive; accounts with nothing are left out."""
    ahead = _ahead(as_of, effective_until)
    return dict(
        _rows(
            f"""
            SELECT a.id, s.total::bigint
              FROM ledger_account a
             CROSS JOIN LATERAL ({_stood(effective_until, ahead)}) s
             WHERE a.id = ANY(%(accounts)s) AND s.total <> 0
            """,
            accounts=list(account_ids),
            as_of=as_of,
            effective=effective_until,
            **ahead,
        )
    )


def trial_balance(
    as_of: date,
    book: Book = Book.REAL,
    *,
    entity_ids: Collection[int] | None = None,
    kinds: Collection[Kind] | None = None,
    effective_until: date | None = None,
) -> Iterator[TrialLine]:
    """Every account with something in it, like `trial.trial_balance`, for some entities, kinds or effects only."""
    if effective_until is None and (entity_ids is None or len(entity_ids) > AT_ONCE):
        # All accounts in a row are read sooner than those of thousands of entities one by one.
        lines: Iterable[TrialLine] = trial.trial_balance(as_of, book)
        if entity_ids is not None:
            entities = set(entity_ids)
            lines = (line for line in lines if line.entity_id in entities)
        wanted = set(Kind if kinds is None else kinds)
        yield from (line for line in lines if line.kind in wanted)
        return
    ahead = _ahead(as_of, effective_until)
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT a.entity_id, n.name, a.kind, a.party, a.currency, s.total::bigint
              FROM {_OWNED}
             CROSS JOIN LATERAL ({_stood(effective_until, ahead)}) s
             WHERE a.book = %(book)s AND s.total <> 0
               AND (%(entities)s::bigint[] IS NULL OR a.entity_id = ANY(%(entities)s))
               AND (%(kinds)s::text[] IS NULL OR a.kind = ANY(%(kinds)s))
             ORDER BY a.entity_id, {_CHART}, a.party
            """,
            {
                "as_of": as_of,
                "book": book.value,
                "entities": _list(entity_ids),
                "kinds": _list(kinds),
                "effective": effective_until,
                "chart": list(Kind),
                **ahead,
            },
        )
        for entity_id, name, kind, party, currency, total in cursor:
            yield TrialLine(entity_id, name, Kind(kind), party, currency, total)


# --- Lines ------------------------------------------------------------------------------------------------------------


def lines_of_accounts(
    account_ids: Sequence[int], since: date, until: date, *, effective_until: date | None = None
) -> Iterator[AccountLine]:
    """The lines of some accounts posted on since..until, account by account in the order given, oldest first."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT a.id, p.business_date, p.entry_id, p.line, e.effective_date, e.posted_at, e.posted_by, e.reference,
                   e.kind, e.subject, e.memo, p.amount_minor
              FROM unnest(%(accounts)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
              JOIN ledger_account a ON a.id = wanted.id
             CROSS JOIN LATERAL (
                   SELECT * FROM ledger_posting p
                    WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                      AND p.business_date BETWEEN %(since)s AND %(until)s
                    ORDER BY p.business_date, p.entry_id, p.line) p
              JOIN ledger_entry e ON e.id = p.entry_id
             WHERE true {_EFFECTIVE}
             ORDER BY wanted.place, p.business_date, p.entry_id, p.line
            """,
            {"accounts": list(account_ids), "since": since, "until": until, "effective": effective_until},
        )
        for row in cursor:
            yield AccountLine(*row)


def balance_upto(account_id: int, place: queries.Place) -> int:
    """What stood in an account after one of its lines, debit positive."""
    day, entry_id, line = place
    base = "(SELECT coalesce(max(date), '-infinity') FROM ledger_snapshotday WHERE date < %(day)s)"
    found: int = _rows(
        f"""
        SELECT (coalesce((SELECT s.balance_minor FROM ledger_snapshot s
                           WHERE s.business_date = {base} AND s.account_id = %(account)s), 0)
                + coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p
                             WHERE p.account_id = %(account)s
                               AND p.entity_id = (SELECT entity_id FROM ledger_account WHERE id = %(account)s)
                               AND p.business_date > {base} AND p.business_date <= %(day)s
                               AND (p.business_date, p.entry_id, p.line) <= (%(day)s, %(entry)s, %(line)s)), 0))::bigint
        """,
        account=account_id,
        day=day,
        entry=entry_id,
        line=line,
    )[0][0]
    return found


def count_lines(
    since: date,
    until: date,
    book: Book,
    *,
    entity_ids: Collection[int] | None = None,
    kinds: Collection[Kind] | None = None,
    most: int | None = None,
) -> int:
    """How many lines were posted on since..until, counted no further than `most`; effects are not looked at."""
    found: int = _rows(
        """
        SELECT count(*) FROM (
            SELECT FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
             WHERE p.business_date BETWEEN %(since)s AND %(until)s AND a.book = %(book)s
               AND (%(entities)s::bigint[] IS NULL OR a.entity_id = ANY(%(entities)s))
               AND (%(kinds)s::text[] IS NULL OR a.kind = ANY(%(kinds)s))
             LIMIT %(most)s) counted
        """,
        since=since,
        until=until,
        book=book.value,
        entities=_list(entity_ids),
        kinds=_list(kinds),
        most=most,
    )[0][0]
    return found


def transactions(
    since: date, until: date, book: Book = Book.REAL, *, entity_ids: Collection[int] | None = None
) -> Iterator[Transaction]:
    """What was posted on since..until, an entry cut into one transaction per entity, in the order of posting.

    One statement over one snapshot. entity_ids: only theirs, found through their accounts.
    """
    source = (
        "ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        if entity_ids is None
        else """ledger_account a CROSS JOIN LATERAL (
                SELECT * FROM ledger_posting p
                 WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                   AND p.business_date BETWEEN %(since)s AND %(until)s
                 ORDER BY p.business_date, p.entry_id, p.line) p"""
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.business_date, p.entry_id, a.entity_id, n.name, e.reference, e.kind, e.subject, e.memo,
                   e.effective_date, e.posted_by, e.content_hash, a.kind, a.party, a.currency, p.amount_minor
              FROM {source}
              JOIN ledger_entry e ON e.id = p.entry_id
              JOIN ledger_entity n ON n.id = a.entity_id
             WHERE p.business_date BETWEEN %(since)s AND %(until)s AND a.book = %(book)s
               AND (%(entities)s::bigint[] IS NULL OR a.entity_id = ANY(%(entities)s))
             ORDER BY p.business_date, p.entry_id, a.entity_id, p.line
            """,
            {"since": since, "until": until, "book": book.value, "entities": _list(entity_ids)},
        )
        for head, rows in groupby(cursor, key=lambda row: row[:11]):
            postings = tuple(
                Posting(Kind(kind), party, currency, minor) for *_head, kind, party, currency, minor in rows
            )
            yield Transaction._make((*head, postings))


def sealed(until: date) -> Sealed | None:
    """The last sealed date up to and including a date, with its hash."""
    days = BusinessDay.objects.filter(date__lte=until, sealed_at__isnull=False).order_by("-date")
    found = days.values_list("date", "day_hash").first()
    return Sealed(*found) if found else None


# --- Words of the queries ---------------------------------------------------------------------------------------------

_OWNED: Final = "ledger_account a JOIN ledger_entity n ON n.id = a.entity_id"
_FACTS: Final = "a.id, a.entity_id, n.name, a.kind, a.party, a.book, a.currency"
_CHART: Final = "array_position(%(chart)s, a.kind)"
_EFFECTIVE: Final = "AND (%(effective)s::date IS NULL OR e.effective_date <= %(effective)s)"


_BASE: Final = (
    "(SELECT coalesce(max(date), '-infinity') FROM ledger_snapshotday"
    " WHERE date <= %(as_of)s AND date <= coalesce(%(effective)s, 'infinity'::date))"
)
"""The last snapshot that holds nothing to be left out, but for what was posted ahead of its effective date."""


def _ahead(as_of: date, effective_until: date | None) -> dict[str, list[Any]]:
    """Entries that a snapshot counts and a limit of effects leaves out: posted up to it, in effect after it.

    Hardly ever any: facts are dated on or before the day on which they are posted. Their business dates and numbers.
    """
    if effective_until is None:
        return {}
    ahead = Entry.objects.filter(effective_date__gt=F("business_date"), business_date__lte=min(as_of, effective_until))
    found = list(ahead.filter(effective_date__gt=effective_until).values_list("business_date", "pk"))
    return {"dates": sorted({day for day, _pk in found}), "entries": [pk for _day, pk in found]} if found else {}


def _stood(effective_until: date | None, ahead: Mapping[str, Any]) -> str:
    """What stood in account `a` at the end of `as_of`: the snapshot and the lines since, whatever came before it."""
    stood = f"""SELECT coalesce((SELECT s.balance_minor FROM ledger_snapshot s
                           WHERE s.business_date = {_BASE} AND s.account_id = a.id), 0)
              + coalesce((SELECT sum(p.amount_minor) FROM {_lines(effective_until)}
                           WHERE p.account_id = a.id AND p.entity_id = a.entity_id AND p.business_date > {_BASE}
                             AND p.business_date <= %(as_of)s {_EFFECTIVE}), 0)"""
    too_early = """
              - coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p
                           WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                             AND p.business_date = ANY(%(dates)s)
                             AND p.business_date <= {base} AND p.entry_id = ANY(%(entries)s)), 0)"""
    # The offset keeps the planner from working it out once for the filter and once for the answer.
    return f"{stood}{too_early.format(base=_BASE) if ahead else ''} AS total OFFSET 0"


def _lines(effective_until: date | None) -> str:
    """Lines, with the head of their entry only where its effective date is asked for."""
    if effective_until is None:
        return "ledger_posting p CROSS JOIN (SELECT NULL::date AS effective_date) e"
    return "ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"


def _facts(row: Sequence[Any]) -> AccountFacts:
    account_id, entity_id, name, kind, party, book, currency = row
    return AccountFacts(account_id, entity_id, name, Kind(kind), party, Book(book), currency)


def _list(values: Collection[Any] | None) -> list[Any] | None:
    return None if values is None else [getattr(value, "value", value) for value in values]


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
