"""Who may start, approve and export a settlement. When it is possible is in `lifecycle`."""

from datetime import date

from django.utils.translation import gettext as _

from core.clock import business_date
from core.errors import Denied, InvalidTransition
from people.models import Role, User
from settlement.lifecycle import RUN
from settlement.models import READS_PAY, SEES_ALL, SettlementRun
from settlement.sentences import day_name


def check_start(user: User) -> None:
    """Finance may start a missed night by hand; the clock needs no permission."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance starts a settlement by hand; otherwise the clock does it after midnight."))


def check_over(day: date) -> None:
    """A date can be settled only when it is over."""
    today = business_date()
    if day >= today:
        raise InvalidTransition(
            _("%(day)s is not over in the company's time zone. It can be settled from the next day on.")
            % {"day": day_name(day)}
        )


def check_approve(user: User, run: SettlementRun) -> None:
    """Finance approves a sealed run; whoever started it by hand may not."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance approves settlement runs."))
    if run.started_by_id == user.pk:
        raise Denied(_("You started this run by hand, so somebody else in finance approves it."))
    RUN.check(run.status, "approve")


def check_export(user: User, run: SettlementRun) -> None:
    """Whoever may read a run may export it, once it is sealed."""
    if not user.has_role(*SEES_ALL):
        raise Denied(_("Finance, the steward and the auditor export settlement reports."))
    if run.status == SettlementRun.Status.POSTING:
        raise InvalidTransition(_("This night is still being posted. It can be exported once it is sealed."))


def check_export_pay(user: User, run: SettlementRun) -> None:
    """Lines that name a person's pay leave the house through finance and the auditor only."""
    check_export(user, run)
    if not user.has_role(*READS_PAY):
        raise Denied(_("Finance and the auditor export what single people were paid."))
