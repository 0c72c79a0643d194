"""The pages of projects, bids and awards: what people see, and what every changing page refuses."""

import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from contracts.models import Award, Bid, Contract, Project
from contracts.models.bids import SealedEvent
from core import past
from core.clock import market_now
from core.models import AuditRecord
from people.models import Skill, User
from tests.cast import Cast, cast
from tests.contracts.market import (
    after_deadline,
    awarded,
    bids_on,
    drafted,
    evaluating,
    opened,
    published,
    quality_facts,
    two_bids,
)
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, name: str, *args: Any, **query: Any) -> str:
    response = as_person(person).get(reverse(name, args=args), query)
    assert response.status_code == HTTPStatus.OK, (name, response.status_code)
    return "".join(response.content.decode().split("\n"))


def post(person: User, name: str, *args: Any, data: dict[str, Any] | None = None, **headers: Any) -> Any:
    return as_person(person).post(reverse(name, args=args), data or {}, headers=headers or None)


# ------------------------------------------------------------------ the walk


def typed_draft(cast: Cast, **changes: Any) -> dict[str, Any]:
    facts = {
        "title": "Cold boxes",
        "need": "Boxes that keep four degrees.",
        "success_measure": "Spoiled deliveries fall from 3% to 1%.",
        "skills": "",
        "ceiling": "100,000.00",
        "method": "lowest_price",
        "price_weight": "",
        "pass_mark": "0",
        "panel_others": "",
        "acceptor": str(cast.noor.pk),
        "opens_at": "",
        "deadline": (market_now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"),
        "zone": "Asia/Shanghai",
    }
    return facts | changes


def test_lin_writes_edits_and_publishes_a_need(cast: Cast) -> None:
    Skill.objects.create(concept_uri="urn:a", reuse_level="cross-sector", label="packaging", search_text="")
    response = post(cast.lin, "project_new", data=typed_draft(cast, skills="packaging"))
    assert response.status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert "Only members of the buyer see this draft." in page(cast.lin, "project_detail", project.pk)
    assert "packaging" in page(cast.lin, "project_edit", project.pk)
    response = post(cast.lin, "project_edit", project.pk, data=typed_draft(cast, title="Colder boxes"))
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert "CN¥100,000.00 moves from your wallet" in page(cast.lin, "project_publish", project.pk).replace(
        '<span class="money">', ""
    ).replace("</span>", "")
    assert post(cast.lin, "project_publish", project.pk).status_code == HTTPStatus.SEE_OTHER
    found = page(cast.amara, "project_detail", project.pk)
    assert "Colder boxes" in found
    assert "Submit a bid" in found


def test_what_was_typed_stays_and_errors_stand_beside_their_fields(cast: Cast) -> None:
    data = typed_draft(cast, title="", ceiling="lots", skills="basket weaving", deadline="", panel_others="x@y.example")
    response = post(cast.lin, "project_new", data=data)
    html = response.content.decode()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    for words in ("lots", "basket weaving", "is not a skill", "Write the amount in digits", "No colleague has this"):
        assert words in html
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("local", "says"),
    [("2027-03-28T02:30", "does not exist in Berlin"), ("2027-10-31T02:30", "comes twice in Berlin")],
)
def test_a_local_time_that_does_not_exist_or_comes_twice_is_refused(cast: Cast, local: str, says: str) -> None:
    response = post(cast.lin, "project_new", data=typed_draft(cast, deadline=local, zone="Europe/Berlin"))
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert says in response.content.decode()


def test_amara_bids_reads_revises_and_withdraws(cast: Cast) -> None:
    project = published(cast)
    data = {"price": "80,000.00", "days": "20", "plan": "Gel packs."}
    response = post(cast.amara, "bid_submit", project.pk, data=data)
    assert response.status_code == HTTPStatus.SEE_OTHER
    bid = Bid.objects.get()
    own = page(cast.amara, "bid_submit", project.pk)
    assert bid.receipt in own
    assert "80,000.00" in own
    assert "Cold Chain" in page(cast.amara, "project_detail", project.pk)
    assert "Cold boxes" in page(cast.amara, "bid_list")
    data = {"price": "70,000.00", "days": "18", "plan": "Better packs."}
    assert post(cast.amara, "bid_submit", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    bid.refresh_from_db()
    assert bid.revision == 2
    assert post(cast.amara, "bid_withdraw", project.pk).status_code == HTTPStatus.SEE_OTHER
    bid.refresh_from_db()
    assert bid.status == Bid.Status.WITHDRAWN


def test_the_preview_shows_what_a_price_is_worth_and_stores_nothing(cast: Cast) -> None:
    project = published(cast, **quality_facts(cast))
    data = {"price": "80,000", "days": "", "plan": ""}
    htmx = {"HX-Request": "true", "HX-Target": "preview"}
    found = post(cast.amara, "bid_submit", project.pk, data=data, **htmx).content.decode()
    assert found.strip().startswith("<div")
    assert "= 2,000" in found
    assert "1,200 of the 10,000 points" in found
    without_script = post(cast.amara, "bid_submit", project.pk, data=data | {"preview": "1"}).content.decode()
    assert "1,200 of the 10,000 points" in without_script
    assert not Bid.objects.exists()


def seen(html: str) -> str:
    """What a reader sees, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_bidder_sees_what_they_would_get_and_nobody_keeps_it(cast: Cast) -> None:
    """30,000.00 over the costs: the members share 30 %, and Amara carries 20 of 30 weights."""
    project = published(cast)
    told = AuditRecord.objects.count()
    data = {"price": "80,000", "costs": "50,000", "days": "", "plan": ""}
    htmx = {"HX-Request": "true", "HX-Target": "preview"}
    found = seen(post(cast.amara, "bid_submit", project.pk, data=data, **htmx).content.decode())
    assert "Price less costs of this work CN¥24,000.00 CN¥30,000.00 CN¥36,000.00" in found
    assert "Added to what the members share CN¥7,200.00 CN¥9,000.00 CN¥10,800.00" in found
    assert "Weight 20 of 30" in found
    assert "What I would get CN¥4,800.00 CN¥6,000.00 CN¥7,200.00" in found
    without_script = post(cast.amara, "bid_submit", project.pk, data=data | {"preview": "1"})
    assert "What I would get CN¥4,800.00" in seen(without_script.content.decode())
    assert "no-store" in without_script.headers["Cache-Control"]
    assert not Bid.objects.exists()
    assert AuditRecord.objects.count() == told


def test_a_bid_that_earns_nothing_says_so(cast: Cast) -> None:
    data = {"price": "80,000", "costs": "80,000", "days": "", "plan": "", "preview": "1"}
    page_of = seen(post(cast.amara, "bid_submit", published(cast).pk, data=data).content.decode())
    assert "the work brings no profit, so nothing would be shared of it" in page_of


def test_the_costs_typed_are_no_part_of_the_bid(cast: Cast) -> None:
    project = published(cast)
    data = {"price": "80,000.00", "costs": "12,345.67", "days": "20", "plan": "Gel packs."}
    assert post(cast.amara, "bid_submit", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    assert "12,345.67" not in page(cast.amara, "bid_submit", project.pk)


def test_a_price_above_the_ceiling_is_refused_beside_the_field(cast: Cast) -> None:
    project = published(cast)
    response = post(cast.amara, "bid_submit", project.pk, data={"price": "100,000.01", "days": "1", "plan": "x"})
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The ceiling is CN¥100,000.00" in response.content.decode()


def test_at_the_deadline_the_page_says_when_it_was(cast: Cast) -> None:
    project = published(cast)
    after_deadline(project)
    response = post(cast.amara, "bid_submit", project.pk, data={"price": "1", "days": "1", "plan": "x"})
    assert response.status_code == HTTPStatus.CONFLICT
    assert "The deadline was" in response.content.decode()


def test_until_the_opening_the_page_is_the_same_for_everybody_else(cast: Cast) -> None:
    """The two-worlds test in miniature: with and without bids, byte for byte."""
    project = published(cast)
    people = (cast.lin, cast.mei, cast.teo, cast.rui, cast.ada)
    names: list[tuple[Any, ...]] = [("project_detail", project.pk), ("project_list",), ("bid_list",)]

    def seen() -> list[str]:
        return [without_tokens(page(person, *name)) for person in people for name in names]

    before = seen()
    bids_on(project, cast.cold_chain, cast.amara)
    assert seen() == before
    after_deadline(project)
    closed = seen()
    with past.at(project.deadline - timedelta(minutes=1)):  # from the deadline on the database lets no bid be withdrawn
        assert Bid.objects.all().update(status=Bid.Status.WITHDRAWN) == 1
    assert seen() == closed


def without_tokens(html: str) -> str:
    html = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", html)
    return re.sub(r'data-now="[^"]+"', "", html)


def test_after_the_opening_bids_stand_side_by_side_with_their_arithmetic(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    for person in (cast.lin, cast.teo, cast.rui, cast.sol):
        found = page(person, "project_detail", project.pk)
        assert "Cold Chain" in found
        assert "Northwind" in found
        assert "Rank 1." in found
        assert first.receipt in found
    assert "Award Cold Chain" in page(cast.lin, "project_detail", project.pk)
    assert "Award Cold Chain" not in page(cast.teo, "project_detail", project.pk)
    assert first.receipt in page(cast.rui, "bid_receipt", project.pk, first.pk)


def test_lin_awards_with_a_reason_and_teo_reads_why(cast: Cast) -> None:
    project, first, second = evaluating(cast)
    asked = page(cast.lin, "project_award", project.pk, first.pk)
    assert "The price is CN¥10,000.00 above the awarded bid." in asked
    data = {"reason": "Cheapest and tested.", f"reason_{second.pk}": ""}
    assert post(cast.lin, "project_award", project.pk, first.pk, data=data).status_code == 422
    data[f"reason_{second.pk}"] = "Dry ice melts our labels."
    assert post(cast.lin, "project_award", project.pk, first.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    found = page(cast.teo, "project_detail", project.pk)
    assert "Dry ice melts our labels." in found
    assert "Cheapest and tested." in found
    contract = Contract.objects.get()
    assert reverse("contract_detail", args=[contract.pk]) in page(cast.amara, "project_detail", project.pk)
    assert reverse("contract_detail", args=[contract.pk]) not in page(cast.teo, "project_detail", project.pk)
    assert "Not chosen" in page(cast.teo, "bid_list")


def test_the_panel_judges_and_the_ranking_follows(cast: Cast) -> None:
    project, first, second = evaluating(cast, **quality_facts(cast))
    assert "still has to judge 2 bids" in page(cast.lin, "project_detail", project.pk)
    assert "has not judged" in page(cast.lin, "project_detail", project.pk)
    assert "Waiting for Noor." in page(cast.teo, "project_detail", project.pk)
    assert post(cast.noor, "panel_declare", project.pk, data={"says": "none"}).status_code == HTTPStatus.SEE_OTHER
    data = {f"{first.pk}-1-points": "2000", f"{first.pk}-1-reason": "Thin."}
    assert post(cast.noor, "panel_score", project.pk, data=data).status_code == 422
    data |= {f"{second.pk}-1-points": "9000", f"{second.pk}-1-reason": "Proven."}
    assert post(cast.noor, "panel_score", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    found = page(cast.lin, "project_detail", project.pk)
    assert "1. Northwind" in found
    assert "2. Cold Chain" in found


# ------------------------------------------------------------------ the list


def test_the_list_is_searched_filtered_ordered_and_exported(cast: Cast) -> None:
    skill = Skill.objects.create(
        concept_uri="urn:b", reuse_level="cross-sector", label="cold logistics", search_text=""
    )
    published(cast, title="Cold boxes", skills=[skill])
    published(cast, title="Payroll run", ceiling_minor=5_000_00, deadline=market_now() + timedelta(hours=5))
    published(cast, title="Later", opens_at=market_now() + timedelta(days=1), deadline=market_now() + timedelta(days=4))
    drafted(cast, title="Secret plan")

    def titles(person: User = cast.amara, **query: Any) -> list[str]:
        html = page(person, "project_list", **query)
        return [title for title in ("Cold boxes", "Payroll run", "Later", "Secret plan") if f">{title}</a>" in html]

    assert titles() == ["Cold boxes", "Payroll run", "Later"]
    assert titles(q="cold") == ["Cold boxes"]
    assert titles(phase="open") == ["Cold boxes", "Payroll run"]
    assert titles(phase="scheduled") == ["Later"]
    assert titles(phase="draft") == []
    assert titles(cast.lin, phase="draft") == ["Secret plan"]
    assert titles(skill="logistics") == ["Cold boxes"]
    assert titles(most="6,000") == ["Payroll run"]
    assert titles(least="6,000", phase="open") == ["Cold boxes"]
    assert titles(soon="on") == ["Payroll run"]
    assert titles(can_bid="on") == ["Cold boxes", "Payroll run"]
    assert titles(cast.lin, can_bid="on") == []
    assert titles(cast.sol, can_bid="on") == []
    assert titles(platform=str(cast.platform.pk)) == ["Cold boxes", "Payroll run", "Later"]
    assert titles(buyer=str(cast.northwind.pk)) == []
    assert titles(currency="EUR") == []
    response = as_person(cast.amara).get(reverse("project_list"), {"phase": "open", "order": "small", "format": "csv"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert [line.split(",")[0] for line in lines] == ["Project", "Payroll run", "Cold boxes"]


def test_a_title_that_looks_like_a_formula_is_text_in_the_file(cast: Cast) -> None:
    published(cast, title="=1+1")
    response = as_person(cast.amara).get(reverse("project_list"), {"format": "csv"})
    assert "\n'=1+1," in b"".join(response.streaming_content).decode().replace("\r", "")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "query",
    [
        {"order": "nonsense"},
        {"phase": "nonsense"},
        {"platform": "no-uuid"},
        {"buyer": str(uuid4())},
        {"most": "much"},
        {"cursor": "broken"},
        {"currency": "12"},
        *({"order": order} for order in ("newest", "deadline", "latest", "ceiling", "small")),
        *({"phase": phase} for phase in ("closed", "evaluating", "awarded", "unsuccessful", "cancelled", "reference")),
    ],
)
def test_no_address_breaks_the_list(cast: Cast, query: dict[str, str]) -> None:
    published(cast)
    assert 'id="results"' in page(cast.amara, "project_list", **query)


def test_the_fragment_is_the_results_alone(cast: Cast) -> None:
    published(cast)
    response = as_person(cast.amara).get(
        reverse("project_list"), headers={"HX-Request": "true", "HX-Target": "results"}
    )
    assert response.content.decode().strip().startswith('<section id="results"')


# ------------------------------------------------------------------ who may, and when


def _draft_args(cast: Cast) -> tuple[Any, ...]:
    return (drafted(cast).pk,)


def _open_args(cast: Cast) -> tuple[Any, ...]:
    return (published(cast).pk,)


def _evaluating_args(cast: Cast) -> tuple[Any, ...]:
    return (evaluating(cast)[0].pk,)


def _bid_args(cast: Cast) -> tuple[Any, ...]:
    project, first, _second = evaluating(cast)
    return (project.pk, first.pk)


@pytest.mark.parametrize(
    ("name", "args", "outsider"),
    [
        ("project_publish", _draft_args, "noor"),
        ("project_cancel", _open_args, "teo"),
        ("project_no_award", _evaluating_args, "teo"),
        ("panel_score", _evaluating_args, "teo"),
        ("project_award", _bid_args, "noor"),
        ("bid_disqualify", _bid_args, "amara"),
        ("bid_submit", _open_args, "mei"),
        ("bid_submit", _open_args, "lin"),
        ("bid_submit", _open_args, "sol"),
    ],
)
def test_who_may_see_but_not_do_gets_a_sentence(
    cast: Cast, name: str, args: Callable[[Cast], tuple[Any, ...]], outsider: str
) -> None:
    given = args(cast)
    person = getattr(cast, outsider)
    before = (Award.objects.count(), Bid.objects.count(), Project.objects.get().status)
    for method in ("get", "post"):
        response = getattr(as_person(person), method)(reverse(name, args=given), {"reason": "x"})
        assert response.status_code == HTTPStatus.FORBIDDEN, method
    assert (Award.objects.count(), Bid.objects.count(), Project.objects.get().status) == before


@pytest.mark.parametrize(
    "name",
    ["project_detail", "project_edit", "project_publish", "project_cancel", "bid_submit", "bid_withdraw",
     "panel_score", "project_no_award"],
)  # fmt: skip
def test_what_is_not_there_and_what_is_not_theirs_are_the_same_404(cast: Cast, name: str) -> None:
    draft = drafted(cast)
    for pk, person in ((uuid4(), cast.lin), (draft.pk, cast.amara)):
        response = (
            post(person, name, pk) if name != "project_detail" else as_person(person).get(reverse(name, args=[pk]))
        )
        assert response.status_code == HTTPStatus.NOT_FOUND


def test_a_sealed_bid_does_not_exist_in_any_address(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    for person in (cast.lin, cast.amara, cast.rui):
        address = reverse("bid_receipt", args=[project.pk, bid.pk])
        assert as_person(person).get(address).status_code == HTTPStatus.NOT_FOUND
    for name in ("project_award", "bid_disqualify"):
        answers = []
        for pk in (bid.pk, uuid4()):
            response = post(cast.lin, name, project.pk, pk)
            assert response.status_code == HTTPStatus.CONFLICT
            answers.append(without_tokens(response.content.decode()).replace(str(pk), ""))
        assert answers[0] == answers[1]
    assert post(cast.teo, "bid_withdraw", project.pk).status_code == HTTPStatus.NOT_FOUND


def test_withdrawing_needs_a_post_and_happens_once(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)
    url = reverse("bid_withdraw", args=[project.pk])
    assert as_person(cast.amara).get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert as_person(cast.amara).post(url).status_code == HTTPStatus.SEE_OTHER
    assert as_person(cast.amara).post(url).status_code == HTTPStatus.NOT_FOUND


def test_a_second_publish_cancel_or_award_finds_it_done(cast: Cast) -> None:
    project = drafted(cast)
    assert post(cast.lin, "project_publish", project.pk).status_code == HTTPStatus.SEE_OTHER
    assert post(cast.lin, "project_publish", project.pk).status_code == HTTPStatus.CONFLICT
    assert post(cast.lin, "project_edit", project.pk, data=typed_draft(cast)).status_code == HTTPStatus.CONFLICT
    assert (
        post(cast.lin, "project_cancel", project.pk, data={"reason": "Not needed."}).status_code == HTTPStatus.SEE_OTHER
    )
    assert post(cast.lin, "project_cancel", project.pk, data={"reason": "Again."}).status_code == HTTPStatus.CONFLICT
    other, first, second = evaluating(cast)
    data = {"reason": "Good.", f"reason_{second.pk}": "Dearer."}
    assert post(cast.lin, "project_award", other.pk, first.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    assert post(cast.lin, "project_award", other.pk, first.pk, data=data).status_code == HTTPStatus.CONFLICT
    assert Award.objects.count() == 1


def test_publishing_without_money_says_what_is_missing(cast: Cast) -> None:
    project = drafted(cast, ceiling_minor=900_000_000_00)
    response = post(cast.lin, "project_publish", project.pk)
    assert response.status_code == 422
    assert "wallet" in response.content.decode()
    project.refresh_from_db()
    assert project.status == Project.Status.DRAFT


def test_a_reading_of_ones_own_bid_is_kept_sealed(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)
    before = SealedEvent.objects.count()
    page(cast.amara, "bid_submit", project.pk)
    assert SealedEvent.objects.count() == before + 1


def test_own_pages_are_never_kept_by_a_browser(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)
    for name, args in (("bid_submit", [project.pk]), ("bid_list", [])):
        response = as_person(cast.amara).get(reverse(name, args=args))
        assert "no-store" in response.headers["Cache-Control"]
        assert "ETag" not in response.headers


# ------------------------------------------------------------------ the number of statements


def test_list_and_detail_cost_the_same_for_one_and_for_many(cast: Cast) -> None:
    def measure(project: Project) -> dict[tuple[str, str], int]:
        urls = [reverse("project_list"), reverse("project_list") + "?phase=open&can_bid=on", reverse("bid_list"),
                reverse("project_detail", args=[project.pk])]  # fmt: skip
        return {
            (person.name, url.split(str(project.pk))[0]): statements(person, url)
            for person in (cast.amara, cast.lin)
            for url in urls
        }

    few = measure(first := published(cast))
    for _number in range(3):
        bids_on(published(cast), cast.cold_chain, cast.amara)
    many = measure(first)
    assert many == few
    assert max(many.values()) <= 8, many


def test_an_opened_project_costs_the_same_whatever_the_number_of_bids(cast: Cast) -> None:
    one = published(cast)
    bids_on(one, cast.cold_chain, cast.amara)
    two = published(cast)
    two_bids(cast, two)
    urls = [reverse("project_detail", args=[opened(project).pk]) for project in (one, two)]
    for person in (cast.lin, cast.amara):  # who decides also asks for the limits of a low price
        few, many = (statements(person, url) for url in urls)
        assert few == many <= 8
    made, _first, _second = awarded(cast)
    assert statements(cast.lin, reverse("project_detail", args=[made.project_id])) <= 8
