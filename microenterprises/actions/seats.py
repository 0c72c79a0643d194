"""Opening and withdrawing seats. Who takes one is agreed in `invitations`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.clock import market_now
from core.errors import InvalidTransition
from microenterprises import lifecycle
from microenterprises.models import Idea, Invitation, Microenterprise, Seat, Track
from microenterprises.permissions import check_lead, check_own_idea, check_seat_owner, place_of
from microenterprises.rules import check_conditions, check_lives, check_pay_of
from people.models import Skill, User


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatSpec:
    """A place on offer. pay_minor: monthly salary (stable) or base draw (entrepreneur), minor units."""

    role: str
    customer_outcome: str
    weight: int = 10
    track: str = Track.ENTREPRENEUR
    pay_minor: int = 0
    allocation_percent: int = 100
    skills: Sequence[Skill] = ()


@transaction.atomic
def open_seat(*, owner: Idea | Microenterprise, spec: SeatSpec, by: User) -> Seat:
    """Offer a seat of an idea (draft or published) or of an ME or a team.

    Raises Denied (only the idea's owner, the ME's leader), InvalidTransition, Invalid (no role, no customer outcome,
    pay in a team).
    """
    if isinstance(owner, Idea):
        idea = Idea.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=owner.pk)
        check_own_idea(by, idea)
        check_recruits(idea)
        return _open(spec, by, idea=idea)
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=owner.pk)
    check_lead(place_of(by, firm))
    check_lives(firm)
    check_pay_of(firm, spec.pay_minor)
    return _open(spec, by, microenterprise=firm)


@transaction.atomic
def withdraw(*, seat: Seat, by: User) -> Seat:
    """Take an open seat off the market; whoever was invited to it or asked for it is released.

    Raises Denied (only its owner), InvalidTransition (filled or withdrawn).
    """
    row = locked(seat)
    check_seat_owner(by, row)
    lifecycle.SEAT.move(row, "withdraw")
    Invitation.objects.filter(seat=row, status=Invitation.Status.OPEN).update(
        status=Invitation.Status.WITHDRAWN, answered_at=market_now(), answered_by=by
    )
    told(row, "seat.withdrawn", by)
    return row


def check_recruits(idea: Idea) -> None:
    """Seats are offered until launch."""
    if idea.status not in (Idea.Status.DRAFT, Idea.Status.PUBLISHED):
        raise InvalidTransition(_("This idea no longer looks for people."))


def locked(seat: Seat) -> Seat:
    """The seat as it is now; the idea or ME it belongs to is locked first."""
    owner = Seat.objects.only("idea_id", "microenterprise_id").get(pk=seat.pk)
    if owner.microenterprise_id:
        Microenterprise.objects.select_for_update(no_key=True).get(pk=owner.microenterprise_id)
    elif owner.idea_id:
        Idea.objects.select_for_update(no_key=True).get(pk=owner.idea_id)
    return (
        Seat.objects.select_for_update(of=("self",), no_key=True)
        .select_related("idea__owner", "microenterprise")
        .get(pk=seat.pk)
    )


def told(seat: Seat, deed: str, by: User, **facts: Any) -> None:
    """The audit row of a seat, told under the idea or ME it belongs to."""
    subject = f"microenterprise:{seat.microenterprise_id}" if seat.microenterprise_id else f"idea:{seat.idea_id}"
    audit.record(by=by, deed=deed, subject=subject, about=seat.owner_name, role=seat.role, seat=str(seat.pk), **facts)


def _open(
    spec: SeatSpec, by: User, *, idea: Idea | None = None, microenterprise: Microenterprise | None = None
) -> Seat:
    check_conditions(spec.role, spec.customer_outcome, spec.weight, spec.pay_minor, spec.allocation_percent)
    seat = Seat.objects.create(
        idea=idea,
        microenterprise=microenterprise,
        role=spec.role.strip(),
        customer_outcome=spec.customer_outcome.strip(),
        allocation_percent=spec.allocation_percent,
        weight=spec.weight,
        track=spec.track,
        pay_minor=spec.pay_minor,
        opened_at=market_now(),
        opened_by=by,
    )
    seat.skills.set(spec.skills)
    told(seat, "seat.opened", by)
    return seat
