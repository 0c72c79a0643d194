"""Share terms: every version, the ballot, proposing the next one."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.clock import business_date
from core.errors import DomainError, Invalid
from core.http import Request, see_other, unprocessable
from core.permissions import why_not
from microenterprises import access, lifecycle, permissions, prospects
from microenterprises.actions import terms as actions
from microenterprises.calculation import examples
from microenterprises.forms.fields import refuse
from microenterprises.forms.terms import ProposalForm, TermsFields, initial_of
from microenterprises.models import ShareTerms
from microenterprises.queries import firms as queries
from microenterprises.sentences import terms_lines


@require_safe
def microenterprise_terms(request: Request, pk: UUID) -> HttpResponse:
    """How an ME shares: what holds, what is being voted on, what held before."""
    firm = access.microenterprise_or_404(request.user, pk)
    today = business_date(firm.now)
    place = permissions.place_of(request.user, firm, on=today)
    versions = queries.versions_of(firm)
    running = next((v for v in versions if v.status == ShareTerms.Status.PROPOSED), None)
    ballot = running.ballot if running and not lifecycle.ballot_is_over(running.ballot, running, today) else None
    context = {
        "firm": firm,
        "now": firm.now,
        "place": place,
        "versions": [
            (version, lifecycle.terms_badge(version, today), terms_lines(queries.spec_of(version), firm.currency))
            for version in versions
            if version is not running or ballot is None
        ],
        "ballot": ballot,
        "running": running if ballot else None,
        "running_lines": terms_lines(queries.spec_of(running), firm.currency) if running and ballot else [],
        "my_vote": queries.my_vote(ballot, request.user) if ballot else None,
        "why_not_vote": why_not(actions.check_may_vote, request.user, firm, ballot, today) if ballot else "",
        "why_not_propose": why_not(permissions.check_member, place) or _open(ballot),
        "is_proposer": bool(running and running.proposed_by_id == request.user.pk),
    }
    return render(request, "microenterprises/terms.html", context)


def _open(ballot: Any) -> str:
    return _("Members vote on one version at a time.") if ballot else ""


@require_http_methods(["GET", "HEAD", "POST"])
def terms_propose(request: Request, pk: UUID) -> HttpResponse:
    """Propose the next version; the example is worked out while one types."""
    firm = access.microenterprise_or_404(request.user, pk)
    today = business_date(firm.now)
    place = permissions.place_of(request.user, firm, on=today)
    permissions.check_member(place)
    last = ShareTerms.objects.filter(microenterprise=firm, status=ShareTerms.Status.AGREED).first()
    first = initial_of(last, effective_from=today + timedelta(days=14)) if last else {}
    form = ProposalForm(request.POST or None, currency=firm.currency, initial=first)
    if request.method == "POST" and request.htmx.target == "preview":
        preview = worked(form) | _for_members(form, firm, request, today)
        return render(request, "microenterprises/terms_fields.html#preview", preview)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            actions.propose(
                microenterprise=firm,
                terms=form.spec(),
                effective_from=form.cleaned_data["effective_from"],
                by=request.user,
            )
        except DomainError as refusal:
            refuse(form, refusal, {"tiers": "upto_1"})
        else:
            messages.success(request, _("Proposed. The members vote on it now."))
            return see_other("microenterprise_terms", pk)
    context: dict[str, Any] = {"firm": firm, "now": firm.now, "form": form}
    if form.is_bound:
        context |= worked(form) | _for_members(form, firm, request, today)
    response = render(request, "microenterprises/propose.html", context)
    return unprocessable(response) if form.errors else response


def worked(form: TermsFields) -> dict[str, Any]:
    """The terms that were typed on a planned profit, at 80, 100 and 120 percent of it; nothing while faulty."""
    form.is_valid()
    plan = getattr(form, "cleaned_data", {}).get("plan")
    try:
        spec = form.spec()
    except (Invalid, KeyError):
        return {"worked": None, "form": form}
    return {
        "form": form,
        "worked": examples(spec, plan) if plan else (),
        "worked_lines": terms_lines(spec, form.currency),
    }


def _for_members(form: TermsFields, firm: Any, request: Request, today: date) -> dict[str, Any]:
    """What the plan would bring every member under the terms in force and under the proposed ones.

    Only members come here, and members see each other's weights. Two statements, none while there is no plan.
    """
    try:
        plan, spec = form.cleaned_data.get("plan"), form.spec()
    except (Invalid, KeyError, AttributeError):
        return {}
    if not plan:
        return {}
    members = queries.members_of(firm, today)
    held = queries.current_terms(firm, today).in_force
    return prospects.for_members(
        members, queries.spec_of(held) if held else None, spec, plan_minor=plan, currency=firm.currency, me=request.user
    )


@require_POST
def ballot_vote(request: Request, pk: UUID, ballot: UUID) -> HttpResponse:
    """Cast one's vote."""
    found = access.ballot_or_404(request.user, pk, ballot)
    choice = request.POST.get("agrees", "")
    if choice not in ("yes", "no"):
        raise Invalid(_("Say yes or no."), field="agrees")
    actions.vote(ballot=found, agrees=choice == "yes", by=request.user)
    messages.success(request, _("Your vote is counted."))
    return see_other("microenterprise_terms", pk)


@require_POST
def ballot_withdraw(request: Request, pk: UUID, ballot: UUID) -> HttpResponse:
    """Take a proposal back."""
    found = access.ballot_or_404(request.user, pk, ballot)
    actions.withdraw(ballot=found, by=request.user)
    messages.success(request, _("The proposal is taken back; the terms in force stay."))
    return see_other("microenterprise_terms", pk)
