"""My bank details: where I am paid, shown masked even to me, and changed after signing in anew. Load, act, answer."""

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import Conflict
from core.http import Request, see_other, unprocessable
from core.permissions import why_not
from microenterprises.models import Microenterprise
from people.models import User
from settlement import forms, payable, permissions
from settlement.actions import payouts
from settlement.lifecycle import PAYMENT_BADGES
from settlement.models import Payment


@require_safe
def bank_details(request: Request) -> HttpResponse:
    """The accounts I am paid to, by their last characters, and what was sent to them."""
    _own_or_404(request.user)
    sent = payable.payments_to(request.user)
    context = {
        "accounts": payable.details_of(request.user),
        "payments": [(payment, PAYMENT_BADGES[Payment.Status(payment.status)]) for payment in sent],
    }
    return render(request, "settlement/payout_bank.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def bank_details_change(request: Request) -> HttpResponse:
    """Type new bank details. Asks for the password again unless it was typed a few minutes ago.

    allauth would keep what was posted in the session until then, in clear; so a late POST begins again, empty.
    """
    _own_or_404(request.user)
    if request.method != "POST":
        answer: HttpResponse = reauthentication_required(_empty_form)(request)
        return answer
    if not did_recently_reauthenticate(request):
        messages.info(request, _("It is a while since you typed your password. Type it again, then your details."))
        return see_other("bank_details_change")
    form = forms.BankDetailsForm(request.POST, currencies=_currencies(request.user))
    if form.is_valid():
        currency = form.cleaned_data["currency"]
        try:
            payouts.keep_bank_details(person=request.user, account=form.account, currency=currency, by=request.user)
        except Conflict as refused:
            form.add_error(None, str(refused.sentence))
        else:
            messages.success(request, _("Saved. The next payout goes to this account."))
            return see_other("bank_details")
    return unprocessable(render(request, "settlement/payout_bank_change.html", {"form": form}))


def _empty_form(request: Request) -> HttpResponse:
    form = forms.BankDetailsForm(currencies=_currencies(request.user))
    return render(request, "settlement/payout_bank_change.html", {"form": form})


def _currencies(person: User) -> list[str]:
    """The currencies somebody may be paid in: the company's, and those of MEs they are or were in."""
    firms = Microenterprise.objects.filter(memberships__person=person)
    return sorted({settings.COMPANY_CURRENCY, *firms.values_list("currency", flat=True)})


def _own_or_404(user: User) -> None:
    if why_not(permissions.check_own_details, user):
        raise Http404
