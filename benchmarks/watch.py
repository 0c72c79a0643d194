"""Stopwatches put around functions of the product from outside while it works, and taken off again.

Time is exclusive: what a watched function spends inside another watched one counts for that one alone, so the parts of
a night sum to the night. The outermost watched function names the phase. What another thread does meanwhile is not
counted, waiting for it is. No figure is judged here.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import get_ident
from typing import Any, NamedTuple
from unittest.mock import patch

Part = tuple[str, str]
"""A phase and a part of it."""


class Place(NamedTuple):
    """Where a stopwatch goes: a function of a module, class or object, and the part its time counts for."""

    owner: Any
    name: str
    part: str | Callable[..., str]


class Watch:
    """Seconds by phase and part, as a clock tells them."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.seconds: defaultdict[Part, float] = defaultdict(float)
        self._running: list[tuple[str, list[float]]] = []
        self._thread = get_ident()

    @contextmanager
    def around(self, places: Iterable[Place]) -> Iterator[None]:
        """Watch those functions inside the block. Raises AttributeError for a function that is not there."""
        with ExitStack() as taken_off_again:
            for place in places:
                function = getattr(place.owner, place.name)
                taken_off_again.enter_context(
                    patch.object(place.owner, place.name, self._watched(function, place.part))
                )
            yield

    def phase(self, phase: str) -> float:
        """Seconds of all parts of a phase."""
        return sum(seconds for (each, _part), seconds in self.seconds.items() if each == phase)

    def _watched(self, function: Callable[..., Any], part: str | Callable[..., str]) -> Callable[..., Any]:
        @wraps(function)
        def watched(*arguments: Any, **named: Any) -> Any:
            if get_ident() != self._thread:
                return function(*arguments, **named)
            name = part if isinstance(part, str) else part(*arguments)
            inner = [0.0]
            self._running.append((name, inner))
            start = self._clock()
            try:
                return function(*arguments, **named)
            finally:
                took = self._clock() - start
                self._running.pop()
                phase = self._running[0][0] if self._running else name
                self.seconds[phase, name if self._running else "rest"] += took - inner[0]
                if self._running:
                    self._running[-1][1][0] += took

        return watched
