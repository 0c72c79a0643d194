"""How far the seeding is: done of all, and the time left at the pace so far. Words for a terminal, nothing else."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from django.utils.translation import gettext as _

T = TypeVar("T")
PAUSE = 2.0


class Progress:
    """Counts units of work; a unit is about a thousandth of a second, whatever is done in it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._all = 0.0
        self._done = 0.0
        self._began = self._told = time.monotonic()
        self._step = ""

    def expect(self, units: float) -> None:
        """More work was found."""
        self._all += units

    def step(self, name: str) -> None:
        """Another part begins."""
        self._step = name
        self._tell()

    def done(self, units: float) -> None:
        """So much was done."""
        self._done += units
        if time.monotonic() - self._told >= PAUSE:
            self._tell()

    def over(self, items: Iterable[T], each: float) -> Iterator[T]:
        """The items, counting `each` units after every one of them."""
        for item in items:
            yield item
            self.done(each)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def _tell(self) -> None:
        self._told = time.monotonic()
        share = min(1.0, self._done / self._all) if self._all else 0.0
        left = _("time left unknown")
        if share > 0.01:
            left = _("about %(seconds)s s left") % {"seconds": round(self.seconds / share * (1 - share))}
        facts = {"step": self._step, "done": round(share * 100), "left": left, "seconds": round(self.seconds)}
        self._say(_("%(done)s / 100 after %(seconds)s s, %(left)s: %(step)s") % facts)
