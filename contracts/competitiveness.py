"""How competitive an ME is against the world outside: pure arithmetic over plain values, no Django.

On every project where an ME and at least one outside vendor bid on the same words, its price is divided by the best
(lowest) outside price. The index is the median of these ratios: one very large or very strange project moves it as
little as any other, and it can be read off the sorted list by anybody. Exact fractions inside; shown in basis points,
rounded half up: 10,000 means as dear as the best vendor, less is cheaper, more is dearer.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final
from uuid import UUID

FULL: Final = 10_000


@dataclass(frozen=True, slots=True)
class Compared:
    """One project. Prices in minor units of its currency; `outside`: how many vendors had a valid bid."""

    project: UUID
    title: str
    opened_on: date
    currency: str
    inside_minor: int
    outside_minor: int
    outside: int

    def __post_init__(self) -> None:
        if self.inside_minor <= 0 or self.outside_minor <= 0 or self.outside < 1:
            raise ValueError("two prices above nothing are compared")

    @property
    def ratio(self) -> Fraction:
        """The inside price over the best outside price, exactly."""
        return Fraction(self.inside_minor, self.outside_minor)

    @property
    def ratio_bp(self) -> int:
        """The same in basis points, to be shown."""
        return basis_points(self.ratio)


@dataclass(frozen=True, slots=True)
class Index:
    """The index with its counts; `points` in basis points, None while nothing can be compared."""

    points: int | None
    projects: int
    outside: int
    cheaper: int
    dearer: int


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or the month's last."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def basis_points(ratio: Fraction) -> int:
    """A ratio in basis points, rounded half up."""
    return int((ratio * FULL * 2 + 1) // 2)


def median(ratios: Sequence[Fraction]) -> Fraction:
    """The middle one, or the mean of the two in the middle. Raises ValueError for none."""
    if not ratios:
        raise ValueError("nothing has no middle")
    ordered, half = sorted(ratios), len(ratios) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def index(compared: Sequence[Compared]) -> Index:
    """The index over some projects."""
    ratios = [row.ratio for row in compared]
    return Index(
        points=basis_points(median(ratios)) if ratios else None,
        projects=len(ratios),
        outside=sum(row.outside for row in compared),
        cheaper=sum(ratio < 1 for ratio in ratios),
        dearer=sum(ratio > 1 for ratio in ratios),
    )
