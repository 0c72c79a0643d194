"""Deadlines where clocks are changed: what nobody can mean is refused, what comes twice is asked."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.urls import reverse

from contracts import zones
from contracts.actions import openings, projects
from contracts.models import Bid, Project
from core import past
from core.clock import market_now, move_forward
from core.errors import Invalid, TooLate
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, published
from tests.contracts.test_project_pages import as_person, page, post, seen, typed_draft

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

SECOND = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
"""The second 02:30 of that night in Berlin."""
TWICE = {"deadline": "2027-10-31T02:30", "zone": "Europe/Berlin"}


# ------------------------------------------------------------------ what is typed


def test_a_skipped_time_names_the_gap_and_the_nearest_times(cast: Cast) -> None:
    data = typed_draft(cast, deadline="2027-03-28T02:30", zone="Europe/Berlin", title="Boxes for spring")
    response = post(cast.lin, "project_new", data=data)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    found = seen(response.content.decode())
    assert (
        "02:30 does not exist in Berlin on 28 Mar 2027: at 02:00 clocks are put forward to 03:00 "
        "(from UTC+01:00 to UTC+02:00). The nearest times are 01:59 and 03:00."
    ) in found
    assert "Boxes for spring" in response.content.decode()
    assert not Project.objects.exists()


def test_a_time_that_comes_twice_asks_which_and_keeps_what_was_typed(cast: Cast) -> None:
    data = typed_draft(cast, **TWICE, title="Boxes for autumn", measure_metric="Spoiled deliveries")
    response = post(cast.lin, "project_new", data=data)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    html = response.content.decode()
    found = seen(html)
    assert "02:30 comes twice in Berlin on 31 Oct 2027" in found
    assert "the first 02:30, UTC+02:00" in found
    assert "the second 02:30, UTC+01:00" in found
    for typed in ("Boxes for autumn", "Spoiled deliveries", "2027-10-31T02:30", "100,000.00"):
        assert typed in html
    assert "deadline_which" not in as_person(cast.lin).get(reverse("project_new")).content.decode()


@pytest.mark.parametrize(
    ("which", "instant"), [("first", SECOND - timedelta(hours=1)), ("second", SECOND)], ids=["first", "second"]
)
def test_what_was_chosen_of_the_two_is_the_deadline_and_stays_so(cast: Cast, which: str, instant: datetime) -> None:
    data = typed_draft(cast, **TWICE, deadline_which=which)
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert (project.deadline, project.deadline_zone) == (instant, "Europe/Berlin")
    form = page(cast.lin, "project_edit", project.pk)
    assert f'name="deadline_which" value="{which}"' in form
    assert form.count(" checked") >= 1
    again = post(cast.lin, "project_edit", project.pk, data=data | {"title": "Other words"})
    assert again.status_code == HTTPStatus.SEE_OTHER
    project.refresh_from_db()
    assert project.deadline == instant


def test_which_of_the_two_means_nothing_for_an_ordinary_time(cast: Cast) -> None:
    data = typed_draft(cast, deadline="2027-06-30T18:00", zone="Europe/Berlin", deadline_which="second")
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    assert Project.objects.get().deadline == datetime(2027, 6, 30, 16, tzinfo=UTC)


def test_bids_from_may_come_twice_as_well(cast: Cast) -> None:
    data = typed_draft(cast, opens_at="2027-10-31T02:30", deadline="2027-11-30T18:00", zone="Europe/Berlin")
    assert "comes twice" in seen(post(cast.lin, "project_new", data=data).content.decode())
    assert post(cast.lin, "project_new", data=data | {"opens_at_which": "second"}).status_code == HTTPStatus.SEE_OTHER
    assert Project.objects.get().opens_at == SECOND


def test_an_hour_between_both_readings_is_time_to_bid(cast: Cast) -> None:
    """From the first 02:30 to the second is an hour, though the clocks show the same."""
    data = typed_draft(cast, opens_at="2027-10-31T02:30", opens_at_which="first", **TWICE, deadline_which="second")
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert project.opens_at is not None
    assert project.deadline - project.opens_at == timedelta(hours=1)


@pytest.mark.parametrize(
    "zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "UTC"]
)
def test_every_zone_of_the_world_can_be_chosen(cast: Cast, zone: str) -> None:
    data = typed_draft(cast, deadline="2027-06-30T18:00", zone=zone)
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    assert Project.objects.get().deadline == datetime(2027, 6, 30, 18, tzinfo=ZoneInfo(zone))


def test_a_zone_that_is_none_is_refused_beside_the_field(cast: Cast) -> None:
    response = post(cast.lin, "project_new", data=typed_draft(cast, zone="Europe/Atlantis"))
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_clocks_that_change_by_half_an_hour_are_explained_too() -> None:
    with pytest.raises(Invalid, match="at 02:00 clocks are put forward to 02:30"):
        zones.instant_of(datetime(2027, 10, 3, 2, 15), "Australia/Lord_Howe")
    with pytest.raises(zones.ComesTwiceError) as asked:
        zones.instant_of(datetime(2027, 4, 4, 1, 45), "Australia/Lord_Howe")
    assert asked.value.twice.second.astimezone(UTC) - asked.value.twice.first.astimezone(UTC) == timedelta(minutes=30)


# ------------------------------------------------------------------ what is shown


def test_the_page_shows_zone_offset_and_the_servers_countdown_and_refreshes_them_alone(cast: Cast) -> None:
    project = published(cast, deadline=SECOND, deadline_zone="Europe/Berlin")
    move_forward(SECOND - timedelta(days=2, hours=3, minutes=4, seconds=30) - market_now())
    html = page(cast.teo, "project_detail", project.pk)
    assert "31 Oct 2027, 02:30 Berlin (UTC+01:00)" in seen(html)
    assert "2 days, 3 hours, 4 minutes left" in seen(html)
    assert 'hx-trigger="every 60s"' in html
    headers = {"HX-Request": "true", "HX-Target": "countdown"}
    address = reverse("project_detail", args=[project.pk])
    part = as_person(cast.teo).get(address, headers=headers).content.decode()
    assert part.strip().startswith('<div id="countdown"')
    assert "2 days, 3 hours, 4 minutes left" in seen(part)
    assert "<html" not in part
    move_forward(timedelta(days=3))
    over = as_person(cast.teo).get(address, headers=headers).content.decode()
    assert "hx-trigger" not in over
    assert "left" not in seen(over)


def test_the_countdown_rounds_down_and_ends_at_the_deadline() -> None:
    def left(**ahead: float) -> str:
        return zones.countdown(SECOND, SECOND - timedelta(**ahead))

    assert left(minutes=61, seconds=59) == "1 hour, 1 minute"
    assert left(days=400) == "400 days"
    assert left(seconds=59) == "less than a minute"
    assert left() == ""
    assert left(seconds=-1) == ""


# ------------------------------------------------------------------ what decides


def test_bids_around_the_second_half_past_two_in_berlin(cast: Cast) -> None:
    """From the form to the opening: 00:45Z and 01:29:59.999Z are in time, 01:30Z is late."""
    data = typed_draft(cast, **TWICE, deadline_which="second")
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = projects.publish(project=Project.objects.get(), by=cast.lin)
    assert project.deadline == SECOND
    # The first 02:30 of that night has passed on every clock in Berlin: 00:45Z, by the market's own clock.
    move_forward(datetime(2027, 10, 31, 0, 45, tzinfo=UTC) - market_now())
    early = bids_on(project, cast.cold_chain, cast.amara)
    assert early.submitted_at.replace(second=0, microsecond=0) == datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
    assert Project.objects.get().status == Project.Status.PUBLISHED
    with past.at(SECOND - timedelta(milliseconds=1)):
        last = bids_on(project, cast.northwind, cast.teo)
    assert last.submitted_at == SECOND - timedelta(milliseconds=1)
    with past.at(SECOND), pytest.raises(TooLate, match="The deadline was"):
        bids_on(project, cast.northwind, cast.teo)
    move_forward(SECOND - market_now())
    openings.open_bids(project=project)
    assert set(Bid.objects.opened().values_list("pk", flat=True)) == {early.pk, last.pk}


def test_a_reader_in_the_zone_of_the_deadline_reads_the_instant_once_and_its_offset(cast: Cast) -> None:
    project = published(cast, deadline=SECOND, deadline_zone="Europe/Berlin")
    User.objects.filter(pk=cast.teo.pk).update(time_zone="Europe/Berlin")
    User.objects.filter(pk=cast.amara.pk).update(time_zone="Europe/Paris")
    address, headers = reverse("project_detail", args=[project.pk]), {"HX-Request": "true", "HX-Target": "countdown"}
    once, twice = (
        seen(as_person(reader).get(address, headers=headers).content.decode()) for reader in (cast.teo, cast.amara)
    )
    assert once.count("31 Oct 2027") == 1
    assert "31 Oct 2027, 02:30 Berlin, UTC+01:00" in once
    assert "31 Oct 2027, 02:30 Paris" in twice
    assert "31 Oct 2027, 02:30 Berlin (UTC+01:00)" in twice
    to_the_second = zones.beside_readers(SECOND + timedelta(seconds=7), settings.COMPANY_TIME_ZONE)
    assert to_the_second["deadline_there"]
