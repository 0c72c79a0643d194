"""Seats of ideas and MEs, and the invitations their owners send. They are answered on the talent pool's page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from core.http import Request, see_other, unprocessable
from microenterprises import access, permissions
from microenterprises.actions import invitations, seats
from microenterprises.actions.invitations import check_seat_is_open
from microenterprises.forms.fields import refuse
from microenterprises.forms.firms import InviteForm, SeatForm
from microenterprises.models import Idea, Invitation, Microenterprise, Seat
from people.models import Role, User

PEOPLE_SHOWN = 8


@require_http_methods(["GET", "HEAD", "POST"])
def microenterprise_seat_new(request: Request, pk: UUID) -> HttpResponse:
    """Open a seat of an ME."""
    firm = access.microenterprise_or_404(request.user, pk)
    permissions.check_lead(permissions.place_of(request.user, firm))
    return _seat_new(request, firm, firm.name, f"/microenterprises/{firm.pk}/")


@require_http_methods(["GET", "HEAD", "POST"])
def idea_seat_new(request: Request, pk: UUID) -> HttpResponse:
    """Open a seat of an idea."""
    idea = access.idea_or_404(request.user, pk)
    permissions.check_own_idea(request.user, idea)
    seats.check_recruits(idea)
    return _seat_new(request, idea, idea.title, f"/ideas/{idea.pk}/")


def _seat_new(request: Request, owner: Idea | Microenterprise, name: str, back: str) -> HttpResponse:
    form = SeatForm(request.POST or None, currency=owner.currency)
    if request.method == "POST" and form.is_valid():
        try:
            seats.open_seat(owner=owner, spec=form.spec(), by=request.user)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The seat is open. Invite somebody, or wait until somebody asks for it."))
            return see_other(back)
    response = render(
        request,
        "microenterprises/seat_new.html",
        {"form": form, "owner": name, "back": back, "currency": owner.currency},
    )
    return unprocessable(response) if form.errors else response


@require_POST
def seat_withdraw(request: Request, pk: UUID) -> HttpResponse:
    """Withdraw an open seat."""
    seat = access.seat_or_404(request.user, pk)
    seats.withdraw(seat=seat, by=request.user)
    messages.success(request, _("The seat %(role)s is withdrawn.") % {"role": seat.role})
    return see_other(_owner_page(seat))


@require_http_methods(["GET", "HEAD", "POST"])
def seat_invite(request: Request, pk: UUID, *, invite: Callable[..., Invitation]) -> HttpResponse:
    """Find somebody by name or address and invite them to a seat.

    The talent pool, which knows who may join a team, has the address of this page and gives its own `invite`.
    """
    seat = access.seat_or_404(request.user, pk)
    permissions.check_invite(request.user, seat)
    check_seat_is_open(seat)
    form = InviteForm(request.POST if request.method == "POST" else None, initial={"q": request.GET.get("q", "")})
    people, cut = _people(request.GET.get("q", ""), seat)
    if request.method == "POST" and form.is_valid():
        person = User.objects.filter(pk=form.cleaned_data["person"], is_active=True).first()
        try:
            if person is None:
                form.add_error("person", _("Nobody has this account now. Search again."))
            else:
                invite(seat=seat, person=person, message=form.cleaned_data["message"], by=request.user)
        except DomainError as refusal:
            refuse(form, refusal)
        if not form.errors:
            messages.success(request, _("Invited. They answer on their own page; you will be told."))
            return see_other(_owner_page(seat))
    context = {
        "seat": seat,
        "form": form,
        "people": people,
        "cut": cut,
        "q": request.GET.get("q", ""),
        "back": _owner_page(seat),
    }
    target = "#people" if request.htmx.target == "people" else ""
    response = render(request, f"microenterprises/invite.html{target}", context)
    return unprocessable(response) if form.errors else response


def _people(text: str, seat: Seat) -> tuple[list[User], bool]:
    """Colleagues whose name or address contains the text, and whether there are more than are shown."""
    text = text.replace("\0", "").strip()
    if not text:
        return [], False
    found: Any = (
        User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text), is_active=True)
        .exclude(roles__overlap=[Role.VENDOR.value, Role.AUDITOR.value])
        .order_by("name", "id")
    )
    if seat.idea is not None and seat.microenterprise_id is None:
        found = found.exclude(pk=seat.idea.owner_id)
    rows = list(found[: PEOPLE_SHOWN + 1])
    return rows[:PEOPLE_SHOWN], len(rows) > PEOPLE_SHOWN


@require_POST
def invitation_withdraw(request: Request, pk: UUID) -> HttpResponse:
    """Take an invitation or one's own request back."""
    invitation = access.invitation_or_404(request.user, pk)
    invitations.withdraw(invitation=invitation, by=request.user)
    messages.success(request, _("Taken back."))
    return see_other(_owner_page(invitation.seat))


def _owner_page(seat: Seat) -> str:
    if seat.microenterprise_id:
        return f"/microenterprises/{seat.microenterprise_id}/"
    return f"/ideas/{seat.idea_id}/"
