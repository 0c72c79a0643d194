"""Figures on the table of a panel, from their proposal until enough have confirmed or others take their place.

Nobody's right to do it is asked here: see `consensus` and `scores`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from contracts import scoring
from contracts.actions.panel.figures import Figures
from contracts.actions.panel.prices import open_prices_now
from contracts.actions.panel.room import Room, people, trail
from contracts.actions.projects import leaders, link, record
from contracts.lifecycle import CONSENSUS
from contracts.models import Bid, Consensus, ConsensusLine, Project
from contracts.queries import panel as queries
from core import parameters
from core.clock import business_date
from people.models import User
from people.notices import tell


def put(room: Room, figures: Figures, *, by: User) -> Consensus:
    project, now = room.project, room.now
    drop(project, now, by=by)
    percent = parameters.value("consensus_confirming_percent", on=business_date(now))
    others = len(room.panel.judging) - 1
    made = Consensus.objects.create(
        project=project, needed=-(-others * percent // 100), proposed_at=now, proposed_by=by
    )
    criteria = {criterion.place: criterion for criterion in queries.criteria_of(project)}
    ConsensusLine.objects.bulk_create(
        ConsensusLine(consensus=made, bid_id=bid, criterion=criteria[place], points=figure.points, reason=figure.reason)
        for (bid, place), figure in sorted(figures.items())
        if figure.points is not None
    )
    points = [[str(bid), place, figure.points] for (bid, place), figure in sorted(figures.items())]
    trail(project, "figures_proposed", by=by, consensus=str(made.pk), needed=made.needed, points=points)
    if made.needed:
        tell(
            [person for person in people(room.panel) if person != by],
            lambda: (
                _("%(name)s proposes figures for the bids on “%(title)s”. Confirm them or propose others.")
                % {"name": by.name, "title": project.title}
            ),
            link=f"{link(project)}quality/",
        )
    agree_if_enough(room, made, by=by)
    return made


def drop(project: Project, now: datetime, *, by: User | None) -> None:
    for old in Consensus.objects.filter(project=project, status=Consensus.Status.PROPOSED):
        CONSENSUS.move(old, "drop", ended_at=now)
        trail(project, "figures_dropped", by=by, consensus=str(old.pk))


def agree_if_enough(room: Room, consensus: Consensus, *, by: User) -> None:
    """Make the figures the quality of the bids once enough have confirmed, then open the prices that wait for it."""
    if consensus.confirmations.count() < consensus.needed:
        return
    project, now = room.project, room.now
    CONSENSUS.move(consensus, "agree", ended_at=now)
    judged = _set_quality(room, consensus, by=by)
    record(
        project, "quality_agreed", by=by, consensus=str(consensus.pk),
        points={str(bid.pk): bid.quality_points for bid in judged},
    )  # fmt: skip
    tell(
        leaders([project.buyer], now),
        lambda: _("The panel has agreed on the quality of the bids on “%(title)s”.") % {"title": project.title},
        link=link(project),
    )
    open_prices_now(project)


def _set_quality(room: Room, consensus: Consensus, *, by: User) -> list[Bid]:
    """The agreed figures, and what nobody judges, as the quality of every bid that is still valid: weighed, added,
    rounded down."""
    lines: dict[UUID, list[ConsensusLine]] = {}
    for line in consensus.lines.select_related("criterion").order_by("criterion__place"):
        lines.setdefault(line.bid_id, []).append(line)
    judged = [bid for bid in room.to_judge if bid.pk in lines]
    for bid in judged:
        parts = lines[bid.pk]
        every = [
            {
                "title": line.criterion.title,
                "weight_bp": line.criterion.weight_bp,
                "points": line.points,
                "reason": line.reason,
            }
            for line in parts
        ] + (bid.quality_parts or [])
        bid.quality_points = scoring.quality_points((part["weight_bp"], part["points"]) for part in every)
        bid.quality_parts = every
        bid.quality_reason = _reasons(parts)
        bid.scored_by, bid.scored_at = by, room.now
    columns = ["quality_points", "quality_parts", "quality_reason", "scored_by", "scored_at"]
    Bid.objects.bulk_update(judged, columns)
    return judged


def _reasons(parts: Sequence[ConsensusLine]) -> str:
    if len(parts) == 1:
        return parts[0].reason
    return "\n".join(f"{line.criterion.title}: {line.reason}" for line in parts)
