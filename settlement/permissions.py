"""Who may start, approve, export and pay out a settlement. When it is possible is in `lifecycle`."""

from datetime import date

from django.utils.translation import gettext as _

from core.clock import business_date
from core.errors import Denied, InvalidTransition
from people.models import Role, User
from settlement.bank import company_account
from settlement.lifecycle import PAYMENT, PAYOUT, RUN
from settlement.models import READS_PAY, SEES_ALL, Export, Payment, PayoutBatch, SettlementRun
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


def check_download(user: User, export: Export) -> None:
    """A file is for whoever asked for it. What it says of people's pay was theirs to read when it was made, and must
    be theirs still; whether they may have such a file at all is asked with its filters."""
    if export.asked_by_id != user.pk:
        raise Denied(_("Only whoever asked for a file downloads it."))
    if export.with_pay and not user.has_role(*READS_PAY):
        raise Denied(
            _(
                "This file was made while you could read what people are paid, and you no longer can. Ask for it "
                "again: a new file holds what you may see now."
            )
        )


# --- Payouts ----------------------------------------------------------------------------------------------------------

SENT_STATES = (PayoutBatch.Status.SENT, PayoutBatch.Status.CONFIRMING, PayoutBatch.Status.PAID)


def check_pay_out(user: User) -> None:
    """Finance pays people out; from the company's account, which must be known."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance pays people out."))
    company_account()


def check_send(user: User, batch: PayoutBatch) -> None:
    """A draft is sent by anybody in finance."""
    check_pay_out(user)
    PAYOUT.check(batch.status, "send")


def check_cancel(user: User, batch: PayoutBatch) -> None:
    """What was not sent yet can be given up."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance cancels payouts."))
    PAYOUT.check(batch.status, "cancel")


def check_mark_paid(user: User, batch: PayoutBatch) -> None:
    """Four eyes: whoever created a batch does not say that it was paid."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance marks payouts as paid."))
    if batch.created_by_id == user.pk:
        raise Denied(_("You created this payout, so somebody else in finance marks it as paid."))
    PAYOUT.check(batch.status, "mark_paid")


def check_reject(user: User, payment: Payment) -> None:
    """The bank's refusal is recorded after the payment was sent, also when the batch was marked as paid before.

    Not by whom it pays: what came back is owed to them once more.
    """
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance records what the bank rejected."))
    if payment.person_id == user.pk:
        raise Denied(_("This payment is yours, so somebody else in finance records that the bank rejected it."))
    if payment.batch.status == PayoutBatch.Status.CONFIRMING:
        raise InvalidTransition(_("The payout is being marked as paid at this moment. Try again in a minute."))
    PAYMENT.check(payment.status, "reject")


def check_export_payments(user: User, batch: PayoutBatch) -> None:
    """Whole bank details leave the house through finance only, and only for what was sent."""
    if not user.has_role(Role.FINANCE):
        raise Denied(_("Finance downloads payment files; they hold whole bank details."))
    if batch.status not in SENT_STATES:
        raise InvalidTransition(_("There is a file once the payout is sent."))


def check_own_details(user: User) -> None:
    """Everybody who can be paid here keeps their own bank details; nobody keeps another's."""
    if user.is_vendor:
        raise Denied(_("Outside vendors are paid by invoice, not through this page."))


# --- The books --------------------------------------------------------------------------------------------------------


def check_see_account(user: User, party: str) -> None:
    """What stands in a person's account is read by finance and the auditor."""
    if party.startswith("person:") and not user.has_role(*READS_PAY):
        raise Denied(_("Finance and the auditor read the accounts of single people."))


def check_export_books(user: User) -> None:
    """The general ledger and the journals name what people were paid: finance and the auditor take them along."""
    if not user.has_role(*READS_PAY):
        raise Denied(_("Finance and the auditor export the general ledger and the journals."))
