"""A need in lots through the API: published whole or not at all, by the leader alone, once."""

import pytest

from contracts.actions import lots
from contracts.lots import LotDraft
from contracts.models import LotSet, Project
from tests.api.test_api import JSON, client
from tests.cast import Cast
from tests.contracts.market import a_draft
from tests.statements import statements

pytestmark = pytest.mark.django_db


def in_lots(cast: Cast, *ceilings: int) -> LotSet:
    rows = [LotDraft(f"Cold boxes, part {number}", ceiling) for number, ceiling in enumerate(ceilings, start=1)]
    return lots.create(buyer=cast.blue_kettle, shared=a_draft(cast, title="Cold boxes"), lots=rows, by=cast.lin)


def test_lin_publishes_her_lots_through_the_api_and_nobody_else_does(cast: Cast) -> None:
    lot_set = in_lots(cast, 30_000_00, 20_000_00)
    address = f"/api/v1/lot-sets/{lot_set.pk}/"
    publish = f"{address}publish/"
    for stranger in (cast.amara, cast.sol, cast.rui):
        assert client(stranger).get(address).status_code == 404
        assert client(stranger).post(publish, content_type=JSON).status_code == 404
    assert client(cast.noor).get(address).json()["lots"][0]["phase"] == "draft"
    assert client(cast.noor).post(publish, content_type=JSON).status_code == 403
    assert client(cast.lin).get(publish).status_code == 405
    key = {"Idempotency-Key": "lots"}
    lin = client(cast.lin)
    made = lin.post(publish, content_type=JSON, headers=key)
    assert made.status_code == 200, made.content
    told = made.json()
    assert (told["id"], told["title"], told["buyer"]["name"]) == (str(lot_set.pk), "Cold boxes", "Blue Kettle")
    assert [(lot["lot_number"], lot["phase"], lot["lot_set"]) for lot in told["lots"]] == [
        (1, "open", str(lot_set.pk)), (2, "open", str(lot_set.pk)),
    ]  # fmt: skip
    again = lin.post(publish, content_type=JSON, headers=key)
    assert (again.json(), again["Idempotency-Replayed"]) == (told, "true")
    assert lin.post(publish, content_type=JSON).status_code == 409
    assert client(cast.amara).post(publish, content_type=JSON).status_code == 403
    assert client(cast.amara).get(address).json()["lots"] == told["lots"]
    assert len({lot.published_at for lot in lot_set.lots.all()}) == 1
    assert statements(cast.amara, address) <= 8


def test_lots_that_the_wallet_cannot_hold_stay_drafts(cast: Cast) -> None:
    lot_set = in_lots(cast, 30_000_00, 10**13)
    refused = client(cast.lin).post(f"/api/v1/lot-sets/{lot_set.pk}/publish/", content_type=JSON)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":insufficient-funds")
    assert "Nothing was held" in refused.json()["title"]
    assert set(Project.objects.values_list("status", flat=True)) == {"draft"}


def test_the_schema_says_how_lots_are_published(cast: Cast) -> None:
    schema = client(cast.lin).get("/api/schema/?format=json").json()
    deed = schema["paths"]["/api/v1/lot-sets/{id}/publish/"]["post"]
    assert "at one instant" in deed["description"]
    assert "LotSet" in str(deed["responses"]["200"])
    assert "requestBody" not in deed
