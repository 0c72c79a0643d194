"""Entering and leaving the pool."""

from datetime import datetime

from django.db import transaction

from core import audit
from core.clock import business_date, market_now
from core.parameters import value
from microenterprises.models import Microenterprise, Seat
from people.models import User
from talent_pool.calendar import clock_end
from talent_pool.models import PoolEntry
from talent_pool.permissions import check_invite


@transaction.atomic
def enter(*, person: User, left: Microenterprise | None, by: User | None, at: datetime | None = None) -> PoolEntry:
    """Put a person into the pool, once: who is there already stays with the clock they have.

    at: the instant of the deed when it is part of a longer one; now otherwise.
    """
    now = at or market_now()
    today = business_date(now)
    entry, is_new = PoolEntry.objects.get_or_create(
        person=person,
        landed_at=None,
        defaults={
            "left_microenterprise": left,
            "entered_at": now,
            "clock_ends_on": clock_end(today, value("pool_clock_months", on=today)),
        },
    )
    if is_new:
        audit.record(
            by=by,
            deed="pool.entered",
            subject=f"person:{person.pk}",
            about=person.get_full_name(),
            clock_ends_on=entry.clock_ends_on.isoformat(),
        )
    return entry


def stay(person: User) -> PoolEntry | None:
    """Their stay in the pool, when they wait there now."""
    return PoolEntry.objects.waiting().filter(person=person).first()


def locked_stay(person: User) -> PoolEntry | None:
    """The same, locked until the transaction ends: who lands and who joins a team wait for each other."""
    return PoolEntry.objects.waiting().select_for_update().filter(person=person).first()


@transaction.atomic
def land(*, person: User, seat: Seat | None, by: User) -> PoolEntry | None:
    """Close the person's stay in the pool because they took `seat`; None when they were not waiting there.

    seat: None for who leads an ME launched from an idea of their own.
    """
    entry = PoolEntry.objects.select_for_update().filter(person=person, landed_at=None).first()
    if entry is None:
        return None
    entry.landed_at = market_now()
    entry.landed_in = seat
    entry.save(update_fields=["landed_at", "landed_in"])
    audit.record(
        by=by,
        deed="pool.landed",
        subject=f"person:{person.pk}",
        about=person.get_full_name(),
        seat=str(seat.pk) if seat else "",
    )
    return entry


@transaction.atomic
def note(*, entry: PoolEntry, text: str, by: User) -> PoolEntry:
    """HR's note on somebody's stay. Raises Denied for anybody else."""
    check_invite(by)
    row = PoolEntry.objects.select_for_update().get(pk=entry.pk)
    row.note = text
    row.save(update_fields=["note"])
    audit.record(by=by, deed="pool.noted", subject=f"person:{row.person_id}", about=row.person.get_full_name())
    return row
