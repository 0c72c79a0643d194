"""Views of the project list as text: the canonical form of its address, and which new projects fit the filters kept.

The filters themselves are `contracts.filters.ProjectFilters`: what a saved filter tells of is what the list shows.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import IntegerField, QuerySet, Value
from django.http import QueryDict
from django.utils.translation import gettext as _

from contracts.filters import ProjectFilters
from contracts.lifecycle import Phase
from contracts.models import Project, SavedFilter
from core.errors import Invalid

LONGEST: Final = 1000
AT_ONCE: Final = 50
"""How many filters one statement asks."""
OF_NEW_PROJECTS: Final = ("", Phase.SCHEDULED.value, Phase.OPEN.value)
NOT_OF_THE_PROJECT: Final = ("phase", "soon", "can_bid", "watching", "order", "columns")
"""What an alert does not compare: a project is new but once, and who reads it is asked by itself."""


def canonical(query: QueryDict) -> str:
    """The address of a view of the list: its filters, order and columns, and nothing of pages or files.

    Equal views have equal text. Raises Invalid when the list would not understand it, or when it is too long.
    """
    form = ProjectFilters(query)
    if not form.is_valid():
        raise Invalid(_("The list does not understand one of these filters. Take it away and save again."))
    kept = QueryDict(mutable=True)
    for name in form.fields:
        chosen = form.cleaned_data[name]
        if chosen is True:
            kept[name] = "on"
        elif isinstance(chosen, list):
            kept.setlist(name, sorted(chosen))
        elif chosen not in ("", None, False):
            kept[name] = str(query[name]).strip()
    if len(kept.urlencode()) > LONGEST:
        raise Invalid(_("These filters are too long to be kept. Shorten the words you search for."))
    return kept.urlencode()


def asks_can_bid(query: str) -> bool:
    """Whether a view shows only what its reader can bid on."""
    return "can_bid" in QueryDict(query)


def check_alerts(query: str) -> None:
    """Whether new projects can fit a view at all. Raises Invalid (field `alerts`)."""
    chosen = QueryDict(query)
    if chosen.get("phase", "") not in OF_NEW_PROJECTS or "soon" in chosen or "watching" in chosen:
        raise Invalid(
            _("Alerts tell of new projects, and this view shows none: choose open projects, or any state."),
            field="alerts",
        )


def matches(new: Sequence[Project], now: datetime) -> list[tuple[str, UUID]]:
    """Which of the new projects fit which of the views with alerts; a view that many people keep is asked once.

    What depends on the reader (`can_bid`) is left to the caller.
    """
    kept = SavedFilter.objects.filter(alerts_since__isnull=False).order_by("query").values_list("query", flat=True)
    views = [(query, form) for query in kept.distinct() if (form := _form(query)).is_valid()]
    found: list[tuple[str, UUID]] = []
    for some in _batches(views):
        first, *rest = _asked(some, [project.pk for project in new], now)
        found += [(some[place][0], pk) for place, pk in first.union(*rest, all=True)]
    return found


def _form(query: str) -> ProjectFilters:
    chosen = QueryDict(query, mutable=True)
    for name in NOT_OF_THE_PROJECT:
        chosen.pop(name, None)
    return ProjectFilters(chosen)


Views = Sequence[tuple[str, ProjectFilters]]


def _batches(views: Views) -> Iterator[Views]:
    for start in range(0, len(views), AT_ONCE):
        yield views[start : start + AT_ONCE]


def _asked(views: Views, new: Sequence[UUID], now: datetime) -> Iterator[QuerySet[Project, Any]]:
    for place, (_query, form) in enumerate(views):
        fitting = form.fitting(Project.objects.filter(pk__in=new), now).order_by()
        yield fitting.annotate(place=Value(place, output_field=IntegerField())).values_list("place", "pk")
