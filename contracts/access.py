"""Load and authorise. Missing and forbidden are the same 404; what may be done with it is asked of `permissions`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404
from django.shortcuts import get_object_or_404

from contracts.models import Bid, Contract, Milestone, Panelist, Project, Rating
from contracts.permissions.contracts import Place, made_of
from core.models import Parameter
from microenterprises.models import Membership
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


@dataclass(frozen=True, slots=True)
class Stars:
    """A rating as the page shows it."""

    party: str
    who: str
    at: datetime
    stars: int
    comment: str


@dataclass(frozen=True, slots=True)
class SeenContract:
    """A contract, where the reader stands towards it, its ratings, and for how many days a lone rating stays hidden."""

    contract: Contract
    place: Place
    ratings: tuple[Stars, ...]
    hidden_days: int


def contract_or_404(user: User, contract_id: UUID, on: date) -> SeenContract:
    """A contract the reader may see, with where they stand towards it on a business date. One statement."""
    found = _for_page(user, on).filter(pk=contract_id).first()
    if found is None:
        raise Http404
    return _seen(found, user)


def milestone_or_404(user: User, contract_id: UUID, number: int, on: date) -> tuple[SeenContract, Milestone]:
    """A milestone of a contract the reader may see. Two statements."""
    contract = contract_or_404(user, contract_id, on)
    return contract, get_object_or_404(
        Milestone.objects.select_related("submitted_by"), contract=contract.contract, number=number
    )


def _for_page(user: User, on: date) -> QuerySet[Contract]:
    """Contracts the reader may see, each with all that its page asks of one row."""
    memberships = Membership.objects.active(on).filter(
        Q(microenterprise=OuterRef("buyer")) | Q(microenterprise=OuterRef("supplier")), person=user
    )
    ratings = Rating.objects.filter(contract=OuterRef("pk")).order_by("party")
    hidden = Parameter.objects.filter(name="rating_hidden_days", holds_from__lte=on).order_by("-holds_from")
    return (
        Contract.objects.visible_to(user)
        .select_related("buyer", "supplier", "acceptor", "project", "award__awarded_by", "end_proposed_by")
        .annotate(
            my_places=ArraySubquery(memberships.values(row=JSONObject(me="microenterprise_id", leads="is_lead"))),
            rating_rows=ArraySubquery(
                ratings.values(
                    row=JSONObject(party="party", who="rated_by__name", at="rated_at", stars="stars", comment="comment")
                )
            ),
            hidden_days=Subquery(hidden.values("value")[:1]),
        )
    )


def _seen(row: Any, user: User) -> SeenContract:
    """What `_for_page` read, as values."""
    return SeenContract(
        contract=row,
        place=made_of(row, user, {UUID(found["me"]): found["leads"] for found in row.my_places}),
        ratings=tuple(
            Stars(found["party"], found["who"], datetime.fromisoformat(found["at"]), found["stars"], found["comment"])
            for found in row.rating_rows
        ),
        hidden_days=row.hidden_days,
    )
