"""Red flags are computed exactly as they were published, and do not care in which order processes are told."""

import io
import json
import random
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from contracts.ocds import flags
from contracts.ocds.flags import Group, Settings, fences
from contracts.ocds.flags.lines import BrokenLine, releases

VECTORS = Path(__file__).parent / "red_flags"
TENDERS = Path(__file__).parent.parent / "data" / "tenders_with_bids.ocds.json"
Release = dict[str, Any]
Told = dict[str, dict[str, dict[str, float]]]


def found(rows: list[Release], *codes: str, **settings: Any) -> Told:
    """The answer as it is printed, read again."""
    told: Told = json.loads(flags.printed(flags.find(rows, codes=codes or flags.CODES, settings=Settings(**settings))))
    return told


def bid(who: str | list[str], amount: Any = None, status: str = "valid", currency: str = "USD", **more: Any) -> Release:
    """A bid of one or several tenderers."""
    row: Release = {"status": status, "tenderers": [{"id": one} for one in ([who] if isinstance(who, str) else who)]}
    if amount is not None:
        row["value"] = {"amount": amount, "currency": currency}
    return row | more


def award(who: str | list[str], status: str = "active", **more: Any) -> Release:
    return {"status": status, "suppliers": [{"id": one} for one in ([who] if isinstance(who, str) else who)]} | more


def process(
    ocid: str, bids: list[Release], awards: list[Release], tender: Release | None = None, **more: Any
) -> Release:
    return {"ocid": ocid, "bids": {"details": bids}, "awards": awards, "tender": tender or {}} | more


def flagged(told: Told, group: str = "OCID") -> dict[str, float]:
    """The values of one group under the one indicator that was asked for."""
    return {who: next(iter(values.values())) for who, values in told.get(group, {}).items()}


# ------------------------------------------------------------------ the published vectors


@pytest.mark.parametrize("code", ["R018", "R024", "R028", "R030", "R058"])
def test_a_published_vector_is_answered_byte_for_byte(code: str) -> None:
    out = io.StringIO()

    call_command("red_flags", str(VECTORS / f"{code}.jsonl"), only=[code], stdout=out)

    assert out.getvalue() == (VECTORS / f"{code}.expected").read_text()


@pytest.mark.parametrize("code", ["R018", "R024", "R028", "R030", "R058"])
def test_a_vector_is_answered_the_same_in_any_order_of_its_lines(code: str) -> None:
    lines = (VECTORS / f"{code}.jsonl").read_bytes().splitlines()
    for seed in range(20):
        random.Random(seed).shuffle(lines)
        told = flags.printed(flags.find(releases(lines), codes=[code]))
        assert told == (VECTORS / f"{code}.expected").read_text()


def test_the_real_tenders_ask_what_they_should() -> None:
    """Five identical prices on the road; one bid on the direct tender, which is no open call with one bidder."""
    told = found(json.loads(TENDERS.read_text(), parse_float=Decimal)["releases"])

    assert told["OCID"]["ocds-x00000-2021_PWD_20357_2"] == {"R028": 1.0}
    assert len([who for who, values in told["Tenderer"].items() if "R028" in values]) == 5
    assert "R018" not in json.dumps(told)
    single = next(
        row for row in json.loads(TENDERS.read_text())["releases"] if row["ocid"] == "ocds-x00000-2022_ASPIR_26321_1"
    )
    assert (single["tender"]["procurementMethod"], single["tender"]["numberOfTenderers"]) == ("direct", 1)
    single["tender"]["procurementMethod"] = "open"
    assert "ocds-x00000-2022_ASPIR_26321_1" in found([single], "R018")["OCID"]


# ------------------------------------------------------------------ quartiles and fences


@pytest.mark.parametrize(
    ("figures", "first", "third"),
    [
        ([7], 7, 7),
        ([0, 100], 0, 100),
        ([1, 2, 3, 4], Fraction(17, 12), Fraction(43, 12)),
        ([0, 0, *[100] * 7], Fraction(200, 3), 100),
    ],
)
def test_quartiles_are_the_median_unbiased_ones(figures: list[int], first: Fraction, third: Fraction) -> None:
    taken = fences.lower([Fraction(one) for one in figures], None)

    assert taken is not None
    assert (taken.first, taken.third) == (first, third)
    assert taken.fence == first - Fraction(3, 2) * (third - first)


def test_there_is_no_fence_without_figures_and_a_given_one_is_taken_as_it_is() -> None:
    given = fences.upper([Fraction(1)], Fraction(1, 20))

    assert fences.upper([], Fraction(1)) is None
    assert given is not None
    assert (given.fence, given.first, given.size) == (Fraction(1, 20), None, 1)


# ------------------------------------------------------------------ R003


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


# ------------------------------------------------------------------ R024 and R058: at the fence


def gaps(*amounts: Any) -> list[Release]:
    """A process for each second price, won at 100."""
    return [
        process(f"p{n}", [bid(f"w{n}", 100), bid(f"l{n}", amount)], [award(f"w{n}")])
        for n, amount in enumerate(amounts)
    ]


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


# ------------------------------------------------------------------ R025


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


# ------------------------------------------------------------------ R028 and R030


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


# ------------------------------------------------------------------ R035


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


# ------------------------------------------------------------------ R036


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


# ------------------------------------------------------------------ R038


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


# ------------------------------------------------------------------ R048


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


# ------------------------------------------------------------------ what is no process, and what is told twice


def test_a_process_told_twice_counts_once_as_the_later_release_tells_it() -> None:
    early = {
        "ocid": "a",
        "date": "2026-01-01T00:00:00Z",
        "tender": {"numberOfTenderers": 1, "procurementMethod": "open"},
    }
    late = {
        "ocid": "a",
        "date": "2026-01-02T00:00:00Z",
        "tender": {"numberOfTenderers": 2, "procurementMethod": "open"},
    }

    assert found([early], "R018") != {}
    assert found([early, late], "R018") == found([late, early], "R018") == {}


def test_wrong_kinds_of_values_are_passed_over() -> None:
    odd: list[Release] = [
        {"ocid": 7, "tender": {"numberOfTenderers": 1, "procurementMethod": "open"}},
        {"ocid": "a", "tender": [], "bids": "none", "awards": {"status": "active"}, "buyer": 3},
        {
            "ocid": "b",
            "tender": {"numberOfTenderers": True, "procurementMethod": ["open"]},
            "bids": {"details": [None, 1]},
        },
        {"ocid": "c", "bids": {"details": [{"status": 1, "tenderers": [{"id": None}, "x"]}]}, "awards": [None, {}]},
        {"ocid": "d", "awards": [{"status": "active", "suppliers": [7], "items": [{"classification": 3}]}]},
    ]

    assert found(odd) == {}


def test_only_prices_in_one_currency_are_read_when_it_is_asked_for() -> None:
    row = process("a", [bid("w", 10), bid("l", 15), bid("x", 11, currency="CNY")], [award("w")])

    assert flagged(found([row], "R058", discount_fence=Fraction(1, 2), currency="USD")) == {"a": 0.5}
    assert found([row], "R058", discount_fence=Fraction(1, 2)) == {}


names = st.sampled_from(["A", "B", "C", "D"])
statuses = st.sampled_from(["valid", "valid", "valid", "disqualified", "pending", "withdrawn", "invited"])
amounts = st.sampled_from([1, 2, 3, Decimal("1.5"), Decimal("1.0"), 0, 100])
bids = st.builds(
    bid,
    st.one_of(names, st.lists(names, min_size=1, max_size=2)),
    amounts,
    statuses,
    st.sampled_from(["USD", "USD", "CNY"]),
)
items = st.lists(st.sampled_from([{"classification": {"id": f"{n}0"}} for n in range(10, 16)]), max_size=3)
awards = st.builds(
    award,
    st.one_of(names, st.lists(names, min_size=1, max_size=2)),
    st.sampled_from(["active", "active", "cancelled", "pending"]),
    items=items,
)
tenders = st.fixed_dictionaries(
    {
        "numberOfTenderers": st.integers(0, 2),
        "procurementMethod": st.sampled_from(["open", "selective", "direct"]),
        "status": st.sampled_from(["complete", "complete", "cancelled"]),
        "procuringEntity": st.fixed_dictionaries({"id": names}),
        "procurementMethodDetails": st.sampled_from(["usual", "usual", "NPC", "EXC"]),
    }
)
processes = st.builds(
    process,
    st.sampled_from([f"p{n}" for n in range(12)]),
    st.lists(bids, max_size=3),
    st.lists(awards, max_size=1),
    tenders,
    buyer=st.fixed_dictionaries({"id": names}),
    date=st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01T01:00:00+01:00", None]),
)


@tried(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(processes, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_releases_never_matters(rows: list[Release], chance: random.Random) -> None:
    settings = Settings(fewest_bids=1, fewest_processes=1)
    other = list(rows)
    chance.shuffle(other)

    assert flags.find(rows, settings=settings) == flags.find(other, settings=settings)


@tried(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(processes, max_size=8))
def test_every_answer_is_json_with_groups_ids_and_codes_in_order(rows: list[Release]) -> None:
    told = json.loads(flags.printed(flags.find(rows, settings=Settings(fewest_bids=1, fewest_processes=1))))

    assert list(told) == [group.value for group in Group if group.value in told]
    for group in told.values():
        assert list(group) == sorted(group)
        assert all(list(values) == sorted(values) and values for values in group.values())


@given(st.lists(st.fractions(min_value=0, max_value=10), min_size=1, max_size=30))
def test_quartiles_lie_among_the_figures_and_fences_outside_the_quartiles(figures: list[Fraction]) -> None:
    low, high = fences.lower(figures, None), fences.upper(figures, None)

    assert low is not None
    assert high is not None
    assert low.first is not None
    assert low.third is not None
    assert min(figures) <= low.first <= low.third <= max(figures)
    assert low.fence <= low.first
    assert high.fence >= low.third


# ------------------------------------------------------------------ the command


def run(path: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("red_flags", path, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'{"ocid":"a"}\n\n{"ocid":\n', "Line 3 is not JSON"),
        (b'{"ocid":"a"}\n[1]\n', "Line 2 is JSON but no release"),
        (b"\xff\xfe\n", "Line 1 cannot be read"),
        (b'{"ocid":"a","ocid":"b"}\n', "Line 1 cannot be read"),
        (b'{"ocid":NaN}\n', "Line 1 cannot be read"),
        (b'{"ocid":"a"}\n' + b"[" * 200_000 + b"\n", "Line 2 cannot be read"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_answered(tmp_path: Path, text: bytes, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(text)
    out = io.StringIO()

    with pytest.raises(CommandError, match=line) as refused:
        call_command("red_flags", str(path), stdout=out)

    assert refused.value.returncode == 1
    assert out.getvalue() == ""


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(str(tmp_path / "nothing.jsonl"))


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.BytesIO((VECTORS / "R018.jsonl").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))

    assert run("-", only=["R018"]) == (VECTORS / "R018.expected").read_text()


def test_an_empty_file_has_no_flags(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"\n  \n")

    assert run(str(path)) == "{}\n"


def test_settings_may_be_given_to_the_command(tmp_path: Path) -> None:
    path = tmp_path / "gaps.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in gaps(105, 110)))

    assert set(json.loads(run(str(path), only=["R024"], close_fence=Fraction("0.05")))["OCID"]) == {"p0"}
    assert run(str(path), only=["R024"]) == "{}\n"


def test_packages_and_records_are_read_too() -> None:
    release = {"ocid": "a", "tender": {}}
    lines = [{"releases": [release, release]}, {"records": [{"ocid": "a", "compiledRelease": release}]}, release]
    lines.append({"ocid": "a", "compiledRelease": release})

    told = list(releases(json.dumps(line).encode() for line in lines))

    assert told == [release] * 5


def test_an_unknown_indicator_is_refused() -> None:
    with pytest.raises(ValueError, match="R999"):
        flags.find([], codes=["R018", "R999"])


def test_names_in_any_script_are_printed_as_they_are_and_half_a_sign_as_its_escape() -> None:
    rows = [process("海尔", [bid("甲", 1), bid("\ud800", 1)], [])]

    told = flags.printed(flags.find(rows, codes=["R028"]))

    assert '"海尔"' in told
    assert json.loads(told)["Tenderer"].keys() == {"甲", "\ud800"}
    told.encode()


def test_the_lines_are_read_one_by_one() -> None:
    """What is behind a broken line is never asked for."""

    def lines() -> Any:
        yield b'{"ocid":"a"}'
        yield b"{"
        raise AssertionError("the file was read on")

    with pytest.raises(BrokenLine):
        list(releases(lines()))
