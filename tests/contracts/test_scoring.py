"""The formula against worked examples and its promises: exact, deterministic, blind to rivals."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.scoring import (
    FULL,
    Bid,
    Line,
    Method,
    Refusal,
    Rule,
    Scored,
    Step,
    arithmetic,
    commitment,
    draw,
    price_points,
    ranking,
    score,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEED = "the seed of this project"
LOWEST = Rule(Method.LOWEST_PRICE, ceiling_minor=100_000_00)
WEIGHED = Rule(Method.PRICE_QUALITY, ceiling_minor=100_000_00, price_weight_bp=4_000, quality_weight_bp=6_000)


def ranked(*bids: Bid, rule: Rule = LOWEST, seed: str = SEED) -> tuple[str, ...]:
    return ranking(score(bids, rule=rule, seed=seed))


def only(bid: Bid, rule: Rule) -> Scored:
    (scored,) = score([bid], rule=rule, seed=SEED)
    return scored


# Worked examples


@pytest.mark.parametrize(
    ("price", "ceiling", "points"),
    [
        (0, 100, FULL),
        (100, 100, 0),
        (25, 100, 7_500),
        (2, 3, 3_333),  # 3,333 and a third: rounded down
        (1, 3, 6_666),
        (101, 100, 0),  # never below zero
        (99_999_99, 100_000_00, 0),
        (1, 10**15, 9_999),
    ],
)
def test_price_points_are_the_part_of_the_ceiling_left_over_rounded_down(price: int, ceiling: int, points: int) -> None:
    assert price_points(price, ceiling) == points


def test_the_whole_arithmetic_of_a_weighted_bid_is_shown() -> None:
    scored = only(Bid("amara", 70_000_00, NOON, quality_points=8_000), WEIGHED)

    assert scored.price_points == 3_000
    assert scored.total_denominator == FULL * 100_000_00
    assert scored.weighted_price == 1_200 * scored.total_denominator
    assert scored.weighted_quality == 4_800 * scored.total_denominator
    assert scored.total_numerator == 6_000 * scored.total_denominator
    assert scored.total_points == 6_000
    assert (scored.rank, scored.decided_by, scored.refusal) == (1, None, None)


def test_totals_are_compared_exactly_and_not_as_they_are_shown() -> None:
    dear, cheap = Bid("dear", 50_000_01, NOON), Bid("cheap", 50_000_00, NOON + timedelta(hours=1))
    rule = Rule(Method.PRICE_QUALITY, ceiling_minor=100_000_00, price_weight_bp=1, quality_weight_bp=9_999)

    first, second = score([dear, cheap], rule=rule, seed=SEED)

    assert (first.total_points, first.bid.id) == (second.total_points, "cheap")
    assert second.decided_by is Step.SCORE


def test_a_bid_above_the_ceiling_is_refused_and_one_at_the_ceiling_is_not() -> None:
    at, above = score([Bid("above", 100_000_01, NOON), Bid("at", 100_000_00, NOON)], rule=LOWEST, seed=SEED)

    assert (at.bid.id, at.rank, at.price_points) == ("at", 1, 0)
    assert (above.bid.id, above.rank, above.refusal) == ("above", None, Refusal.ABOVE_CEILING)


def test_the_lowest_price_wins_among_those_over_the_pass_mark() -> None:
    rule = Rule(Method.LOWEST_PRICE, ceiling_minor=100_000_00, pass_mark=6_000)
    cheapest, passing, better = (
        Bid("cheapest", 1, NOON, quality_points=5_999),
        Bid("passing", 40_000_00, NOON, quality_points=6_000),
        Bid("better", 40_000_01, NOON, quality_points=10_000),
    )

    scored = score([better, cheapest, passing], rule=rule, seed=SEED)

    assert ranking(scored) == ("passing", "better")
    assert scored[-1].refusal is Refusal.QUALITY_TOO_LOW


def test_ties_go_to_higher_quality_then_the_earlier_submission_then_the_draw() -> None:
    late = NOON + timedelta(microseconds=1)
    bids = [
        Bid("x", 5, late, quality_points=7),
        Bid("y", 5, late, quality_points=7),
        Bid("early", 5, NOON, quality_points=7),
        Bid("good", 5, late, quality_points=8),
        Bid("cheap", 4, late, quality_points=0),
    ]
    drawn = sorted(["x", "y"], key=lambda name: draw(SEED, name))

    scored = score(bids, rule=LOWEST, seed=SEED)

    assert ranking(scored) == ("cheap", "good", "early", *drawn)
    assert [row.decided_by for row in scored] == [None, Step.PRICE, Step.QUALITY, Step.TIME, Step.DRAW]


def test_under_weights_a_tie_of_totals_goes_to_higher_quality() -> None:
    rule = Rule(Method.PRICE_QUALITY, ceiling_minor=100, price_weight_bp=5_000, quality_weight_bp=5_000)
    cheap, good = Bid("cheap", 40, NOON, quality_points=5_000), Bid("good", 50, NOON, quality_points=6_000)

    scored = score([cheap, good], rule=rule, seed=SEED)

    assert ranking(scored) == ("good", "cheap")
    assert scored[1].decided_by is Step.QUALITY


def test_the_same_instant_in_another_zone_is_the_same_instant() -> None:
    in_assam = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    names = sorted(["p", "q"], key=lambda name: draw(SEED, name))

    assert ranked(Bid("p", 5, NOON), Bid("q", 5, in_assam)) == tuple(names)


def test_a_tender_without_ceiling_ranks_by_price_and_has_no_price_points() -> None:
    rule = Rule(Method.LOWEST_PRICE, ceiling_minor=None)

    scored = score([Bid("b", 2, NOON), Bid("a", 10**18, NOON)], rule=rule, seed=SEED)

    assert ranking(scored) == ("b", "a")
    assert {(row.price_points, row.total_points) for row in scored} == {(None, None)}
    assert [part.line for part in arithmetic(scored[0], rule)] == [Line.PRICE, Line.RANK_FIRST]


def test_the_draw_is_the_published_one() -> None:
    assert commitment(SEED) == hashlib.sha256(SEED.encode()).hexdigest()
    assert draw(SEED, "bid") == hmac.new(SEED.encode(), b"bid", "sha256").hexdigest()


def test_the_words_follow_the_arithmetic_line_by_line() -> None:
    amara, teo = Bid("amara", 70_000_00, NOON, 8_000), Bid("teo", 60_000_00, NOON, 6_000)

    first, second = score([amara, teo], rule=WEIGHED, seed=SEED)

    lines = [part.line for part in arithmetic(second, WEIGHED)]
    assert lines == [
        Line.PRICE,
        Line.PRICE_POINTS,
        Line.QUALITY_POINTS,
        Line.WEIGHTED_PRICE,
        Line.WEIGHTED_QUALITY,
        Line.TOTAL,
        Line.RANK_BY_SCORE,
    ]
    total = arithmetic(first, WEIGHED)[-2]
    assert total.figures["points"] == first.total_points == 6_000


def test_the_words_of_a_refused_bid_end_with_the_refusal() -> None:
    parts = arithmetic(only(Bid("teo", 100_000_01, NOON), WEIGHED), WEIGHED)

    assert parts[-1].line is Line.REFUSED_ABOVE_CEILING
    assert parts[-1].figures == {"price_minor": 100_000_01, "ceiling_minor": 100_000_00}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"price_weight_bp": 4_000, "quality_weight_bp": 5_999}, "do not sum"),
        ({"price_weight_bp": 10_001, "quality_weight_bp": -1}, "below zero"),
        ({"ceiling_minor": 0}, "ceiling"),
        ({"ceiling_minor": None, "method": Method.PRICE_QUALITY}, "ceiling"),
        ({"pass_mark": 10_001}, "pass mark"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(facts: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rule(**{"method": Method.LOWEST_PRICE, "ceiling_minor": 100, **facts})  # type: ignore[arg-type]


def test_a_bid_without_zone_below_zero_or_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Bid("a", 1, datetime(2026, 3, 2))
    with pytest.raises(ValueError, match="price"):
        Bid("a", -1, NOON)
    with pytest.raises(ValueError, match="quality"):
        Bid("a", 1, NOON, quality_points=10_001)
    with pytest.raises(ValueError, match="same id"):
        score([Bid("a", 1, NOON), Bid("a", 2, NOON)], rule=LOWEST, seed=SEED)


# Promises for every input

CEILING = 1_000
MOMENTS = st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))


def bids_of(identifier: str) -> st.SearchStrategy[Bid]:
    return st.builds(
        Bid,
        id=st.just(identifier),
        price_minor=st.one_of(st.integers(0, 5), st.integers(0, CEILING + 50)),
        submitted_at=MOMENTS,
        quality_points=st.one_of(st.sampled_from([0, 5_000, FULL]), st.integers(0, FULL)),
    )


FIELDS = st.lists(st.text(max_size=3), unique=True, max_size=8).flatmap(
    lambda names: st.tuples(*(bids_of(name) for name in names)).map(list)
)
RULES = st.builds(
    lambda method, weight, mark: Rule(method, CEILING, weight, FULL - weight, mark),
    st.sampled_from(Method),
    st.integers(0, FULL),
    st.sampled_from([0, 5_000]),
)
OFFERED = st.one_of(
    RULES,
    st.builds(lambda mark: Rule(Method.LOWEST_PRICE, CEILING, pass_mark=mark), st.integers(0, FULL)),
    st.just(Rule(Method.LOWEST_PRICE, ceiling_minor=None)),
)
"""Every formula: what a buyer may choose, and the lowest price without a ceiling, which only imported tenders have."""
SEEDS = st.text(max_size=10)


@given(FIELDS, OFFERED, SEEDS, st.data())
def test_adding_or_removing_any_bid_never_reorders_the_others(
    bids: list[Bid], rule: Rule, seed: str, data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.sampled_from(bids), unique=True)) if bids else []
    left = {bid.id for bid in kept}

    whole = ranked(*bids, rule=rule, seed=seed)

    assert ranked(*kept, rule=rule, seed=seed) == tuple(name for name in whole if name in left)


@given(FIELDS, OFFERED, SEEDS, st.randoms())
def test_the_order_in_which_bids_are_read_changes_nothing(
    bids: list[Bid], rule: Rule, seed: str, chance: object
) -> None:
    shuffled = list(bids)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert score(shuffled, rule=rule, seed=seed) == score(bids, rule=rule, seed=seed)


def test_a_draw_comes_out_the_same_on_every_run_and_machine() -> None:
    """Worked out once with another program (openssl dgst -sha256 -hmac), so that no release may draw otherwise."""
    assert ranked(*(Bid(name, 5, NOON) for name in "abcd"), seed="cold boxes") == ("c", "a", "b", "d")


@given(FIELDS, RULES)
def test_the_arithmetic_is_whole_numbers_that_add_up_and_stay_in_their_bounds(bids: list[Bid], rule: Rule) -> None:
    for row in score(bids, rule=rule, seed=SEED):
        assert type(row.price_points) is int and 0 <= row.price_points <= FULL
        if row.total_numerator is None:
            assert rule.method is Method.LOWEST_PRICE or row.refusal is Refusal.ABOVE_CEILING
            continue
        assert row.weighted_price is not None and row.weighted_quality is not None and row.total_denominator is not None
        figures = (row.weighted_price, row.weighted_quality, row.total_numerator, row.total_denominator)
        assert all(type(figure) is int for figure in figures)
        assert row.weighted_price + row.weighted_quality == row.total_numerator
        assert 0 <= row.total_numerator <= FULL * row.total_denominator


@given(FIELDS, RULES)
def test_ranks_count_from_one_and_each_names_the_step_that_decided(bids: list[Bid], rule: Rule) -> None:
    standing = [row for row in score(bids, rule=rule, seed=SEED) if row.refusal is None]

    assert [row.rank for row in standing] == list(range(1, len(standing) + 1))
    assert all((row.decided_by is None) == (row.rank == 1) for row in standing)


@given(FIELDS, RULES, st.integers(1, 50))
def test_a_lower_price_never_ranks_worse(bids: list[Bid], rule: Rule, less: int) -> None:
    before = ranked(*bids, rule=rule)
    if not before:
        return
    loser = next(bid for bid in bids if bid.id == before[-1])
    cheaper = Bid(loser.id, max(0, loser.price_minor - less), loser.submitted_at, loser.quality_points)

    after = ranked(*(cheaper if bid is loser else bid for bid in bids), rule=rule)

    assert after.index(loser.id) <= before.index(loser.id)
