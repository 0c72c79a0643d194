"""Races with real threads: each has its own connection, all start at the same barrier."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection, connections

T = TypeVar("T")


def together(number: int, work: Callable[[int], T]) -> list[T | Exception]:
    """Run `work(0)` .. `work(number - 1)` at the same moment; what each returned or raised, in that order.

    For tests on a cloned database (`transactional_db`): the threads must see what the test committed.
    """
    barrier = Barrier(number)

    def run(index: int) -> T | Exception:
        try:
            connections["default"].ensure_connection()
            barrier.wait(timeout=30)
            return work(index)
        except Exception as error:  # noqa: BLE001 (handed to the test, which judges it)
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=number) as pool:
        return list(pool.map(run, range(number)))


def wait_until_somebody_waits(seconds: float = 60.0) -> None:
    """Until another connection to this database waits for a lock, as one does that this one holds."""
    deadline = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waited")
