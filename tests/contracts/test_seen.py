"""Nobody agrees with, publishes or ends something else than what stood on their page when they read it."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from contracts.actions import awards, contracts, projects
from contracts.models import Award, Bid
from people.models import User
from tests.cast import Cast, firm
from tests.contracts import scenes
from tests.contracts.market import a_draft, bids_on, drafted, opened, published
from tests.contracts.test_decisions import chosen

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def as_(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def hidden(page: Any) -> dict[str, str]:
    """What a page sends along unseen."""
    return dict(HIDDEN.findall(page.content.decode()))


def test_the_second_person_agrees_with_the_choice_they_saw_and_no_other(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    seen = bids_on(project, cast.northwind, cast.teo, 81_000_00)
    other = bids_on(project, firm("Snow", cast.platform, cast.mei), cast.mei, 99_000_00)
    project = opened(project)
    award = chosen(project, Bid.objects.get(pk=seen.pk), cast.lin)
    ada, url = as_(cast.ada), reverse("award_agree", args=[project.pk])
    answer = hidden(ada.get(url)) | {"verdict": "agree", "reason": "81,000 is what we paid before."}
    awards.take_back(award=award, reason="Wait.", by=cast.lin)
    chosen(project, Bid.objects.get(pk=other.pk), cast.lin)
    refused = ada.post(url, answer)
    assert refused.status_code == 422
    assert "the choice was taken back and another was made" in refused.content.decode()
    assert "81,000 is what we paid before." in refused.content.decode()
    assert Award.objects.get(bid=other).agreed_by is None
    ada.post(url, answer | hidden(refused))
    assert Award.objects.get(bid=other).agreed_by == cast.ada


def test_lin_publishes_the_draft_she_saw_and_no_other(cast: Cast) -> None:
    project = drafted(cast)
    lin, url = as_(cast.lin), reverse("project_publish", args=[project.pk])
    answer = hidden(lin.get(url))
    projects.edit(project=project, draft=a_draft(cast, ceiling_minor=4_000_000_00), by=cast.noor)
    refused = lin.post(url, answer, follow=True)
    project.refresh_from_db()
    assert project.status == "draft"
    assert "Somebody changed the draft while you read it." in refused.content.decode()
    lin.post(url, hidden(refused))
    project.refresh_from_db()
    assert project.status == "published"


def test_a_contract_ends_for_the_reason_that_was_read(cast: Cast) -> None:
    contract = scenes.signed(cast)
    contracts.propose_end(contract=contract, reason="We need no more.", by=cast.lin)
    amara, url = as_(cast.amara), reverse("contract_terminate", args=[contract.pk])
    answer = hidden(amara.get(url)) | {"reason": "We need no more."}
    contracts.withdraw_end(contract=contract, by=cast.lin)
    contracts.propose_end(contract=contract, reason="Cold Chain delivered rubbish.", by=cast.lin)
    refused = amara.post(url, answer).content.decode()
    contract.refresh_from_db()
    assert contract.status == "active"
    assert "What is proposed changed while you read it." in refused
    assert "Cold Chain delivered rubbish." in refused
