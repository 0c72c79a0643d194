"""The pages of an ME: the list, one ME, one member, its platform."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.clock import business_date
from core.errors import DomainError
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from ledger import queries as books
from ledger.accounts import Kind
from microenterprises import access, lifecycle, permissions
from microenterprises.actions import firms as actions
from microenterprises.actions import money as money_actions
from microenterprises.calculation import example
from microenterprises.filters import MicroenterpriseFilter
from microenterprises.forms.fields import refuse
from microenterprises.forms.firms import ConditionsForm, DayForm, FundingForm
from microenterprises.models import Membership, Microenterprise
from microenterprises.queries import firms as queries
from microenterprises.sentences import owner_name, terms_lines
from people.models import Role

EXAMPLE_MINOR = 1_000_000_00
"""A round profit above the threshold on which share terms are explained."""


@require_safe
def microenterprise_list(request: Request) -> HttpResponse:
    """Every ME, by name."""
    rows = queries.listed(request.user, business_date())
    filters = MicroenterpriseFilter(request.GET, queryset=rows, request=request)
    found = page(filters.qs, order=("name", "id"), cursor=request.GET.get("cursor"))
    shown = [(firm, lifecycle.MICROENTERPRISE_BADGES[firm.status]) for firm in found.rows]
    target = "#results" if request.htmx.target == "results" else ""
    return render(request, f"microenterprises/list.html{target}", {"page": found, "rows": shown, "form": filters.form})


@require_safe
def microenterprise_detail(request: Request, pk: UUID) -> HttpResponse:
    """One ME: what it is for, who is in it, what it has, how it shares, whom it looks for."""
    firm = access.microenterprise_or_404(request.user, pk)
    today = business_date(firm.now)
    members = queries.members_of(firm, today)
    place = permissions.place_among(request.user, firm, members)
    sees_books = not why_not(permissions.check_see_books, place)
    terms = queries.current_terms(firm, today)
    context = {
        "firm": firm,
        "now": firm.now,
        "badge": lifecycle.MICROENTERPRISE_BADGES[firm.status],
        "members": members,
        "place": place,
        "goals": queries.seen_goals(firm.own_goals),
        "seats": queries.open_seats_of(request.user, firm),
        "terms": terms,
        "sees_pay": not why_not(permissions.check_see_pay, place),
        "sees_books": sees_books,
        "why_not_books": why_not(permissions.check_see_books, place),
        "money": queries.money_now(firm.entity_id, today, first_month=firm.year_starts_in) if sees_books else None,
        "why_not_money": why_not(permissions.check_record_money, request.user),
        "may_end_team": firm.is_team and not why_not(permissions.check_end_of_team, place),
        "can_invite": place.is_lead or request.user.has_role(Role.HR),
        "why_not_ask": _why_not_ask(place),
        "timeline": queries.timeline(f"microenterprise:{firm.pk}", with_money=sees_books),
        **_terms_in_words(firm, terms),
    }
    return render(request, "microenterprises/detail.html", context)


def _why_not_ask(place: permissions.Place) -> str:
    if place.is_member:
        return _("You have a place in %(me)s already.") % {"me": place.microenterprise.name}
    return why_not(permissions.check_acts, place.user)


def _terms_in_words(firm: Microenterprise, terms: queries.CurrentTerms) -> dict[str, Any]:
    if terms.in_force is None:
        return {"lines": [], "example": None}
    spec = queries.spec_of(terms.in_force)
    return {
        "lines": terms_lines(spec, firm.currency),
        "example": example(spec, spec.threshold_minor + EXAMPLE_MINOR),
        "owners": [(owner_name(name), part) for name, part in spec.residual_owners.items()],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def membership_detail(request: Request, pk: UUID, member: UUID) -> HttpResponse:
    """One person's place in an ME: its conditions, and changing them from a future date."""
    membership = access.membership_or_404(request.user, pk, member)
    place = permissions.place_of(request.user, membership.microenterprise)
    permissions.check_see_pay(place)
    tomorrow = business_date() + timedelta(days=1)
    form = ConditionsForm(request.POST or None, membership=membership, on=tomorrow)
    if request.method == "POST":
        permissions.check_lead(place)
        if form.is_valid() and _change(form, membership, request):
            return see_other("microenterprise_detail", pk)
    context = {
        "membership": membership,
        "firm": membership.microenterprise,
        "form": form,
        "leave_form": DayForm(label="leave", first=tomorrow),
        "lead_form": DayForm(label="lead", first=tomorrow),
        "why_not_change": why_not(permissions.check_lead, place),
        "why_not_leave": _why_not_leave(place, membership),
        "is_mine": membership.person_id == request.user.pk,
    }
    response = render(request, "microenterprises/member.html", context)
    return unprocessable(response) if form.errors else response


def _why_not_leave(place: permissions.Place, membership: Membership) -> str:
    refused = why_not(permissions.check_end_membership, place, membership)
    if not refused and membership.is_lead:
        return _("Hand over the lead first, or wind the ME up.")
    return refused


def _change(form: ConditionsForm, membership: Membership, request: Request) -> bool:
    data = form.cleaned_data
    try:
        actions.change(
            membership=membership,
            on=data["on"],
            by=request.user,
            role=data["role"],
            customer_outcome=data["customer_outcome"],
            weight=data["weight"],
            track=data["track"],
            pay_minor=data["pay"],
            allocation_percent=data["allocation_percent"],
        )
    except DomainError as refusal:
        refuse(form, refusal)
        return False
    messages.success(request, _("The new conditions hold from the date you chose."))
    return True


@require_POST
def membership_leave(request: Request, pk: UUID, member: UUID) -> HttpResponse:
    """End a place in an ME."""
    membership = access.membership_or_404(request.user, pk, member)
    permissions.check_end_membership(permissions.place_of(request.user, membership.microenterprise), membership)
    form = DayForm(request.POST, label="leave")
    if not form.is_valid():
        messages.error(request, _("Choose the first day without this place."))
        return see_other("membership_detail", pk, member)
    actions.leave(membership=membership, on=form.cleaned_data["on"], by=request.user)
    messages.success(request, _("%(person)s leaves on the day you chose.") % {"person": membership.person.name})
    return see_other("microenterprise_detail", pk)


@require_POST
def membership_lead(request: Request, pk: UUID, member: UUID) -> HttpResponse:
    """Hand over the lead to this member."""
    membership = access.membership_or_404(request.user, pk, member)
    permissions.check_lead(permissions.place_of(request.user, membership.microenterprise))
    form = DayForm(request.POST, label="lead")
    if not form.is_valid():
        messages.error(request, _("Choose the day from which %(person)s leads.") % {"person": membership.person.name})
        return see_other("membership_detail", pk, member)
    actions.hand_over_lead(to=membership, on=form.cleaned_data["on"], by=request.user)
    messages.success(request, _("%(person)s leads from the day you chose.") % {"person": membership.person.name})
    return see_other("microenterprise_detail", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def platform_detail(request: Request, pk: UUID) -> HttpResponse:
    """A platform; finance gives it company money here."""
    platform = access.platform_or_404(request.user, pk)
    form = FundingForm(request.POST or None, currency=platform.entity.currency, today=business_date())
    if request.method == "POST":
        permissions.check_record_money(request.user)
        if form.is_valid():
            try:
                money_actions.fund_platform(
                    platform=platform,
                    amount_minor=form.cleaned_data["amount"],
                    document=form.cleaned_data["document"],
                    effective_date=form.cleaned_data["dated"],
                    by=request.user,
                )
            except DomainError as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, _("Recorded. The platform can invest it."))
                return see_other("platform_detail", pk)
    sees_books = request.user.has_role(*permissions.SEES_BOOKS)
    context = {
        "platform": platform,
        "form": form,
        "why_not_money": why_not(permissions.check_record_money, request.user),
        "wallet_minor": books.balance(platform.entity_id, Kind.WALLET) if sees_books else None,
        "invested_minor": books.balance(platform.entity_id, Kind.STAKE_HELD) if sees_books else None,
        "sees_books": sees_books,
        "firms": Microenterprise.objects.active().filter(platform=platform).count(),
    }
    response = render(request, "microenterprises/platform.html", context)
    return unprocessable(response) if form.errors else response
