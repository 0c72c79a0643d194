"""Taking a seat: the room below fills it, this room lands the person."""

from django.db import transaction

from microenterprises.actions import invitations
from microenterprises.models import Invitation
from people.models import User
from talent_pool.actions import pool


@transaction.atomic
def accept(*, invitation: Invitation, by: User) -> Invitation:
    """Accept an invitation, or a person's request for a seat; the person leaves the pool in the same transaction.

    Raises what `microenterprises.actions.invitations.accept` raises.
    """
    accepted = invitations.accept(invitation=invitation, by=by)
    pool.land(person=accepted.person, seat=accepted.seat, by=by)
    return accepted
