"""Reads across rooms for the company at a glance. Nothing is written, nothing sealed is counted."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from contracts.models import Contract, Project
from microenterprises.models import Idea, Microenterprise, Platform, Seat
from talent_pool.models import PoolEntry


@dataclass
class Field:
    """One platform's field of the market. Money by currency, in minor units; currencies are never added."""

    id: UUID
    name: str
    microenterprises: int = 0
    ideas: int = 0
    open_projects: int = 0
    wanted: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Glance:
    """The company in a few numbers, and field by field."""

    fields: list[Field]
    contracts: Mapping[str, int]
    open_seats: int
    waiting: int
    ending_soon: int
    expired: int

    @property
    def microenterprises(self) -> int:
        return sum(found.microenterprises for found in self.fields)

    @property
    def open_projects(self) -> int:
        return sum(found.open_projects for found in self.fields)

    @property
    def ideas(self) -> int:
        return sum(found.ideas for found in self.fields)


def at_a_glance(now: datetime, today: date, soon: date) -> Glance:
    """Everything the page says, in six statements.

    now: the market's instant; today: its business date; soon: the date up to which a pool clock counts as ending soon.
    """
    fields = _fields(now)
    pool = PoolEntry.objects.filter(landed_at=None).aggregate(
        waiting=Count("pk"),
        ending_soon=Count("pk", filter=Q(clock_ends_on__gte=today, clock_ends_on__lte=soon)),
        expired=Count("pk", filter=Q(clock_ends_on__lt=today)),
    )
    states = Contract.objects.order_by().values_list("status").annotate(found=Count("pk"))
    return Glance(
        fields=sorted(fields.values(), key=lambda found: (-found.microenterprises, found.name)),
        contracts=defaultdict(int, dict(states)),
        open_seats=Seat.objects.filter(status=Seat.Status.OPEN).count(),
        **pool,
    )


def _how_many(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("platform").annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(counted), 0)


def _fields(now: datetime) -> dict[UUID, Field]:
    # Each counted by itself: counted together, every ME of a platform meets every one of its ideas.
    active = Microenterprise.objects.active().filter(platform=OuterRef("pk"))
    gathering = Idea.objects.filter(status=Idea.Status.PUBLISHED, platform=OuterRef("pk"))
    rows = Platform.objects.annotate(active=_how_many(active), gathering=_how_many(gathering))
    fields = {row.pk: Field(row.pk, row.name, row.active, row.gathering) for row in rows}
    running = Project.objects.filter(status=Project.Status.PUBLISHED, opens_at__lte=now, deadline__gt=now)
    wanted = running.order_by().values_list("buyer__platform", "currency")
    for platform, currency, projects, ceiling in wanted.annotate(n=Count("pk"), minor=Sum("ceiling_minor")):
        if platform in fields:
            fields[platform].open_projects += projects
            fields[platform].wanted[currency] = ceiling or 0
    return fields
