"""Where somebody stands in the market on a day: the MEs and teams they are a member of and those they lead.

Read once per page or action and handed to every check, so that a page can ask all of them for one statement.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Count, DateField, F, OuterRef, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from contracts.models import Vendor, VendorSeat
from contracts.models.vendors import Bidder
from core.prepared import Asked, Bound
from microenterprises.models import Membership, Microenterprise
from microenterprises.queries.firms import parameter_now
from people.models import Role, User


@dataclass(frozen=True, slots=True)
class Standing:
    """A person with their memberships on a date. `firms` and `led` hold active MEs only, by name.

    `teams` and `led_teams` are the incubating ones: a team may bid and nothing else, and not before it has enough
    people (`small_teams` have not). Who signs in for an outside vendor stands for it and for no ME.
    """

    user: User
    on: date
    firms: tuple[Microenterprise, ...]
    led: tuple[Microenterprise, ...]
    vendor: Vendor | None = None
    teams: tuple[Microenterprise, ...] = ()
    led_teams: tuple[Microenterprise, ...] = ()
    small_teams: Mapping[UUID, int] = field(default_factory=dict)
    """Those of `led_teams` with too few people to bid, each with how many it takes."""

    @property
    def bidding_mes(self) -> tuple[Microenterprise, ...]:
        """The MEs and teams for which the person may bid at all."""
        return (*self.led, *self.led_teams)

    @property
    def bidders(self) -> tuple[Bidder, ...]:
        """For whom the person may bid at all."""
        return self.bidding_mes if self.vendor is None else (*self.bidding_mes, self.vendor)

    def belongs_to(self, firm_id: UUID | None) -> bool:
        """Whether the person is a member of that active ME or team."""
        return any(firm.pk == firm_id for firm in (*self.firms, *self.teams))

    def leads(self, firm_id: UUID | None) -> bool:
        """Whether the person leads that active ME or team, or signs in for that vendor."""
        return firm_id is not None and any(bidder.pk == firm_id for bidder in self.bidders)


def standing_of(user: User, on: date) -> Standing:
    """Read the standing of `user` on a business date. One statement, and one more for who leads a team of the pool.

    The auditor reads everything and changes nothing, so nowhere stands for an ME, even where they have a place in one.
    """
    if user.is_vendor:
        seat = VendorSeat.objects.filter(person=user).select_related("vendor").first()
        return Standing(user=user, on=on, firms=(), led=(), vendor=seat.vendor if seat is not None else None)
    places: Asked[Membership] = Asked(_places, "standing", {"on": on, "person": user.pk})
    found = [] if user.has_role(Role.AUDITOR) else places.rows()
    firms = [row for row in found if not row.microenterprise.is_team]
    teams = [row for row in found if row.microenterprise.is_team]
    led_teams = tuple(row.microenterprise for row in teams if row.is_lead)
    return Standing(
        user=user,
        on=on,
        firms=tuple(row.microenterprise for row in firms),
        led=tuple(row.microenterprise for row in firms if row.is_lead),
        teams=tuple(row.microenterprise for row in teams),
        led_teams=led_teams,
        small_teams=too_small_to_bid(led_teams, on),
    )


def _places() -> QuerySet[Membership]:
    return (
        Membership.objects.active(Bound("on", DateField()))
        .filter(person=Bound("person", UUIDField()))
        .exclude(microenterprise__status=Microenterprise.Status.DISSOLVED)
        .select_related("microenterprise")
        .order_by("microenterprise__name")
    )


def too_small_to_bid(firms: Iterable[Microenterprise], on: date) -> dict[UUID, int]:
    """Which of these are teams with too few people to bid, each with how many it takes. One statement, and none where
    none is a team.
    """
    teams = [firm.pk for firm in firms if firm.is_team]
    if not teams:
        return {}
    inside = Membership.objects.active(on).filter(microenterprise=OuterRef("pk"), person__is_active=True).order_by()
    counted = Subquery(inside.values("microenterprise").annotate(n=Count("pk")).values("n"))
    rows = Microenterprise.objects.filter(pk__in=teams).annotate(
        people=Coalesce(counted, 0), people_needed=parameter_now("team_fewest_people")
    )
    return dict(rows.filter(people__lt=F("people_needed")).values_list("pk", "people_needed"))
