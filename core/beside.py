"""Reading on a connection of its own while a transaction goes on.

For the few reads that take long enough to be worth a connection: a server with more than one core answers both at once.
No business nouns.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, connections, transaction

T = TypeVar("T")


@contextmanager
def beside(read: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Start `read` on another connection and give what waits for its answer, or raises what `read` raised.

    It finds what is committed when it starts. A transaction that has written already finds more than that, so for it
    `read` runs on its own connection, each time it is asked for. Leaving the block waits for the other connection. What
    `read` reads must not be locked inside the block: neither side could see that it waits for the other (it gives up
    after ten seconds with OperationalError).
    """
    if _has_written():
        yield read
        return
    with ThreadPoolExecutor(max_workers=1) as other:
        yield other.submit(_alone, read).result


def _has_written() -> bool:
    """Whether the transaction has a number, which it gets with its first write or lock of a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
        return bool(cursor.fetchone()[0])


def _alone(read: Callable[[], T]) -> T:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY; SET LOCAL lock_timeout = '10s'")
            return read()
    finally:
        connections.close_all()
