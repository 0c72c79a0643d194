"""What is worth a look, and what the reader was told last."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet

from contracts.models import Project
from contracts.permissions.standing import Standing
from contracts.queries import projects as project_queries
from haier_market.attention.lines import ids, lines
from haier_market.attention.of_a_person import owner_of
from microenterprises.models import Idea, Microenterprise, Seat
from people.models import Notice, PersonSkill

NOTICES: Final = 5


def looks(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    """Open projects of others that ask for what this person can, then those that close next; seats for who looks."""
    others = project_queries.in_phase(Project.objects.visible_to(who.user), "open", now).exclude(
        buyer__in=ids(who.firms)
    )
    facts: dict[str, Any] = {
        "detail": F("buyer__name"),
        "at": F("deadline"),
        "number": F("ceiling_minor"),
        "extra": F("currency"),
    }
    skills = PersonSkill.objects.filter(person=who.user).values("skill")
    matching = others.filter(skills__in=skills).annotate(matches=Count("pk"))
    yield lines("look", "match", matching, order=("-matches", "at"), most=4, **facts)
    yield lines("look", "project", others, most=4, **facts)
    if who.user.is_vendor:
        return
    open_seats = Seat.objects.filter(
        Q(microenterprise__status=Microenterprise.Status.ACTIVE) | Q(idea__status=Idea.Status.PUBLISHED),
        status=Seat.Status.OPEN,
        skills__in=skills,
    ).exclude(microenterprise__in=ids(who.firms))
    yield lines(
        "look",
        "seat",
        open_seats.annotate(matches=Count("pk")),
        title=F("role"),
        detail=owner_of(""),
        at=F("opened_at"),
        order=("-matches", "-at"),
        most=3,
    )


def notices(who: Standing) -> Iterator[QuerySet[Any, Any]]:
    yield lines(
        "notice",
        "notice",
        Notice.objects.filter(person=who.user),
        title=F("sentence"),
        detail=F("link"),
        at=F("created_at"),
        extra=F("read_at"),
        order=("-at",),
        most=NOTICES,
    )
