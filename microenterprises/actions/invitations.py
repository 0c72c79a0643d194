"""Invitations to a seat and requests for one. A seat is taken only when both sides agreed, and only once.

Landing a person from the talent pool is the room above: `talent_pool.actions.placements.accept` wraps `accept`.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid, InvalidTransition, TooLate
from core.parameters import value
from microenterprises import lifecycle
from microenterprises.actions.firms import join
from microenterprises.actions.pledges import check_gathering
from microenterprises.actions.seats import locked as locked_seat
from microenterprises.actions.seats import told
from microenterprises.models import Invitation, Membership, Seat
from microenterprises.permissions import (
    check_acts,
    check_answer,
    check_ask,
    check_invite,
    check_withdraw_invitation,
)
from microenterprises.rules import check_lives, check_no_member_then
from people.models import User
from people.notices import tell

Direction = Invitation.Direction


@transaction.atomic
def invite(*, seat: Seat, person: User, by: User, message: str = "") -> Invitation:
    """Invite a colleague to an open seat; it stays open for `invitation_days`.

    Raises Denied (only the seat's owner and HR), InvalidTransition (the seat or its idea is not open), Conflict
    (invited or asked already, a member already), Invalid (nobody who could take it).
    """
    row = locked_seat(seat)
    check_invite(by, row)
    check_can_sit(row, person)
    made = _open(row, person, Direction.INVITED, message, by)
    tell(
        [person],
        lambda: (
            _("%(by)s invites you to the seat %(role)s in %(owner)s.")
            % {"by": by.name, "role": row.role, "owner": row.owner_name}
        ),
        link=page(made),
    )
    return made


@transaction.atomic
def ask(*, seat: Seat, by: User, message: str = "") -> Invitation:
    """Ask for an open seat; its owner answers. Raises Denied, InvalidTransition, Conflict."""
    row = locked_seat(seat)
    check_ask(by, row)
    check_can_sit(row, by)
    made = _open(row, by, Direction.ASKED, message, by)
    tell(
        deciders(row),
        lambda: (
            _("%(person)s asks for the seat %(role)s in %(owner)s.")
            % {"person": by.name, "role": row.role, "owner": row.owner_name}
        ),
        link=page(made),
    )
    return made


@transaction.atomic
def accept(*, invitation: Invitation, by: User) -> Invitation:
    """Fill the seat: the invited person accepts, or the seat's owner accepts a request.

    A seat of an ME makes the person a member from today; a seat of an idea commits them until launch. Everybody else
    who was invited to it or asked for it is released.
    Raises Denied, TooLate (no longer open), InvalidTransition, Conflict (somebody else was first, a member already).
    """
    seat, row, now = _locked(invitation)
    check_answer(by, row)
    check_in_time(row, now)
    lifecycle.INVITATION.check(row.status, "accept")
    check_can_sit(seat, row.person)
    lifecycle.SEAT.move(seat, "fill", filled_by=row.person, filled_at=now)
    lifecycle.INVITATION.move(row, "accept", answered_at=now, answered_by=by)
    _release_others(row, now, by)
    if seat.microenterprise is None:
        told(seat, "seat.filled", by, person=row.person.name)
    else:
        join(
            microenterprise=seat.microenterprise,
            person=row.person,
            role=seat.role,
            customer_outcome=seat.customer_outcome,
            weight=seat.weight,
            track=seat.track,
            pay_minor=seat.pay_minor,
            allocation_percent=seat.allocation_percent,
            seat=seat,
            by=by,
        )
    _tell_of_acceptance(row, seat, by)
    return row


@transaction.atomic
def decline(*, invitation: Invitation, by: User) -> Invitation:
    """Say no: the invited person to an invitation, the seat's owner to a request. Raises Denied, InvalidTransition."""
    seat, row, now = _locked(invitation)
    check_answer(by, row)
    lifecycle.INVITATION.move(row, "decline", answered_at=now, answered_by=by)
    _audit(row, "invitation.declined", by)
    other = [row.invited_by] if row.direction == Direction.INVITED else [row.person]
    tell(
        other,
        lambda: (
            _("%(by)s said no about the seat %(role)s in %(owner)s.")
            % {"by": by.name, "role": seat.role, "owner": seat.owner_name}
        ),
        link=page(row),
    )
    return row


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation or a request back before it is answered. Raises Denied, InvalidTransition."""
    _seat, row, now = _locked(invitation)
    check_withdraw_invitation(by, row)
    lifecycle.INVITATION.move(row, "withdraw", answered_at=now, answered_by=by)
    _audit(row, "invitation.withdrawn", by)
    return row


# --- Checks -----------------------------------------------------------------------------------------------------------


def check_seat_is_open(seat: Seat) -> None:
    """The seat can be taken now."""
    if seat.status != Seat.Status.OPEN:
        raise InvalidTransition(
            _("The seat %(role)s is %(state)s now.") % {"role": seat.role, "state": seat.get_status_display().lower()}
        )
    if seat.microenterprise is not None:
        check_lives(seat.microenterprise)
    elif seat.idea is not None:
        check_gathering(seat.idea)


def check_can_sit(seat: Seat, person: User) -> None:
    """The seat is open and the person can take it: a colleague who has no place there yet."""
    check_seat_is_open(seat)
    if not person.is_active or person.is_vendor:
        raise Invalid(
            _("%(person)s cannot take a seat: only colleagues can.") % {"person": person.name}, field="person"
        )
    check_acts(person)
    if seat.microenterprise is not None:
        check_no_member_then(seat.microenterprise, person, business_date())
    elif seat.idea is not None and (
        seat.idea.owner_id == person.pk
        or Seat.objects.filter(idea=seat.idea, status=Seat.Status.FILLED, filled_by=person).exists()
    ):
        raise Conflict(_("%(person)s has a seat in this idea already.") % {"person": person.name}, field="person")


def check_in_time(invitation: Invitation, now: datetime) -> None:
    """An invitation is answered before it runs out."""
    if lifecycle.invitation_is_over(invitation, now):
        raise TooLate(_("This invitation is no longer open. Ask for the seat, or ask for a new invitation."))


# --- Small steps ------------------------------------------------------------------------------------------------------


def deciders(seat: Seat) -> list[User]:
    """Who decides about a seat: its ME's leader, or its idea's owner until launch."""
    if seat.microenterprise_id:
        leads = Membership.objects.active(business_date()).filter(microenterprise=seat.microenterprise_id, is_lead=True)
        return [membership.person for membership in leads.select_related("person")]
    return [seat.idea.owner] if seat.idea else []


def page(invitation: Invitation) -> str:
    """Where an invitation is answered; the page belongs to the talent pool."""
    return f"/talent/invitations/{invitation.pk}/"


def _open(seat: Seat, person: User, direction: Direction, message: str, by: User) -> Invitation:
    now = market_now()
    earlier = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(seat=seat, person=person, status=Invitation.Status.OPEN)
        .first()
    )
    if earlier is not None and lifecycle.invitation_is_over(earlier, now):
        lifecycle.INVITATION.move(earlier, "expire", answered_at=now)
    elif earlier is not None and earlier.direction == Direction.ASKED:
        raise Conflict(
            _("%(person)s has asked for this seat. Answer the request.") % {"person": person.name}, field="person"
        )
    elif earlier is not None:
        raise Conflict(_("%(person)s is invited to this seat already.") % {"person": person.name}, field="person")
    made = Invitation.objects.create(
        seat=seat,
        person=person,
        direction=direction,
        message=message.strip(),
        invited_by=by,
        invited_at=now,
        open_until=now + timedelta(days=value("invitation_days")),
    )
    _audit(made, "invitation.sent" if direction == Direction.INVITED else "invitation.asked", by)
    return made


def _locked(invitation: Invitation) -> tuple[Seat, Invitation, datetime]:
    """The idea or ME, the seat, then the invitation, in the order every action keeps; and the instant that decides."""
    seat = locked_seat(Seat(pk=Invitation.objects.values_list("seat", flat=True).get(pk=invitation.pk)))
    row = (
        Invitation.objects.select_for_update(of=("self",)).select_related("person", "invited_by").get(pk=invitation.pk)
    )
    row.seat = seat
    return seat, row, market_now()


def _release_others(taken: Invitation, now: datetime, by: User) -> None:
    others = Invitation.objects.filter(seat=taken.seat_id, status=Invitation.Status.OPEN).select_related("person")
    released = [other.person for other in others.select_for_update(of=("self",))]
    others.update(status=Invitation.Status.WITHDRAWN, answered_at=now, answered_by=by)
    seat = taken.seat
    tell(
        released,
        lambda: (
            _("The seat %(role)s in %(owner)s was taken by somebody else.")
            % {"role": seat.role, "owner": seat.owner_name}
        ),
        link="/talent/seats/",
    )


def _tell_of_acceptance(row: Invitation, seat: Seat, by: User) -> None:
    others = [person for person in (row.person, row.invited_by, *deciders(seat)) if person.pk != by.pk]
    facts = {"person": row.person.name, "role": seat.role, "owner": seat.owner_name}
    tell(others, lambda: _("%(person)s takes the seat %(role)s in %(owner)s.") % facts, link=page(row))


def _audit(invitation: Invitation, deed: str, by: User) -> None:
    # Under the seat, not under its ME: whom it was offered to, and who said no, is nobody else's business.
    audit.record(
        by=by,
        deed=deed,
        subject=f"seat:{invitation.seat_id}",
        about=invitation.seat.role,
        person=str(invitation.person_id),
    )
