"""Quartiles and fences, exact. No OCDS here.

A quartile is the median-unbiased estimate (definition 8 of Hyndman and Fan, *Sample Quantiles in Statistical Packages*,
1996), which the published results were made with: Cardinal asks `statrs::OrderStatistics::quantile`, statrs
`src/statistics/slice_statistics.rs`. The lower fence is Q1 - 1.5 IQR, the upper Q3 + 1.5 IQR.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from contracts.ocds.flags.values import Fences

THIRD: Final = Fraction(1, 3)
REACH: Final = Fraction(3, 2)
QUARTER: Final = Fraction(1, 4)


def quantile(ordered: Sequence[Fraction], part: Fraction) -> Fraction:
    """The value below which `part` (0 to 1) of the figures lie, between neighbours where it falls between them.

    `ordered` holds at least one figure, the smallest first.
    """
    place = (len(ordered) + THIRD) * part + THIRD
    whole = int(place)
    if whole <= 0 or part == 0:
        return ordered[0]
    if whole >= len(ordered) or part == 1:
        return ordered[-1]
    below, above = ordered[whole - 1], ordered[whole]
    return below + (place - whole) * (above - below)


def lower(figures: Sequence[Fraction], given: Fraction | None) -> Fences | None:
    """The fence under which figures are outliers; `given` overrides it. None without figures."""
    return _fences(figures, given, low=True)


def upper(figures: Sequence[Fraction], given: Fraction | None) -> Fences | None:
    """The fence over which figures are outliers; `given` overrides it. None without figures."""
    return _fences(figures, given, low=False)


def _fences(figures: Sequence[Fraction], given: Fraction | None, *, low: bool) -> Fences | None:
    if not figures:
        return None
    if given is not None:
        return Fences(None, None, given, len(figures))
    ordered = sorted(figures)
    first, third = quantile(ordered, QUARTER), quantile(ordered, 1 - QUARTER)
    reach = REACH * (third - first)
    return Fences(first, third, first - reach if low else third + reach, len(figures))
