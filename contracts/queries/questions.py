"""Reads for the questions of a project: a page of them, who asked once the bids are open, what waits for an answer."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from contracts.models import Project, Question
from core import parameters
from core.clock import business_date
from core.models import AuditRecord


def subject(question_id: UUID) -> str:
    """How the trail names a question."""
    return f"question:{question_id}"


def asked_about(project: Project) -> QuerySet[Question]:
    """The questions of a project the reader may see, as its page shows them."""
    return Question.objects.filter(project=project).select_related("answered_by")


def askers(project: Project, questions: Iterable[Question]) -> dict[UUID, str]:
    """Who asked, by question: nobody before the bids are opened, then what the trail says. One statement, or none."""
    if project.opened_at is None:
        return {}
    wanted = {subject(question.pk): question.pk for question in questions}
    rows = AuditRecord.objects.filter(deed="question.asked", subject__in=list(wanted))
    return {wanted[named]: name for named, name in rows.values_list("subject", "actor_name")}


def closing_hours(project: Project, now: datetime) -> int:
    """How many hours before the deadline questions close: as it held when the project was published."""
    return parameters.value("questions_close_hours", on=business_date(project.published_at or now))


def counted(of: str = "pk") -> Coalesce:
    """How many questions the outer project has, inside its own statement."""
    return _counted(Q(project=OuterRef(of)))


def counted_unanswered(of: str = "pk") -> Coalesce:
    """How many of the outer project's questions wait for an answer, inside its own statement."""
    return _counted(Q(project=OuterRef(of), answered_at=None))


def _counted(which: Q) -> Coalesce:
    rows = Question.objects.filter(which).order_by().values("project").annotate(found=Count("pk"))
    return Coalesce(Subquery(rows.values("found"), output_field=IntegerField()), 0)
