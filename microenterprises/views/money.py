"""An ME's outside money, which finance records, and its books."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.clock import business_date
from core.errors import DomainError, Invalid
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from ledger.writer import Line
from microenterprises import access, entries, permissions
from microenterprises.actions import money as actions
from microenterprises.forms.fields import ReasonForm, refuse
from microenterprises.forms.firms import MoneyForm
from microenterprises.models import Microenterprise, MoneyRecord, Platform
from microenterprises.queries import firms as queries


@require_http_methods(["GET", "HEAD", "POST"])
def microenterprise_money(request: Request, pk: UUID) -> HttpResponse:
    """Receipts, outside costs and investments of an ME, and the form finance records them with."""
    firm = access.microenterprise_or_404(request.user, pk)
    today = business_date(firm.now)
    place = permissions.place_of(request.user, firm, on=today)
    permissions.check_see_books(place)
    form = MoneyForm(request.POST or None, microenterprise=firm, today=today)
    if request.method == "POST" and request.htmx.target == "preview":
        return render(request, "microenterprises/money.html#preview", _preview(form, firm))
    if request.method == "POST":
        permissions.check_record_money(request.user)
        if "preview" not in request.POST and form.is_valid() and _record(form, firm, request):
            return see_other("microenterprise_money", pk)
    records = MoneyRecord.objects.filter(microenterprise=firm).select_related("recorded_by", "reversed_by")
    context = {
        "firm": firm,
        "now": firm.now,
        "form": form,
        "page": page(records, order=("-recorded_at", "id"), cursor=request.GET.get("cursor")),
        "why_not_money": why_not(permissions.check_record_money, request.user),
        "money": queries.money_now(firm.entity_id, today, first_month=firm.year_starts_in),
        **(_preview(form, firm) if form.is_bound else {}),
    }
    response = render(request, "microenterprises/money.html", context)
    return unprocessable(response) if form.errors else response


def _record(form: MoneyForm, firm: Microenterprise, request: Request) -> bool:
    data, kind = form.cleaned_data, form.cleaned_data["kind"]
    facts = {"microenterprise": firm, "amount_minor": data["amount"], "document": form.paper(), "by": request.user}
    try:
        if kind == MoneyRecord.Kind.RECEIPT:
            actions.record_receipt(**facts)
        elif kind == MoneyRecord.Kind.COST:
            actions.record_cost(**facts)
        else:
            actions.record_investment(platform=data["platform"], **facts)
    except DomainError as refusal:
        refuse(form, refusal)
        return False
    messages.success(request, _("Recorded and posted."))
    return True


def _preview(form: MoneyForm, firm: Microenterprise) -> dict[str, object]:
    """The lines the entry would have, as soon as kind and amount are known."""
    form.is_valid()
    data = getattr(form, "cleaned_data", {})
    amount, kind, platform = data.get("amount"), data.get("kind"), data.get("platform")
    lines: tuple[Line, ...] = ()
    if amount and amount > 0 and kind and (kind != MoneyRecord.Kind.INVESTMENT or platform):
        lines = entries.lines_of(
            MoneyRecord(
                microenterprise=firm,
                kind=kind,
                amount_minor=amount,
                platform=platform if kind == MoneyRecord.Kind.INVESTMENT else None,
            )
        )
    return {"lines": [_shown(line, firm, platform) for line in lines], "firm": firm}


def _shown(line: Line, firm: Microenterprise, platform: Platform | None) -> dict[str, object]:
    name = firm.name if line.entity_id == firm.entity_id else (platform.name if platform else "")
    return {
        "entity": name,
        "account": line.kind.label,
        "debit": line.amount_minor if line.amount_minor > 0 else None,
        "credit": -line.amount_minor if line.amount_minor < 0 else None,
    }


@require_POST
def money_record_reverse(request: Request, pk: UUID, record: UUID) -> HttpResponse:
    """Reverse a wrong record."""
    row = access.money_record_or_404(request.user, pk, record)
    permissions.check_record_money(request.user)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Say why it is reversed; the auditor will ask."), field="reason")
    actions.reverse_record(record=row, reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, _("Reversed. The document number is free for the right record."))
    return see_other("microenterprise_money", pk)


@require_safe
def microenterprise_books(request: Request, pk: UUID) -> HttpResponse:
    """The books of an ME as a bank's statement, an account at a time."""
    firm = access.microenterprise_or_404(request.user, pk)
    place = permissions.place_of(request.user, firm, on=business_date(firm.now))
    permissions.check_see_books(place)
    account = request.GET.get("account", "wallet")
    if account not in queries.ACCOUNTS:
        raise Http404
    cursor = request.GET.get("cursor", "")
    context = {
        "firm": firm,
        "now": firm.now,
        "account": account,
        "tabs": [
            ("wallet", _("Wallet")),
            ("hold", _("Held for projects")),
            ("escrow", _("Escrow")),
            ("set_aside", _("Set aside for people")),
            ("result", _("Income and cost")),
        ],
        "book": queries.book_page(firm.entity_id, account, cursor=cursor),
        "cursor": cursor,
    }
    return render(request, "microenterprises/books.html", context)
