"""One night of the company in postings a second, against COPY of the same rows into an unlogged table without index."""

import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

from django.db import connection, transaction

from core import clock
from settlement import actions

COPIES = 9


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
    """Let the market's clock pass midnight, settle the date that is over, then copy what it posted."""
    clock.move_forward(timedelta(days=1))
    day = actions.waiting_dates()[-1]
    for earlier in actions.waiting_dates()[:-1]:
        actions.work_on_run(actions.start_run(business_date=earlier, by=None))
    before = _highest_entry()
    start = time.perf_counter()
    run = actions.work_on_run(actions.start_run(business_date=day, by=None))
    seconds = time.perf_counter() - start
    rows = _rows(before)
    return Night(run.mes_total, rows.count("\n"), seconds, statistics.median(_copy(rows) for _ in range(COPIES)))


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
