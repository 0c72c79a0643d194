"""Points that were sealed come to light, all at once, when nobody is awaited any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from contracts import sealing
from contracts.actions.panel.room import people, trail
from contracts.actions.projects import link
from contracts.models import Bid, Project, Score, SealedScores
from contracts.queries import panel as queries
from people.notices import tell


def publish_if_all_in(project: Project, bids: Sequence[Bid], now: datetime) -> None:
    """Bring the points of everybody to light once nobody is awaited any more; once."""
    panel = queries.panel_of(project, bids)
    if not panel.together or panel.agreed:
        return
    submitted = [seat.pk for seat in panel.judging]
    shown = set(Score.objects.filter(panelist__in=submitted).values_list("panelist_id", flat=True))
    sealed = {
        row.panelist_id: bytes(row.ciphertext)
        for row in SealedScores.objects.filter(panelist__in=submitted, submitted_at__isnull=False)
        if row.panelist_id not in shown
    }
    if not sealed:
        return
    criteria = {criterion.place: criterion for criterion in queries.criteria_of(project)}
    judged = {str(bid.pk) for bid in queries.to_judge(bids)}
    opened = sealing.open_scores(project.pk, sealed)
    Score.objects.bulk_create(
        Score(
            panelist_id=panelist,
            bid_id=UUID(cell.bid),
            criterion=criteria[cell.place],
            points=cell.points,
            reason=cell.reason,
        )
        for panelist, cells in opened.items()
        for cell in cells
        if cell.bid in judged and cell.points is not None
    )
    by_seat = {seat.pk: seat for seat in panel.judging}
    for panelist, cells in opened.items():
        points = [[cell.bid, cell.place, cell.points] for cell in cells]
        trail(project, "points_shown", by=None, person=str(by_seat[panelist].person_id), points=points)
    if len(panel.judging) > 1:
        tell(
            people(panel),
            lambda: (
                _("Everybody has given their points on “%(title)s”. Agree on one figure.") % {"title": project.title}
            ),
            link=f"{link(project)}quality/",
        )
