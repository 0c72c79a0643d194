"""Reading the books by date and in bulk: for closing a fiscal year, and for working settled nights out again.

Amounts are debit positive minor units, ranges are business dates, both included. What a *night* posted (kinds of
`NIGHT_KINDS`) and what closed a year are told apart from every other fact, because a replay works them out itself.
Nothing here decides or writes.
"""

# ruff: noqa: S608 (what is put into the queries are constants of this file)

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from ledger.accounts import NIGHT_KINDS, YEAR_CLOSE, Book, Kind

_OWN: Final = f"({', '.join(repr(kind) for kind in (*NIGHT_KINDS, YEAR_CLOSE))})"
Account = tuple[Kind, str]
"""An account of one entity: its kind and its party."""


class Move(NamedTuple):
    """What the facts of one date moved in one account of an entity."""

    entity_id: int
    business_date: date
    kind: Kind
    party: str
    amount_minor: int


class Event(NamedTuple):
    """What one entry that is not a night's own moved in one account, and when it was posted."""

    entity_id: int
    posted_at: datetime
    entry_id: int
    kind: Kind
    party: str
    amount_minor: int


class NightEntry(NamedTuple):
    """An entry of a night, with its lines added up by account and hashed as `lines_digest` says."""

    subject: str
    reference: str
    kind: str
    business_date: date
    effective_date: date
    lines: int
    digest: str


def movements(
    entity_ids: Collection[int], kinds: Collection[Kind], since: date, until: date
) -> dict[int, dict[Account, int]]:
    """What each account of those kinds moved by, by entity; the entries that close a year are left out."""
    rows = _rows(
        """
        SELECT a.entity_id, a.kind, a.party, sum(p.amount_minor)::bigint
          FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id AND p.entity_id = a.entity_id
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
           AND p.business_date BETWEEN %(since)s AND %(until)s
           AND p.entry_id NOT IN (SELECT e.id FROM ledger_entry e WHERE e.kind = %(close)s)
         GROUP BY 1, 2, 3 HAVING sum(p.amount_minor) <> 0
        """,
        entities=list(entity_ids),
        kinds=[kind.value for kind in kinds],
        since=since,
        until=until,
        close=YEAR_CLOSE,
        book=Book.REAL.value,
    )
    found: dict[int, dict[Account, int]] = {entity_id: {} for entity_id in entity_ids}
    for entity_id, kind, party, total in rows:
        found[entity_id][Kind(kind), party] = total
    return found


def known_references(references: Collection[str]) -> set[str]:
    """Which of those natural keys stand for an entry already."""
    rows = _rows("SELECT reference FROM ledger_entry WHERE reference = ANY(%(keys)s)", keys=list(references))
    return {row[0] for row in rows}


# --- For a replay -----------------------------------------------------------------------------------------------------


def facts_by_day(entity_ids: Collection[int], kinds: Collection[Kind], since: date, until: date) -> Iterator[Move]:
    """What the facts of each date moved, oldest first: everything but the nights' own entries and closed years."""
    rows = _rows(
        f"""
        SELECT a.entity_id, p.business_date, a.kind, a.party, sum(p.amount_minor)::bigint
          FROM ledger_account a
          JOIN ledger_posting p ON p.account_id = a.id AND p.entity_id = a.entity_id
          JOIN ledger_entry e ON e.id = p.entry_id
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
           AND p.business_date BETWEEN %(since)s AND %(until)s AND e.kind NOT IN {_OWN}
         GROUP BY 1, 2, 3, 4 HAVING sum(p.amount_minor) <> 0
         ORDER BY 2
        """,
        entities=list(entity_ids),
        kinds=[kind.value for kind in kinds],
        since=since,
        until=until,
        book=Book.REAL.value,
    )
    for entity_id, day, kind, party, total in rows:
        yield Move(entity_id, day, Kind(kind), party, total)


def events(entity_ids: Collection[int], kinds: Collection[Kind], since: date) -> Iterator[Event]:
    """Every entry but the nights' own that moved those accounts from `since` on, in the order they were posted."""
    rows = _rows(
        f"""
        SELECT a.entity_id, e.posted_at, e.id, a.kind, a.party, sum(p.amount_minor)::bigint
          FROM ledger_account a
          JOIN ledger_posting p ON p.account_id = a.id AND p.entity_id = a.entity_id
          JOIN ledger_entry e ON e.id = p.entry_id
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s
           AND p.business_date >= %(since)s AND e.kind NOT IN {_OWN}
         GROUP BY 1, 2, 3, 4, 5 HAVING sum(p.amount_minor) <> 0
         ORDER BY 2, 3
        """,
        entities=list(entity_ids),
        kinds=[kind.value for kind in kinds],
        since=since,
        book=Book.REAL.value,
    )
    for entity_id, posted_at, entry_id, kind, party, total in rows:
        yield Event(entity_id, posted_at, entry_id, Kind(kind), party, total)


def stood_before(entity_ids: Collection[int], kinds: Collection[Kind], day: date) -> dict[int, dict[Account, int]]:
    """What stood in each account of those kinds before a business date, everything posted included.

    The last snapshot before it and the lines since, so that it costs the same with any history.
    """
    base = "(SELECT coalesce(max(date), '-infinity') FROM ledger_snapshotday WHERE date < %(day)s)"
    rows = _rows(
        f"""
        SELECT a.entity_id, a.kind, a.party, s.total::bigint
          FROM ledger_account a
         CROSS JOIN LATERAL (
               SELECT coalesce((SELECT s.balance_minor FROM ledger_snapshot s
                                 WHERE s.business_date = {base} AND s.account_id = a.id), 0)
                    + coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p
                                 WHERE p.account_id = a.id AND p.entity_id = a.entity_id AND p.business_date > {base}
                                   AND p.business_date < %(day)s), 0) AS total OFFSET 0) s
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(kinds)s) AND a.book = %(book)s AND s.total <> 0
        """,
        entities=list(entity_ids),
        kinds=[kind.value for kind in kinds],
        day=day,
        book=Book.REAL.value,
    )
    found: dict[int, dict[Account, int]] = {entity_id: {} for entity_id in entity_ids}
    for entity_id, kind, party, total in rows:
        found[entity_id][Kind(kind), party] = total
    return found


def night_entries(subjects: Sequence[str], since: date, until: date) -> Iterator[NightEntry]:
    """The entries that nights posted about those subjects on the business dates, and every year they closed."""
    rows = _rows(
        f"""
        SELECT s.subject, s.reference, s.kind, s.business_date, s.effective_date, count(*),
               md5(string_agg(s.account_kind || ' ' || s.party || ' ' || s.total, E'\\n'
                              ORDER BY (s.account_kind || ' ' || s.party) COLLATE "C"))
          FROM (SELECT e.id, e.subject, e.reference, e.kind, e.business_date, e.effective_date,
                       a.kind AS account_kind, a.party, sum(p.amount_minor)::bigint AS total
                  FROM ledger_entry e
                  JOIN ledger_posting p ON p.business_date = e.business_date AND p.entry_id = e.id
                  JOIN ledger_account a ON a.id = p.account_id
                 WHERE e.subject = ANY(%(subjects)s) AND e.subject <> '' AND e.kind IN {_OWN}
                   AND (e.business_date BETWEEN %(since)s AND %(until)s
                        OR e.kind = %(close)s AND e.business_date >= %(since)s)
                 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(p.amount_minor) <> 0) s
         GROUP BY s.id, s.subject, s.reference, s.kind, s.business_date, s.effective_date
        """,
        subjects=list(subjects),
        since=since,
        until=until,
        close=YEAR_CLOSE,
    )
    for row in rows:
        yield NightEntry(*row)


def lines_text(sums: Mapping[Account, int]) -> str:
    """What `NightEntry.digest` is the MD5 of: every account's kind, party and sum, in the order of their bytes."""
    named = sorted((f"{kind} {party}".encode(), total) for (kind, party), total in sums.items() if total)
    return "\n".join(f"{name.decode()} {total}" for name, total in named)


def lines_of_reference(reference: str) -> dict[Account, int]:
    """What an entry moves in each account; empty when there is none."""
    rows = _rows(
        """
        SELECT a.kind, a.party, sum(p.amount_minor)::bigint
          FROM ledger_entry e
          JOIN ledger_posting p ON p.business_date = e.business_date AND p.entry_id = e.id
          JOIN ledger_account a ON a.id = p.account_id
         WHERE e.reference = %(reference)s GROUP BY 1, 2
        """,
        reference=reference,
    )
    return {(Kind(kind), party): total for kind, party, total in rows}


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
