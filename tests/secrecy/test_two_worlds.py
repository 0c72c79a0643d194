"""Rule 2: until its bids are opened nobody learns who bid, what, or how many bids there are.

Two databases equal but for the bids on one open project answer every reader but the bidders byte for byte the same, at
every address, and send everybody else the same mails, notices and log lines. After the opening the worlds differ.
"""

import base64
import itertools
import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import redis
from django.conf import settings
from django.core import mail
from django.core.files.storage import default_storage
from django.db import connection
from django.http import QueryDict
from django.test import Client

from contracts.actions import finding, lots, openings, questions, vendors
from contracts.actions import projects as project_actions
from contracts.actions.amendments import amend
from contracts.actions.vendors import NewVendor
from contracts.lots import LotDraft
from contracts.models import Bid, Project, Question, Vendor
from contracts.tasks import tell_what_is_new
from contracts.versions import words_of
from core import past
from core.clock import business_date, market_now
from haier_market.celery import app as celery_app
from microenterprises.actions.seats import SeatSpec, open_seat
from microenterprises.actions.teams import TeamSpec
from microenterprises.models import Microenterprise, Seat
from people import preferences
from people.models import Notice, User
from people.tasks import mail_alerts
from settlement.exports.catalogue import CATALOGUE
from talent_pool.actions import placements, pool, teams
from tests.cast import Cast, firm, person
from tests.contracts.outsiders import mailed
from tests.databases import cloned
from tests.secrecy import asking
from tests.secrecy.worlds import NOBODY, PROBES, Known, guessed, guessed_of_tables, paths, seen

RIVALS = 4
STAFF = ("ada", "rui", "fay", "hua")
"""Whom the admin site lets in; it sends everybody else away before it looks at the address."""
EVERYBODY = ("lin", "noor", "mei", "sol", *STAFF, "vendor", "stranger")
"""Everybody who bids in neither world, and a stranger. Mei is a member of a bidding ME without leading it; the vendor
is invited and does not bid, another one does in the second world.
"""
EVERY_TIME = ("lin", "mei", "rui", "vendor")
"""Who is asked in every test run; the others are asked in the long proofs."""
Answers = dict[tuple[str, str], Any]
Api = list[tuple[re.Pattern[str], list[str]]]


@dataclass
class Stage:
    """What both worlds share."""

    cast: Cast
    project: Project
    rivals: list[Microenterprise]
    vendor: User
    outsider: tuple[User, Vendor]
    team: tuple[User, Microenterprise]
    """Of the talent pool, with who leads it."""
    calendars: list[str]
    """Tokens of calendars: of somebody who bids in one world, and of a member of a bidding ME."""


def set_stage(cast: Cast) -> Stage:
    """An open project of Blue Kettle, the first of two lots; four more MEs, two vendors and a team that may bid, a
    seat, an idea, a full pool.
    """
    rivals = [firm(f"Rival {n}", cast.platform, person(f"Rival{n}"), wallet_minor=1_000_000) for n in range(RIVALS)]
    draft = project_actions.ProjectDraft(
        title="Cold rooms that report themselves",
        need="Sensors in forty cold rooms.",
        success_measure="Alarms within a minute, measured by the buyer for a month.",
        ceiling_minor=None,
        deadline=market_now() + timedelta(days=3),
        deadline_zone="Asia/Shanghai",
        acceptor=cast.noor,
    )
    rows = [LotDraft("Cold rooms that report themselves", 90_000_00), LotDraft("Cold vans that do too", 90_000_00)]
    lot_set = lots.create(buyer=cast.blue_kettle, shared=draft, lots=rows, by=cast.lin)
    project = lot_set.lots.get(lot_number=1)
    for name in ("Nordfrost", "Sudwind"):
        firm_outside = NewVendor(name, "SE")
        vendors.invite(project=project, vendor=firm_outside, email=f"{name.lower()}@outside.example", by=cast.lin)
    project, _other = lots.publish(lot_set=lot_set, by=cast.lin)
    vendor, outsider = _accepted(project)
    pool.enter(person=cast.sol, left=None, by=None)
    Seat.objects.create(
        microenterprise=cast.cold_chain,
        role="Analyst",
        customer_outcome="Alarms are real",
        opened_at=market_now(),
        opened_by=cast.amara,
    )
    team = _team(cast)
    watchers = (cast.amara, cast.mei, cast.teo, cast.sol)
    for watcher in watchers:
        finding.watch(project=project, by=watcher)
        finding.save_filter(name="Cold", query=QueryDict("q=cold"), by=watcher, alerts=True)
    questions.ask(project=project, text="Are the sensors there already?", by=cast.sol)
    calendars = [preferences.renew_calendar(by=watcher) for watcher in watchers]
    return Stage(cast, project, rivals, vendor, (outsider, outsider.vendor_seat.vendor), team, calendars)


def _team(cast: Cast) -> tuple[User, Microenterprise]:
    """Two people of the pool who bid together."""
    wen, xia = person("Wen"), person("Xia")
    for somebody in (wen, xia):
        pool.enter(person=somebody, left=None, by=None)
    spec = TeamSpec(
        name="Second Wind",
        purpose="Sensors.",
        platform=cast.platform,
        role="Leader",
        customer_outcome="Alarms are real",
    )
    team = teams.form(spec=spec, by=wen)
    seat = open_seat(owner=team, spec=SeatSpec(role="Engineer", customer_outcome="Sensors stay on"), by=wen)
    placements.accept(invitation=placements.ask(seat=seat, by=xia), by=wen)
    return wen, team


def _accepted(project: Project) -> list[User]:
    """Somebody at each invited vendor accepts, in the order of their names."""
    tokens = mailed(project)
    people = [vendors.accept(token=token, name="Vera Berg", password="not-easy-to-guess") for token in tokens]
    return sorted(people, key=lambda who: who.email)


def known(stage: Stage) -> Known:
    """Arguments for every route, by what its address starts with."""
    project, cast = {"pk": stage.project.pk, "project_id": stage.project.pk}, stage.cast
    bid = {**project, "bid_id": NOBODY, "bid": NOBODY, "number": 1, "bid_pk": NOBODY}
    bid["question"] = Question.objects.get().pk
    firms = [
        {"pk": me.pk, "me_id": me.pk}
        for me in (cast.blue_kettle, cast.cold_chain, cast.northwind, stage.rivals[0], stage.team[1])
    ]
    seat, entry = Seat.objects.get(role="Analyst"), cast.sol.pool_entries.get()
    anything = [{"pk": NOBODY, "public_id": NOBODY, "number": 1}]
    days = [{"business_date": business_date(), "day": business_date(), "date": business_date()}]
    people = [{"pk": who.pk, "person_id": who.pk, "public_id": who.pk} for who in (cast.amara, cast.mei, cast.lin)]
    tables = [{"object_id": pk, "pk": pk} for pk in (cast.amara.pk, entry.pk)]
    return Known(
        {
            "": [
                {"content_type_id": 1, "object_id": 1, "key": "x", "uidb36": "x", "app_label": "contracts", "url": "x"}
            ],
            "admin/": [*tables, {"url": "nothing/here", "app_label": "contracts"}],
            "projects/": [bid],
            "projects/sets/": [{"pk": stage.project.lot_set_id}, {"pk": NOBODY}],
            "bids/": anything,
            "contracts/": anything,
            "microenterprises/": [{**me, "number": 1} for me in firms],
            "platforms/": [{"pk": cast.platform.pk}],
            "ideas/": [{"pk": NOBODY, "number": 1, "seat_id": NOBODY, "pledge_id": NOBODY}],
            "talent/seats/": [{"pk": seat.pk}],
            "talent/invitations/": anything,
            "talent/people/": [{"pk": entry.pk}],
            "talent/wind-up/": firms,
            "talent/teams/": [{"pk": stage.team[1].pk}, {"pk": cast.cold_chain.pk}],
            "settlement/": [{**days[0], **anything[0], **firms[0]}],
            "payouts/": anything,
            "payouts/payments/": anything,
            "settlement/books/": [{"entity": cast.cold_chain.entity_id}, {"entity": 999_999}],
            "settlement/books/accounts/": [{"account": 1}, {"account": 999_999}],
            "settlement/exports/": anything,
            "settlement/exports/new/": [
                {"kind": kind, "form": form} for kind, recipe in CATALOGUE.items() for form in recipe.formats
            ],
            "statements/": [*people, *anything],
            "statements/people/": [{"person": who["pk"]} for who in people],
            "settlement/outcomes/": anything,
            "settlement/microenterprises/": firms,
            "pledges/": anything,
            "integrity/flags/": anything,
            "integrity/projects/": [{"pk": stage.project.pk}, {"pk": NOBODY}],
            "seats/": [{"pk": seat.pk}],
            "invitations/": anything,
            "people/": [*people, *anything],
            "vendors/": [{"pk": stage.outsider[1].pk, "colleague": NOBODY}, {"pk": NOBODY}],
            "vendors/invitations/": [{"token": "a-guess"}],
            "calendar/": [{"token": "a-guess"}, *({"token": token} for token in stage.calendars)],
            "api/v1/ocds/": [{"ocid": f"{settings.OCDS_PREFIX}-{stage.project.pk}"}, {"ocid": "ocds-elsewhere-1"}],
            "api/v1/lot-sets/": [{"pk": stage.project.lot_set_id}, {"pk": NOBODY}],
            "api/v1/": [{**bid, **days[0]}, *({"pk": me["pk"]} for me in firms)],
        }
    )


def reader(stage: Stage, name: str) -> User | None:
    """Somebody of the cast, the vendor, or nobody who is signed in."""
    if name == "stranger":
        return None
    found: User = stage.vendor if name == "vendor" else getattr(stage.cast, name)
    return found


def client_for(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


@dataclass(frozen=True)
class Readers:
    """Who looks, and how far they go."""

    looking: Sequence[str]
    """Who is asked at every address."""
    asking: Sequence[str]
    """Who of them also tries every filter and every order that a page offers."""
    guessing: Sequence[str]
    """Who of them also tries what no page offers."""
    guesses: int
    """How many guesses they have at an address; with all of them also at those without answer and at the admin's."""


def ask_everything(stage: Stage, instant: datetime, readers: Readers) -> Answers:
    """What every reader learns at every address, at one frozen instant."""
    addresses = [address for address in dict.fromkeys(paths(known(stage))) if "logout" not in address]
    api = asking.declared()
    answers: Answers = {}
    with past.at(instant):
        for name in readers.looking:
            client = client_for(reader(stage, name))
            mine = [one for one in addresses if not one.startswith("/admin/") or name in STAFF or one == "/admin/"]
            for address in mine:
                answers[name, address] = seen(client.get(address))
            further = [
                question for address in mine for question in further_questions(address, answers, name, readers, api)
            ]
            if readers.guesses == len(PROBES) and name in readers.guessing and name in STAFF:
                further += guessed_of_tables()
            for question in dict.fromkeys(further):
                answers[name, question] = seen(client.get(question))
    return answers


def further_questions(address: str, answers: Answers, name: str, readers: Readers, api: Api) -> list[str]:
    """What this reader asks at an address besides, now that they know what it answers."""
    status, _headers, body = answers[name, address]
    found = []
    if name in readers.asking and status == 200:
        found += asking.questions(address, body, api)
    if name in readers.guessing and not address.startswith("/admin/"):
        found += guessed(address, answers=status == 200, most=readers.guesses)
    return found


def queue() -> Iterator[tuple[str, list[Any]]]:
    """Tasks that wait at the broker, taken from it: name and arguments."""
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    key = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] + celery_app.conf.task_default_queue
    while raw := broker.lpop(key):
        message = json.loads(raw)

        args, _kwargs, _embed = json.loads(base64.b64decode(message["body"]))
        yield message["headers"]["task"], args


def mails_sent() -> list[tuple[list[str], str, str]]:
    """Run what the clock does every minute and what waits at the broker, and return the mails that this sent."""
    mail.outbox.clear()
    tell_what_is_new()
    mail_alerts()
    for task, args in queue():
        celery_app.tasks[task](*args)
    return sorted((m.to, str(m.subject), str(m.body)) for m in mail.outbox)


def bid(stage: Stage, who: User, me: Microenterprise | Vendor, price: int) -> None:
    """Submit through the page, as a person does."""
    typed = {"microenterprise": me.pk, "price": f"{price}.00", "days": 30, "plan": f"Sealed plan of {me.name}"}
    response = client_for(who).post(f"/projects/{stage.project.pk}/bid/", typed)
    assert response.status_code == 303, response.content.decode()


def change(stage: Stage, bidders: "Bidders", instant: datetime) -> None:
    """Lin changes the project, at the same instant and with the same new ids in both worlds; whoever bid confirms."""
    numbers = itertools.count(1_000_000)
    with past.at(instant - timedelta(hours=1)):
        words = replace(words_of(Project.objects.get(pk=stage.project.pk)), title="Cold rooms that call for help")
        with past.ids(lambda: UUID(int=next(numbers))):
            amend(project=stage.project, words=words, reason="A call is heard.", by=stage.cast.lin)
        for bidder, me, _price in bidders:
            address = f"/projects/{stage.project.pk}/bid/confirm/?me={me.pk}"
            response = client_for(bidder).post(address, {"seen": "2"})
            assert response.status_code == 303, response.content.decode()


class Listener(logging.Handler):
    """Keeps every log line of INFO or above."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@dataclass
class World:
    answers: Answers
    mails: list[tuple[list[str], str, str]]
    notices: list[tuple[str, str]]
    logs: list[str]
    stored: list[str]
    opened: Answers


Bidders = list[tuple[User, Microenterprise | Vendor, int]]


def live(
    stage: Stage,
    bidders: Bidders,
    instant: datetime,
    readers: Readers,
    besides: set[str],
) -> World:
    """One world: its bids arrive, everybody looks at everything, then the bids are opened and somebody looks again.

    besides: who bids in either world; their mails and notices are their own business.
    """
    listener, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.INFO)
    try:
        for bidder, me, price in bidders:
            bid(stage, bidder, me, price)
        change(stage, bidders, instant)
    finally:
        root.removeHandler(listener)
        root.setLevel(level)
    mails = [m for m in mails_sent() if not set(m[0]) & besides]
    answers = ask_everything(stage, instant, readers)
    notices = sorted(
        (n.person.email, n.sentence) for n in Notice.objects.select_related("person") if n.person.email not in besides
    )
    stored = sorted(default_storage.listdir("")[1]) if default_storage.exists("") else []
    page = f"/projects/{stage.project.pk}/"
    with past.at(stage.project.deadline + timedelta(seconds=1)):
        openings.open_bids(project=stage.project)
    opened = {}
    for name in ("lin", "rui"):
        with past.at(instant + timedelta(days=5)):
            opened[name, page] = seen(client_for(getattr(stage.cast, name)).get(page))
    assert Bid.objects.opened().count() == len(bidders)
    list(queue())
    return World(answers, mails, notices, listener.lines, stored, opened)


def test_nobody_but_the_bidders_can_tell_two_worlds_apart(cloned_db: str, cast: Cast) -> None:
    compare(cast, Readers(EVERY_TIME, asking=("lin", "rui"), guessing=("rui",), guesses=6))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_nobody_at_all_can_tell_two_worlds_apart_whatever_they_try(cloned_db: str, cast: Cast) -> None:
    compare(cast, Readers(EVERYBODY, asking=EVERYBODY, guessing=("lin", "mei", *STAFF), guesses=len(PROBES)))


def _leader(me: Microenterprise) -> User:
    return me.memberships.get(is_lead=True).person


def compare(cast: Cast, readers: Readers) -> None:
    """Live both worlds and hold them against each other, before and after the opening."""
    stage = set_stage(cast)
    list(queue())
    amara, teo = stage.cast.amara, stage.cast.teo
    one: Bidders = [(amara, stage.cast.cold_chain, 70_000)]
    rivals: Bidders = [(_leader(me), me, 40_000 + n * 7_000) for n, me in enumerate(stage.rivals)]
    five: Bidders = [(teo, stage.cast.northwind, 60_000), *rivals, (*stage.outsider, 55_000), (*stage.team, 50_000)]
    instant = (market_now() + timedelta(hours=5)).replace(microsecond=0).astimezone(ZoneInfo("UTC"))
    besides = {bidder.email for bidder, _me, _price in one + five}
    connection.close()
    with cloned():
        first = live(stage, one, instant, readers, besides)
    with cloned():
        second = live(stage, five, instant, readers, besides)

    assert set(first.answers) == set(second.answers)
    assert len(first.answers) > 1000
    untried = asking.untried(address for _name, address in first.answers)
    assert not untried, f"no page offers these filters to a reader who tries them: {untried}"
    broken = {key for key, answer in first.answers.items() if answer[0] >= 500 and key[1] != "/readyz"}
    assert not broken, sorted(broken)[:20]
    different = [key for key, answer in first.answers.items() if answer != second.answers[key]]
    assert not different, different[:20]
    assert first.mails == second.mails
    assert first.notices == second.notices
    assert first.logs == second.logs == []
    assert first.stored == second.stored
    shown = [key for key, answer in first.answers.items() if b"Sealed plan" in answer[2]]
    assert not shown, shown
    for key, answer in first.opened.items():
        assert answer != second.opened[key]
        assert b"Cold Chain" in answer[2]
        assert b"Rival 3" in second.opened[key][2]
        assert b"Sudwind" in second.opened[key][2]


def test_a_route_that_nobody_has_thought_of_fails() -> None:
    with pytest.raises(LookupError, match="say what it shows"):
        list(Known({"projects/": [{"pk": 1}]}).fill("secrets/<uuid:pk>/", ["pk"]))
