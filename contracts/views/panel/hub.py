"""How far the panel is; who is on it and has something to do is sent there."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contracts import explaining
from contracts.models import Panelist
from contracts.permissions import panel as checks
from contracts.queries import panel as queries
from contracts.queries.projects import bidder_name
from contracts.views.acts import Act, address
from contracts.views.panel.room import Room, common, room_of
from core.http import Request
from core.permissions import why_not


@never_cache
@require_safe
def project_quality(request: Request, pk: UUID) -> HttpResponse:
    """How far the panel is; who is on it and has something to do is sent there."""
    room = room_of(request, pk)
    checks.check_follow(room.project, room.panel, room.who)
    step = _next_step(room)
    if step:
        return redirect(step, pk)
    sees = not why_not(checks.check_sees_points, room.project, room.panel, room.who)
    judged = [bid for bid in room.bids if bid.quality_points is not None] or room.to_judge
    context = common(room) | {
        "sides": queries.side_by_side(room.project, judged, room.seen.criteria) if sees else [],
        "qualities": [(bid, bidder_name(bid), explaining.quality_lines(bid)) for bid in judged]
        if room.panel.agreed
        else [],
        "acts": _hub_acts(room),
    }
    return render(request, "projects/panel.html", context)


def _next_step(room: Room) -> str:
    """The page on which somebody on the panel goes on; empty while they wait for others."""
    seat = room.panel.of(room.who.user.pk)
    if seat is None or room.panel.agreed or why_not(checks.check_judged, room.project):
        return ""
    if seat.status == Panelist.Status.NAMED:
        return "panel_declare"
    if seat.status == Panelist.Status.READY:
        return "panel_score"
    if seat.status == Panelist.Status.SUBMITTED and room.panel.together:
        return "panel_agree"
    return ""


def _hub_acts(room: Room) -> list[Act]:
    project, panel, who = room.project, room.panel, room.who
    found = []
    seat = panel.of(who.user.pk)
    if seat is not None and seat.status == Panelist.Status.SUBMITTED and panel.awaited and not panel.agreed:
        found.append(Act(address("panel_score", project), _("Change my points"), "pencil-line", tone="plain"))
    if seat is not None and not why_not(checks.check_declare_conflict, project, panel, who):
        found.append(Act(address("panel_declare", project), _("Declare a conflict"), "ban", tone="plain"))
    if panel.vacant and not panel.agreed and who.leads(project.buyer_id):
        found.append(Act(address("panel_ask", project), _("Ask for a new panel member"), "users"))
    ties = room.ties()
    if panel.vacant and not panel.agreed and who.user.has_role("steward"):
        refused = why_not(checks.check_name, project, panel, who, ties, asked=True)
        found.append(Act(address("panel_replace", project), _("Name a panel member"), "users", refused))
    if not why_not(checks.check_record_conflict, project, panel, who, ties):
        found.append(Act(address("panel_conflict", project), _("Record a conflict"), "ban", tone="plain"))
    return found
