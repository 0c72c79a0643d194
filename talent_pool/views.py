"""The pool's pages: load, act, answer."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.clock import business_date, market_now
from core.errors import DomainError
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from microenterprises.actions import invitations
from microenterprises.models import Invitation
from microenterprises.permissions import check_create_idea
from microenterprises.views import ideas
from talent_pool import access, forms, permissions, queries
from talent_pool.actions import placements
from talent_pool.actions.wind_up import wind_up
from talent_pool.models import PoolEntry


@require_safe
def pool_list(request: Request) -> HttpResponse:
    """Who is in the pool, by how little time they have left."""
    today = business_date()
    form = forms.PoolFilter(request.GET)
    rows = queries.waiting(request.user)
    if form.is_valid():
        rows = queries.matching_people(rows, text=form.cleaned_data["q"])
        if form.cleaned_data["left"] == "expired":
            rows = rows.filter(clock_ends_on__lt=today)
        elif form.cleaned_data["left"]:
            rows = rows.filter(clock_ends_on__lte=today + timedelta(days=int(form.cleaned_data["left"])))
    found = page(rows, order=("clock_ends_on", "pk"), cursor=request.GET.get("cursor"))
    people = [(entry, queries.clock_badge(entry, today)) for entry in found.rows]
    template = "talent/pool.html#results" if request.htmx.target == "results" else "talent/pool.html"
    return render(request, template, {"page": found, "people": people, "form": form})


@require_safe
def seat_list(request: Request) -> HttpResponse:
    """Every open seat, newest first."""
    form = forms.SeatFilter(request.GET)
    rows = queries.open_seats().prefetch_related("skills")
    if request.user.is_vendor:
        rows = rows.none()
    if form.is_valid():
        if text := form.cleaned_data["q"]:
            rows = rows.filter(
                Q(role__icontains=text) | Q(microenterprise__name__icontains=text) | Q(idea__title__icontains=text)
            )
        if track := form.cleaned_data["track"]:
            rows = rows.filter(track=track)
    found = page(rows, order=("-opened_at", "pk"), cursor=request.GET.get("cursor"))
    template = "talent/seats.html#results" if request.htmx.target == "results" else "talent/seats.html"
    return render(request, template, {"page": found, "form": form})


@require_safe
def my_place(request: Request) -> HttpResponse:
    """My own clock, the seats offered to me with reasons, and what I asked for."""
    now = market_now()
    today = business_date(now)
    entry = PoolEntry.objects.filter(person=request.user).order_by("-entered_at").first()
    context = {
        "now": now,
        "entry": entry,
        "badge": queries.clock_badge(entry, today) if entry else None,
        "offers": [] if request.user.is_vendor else queries.offers(request.user, today=today),
        "why_not_idea": why_not(check_create_idea, request.user),
        "invitations": Invitation.objects.filter(person=request.user)
        .select_related("seat__microenterprise", "seat__idea", "invited_by")
        .order_by("-invited_at")[:20],
    }
    return render(request, "talent/me.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def seat_ask(request: Request, pk: UUID) -> HttpResponse:
    """Ask for an open seat."""
    if request.user.is_vendor:
        raise Http404
    seat = get_object_or_404(queries.open_seats().prefetch_related("skills"), pk=pk)
    form = forms.AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = invitations.ask(seat=seat, message=form.cleaned_data["message"], by=request.user)
        except DomainError as refusal:
            form.add_error(None, str(refusal.sentence))
        else:
            messages.success(request, _("You asked for this seat. Its leader answers; you will be told."))
            return see_other("invitation", asked.pk)
    response = render(request, "talent/ask.html", {"seat": seat, "form": form})
    return unprocessable(response) if form.errors else response


def idea_launch(request: Request, pk: UUID) -> HttpResponse:
    """Launch an idea as an ME; whoever waits in the pool lands by it."""
    return ideas.idea_launch(request, pk, launch=placements.launch)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request, pk: UUID) -> HttpResponse:
    """One invitation, or one request: read it and answer it."""
    found = access.invitation_or_404(request.user, pk)
    if request.method == "POST":
        form = forms.AnswerForm(request.POST)
        if form.is_valid() and form.cleaned_data["answer"] == "accept":
            placements.accept(invitation=found, by=request.user)
            messages.success(request, _("Accepted. The seat is taken."))
        elif form.is_valid():
            invitations.decline(invitation=found, by=request.user)
            messages.success(request, _("Declined. The seat stays open for others."))
        return see_other("invitation", found.pk)
    answerable = found.status == Invitation.Status.OPEN and queries.answers(found, request.user)
    return render(
        request, "talent/invitation.html", {"invitation": found, "seat": found.seat, "answerable": answerable}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def wind_up_page(request: Request, pk: UUID) -> HttpResponse:
    """Wind an ME up: what happens is said before it does."""
    firm = access.firm_to_wind_up_or_404(request.user, pk)
    refused = why_not(permissions.check_wind_up, request.user, firm)
    if request.method == "POST":
        permissions.check_wind_up(request.user, firm)
    form = forms.WindUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            landed = wind_up(microenterprise=firm, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        else:
            messages.success(
                request,
                _("%(me)s is dissolved. %(count)s people are in the talent pool, with seats offered to each.")
                % {"me": firm.name, "count": len(landed)},
            )
            return see_other("talent_pool")
    context = {"firm": firm, "form": form, "refused": refused, "facts": queries.wind_up_facts(firm)}
    response = render(request, "talent/wind_up.html", context)
    return unprocessable(response) if form.errors else response


@require_safe
def pool_entry(request: Request, pk: UUID) -> HttpResponse:
    """One person's stay in the pool: clock, skills, and what suits them."""
    entry = access.pool_entry_or_404(request.user, pk)
    now = market_now()
    today = business_date(now)
    context = {
        "now": now,
        "entry": entry,
        "badge": queries.clock_badge(entry, today),
        "skills": entry.person.skills.all(),
        "offers": queries.offers(entry.person, today=today),
        "why_not_invite": why_not(permissions.check_invite, request.user),
    }
    return render(request, "talent/entry.html", context)
