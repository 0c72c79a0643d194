"""The pages on which the offices keep the people of known vendors: HR asks, writes again, withdraws; a steward agrees.

Which addresses are used is shown to HR alone. To everybody but HR, steward and auditor these addresses do not exist.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contracts.access import colleague_or_404, vendor_or_404
from contracts.actions import vendor_people as actions
from contracts.forms.vendors import AddressForm, ColleagueForm
from contracts.models import FurtherColleague, Vendor
from contracts.models.vendors import OFFICES
from contracts.permissions import vendors as checks
from contracts.queries import vendors as queries
from contracts.queries.vendors import Address
from contracts.views.vendors import done
from core.clock import market_now
from core.errors import Invalid
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.paging import page
from core.permissions import why_not
from people.models import User

ASKED_SHOWN: Final = 20
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Row:
    """An address with what became of its link."""

    address: Address
    badge: Badge
    unused: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who was asked for: how it stands, and why the reader may not decide."""

    colleague: FurtherColleague
    badge: Badge
    waits: bool
    why_not_agree: str
    why_not_refuse: str


@require_safe
def vendor_list(request: Request) -> HttpResponse:
    """The vendors that are known, each with how many people wait to be let in."""
    if not request.user.has_role(*OFFICES):
        raise Http404
    found = page(queries.known(request.user), order=("name", "id"), cursor=request.GET.get("cursor"))
    return render(request, "vendors/list.html", {"page": found})


@get_or_post
def vendor_people(request: Request, pk: UUID) -> HttpResponse:
    """The addresses of a vendor, who was asked for, and a form to ask for another person."""
    vendor = vendor_or_404(request.user, pk)
    why_not_keep = why_not(checks.check_keep, request.user)
    form = ColleagueForm(request.POST or None)
    if request.method == "POST":
        checks.check_keep(request.user)
        if form.is_valid() and done(form, lambda: actions.ask(vendor=vendor, **form.cleaned_data, by=request.user)):
            messages.success(request, _("Asked. The link goes out when a steward agrees."))
            return see_other("vendor_people", pk)
    context = {
        "vendor": vendor,
        "form": form,
        "why_not_keep": why_not_keep,
        "addresses": [] if why_not_keep else _rows(vendor),
        "asked": _asked(vendor, request.user),
    }
    response = render(request, "vendors/people.html", context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response


def _rows(vendor: Vendor) -> Sequence[Row]:
    now = market_now()
    return [Row(one, _badge(one, now), one.person is None and not one.withdrawn) for one in queries.addresses(vendor)]


def _badge(address: Address, now: datetime) -> Badge:
    if address.person is not None:
        closed = not address.person.is_active
        return Badge(_("Account closed"), "neutral", "user-x") if closed else Badge(_("Signs in"), "good", "user-check")
    if address.withdrawn:
        return Badge(_("Withdrawn"), "neutral", "ban")
    if address.expires_at is None:
        return Badge(_("No link sent yet"), "neutral", "mail")
    if address.expires_at <= now:
        return Badge(_("The link has ended"), "warn", "clock")
    return Badge(_("The link waits to be used"), "accent", "mail")


def _asked(vendor: Vendor, reader: User) -> Sequence[Asked]:
    return [_said(row, reader) for row in queries.asked_for(vendor, ASKED_SHOWN)]


def _said(colleague: FurtherColleague, reader: User) -> Asked:
    if colleague.agreed is None:
        badge = Badge(_("Waits for a steward"), "accent", "hourglass")
    elif colleague.agreed:
        badge = Badge(_("Let in"), "good", "user-check")
    else:
        badge = Badge(_("Not let in"), "neutral", "user-x")
    return Asked(
        colleague=colleague,
        badge=badge,
        waits=colleague.agreed is None,
        why_not_agree=why_not(checks.check_agree_to, colleague, reader),
        why_not_refuse=why_not(checks.check_refuse, colleague, reader),
    )


# ------------------------------------------------------------------ deeds


@require_POST
def vendor_write_again(request: Request, pk: UUID) -> HttpResponse:
    """Send a new link to an address that nobody signs in with."""
    return _to_address(request, pk, actions.write_again, _("A new link is on its way."))


@require_POST
def vendor_withdraw(request: Request, pk: UUID) -> HttpResponse:
    """Take a mistyped address away with all its links."""
    return _to_address(request, pk, actions.withdraw, _("The address is withdrawn; its links do not work any more."))


def _to_address(request: Request, pk: UUID, act: Callable[..., object], said: str) -> HttpResponse:
    vendor = vendor_or_404(request.user, pk)
    checks.check_keep(request.user)
    form = AddressForm(request.POST)
    try:
        act(vendor=vendor, email=form.cleaned_data["email"] if form.is_valid() else "", by=request.user)
    except Invalid as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, said)
    return see_other("vendor_people", pk)


@require_POST
def colleague_agree(request: Request, pk: UUID, colleague: UUID) -> HttpResponse:
    """Let somebody in as the second person."""
    actions.agree(colleague=colleague_or_404(request.user, pk, colleague), by=request.user)
    return see_other("vendor_people", pk)


@require_POST
def colleague_refuse(request: Request, pk: UUID, colleague: UUID) -> HttpResponse:
    """Leave somebody outside."""
    actions.refuse(colleague=colleague_or_404(request.user, pk, colleague), by=request.user)
    return see_other("vendor_people", pk)
