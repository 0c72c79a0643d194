"""Finding work: what one watches, saved filters, a new project from an earlier one, everything in the address."""

import re
from datetime import timedelta
from html import unescape
from http import HTTPStatus
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from contracts.actions import finding, projects
from contracts.models import Alert, Project, Question, SavedFilter, Watch
from contracts.proposed import Proposed
from contracts.searching import canonical
from core import past
from core.clock import market_now, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.models import AuditRecord
from microenterprises.models import Membership
from people.models import Skill, User
from tests.cast import Cast, cast, firm, person
from tests.contracts.market import abroad, after_deadline, awarded, drafted, evaluating, published, quality_facts
from tests.secrecy.worlds import seen
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
LIST = "/projects/"


def as_person(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def get(who: User, url: str, **headers: str) -> str:
    response = as_person(who).get(url, headers=headers or None)
    assert response.status_code == HTTPStatus.OK, (url, response.status_code)
    return response.content.decode()


def post(who: User, route: str, *args: Any, query: str = "", **data: Any) -> Any:
    return as_person(who).post(reverse(route, args=args) + query, data)


# ------------------------------------------------------------------ watching


def test_teo_watches_a_project_finds_it_in_his_list_and_stops(cast: Cast) -> None:
    project = published(cast, title="Boxes to watch")
    published(cast, title="Boxes to pass by")
    detail = f"/projects/{project.pk}/"
    assert "/watch/" in get(cast.teo, detail)
    for _again in range(2):
        assert post(cast.teo, "project_watch", project.pk).status_code == HTTPStatus.SEE_OTHER
    assert Watch.objects.count() == 1
    assert "/unwatch/" in get(cast.teo, detail)
    shown = get(cast.teo, f"{LIST}?watching=1")
    assert "Boxes to watch" in shown
    assert "Boxes to pass by" not in shown
    assert "Boxes to watch" not in get(cast.amara, f"{LIST}?watching=1")
    for _again in range(2):
        assert post(cast.teo, "project_unwatch", project.pk).status_code == HTTPStatus.SEE_OTHER
    empty = get(cast.teo, f"{LIST}?watching=1")
    assert "You watch no project like this" in empty
    assert "Clear all" in empty


def test_watching_takes_a_post_by_somebody_who_sees_the_project(cast: Cast) -> None:
    project = published(cast)
    for name in ("project_watch", "project_unwatch"):
        url = reverse(name, args=[project.pk])
        assert as_person(cast.teo).get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert Client().post(url).status_code == HTTPStatus.FOUND
        assert as_person(person(f"Vendor{name}", "vendor")).post(url).status_code == HTTPStatus.NOT_FOUND
        assert post(cast.teo, name, uuid4()).status_code == HTTPStatus.NOT_FOUND
        assert post(cast.teo, name, drafted(cast).pk).status_code == HTTPStatus.NOT_FOUND
    assert post(cast.lin, "project_watch", drafted(cast).pk).status_code == HTTPStatus.CONFLICT
    assert not Watch.objects.exists()


def test_the_auditor_writes_nothing_here_either(cast: Cast) -> None:
    project = published(cast)
    page = get(cast.rui, f"/projects/{project.pk}/")
    assert "/watch/" not in page and "from=" not in page
    for name in ("project_watch", "project_unwatch"):
        assert post(cast.rui, name, project.pk).status_code == HTTPStatus.FORBIDDEN
    assert as_person(cast.rui).get("/projects/saved/new/").status_code == HTTPStatus.FORBIDDEN
    assert post(cast.rui, "filter_new", name="Mine").status_code == HTTPStatus.FORBIDDEN
    with pytest.raises(Denied, match="auditor"):
        finding.save_filter(name="Mine", query=QueryDict(), by=cast.rui)
    assert "The auditor reads everything" in get(cast.rui, LIST)


def test_what_has_ended_is_not_watched_any_more_but_can_be_let_go(cast: Cast) -> None:
    project = published(cast)
    finding.watch(project=project, by=cast.teo)
    projects.cancel(project=project, reason="Not needed.", by=cast.lin)
    with pytest.raises(InvalidTransition, match="has ended"):
        finding.watch(project=project, by=cast.amara)
    assert post(cast.teo, "project_unwatch", project.pk).status_code == HTTPStatus.SEE_OTHER
    running, _first, _second = evaluating(cast)
    finding.watch(project=running, by=cast.amara)


def test_watching_and_saving_leave_no_trace_for_others(cast: Cast) -> None:
    project = published(cast)
    before = AuditRecord.objects.count()
    instant = market_now()
    readers = (cast.lin, cast.mei, cast.ada, cast.rui)

    def others() -> list[Any]:
        return [seen(as_person(who).get(url)) for who in readers for url in (f"/projects/{project.pk}/", LIST, "/")]

    with past.at(instant):
        pages = others()
    finding.watch(project=project, by=cast.teo)
    finding.save_filter(name="Boxes", query=QueryDict("q=boxes"), by=cast.teo, alerts=True)
    finding.unwatch(project=project, by=cast.teo)
    finding.watch(project=project, by=cast.teo)
    assert AuditRecord.objects.count() == before
    with past.at(instant):
        assert others() == pages
    for model in (Watch, SavedFilter, Alert, Question):
        assert model not in admin.site._registry


# ------------------------------------------------------------------ saved filters


def test_teo_saves_the_filters_in_the_address_under_a_name_and_opens_them_again(cast: Cast) -> None:
    published(cast, title="Cold boxes")
    page = get(cast.teo, f"{LIST}?q=cold&phase=open&order=ceiling&columns=deadline&cursor=x&from=21")
    save = unescape(re.findall(r'href="(/projects/saved/new/[^"]*)"', page)[0])
    assert "cursor" not in save and "from=" not in save
    form = get(cast.teo, save)
    assert "cold" in form and "Open" in form
    response = as_person(cast.teo).post(save, {"name": "  Cold   things ", "alerts": "on"})
    assert response.status_code == HTTPStatus.SEE_OTHER
    saved = SavedFilter.objects.get()
    assert (saved.name, saved.query) == ("Cold things", "q=cold&phase=open&order=ceiling&columns=deadline")
    assert saved.alerts_since is not None
    assert "Cold things" in get(cast.teo, "/projects/saved/")
    opened = as_person(cast.teo).get(f"/projects/saved/{saved.pk}/")
    assert opened["Location"] == f"{LIST}?{saved.query}"
    assert "Cold boxes" in get(cast.teo, opened["Location"])


def test_a_filter_is_ones_own_until_it_is_shared_and_then_opens_for_every_colleague(cast: Cast) -> None:
    saved = finding.save_filter(name="Boxes", query=QueryDict("q=boxes"), by=cast.amara)
    opened, edit, delete = (reverse(name, args=[saved.pk]) for name in ("filter_open", "filter_edit", "filter_delete"))
    for who in (cast.mei, cast.teo, cast.rui):
        assert as_person(who).get(opened).status_code == HTTPStatus.NOT_FOUND
        assert as_person(who).post(edit, {"name": "x"}).status_code == HTTPStatus.NOT_FOUND
        assert as_person(who).post(delete).status_code == HTTPStatus.NOT_FOUND
    data = {"name": "Boxes", "shared_with": str(cast.cold_chain.pk)}
    assert as_person(cast.amara).post(edit, data).status_code == HTTPStatus.SEE_OTHER
    assert "Boxes" in get(cast.mei, "/projects/saved/")
    assert "Amara" in get(cast.mei, "/projects/saved/")
    assert "Boxes" not in get(cast.teo, "/projects/saved/")
    for who in (cast.mei, cast.teo):
        assert as_person(who).get(opened).status_code == HTTPStatus.FOUND
        assert as_person(who).get(edit).status_code == HTTPStatus.FORBIDDEN
        assert as_person(who).post(delete).status_code == HTTPStatus.FORBIDDEN
    assert as_person(person("Vendor", "vendor")).get(opened).status_code == HTTPStatus.NOT_FOUND
    assert Client().get(opened).status_code == HTTPStatus.FOUND
    assert "login" in Client().get(opened)["Location"]


def test_a_filter_is_shared_with_ones_own_me_only(cast: Cast) -> None:
    data = {"name": "Boxes", "shared_with": str(cast.northwind.pk)}
    assert post(cast.amara, "filter_new", query="?q=boxes", **data).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    with pytest.raises(Denied, match="Northwind"):
        finding.save_filter(name="B", query=QueryDict("q=b"), by=cast.amara, shared_with=cast.northwind)


def test_a_filter_is_renamed_and_deleted(cast: Cast) -> None:
    saved = finding.save_filter(name="Boxes", query=QueryDict("q=boxes"), by=cast.teo)
    other = finding.save_filter(name="Vans", query=QueryDict("q=vans"), by=cast.teo)
    taken = post(cast.teo, "filter_edit", saved.pk, name="Vans")
    assert taken.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "a filter of this name already" in taken.content.decode()
    assert post(cast.teo, "filter_edit", saved.pk, name="").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert post(cast.teo, "filter_edit", saved.pk, name="Cold boxes").status_code == HTTPStatus.SEE_OTHER
    url = reverse("filter_delete", args=[other.pk])
    assert as_person(cast.teo).get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert as_person(cast.teo).post(url).status_code == HTTPStatus.SEE_OTHER
    assert as_person(cast.teo).post(url).status_code == HTTPStatus.NOT_FOUND
    assert [row.name for row in SavedFilter.objects.all()] == ["Cold boxes"]
    finding.delete_filter(saved=saved, by=cast.teo)
    assert "No saved filters yet" in get(cast.teo, "/projects/saved/")


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("phase=open&q=cold&cursor=abc&from=21&format=csv&unknown=1", "q=cold&phase=open"),
        ("watching=1&can_bid=true&soon=", "can_bid=on&watching=on"),
        ("columns=deadline&columns=buyer", "columns=buyer&columns=deadline"),
        ("q=%20%20", ""),
    ],
)
def test_the_same_view_has_the_same_text(query: str, kept: str) -> None:
    assert canonical(QueryDict(query)) == kept
    assert canonical(QueryDict(kept)) == kept


def test_what_the_list_does_not_understand_is_not_kept(cast: Cast) -> None:
    for query in ("phase=nonsense", "least=lots", "platform=1", f"q={'x' * 101}"):
        with pytest.raises(Invalid):
            finding.save_filter(name="x", query=QueryDict(query), by=cast.teo)
        assert post(cast.teo, "filter_new", query=f"?{query}", name="x").status_code == 422
    with pytest.raises(Invalid, match="too long"):
        finding.save_filter(name="x", query=QueryDict(f"q={'冰' * 100}&skill={'箱' * 100}"), by=cast.teo)
    for query in ("phase=awarded", "watching=1", "soon=on"):
        response = post(cast.teo, "filter_new", query=f"?{query}", name="x", alerts="on")
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "Alerts tell of new projects" in response.content.decode()
        assert post(cast.teo, "filter_new", query=f"?{query}", name=query).status_code == HTTPStatus.SEE_OTHER


def test_one_person_keeps_fifty_filters_and_no_more(cast: Cast) -> None:
    for number in range(50):
        finding.save_filter(name=f"{number}", query=QueryDict(), by=cast.teo)
    with pytest.raises(Conflict, match="50"):
        finding.save_filter(name="one more", query=QueryDict(), by=cast.teo)
    shown = get(cast.teo, "/projects/saved/")
    assert "50 results, showing 1 to 20" in shown


def test_the_list_of_filters_costs_the_same_for_one_and_for_many(cast: Cast) -> None:
    finding.save_filter(name="A", query=QueryDict(), by=cast.mei, shared_with=cast.cold_chain)
    few = statements(cast.amara, "/projects/saved/")
    for number in range(9):
        by = cast.amara if number % 2 else cast.mei
        finding.save_filter(name=f"{number}", query=QueryDict(), by=by, shared_with=cast.cold_chain)
    assert statements(cast.amara, "/projects/saved/") == few <= 8


# ------------------------------------------------------------------ everything in the address


def test_filters_order_columns_and_page_stand_in_the_address_and_survive_paging_and_swaps(cast: Cast) -> None:
    for number in range(25):
        published(cast, title=f"Boxes {number:02}", ceiling_minor=1_000_00 + number)
    state = "q=boxes&phase=open&order=small&columns=deadline&columns=method"
    page = get(cast.teo, f"{LIST}?{state}")
    assert "25 results, showing 1 to 20" in page
    head = page.split("<thead>")[1].split("</thead>")[0]
    assert "What decides" in head and "Deadline" in head
    assert "Ceiling" not in head and "Buyer" not in head
    following = unescape(page.split('rel="next" href="')[1].split('"')[0])
    told = QueryDict(following.removeprefix("?"))
    assert {name: told.getlist(name) for name in ("q", "phase", "order", "columns", "from")} == {
        "q": ["boxes"], "phase": ["open"], "order": ["small"], "columns": ["deadline", "method"], "from": ["21"],
    }  # fmt: skip
    for headers in ({}, {"HX-Request": "true", "HX-Target": "results"}):
        second = get(cast.teo, LIST + following, **headers)
        assert "showing 21 to 25" in second
        assert "Boxes 24" in second and "Boxes 00" not in second
        assert "Ceiling" not in second.split("<thead>")[1].split("</thead>")[0]
        back = QueryDict(unescape(second.split('rel="prev" href="')[1].split('"')[0]).removeprefix("?"))
        assert back.getlist("columns") == ["deadline", "method"]
        export = QueryDict(unescape(re.findall(r'href="\?([^"]*format=csv[^"]*)"', second)[0]))
        assert (export["q"], export["order"], export.get("cursor")) == ("boxes", "small", None)
        chips = second.split('class="chips"')[1]
        assert "order=small" in unescape(chips) and "columns=method" in unescape(chips)


def test_chosen_columns_do_not_keep_the_sheet_of_filters_open_over_the_list(cast: Cast) -> None:
    assert '<details class="filter-rest">' in get(cast.teo, f"{LIST}?columns=deadline")
    assert '<details class="filter-rest" open>' in get(cast.teo, f"{LIST}?columns=deadline&watching=1")


def test_columns_one_does_not_know_are_the_usual_ones(cast: Cast) -> None:
    published(cast)
    head = get(cast.teo, f"{LIST}?columns=price").split("<thead>")[1].split("</thead>")[0]
    for column in ("State", "Buyer", "Deadline", "Ceiling"):
        assert column in head


def test_the_list_takes_eight_statements_at_most_with_every_filter(cast: Cast) -> None:
    published(cast)
    platform = cast.platform.pk
    queries = (
        f"phase=open&can_bid=on&watching=1&q=cold&skill=log&platform={platform}&currency=CNY&least=1",
        "watching=1",
        "columns=method&columns=opens&columns=published",
    )
    for query in queries:
        assert statements(cast.amara, f"{LIST}?{query}") <= 8, query


# ------------------------------------------------------------------ from an earlier project


def field(page: str, name: str) -> str:
    found = re.search(
        rf'<(?:input|textarea)[^>]*name="{name}"[^>]*?(?:value="([^"]*)"[^>]*>|>\s*([^<]*)</textarea>)', page
    )
    return unescape((found.group(1) or found.group(2) or "").strip()) if found else ""


def test_lin_starts_a_new_project_from_an_awarded_one_and_nothing_is_saved_before_she_saves(cast: Cast) -> None:
    award, _first, _second = awarded(cast)
    before = Project.objects.count()
    detail = get(cast.lin, f"/projects/{award.project_id}/")
    url = unescape(re.findall(r'href="(/projects/new/\?from=[^"]*)"', detail)[0])
    page = get(cast.lin, url)
    assert field(page, "title") == "Cold boxes for the last mile"
    assert field(page, "need") == "Boxes that keep four degrees for six hours."
    assert field(page, "ceiling") == "100,000.00"
    assert field(page, "opens_at") == ""
    assert "Filled in from" in page
    assert f'value="{cast.noor.pk}" selected' in page
    assert Project.objects.count() == before
    zone = ZoneInfo("Asia/Shanghai")
    old = award.project.deadline.astimezone(zone)
    typed = field(page, "deadline")
    assert typed.endswith(f"T{old:%H:%M}")
    assert market_now().astimezone(zone).strftime("%Y-%m-%dT%H:%M") < typed
    data = {
        "title": "Cold boxes again", "need": "As before.", "success_measure": "As before.", "ceiling": "50,000.00",
        "method": "lowest_price", "pass_mark": "0", "acceptor": str(cast.noor.pk), "deadline": typed,
        "zone": "Asia/Shanghai", "admission": "open",
    }  # fmt: skip
    response = as_person(cast.lin).post(url, data)
    assert response.status_code == HTTPStatus.SEE_OTHER, response.content.decode()
    new = Project.objects.get(title="Cold boxes again")
    assert new.pk != award.project_id
    assert new.status == Project.Status.DRAFT
    projects.publish(project=new, by=cast.lin)
    award.project.refresh_from_db()
    assert award.project.title == "Cold boxes for the last mile"


def test_the_template_brings_criteria_skills_milestones_and_the_panel_without_who_left(cast: Cast) -> None:
    skill = Skill.objects.create(concept_uri="urn:a", reuse_level="cross-sector", label="packaging", search_text="")
    panel = [cast.noor, cast.sol, cast.hua]
    facts = quality_facts(cast) | {"panel": panel, "pass_mark": 4_000, "skills": [skill]}
    halves = [Proposed("Half", 5_000, 10), Proposed("Rest", 5_000, 20)]
    project = drafted(cast, **facts, milestones=halves)
    User.objects.filter(pk=cast.sol.pk).update(is_active=False)
    page = get(cast.lin, f"/projects/new/?from={project.pk}")
    assert field(page, "price_weight") == "60"
    assert field(page, "pass_mark") == "4000"
    assert field(page, "skills") == "packaging"
    assert field(page, "milestone-0-title") == "Half"
    others = field(page, "panel_others")
    assert cast.hua.email in others and cast.sol.email not in others
    assert re.search(rf'name="panel"[^>]*value="{cast.noor.pk}"[^>]*checked', page)
    Membership.objects.filter(person=cast.noor).update(ended_on=market_now().date())
    page = get(cast.lin, f"/projects/new/?from={project.pk}")
    assert f'value="{cast.noor.pk}" selected' not in page


def test_a_start_that_was_chosen_moves_with_the_deadline(cast: Cast) -> None:
    start = market_now() + timedelta(days=1, hours=2)
    project = published(cast, opens_at=start, deadline=start + timedelta(days=9))
    move_forward(timedelta(days=40))
    page = get(cast.lin, f"/projects/new/?from={project.pk}")
    opens, closes = field(page, "opens_at"), field(page, "deadline")
    zone = ZoneInfo("Asia/Shanghai")
    assert opens > market_now().astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    assert opens <= (market_now() + timedelta(days=1)).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    assert opens[10:] == closes[10:]


def test_only_members_of_the_buyer_start_from_its_projects(cast: Cast) -> None:
    project = published(cast)
    url = f"/projects/new/?from={project.pk}"
    for who in (cast.amara, cast.teo):
        response = as_person(who).get(url)
        assert response.status_code == HTTPStatus.FORBIDDEN
        assert "Only members of Blue Kettle" in response.content.decode()
        assert "?from=" not in get(who, f"/projects/{project.pk}/")
    assert as_person(cast.noor).get(url).status_code == HTTPStatus.OK
    assert as_person(cast.amara).get(f"/projects/new/?from={drafted(cast).pk}").status_code == HTTPStatus.NOT_FOUND
    for nowhere in (str(uuid4()), "x", "1"):
        assert as_person(cast.lin).get(f"/projects/new/?from={nowhere}").status_code == HTTPStatus.NOT_FOUND


def test_for_another_of_ones_mes_the_ceiling_in_another_currency_is_left_out(cast: Cast) -> None:
    project = published(cast)
    other = firm("Green Kettle", cast.platform, person("Gil"), cast.lin)
    page = get(cast.lin, f"/projects/new/?from={project.pk}&me={other.pk}")
    assert field(page, "ceiling") == "100,000.00"
    assert "For Green Kettle." in page
    assert f"from={project.pk}&amp;me={cast.blue_kettle.pk}" in page
    euro = abroad(cast, cast.lin)
    assert field(get(cast.lin, f"/projects/new/?from={project.pk}&me={euro.pk}"), "ceiling") == ""


def test_every_state_of_a_project_can_be_started_from(cast: Cast) -> None:
    gone = published(cast)
    projects.cancel(project=gone, reason="Not needed.", by=cast.lin)
    closed = published(cast)
    after_deadline(closed)
    for project in (drafted(cast), gone, closed):
        assert "?from=" in get(cast.lin, f"/projects/{project.pk}/")
        assert "Filled in from" in get(cast.lin, f"/projects/new/?from={project.pk}")
