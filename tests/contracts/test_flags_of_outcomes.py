"""Red flags of what became of bids and awards: R035, R036, R038, R048."""

from fractions import Fraction

import pytest

from tests.contracts.processes import Release, award, bid, flagged, found, process


def test_r035_counts_the_others_who_were_disqualified() -> None:
    others = [bid("d", status="disqualified"), bid("d", status="disqualified"), bid("e", status="disqualified")]
    row = process("a", [bid("w"), bid("w"), bid("w", status="disqualified"), *others], [award("w"), award("w")])

    assert found([row], "R035") == {"OCID": {"a": {"R035": 2.0}}, "Tenderer": {"w": {"R035": 0.0}}}
    assert found([row], "R035", fewest_disqualified=2) != {}
    assert found([row], "R035", fewest_disqualified=3) == {}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(process("a", [bid("w")], [award("w")]), id="nobody was disqualified"),
        pytest.param(process("a", [bid("w"), bid("w", status="disqualified")], [award("w")]), id="only themselves"),
        pytest.param(
            process("a", [bid("w"), bid("v"), bid("d", status="disqualified")], [award("w")]), id="two stayed in"
        ),
        pytest.param(
            process("a", [bid("w"), bid("d", status="disqualified")], [award("w"), award("s")]), id="another supplier"
        ),
        pytest.param(
            process("a", [bid("w"), bid("d", status="disqualified")], [award("w"), award("w", "pending")]), id="pending"
        ),
        pytest.param(
            process("a", [bid("w"), bid("d", status="disqualified")], [award("w", "cancelled")]), id="no award"
        ),
    ],
)
def test_r035_stays_silent(row: Release) -> None:
    assert found([row], "R035") == {}


def test_r036_flags_a_process_whose_lowest_bid_was_disqualified() -> None:
    row = process("a", [bid("d", 9, "disqualified"), bid("w", 10), bid("x", 1, "withdrawn")], [award("w")])

    assert found([row], "R036") == {"OCID": {"a": {"R036": 1.0}}}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            process("a", [bid("d", 9, "disqualified"), bid("w")], [award("w")]), id="no valid bid has a price"
        ),
        pytest.param(process("a", [bid("d", 10, "disqualified"), bid("w", 10)], [award("w")]), id="one kept is as low"),
        pytest.param(
            process("a", [bid("w", 10), bid("d", 10, "disqualified")], [award("w")]), id="the other way round"
        ),
        pytest.param(
            process("a", [bid("d", 9, "disqualified"), bid("p", 8, "pending"), bid("w", 10)], [award("w")]),
            id="pending",
        ),
        pytest.param(process("a", [bid("d", 9, "disqualified"), bid("w", 10)], [award("w", "pending")]), id="no award"),
        pytest.param(
            process("a", [bid("d", 9, "disqualified", "CNY"), bid("w", 10)], [award("w")]), id="another currency"
        ),
        pytest.param(
            process(
                "a", [bid("d", 9, "disqualified"), bid("w", 10)], [award("w")], {"procurementMethodDetails": "NPC"}
            ),
            id="prices that the buyer sets",
        ),
    ],
)
def test_r036_stays_silent(row: Release) -> None:
    assert found([row], "R036") == {}


def outcomes(buyer: str, *, lost: int, kept: int, first: int = 0) -> Release:
    """One process of a buyer with so many bids disqualified and kept, each of a tenderer of its own."""
    bids = [bid(f"{buyer}{n}", status="disqualified" if n < lost else "valid") for n in range(lost + kept)]
    return process(buyer, bids, [], {"procuringEntity": {"id": f"entity of {buyer}"}}, buyer={"id": buyer})


def test_r038_flags_buyer_and_procuring_entity_at_the_upper_fence() -> None:
    rows = [outcomes(name, lost=0, kept=2) for name in "abcdefg"]
    rows += [outcomes("h", lost=1, kept=3), outcomes("once", lost=1, kept=0)]

    told = found(rows, "R038", disqualified_fence=Fraction(1, 4))

    assert told == {"Buyer": {"h": {"R038": 0.25}}, "ProcuringEntity": {"entity of h": {"R038": 0.25}}}
    assert found(rows, "R038", disqualified_fence=Fraction(251, 1000)) == {}


def test_r038_looks_only_at_who_has_two_bids_and_adds_processes_up() -> None:
    rows = [process(f"p{n}", [bid("T", status="disqualified" if n < 3 else "valid")], []) for n in range(4)]
    rows += [process(f"q{n}", [bid(f"once{n}", status="disqualified")], []) for n in range(4)]
    rows += [process(f"r{n}", [bid(f"twice{n}"), bid(f"twice{n}")], []) for n in range(12)]

    told = found(rows, "R038", disqualified_fence=Fraction(3, 4))

    assert told == {"Tenderer": {"T": {"R038": 0.75}}}
    alone = found(rows, "R038", disqualified_fence=Fraction(3, 4), fewest_bids=1)
    assert set(flagged(alone, "Tenderer")) == {"T", "once0", "once1", "once2", "once3"}


def test_r038_flags_nobody_where_hardly_anything_is_disqualified() -> None:
    """Three quarters disqualify nothing: the fence is zero, and who disqualifies nothing is no outlier."""
    rows = [outcomes(name, lost=0, kept=2) for name in "abcdefg"]

    assert found(rows, "R038") == {}


def deliveries(who: str, classes: list[str], processes: int = 20) -> list[Release]:
    items = [{"classification": {"id": one}} for one in classes]
    return [{"ocid": f"{who}{n}", "awards": [award(who, items=items)]} for n in range(processes)]


def test_r048_flags_who_supplies_outlying_many_kinds_of_things() -> None:
    rows = [row for n in range(6) for row in deliveries(f"s{n}", ["10000000", "10200000"])]
    rows += deliveries("wide", ["10000000", "22000000", "33000000"]) + deliveries("new", ["10", "20", "30", "40"], 19)

    told = found(rows, "R048", variety_fence=Fraction(3))

    assert told == {"Tenderer": {"wide": {"R048": 3.0}}}
    assert found(rows, "R048", variety_fence=Fraction(4)) == {}
    assert found(rows, "R048", variety_fence=Fraction(4), fewest_processes=19) == {"Tenderer": {"new": {"R048": 4.0}}}
    assert flagged(found(rows, "R048", variety_fence=Fraction(3), class_digits=3), "Tenderer") == {"wide": 3.0}
    assert found(rows, "R048", variety_fence=Fraction(2), class_digits=1)["Tenderer"].keys() == {"wide"}


def test_r048_leaves_shared_and_ended_awards_out() -> None:
    items = [{"classification": {"id": f"{n}0000000"}} for n in range(1, 9)]
    rows = [
        {"ocid": f"p{n}", "awards": [award(["a", "b"], items=items), award("a", "cancelled", items=items)]}
        for n in range(30)
    ]

    assert found(rows, "R048", variety_fence=Fraction(1)) == {}
