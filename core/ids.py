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


def new_texts(count: int) -> list[str]:
    """As many new identifiers as text, for rows that are written without objects."""
    if drawn.get() is not None:
        return [str(new_id()) for _ in range(count)]
    chance = os.urandom(16 * count)
    texts = []
    for start in range(0, 16 * count, 16):
        digits = f"{int.from_bytes(chance[start : start + 16]) & _VARIANT | _RANDOM:032x}"
        texts.append(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")
    return texts


def new_id() -> uuid.UUID:
    """A random UUID (version 4); the default of every public primary key."""
    draw = drawn.get()
    return uuid.uuid4() if draw is None else draw()
