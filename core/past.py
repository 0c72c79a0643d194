"""The one door through which past instants enter: for seeders and importers, which replay what has happened.

Inside `at(instant)` the database's `market_now()` answers that instant on this connection; inside `ids(draw)` new
identifiers are drawn, so that the same seed tells the same story. An import-linter contract keeps the rooms of the
market from using it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import connection

from core.ids import drawn


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let `market_now()` answer `instant` (aware) on this connection until the block ends. Blocks may nest."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('market.past', true)")
        before = cursor.fetchone()[0] or ""
        cursor.execute("SELECT set_config('market.past', %s, false)", [instant.isoformat()])
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('market.past', %s, false)", [before])


@contextmanager
def ids(draw: Callable[[], UUID]) -> Iterator[None]:
    """Let `core.ids.new_id` take its identifiers from `draw` until the block ends."""
    before = drawn.set(draw)
    try:
        yield
    finally:
        drawn.reset(before)
