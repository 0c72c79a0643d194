"""Where the time of a night goes: by statement as the driver sees it, and by Python function. Two nights, one each."""

import cProfile
import pstats
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import psycopg2.extensions
from django.db import DEFAULT_DB_ALIAS, connection, connections

from benchmarks import settling
from settlement.actions import nights

LONGEST = 110


@dataclass(frozen=True)
class Cost:
    """What one statement or function took in all, and how often it was called."""

    name: str
    seconds: float
    calls: int


def statements(rows: int) -> tuple[float, list[Cost]]:
    """Seconds of a night, and its dearest statements; what their triggers do is in them, a commit stands for itself."""
    day = settling.next_plain_day()
    with _timed_cursors() as found:
        start = time.perf_counter()
        nights.work_on_run(nights.start_run(business_date=day, by=None))
        seconds = time.perf_counter() - start
    costs = [Cost(name, sum(taken), len(taken)) for name, taken in found.items()]
    return seconds, sorted(costs, key=lambda cost: -cost.seconds)[:rows]


def functions(rows: int) -> tuple[float, list[Cost]]:
    """Seconds of a night under the profiler, which slows Python down, and its dearest functions, callees excluded."""
    day = settling.next_plain_day()
    profiler = cProfile.Profile()
    start = time.perf_counter()
    profiler.runcall(lambda: nights.work_on_run(nights.start_run(business_date=day, by=None)))
    seconds = time.perf_counter() - start
    stats: Any = pstats.Stats(profiler)
    costs = [
        Cost(_place(*place), own, calls) for place, (_primitive, calls, own, _whole, _callers) in stats.stats.items()
    ]
    return seconds, sorted(costs, key=lambda cost: -cost.seconds)[:rows]


def _place(file: str, line: int, name: str) -> str:
    if file == "~":
        return name
    return f"{'/'.join(file.split('/')[-2:])}:{line} {name}"


@contextmanager
def _timed_cursors() -> Iterator[dict[str, list[float]]]:
    """Seconds of every statement that goes through Django's connection inside the block, COPY and commits included."""
    found: dict[str, list[float]] = defaultdict(list)

    class Timed(psycopg2.extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            start = time.perf_counter()
            try:
                super().execute(query, vars)
            finally:
                found[_short(query)].append(time.perf_counter() - start)

        def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
            start = time.perf_counter()
            try:
                super().copy_expert(sql, file, size)
            finally:
                found[_short(sql)].append(time.perf_counter() - start)

    connection.ensure_connection()
    wrapper: Any = connections[DEFAULT_DB_ALIAS]  # `connection` only stands for it
    driver: Any = wrapper.connection
    factory, commit = driver.cursor_factory, wrapper._commit

    def timed_commit() -> None:
        start = time.perf_counter()
        commit()
        found["COMMIT"].append(time.perf_counter() - start)

    driver.cursor_factory = Timed
    try:
        with patch.object(wrapper, "_commit", timed_commit):
            yield found
    finally:
        driver.cursor_factory = factory


def _short(sql: Any) -> str:
    text = " ".join((sql.decode() if isinstance(sql, bytes) else str(sql)).split())
    return text.replace("|", "/")[:LONGEST]
