"""What waits for the members of an ME, whoever among them does it: deliveries, questions of bidders, votes."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from contracts.lifecycle import Phase
from contracts.models import Contract, Milestone, Project, Question
from contracts.permissions.standing import Standing
from contracts.queries import projects as project_queries
from haier_market.attention.lines import ids, lines
from microenterprises.models import Ballot

DUE_SOON: Final = timedelta(days=14)


def needs_of_a_member(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    mine = ids(who.firms)
    yield lines(
        "need",
        "deliver",
        Milestone.objects.filter(
            Q(status=Milestone.Status.REJECTED) | Q(status=Milestone.Status.SCHEDULED, due_on__lte=who.on + DUE_SOON),
            contract__supplier__in=mine,
            contract__status=Contract.Status.ACTIVE,
        ),
        key=F("contract_id"),
        detail=F("contract__buyer__name"),
        at=F("due_on"),
        extra=F("number"),
    )
    yield lines("need", "question", _questions_waiting(mine, now), at=F("deadline"))
    yield lines(
        "need",
        "vote",
        Ballot.objects.filter(
            status=Ballot.Status.OPEN,
            electors__contains=[who.user.pk],
            share_terms__microenterprise__in=mine,
            share_terms__effective_from__gt=who.on,
        ).exclude(votes__person=who.user),
        key=F("share_terms__microenterprise_id"),
        title=F("share_terms__microenterprise__name"),
        at=F("share_terms__effective_from"),
        number=F("share_terms__version"),
    )


def _questions_waiting(firms: Iterable[Any], now: datetime) -> QuerySet[Project]:
    """Open projects of these MEs with questions that nobody has answered; what is asked is public anyway."""
    waiting = Question.objects.filter(project=OuterRef("pk"), answered_at=None)
    return project_queries.in_phase(Project.objects.filter(Exists(waiting), buyer__in=firms), Phase.OPEN, now)
