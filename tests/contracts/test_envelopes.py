"""Two envelopes as sentences about the cast: prices open when quality is agreed, and some never."""

import json
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction

from contracts.actions import awards, bids, panel, projects
from contracts.models import Bid, WrappedKey
from contracts.queries.bids import sealed_words
from contracts.queries.projects import opened_bids, ranking_of
from contracts.tasks import watch_panels
from core.errors import Denied, Invalid, InvalidTransition
from core.models import AuditRecord
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, drafted, figures_of, give, judge, opened, published
from tests.contracts.panels import deeds, every_cell, three, two_envelopes

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def test_two_envelopes_need_quality_that_counts(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        projects.publish(project=drafted(cast, two_envelopes=True), by=cast.lin)
    assert refused.value.field == "two_envelopes"


def test_at_the_opening_prices_stay_absent(cast: Cast) -> None:
    project = published(cast, **three(cast, two_envelopes=True))
    bids_on(project, cast.cold_chain, cast.amara, price_minor=73_123_45)
    bids_on(project, cast.northwind, cast.teo, price_minor=61_987_65)
    opened(project)
    assert set(Bid.objects.values_list("price_minor", "price_opened_at", "plan")) == {(None, None, "Gel packs.")}
    found = every_cell()
    assert "7312345" not in found
    assert "6198765" not in found
    with pytest.raises(IntegrityError, match="sealed until quality is agreed"), transaction.atomic():
        Bid.objects.filter(project=project).update(price_minor=1, price_opened_at=project.deadline)


def test_prices_open_with_the_last_confirmation_and_below_the_mark_never(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    assert not ranking_of(project, opened_bids(project)).complete
    judge(project, {first: 4_999, second: 5_000})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.price_minor, first.price_opened_at) == (None, None)
    assert second.price_minor == 90_000_00
    ranking = ranking_of(project, opened_bids(project))
    assert ranking.complete
    assert [(place.bid, place.rank) for place in ranking.places] == [(second, 1), (first, None)]
    assert deeds(project)[-2:] == ["project.quality_agreed", "project.prices_opened"]
    assert AuditRecord.objects.get(deed="project.prices_opened").facts == {"bids": 1, "stay_sealed": 1}
    assert panel.open_prices(project=project) == 0
    assert awards.award(
        project=project, bid=second, reason="The only one.", loser_reasons={first.pk: "Below the mark."}, by=cast.lin
    )
    first.refresh_from_db()
    assert first.price_minor is None
    with pytest.raises(IntegrityError, match="below the pass mark for ever"), transaction.atomic():
        Bid.objects.filter(pk=first.pk).update(price_minor=80_000_00, price_opened_at=second.price_opened_at)


def test_a_bid_below_the_mark_cannot_win(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    judge(project, {first: 4_999, second: 5_000})
    with pytest.raises(InvalidTransition, match="below the pass mark"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)


def test_before_prices_are_open_nothing_is_awarded(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    with pytest.raises(InvalidTransition, match="has not judged"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)


def test_prices_that_failed_to_open_are_opened_by_the_clock(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    figures = figures_of({first: 6_000, second: 7_000})
    for somebody in (cast.noor, cast.sol):
        give(project, figures, somebody)
    made = panel.propose(project=project, figures=figures, by=cast.noor)
    key = WrappedKey.objects.filter(name=f"project:{project.pk}")
    kept = bytes(key.get().wrapped)
    key.update(wrapped=b"x" * 60)
    panel.confirm(consensus=made, by=cast.sol)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.quality_points, first.price_minor, second.price_minor) == (6_000, None, None)
    assert not ranking_of(project, opened_bids(project)).complete
    watch_panels()
    key.update(wrapped=kept)
    watch_panels()
    first.refresh_from_db()
    assert first.price_minor == 80_000_00
    assert ranking_of(project, opened_bids(project)).complete


def test_a_receipt_can_be_checked_while_the_price_is_sealed_and_the_price_afterwards(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    words = sealed_words(first)
    assert words is not None
    assert sha256(words.text.encode()).hexdigest() == first.receipt
    assert words.price == ""
    assert "price_minor" not in words.text
    assert "8000000" not in words.text
    judge(project, {first: 6_000, second: 100})
    first.refresh_from_db()
    second.refresh_from_db()
    words = sealed_words(first)
    assert words is not None
    assert json.loads(words.text)["price_seal"] == sha256(words.price.encode()).hexdigest()
    assert json.loads(words.price)["price_minor"] == first.price_minor
    low = sealed_words(second)
    assert low is not None
    assert low.price == ""


def test_the_bidder_alone_reads_their_own_sealed_terms_before_the_opening(cast: Cast) -> None:
    project = published(cast, **three(cast, two_envelopes=True))
    bid = bids_on(project, cast.cold_chain, cast.amara, price_minor=50_000_00)
    assert bids.read_own_bid(bid=bid, by=cast.amara).price_minor == 50_000_00
    with pytest.raises(Denied):
        bids.read_own_bid(bid=bid, by=cast.lin)


def test_when_nobody_meets_the_mark_no_price_is_opened_and_the_buyer_ends_it(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    judge(project, {first: 1, second: 2})
    assert set(Bid.objects.filter(project=project).values_list("price_minor", flat=True)) == {None}
    assert awards.no_award(project=project, reason="Nobody is good enough.", by=cast.lin).status == "unsuccessful"


def test_a_cancelled_project_keeps_its_prices_sealed(cast: Cast) -> None:
    project, first, _second = two_envelopes(cast)
    projects.cancel(project=project, reason="Not needed.", by=cast.lin)
    with pytest.raises(InvalidTransition):
        panel.declare_none(project=project, by=cast.noor)
    watch_panels()
    first.refresh_from_db()
    assert first.price_minor is None
