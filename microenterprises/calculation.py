"""The arithmetic by which members agree: ballots, tiers, owners of the rest, and whether a plan can keep a promise.

Pure functions over plain integers, minor units and basis points; no Django, no language, no clock. What a profit earns
under terms is counted by `microenterprises.shares`, as the night counts it; here is what must be known before anybody
votes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from microenterprises.shares import FINE, Terms, terms_from_widths, tier_steps

WHOLE_BP = 10_000


# --- Ballots ----------------------------------------------------------------------------------------------------------


def votes_needed(voters: int, *, numerator: int, denominator: int) -> int:
    """How many of `voters` must agree: the fraction of them, rounded up, and at least one. 2/3 of 11 is 8."""
    if voters < 1 or not 0 < numerator <= denominator:
        raise ValueError("a ballot has voters and a majority between nothing and all of them")
    return max(1, -(-voters * numerator // denominator))


def outcome(*, voters: int, needed: int, yes: int, no: int) -> bool | None:
    """True once enough agree, False once that cannot happen any more, None while both are possible."""
    if yes >= needed:
        return True
    return False if no > voters - needed else None


# --- Share terms ------------------------------------------------------------------------------------------------------


class TermsFault(StrEnum):
    """Why share terms cannot be proposed. `sentences.terms_fault` says it to a person."""

    NO_TIERS = "no_tiers"
    LAST_TIER_ENDS = "last_tier_ends"
    OPEN_TIER_INSIDE = "open_tier_inside"
    TIER_WITHOUT_WIDTH = "tier_without_width"
    RATE_OUT_OF_RANGE = "rate_out_of_range"
    THRESHOLD_BELOW_ZERO = "threshold_below_zero"
    NO_OWNERS = "no_owners"
    OWNER_WITHOUT_NAME = "owner_without_name"
    OWNER_WITHOUT_PART = "owner_without_part"
    OWNERS_DO_NOT_SUM = "owners_do_not_sum"


@dataclass(frozen=True, slots=True)
class Tier:
    """A slice above the threshold: `width_minor` of profit (None: all the rest) of which members share `rate_bp`."""

    width_minor: int | None
    rate_bp: int


@dataclass(frozen=True, slots=True)
class TermsSpec:
    """The content of one version of share terms, as it is proposed and stored.

    threshold_minor: profit of a fiscal year below which nothing is shared. residual_owners: who owns what is not
    shared when the year is closed, in basis points that sum to 10,000.
    """

    threshold_minor: int
    tiers: tuple[Tier, ...]
    residual_owners: Mapping[str, int] = field(default_factory=dict)
    carries_losses: bool = False
    shares_with_stable: bool = False

    @property
    def stored_tiers(self) -> list[list[int | None]]:
        """The tiers as `ShareTerms.tiers` keeps them."""
        return [[tier.width_minor, tier.rate_bp] for tier in self.tiers]

    @property
    def arithmetic(self) -> Terms:
        """The part a night counts with. Raises UnusableTermsError."""
        return terms_from_widths(self.threshold_minor, self.stored_tiers, losses_carry_over=self.carries_losses)


def tiers_from(stored: Sequence[Sequence[int | None]]) -> tuple[Tier, ...]:
    """Tiers as `ShareTerms.tiers` keeps them, read back."""
    return tuple(Tier(width, int(rate or 0)) for width, rate in stored)


def terms_fault(spec: TermsSpec) -> TermsFault | None:
    """What is wrong with share terms, or None. The last tier must be open: say what holds above."""
    return _tiers_fault(spec.threshold_minor, spec.tiers) or _owners_fault(spec.residual_owners)


def _tiers_fault(threshold_minor: int, tiers: Sequence[Tier]) -> TermsFault | None:
    if threshold_minor < 0:
        return TermsFault.THRESHOLD_BELOW_ZERO
    if not tiers:
        return TermsFault.NO_TIERS
    if any(not 0 <= tier.rate_bp <= WHOLE_BP for tier in tiers):
        return TermsFault.RATE_OUT_OF_RANGE
    if tiers[-1].width_minor is not None:
        return TermsFault.LAST_TIER_ENDS
    widths = [tier.width_minor for tier in tiers[:-1]]
    if None in widths:
        return TermsFault.OPEN_TIER_INSIDE
    if any(width is not None and width <= 0 for width in widths):
        return TermsFault.TIER_WITHOUT_WIDTH
    return None


def _owners_fault(owners: Mapping[str, int]) -> TermsFault | None:
    if not owners:
        return TermsFault.NO_OWNERS
    if any(not name.strip() for name in owners):
        return TermsFault.OWNER_WITHOUT_NAME
    if any(part <= 0 for part in owners.values()):
        return TermsFault.OWNER_WITHOUT_PART
    return None if sum(owners.values()) == WHOLE_BP else TermsFault.OWNERS_DO_NOT_SUM


@dataclass(frozen=True, slots=True)
class Slice:
    """One tier of a worked example: from `lower` to `upper` (None: open) of the year's profit, how much of it the
    profit reached, and what that shares. `shared_minor` is rounded down for showing; the sum is not made of it.
    """

    lower_minor: int
    upper_minor: int | None
    rate_bp: int
    inside_minor: int
    shared_minor: int


@dataclass(frozen=True, slots=True)
class Example:
    """What terms share of one year's profit, in whole minor units, tier by tier."""

    percent: int
    profit_minor: int
    slices: tuple[Slice, ...]
    pool_minor: int
    kept_minor: int


def example(spec: TermsSpec, profit_minor: int, *, percent: int = 100) -> Example:
    """A year with `profit_minor` under these terms. Tiers are marginal: each rate applies to its own slice only."""
    base, steps = spec.threshold_minor, tier_steps(spec.arithmetic, profit_minor)
    slices = [
        Slice(
            base + step.lower_minor,
            None if step.upper_minor is None else base + step.upper_minor,
            step.rate_bp,
            step.inside_minor,
            step.shared_fine // FINE,
        )
        for step in steps
    ]
    pool = sum(step.shared_fine for step in steps) // FINE
    return Example(percent, profit_minor, tuple(slices), pool, profit_minor - pool)


def examples(spec: TermsSpec, plan_minor: int, *, percents: Sequence[int] = (80, 100, 120)) -> tuple[Example, ...]:
    """The same terms at several levels of one plan."""
    return tuple(example(spec, plan_minor * percent // 100, percent=percent) for percent in percents)


# --- Plans and promises -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """Whether a plan can keep the margin it promises: what is missing, and the revenue that would do."""

    margin_minor: int
    promised_minor: int
    short_minor: int
    short_bp: int
    revenue_needed_minor: int

    @property
    def holds(self) -> bool:
        return self.short_minor == 0


def check_plan(*, revenue_minor: int, costs_minor: int, promised_margin_minor: int) -> PlanCheck:
    """Compare a plan's margin with the promised one (above zero). 1,000,000 less 590,000 is 18 % short of 500,000."""
    margin = revenue_minor - costs_minor
    short = max(0, promised_margin_minor - margin)
    return PlanCheck(
        margin_minor=margin,
        promised_minor=promised_margin_minor,
        short_minor=short,
        short_bp=short * WHOLE_BP // promised_margin_minor,
        revenue_needed_minor=costs_minor + promised_margin_minor,
    )


def meets_end_condition(*, goal_minor: int, reached_minor: int, tolerance_bp: int) -> bool:
    """Whether a goal was missed by more than the tolerance: 424,999.99 of 500,000 at 15 % is, 425,000.00 is not."""
    return reached_minor * WHOLE_BP < goal_minor * (WHOLE_BP - tolerance_bp)


def expected_by_now(*, goal_minor: int, days_passed: int, days_in_all: int) -> int:
    """A goal's part that is expected after some of its days, to the nearest minor unit, halves up."""
    return (2 * goal_minor * days_passed + days_in_all) // (2 * days_in_all)


def part_bp(part: int, whole: int) -> int:
    """A part of a whole in basis points, rounded down; a whole of nothing has no part."""
    return part * WHOLE_BP // whole if whole > 0 else 0
