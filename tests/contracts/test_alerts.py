"""Alerts: told once, to many at once, of what every colleague may read anyway."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from contracts import tasks
from contracts.actions import alerts, finding, projects
from contracts.models import Alert, Matched, Project, SavedFilter, Watch
from contracts.permissions.standing import standing_of
from contracts.queries.finding import leaders_who_may_bid
from contracts.queries.projects import can_bid
from core import past
from core.clock import business_date, market_now, move_forward
from people.models import Notice, Skill, User
from tests.cast import Cast, cast, firm, person
from tests.contracts.market import abroad, bids_on, drafted, published, quality_facts

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def heard(words: str) -> list[str]:
    rows = Notice.objects.filter(sentence__contains=words).order_by("person__name")
    return list(rows.values_list("person__name", flat=True))


def save(who: User, query: str, name: str = "Mine", *, alerts: bool = True) -> SavedFilter:
    return finding.save_filter(name=name, query=QueryDict(query), by=who, alerts=alerts)


def cost(deed: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        deed()
    return len(captured)


# ------------------------------------------------------------------ a deadline is near


def test_watchers_hear_once_that_a_deadline_is_near(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + 3 * DAY)
    other = published(cast, title="Far away", deadline=market_now() + 30 * DAY)
    for who in (cast.teo, cast.sol):
        finding.watch(project=project, by=who)
        finding.watch(project=other, by=who)
    assert alerts.tell_of_deadlines() == 0
    move_forward(2 * DAY + timedelta(minutes=1))
    assert alerts.tell_of_deadlines() == 2
    assert alerts.tell_of_deadlines() == 0
    assert heard("closes soon") == ["Sol", "Teo"]
    assert not Alert.objects.filter(project=other).exists()
    finding.watch(project=project, by=cast.amara)
    assert alerts.tell_of_deadlines() == 1
    notice = Notice.objects.get(person=cast.amara, sentence__contains="closes soon")
    assert notice.link == f"/projects/{project.pk}/"


def test_a_deadline_that_moved_is_told_again(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(hours=20))
    finding.watch(project=project, by=cast.teo)
    assert alerts.tell_of_deadlines() == 1
    Alert.objects.update(occasion="another deadline")
    assert alerts.tell_of_deadlines() == 1


def test_nobody_hears_of_a_closed_a_cancelled_or_a_coming_project(cast: Cast) -> None:
    closed = published(cast, deadline=market_now() + timedelta(hours=2))
    gone = published(cast, deadline=market_now() + timedelta(hours=20))
    coming = published(cast, opens_at=market_now() + timedelta(hours=6), deadline=market_now() + timedelta(hours=20))
    for project in (closed, gone, coming):
        finding.watch(project=project, by=cast.teo)
    projects.cancel(project=gone, reason="Not needed.", by=cast.lin)
    move_forward(timedelta(hours=3))
    assert alerts.tell_of_deadlines() == 0


def test_who_left_and_outside_vendors_hear_nothing(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(hours=20))
    for who in (cast.teo, cast.sol):
        finding.watch(project=project, by=who)
    User.objects.filter(pk=cast.teo.pk).update(is_active=False)
    User.objects.filter(pk=cast.sol.pk).update(roles=["vendor"])
    assert alerts.tell_of_deadlines() == 0
    assert heard("closes soon") == []


def test_everybody_hears_in_their_own_language(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(hours=20))
    languages = {cast.teo: "en", cast.sol: "zh-hans", cast.mei: "", cast.amara: "xx"}
    for who, language in languages.items():
        User.objects.filter(pk=who.pk).update(language=language)
        finding.watch(project=project, by=who)

    def say() -> str:
        from django.utils.translation import get_language

        return f"said in {get_language()}"

    alerts.tell_watchers(Alert.Kind.CHANGED, [alerts.News(project.pk, say, occasion="2")])
    found = dict(Notice.objects.filter(sentence__startswith="said in").values_list("person__name", "sentence"))
    assert found == {
        "Teo": "said in en", "Sol": "said in zh-hans", "Mei": "said in en", "Amara": "said in en",
    }  # fmt: skip


def test_a_hundred_watchers_of_ten_projects_cost_as_many_statements_as_one_of_one(cast: Cast) -> None:
    def near() -> Project:
        return published(cast, ceiling_minor=1_000_00, deadline=market_now() + timedelta(hours=20))

    finding.watch(project=near(), by=cast.teo)
    few = cost(alerts.tell_of_deadlines)
    crowd = User.objects.bulk_create(
        User(email=f"w{number}@haier.example", name=f"W {number}") for number in range(100)
    )
    many = [near() for _number in range(10)]
    Watch.objects.bulk_create(
        Watch(person=who, project=project, since=market_now()) for who in crowd for project in many
    )
    before = Notice.objects.count()
    assert cost(alerts.tell_of_deadlines) == few <= 9
    assert Notice.objects.count() == before + 1000


def test_alerts_are_the_same_with_bids_and_without(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(hours=20))
    for who in (cast.amara, cast.teo, cast.mei):
        finding.watch(project=project, by=who)
    bids_on(project, cast.cold_chain, cast.amara)
    alerts.tell_of_deadlines()
    assert heard("closes soon") == ["Amara", "Mei", "Teo"]
    assert Notice.objects.filter(sentence__contains="closes soon").values("sentence").distinct().count() == 1


# ------------------------------------------------------------------ new projects fit a saved filter


def test_a_new_project_is_told_once_to_whoever_saved_a_filter_that_it_fits(cast: Cast) -> None:
    save(cast.teo, "q=cold")
    save(cast.teo, "phase=open", "Another that fits")
    save(cast.sol, "q=vans")
    save(cast.mei, "q=cold", alerts=False)
    published(cast)
    assert alerts.tell_of_matches() == 1
    assert alerts.tell_of_matches() == 0
    assert heard("is new and fits") == ["Teo"]
    assert Matched.objects.count() == 1


def test_what_was_published_before_alerts_were_switched_on_is_no_news(cast: Cast) -> None:
    published(cast)
    saved = save(cast.teo, "q=cold")
    assert alerts.tell_of_matches() == 0
    finding.change_filter(saved=saved, name="Mine", shared_with=None, alerts=False, by=cast.teo)
    published(cast)
    assert alerts.tell_of_matches() == 0
    finding.change_filter(saved=saved, name="Mine", shared_with=None, alerts=True, by=cast.teo)
    assert alerts.tell_of_matches() == 0
    published(cast)
    assert alerts.tell_of_matches() == 1


def test_who_publishes_is_not_told_of_it_and_a_draft_is_told_to_nobody(cast: Cast) -> None:
    save(cast.lin, "q=cold")
    save(cast.noor, "q=cold")
    drafted(cast)
    assert alerts.tell_of_matches() == 0
    published(cast)
    alerts.tell_of_matches()
    assert heard("is new and fits") == ["Noor"]


def test_an_alert_finds_what_the_list_finds(cast: Cast) -> None:
    skill = Skill.objects.create(concept_uri="urn:a", reuse_level="cross-sector", label="packaging", search_text="")
    queries = {
        "q=boxes": True, "q=vans": False, "skill=packag": True, "skill=cooking": False, "least=1": True,
        "least=500000": False, "most=100000": True, "currency=CNY": True, "currency=EUR": False,
        f"platform={cast.platform.pk}": True, f"buyer={cast.blue_kettle.pk}": True,
        f"buyer={cast.northwind.pk}": False, "phase=scheduled": True, "order=small&columns=buyer": True,
    }  # fmt: skip
    people = {}
    for number, query in enumerate(queries):
        people[query] = person(f"Reader{number}")
        save(people[query], query)
    published(cast, skills=[skill], title="Cold boxes")
    alerts.tell_of_matches()
    told = set(Notice.objects.filter(sentence__contains="is new and fits").values_list("person__name", flat=True))
    assert told == {people[query].name for query, fits in queries.items() if fits}


def test_i_can_bid_is_asked_of_each_reader(cast: Cast) -> None:
    for who in (cast.amara, cast.teo, cast.mei, cast.sol, cast.noor):
        save(who, "can_bid=on&q=cold")
    published(cast, **quality_facts(cast) | {"panel": [cast.mei]})
    alerts.tell_of_matches()
    assert heard("is new and fits") == ["Teo"]


def test_leaders_who_may_bid_are_those_for_whom_the_list_says_so(cast: Cast) -> None:
    abroad(cast, person("Eve"))
    firm("Second of Lin", cast.platform, cast.lin)
    firm("Mixed", cast.platform, person("Ivo"), cast.hua)
    invitation = {"admission": Project.Admission.INVITED, "invited": [cast.northwind, cast.cold_chain]}
    panel = quality_facts(cast) | {"panel": [cast.hua, cast.noor]}
    for facts in ({}, panel, invitation, panel | invitation):
        project = published(cast, ceiling_minor=1_000_00, **facts)
        now = market_now()
        on = business_date(now)
        seen = {
            who.pk
            for who in User.objects.all()
            if can_bid(Project.objects.filter(pk=project.pk), standing_of(who, on), now).exists()
        }
        assert set(leaders_who_may_bid(project, on)) == seen
        assert seen


def test_a_late_scheduler_tells_what_is_still_news_and_nothing_older(cast: Cast) -> None:
    save(cast.teo, "q=cold")
    published(cast, deadline=market_now() + 30 * DAY)
    move_forward(6 * DAY)
    assert alerts.tell_of_matches() == 1
    published(cast, deadline=market_now() + 30 * DAY)
    move_forward(8 * DAY)
    assert alerts.tell_of_matches() == 0


def test_the_same_filter_of_many_people_is_asked_once(cast: Cast) -> None:
    save(cast.teo, "q=cold&phase=open")
    published(cast, ceiling_minor=1_000_00)
    few = cost(alerts.tell_of_matches)
    crowd = User.objects.bulk_create(
        User(email=f"s{number}@haier.example", name=f"S {number}") for number in range(200)
    )
    SavedFilter.objects.bulk_create(
        SavedFilter(person=who, name="x", query="q=cold&phase=open", created_at=market_now(), alerts_since=market_now())
        for who in crowd
    )
    published(cast, ceiling_minor=1_000_00)
    assert cost(alerts.tell_of_matches) == few <= 11
    assert Notice.objects.filter(sentence__contains="is new and fits").count() == 202


def test_the_task_does_both_and_may_run_twice(cast: Cast) -> None:
    save(cast.teo, "q=cold")
    project = published(cast, deadline=market_now() + timedelta(hours=20))
    finding.watch(project=project, by=cast.sol)
    for _again in range(2):
        tasks.tell_what_is_new()
    assert (heard("is new and fits"), heard("closes soon")) == (["Teo"], ["Sol"])


def test_a_filter_that_no_longer_means_anything_tells_of_nothing(cast: Cast) -> None:
    saved = save(cast.teo, "q=cold")
    SavedFilter.objects.filter(pk=saved.pk).update(query="buyer=00000000-0000-0000-0000-000000000007")
    with past.at(market_now()):
        published(cast)
        assert alerts.tell_of_matches() == 0


# ------------------------------------------------------------------ what need not be remembered


def test_what_was_told_long_ago_is_forgotten_once_the_deadline_has_passed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five rows of one project, in batches of two; what a project that takes bids may tell again is kept."""
    over, running = published(cast), published(cast, title="A year long", deadline=market_now() + 365 * DAY)
    for project in (over, running):
        for who in (cast.teo, cast.sol, cast.amara, cast.mei, cast.hua):
            Alert.objects.create(person=who, project=project, kind=Alert.Kind.DEADLINE, told_at=market_now())
    move_forward(89 * DAY)
    assert alerts.forget_old() == 0
    fresh = Alert.objects.create(person=cast.sol, project=over, kind=Alert.Kind.CHANGED, told_at=market_now())
    move_forward(2 * DAY)
    monkeypatch.setattr(alerts, "AT_ONCE", 2)
    tasks.forget_old_alerts()
    assert list(Alert.objects.exclude(project=running)) == [fresh]
    assert Alert.objects.filter(project=running).count() == 5
