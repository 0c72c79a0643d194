"""Pay that waits: what exceptions froze and no night has paid yet. Nothing is decided or written here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from microenterprises.models import Membership
from people.models import User
from settlement.calculation import month_of
from settlement.facts import thawed
from settlement.models import LoweredPay, Outcome, PayLine
from settlement.night import Wage, lowered


@dataclass(frozen=True, slots=True)
class WaitingPay:
    """A month's pay of one membership that waits. wage: as it was agreed; now: as it was lowered, None for nothing."""

    outcome: Outcome
    wage: Wage
    now: Wage | None
    rows: tuple[LoweredPay, ...]

    @property
    def monthly_minor(self) -> int:
        """What a full month is now."""
        return min([self.wage.monthly_minor, *(row.monthly_minor for row in self.rows)])


def of_person(person: User) -> list[WaitingPay]:
    """What waits for a person, oldest month first; three statements."""
    mine = Membership.objects.filter(person=person).values("microenterprise")
    rows = Outcome.objects.filter(microenterprise__in=mine, state=Outcome.State.EXCEPTION, repaired_by=None)
    found = [
        (row, wage)
        for row in rows.select_related("microenterprise").order_by("business_date")
        for wage in thawed(row.frozen or {})[1]
        if wage.person == person.pk
    ]
    paid = set(
        PayLine.objects.filter(person=person)
        .filter(membership__in=[wage.membership for _row, wage in found])
        .exclude(kind=PayLine.Kind.FORGIVEN)
        .values_list("membership", "month")
    )
    by_outcome = _lowered_of(row.pk for row, _wage in found)
    return [
        _waiting(row, wage, by_outcome[row.pk])
        for row, wage in found
        if (wage.membership, month_of(row.business_date)[0]) not in paid
    ]


def lowered_of(line: PayLine) -> LoweredPay | None:
    """How a line came to less than was agreed, while it waited; None for nearly every line, without asking."""
    if line.kind == PayLine.Kind.FORGIVEN or line.monthly_minor >= line.membership.pay_minor:
        return None
    rows = LoweredPay.objects.filter(outcome__business_date=line.business_date, membership=line.membership_id)
    return rows.filter(monthly_minor=line.monthly_minor).first()


def lowest(rows: Iterable[LoweredPay], on: date) -> Mapping[UUID, int]:
    """What a full month is by membership, in minor units, as far as it was lowered for the night of a date."""
    found: dict[UUID, int] = {}
    for row in rows:
        if row.lowered_on <= on:
            found[row.membership_id] = min(row.monthly_minor, found.get(row.membership_id, row.monthly_minor))
    return found


def _waiting(outcome: Outcome, wage: Wage, rows: Iterable[LoweredPay]) -> WaitingPay:
    mine = tuple(row for row in rows if row.membership_id == wage.membership)
    now = lowered((wage,), lowest(mine, date.max), day=outcome.business_date)
    return WaitingPay(outcome, wage, now[0] if now else None, mine)


def _lowered_of(outcomes: Iterable[UUID]) -> dict[UUID, list[LoweredPay]]:
    found: dict[UUID, list[LoweredPay]] = defaultdict(list)
    for row in LoweredPay.objects.filter(outcome__in=list(outcomes)):
        found[row.outcome_id].append(row)
    return found
