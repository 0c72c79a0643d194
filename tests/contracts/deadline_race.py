"""The race at the deadline, as often as wanted: who has the lock, who has the instant, who commits when.

For each project, three MEs bid at T, the deadline: A opens its transaction before T and gets the project's lock after
it; B has its instant before T and commits after it; C's instant is T. The order is forced by the lock itself and by the
market's clock, which is moved past T while B holds the lock, so that no timing decides, however slow the machine is.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.db import connection, transaction

from contracts import sealing
from contracts.actions import openings
from contracts.models import Bid, Project
from core import past
from core.clock import market_now, move_forward
from core.errors import TooLate
from microenterprises.models import Microenterprise
from people.models import User
from tests.cast import Cast
from tests.contracts.market import bids_on, published
from tests.threads import together

CEILING = 1_000_00
LONGEST_SLEEP = 0.004
Bidder = tuple[Microenterprise, User]


@dataclass
class Race:
    """One project, and what is told by the three while they race."""

    project: Project
    holds: Event = field(default_factory=Event)
    """B has its instant and the lock."""
    began: Event = field(default_factory=Event)
    """A's transaction has begun."""
    over: Event = field(default_factory=Event)
    """The clock is past the deadline."""
    began_at: datetime | None = None
    committed_at: datetime | None = None


def run(cast: Cast, bidders: tuple[Bidder, Bidder, Bidder], times: int) -> list[Race]:
    """Race on so many projects at once, with sleeps under the lock; each race is judged by what is stored."""
    # The market's first bid makes the key that hides bidders, and others would wait for its transaction.
    sealing.bidder_token(cast.cold_chain.pk, cast.cold_chain.pk)
    deadline = market_now() + timedelta(hours=2)
    races = [Race(published(cast, ceiling_minor=CEILING, deadline=deadline)) for _number in range(times)]
    parts: tuple[Callable[[Race, Bidder], Any], ...] = (_a, _b, _c)

    def part(index: int) -> Any:
        if index == 3 * times:
            return _pass(races)
        return parts[index % 3](races[index // 3], bidders[index % 3])

    seen = together(3 * times + 1, part)
    for number, race in enumerate(races):
        late_a, in_time, late_c = seen[3 * number : 3 * number + 3]
        _judge(race, late_a, in_time, late_c)
    return races


def _b(race: Race, bidder: Bidder) -> Bid:
    """In time: the instant is read under the lock before T, the commit comes after it."""
    with transaction.atomic():
        bid = bids_on(race.project, *bidder, price_minor=900_00)
        race.holds.set()
        assert race.over.wait(60)
        time.sleep(random.uniform(0, LONGEST_SLEEP))
    race.committed_at = market_now()
    return bid


def _a(race: Race, bidder: Bidder) -> Bid:
    """Too late: the transaction begins before T, the lock comes after it, because B has it."""
    assert race.holds.wait(60)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT now() + ahead FROM core_clock")
            race.began_at = cursor.fetchone()[0]
        race.began.set()
        time.sleep(random.uniform(0, LONGEST_SLEEP))
        return bids_on(race.project, *bidder, price_minor=800_00)


def _c(race: Race, bidder: Bidder) -> Bid:
    """Too late: the instant is T itself."""
    assert race.began.wait(60)
    with past.at(race.project.deadline):
        return bids_on(race.project, *bidder, price_minor=700_00)


def _pass(races: list[Race]) -> None:
    """Move the market's clock past T once every B holds its lock and every A waits for it."""
    for race in races:
        assert race.began.wait(60)
    move_forward(races[0].project.deadline - market_now() + timedelta(milliseconds=1))
    for race in races:
        race.over.set()


def _judge(race: Race, late_a: object, in_time: object, late_c: object) -> None:
    deadline = race.project.deadline
    assert isinstance(in_time, Bid), in_time
    assert isinstance(late_a, TooLate), late_a
    assert isinstance(late_c, TooLate), late_c
    (stored,) = Bid.objects.filter(project=race.project)
    assert (stored.pk, stored.submitted_at < deadline) == (in_time.pk, True)
    assert race.began_at is not None and race.began_at < deadline
    assert race.committed_at is not None and race.committed_at >= deadline
    openings.open_bids(project=race.project)
    (found,) = Bid.objects.filter(project=race.project).values_list("pk", "price_minor", "status")
    assert found == (in_time.pk, 900_00, "valid")
