"""The criteria of quality as a draft writes them: what is judged, and how much each counts.

A project whose draft names none is judged as a whole, by its plan: one criterion that asks bidders for no answer of its
own. Who judges, and how, is in `actions.panel`; the arithmetic is `scoring.quality_points`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from contracts.models import Criterion, Project
from contracts.scoring import FULL
from core.errors import Invalid

MOST_CRITERIA: Final = 6
LONGEST_TITLE: Final = 80
LONGEST_JUDGED: Final = 400


@dataclass(frozen=True, slots=True)
class CriterionDraft:
    """A criterion as it is typed. `judged`: what bidders answer to and the panel judges; weight in basis points."""

    title: str
    judged: str
    weight_bp: int


def check(criteria: Sequence[CriterionDraft]) -> None:
    """Whether criteria make sense together. Raises Invalid (`field`: criteria)."""
    if len(criteria) > MOST_CRITERIA:
        raise Invalid(_("A project has at most %(most)s criteria.") % {"most": MOST_CRITERIA}, field="criteria")
    for each in criteria:
        if not each.title.strip() or not each.judged.strip():
            raise Invalid(_("Give every criterion a title and say what is judged."), field="criteria")
        if len(each.title) > LONGEST_TITLE or len(each.judged) > LONGEST_JUDGED:
            raise Invalid(
                _("A title has at most %(title)s signs, and what is judged %(judged)s.")
                % {"title": LONGEST_TITLE, "judged": LONGEST_JUDGED},
                field="criteria",
            )
        if each.weight_bp <= 0:
            raise Invalid(_("Every criterion has a weight above zero."), field="criteria")
    titles = [each.title.strip().casefold() for each in criteria]
    if len(set(titles)) != len(titles):
        raise Invalid(_("Two criteria have the same title."), field="criteria")
    if criteria and sum(each.weight_bp for each in criteria) != FULL:
        raise Invalid(_("The weights of the criteria sum to 100%."), field="criteria")


def write(project: Project, criteria: Sequence[CriterionDraft]) -> None:
    """Replace the criteria of a draft; none typed: its plan is judged as a whole."""
    Criterion.objects.filter(project=project).delete()
    Criterion.objects.bulk_create(rows(project, criteria))


def rows(project: Project, criteria: Sequence[CriterionDraft]) -> list[Criterion]:
    """The rows of a project's criteria, not saved."""
    wanted = criteria or (CriterionDraft(_("Quality"), "", FULL),)
    return [
        Criterion(
            project=project,
            place=place,
            title=" ".join(each.title.split()),
            judged=" ".join(each.judged.split()),
            weight_bp=each.weight_bp,
        )
        for place, each in enumerate(wanted, start=1)
    ]


def asking(criteria: Iterable[Criterion]) -> list[Criterion]:
    """The criteria that ask a bidder for an answer."""
    return [each for each in criteria if each.judged]


def facts(criteria: Iterable[Criterion]) -> list[dict[str, Any]]:
    """Criteria for the trail."""
    return [{"title": each.title, "judged": each.judged, "weight_bp": each.weight_bp} for each in criteria]
