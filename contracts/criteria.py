"""The criteria of quality as a draft writes them: what is judged, and how much each counts.

A project whose draft names none is judged as a whole, by its plan: one criterion that asks bidders for no answer of its
own. How an ME kept its promises may count beside what the panel judges; nobody judges that (`actions.given`). Who
judges the rest, and how, is in `actions.panel`; the arithmetic is `scoring.quality_points`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from contracts.models import Criterion, Project
from contracts.ranking import needs_quality
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
    kind: str = Criterion.Kind.JUDGED

    @property
    def by_panel(self) -> bool:
        """Whether the panel gives its points."""
        return self.kind == Criterion.Kind.JUDGED


def of_promises(weight_bp: int) -> CriterionDraft:
    """That kept promises count, and how much of quality in basis points."""
    return CriterionDraft(_("Promises kept"), "", weight_bp, Criterion.Kind.PROMISES)


def check(criteria: Sequence[CriterionDraft]) -> None:
    """Whether criteria make sense together. Raises Invalid (`field`: criteria or promises_weight)."""
    given = [each.weight_bp for each in criteria if not each.by_panel]
    judged = [each for each in criteria if each.by_panel]
    if len(given) > 1 or not all(0 < weight < FULL for weight in given):
        raise Invalid(
            _("Kept promises count once, with a weight between 1% and 99%; the panel judges the rest."),
            field="promises_weight",
        )
    _check_judged(judged)
    titles = [each.title.strip().casefold() for each in criteria]
    if len(set(titles)) != len(titles):
        raise Invalid(_("Two criteria have the same title."), field="criteria")
    if judged and sum(each.weight_bp for each in criteria) != FULL:
        raise Invalid(
            _("The weights of the criteria and of kept promises sum to 100%.")
            if given
            else _("The weights of the criteria sum to 100%."),
            field="criteria",
        )


def check_counts(project: Project) -> None:
    """Whether kept promises can count at all. Raises Invalid. One statement, or none."""
    if not needs_quality(project) and project.criteria.filter(kind=Criterion.Kind.PROMISES).exists():
        raise Invalid(
            _("Kept promises are a part of quality: give quality a weight or a pass mark, or leave them out."),
            field="promises_weight",
        )


def _check_judged(criteria: Sequence[CriterionDraft]) -> None:
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


def write(project: Project, criteria: Sequence[CriterionDraft]) -> None:
    """Replace the criteria of a draft; none for the panel typed: the plan is judged as a whole."""
    Criterion.objects.filter(project=project).delete()
    Criterion.objects.bulk_create(rows(project, criteria))


def rows(project: Project, criteria: Sequence[CriterionDraft]) -> list[Criterion]:
    """The rows of a project's criteria, not saved."""
    given = [each for each in criteria if not each.by_panel]
    whole = CriterionDraft(_("Quality"), "", FULL - sum(each.weight_bp for each in given))
    wanted = [*([each for each in criteria if each.by_panel] or [whole]), *given]
    return [
        Criterion(
            project=project,
            place=place,
            title=" ".join(each.title.split()),
            judged=" ".join(each.judged.split()),
            weight_bp=each.weight_bp,
            kind=each.kind,
        )
        for place, each in enumerate(wanted, start=1)
    ]


def asking(criteria: Iterable[Criterion]) -> list[Criterion]:
    """The criteria that ask a bidder for an answer."""
    return [each for each in criteria if each.judged]


def for_panel(criteria: Iterable[Criterion]) -> list[Criterion]:
    """The criteria whose points the panel gives."""
    return [each for each in criteria if each.by_panel]


def worth_showing(criteria: Sequence[Criterion]) -> list[Criterion]:
    """All of them, or none where the plan as a whole is everything that counts."""
    return list(criteria) if any(each.judged or not each.by_panel for each in criteria) else []


def facts(criteria: Iterable[Criterion]) -> list[dict[str, Any]]:
    """Criteria for the trail."""
    return [
        {"title": each.title, "judged": each.judged, "weight_bp": each.weight_bp}
        | ({} if each.by_panel else {"kind": str(each.kind)})
        for each in criteria
    ]
