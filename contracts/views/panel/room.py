"""What every page of the panel loads and answers with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from contracts import explaining
from contracts.access import SeenProject, project_or_404
from contracts.actions import panel as actions
from contracts.actions.panel.figures import Figures
from contracts.forms.panel import FiguresForm
from contracts.lifecycle import PANELIST_BADGES
from contracts.models import Bid, Panelist, Project
from contracts.permissions.panel import Panel
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import panel as queries
from contracts.queries.panel import Proposed
from core.clock import business_date, market_now
from core.errors import Invalid
from core.http import Request, unprocessable
from core.look import Badge

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

    def ties(self) -> dict[UUID, str]:
        """What the rules find against a steward who says who judges."""
        return queries.conflicts_of_steward(self.who, self.bids)


def room_of(request: Request, pk: UUID) -> Room:
    seen = project_or_404(request.user, pk)
    who = standing_of(request.user, business_date(market_now()))
    # What the rules find is written down by itself, so that it stays when the act itself is refused.
    if request.method == "POST" and actions.find_conflicts(project=seen.project):
        seen = project_or_404(request.user, pk)
    bids = queries.bids_of(seen.project) if seen.project.opened_at is not None else []
    return Room(seen, bids, Panel(seen.seats, queries.unscored(seen.project, bids)), who)


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One panelist with their state in words."""

    name: str
    badge: Badge


def common(room: Room, proposed: Proposed | None = None) -> dict[str, Any]:
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


def figures_form(request: Request, room: Room, known: Figures) -> FiguresForm:
    return FiguresForm(typed(request), bids=room.to_judge, criteria=room.seen.criteria, known=known)


def typed(request: Request) -> Any:
    """What was sent, also when nothing was filled in; None where the page was only asked for."""
    return request.POST if request.method == "POST" else None


def done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Run the action; a refusal of what was typed goes beside its field."""
    try:
        act()
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        return False
    return True


def answer(request: Request, form: forms.Form, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response
