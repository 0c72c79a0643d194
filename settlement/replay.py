"""Working past nights out again from facts and versions, and comparing them with what was stored and posted.

A replay trusts no figure that a night wrote. It takes the ledger's lines by business date (without the nights' own),
memberships and share terms by date, and parameters; it starts with the first night there ever was (or, when told to,
with the standing stored before the first date asked for), and settles night after night with `settlement.night`. What
comes out is compared with the outcomes, the lines of shares and of pay, and the entries of the nights and of closed
years in the books. One thing has no business date: what stood in the wallet and in the advances at the instant a night
looked. It is one of the states that the entries posted while the run worked make possible (nearly always exactly one).

MEs are read in shards and settled one by one, so that memory does not grow with the company or the years; the database
adds lines up and hashes them, and only what differs is read line by line. Nothing here writes.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Min
from django.utils.translation import gettext as _

from core import clock
from ledger import days
from microenterprises.models import Microenterprise
from settlement import statements
from settlement.models import SettlementRun
from settlement.queries import lines_sha256
from settlement.replay_compare import MISSING
from settlement.replay_facts import Difference, Reading, Tally, Window, Years, dates
from settlement.replay_night import Replayed

__all__ = ["Difference", "Tally", "first_night", "replay"]
SHARD: Final = 50
"""How many MEs are read together."""


def first_night() -> date | None:
    """The first date that was ever settled by the rule: the later of the first launch and the first entry."""
    launched = Microenterprise.objects.aggregate(first=Min("launched_at"))["first"]
    if launched is None:
        return None
    day, first_entry = clock.business_date(launched), days.first_date()
    return max(day, first_entry) if first_entry else day


def replay(
    since: date,
    until: date,
    *,
    from_stored: bool = False,
    only: Iterable[UUID] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tally:
    """Work the nights since..until out again and compare. Call it inside one snapshot of the database.

    from_stored: start with the standing stored before `since` instead of the first night (it is then trusted). only:
    these MEs. progress: told how many MEs are done of all.
    """
    tally = Tally(nights=(until - since).days + 1)
    begin = first_night()
    if begin is None or until < begin:
        return tally
    start = max(begin, since) if from_stored else begin
    windows = _windows(start, until)
    # A team that was never launched was never settled.
    firms = Microenterprise.objects.filter(launched_at__isnull=False).order_by("pk").select_related("platform")
    if only is not None:
        firms = firms.filter(pk__in=list(only))
    ids = list(firms.values_list("pk", flat=True))
    years = Years()
    for place in range(0, len(ids), SHARD):
        shard = list(firms.filter(pk__in=ids[place : place + SHARD]))
        reading = Reading(shard, start, until, begin, from_stored=from_stored)
        for firm in shard:
            Replayed(firm, reading, windows, years, tally, since).run()
        progress(min(place + SHARD, len(ids)), len(ids))
    if only is None:
        _compare_runs(max(since, begin), until, tally)
        for month in statements.wrong_months(since, until):
            tally.differs("", month, _("what statements say of the month"), _("sums"), _("lines"))
    return tally


def _windows(start: date, until: date) -> dict[date, Window]:
    runs = SettlementRun.objects.filter(business_date__range=(start, until))
    return {
        run.business_date: Window(run.started_at, run.sealed_at)
        for run in runs.exclude(sealed_at=None)
        if run.sealed_at
    }


def _compare_runs(since: date, until: date, tally: Tally) -> None:
    """Every date has its run, sealed, and the run names the hash of the lines that are stored."""
    runs = {run.business_date: run for run in SettlementRun.objects.filter(business_date__range=(since, until))}
    for day in dates(since, until):
        run = runs.get(day)
        if run is None or run.sealed_at is None:
            tally.differs("", day, _("run"), MISSING if run is None else _("open"), _("sealed"))
            continue
        digest = lines_sha256(day)
        if run.lines_sha256 != digest:
            tally.differs("", day, _("hash of the run's lines"), run.lines_sha256, digest)
