"""Lots as plain values: what a buyer says of each, what is wrong with that, and which bids are as good as each other.

No queries and no decisions; the verbs are in `actions.lots`, who may split a tie in `scrutiny` and `queries.lots`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from contracts.measures import measure_of
from contracts.models import Project
from contracts.ranking import Place

FEWEST_LOTS: Final = 2
MOST_LOTS: Final = 20


@dataclass(frozen=True, slots=True)
class LotDraft:
    """What one lot says by itself; the rest it shares with its set. Money in minor units.

    outcome empty: success means what the whole says. lot: the draft lot that is changed; None for a new one.
    """

    title: str
    ceiling_minor: int | None
    outcome: str = ""
    lot: UUID | None = None


class Problem(NamedTuple):
    """What is wrong in which row, counted from 0, and in which of its fields."""

    row: int
    field: str
    sentence: str


def problems(rows: Sequence[LotDraft]) -> list[Problem]:
    """What is wrong with lots beside each other. What is wrong with one alone is said of every project."""
    if len(rows) < FEWEST_LOTS:
        sentence = _("A project in lots has at least two. Write another lot, or empty this row to post it whole.")
        return [Problem(0, "title", sentence)]
    if len(rows) > MOST_LOTS:
        sentence = _("A project has at most %(most)s lots. Post the rest by itself.") % {"most": MOST_LOTS}
        return [Problem(MOST_LOTS, "title", sentence)]
    names = [_plain(row.title) for row in rows]
    counted = Counter(names)
    return [
        Problem(number, "title", _("Another lot has this title. Bidders tell lots apart by their titles."))
        for number, name in enumerate(names)
        if counted[name] > 1 and name in names[:number]
    ]


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()


def going(lots: Sequence[Project]) -> Sequence[Project]:
    """The lots that are not cancelled; all of them when every one is."""
    return [lot for lot in lots if lot.status != Project.Status.CANCELLED] or lots


def total(lots: Sequence[Project]) -> int:
    """The ceilings of lots together, in minor units: what is held when they are published."""
    return sum(lot.ceiling_minor or 0 for lot in lots)


# ------------------------------------------------------------------ what is shared


def shared(lots: Sequence[Project]) -> Project:
    """The lot that says what most of them say success means: the one to fill a form for all of them from."""
    said = Counter(lot.success_measure for lot in lots)
    return max(lots, key=lambda lot: (measure_of(lot).is_given, said[lot.success_measure], -(lot.lot_number or 0)))


def drafts(lots: Sequence[Project]) -> list[LotDraft]:
    """What each lot says by itself, as it would be typed; its outcome where it is not the shared one."""
    common = shared(lots).success_measure
    return [
        LotDraft(lot.title, lot.ceiling_minor, "" if lot.success_measure == common else lot.success_measure, lot.pk)
        for lot in lots
    ]


# ------------------------------------------------------------------ ties


def tied(one: Place, other: Place) -> bool:
    """Whether two ranked bids are equal by the rule, quality included, so that only time or the draw orders them."""
    a, b = one.scored, other.scored
    if a is None or b is None or a.rank is None or b.rank is None:
        return False
    if (a.total_numerator, a.bid.quality_points) != (b.total_numerator, b.bid.quality_points):
        return False
    return a.total_numerator is not None or a.bid.price_minor == b.bid.price_minor
