"""Release after release: what is written exactly, what is taken back, which tags say what changed."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ocds import history, schema, text, writer
from contracts.ocds.writer import Award, Bid, Firm, Process
from tests.contracts.told import merged, plain

Node = dict[str, Any]
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BUYER, FIRST, SECOND = Firm("me-1", "Blue Kettle"), Firm("me-2", "Cold Chain"), Firm("me-3", "Northwind")


def facts(**changes: Any) -> Process:
    found: Node = {
        "id": "p",
        "title": "Cold boxes",
        "description": "Boxes",
        "status": "published",
        "buyer": BUYER,
        "currency": "CNY",
        "ceiling_minor": 100_000_00,
        "opens_at": AT,
        "deadline": AT + timedelta(days=2),
        "opened_at": None,
        "decided_at": None,
        "invited_only": False,
        "criteria": "priceOnly",
        "criteria_details": "The lowest price wins.",
    }
    return Process(**(found | changes))


def opened(**changes: Any) -> Process:
    bids = [
        Bid("b1", "valid", AT, FIRST, 80_000_00),
        Bid("b2", "disqualified", AT + timedelta(hours=1), SECOND, 90_000_00),
    ]
    return facts(**({"status": "evaluating", "opened_at": AT + timedelta(days=2), "bids": bids} | changes))


def chain(*states: Node) -> list[Node]:
    """The releases that tell these states one after the other."""
    releases: list[Node] = []
    before: Node = {}
    for state in states:
        parts = history.following(before, state)
        if parts is not None:
            number = len(releases) + 1
            date = writer.stamp(AT + timedelta(seconds=number))
            tags = history.tags(before, history.told(parts))
            releases.append(history.release(parts, ocid="o", release_id=str(number), date=date, tags=tags))
            before = history.told(parts)
    return releases


# ------------------------------------------------------------------ exactly


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1, "CNY", "0.01"),
        (8_000_000_10, "CNY", "8000000.10"),
        (10**15, "CNY", "10000000000000.00"),
        (1234, "JPY", "1234"),
        (12_345, "KWD", "12.345"),
        (0, "EUR", "0.00"),
    ],
)
def test_money_is_written_to_the_last_digit_and_read_back(minor: int, currency: str, written: str) -> None:
    value = writer.amount(minor, currency)
    assert text.write(value) == f'{{"amount":{written},"currency":"{currency}"}}'
    assert text.minor_units(text.parse(text.write(value))["amount"], currency) == minor


def test_a_float_is_refused_wherever_it_stands() -> None:
    with pytest.raises(TypeError, match="float"):
        text.write({"a": [{"b": 0.1}]})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert text.parse(text.write(value)) == value


zones = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=5))])


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=zones))
def test_instants_are_utc_with_six_digits_whatever_they_are(instant: datetime) -> None:
    written = writer.stamp(instant)
    assert text.instant(written) == instant
    assert len(written) == len("2026-11-22T10:00:00.000000Z")


# ------------------------------------------------------------------ before and after the opening


def test_before_the_opening_there_is_nothing_of_bids_even_if_a_caller_hands_some_in() -> None:
    told = writer.process(facts())
    assert {"bids", "awards"}.isdisjoint(told)
    assert {"tenderers", "numberOfTenderers"}.isdisjoint(told["tender"])
    assert [party["roles"] for party in told["parties"]] == [["buyer", "procuringEntity"]]


def test_after_the_opening_a_zero_is_told_too() -> None:
    assert writer.process(facts(status="unsuccessful", opened_at=AT))["tender"]["numberOfTenderers"] == 0
    told = writer.process(opened())
    assert told["tender"]["numberOfTenderers"] == 2
    assert [bid["status"] for bid in told["bids"]["details"]] == ["valid", "disqualified"]


def test_a_bid_whose_price_is_still_sealed_has_no_value() -> None:
    told = writer.process(opened(bids=[Bid("b1", "valid", AT, FIRST, None)]))
    assert "value" not in told["bids"]["details"][0]


def test_every_state_has_its_code() -> None:
    from contracts.models import Award as AwardRow
    from contracts.models import Bid as BidRow
    from contracts.models import Contract, Milestone, Project

    assert set(Project.Status) - set(writer.TENDER_STATUS) == {"draft"}
    assert set(BidRow.Status) - set(writer.BID_STATUS) == {"submitted", "stale"}
    assert set(AwardRow.Status) <= set(writer.AWARD_STATUS)
    assert set(Contract.Status) <= set(writer.CONTRACT_STATUS)
    assert set(Milestone.Status) <= set(writer.MILESTONE_STATUS)


# ------------------------------------------------------------------ tags


def test_the_tags_of_a_process_from_plan_to_award() -> None:
    award = Award("a1", "standing", AT + timedelta(days=3), "Cheapest", "b1", FIRST, 80_000_00)
    active = Award("a1", "active", AT + timedelta(days=3), "Cheapest", "b1", FIRST, 80_000_00)
    declined = Award("a1", "declined", AT + timedelta(days=3), "Cheapest", "b1", FIRST, 80_000_00)
    change = writer.Amendment("p-2", AT, "More boxes")
    states = [
        facts(status="planned"),
        facts(),
        facts(amendments=[change], title="More cold boxes"),
        opened(amendments=[change]),
        opened(amendments=[change], awards=[award]),
        opened(amendments=[change], awards=[active], status="awarded", decided_at=AT + timedelta(days=4)),
        opened(amendments=[change], awards=[declined]),
    ]
    releases = chain(*(writer.process(state) for state in states))
    assert [release["tag"] for release in releases] == [
        ["planning"],
        ["tender"],
        ["tenderAmendment"],
        ["tenderUpdate"],
        ["award"],
        ["tenderUpdate", "awardUpdate"],
        ["tenderUpdate", "awardCancellation"],
    ]
    assert releases[6]["tender"]["awardPeriod"]["endDate"] is None
    for release in releases:
        assert list(schema.problems(release, "")) == []


def test_a_cancelled_process_says_so() -> None:
    releases = chain(writer.process(facts()), writer.process(facts(status="cancelled")))
    assert [release["tag"] for release in releases] == [["tender"], ["tenderCancellation"]]


def test_what_did_not_change_is_not_told_again() -> None:
    told = writer.process(opened())
    assert len(chain(told, told, told)) == 1
    assert history.following(history.told(text.parse(text.write(told))), told) is None


# ------------------------------------------------------------------ taken back

leaf = st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"])
rows = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from(["1", "2", "3"])}, optional={"title": leaf, "status": leaf}),
    unique_by=lambda row: row["id"],
    max_size=3,
)
trees = st.fixed_dictionaries(
    {
        "tender": st.fixed_dictionaries(
            {"id": st.just("t")},
            optional={
                "title": leaf,
                "tenderPeriod": st.dictionaries(st.sampled_from(["startDate", "endDate"]), leaf),
                "milestones": rows,
                "submissionMethod": st.lists(st.sampled_from(["a", "b"]), max_size=2),
            },
        )
    },
    optional={"language": leaf, "awards": rows},
)


def told_only(value: Any) -> Any:
    """As the writer hands parts in: nothing null, nothing empty."""
    if isinstance(value, dict):
        kept = {name: told_only(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, {}, [])}
    return [told_only(inner) for inner in value] if isinstance(value, list) else value


@settings(deadline=None)
@given(st.lists(trees.map(told_only), min_size=1, max_size=5))
def test_merging_a_chain_gives_its_last_state_whatever_was_taken_back(states: list[Node]) -> None:
    releases = chain(*states)
    found = merged(releases)
    about = {"ocid", "id", "date", "tag"}
    last = history.told(releases[-1])
    assert {name: value for name, value in found.items() if name not in about} == plain(last)
    assert without_the_gone(plain(last)) == without_the_gone(plain(states[-1]))


def without_the_gone(value: Any) -> Any:
    """Entries of which only the id is left say nothing any more."""
    if isinstance(value, dict):
        kept = {name: without_the_gone(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in ([], {})}
    if isinstance(value, list):
        return [without_the_gone(row) for row in value if not (isinstance(row, dict) and set(row) == {"id"})]
    return value


def test_a_field_that_is_gone_is_null_and_an_entry_that_is_gone_keeps_its_id_alone() -> None:
    before = {"tender": {"id": "t", "title": "x"}, "awards": [{"id": "1", "title": "a"}, {"id": "2", "title": "b"}]}
    now = {"tender": {"id": "t"}, "awards": [{"id": "2", "title": "b"}]}
    assert history.following(before, now) == {
        "tender": {"id": "t", "title": None},
        "awards": [{"id": "2", "title": "b"}, {"id": "1", "title": None}],
    }
