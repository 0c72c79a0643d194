"""Will it win: what a price comes to under the formula, and the bidder's own record, of nobody else's bids."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from contracts import scoring
from contracts.models import Bid
from contracts.prospects_of_bids import Middle, PastBid, middle, record, share_of_ceiling, worth, worths
from contracts.scoring import Method, Rule
from core.models import AuditRecord
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, judge, opened, published, quality_facts, two_bids
from tests.contracts.scenes import awarded

__all__ = ["cast"]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEIGHED = Rule(Method.PRICE_QUALITY, 100_000, 6_000, 4_000)
PREVIEW = {"HX-Request": "true", "HX-Target": "preview"}


def test_a_price_is_tried_at_three_qualities_and_at_ones_own() -> None:
    """60 % of 2,000 price points, and 40 % of the quality."""
    found = worths(80_000, WEIGHED, Middle(6_500, 3))
    assert [(one.quality, one.total) for one in found] == [
        (5_000, 3_200),
        (7_000, 4_000),
        (9_000, 4_800),
        (6_500, 3_800),
    ]


def test_where_the_lowest_price_wins_quality_only_passes_or_does_not() -> None:
    assert worths(80_000, Rule(Method.LOWEST_PRICE, 100_000), None) == ()
    found = worths(80_000, Rule(Method.LOWEST_PRICE, 100_000, pass_mark=7_000), None)
    assert [(one.total, one.passes) for one in found] == [(None, False), (None, True), (None, True)]


def test_an_own_record_counts_what_was_won_and_lost_and_leaves_out_what_it_does_not_know() -> None:
    found = record(
        [
            PastBid(70, 100, 8_000, won=True),
            PastBid(81, 100, None, won=False),
            PastBid(90, 100, 5_001, won=False),
            PastBid(None, 100, 4_000, won=False),
            PastBid(10, 100, None, won=None),
        ]
    )
    assert (found.bids, found.won, found.lost, found.undecided) == (5, 1, 3, 1)
    assert (found.share_won, found.share_lost) == (Middle(7_000, 1), Middle(8_550, 2))
    assert found.quality == Middle(5_001, 3)
    assert record([]).share_won is None
    assert middle([1, 4]) == Middle(2, 2)
    assert share_of_ceiling(2, 3) == 6_666


PRICES = st.integers(1, 100_000)
POINTS = st.integers(0, scoring.FULL)


@given(PRICES, POINTS, st.lists(st.tuples(PRICES, POINTS), max_size=5), st.sampled_from([0, 5_000]))
def test_what_a_price_comes_to_is_what_it_gets_among_any_others(
    price: int, quality: int, others: list[tuple[int, int]], mark: int
) -> None:
    rule = Rule(Method.PRICE_QUALITY, 100_000, 6_000, 4_000, mark)
    rivals = [scoring.Bid(str(place), cost, NOON, good) for place, (cost, good) in enumerate(others)]
    field = scoring.score([scoring.Bid("own", price, NOON, quality), *rivals], rule=rule, seed="s")
    (own,) = (row for row in field if row.bid.id == "own")
    assert worth(price, quality, rule).total == own.total_points
    assert worth(price, quality, rule).passes == (own.refusal is None)


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def seen(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.django_db
def test_amara_sees_what_her_price_comes_to_and_her_own_record_and_nothing_of_rivals(cast: Cast) -> None:
    """Cold Chain won once at 90,000 of 120,000, and once had a quality of 6,000 that is not decided yet."""
    awarded(cast)
    waiting = published(cast, **quality_facts(cast))
    first, second = two_bids(cast, waiting)
    judge(opened(waiting), {first: 6_000, second: 9_000})
    project = published(cast, **quality_facts(cast))
    address = reverse("bid_submit", args=[project.pk])
    amara = as_person(cast.amara)
    told, bids = AuditRecord.objects.count(), Bid.objects.count()
    typed = {"price": "70,000", "days": "", "plan": "Gel packs, typed so far."}

    found = seen(amara.post(address, typed, headers=PREVIEW))
    assert "CN¥30,000.00 below the ceiling: the price is 70% of it." in found
    assert "10,000 × (100,000.00 − 70,000.00) ÷ 100,000.00 = 3,000." in found
    assert "They count 60%, so your price brings 1,800 of the 10,000 points" in found
    assert (
        "Quality 5,000 3,800 Quality 7,000 4,600 Quality 9,000 5,400 Quality 6,000, as agreed on 1 bid of your ME 4,200"
        in found
    )
    assert "Of the last 2 opened bids of Cold Chain: 1 won, 0 did not, 1 undecided." in found
    assert "Those that won asked 75% of the ceiling (median of 1)." in found
    assert "not a forecast" in found

    without_script = amara.post(address, typed | {"preview": "1"})
    assert "6,000, as agreed on 1 bid of your ME 4,200" in seen(without_script)
    assert "Gel packs, typed so far." in seen(without_script), "what was typed stays"
    assert (AuditRecord.objects.count(), Bid.objects.count()) == (told, bids), "nothing is kept"

    bids_on(project, cast.northwind, cast.teo, 1_00)
    assert seen(amara.post(address, typed, headers=PREVIEW)) == found, "a rival's bid changes nothing"
    above = seen(amara.post(address, typed | {"price": "100,000.01"}, headers=PREVIEW))
    assert "CN¥0.01 above the ceiling; such a bid is refused." in above
    teo = seen(as_person(cast.teo).post(address, typed, headers=PREVIEW))
    assert "Cold Chain" not in teo
    assert "75%" not in teo
