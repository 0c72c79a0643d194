"""Reads for the pages of projects: the list with its filters, what is due, the story of one project.

Nothing here reads a sealed bid; before the opening a project's page says the same to everybody but its own people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, UUIDField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from contracts.lifecycle import Phase, phase
from contracts.models import Award, Bid, InvitedFirm, Panelist, Project
from contracts.permissions.standing import Standing
from contracts.queries import decisions, lots
from contracts.ranking import Ranking, needs_quality, rank
from core.clock import market_now
from core.models import AuditRecord
from core.prepared import Asked, Bound
from core.words.instants import exact
from microenterprises.models import Membership

SOON = timedelta(hours=24)
"""How near a deadline is when the filter *closes soon* finds it. A choice of the page, not a rule."""


# ------------------------------------------------------------------ the list


def in_phase(projects: QuerySet[Project], wanted: str, now: datetime | Bound) -> QuerySet[Project]:
    """Projects in one phase at an instant, as `lifecycle.phase` says."""
    published = Q(status=Project.Status.PUBLISHED)
    conditions = {
        Phase.SCHEDULED: published & Q(opens_at__gt=now),
        Phase.OPEN: published & Q(opens_at__lte=now, deadline__gt=now),
        Phase.CLOSED: published & Q(deadline__lte=now),
    }
    return projects.filter(conditions.get(Phase(wanted), Q(status=wanted)))


def closing_soon(projects: QuerySet[Project], now: datetime | Bound) -> QuerySet[Project]:
    """Open projects whose deadline is within `SOON`."""
    return in_phase(projects, Phase.OPEN, now).filter(deadline__lte=now + SOON)


def can_bid(projects: QuerySet[Project], who: Standing, now: datetime | Bound) -> QuerySet[Project]:
    """Open projects on which somebody may bid for an ME they lead, by the rules of `permissions.bids`."""
    found = Q(pk__in=[])
    for firm in who.bidding_mes:
        if firm.pk in who.small_teams:
            continue
        members = Membership.objects.active(who.on).filter(microenterprise=firm).values("person")
        judges = Panelist.objects.filter(project=OuterRef("pk"), person__in=members)
        buyer_leads = Membership.objects.active(who.on).filter(
            microenterprise=OuterRef("buyer"), is_lead=True, person__in=members
        )
        invited = InvitedFirm.objects.filter(project=OuterRef("pk"), microenterprise=firm)
        found |= (
            Q(currency=firm.currency)
            & (Q(teams_may_bid=True) if firm.is_team else Q())
            & (Q(admission=Project.Admission.OPEN) | Exists(invited))
            & ~Q(acceptor__in=members)
            & ~Q(published_by__in=members)
            & ~Exists(judges)
            & ~Exists(buyer_leads)
        )
    own = [firm.pk for firm in who.firms]
    return in_phase(projects, Phase.OPEN, now).filter(found, buyer__isnull=False).exclude(buyer__in=own)


class Listed(NamedTuple):
    """What the list shows of a project. `buyer`, or of a real tender `authority`: the name; `lots`: how many its set
    has. Keys are texts, since they are only written."""

    id: str
    title: str
    status: str
    opens_at: datetime | None
    deadline: datetime
    published_at: datetime | None
    method: str
    currency: str
    ceiling_minor: int | None
    lot_set_id: str | None
    lot_number: int | None
    lots: int | None
    buyer: str | None
    authority: str | None


_READ_AS: Final[dict[str, Any]] = {
    "id": Cast("id", TextField()),
    "lot_set_id": Cast("lot_set_id", TextField()),
    "buyer": "buyer__name",
    "authority": "reference__buyer_name",
}


def as_listed(projects: QuerySet[Project]) -> "QuerySet[Project, Any]":
    """Those projects as rows of `Listed`."""
    columns = [_READ_AS.get(name, name) for name in Listed._fields]
    return projects.annotate(lots=lots.counted()).values_list(*columns)


def due_for_opening() -> Iterable[Project]:
    """Published projects whose deadline has passed, the longest closed first."""
    return Project.objects.filter(status=Project.Status.PUBLISHED, deadline__lte=market_now()).order_by("deadline")


# ------------------------------------------------------------------ one project


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a project's timeline. `who` empty: the clock."""

    what: str
    who: str
    at: datetime
    icon: str
    tone: str = "neutral"


def opened_bids(project: Project) -> list[Bid]:
    """The opened bids with bidder, author, award and contract; none before the opening. One statement."""
    if project.opened_at is None:
        return []
    asked: Asked[Bid] = Asked(_opened_bids, "opened bids", {"project": project.pk})
    found = asked.rows()
    for bid in found:
        bid.project = project
    return found


def _opened_bids() -> QuerySet[Bid]:
    return (
        Bid.objects.filter(project=Bound("project", UUIDField()))
        .opened()
        .select_related("microenterprise", "vendor", "author", "scored_by", "price_question__answered_by")
        .with_award()
        .annotate(objection_rows=decisions.objections_of(OuterRef("pk")))
        .order_by("pk")
    )


def ranking_of(project: Project, bids: list[Bid]) -> Ranking:
    """The ranking of a live project's opened bids."""
    return rank(project, bids)


def state_sentence(project: Project, now: datetime) -> str:
    """What the state means for a reader, in one sentence."""
    here = phase(project, now)
    if here is Phase.SCHEDULED and project.opens_at is not None:
        return _("Bids are taken from %(start)s until %(deadline)s.") % {
            "start": exact(project.opens_at),
            "deadline": exact(project.deadline),
        }
    if here is Phase.OPEN:
        return _("Bids are sealed until %(deadline)s; until then nobody learns who bids.") % {
            "deadline": exact(project.deadline)
        }
    if here is Phase.UNSUCCESSFUL and not project.ended_reason:
        return _("No valid bid came before the deadline.")
    if here in (Phase.CANCELLED, Phase.UNSUCCESSFUL):
        return project.ended_reason
    return _LINES[here]()


def _closed() -> str:
    return _("The deadline has passed; the bids open by themselves in a moment.")


def _draft() -> str:
    return _("Only members of the buyer see this draft.")


def _evaluating() -> str:
    return _("The bids are open; the buyer decides.")


def _awarded() -> str:
    return _("One bid is chosen, and every bidder has a reason.")


_LINES = {
    Phase.DRAFT: _draft,
    Phase.CLOSED: _closed,
    Phase.EVALUATING: _evaluating,
    Phase.AWARDED: _awarded,
}


def timeline(project: Project, bids: list[Bid], now: datetime, changes: Iterable[Happening] = ()) -> list[Happening]:
    """What happened to a project so far, newest first. One statement when it ended without an award, else none.

    changes: of its words, from who has loaded them (`changed_at`).
    """
    found = [
        *_beginnings(project, now),
        *changes,
        *_opening(project),
        *_judging(project, bids),
        *_award(bids),
        *_end(project),
    ]
    return sorted(found, key=lambda row: row.at, reverse=True)


def changed_at(number: int, who: str, at: datetime) -> Happening:
    """A line of the timeline for a version of the words."""
    return Happening(_("Changed: version %(number)s") % {"number": number}, who, at, "pencil-line", "warn")


def _beginnings(project: Project, now: datetime) -> Iterable[Happening]:
    if project.created_by is not None:
        yield Happening(_("Draft written"), project.created_by.name, project.created_at, "pencil-line")
    if project.published_at is not None and project.published_by is not None:
        what = _("Published; the ceiling is held")
        yield Happening(what, project.published_by.name, project.published_at, "send")
    stopped = project.status in (Project.Status.DRAFT, Project.Status.CANCELLED)
    if project.buyer_id is not None and not stopped and project.deadline <= now:
        yield Happening(_("Deadline passed"), "", project.deadline, "lock")


def _opening(project: Project) -> Iterable[Happening]:
    if project.buyer_id is not None and project.opened_at is not None:
        yield Happening(_("Bids opened"), "", project.opened_at, "eye", "accent")


def _judging(project: Project, bids: list[Bid]) -> Iterable[Happening]:
    judged = [bid for bid in bids if bid.scored_at is not None and bid.scored_by is not None]
    if judged and needs_quality(project):
        last = max(judged, key=lambda bid: bid.scored_at or project.deadline)
        if last.scored_at is not None and last.scored_by is not None:
            yield Happening(_("Quality judged"), last.scored_by.name, last.scored_at, "scale")
    if project.two_envelopes:
        for opened_at in {bid.price_opened_at for bid in bids if bid.price_opened_at is not None}:
            yield Happening(_("Prices opened"), "", opened_at, "eye", "accent")


def _award(bids: list[Bid]) -> Iterable[Happening]:
    decision = decisions.decision_of(bids)
    if decision is None:
        return
    award, words = decision.award, {"bidder": bidder_name(decision.bid)}
    if award.status == Award.Status.ACTIVE:
        yield Happening(_("Awarded to %(bidder)s") % words, award.awarded_by.name, award.awarded_at, "award", "good")
    else:
        yield Happening(_("%(bidder)s proposed") % words, award.awarded_by.name, award.awarded_at, "award")
    if award.agreed_at is not None and award.agreed_by is not None:
        yield Happening(_("A second person agreed"), award.agreed_by.name, award.agreed_at, "user-check")
    for said in decision.objections:
        yield Happening(_("%(me)s objected") % {"me": said.firm}, said.by, said.at, "message-square", "warn")
        if said.ruled_at is not None:
            yield Happening(said.ruling_words, said.ruled_by, said.ruled_at, "scale")


def _end(project: Project) -> Iterable[Happening]:
    if project.buyer_id is None or project.ended_at is None:
        return
    if project.status not in (Project.Status.CANCELLED, Project.Status.UNSUCCESSFUL):
        return
    deed = "project.cancelled" if project.status == Project.Status.CANCELLED else "project.unsuccessful"
    told = AuditRecord.objects.filter(subject=f"project:{project.pk}", deed=deed).first()
    who = told.actor_name if told is not None and told.actor_id else ""
    if project.status == Project.Status.CANCELLED:
        yield Happening(_("Cancelled"), who, project.ended_at, "ban", "bad")
    else:
        yield Happening(_("Ended without an award"), who, project.ended_at, "circle-dashed")


def bidder_name(bid: Bid) -> str:
    """Who bid, as it is shown once the bid is open."""
    return bid.bidder_label


def buyer_name(project: Project) -> str:
    """Who buys: an ME, or for a reference project the real authority."""
    if project.buyer is not None:
        return project.buyer.name
    reference = getattr(project, "reference", None)
    return reference.buyer_name if reference is not None else ""
