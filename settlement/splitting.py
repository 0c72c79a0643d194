"""The split of many pools at once, as arithmetic on columns. The same rule as `calculation.split`, to the last grain.

A night of a company is 4,000 pools of 20 parts; one by one they take longer than storing them. Nothing is decided
here that `settlement.calculation` does not say, and a property test compares both on random pools. What does not fit
into 64 bits on the way is refused by `fits`; such a pool is split one by one. No Django, no database, no floats.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from settlement.calculation import GRAIN

Whole = NDArray[np.int64]
_ROOM = 2**62


@dataclass(frozen=True, slots=True)
class Pools:
    """Pools and who holds them. Holders stand together, pool after pool, within a pool by their key, smaller first.

    minor: each pool in minor units, above zero. orphaned_grain: carries of whoever holds no weight any more, by pool.
    of: each holder's pool by its place. weight: whole numbers above zero. carry_grain: left by earlier nights.
    """

    minor: Whole
    orphaned_grain: Whole
    of: Whole
    weight: Whole
    carry_grain: Whole


@dataclass(frozen=True, slots=True)
class Parts:
    """Each holder's part, in the order of the holders; and the pools that must wait because a part is below zero."""

    amount_minor: Whole
    inherited_grain: Whole
    carry_before_grain: Whole
    carry_after_grain: Whole
    waits: NDArray[np.bool_]

    def of_those(self, chosen: NDArray[np.bool_]) -> "Parts":
        """The parts of some holders."""
        return Parts(
            self.amount_minor[chosen],
            self.inherited_grain[chosen],
            self.carry_before_grain[chosen],
            self.carry_after_grain[chosen],
            self.waits,
        )


def fits(minor: Whole, largest_weight: Whole, weights_sum: Whole, orphaned_grain: Whole) -> NDArray[np.bool_]:
    """Which pools can be split in 64 bits: no product on the way grows beyond them."""
    sums = np.maximum(weights_sum, 1)
    return np.asarray(
        (sums < _ROOM // GRAIN)
        & (minor < _ROOM // np.maximum(largest_weight, 1))
        & (np.abs(orphaned_grain) < _ROOM // np.maximum(largest_weight, 1))
    )


def split_all(pools: Pools) -> Parts:
    """Split every pool. Parts sum to their pool, carries to what they summed to before; see `calculation.split`."""
    of, weight = pools.of, pools.weight
    count = len(pools.minor)
    sums = _sum(weight, of, count)[of]
    whole, rest = np.divmod(pools.minor[of] * weight, sums)
    grains, remainder = np.divmod(rest * GRAIN, sums)
    grains += _extra(_sum(remainder, of, count) // _sum(weight, of, count), remainder, of)
    inherited = np.zeros_like(weight)
    if pools.orphaned_grain.any():
        inherited, remainder = np.divmod(pools.orphaned_grain[of] * weight, sums)
        inherited += _extra(_sum(remainder, of, count) // _sum(weight, of, count), remainder, of)
    before = pools.carry_grain + inherited
    floor, after = np.divmod(grains + before, GRAIN)
    amount = whole + floor
    extra = _extra(pools.minor - _sum(amount, of, count), after, of)
    amount += extra
    waits = np.zeros(count, dtype=bool)
    waits[of[amount < 0]] = True
    return Parts(amount, inherited, before, after - extra * GRAIN, waits)


def _extra(left: Whole, remainder: Whole, of: Whole) -> Whole:
    """One unit each for the `left` largest remainders of every pool; ties go to whoever stands first."""
    order = np.lexsort((-remainder, of))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - np.searchsorted(of, of)[order]
    return (rank < left[of]).astype(np.int64)


def _sum(values: Whole, of: Whole, count: int) -> Whole:
    """The sum of each pool's values."""
    running = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values)))
    return np.asarray(np.diff(running[np.searchsorted(of, np.arange(count + 1))]))
