"""One ME of a replay, night after night: its facts, what follows from them, and what is compared with the tables.

`settlement.replay` says what a replay trusts and what it does not, `settlement.replay_compare` what must be stored.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Max, Q, Sum

from core import clock
from ledger import by_date
from ledger.accounts import Kind
from ledger.by_date import Account
from microenterprises.models import Microenterprise, ShareTerms, Track
from settlement.calculation import (
    Standing,
    Terms,
    advance,
    days_of_month_served,
    is_month_end,
    month_of,
    open_year,
    part_month_minor,
)
from settlement.closing import Year, owners_on, stakes_by_party, year_close, year_close_reference
from settlement.facts import Known, Place, fingerprint, standing_after, thawed, worked_out
from settlement.models import Outcome, PayLine, ShareLine
from settlement.night import (
    Firm,
    FirmNight,
    Member,
    Payroll,
    Snag,
    State,
    Unsettled,
    Verdict,
    Wage,
    failed,
    lowered,
    settle,
)
from settlement.replay_compare import MISSING, OUTCOME_NAME, Compared, unpaid
from settlement.replay_facts import OUTCOME, Reading, Tally, Window, Years, dates

ONE_DAY: Final = timedelta(days=1)


# --- One ME -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Open:
    """An exception that waits, as it works out again: what `Unsettled` is made of each night anew."""

    outcome: UUID
    day: date
    year: date
    standing: Standing
    profit_before_minor: int
    was_priced: bool
    members: tuple[Member, ...]
    wages: tuple[Wage, ...]


@dataclass(frozen=True, slots=True)
class _Paid:
    """A line of stable pay or draw that was posted."""

    membership: UUID
    month: date
    day: date
    night: date
    is_draw: bool
    amount_minor: int


@dataclass(frozen=True, slots=True)
class _Last:
    """How the date before ended, as far as the next one builds on it."""

    day: date
    year: date
    standing: Standing
    waiting_minor: int


class Replayed:
    """One ME, night after night: its facts, what follows from them, and the comparison with what was stored."""

    def __init__(
        self,
        row: Microenterprise,
        reading: Reading,
        windows: Mapping[date, Window],
        years: Years,
        tally: Tally,
        since: date,
    ) -> None:
        self.row, self.reading, self.windows, self.years, self.tally, self.since = (
            row,
            reading,
            windows,
            years,
            tally,
            since,
        )
        self.facts = reading.of[row.pk]
        self.last: _Last | None = None
        self.told: _Last | None = None
        self.carries: dict[int, int] = {}
        self.carries_at: UUID | None = None
        self.open: list[_Open] = []
        self.paid: list[_Paid] = []
        self.shared: dict[date, int] = {}
        self.ends: dict[date, Standing] = {}
        self.pools: dict[date, int] = defaultdict(int)
        self.spent: dict[date, int] = defaultdict(int)
        self.last_of_year: dict[date, date] = {}
        self.closed: set[date] = set()
        self.position = 0
        self.known: Known = {}
        stood = self.facts.stood
        self.wallet = stood.get((Kind.WALLET, ""), 0)
        self.advances = {party: minor for (kind, party), minor in stood.items() if kind is Kind.ADVANCE}
        self.compared = Compared(row, self.facts, tally, since)
        self.members: tuple[Member, ...] = ()
        self.members_until = date.min

    def run(self) -> None:
        if self.reading.from_stored:
            self._start_from_stored()
        for day, is_final in self._nights():
            self._night(day, is_final=is_final)
        waiting = {year_close_reference(self.row.pk, late.year) for late in self.open}
        self.compared.report_what_is_too_much(until=self.reading.until, waiting=waiting)

    def _nights(self) -> Iterator[tuple[date, bool]]:
        """Every date at whose end the ME existed, and the date on which it ended itself."""
        first = max(self.reading.start, clock.business_date(self.row.launched_at))
        ended = clock.business_date(self.row.dissolved_at) if self.row.dissolved_at else None
        for day in dates(first, min(self.reading.until, ended or date.max)):
            yield day, day == ended

    # --- the facts of a night ---

    def _night(self, day: date, *, is_final: bool) -> None:
        stored = self.facts.outcomes.get((day, None))
        if stored is not None and stored.values[_SNAG] == Snag.FAILED.value:
            self._night_that_failed(day)
            return
        states = self._states(day, is_final)
        firm = self._firm(day, is_final, *states[0])
        for wallet, advances in states[1:]:
            if self._agrees(firm):
                break
            other = self._firm(day, is_final, wallet, advances)
            firm = other if self._agrees(other) else firm
        answer = settle(firm)
        if day >= self.since:
            self._compare(firm, answer)
        self._follow(firm, answer)

    def _night_that_failed(self, day: date) -> None:
        """That it could not be worked out is taken as told; what must be stored of it, and what later nights build on,
        follow from the facts."""
        firm = self._firm(day, False, 0, {})
        before = self._before(firm.year, firm.terms, self.told)
        blind = replace(
            firm, before=before, moved_minor=0, reshared_minor=0, carries={}, shared_by_year={}, ended={}, unsettled=()
        )
        answer = failed(blind)
        if day >= self.since:
            self._compare(blind, answer)
        standing = advance(firm.before, firm.terms, moved_minor=firm.moved_minor, reshared_minor=firm.reshared_minor)
        own = replace(answer.own, profit_before_minor=firm.before.profit_minor, standing=standing)
        self._follow(firm, replace(answer, verdicts=(own,)))
        self.told = _Last(day, firm.year, before, 0)

    def _agrees(self, firm: Firm) -> bool:
        """Whether the stored outcome of the night was worked out from these very facts."""
        stored = self.facts.outcomes.get((firm.day, None))
        return stored is not None and stored.values[_FACTS_SHA256] == fingerprint(firm)

    def _states(self, day: date, is_final: bool) -> list[tuple[int, dict[str, int]]]:
        """The states of wallet and advances that the night may have seen, the earliest first."""
        events, window = self.facts.events, self.windows.get(day)
        if is_final or window is None:  # inside the winding up: any state of that date
            opened, closed = _midnight(day if is_final else day + ONE_DAY), _midnight(day + ONE_DAY)
        else:
            opened, closed = window.opened, window.closed
        while self.position < len(events) and events[self.position].posted_at < opened:
            _apply(events[self.position], self)
            self.position += 1
        states = [(self.wallet, self.advances)]
        for event in islice(events, self.position, None):
            if event.posted_at > closed:
                break
            state = _State(states[-1][0], dict(states[-1][1]))
            _apply(event, state)
            states.append((state.wallet, state.advances))
        return states

    def _firm(self, day: date, is_final: bool, wallet: int, advances: Mapping[str, int]) -> Firm:
        year = self.years[day]
        terms_row, terms = self._terms_on(day)
        moved, reshared = self._moved(day, year)
        places = self._places(day, is_final)
        return Firm(
            id=self.row.pk,
            day=day,
            year=year,
            before=self._before(year, terms, self.last),
            moved_minor=moved,
            reshared_minor=reshared,
            wallet_minor=wallet,
            terms=terms,
            members=_members(places, day, terms_row) if is_final else self._members_on(day, terms_row),
            wages=self._wages(places, day) if is_final or is_month_end(day) else (),
            carries={number: grain for number, grain in sorted(self.carries.items()) if grain},
            advances={UUID(party.removeprefix("person:")): minor for party, minor in sorted(advances.items()) if minor},
            shared_by_year={
                each: self.shared[each] for each in sorted({late.year for late in self.open}) if each < year
            },
            ended=self._ended(year),
            unsettled=tuple(self._unsettled(late, day) for late in self.open),
            is_final=is_final,
        )

    def _ended(self, year: date) -> dict[date, Standing]:
        """How the years ended from the oldest on that still has an open exception."""
        oldest = min((late.year for late in self.open), default=year)
        return {
            each: replace(last, shared_minor=self.shared[each])
            for each, last in self.ends.items()
            if oldest <= each < year
        }

    def _places(self, day: date, is_final: bool) -> list[Place]:
        """The memberships; at the end of an ME those that only its end ended are running still."""
        if not is_final:
            return self.facts.places
        left = self.facts.left_on_the_last_day
        return [
            place._replace(ended_on=None) if place.ended_on == day and place.pk not in left else place
            for place in self.facts.places
        ]

    def _members_on(self, day: date, terms: ShareTerms | None) -> tuple[Member, ...]:
        """The members of a date, made anew only when somebody comes or goes or the terms change."""
        if day >= self.members_until:
            changes = [
                each
                for place in self.facts.places
                for each in (place.started_on, place.ended_on)
                if each is not None and each > day
            ]
            changes += [
                each
                for row, _terms in self.facts.terms
                for each in (row.effective_from, row.effective_to)
                if each is not None and each > day
            ]
            self.members = _members(self.facts.places, day, terms)
            self.members_until = min(changes, default=date.max)
        return self.members

    def _terms_on(self, day: date) -> tuple[ShareTerms | None, Terms | None]:
        for row, terms in self.facts.terms:
            if row.effective_from <= day and (row.effective_to is None or day < row.effective_to):
                return row, terms
        return None, None

    def _moved(self, day: date, year: date) -> tuple[int, int]:
        """Profit and shares that others posted since the night before, or since the year's start."""
        since = self.last.day + ONE_DAY if self.last and self.last.year == year else year
        moved = reshared = 0
        for each in (day,) if since == day else dates(since, day):
            for (kind, _party), minor in self.facts.moved.get(each, {}).items():
                if kind is Kind.PROFIT_SHARED:
                    reshared += minor
                elif kind is not Kind.STAKE:
                    moved -= minor
        return moved, reshared

    def _before(self, year: date, terms: Terms | None, last: _Last | None) -> Standing:
        if last is None:
            return Standing()
        if last.year == year:
            return last.standing
        return open_year(last.standing, terms, waiting_minor=last.waiting_minor)

    def _wages(self, places: Iterable[Place], day: date) -> tuple[Wage, ...]:
        first, _next = month_of(day)
        paid = {line.membership for line in self.paid if line.month == first}
        wages = []
        for place in places:
            served = days_of_month_served(place.started_on, place.ended_on, until=day)
            amount = part_month_minor(place.pay_minor, served, in_month=day)
            if amount and place.pk not in paid:
                is_draw = place.track == Track.ENTREPRENEUR
                wages.append(Wage(place.pk, place.person_id, is_draw, served, place.pay_minor, amount))
        return tuple(wages)

    def _unsettled(self, late: _Open, night: date) -> Unsettled:
        _row, terms = self._terms_on(late.day)
        month, _next = month_of(late.day)
        paid = {line.membership for line in self.paid if line.month == month}
        return Unsettled(
            outcome=late.outcome,
            day=late.day,
            year=late.year,
            standing=late.standing,
            profit_before_minor=late.profit_before_minor,
            was_priced=late.was_priced,
            terms=terms,
            members=late.members,
            wages=lowered(
                (wage for wage in late.wages if wage.membership not in paid), self._lowered(late, night), day=late.day
            ),
            paid_since_minor=sum(
                line.amount_minor
                for line in self.paid
                if not line.is_draw and line.day <= late.day < line.night and self.years[line.night] == late.year
            ),
        )

    def _lowered(self, late: _Open, night: date) -> dict[UUID, int]:
        """What a full month was lowered to by the night, by membership."""
        rows = self.facts.lowered.get(late.outcome, ())
        return dict(sorted(((who, minor) for who, minor, on in rows if on <= night), key=lambda row: -row[1]))

    # --- what follows ---

    def _follow(self, firm: Firm, answer: FirmNight) -> None:
        """Take the night's answer over, as the tables and the books do."""
        for payroll in answer.payrolls:
            self._follow_payroll(payroll, firm)
        for person, minor in answer.written_off:
            self._advance(person, -minor)
            self.spent[firm.year] += minor
        for verdict in answer.verdicts:
            self._follow_verdict(verdict, self._year_of(verdict, firm))
        repaired = {verdict.of for verdict in answer.verdicts}
        mended = [late for late in self.open if late.outcome in repaired]
        frees_a_year = any(late.year < firm.year or late.day == late.year for late in mended)
        self.open = [late for late in self.open if late.outcome not in repaired]
        own = answer.own
        if own.state is State.EXCEPTION:
            self.open.append(self._exception(firm, answer))
        waiting = own.pool_minor if own.state is State.WAITING else 0
        self.last = self.told = _Last(firm.day, firm.year, own.standing, waiting)
        self.last_of_year[firm.year], self.ends[firm.year] = firm.day, own.standing
        if frees_a_year or firm.is_final or (firm.day == firm.year and own.snag is not Snag.FAILED):
            self._close_years(firm)

    def _follow_payroll(self, payroll: Payroll, firm: Firm) -> None:
        month, _next = month_of(payroll.day)
        for wage in payroll.wages:
            self.paid.append(_Paid(wage.membership, month, payroll.day, firm.day, wage.is_draw, wage.amount_minor))
            if wage.is_draw:
                self._advance(wage.person, wage.amount_minor)
            else:
                self.spent[firm.year] += wage.amount_minor
        self.wallet -= sum(wage.amount_minor for wage in payroll.wages) - payroll.unfunded_minor

    def _follow_verdict(self, verdict: Verdict, year: date) -> None:
        if verdict.lines:
            self.carries = {line.part.key: line.part.carry_after_grain for line in verdict.lines}
            self.carries_at = self._stored_id(verdict)
        for line in verdict.lines:
            self.wallet -= line.payable_minor
            self._advance(line.person, -line.recovered_minor)
        shared = verdict.pool_minor if verdict.state is State.SETTLED else 0
        self.pools[year] += shared
        self.shared[year] = verdict.standing.shared_minor if verdict.of is None else self.shared[year] + shared

    def _advance(self, person: UUID, minor: int) -> None:
        party = f"person:{person}"
        self.advances[party] = self.advances.get(party, 0) + minor

    def _exception(self, firm: Firm, answer: FirmNight) -> _Open:
        own = answer.own
        return _Open(
            outcome=self._stored_id(own),
            day=firm.day,
            year=firm.year,
            standing=own.standing,
            profit_before_minor=own.profit_before_minor,
            was_priced=firm.terms is not None,
            members=firm.members,
            wages=unpaid(firm, answer),
        )

    def _year_of(self, verdict: Verdict, firm: Firm) -> date:
        if verdict.of is None:
            return firm.year
        return next(late.year for late in self.open if late.outcome == verdict.of)

    def _stored_id(self, verdict: Verdict) -> UUID:
        """The id under which an outcome is stored; one that is missing is reported, and has a number of its own."""
        stored = self.facts.outcomes.get((verdict.day, verdict.of))
        return stored.pk if stored else UUID(int=verdict.day.toordinal())

    def _close_years(self, firm: Firm) -> None:
        """The years that the night closes: the one that ended, or those whose last exception was mended; at the end of
        the ME all that are open."""
        waiting = set() if firm.is_final else {late.year for late in self.open}
        for year, last in self.last_of_year.items():
            if year < firm.year and year not in waiting and year not in self.closed:
                self.closed.add(year)
                self._compare_closing(Year(self.row.pk, year, last), firm.day)

    # --- the start in the middle ---

    def _start_from_stored(self) -> None:
        """Take over what is stored of the nights before the start: it is trusted, not worked out."""
        start = self.reading.start
        outcomes = Outcome.objects.filter(microenterprise=self.row, night__lt=start)
        own = outcomes.filter(repairs=None).order_by("-night").first()
        if own is None:
            return
        waiting = own.pool_minor if own.state == Outcome.State.WAITING else 0
        shared = own.already_shared_minor + own.shared_minor
        told = Standing(own.profit_minor, own.due_fine, shared)
        self.told = _Last(own.business_date, own.fiscal_year, told, waiting)
        self.last = replace(self.told, standing=standing_after(own, self.known))
        self.carries_at = own.carries_at_id
        carried = ShareLine.objects.filter(outcome=self.carries_at).values_list(
            "membership__number", "carry_after_grain"
        )
        self.carries = dict(carried) if self.carries_at else {}
        still = Q(repaired_by=None) | Q(repaired_by__night__gte=start)
        for row in outcomes.filter(still, state=Outcome.State.EXCEPTION).order_by("business_date"):
            self.open.append(_open_from(row, self.known))
        for line in PayLine.objects.filter(microenterprise=self.row, night__lt=start).exclude(kind="forgiven"):
            is_draw = line.kind == PayLine.Kind.DRAW
            self.paid.append(
                _Paid(line.membership_id, line.month, line.business_date, line.night, is_draw, line.amount_minor)
            )
        self._years_from(outcomes)

    def _years_from(self, outcomes: Any) -> None:
        sums = outcomes.values("fiscal_year").annotate(
            pools=Sum("shared_minor"), spent=Sum(F("pay_minor") + F("written_off_minor"))
        )
        for row in sums.order_by():
            self.pools[row["fiscal_year"]], self.spent[row["fiscal_year"]] = row["pools"], row["spent"]
        own = outcomes.filter(repairs=None)
        lasts = own.values("fiscal_year").annotate(last=Max("business_date")).order_by("fiscal_year")
        self.last_of_year = {row["fiscal_year"]: row["last"] for row in lasts}
        for year, last in self.last_of_year.items():
            ended = own.get(business_date=last)
            later = outcomes.filter(fiscal_year=year, night__gt=last).aggregate(total=Sum("shared_minor"))["total"]
            standing = standing_after(ended, self.known)
            self.shared[year] = standing.shared_minor + (later or 0)
            self.ends[year] = replace(standing, shared_minor=self.shared[year])
        waiting = {late.year for late in self.open}
        current = max(self.last_of_year)
        self.closed = {year for year in self.last_of_year if year < current and year not in waiting}
        self.compared.expected |= {year_close_reference(self.row.pk, year) for year in self.closed}

    # --- comparing ---

    def _compare(self, firm: Firm, answer: FirmNight) -> None:
        carries_at = self.carries_at
        for verdict in answer.verdicts:
            self.compared.expected.add((verdict.day, verdict.of))
            carries_at = self._stored_id(verdict) if verdict.lines else carries_at
            stored = self.facts.outcomes.get((verdict.day, verdict.of))
            self.tally.outcomes += 1
            if stored is None:
                self.compared.differs(verdict.day, str(OUTCOME_NAME), MISSING, verdict.state.value)
                continue
            terms, _terms = self._terms_on(verdict.day)
            values = self.compared.outcome(
                firm,
                answer,
                verdict,
                year=self._year_of(verdict, firm),
                terms=terms.pk if terms else None,
                carries_at=carries_at,
            )
            self.compared.compare_outcome(stored, values)
            self.compared.compare_shares(stored, verdict, firm.day)
        self.compared.compare_postings(firm, answer)

    def _compare_closing(self, year: Year, now: date) -> None:
        moves: dict[Account, int] = defaultdict(int)
        stakes: dict[Account, int] = defaultdict(int)
        for day, accounts in self.facts.moved.items():
            for account, minor in accounts.items():
                if account[0] is Kind.STAKE:
                    stakes[account] += minor if day <= year.last else 0
                elif year.first <= day <= year.last:
                    moves[account] += minor
        moves[Kind.EXPENSE_PAY, ""] += self.spent[year.first]
        moves[Kind.PROFIT_SHARED, ""] += self.pools[year.first]
        owners = owners_on([row for row, _terms in self.facts.terms], year.last, now)
        draft = year_close(self.row, year, moves, owners, stakes_by_party(stakes))
        self.compared.expected.add(year_close_reference(self.row.pk, year.first))
        if draft is not None and now >= self.since:
            sums = {(line.kind, line.party): line.amount_minor for line in draft.lines}
            self.compared.compare_entry(draft.reference, draft.kind, None, year.last, sums)


# --- Small steps ------------------------------------------------------------------------------------------------------

_FACTS_SHA256: Final = OUTCOME.index("facts_sha256")
_SNAG: Final = OUTCOME.index("snag")


@dataclass(slots=True)
class _State:
    """What stood in the wallet and in the advances."""

    wallet: int
    advances: dict[str, int]


def _apply(event: by_date.Event, state: "_State | Replayed") -> None:
    if event.kind is Kind.WALLET:
        state.wallet += event.amount_minor
    else:
        state.advances[event.party] = state.advances.get(event.party, 0) + event.amount_minor


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.company_zone())


def _members(places: Iterable[Place], day: date, terms: ShareTerms | None) -> tuple[Member, ...]:
    with_stable = terms is not None and terms.shares_with_stable
    return tuple(
        Member(
            place.number,
            place.pk,
            place.person_id,
            place.weight if with_stable or place.track == Track.ENTREPRENEUR else 0,
        )
        for place in places
        if place.started_on <= day and (place.ended_on is None or day < place.ended_on)
    )


def _open_from(row: Outcome, known: Known) -> _Open:
    members, wages = thawed(row.frozen or {})
    profit_before, standing = worked_out(row, known)
    return _Open(
        outcome=row.pk,
        day=row.business_date,
        year=row.fiscal_year,
        standing=standing,
        profit_before_minor=profit_before,
        was_priced=row.share_terms_id is not None,
        members=members,
        wages=wages,
    )
