"""Writers that commit in another order than they began, and readers that poll: the feed, and two known to lose.

A reader is judged by what it read against what was committed; times are never judged, they only make the mess.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any

from django.db import connections, transaction

from contracts.models import Project, Release
from contracts.queries import releases as queries
from core.clock import market_now
from tests.threads import together

SIZE = 20
Read = Callable[[], list[Release]]


def write(project: Project, number: int) -> Release:
    """A release as a verb writes one; the database sets its transaction and epoch."""
    return Release.objects.create(
        project=project,
        number=number,
        ocid=queries.ocid_of(project),
        release_id=f"{queries.ocid_of(project)}-{number}",
        date=market_now(),
        tags=["tenderUpdate"],
        body="{}",
    )


# ------------------------------------------------------------------ readers


def by_the_feed() -> Read:
    """The feed as the API reads it: each page's cursor is what the next one starts from."""
    cursor = ""

    def read() -> list[Release]:
        nonlocal cursor
        after = queries.place_of(cursor) if cursor else None
        assert not cursor or after is not None
        rows = queries.feed(Release.objects.all(), after, SIZE)
        cursor = queries.cursor_of(rows[-1]) if rows else cursor
        return rows

    return read


def by_number() -> Read:
    """What most feeds do: everything above the highest number seen."""
    last = 0

    def read() -> list[Release]:
        nonlocal last
        rows = list(Release.objects.filter(pk__gt=last).order_by("pk")[:SIZE])
        last = rows[-1].pk if rows else last
        return rows

    return read


def by_time() -> Read:
    """The other thing most feeds do: everything later than the latest instant seen."""
    last: datetime | None = None

    def read() -> list[Release]:
        nonlocal last
        rows = Release.objects.all() if last is None else Release.objects.filter(date__gt=last)
        found = list(rows.order_by("date", "pk")[:SIZE])
        last = found[-1].date if found else last
        return found

    return read


READERS: dict[str, Callable[[], Read]] = {"feed": by_the_feed, "by number": by_number, "by time": by_time}


# ------------------------------------------------------------------ a crowd


@dataclass
class Told:
    """What was committed, and what each reader got, in its order."""

    committed: set[str] = field(default_factory=set)
    read: dict[str, list[str]] = field(default_factory=dict)

    def missed(self, reader: str) -> set[str]:
        """Committed, and never read."""
        return self.committed - set(self.read[reader])

    def repeated(self, reader: str) -> int:
        """How often something was read again."""
        return len(self.read[reader]) - len(set(self.read[reader]))

    def invented(self, reader: str) -> set[str]:
        """Read, and rolled back."""
        return set(self.read[reader]) - self.committed


@dataclass(frozen=True)
class Crowd:
    """Writers with their own project each. pace: seconds between two beginnings of one writer; 0 writes at once."""

    projects: list[Project]
    each: int
    longest: float
    pace: float = 0.0


def told_by(crowd: Crowd, *, seed: int) -> Told:
    """Write and read at the same time until everything is written, then let each reader read to the end."""
    told, done = Told(), Event()
    left = [len(crowd.projects)]

    def writer(index: int) -> None:
        chance = random.Random(f"{seed}-{index}")
        began = time.monotonic()
        for number in range(1, crowd.each + 1):
            time.sleep(max(0.0, began + number * crowd.pace - time.monotonic()))
            _one(crowd, index, number, chance, told)

    def reader(name: str) -> None:
        read = READERS[name]()
        told.read[name] = []
        while not done.is_set():
            told.read[name] += [row.release_id for row in read()]
            time.sleep(0.005)
        told.read[name] += list(_rest(read))

    def work(index: int) -> None:
        if index >= len(crowd.projects):
            return reader(list(READERS)[index - len(crowd.projects)])
        try:
            return writer(index)
        finally:
            left[0] -= 1
            if not left[0]:
                done.set()

    failed = [error for error in together(len(crowd.projects) + len(READERS), work) if isinstance(error, Exception)]
    assert not failed, failed
    return told


class _Undone(Exception):
    """Raised to roll a release back."""


def _one(crowd: Crowd, index: int, number: int, chance: random.Random, told: Told) -> None:
    """One verb: most are short, some hold their transaction open, a few fail at the end."""
    fails = chance.random() < 0.05
    try:
        with transaction.atomic():
            row = write(crowd.projects[index], number)
            if chance.random() < 0.5:
                time.sleep(chance.random() ** 3 * crowd.longest)
            if fails:
                raise _Undone
    except _Undone:
        return
    told.committed.add(row.release_id)


def _rest(read: Read) -> Iterator[str]:
    while rows := read():
        yield from (row.release_id for row in rows)


def in_a_transaction_of_its_own(work: Callable[[], Any], hold: Event, ready: Event) -> Any:
    """Do something, say that it is done, and commit only when told to."""
    try:
        with transaction.atomic():
            made = work()
            ready.set()
            assert hold.wait(timeout=60)
        return made
    finally:
        connections.close_all()
