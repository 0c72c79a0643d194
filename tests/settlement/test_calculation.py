"""The settlement rule, without a database: the worked examples of the design, then properties over random histories."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.calculation import (
    FINE,
    GRAIN,
    Holder,
    Standing,
    Terms,
    TermsFault,
    Tier,
    UnusableTermsError,
    advance,
    after_sharing,
    apportion,
    days_of_month_served,
    entitlement_fine,
    fiscal_year_start,
    is_month_end,
    month_of,
    open_year,
    part_month_minor,
    pool_minor,
    prospects,
    recover,
    split,
    tier_steps,
    to_next_tier_minor,
)

MILLION = 1_000_000_00  # in minor units
EXAMPLE = Terms(8 * MILLION, (Tier(2 * MILLION, 3000), Tier(None, 4000)))


def shares(pool: int, weights: list[int]) -> list[int]:
    parts = split(pool, [Holder(n, weight) for n, weight in enumerate(weights)])
    assert parts is not None
    return [part.amount_minor for part in parts]


# --- Tiers ------------------------------------------------------------------------------------------------------------


def test_tiers_are_marginal_and_not_a_cliff() -> None:
    assert entitlement_fine(EXAMPLE, 11_500_000_00) == 1_200_000_00 * FINE


def test_one_unit_into_the_second_tier_keeps_its_fraction() -> None:
    assert entitlement_fine(EXAMPLE, 8 * MILLION + 2_000_001_00) == 600_000_40 * FINE


def test_nothing_is_due_up_to_the_threshold() -> None:
    assert entitlement_fine(EXAMPLE, 8 * MILLION) == 0
    assert entitlement_fine(EXAMPLE, -5) == 0
    assert entitlement_fine(EXAMPLE, 8 * MILLION + 1) == 3000


@pytest.mark.parametrize(
    ("threshold", "tiers", "fault"),
    [
        (8 * MILLION, (Tier(2 * MILLION, 3000), Tier(5 * MILLION, 4000)), TermsFault.LAST_TIER_ENDS),
        (0, (), TermsFault.NO_TIERS),
        (0, (Tier(None, 3000), Tier(None, 4000)), TermsFault.OPEN_TIER_INSIDE),
        (0, (Tier(10, 3000), Tier(10, 3000), Tier(None, 4000)), TermsFault.TIERS_DO_NOT_RISE),
        (0, (Tier(0, 3000), Tier(None, 4000)), TermsFault.TIERS_DO_NOT_RISE),
        (0, (Tier(None, 10_001),), TermsFault.RATE_OUT_OF_RANGE),
        (-1, (Tier(None, 3000),), TermsFault.THRESHOLD_BELOW_ZERO),
    ],
)
def test_terms_that_leave_a_profit_without_a_rule_are_refused(
    threshold: int, tiers: tuple[Tier, ...], fault: TermsFault
) -> None:
    with pytest.raises(UnusableTermsError) as refusal:
        Terms(threshold, tiers)
    assert refusal.value.fault is fault


def test_the_steps_shown_sum_to_what_is_due() -> None:
    steps = tier_steps(EXAMPLE, 11_500_000_00)
    assert [(step.inside_minor, step.shared_fine // FINE) for step in steps] == [
        (2 * MILLION, 600_000_00),
        (1_500_000_00, 600_000_00),
    ]


def test_the_way_to_the_next_tier_is_told() -> None:
    assert to_next_tier_minor(EXAMPLE, 7 * MILLION) == MILLION
    assert to_next_tier_minor(EXAMPLE, 9 * MILLION) == MILLION
    assert to_next_tier_minor(EXAMPLE, 11 * MILLION) is None


tiers_strategy = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, FINE)), max_size=4).flatmap(
    lambda widths: st.integers(0, FINE).map(lambda last: _terms(widths, last))
)


def _terms(widths: list[tuple[int, int]], last: int) -> Terms:
    upto, tiers = 0, []
    for width, rate in widths:
        upto += width
        tiers.append(Tier(upto, rate))
    return Terms(1000, (*tiers, Tier(None, last)))


@given(tiers_strategy, st.integers(-(10**7), 10**7))
def test_what_is_due_never_exceeds_what_is_above_the_threshold(terms: Terms, profit: int) -> None:
    due = entitlement_fine(terms, profit)
    assert 0 <= due <= max(0, profit - terms.threshold_minor) * FINE
    assert due == sum(step.shared_fine for step in tier_steps(terms, profit))
    assert due <= entitlement_fine(terms, profit + 1)


# --- Due, pool, year --------------------------------------------------------------------------------------------------


@given(tiers_strategy, st.lists(st.integers(-(10**5), 10**5), max_size=30))
def test_under_unchanged_terms_due_is_simply_the_tiers_of_the_profit(terms: Terms, moves: list[int]) -> None:
    standing = Standing()
    for moved in moves:
        standing = advance(standing, terms, moved_minor=moved)
        before = standing.shared_minor
        standing = after_sharing(standing, pool_minor(standing))
        assert standing.shared_minor >= before  # nothing is clawed back
    assert standing.due_fine == entitlement_fine(terms, sum(moves))
    highest = 0
    for end in range(1, len(moves) + 1):
        highest = max(highest, entitlement_fine(terms, sum(moves[:end])) // FINE)
    assert standing.shared_minor == highest  # in all: the best the year had reached


@given(tiers_strategy, st.lists(st.integers(-(10**5), 10**5), min_size=1, max_size=12))
def test_the_order_of_facts_within_a_day_does_not_matter(terms: Terms, facts: list[int]) -> None:
    one_by_one = Standing(500, 0, 0)
    for fact in facts:
        one_by_one = advance(one_by_one, terms, moved_minor=fact)
    assert one_by_one == advance(Standing(500, 0, 0), terms, moved_minor=sum(reversed(facts)))


def test_twice_gives_nothing_new() -> None:
    standing = advance(Standing(), EXAMPLE, moved_minor=11_500_000_00)
    pool = pool_minor(standing)
    assert pool == 1_200_000_00
    assert pool_minor(after_sharing(standing, pool)) == 0


def test_a_loss_claws_nothing_back_and_later_profit_fills_the_hole_first() -> None:
    terms = Terms(0, (Tier(None, 5000),))
    standing = after_sharing(advance(Standing(), terms, moved_minor=1000), 500)
    standing = advance(standing, terms, moved_minor=-600)
    assert pool_minor(standing) == 0
    standing = advance(standing, terms, moved_minor=500)
    assert pool_minor(standing) == 0
    assert pool_minor(advance(standing, terms, moved_minor=300)) == 100


def test_new_terms_price_only_what_comes_after_they_take_effect() -> None:
    old, new = Terms(0, (Tier(None, 2000),)), Terms(0, (Tier(None, 5000),))
    standing = after_sharing(advance(Standing(), old, moved_minor=1000), 200)
    assert pool_minor(advance(standing, new, moved_minor=0)) == 0
    assert pool_minor(advance(standing, new, moved_minor=100)) == 50


def test_days_without_terms_price_nothing() -> None:
    terms = Terms(0, (Tier(None, 2000),))
    standing = advance(Standing(), None, moved_minor=1000)
    assert standing == Standing(1000, 0, 0)
    assert pool_minor(advance(standing, terms, moved_minor=100)) == 20


def test_a_reversed_share_can_be_shared_again() -> None:
    terms = Terms(0, (Tier(None, 2000),))
    standing = after_sharing(advance(Standing(), terms, moved_minor=1000), 200)
    assert pool_minor(advance(standing, terms, moved_minor=0, reshared_minor=-200)) == 200


def test_the_fraction_of_a_unit_waits_for_the_next_night() -> None:
    terms = Terms(0, (Tier(None, 3333),))
    standing = advance(Standing(), terms, moved_minor=2)
    assert (standing.due_fine, pool_minor(standing)) == (6666, 0)
    assert pool_minor(advance(standing, terms, moved_minor=2)) == 1


def test_a_year_starts_afresh_unless_the_terms_carry_losses_over() -> None:
    forgiving = Terms(0, (Tier(None, 5000),))
    strict = Terms(0, (Tier(None, 5000),), losses_carry_over=True)
    overshared = Standing(profit_minor=-400, due_fine=0, shared_minor=300)
    assert open_year(overshared, forgiving) == Standing()
    opened = open_year(overshared, strict)
    assert opened == Standing(profit_minor=-400, due_fine=-300 * FINE)
    assert pool_minor(advance(opened, strict, moved_minor=1000)) == 0
    assert pool_minor(advance(opened, strict, moved_minor=1010)) == 5
    assert open_year(Standing(900, 450 * FINE, 450), strict) == Standing()


# --- The split --------------------------------------------------------------------------------------------------------


def test_a_pool_that_divides_evenly() -> None:
    assert shares(1_200_000_00, [20, 15, 15, 12, 12, 10, 8, 8]) == [
        240_000_00,
        180_000_00,
        180_000_00,
        144_000_00,
        144_000_00,
        120_000_00,
        96_000_00,
        96_000_00,
    ]


def test_units_left_go_to_the_largest_remainders_and_ties_to_the_smaller_membership() -> None:
    assert shares(1_200_000_01, [17, 17, 17, 13, 13, 11, 7]) == [
        214_736_85,
        214_736_84,
        214_736_84,
        164_210_53,
        164_210_53,
        138_947_37,
        88_421_05,
    ]


def test_three_equal_nights_leave_three_equal_members_equal() -> None:
    carries, received = [0, 0, 0], [0, 0, 0]
    for night in range(3):
        parts = split(100_000_00, [Holder(n, 1, carries[n]) for n in range(3)])
        assert parts is not None
        amounts = [part.amount_minor for part in parts]
        if night == 0:
            assert amounts == [33_333_34, 33_333_33, 33_333_33]
        carries = [part.carry_after_grain for part in parts]
        received = [had + got for had, got in zip(received, amounts, strict=True)]
    assert received == [100_000_00] * 3


def test_the_ecosystem_bids_of_a_share_space_apportion_exactly() -> None:
    assert apportion(1_000_000, {"a": 40, "b": 35, "c": 20, "unallocated": 5})["unallocated"] == 50_000


def test_a_pool_waits_when_somebody_was_given_too_much_before() -> None:
    ahead = -GRAIN * 9 // 10
    assert split(1, [Holder(1, 1, ahead), Holder(2, 10**6, -ahead + 5), Holder(3, 10**6, -5)]) is None


def test_a_leavers_carry_is_spread_over_the_rest_by_weight() -> None:
    parts = split(10, [Holder(1, 3, -GRAIN // 4), Holder(2, 1, -GRAIN // 4), Holder(3, 0, GRAIN // 2)])
    assert parts is not None
    assert [part.inherited_grain for part in parts] == [GRAIN * 3 // 8, GRAIN // 8]
    assert sum(part.carry_after_grain for part in parts) == 0


def test_weights_that_sum_to_zero_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="weights"):
        split(10, [Holder(1, 0), Holder(2, 0)])


night = st.tuples(
    st.integers(1, 10**9),  # the pool
    st.lists(st.integers(0, 300), min_size=8, max_size=8),  # weights of eight people; 0 is away
)


@settings(max_examples=300, deadline=None)
@given(st.lists(night, min_size=1, max_size=60))
def test_over_any_history_parts_sum_nothing_is_negative_and_nobody_is_off_by_a_unit(
    nights: list[tuple[int, list[int]]],
) -> None:
    carries = dict.fromkeys(range(8), 0)
    exact = dict.fromkeys(range(8), Fraction(0))  # what a member is entitled to, leavers' spread carry included
    paid = dict.fromkeys(range(8), 0)
    waiting = 0
    for fresh, weights in nights:
        whole = sum(weights)
        pool = waiting + fresh
        if not whole:
            waiting = pool
            continue
        parts = split(pool, [Holder(n, weights[n], carries[n]) for n in range(8)])
        if parts is None:
            waiting = pool
            continue
        waiting = 0
        orphaned = sum((exact[n] - paid[n] for n in range(8) if not weights[n]), Fraction(0))
        for n in range(8):
            if weights[n]:
                exact[n] += (pool + orphaned) * Fraction(weights[n], whole)
            else:
                exact[n], paid[n] = Fraction(0), 0
                carries[n] = 0
        for part in parts:
            carries[part.key] = part.carry_after_grain
            paid[part.key] += part.amount_minor
            assert part.amount_minor >= 0
            assert abs(exact[part.key] - paid[part.key]) < 1
        assert sum(part.amount_minor for part in parts) == pool
        assert sum(carries.values()) == 0


@given(st.integers(-(10**15), 10**15), st.dictionaries(st.integers(), st.integers(0, 10**6), min_size=1, max_size=20))
def test_apportioned_parts_sum_and_keep_within_one_unit(total: int, weights: dict[int, int]) -> None:
    whole = sum(weights.values())
    if not whole:
        return
    parts = apportion(total, weights)
    assert sum(parts.values()) == total
    assert all(abs(parts[key] - Fraction(total * weight, whole)) < 1 for key, weight in weights.items())


@given(st.integers(0, 10**9), st.integers(-5, 10**9))
def test_a_share_pays_the_draw_back_first(amount: int, advance_minor: int) -> None:
    recovered, payable = recover(amount, advance_minor)
    assert recovered + payable == amount
    assert 0 <= recovered <= max(0, advance_minor)
    assert payable == 0 or recovered == max(0, advance_minor)


# --- Pay and dates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "until", "days"),
    [
        (date(2026, 1, 1), None, date(2026, 3, 31), 31),
        (date(2026, 3, 10), None, date(2026, 3, 31), 22),
        (date(2026, 1, 1), date(2026, 3, 16), date(2026, 3, 31), 15),
        (date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 31), 0),
        (date(2026, 4, 1), None, date(2026, 3, 31), 0),
        (date(2028, 2, 29), None, date(2028, 2, 29), 1),
        (date(2026, 1, 1), None, date(2026, 3, 10), 10),
    ],
)
def test_part_months_count_the_days_of_the_membership(start: date, end: date | None, until: date, days: int) -> None:
    assert days_of_month_served(start, end, until=until) == days


def test_part_month_pay_is_by_days_to_the_nearest_unit() -> None:
    assert part_month_minor(31_000_00, 31, in_month=date(2026, 3, 1)) == 31_000_00
    assert part_month_minor(10_000_00, 15, in_month=date(2026, 3, 1)) == 4_838_71
    assert part_month_minor(300_000, 1, in_month=date(2028, 2, 29)) == 10_345  # 10,344.83 yen: a leap February
    assert part_month_minor(1, 14, in_month=date(2026, 2, 1)) == 1


def test_months_end_on_their_last_day() -> None:
    assert is_month_end(date(2028, 2, 29))
    assert not is_month_end(date(2028, 2, 28))
    assert is_month_end(date(2026, 2, 28))
    assert month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))


def test_a_fiscal_year_may_start_in_any_month() -> None:
    assert fiscal_year_start(date(2026, 11, 21), 1) == date(2026, 1, 1)
    assert fiscal_year_start(date(2026, 3, 31), 4) == date(2025, 4, 1)
    assert fiscal_year_start(date(2026, 4, 1), 4) == date(2026, 4, 1)


def test_what_i_would_get_at_80_100_and_120_percent_of_plan() -> None:
    at80, at100, at120 = prospects(EXAMPLE, plan_minor=11_500_000_00, weight=20, weights_sum=100)
    assert at80.mine_minor == 72_000_00
    assert at100.mine_minor == 240_000_00
    assert at120.mine_minor == 424_000_00
