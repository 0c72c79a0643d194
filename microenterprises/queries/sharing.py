"""How people share in their MEs on a date: terms, weights and whose they are, in one statement each."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from core.prepared import Bound
from ledger import queries as books
from microenterprises.models import Membership, Microenterprise, ShareTerms, Track
from microenterprises.queries.firms import parameter_now, year_start
from microenterprises.shares import Terms, counted_weight, terms_from_widths
from people.models import User


@dataclass(frozen=True, slots=True)
class Sharing:
    """A membership and what it shares by: the terms in force on a date (None: none), its weight of all weights."""

    membership: Membership
    terms: Terms | None
    version: int | None
    weight: int
    weights_sum: int

    @property
    def microenterprise(self) -> Microenterprise:
        return self.membership.microenterprise

    @property
    def currency(self) -> str:
        return self.microenterprise.currency


def with_sharing(memberships: QuerySet[Membership], on: date | Bound) -> QuerySet[Any]:
    """Memberships with their ME and, as annotations, the terms in force on a date and the weights of that date."""
    terms = ShareTerms.objects.filter(microenterprise=OuterRef("microenterprise")).in_force(on).order_by()
    here = Membership.objects.active(on).filter(microenterprise=OuterRef("microenterprise")).order_by()
    entrepreneurs = here.filter(track=Track.ENTREPRENEUR)
    return memberships.select_related("microenterprise").annotate(
        terms_then=Subquery(
            terms.values(
                one=JSONObject(
                    version="version",
                    threshold="threshold_minor",
                    tiers="tiers",
                    carries="carries_losses",
                    stable="shares_with_stable",
                )
            )[:1]
        ),
        weights_of_all=_sum(here),
        weights_of_entrepreneurs=_sum(entrepreneurs),
    )


def _sum(rows: QuerySet[Membership]) -> Subquery:
    per_firm = rows.values("microenterprise").annotate(total=Sum("weight")).values("total")
    return Subquery(per_firm, output_field=BigIntegerField())


def sharing_of(row: Any) -> Sharing:
    """A row of `with_sharing`, read."""
    kept = row.terms_then
    if kept is None:
        return Sharing(row, None, None, 0, 0)
    weight = counted_weight(row.weight, is_stable=row.track == Track.STABLE, shares_with_stable=kept["stable"])
    whole = row.weights_of_all if kept["stable"] else row.weights_of_entrepreneurs
    terms = terms_from_widths(kept["threshold"], kept["tiers"], losses_carry_over=kept["carries"])
    return Sharing(row, terms, kept["version"], weight, whole or 0)


@dataclass(frozen=True, slots=True)
class PlaceInYear:
    """A member's place in an ME with the profit of its fiscal year so far."""

    sharing: Sharing
    so_far_minor: int


def place_with_profit(person: User, microenterprise: Microenterprise, on: date) -> PlaceInYear | None:
    """A person's place in an ME on a date, with the profit of the fiscal year up to it; None for who has no place.

    Two statements.
    """
    mine = Membership.objects.active(on).filter(person=person, microenterprise=microenterprise)
    row = with_sharing(mine, on).annotate(first_month=parameter_now("fiscal_year_first_month")).first()
    if row is None:
        return None
    entity = microenterprise.entity_id
    income, expense = books.result([entity], year_start(on, row.first_month), on)[entity]
    return PlaceInYear(sharing_of(row), income - expense)
