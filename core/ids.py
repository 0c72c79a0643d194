"""Public identifiers. Random, so that they neither count nor tell who came first."""

import uuid
from collections.abc import Callable
from contextvars import ContextVar

drawn: ContextVar[Callable[[], uuid.UUID] | None] = ContextVar("drawn", default=None)
"""Where identifiers come from instead of chance while a seeder runs; set by `core.past.ids` and nobody else."""


def new_id() -> uuid.UUID:
    """A random UUID (version 4); the default of every public primary key."""
    draw = drawn.get()
    return uuid.uuid4() if draw is None else draw()
