"""What success means in parts: the metric, where it stands, the target, how and by whom it is measured.

The sentence in `Project.success_measure` stays what everybody reads and signs; it is made of the parts when nobody
wrote one. Plain values, no queries.
"""

from dataclasses import astuple, dataclass

from django.utils.translation import gettext as _

from contracts.models import Project

LONGEST_PART = 300


@dataclass(frozen=True, slots=True)
class Measure:
    """The parts, each in the buyer's words; an empty part was not given."""

    metric: str = ""
    baseline: str = ""
    target: str = ""
    how: str = ""
    by: str = ""

    @property
    def is_given(self) -> bool:
        """Whether anything stands in it."""
        return any(astuple(self))

    def tidy(self) -> "Measure":
        """The same with single spaces and without a full stop at the end of a part."""
        return Measure(*(" ".join(part.split()).rstrip(".。") for part in astuple(self)))

    def sentence(self) -> str:
        """The parts as one text in the writer's language."""
        return " ".join(f"{label}: {part}." for label, part in self.labelled())

    def labelled(self) -> list[tuple[str, str]]:
        """What is given, each part with its name."""
        labels = (_("Metric"), _("Today"), _("Target"), _("How it is measured"), _("Who measures"))
        return [(label, part) for label, part in zip(labels, astuple(self), strict=True) if part]


NO_MEASURE = Measure()


def measure_of(project: Project) -> Measure:
    """The parts as a project keeps them."""
    return Measure(
        project.measure_metric,
        project.measure_baseline,
        project.measure_target,
        project.measure_how,
        project.measure_by,
    )


def write_measure(project: Project, measure: Measure, sentence: str) -> None:
    """Set the parts and the sentence; an empty sentence is made of the parts. The caller saves."""
    tidy = measure.tidy()
    project.measure_metric, project.measure_baseline, project.measure_target = tidy.metric, tidy.baseline, tidy.target
    project.measure_how, project.measure_by = tidy.how, tidy.by
    project.success_measure = sentence.strip() or tidy.sentence()


def own_sentence(project: Project) -> str:
    """The sentence somebody wrote; empty when it is the one made of the parts, so that a form makes it anew."""
    return "" if project.success_measure == measure_of(project).sentence() else project.success_measure
