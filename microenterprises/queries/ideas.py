"""Reads for the pages of an idea."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BigIntegerField, Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from microenterprises.calculation import part_bp
from microenterprises.models import Idea, Pledge, Seat
from people.models import User

PLEDGES_SHOWN: Final = 20


def pledged_minor() -> Coalesce:
    """What an idea holds in pledges, or held when it was launched; an annotation."""
    return _sum_of(Pledge.objects.paid_in())


def promised_minor() -> Coalesce:
    """What was promised to an idea and is not paid in; an annotation."""
    return _sum_of(Pledge.objects.promised())


def _sum_of(pledges: QuerySet[Pledge]) -> Coalesce:
    rows = pledges.filter(idea=OuterRef("pk")).order_by()
    total = rows.values("idea").annotate(total=Sum("amount_minor")).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def _seats(status: str) -> Coalesce:
    rows = Seat.objects.filter(idea=OuterRef("pk"), status=status).order_by()
    return Coalesce(Subquery(rows.values("idea").annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def filled_seats() -> Coalesce:
    """How many seats of an idea are filled; an annotation."""
    return _seats(Seat.Status.FILLED)


def open_seats() -> Coalesce:
    """How many seats of an idea are open; an annotation."""
    return _seats(Seat.Status.OPEN)


def listed(user: User) -> QuerySet[Any]:
    """The ideas a reader sees, with owner, money pledged, and seats open and filled."""
    return (
        Idea.objects.visible_to(user)
        .select_related("owner", "platform")
        .annotate(pledged=pledged_minor(), seats_open=open_seats(), seats_filled=filled_seats())
    )


def with_open_seats(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Only ideas that look for somebody."""
    return rows.filter(
        Exists(Seat.objects.filter(idea=OuterRef("pk"), status=Seat.Status.OPEN)), status=Idea.Status.PUBLISHED
    )


@dataclass(frozen=True, slots=True)
class Funding:
    """How far an idea's money is: minor units and the part of the goal in percent, at most 100."""

    pledged_minor: int
    goal_minor: int

    @property
    def percent(self) -> int:
        return min(100, part_bp(self.pledged_minor, self.goal_minor) // 100)

    @property
    def is_reached(self) -> bool:
        return self.pledged_minor >= self.goal_minor

    @property
    def missing_minor(self) -> int:
        return max(0, self.goal_minor - self.pledged_minor)


def pledges_of(idea: Idea, user: User) -> list[Pledge]:
    """The newest pledges, the reader's own first."""
    rows = Pledge.objects.filter(idea=idea).select_related("person", "microenterprise")
    return sorted(rows.order_by("-pledged_at", "pk")[: PLEDGES_SHOWN + 1], key=lambda p: p.person_id != user.pk)


def to_receive() -> QuerySet[Pledge]:
    """Every pledge that waits for its money, with who promised it to which idea."""
    return Pledge.objects.promised().select_related("person", "idea__owner")
