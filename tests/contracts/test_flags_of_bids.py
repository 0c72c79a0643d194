"""Red flags of times, prices and bidders: R003, R024, R025, R028, R030, R058."""

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.contracts.processes import Release, award, bid, flagged, found, gaps, process


@pytest.mark.parametrize(
    ("end", "short"),
    [
        ("2026-01-15T23:59:59Z", True),
        ("2026-01-16T00:00:00Z", False),
        ("2026-01-16T05:29:59+05:30", True),
        ("2026-01-16T05:30:00+05:30", False),
        ("2025-12-01T00:00:00Z", True),
        ("2026-01-10", False),
        ("2026-01-10T00:00:00", False),
    ],
)
def test_r003_counts_whole_days_between_two_instants(end: str, short: bool) -> None:
    row = {"ocid": "a", "tender": {"tenderPeriod": {"startDate": "2026-01-01T00:00:00Z", "endDate": end}}}

    assert ("OCID" in found([row], "R003")) is short


def test_r003_takes_another_threshold_and_any_method() -> None:
    period = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2026-01-08T00:00:00Z"}
    row = {"ocid": "a", "tender": {"procurementMethod": "direct", "tenderPeriod": period}}

    assert flagged(found([row], "R003")) == {"a": 1.0}
    assert found([row], "R003", shortest_period_days=7) == {}
    assert found([row], "R003", shortest_period_days=8) != {}


def test_r024_flags_a_gap_exactly_at_the_lower_fence_and_not_the_next_above() -> None:
    rows = gaps(105, Decimal("105.000000000000000001"), 110)

    told = found(rows, "R024", close_fence=Fraction(1, 20))

    assert flagged(told) == {"p0": 0.05}
    assert flagged(told, "Tenderer") == {"l0": 0.0, "w0": 0.0}


def test_r058_flags_a_gap_exactly_at_the_upper_fence_and_not_the_next_below() -> None:
    rows = gaps(150, Decimal("149.999999999999999999"), 110)

    told = found(rows, "R058", discount_fence=Fraction(1, 2))

    assert flagged(told) == {"p0": 0.5}
    assert flagged(told, "Tenderer") == {"w0": 0.0}


def test_a_fence_worked_out_from_the_data_is_met_exactly_where_floats_would_miss_it() -> None:
    """All gaps are one tenth: both fences are one tenth, and every process stands on them."""
    rows = [
        process(f"p{n}", [bid("w", Decimal(price)), bid("l", Decimal(price) * Decimal("1.1"))], [award("w")])
        for n, price in enumerate(["0.1", "0.3", "0.7", "1.3", "1000000000000000000000.7"])
    ]

    assert set(flagged(found(rows, "R024"))) == set(flagged(found(rows, "R058"))) == {"p0", "p1", "p2", "p3", "p4"}
    assert set(flagged(found(rows, "R058")).values()) == {0.1}


def test_where_most_gaps_are_zero_none_is_an_outlier() -> None:
    rows = gaps(100, 100, 100, 100)

    assert found(rows, "R024", "R058") == {}


def test_everybody_who_asked_the_second_price_is_second() -> None:
    row = process("a", [bid("w", 10), bid("l", 11), bid("m", 11), bid("n", 12)], [award("w")])

    told = found([row], "R024", close_fence=Fraction(1, 10))

    assert set(flagged(told, "Tenderer")) == {"l", "m", "w"}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(process("a", [bid("w", 0), bid("l", 1)], [award("w")]), id="a price of nothing"),
        pytest.param(process("a", [bid("w", 1), bid("l", 1, currency="CNY")], [award("w")]), id="two currencies"),
        pytest.param(process("a", [bid("w", 1), bid("l", 1e300)], [award("w")]), id="an absurd amount"),
        pytest.param(process("a", [bid("w", 1), bid("l", "1")], [award("w")]), id="an amount that is text"),
        pytest.param(process("a", [bid("w", 1), bid("l", True)], [award("w")]), id="an amount that is a truth"),
        pytest.param(process("a", [bid("w", 2), bid("l", 1)], [award("w")]), id="the winner was not the lowest"),
        pytest.param(process("a", [bid("w", 1)], [award("w")]), id="nobody else"),
        pytest.param(process("a", [bid("w", 1), bid("l", 2)], []), id="no award"),
        pytest.param(process("", [bid("w", 1), bid("l", 2)], [award("w")]), id="no ocid"),
    ],
)
def test_what_cannot_be_compared_is_left_out(row: Release) -> None:
    given = {"close_fence": Fraction(100), "discount_fence": Fraction(1, 1000)}

    assert found([row], "R024", "R058", **given) == {}


def seldom(*, won: int) -> list[Release]:
    """Three pairs meet ten times each and win 6 and 4; T enters 20 of these processes and takes the first `won`."""
    rows = []
    for n in range(30):
        pair, round_ = divmod(n, 10)
        rivals = [f"a{pair}", f"b{pair}"]
        winner = "T" if n < won else rivals[0 if round_ < 6 else 1]
        rows.append(process(f"p{n}", [bid(who) for who in ([*rivals, "T"] if n < 20 else rivals)], [award(winner)]))
    return rows


def test_r025_flags_who_bids_most_and_seldom_wins() -> None:
    assert found(seldom(won=1), "R025") == {"Tenderer": {"T": {"R025": 0.05}}}


def test_r025_wants_a_share_at_the_fence_and_a_count_at_the_percentile() -> None:
    rows = seldom(won=2)

    assert flagged(found(rows, "R025", unsuccessful_fence=Fraction(1, 10)), "Tenderer") == {"T": 0.1}
    assert found(rows, "R025", unsuccessful_fence=Fraction(99, 1000)) == {}
    everybody = flagged(found(rows, "R025", unsuccessful_fence=Fraction(2, 5)), "Tenderer")
    most = flagged(found(rows, "R025", unsuccessful_fence=Fraction(2, 5), top_percentile=100), "Tenderer")
    assert everybody.keys() == {"T", "a0", "b0", "b1", "b2"}
    assert most.keys() == {"T"}


def test_r025_counts_a_tenderer_once_per_process_and_leaves_shared_awards_out() -> None:
    rows = [
        *seldom(won=1),
        process("many", [bid("T"), bid("T"), bid("T")], [award("T")]),
        process("shared", [bid("T")], [award(["T", "U"])]),
        process("two awards", [bid("T")], [award("T"), award("T")]),
        process("pending", [bid("T")], [award("T"), award("T", "pending")]),
        process("joint", [bid(["T", "U"]), bid("V")], [award("V")]),
    ]

    assert flagged(found(rows, "R025"), "Tenderer") == {"T": float(Fraction(2, 21))}


def test_r028_takes_a_joint_bid_for_another_tenderer_and_the_same_number_written_otherwise_for_the_same() -> None:
    joint = process("a", [bid("x", 1), bid(["x", "y"], Decimal("1.00"))], [])
    alone = process("b", [bid("x", 1), bid("x", Decimal("1.0"), "pending"), bid("z", 1, "withdrawn")], [])

    told = found([joint, alone], "R028")

    assert set(told["OCID"]) == {"a"}
    assert set(told["Tenderer"]) == {"x", "y"}


@pytest.mark.parametrize(
    ("at", "late"),
    [
        ("2026-03-15T00:00:00Z", False),
        ("2026-03-15T00:00:00.001Z", True),
        ("2026-03-15T01:00:00+02:00", False),
        ("2026-03-14T23:00:00-02:00", True),
    ],
)
def test_r030_compares_instants_whatever_their_offset(at: str, late: bool) -> None:
    tender = {"tenderPeriod": {"endDate": "2026-03-15T00:00:00Z"}}
    row = process("a", [bid("w", date=at), bid("l", date="2026-04-01T00:00:00Z")], [award("w")], tender)

    told = found([row], "R030")

    assert told == ({"OCID": {"a": {"R030": 1.0}}, "Tenderer": {"w": {"R030": 1.0}}} if late else {})
