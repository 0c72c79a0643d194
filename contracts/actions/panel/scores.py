"""Points, apart: kept and submitted under seal, and read by nobody but who gave them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from contracts import sealing
from contracts.actions.panel.figures import Figure, Figures, Place, complete, known
from contracts.actions.panel.interests import room_of
from contracts.actions.panel.publishing import publish_if_all_in
from contracts.actions.panel.room import NOTHING_FOUND, Room, trail
from contracts.actions.panel.table import put
from contracts.lifecycle import PANELIST
from contracts.models import Panelist, Project, SealedScores
from contracts.permissions import panel as permissions
from contracts.permissions.panel import Seat
from contracts.queries import panel as queries
from contracts.sealing import Cell
from core.errors import InvalidTransition
from people.models import User


@transaction.atomic
def keep_scores(*, project: Project, figures: Figures, by: User) -> SealedScores:
    """Keep what one has so far, sealed; nobody is told. Raises Denied, InvalidTransition, Invalid."""
    room = room_of(project, by)
    seat = permissions.check_score(room.project, room.panel, room.who, NOTHING_FOUND)
    if seat.status == Panelist.Status.SUBMITTED:
        raise InvalidTransition(_("Your points are with the panel already. Submit them again to change them."))
    return _seal(room, seat, known(room, figures), submitted_at=None)


@transaction.atomic
def submit_scores(*, project: Project, figures: Figures, by: User) -> SealedScores:
    """Give one's points for every bid and criterion. Until everybody has, they may be given anew; the last to come
    brings all to light. Somebody who judges alone has agreed with that.

    Raises Denied, InvalidTransition, Invalid (`field` names what is missing).
    """
    room = room_of(project, by)
    seat = permissions.check_score(room.project, room.panel, room.who, NOTHING_FOUND)
    given = complete(room, figures)
    kept = _seal(room, seat, given, submitted_at=room.now)
    row = Panelist.objects.get(pk=seat.pk)
    PANELIST.move(row, "submit")
    trail(room.project, "points_submitted", by=by, bids=len(room.to_judge))
    publish_if_all_in(room.project, room.bids, room.now)
    panel = queries.panel_of(room.project, room.bids)
    if len(panel.judging) == 1 and panel.together:
        put(room_of(room.project, by), given, by=by)
    return kept


def read_own_scores(*, project: Project, by: User) -> dict[Place, Figure]:
    """What one has given so far oneself; nobody else's, ever. Two statements."""
    sealed = SealedScores.objects.filter(panelist__project=project, panelist__person=by).first()
    if sealed is None:
        return {}
    found = sealing.open_scores(project.pk, {sealed.panelist_id: bytes(sealed.ciphertext)})[sealed.panelist_id]
    return {(UUID(cell.bid), cell.place): Figure(cell.points, cell.reason) for cell in found}


def _seal(room: Room, seat: Seat, figures: Figures, *, submitted_at: datetime | None) -> SealedScores:
    cells = [Cell(str(bid), place, figure.points, figure.reason) for (bid, place), figure in sorted(figures.items())]
    ciphertext = sealing.seal_scores(room.project.pk, seat.pk, cells, bids=len(room.to_judge))
    kept, _is_new = SealedScores.objects.update_or_create(
        panelist_id=seat.pk, defaults={"ciphertext": ciphertext, "kept_at": room.now, "submitted_at": submitted_at}
    )
    return kept
