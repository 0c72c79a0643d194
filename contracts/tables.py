"""How projects stand in their list: which columns it can show, and what each says."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.lifecycle import PROJECT_BADGES, phase_of
from contracts.models import Project
from contracts.queries.projects import Listed
from core.addresses import address, addresses
from core.words.tables import Amount, Cell, Column, Link, Quiet, Table

COLUMNS: Final = {
    "state": Column(gettext_lazy("State")),
    "buyer": Column(gettext_lazy("Buyer")),
    "method": Column(gettext_lazy("What decides")),
    "published": Column(gettext_lazy("Published")),
    "opens": Column(gettext_lazy("Bids from")),
    "deadline": Column(gettext_lazy("Deadline")),
    "ceiling": Column(gettext_lazy("Ceiling"), is_figure=True),
}
"""What the list can show beside the title, in this order."""
USUAL_COLUMNS: Final = ("state", "buyer", "deadline", "ceiling")


def project_table(projects: Iterable[Listed], columns: Collection[str], now: datetime) -> Table:
    """Projects with those of `COLUMNS` beside their titles."""
    shown = [name for name in COLUMNS if name in columns]
    cells, to = [_CELLS[name] for name in shown], addresses("project_detail")
    return Table(
        [Column(_("Project")), *(COLUMNS[name] for name in shown)],
        [[_title(project, to), *[cell(project, now) for cell in cells]] for project in projects],
    )


def _title(project: Listed, to: Callable[[str], str]) -> Cell:
    title = Link(project.title, to(project.id))
    if project.lot_set_id is None:
        return title
    words = _("lot %(number)s of %(count)s") % {"number": project.lot_number, "count": project.lots}
    return title, Link(words, address("lot_set", project.lot_set_id), is_quiet=True)


def _state(project: Listed, now: datetime) -> Cell:
    badge = PROJECT_BADGES[phase_of(project.status, project.opens_at, project.deadline, now)]
    return badge if project.buyer is not None else (badge, Quiet(_("Real tender")))


_CELLS: Final[dict[str, Callable[[Listed, datetime], Cell]]] = {
    "state": _state,
    "buyer": lambda project, now: project.buyer or project.authority or "",
    "method": lambda project, now: str(Project.Method(project.method).label),
    "published": lambda project, now: project.published_at,
    "opens": lambda project, now: project.opens_at,
    "deadline": lambda project, now: project.deadline,
    "ceiling": lambda project, now: Amount(project.ceiling_minor, project.currency),
}
