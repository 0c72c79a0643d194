"""The verbs of paying out: keep one's bank details, prepare a batch, send it, mark it paid, record what was rejected.

Work on many payments goes in steps, each one transaction that holds the batch: killed at any point, it is taken up
where it stopped; done by two at once, one waits or passes by. A batch of one step is done at once, inside the verb; the
others are done by the worker. Every entry has its natural key, so nothing is posted twice.

| verb | debit | credit | reference |
| --- | --- | --- | --- |
| sent | payable | in transit | `payout:<payment>:sent` |
| marked paid | in transit | set aside | `payout:<payment>:confirmed` |
| rejected | reversals of both, the later one first | | `…:rejected` |
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import audit, clock, money
from core.clock import market_now
from core.errors import Conflict, Invalid
from ledger import writer
from ledger.accounts import Kind
from ledger.queries import entry_with_reference
from ledger.writer import Draft, Line, credit, debit
from people.models import User
from people.notices import tell
from settlement import payable, vault
from settlement.bank import Account
from settlement.lifecycle import PAYMENT, PAYOUT, RUN
from settlement.models import BankDetails, Payment, PaymentPart, PayoutBatch, SettlementRun
from settlement.models.payouts import PaymentQuerySet
from settlement.payable import Part
from settlement.permissions import (
    check_cancel,
    check_export_payments,
    check_mark_paid,
    check_own_details,
    check_pay_out,
    check_reject,
    check_send,
)

STEP = 2_000
"""Payments of one transaction; and how many are done at once without the worker."""
SEALED_AT_ONCE = 500
"""Bank details of one transaction when they are sealed with another key."""
Status = PayoutBatch.Status
LONGEST_REASON = 300


# --- Bank details -----------------------------------------------------------------------------------------------------


@transaction.atomic
def keep_bank_details(*, person: User, account: Account, currency: str, by: User) -> BankDetails:
    """Store where a person is paid, sealed, in place of what was there; they are told, in case it was not them.

    currency: only for payments in it; empty for all others. Raises Denied for anybody else's details, Invalid for an
    unknown currency, Conflict while a payout of many is being prepared.
    """
    check_own_details(by)
    if person.pk != by.pk:
        raise Invalid(_("Everybody keeps their own bank details; nobody else's."))
    if currency and not money.known(currency):
        raise Invalid(_("%(code)s is not a currency code such as CNY.") % {"code": currency}, field="currency")
    payable.hold()  # whose money has a way to go is counted with what is open
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = market_now()
    kept = BankDetails(person=person, currency=currency, ending=account.ending, entered_at=now)
    kept.sealed = vault.seal(account, row=kept.pk, person=person.pk)
    was_there = BankDetails.objects.filter(person=person, currency=currency, replaced_at=None).update(replaced_at=now)
    kept.save(force_insert=True)
    audit.record(
        by=by,
        deed="bank_details.changed" if was_there else "bank_details.entered",
        subject=f"person:{person.pk}",
        about=person.name,
        currency=currency,
        ending=kept.ending,
    )
    tell(
        [person],
        lambda: (
            _("Your bank details were changed to %(account)s. If it was not you, tell finance at once.")
            % {"account": kept.masked}
        ),
        link="/statements/bank/",
    )
    return kept


def seal_bank_details_anew(*, by: User | None, after: UUID | None = None) -> tuple[UUID | None, int]:
    """Seal the next bank details with PAYOUT_KEY that an older key sealed; replaced ones too: files still name them.

    by: who asked for it; None when whoever runs the market did, without a name. after: the last row that was looked at.
    Returns the last row looked at now (None when there is none left) and how many were sealed. Killed at any point and
    repeated, it goes on. Raises vault.Unreadable for a row that no key opens; nothing of its step is written then.
    """
    with transaction.atomic():
        rows = BankDetails.objects.select_for_update().order_by("pk")
        found = list((rows.filter(pk__gt=after) if after else rows)[:SEALED_AT_ONCE])
        anew = []
        for details in found:
            sealed = vault.sealed_anew(bytes(details.sealed), row=details.pk, person=details.person_id)
            if sealed is not None:
                details.sealed = sealed
                anew.append(details)
        if anew:
            _may_seal_anew()
            BankDetails.objects.bulk_update(anew, ["sealed"])
            audit.record(
                by=by, deed="bank_details.sealed_anew", subject="bank_details", about="PAYOUT_KEY", rows=len(anew)
            )
    return (found[-1].pk if found else None), len(anew)


def _may_seal_anew() -> None:
    """Until the end of the transaction the guard lets a ciphertext be replaced, and nothing beside it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL settlement.seals_anew = 'on'")


# --- Batches ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def release_approved() -> None:
    """Add what was approved since to what is owed. The clock's own; safe at any time, several times."""
    payable.hold()
    payable.release()


@transaction.atomic
def create(*, currency: str, by: User) -> PayoutBatch:
    """Reserve everything in a currency that is approved, unpaid and has bank details, in a new draft.

    If there is a draft in the currency already, that one is returned: two clicks make one. Raises Denied,
    InvalidTransition (no company account), Conflict when there is nobody to pay.
    """
    check_pay_out(by)
    drafts = PayoutBatch.objects.filter(currency=currency, status__in=[Status.PREPARING, Status.DRAFT])
    if known := drafts.first():
        return known
    payable.hold()
    if known := drafts.first():
        return known
    payable.release()
    ready = next((each for each in payable.open_sums() if each.currency == currency and each.ready), None)
    nights = payable.unpaid_range()
    if ready is None or nights is None:
        raise Conflict(
            _("Nobody can be paid in %(currency)s now: nothing is approved and unpaid, or bank details are missing.")
            % {"currency": currency}
        )
    batch = PayoutBatch.objects.create(
        number=payable.next_number(),
        currency=currency,
        runs_from=nights[0],
        runs_through=nights[1],
        size=ready.ready,
        created_at=market_now(),
        created_by=by,
    )
    _record(batch, "payout.created", by, runs_from=str(nights[0]), runs_through=str(nights[1]))
    return _begin(batch)


@transaction.atomic
def send(*, batch: PayoutBatch, by: User) -> PayoutBatch:
    """Send a draft: post every payment as in transit; then its files can be given to the bank.

    Payments go to the accounts people have at this moment. Raises Denied, InvalidTransition.
    """
    batch = _held(batch)
    check_send(by, batch)
    payable.use_current_details(batch)
    PAYOUT.move(
        batch,
        "send",
        done=0,
        sent_at=market_now(),
        sent_by=by,
        execution_date=clock.business_date(),
        payments_sha256=payable.payments_sha256(batch),
    )
    _record(
        batch,
        "payout.sent",
        by,
        payments=batch.size,
        total_minor=batch.total_minor,
        payments_sha256=batch.payments_sha256,
    )
    return _begin(batch)


@transaction.atomic
def mark_paid(*, batch: PayoutBatch, by: User) -> PayoutBatch:
    """Say that the bank paid what it did not reject; posted payment by payment. Not by who created the batch.

    Raises Denied, InvalidTransition.
    """
    batch = _held(batch)
    check_mark_paid(by, batch)
    PAYOUT.move(batch, "mark_paid", done=0, paid_by=by)
    _record(batch, "payout.marked_paid", by)
    return _begin(batch)


@transaction.atomic
def cancel(*, batch: PayoutBatch, by: User | None) -> PayoutBatch:
    """Give up a draft: what it reserved can be in another. by None: the clock found nothing that could be paid."""
    payable.hold()
    batch = _held(batch)
    if by is not None:
        check_cancel(by, batch)
    Payment.objects.filter(batch=batch, status=Payment.Status.PLANNED).update(status=Payment.Status.CANCELLED)
    PaymentPart.objects.filter(payment__batch=batch, is_live=True).update(is_live=False)
    PAYOUT.move(batch, "cancel", cancelled_at=market_now(), cancelled_by=by)
    _record(batch, "payout.cancelled", by)
    return batch


@transaction.atomic
def reject(*, payment: Payment, reason: str, by: User) -> Payment:
    """Record that the bank rejected a payment: its entries are reversed, and it is owed again for the next batch.

    reason: the bank's, for finance and for the person, who is told. Raises Denied, InvalidTransition, Invalid.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(_("Write down the reason the bank gave, in at most 300 characters."), field="reason")
    payable.hold()
    batch = _held(payment.batch)
    payment = Payment.objects.select_for_update().select_related("person", "batch").get(pk=payment.pk, batch=batch)
    check_reject(by, payment)
    was_paid = payment.status == Payment.Status.CONFIRMED
    for reference in (_confirmed(payment.pk), _sent(payment.pk)) if was_paid else (_sent(payment.pk),):
        entry = entry_with_reference(reference)
        assert entry is not None, reference
        writer.reverse(
            entry, reference=f"{reference}:rejected", memo=f"Rejected by the bank: payout {batch}", by=str(by.pk)
        )
    PAYMENT.move(payment, "reject", reason=reason, rejected_at=market_now(), rejected_by=by)
    payment.parts.filter(is_live=True).update(is_live=False)
    audit.record(
        by=by,
        deed="payout.rejected",
        subject=payment.subject,
        about=payment.person.name,
        payout=batch.number,
        number=payment.number,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        reason=reason,
        was_paid=was_paid,
    )
    if was_paid:
        _reopen_runs(payment, by)
    _tell_rejected(payment)
    return payment


@transaction.atomic
def record_export(*, batch: PayoutBatch, form: str, by: User) -> None:
    """Write down that somebody takes a file with whole bank details away. Raises Denied, InvalidTransition."""
    check_export_payments(by, batch)
    _record(
        batch,
        "payout.exported",
        by,
        form=form,
        payments=batch.size,
        total_minor=batch.total_minor,
        payments_sha256=batch.payments_sha256,
    )


# --- Work in steps ----------------------------------------------------------------------------------------------------


def work_on(batch: PayoutBatch) -> PayoutBatch:
    """Go on with a batch step by step until nothing is left to do, or somebody else is at it."""
    while True:
        with transaction.atomic():
            if batch.status == Status.PREPARING:
                payable.hold()
            held = PayoutBatch.objects.select_for_update(skip_locked=True).filter(pk=batch.pk).first()
            if held is None or not held.is_busy:
                return held or batch
            batch = _step(held)


def work_on_all() -> None:
    """What the clock does: release what was approved, and go on with every batch that is not done."""
    release_approved()
    for batch in PayoutBatch.objects.filter(status__in=PayoutBatch.BUSY).order_by("number"):
        work_on(batch)


def _begin(batch: PayoutBatch) -> PayoutBatch:
    """Do a small batch's work now, in the caller's transaction; hand a large one to the worker."""
    if batch.size <= STEP:
        return _step(batch)
    from settlement.tasks import payouts

    # robust: the clock finds the batch within seconds, even when the broker cannot be reached now.
    transaction.on_commit(payouts.delay, robust=True)
    return batch


def _step(batch: PayoutBatch) -> PayoutBatch:
    """One step of the work of the batch's state; the caller holds the batch."""
    status = Status(batch.status)
    if status is Status.PREPARING:
        return _prepare(batch)
    through = min(batch.done + STEP, batch.size)
    if status is Status.SENDING:
        _post_sent(batch, through)
    else:
        _post_confirmed(batch, through)
    batch.done = through
    batch.save(update_fields=["done"])
    if through == batch.size:
        _finish(batch)
    return batch


def _prepare(batch: PayoutBatch) -> PayoutBatch:
    made = payable.plan(batch)
    if not made.payments:
        return cancel(batch=batch, by=None)
    payable.store(made)
    PAYOUT.move(
        batch,
        "prepare",
        size=len(made.payments),
        done=len(made.payments),
        total_minor=made.total_minor,
        without_details=len(made.without),
        without_details_minor=made.without_minor,
        withheld_minor=made.withheld_minor,
    )
    return batch


def _post_sent(batch: PayoutBatch, through: int) -> None:
    groups = payable.parts_between(batch, batch.done, through, Payment.Status.PLANNED)
    drafts = [
        _draft(batch, parts, reference=_sent(parts[0].payment), kind="payout_sent", lines=_owed_to_transit(parts))
        for parts in groups
    ]
    _post(drafts, str(batch.sent_by_id))
    _payments(batch, through, Payment.Status.PLANNED).update(status=PAYMENT.moves["send"][1])


def _post_confirmed(batch: PayoutBatch, through: int) -> None:
    groups = payable.parts_between(batch, batch.done, through, Payment.Status.SENT)
    drafts = [
        _draft(batch, parts, reference=_confirmed(parts[0].payment), kind="payout_paid", lines=_transit_to_bank(parts))
        for parts in groups
    ]
    _post(drafts, str(batch.paid_by_id))
    _payments(batch, through, Payment.Status.SENT).update(status=PAYMENT.moves["confirm"][1])


def _payments(batch: PayoutBatch, through: int, status: str) -> PaymentQuerySet:
    return Payment.objects.filter(batch=batch, number__gt=batch.done, number__lte=through, status=status)


def _post(drafts: list[Draft], by: str) -> None:
    if drafts:
        writer.post(drafts, by=by)


def _finish(batch: PayoutBatch) -> None:
    if batch.status == Status.SENDING:
        PAYOUT.move(batch, "finish_sending")
        return
    PAYOUT.move(batch, "finish_paying", paid_at=market_now())
    _record(batch, "payout.paid", batch.paid_by)
    _pay_runs(batch)


# --- Entries ----------------------------------------------------------------------------------------------------------


def _draft(batch: PayoutBatch, parts: list[Part], *, reference: str, kind: str, lines: Iterable[Line]) -> Draft:
    return Draft(
        reference=reference,
        kind=kind,
        lines=tuple(lines),
        subject=f"payment:{parts[0].payment}",
        memo=f"Payout {batch.number}",
    )


def _owed_to_transit(parts: list[Part]) -> Iterable[Line]:
    for part in parts:
        party = f"person:{part.person}"
        yield debit(part.entity, Kind.PAYABLE, part.minor, party)
        yield credit(part.entity, Kind.IN_TRANSIT, part.minor, party)


def _transit_to_bank(parts: list[Part]) -> Iterable[Line]:
    for part in parts:
        yield debit(part.entity, Kind.IN_TRANSIT, part.minor, f"person:{part.person}")
        yield credit(part.entity, Kind.SET_ASIDE, part.minor)


def _sent(payment: object) -> str:
    return f"payout:{payment}:sent"


def _confirmed(payment: object) -> str:
    return f"payout:{payment}:confirmed"


# --- Runs -------------------------------------------------------------------------------------------------------------


def _pay_runs(batch: PayoutBatch) -> None:
    """Nights of which everybody has their money are paid now."""
    owed = payable.nights_still_owed([SettlementRun.Status.APPROVED])
    runs = SettlementRun.objects.filter(status=SettlementRun.Status.APPROVED, release__isnull=False)
    for run in runs.exclude(business_date__in=owed).order_by("business_date"):
        RUN.move(run, "pay", paid_at=market_now(), paid_by=batch.paid_by)
        _record_run(run, "settlement.paid", batch.paid_by, batch)


def _reopen_runs(payment: Payment, by: User) -> None:
    """A payment that came back after its nights were paid opens them again, until it is paid anew."""
    owed = payable.nights_still_owed([SettlementRun.Status.PAID, SettlementRun.Status.APPROVED], [payment.person_id])
    paid = SettlementRun.objects.filter(status=SettlementRun.Status.PAID, business_date__in=owed)
    for run in paid.order_by("business_date"):
        RUN.move(run, "reopen", paid_at=None, paid_by=None)
        _record_run(run, "settlement.reopened", by, payment.batch)


def _record_run(run: SettlementRun, deed: str, by: User | None, batch: PayoutBatch) -> None:
    audit.record(by=by, deed=deed, subject=f"settlement:{run.business_date}", about=str(run), payout=batch.number)


# --- Words ------------------------------------------------------------------------------------------------------------


def _held(batch: PayoutBatch) -> PayoutBatch:
    held = PayoutBatch.objects.select_for_update(of=("self",)).select_related("created_by", "sent_by", "paid_by")
    return held.get(pk=batch.pk)


def _record(batch: PayoutBatch, deed: str, by: User | None, **facts: object) -> None:
    about = f"Payout {batch.number}"
    audit.record(by=by, deed=deed, subject=f"payout:{batch.pk}", about=about, currency=batch.currency, **facts)


def _tell_rejected(payment: Payment) -> None:
    amount = (payment.amount_minor, payment.currency)
    tell(
        [payment.person],
        lambda: (
            _(
                "The bank rejected your payment of %(amount)s: %(reason)s. It is owed to you as before; check your "
                "bank details, the next payout pays it."
            )
            % {"amount": money.write(*amount), "reason": payment.reason}
        ),
        link="/statements/bank/",
    )
