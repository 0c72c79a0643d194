"""Who may do what around the pool."""

from django.utils.translation import gettext as _

from core.clock import business_date
from core.errors import Denied, InvalidTransition
from microenterprises.models import Membership, Microenterprise
from people.models import Role, User


def check_wind_up(user: User, firm: Microenterprise) -> None:
    """The ME's own leader winds it up; the steward does when nobody leads it any more (rule 1: the ME decides)."""
    if firm.status != Microenterprise.Status.ACTIVE:
        raise InvalidTransition(_("%(me)s is already dissolved.") % {"me": firm.name})
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


def check_board(user: User) -> None:
    """HR keeps the board; steward and auditor read it."""
    if not user.has_role(Role.HR, Role.STEWARD, Role.AUDITOR):
        raise Denied(_("The board of the talent pool is kept by HR."))


def check_invite(user: User) -> None:
    """HR may invite anybody in the pool to any open seat."""
    if not user.has_role(Role.HR):
        raise Denied(_("HR sends these invitations. The leader of an ME invites from the ME's own page."))
