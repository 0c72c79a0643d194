"""The words of a published project as versions: what may change before the deadline, how it is kept, what differs.

Plain values over a row that is already loaded; who may change them and what follows is in `actions.amendments`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from contracts import proposed
from contracts.explaining import percent
from contracts.measures import NO_MEASURE, Measure, measure_of, write_measure
from contracts.models import Project
from contracts.proposed import Proposed
from contracts.wording import Change
from contracts.zones import in_zone
from core import money
from core.errors import Conflict


class ProjectChanged(Conflict):
    """The words are no longer those that somebody read and decided by."""

    code = "project-changed"


@dataclass(frozen=True, slots=True)
class Words:
    """What a buyer may change while bids are taken. Buyer, currency, method, panel and who may bid never change.

    Money in minor units, weight in basis points, the deadline aware. `success_measure` empty: made of `measure`.
    """

    title: str
    need: str
    success_measure: str
    ceiling_minor: int | None
    deadline: datetime
    deadline_zone: str
    price_weight_bp: int
    pass_mark: int
    measure: Measure = NO_MEASURE
    milestones: tuple[Proposed, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Values that JSON keeps exactly."""
        return {
            **asdict(self),
            "deadline": self.deadline.astimezone(UTC).isoformat(),
            "milestones": proposed.written(self.milestones),
        }


def words_of(project: Project) -> Words:
    """What a project says now."""
    return Words(
        title=project.title,
        need=project.need,
        success_measure=project.success_measure,
        ceiling_minor=project.ceiling_minor,
        deadline=project.deadline,
        deadline_zone=project.deadline_zone,
        price_weight_bp=project.price_weight_bp,
        pass_mark=project.pass_mark,
        measure=measure_of(project),
        milestones=tuple(proposed.proposed_of(project)),
    )


def read(kept: Mapping[str, Any]) -> Words:
    """Words as a version keeps them."""
    return Words(
        **{
            **kept,
            "deadline": datetime.fromisoformat(kept["deadline"]),
            "measure": Measure(**kept["measure"]),
            "milestones": tuple(proposed.read(kept["milestones"])),
        }
    )


def write(project: Project, words: Words) -> tuple[str, ...]:
    """Set what a project says; the names of the columns set. The caller saves."""
    project.title = " ".join(words.title.split())
    project.need = words.need.strip()
    write_measure(project, words.measure, words.success_measure)
    project.ceiling_minor = words.ceiling_minor
    project.deadline, project.deadline_zone = words.deadline, words.deadline_zone
    project.price_weight_bp, project.pass_mark = words.price_weight_bp, words.pass_mark
    project.milestones = proposed.written(words.milestones)
    return (
        "title", "need", "success_measure", "measure_metric", "measure_baseline", "measure_target", "measure_how",
        "measure_by", "ceiling_minor", "deadline", "deadline_zone", "price_weight_bp", "pass_mark", "milestones",
    )  # fmt: skip


def changes(before: Words, after: Words, currency: str) -> list[Change]:
    """What differs between two versions, in the reader's language and in the order of the page."""
    old, new = dict(_said(before, currency)), dict(_said(after, currency))
    return [
        Change(label, old.get(label, ""), new.get(label, ""))
        for label in dict.fromkeys([*new, *old])
        if old.get(label, "") != new.get(label, "")
    ]


def _said(words: Words, currency: str) -> Iterable[tuple[str, str]]:
    yield _("Title"), words.title
    yield _("Need"), words.need
    yield _("What success means"), words.success_measure
    yield from words.measure.labelled()
    yield _("Ceiling"), "" if words.ceiling_minor is None else money.write(words.ceiling_minor, currency)
    yield _("Deadline"), in_zone(words.deadline, ZoneInfo(words.deadline_zone))
    yield _("Weight of price"), percent(words.price_weight_bp)
    yield _("Pass mark for quality"), str(words.pass_mark)
    for number, row in enumerate(words.milestones, start=1):
        yield _("Milestone %(number)s") % {"number": number}, milestone_sentence(row)


def milestone_sentence(row: Proposed) -> str:
    """A proposed milestone in one line."""
    return _("%(title)s: %(share)s of the price, %(days)s days after signing") % {
        "title": row.title,
        "share": percent(row.share_bp),
        "days": row.days,
    }
