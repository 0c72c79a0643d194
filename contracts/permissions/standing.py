"""Where somebody stands in the market on a day: the MEs they are a member of and those they lead.

Read once per page or action and handed to every check, so that a page can ask all of them for one statement.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from microenterprises.models import Membership, Microenterprise
from people.models import Role, User


@dataclass(frozen=True, slots=True)
class Standing:
    """A person with their memberships on a date. `firms` and `led` hold active MEs only, by name."""

    user: User
    on: date
    firms: tuple[Microenterprise, ...]
    led: tuple[Microenterprise, ...]

    def belongs_to(self, firm_id: UUID | None) -> bool:
        """Whether the person is a member of that active ME."""
        return any(firm.pk == firm_id for firm in self.firms)

    def leads(self, firm_id: UUID | None) -> bool:
        """Whether the person leads that active ME."""
        return any(firm.pk == firm_id for firm in self.led)


def standing_of(user: User, on: date) -> Standing:
    """Read the standing of `user` on a business date. One statement.

    The auditor reads everything and changes nothing, so nowhere stands for an ME, even where they have a place in one.
    """
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
