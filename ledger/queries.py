"""Reading the books: balances, results, histories. Few statements each; amounts in minor units.

A *balance* here has the account's own sign (see `Kind.side`): what is in the wallet, what is owed, what was shared are
all positive numbers. *Debit positive* is said where it is meant. Ranges of dates are business dates, both included.
"""

# ruff: noqa: S608 (what is put into the queries are constants of this file)

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, DateField, Field, IntegerField, TextField

from core.plans import Written
from ledger.accounts import EXPENSE, INCOME, YEAR_CLOSE, Book, Kind
from ledger.models import Entry

_GROW_BY_DEBITS: Final = ",".join(f"'{kind}'" for kind in Kind if kind.side > 0)
_SIDE: Final = f"CASE WHEN a.kind IN ({_GROW_BY_DEBITS}) THEN 1 ELSE -1 END"
Place = tuple[date, int, int]
"""Where a line stands in a history: business date, entry, line."""
ONE_DAY: Final = timedelta(days=1)
RECENT: Final = timedelta(days=75)
"""How far back the newest lines of an account are sought first: a page of nights, whatever months it lies in."""


class PersonBalance(NamedTuple):
    """How one entity stands with one person: what it owes, what it sent and waits for, what it advanced."""

    payable_minor: int = 0
    in_transit_minor: int = 0
    advance_minor: int = 0


class HistoryLine(NamedTuple):
    """One line of an account's history, newest first. amount and balance have the account's own sign."""

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
    kind: Kind
    party: str
    currency: str
    amount_minor: int
    balance_minor: int | None = None

    @property
    def place(self) -> Place:
        """What to pass as `before` for the next page."""
        return self.business_date, self.entry_id, self.line


class ResultLine(NamedTuple):
    """A line of income or expense of an entity on a date; the amount has the account's own sign."""

    entity_id: int
    business_date: date
    effective_date: date
    reference: str
    entry_kind: str
    subject: str
    memo: str
    kind: Kind
    amount_minor: int


class EntryLine(NamedTuple):
    """One line of an entry; debit positive."""

    entry_id: int
    line: int
    entity_id: int
    entity_name: str
    kind: Kind
    party: str
    currency: str
    amount_minor: int


def balance(entity_id: int, kind: Kind, party: str = "", book: Book = Book.REAL) -> int:
    """What stands in one account, in its own sign; without a party, in all of the entity's accounts of that kind."""
    found: int | None = _rows(
        f"""
        SELECT sum({_SIDE} * {_STANDS})::bigint
          FROM {_ACCOUNTS} WHERE a.entity_id = %(entity)s AND a.kind = %(kind)s AND a.book = %(book)s
           AND (%(party)s = '' OR a.party = %(party)s)
        """,
        entity=entity_id,
        kind=kind.value,
        party=party,
        book=book.value,
    )[0][0]
    return found or 0


def balances(
    entity_ids: Collection[int], kinds: Collection[Kind], book: Book = Book.REAL
) -> dict[tuple[int, Kind], int]:
    """What stands in the accounts of each kind of each entity, all parties together; 0 where there is none."""
    found = dict.fromkeys(((entity_id, kind) for entity_id in entity_ids for kind in kinds), 0)
    rows = _rows(
        f"""
        SELECT a.entity_id, a.kind, sum({_SIDE} * {_STANDS})::bigint
          FROM {_ACCOUNTS} WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
         GROUP BY 1, 2
        """,
        entities=list(entity_ids),
        kinds=[kind.value for kind in kinds],
        book=book.value,
    )
    found.update({(entity_id, Kind(kind)): total for entity_id, kind, total in rows})
    return found


def result(entity_ids: Collection[int], since: date, until: date, book: Book = Book.REAL) -> dict[int, tuple[int, int]]:
    """Income and expense of each entity posted on the business dates since..until (both included).

    The entries that close a fiscal year are left out: they move a result, they do not make one.
    """
    found = dict.fromkeys(entity_ids, (0, 0))
    rows = _rows(
        """
        SELECT a.entity_id, coalesce(-sum(s.total) FILTER (WHERE a.kind = ANY(%(income)s)), 0)::bigint,
               coalesce(sum(s.total) FILTER (WHERE a.kind = ANY(%(expense)s)), 0)::bigint
          FROM ledger_account a
         CROSS JOIN LATERAL (
               SELECT sum(p.amount_minor) AS total FROM ledger_posting p
                WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                  AND p.business_date BETWEEN %(since)s AND %(until)s
                  AND p.entry_id NOT IN (SELECT e.id FROM ledger_entry e WHERE e.kind = %(close)s)) s
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(income)s || %(expense)s) AND a.book = %(book)s
         GROUP BY 1
        """,
        entities=list(entity_ids),
        income=[kind.value for kind in INCOME],
        expense=[kind.value for kind in EXPENSE],
        since=since,
        until=until,
        close=YEAR_CLOSE,
        book=book.value,
    )
    found.update({entity_id: (income, expense) for entity_id, income, expense in rows})
    return found


def movement(
    entity_ids: Collection[int], kind: Kind, since: date, until: date, book: Book = Book.REAL
) -> dict[int, int]:
    """What the accounts of one kind of each entity moved by on the business dates since..until, in their own sign.

    The entries that close a fiscal year are left out, as in `result`; entities without movement are left out too.
    """
    rows = _rows(
        f"""
        SELECT a.entity_id, ({_SIDE} * sum(s.total))::bigint
          FROM ledger_account a
         CROSS JOIN LATERAL (
               SELECT sum(p.amount_minor) AS total FROM ledger_posting p
                WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                  AND p.business_date BETWEEN %(since)s AND %(until)s
                  AND p.entry_id NOT IN (SELECT e.id FROM ledger_entry e WHERE e.kind = %(close)s)) s
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = %(kind)s AND a.book = %(book)s AND s.total <> 0
         GROUP BY a.entity_id, a.kind
        """,
        entities=list(entity_ids),
        kind=kind.value,
        since=since,
        until=until,
        close=YEAR_CLOSE,
        book=book.value,
    )
    return dict(rows)


def person_balances(
    party: str, book: Book = Book.REAL, *, last_snapshot: date | None = None
) -> dict[int, PersonBalance]:
    """How every entity stands with a person (`person:<uuid>`), by entity.

    last_snapshot: what `LAST_SNAPSHOT` said a moment ago, so that nights before it are not even planned.
    """
    kinds = {Kind.PAYABLE: "payable_minor", Kind.IN_TRANSIT: "in_transit_minor", Kind.ADVANCE: "advance_minor"}
    asked = _OF_PARTY if last_snapshot is None else _OF_PARTY_SINCE
    rows = asked.rows(base=last_snapshot, party=party, kinds=[kind.value for kind in kinds], book=book.value)
    found: dict[int, PersonBalance] = {}
    for entity_id, kind, total in rows:
        found[entity_id] = found.get(entity_id, PersonBalance())._replace(**{kinds[Kind(kind)]: total})
    return found


def party_balances(entity_ids: Collection[int], kind: Kind, book: Book = Book.REAL) -> dict[tuple[int, str], int]:
    """What stands in the accounts of one kind, by entity and party; accounts never used are left out."""
    rows = _rows(
        f"""
        SELECT a.entity_id, a.party, ({_SIDE} * {_STANDS})::bigint
          FROM {_ACCOUNTS} WHERE a.entity_id = ANY(%(entities)s) AND a.kind = %(kind)s AND a.book = %(book)s
        """,
        entities=list(entity_ids),
        kind=kind.value,
        book=book.value,
    )
    return {(entity_id, party): total for entity_id, party, total in rows}


def history(
    entity_id: int,
    *,
    kinds: Collection[Kind] = tuple(Kind),
    party: str | None = None,
    since: date = date.min,
    until: date = date.max,
    before: Place | None = None,
    limit: int = 50,
    book: Book = Book.REAL,
) -> list[HistoryLine]:
    """Lines of an entity's accounts, newest first.

    party: only accounts of that party (None: all). before: the `place` of the last line seen. The newest lines of each
    account come from its own index, those of nights from its entity's, so that page 2,000 costs what page 1 costs. They
    are sought in the latest months first: years of other months are not even planned when those hold a page of lines.
    """
    asked = _History(entity_id, kinds, party, until, before, limit, book)
    recent = max(since, asked.newest() - RECENT)
    lines = asked.since(recent)
    return lines if len(lines) == limit or recent == since else asked.since(since)


class _History(NamedTuple):
    """What is asked of the history of an entity's accounts, but for its first date."""

    entity_id: int
    kinds: Collection[Kind]
    party: str | None
    until: date
    before: Place | None
    limit: int
    book: Book

    def newest(self) -> date:
        """The date up to which there are lines; RECENT at the least, so that a beginning can be reckoned from it."""
        first = date.min + RECENT
        if self.before is not None:
            return max(self.before[0], first)
        if self.until < date.max:
            return max(self.until, first)
        found: date = _rows("SELECT coalesce(max(date), %(first)s) FROM ledger_businessday", first=first)[0][0]
        return found

    def since(self, since: date) -> list[HistoryLine]:
        """The newest of its lines from a date on."""
        rows = _HISTORY.rows(
            entity=self.entity_id,
            kinds=[kind.value for kind in self.kinds],
            party=self.party,
            since=since,
            until=self.until,
            limit=self.limit,
            book=self.book.value,
            **_bound(self.before),
        )
        return [HistoryLine(*row)._replace(kind=Kind(row[10])) for row in rows]


_OF_A_PLACE: Final[dict[str, Field[Any, Any]]] = {
    "date": DateField(),
    "entry": BigIntegerField(),
    "line": IntegerField(),
}
_OF_ACCOUNTS: Final[dict[str, Field[Any, Any]]] = {
    "entity": BigIntegerField(),
    "party": TextField(),
    "book": TextField(),
    **_OF_A_PLACE,
}
_HISTORY: Final = Written(
    f"""
    SELECT p.business_date, p.entry_id, p.line, e.effective_date, e.posted_at, e.posted_by, e.reference, e.kind,
           e.subject, e.memo, a.kind, a.party, a.currency, {_SIDE} * p.amount_minor
      FROM ledger_account a
     CROSS JOIN LATERAL (
           (SELECT p.business_date, p.entry_id, p.line, p.amount_minor FROM ledger_posting_day p
             WHERE p.account_id = a.id AND p.business_date BETWEEN %(since)s AND %(until)s
               AND (p.business_date, p.entry_id, p.line) < (%(date)s, %(entry)s, %(line)s)
             ORDER BY p.business_date DESC, p.entry_id DESC, p.line DESC LIMIT %(limit)s)
           UNION ALL
           (SELECT n.business_date, n.entry_id, l.line, l.amount_minor
              FROM (SELECT * FROM ledger_nightlines n
                     WHERE n.entity_id = a.entity_id AND a.id = ANY(n.account_ids)
                       AND n.business_date BETWEEN %(since)s AND %(until)s
                       AND (n.business_date, n.entry_id) <= (%(date)s, %(entry)s)
                     ORDER BY n.business_date DESC, n.entry_id DESC LIMIT %(limit)s + 1) n
             CROSS JOIN LATERAL unnest(n.account_ids, n.amounts_minor)
                   WITH ORDINALITY AS l (account_id, amount_minor, line)
             WHERE l.account_id = a.id
               AND (n.business_date, n.entry_id, l.line) < (%(date)s, %(entry)s, %(line)s))) p
      JOIN ledger_entry e ON e.id = p.entry_id
     WHERE a.entity_id = %(entity)s AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
       AND (%(party)s::text IS NULL OR a.party = %(party)s)
     ORDER BY p.business_date DESC, p.entry_id DESC, p.line DESC LIMIT %(limit)s
    """,
    {
        **_OF_ACCOUNTS,
        "kinds": ArrayField(TextField()),
        "since": DateField(),
        "until": DateField(),
        "limit": BigIntegerField(),
    },
)


def results_on(places: Collection[tuple[int, date]], *, limit: int = 200, book: Book = Book.REAL) -> list[ResultLine]:
    """The income and expense of some (entity, business date) pairs, newest first; `limit` lines of an account a day.

    One statement for any number of pairs. Between which dates a line lies is said by itself: then other months are
    not looked at.
    """
    rows = _RESULTS_ON.rows(
        entities=[entity for entity, _day in places],
        dates=[day for _entity, day in places],
        first=min((day for _entity, day in places), default=date.max),
        last=max((day for _entity, day in places), default=date.min),
        kinds=[kind.value for kind in (*INCOME, *EXPENSE)],
        limit=limit,
        book=book.value,
    )
    return [ResultLine(*row)._replace(kind=Kind(row[7])) for row in rows]


_RESULTS_ON: Final = Written(
    f"""
    SELECT a.entity_id, p.business_date, e.effective_date, e.reference, e.kind, e.subject, e.memo,
           a.kind, {_SIDE} * p.amount_minor
      FROM (SELECT entity_id, array_agg(day) AS days
              FROM unnest(%(entities)s, %(dates)s) AS wanted (entity_id, day) GROUP BY 1) wanted
      JOIN ledger_account a ON a.entity_id = wanted.entity_id AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
     CROSS JOIN LATERAL (
           SELECT p.business_date, p.entry_id, p.line, p.amount_minor,
                  row_number() OVER (PARTITION BY p.business_date ORDER BY p.entry_id DESC, p.line DESC) AS place
             FROM ledger_posting p
            WHERE p.account_id = a.id AND p.entity_id = a.entity_id AND p.business_date = ANY(wanted.days)
              AND p.business_date BETWEEN %(first)s AND %(last)s) p
      JOIN ledger_entry e ON e.id = p.entry_id
     WHERE p.place <= %(limit)s
     ORDER BY p.business_date DESC, p.entry_id DESC, p.line DESC
    """,
    {
        "entities": ArrayField(BigIntegerField()),
        "dates": ArrayField(DateField()),
        "first": DateField(),
        "last": DateField(),
        "kinds": ArrayField(TextField()),
        "book": TextField(),
        "limit": BigIntegerField(),
    },
)


def statement(
    entity_id: int,
    kind: Kind,
    party: str = "",
    *,
    before: Place | None = None,
    limit: int = 50,
    book: Book = Book.REAL,
) -> list[HistoryLine]:
    """One account's lines, newest first, each with the balance after it, as a bank prints it."""
    lines = history(entity_id, kinds=[kind], party=party, before=before, limit=limit, book=book)
    if not lines:
        return []
    newest = lines[0].place
    stands: int = _STOOD.rows(
        entity=entity_id,
        kind=kind.value,
        party=party,
        book=book.value,
        base=_snapshot_before(newest[0] - ONE_DAY),
        **_bound(newest),
    )[0][0]
    told: list[HistoryLine] = []
    for line in lines:
        told.append(line._replace(balance_minor=stands))
        stands -= line.amount_minor
    return told


_STOOD: Final = Written(
    f"""
    SELECT {_SIDE} * (coalesce((SELECT s.balance_minor FROM ledger_snapshot s
                                 WHERE s.business_date = %(base)s AND s.account_id = a.id), 0)
                      + coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p
                                   WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                                     AND p.business_date > %(base)s AND p.business_date <= %(date)s
                                     AND (p.business_date, p.entry_id, p.line)
                                         <= (%(date)s, %(entry)s, %(line)s)), 0))::bigint
      FROM ledger_account a
     WHERE a.entity_id = %(entity)s AND a.kind = %(kind)s AND a.party = %(party)s AND a.book = %(book)s
    """,
    {**_OF_ACCOUNTS, "kind": TextField(), "base": DateField()},
)


def entries_about(subject: str) -> list[Entry]:
    """Every entry of a day about a thing (`contract:<uuid>`), oldest first; those of nights are found by reference."""
    return list(Entry.objects.filter(subject=subject, by_night=False).order_by("id"))


def entry_with_reference(reference: str) -> Entry | None:
    """The entry a reference stands for, if it was posted."""
    return Entry.objects.filter(reference=reference).first()


def lines_of(entries: Collection[Entry]) -> dict[int, list[EntryLine]]:
    """The lines of entries in their order, by entry id."""
    rows = _rows(
        """
        SELECT p.entry_id, p.line, p.entity_id, n.name, a.kind, a.party, a.currency, p.amount_minor
          FROM ledger_posting p
          JOIN ledger_account a ON a.id = p.account_id
          JOIN ledger_entity n ON n.id = p.entity_id
         WHERE p.business_date = ANY(%(dates)s) AND p.entry_id = ANY(%(ids)s)
         ORDER BY p.entry_id, p.line
        """,
        dates=list({entry.business_date for entry in entries}),
        ids=[entry.pk for entry in entries],
    )
    found: dict[int, list[EntryLine]] = {entry.pk: [] for entry in entries}
    for row in rows:
        found[row[0]].append(EntryLine(*row)._replace(kind=Kind(row[4])))
    return found


_BASE: Final = "(SELECT coalesce(max(date), '-infinity') FROM ledger_snapshotday)"
"""The date of the last snapshot; asked once per statement, and only the lines after it are read."""

LAST_SNAPSHOT: Final = "(SELECT max(date) FROM ledger_snapshotday)"
"""For a statement that another one follows: the date of the last snapshot, NULL before the first one."""


def _accounts(base: str) -> str:
    return f"""
    ledger_account a
    LEFT JOIN ledger_balance b ON b.account_id = a.id
    LEFT JOIN LATERAL (SELECT coalesce((SELECT s.balance_minor FROM ledger_snapshot s
                                         WHERE s.business_date = {base} AND s.account_id = a.id), 0)
                            + coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p
                                         WHERE p.account_id = a.id AND p.entity_id = a.entity_id
                                           AND p.business_date > {base}), 0) AS total
                        WHERE b.account_id IS NULL) s ON true"""


_ACCOUNTS: Final = _accounts(_BASE)
"""Accounts with their kept balance, or the last snapshot and the lines since where none is kept."""
_ACCOUNTS_SINCE: Final = _accounts("%(base)s::date")
"""The same with the date of the last snapshot as a value."""

_STANDS: Final = "coalesce(b.amount_minor * b.side, s.total, 0)"
"""What stands in an account of `_ACCOUNTS`, debit positive."""


def _of_party(accounts: str) -> Written:
    return Written(
        f"""
        SELECT a.entity_id, a.kind, sum({_SIDE} * {_STANDS})::bigint
          FROM {accounts}
         WHERE a.party = %(party)s AND a.party <> '' AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
         GROUP BY 1, 2
        """,
        {"base": DateField(), "party": TextField(), "kinds": ArrayField(TextField()), "book": TextField()},
    )


_OF_PARTY: Final = _of_party(_ACCOUNTS)
_OF_PARTY_SINCE: Final = _of_party(_ACCOUNTS_SINCE)


def _snapshot_before(day: date) -> date:
    """The date of the last snapshot up to and including that day; the beginning of time when there is none."""
    found: date | None = _rows("SELECT max(date) FROM ledger_snapshotday WHERE date <= %(day)s", day=day)[0][0]
    return found or date.min


def _bound(place: Place | None) -> Mapping[str, Any]:
    day, entry_id, line = place or (date.max, 2**62, 2**30)
    return {"date": day, "entry": entry_id, "line": line}


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
