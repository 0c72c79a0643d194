"""One night of the company in postings a second, against COPY of the same rows into an unlogged table without index."""

import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

from django.db import connection, transaction

from core import clock
from ledger.writer import Draft, post
from microenterprises.entries import receipt_lines
from microenterprises.models import Microenterprise
from settlement.actions import nights

COPIES = 9
EARNED_MINOR = 2_000_000_000


@dataclass(frozen=True)
class Night:
    """What one night took."""

    microenterprises: int
    postings: int
    seconds: float
    copy_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as long as COPY of the same rows."""
        return self.seconds / self.copy_seconds if self.copy_seconds else float("nan")


def measure() -> Night:
    """Let every ME earn, the clock pass midnight, settle the date that is over, then copy what was posted for it."""
    _earn()
    clock.move_forward(timedelta(days=1))
    day = nights.waiting_dates()[-1]
    for earlier in nights.waiting_dates()[:-1]:
        nights.work_on_run(nights.start_run(business_date=earlier, by=None))
    before = _highest_entry()
    start = time.perf_counter()
    run = nights.work_on_run(nights.start_run(business_date=day, by=None))
    seconds = time.perf_counter() - start
    rows = _rows(before)
    return Night(run.mes_total, rows.count("\n"), seconds, statistics.median(_copy(rows) for _ in range(COPIES)))


def _earn() -> None:
    """A receipt for each ME, large enough to be shared whatever its threshold, so that the night has work."""
    now = clock.market_now().isoformat()
    drafts = [
        Draft(reference=f"bench:{me.pk}:{now}", kind="receipt", lines=receipt_lines(me, EARNED_MINOR), memo="Benchmark")
        for me in Microenterprise.objects.active()
    ]
    with transaction.atomic():
        post(drafts, by="benchmark")


def _highest_entry() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_entry")
        highest: int = cursor.fetchone()[0]
    return highest


def _rows(after_entry: int) -> str:
    found = StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT * FROM ledger_posting WHERE entry_id > {after_entry}) TO STDOUT", found)
    return found.getvalue()


def _copy(rows: str) -> float:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE UNLOGGED TABLE bench_copy (LIKE ledger_posting)")
        start = time.perf_counter()
        cursor.copy_expert("COPY bench_copy FROM STDIN", StringIO(rows))
        seconds = time.perf_counter() - start
        cursor.execute("DROP TABLE bench_copy")
    return seconds
