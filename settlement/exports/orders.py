"""What one file is asked for: by whom, with which filters, in which format. Plain values that the modules share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from people.models import User
from settlement.exports.source import Source

Asked = dict[str, Any]
"""The cleaned filters of an export."""


def _no_tick(rows: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Order:
    """One file to be written. tick is told how many more rows were written."""

    user: User
    asked: Asked
    form: str
    source: Source
    tick: Callable[[int], None] = field(default=_no_tick)
