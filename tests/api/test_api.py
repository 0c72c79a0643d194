"""The API: the same rules as the pages, problems as documents, writes that may be repeated."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from contracts.models import Bid
from core.models import IdempotencyKey
from people.models import User
from settlement.models import SettlementRun
from tests.cast import Cast
from tests.contracts import market, scenes

JSON = "application/json"


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def terms(cast: Cast, project: Any, **changes: Any) -> dict[str, Any]:
    return {
        "project": str(project.pk),
        "microenterprise": str(cast.cold_chain.pk),
        "price_minor": 70_000_00,
        "days": 30,
        "plan": "Line the vans.",
        **changes,
    }


def test_a_stranger_gets_nothing_not_even_the_schema(cast: Cast) -> None:
    for address in ("/api/v1/projects/", "/api/v1/bids/", "/api/schema/", "/api/"):
        assert Client().get(address).status_code in (302, 401, 403), address


def test_a_token_opens_what_the_session_opens(cast: Cast) -> None:
    token = Token.objects.create(user=cast.amara)
    answer = Client().get("/api/v1/microenterprises/", headers={"Authorization": f"Token {token.key}"})
    assert answer.status_code == 200
    assert {row["name"] for row in answer.json()["results"]} == {"Blue Kettle", "Cold Chain", "Northwind"}


def test_a_bid_is_submitted_read_revised_and_withdrawn_by_its_leader_alone(cast: Cast) -> None:
    project = market.published(cast)
    amara = client(cast.amara)
    made = amara.post("/api/v1/bids/", terms(cast, project), content_type=JSON)
    assert made.status_code == 201, made.content
    assert "price_minor" not in made.json()
    address = f"/api/v1/bids/{made.json()['id']}/"
    assert amara.get(address).json()["price_minor"] == 70_000_00
    changed = {"price_minor": 60_000_00, "days": 20, "plan": "Faster."}
    revised = amara.put(address, changed, content_type=JSON)
    assert revised.json()["revision"] == 2
    for other in (cast.mei, cast.lin, cast.teo, cast.rui, cast.hua, cast.fay, cast.ada):
        assert client(other).get(address).status_code == 404
        assert client(other).get("/api/v1/bids/").json() == []
        assert client(other).put(address, changed, content_type=JSON).status_code == 404
    assert client(cast.lin).get(f"/api/v1/projects/{project.pk}/bids/").json() == []
    assert amara.delete(address).status_code == 204


def test_errors_are_problem_documents(cast: Cast) -> None:
    project = market.published(cast)
    lin = client(cast.lin)
    own = lin.post("/api/v1/bids/", terms(cast, project, microenterprise=str(cast.blue_kettle.pk)), content_type=JSON)
    assert own.status_code == 403
    assert own["Content-Type"] == "application/problem+json"
    assert own.json()["type"] == "urn:haier-market:problem:denied"
    assert own.json()["status"] == 403
    invalid = lin.post("/api/v1/bids/", {}, content_type=JSON)
    assert invalid.status_code == 422
    assert set(invalid.json()["errors"]) == {"project", "microenterprise", "price_minor", "days", "plan"}
    assert lin.get("/api/v1/contracts/00000000-0000-0000-0000-000000000007/").json()["status"] == 404


def test_a_repeated_write_is_done_once_and_answered_the_same(cast: Cast) -> None:
    project = market.published(cast)
    amara, key = client(cast.amara), {"Idempotency-Key": "one"}
    first = amara.post("/api/v1/bids/", terms(cast, project), content_type=JSON, headers=key)
    second = amara.post("/api/v1/bids/", terms(cast, project), content_type=JSON, headers=key)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert Bid.objects.count() == 1
    other = amara.post("/api/v1/bids/", terms(cast, project, days=31), content_type=JSON, headers=key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency-key-reused")
    again = amara.post("/api/v1/bids/", terms(cast, project), content_type=JSON)
    assert again.status_code == 409
    kept = IdempotencyKey.objects.get()
    columns = " ".join(map(str, IdempotencyKey.objects.values_list().get()))
    assert not any(said in columns for said in (str(cast.amara.pk), str(project.pk), str(Bid.objects.get().pk), ":"))
    assert str(project.pk).encode() not in bytes(kept.body or b"")
    assert first.json()["receipt"].encode() not in bytes(kept.body or b"")


def test_a_contract_is_signed_delivered_and_accepted_by_the_api(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    address = f"/api/v1/contracts/{contract.pk}/"
    seen = client(cast.lin).get(address).json()["version"]["sha256"]
    stale = client(cast.lin).post(f"{address}sign/", {"sha256_seen": "0" * 64}, content_type=JSON)
    assert stale.status_code == 409
    for leader in (cast.lin, cast.amara):
        signed = client(leader).post(f"{address}sign/", {"sha256_seen": seen}, content_type=JSON)
        assert signed.status_code == 200, signed.content
    delivered = client(cast.amara).post(
        f"{address}milestones/1/deliver/", {"evidence": "Logger read-outs."}, content_type=JSON
    )
    assert delivered.json()["milestones"][0]["status"] == "submitted"
    assert client(cast.lin).post(f"{address}milestones/1/accept/", {}, content_type=JSON).status_code == 403
    accepted = client(cast.noor).post(f"{address}milestones/1/accept/", {}, content_type=JSON)
    assert accepted.json()["status"] == "completed"
    assert client(cast.teo).get(address).status_code == 404
    assert client(cast.rui).get(address).status_code == 200


@pytest.mark.parametrize("name", ["amara", "hua", "lin"])
def test_runs_are_for_finance_auditor_and_steward(cast: Cast, name: str) -> None:
    assert client(getattr(cast, name)).get("/api/v1/runs/").json()["results"] == []
    assert SettlementRun.objects.count() == 0


def test_the_schema_describes_every_address(cast: Cast) -> None:
    schema = client(cast.amara).get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert schema.status_code == 200
    page = client(cast.amara).get("/api/")
    assert page.status_code == 200
    assert b"/api/v1/bids/" in page.content
