"""Tells the world, in OCDS, what a verb changed: releases are written in the transaction of the verb itself.

`note_project` and `note_contract` are called where a verb writes its line in the trail. They compose what is so now and
add a release only when that differs from the last one; so a verb that changes nothing anybody may read adds nothing,
and a bid that is submitted, revised or withdrawn before the opening is not even looked at. Releases are never changed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from contracts.models import Contract, Project, Release
from contracts.ocds import history, text, writer
from contracts.ocds.writer import Node
from contracts.queries import releases as queries
from core.clock import market_now

SAYS_NOTHING: Final = frozenset(
    {
        "project.drafted",
        "project.edited",
        "project.lot_removed",
        "project.quality_judged",
        "contract.rated",
        "contract.signed",
        "contract.changed",
        "contract.end_proposed",
        "contract.end_withdrawn",
        "contract.acceptor_named",
    }
)
"""Deeds that no release tells of, whatever they changed; every other one is compared with the last release."""
HAPPENED: Final = frozenset({"date", "startDate", "dateSigned", "dateMet", "dateModified"})
TICK: Final = timedelta(microseconds=1)


def note_project(project: Project, deed: str) -> Release | None:
    """Release what everybody may read of a project after a deed; None when nothing of it changed, or it is a draft.

    The caller holds the project's lock, or takes it here.
    """
    if f"project.{deed}" in SAYS_NOTHING or project.buyer_id is None:
        return None
    locked = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    now = market_now()
    parts = queries.parts_of_projects([locked.pk], now).get(locked.pk)
    if parts is None:
        return None
    return _append(Line(locked, None, _planned_until(locked, now)), parts, at=now)


def note_contract(contract: Contract, deed: str) -> Release | None:
    """Release what the readers of a contract may read after a deed; None when nothing of it changed."""
    if f"contract.{deed}" in SAYS_NOTHING:
        return None
    locked = Contract.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=contract.pk)
    if not Release.objects.filter(project=locked.project, contract=None).exists():
        note_project(locked.project, "released")  # a seeded one, whose contract would stand alone
    parts = queries.parts_of_contracts([locked.pk])[locked.pk]
    return _append(Line(locked.project, locked), parts, at=market_now())


# ------------------------------------------------------------------ one line of releases


@dataclass(frozen=True, slots=True)
class Line:
    """Whose releases: a project's, which everybody reads, or one contract's. `planned_until`: when bids are taken."""

    project: Project
    contract: Contract | None = None
    planned_until: datetime | None = None

    def release_id(self, ocid: str, number: int) -> str:
        """The id of a release, made of what everybody who may read it knows."""
        return f"{ocid}-{number}" if self.contract is None else f"{ocid}-{self.contract.pk}-{number}"


def _append(line: Line, parts: Node, *, at: datetime) -> Release | None:
    """Add the release that leads from the last one to `parts`, dated after it; None when they say the same."""
    last = Release.objects.filter(project=line.project, contract=line.contract).order_by("-number").first()
    before = {} if last is None else history.told(text.parse(last.body))
    following = history.following(before, parts)
    if following is None:
        return None
    # Merging sorts by date, and seeders tell several deeds of one instant.
    date = at if last is None else max(at, last.date + TICK)
    number, ocid = (1, _ocid(line.project)) if last is None else (last.number + 1, last.ocid)
    release = _release(line, following, before, ocid=ocid, number=number, date=date)
    release.save(force_insert=True)
    return release


def _release(line: Line, parts: Node, before: Node, *, ocid: str, number: int, date: datetime) -> Release:
    release_id, tags = line.release_id(ocid, number), history.tags(before, history.told(parts))
    body = history.release(parts, ocid=ocid, release_id=release_id, date=writer.stamp(date), tags=tags)
    return Release(
        project=line.project,
        contract=line.contract,
        number=number,
        ocid=ocid,
        release_id=release_id,
        date=date,
        tags=tags,
        planned_until=line.planned_until,
        body=text.write(body),
    )


def _ocid(project: Project) -> str:
    """The identifier a process was first released with: it outlives a change of the prefix."""
    known: str | None = Release.objects.filter(project=project).values_list("ocid", flat=True).first()
    return known or queries.ocid_of(project)


def _planned_until(project: Project, now: datetime) -> datetime | None:
    return project.opens_at if queries.is_planned(project, now) else None


# ------------------------------------------------------------------ the clock's own


def enter_epoch() -> None:
    """Write down that releases are now written on this server, if that is new.

    The first release on another server would do it too, but hold every other writer until its verb commits.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT contracts_feed_epoch()")


def note_begun() -> int:
    """Tell that bids are taken now of every process that was told as planned; returns how many. Safe to run twice."""
    waiting = Project.objects.filter(pk__in=queries.begun(market_now()).values("project"))
    return sum(_begun(project) for project in waiting)


@transaction.atomic
def _begun(project: Project) -> bool:
    return note_project(project, "began") is not None


def catch_up(most: int | None = None, *, progress: Callable[[int], None] | None = None) -> int:
    """Write the first release of what has none, in bulk; returns how many were written. Safe to run twice and at once.

    Seeders and importers write their rows without releases; here each gets one, dated by the last thing that happened
    to it. most: no more than so many. progress: told after each step how many are written.
    """
    done = 0
    for step in (_first_of_projects, _first_of_contracts):
        while most is None or done < most:
            written = step(queries.AT_ONCE if most is None else min(queries.AT_ONCE, most - done))
            if not written:
                break
            done += written
            if progress is not None:
                progress(done)
    return done


@transaction.atomic
def _first_of_projects(most: int) -> int:
    now = market_now()
    found = list(queries.waiting().projects.select_for_update(of=("self",), no_key=True, skip_locked=True)[:most])
    # Asked again under the locks: somebody may have written a release between the look and the lock.
    rows = queries.waiting().projects.in_bulk([row.pk for row in found])
    parts = queries.parts_of_projects(rows, now)
    lines = [(Line(row, None, _planned_until(row, now)), parts[pk], _dates_of(row)) for pk, row in rows.items()]
    return _write_first(lines, now)


@transaction.atomic
def _first_of_contracts(most: int) -> int:
    now = market_now()
    waiting = queries.waiting().contracts
    found = list(waiting.select_for_update(of=("self",), no_key=True, skip_locked=True)[:most])
    rows = waiting.select_related("project").in_bulk([row.pk for row in found])
    parts = queries.parts_of_contracts(rows)
    return _write_first([(Line(row.project, row), parts[pk], [row.created_at]) for pk, row in rows.items()], now)


def _write_first(rows: Sequence[tuple[Line, Node, Sequence[datetime]]], now: datetime) -> int:
    """One insert for all. Each is dated by the newest instant it tells of, or that its row knows."""
    known = Release.objects.filter(project__in=[line.project for line, _parts, _dates in rows])
    ocids = dict(known.values_list("project_id", "ocid"))
    Release.objects.bulk_create(
        _release(
            line,
            parts,
            {},
            ocid=ocids.get(line.project.pk) or queries.ocid_of(line.project),
            number=1,
            date=max(at for at in [*dates, *_instants(parts)] if at <= now),
        )
        for line, parts, dates in rows
    )
    return len(rows)


def _dates_of(project: Project) -> list[datetime]:
    return [at for at in (project.published_at, project.opened_at, project.ended_at) if at is not None]


def _instants(value: object) -> Iterator[datetime]:
    """Every instant at which something began or was decided, anywhere in the parts of a release."""
    if isinstance(value, dict):
        for name, inner in value.items():
            at = text.instant(inner) if name in HAPPENED and isinstance(inner, str) else None
            yield from [at] if at else _instants(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _instants(inner)
