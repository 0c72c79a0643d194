"""The verb for what an ME that ends leaves to people: theirs like a share, released by the run of its date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, money
from microenterprises.models import Microenterprise
from people.models import User
from people.notices import tell
from settlement.models import HandedOn


@dataclass(frozen=True, slots=True)
class Left:
    """What a person had put into an ME that ends, and what they get of what is left of it, in minor units."""

    stake_minor: int
    amount_minor: int


@transaction.atomic
def hand_on_to_people(
    *, microenterprise: Microenterprise, left: Mapping[UUID, Left], night: date, reference: str, by: User
) -> list[HandedOn]:
    """Write on people's statements what the entry `reference`, posted on `night`, owes them; they are told.

    Whether `by` may end the ME is the caller's question (`talent_pool.permissions.check_wind_up`), and the entry the
    caller's deed. From then on it is paid like every other line: once the run of the date is approved.
    """
    people = {person.pk: person for person in User.objects.filter(pk__in=left)}
    lines = [
        HandedOn(
            microenterprise=microenterprise,
            person=people[person],
            night=night,
            currency=microenterprise.currency,
            stake_minor=part.stake_minor,
            amount_minor=part.amount_minor,
            entry_reference=reference,
        )
        for person, part in sorted(left.items())
    ]
    HandedOn.objects.bulk_create(lines)
    if lines:
        audit.record(
            by=by,
            deed="settlement.handed_on",
            subject=f"microenterprise:{microenterprise.pk}",
            about=microenterprise.name,
            people=len(lines),
            amount_minor=sum(line.amount_minor for line in lines),
        )
    for line in lines:
        _tell(line, microenterprise.name)
    return lines


def _tell(line: HandedOn, me_name: str) -> None:
    tell(
        [line.person],
        lambda: (
            _("%(me)s ended. %(amount)s of what was left is yours; it is paid with the next payout.")
            % {"me": me_name, "amount": money.write(line.amount_minor, line.currency)}
        ),
        link="/statements/",
    )
