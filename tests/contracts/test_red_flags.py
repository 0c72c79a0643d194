"""Red flags are computed exactly as they were published, and do not care in which order processes are told."""

import io
import json
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from contracts.ocds import flags
from contracts.ocds.flags import Group, Settings, fences
from contracts.ocds.flags.lines import releases
from tests.contracts.processes import TENDERS, VECTORS, Release, award, bid, flagged, found, process


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
