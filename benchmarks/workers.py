"""One worker process against two on the same run; nights alternate, each pair is one comparison, with its L.

Workers run already, as Celery's do. A night is from the start of its run until it is sealed, by whoever comes last.
"""

import time
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db import connection

from benchmarks import databases, settling
from benchmarks.helpers import Helper
from benchmarks.tables import median
from settlement.actions import nights
from settlement.models import SettlementRun

COPIES: Final = 5


@dataclass(frozen=True)
class Pair:
    """Seconds of two nights in a row, one by one process, the other by two. shards: without start and seal. copy: of
    L after the two.
    """

    one: float
    two: float
    one_shards: float
    two_shards: float
    copy: float


def measure(pairs: int) -> list[Pair]:
    """That many pairs; the order within them alternates too."""
    url = databases.url_of(connection.settings_dict)
    with Helper("worker", url) as first, Helper("worker", url) as second:
        _night([first, second])  # both import what they need and open what they keep
        found = []
        for number in range(pairs):
            alone_first = number % 2 == 0
            nights_ = [_night([first] if alone == alone_first else [first, second]) for alone in (True, False)]
            one, two = nights_ if alone_first else reversed(nights_)
            copied = settling.copy(settling.posting_rows(nights_[-1].day), COPIES)
            copy = median([seconds for seconds, _ in copied])
            found.append(Pair(one.whole, two.whole, one.shards, two.shards, copy))
    return found


class _Night(NamedTuple):
    """A night, and the seconds of the whole and of its shards."""

    day: date
    whole: float
    shards: float


def _night(workers: list[Helper]) -> _Night:
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
    ended, done = (max(each[name] for each in answers) for name in ("end", "shards"))
    return _Night(day, ended - start, done - started)
