"""What payouts tell people, in their language: where one stands, what each deed does, who is left out and why."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import money
from settlement.models import OpenSum, Payment, PayoutBatch
from settlement.sentences import day_name

Status = PayoutBatch.Status


def batch_state(batch: PayoutBatch) -> str:
    """Where a payout stands and what happens next."""
    status = Status(batch.status)
    said = {
        Status.PREPARING: _("Payments are being planned. The draft is ready when all are."),
        Status.DRAFT: _("Reserved, not sent. Sending posts every payment and makes the files for the bank."),
        Status.SENDING: _("Every payment is being posted as in transit. The files come when all are."),
        Status.SENT: _("Give the file to the bank. When the bank has paid, somebody else than its creator says so."),
        Status.CONFIRMING: _("Every payment is being posted as paid."),
        Status.PAID: _("Paid. If the bank still rejects a payment, record it at that payment."),
        Status.CANCELLED: _("Given up before it was sent. What it reserved can be paid by another payout."),
    }
    return said[status]


def creation(row: OpenSum, arriving_minor: int) -> str:
    """What creating a payout does. arriving_minor: what nights approved a moment ago release beside the row."""
    arriving = {"amount": money.write(arriving_minor, row.currency)}
    if not row.ready:
        return (
            _(
                "Reserves in a draft what can be paid of the %(amount)s of nights approved a moment ago. Nothing is "
                "posted or sent by it."
            )
            % arriving
        )
    said = _ready(row)
    if arriving_minor:
        said += (
            " "
            + _("The %(amount)s of nights approved a moment ago come with it, as far as they can be paid.") % arriving
        )
    return said


def _ready(row: OpenSum) -> str:
    facts = {"amount": money.write(row.ready_minor, row.currency), "count": row.ready}
    return (
        ngettext(
            "Reserves %(amount)s for %(count)s person in a draft. Nothing is posted or sent by it.",
            "Reserves %(amount)s for %(count)s people in a draft. Nothing is posted or sent by it.",
            row.ready,
        )
        % facts
    )


def sending(batch: PayoutBatch) -> str:
    """What sending a draft does."""
    facts = {"amount": money.write(batch.total_minor, batch.currency), "count": batch.size}
    return (
        ngettext(
            "Posts %(amount)s to %(count)s person as in transit and makes the files for the bank. A payment can then "
            "only be taken back as rejected.",
            "Posts %(amount)s to %(count)s people as in transit and makes the files for the bank. A payment can then "
            "only be taken back as rejected.",
            batch.size,
        )
        % facts
    )


def paying(batch: PayoutBatch) -> str:
    """What marking a payout as paid does."""
    return _(
        "Posts every payment that was not rejected as paid out of the money set aside for it. Do it when the bank's "
        "statement shows the sum."
    )


def cancelling(batch: PayoutBatch) -> str:
    """What giving up a draft does."""
    return _("%(amount)s is free again for another payout. Nothing was posted.") % {
        "amount": money.write(batch.total_minor, batch.currency)
    }


def rejecting(payment: Payment) -> str:
    """What recording a rejection does."""
    return _(
        "Reverses the entries of this payment: %(amount)s is owed to %(person)s again and is part of the next payout. "
        "They are told the reason."
    ) % {"amount": money.write(payment.amount_minor, payment.currency), "person": payment.person.name}


def left_out(batch: PayoutBatch) -> list[str]:
    """Who is not in a payout, or not with everything, and why."""
    said = []
    if batch.without_details:
        said.append(
            ngettext(
                "%(count)s person with %(amount)s was left out: no bank details. The next payout pays them once they "
                "have entered some.",
                "%(count)s people with %(amount)s were left out: no bank details. The next payout pays them once they "
                "have entered some.",
                batch.without_details,
            )
            % {
                "count": batch.without_details,
                "amount": money.write(batch.without_details_minor, batch.currency),
            }
        )
    if batch.withheld_minor:
        said.append(
            _(
                "%(amount)s was left out because the books do not cover it: an ME set aside less than it owes its "
                "people, or a share was reversed. It stays owed."
            )
            % {"amount": money.write(batch.withheld_minor, batch.currency)}
        )
    return said


def runs(batch: PayoutBatch) -> str:
    """Which nights a payout pays."""
    first, last = day_name(batch.runs_from), day_name(batch.runs_through)
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
