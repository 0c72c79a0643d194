"""Outside money that finance records: receipts, outside costs, investments, the money of platforms; and reversals."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, money
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid, InvalidTransition
from core.ids import new_id
from ledger import queries as books
from ledger.models import Entry
from ledger.writer import post_one, reverse
from microenterprises import entries, names
from microenterprises.models import Microenterprise, MoneyRecord, Platform
from microenterprises.permissions import check_record_money
from microenterprises.rules import check_active
from microenterprises.sentences import day_name
from people.models import User

Kind = MoneyRecord.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the paper says. number: recorded once per ME and kind, however it is typed. dated: when it holds; never in
    the future.
    """

    number: str
    counterparty: str
    dated: date


@transaction.atomic
def record_receipt(*, microenterprise: Microenterprise, amount_minor: int, document: Document, by: User) -> MoneyRecord:
    """A customer outside the company paid the ME. Raises Denied, Invalid, Conflict (document recorded before)."""
    return _record(microenterprise, Kind.RECEIPT, amount_minor, document, by)


@transaction.atomic
def record_cost(*, microenterprise: Microenterprise, amount_minor: int, document: Document, by: User) -> MoneyRecord:
    """The ME paid somebody outside the company. Raises Denied, Invalid, Conflict, InsufficientFunds."""
    return _record(microenterprise, Kind.COST, amount_minor, document, by)


@transaction.atomic
def record_investment(
    *, microenterprise: Microenterprise, platform: Platform, amount_minor: int, document: Document, by: User
) -> MoneyRecord:
    """A platform invested in the ME: from its wallet into the ME's, against a stake.

    Raises Denied, Invalid (another currency), Conflict, InsufficientFunds (the platform's wallet is short).
    """
    backer = Platform.objects.select_related("entity").get(pk=platform.pk)
    if backer.entity.currency != microenterprise.currency:
        raise Invalid(
            _("%(platform)s keeps its books in %(theirs)s and %(me)s in %(ours)s; the market exchanges nothing.")
            % {
                "platform": backer.name,
                "theirs": backer.entity.currency,
                "me": microenterprise.name,
                "ours": microenterprise.currency,
            },
            field="platform",
        )
    return _record(microenterprise, Kind.INVESTMENT, amount_minor, document, by, platform=backer)


@transaction.atomic
def fund_platform(*, platform: Platform, amount_minor: int, document: str, effective_date: date, by: User) -> Entry:
    """The company gives a platform money to invest. A document is recorded once, however its number is typed.

    Raises Denied, Invalid, Conflict (the document was recorded before).
    """
    check_record_money(by)
    check_amount(amount_minor)
    check_document(document)
    check_dated(effective_date)
    backer = Platform.objects.select_for_update(of=("self",), no_key=True).select_related("entity").get(pk=platform.pk)
    draft = entries.funding(backer, amount_minor, document=document.strip(), effective_date=effective_date)
    recorded = (entry.memo for entry in books.entries_about(draft.subject) if entry.kind == draft.kind)
    if names.number_key(document) in map(names.number_key, recorded):
        raise Conflict(
            _("Document %(document)s was recorded for %(platform)s before.")
            % {"document": document.strip(), "platform": backer.name},
            field="document",
        )
    entry = post_one(draft, by=str(by.pk))
    audit.record(
        by=by,
        deed="money.funding",
        subject=f"platform:{backer.pk}",
        about=backer.name,
        amount_minor=amount_minor,
        currency=backer.entity.currency,
        document=document.strip(),
    )
    return entry


@transaction.atomic
def reverse_record(*, record: MoneyRecord, reason: str, by: User) -> MoneyRecord:
    """Take a wrong record back by the mirror entry; the document number is then free for the right one.

    Raises Denied, Invalid (no reason), InvalidTransition (reversed before), InsufficientFunds (the money is spent).
    """
    check_record_money(by)
    row = (
        MoneyRecord.objects.select_for_update(of=("self",))
        .select_related("microenterprise", "platform")
        .get(pk=record.pk)
    )
    if row.reversed_at is not None:
        raise InvalidTransition(_("This document was reversed before."))
    check_active(Microenterprise.objects.select_for_update(no_key=True).get(pk=row.microenterprise_id))
    if not reason.strip():
        raise Invalid(_("Say why it is reversed; the auditor will ask."), field="reason")
    entry = books.entry_with_reference(row.entry_reference)
    if entry is None:
        raise InvalidTransition(_("This document has no entry in the books."))
    reverse(entry, reference=f"{row.entry_reference}:reversed", memo=reason.strip(), by=str(by.pk))
    row.reversed_at, row.reversed_by, row.reversal_reason = market_now(), by, reason.strip()
    row.save(update_fields=["reversed_at", "reversed_by", "reversal_reason"])
    _audit(row, "money.reversed", by, reason=reason.strip())
    return row


def _record(
    microenterprise: Microenterprise,
    kind: Kind,
    amount_minor: int,
    document: Document,
    by: User,
    *,
    platform: Platform | None = None,
) -> MoneyRecord:
    check_record_money(by)
    check_amount(amount_minor)
    check_document(document.number)
    check_dated(document.dated)
    if not document.counterparty.strip():
        raise Invalid(_("Say who paid or was paid."), field="counterparty")
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=microenterprise.pk)
    check_active(firm)
    number_key = names.number_key(document.number)
    _check_new(firm, kind, number_key)
    key = new_id()
    row = MoneyRecord.objects.create(
        pk=key,
        microenterprise=firm,
        kind=kind,
        amount_minor=amount_minor,
        effective_date=document.dated,
        counterparty=document.counterparty.strip(),
        document=document.number.strip(),
        document_key=number_key,
        platform=platform,
        entry_reference=f"{kind.value}:{key}",
        recorded_at=market_now(),
        recorded_by=by,
    )
    post_one(entries.money_record(row), by=str(by.pk))
    _audit(row, f"money.{kind.value}", by)
    return row


def check_amount(amount_minor: int) -> None:
    """Something is moved."""
    if amount_minor <= 0:
        raise Invalid(_("The amount is more than zero."), field="amount")
    money.check_size(amount_minor, field="amount")


def check_document(number: str) -> None:
    """There is a paper behind it."""
    if not names.number_key(number):
        raise Invalid(_("Give the number of the invoice, receipt or decision behind it."), field="document")


def check_dated(day: date) -> None:
    """Books speak of what has happened."""
    if day > business_date():
        raise Invalid(
            _("%(day)s is still to come. Record it once it has happened.") % {"day": day_name(day)}, field="dated"
        )


def _check_new(firm: Microenterprise, kind: Kind, number_key: str) -> None:
    rows = MoneyRecord.objects.filter(microenterprise=firm, kind=kind, reversed_at=None)
    before = rows.filter(document_key=number_key).first()
    if before is not None:
        raise Conflict(
            _("Document %(document)s was recorded before, with %(amount)s. A document is recorded once.")
            % {"document": before.document, "amount": money.write(before.amount_minor, firm.currency)},
            field="document",
        )


def _audit(row: MoneyRecord, deed: str, by: User, **facts: str) -> None:
    audit.record(
        by=by,
        deed=deed,
        subject=f"microenterprise:{row.microenterprise_id}",
        about=row.microenterprise.name,
        amount_minor=row.amount_minor,
        currency=row.microenterprise.currency,
        document=row.document,
        **facts,
    )
