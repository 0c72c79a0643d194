"""What waits for somebody in this room; the home page puts it beside what waits elsewhere."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from core.clock import business_date
from core.parameters import value
from microenterprises.models import Ballot, Idea, Invitation, Membership
from microenterprises.queries.firms import MarketNow
from microenterprises.queries.ideas import filled_seats, pledged_minor
from people.models import User


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something of this room that waits for a person: what, where, what to do, until when."""

    title: str
    url: str
    action: str
    deadline: datetime | None
    icon: str


def waiting_for(user: User, today: date | None = None) -> list[Waiting]:
    """Ballots to vote on, invitations to answer, requests for one's seats, ideas that can go on. Four statements."""
    if user.is_vendor or not user.is_active:
        return []
    day = today or business_date()
    return [*_ballots(user, day), *_invitations(user, day), *_ideas(user)]


def _ballots(user: User, today: date) -> list[Waiting]:
    mine = Membership.objects.active(today).filter(person=user).values("microenterprise")
    rows = (
        Ballot.objects.filter(
            status=Ballot.Status.OPEN,
            share_terms__microenterprise__in=mine,
            share_terms__effective_from__gt=today,
        )
        .exclude(votes__person=user)
        .select_related("share_terms__microenterprise")
        .order_by("share_terms__effective_from")
    )
    return [
        Waiting(
            _("Share terms version %(version)s of %(me)s")
            % {"version": row.share_terms.version, "me": row.share_terms.microenterprise.name},
            f"/microenterprises/{row.share_terms.microenterprise_id}/terms/",
            _("Vote"),
            None,
            "vote",
        )
        for row in rows
    ]


def _invitations(user: User, today: date) -> list[Waiting]:
    led = Membership.objects.active(today).filter(person=user, is_lead=True).values("microenterprise")
    mine = Q(direction=Invitation.Direction.INVITED, person=user)
    asked = Q(direction=Invitation.Direction.ASKED) & (
        Q(seat__microenterprise__in=led) | Q(seat__microenterprise=None, seat__idea__owner=user)
    )
    rows = (
        Invitation.objects.filter(mine | asked, status=Invitation.Status.OPEN, open_until__gt=MarketNow())
        .select_related("seat__idea", "seat__microenterprise", "person")
        .order_by("open_until")
    )
    return [_invitation(row, user) for row in rows]


def _invitation(row: Invitation, user: User) -> Waiting:
    facts = {"role": row.seat.role, "owner": row.seat.owner_name, "person": row.person.name}
    said = (
        _("You are invited: %(role)s in %(owner)s")
        if row.person_id == user.pk
        else _("%(person)s asks for the seat %(role)s in %(owner)s")
    )
    return Waiting(said % facts, f"/talent/invitations/{row.pk}/", _("Answer"), row.open_until, "mail")


def _ideas(user: User) -> list[Waiting]:
    rows = Idea.objects.filter(owner=user, status__in=(Idea.Status.DRAFT, Idea.Status.PUBLISHED)).annotate(
        pledged=pledged_minor(), filled=filled_seats()
    )
    needed = value("launch_filled_seats") if rows else 0
    return [_idea(row) for row in rows if row.status == Idea.Status.DRAFT or _is_ready(row, needed)]


def _is_ready(row: Any, needed: int) -> bool:
    return bool(row.pledged >= row.funding_goal_minor and row.filled >= needed)


def _idea(row: Idea) -> Waiting:
    if row.status == Idea.Status.DRAFT:
        return Waiting(
            _("Your draft: %(title)s") % {"title": row.title}, f"/ideas/{row.pk}/", _("Go on"), None, "pencil-line"
        )
    return Waiting(
        _("%(title)s has its money and its people") % {"title": row.title},
        f"/ideas/{row.pk}/launch/",
        _("Launch"),
        None,
        "sprout",
    )
