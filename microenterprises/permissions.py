"""Who may do what to an ME, an idea, a seat, an invitation or share terms. *When* it is possible is in `lifecycle`.

Every `check_*` returns nothing or raises Denied with the sentence the reader gets; pages turn the same check into the
words beside a disabled button with `core.permissions.why_not`. What a check needs to know of a person in an ME is one
`Place`, read once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from core.clock import business_date
from core.errors import Denied
from microenterprises.models import Idea, Invitation, Membership, Microenterprise, Pledge, Seat
from people.models import Role, User

SEES_BOOKS: Final = (Role.FINANCE, Role.AUDITOR)
SEES_PAY: Final = (Role.FINANCE, Role.HR, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody is in an ME on a date: a member or not, its leader or not; and who the leader is."""

    user: User
    microenterprise: Microenterprise
    membership: Membership | None
    leader: User | None

    @property
    def is_member(self) -> bool:
        return self.membership is not None

    @property
    def is_lead(self) -> bool:
        return self.membership is not None and self.membership.is_lead

    @property
    def leader_is_away(self) -> bool:
        """Whether nobody leads it, or only somebody whose account is closed."""
        return self.leader is None or not self.leader.is_active


def place_of(user: User, microenterprise: Microenterprise, *, on: date | None = None) -> Place:
    """A person's place in an ME on a date (today). One statement, and one more for the clock without a date."""
    active = Membership.objects.active(on or business_date()).filter(microenterprise=microenterprise)
    return place_among(user, microenterprise, active.select_related("person"))


def place_among(user: User, microenterprise: Microenterprise, members: Iterable[Membership]) -> Place:
    """A person's place in an ME, given its active members with their people."""
    known = list(members)
    mine = next((m for m in known if m.person_id == user.pk), None)
    lead = next((m.person for m in known if m.is_lead), None)
    return Place(user, microenterprise, mine, lead)


def check_acts(user: User) -> None:
    """The auditor reads everything and changes nothing; outside vendors have no part in ideas and MEs."""
    if not user.is_active:
        raise Denied(_("This account is closed. HR can open it again."))
    if user.has_role(Role.AUDITOR):
        raise Denied(_("As auditor you read everything and change nothing."))
    if user.is_vendor:
        raise Denied(_("Ideas and microenterprises are for colleagues."))


# --- Microenterprises -------------------------------------------------------------------------------------------------


def check_lead(place: Place) -> None:
    """Only the leader acts for the ME."""
    check_acts(place.user)
    if place.is_lead:
        return
    facts = {"me": place.microenterprise.name, "leader": place.leader.name if place.leader else ""}
    if place.leader is None:
        raise Denied(_("Nobody leads %(me)s now, so nobody can do this for it.") % facts)
    raise Denied(_("Only %(leader)s, who leads %(me)s, can do this.") % facts)


def check_member(place: Place) -> None:
    """Members decide together."""
    check_acts(place.user)
    if not place.is_member:
        raise Denied(_("The members of %(me)s decide this.") % {"me": place.microenterprise.name})


def check_see_books(place: Place) -> None:
    """Members, finance and the auditor read an ME's books."""
    if not (place.is_member or place.user.has_role(*SEES_BOOKS)):
        raise Denied(
            _("The books of %(me)s are read by its members, by finance and by the auditor.")
            % {"me": place.microenterprise.name}
        )


def check_see_pay(place: Place) -> None:
    """Members, finance, HR and the auditor see pay and weights."""
    if not (place.is_member or place.user.has_role(*SEES_PAY)):
        raise Denied(_("Pay and weights are seen by the members, finance, HR and the auditor."))


def check_record_money(user: User) -> None:
    """Finance records what comes from and goes to the outside."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance records receipts, outside costs and investments."))


def check_end_membership(place: Place, membership: Membership) -> None:
    """A member may leave; the leader may part with a member."""
    check_acts(place.user)
    if membership.person_id != place.user.pk:
        check_lead(place)


def check_dissolve(place: Place) -> None:
    """The ME's own leader winds it up; the steward does when nobody leads it any more (rule 1: the ME decides)."""
    if place.leader is None and place.user.has_role(Role.STEWARD):
        return
    check_lead(place)


def check_end_of_team(place: Place) -> None:
    """A team's own leader ends it; the steward does when the leader's account is closed, so that nobody could."""
    if place.leader_is_away and place.user.has_role(Role.STEWARD):
        return
    check_lead(place)


# --- Ideas ------------------------------------------------------------------------------------------------------------


def check_create_idea(user: User) -> None:
    """Every colleague may have an idea."""
    check_acts(user)


def check_own_idea(user: User, idea: Idea) -> None:
    """An idea belongs to whoever wrote it."""
    check_acts(user)
    if idea.owner_id != user.pk:
        raise Denied(_("Only %(owner)s, whose idea this is, can do this.") % {"owner": idea.owner.name})


def check_pledge(user: User) -> None:
    """Every colleague may pledge their own money."""
    check_acts(user)


def check_receive_pledge(user: User, pledge: Pledge) -> None:
    """Finance records that a pledge came in; of their own somebody else of finance does."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance records that the money of a pledge came in."))
    if pledge.person_id == user.pk:
        raise Denied(_("You pledged this money; somebody else of finance records that it came in."))


def check_see_promises(user: User) -> None:
    """Finance and the auditor see every pledge that waits for its money."""
    if not user.has_role(*SEES_BOOKS):
        raise Denied(_("What waits to come in is seen by finance and the auditor."))


def check_refund(user: User, pledge: Pledge) -> None:
    """Whoever pledged takes it back; for an ME, whoever leads it."""
    check_acts(user)
    if pledge.microenterprise is not None:
        check_lead(place_of(user, pledge.microenterprise))
    elif pledge.person_id != user.pk:
        raise Denied(_("Only %(person)s, who pledged it, can take it back.") % {"person": pledge.person.name})


# --- Seats and invitations --------------------------------------------------------------------------------------------


def check_seat_owner(user: User, seat: Seat) -> None:
    """Whoever decides about a seat: the leader of its ME, or the owner of its idea until launch."""
    if seat.microenterprise is not None:
        check_lead(place_of(user, seat.microenterprise))
    elif seat.idea is not None:
        check_own_idea(user, seat.idea)


def check_invite(user: User, seat: Seat) -> None:
    """HR may invite to any open seat; its owner too."""
    if not user.has_role(Role.HR):
        check_seat_owner(user, seat)


def check_ask(user: User, seat: Seat) -> None:
    """Every colleague may ask for a seat that is not their own."""
    check_acts(user)
    if seat.idea is not None and seat.microenterprise_id is None and seat.idea.owner_id == user.pk:
        raise Denied(_("This idea is yours: you take the lead seat when you launch it."))


def check_answer(user: User, invitation: Invitation) -> None:
    """The invited person answers an invitation; the owner of the seat answers a request."""
    if invitation.direction == Invitation.Direction.ASKED:
        check_seat_owner(user, invitation.seat)
    elif invitation.person_id != user.pk:
        raise Denied(_("Only %(person)s can answer this invitation.") % {"person": invitation.person.name})
    check_acts(user)


def check_withdraw_invitation(user: User, invitation: Invitation) -> None:
    """Whoever sent it takes it back; the owner of the seat and HR may too, if it was an invitation."""
    check_acts(user)
    if invitation.direction == Invitation.Direction.ASKED:
        if invitation.person_id != user.pk:
            raise Denied(_("Only %(person)s can take this request back.") % {"person": invitation.person.name})
    elif invitation.invited_by_id != user.pk:
        check_invite(user, invitation.seat)
