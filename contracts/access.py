"""Load and authorise. Missing and forbidden are the same 404; what may be done with it is asked of `permissions`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateField, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import JSONObject
from django.http import Http404
from django.shortcuts import get_object_or_404

from contracts.models import (
    Bid,
    Contract,
    Criterion,
    FurtherColleague,
    InvitedFirm,
    InvitedVendor,
    LotSet,
    Milestone,
    Panelist,
    Project,
    ProjectVersion,
    Question,
    Rating,
    SavedFilter,
    Vendor,
)
from contracts.models.contracts import SEE_ALL
from contracts.permissions.contracts import Place, made_of, part_in
from contracts.permissions.panel import Seat
from contracts.queries import finding, lots, questions
from core.models import Parameter
from core.prepared import Asked, Bound
from microenterprises.models import Membership
from people.models import Skill, User


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """A version of a published project's words, as `contracts.versions` kept them."""

    number: int
    words: dict[str, Any]
    reason: str
    made_at: datetime
    made_by: str


class SeenProject(NamedTuple):
    """A project with what its page always needs: the panel (id to name) and the labels of its skills."""

    project: Project
    panel: dict[UUID, str]
    skills: tuple[str, ...]
    questions: int = 0
    unanswered: int = 0
    watching: bool = False
    invited: tuple[str, ...] = ()
    seats: tuple[Seat, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    vendors: tuple[str, ...] = ()


def project_or_404(user: User, project_id: UUID) -> SeenProject:
    """A project the reader may see, with buyer, platform, people and reference. One statement."""
    reader, project = Bound("reader", UUIDField()), Bound("project", UUIDField())
    values = {"reader": user.pk, "project": project_id}
    asked: Asked[Project] = Asked(lambda: project_page(user, reader, project), ("project page", user.is_vendor), values)
    for found in asked.rows():
        added = vars(found)
        people = {UUID(row["id"]): row["name"] for row in added["panel_rows"]}
        return SeenProject(
            found,
            people,
            tuple(added["skill_labels"]),
            questions=added["questions_asked"],
            unanswered=added["questions_waiting"],
            watching=added["watching"],
            invited=tuple(added["invited_names"]),
            seats=tuple(Seat(row["seat"], UUID(row["id"]), row["name"], row["status"]) for row in added["panel_rows"]),
            criteria=criteria_of(found),
            vendors=tuple(added["vendor_names"]),
        )
    raise Http404


def project_page(user: User, reader: User | Bound, project: UUID | Bound) -> QuerySet[Project]:
    """A project as its page shows it to a reader who is a vendor like `user` or not."""
    panel = Panelist.objects.filter(project=OuterRef("pk")).order_by("person__name")
    skills = Skill.objects.filter(projects=OuterRef("pk")).order_by("label")
    return (
        Project.objects.visible_to(user, reader)
        .filter(pk=project)
        .select_related("buyer__platform", "acceptor", "created_by", "published_by", "reference", "lot_set")
        .annotate(
            panel_rows=ArraySubquery(
                panel.values(row=JSONObject(id="person_id", name="person__name", seat="pk", status="status"))
            ),
            criterion_rows=ArraySubquery(
                Criterion.objects.filter(project=OuterRef("pk"))
                .order_by("place")
                .values(
                    row=JSONObject(
                        pk="pk", place="place", title="title", judged="judged", weight_bp="weight_bp", kind="kind"
                    )
                )
            ),
            skill_labels=ArraySubquery(skills.values("label")),
            questions_asked=questions.counted(),
            questions_waiting=questions.counted_unanswered(),
            watching=finding.watches(reader),
            lots=lots.counted(),
            version_rows=ArraySubquery(
                ProjectVersion.objects.filter(project=OuterRef("pk"))
                .order_by("number")
                .values(
                    row=JSONObject(
                        number="number", words="words", reason="reason", made_at="made_at", made_by="made_by__name"
                    )
                )
            ),
            invited_names=ArraySubquery(
                InvitedFirm.objects.filter(project=OuterRef("pk"))
                .order_by("microenterprise__name")
                .values("microenterprise__name")
            ),
            vendor_names=ArraySubquery(
                InvitedVendor.objects.filter(project=OuterRef("pk")).order_by("vendor__name").values("vendor__name")
            ),
        )
    )


def criteria_of(project: Project) -> tuple[Criterion, ...]:
    """The criteria of quality of a project that `project_or_404` found, in their order."""
    return tuple(Criterion(project=project, **row) for row in vars(project)["criterion_rows"])


def versions_of(project: Project) -> tuple[SeenVersion, ...]:
    """The versions of the words of a project that `project_or_404` found, the oldest first; none while it has one."""
    rows = vars(project)["version_rows"]
    return tuple(SeenVersion(**row | {"made_at": datetime.fromisoformat(row["made_at"])}) for row in rows)


@dataclass(frozen=True, slots=True)
class SeenLots:
    """A set with its lots in order, each with who won it (`queries.lots.with_winners`)."""

    lot_set: LotSet
    lots: tuple[Project, ...]


def lots_or_404(user: User, set_id: UUID) -> SeenLots:
    """The lots of a set the reader may see. One statement. What was never published is told with its drafts alone."""
    rows = Project.objects.visible_to(user).filter(lot_set=set_id).select_related("lot_set", "buyer", "acceptor")
    found = tuple(lots.with_winners(rows).order_by("lot_number"))
    told = next((row.lot_set for row in found if row.published_at or row.status == Project.Status.DRAFT), None)
    if told is None:
        raise Http404
    return SeenLots(told, found)


def question_or_404(project: Project, question_id: UUID) -> Question:
    """A question about a project the reader sees. One statement."""
    return get_object_or_404(Question.objects.select_related("answered_by"), project=project, pk=question_id)


def saved_filter_or_404(user: User, filter_id: UUID) -> SavedFilter:
    """A filter of one's own, or one that somebody shares. One statement."""
    return get_object_or_404(SavedFilter.objects.visible_to(user).select_related("person", "shared_with"), pk=filter_id)


def opened_bid_or_404(user: User, project: Project, bid_id: UUID) -> Bid:
    """An opened bid of a project the reader sees; a sealed one does not exist for anybody."""
    found = (
        Bid.objects.visible_to(user)
        .filter(project=project, pk=bid_id)
        .select_related("microenterprise", "vendor", "author", "project")
        .first()
    )
    if found is None:
        raise Http404
    return found


def vendor_or_404(user: User, vendor_id: UUID) -> Vendor:
    """A vendor whose people the reader's office looks after. One statement."""
    return get_object_or_404(Vendor.objects.visible_to(user), pk=vendor_id)


def colleague_or_404(user: User, vendor_id: UUID, colleague_id: UUID) -> FurtherColleague:
    """Somebody who was asked for at a vendor. One statement."""
    rows = FurtherColleague.objects.filter(vendor__in=Vendor.objects.visible_to(user), vendor=vendor_id)
    return get_object_or_404(rows.select_related("vendor", "asked_by"), pk=colleague_id)


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
    shape = ("contract page", user.is_vendor, user.has_role(*SEE_ALL))
    values = {"reader": user.pk, "on": on, "contract": contract_id}
    reader, day, contract = Bound("reader", UUIDField()), Bound("on", DateField()), Bound("contract", UUIDField())
    asked: Asked[Contract] = Asked(lambda: contract_page(user, reader, day, contract), shape, values)
    for found in asked.rows():
        return _seen(found, user)
    raise Http404


def milestone_or_404(user: User, contract_id: UUID, number: int, on: date) -> tuple[SeenContract, Milestone]:
    """A milestone of a contract the reader may see. Two statements."""
    contract = contract_or_404(user, contract_id, on)
    return contract, get_object_or_404(
        Milestone.objects.select_related("submitted_by"), contract=contract.contract, number=number
    )


def contract_page(user: User, reader: User | Bound, on: date | Bound, contract: UUID | Bound) -> QuerySet[Contract]:
    """A contract with all that its page asks of one row, for a reader who sees all or is a vendor like `user`."""
    memberships = Membership.objects.active(on).filter(
        Q(microenterprise=OuterRef("buyer")) | Q(microenterprise=OuterRef("supplier")), person=reader
    )
    ratings = Rating.objects.filter(contract=OuterRef("pk")).order_by("party")
    hidden = Parameter.objects.filter(name="rating_hidden_days", holds_from__lte=on).order_by("-holds_from")
    return (
        Contract.objects.visible_to(user, reader)
        .filter(pk=contract)
        .select_related(
            "buyer", "supplier", "supplier_vendor", "acceptor", "project", "award__awarded_by", "end_proposed_by"
        )
        .annotate(
            my_places=ArraySubquery(memberships.values(row=JSONObject(me="microenterprise_id", leads="is_lead"))),
            rating_rows=ArraySubquery(
                ratings.values(
                    row=JSONObject(party="party", who="rated_by__name", at="rated_at", stars="stars", comment="comment")
                )
            ),
            hidden_days=Subquery(hidden.values("value")[:1]),
            **part_in(reader, on),
        )
    )


def _places(row: Any, user: User) -> dict[UUID, bool]:
    """The reader's MEs and whether they lead each; a vendor sees only contracts of its own."""
    if user.is_vendor:
        return {row.supplier_vendor_id: True}
    return {UUID(found["me"]): found["leads"] for found in row.my_places}


def _seen(row: Any, user: User) -> SeenContract:
    """What `contract_page` read, as values."""
    return SeenContract(
        contract=row,
        place=made_of(row, user, _places(row, user), vars(row)),
        ratings=tuple(
            Stars(found["party"], found["who"], datetime.fromisoformat(found["at"]), found["stars"], found["comment"])
            for found in row.rating_rows
        ),
        hidden_days=row.hidden_days,
    )
