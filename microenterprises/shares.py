"""What share terms say of a year's profit, as pure functions over plain integers: tiers, their sum, what would I get.

The night (`settlement.calculation`), the form that proposes terms and the form that bids all count by these functions,
so that what is shown before is what is shared after. No Django, no language, no clock; whole numbers only. Splits,
carries, dates and pay are the night's and do not belong here.

Units
-----
minor   whole minor units of one currency (cents, yen)
fine    ten-thousandths of a minor unit: profit times basis points is whole in them, so every figure is exact
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

FINE = 10_000


class TermsFault(StrEnum):
    """Why share terms cannot be used. The room that proposes terms turns it into a sentence."""

    NO_TIERS = "no_tiers"
    LAST_TIER_ENDS = "last_tier_ends"
    OPEN_TIER_INSIDE = "open_tier_inside"
    TIERS_DO_NOT_RISE = "tiers_do_not_rise"
    RATE_OUT_OF_RANGE = "rate_out_of_range"
    THRESHOLD_BELOW_ZERO = "threshold_below_zero"


class UnusableTermsError(ValueError):
    """Share terms that leave a profit without a rule. `fault` says which."""

    def __init__(self, fault: TermsFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Tier:
    """A slice of what is above the threshold: it ends at `upto_minor` above it (None: never) and shares `rate_bp`."""

    upto_minor: int | None
    rate_bp: int


@dataclass(frozen=True, slots=True)
class Terms:
    """The arithmetic part of share terms. Raises UnusableTermsError when a profit would be left without a rule."""

    threshold_minor: int
    tiers: tuple[Tier, ...]
    losses_carry_over: bool = False

    def __post_init__(self) -> None:
        if fault := fault_of(self.threshold_minor, self.tiers):
            raise UnusableTermsError(fault)


def fault_of(threshold_minor: int, tiers: Sequence[Tier]) -> TermsFault | None:
    """What is wrong with a threshold and tiers, or None. The last tier must be open: say what holds above."""
    if threshold_minor < 0:
        return TermsFault.THRESHOLD_BELOW_ZERO
    if not tiers:
        return TermsFault.NO_TIERS
    if any(not 0 <= tier.rate_bp <= FINE for tier in tiers):
        return TermsFault.RATE_OUT_OF_RANGE
    if tiers[-1].upto_minor is not None:
        return TermsFault.LAST_TIER_ENDS
    ends = [tier.upto_minor for tier in tiers[:-1]]
    if None in ends:
        return TermsFault.OPEN_TIER_INSIDE
    closed = [0, *(end for end in ends if end is not None)]
    if any(upper <= lower for lower, upper in pairwise(closed)):
        return TermsFault.TIERS_DO_NOT_RISE
    return None


# --- What a profit earns ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TierStep:
    """One tier's part of T(x), for the shown arithmetic: from `lower` to `upper` above the threshold, `inside` of it
    reached, `shared_fine` for it."""

    lower_minor: int
    upper_minor: int | None
    rate_bp: int
    inside_minor: int
    shared_fine: int


def tier_steps(terms: Terms, profit_minor: int) -> tuple[TierStep, ...]:
    """T(profit) tier by tier. Tiers are marginal: each rate applies to its own slice only."""
    above = max(0, profit_minor - terms.threshold_minor)
    steps, lower = [], 0
    for tier in terms.tiers:
        upper = above if tier.upto_minor is None else min(above, tier.upto_minor)
        inside = max(0, upper - lower)
        steps.append(TierStep(lower, tier.upto_minor, tier.rate_bp, inside, inside * tier.rate_bp))
        lower = tier.upto_minor or lower
    return tuple(steps)


def entitlement_fine(terms: Terms, profit_minor: int) -> int:
    """T(profit): what the members earn of a year's profit under these terms, in fine units."""
    above, lower, total = profit_minor - terms.threshold_minor, 0, 0
    for tier in terms.tiers:
        if above <= lower:
            break
        upper = above if tier.upto_minor is None or above < tier.upto_minor else tier.upto_minor
        total += (upper - lower) * tier.rate_bp
        lower = upper
    return total


def to_next_tier_minor(terms: Terms, profit_minor: int) -> int | None:
    """How much more profit reaches the next slice (the threshold first); None in the last one."""
    ahead = next_tier(terms, profit_minor)
    return ahead.missing_minor if ahead else None


@dataclass(frozen=True, slots=True)
class NextTier:
    """The slice above the one a profit stands in: what is missing to reach it, and what it shares."""

    missing_minor: int
    rate_bp: int


def next_tier(terms: Terms, profit_minor: int) -> NextTier | None:
    """The next slice (the first one while the threshold is not reached); None in the last one."""
    above = profit_minor - terms.threshold_minor
    if above < 0:
        return NextTier(-above, terms.tiers[0].rate_bp)
    for tier, following in pairwise(terms.tiers):
        if tier.upto_minor is not None and tier.upto_minor > above:
            return NextTier(tier.upto_minor - above, following.rate_bp)
    return None


def terms_from_widths(
    threshold_minor: int, tiers: Iterable[Sequence[int | None]], *, losses_carry_over: bool = False
) -> Terms:
    """Terms whose tiers are written as they are stored: [width or None for the open one, basis points]."""
    found, upto = [], 0
    for width, rate_bp in tiers:
        upto += width or 0
        found.append(Tier(None if width is None else upto, rate_bp or 0))
    return Terms(threshold_minor, tuple(found), losses_carry_over)


def counted_weight(weight: int, *, is_stable: bool, shares_with_stable: bool) -> int:
    """The weight with which a member shares: stable members weigh nothing unless the terms say otherwise."""
    return weight if shares_with_stable or not is_stable else 0


# --- What would I get -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prospect:
    """A year's share at one level of plan, before rounding carries: profit, pool of the plan, the member's part."""

    percent: int
    profit_minor: int
    pool_minor: int
    mine_minor: int


def prospects(
    terms: Terms,
    *,
    plan_minor: int,
    weight: int,
    weights_sum: int,
    so_far_minor: int = 0,
    percents: Sequence[int] = (80, 100, 120),
) -> tuple[Prospect, ...]:
    """What a member with `weight` of `weights_sum` would get of a planned profit at each level of plan.

    so_far_minor: profit of the fiscal year that is made already; the plan comes on top of it, and only what the plan
    adds to what is shared is counted. A plan that lowers the profit adds nothing (nothing is clawed back).
    """
    found, earned = [], entitlement_fine(terms, so_far_minor)
    for percent in percents:
        profit = so_far_minor + plan_minor * percent // 100
        pool = max(0, entitlement_fine(terms, profit) - earned) // FINE
        found.append(Prospect(percent, profit, pool, pool * weight // weights_sum if weights_sum else 0))
    return tuple(found)
