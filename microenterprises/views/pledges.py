"""The pages of pledges: giving money to an idea, taking it back, and recording that a person's money came in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import money
from core.clock import business_date, market_now
from core.errors import DomainError
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from ledger.accounts import Kind
from ledger.queries import balances
from microenterprises import access, lifecycle, permissions
from microenterprises.actions import pledges as actions
from microenterprises.filters import PledgeFilter
from microenterprises.forms.fields import refuse
from microenterprises.forms.firms import PaperForm
from microenterprises.forms.ideas import OWN_MONEY, PledgeForm
from microenterprises.models import Microenterprise, Pledge
from microenterprises.queries import firms as firm_queries
from microenterprises.queries import ideas as queries


@require_safe
def pledge_list(request: Request) -> HttpResponse:
    """Every pledge that waits for its money, the longest waiting first."""
    permissions.check_see_promises(request.user)
    filters = PledgeFilter(request.GET, queryset=queries.to_receive(), request=request)
    found = page(filters.qs, order=("pledged_at", "id"), cursor=request.GET.get("cursor"))
    rows = [(pledge, _why_not_receive(pledge, request)) for pledge in found.rows]
    context = {"page": found, "rows": rows, "form": filters.form, "now": market_now()}
    target = "#results" if request.htmx.target == "results" else ""
    return render(request, f"ideas/pledges.html{target}", context)


@require_http_methods(["GET", "HEAD", "POST"])
def pledge_receive(request: Request, pk: UUID) -> HttpResponse:
    """Record the paper by which a promised pledge came in."""
    pledge = access.pledge_or_404(request.user, pk)
    permissions.check_receive_pledge(request.user, pledge)
    lifecycle.PLEDGE.check(pledge.status, "receive")
    form = PaperForm(request.POST or None, today=business_date())
    if request.method == "POST" and form.is_valid():
        try:
            actions.receive(pledge=pledge, **form.cleaned_data, by=request.user)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            amount = money.write(pledge.amount_minor, pledge.idea.currency)
            messages.success(request, _("%(amount)s is in the idea's escrow.") % {"amount": amount})
            return see_other("idea_detail", pledge.idea_id)
    response = render(request, "ideas/receive.html", {"form": form, "pledge": pledge, "idea": pledge.idea})
    return unprocessable(response) if form.errors else response


@require_http_methods(["GET", "HEAD", "POST"])
def idea_pledge(request: Request, pk: UUID) -> HttpResponse:
    """Pledge money to an idea."""
    idea = access.idea_or_404(request.user, pk)
    permissions.check_pledge(request.user)
    actions.check_gathering(idea)
    form = PledgeForm(
        request.POST or None,
        idea=idea,
        firms=_own_wallets(request, idea),
        own_limit_minor=actions.own_limit_minor(idea),
    )
    if request.method == "POST" and request.htmx.target == "preview":
        return render(request, "ideas/pledge.html#preview", _after(form, idea))
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        firm = form.firm()
        try:
            actions.pledge(idea=idea, amount_minor=form.cleaned_data["amount"], microenterprise=firm, by=request.user)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _pledged(firm))
            return see_other("idea_detail", pk)
    context = {
        "now": idea.now,
        "form": form,
        "funding": queries.Funding(idea.pledged, idea.funding_goal_minor),
        **_after(form, idea),
    }
    response = render(request, "ideas/pledge.html", context)
    return unprocessable(response) if form.errors else response


@require_POST
def pledge_refund(request: Request, pk: UUID) -> HttpResponse:
    """Take a pledge back."""
    pledge = access.pledge_or_404(request.user, pk)
    ended = actions.refund(pledge=pledge, by=request.user)
    amount = money.write(pledge.amount_minor, pledge.idea.currency)
    if ended.status == Pledge.Status.CANCELLED:
        messages.success(request, _("Your promise of %(amount)s ended.") % {"amount": amount})
    else:
        messages.success(request, _("%(amount)s went back.") % {"amount": amount})
    return see_other("idea_detail", pledge.idea_id)


def _pledged(firm: Microenterprise | None) -> str:
    if firm is None:
        return _("Promised. It counts once finance has recorded that your money came in.")
    return _("Pledged. You can take it back until the idea is launched.")


def _why_not_receive(pledge: Pledge, request: Request) -> str:
    return why_not(permissions.check_receive_pledge, request.user, pledge)


def _own_wallets(request: Request, idea: Any) -> list[tuple[Microenterprise, int]]:
    led = [firm for firm in firm_queries.led_by(request.user, business_date()) if firm.currency == idea.currency]
    stands = balances([firm.entity_id for firm in led], [Kind.WALLET]) if led else {}
    return [(firm, stands[firm.entity_id, Kind.WALLET]) for firm in led]


def _after(form: PledgeForm, idea: Any) -> dict[str, Any]:
    """What the idea would have with the amount that was typed, and whether it is only promised."""
    if form.is_bound:
        form.is_valid()
    typed = getattr(form, "cleaned_data", {})
    amount = typed.get("amount")
    after = queries.Funding(idea.pledged + amount, idea.funding_goal_minor) if amount and amount > 0 else None
    return {"idea": idea, "after": after, "amount": amount, "is_promise": typed.get("source", OWN_MONEY) == OWN_MONEY}
