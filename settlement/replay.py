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

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import md5
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, Max, Min, Q, Sum

from core import clock
from core.models import AuditRecord
from ledger import by_date, days
from ledger.accounts import Kind
from ledger.by_date import Account
from microenterprises.models import Membership, Microenterprise, ShareTerms, Track
from settlement.calculation import (
    Standing,
    Terms,
    days_of_month_served,
    is_month_end,
    month_of,
    open_year,
    part_month_minor,
)
from settlement.closing import RESULT, Year, owners_on, stakes_by_party, year_close, year_close_reference
from settlement.facts import Place, fingerprint, fiscal_year_of, frozen, terms_of
from settlement.models import Outcome, PayLine, SettlementRun, ShareLine, share_reference
from settlement.night import Firm, FirmNight, Line, Member, Payroll, State, Unsettled, Verdict, Wage, settle
from settlement.posting import forgiven_reference, pay_reference
from settlement.queries import lines_sha256

SHARD: Final = 50
ONE_DAY: Final = timedelta(days=1)
NAMED: Final = 25
"""How many differences are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is stored otherwise than it works out again."""

    microenterprise: str
    day: date
    what: str
    stored: object
    recomputed: object


@dataclass(slots=True)
class Tally:
    """What a replay compared and what differed; the first differences are named."""

    nights: int = 0
    outcomes: int = 0
    share_lines: int = 0
    pay_lines: int = 0
    entries: int = 0
    differences: int = 0
    named: list[Difference] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return self.share_lines + self.pay_lines

    def differs(self, microenterprise: str, day: date, what: str, stored: object, recomputed: object) -> None:
        self.differences += 1
        if len(self.named) < NAMED:
            self.named.append(Difference(microenterprise, day, what, stored, recomputed))


@dataclass(frozen=True, slots=True)
class Window:
    """When the run of a date worked: what was posted before it was there, what was posted after it was not."""

    opened: datetime
    closed: datetime


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
    firms = Microenterprise.objects.order_by("pk").select_related("platform")
    if only is not None:
        firms = firms.filter(pk__in=list(only))
    ids = list(firms.values_list("pk", flat=True))
    years = _Years()
    for place in range(0, len(ids), SHARD):
        shard = list(firms.filter(pk__in=ids[place : place + SHARD]))
        reading = _Reading(shard, start, until, begin, from_stored=from_stored)
        for firm in shard:
            _Replayed(firm, reading, windows, years, tally, since).run()
        progress(min(place + SHARD, len(ids)), len(ids))
    if only is None:
        _compare_runs(max(since, begin), until, tally)
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
    for day in _dates(since, until):
        run = runs.get(day)
        if run is None or run.sealed_at is None:
            tally.differs("", day, "run", "missing" if run is None else "open", "sealed")
            continue
        digest = lines_sha256(day)
        if run.lines_sha256 != digest:
            tally.differs("", day, "hash of the run's lines", run.lines_sha256, digest)


def _dates(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)


class _Years(dict[date, date]):
    """The fiscal year of each date, asked for once."""

    def __missing__(self, day: date) -> date:
        self[day] = found = fiscal_year_of(day)
        return found


# --- Reading ----------------------------------------------------------------------------------------------------------

OUTCOME: Final = (
    "is_final", "state", "snag", "currency", "fiscal_year", "share_terms_id", "profit_before_minor", "profit_minor",
    "due_before_fine", "due_fine", "already_shared_minor", "pool_minor", "shared_minor", "needed_minor",
    "wallet_minor", "recovered_minor", "payable_minor", "pay_minor", "draws_minor", "written_off_minor",
    "weights_sum", "line_count", "carries_at_id", "entry_reference", "facts_sha256", "frozen",
)  # fmt: skip
PAY: Final = (
    "person_id", "kind", "month", "business_date", "night", "currency", "days", "days_in_month", "monthly_minor",
    "amount_minor", "entry_reference",
)  # fmt: skip
SHARE: Final = (
    "night", "business_date", "person_id", "currency", "weight", "weights_sum", "inherited_grain",
    "carry_before_grain", "carry_after_grain", "amount_minor", "recovered_minor", "payable_minor",
)  # fmt: skip
FACTS: Final = (*RESULT, Kind.STAKE)
STANDS: Final = (Kind.WALLET, Kind.ADVANCE)


@dataclass(frozen=True, slots=True)
class _Stored:
    """An outcome as it is stored, with the hash of its lines."""

    pk: UUID
    night: date
    day: date
    repairs: UUID | None
    values: tuple[Any, ...]
    lines: int = 0
    digest: str = ""


@dataclass(slots=True)
class _Facts:
    """Everything one ME's nights depend on, and what was stored of them."""

    places: list[Place] = field(default_factory=list)
    terms: list[tuple[ShareTerms, Terms]] = field(default_factory=list)
    moved: dict[date, dict[Account, int]] = field(default_factory=dict)
    events: list[by_date.Event] = field(default_factory=list)
    stood: dict[Account, int] = field(default_factory=dict)
    outcomes: dict[tuple[date, UUID | None], _Stored] = field(default_factory=dict)
    pays: dict[tuple[UUID, object, object], tuple[Any, ...]] = field(default_factory=dict)
    entries: dict[str, by_date.NightEntry] = field(default_factory=dict)
    left_on_the_last_day: frozenset[UUID] = frozenset()


class _Reading:
    """All rows of a shard of MEs, each table read once."""

    def __init__(
        self, firms: Sequence[Microenterprise], start: date, until: date, begin: date, *, from_stored: bool
    ) -> None:
        self.firms, self.start, self.until, self.begin = firms, start, until, begin
        self.from_stored = from_stored and start > begin
        self.ids = [firm.pk for firm in firms]
        self.entities = {firm.entity_id: firm.pk for firm in firms}
        self.of: dict[UUID, _Facts] = {pk: _Facts() for pk in self.ids}
        self._versions()
        self._ledger()
        self._stored()
        self._leavers()

    def _versions(self) -> None:
        rows = Membership.objects.filter(microenterprise__in=self.ids, started_on__lte=self.until)
        for place in map(Place._make, rows.order_by("number").values_list(*Place._fields)):
            self.of[place.microenterprise_id].places.append(place)
        for row in ShareTerms.objects.filter(microenterprise__in=self.ids, status=ShareTerms.Status.AGREED):
            self.of[row.microenterprise_id].terms.append((row, terms_of(row)))

    def _ledger(self) -> None:
        entities = list(self.entities)
        for move in by_date.facts_by_day(entities, FACTS, date.min, self.until):
            day = self.of[self.entities[move.entity_id]].moved.setdefault(move.business_date, {})
            day[move.kind, move.party] = move.amount_minor
        for event in by_date.events(entities, STANDS, self.start):
            self.of[self.entities[event.entity_id]].events.append(event)
        for entity, stood in by_date.stood_before(entities, STANDS, self.start).items():
            self.of[self.entities[entity]].stood = stood
        subjects = {f"microenterprise:{pk}": pk for pk in self.ids}
        for entry in by_date.night_entries(list(subjects), self.start, self.until):
            self.of[subjects[entry.subject]].entries[entry.reference] = entry

    def _stored(self) -> None:
        digests = self._line_digests()
        rows = Outcome.objects.filter(microenterprise__in=self.ids, night__range=(self.start, self.until))
        for pk, me, night, day, repairs, *values in rows.values_list(
            "pk", "microenterprise_id", "night", "business_date", "repairs_id", *OUTCOME
        ):
            stored = _Stored(pk, night, day, repairs, tuple(values), *digests.get(pk, (0, "")))
            self.of[me].outcomes[day, repairs] = stored
        pays = PayLine.objects.filter(microenterprise__in=self.ids, night__range=(self.start, self.until))
        for me, membership, *values in pays.values_list("microenterprise_id", "membership_id", *PAY):
            self.of[me].pays[membership, values[2], values[1]] = tuple(values)

    def _line_digests(self) -> dict[UUID, tuple[int, str]]:
        columns = ", ".join(f"l.{name}" for name in SHARE)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT l.outcome_id, count(*),
                       md5(string_agg(concat_ws(',', l.membership_id, {columns}), E'\\n' ORDER BY l.membership_id))
                  FROM settlement_outcome o JOIN settlement_shareline l ON l.outcome_id = o.id
                 WHERE o.microenterprise_id = ANY(%s) AND o.night BETWEEN %s AND %s
                 GROUP BY 1
                """,  # noqa: S608 (names of columns)
                [self.ids, self.start, self.until],
            )
            return {outcome: (lines, digest) for outcome, lines, digest in cursor.fetchall()}

    def _leavers(self) -> None:
        """Who left an ME by themselves on the day it ended: they were no members at its final settlement."""
        ended = {firm.pk: clock.business_date(firm.dissolved_at) for firm in self.firms if firm.dissolved_at}
        subjects = {f"microenterprise:{pk}": pk for pk in ended}
        left: dict[UUID, set[str]] = defaultdict(set)
        for record in AuditRecord.objects.filter(subject__in=subjects, deed="membership.ended"):
            pk = subjects[record.subject]
            if record.facts.get("on") == ended[pk].isoformat():
                left[pk].add(record.facts["person"])
        names = {}
        if left:
            people = Membership.objects.filter(microenterprise__in=left).select_related("person")
            names = {each.person_id: each.person.name for each in people}
        for pk, persons in left.items():
            self.of[pk].left_on_the_last_day = frozenset(
                place.pk for place in self.of[pk].places if names[place.person_id] in persons
            )


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


class _Replayed:
    """One ME, night after night: its facts, what follows from them, and the comparison with what was stored."""

    def __init__(
        self,
        row: Microenterprise,
        reading: _Reading,
        windows: Mapping[date, Window],
        years: _Years,
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
        self.carries: dict[int, int] = {}
        self.carries_at: UUID | None = None
        self.open: list[_Open] = []
        self.paid: list[_Paid] = []
        self.shared: dict[date, int] = {}
        self.pools: dict[date, int] = defaultdict(int)
        self.spent: dict[date, int] = defaultdict(int)
        self.last_of_year: dict[date, date] = {}
        self.closed: set[date] = set()
        self.position = 0
        stood = self.facts.stood
        self.wallet = stood.get((Kind.WALLET, ""), 0)
        self.advances = {party: minor for (kind, party), minor in stood.items() if kind is Kind.ADVANCE}
        self.expected: set[object] = set()
        self.members: tuple[Member, ...] = ()
        self.members_until = date.min

    def run(self) -> None:
        if self.reading.from_stored:
            self._start_from_stored()
        for day, is_final in self._nights():
            self._night(day, is_final=is_final)
        self._report_what_is_too_much()

    def _nights(self) -> Iterator[tuple[date, bool]]:
        """Every date at whose end the ME existed, and the date on which it ended itself."""
        first = max(self.reading.start, clock.business_date(self.row.launched_at))
        ended = clock.business_date(self.row.dissolved_at) if self.row.dissolved_at else None
        for day in _dates(first, min(self.reading.until, ended or date.max)):
            yield day, day == ended

    # --- the facts of a night ---

    def _night(self, day: date, *, is_final: bool) -> None:
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
            before=self._before(year, terms),
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
            unsettled=tuple(self._unsettled(late) for late in self.open),
            is_final=is_final,
        )

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
        for each in (day,) if since == day else _dates(since, day):
            for (kind, _party), minor in self.facts.moved.get(each, {}).items():
                if kind is Kind.PROFIT_SHARED:
                    reshared += minor
                elif kind is not Kind.STAKE:
                    moved -= minor
        return moved, reshared

    def _before(self, year: date, terms: Terms | None) -> Standing:
        if self.last is None:
            return Standing()
        if self.last.year == year:
            return self.last.standing
        return open_year(self.last.standing, terms, waiting_minor=self.last.waiting_minor)

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

    def _unsettled(self, late: _Open) -> Unsettled:
        terms_row, terms = self._terms_on(late.day)
        members = late.members
        if not sum(member.weight for member in members):
            members = _members(self.facts.places, late.day, terms_row)
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
            members=members,
            wages=tuple(wage for wage in late.wages if wage.membership not in paid),
            paid_since_minor=sum(
                line.amount_minor for line in self.paid if not line.is_draw and line.day <= late.day < line.night
            ),
        )

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
        mended = [late for late in self.open if late.outcome in repaired and late.year < firm.year]
        self.open = [late for late in self.open if late.outcome not in repaired]
        own = answer.own
        if own.state is State.EXCEPTION:
            self.open.append(self._exception(firm, answer))
        waiting = own.pool_minor if own.state is State.WAITING else 0
        self.last = _Last(firm.day, firm.year, own.standing, waiting)
        self.last_of_year[firm.year] = firm.day
        if (mended or firm.day == firm.year) and not firm.is_final:  # what ends is closed with its winding up
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
            wages=_unpaid(firm, answer),
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
        """The years that the night closes: the one that ended, or those whose last exception was mended."""
        waiting = {late.year for late in self.open}
        for year, last in self.last_of_year.items():
            if year < firm.year and year not in waiting and year not in self.closed:
                self.closed.add(year)
                self._compare_closing(Year(self.row.pk, year, last), firm.day)

    # --- the start in the middle ---

    def _start_from_stored(self) -> None:
        """Take over what is stored of the nights before the start: it is trusted, not worked out."""
        start = self.reading.start
        outcomes = Outcome.objects.filter(microenterprise=self.row, night__lt=start)
        own = outcomes.filter(repairs=None).order_by("-business_date").first()
        if own is None:
            return
        waiting = own.pool_minor if own.state == Outcome.State.WAITING else 0
        shared = own.already_shared_minor + own.shared_minor
        self.last = _Last(own.business_date, own.fiscal_year, Standing(own.profit_minor, own.due_fine, shared), waiting)
        self.carries_at = own.carries_at_id
        carried = ShareLine.objects.filter(outcome=self.carries_at).values_list(
            "membership__number", "carry_after_grain"
        )
        self.carries = dict(carried) if self.carries_at else {}
        still = Q(repaired_by=None) | Q(repaired_by__night__gte=start)
        for row in outcomes.filter(still, state=Outcome.State.EXCEPTION).order_by("business_date"):
            self.open.append(_open_from(row))
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
            self.shared[year] = ended.already_shared_minor + ended.shared_minor + (later or 0)
        waiting = {late.year for late in self.open}
        current = max(self.last_of_year)
        self.closed = {year for year in self.last_of_year if year < current and year not in waiting}
        self.expected |= {year_close_reference(self.row.pk, year) for year in self.closed}

    # --- comparing ---

    def _compare(self, firm: Firm, answer: FirmNight) -> None:
        carries_at = self.carries_at
        for verdict in answer.verdicts:
            self.expected.add((verdict.day, verdict.of))
            carries_at = self._stored_id(verdict) if verdict.lines else carries_at
            stored = self.facts.outcomes.get((verdict.day, verdict.of))
            self.tally.outcomes += 1
            if stored is None:
                self._differs(verdict.day, "outcome", "missing", verdict.state.value)
                continue
            self._compare_outcome(stored, self._outcome(firm, answer, verdict, carries_at))
            self._compare_shares(stored, verdict, firm.day)
            if verdict.state is State.SETTLED:
                reference = share_reference(self.row.pk, verdict.day)
                self._compare_entry(reference, "share", firm.day, verdict.day, _share_sums(verdict))
        for payroll in answer.payrolls:
            self._compare_payroll(payroll, firm.day)
        for person, minor in answer.written_off:
            self._compare_written_off(person, minor, firm)

    def _outcome(self, firm: Firm, answer: FirmNight, verdict: Verdict, carries_at: UUID | None) -> tuple[object, ...]:
        """What must be stored of a verdict, in the order of `OUTCOME`."""
        is_own = verdict.of is None
        terms_row, _terms = self._terms_on(verdict.day)
        shared = verdict.pool_minor if verdict.state is State.SETTLED else 0
        wages = [wage for payroll in answer.payrolls for wage in payroll.wages] if is_own else []
        return (
            firm.is_final and is_own,
            verdict.state.value,
            verdict.snag.value if verdict.snag else "",
            self.row.currency,
            self._year_of(verdict, firm),
            terms_row.pk if terms_row else None,
            verdict.profit_before_minor,
            verdict.standing.profit_minor,
            verdict.due_before_fine,
            verdict.standing.due_fine,
            verdict.standing.shared_minor - shared,
            verdict.pool_minor,
            shared,
            verdict.needed_minor,
            verdict.wallet_minor,
            sum(line.recovered_minor for line in verdict.lines),
            sum(line.payable_minor for line in verdict.lines),
            sum(wage.amount_minor for wage in wages if not wage.is_draw),
            sum(wage.amount_minor for wage in wages if wage.is_draw),
            sum(minor for _person, minor in answer.written_off) if is_own else 0,
            verdict.weights_sum,
            len(verdict.lines),
            carries_at,
            share_reference(firm.id, verdict.day) if shared else "",
            fingerprint(firm),
            frozen(firm.members, _unpaid(firm, answer)) if verdict.state is State.EXCEPTION else None,
        )

    def _compare_outcome(self, stored: _Stored, recomputed: tuple[object, ...]) -> None:
        if stored.values != recomputed:
            self._compare_values("outcome", stored.day, OUTCOME, stored.values, recomputed)

    def _compare_values(
        self, what: str, day: date, names: Sequence[str], stored: Sequence[object], recomputed: Sequence[object]
    ) -> None:
        for name, one, other in zip(names, stored, recomputed, strict=True):
            if one != other:
                self._differs(day, f"{what} {name}", one, other)

    def _compare_shares(self, stored: _Stored, verdict: Verdict, night: date) -> None:
        self.tally.share_lines += len(verdict.lines)
        rows = {line.membership: self._share_row(line, verdict, night) for line in verdict.lines}
        text = "\n".join(f"{pk},{','.join(map(str, rows[pk]))}" for pk in sorted(rows))
        digest = md5(text.encode(), usedforsecurity=False).hexdigest() if rows else ""
        if (stored.lines, stored.digest) == (len(rows), digest):
            return
        found = {
            pk: tuple(values)
            for pk, *values in ShareLine.objects.filter(outcome=stored.pk).values_list("membership_id", *SHARE)
        }
        for pk in sorted(rows.keys() | found.keys()):
            if pk not in found or pk not in rows:
                self._differs(verdict.day, f"share of {pk}", "there" if pk in found else "missing", rows.get(pk))
            else:
                self._compare_values(f"share of {pk}", verdict.day, SHARE, found[pk], rows[pk])

    def _share_row(self, line: Line, verdict: Verdict, night: date) -> tuple[object, ...]:
        part = line.part
        return (
            night,
            verdict.day,
            line.person,
            self.row.currency,
            part.weight,
            verdict.weights_sum,
            part.inherited_grain,
            part.carry_before_grain,
            part.carry_after_grain,
            part.amount_minor,
            line.recovered_minor,
            line.payable_minor,
        )

    def _compare_payroll(self, payroll: Payroll, night: date) -> None:
        month, following = month_of(payroll.day)
        for wage in payroll.wages:
            kind = "draw" if wage.is_draw else "stable"
            self._compare_pay(
                wage.membership,
                payroll.day,
                (
                    wage.person,
                    kind,
                    month,
                    payroll.day,
                    night,
                    self.row.currency,
                    wage.days,
                    (following - month).days,
                    wage.monthly_minor,
                    wage.amount_minor,
                    pay_reference("draw" if wage.is_draw else "pay", self.row.pk, payroll.day),
                ),
            )
        for kind, sums in _pay_sums(payroll):
            self._compare_entry(pay_reference(kind, self.row.pk, payroll.day), kind, night, payroll.day, sums)

    def _compare_written_off(self, person: UUID, minor: int, firm: Firm) -> None:
        day, reference = firm.day, forgiven_reference(self.row.pk, person, firm.day)
        values = (
            person, "forgiven", month_of(day)[0], day, day, self.row.currency, 0, 0, 0, minor, reference,
        )  # fmt: skip
        self._compare_pay(self._latest_membership(person, firm), day, values)
        sums = {(Kind.EXPENSE_PAY, ""): minor, (Kind.ADVANCE, f"person:{person}"): -minor}
        self._compare_entry(reference, "pay", day, day, sums)

    def _latest_membership(self, person: UUID, firm: Firm) -> UUID:
        """The membership that tells how an advance ended: one of these days, else the latest there was."""
        first = min([firm.day, *(late.day for late in firm.unsettled)])
        since = min(first, month_of(firm.day)[0]) if firm.is_final or is_month_end(firm.day) else first
        places = [place for place in self.facts.places if place.person_id == person and place.started_on <= firm.day]
        recent = [place for place in places if place.ended_on is None or place.ended_on > since]
        if recent:
            return recent[-1].pk
        return max(places, key=lambda place: (place.started_on, place.number)).pk

    def _compare_pay(self, membership: UUID, day: date, recomputed: tuple[object, ...]) -> None:
        self.tally.pay_lines += 1
        facts = dict(zip(PAY, recomputed, strict=True))
        key = (membership, facts["month"], facts["kind"])
        self.expected.add(key)
        stored = self.facts.pays.get(key)
        what = f"{facts['kind']} of {membership}"
        if stored is None:
            self._differs(day, what, "missing", facts["amount_minor"])
        elif stored != recomputed:
            self._compare_values(what, day, PAY, stored, recomputed)

    def _compare_entry(
        self, reference: str, kind: str, night: date | None, effective: date, sums: Mapping[Account, int]
    ) -> None:
        """night: the business date it must have; None when it lands on whatever date is open."""
        self.tally.entries += 1
        self.expected.add(reference)
        stored = self.facts.entries.get(reference)
        if stored is None:
            self._differs(effective, f"entry {reference}", "missing", kind)
            return
        if night is not None and stored.business_date != night:
            self._differs(effective, f"entry {reference} business date", stored.business_date, night)
        if (stored.kind, stored.effective_date) != (kind, effective):
            self._differs(effective, f"entry {reference}", (stored.kind, stored.effective_date), (kind, effective))
        text = by_date.lines_text(sums)
        if stored.digest != md5(text.encode(), usedforsecurity=False).hexdigest():
            found = by_date.lines_of_reference(reference)
            for account in sorted(found.keys() | {account for account, minor in sums.items() if minor}):
                if found.get(account, 0) != sums.get(account, 0):
                    name = f"entry {reference}, {' '.join(account).strip()}"
                    self._differs(effective, name, found.get(account, 0), sums.get(account, 0))

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
        self.expected.add(year_close_reference(self.row.pk, year.first))
        if draft is not None and now >= self.since:
            sums = {(line.kind, line.party): line.amount_minor for line in draft.lines}
            self._compare_entry(draft.reference, draft.kind, None, year.last, sums)

    def _report_what_is_too_much(self) -> None:
        """What is stored or posted of these nights, and does not follow from the facts."""
        for key, stored in self.facts.outcomes.items():
            if stored.night >= self.since and key not in self.expected:
                self._differs(stored.day, "outcome", "there", "none")
        for pay, values in self.facts.pays.items():
            if values[PAY.index("night")] >= self.since and pay not in self.expected:
                self._differs(values[PAY.index("business_date")], f"{pay[2]} of {pay[0]}", values[9], "none")
        waiting = {year_close_reference(self.row.pk, late.year) for late in self.open}
        for reference, entry in self.facts.entries.items():
            if reference in self.expected or reference in waiting or entry.business_date < self.since:
                continue
            is_closing = reference.startswith("year_close:") and entry.effective_date < self.reading.until
            if entry.kind != "year_close" or is_closing:
                self._differs(entry.effective_date, f"entry {reference}", "there", "none")

    def _differs(self, day: date, what: str, stored: object, recomputed: object) -> None:
        self.tally.differs(self.row.name, day, what, stored, recomputed)


# --- Small steps ------------------------------------------------------------------------------------------------------

_FACTS_SHA256: Final = OUTCOME.index("facts_sha256")


@dataclass(slots=True)
class _State:
    """What stood in the wallet and in the advances."""

    wallet: int
    advances: dict[str, int]


def _apply(event: by_date.Event, state: "_State | _Replayed") -> None:
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


def _unpaid(firm: Firm, answer: FirmNight) -> tuple[Wage, ...]:
    """What an exception of tonight freezes of the month's pay."""
    return () if any(payroll.day == firm.day for payroll in answer.payrolls) else firm.wages


def _open_from(row: Outcome) -> _Open:
    kept = row.frozen or {}
    return _Open(
        outcome=row.pk,
        day=row.business_date,
        year=row.fiscal_year,
        standing=Standing(row.profit_minor, row.due_fine, row.already_shared_minor),
        profit_before_minor=row.profit_before_minor,
        was_priced=row.share_terms_id is not None,
        members=tuple(Member(n, UUID(m), UUID(p), w) for n, m, p, w in kept.get("members", ())),
        wages=tuple(Wage(UUID(m), UUID(p), is_draw, *rest) for m, p, is_draw, *rest in kept.get("wages", ())),
    )


def _share_sums(verdict: Verdict) -> dict[Account, int]:
    """What a share moves in each account: docs/money.md, told a second time on purpose."""
    sums: dict[Account, int] = defaultdict(int)
    sums[Kind.PROFIT_SHARED, ""] += verdict.pool_minor
    for line in verdict.lines:
        sums[Kind.SET_ASIDE, ""] += line.payable_minor
        sums[Kind.WALLET, ""] -= line.payable_minor
        sums[Kind.PAYABLE, f"person:{line.person}"] -= line.payable_minor
        sums[Kind.ADVANCE, f"person:{line.person}"] -= line.recovered_minor
    return sums


def _pay_sums(payroll: Payroll) -> Iterator[tuple[str, dict[Account, int]]]:
    """What a month's draws and pay move in each account; what the wallet lacked was not set aside."""
    unfunded = payroll.unfunded_minor
    for kind, is_draw in (("draw", True), ("pay", False)):
        wages = [wage for wage in payroll.wages if wage.is_draw is is_draw]
        total = sum(wage.amount_minor for wage in wages)
        if not total:
            continue
        short = min(unfunded, total)
        unfunded -= short
        sums: dict[Account, int] = defaultdict(int)
        sums[Kind.SET_ASIDE, ""] += total - short
        sums[Kind.WALLET, ""] -= total - short
        for wage in wages:
            party = f"person:{wage.person}"
            sums[Kind.PAYABLE, party] -= wage.amount_minor
            sums[(Kind.ADVANCE, party) if is_draw else (Kind.EXPENSE_PAY, "")] += wage.amount_minor
        yield kind, sums
