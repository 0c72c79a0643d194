"""Who may draft, edit, publish and cancel a project (rule 1: the ME decides)."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.lifecycle import PROJECT, Phase, phase
from contracts.models import Award, Project
from contracts.permissions.parts import check_untied
from contracts.permissions.standing import Standing
from core.errors import Denied, InvalidTransition, TooLate
from core.words.instants import exact
from microenterprises.models import Microenterprise
from people.models import Role


def check_draft(who: Standing) -> None:
    """Members of an active ME write down what it needs."""
    if not who.firms:
        raise Denied(_("Projects are posted by MEs. Join one, or found one from an idea, to post a need."))


def check_draft_for(firm: Microenterprise, who: Standing) -> None:
    """Only for an ME of one's own."""
    if not who.belongs_to(firm.pk):
        raise Denied(_("Only members of %(me)s write its projects.") % {"me": firm.name})


def check_edit(project: Project, who: Standing) -> None:
    """Members of the buyer change a draft; from publication on its words and criteria are frozen."""
    _check_live(project)
    if not who.belongs_to(project.buyer_id):
        raise Denied(_("Only members of %(me)s change this project.") % {"me": _buyer(project)})
    if project.status != Project.Status.DRAFT:
        raise InvalidTransition(_("This project is published, so its words and criteria are frozen for all bidders."))


def check_publish(project: Project, who: Standing) -> None:
    """The leader of the buyer publishes, because it holds the ME's money."""
    _check_live(project)
    _check_leads(project, who, _("Only the leader of %(me)s publishes this project, because its ceiling is held then."))
    PROJECT.check(project.status, "publish")


def check_amend(project: Project, who: Standing, now: datetime) -> None:
    """The leader of the buyer changes a published project until its deadline: its ceiling is the ME's money."""
    _check_live(project)
    _check_leads(project, who, _("Only the leader of %(me)s changes this project while bids are taken."))
    if project.status == Project.Status.DRAFT:
        raise InvalidTransition(_("This project is a draft; edit it."))
    if phase(project, now) not in (Phase.SCHEDULED, Phase.OPEN):
        raise TooLate(
            _("A project is changed before its deadline, which was %(deadline)s.")
            % {"deadline": exact(project.deadline)},
            deadline=project.deadline.isoformat(),
        )


def check_cancel(project: Project, who: Standing) -> None:
    """The leader of the buyer cancels while nothing is awarded, and so does the steward, who guards the market.

    A steward who is tied to an opened bid does not; of sealed ones nobody is told whose they are. Two statements then.
    """
    _check_live(project)
    if who.user.has_role(Role.AUDITOR) or not who.user.has_role(Role.STEWARD):
        _check_leads(project, who, _("Only the leader of %(me)s or the steward cancels this project."))
    PROJECT.check(project.status, "cancel")
    if project.status == Project.Status.EVALUATING and not who.leads(project.buyer_id):
        check_untied(project, who.user, who.on, _("So another steward or the buyer has to cancel this project."))


def check_undecided(project: Project) -> None:
    """Raise InvalidTransition while an award is on its way."""
    if project.awards.filter(status__in=Award.LIVE).exists():
        raise InvalidTransition(
            _("A choice is made and on its way. It has to be taken back before anything else is decided.")
        )


def _check_live(project: Project) -> None:
    if project.buyer_id is None:
        raise InvalidTransition(_("This is a real tender shown for reference; nothing happens to it here."))


def _check_leads(project: Project, who: Standing, sentence: str) -> None:
    if not who.leads(project.buyer_id):
        raise Denied(sentence % {"me": _buyer(project)})


def _buyer(project: Project) -> str:
    return project.buyer.name if project.buyer is not None else ""
