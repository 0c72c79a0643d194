"""Interests: declared by a panelist, or recorded by the steward."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from contracts.actions import panel as actions
from contracts.forms.panel import FoundConflictForm, InterestsForm
from contracts.models import Panelist
from contracts.permissions import panel as checks
from contracts.queries.projects import bidder_name
from contracts.views.panel.room import Room, answer, done, get_or_post, room_of, typed
from core.http import Request, see_other
from people.models import User


@never_cache
@get_or_post
def panel_declare(request: Request, pk: UUID) -> HttpResponse:
    """Say first whether one has a conflict of interest; later, that one came to light."""
    room = room_of(request, pk)
    seat = checks.check_declare_conflict(room.project, room.panel, room.who)
    declared = seat.status != Panelist.Status.NAMED
    form = InterestsForm(typed(request), bids=room.bids, declared=declared)
    if request.method == "POST" and form.is_valid() and done(form, lambda: _declare(room, form, request.user)):
        return see_other("project_quality", pk)
    context = {
        "project": room.project,
        "form": form,
        "declared": declared,
        "bidders": [bidder_name(bid) for bid in room.bids],
        "found": room.found().get(request.user.pk, ""),
    }
    return answer(request, form, "projects/panel_declare.html", context)


def _declare(room: Room, form: InterestsForm, by: User) -> None:
    if form.has_conflict():
        actions.declare_conflict(project=room.project, bid=form.bid_named(), reason=form.cleaned_data["reason"], by=by)
    else:
        actions.declare_none(project=room.project, by=by)


@never_cache
@get_or_post
def panel_conflict(request: Request, pk: UUID) -> HttpResponse:
    """The steward records a conflict that somebody else found."""
    room = room_of(request, pk)
    checks.check_record_conflict(room.project, room.panel, room.who, room.ties())
    form = FoundConflictForm(typed(request), seats=room.panel.judging, bids=room.bids)
    if request.method == "POST" and form.is_valid() and done(form, lambda: _record(room, form, request.user)):
        return see_other("project_quality", pk)
    context = {"project": room.project, "form": form, "nobody": not room.panel.judging}
    return answer(request, form, "projects/panel_conflict.html", context)


def _record(room: Room, form: FoundConflictForm, by: User) -> None:
    person = get_object_or_404(User, pk=form.cleaned_data["person"])
    actions.record_conflict(
        project=room.project, person=person, bid=form.bid_named(), reason=form.cleaned_data["reason"], by=by
    )
