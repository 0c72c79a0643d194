"""An earlier project as the start of a new one: its words and lots, with times ahead. Nothing is saved here."""

from copy import copy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.lots import LotDraft
from contracts.models import Project
from microenterprises.models import Microenterprise


def as_template(project: Project, *, buyer: Microenterprise, now: datetime) -> Project:
    """A project to fill the form of a new one from: a copy in memory that says the same for `buyer`.

    Both times move by the same number of whole days, just as many as let the first of them lie ahead, and keep their
    hour where the deadline is. A ceiling in another currency than the buyer's is left out.
    """
    found = copy(project)
    start = project.opens_at or project.published_at or project.created_at
    days = max((now - start).days + 1, 0)
    found.deadline = _moved(project.deadline, days, project.deadline_zone)
    found.opens_at = None
    if project.opens_at is not None and _was_chosen(project):
        found.opens_at = _moved(project.opens_at, days, project.deadline_zone)
    found.buyer = buyer
    if buyer.currency != project.currency:
        found.ceiling_minor = None
    if project.lot_set is not None:
        # What is said of the whole; each lot says the rest (`lots_of`).
        found.title, found.ceiling_minor = project.lot_set.title, None
    return found


def lots_of(project: Project, *, buyer: Microenterprise) -> list[LotDraft]:
    """The lots of the set that a project belongs to, as rows of new ones; none for a project without. One statement.

    Its own outcome is that of the whole, as `as_template` has it. A ceiling in another currency is left out.
    """
    if project.lot_set_id is None:
        return []
    return [
        LotDraft(
            title=lot.title,
            ceiling_minor=lot.ceiling_minor if buyer.currency == lot.currency else None,
            outcome="" if lot.success_measure == project.success_measure else lot.success_measure,
        )
        for lot in Project.objects.filter(lot_set=project.lot_set_id).order_by("lot_number")
    ]


def _was_chosen(project: Project) -> bool:
    """Whether somebody chose the instant from which bids are taken; else it is that of the publication."""
    return project.published_at is None or project.opens_at != project.published_at


def _moved(instant: datetime, days: int, zone: str) -> datetime:
    """The same local time some days later; where it does not exist, the instant that clocks show in its stead."""
    return instant.astimezone(ZoneInfo(zone)) + timedelta(days=days)
