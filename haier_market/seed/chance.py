"""The seeded generator: everything that looks like chance in the company comes from here, never from `secrets`.

Streams have names, so that another draw in one part leaves the others as they were. Keys and nonces of sealed bids are
the exception: they are really random (see `contracts.sealing`).
"""

import random
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class Chance:
    """One stream of draws. Same seed, same name, same draws."""

    def __init__(self, seed: int, name: str = "company") -> None:
        self.seed = seed
        self.name = name
        self._random = random.Random(f"{seed}/{name}")  # noqa: S311 (a story, not a secret)
        self.below = self._random.random
        self._bits = self._random.getrandbits

    def stream(self, name: str) -> "Chance":
        """Another stream of the same seed."""
        return Chance(self.seed, f"{self.name}/{name}")

    def uuid(self) -> UUID:
        """A version 4 UUID."""
        return UUID(int=self._bits(128), version=4)

    def hex(self, bytes_wanted: int) -> str:
        """Random bytes as hex digits."""
        return f"{self._bits(bytes_wanted * 8):0{bytes_wanted * 2}x}"

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.below() * (high - low + 1))

    def happens(self, percent: float) -> bool:
        """True in so many of a hundred cases."""
        return self.below() * 100 < percent

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self.below() * len(options))]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Up to `count` different ones."""
        return self._random.sample(options, min(count, len(options)))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of them in another order."""
        return self.sample(options, len(options))

    def weighted(self, options: Sequence[tuple[T, int]]) -> T:
        """One of (option, weight) by weight."""
        left = self.below() * sum(weight for _option, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]

    def spread(self, low: int, high: int) -> int:
        """A whole number between, small ones far more often than large ones, as prices are."""
        return int(low * (high / low) ** self.below())
