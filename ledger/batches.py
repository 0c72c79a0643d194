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

_LINES: Final = {"entry_id": "int8", "entity_id": "int8", "business_date": "date"}
_SIDE_BY_SIDE: Final = {"account_ids": "int8", "amounts_minor": "int8"}


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one kind in the real book: for each its reference, subject, entity and how many of the lines are its
    own; for each line its account and amount (minor units, debit positive), entry after entry."""

    kind: str
    references: Sequence[str]
    subjects: Sequence[str]
    memo: str
    entity_ids: Whole
    line_counts: Whole
    account_ids: Whole
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


def accounts_of(wanted: Whole, kinds: Sequence[Kind]) -> dict[Kind, tuple[Whole, Whole]]:
    """The account of each kind and what is in it (in its own sign), in the order of the wanted entities; 0 where there
    is none. Of a kind that has parties only accounts that hold something count, and one of them stands for all. For a
    kind that is not guarded the second array says nothing."""
    rows = columns.read(
        """
        SELECT a.entity_id, array_position(%(kinds)s, a.kind)::int8 AS kind, a.id, coalesce(b.amount_minor, 0) AS minor
          FROM ledger_account a
          LEFT JOIN LATERAL (  -- OFFSET: looked up one by one, not by reading every balance of the company
               SELECT amount_minor FROM ledger_balance WHERE account_id = a.id OFFSET 0) b ON true
         WHERE a.entity_id = ANY(%(entities)s) AND a.book = 'real' AND a.kind = ANY(%(kinds)s)
           AND (a.party = '' OR b.amount_minor > 0)
        """,
        {"entity_id": "int8", "kind": "int8", "id": "int8", "minor": "int8"},
        {"entities": wanted.tolist(), "kinds": [kind.value for kind in kinds]},
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


def moved_on(day: date) -> dict[int, tuple[int, int]]:
    """What a date moved before its night, by entity: income less expense, and profit shared. No year's close.

    Entities that moved nothing are left out. Only a closed date has moved what it will.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.entity_id, coalesce(-sum(p.amount_minor) FILTER (WHERE a.kind <> 'profit_shared'), 0)::bigint,
                   coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = 'profit_shared'), 0)::bigint
              FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
             WHERE p.business_date = %(day)s AND NOT p.by_night AND a.kind = ANY(%(kinds)s) AND a.book = 'real'
               AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.id = p.entry_id AND e.kind = %(close)s)
             GROUP BY 1
            """,
            {
                "kinds": [kind.value for kind in (*INCOME, *EXPENSE, Kind.PROFIT_SHARED)],
                "day": day,
                "close": YEAR_CLOSE,
            },
        )
        return {entity: (profit, shared) for entity, profit, shared in cursor.fetchall()}


def _copy(batch: Batch, by: str, night: date, posted_at: datetime) -> None:
    count = len(batch.references)
    first = _reserve(count)
    ends = np.cumsum(batch.line_counts)
    starts = ends - batch.line_counts
    debits = np.add.reduceat(np.maximum(batch.amounts, 0), starts)
    heads = _heads(batch, by, night, posted_at, first, starts, ends, debits)
    writer.copy_entries(heads)
    columns.write_lists(
        "ledger_nightlines",
        _LINES,
        {
            "entry_id": np.arange(first, first + count),
            "entity_id": batch.entity_ids,
            "business_date": columns.day_number(night),
        },
        _SIDE_BY_SIDE,
        {"account_ids": batch.account_ids, "amounts_minor": batch.amounts},
        batch.line_counts,
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
    written = zip(writer.all_escaped(batch.references), writer.all_escaped(batch.subjects), strict=True)
    for number, (reference, subject, texts, start, end, debit) in enumerate(
        zip(batch.references, batch.subjects, written, starts.tolist(), ends.tolist(), debits.tolist(), strict=True),
        start=first,
    ):
        digest = sha256(head(reference, subject))
        digest.update(lines[start * width : end * width])
        rows.append(
            f"{number}\t{texts[0]}\t{kind}\t{texts[1]}\t{memo}\treal\t{day}\t{day}"
            f"\t{posted_at}\t{tail}\t{end - start}\t{debit}\t\\N\t{digest.hexdigest()}\tt\n"
        )
    return rows


def _reserve(count: int) -> int:
    """Numbers for that many entries, one after the other; the first of them."""
    numbers = writer.next_ids(count)
    if numbers[-1] - numbers[0] != count - 1:
        return _reserve(count)  # somebody else took numbers in between; those are lost, which harms nothing
    return numbers[0]
