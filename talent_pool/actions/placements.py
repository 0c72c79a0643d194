"""Taking a seat or launching an ME: the room below does it, this room lands the person.

Who lands leaves the team they may be in. A seat of a team lands nobody: it is a place to wait in together (`teams`).
Nor does a seat of an idea before it is launched: an idea can be withdrawn, and whoever left the pool for it would be
nowhere.
Whoever lands or joins a team locks the person's stay in the pool first, so that nobody does both at once.
"""

from django.db import transaction
from django.db.models import Q

from microenterprises.actions import ideas, invitations
from microenterprises.actions.ideas import LeadSpec
from microenterprises.calculation import TermsSpec
from microenterprises.models import Idea, Invitation, Membership, Microenterprise, Seat
from people.models import User
from talent_pool.actions import pool, teams
from talent_pool.models import PoolEntry


@transaction.atomic
def accept(*, invitation: Invitation, by: User) -> Invitation:
    """Accept an invitation, or a person's request for a seat; whoever takes one of an ME leaves the pool in the same
    transaction.

    A seat of a team is taken by somebody who waits in the pool, and they go on waiting there; so does whoever takes a
    seat of an idea, until it is launched.
    Raises what `microenterprises.actions.invitations.accept` raises, Denied and Conflict for a team.
    """
    entry = pool.locked_stay(invitation.person)
    _check_team_seat(invitation.seat, invitation.person, entry)
    accepted = invitations.accept(invitation=invitation, by=by)
    joined = accepted.seat.microenterprise
    if joined is None or joined.is_team:
        return accepted
    teams.leave_for_a_place(person=accepted.person, by=by)
    pool.land(person=accepted.person, seat=accepted.seat, by=by)
    return accepted


@transaction.atomic
def invite(*, seat: Seat, person: User, by: User, message: str = "") -> Invitation:
    """Invite somebody to a seat; to one of a team only who waits in the pool and is in no other team.

    Raises what `microenterprises.actions.invitations.invite` raises, Denied and Conflict for a team.
    """
    _check_team_seat(seat, person, pool.stay(person))
    return invitations.invite(seat=seat, person=person, message=message, by=by)


@transaction.atomic
def ask(*, seat: Seat, by: User, message: str = "") -> Invitation:
    """Ask for a seat, as `invite` invites to it."""
    _check_team_seat(seat, by, pool.stay(by))
    return invitations.ask(seat=seat, message=message, by=by)


def _check_team_seat(seat: Seat, person: User, stay: PoolEntry | None) -> None:
    if seat.microenterprise is not None and seat.microenterprise.is_team:
        teams.check_may_join(seat.microenterprise, person, stay)


@transaction.atomic
def launch(
    *, idea: Idea, terms: TermsSpec, by: User, lead: LeadSpec | None = None, name: str = "", purpose: str = ""
) -> Microenterprise:
    """Launch an idea: its owner, who leads the ME from today, and everybody who filled a seat of it leave the pool, and
    a team they may be in, in the same transaction.

    Raises what `microenterprises.actions.ideas.launch` raises.
    """
    seated = Seat.objects.filter(idea=idea, status=Seat.Status.FILLED).values("filled_by")
    waiting = PoolEntry.objects.waiting().filter(Q(person=by) | Q(person__in=seated))
    list(waiting.select_for_update().order_by("pk"))  # before anything else, as everybody who lands or joins a team
    firm = ideas.launch(idea=idea, terms=terms, by=by, lead=lead, name=name, purpose=purpose)
    members = Membership.objects.filter(microenterprise=firm).select_related("person", "seat").order_by("number")
    for member in members:
        teams.leave_for_a_place(person=member.person, by=by)
        pool.land(person=member.person, seat=member.seat, by=by)
    return firm
