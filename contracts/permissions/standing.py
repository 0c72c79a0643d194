"""Where somebody stands in the market on a day: the MEs they are a member of and those they lead.

Read once per page or action and handed to every check, so that a page can ask all of them for one statement.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.models import Vendor, VendorSeat
from contracts.models.vendors import Bidder
from microenterprises.models import Membership, Microenterprise
from people.models import Role, User


@dataclass(frozen=True, slots=True)
class Standing:
    """A person with their memberships on a date. `firms` and `led` hold active MEs only, by name.

    Who signs in for an outside vendor stands for it and for no ME.
    """

    user: User
    on: date
    firms: tuple[Microenterprise, ...]
    led: tuple[Microenterprise, ...]
    vendor: Vendor | None = None

    @property
    def bidders(self) -> tuple[Bidder, ...]:
        """For whom the person may bid at all."""
        return self.led if self.vendor is None else (*self.led, self.vendor)

    def belongs_to(self, firm_id: UUID | None) -> bool:
        """Whether the person is a member of that active ME."""
        return any(firm.pk == firm_id for firm in self.firms)

    def leads(self, firm_id: UUID | None) -> bool:
        """Whether the person leads that active ME, or signs in for that vendor."""
        return firm_id is not None and any(bidder.pk == firm_id for bidder in self.bidders)


def standing_of(user: User, on: date) -> Standing:
    """Read the standing of `user` on a business date. One statement.

    The auditor reads everything and changes nothing, so nowhere stands for an ME, even where they have a place in one.
    """
    if user.is_vendor:
        seat = VendorSeat.objects.filter(person=user).select_related("vendor").first()
        return Standing(user=user, on=on, firms=(), led=(), vendor=seat.vendor if seat is not None else None)
    rows = (
        Membership.objects.active(on)
        .filter(person=user, microenterprise__status=Microenterprise.Status.ACTIVE)
        .select_related("microenterprise")
        .order_by("microenterprise__name")
    )
    found = [] if user.has_role(Role.AUDITOR) else list(rows)
    return Standing(
        user=user,
        on=on,
        firms=tuple(row.microenterprise for row in found),
        led=tuple(row.microenterprise for row in found if row.is_lead),
    )
