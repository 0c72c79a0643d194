"""The pages of an idea: the list, writing one, one idea, pledging, launching."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import DomainError, Invalid
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from microenterprises import access, lifecycle, permissions
from microenterprises.actions import ideas as actions
from microenterprises.actions import pledges as pledge_actions
from microenterprises.filters import IdeaFilter
from microenterprises.forms.fields import ReasonForm, refuse
from microenterprises.forms.ideas import IdeaForm
from microenterprises.forms.terms import LaunchForm
from microenterprises.models import Idea, Microenterprise, Pledge, Seat
from microenterprises.queries import firms as firm_queries
from microenterprises.queries import ideas as queries
from microenterprises.views.terms import worked
from people.models import Role


@require_safe
def idea_list(request: Request) -> HttpResponse:
    """Every idea, newest first."""
    filters = IdeaFilter(request.GET, queryset=queries.listed(request.user), request=request)
    found = page(filters.qs, order=("-created_at", "id"), cursor=request.GET.get("cursor"))
    shown = [
        (idea, lifecycle.IDEA_BADGES[idea.status], queries.Funding(idea.pledged, idea.funding_goal_minor))
        for idea in found.rows
    ]
    context = {
        "page": found,
        "rows": shown,
        "form": filters.form,
        "why_not_new": why_not(permissions.check_create_idea, request.user),
        "sees_promises": not why_not(permissions.check_see_promises, request.user),
    }
    target = "#results" if request.htmx.target == "results" else ""
    return render(request, f"ideas/list.html{target}", context)


@require_http_methods(["GET", "HEAD", "POST"])
def idea_new(request: Request) -> HttpResponse:
    """Write a draft."""
    permissions.check_create_idea(request.user)
    form = IdeaForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            idea = actions.create(spec=form.spec(), by=request.user)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Your draft is kept. Only you see it until you publish it."))
            return see_other("idea_detail", idea.pk)
    response = render(request, "ideas/edit.html", {"form": form, "idea": None})
    return unprocessable(response) if form.errors else response


@require_http_methods(["GET", "HEAD", "POST"])
def idea_edit(request: Request, pk: UUID) -> HttpResponse:
    """Rewrite a draft."""
    idea = access.idea_or_404(request.user, pk)
    permissions.check_own_idea(request.user, idea)
    lifecycle.IDEA.check(idea.status, "edit")
    form = IdeaForm(request.POST or None, idea=idea)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(idea=idea, spec=form.spec(), by=request.user)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Kept."))
            return see_other("idea_detail", pk)
    response = render(request, "ideas/edit.html", {"form": form, "idea": idea})
    return unprocessable(response) if form.errors else response


@require_safe
def idea_detail(request: Request, pk: UUID) -> HttpResponse:
    """One idea: for whom, what gets better, how far its money and people are."""
    idea = access.idea_or_404(request.user, pk)
    found = queries.pledges_of(idea, request.user)
    is_owner = not why_not(permissions.check_own_idea, request.user, idea)
    context = {
        "idea": idea,
        "now": idea.now,
        "badge": lifecycle.IDEA_BADGES[idea.status],
        "sentence": _sentence(idea),
        "goals": firm_queries.seen_goals(idea.own_goals),
        "funding": queries.Funding(idea.pledged, idea.funding_goal_minor),
        "pledges": [
            (
                p,
                lifecycle.PLEDGE_BADGES[Pledge.Status(p.status)],
                _may_refund(p, idea, request.user),
                _may_receive(p, request.user),
            )
            for p in found[: queries.PLEDGES_SHOWN]
        ],
        "more_pledges": len(found) > queries.PLEDGES_SHOWN,
        "seats": _seats(request, idea),
        "is_owner": is_owner,
        # Until launch the owner decides about seats, afterwards the ME does, on its own page.
        "decides": is_owner and idea.microenterprise_id is None,
        "can_invite": idea.status == Idea.Status.PUBLISHED and (is_owner or request.user.has_role(Role.HR)),
        "why_not_ask": _why_not_ask(idea, request),
        "is_open": idea.status == Idea.Status.PUBLISHED,
        "recruits": idea.status in (Idea.Status.DRAFT, Idea.Status.PUBLISHED),
        "checklist": _checklist(idea),
        "why_not_publish": _why_not_publish(idea, request),
        "why_not_pledge": why_not(permissions.check_pledge, request.user),
        "why_not_launch": _why_not_launch(idea, request),
        "withdraw_form": ReasonForm(),
        "timeline": firm_queries.timeline(f"idea:{idea.pk}", with_money=True),
    }
    return render(request, "ideas/detail.html", context)


def _seats(request: Request, idea: Idea) -> list[Seat]:
    return firm_queries.seats_for(request.user, idea=idea)


def _why_not_ask(idea: Idea, request: Request) -> str:
    return why_not(pledge_actions.check_gathering, idea) or why_not(permissions.check_acts, request.user)


def _may_refund(pledge: Pledge, idea: Idea, user: Any) -> bool:
    standing = pledge.status in (Pledge.Status.PROMISED, Pledge.Status.HELD)
    return pledge.person_id == user.pk and standing and idea.status == Idea.Status.PUBLISHED


def _may_receive(pledge: Pledge, user: Any) -> bool:
    promised = pledge.status == Pledge.Status.PROMISED
    return promised and not why_not(permissions.check_receive_pledge, user, pledge)


def _checklist(idea: Any) -> list[actions.Condition]:
    return actions.conditions(
        idea,
        pledged_minor=idea.pledged,
        promised_minor=idea.promised,
        filled=idea.seats_filled,
        needed=idea.seats_needed,
    )


def _sentence(idea: Any) -> str:
    if idea.status == Idea.Status.DRAFT:
        return _("Only you see it. Publish it, and colleagues can pledge and ask for seats.")
    if idea.status == Idea.Status.PUBLISHED:
        missing = [condition.missing for condition in _checklist(idea) if not condition.is_met]
        return missing[0] if missing else _("Money and people are there; its owner can launch it.")
    if idea.status == Idea.Status.LAUNCHED:
        return _("It is an ME now; pledges became stakes.")
    return _("Its owner withdrew it; every pledge went back.")


def _why_not_publish(idea: Any, request: Request) -> str:
    refused = why_not(permissions.check_own_idea, request.user, idea)
    if refused or idea.status != Idea.Status.DRAFT:
        return refused
    if not idea.customer.strip() or not idea.outcome.strip() or not idea.own_goals:
        return _("Before you publish, say who the customer is, what gets better, and at least one goal of your own.")
    return ""


def _why_not_launch(idea: Any, request: Request) -> str:
    refused = why_not(permissions.check_own_idea, request.user, idea)
    return refused or " ".join(condition.missing for condition in _checklist(idea) if not condition.is_met)


@require_POST
def idea_publish(request: Request, pk: UUID) -> HttpResponse:
    """Publish a draft."""
    actions.publish(idea=access.idea_or_404(request.user, pk), by=request.user)
    messages.success(request, _("Published. Colleagues can pledge and ask for seats now."))
    return see_other("idea_detail", pk)


@require_POST
def idea_withdraw(request: Request, pk: UUID) -> HttpResponse:
    """End an idea; every pledge goes back."""
    idea = access.idea_or_404(request.user, pk)
    form = ReasonForm(request.POST)
    permissions.check_own_idea(request.user, idea)
    if not form.is_valid():
        raise Invalid(_("Say why; the people who pledged and joined will read it."), field="reason")
    actions.withdraw(idea=idea, reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, _("Withdrawn. Every pledge went back."))
    return see_other("idea_detail", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def idea_launch(request: Request, pk: UUID, *, launch: Callable[..., Microenterprise]) -> HttpResponse:
    """Launch an idea as an ME: its name, the lead seat, its share terms with an example.

    The talent pool, which lands whoever launches, has the address of this page and gives its own `launch`.
    """
    idea = access.idea_or_404(request.user, pk)
    permissions.check_own_idea(request.user, idea)
    actions.check_ready(idea)
    form = LaunchForm(request.POST or None, idea=idea)
    if request.method == "POST" and request.htmx.target == "preview":
        return render(request, "microenterprises/terms_fields.html#preview", worked(form))
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            firm = launch(
                idea=idea,
                terms=form.spec(),
                lead=form.lead(),
                name=form.cleaned_data["name"],
                purpose=form.cleaned_data["purpose"],
                by=request.user,
            )
        except DomainError as refusal:
            refuse(form, refusal, {"tiers": "upto_1", "role": "lead_role", "customer_outcome": "lead_outcome"})
        else:
            messages.success(request, _("%(me)s is launched. You lead it from today.") % {"me": firm.name})
            return see_other("microenterprise_detail", firm.pk)
    context = {
        "idea": idea,
        "now": idea.now,
        "form": form,
        "funding": queries.Funding(idea.pledged, idea.funding_goal_minor),
        "seats": [seat for seat in _seats(request, idea) if seat.filled_by_id],
        **(worked(form) if form.is_bound else {}),
    }
    response = render(request, "ideas/launch.html", context)
    return unprocessable(response) if form.errors else response
