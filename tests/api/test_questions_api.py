"""Questions and answers through the API: the rules of the page, and nobody learns who asks."""

import pytest

from contracts.models import Question
from tests.api.test_api import JSON, client
from tests.cast import Cast, person
from tests.contracts import market
from tests.contracts.test_questions import traces


@pytest.mark.django_db
def test_amara_asks_noor_answers_and_everybody_reads_both(cast: Cast) -> None:
    project = market.published(cast)
    address = f"/api/v1/projects/{project.pk}/questions/"
    amara = client(cast.amara)
    amara.get("/")
    before = traces(cast.amara, "Cold Chain")
    made = amara.post(address, {"text": "May we see the vans?"}, content_type=JSON)
    assert made.status_code == 201, made.content
    assert (made.json()["number"], made.json()["asked_by"]) == (1, "")
    assert traces(cast.amara, "Cold Chain") == before, "nobody learns who asked"
    for nobody in (cast.lin, cast.rui):
        assert client(nobody).post(address, {"text": "Mine?"}, content_type=JSON).status_code == 403
    assert amara.post(address, {"text": " "}, content_type=JSON).status_code == 422
    assert amara.post(address, {"text": "x" * 1_001}, content_type=JSON).status_code == 422
    assert client(person("Vendor", "vendor")).get(address).status_code == 404

    answer = f"{address}{made.json()['id']}/answer/"
    assert client(cast.teo).post(answer, {"text": "No."}, content_type=JSON).status_code == 403
    assert client(cast.noor).get(answer).status_code == 405
    key = {"Idempotency-Key": "one"}
    told = client(cast.noor).post(answer, {"text": "On Monday."}, content_type=JSON, headers=key)
    assert (told.status_code, told.json()["answered_by"]) == (200, "Noor")
    assert client(cast.noor).post(answer, {"text": "On Monday."}, content_type=JSON, headers=key).status_code == 200
    assert client(cast.noor).post(answer, {"text": "Never."}, content_type=JSON).status_code == 409

    for number in range(2, 5):
        client(cast.sol).post(address, {"text": f"Question {number}?"}, content_type=JSON)
    first = client(cast.teo).get(address, {"size": "3"}).json()
    assert [row["number"] for row in first["results"]] == [4, 3, 2]
    (last,) = client(cast.teo).get(first["next"]).json()["results"]
    assert (last["answer"], last["asked_by"]) == ("On Monday.", "")

    market.bids_on(project, cast.cold_chain, cast.amara)
    market.opened(project)
    assert [row["asked_by"] for row in client(cast.teo).get(address).json()["results"]] == ["Sol"] * 3 + ["Amara"]
    assert client(cast.teo).post(address, {"text": "Too late?"}, content_type=JSON).status_code >= 400
    assert Question.objects.count() == 4
