"""When nobody is left: the buyer asks, the steward names."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from contracts.actions import panel as actions
from contracts.forms.panel import AskForm, ReplacementForm
from contracts.permissions import panel as checks
from contracts.queries import panel as queries
from contracts.queries.projects import bidder_name
from contracts.views.panel.room import answer, done, get_or_post, room_of, typed
from core.http import Request, see_other


@never_cache
@get_or_post
def panel_ask(request: Request, pk: UUID) -> HttpResponse:
    """The buyer asks the steward for a panelist, because everybody has a conflict."""
    room = room_of(request, pk)
    checks.check_ask(room.project, room.panel, room.who, asked=queries.open_request(room.project) is not None)
    form = AskForm(typed(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if done(form, lambda: actions.ask_for_replacement(project=room.project, reason=reason, by=request.user)):
            return see_other("project_quality", pk)
    context = {
        "project": room.project,
        "form": form,
        "title": _("Ask for a new panel member"),
        "consequence": _("The steward reads your words and names somebody from outside the bidders."),
        "button": _("Ask the steward"),
        "back": reverse("project_quality", args=[pk]),
    }
    return answer(request, form, "projects/panel_ask.html", context)


@never_cache
@get_or_post
def panel_replace(request: Request, pk: UUID) -> HttpResponse:
    """The steward names who judges instead."""
    room = room_of(request, pk)
    asked = queries.open_request(room.project)
    checks.check_name(room.project, room.panel, room.who, room.ties(), asked=asked is not None)
    form = ReplacementForm(typed(request))
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        if done(form, lambda: actions.name_replacement(project=room.project, person=person, by=request.user)):
            return see_other("project_quality", pk)
    context = {
        "project": room.project,
        "form": form,
        "asked": asked,
        "conflicts": queries.known_conflicts(room.project),
        "bidders": [bidder_name(bid) for bid in room.bids],
    }
    return answer(request, form, "projects/panel_replace.html", context)
