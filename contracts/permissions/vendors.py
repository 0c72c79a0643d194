"""Who invites outside vendors, and until when, and who keeps their people.

What an invited vendor may do stands beside what an ME may.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.lifecycle import Phase, phase
from contracts.models import FurtherColleague, Project
from contracts.permissions.standing import Standing
from core.errors import Denied, InvalidTransition, TooLate
from core.words.instants import exact
from people.models import Role, User


def check_see_vendors(project: Project, who: Standing) -> None:
    """The leader of the buyer sees to which addresses invitations go."""
    if project.buyer is None:
        raise InvalidTransition(_("This is a real tender shown for reference; nobody is invited to it here."))
    if not who.leads(project.buyer_id):
        raise Denied(_("Only the leader of %(me)s invites outside vendors.") % {"me": project.buyer.name})


def check_invite(project: Project, who: Standing) -> None:
    """The leader of the buyer invites vendors to a draft: at publication all bidders get its words at one moment."""
    check_see_vendors(project, who)
    if project.status != Project.Status.DRAFT:
        raise InvalidTransition(
            _("Who may bid is settled at publication, so that all bidders read the words at the same moment.")
        )


def check_send_again(project: Project, who: Standing, now: datetime) -> None:
    """The leader of the buyer sends an invitation again, or to a colleague there, while bids are taken."""
    check_see_vendors(project, who)
    if project.status == Project.Status.DRAFT:
        raise InvalidTransition(_("Invitations are sent when the project is published."))
    if phase(project, now) not in (Phase.SCHEDULED, Phase.OPEN):
        raise TooLate(
            _("The deadline was %(deadline)s; an invitation would come too late.")
            % {"deadline": exact(project.deadline)},
            deadline=project.deadline.isoformat(),
        )


# ------------------------------------------------------------------ the people of a known vendor


def check_keep(user: User) -> None:
    """HR, who keeps accounts, asks for further colleagues, writes again and withdraws addresses."""
    if not user.has_role(Role.HR):
        raise Denied(_("HR keeps who signs in for a vendor."))


def check_agree_to(colleague: FurtherColleague, user: User) -> None:
    """A steward who did not ask. One person alone could seat a stranger beside whoever bids for the firm."""
    if not user.has_role(Role.STEWARD):
        raise Denied(_("A steward agrees before another person is let in."))
    if user.pk == colleague.asked_by_id:
        raise Denied(_("You asked for this person, so another steward has to agree."))


def check_refuse(colleague: FurtherColleague, user: User) -> None:
    """A steward leaves a person outside, or whoever asked thinks again."""
    if user.pk != colleague.asked_by_id and not user.has_role(Role.STEWARD):
        raise Denied(_("A steward decides on this, or whoever asked takes it back."))
