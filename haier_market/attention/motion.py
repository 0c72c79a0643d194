"""What goes on without the reader having to do something: ideas, contracts, projects, opened bids.

Own sealed bids come from `contracts.queries.bids`, which knows the rule.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from contracts.models import Bid, Contract, Milestone, Project
from contracts.permissions.standing import Standing
from haier_market.attention.lines import ids, lines, party_name
from microenterprises.models import Idea
from microenterprises.queries.ideas import pledged_minor


def motion(who: Standing) -> Iterator[QuerySet[Any, Any]]:
    """What goes on without this person having to do something."""
    yield lines(
        "motion",
        "idea",
        Idea.objects.filter(owner=who.user, status__in=(Idea.Status.DRAFT, Idea.Status.PUBLISHED)).annotate(
            pledged=pledged_minor()
        ),
        detail=F("currency"),
        at=F("created_at"),
        number=F("pledged"),
        extra=F("status"),
        order=("-at",),
    )
    mine = ids((*who.firms, *who.teams))
    if not mine:
        return
    for side, across in (("buyer", "supplier"), ("supplier", "buyer")):
        yield lines(
            "motion",
            f"contract_{side}",
            Contract.objects.filter(
                status__in=(Contract.Status.SIGNING, Contract.Status.ACTIVE), **{f"{side}__in": mine}
            ).annotate(open_parts=_open_parts()),
            detail=party_name(across),
            at=F("created_at"),
            number=F("open_parts"),
            extra=F("status"),
            order=("-at",),
        )
    yield lines(
        "motion",
        "project",
        Project.objects.filter(
            buyer__in=mine,
            status__in=(Project.Status.DRAFT, Project.Status.PUBLISHED, Project.Status.EVALUATING),
        ),
        at=F("deadline"),
        extra=F("status"),
    )
    yield lines(
        "motion",
        "opened_bid",
        Bid.objects.opened().filter(
            microenterprise__in=mine, status=Bid.Status.VALID, project__status=Project.Status.EVALUATING
        ),
        key=F("project_id"),
        title=F("project__title"),
        detail=F("microenterprise__name"),
        at=F("opened_at"),
    )


def _open_parts() -> Subquery:
    rows = Milestone.objects.filter(
        contract=OuterRef("pk"),
        status__in=(Milestone.Status.SCHEDULED, Milestone.Status.SUBMITTED, Milestone.Status.REJECTED),
    ).order_by()
    return Subquery(rows.values("contract").annotate(n=Count("pk")).values("n"))
