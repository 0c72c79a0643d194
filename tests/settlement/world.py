"""A small company for the settlement's own tests: firms with any members, receipts and costs on any date, nights."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from core import past
from core.clock import company_zone
from ledger.accounts import Kind
from ledger.days import closed_through
from ledger.entities import open_entity
from ledger.queries import balance, person_balances
from ledger.writer import Draft, Line, credit, debit, post_one
from microenterprises.models import Membership, Microenterprise, Platform, ShareTerms
from people.models import User
from settlement.actions.nights import settle_over
from settlement.models import Outcome, SettlementRun, ShareLine

START = date(2026, 1, 1)
HALF = [[None, 5000]]
_numbers = count(1)


@dataclass(frozen=True)
class Seat:
    """A member to be: name, weight, track, monthly pay or draw, from, to."""

    name: str
    weight: int = 1
    track: str = "entrepreneur"
    pay_minor: int = 0
    start: date = START
    end: date | None = None


@contextmanager
def on(day: date, hour: int = 12) -> Iterator[None]:
    """Everything inside happens on that day in the company's zone."""
    with past.at(datetime.combine(day, time(hour, 10), company_zone())):
        yield


def launcher(me: Microenterprise) -> User:
    """Who launched an ME; only a team of the pool was not launched."""
    assert me.launched_by is not None
    return me.launched_by


def person(name: str, *roles: str) -> User:
    return User.objects.create_user(f"{name.lower()}.{next(_numbers)}@haier.example", name=name, roles=list(roles))


def platform(currency: str = "CNY") -> Platform:
    name = f"Smart Living {next(_numbers)}"
    return Platform.objects.create(name=name, entity=open_entity(name=name, kind="platform", currency=currency))


def firm(
    *seats: Seat,
    name: str = "",
    currency: str = "CNY",
    tiers: Sequence[Sequence[int | None]] | None = HALF,
    threshold_minor: int = 0,
    launched: date = START,
    effective_from: date = START,
    owners: Mapping[str, int] | None = None,
    **terms: Any,
) -> Microenterprise:
    """An ME with members and agreed share terms (tiers None: without), whose first seat leads it."""
    name = name or f"ME {next(_numbers)}"
    people = [person(seat.name) for seat in seats]
    lead = people[0] if people else person("Founder")
    closed = closed_through()  # neither places nor terms reach back into closed books
    opened = closed + timedelta(days=1) if closed else date.min
    with on(launched, 9):
        found = Microenterprise.objects.create(
            name=name,
            kind="user",
            purpose="Serves its customers.",
            platform=platform(currency),
            entity=open_entity(name=name, kind="microenterprise", currency=currency),
            currency=currency,
            launched_at=datetime.combine(launched, time(9), company_zone()),
            launched_by=lead,
        )
    for index, (seat, somebody) in enumerate(zip(seats, people, strict=True)):
        Membership.objects.create(
            microenterprise=found,
            person=somebody,
            role="Member",
            customer_outcome="Deliveries arrive cold.",
            is_lead=index == 0,
            weight=seat.weight,
            track=seat.track,
            pay_minor=seat.pay_minor,
            started_on=max(seat.start, opened),
            ended_on=seat.end,
        )
    if tiers is not None:
        held_from = max(effective_from, opened)
        agree(found, tiers, threshold_minor=threshold_minor, effective_from=held_from, owners=owners, **terms)
    return found


def agree(
    me: Microenterprise,
    tiers: Sequence[Sequence[int | None]],
    *,
    effective_from: date = START,
    threshold_minor: int = 0,
    owners: Mapping[str, int] | None = None,
    **terms: Any,
) -> ShareTerms:
    version = ShareTerms.objects.filter(microenterprise=me).count() + 1
    running = ShareTerms.objects.filter(microenterprise=me, effective_to=None)
    running.update(effective_to=effective_from)
    moment = datetime.combine(effective_from, time(8), company_zone())
    return ShareTerms.objects.create(
        microenterprise=me,
        version=version,
        status="agreed",
        threshold_minor=threshold_minor,
        tiers=[list(tier) for tier in tiers],
        residual_owners=dict(owners or {"reserve": 10_000}),
        effective_from=effective_from,
        proposed_at=moment,
        proposed_by=launcher(me),
        agreed_at=moment,
        **terms,
    )


def entry(me: Microenterprise, day: date | None, *lines: Line, effective: date | None = None) -> None:
    """Post lines on a day; None: now, by the clock as it stands."""
    draft = Draft(reference=f"test:{uuid4()}", kind="money", lines=lines, memo="A test", effective_date=effective)
    with on(day) if day else nullcontext(), transaction.atomic():
        post_one(draft, by="test")


def earn(me: Microenterprise, minor: int, day: date, *, effective: date | None = None) -> None:
    """A customer pays."""
    e = me.entity_id
    entry(me, day, debit(e, Kind.WALLET, minor), credit(e, Kind.INCOME_OUTSIDE, minor), effective=effective)


def spend(me: Microenterprise, minor: int, day: date) -> None:
    """An outside cost."""
    entry(me, day, debit(me.entity_id, Kind.EXPENSE_OUTSIDE, minor), credit(me.entity_id, Kind.WALLET, minor))


def money(me: Microenterprise, minor: int) -> None:
    """A customer pays now."""
    entry(me, None, debit(me.entity_id, Kind.WALLET, minor), credit(me.entity_id, Kind.INCOME_OUTSIDE, minor))


def lock_up(me: Microenterprise, minor: int, day: date | None) -> None:
    """A published project holds money that then is not free."""
    entry(me, day, debit(me.entity_id, Kind.HOLD, minor), credit(me.entity_id, Kind.WALLET, minor))


def free(me: Microenterprise, minor: int, day: date | None) -> None:
    entry(me, day, debit(me.entity_id, Kind.WALLET, minor), credit(me.entity_id, Kind.HOLD, minor))


def invest(me: Microenterprise, minor: int, day: date) -> None:
    owner = f"entity:{me.platform.entity_id}"
    entry(me, day, debit(me.entity_id, Kind.WALLET, minor), credit(me.entity_id, Kind.STAKE, minor, owner))


def nights(through: date) -> list[SettlementRun]:
    """Shortly after midnight after `through`, every date that waits is settled."""
    with on(through + timedelta(days=1), 0):
        return settle_over()


def outcome(me: Microenterprise, day: date) -> Outcome:
    return Outcome.objects.get(microenterprise=me, business_date=day, repairs=None)


def amounts(me: Microenterprise, day: date) -> list[int]:
    """What the members got for a date, in the order of their memberships."""
    lines = ShareLine.objects.filter(outcome__microenterprise=me, business_date=day, weight__gt=0)
    return list(lines.order_by("membership__number").values_list("amount_minor", flat=True))


def wallet(me: Microenterprise) -> int:
    return balance(me.entity_id, Kind.WALLET)


def owed(me: Microenterprise, name: str) -> int:
    return person_balances(member(me, name).party)[me.entity_id].payable_minor


def advance_of(me: Microenterprise, name: str) -> int:
    return person_balances(member(me, name).party)[me.entity_id].advance_minor


def member(me: Microenterprise, name: str) -> User:
    return User.objects.get(memberships__microenterprise=me, name=name)


def membership_ids(me: Microenterprise) -> list[UUID]:
    return list(me.memberships.order_by("number").values_list("pk", flat=True))
