"""Lowering pay that waits: a salary that was typed too high asks for a sum that the wallet never has."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, money
from core.errors import Conflict, Invalid, InvalidTransition
from ledger import days
from microenterprises.models import Membership, Microenterprise
from people.models import User
from people.notices import tell
from settlement import waiting
from settlement.actions.nights import ONE_DAY, waiting_dates
from settlement.models import LoweredPay
from settlement.sentences import day_name, month_name


@transaction.atomic
def lower(*, outcome: UUID, membership: UUID, monthly_minor: int, reason: str, by: User) -> LoweredPay:
    """Lower one's own pay of the month that an exception froze; the next night pays it so.

    monthly_minor: what a full month is from now on for that month. The agreement of later months is changed where
    members are. Raises InvalidTransition (nothing of one's own waits there), Invalid (not lower, no reason), Conflict
    while an earlier date waits to be settled: its night may be paying it at this moment.
    """
    firm = Microenterprise.objects.select_for_update(no_key=True).get(outcomes=outcome)
    today = days.open_date()
    if before := waiting_dates(through=today - ONE_DAY):
        raise Conflict(
            _("%(day)s is being settled, and may be paying this. Try again in a few minutes.")
            % {"day": day_name(before[0])}
        )
    mine = waiting.of_person(by)
    found = next((each for each in mine if (each.outcome.pk, each.wage.membership) == (outcome, membership)), None)
    if found is None:
        raise InvalidTransition(_("No pay of yours waits there: it was paid meanwhile, or it is somebody else's."))
    if not 0 <= monthly_minor < found.monthly_minor:
        amount = money.write(found.monthly_minor, firm.currency)
        raise Invalid(_("Your pay is lowered here, never raised. Type less than %(amount)s.") % {"amount": amount},
                      field="monthly")  # fmt: skip
    if not reason.strip():
        raise Invalid(_("Say why; your ME and the auditor read it."), field="reason")
    row = LoweredPay.objects.create(
        outcome_id=outcome,
        membership_id=membership,
        monthly_minor=monthly_minor,
        reason=reason.strip(),
        lowered_on=today,
        lowered_at=days.hold_date(),
    )
    day = found.outcome.business_date
    audit.record(
        by=by,
        deed="settlement.pay_lowered",
        subject=f"microenterprise:{firm.pk}",
        about=firm.name,
        month=f"{day:%Y-%m}",
        from_minor=found.monthly_minor,
        to_minor=monthly_minor,
        reason=row.reason,
    )
    leads = Membership.objects.active(today).filter(microenterprise=firm, is_lead=True).select_related("person")
    facts = {"person": by.name, "me": firm.name}
    tell(
        [each.person for each in leads if each.person_id != by.pk],
        lambda: (
            _("%(person)s lowered their pay of %(month)s in %(me)s. The next night tries again to pay it.")
            % {**facts, "month": month_name(day)}
        ),
        link=f"/settlement/outcomes/{outcome}/",
    )
    return row
