"""My pay that waits for a wallet, and lowering it. Load, act, answer."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import money
from core.errors import DomainError
from core.http import Request, see_other, unprocessable
from settlement import forms, sentences, waiting
from settlement.actions import pay
from settlement.waiting import WaitingPay


@require_safe
def pay_waiting(request: Request) -> HttpResponse:
    """Every month's pay of mine that waits, with what it is now."""
    context = {"waiting": [_shown(each) for each in waiting.of_person(request.user)]}
    return render(request, "settlement/waiting.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def pay_lower(request: Request, pk: UUID, membership: UUID) -> HttpResponse:
    """Say what my pay of that month was meant to be; only ever less."""
    mine = (each for each in waiting.of_person(request.user) if each.outcome.pk == pk)
    found = next((each for each in mine if each.wage.membership == membership), None)
    if found is None:
        raise Http404
    form = forms.LowerPayForm(request.POST or None, currency=found.outcome.currency)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            pay.lower(
                outcome=pk,
                membership=membership,
                monthly_minor=typed["monthly"],
                reason=typed["reason"],
                by=request.user,
            )
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        else:
            messages.success(request, _("Lowered. The next night pays it, if the wallet covers what it owes then."))
            return see_other("pay_waiting")
    response = render(request, "settlement/waiting_lower.html", {"form": form, **_shown(found)})
    return unprocessable(response) if form.errors else response


def _shown(each: WaitingPay) -> dict[str, object]:
    currency = each.outcome.currency
    amount = each.now.amount_minor if each.now else 0
    return {
        "outcome": each.outcome,
        "membership": each.wage.membership,
        "month": sentences.month_name(each.outcome.business_date),
        "kind": sentences.wage_kind(is_draw=each.wage.is_draw),
        "days": each.wage.days,
        "agreed": money.write(each.wage.monthly_minor, currency),
        "monthly": money.write(each.monthly_minor, currency),
        "amount": money.write(amount, currency),
        "rows": [(row, money.write(row.monthly_minor, currency)) for row in each.rows],
    }
