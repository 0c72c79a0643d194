"""Taking a seat or launching an ME: the room below does it, this room lands the person."""

from django.db import transaction

from microenterprises.actions import ideas, invitations
from microenterprises.actions.ideas import LeadSpec
from microenterprises.calculation import TermsSpec
from microenterprises.models import Idea, Invitation, Microenterprise
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


@transaction.atomic
def launch(
    *, idea: Idea, terms: TermsSpec, by: User, lead: LeadSpec | None = None, name: str = "", purpose: str = ""
) -> Microenterprise:
    """Launch an idea; its owner, who leads the ME from today, leaves the pool in the same transaction.

    Raises what `microenterprises.actions.ideas.launch` raises.
    """
    firm = ideas.launch(idea=idea, terms=terms, by=by, lead=lead, name=name, purpose=purpose)
    pool.land(person=by, seat=None, by=by)
    return firm
