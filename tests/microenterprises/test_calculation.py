"""The arithmetic of agreeing, with the worked examples of docs/product.md that concern it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microenterprises.calculation import (
    TermsFault,
    TermsSpec,
    Tier,
    check_plan,
    example,
    examples,
    expected_by_now,
    meets_end_condition,
    outcome,
    part_bp,
    terms_fault,
    tiers_from,
    votes_needed,
)
from settlement import calculation as settlement

RESERVE = {"reserve": 10_000}


@pytest.mark.parametrize(("voters", "needed"), [(12, 8), (11, 8), (10, 7), (15, 10), (1, 1), (2, 2), (3, 2)])
def test_a_two_thirds_ballot_needs(voters: int, needed: int) -> None:
    assert votes_needed(voters, numerator=2, denominator=3) == needed


def test_a_ballot_without_voters_or_with_a_majority_above_all_is_refused() -> None:
    for voters, numerator, denominator in ((0, 2, 3), (5, 4, 3), (5, 0, 3)):
        with pytest.raises(ValueError, match="majority"):
            votes_needed(voters, numerator=numerator, denominator=denominator)


def test_a_ballot_is_decided_as_soon_as_it_can_be() -> None:
    assert outcome(voters=10, needed=7, yes=6, no=3) is None
    assert outcome(voters=10, needed=7, yes=7, no=0) is True
    assert outcome(voters=10, needed=7, yes=0, no=4) is False


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_a_ballot_where_all_voted_is_decided(voters: int, yes: int, no: int) -> None:
    if yes + no == voters:
        needed = votes_needed(voters, numerator=2, denominator=3)
        assert outcome(voters=voters, needed=needed, yes=yes, no=no) is (yes >= needed)


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (TermsSpec(0, (Tier(None, 3000),), RESERVE), None),
        (TermsSpec(0, (Tier(200, 3000), Tier(300, 4000)), RESERVE), TermsFault.LAST_TIER_ENDS),
        (TermsSpec(0, (Tier(None, 3000), Tier(None, 4000)), RESERVE), TermsFault.OPEN_TIER_INSIDE),
        (TermsSpec(0, (Tier(0, 3000), Tier(None, 4000)), RESERVE), TermsFault.TIER_WITHOUT_WIDTH),
        (TermsSpec(0, (Tier(None, 10_001),), RESERVE), TermsFault.RATE_OUT_OF_RANGE),
        (TermsSpec(0, (), RESERVE), TermsFault.NO_TIERS),
        (TermsSpec(-1, (Tier(None, 1),), RESERVE), TermsFault.THRESHOLD_BELOW_ZERO),
        (TermsSpec(0, (Tier(None, 1),), {}), TermsFault.NO_OWNERS),
        (TermsSpec(0, (Tier(None, 1),), {"reserve": 5000, "platform": 4999}), TermsFault.OWNERS_DO_NOT_SUM),
        (TermsSpec(0, (Tier(None, 1),), {"reserve": 10_000, "platform": 0}), TermsFault.OWNER_WITHOUT_PART),
        (TermsSpec(0, (Tier(None, 1),), {" ": 10_000}), TermsFault.OWNER_WITHOUT_NAME),
    ],
)
def test_terms_that_leave_a_profit_without_a_rule_have_a_fault(spec: TermsSpec, fault: TermsFault | None) -> None:
    assert terms_fault(spec) == fault


EXAMPLE = TermsSpec(800_000_000, (Tier(200_000_000, 3000), Tier(300_000_000, 4000), Tier(None, 4000)), RESERVE)


def test_tiers_are_marginal() -> None:
    year = example(EXAMPLE, 1_150_000_000)
    assert year.pool_minor == 120_000_000  # a cliff would give 140,000,000
    assert [slice_.inside_minor for slice_ in year.slices] == [200_000_000, 150_000_000, 0]
    assert example(EXAMPLE, 1_000_000_100).pool_minor == 60_000_040
    assert example(EXAMPLE, 800_000_000).pool_minor == 0


def test_the_example_is_shown_at_80_100_and_120_percent_of_plan() -> None:
    assert [row.profit_minor for row in examples(EXAMPLE, 1_000_000_000)] == [800_000_000, 1_000_000_000, 1_200_000_000]


_widths = st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 10_000)), max_size=4)


@given(_widths, st.integers(0, 10_000), st.integers(0, 10**12), st.integers(-(10**13), 10**13))
def test_the_example_says_what_the_settlement_will_share(
    closed: list[tuple[int, int]], last: int, threshold: int, profit: int
) -> None:
    spec = TermsSpec(threshold, (*(Tier(width, rate) for width, rate in closed), Tier(None, last)), RESERVE)
    ends = [sum(width for width, _rate in closed[: index + 1]) for index in range(len(closed))]
    tiers = tuple(settlement.Tier(end, rate) for end, (_width, rate) in zip(ends, closed, strict=True))
    terms = settlement.Terms(threshold, (*tiers, settlement.Tier(None, last)))
    assert example(spec, profit).pool_minor == settlement.entitlement_fine(terms, profit) // settlement.FINE


def test_tiers_survive_being_stored() -> None:
    assert tiers_from(EXAMPLE.stored_tiers) == EXAMPLE.tiers


def test_a_plan_that_cannot_keep_its_promise_says_by_how_much() -> None:
    check = check_plan(revenue_minor=100_000_000, costs_minor=59_000_000, promised_margin_minor=50_000_000)
    assert (check.holds, check.short_bp, check.revenue_needed_minor) == (False, 1800, 109_000_000)
    assert check_plan(revenue_minor=109_000_000, costs_minor=59_000_000, promised_margin_minor=50_000_000).holds


def test_a_value_agreement_ends_when_its_goal_is_missed_by_more_than_the_tolerance() -> None:
    assert not meets_end_condition(goal_minor=50_000_000, reached_minor=42_500_000, tolerance_bp=1500)
    assert meets_end_condition(goal_minor=50_000_000, reached_minor=42_499_999, tolerance_bp=1500)


def test_a_goal_is_expected_by_days() -> None:
    expected = expected_by_now(goal_minor=50_000_000, days_passed=151, days_in_all=181)
    assert expected == 41_712_707
    assert 40_000_000 < expected < 43_000_000  # behind, on track


def test_a_part_of_nothing_is_nothing() -> None:
    assert (part_bp(5, 0), part_bp(1, 3)) == (0, 3333)
