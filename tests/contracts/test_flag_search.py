"""The search for red flags: what it asks about opened processes, when, and what becomes of a question."""

from datetime import timedelta

import pytest
from django.db import connection

from contracts import proofs
from contracts.actions import integrity as actions
from contracts.actions import projects
from contracts.models import FlagSearch, RedFlag
from contracts.tasks import look_for_red_flags
from core.clock import market_now, move_forward
from core.models import Parameter
from tests.cast import START, Cast, cast
from tests.contracts.market import awarded, bids_on, evaluating, opened, published
from tests.contracts.steward import codes, flag_of, import_tenders, page

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def test_a_lone_bid_and_a_short_time_are_asked_about_once_the_bids_are_open(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)

    before = actions.search()
    assert (before.processes, codes()) == (0, {})

    opened(project)
    after = actions.search()

    assert (after.processes, codes()) == (1, {"R003": 1, "R018": 1})
    flag = flag_of("R018")
    assert (flag.project, flag.value, flag.group) == (project, "1", "OCID")
    assert list(flag.firms.all()) == [cast.blue_kettle]
    assert after.counts == {"R003": 1, "R018": 1}


def test_equal_prices_name_the_buyer_and_both_bidders(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 70_000_00)
    opened(project)

    actions.search()

    assert set(flag_of("R028").firms.all()) == {cast.blue_kettle, cast.cold_chain, cast.northwind}


def test_an_award_is_compared_with_the_second_price(cast: Cast) -> None:
    awarded(cast)

    actions.search()

    flag = flag_of("R058")
    assert (flag.value, flag.figures) == ("1/8", {"won": "8000000", "second": "9000000"})
    shown = page(cast.ada, "integrity_flag", flag.pk)
    assert "12.50%" in shown
    assert "CN¥80,000.00" in shown
    assert "CN¥90,000.00" in shown
    assert "Of 1 such figures" in shown


def test_searching_again_changes_nothing_that_still_stands(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    before = list(RedFlag.objects.order_by("key").values())

    move_forward(timedelta(days=1))
    actions.search()

    assert list(RedFlag.objects.order_by("key").values()) == before
    assert FlagSearch.objects.count() == 2


def test_a_question_that_is_found_no_more_ends_and_may_come_again(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    Parameter.objects.create(name="flag_short_notice_days", holds_from=START, value=1, note="Two days are enough here.")

    actions.search()

    flag.refresh_from_db()
    assert flag.ended_at is not None
    assert codes() == {}
    assert "no longer found" in page(cast.ada, "integrity_flag", flag.pk).lower()
    Parameter.objects.filter(name="flag_short_notice_days", holds_from=START).delete()
    actions.search()
    assert flag_of("R003").pk != flag.pk
    assert flag_of("R003").project == project


def test_a_cancelled_process_is_asked_nothing(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    projects.cancel(project=project, reason="Not needed any more.", by=cast.lin)

    actions.search()

    assert codes() == {}


def test_figures_that_change_keep_the_day_on_which_the_question_was_found(cast: Cast) -> None:
    """The same pair meets twice; Cold Chain's share of won bids is asked about with another value."""
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    found_at = flag.found_at
    RedFlag.objects.filter(pk=flag.pk).update(value="1/2", figures={})
    flag.firms.clear()

    move_forward(timedelta(hours=1))
    actions.search()

    flag.refresh_from_db()
    assert (flag.value, flag.figures, flag.found_at) == ("1", {"days": "1"}, found_at)
    assert list(flag.firms.all()) == [cast.blue_kettle]


def test_prices_in_an_envelope_of_their_own_are_not_asked_about_before_it_is_opened(cast: Cast) -> None:
    project = published(cast, method="price_quality", price_weight_bp=6_000, panel=[cast.noor], two_envelopes=True)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 70_000_00)
    opened(project)

    actions.search()

    assert codes() == {"R003": 1}
    assert all(proof.holds for proof in proofs.everything())


def test_imported_tenders_are_asked_about_apart_from_our_own(cast: Cast) -> None:
    import_tenders()
    evaluating(cast)

    searched = actions.search()

    assert searched.processes == 5
    road = RedFlag.objects.standing().get(indicator="R028")
    assert len(road.names) == 5
    assert not road.firms.exists()
    assert "R018" not in codes()
    assert set(searched.fences) == {"own", "imported"}
    assert searched.fences["imported"]["R058:OCID"]["size"] == "3"
    assert "Bidder 12" in page(cast.rui, "integrity_flag", road.pk)


def test_short_is_three_days_inside_and_the_published_fifteen_for_public_tenders(cast: Cast) -> None:
    import_tenders()
    evaluating(cast, deadline=market_now() + timedelta(days=3, minutes=1))

    actions.search()

    short = RedFlag.objects.standing().filter(indicator="R003")
    assert sorted(flag.figures["days"] for flag in short) == ["10", "8"], "ours of three days is not asked about"
    assert "Bids were taken for 8 whole days; under 15 days" in page(
        cast.rui, "integrity_flag", short.get(figures__days="8").pk
    )


def test_the_clock_searches_once_a_business_date(cast: Cast) -> None:
    look_for_red_flags()
    first = FlagSearch.objects.get()
    move_forward(timedelta(minutes=10))

    look_for_red_flags()
    assert FlagSearch.objects.get().searched_at == first.searched_at

    move_forward(timedelta(days=1))
    look_for_red_flags()
    assert FlagSearch.objects.count() == 2


def test_the_clock_starts_no_second_search_while_one_runs(cast: Cast) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [actions.SEARCHING])
            assert actions.search_if_due() is None
            cursor.execute("SELECT pg_advisory_unlock(%s)", [actions.SEARCHING])
    finally:
        other.close()
    assert actions.search_if_due() is not None
