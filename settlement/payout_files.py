"""The files of a payout for the bank: pain.001 and the same payments as CSV, streamed. Here alone details are whole.

Only views that have written the export into the audit trail call this. Before the first byte the payments are counted
and added up against what was planned and sent, and one account is opened, so that a wrong key breaks nothing halfway.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from io import StringIO
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from core import money
from core.errors import Conflict
from settlement import pain001, payable, vault
from settlement.bank import Account, company_account
from settlement.exports.files import safe_text
from settlement.models import Payment, PayoutBatch

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment with its whole account. Lives as long as its line in the file."""

    id: UUID
    number: int
    person: str
    employee_number: str
    amount_minor: int
    status: str
    reason: str
    account: Account


def check_totals(batch: PayoutBatch) -> None:
    """Whether the payments are those that were sent, and can be opened. Raises Conflict, vault.Unreadable."""
    found = Payment.objects.filter(batch=batch).aggregate(count=Count("pk"), total=Sum("amount_minor", default=0))
    same = (found["count"], found["total"]) == (batch.size, batch.total_minor)
    if not same or payable.payments_sha256(batch) != batch.payments_sha256:
        raise Conflict(_("The payments are not those that were sent. No file was written; tell who runs the market."))
    next(payments(batch, 1), None)


def payments(batch: PayoutBatch, limit: int | None = None) -> Iterator[Paid]:
    """Every payment of a batch in its order, opened one at a time; rejected ones too: the file is what was sent."""
    rows = Payment.objects.filter(batch=batch).order_by("number")[:limit].values_list(
        "id", "number", "person__name", "person__employee_number", "amount_minor", "status", "reason", "person_id",
        "details_id", "details__sealed",
    )  # fmt: skip
    for payment, number, name, employee_number, amount, status, reason, person, details, sealed in rows.iterator(BATCH):
        account = vault.open_sealed(bytes(sealed), row=details, person=person)
        yield Paid(payment, number, name, employee_number or "", amount, status, reason, account)


def pain001_xml(batch: PayoutBatch) -> Iterator[str]:
    """The batch as pain.001.001.09. The same batch gives the same bytes, so a bank recognises a repeat."""
    assert batch.sent_at is not None
    assert batch.execution_date is not None
    head = pain001.Head(
        message_id=batch.pk.hex,
        created_at=batch.sent_at.astimezone(UTC),
        execution_date=batch.execution_date,
        currency=batch.currency,
        count=batch.size,
        total_minor=batch.total_minor,
        debtor=company_account(),
        purpose=f"Haier Market payout {batch.number}, {batch.runs_from} to {batch.runs_through}",
        note=f"{_runs(batch)}, payments sha256 {batch.payments_sha256}",
    )
    return pain001.document(head, (_transfer(batch, paid) for paid in payments(batch)))


def _transfer(batch: PayoutBatch, paid: Paid) -> pain001.Transfer:
    return pain001.Transfer(
        end_to_end_id=paid.id.hex,
        instruction_id=f"{batch.number}-{paid.number}",
        amount_minor=paid.amount_minor,
        creditor=paid.account,
    )


def columns() -> list[str]:
    """The heads of the CSV, in the reader's language."""
    return [
        _("Number"), _("Payment"), _("Person"), _("Employee number"), _("Account holder"), _("IBAN"),
        _("Account number"), _("BIC of the bank"), _("Kind of bank code"), _("Bank code"), _("Currency"), _("Amount"),
        _("State"), _("The bank's reason"), _("Settlement runs"), _("Hash of the payments"),
    ]  # fmt: skip


def csv_file(batch: PayoutBatch) -> Iterator[str]:
    """The same payments as CSV, with how they stand now; no cell can be taken for a formula."""
    yield "\ufeff"  # tells spreadsheets that the text is UTF-8
    yield _row(columns())
    states: dict[str, Any] = dict(Payment.Status.choices)
    runs = _runs(batch)
    for paid in payments(batch):
        account = paid.account
        yield _row(
            [
                str(paid.number), paid.id.hex, paid.person, paid.employee_number, account.holder, account.iban,
                account.number, account.bic, account.clearing_system, account.clearing_code, batch.currency,
                money.plain(paid.amount_minor, batch.currency), str(states[paid.status]), paid.reason, runs,
                batch.payments_sha256,
            ]
        )  # fmt: skip


def _runs(batch: PayoutBatch) -> str:
    return f"{batch.runs_from.isoformat()} to {batch.runs_through.isoformat()}"


def _row(cells: list[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow([safe_text(cell) for cell in cells])
    return line.getvalue()
