"""Awarding, changing and confirming through the API: the same rules, told as documents."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from contracts.models import Award, Bid, Project
from tests.api.test_api import JSON, client
from tests.cast import Cast
from tests.contracts import market
from tests.contracts.test_bidding_races import crowd
from tests.threads import together

RIVALS = 5
CLICKS = 50


def chosen(winner: Bid, *others: Bid) -> dict[str, Any]:
    return {
        "bid": str(winner.pk),
        "reason": "The lowest price.",
        "loser_reasons": [{"bid": str(other.pk), "reason": "Dearer."} for other in others],
    }


@pytest.mark.django_db
def test_lin_awards_through_the_api_and_nobody_else_does(cast: Cast) -> None:
    project, first, second = market.evaluating(cast)
    address = f"/api/v1/projects/{project.pk}/award/"
    body = chosen(first, second)
    for other in (cast.noor, cast.amara, cast.teo, cast.ada):
        assert client(other).post(address, body, content_type=JSON).status_code == 403
    assert client(cast.lin).post(address, chosen(first), content_type=JSON).status_code == 422
    made = client(cast.lin).post(address, body, content_type=JSON)
    assert made.status_code == 201, made.content
    assert made.json()["bid"] == str(first.pk)
    again = client(cast.lin).post(address, body, content_type=JSON)
    assert again.status_code == 409
    assert Award.objects.count() == 1


@pytest.mark.django_db
def test_a_sealed_bid_cannot_be_named_in_an_award(cast: Cast) -> None:
    project = market.published(cast)
    bid = market.bids_on(project, cast.cold_chain, cast.amara)
    answer = client(cast.lin).post(f"/api/v1/projects/{project.pk}/award/", chosen(bid), content_type=JSON)
    assert answer.status_code == 404


@pytest.mark.django_db
def test_a_change_and_its_confirmation_through_the_api(cast: Cast) -> None:
    project = market.published(cast)
    bid = market.bids_on(project, cast.cold_chain, cast.amara)
    address = f"/api/v1/projects/{project.pk}/amend/"
    body = {"seen": 1, "reason": "More boxes.", "title": "More cold boxes", "ceiling_minor": 110_000_00}
    assert client(cast.amara).post(address, body, content_type=JSON).status_code == 403
    changed = client(cast.lin).post(address, body, content_type=JSON)
    assert changed.status_code == 200, changed.content
    assert (changed.json()["revision"], changed.json()["title"]) == (2, "More cold boxes")
    assert client(cast.lin).post(address, body, content_type=JSON).status_code == 409
    amara = client(cast.amara)
    (listed,) = amara.get("/api/v1/bids/").json()
    assert listed["to_confirm"] is True
    own = f"/api/v1/bids/{bid.pk}/confirm/"
    assert client(cast.teo).post(own, {"seen": 2}, content_type=JSON).status_code == 404
    assert amara.post(own, {"seen": 1}, content_type=JSON).status_code == 409
    assert amara.post(own, {"seen": 2}, content_type=JSON).status_code == 200
    (listed,) = amara.get("/api/v1/bids/").json()
    assert listed["to_confirm"] is False


@pytest.mark.django_db
def test_a_bid_on_words_that_changed_is_refused(cast: Cast) -> None:
    project = market.published(cast)
    client(cast.lin).post(
        f"/api/v1/projects/{project.pk}/amend/", {"seen": 1, "reason": "x", "title": "Else"}, content_type=JSON
    )
    body = {
        "project": str(project.pk),
        "microenterprise": str(cast.cold_chain.pk),
        "price_minor": 1_000_00,
        "days": 3,
        "plan": "x",
        "seen": 1,
    }
    refused = client(cast.amara).post("/api/v1/bids/", body, content_type=JSON)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":project-changed")
    assert client(cast.amara).post("/api/v1/bids/", body | {"seen": 2}, content_type=JSON).status_code == 201


def test_fifty_clicks_on_five_bids_make_one_award(cloned_db: str, cast: Cast) -> None:
    """One 201 and 49 times 409; a second row by hand is refused by the database."""
    project = market.published(cast)
    for number, (firm, leader) in enumerate(crowd(cast.platform, RIVALS)):
        market.bids_on(project, firm, leader, price_minor=80_000_00 + number)
    project = market.opened(project)
    bids = list(Bid.objects.filter(project=project).order_by("price_minor"))
    visitors = [client(cast.lin) for _click in range(CLICKS)]

    def click(index: int) -> int:
        winner = bids[index % RIVALS]
        body = chosen(winner, *(bid for bid in bids if bid != winner))
        return visitors[index].post(f"/api/v1/projects/{project.pk}/award/", body, content_type=JSON).status_code

    answers = together(CLICKS, click)
    assert sorted(map(str, answers)) == ["201", *["409"] * (CLICKS - 1)]
    assert Project.objects.get(pk=project.pk).awards.filter(status__in=["proposed", "standing", "active"]).count() == 1
    made = Award.objects.get()
    other = next(bid for bid in bids if bid.pk != made.bid_id)
    refused = pytest.raises(IntegrityError, match="one_award_per_project")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contracts_award"
            " (id, project_id, bid_id, status, reason, arithmetic, awarded_at, awarded_by_id)"
            " SELECT gen_random_uuid(), project_id, %s, status, reason, arithmetic, awarded_at, awarded_by_id"
            " FROM contracts_award",
            [other.pk],
        )
