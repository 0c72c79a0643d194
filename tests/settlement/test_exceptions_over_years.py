"""Exceptions that meet a loss, pay or the end of a fiscal year before they are mended: nothing counts twice."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command

from microenterprises.models import Membership, Microenterprise
from settlement.models import Outcome
from settlement.replay import replay
from tests.settlement.world import (
    Seat,
    earn,
    firm,
    free,
    invest,
    lock_up,
    nights,
    outcome,
    owed,
    person,
    spend,
)

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
END = date(2026, 12, 31)
NEXT = date(2027, 1, 1)


def joins(me: Microenterprise, name: str, start: date, end: date | None = None) -> None:
    Membership.objects.create(
        microenterprise=me,
        person=person(name),
        role="Member",
        customer_outcome="Deliveries arrive cold.",
        weight=1,
        track="entrepreneur",
        started_on=start,
        ended_on=end,
    )


def shared_of(me: Microenterprise, year: date | None = None) -> int:
    """What was shared of a fiscal year, or of all of them."""
    rows = Outcome.objects.filter(microenterprise=me)
    return sum((rows.filter(fiscal_year=year) if year else rows).values_list("shared_minor", flat=True))


def replays(since: date, until: date) -> bool:
    """From the facts alone, and the last night on top of what is stored."""
    return replay(since, until).differences == replay(until, until).differences == 0


# --- A pool that nobody carried weight for ----------------------------------------------------------------------------


def test_a_pool_nobody_carried_weight_for_follows_a_loss_down() -> None:
    day = date(2026, 6, 1)
    me = firm(Seat("Lead", 0), launched=day)
    earn(me, 1_000_00, day)
    spend(me, 800_00, day + ONE)
    joins(me, "Mei", day + 2 * ONE)
    nights(day + 3 * ONE)
    assert shared_of(me) == 100_00
    assert not Outcome.objects.filter(microenterprise=me, state="exception", repaired_by=None).exists()
    assert replays(day, day + 3 * ONE)


@pytest.mark.parametrize("joins_in", [END - ONE, NEXT])
def test_over_the_end_of_a_year_no_more_of_it_is_shared_than_the_year_left(joins_in: date) -> None:
    first = END - 3 * ONE
    me = firm(Seat("Lead", 0), launched=first)
    earn(me, 1_000_00, first)
    spend(me, 800_00, first + ONE)
    joins(me, "Mei", joins_in)
    nights(END)
    earn(me, 2_000_00, NEXT)
    nights(NEXT + 2 * ONE)
    assert (shared_of(me, date(2026, 1, 1)), shared_of(me, NEXT)) == (100_00, 1_000_00)
    assert replays(first, NEXT + 2 * ONE)


# --- Pay and shares that are posted after the year of their date ------------------------------------------------------


@pytest.mark.parametrize("end", [date(2026, 11, 30), END])
def test_pay_that_is_posted_late_is_a_cost_once(end: date) -> None:
    """Profit of 3,500.00 less 1,000.00 of pay: half of it is shared, whenever the pay was covered."""
    start = end.replace(day=1)
    me = firm(Seat("Lead"), Seat("Mei", 1, "stable", 1_000_00, start=start), launched=start)
    earn(me, 1_500_00, end)
    lock_up(me, 1_000_00, end)
    nights(end)
    assert outcome(me, end).snag == "short_pay"
    free(me, 1_000_00, end + 2 * ONE)
    nights(end + 2 * ONE)
    assert owed(me, "Mei") == 1_000_00
    earn(me, 2_000_00, end + 3 * ONE)
    nights(end + 4 * ONE)
    assert shared_of(me) == 1_250_00
    assert replays(start, end + 4 * ONE)


@pytest.mark.parametrize("in_time", [True, False])
def test_a_share_deepens_the_hole_that_is_carried_over_also_when_it_is_posted_after_the_year(in_time: bool) -> None:
    """Half of 2,200.00 in all: 500.00 for 2026, which leaves a hole of 400.00, then 600.00."""
    first = END - 3 * ONE
    me = firm(Seat("Lead"), launched=first, carries_losses=True)
    earn(me, 1_000_00, first)
    if in_time:
        invest(me, 1_000_00, first)
    else:
        lock_up(me, 900_00, first)
    nights(first)
    if not in_time:
        assert outcome(me, first).snag == "short_wallet"
        free(me, 900_00, first + ONE)
    spend(me, 800_00, first + ONE)
    nights(END)
    earn(me, 2_000_00, NEXT)
    nights(NEXT + 2 * ONE)
    assert shared_of(me) == 1_100_00
    assert replays(first, NEXT + 2 * ONE)
    call_command("check_books", verbosity=0)
