"""Load and authorise. Missing and forbidden are the same 404; what may be done with it is asked of `permissions`."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.http import Http404
from django.shortcuts import get_object_or_404

from contracts.models import Bid, Milestone, Panelist, Project
from contracts.queries.contracts import SeenContract, for_page, seen
from people.models import Skill, User


class SeenProject(NamedTuple):
    """A project with what its page always needs: the panel (id to name) and the labels of its skills."""

    project: Project
    panel: dict[UUID, str]
    skills: tuple[str, ...]


def project_or_404(user: User, project_id: UUID) -> SeenProject:
    """A project the reader may see, with buyer, platform, people and reference. One statement."""
    panel = Panelist.objects.filter(project=OuterRef("pk")).order_by("person__name")
    skills = Skill.objects.filter(projects=OuterRef("pk")).order_by("label")
    found = (
        Project.objects.visible_to(user)
        .filter(pk=project_id)
        .select_related("buyer__platform", "acceptor", "created_by", "published_by", "reference")
        .annotate(
            panel_rows=ArraySubquery(panel.values(row=JSONObject(id="person_id", name="person__name"))),
            skill_labels=ArraySubquery(skills.values("label")),
        )
        .first()
    )
    if found is None:
        raise Http404
    added = vars(found)
    people = {UUID(row["id"]): row["name"] for row in added["panel_rows"]}
    return SeenProject(found, people, tuple(added["skill_labels"]))


def opened_bid_or_404(user: User, project: Project, bid_id: UUID) -> Bid:
    """An opened bid of a project the reader sees; a sealed one does not exist for anybody."""
    found = (
        Bid.objects.visible_to(user)
        .filter(project=project, pk=bid_id)
        .select_related("microenterprise", "author", "project")
        .first()
    )
    if found is None:
        raise Http404
    return found


def contract_or_404(user: User, contract_id: UUID, on: date) -> SeenContract:
    """A contract the reader may see, with where they stand towards it on a business date. One statement."""
    found = for_page(user, on).filter(pk=contract_id).first()
    if found is None:
        raise Http404
    return seen(found, user)


def milestone_or_404(user: User, contract_id: UUID, number: int, on: date) -> tuple[SeenContract, Milestone]:
    """A milestone of a contract the reader may see. Two statements."""
    contract = contract_or_404(user, contract_id, on)
    return contract, get_object_or_404(
        Milestone.objects.select_related("submitted_by"), contract=contract.contract, number=number
    )
