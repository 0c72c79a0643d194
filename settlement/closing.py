"""Closing the fiscal year of MEs: what the year made and did not share becomes its owners', in the year's first night.

The first night of a new year closes the year before, in the shard's own transaction. A year of which an exception is
still open waits, because its members may still get a share of it; the night that repairs the last one closes it. An ME
that ends has no more nights: its final settlement closes every year that ended before, also one that waits.

The entry moves what the year's business dates hold in income, expense and profit shared; a share posted late for a
repaired date belongs to the year of its date. It lands on the open date, with the year's last date as its effective
date, and results by date leave it out (`ledger.accounts.YEAR_CLOSE`). Who owns what is arithmetic:
`calculation.retained`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Max, Sum

from ledger import by_date, writer
from ledger.accounts import EXPENSE, INCOME, YEAR_CLOSE, Kind
from ledger.by_date import Account
from ledger.writer import Draft, Line
from microenterprises.entries import entity_party
from microenterprises.models import Microenterprise, ShareTerms
from settlement.calculation import retained
from settlement.facts import Subject
from settlement.models import Outcome
from settlement.night import FirmNight

RESULT: Final = (*INCOME, *EXPENSE, Kind.PROFIT_SHARED)
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Year:
    """A fiscal year of one ME that ended: from its first day to its last."""

    microenterprise: UUID
    first: date
    last: date


def year_close_reference(microenterprise: UUID, year: date) -> str:
    """The natural key of a closed year, by its first day."""
    return f"{YEAR_CLOSE}:{microenterprise}:{year.isoformat()}"


def close_years(answers: Sequence[tuple[Subject, FirmNight]], *, day: date, by: str) -> int:
    """Close the years that can be closed now that these nights are stored; returns how many. Safe to repeat."""
    ending = [subject.firm.id for subject, _answer in answers if day == subject.firm.year]
    repaired = {subject.firm.id for subject, answer in answers if _frees_an_earlier_year(subject, answer)}
    touched = [*ending, *repaired.difference(ending)]
    if not touched:
        return 0
    drafts = list(_drafts(_ended_years(touched, day), day))
    writer.post(drafts, by=by)
    return len(drafts)


def close_for_good(microenterprise: UUID, *, day: date, by: str) -> int:
    """Close the ended years of an ME that ends on the date, once its final settlement is stored; returns how many.

    What is left of its last year is closed by its winding up.
    """
    drafts = list(_drafts(_ended_years([microenterprise], day, is_final=True), day))
    writer.post(drafts, by=by)
    return len(drafts)


def year_close(
    firm: Microenterprise,
    year: Year,
    moves: Mapping[Account, int],
    owners_bp: Mapping[str, int],
    stakes: dict[str, int],
) -> Draft | None:
    """The entry that closes a year, or None when nothing happened in it.

    moves: what the year moved in each account of RESULT, debit positive; stakes by party. The entry undoes the moves
    and gives the rest to its owners.
    """
    parts = retained(-sum(moves.values()), owners_bp, stakes, platform=entity_party(firm.platform.entity_id))
    lines = [Line(firm.entity_id, kind, -minor, party) for (kind, party), minor in sorted(moves.items()) if minor]
    lines += [Line(firm.entity_id, Kind.RETAINED, -minor, party) for party, minor in sorted(parts.items())]
    if not lines:
        return None
    return Draft(
        reference=year_close_reference(firm.pk, year.first),
        kind=YEAR_CLOSE,
        lines=tuple(lines),
        subject=f"microenterprise:{firm.pk}",
        memo=f"Fiscal year from {year.first.isoformat()} to {year.last.isoformat()} closed",
        effective_date=year.last,
    )


def owners_on(terms: Iterable[ShareTerms], last: date, now: date) -> dict[str, int]:
    """Who owns the rest: by the terms in force on the year's last day, else by those in force now, else nobody."""
    versions = list(terms)
    for on in (last, now):
        for row in versions:
            if row.effective_from <= on and (row.effective_to is None or on < row.effective_to):
                return dict(row.residual_owners)
    return {}


# --- What a year holds ------------------------------------------------------------------------------------------------


def _frees_an_earlier_year(subject: Subject, answer: FirmNight) -> bool:
    """Whether it mends an exception of an earlier year, or a year's first night, which may have failed to close one."""
    mended = (subject.exceptions[verdict.of] for verdict in answer.verdicts if verdict.of)
    return any(each.fiscal_year < subject.firm.year or each.business_date == each.fiscal_year for each in mended)


def _ended_years(microenterprises: Sequence[UUID], day: date, *, is_final: bool = False) -> list[Year]:
    """Years of those MEs that ended before the date, wait for no exception and are not closed yet.

    is_final: the MEs end, so nothing waits any more.
    """
    outcomes = Outcome.objects.filter(microenterprise__in=microenterprises, repairs=None, business_date__lte=day)
    rows = outcomes.values("microenterprise", "fiscal_year").annotate(last=Max("business_date")).order_by()
    current = dict(outcomes.filter(business_date=day).values_list("microenterprise", "fiscal_year"))
    waiting = set(
        Outcome.objects.filter(
            microenterprise__in=microenterprises, state=Outcome.State.EXCEPTION, repaired_by=None
        ).values_list("microenterprise", "fiscal_year")
    )
    years = [
        Year(row["microenterprise"], row["fiscal_year"], row["last"])
        for row in rows
        if row["fiscal_year"] < current.get(row["microenterprise"], date.min)
        and (is_final or (row["microenterprise"], row["fiscal_year"]) not in waiting)
    ]
    closed = by_date.known_references([year_close_reference(year.microenterprise, year.first) for year in years])
    return [year for year in years if year_close_reference(year.microenterprise, year.first) not in closed]


def _drafts(years: Sequence[Year], day: date) -> Iterator[Draft]:
    ids = {year.microenterprise for year in years}
    firms = {each.pk: each for each in Microenterprise.objects.filter(pk__in=ids).select_related("platform")}
    terms: dict[UUID, list[ShareTerms]] = defaultdict(list)
    for row in ShareTerms.objects.filter(microenterprise__in=firms, status=ShareTerms.Status.AGREED):
        terms[row.microenterprise_id].append(row)
    together: dict[tuple[date, date], list[Year]] = defaultdict(list)
    for year in years:
        together[year.first, year.last].append(year)
    for (first, last), group in sorted(together.items()):
        entities = [firms[year.microenterprise].entity_id for year in group]
        moves = by_date.movements(entities, RESULT, first, last)
        stakes = by_date.stood_before(entities, [Kind.STAKE], last + timedelta(days=1))
        late = _shared_for_another_year(group, first, last)
        for year in group:
            firm = firms[year.microenterprise]
            held = moves[firm.entity_id]
            shared = (Kind.PROFIT_SHARED, "")
            held[shared] = held.get(shared, 0) + late.get(firm.pk, 0)
            draft = year_close(
                firm, year, held, owners_on(terms[firm.pk], last, day), stakes_by_party(stakes[firm.entity_id])
            )
            if draft is not None:
                yield draft


def stakes_by_party(moves: Mapping[Account, int]) -> dict[str, int]:
    """Who holds a stake, from what was posted in the accounts of stakes (debit positive)."""
    return {party: -minor for (_kind, party), minor in sorted(moves.items()) if minor < 0}


def _shared_for_another_year(years: Sequence[Year], first: date, last: date) -> dict[UUID, int]:
    """Shares of this year posted after it, less shares of earlier years posted in it: repaired exceptions."""
    repairs = Outcome.objects.filter(microenterprise__in=[year.microenterprise for year in years], shared_minor__gt=0)
    repairs = repairs.exclude(repairs=None)
    after = repairs.filter(fiscal_year=first, night__gt=last)
    earlier = repairs.filter(fiscal_year__lt=first, night__range=(first, last))
    found: dict[UUID, int] = defaultdict(int)
    for rows, sign in ((after, 1), (earlier, -1)):
        sums = rows.values("microenterprise").annotate(total=Sum("shared_minor")).order_by()
        for row in sums:
            found[row["microenterprise"]] += sign * row["total"]
    return found
