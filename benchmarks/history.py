"""Nights in a row until the books hold so many lines: what each took, and whether the last takes what the first took.

The history is made by settling it, through the product's own code, with every guard and index on.
"""

import time
from collections.abc import Callable, Sequence
from itertools import count

from benchmarks import settling
from benchmarks.settling import Night

COPIES = 3


def settle_until(lines: int, *, deadline: float, say: Callable[[str], None]) -> list[Night]:
    """Settle night after night until the books hold `lines` or `time.monotonic()` passes the deadline."""
    held = settling.lines_of_history()
    found: list[Night] = []
    for number in count(1):
        if held >= lines or time.monotonic() > deadline:
            break
        day = settling.next_day()
        held = settling.lines_of_history() if number % 10 == 1 else held + 2 * found[-1].microenterprises
        night = settling.settle(day, copies=COPIES, lines_before=held)
        found.append(night)
        held += night.postings
        if number % 10 == 0:
            say(f"{held:,} of {lines:,} lines of history, {night.taken.whole:.2f} s a night")
    return found


def nearest(nights: Sequence[Night], lines: int, rounds: int) -> list[Night]:
    """The ordinary nights with the history nearest to that many lines."""
    ordinary = [night for night in nights if night.is_ordinary]
    return sorted(ordinary, key=lambda night: abs(night.lines_before - lines))[:rounds]


def tens(nights: Sequence[Night]) -> list[list[Night]]:
    """The ordinary nights, ten by ten."""
    ordinary = [night for night in nights if night.is_ordinary]
    return [ordinary[start : start + 10] for start in range(0, len(ordinary), 10)]
