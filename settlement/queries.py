"""Reads that span tables, made for one page, export or API answer. Nothing here decides or writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import Abs, Coalesce

from ledger import queries as books
from ledger.accounts import EXPENSE, INCOME, YEAR_CLOSE
from people.models import User
from settlement.models import HandedOn, Outcome, PayLine, SettlementRun, ShareLine, seconds_left

# --- Sums of a run ----------------------------------------------------------------------------------------------------

_OF_OUTCOMES = ("shared", "payable", "recovered", "pay", "draws", "written_off")
RELEASED = ("payable", "pay", "draws", "handed_on")
"""What approving a night releases for payment: what its lines owe people, those of MEs that ended included."""
TOTALS = (*_OF_OUTCOMES, "handed_on", "released")
FIGURES = ("profit", *TOTALS)
"""The totals, and before them the profit of the date itself: what a repair shares was earned on an earlier one."""
_READ = ("profit", *_OF_OUTCOMES)
"""What is added up over outcomes; the others come from it and from what was handed on."""


def _figures() -> dict[str, Sum]:
    moved = F("profit_minor") - F("profit_before_minor")
    profit = Sum(moved, filter=Q(repairs=None), default=0)
    return {"profit": profit, **{name: Sum(f"{name}_minor") for name in _OF_OUTCOMES}}


def _named(read: Sequence[int], handed_on: int) -> dict[str, int]:
    """The figures of a night by their names: those read over outcomes, what was handed on, what it all releases."""
    figures = {**dict(zip(_READ, read, strict=True)), "handed_on": handed_on}
    return {**figures, "released": sum(figures[name] for name in RELEASED)}


@dataclass(frozen=True)
class RunSums:
    """What a night added up to; totals by currency, never added across."""

    microenterprises: int
    exceptions: int
    lines: int
    totals: dict[str, dict[str, int]]


def run_sums(night: date) -> RunSums:
    """Add up everything that was posted on a night."""
    own = Q(repairs=None)
    counted = {
        "own": Count("pk", filter=own),
        "failed": Count("pk", filter=own & Q(state=Outcome.State.EXCEPTION)),
        "parts": Sum("line_count"),
    }
    by_currency = Outcome.objects.filter(night=night).order_by().values("currency").annotate(**_figures(), **counted)
    read = {currency: figures for currency, *figures in by_currency.values_list("currency", *_READ, *counted)}
    handed = HandedOn.objects.filter(night=night)
    of_ends = dict(handed.order_by().values_list("currency").annotate(minor=Sum("amount_minor")))
    nothing = [0] * (len(_READ) + len(counted))
    figures = {currency: read.get(currency, nothing) for currency in sorted({*read, *of_ends})}
    sums = [sum(column) for column in zip(nothing, *figures.values(), strict=True)]
    microenterprises, exceptions, lines = sums[len(_READ) :]
    return RunSums(
        microenterprises=microenterprises,
        exceptions=exceptions,
        lines=lines + PayLine.objects.filter(night=night).count() + handed.count(),
        totals={each: _named(told[: len(_READ)], of_ends.get(each, 0)) for each, told in figures.items()},
    )


def lines_sha256(night: date) -> str:
    """SHA-256 over every line of a night in a fixed order: each pool with its members, parts and carries; pay; what
    ended MEs handed on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT encode(sha256(convert_to(
                   coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex')
              FROM (SELECT concat_ws(',', 'share', microenterprise_id, business_date, member_numbers, member_minor,
                                     CASE cardinality(member_recovered_minor) WHEN 0  -- nobody anything
                                          THEN array_fill(0::bigint, ARRAY[cardinality(member_numbers)])
                                          ELSE member_recovered_minor END, member_carry_after_grain) AS line
                      FROM settlement_outcome WHERE night = %(night)s AND line_count > 0
                    UNION ALL
                    SELECT concat_ws(',', kind, microenterprise_id, membership_id, business_date, amount_minor)
                      FROM settlement_payline WHERE night = %(night)s
                    UNION ALL
                    SELECT concat_ws(',', 'handed_on', microenterprise_id, person_id, stake_minor, amount_minor)
                      FROM settlement_handedon WHERE night = %(night)s) lines
            """,
            {"night": night},
        )
        digest: str = cursor.fetchone()[0]
    return digest


# --- Pages of a run ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far a run is: MEs done of all, lines so far, and the time it still takes at the pace it had."""

    done: int
    total: int
    lines: int
    left: timedelta | None


def progress(run: SettlementRun) -> Progress:
    """The progress of a run, from its shards and lines while it is posting. At most one statement."""
    if run.status != SettlementRun.Status.POSTING:
        return Progress(run.mes_done, run.mes_total, run.lines, None)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce((SELECT sum(cardinality(microenterprises)) FROM settlement_runshard
                              WHERE run_id = %(run)s AND NOT is_done), 0)::int,
                   (SELECT coalesce(sum(line_count), 0) FROM settlement_outcome WHERE night = %(night)s)
                   + (SELECT count(*) FROM settlement_payline WHERE night = %(night)s)
                   + (SELECT count(*) FROM settlement_handedon WHERE night = %(night)s), market_now()
            """,
            {"run": run.pk, "night": run.business_date},
        )
        waiting, lines, now = cursor.fetchone()
    done = run.mes_total - waiting
    return Progress(done, run.mes_total, lines, seconds_left(done, run.mes_total, now - run.started_at))


def outcomes_of(run: SettlementRun, user: User) -> QuerySet[Outcome]:
    """Every date that ended on the night of a run, repaired ones included, with its ME."""
    return Outcome.objects.visible_to(user).filter(night=run.business_date).select_related("microenterprise", "repairs")


def open_exceptions(run: SettlementRun, user: User) -> QuerySet[Outcome]:
    """The MEs that could not settle on the date of a run, mended ones with how they ended."""
    rows = outcomes_of(run, user).filter(state=Outcome.State.EXCEPTION)
    return rows.select_related("microenterprise", "repaired_by").order_by("repaired_by__night", "microenterprise__name")


def open_exceptions_by_me(user: User) -> QuerySet[Outcome]:
    """The latest open exception of each ME, with the first date and the number of dates that wait with it."""
    rows = Outcome.objects.visible_to(user).filter(state=Outcome.State.EXCEPTION, repaired_by=None)
    me = F("microenterprise")
    since, dates = Window(Min("business_date"), partition_by=me), Window(Count("pk"), partition_by=me)
    rows = rows.annotate(since=since, dates=dates)
    latest = rows.order_by("microenterprise__name", "microenterprise_id", "-business_date")
    return latest.distinct("microenterprise__name", "microenterprise_id").select_related("microenterprise")


def share_lines_of(outcome: Outcome, user: User) -> list[ShareLine]:
    """The lines of a pool that the reader may read: all of them, or their own."""
    lines = ShareLine.objects.visible_to(user).filter(outcome=outcome, weight__gt=0)
    return list(lines.select_related("person").order_by("-amount_minor", "id"))


def biggest_movements(run: SettlementRun, user: User, limit: int = 5) -> list[Outcome]:
    """The MEs whose profit moved most on the date of a run."""
    rows = outcomes_of(run, user).filter(repairs=None)
    rows = rows.annotate(moved=F("profit_minor") - F("profit_before_minor")).exclude(moved=0)
    return list(rows.order_by(Abs("moved").desc(), "id")[:limit])


@dataclass(frozen=True)
class PlatformSums:
    """What the MEs of one platform brought on a night, in one currency; `figures` by the names of FIGURES."""

    platform: str
    currency: str
    microenterprises: int
    exceptions: int
    figures: Mapping[str, int]


def platform_sums(nights: Sequence[date], user: User) -> dict[date, list[PlatformSums]]:
    """The sums of some nights by platform and currency, in one pass over the rows of those nights.

    An ME that ended has an outcome on its last date, so what it handed on finds its platform there.
    """
    handed = HandedOn.objects.filter(
        night=OuterRef("night"),
        currency=OuterRef("currency"),
        microenterprise__platform__name=OuterRef("microenterprise__platform__name"),
    )
    of_ends = handed.order_by().values("night").annotate(minor=Sum("amount_minor")).values("minor")
    rows = (
        Outcome.objects.visible_to(user)
        .filter(night__in=nights)
        .values("night", "microenterprise__platform__name", "currency")
        .annotate(
            own=Count("pk", filter=Q(repairs=None)),
            troubled=Count("pk", filter=Q(state=Outcome.State.EXCEPTION)),
            handed_on=Coalesce(Subquery(of_ends), 0),
            **_figures(),
        )
        .order_by("microenterprise__platform__name", "currency")
        .values_list("night", "microenterprise__platform__name", "currency", "own", "troubled", "handed_on", *_READ)
    )
    found: dict[date, list[PlatformSums]] = {night: [] for night in nights}
    for night, platform, currency, own, troubled, handed_on, *read in rows:
        found[night].append(PlatformSums(platform, currency, own, troubled, _named(read, handed_on)))
    return found


# --- Evidence ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """An entry that moved an ME's profit on a date: what it was and, when there is one, the page that shows it."""

    day: date
    effective_date: date
    memo: str
    reference: str
    amount_minor: int
    url: str

    @property
    def is_late(self) -> bool:
        """Whether it speaks of an earlier date than the one it counts on."""
        return self.effective_date < self.day


PAGES = {"contract": "/contracts/{}/", "microenterprise": "/microenterprises/{}/", "project": "/projects/{}/"}


def page_of(subject: str) -> str:
    """The page of what an entry is about (`contract:<uuid>`); empty when it has none."""
    noun, _colon, name = subject.partition(":")
    return PAGES[noun].format(name) if noun in PAGES and name else ""


def evidence(entity_id: int, since: date, until: date) -> list[Evidence]:
    """The entries that moved an ME's profit on the business dates since..until, newest first."""
    lines = books.history(entity_id, kinds=(*INCOME, *EXPENSE), since=since, until=until, limit=200)
    return [evidence_of(line) for line in lines if line.entry_kind != YEAR_CLOSE]


def evidence_of(line: books.HistoryLine | books.ResultLine) -> Evidence:
    """An entry of the books as evidence."""
    return Evidence(
        day=line.business_date,
        effective_date=line.effective_date,
        memo=line.memo or line.entry_kind,
        reference=line.reference,
        amount_minor=line.amount_minor if line.kind in INCOME else -line.amount_minor,
        url=page_of(line.subject),
    )
