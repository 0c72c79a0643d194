"""The calendar feed: the address is the right, and it holds nothing that the address may not tell."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from contracts.actions import finding, projects
from contracts.models import Milestone
from core.clock import market_now, move_forward
from core.models import AuditRecord
from people import preferences
from people.models import CalendarKey, User
from tests.cast import Cast, cast, person
from tests.contracts import scenes
from tests.contracts.market import bids_on, drafted, published

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


def feed(token: str) -> bytes:
    response = Client().get(f"/calendar/{token}.ics")
    assert response.status_code == HTTPStatus.OK
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    return bytes(response.content)


def address_in(page: str) -> str:
    """The token that the page shows."""
    return str(re.findall(r"/calendar/([^<>/]+)\.ics", page)[0])


def summaries(token: str) -> list[str]:
    return [str(event["SUMMARY"]) for event in Calendar.from_ical(feed(token)).walk("VEVENT")]


def test_teo_makes_an_address_and_reads_what_he_watches_without_signing_in(cast: Cast) -> None:
    project = published(cast, title="Cold boxes, washable; second try")
    published(cast, title="Not watched")
    finding.watch(project=project, by=cast.teo)
    client = Client()
    client.force_login(cast.teo)
    shown = client.post("/people/me/calendar/", {"do": "renew"}).content.decode()
    token = address_in(shown)
    (event,) = Calendar.from_ical(feed(token)).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Deadline: Cold boxes, washable; second try"
    assert event.decoded("DTSTART") == project.deadline.replace(microsecond=0)
    assert str(event["URL"]).endswith(f"/projects/{project.pk}/")
    assert str(event["UID"]) == f"deadline-{project.pk}@market"
    assert event.decoded("DTSTAMP") is not None


def test_the_file_is_one_that_rfc_5545_allows(cast: Cast) -> None:
    project = published(cast, title="冰" * 150)
    finding.watch(project=project, by=cast.teo)
    raw = feed(preferences.renew_calendar(by=cast.teo))
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n") and raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    calendar = Calendar.from_ical(raw)
    assert (str(calendar["VERSION"]), bool(calendar["PRODID"])) == ("2.0", True)


def test_an_empty_calendar_is_a_calendar(cast: Cast) -> None:
    assert summaries(preferences.renew_calendar(by=cast.sol)) == []


def test_milestones_stand_with_those_who_deliver_or_accept_them(cast: Cast) -> None:
    contract = scenes.signed(cast)
    due = Milestone.objects.filter(contract=contract)
    for who, sees in ((cast.mei, True), (cast.noor, True), (cast.lin, False), (cast.teo, False), (cast.rui, False)):
        found = summaries(preferences.renew_calendar(by=who))
        assert (len(found) == due.count()) is sees, who
        assert all(name.startswith("Due: ") for name in found)


def test_an_unsigned_contract_stands_in_no_calendar(cast: Cast) -> None:
    scenes.awarded(cast)
    assert summaries(preferences.renew_calendar(by=cast.mei)) == []


def test_neither_bids_nor_drafts_nor_questions_change_the_feed(cast: Cast) -> None:
    project = published(cast)
    finding.watch(project=project, by=cast.sol)
    tokens = {who: preferences.renew_calendar(by=who) for who in (cast.amara, cast.mei, cast.lin, cast.sol)}
    before = {who: feed(token) for who, token in tokens.items()}
    bids_on(project, cast.cold_chain, cast.amara)
    drafted(cast, title="A secret draft")
    assert {who: feed(token) for who, token in tokens.items()} == before


def test_a_cancelled_project_leaves_the_calendar(cast: Cast) -> None:
    project = published(cast)
    finding.watch(project=project, by=cast.teo)
    token = preferences.renew_calendar(by=cast.teo)
    assert len(summaries(token)) == 1
    projects.cancel(project=project, reason="Not needed.", by=cast.lin)
    assert summaries(token) == []


def test_an_unknown_an_old_an_ended_address_and_that_of_who_left_are_not_found(cast: Cast) -> None:
    def status(token: str) -> int:
        return Client().get(f"/calendar/{token}.ics").status_code

    first = preferences.renew_calendar(by=cast.teo)
    second = preferences.renew_calendar(by=cast.teo)
    assert (status(first), status(second), status("guess")) == (404, 200, 404)
    assert Client().post(f"/calendar/{second}.ics").status_code == 405
    client = Client()
    client.force_login(cast.teo)
    for _again in range(2):
        assert client.post("/people/me/calendar/", {"do": "end"}).status_code == 303
    assert status(second) == 404
    third = preferences.renew_calendar(by=cast.teo)
    User.objects.filter(pk=cast.teo.pk).update(is_active=False)
    assert status(third) == 404
    assert status(preferences.renew_calendar(by=person("Vendor", "vendor"))) == 404


def test_the_key_is_stored_hashed_and_shown_once(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.teo)
    assert "There is no address yet" in client.get("/people/me/calendar/").content.decode()
    assert not CalendarKey.objects.exists()
    shown = client.post("/people/me/calendar/", {"do": "renew"}).content.decode()
    token = address_in(shown)
    assert len(token) >= 40
    key = CalendarKey.objects.get()
    assert token not in f"{vars(key)}"
    assert token not in client.get("/people/me/calendar/").content.decode()
    assert "was made on" in client.get("/people/me/").content.decode()
    record = AuditRecord.objects.get(deed="person.calendar_renewed")
    assert token not in f"{vars(record)}"
    assert client.post("/people/me/calendar/", {"do": "something"}).status_code == 200
    assert CalendarKey.objects.get().token_sha256 == key.token_sha256


def test_who_asks_too_often_is_told_to_wait(cast: Cast, settings: Any) -> None:
    settings.CALENDAR_RATE = "2/hour"
    reader = person("Impatient")
    token = preferences.renew_calendar(by=reader)
    answers = [Client().get(f"/calendar/{token}.ics") for _again in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    # A new address does not start the count again: it is the person's.
    renewed = preferences.renew_calendar(by=reader)
    assert Client().get(f"/calendar/{renewed}.ics").status_code == 429


def test_what_is_long_over_leaves_the_calendar(cast: Cast) -> None:
    project = published(cast)
    finding.watch(project=project, by=cast.teo)
    token = preferences.renew_calendar(by=cast.teo)
    move_forward(project.deadline - market_now() + timedelta(days=89))
    assert len(summaries(token)) == 1
    move_forward(timedelta(days=2))
    assert summaries(token) == []
