"""Payouts: what can be paid, the batches, one batch with its files, one payment. Load, act, answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.clock import market_now
from core.errors import Denied, DomainError
from core.http import Request, download, see_other, unprocessable
from core.paging import Page, page
from core.permissions import why_not
from people.models import User
from settlement import access, forms, payable, payout_files, payout_sentences, permissions
from settlement.actions import payouts
from settlement.lifecycle import PAYMENT_BADGES, PAYOUT_BADGES
from settlement.models import READS_PAY, OpenSum, Payment, PayoutBatch, seconds_left
from settlement.views.showing import fragment

Status = PayoutBatch.Status
LIVE = (*PayoutBatch.BUSY, Status.DRAFT, Status.SENT)


def _reader_or_404(user: User) -> None:
    if not user.has_role(*READS_PAY):
        raise Http404


# --- All payouts ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def payout_list(request: Request) -> HttpResponse:
    """What is approved and not paid, by currency, and every payout; POST prepares one."""
    _reader_or_404(request.user)
    if request.method != "POST":
        return _list(request)
    permissions.check_pay_out(request.user)
    form = forms.CreatePayoutForm(request.POST)
    if not form.is_valid():
        return unprocessable(_list(request, refusal=_("Choose a currency of the table.")))
    try:
        batch = payouts.create(currency=form.cleaned_data["currency"], by=request.user)
    except Denied:
        raise
    except DomainError as refused:
        return unprocessable(_list(request, refusal=str(refused.sentence)))
    if batch.is_busy:
        messages.success(request, _("The payout is being prepared. You can leave this page and come back."))
    return see_other("payout_detail", batch.pk)


def _list(request: Request, refusal: str = "") -> HttpResponse:
    batches = PayoutBatch.objects.visible_to(request.user)
    found = page(batches, order=("-number",), cursor=request.GET.get("cursor"))
    ahead = payable.unreleased()
    drafts = batches.filter(status__in=[Status.PREPARING, Status.DRAFT])
    context = {
        "refusal": refusal,
        "rows": _open_rows(payable.open_sums(), ahead.arriving, {batch.currency: batch for batch in drafts}),
        "why_not_create": why_not(permissions.check_pay_out, request.user),
        "waiting": ahead.waiting,
        "first_waiting": ahead.first_waiting,
        "page": found,
        "batches": [_shown(batch) for batch in found.rows],
    }
    return render(request, fragment(request, "settlement/payouts.html"), context)


def _open_rows(
    sums: list[OpenSum], arriving: dict[str, int], drafts: dict[str, PayoutBatch]
) -> list[dict[str, object]]:
    """A row per currency; one of which the first money was approved a moment ago has no sum yet."""
    found = {each.currency: each for each in sums}
    rows = [found.get(currency) or OpenSum(currency=currency) for currency in sorted({*found, *arriving})]
    return [
        {
            "sum": each,
            "arriving_minor": arriving.get(each.currency, 0),
            "consequence": payout_sentences.creation(each, arriving.get(each.currency, 0)),
            "draft": drafts.get(each.currency),
        }
        for each in rows
    ]


def _shown(batch: PayoutBatch) -> dict[str, object]:
    return {"batch": batch, "badge": PAYOUT_BADGES[Status(batch.status)], "runs": payout_sentences.runs(batch)}


@require_safe
def payout_missing(request: Request) -> HttpResponse:
    """Who has approved pay and has told no bank details."""
    _reader_or_404(request.user)
    rows = payable.without_details()
    found = page(rows, order=("-open_minor", "id"), cursor=request.GET.get("cursor"))
    return render(request, fragment(request, "settlement/payout_missing.html"), {"page": found})


# --- One payout -------------------------------------------------------------------------------------------------------


@require_safe
def payout_detail(request: Request, pk: UUID) -> HttpResponse:
    """One payout: where it stands, its files, every payment with the masked account."""
    batch = access.batch_or_404(request.user, pk)
    return _detail(request, batch)


def _detail(request: Request, batch: PayoutBatch, refusal: str = "") -> HttpResponse:
    if request.htmx.target == "progress":
        return _progress_alone(request, batch)
    form = forms.PaymentFilter(request.GET)
    rows = payable.payments_of(batch, request.user)
    if form.is_valid():
        if text := form.cleaned_data["q"].strip():
            rows = rows.filter(person__name__icontains=text)
        if status := form.cleaned_data["status"]:
            rows = rows.filter(status=status)
    found = page(rows, order=("number",), cursor=request.GET.get("cursor"))
    context: dict[str, object] = {
        "batch": batch,
        "form": form,
        "page": found,
        "payments": _badged(found),
        "refusal": refusal,
    }
    if request.htmx.target != "results":
        context |= _detail_context(request.user, batch)
    return render(request, fragment(request, "settlement/payout.html"), context)


def _badged(found: Page[Payment]) -> list[tuple[Payment, object]]:
    return [(payment, PAYMENT_BADGES[Payment.Status(payment.status)]) for payment in found.rows]


def _detail_context(user: User, batch: PayoutBatch) -> dict[str, object]:
    states = dict(Payment.Status.choices)
    return {
        "badge": PAYOUT_BADGES[Status(batch.status)],
        "sentence": payout_sentences.batch_state(batch),
        "left_out": payout_sentences.left_out(batch),
        "progress": _progress(batch),
        "states": [(states[row.status], row) for row in payable.state_sums(batch)],
        "sending": payout_sentences.sending(batch),
        "paying": payout_sentences.paying(batch),
        "cancelling": payout_sentences.cancelling(batch),
        "why_not_send": why_not(permissions.check_send, user, batch),
        "why_not_paid": why_not(permissions.check_mark_paid, user, batch),
        "why_not_cancel": why_not(permissions.check_cancel, user, batch),
        "why_not_file": why_not(permissions.check_export_payments, user, batch),
        "is_sent": batch.status in permissions.SENT_STATES,
    }


@dataclass(frozen=True)
class Progress:
    """How far the work is, in payments, and the time it still takes at the pace it had, where that is known."""

    done: int
    total: int
    left: timedelta | None


def _progress(batch: PayoutBatch) -> Progress | None:
    if not batch.is_busy:
        return None
    began = batch.sent_at if batch.status == Status.SENDING else None
    left = seconds_left(batch.done, batch.size, market_now() - began) if began else None
    return Progress(batch.done, batch.size, left)


def _progress_alone(request: Request, batch: PayoutBatch) -> HttpResponse:
    """The bar alone; once the work is done the whole page is asked for again."""
    progress = _progress(batch)
    if progress is None:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render(request, "settlement/payout.html#progress", {"batch": batch, "progress": progress})


@require_POST
def payout_send(request: Request, pk: UUID) -> HttpResponse:
    """Post every payment as in transit."""
    return _deed(request, pk, payouts.send, _("The payout is sent: download the file and give it to the bank."))


@require_POST
def payout_paid(request: Request, pk: UUID) -> HttpResponse:
    """Say that the bank paid."""
    return _deed(request, pk, payouts.mark_paid, _("The payout is marked as paid."))


@require_POST
def payout_cancel(request: Request, pk: UUID) -> HttpResponse:
    """Give up a draft."""
    return _deed(request, pk, payouts.cancel, _("The payout is cancelled; nothing was posted."))


def _deed(request: Request, pk: UUID, deed: Callable[..., PayoutBatch], done: str) -> HttpResponse:
    batch = access.batch_or_404(request.user, pk)
    try:
        batch = deed(batch=batch, by=request.user)
    except Denied:
        raise  # not this person's to do: the same page as everywhere says so
    except DomainError as refused:
        return unprocessable(_detail(request, access.batch_or_404(request.user, pk), str(refused.sentence)))
    messages.success(
        request, _("Begun. You can leave this page and come back; the work goes on.") if batch.is_busy else done
    )
    return see_other("payout_detail", pk)


# --- Files ------------------------------------------------------------------------------------------------------------


@require_safe
def payout_pain001(request: Request, pk: UUID) -> StreamingHttpResponse:
    """The payments for the bank, as ISO 20022 pain.001."""
    batch = _exported(request, pk, "pain.001")
    return download(
        payout_files.pain001_xml(batch), filename=f"payout-{batch.number}.xml", content_type="application/xml"
    )


@require_safe
def payout_csv(request: Request, pk: UUID) -> StreamingHttpResponse:
    """The same payments as CSV."""
    batch = _exported(request, pk, "csv")
    return download(
        payout_files.csv_file(batch), filename=f"payout-{batch.number}.csv", content_type="text/csv; charset=utf-8"
    )


def _exported(request: Request, pk: UUID, form: str) -> PayoutBatch:
    batch = access.batch_or_404(request.user, pk)
    permissions.check_export_payments(request.user, batch)
    payout_files.check_totals(batch)
    payouts.record_export(batch=batch, form=form, by=request.user)
    return batch


# --- One payment ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def payout_payment(request: Request, pk: UUID) -> HttpResponse:
    """One payment: which ME pays which part of it; POST records that the bank rejected it."""
    payment = access.payment_or_404(request.user, pk)
    form, refusal = forms.RejectForm(request.POST or None), ""
    if request.method == "POST":
        permissions.check_reject(request.user, payment)
        if form.is_valid():
            try:
                payouts.reject(payment=payment, reason=form.cleaned_data["reason"], by=request.user)
            except Denied:
                raise
            except DomainError as refused:
                refusal = str(refused.sentence)
            else:
                messages.success(request, _("Recorded. The amount is owed again and is part of the next payout."))
                return see_other("payout_payment", pk)
    context = {
        "payment": payment,
        "batch": payment.batch,
        "badge": PAYMENT_BADGES[Payment.Status(payment.status)],
        "parts": payable.parts_of(payment),
        "form": form,
        "refusal": refusal,
        "rejecting": payout_sentences.rejecting(payment),
        "why_not_reject": why_not(permissions.check_reject, request.user, payment),
    }
    response = render(request, "settlement/payout_payment.html", context)
    return unprocessable(response) if request.method == "POST" else response
