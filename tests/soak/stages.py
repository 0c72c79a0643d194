"""Where every worker is at this moment: told through a small shared file that outlives kill -9.

So a strike can be aimed at a stage of the night, and what it hit is written down instead of guessed. The product knows
nothing of it: `watch` wraps its functions inside the worker that is about to be killed.
"""

import mmap
import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, Final

ELSEWHERE: Final = "elsewhere"
"""Not in a stage: being born, connecting, asking whether anything is due, done."""
STAGES: Final = (
    "open",  # closing the date and writing the manifest
    "claim",
    "facts",
    "post",
    "outcomes",
    "commit",  # marking the shard done, and the commit itself
    "prove",
    "snapshot",
    "seal",
    "export",
    "hand over",  # the file is whole, the row does not say so yet
)
_NAMES: Final = (ELSEWHERE, *STAGES)
_SLOTS: Final = 1 << 16


class Board:
    """One byte for each process number."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SLOTS))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _SLOTS)

    def of(self, pid: int) -> str:
        return _NAMES[self._bytes[pid % _SLOTS]]

    def any_of(self, pids: Iterable[int]) -> str:
        """The furthest stage that one of them is in."""
        return _NAMES[max((self._bytes[pid % _SLOTS] for pid in pids), default=0)]

    def say(self, stage: str, pid: int | None = None) -> None:
        self._bytes[(pid or os.getpid()) % _SLOTS] = _NAMES.index(stage)


def watch(board: Board) -> None:
    """Let this process, and what it forks, tell the board where it is."""
    from ledger import batches, days
    from settlement import closing, ordinary, posting
    from settlement.actions import exports, nights
    from settlement.exports import making

    def during(stage: str, owner: Any, name: str, *, then: str = "") -> None:
        _replace(owner, name, lambda work: _telling(board, work, stage, then))

    during("open", nights, "start_run")
    during("claim", nights, "_settle_next_shard")
    during("facts", nights, "_settle_shard", then="commit")
    during("post", batches, "post")
    during("post", posting, "write")
    during("post", closing, "close_years")
    during("outcomes", ordinary._Night, "_store")
    during("outcomes", posting, "copy_rows")
    during("seal", nights, "seal")
    during("prove", days, "_seal")
    during("export", making, "_make")
    during("hand over", exports, "finish")
    run = days._run

    def run_telling(sql: str, *values: Any) -> None:
        (_telling(board, run, "snapshot", "") if "ledger_take_snapshot" in sql else run)(sql, *values)

    _replace(days, "_run", lambda _: run_telling)


def _telling(board: Board, work: Callable[..., Any], stage: str, then: str) -> Callable[..., Any]:
    @wraps(work)
    def told(*args: Any, **kwargs: Any) -> Any:
        before = board.of(os.getpid())
        board.say(stage)
        result = work(*args, **kwargs)  # after an error the stage stays: that is where it happened
        board.say(then or before)
        return result

    return told


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    setattr(owner, name, make(getattr(owner, name)))
