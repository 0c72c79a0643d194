"""The pool's pages: load, act, answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import parameters
from core.clock import business_date, market_now
from core.errors import DomainError
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from microenterprises.actions import invitations
from microenterprises.forms.fields import refuse
from microenterprises.models import Invitation
from microenterprises.permissions import check_create_idea, place_among, place_of
from microenterprises.queries.firms import members_of
from microenterprises.views import ideas, seats
from microenterprises.views.terms import worked
from talent_pool import access, forms, permissions, queries
from talent_pool.actions import placements, pool, teams
from talent_pool.actions.wind_up import wind_up
from talent_pool.models import PoolEntry


@require_safe
def pool_list(request: Request) -> HttpResponse:
    """Who is in the pool, by how little time they have left."""
    today = business_date()
    form = forms.PoolFilter(request.GET)
    rows = queries.waiting(request.user, today)
    if form.is_valid():
        rows = queries.matching_people(rows, text=form.cleaned_data["q"])
        if form.cleaned_data["left"] == "expired":
            rows = rows.filter(clock_ends_on__lt=today)
        elif form.cleaned_data["left"]:
            rows = rows.filter(clock_ends_on__lte=today + timedelta(days=int(form.cleaned_data["left"])))
    found = page(rows, order=("clock_ends_on", "pk"), cursor=request.GET.get("cursor"))
    people = [(entry, queries.clock_badge(entry, today)) for entry in found.rows]
    template = "talent/pool.html#results" if request.htmx.target == "results" else "talent/pool.html"
    may_form_team = queries.may_form_team(request.user, today)
    context = {"page": found, "people": people, "form": form, "may_form_team": may_form_team}
    return render(request, template, context)


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
    rows = queries.with_team(PoolEntry.objects.filter(person=request.user), today)
    entry: Any = rows.order_by("-entered_at").first()
    waits = entry is not None and entry.landed_at is None
    context = {
        "now": now,
        "entry": entry,
        "badge": queries.clock_badge(entry, today) if entry else None,
        "offers": [] if request.user.is_vendor else queries.offers(request.user, today=today),
        "may_form_team": waits and entry.team_id is None,
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
            asked = placements.ask(seat=seat, message=form.cleaned_data["message"], by=request.user)
        except DomainError as refusal:
            form.add_error(None, str(refusal.sentence))
        else:
            messages.success(request, _("You asked for this seat. Its leader answers; you will be told."))
            return see_other("invitation", asked.pk)
    response = render(request, "talent/ask.html", {"seat": seat, "form": form})
    return unprocessable(response) if form.errors else response


def seat_invite(request: Request, pk: UUID) -> HttpResponse:
    """Invite somebody to a seat; to one of a team only who waits in the pool."""
    return seats.seat_invite(request, pk, invite=placements.invite)


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


# --- Teams ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def team_new(request: Request) -> HttpResponse:
    """Form a team with other people of the pool."""
    permissions.check_form_team(request.user, pool.stay(request.user), teams.team_of(request.user))
    form = forms.TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.form(spec=form.spec(), by=request.user)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        else:
            messages.success(request, _("The team is formed. Open seats and invite people of the pool."))
            return see_other("microenterprise_detail", team.pk)
    response = render(request, "talent/team_new.html", {"form": form, "fewest": parameters.value("team_fewest_people")})
    return unprocessable(response) if form.errors else response


@require_http_methods(["GET", "HEAD", "POST"])
def team_launch(request: Request, pk: UUID) -> HttpResponse:
    """Launch a team as an ME: its share terms with an example; everybody in it lands."""
    team = access.team_or_404(request.user, pk)
    members = members_of(team, business_date())
    won = queries.won_by(team)
    permissions.check_launch_team(
        place_among(request.user, team, members),
        has_work=bool(won),
        people=sum(member.person.is_active for member in members),
        needed=parameters.value("team_fewest_people"),
    )
    form = forms.TeamLaunchForm(request.POST or None, currency=team.currency, plan=sum(row.price_minor for row in won))
    if request.method == "POST" and request.htmx.target == "preview":
        return render(request, "microenterprises/terms_fields.html#preview", worked(form))
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            firm = teams.launch(team=team, terms=form.spec(), by=request.user)
        except DomainError as refusal:
            refuse(form, refusal, {"tiers": "upto_1"})
        else:
            messages.success(request, _("%(me)s is launched, and everybody in it has landed.") % {"me": firm.name})
            return see_other("contract_sign", won[0].contract_id)
    context = {"team": team, "members": members, "won": won, "form": form}
    context |= worked(form) if form.is_bound else {}
    response = render(request, "talent/team_launch.html", context)
    return unprocessable(response) if form.errors else response


@require_POST
def team_leave(request: Request, pk: UUID) -> HttpResponse:
    """Leave a team and go on waiting in the pool."""
    team = teams.leave(team=access.team_or_404(request.user, pk), by=request.user)
    messages.success(request, _("You left %(me)s. You wait in the talent pool as before.") % {"me": team.name})
    return see_other("my_place")


@require_http_methods(["GET", "HEAD", "POST"])
def team_end(request: Request, pk: UUID) -> HttpResponse:
    """End a team; its people stay in the pool."""
    team = access.team_or_404(request.user, pk)
    permissions.check_end_team(place_of(request.user, team))
    form = forms.TeamEndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            teams.end(team=team, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        else:
            messages.success(request, _("%(me)s has ended. Everybody waits in the pool as before.") % {"me": team.name})
            return see_other("talent_pool")
    response = render(request, "talent/team_end.html", {"team": team, "form": form})
    return unprocessable(response) if form.errors else response
