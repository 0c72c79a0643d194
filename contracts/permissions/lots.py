"""What is done to the lots of a set together and not to one alone. Who may is asked of `permissions.projects`."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from contracts.lifecycle import Phase, phase
from contracts.models import Project
from contracts.permissions import projects
from contracts.permissions.standing import Standing
from core.errors import InvalidTransition


def check_alone(project: Project) -> None:
    """A draft that is a lot is changed and published with the others of its set."""
    if project.lot_set_id is not None:
        raise InvalidTransition(
            _("This is lot %(number)s of a project in lots. Its lots are changed and published together.")
            % {"number": project.lot_number}
        )


def check_edit(lots: Sequence[Project], who: Standing) -> None:
    """Members of the buyer change draft lots together, until they are published."""
    for lot in lots:
        if lot.status != Project.Status.CANCELLED:
            projects.check_edit(lot, who)
    if not drafts(lots):
        raise InvalidTransition(_("Every lot is cancelled, so there is nothing left to change."))


def check_publish(lots: Sequence[Project], who: Standing) -> None:
    """The leader of the buyer publishes all that are drafts, because their ceilings are held then."""
    for lot in lots:
        if lot.status != Project.Status.CANCELLED:
            projects.check_publish(lot, who)
    if not drafts(lots):
        raise InvalidTransition(_("Every lot is cancelled, so there is nothing left to publish."))


def check_move_deadline(lots: Sequence[Project], who: Standing, now: datetime) -> Project:
    """The leader of the buyer moves the deadline of all lots that still run; the first of those."""
    running = [lot for lot in lots if phase(lot, now) in (Phase.SCHEDULED, Phase.OPEN)]
    lot = (running or list(lots))[0]
    projects.check_amend(lot, who, now)
    return lot


def drafts(lots: Sequence[Project]) -> list[Project]:
    """Those that are not published yet, in their order."""
    return [lot for lot in lots if lot.status == Project.Status.DRAFT]
