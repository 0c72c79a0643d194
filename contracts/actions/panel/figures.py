"""What a panelist types: points and a reason for every bid on every criterion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from contracts import scoring
from contracts.actions.panel.room import Room
from contracts.queries import panel as queries
from core.errors import Invalid

LONGEST_REASON: Final = 600


@dataclass(frozen=True, slots=True)
class Figure:
    """Points from 0 to 10,000 for one bid on one criterion, and why. `points` None: not decided yet."""

    points: int | None
    reason: str


Place = tuple[UUID, int]
"""A bid and the place of a criterion."""
Figures = Mapping[Place, Figure]


def known(room: Room, figures: Figures) -> dict[Place, Figure]:
    """The figures that belong to a bid and a criterion of this project, with their reasons tidied."""
    places = {criterion.place for criterion in queries.criteria_of(room.project)}
    bids = {bid.pk for bid in room.to_judge}
    found = {
        (bid, place): Figure(figure.points, figure.reason.replace("\r\n", "\n").strip())
        for (bid, place), figure in figures.items()
        if bid in bids and place in places
    }
    for (bid, place), figure in found.items():
        if figure.points is not None and not 0 <= figure.points <= scoring.FULL:
            raise Invalid(_("Quality points lie between 0 and 10,000."), field=field_of("points", bid, place))
        if len(figure.reason) > LONGEST_REASON:
            raise Invalid(
                _("The reason is longer than %(most)s signs. Shorten it.") % {"most": LONGEST_REASON},
                field=field_of("reason", bid, place),
            )
    return found


def complete(room: Room, figures: Figures) -> dict[Place, Figure]:
    """A figure with a reason for every bid and criterion. Raises Invalid for the first that is missing."""
    found = known(room, figures)
    criteria = queries.criteria_of(room.project)
    for bid in room.to_judge:
        for criterion in criteria:
            figure = found.get((bid.pk, criterion.place))
            if figure is None or figure.points is None:
                raise Invalid(
                    _("Give points for every bid and every criterion."),
                    field=field_of("points", bid.pk, criterion.place),
                )
            if not figure.reason:
                raise Invalid(_("Say why; the bidder reads it."), field=field_of("reason", bid.pk, criterion.place))
    return found


def field_of(what: str, bid: UUID, place: int) -> str:
    """The name of a field of the panel's forms: `points` or `reason` of a bid on a criterion."""
    return f"{bid}-{place}-{what}"
