"""Posting a whole night, column by column: the same courier as `ledger.writer` for thousands of entries of one kind.

The guards of the database do not know the difference. Nothing of an entry is left out: each has its reference, its hash
and its lines. A batch is posted once by whoever holds the claim to it, so a reference that is there already is refused
instead of looked up. Do not put meanings of entries here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core import columns
from ledger import canonical, days, refusals, writer
from ledger.accounts import EXPENSE, INCOME, NIGHT_KINDS, YEAR_CLOSE, Book, Kind

Whole = NDArray[np.int64]

_LINE: Final = {
    "entry_id": "int8", "account_id": "int8", "entity_id": "int8", "amount_minor": "int8",
    "business_date": "date", "line": "int4", "by_night": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one kind in the real book: for each its reference, subject and how many of the lines are its own;
    for each line its account, entity and amount (minor units, debit positive), entry after entry."""

    kind: str
    references: Sequence[str]
    subjects: Sequence[str]
    memo: str
    line_counts: Whole
    account_ids: Whole
    entity_ids: Whole
    amounts: Whole


def post(batch: Batch, *, by: str, night: date) -> None:
    """Post all entries or none on a closed, not yet sealed date, which is their effective date too.

    Raises what `writer.post` raises; ReferenceReused for a reference that is there already, whatever it stands for.
    """
    if batch.kind not in NIGHT_KINDS:
        raise refusals.day_closed(night)
    if not batch.references:
        return
    with writer.refusing():
        posted_at = days.hold_date()
        if not days.is_closed(night):
            raise refusals.day_still_open(night)
        _copy(batch, by, night, posted_at)


def accounts_of(entity_ids: Sequence[int], kinds: Sequence[Kind]) -> dict[Kind, tuple[Whole, Whole]]:
    """The account of each guarded kind that an entity has without a party, and what is in it (in its own sign), in the
    order of the entities; 0 where there is none. For a kind that is not guarded the second array says nothing."""
    wanted = np.asarray(entity_ids, dtype=np.int64)
    rows = columns.read(
        """
        SELECT a.entity_id, array_position(%(kinds)s, a.kind)::int8 AS kind, a.id, coalesce(b.amount_minor, 0) AS minor
          FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id
         WHERE a.entity_id = ANY(%(entities)s) AND a.book = 'real' AND a.kind = ANY(%(kinds)s) AND a.party = ''
        """,
        {"entity_id": "int8", "kind": "int8", "id": "int8", "minor": "int8"},
        {"entities": [int(entity) for entity in wanted], "kinds": [kind.value for kind in kinds]},
    )
    order = np.argsort(wanted)
    at = order[np.searchsorted(wanted[order], rows["entity_id"])]
    found = {}
    for number, kind in enumerate(kinds, start=1):
        mine = rows["kind"] == number
        ids, minor = np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
        ids[at[mine]], minor[at[mine]] = rows["id"][mine], rows["minor"][mine]
        found[kind] = (ids, minor)
    return found


def with_open_advances(entity_ids: Sequence[int]) -> set[int]:
    """Which of the entities have advanced somebody something that is not paid back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT a.entity_id FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
             WHERE a.entity_id = ANY(%s) AND a.book = 'real' AND a.kind = 'advance' AND b.amount_minor > 0
            """,
            [list(entity_ids)],
        )
        return {entity for (entity,) in cursor.fetchall()}


def moved_on(entity_ids: Sequence[int], day: date) -> tuple[Whole, Whole]:
    """What a date moved, in the order of the entities: income less expense; profit shared. No year's close."""
    wanted = np.asarray(entity_ids, dtype=np.int64)
    rows = columns.read(
        """
        SELECT a.entity_id, coalesce(-sum(s.total) FILTER (WHERE a.kind <> 'profit_shared'), 0)::int8 AS profit,
               coalesce(sum(s.total) FILTER (WHERE a.kind = 'profit_shared'), 0)::int8 AS shared
          FROM ledger_account a
         CROSS JOIN LATERAL (
               SELECT sum(p.amount_minor) AS total FROM ledger_posting p
                WHERE p.account_id = a.id AND p.business_date = %(day)s
                  AND p.entry_id NOT IN (SELECT e.id FROM ledger_entry e WHERE e.kind = %(close)s)) s
         WHERE a.entity_id = ANY(%(entities)s) AND a.kind = ANY(%(kinds)s) AND a.book = 'real' AND s.total <> 0
         GROUP BY 1
        """,
        {"entity_id": "int8", "profit": "int8", "shared": "int8"},
        {
            "entities": [int(entity) for entity in wanted],
            "kinds": [kind.value for kind in (*INCOME, *EXPENSE, Kind.PROFIT_SHARED)],
            "day": day,
            "close": YEAR_CLOSE,
        },
    )
    order = np.argsort(wanted)
    at = order[np.searchsorted(wanted[order], rows["entity_id"])]
    profit, shared = np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
    profit[at], shared[at] = rows["profit"], rows["shared"]
    return profit, shared


def _copy(batch: Batch, by: str, night: date, posted_at: datetime) -> None:
    count = len(batch.references)
    first = _reserve(count)
    ends = np.cumsum(batch.line_counts)
    starts = ends - batch.line_counts
    debits = np.add.reduceat(np.maximum(batch.amounts, 0), starts)
    heads = _heads(batch, by, night, posted_at, first, starts, ends, debits)
    writer.copy_entries(heads)
    columns.write(
        "ledger_posting",
        _LINE,
        {
            "entry_id": np.repeat(np.arange(first, first + count), batch.line_counts),
            "account_id": batch.account_ids,
            "entity_id": batch.entity_ids,
            "amount_minor": batch.amounts,
            "business_date": columns.day_number(night),
            "line": np.arange(len(batch.amounts)) - np.repeat(starts, batch.line_counts) + 1,
            "by_night": 1,
        },
    )


def _heads(
    batch: Batch, by: str, night: date, posted_at: datetime, first: int, starts: Whole, ends: Whole, debits: Whole
) -> list[str]:
    """The heads as COPY wants them, each with the hash of its lines."""
    lines = memoryview(np.column_stack((batch.account_ids, batch.amounts)).astype(">i8").tobytes())
    width = 16
    day, memo, kind = night.isoformat(), writer.escaped(batch.memo), batch.kind
    head = canonical.head_of(
        kind=kind,
        memo=batch.memo,
        book=Book.REAL.value,
        business_date=night,
        effective_date=night,
        posted_at=posted_at,
        reverses_id=None,
        posted_by=by,
    )
    tail = writer.escaped(by)
    rows = []
    for number, (reference, subject, start, end, debit) in enumerate(
        zip(batch.references, batch.subjects, starts.tolist(), ends.tolist(), debits.tolist(), strict=True), start=first
    ):
        digest = sha256(head(reference, subject))
        digest.update(lines[start * width : end * width])
        rows.append(
            f"{number}\t{writer.escaped(reference)}\t{kind}\t{writer.escaped(subject)}\t{memo}\treal\t{day}\t{day}"
            f"\t{posted_at}\t{tail}\t{end - start}\t{debit}\t\\N\t{digest.hexdigest()}\tt\n"
        )
    return rows


def _reserve(count: int) -> int:
    """Numbers for that many entries, one after the other; the first of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(n), max(n) FROM (SELECT nextval(pg_get_serial_sequence('ledger_entry', 'id')) AS n"
            "  FROM generate_series(1, %s)) reserved",
            [count],
        )
        first, last = cursor.fetchone()
    if last - first != count - 1:
        return _reserve(count)  # somebody else took numbers in between; those are lost, which harms nothing
    return int(first)
