"""Public identifiers. Random, so that they neither count nor tell who came first."""

import os
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

drawn: ContextVar[Callable[[], uuid.UUID] | None] = ContextVar("drawn", default=None)
"""Where identifiers come from instead of chance while a seeder runs; set by `core.past.ids` and nobody else."""


_VARIANT: Final = ~(0xF000 << 64 | 0xC000 << 48)
_RANDOM: Final = 4 << 76 | 0x8000 << 48


def new_bytes(count: int) -> list[bytes]:
    """As many new identifiers, each as its sixteen bytes, for rows that are written without objects."""
    if drawn.get() is not None:
        return [new_id().bytes for _ in range(count)]
    chance = os.urandom(16 * count)
    return [
        (int.from_bytes(chance[start : start + 16]) & _VARIANT | _RANDOM).to_bytes(16)
        for start in range(0, 16 * count, 16)
    ]


def new_id() -> uuid.UUID:
    """A random UUID (version 4); the default of every public primary key."""
    draw = drawn.get()
    return uuid.uuid4() if draw is None else draw()
