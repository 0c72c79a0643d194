"""The pages of the panel: interests, points apart, one figure together, and what follows a conflict. Load, act, answer.

`project_quality` says how far the panel is and sends who is on it to their next step. Points of others are on no page
before everybody has given theirs: they are not in the database to be shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contracts import explaining
from contracts.access import SeenProject, project_or_404
from contracts.actions import panel as actions
from contracts.actions.panel import Figure, Figures, Place
from contracts.forms.panel import (
    AskForm,
    CriterionRow,
    FiguresForm,
    FoundConflictForm,
    InterestsForm,
    ReplacementForm,
)
from contracts.lifecycle import PANELIST_BADGES
from contracts.models import Bid, Consensus, Panelist, Project
from contracts.permissions import panel as checks
from contracts.permissions.panel import Panel
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import panel as queries
from contracts.queries.panel import Compared, Proposed, SideBySide
from contracts.queries.projects import bidder_name
from contracts.views.acts import Act, address
from core.clock import business_date, market_now
from core.errors import Invalid, InvalidTransition
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.permissions import why_not
from people.models import User

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Room:
    """What every page of the panel needs."""

    seen: SeenProject
    bids: list[Bid]
    panel: Panel
    who: Standing

    @property
    def project(self) -> Project:
        return self.seen.project

    @property
    def to_judge(self) -> list[Bid]:
        return queries.to_judge(self.bids)

    def found(self) -> dict[UUID, str]:
        """Whom the rules find in a conflict now."""
        return queries.conflicts_of(self.panel, self.bids, self.who.on)


def _room(request: Request, pk: UUID) -> Room:
    seen = project_or_404(request.user, pk)
    who = standing_of(request.user, business_date(market_now()))
    # What the rules find is written down by itself, so that it stays when the act itself is refused.
    if request.method == "POST" and actions.find_conflicts(project=seen.project):
        seen = project_or_404(request.user, pk)
    bids = queries.bids_of(seen.project) if seen.project.opened_at is not None else []
    return Room(seen, bids, Panel(seen.seats, queries.unscored(seen.project, bids)), who)


# ------------------------------------------------------------------ on the project's page


def acts(seen: SeenProject, panel: Panel, who: Standing) -> list[Act]:
    """What the reader can do about quality on the page of an evaluated project. No statement."""
    seat = panel.of(who.user.pk)
    if not why_not(checks.check_seat, seen.project, panel, who):
        waits = seat is not None and (seat.waiting or panel.together)
        tone = "primary" if waits and seat is not None and seat.status != Panelist.Status.CONFLICTED else "plain"
        return [Act(address("project_quality", seen.project), _("Judge quality"), "scale", tone=tone)]
    if not why_not(checks.check_follow, seen.project, panel, who):
        return [Act(address("project_quality", seen.project), _("How the panel judges"), "scale", tone="plain")]
    return []


def card(seen: SeenProject, panel: Panel, bids: Sequence[Bid], who: Standing) -> dict[str, Any]:
    """What the page of a project says about its panel, for `projects/_panel.html`. No statement."""
    away = checks.keeps_away(panel, who.user.pk, bids)
    return {
        "awaited": checks.names(panel.awaited) if panel.unscored else "",
        "panel_together": panel.together and bool(panel.unscored),
        "panel_vacant": panel.vacant and bool(panel.unscored),
        "kept_away": away,
        "bidders": [bidder_name(bid) for bid in bids] if away else [],
        "prices_sealed": seen.project.two_envelopes and any(bid.price_opened_at is None for bid in bids),
        "prices_wait": seen.project.two_envelopes and bool(panel.unscored),
    }


# ------------------------------------------------------------------ how far it is


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One panelist with their state in words."""

    name: str
    badge: Badge


@never_cache
@require_safe
def project_quality(request: Request, pk: UUID) -> HttpResponse:
    """How far the panel is; who is on it and has something to do is sent there."""
    room = _room(request, pk)
    checks.check_follow(room.project, room.panel, room.who)
    step = _next_step(room)
    if step:
        return redirect(step, pk)
    sees = not why_not(checks.check_sees_points, room.project, room.panel, room.who)
    judged = [bid for bid in room.bids if bid.quality_points is not None] or room.to_judge
    context = _common(room) | {
        "sides": queries.side_by_side(room.project, judged, room.seen.criteria) if sees else [],
        "qualities": [(bid, bidder_name(bid), explaining.quality_lines(bid)) for bid in judged]
        if room.panel.agreed
        else [],
        "acts": _hub_acts(room),
    }
    return render(request, "projects/panel.html", context)


def _common(room: Room, proposed: Proposed | None = None) -> dict[str, Any]:
    if proposed is None and room.panel.together and not room.panel.agreed:
        proposed = queries.proposed_for(room.project)
    return {
        "project": room.project,
        "sentence": queries.state_of(room.panel, proposed),
        "criteria": explaining.criteria(room.project),
        "quality_criteria": room.seen.criteria,
        "seats": [SeatRow(seat.name, PANELIST_BADGES[Panelist.Status(seat.status)]) for seat in room.panel.seats],
        "conflicts": queries.known_conflicts(room.project) if room.panel.left else [],
        "proposed": proposed,
    }


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
    if panel.vacant and not panel.agreed and who.user.has_role("steward"):
        found.append(Act(address("panel_replace", project), _("Name a panel member"), "users"))
    if not why_not(checks.check_record_conflict, project, panel, who):
        found.append(Act(address("panel_conflict", project), _("Record a conflict"), "ban", tone="plain"))
    return found


# ------------------------------------------------------------------ interests


@never_cache
@get_or_post
def panel_declare(request: Request, pk: UUID) -> HttpResponse:
    """Say first whether one has a conflict of interest; later, that one came to light."""
    room = _room(request, pk)
    seat = checks.check_declare_conflict(room.project, room.panel, room.who)
    declared = seat.status != Panelist.Status.NAMED
    form = InterestsForm(_typed(request), bids=room.bids, declared=declared)
    if request.method == "POST" and form.is_valid() and _done(form, lambda: _declare(room, form, request.user)):
        return see_other("project_quality", pk)
    context = {
        "project": room.project,
        "form": form,
        "declared": declared,
        "bidders": [bidder_name(bid) for bid in room.bids],
        "found": room.found().get(request.user.pk, ""),
    }
    return _page(request, form, "projects/panel_declare.html", context)


def _declare(room: Room, form: InterestsForm, by: User) -> None:
    if form.has_conflict():
        actions.declare_conflict(project=room.project, bid=form.bid_named(), reason=form.cleaned_data["reason"], by=by)
    else:
        actions.declare_none(project=room.project, by=by)


@never_cache
@get_or_post
def panel_conflict(request: Request, pk: UUID) -> HttpResponse:
    """The steward records a conflict that somebody else found."""
    room = _room(request, pk)
    checks.check_record_conflict(room.project, room.panel, room.who)
    form = FoundConflictForm(_typed(request), seats=room.panel.judging, bids=room.bids)
    if request.method == "POST" and form.is_valid() and _done(form, lambda: _record(room, form, request.user)):
        return see_other("project_quality", pk)
    context = {"project": room.project, "form": form, "nobody": not room.panel.judging}
    return _page(request, form, "projects/panel_conflict.html", context)


def _record(room: Room, form: FoundConflictForm, by: User) -> None:
    person = get_object_or_404(User, pk=form.cleaned_data["person"])
    actions.record_conflict(
        project=room.project, person=person, bid=form.bid_named(), reason=form.cleaned_data["reason"], by=by
    )


# ------------------------------------------------------------------ points, apart


@dataclass(frozen=True, slots=True)
class Part:
    """One bid in a form of the panel."""

    bid: Bid
    name: str
    rows: Sequence[tuple[CriterionRow, Compared | None]]


@never_cache
@get_or_post
def panel_score(request: Request, pk: UUID) -> HttpResponse:
    """Give one's points, alone; kept for later or given to the panel."""
    room = _room(request, pk)
    seat = checks.check_score(room.project, room.panel, room.who, room.found())
    known = actions.read_own_scores(project=room.project, by=request.user)
    form = _figures_form(request, room, known)
    if request.method == "POST" and form.is_valid():
        act = actions.keep_scores if form.partly else actions.submit_scores
        if _done(form, lambda: act(project=room.project, figures=form.figures(), by=request.user)):
            return see_other("panel_score" if form.partly else "project_quality", pk)
    context = {
        "project": room.project,
        "criteria": explaining.criteria(room.project),
        "form": form,
        "parts": [Part(bid, bidder_name(bid), [(row, None) for row in form.rows(bid)]) for bid in room.to_judge],
        "alone": len(room.panel.judging) == 1,
        "given": seat.status == Panelist.Status.SUBMITTED,
        "kept": bool(known),
        "others": ", ".join(other.name for other in room.panel.judging if other.person_id != request.user.pk),
    }
    return _page(request, form, "projects/panel_score.html", context)


# ------------------------------------------------------------------ one figure, together


@never_cache
@get_or_post
def panel_agree(request: Request, pk: UUID) -> HttpResponse:
    """All points side by side; propose one figure, or confirm what is on the table."""
    room = _room(request, pk)
    checks.check_agree(room.project, room.panel, room.who, room.found())
    proposed = queries.proposed_for(room.project)
    sides = queries.side_by_side(room.project, room.to_judge, room.seen.criteria)
    figures = proposed.figures() if proposed is not None else {}
    form = _figures_form(request, room, _start(sides, figures))
    if (
        request.method == "POST"
        and form.is_valid()
        and _done(form, lambda: actions.propose(project=room.project, figures=form.figures(), by=request.user))
    ):
        return see_other("project_quality", pk)
    context = _common(room, proposed) | {
        "form": form,
        "parts": [Part(side.bid, side.name, list(zip(form.rows(side.bid), side.rows, strict=True))) for side in sides],
        "table": _on_the_table(room, figures),
        "mine": proposed is not None and proposed.consensus.proposed_by_id == request.user.pk,
        "confirmed": proposed is not None and request.user.pk in proposed.confirmed,
        "alone": len(room.panel.judging) == 1,
    }
    return _page(request, form, "projects/panel_agree.html", context)


def _start(sides: Sequence[SideBySide], figures: Mapping[Place, tuple[int, str]]) -> Figures:
    """What the form starts with: the figures on the table, else the mean of everybody's points."""
    if figures:
        return {place: Figure(points, reason) for place, (points, reason) in figures.items()}
    found: dict[Place, Figure] = {}
    for side in sides:
        for row in side.rows:
            found[side.bid.pk, row.criterion.place] = Figure(row.mean, "")
    return found


@dataclass(frozen=True, slots=True)
class TableRow:
    """One figure on the table."""

    name: str
    criterion: str
    points: int
    reason: str


def _on_the_table(room: Room, figures: Mapping[Place, tuple[int, str]]) -> list[TableRow]:
    return [
        TableRow(bidder_name(bid), criterion.title, *figures[bid.pk, criterion.place])
        for bid in room.to_judge
        for criterion in room.seen.criteria
        if (bid.pk, criterion.place) in figures
    ]


@never_cache
@require_POST
def panel_confirm(request: Request, pk: UUID) -> HttpResponse:
    """Confirm the figures one has seen; others that came since are not confirmed by accident."""
    room = _room(request, pk)
    checks.check_agree(room.project, room.panel, room.who, {})
    asked = request.POST.get("consensus", "")
    seen = next((row for row in Consensus.objects.filter(project=room.project) if str(row.pk) == asked), None)
    if seen is None:
        raise InvalidTransition(_("These figures are not on the table any more. Reload the page and look again."))
    actions.confirm(consensus=seen, by=request.user)
    return see_other("project_quality", pk)


# ------------------------------------------------------------------ when nobody is left


@never_cache
@get_or_post
def panel_ask(request: Request, pk: UUID) -> HttpResponse:
    """The buyer asks the steward for a panelist, because everybody has a conflict."""
    room = _room(request, pk)
    checks.check_ask(room.project, room.panel, room.who, asked=queries.open_request(room.project) is not None)
    form = AskForm(_typed(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if _done(form, lambda: actions.ask_for_replacement(project=room.project, reason=reason, by=request.user)):
            return see_other("project_quality", pk)
    context = {
        "project": room.project,
        "form": form,
        "title": _("Ask for a new panel member"),
        "consequence": _("The steward reads your words and names somebody from outside the bidders."),
        "button": _("Ask the steward"),
        "back": reverse("project_quality", args=[pk]),
    }
    return _page(request, form, "projects/panel_ask.html", context)


@never_cache
@get_or_post
def panel_replace(request: Request, pk: UUID) -> HttpResponse:
    """The steward names who judges instead."""
    room = _room(request, pk)
    asked = queries.open_request(room.project)
    checks.check_name(room.project, room.panel, room.who, asked=asked is not None)
    form = ReplacementForm(_typed(request))
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        if _done(form, lambda: actions.name_replacement(project=room.project, person=person, by=request.user)):
            return see_other("project_quality", pk)
    context = {
        "project": room.project,
        "form": form,
        "asked": asked,
        "conflicts": queries.known_conflicts(room.project),
        "bidders": [bidder_name(bid) for bid in room.bids],
    }
    return _page(request, form, "projects/panel_replace.html", context)


# ------------------------------------------------------------------ shared


def _figures_form(request: Request, room: Room, known: Figures) -> FiguresForm:
    return FiguresForm(_typed(request), bids=room.to_judge, criteria=room.seen.criteria, known=known)


def _typed(request: Request) -> Any:
    """What was sent, also when nothing was filled in; None where the page was only asked for."""
    return request.POST if request.method == "POST" else None


def _done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Run the action; a refusal of what was typed goes beside its field."""
    try:
        act()
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        return False
    return True


def _page(request: Request, form: forms.Form, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response
