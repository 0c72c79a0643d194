"""Whole nights of a company, settled by the product itself, each against COPY of the same lines (L) in the same round.

L: COPY of the night's posting rows, as text, into an unlogged table without index or constraint but NOT NULL, in a
transaction of its own; the median of several right after the night. What the machine does besides meets both alike.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from benchmarks import processor
from benchmarks.tables import median
from benchmarks.watch import Part, Place, Watch
from core import clock
from ledger import days, proofs
from ledger.writer import Draft, post
from microenterprises.entries import receipt_lines
from microenterprises.models import Microenterprise
from settlement import closing, facts, ordinary, posting, queries
from settlement.actions import months, nights
from settlement.calculation import is_month_end
from settlement.models import Outcome, SettlementRun

EARNED_MINOR = 2_000_000_000
DRAFTS_AT_ONCE = 1_000
ONE_DAY = timedelta(days=1)
START, SHARDS, SEAL = "start", "shards", "seal"
SPLIT, POST, COMMIT = "exact split", "posting", "commit"


@dataclass(frozen=True)
class Night:
    """What one night was and took. lines_before: of history; one_by_one: MEs that took the slow path; log_bytes: of
    the write-ahead log; taken: by the clock; on_processor: see `benchmarks.processor`.
    """

    day: date
    microenterprises: int
    shared: int
    one_by_one: int
    postings: int
    lines_before: int
    log_bytes: int
    taken: "Taken"
    on_processor: "Taken"

    @property
    def is_ordinary(self) -> bool:
        """Whether nearly every ME went column by column: no month's pay, no draws recovered, no year's first night."""
        return self.one_by_one * 20 < self.microenterprises


@dataclass(frozen=True)
class Taken:
    """Seconds of a night by phase and part, and of L in the same round."""

    parts: dict[Part, float]
    copy: float

    @property
    def whole(self) -> float:
        """Seconds of the whole night."""
        return sum(self.parts.values())

    @property
    def ratio(self) -> float:
        """The whole night in L."""
        return self.whole / self.copy

    @property
    def posting(self) -> float:
        """Seconds of split, posting and commit of all shards."""
        return sum(self.parts.get((SHARDS, part), 0.0) for part in (SPLIT, POST, COMMIT))

    def phase(self, phase: str) -> float:
        """Seconds of one phase."""
        return sum(seconds for (each, _part), seconds in self.parts.items() if each == phase)


def places() -> list[Place]:
    """What of the product is watched. A commit counts for the phase in which it happens; that of a shard holds what
    is deferred to it: whether every entry has lines, and the outcomes' foreign keys.
    """
    return [
        Place(nights, "start_run", START),
        Place(nights, "_settle_next_shard", SHARDS),
        Place(nights, "seal", SEAL),
        Place(connections[DEFAULT_DB_ALIAS], "_commit", COMMIT),
        Place(ordinary, "candidates", "facts"),
        Place(ordinary._Night, "__init__", "facts"),
        Place(ordinary._Night, "_can_split", SPLIT),
        Place(ordinary._Night, "_split", SPLIT),
        Place(ordinary._Night, "_post", POST),
        Place(ordinary._Night, "_store", "outcomes"),
        Place(facts, "read", "MEs one by one"),
        Place(posting, "write", "MEs one by one"),
        Place(closing, "close_years", "MEs one by one"),
        Place(days, "_run", lambda sql, *_values: _statement(sql)),
        Place(proofs, "sound_day", "proof of the lines again"),
        Place(queries, "run_sums", "sums of the run"),
        Place(queries, "lines_sha256", "hash of the lines"),
    ]


def _statement(sql: str) -> str:
    told = {"take_snapshot": "snapshot", "drop_snapshots": "old snapshots"}
    return next((name for mark, name in told.items() if mark in sql), "locks and days")


# --- Days -------------------------------------------------------------------------------------------------------------


def earn() -> int:
    """A receipt for each ME, large enough to be shared whatever its threshold; how many lines that were."""
    now = clock.market_now().isoformat()
    drafts = [
        Draft(reference=f"bench:{me.pk}:{now}", kind="receipt", lines=receipt_lines(me, EARNED_MINOR), memo="Benchmark")
        for me in Microenterprise.objects.active()
    ]
    for start in range(0, len(drafts), DRAFTS_AT_ONCE):
        with transaction.atomic():
            post(drafts[start : start + DRAFTS_AT_ONCE], by="benchmark")
    return sum(len(draft.lines) for draft in drafts)


def next_day() -> date:
    """Let every ME earn and the clock pass midnight; the date that is over now. Dates before it are settled, and months
    that are over are added up, as the clock does after a night.
    """
    earn()
    clock.move_forward(ONE_DAY)
    *earlier, day = nights.waiting_dates()
    for each in earlier:
        nights.work_on_run(nights.start_run(business_date=each, by=None))
    months.add_up_over()
    return day


def is_plain(day: date) -> bool:
    """Neither a month's end, nor the night after one, which recovers its draws and may begin a year."""
    return not is_month_end(day) and not is_month_end(day - ONE_DAY)


def next_plain_day() -> date:
    """The next day whose night is like nearly every night; others are settled on the way, unmeasured."""
    while not is_plain(day := next_day()):
        nights.work_on_run(nights.start_run(business_date=day, by=None))
    return day


# --- Nights -----------------------------------------------------------------------------------------------------------


def settle(day: date, *, copies: int, lines_before: int) -> Night:
    """Settle a date as the clock's worker does, in this process, then copy what was posted."""
    clock_, processor_ = Watch(), Watch(processor.seconds)
    with processor_.around(places()), clock_.around(places()), _slow_ones() as slow:
        log = _log_position()
        run = nights.work_on_run(nights.start_run(business_date=day, by=None))
        log_bytes = _log_position() - log
    rows = posting_rows(day)
    copied = copy(rows, copies)
    return Night(
        day=day,
        microenterprises=run.mes_total,
        shared=Outcome.objects.filter(night=day, shared_minor__gt=0).count(),
        one_by_one=len(slow),
        postings=rows.count("\n"),
        lines_before=lines_before,
        log_bytes=log_bytes,
        taken=Taken(dict(clock_.seconds), median([each for each, _ in copied])),
        on_processor=Taken(dict(processor_.seconds), median([each for _, each in copied])),
    )


def lines_of_history() -> int:
    """How many lines the books hold."""
    return int(_value("SELECT coalesce(sum(posting_count), 0) FROM ledger_entry"))


def nights_settled() -> int:
    """How many dates are sealed."""
    return SettlementRun.objects.exclude(status=SettlementRun.Status.POSTING).count()


def rounds(count: int, *, copies: int) -> Iterator[Night]:
    """Plain nights one after the other, each with its L."""
    for _ in range(count):
        day = next_plain_day()
        yield settle(day, copies=copies, lines_before=lines_of_history())


@contextmanager
def _slow_ones() -> Iterator[list[str]]:
    """Collects the MEs that the fast path hands back."""
    found: list[str] = []
    settle_ordinary = ordinary.settle

    def settle_and_note(*arguments: Any, **named: Any) -> list[str]:
        others = settle_ordinary(*arguments, **named)
        found.extend(others)
        return others

    with patch.object(ordinary, "settle", settle_and_note):
        yield found


# --- L ----------------------------------------------------------------------------------------------------------------


def posting_rows(day: date) -> str:
    """What the night of a date posted, as COPY's text."""
    found = StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT * FROM ledger_posting WHERE by_night AND business_date = '{day}') TO STDOUT", found
        )
    return found.getvalue()


def copy(rows: str, copies: int) -> list[tuple[float, float]]:
    """Seconds of each COPY of those rows into an empty table, by the clock and on the processor."""
    taken = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNLOGGED TABLE IF NOT EXISTS bench_copy (LIKE ledger_posting)")
        for _ in range(copies):
            cursor.execute("TRUNCATE bench_copy")
            sent = StringIO(rows)
            busy, start = processor.seconds(), time.perf_counter()
            cursor.copy_expert("COPY bench_copy FROM STDIN", sent, 1 << 18)
            taken.append((time.perf_counter() - start, processor.seconds() - busy))
    return taken


def _log_position() -> int:
    return int(_value("SELECT pg_current_wal_lsn() - '0/0'"))


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
