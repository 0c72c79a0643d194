"""Who may do what around the pool."""

from django.utils.translation import gettext as _

from core.clock import business_date
from core.errors import Denied, InvalidTransition
from microenterprises.actions.teams import check_is_team
from microenterprises.models import Membership, Microenterprise
from microenterprises.permissions import Place, check_acts, check_end_of_team, check_lead, check_member
from people.models import Role, User
from talent_pool.models import PoolEntry


def check_wind_up(user: User, firm: Microenterprise) -> None:
    """The ME's own leader winds it up; the steward does when nobody leads it any more (rule 1: the ME decides)."""
    if firm.status == Microenterprise.Status.DISSOLVED:
        raise InvalidTransition(_("%(me)s is already dissolved.") % {"me": firm.name})
    if firm.is_team:
        raise InvalidTransition(
            _("%(me)s is a team that is not launched yet. It has nothing to settle; its leader ends it.")
            % {"me": firm.name}
        )
    lead = Membership.objects.active(business_date()).filter(microenterprise=firm, is_lead=True)
    leader = lead.select_related("person").first()
    if leader is None and user.has_role(Role.STEWARD):
        return
    if leader is None:
        raise Denied(_("Nobody leads %(me)s now, so the steward winds it up.") % {"me": firm.name})
    if leader.person_id != user.pk:
        raise Denied(
            _("Only %(leader)s, who leads %(me)s, can wind it up.") % {"leader": leader.person.name, "me": firm.name}
        )


# --- Teams ------------------------------------------------------------------------------------------------------------


def check_form_team(user: User, entry: PoolEntry | None, team: Microenterprise | None) -> None:
    """Somebody who waits in the pool, and is in no team, forms one. entry: their stay; team: the one they are in."""
    check_acts(user)
    if entry is None:
        raise Denied(_("A team is formed by people who wait in the talent pool. You have a place; publish an idea."))
    if team is not None:
        raise Denied(
            _("You are in the team %(me)s. Leave it first: nobody is in two teams, which might bid against each other.")
            % {"me": team.name}
        )


def check_join_team(
    person: User, joins: Microenterprise, entry: PoolEntry | None, team: Microenterprise | None
) -> None:
    """Only people who wait in the pool join a team, and one team only."""
    facts = {"person": person.name, "me": joins.name}
    if entry is None:
        raise Denied(
            _("%(me)s is a team of the talent pool, and %(person)s does not wait there. Invite somebody who does.")
            % facts
        )
    if team is not None and team.pk != joins.pk:
        raise Denied(
            _("%(person)s is in the team %(team)s, and nobody is in two. They can leave it on its page.")
            % {**facts, "team": team.name}
        )


def check_leave_team(place: Place) -> None:
    """A member leaves; the last one ends the team instead."""
    check_is_team(place.microenterprise)
    check_member(place)


def check_end_team(place: Place) -> None:
    """Whoever leads the team ends it, or the steward when that account is closed."""
    check_is_team(place.microenterprise)
    check_end_of_team(place)


def check_launch_team(place: Place, *, has_work: bool, people: int, needed: int) -> None:
    """Whoever leads the team launches it, once work waits for it and it has the people it took to bid."""
    check_is_team(place.microenterprise)
    check_lead(place)
    if not has_work:
        raise InvalidTransition(
            _(
                "A team becomes an ME when it has won something and the contract waits for its signature. "
                "Without work yet, publish an idea and launch that."
            )
        )
    if people < needed:
        raise InvalidTransition(
            _("%(me)s has too few people to be launched: it takes %(count)s. Open a seat and invite.")
            % {"me": place.microenterprise.name, "count": needed}
        )


# --- HR ---------------------------------------------------------------------------------------------------------------


def check_board(user: User) -> None:
    """HR keeps the board; steward and auditor read it."""
    if not user.has_role(Role.HR, Role.STEWARD, Role.AUDITOR):
        raise Denied(_("The board of the talent pool is kept by HR."))


def check_invite(user: User) -> None:
    """HR may invite anybody in the pool to any open seat."""
    if not user.has_role(Role.HR):
        raise Denied(_("HR sends these invitations. The leader of an ME invites from the ME's own page."))
