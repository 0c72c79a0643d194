"""One worker process against two on the same run; nights alternate, each pair is one comparison.

Workers run already, as Celery's do. A night is from the start of its run until it is sealed, by whoever comes last.
"""

import time
from dataclasses import dataclass

from django.db import connection

from benchmarks import databases, settling
from benchmarks.helpers import Helper
from settlement.actions import nights
from settlement.models import SettlementRun


@dataclass(frozen=True)
class Pair:
    """Seconds of two nights in a row, one by one process, the other by two. shards: without start and seal."""

    one: float
    two: float
    one_shards: float
    two_shards: float


def measure(pairs: int) -> list[Pair]:
    """That many pairs; the order within them alternates too."""
    url = databases.url_of(connection.settings_dict)
    with Helper("worker", url) as first, Helper("worker", url) as second:
        _night([first, second])  # both import what they need and open what they keep
        found = []
        for number in range(pairs):
            alone_first = number % 2 == 0
            nights_ = [_night([first] if alone == alone_first else [first, second]) for alone in (True, False)]
            (one, one_shards), (two, two_shards) = nights_ if alone_first else reversed(nights_)
            found.append(Pair(one, two, one_shards, two_shards))
    return found


def _night(workers: list[Helper]) -> tuple[float, float]:
    """Seconds of a night, and of its shards, with those workers."""
    day = settling.next_plain_day()
    start = time.perf_counter()
    run = nights.start_run(business_date=day, by=None)
    started = time.perf_counter()
    for worker in workers:
        worker.ask(day=day.isoformat())
    answers = [worker.answer() for worker in workers]
    run.refresh_from_db()
    if run.status == SettlementRun.Status.POSTING:
        raise RuntimeError(f"the night of {day} was not sealed")
    return max(each["end"] for each in answers) - start, max(each["shards"] for each in answers) - started
