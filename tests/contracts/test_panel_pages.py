"""The pages of the panel: what each sees and when, and what every changing page refuses."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from contracts.actions import panel
from contracts.models import Bid, Confirmation, Consensus, Criterion, Declaration, Panelist, Project
from core.clock import business_date
from microenterprises.models import Membership
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, evaluating, figures_of, give, judge, published
from tests.contracts.panels import all_in, every_cell, told, two_envelopes, vacant, with_answers
from tests.secrecy.worlds import seen

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, name: str, *args: Any) -> str:
    response = as_person(person).get(reverse(name, args=args), follow=True)
    assert response.status_code == HTTPStatus.OK, (name, response.status_code)
    return re.sub(r'<span class="money">([^<]*)</span>', r"\1", " ".join(response.content.decode().split()))


def post(person: User, name: str, *args: Any, data: dict[str, Any] | None = None) -> Any:
    return as_person(person).post(reverse(name, args=args), data or {})


def two(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    facts = {"method": "price_quality", "price_weight_bp": 6_000, "panel": [cast.noor, cast.sol]}
    return evaluating(cast, **facts | changes)


def typed(figures: dict[Bid, int], reason: str = "So.") -> dict[str, str]:
    found: dict[str, str] = {}
    for bid, points in figures.items():
        found |= {f"{bid.pk}-1-points": str(points), f"{bid.pk}-1-reason": reason}
    return found


# ------------------------------------------------------------------ from declaring to agreeing


def test_noor_declares_before_she_sees_what_was_offered(cast: Cast) -> None:
    project, first, _second = two(cast)
    for name in ("project_detail", "project_quality", "panel_declare"):
        found = page(cast.noor, name, project.pk)
        assert "Cold Chain" in found
        assert "Northwind" in found
        assert "Gel packs" not in found
        assert "80,000" not in found
    assert as_person(cast.noor).get(reverse("panel_score", args=[project.pk])).status_code == HTTPStatus.FORBIDDEN
    receipt = reverse("bid_receipt", args=[project.pk, first.pk])
    assert as_person(cast.noor).get(receipt).status_code == HTTPStatus.NOT_FOUND
    listed = as_person(cast.noor).get(f"/api/v1/projects/{project.pk}/bids/")
    assert listed.json() == []
    assert "Gel packs" in page(cast.teo, "project_detail", project.pk)
    assert post(cast.noor, "panel_declare", project.pk, data={"says": "none"}).status_code == HTTPStatus.SEE_OTHER
    assert "Gel packs" in page(cast.noor, "project_quality", project.pk)
    assert as_person(cast.noor).get(receipt).status_code == HTTPStatus.OK


def test_the_panel_judges_apart_then_sees_all_side_by_side_and_agrees(cast: Cast) -> None:
    project, first, second = two(cast)
    for somebody in (cast.noor, cast.sol):
        post(somebody, "panel_declare", project.pk, data={"says": "none"})
    kept = typed({first: 7_777}, "") | {"keep": "1"}
    assert post(cast.noor, "panel_score", project.pk, data=kept).status_code == HTTPStatus.SEE_OTHER
    assert "7777" in page(cast.noor, "panel_score", project.pk)
    given = typed({first: 7_777, second: 1_234}, "Proven in Turpan.")
    assert post(cast.noor, "panel_score", project.pk, data=given).status_code == HTTPStatus.SEE_OTHER
    for somebody in (cast.lin, cast.sol, cast.ada, cast.rui):
        for name in ("project_quality", "project_detail"):
            found = page(somebody, name, project.pk)
            assert "7,777" not in found
            assert "Turpan" not in found
    assert "Waiting for Sol." in page(cast.lin, "project_quality", project.pk)
    assert "Waiting for Sol." in page(cast.noor, "project_quality", project.pk)
    assert "Waiting for Sol." in page(cast.teo, "project_detail", project.pk)
    post(cast.sol, "panel_score", project.pk, data=typed({first: 5_001, second: 2_234}))
    found = page(cast.sol, "project_quality", project.pk)
    assert "7,777" in found
    assert "Proven in Turpan." in found
    assert "Mean 6,389, spread 2,776." in found
    assert "7,777" not in page(cast.lin, "project_quality", project.pk)
    agreed = typed({first: 6_400, second: 1_700})
    assert post(cast.sol, "panel_agree", project.pk, data=agreed).status_code == HTTPStatus.SEE_OTHER
    assert "Waiting for Noor." in page(cast.lin, "project_quality", project.pk)
    shown = page(cast.noor, "project_quality", project.pk)
    assert "Sol proposes:" in shown
    assert "6,400" in shown
    confirm = {"consensus": str(Consensus.objects.get().pk)}
    assert post(cast.noor, "panel_confirm", project.pk, data=confirm).status_code == HTTPStatus.SEE_OTHER
    first.refresh_from_db()
    assert first.quality_points == 6_400
    after = page(cast.lin, "project_quality", project.pk)
    assert "7,777" in after
    assert "The panel has agreed" in after
    assert "Rank 1." in page(cast.teo, "project_detail", project.pk)


def test_criteria_and_answers_are_on_every_page_that_needs_them(cast: Cast) -> None:
    project, first, second = with_answers(cast)
    assert "How a broken box is replaced within a day." in page(cast.teo, "project_detail", project.pk)
    assert "A spare box on every van." in page(cast.teo, "project_detail", project.pk)
    panel.declare_none(project=project, by=cast.noor)
    found = page(cast.noor, "panel_score", project.pk)
    assert "A spare box on every van." in found
    assert "Quality points for Service" in found
    for somebody in (cast.sol, cast.hua):
        panel.declare_conflict(project=project, bid=first, reason="Related.", by=somebody)
    data = {
        f"{bid.pk}-{place}-{what}": value
        for bid in (first, second)
        for place in (1, 2)
        for what, value in (("points", "5001"), ("reason", "Fine."))
    }
    assert post(cast.noor, "panel_score", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    shown = page(cast.teo, "project_detail", project.pk)
    assert "60% × 5,001 + 40% × 5,001 = 5,001 of 10,000 points, rounded down." in shown


def test_a_bidder_answers_on_the_page_of_the_bid(cast: Cast) -> None:
    project, _first, _second = with_answers(cast)
    asking = published(
        cast, method="price_quality", price_weight_bp=6_000, panel=[cast.noor],
        criteria=[_criterion(row) for row in Criterion.objects.filter(project=project).order_by("place")],
    )  # fmt: skip
    assert "How a broken box is replaced" in page(cast.amara, "bid_submit", asking.pk)
    data = {"price": "900", "days": "3", "plan": "Gel.", "answer_1": "Vans."}
    refused = post(cast.amara, "bid_submit", asking.pk, data=data)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    data["answer_2"] = "Melted."
    assert post(cast.amara, "bid_submit", asking.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    own = page(cast.amara, "bid_submit", asking.pk)
    assert "Vans." in own
    assert "Melted." in own


def _criterion(row: Criterion) -> Any:
    from contracts.criteria import CriterionDraft

    return CriterionDraft(row.title, row.judged, row.weight_bp)


def test_lin_names_criteria_and_two_envelopes_in_the_draft(cast: Cast) -> None:
    facts = {
        "title": "Cold boxes", "need": "Boxes.", "success_measure": "Fewer.", "ceiling": "1,000.00",
        "deadline": "2030-01-10T18:00", "zone": "Asia/Shanghai", "method": "price_quality", "price_weight": "60",
        "panel": [str(cast.noor.pk)], "acceptor": str(cast.noor.pk), "two_envelopes": "on",
        "criterion_1_title": "Service", "criterion_1_judged": "Speed.", "criterion_1_weight": "70",
        "criterion_5_title": "Waste", "criterion_5_judged": "Less.", "criterion_5_weight": "20",
    }  # fmt: skip
    refused = post(cast.lin, "project_new", data=facts)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "sum to 100%" in refused.content.decode()
    made = post(cast.lin, "project_new", data=facts | {"criterion_5_weight": "30"})
    assert made.status_code == HTTPStatus.SEE_OTHER, made.content.decode()
    project = Project.objects.get()
    assert project.two_envelopes
    assert list(project.criteria.order_by("place").values_list("title", "weight_bp")) == [
        ("Service", 7_000), ("Waste", 3_000),
    ]  # fmt: skip
    assert 'value="Waste"' in page(cast.lin, "project_edit", project.pk)
    assert "Two envelopes: prices stay sealed" in page(cast.lin, "project_publish", project.pk)


def test_the_first_page_tells_the_panel_what_waits_for_them(cast: Cast) -> None:
    project, first, second = two(cast)
    waits = f"Judge the quality of the bids on “{project.title}”"
    assert waits in page(cast.noor, "home")
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    assert waits not in page(cast.noor, "home")
    give(project, figures_of({first: 1, second: 1}), cast.sol)
    assert waits in page(cast.noor, "home")
    panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.noor)
    assert waits not in page(cast.noor, "home")
    assert waits in page(cast.sol, "home")
    panel.confirm(consensus=Consensus.objects.get(), by=cast.sol)
    assert waits not in page(cast.sol, "home")


# ------------------------------------------------------------------ conflicts


def test_sol_declares_a_conflict_and_sees_no_more(cast: Cast) -> None:
    project, first, _second = all_in(cast)
    assert "Points side by side" not in page(cast.sol, "panel_agree", project.pk)
    missing = post(cast.sol, "panel_declare", project.pk, data={"bid": str(first.pk), "reason": ""})
    assert missing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    data = {"bid": str(first.pk), "reason": "We are related."}
    assert post(cast.sol, "panel_declare", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    found = page(cast.sol, "project_quality", project.pk)
    assert "Sol: Conflict of interest with Cold Chain: We are related." in found
    assert "Mean" not in found
    assert "Gel packs" not in page(cast.sol, "project_detail", project.pk)
    for name in ("panel_score", "panel_agree", "panel_declare"):
        assert as_person(cast.sol).get(reverse(name, args=[project.pk])).status_code == HTTPStatus.FORBIDDEN
    shown = page(cast.noor, "panel_agree", project.pk)
    assert "<s>4,001</s>" in shown
    assert "Mean 4,001, spread 2." in shown


def test_what_the_rules_find_shows_at_the_door_and_is_written_down_at_the_first_post(cast: Cast) -> None:
    project, first, second = two(cast)
    panel.declare_none(project=project, by=cast.noor)
    Membership.objects.create(
        microenterprise=cast.cold_chain, person=cast.noor, role="Helper", customer_outcome="x", track="stable",
        started_on=business_date(),
    )  # fmt: skip
    response = as_person(cast.noor).get(reverse("panel_score", args=[project.pk]))
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "A member of Cold Chain, which bids" in response.content.decode()
    assert Panelist.objects.get(person=cast.noor).status == "ready"
    assert post(cast.noor, "panel_score", project.pk, data=typed({first: 1, second: 1})).status_code == 403
    assert Panelist.objects.get(person=cast.noor).status == "conflicted"
    assert "found by the rules" in page(cast.lin, "project_quality", project.pk)


def test_ada_records_a_conflict_and_names_who_judges_instead(cast: Cast) -> None:
    project, first, second = two(cast)
    data = {"person": str(cast.noor.pk), "bid": str(first.pk), "reason": "Seen at dinner."}
    assert post(cast.ada, "panel_conflict", project.pk, data=data | {"reason": ""}).status_code == 422
    assert post(cast.ada, "panel_conflict", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    data = {"says": "conflict", "bid": str(second.pk), "reason": "My brother leads it."}
    assert post(cast.sol, "panel_declare", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    assert "Everybody on the panel has a conflict of interest." in page(cast.teo, "project_detail", project.pk)
    assert "Ask for a panel member" in page(cast.lin, "home")
    early = as_person(cast.ada).get(reverse("panel_replace", args=[project.pk]))
    assert early.status_code == HTTPStatus.CONFLICT
    assert post(cast.lin, "panel_ask", project.pk, data={"reason": "Who knows boxes."}).status_code == 303
    assert "Ask for a panel member" not in page(cast.lin, "home")
    assert "Name a panel member" in page(cast.ada, "home")
    asked = page(cast.ada, "panel_replace", project.pk)
    assert "Who knows boxes." in asked
    refused = post(cast.ada, "panel_replace", project.pk, data={"person": cast.mei.email})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "A member of Cold Chain" in refused.content.decode()
    assert post(cast.ada, "panel_replace", project.pk, data={"person": cast.hua.email}).status_code == 303
    assert "Waiting for Hua." in page(cast.lin, "project_quality", project.pk)
    assert "You are on the panel" in told(cast.hua)[-1]


# ------------------------------------------------------------------ two envelopes


def test_no_page_shows_a_price_before_quality_is_agreed(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    for somebody in (cast.lin, cast.amara, cast.teo, cast.rui, cast.ada):
        found = page(somebody, "project_detail", project.pk)
        assert "80,000" not in found
        assert "90,000" not in found
        assert "sealed" in found
    receipt = page(cast.rui, "bid_receipt", project.pk, first.pk)
    assert "price_seal" in receipt
    assert "price_minor" not in receipt
    listed = as_person(cast.rui).get(f"/api/v1/projects/{project.pk}/bids/").json()
    assert [row["price_minor"] for row in listed] == [None, None]
    panel.declare_none(project=project, by=cast.noor)
    assert "80,000" not in page(cast.noor, "panel_score", project.pk)
    panel.submit_scores(project=project, figures=figures_of({first: 4_000, second: 9_000}), by=cast.noor)
    give(project, figures_of({first: 4_000, second: 9_000}), cast.sol)
    made = panel.propose(project=project, figures=figures_of({first: 4_000, second: 9_000}), by=cast.noor)
    panel.confirm(consensus=made, by=cast.sol)
    after = page(cast.lin, "project_detail", project.pk)
    assert "90,000.00" in after
    assert "80,000" not in after
    assert "Its price stays sealed for ever." in after
    assert "Prices opened" in after
    assert "8000000" not in every_cell()


# ------------------------------------------------------------------ who may, and when


def _fresh(cast: Cast) -> Project:
    return two(cast)[0]


def _together(cast: Cast) -> Project:
    return all_in(cast)[0]


def _vacant(cast: Cast) -> Project:
    return vacant(cast)[0]


def _agreed(cast: Cast) -> Project:
    project, first, second = two(cast)
    judge(project, {first: 5_000, second: 6_000})
    return project


def _sealed(cast: Cast) -> Project:
    project = published(cast, method="price_quality", price_weight_bp=6_000, panel=[cast.noor, cast.sol])
    bids_on(project, cast.cold_chain, cast.amara)
    return project


STEPS = ("panel_declare", "panel_score", "panel_agree", "panel_confirm")
ALL = (*STEPS, "panel_conflict", "panel_ask", "panel_replace")


@pytest.mark.parametrize(
    ("name", "state", "outsider"),
    [
        *((name, _fresh, "lin") for name in STEPS),
        *((name, _together, "teo") for name in STEPS),
        ("panel_conflict", _fresh, "lin"),
        ("panel_conflict", _fresh, "noor"),
        ("panel_ask", _vacant, "noor"),
        ("panel_ask", _vacant, "ada"),
        ("panel_replace", _vacant, "lin"),
        ("project_quality", _fresh, "teo"),
        ("project_quality", _fresh, "amara"),
    ],
)
def test_who_may_see_but_not_do_gets_a_sentence(
    cast: Cast, name: str, state: Callable[[Cast], Project], outsider: str
) -> None:
    project, somebody = state(cast), getattr(cast, outsider)
    before = (Declaration.objects.count(), Consensus.objects.count(), Confirmation.objects.count())
    for method in ("get", "post"):
        if (name, method) in (("panel_confirm", "get"), ("project_quality", "post")):
            continue
        response = getattr(as_person(somebody), method)(reverse(name, args=[project.pk]), {"reason": "x"})
        assert response.status_code == HTTPStatus.FORBIDDEN, method
    assert (Declaration.objects.count(), Consensus.objects.count(), Confirmation.objects.count()) == before


@pytest.mark.parametrize("name", ALL)
def test_what_is_not_there_is_a_404(cast: Cast, name: str) -> None:
    vendor = User.objects.create(email="v@x.example", name="V", roles=["vendor"], password="!")
    project = _fresh(cast)
    for pk, somebody in ((uuid4(), cast.noor), (project.pk, vendor)):
        assert post(somebody, name, pk).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("state", "who"), [(_sealed, None), (_agreed, None)])
def test_in_the_wrong_state_nothing_happens(cast: Cast, name: str, state: Callable[[Cast], Project], who: None) -> None:
    project = state(cast)
    actor = {"panel_conflict": cast.ada, "panel_replace": cast.ada, "panel_ask": cast.lin}.get(name, cast.noor)
    assert post(actor, name, project.pk, data={"reason": "x"}).status_code == HTTPStatus.CONFLICT


def test_confirming_needs_a_post_names_what_was_seen_and_happens_once(cast: Cast) -> None:
    project, first, second = all_in(cast)
    url = reverse("panel_confirm", args=[project.pk])
    assert as_person(cast.noor).get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert post(cast.noor, "panel_confirm", project.pk).status_code == HTTPStatus.CONFLICT
    old = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.sol)
    panel.propose(project=project, figures=figures_of({first: 2, second: 2}), by=cast.sol)
    seen = {"consensus": str(old.pk)}
    assert post(cast.noor, "panel_confirm", project.pk, data=seen).status_code == HTTPStatus.CONFLICT
    live = {"consensus": str(Consensus.objects.get(status="proposed").pk)}
    assert post(cast.noor, "panel_confirm", project.pk, data=live).status_code == HTTPStatus.SEE_OTHER
    assert post(cast.noor, "panel_confirm", project.pk, data=live).status_code == HTTPStatus.CONFLICT
    assert Confirmation.objects.count() == 1


def test_declaring_twice_finds_it_done(cast: Cast) -> None:
    project = _fresh(cast)
    assert post(cast.noor, "panel_declare", project.pk, data={"says": "none"}).status_code == HTTPStatus.SEE_OTHER
    # The page asks only for a conflict now, so a second "none" names no bidder.
    again = post(cast.noor, "panel_declare", project.pk, data={"says": "none"})
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Declaration.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {}, {"says": "perhaps"}, {"says": "conflict"}, {"says": "conflict", "bid": "x", "reason": "y"},
        {"says": "conflict", "bid": str(uuid4()), "reason": "y"},
    ],
)  # fmt: skip
def test_odd_declarations_are_asked_again(cast: Cast, data: dict[str, str]) -> None:
    project = _fresh(cast)
    assert post(cast.noor, "panel_declare", project.pk, data=data).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Declaration.objects.exists()


def test_before_the_opening_no_page_of_the_panel_tells_that_somebody_bid(cast: Cast) -> None:
    project = published(
        cast, method="price_quality", price_weight_bp=6_000, panel=[cast.noor, cast.sol], two_envelopes=True
    )
    readers = (cast.lin, cast.noor, cast.mei, cast.teo, cast.ada, cast.rui)

    def answers() -> list[Any]:
        clients = [as_person(somebody) for somebody in readers]
        addresses = [reverse(name, args=[project.pk]) for name in ("project_quality", *ALL)]
        gotten = [seen(client.get(address)) for client in clients for address in addresses]
        posted = [
            seen(client.post(address, {"says": "none", "reason": "x"})) for client in clients for address in addresses
        ]
        return gotten + posted

    before = answers()
    bids_on(project, cast.cold_chain, cast.amara)
    bids_on(project, cast.northwind, cast.teo)
    assert answers() == before
