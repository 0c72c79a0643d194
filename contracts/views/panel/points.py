"""Points, apart, then one figure, together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from contracts import explaining
from contracts.actions import panel as actions
from contracts.actions.panel.figures import Figure, Figures, Place
from contracts.forms.panel import CriterionRow
from contracts.models import Bid, Consensus, Panelist
from contracts.permissions import panel as checks
from contracts.queries import panel as queries
from contracts.queries.panel import Compared, SideBySide
from contracts.queries.projects import bidder_name
from contracts.views.panel.room import Room, answer, common, done, figures_form, get_or_post, room_of
from core.errors import InvalidTransition
from core.http import Request, see_other


@dataclass(frozen=True, slots=True)
class Part:
    """One bid in a form of the panel."""

    bid: Bid
    name: str
    rows: Sequence[tuple[CriterionRow, Compared | None]]

    @property
    def given(self) -> str:
        """What nobody judges, in words; empty where the project counts only what the panel gives."""
        return explaining.given_points(self.bid)


@never_cache
@get_or_post
def panel_score(request: Request, pk: UUID) -> HttpResponse:
    """Give one's points, alone; kept for later or given to the panel."""
    room = room_of(request, pk)
    seat = checks.check_score(room.project, room.panel, room.who, room.found())
    known = actions.read_own_scores(project=room.project, by=request.user)
    form = figures_form(request, room, known)
    if request.method == "POST" and form.is_valid():
        act = actions.keep_scores if form.partly else actions.submit_scores
        if done(form, lambda: act(project=room.project, figures=form.figures(), by=request.user)):
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
    return answer(request, form, "projects/panel_score.html", context)


@never_cache
@get_or_post
def panel_agree(request: Request, pk: UUID) -> HttpResponse:
    """All points side by side; propose one figure, or confirm what is on the table."""
    room = room_of(request, pk)
    checks.check_agree(room.project, room.panel, room.who, room.found())
    proposed = queries.proposed_for(room.project)
    sides = queries.side_by_side(room.project, room.to_judge, room.seen.criteria)
    figures = proposed.figures() if proposed is not None else {}
    form = figures_form(request, room, _start(sides, figures))
    if (
        request.method == "POST"
        and form.is_valid()
        and done(form, lambda: actions.propose(project=room.project, figures=form.figures(), by=request.user))
    ):
        return see_other("project_quality", pk)
    context = common(room, proposed) | {
        "form": form,
        "parts": [Part(side.bid, side.name, list(zip(form.rows(side.bid), side.rows, strict=True))) for side in sides],
        "table": _on_the_table(room, figures),
        "mine": proposed is not None and proposed.consensus.proposed_by_id == request.user.pk,
        "confirmed": proposed is not None and request.user.pk in proposed.confirmed,
        "alone": len(room.panel.judging) == 1,
    }
    return answer(request, form, "projects/panel_agree.html", context)


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
    room = room_of(request, pk)
    checks.check_agree(room.project, room.panel, room.who, {})
    asked = request.POST.get("consensus", "")
    seen = next((row for row in Consensus.objects.filter(project=room.project) if str(row.pk) == asked), None)
    if seen is None:
        raise InvalidTransition(_("These figures are not on the table any more. Reload the page and look again."))
    actions.confirm(consensus=seen, by=request.user)
    return see_other("project_quality", pk)
