"""The proofs of the books as SQL over whole sets: each finds the first record that is wrong, or none.

`ledger.days` runs the dated ones when it seals, `check_books` runs all of them. They trust no trigger: they must find
what somebody changed with the triggers off. Nothing here writes.

A night is proved moments after it was posted, when the planner's statistics do not know its date yet and promise one
row. A query here must be linear even then: join to a primary key, or with FULL JOIN, which is never a nested loop.
"""

# ruff: noqa: S608 (what is put into the queries are constants of this room)

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.canonical import SQL_HASH, SQL_LINES, SQL_LINES_AS_THEY_COME


@dataclass(frozen=True)
class Proof:
    """A statement about the books, and the query for the records against it (one text column, the first row first).

    counts: which records it looks at.
    """

    statement: Promise
    search: str
    counts: str


class Failure(NamedTuple):
    """A statement that does not hold, and the first record that shows it."""

    proof: Proof
    record: str


class DayFacts(NamedTuple):
    """What a date holds. debit_totals: minor units by `book currency`. entries_hash: over the hashes of its entries.

    accounts_hash: over the hashes of the accounts opened since the date before, up to the number accounts_through.
    """

    date: date
    entry_count: int
    posting_count: int
    debit_totals: dict[str, int]
    entries_hash: str
    accounts_through: int
    accounts_hash: str


_DATED_LINES: Final = "p.business_date BETWEEN %(since)s AND %(until)s"
_DATED_ENTRIES: Final = "e.business_date BETWEEN %(since)s AND %(until)s"

DATED: Final = (
    Proof(
        _("Every line belongs to an entry of its date and to an account of its entity and book"),
        f"""
        SELECT format('line %%s of entry %%s on %%s', p.line, p.entry_id, p.business_date)
          FROM ledger_posting p
          LEFT JOIN ledger_entry e ON e.id = p.entry_id AND e.business_date = p.business_date AND {_DATED_ENTRIES}
          LEFT JOIN ledger_account a ON a.id = p.account_id
         WHERE {_DATED_LINES}
           AND (e.id IS NULL OR e.by_night <> p.by_night OR a.book IS DISTINCT FROM e.book
                OR a.entity_id IS DISTINCT FROM p.entity_id OR coalesce(p.amount_minor, 0) = 0)
         ORDER BY p.business_date, p.entry_id, p.line
        """,
        "lines",
    ),
    Proof(
        _("Every entry has the lines and the debit total its head names"),
        f"""
        SELECT format('entry %%s (%%s)', coalesce(e.id, l.entry_id), e.reference)
          FROM (SELECT * FROM ledger_entry e WHERE {_DATED_ENTRIES}) e
          FULL JOIN (SELECT p.business_date, p.entry_id, count(*) AS lines, min(p.line) AS first, max(p.line) AS last,
                            sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0) AS debit
                       FROM ledger_posting p WHERE {_DATED_LINES} GROUP BY 1, 2) l
                 ON l.business_date = e.business_date AND l.entry_id = e.id
         WHERE (l.lines, l.first, l.last, l.debit) IS DISTINCT FROM
               (e.posting_count::bigint, 1, e.posting_count, e.debit_total_minor::numeric)
         ORDER BY coalesce(e.id, l.entry_id)
        """,
        "entries",
    ),
    Proof(
        _("Every entry balances for each entity, currency and book"),
        f"""
        SELECT format('entry %%s is off by %%s minor units for entity %%s in %%s', p.entry_id, sum(p.amount_minor),
                      p.entity_id, a.currency)
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE {_DATED_LINES}
         GROUP BY p.business_date, p.entry_id, p.entity_id, a.currency, a.book
        HAVING sum(p.amount_minor) <> 0
         ORDER BY p.business_date, p.entry_id
        """,
        "entries",
    ),
    Proof(
        _("No entry was changed after it was written"),
        f"""
        SELECT format('entry %%s (%%s)', e.id, e.reference)
          FROM (SELECT p.business_date, p.entry_id, {SQL_LINES} AS lines
                  FROM ledger_posting p
                 WHERE {_DATED_LINES} GROUP BY 1, 2) l
          JOIN ledger_entry e ON e.id = l.entry_id AND {_DATED_ENTRIES}
         WHERE e.content_hash <> {SQL_HASH}
         ORDER BY e.business_date, e.id
        """,
        "entries",
    ),
)

STANDING: Final = (
    Proof(
        _("Every account has the currency of its entity"),
        """
        SELECT format('account %%s (%%s of entity %%s)', a.id, a.kind, a.entity_id)
          FROM ledger_account a LEFT JOIN ledger_entity n ON n.id = a.entity_id
         WHERE n.currency IS DISTINCT FROM a.currency ORDER BY a.id
        """,
        "accounts",
    ),
    Proof(
        _("No account was changed after it was opened"),
        """
        SELECT format('account %%s (%%s of entity %%s)', a.id, a.kind, a.entity_id)
          FROM ledger_account a
         WHERE a.content_hash <> ledger_account_hash(a.entity_id, a.book, a.kind, a.party, a.currency) ORDER BY a.id
        """,
        "accounts",
    ),
    Proof(
        _("Every kept balance equals the sum of its lines"),
        """
        SELECT format('account %%s (%%s of entity %%s) keeps %%s, its lines say %%s', a.id, a.kind, a.entity_id,
                      coalesce(b.amount_minor::text, 'nothing'), coalesce(s.total, 0) * g.side)
          FROM ledger_account a
         CROSS JOIN LATERAL (SELECT ledger_guarded_side(a.kind) AS side) g
          LEFT JOIN ledger_balance b ON b.account_id = a.id
          LEFT JOIN (SELECT p.account_id, sum(p.amount_minor) AS total FROM ledger_posting p
                      WHERE p.account_id IN (SELECT id FROM ledger_account WHERE ledger_guarded_side(kind) IS NOT NULL)
                      GROUP BY 1) s ON s.account_id = a.id
         WHERE (g.side IS NOT NULL OR b.account_id IS NOT NULL)
           AND (b.amount_minor::numeric, b.side) IS DISTINCT FROM (coalesce(s.total, 0) * g.side, g.side)
         ORDER BY a.id
        """,
        "balances",
    ),
    Proof(
        _("Every snapshot is the one before it and the lines since"),
        """
        SELECT format('account %%s on %%s', wrong.account_id, d.date)
          FROM (SELECT date, coalesce(lag(date) OVER (ORDER BY date), '-infinity') AS before
                  FROM ledger_snapshotday) d
         CROSS JOIN LATERAL (
               SELECT coalesce(n.account_id, t.account_id) AS account_id
                 FROM (SELECT account_id, balance_minor FROM ledger_snapshot WHERE business_date = d.date) n
                 FULL JOIN (SELECT account_id, sum(minor) AS total
                              FROM (SELECT account_id, balance_minor AS minor FROM ledger_snapshot
                                     WHERE business_date = d.before
                                    UNION ALL
                                    SELECT account_id, amount_minor FROM ledger_posting
                                     WHERE business_date > d.before AND business_date <= d.date) moves
                             GROUP BY 1 HAVING sum(minor) <> 0) t ON t.account_id = n.account_id
                WHERE n.balance_minor IS DISTINCT FROM t.total) wrong
         ORDER BY d.date
        """,
        "snapshots",
    ),
    Proof(
        _("No guarded account is below zero"),
        """
        SELECT format('account %%s (%%s of entity %%s) stands at %%s', a.id, a.kind, a.entity_id, b.amount_minor)
          FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
         WHERE b.amount_minor < 0 ORDER BY a.id
        """,
        "balances",
    ),
    Proof(
        _("Every kept balance belongs to an account"),
        """
        SELECT format('kept balance of account %%s', b.account_id)
          FROM ledger_balance b LEFT JOIN ledger_account a ON a.id = b.account_id
         WHERE a.id IS NULL ORDER BY 1
        """,
        "balances",
    ),
    Proof(
        _("Every reversal names an entry of the same book that was there before it"),
        """
        SELECT format('entry %%s (%%s)', r.id, r.reference)
          FROM ledger_entry r LEFT JOIN ledger_entry e ON e.id = r.reverses_id
         WHERE r.reverses_id IS NOT NULL AND (e.book IS DISTINCT FROM r.book OR e.posted_at > r.posted_at)
         ORDER BY r.id
        """,
        "reversals",
    ),
)

SINCE_SNAPSHOT: Final = (
    Proof(
        _("Every kept balance is the last snapshot and the lines since"),
        """
        SELECT format('account %%s (%%s of entity %%s) keeps %%s, its lines say %%s', a.id, a.kind, a.entity_id,
                      coalesce(b.amount_minor::text, 'nothing'), coalesce(s.total, 0) * g.side)
          FROM ledger_account a
         CROSS JOIN LATERAL (SELECT ledger_guarded_side(a.kind) AS side) g
          LEFT JOIN ledger_balance b ON b.account_id = a.id
          LEFT JOIN (SELECT account_id, sum(minor) AS total
                       FROM (SELECT account_id, balance_minor AS minor FROM ledger_snapshot
                              WHERE business_date = %(snapshot)s
                             UNION ALL
                             SELECT account_id, amount_minor FROM ledger_posting WHERE business_date > %(snapshot)s) m
                      GROUP BY 1) s ON s.account_id = a.id
         WHERE (g.side IS NOT NULL OR b.account_id IS NOT NULL)
           AND (b.amount_minor::numeric, b.side) IS DISTINCT FROM (coalesce(s.total, 0) * g.side, g.side)
         ORDER BY a.id
        """,
        "balances",
    ),
)
"""What takes the place of the sums over all lines when only the latest dates are proved."""

_COUNTS: Final = {
    "accounts": "SELECT count(*) FROM ledger_account",
    "balances": "SELECT count(*) FROM ledger_balance",
    "snapshots": "SELECT count(*) FROM ledger_snapshotday",
    "reversals": "SELECT count(*) FROM ledger_entry WHERE reverses_id IS NOT NULL",
}


def failures(since: date, until: date) -> Iterator[Failure]:
    """What is wrong with the entries of those business dates (both included), in the order of the proofs."""
    for proof in DATED:
        record = search(proof, since, until)
        if record is not None:
            yield Failure(proof, record)


def last_snapshot() -> date | None:
    """The date of the last snapshot, from which the latest dates can be proved alone."""
    found: date | None = _rows("SELECT max(date) FROM ledger_snapshotday")[0][0]
    return found


def search(proof: Proof, since: date = date.min, until: date = date.max, *, snapshot: date = date.min) -> str | None:
    """The first record against a proof; None when it holds. snapshot: where proofs of SINCE_SNAPSHOT start."""
    # Materialized, because a plain LIMIT lets the planner bet on an early hit: an honest date has none.
    first = f"WITH found AS MATERIALIZED ({proof.search}) SELECT * FROM found LIMIT 1"
    rows = _rows(first, since=since, until=until, snapshot=snapshot)
    return rows[0][0] if rows else None


def count(proof: Proof) -> int:
    """How many records a standing proof looked at."""
    found: int = _rows(_COUNTS[proof.counts])[0][0]
    return found


def day_facts(day: date, *, accounts_after: int | None, accounts_through: int | None = None) -> DayFacts:
    """Counts, totals and hashes of one business date; of accounts those numbered (after, through], by default all."""
    held = totals(day, day)
    return _day_facts(day, held.lines, dict(held.debits), accounts_after or 0, accounts_through)


def sound_day(day: date, *, accounts_after: int | None) -> DayFacts | None:
    """`day_facts` of a date on which every proof of DATED holds, in one pass over its lines; None when one does not.

    For the seal, which proves 84,000 lines every night. Which proof fails, and on which record, `failures` says.
    """
    rows = _rows(
        f"""
        WITH wholes AS MATERIALIZED (
             SELECT p.entry_id, false AS by_night, count(*) AS size, min(p.line) AS first, max(p.line) AS last,
                    bool_and(p.amount_minor <> 0) AS moving, sum(p.amount_minor) AS total,
                    sum(greatest(p.amount_minor, 0)) AS debit, min(p.entity_id) AS entity,
                    max(p.entity_id) AS last_entity, count(a.id) AS owned,
                    count(*) FILTER (WHERE a.book = 'real') AS in_real, NULL::bigint[] AS account_ids,
                    {SQL_LINES} AS lines
               FROM ledger_posting_day p
               LEFT JOIN (SELECT id, entity_id, book FROM ledger_account  -- not of every one there is
                           WHERE id = ANY (ARRAY(SELECT DISTINCT account_id FROM ledger_posting_day
                                                  WHERE business_date = %(day)s))) a
                      ON a.id = p.account_id AND a.entity_id = p.entity_id
              WHERE p.business_date = %(day)s GROUP BY 1
              UNION ALL
             SELECT n.entry_id, true, l.size, 1, l.size, l.moving, l.total, l.debit, n.entity_id, n.entity_id, 0, 0,
                    n.account_ids, l.lines
               FROM ledger_nightlines n
              CROSS JOIN LATERAL (
                    SELECT count(*) AS size,
                           bool_and(p.account_id IS NOT NULL AND coalesce(p.amount_minor, 0) <> 0) AS moving,
                           sum(p.amount_minor) AS total, sum(greatest(p.amount_minor, 0)) AS debit,
                           {SQL_LINES_AS_THEY_COME} AS lines
                      FROM (SELECT unnest(n.account_ids) AS account_id, unnest(n.amounts_minor) AS amount_minor) p) l
              WHERE n.business_date = %(day)s),
        checked AS MATERIALIZED (
             SELECT e.book, l.entity, l.size, l.debit,
                    e.id IS NULL OR l.entry_id IS NULL OR l.total <> 0 OR l.moving IS DISTINCT FROM true
                    OR (l.size, l.first, l.last, l.debit) IS DISTINCT FROM
                       (e.posting_count::bigint, 1, e.posting_count, e.debit_total_minor::numeric)
                    OR e.content_hash IS DISTINCT FROM {SQL_HASH}
                    OR CASE WHEN l.by_night THEN (
                                 (SELECT array_agg(a.id) FROM ledger_account a
                                   WHERE a.entity_id = l.entity AND a.book = e.book) @> l.account_ids) IS NOT TRUE
                            ELSE l.owned <> l.size
                                 OR l.in_real <> CASE e.book WHEN 'real' THEN l.size ELSE 0 END END AS wrong
               FROM (SELECT * FROM ledger_entry WHERE business_date = %(day)s) e
               FULL JOIN wholes l ON l.entry_id = e.id AND l.by_night = e.by_night),
        unbalanced AS (
             SELECT count(*) AS entities
               FROM (SELECT FROM ledger_posting_day p
                      WHERE p.business_date = %(day)s
                        AND p.entry_id = ANY (ARRAY(SELECT entry_id FROM wholes WHERE entity <> last_entity))
                      GROUP BY p.entry_id, p.entity_id HAVING sum(p.amount_minor) <> 0) e)
        SELECT count(*) FILTER (WHERE c.wrong IS NOT FALSE) + (SELECT entities FROM unbalanced), sum(c.size)::bigint,
               c.book || ' ' || n.currency, sum(c.debit)
          FROM checked c LEFT JOIN ledger_entity n ON n.id = c.entity GROUP BY 3
        """,
        day=day,
    )
    if any(wrong for wrong, *_rest in rows) or (not rows and entry_count(day, day)):
        return None
    return _day_facts(
        day, sum(row[1] for row in rows), {name: int(debit) for _w, _l, name, debit in rows}, accounts_after or 0, None
    )


def _day_facts(day: date, lines: int, debits: dict[str, int], after: int, through: int | None) -> DayFacts:
    (entries, digest) = _rows(
        f"SELECT count(*), {_HASH_OF_HASHES} FROM ledger_entry WHERE business_date = %(day)s", day=day
    )[0]
    through, accounts = _rows(
        f"""
        SELECT coalesce(max(id), %(after)s), {_HASH_OF_HASHES} FROM ledger_account
         WHERE id > %(after)s AND id <= %(through)s
        """,
        after=after,
        through=2**62 if through is None else through,
    )[0]
    return DayFacts(day, entries, lines, debits, digest, through or 0, accounts)


_HASH_OF_HASHES: Final = (
    "encode(sha256(convert_to(coalesce(string_agg(content_hash, '' ORDER BY id), ''), 'UTF8')), 'hex')"
)


class Totals(NamedTuple):
    """Control totals of a range of dates: minor units by `book currency`."""

    lines: int
    debits: Counter[str]
    credits: Counter[str]


def totals(since: date, until: date) -> Totals:
    """Lines, debits and credits by book and currency of those business dates (both included)."""
    rows = _rows(
        f"""
        SELECT a.book || ' ' || a.currency, count(*),
               coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0),
               coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0)
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE {_DATED_LINES} GROUP BY 1
        """,
        since=since,
        until=until,
    )
    return Totals(
        sum(row[1] for row in rows),
        Counter({row[0]: int(row[2]) for row in rows}),
        Counter({row[0]: int(row[3]) for row in rows}),
    )


def entry_count(since: date, until: date) -> int:
    """How many entries those business dates have (both included)."""
    found: int = _rows(f"SELECT count(*) FROM ledger_entry e WHERE {_DATED_ENTRIES}", since=since, until=until)[0][0]
    return found


def slices(lines_each: int) -> list[tuple[date, date, int]]:
    """All dates cut into ranges of about that many lines: first and last date of each, and the lines its heads name.

    The first range starts and the last one ends with the calendar, so that lines without an entry are in one of them.
    """
    per_day = _rows("SELECT business_date, sum(posting_count)::bigint FROM ledger_entry GROUP BY 1 ORDER BY 1")
    cut: list[tuple[date, date, int]] = []
    since, lines = date.min, 0
    for day, its_lines in per_day:
        lines += its_lines
        if lines >= lines_each:
            cut.append((since, day, lines))
            since, lines = day + (date.resolution), 0
    return [*cut, (since, date.max, lines)]


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a proof. Nested loops are off: a date that was posted a moment ago is one line to the planner, and
    proving a whole company's night line by line would take minutes instead of a second.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = on")
    return rows
