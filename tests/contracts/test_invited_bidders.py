"""A project by invitation takes bids of the invited alone, and everybody reads the list."""

from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from contracts.actions import projects
from contracts.actions.projects import ProjectDraft
from contracts.models import InvitedFirm, Project
from core.errors import Denied, Invalid
from tests.cast import Cast, cast, firm, person
from tests.contracts.changing import told
from tests.contracts.market import a_draft, bids_on
from tests.contracts.test_project_pages import as_person, page, post, seen, typed_draft

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def invited_draft(cast: Cast, *names: str, **changes: Any) -> ProjectDraft:
    firms = [getattr(cast, name) for name in names]
    return a_draft(cast, admission="invited", invited=firms, **changes)


def test_a_project_by_invitation_takes_bids_of_the_invited_alone_and_everybody_reads_the_list(cast: Cast) -> None:
    rival = firm("Polar Lane", cast.platform, person("Pia"), wallet_minor=1_000)
    draft = a_draft(cast, admission="invited", invited=[cast.cold_chain, rival])
    project = projects.create_draft(buyer=cast.blue_kettle, draft=draft, by=cast.lin)
    project = projects.publish(project=project, by=cast.lin)
    assert any("Your ME is invited to bid" in sentence for sentence in told(cast.amara))
    bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(Denied, match="Northwind is not on the list"):
        bids_on(project, cast.northwind, cast.teo)
    for reader in (cast.lin, cast.teo, cast.sol, cast.rui):
        assert "Only these MEs may bid Cold Chain, Polar Lane" in seen(page(reader, "project_detail", project.pk))
    assert "Northwind is not on the list" in seen(page(cast.teo, "project_detail", project.pk))
    assert project.title not in page(cast.teo, "project_list", can_bid="on")
    assert project.title in page(cast.amara, "project_list", can_bid="on")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), "Invite at least 2"),
        (("cold_chain",), "Invite at least 2"),
        (("cold_chain", "blue_kettle"), "Nobody buys from themselves"),
    ],
)
def test_a_list_that_is_no_competition_is_not_published(cast: Cast, names: tuple[str, ...], says: str) -> None:
    project = projects.create_draft(buyer=cast.blue_kettle, draft=invited_draft(cast, *names), by=cast.lin)
    with pytest.raises(Invalid, match=says) as refused:
        projects.publish(project=project, by=cast.lin)
    assert refused.value.field == "invited"


def test_the_list_is_fixed_at_publication(cast: Cast) -> None:
    draft = invited_draft(cast, "cold_chain", "northwind")
    project = projects.create_draft(buyer=cast.blue_kettle, draft=draft, by=cast.lin)
    projects.publish(project=project, by=cast.lin)
    with pytest.raises(IntegrityError, match="invited to a published project is fixed"), transaction.atomic():
        InvitedFirm.objects.filter(microenterprise=cast.northwind).delete()


def test_the_form_takes_mes_by_name(cast: Cast) -> None:
    data = typed_draft(cast, admission="invited", invited="Cold Chain\nNorth Wind")
    response = post(cast.lin, "project_new", data=data)
    assert "No active ME has this name: North Wind." in seen(response.content.decode())
    data["invited"] = "Cold Chain\nNorthwind"
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert project.invited.count() == 2
    assert "Cold Chain\nNorthwind" in as_person(cast.lin).get(
        reverse("project_edit", args=[project.pk])
    ).content.decode().replace("\r\n", "\n")
