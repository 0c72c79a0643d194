"""One firm's night as a pure function: facts in, verdicts and payments out. No Django, no accounts, no language.

The order of a night is written here and nowhere else: repaired exceptions of earlier dates, each with its own frozen
facts, oldest first; then tonight's base pay and draws; then what leavers still owe becomes a cost; then tonight's
profit, pool and split. `settlement.facts` reads what this takes, `settlement.posting` writes what this returns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from settlement.calculation import (
    FINE,
    Holder,
    Part,
    Standing,
    Terms,
    advance,
    after_sharing,
    entitlement_fine,
    part_month_minor,
    pool_minor,
    recover,
    split,
)


class State(StrEnum):
    """How a firm's date ended."""

    SETTLED = "settled"
    NOTHING = "nothing"
    WAITING = "waiting"
    EXCEPTION = "exception"


class Snag(StrEnum):
    """Why a firm could not settle. Each has its sentence in `settlement.sentences`."""

    NO_TERMS = "no_terms"
    NO_WEIGHTS = "no_weights"
    SHORT_WALLET = "short_wallet"
    SHORT_PAY = "short_pay"
    PAY_OWED = "pay_owed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Member:
    """A member on a date; the weight is 0 for stable members unless the terms let them share.

    number: the membership's own number; ties of a split go to the smaller one.
    """

    number: int
    membership: UUID
    person: UUID
    weight: int


@dataclass(frozen=True, slots=True)
class Wage:
    """A month's stable pay or draw of one membership, part months by days."""

    membership: UUID
    person: UUID
    is_draw: bool
    days: int
    monthly_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An open exception of an earlier date with what was frozen that night.

    wages: what of that date's pay is still not posted, as it was lowered since. paid_since_minor: stable pay of dates
    up to this one that was posted after it in the same fiscal year, and so is a cost of it that is not in the frozen
    profit; what is posted after the year is a cost of the year in which it is posted. terms: those in force on that
    date as known now.
    """

    outcome: UUID
    day: date
    year: date
    standing: Standing
    profit_before_minor: int
    was_priced: bool
    terms: Terms | None
    members: tuple[Member, ...]
    wages: tuple[Wage, ...] = ()
    paid_since_minor: int = 0


@dataclass(frozen=True, slots=True)
class Firm:
    """Everything one firm's night depends on.

    before: its standing in the fiscal year after the date before. moved_minor: income less expense posted on the date.
    reshared_minor: shares posted (negative: reversed) on the date by others than the night. shared_by_year: what was
    shared in earlier fiscal years that still have an open exception. ended: how each fiscal year from the oldest of
    these on ended, with what was shared of it until now. is_final: the firm ends with this settlement.
    """

    id: UUID
    day: date
    year: date
    before: Standing
    moved_minor: int
    reshared_minor: int
    wallet_minor: int
    terms: Terms | None
    members: tuple[Member, ...]
    wages: tuple[Wage, ...] = ()
    carries: Mapping[int, int] = field(default_factory=dict)
    advances: Mapping[UUID, int] = field(default_factory=dict)
    shared_by_year: Mapping[date, int] = field(default_factory=dict)
    ended: Mapping[date, Standing] = field(default_factory=dict)
    unsettled: tuple[Unsettled, ...] = ()
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What one member gets of a pool: the part, and how it meets an advance."""

    membership: UUID
    person: UUID
    part: Part[int]
    recovered_minor: int
    payable_minor: int


@dataclass(frozen=True, slots=True)
class Payroll:
    """Pay and draws of one month end, posted together; unfunded_minor is what the wallet could not set aside."""

    day: date
    wages: tuple[Wage, ...]
    unfunded_minor: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one date ended: `of` is the exception it repairs, or None for tonight itself.

    standing: after the date, the pool included once it is settled. pool_minor: what was shared, or what waits.
    """

    of: UUID | None
    day: date
    state: State
    snag: Snag | None
    profit_before_minor: int
    due_before_fine: int
    shared_before_minor: int
    standing: Standing
    pool_minor: int
    weights_sum: int
    lines: tuple[Line, ...] = ()
    needed_minor: int = 0
    wallet_minor: int = 0

    @property
    def line_count(self) -> int:
        """How many hold a part; whoever weighs nothing that day is kept only for what they carry."""
        return sum(1 for line in self.lines if line.part.weight)


@dataclass(frozen=True, slots=True)
class FirmNight:
    """All that a firm's night brings: payrolls, advances that become costs, verdicts (tonight's own is the last)."""

    payrolls: tuple[Payroll, ...]
    written_off: tuple[tuple[UUID, int], ...]
    verdicts: tuple[Verdict, ...]

    @property
    def own(self) -> Verdict:
        """Tonight's own verdict."""
        return self.verdicts[-1]


def settle(firm: Firm) -> FirmNight:
    """Work out a firm's night. Same facts, same answer, on any machine, in any year."""
    return _Night(firm).run()


def lowered(wages: Iterable[Wage], monthly_minor: Mapping[UUID, int], *, day: date) -> tuple[Wage, ...]:
    """The wages of a month that waits, as whoever they are owed to lowered them; without those that came to nothing.

    monthly_minor: for a full month, by membership; one that is not there was not lowered. day: of the month.
    """
    found = []
    for wage in wages:
        monthly = min(wage.monthly_minor, monthly_minor.get(wage.membership, wage.monthly_minor))
        amount = min(wage.amount_minor, part_month_minor(monthly, wage.days, in_month=day))
        if amount:
            found.append(replace(wage, monthly_minor=monthly, amount_minor=amount))
    return tuple(found)


def failed(firm: Firm) -> FirmNight:
    """The night of a firm that could not be worked out: nothing is paid or shared, and its date waits.

    firm: without what its books say, its standing as the date before told it.
    """
    before = firm.before
    due, shared = before.due_fine, before.shared_minor
    waits = Verdict(
        None,
        firm.day,
        State.EXCEPTION,
        Snag.FAILED,
        before.profit_minor,
        due,
        shared,
        before,
        pool_minor=0,
        weights_sum=0,
    )
    return FirmNight((), (), (waits,))


class _Night:
    """The money and carries of one firm while its night goes on."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.wallet = firm.wallet_minor
        self.moved = firm.moved_minor
        self.carries = dict(firm.carries)
        self.advances = dict(firm.advances)
        self.shared = {**firm.shared_by_year, firm.year: firm.before.shared_minor}
        self.repriced: dict[date, int] = {}
        self.deepened_fine = 0
        self.late_cost = 0
        self.owes_pay = False
        self.payrolls: list[Payroll] = []

    def run(self) -> FirmNight:
        late = [verdict for each in self.firm.unsettled if (verdict := self.repair(each))]
        own = self.tonight()
        return FirmNight(tuple(self.payrolls), self.written_off, (*late, own))

    # --- earlier dates ---

    def repair(self, late: Unsettled) -> Verdict | None:
        """Settle an earlier date if that is possible now; None leaves it open."""
        if self.owes_pay or not self.pay(late.day, late.wages):
            self.owes_pay = True
            return None
        self.late_cost += sum(wage.amount_minor for wage in late.wages if not wage.is_draw)
        if late.terms is None:
            return self.nothing(late, Snag.NO_TERMS) if self.firm.terms else None
        standing, members = self.standing_of(late, late.terms), late.members
        if not any(member.weight for member in members):
            if late.year == self.firm.year and self.shares_tonight:
                return self.nothing(late)  # part of what is due tonight
            if late.year < self.firm.year:
                standing, members = self.left_of_the_year(late, standing), self.firm.members
        verdict = self.verdict(late.day, late.terms, members, standing, self.before_of(late), of=late.outcome)
        if verdict.state in (State.SETTLED, State.NOTHING):
            self.share_late(late.year, verdict.pool_minor)
            return verdict
        return None

    @property
    def shares_tonight(self) -> bool:
        return self.firm.terms is not None and any(member.weight for member in self.firm.members)

    def left_of_the_year(self, late: Unsettled, standing: Standing) -> Standing:
        """Within its year, what nobody carried weight for is part of the next pool. A year that has ended has no next
        pool: the members of tonight share what the year left, which later losses of it may have lowered."""
        return replace(standing, due_fine=min(standing.due_fine, self.firm.ended[late.year].due_fine))

    def share_late(self, year: date, pool: int) -> None:
        """Count a pool of an earlier date. Shared for a year that has ended, it deepens the hole which that year left
        to the next ones, where the terms carry holes over."""
        if self.firm.terms is not None and self.firm.terms.losses_carry_over:
            moved = -pool * FINE
            for each, last in sorted(self.firm.ended.items()):
                if each >= year:
                    left = last.due_fine - self.shared.get(each, last.shared_minor) * FINE
                    moved = min(0, left + moved) - min(0, left)
            self.deepened_fine += moved if year < self.firm.year else 0
        self.shared[year] += pool

    def before_of(self, late: Unsettled) -> Standing:
        due = late.standing.due_fine
        if late.was_priced and late.terms:
            profit, before = late.standing.profit_minor, late.profit_before_minor
            due -= entitlement_fine(late.terms, profit) - entitlement_fine(late.terms, before)
        return Standing(late.profit_before_minor, due, self.shared[late.year])

    def standing_of(self, late: Unsettled, terms: Terms) -> Standing:
        """The frozen standing, with terms found since, pay of its year posted since, and what was shared since."""
        frozen = late.standing
        paid_since = late.paid_since_minor + (self.late_cost if late.year == self.firm.year else 0)
        corrected = frozen.profit_minor - paid_since
        due = frozen.due_fine + entitlement_fine(terms, corrected) + self.repriced.get(late.year, 0)
        if late.was_priced:
            due -= entitlement_fine(terms, frozen.profit_minor)
        else:
            priced = entitlement_fine(terms, frozen.profit_minor) - entitlement_fine(terms, late.profit_before_minor)
            due -= entitlement_fine(terms, late.profit_before_minor)
            self.repriced[late.year] = self.repriced.get(late.year, 0) + priced
        return Standing(corrected, due, self.shared[late.year])

    def nothing(self, late: Unsettled, snag: Snag | None = None) -> Verdict:
        """Nothing is shared for that date by itself: it is part of tonight's pool, or no terms cover it and later ones
        do, which price only what comes after them (NO_TERMS)."""
        before = self.before_of(late)
        return Verdict(
            late.outcome,
            late.day,
            State.NOTHING,
            snag,
            before.profit_minor,
            before.due_fine,
            before.shared_minor,
            replace(late.standing, shared_minor=self.shared[late.year]),
            0,
            0,
        )

    # --- tonight ---

    def tonight(self) -> Verdict:
        firm = self.firm
        snag = Snag.PAY_OWED if self.owes_pay else None
        needed = sum(wage.amount_minor for wage in firm.wages)
        if snag is None and not self.pay(firm.day, firm.wages):
            snag = Snag.SHORT_PAY
        active = frozenset[UUID]() if firm.is_final else frozenset(member.person for member in firm.members)
        if not firm.is_final:
            self.write_off(active)
        due = firm.before.due_fine + self.repriced.get(firm.year, 0) + self.deepened_fine
        before = Standing(firm.before.profit_minor, due, self.shared[firm.year])
        standing = advance(before, firm.terms, moved_minor=self.moved, reshared_minor=firm.reshared_minor)
        own = self.verdict(firm.day, firm.terms, firm.members, standing, before, snag=snag, needed=needed)
        if firm.is_final:
            self.write_off(active)
        return own

    def pay(self, day: date, wages: tuple[Wage, ...]) -> bool:
        """Set aside a month's pay and draws, all of it or nothing; a firm that ends owes what it cannot set aside."""
        total = sum(wage.amount_minor for wage in wages)
        if total > self.wallet and not self.firm.is_final:
            return False
        unfunded = max(0, total - self.wallet)
        self.wallet -= total - unfunded
        for wage in wages:
            if wage.is_draw:
                self.advances[wage.person] = self.advances.get(wage.person, 0) + wage.amount_minor
            else:
                self.moved -= wage.amount_minor
        if wages:
            self.payrolls.append(Payroll(day, wages, unfunded))
        return True

    written_off: tuple[tuple[UUID, int], ...] = ()

    def write_off(self, active: Iterable[UUID]) -> None:
        """What somebody who is gone still owes becomes a cost of the firm; it is never reclaimed."""
        gone = {person: owed for person, owed in sorted(self.advances.items()) if owed > 0 and person not in active}
        self.written_off = tuple(gone.items())
        self.moved -= sum(gone.values())
        for person in gone:
            del self.advances[person]

    # --- any date ---

    def verdict(
        self,
        day: date,
        terms: Terms | None,
        members: tuple[Member, ...],
        standing: Standing,
        before: Standing,
        *,
        of: UUID | None = None,
        snag: Snag | None = None,
        needed: int = 0,
    ) -> Verdict:
        pool = pool_minor(standing) if terms else 0
        if self.firm.is_final:  # there is no later night: members get what there is before the owners do
            pool = min(pool, self.wallet)
        weights = sum(member.weight for member in members)
        state, lines = State.EXCEPTION, None
        if snag is None:
            snag, needed = self.snag(terms, standing, pool, weights), pool
        if snag is None:
            lines = self.share(pool, members) if pool else ()
            state = State.WAITING if lines is None else State.SETTLED if pool else State.NOTHING
        wallet = self.wallet
        if state is State.SETTLED:
            self.wallet -= sum(line.payable_minor for line in lines or ())
            standing = after_sharing(standing, pool)
        return Verdict(
            of,
            day,
            state,
            snag,
            before.profit_minor,
            before.due_fine,
            before.shared_minor,
            standing,
            pool,
            weights,
            lines or (),
            needed,
            wallet,
        )

    def snag(self, terms: Terms | None, standing: Standing, pool: int, weights: int) -> Snag | None:
        if terms is None:
            return Snag.NO_TERMS if standing.profit_minor > 0 else None
        if pool and not weights:
            return Snag.NO_WEIGHTS
        return Snag.SHORT_WALLET if pool > self.wallet else None

    def share(self, pool: int, members: tuple[Member, ...]) -> tuple[Line, ...] | None:
        """Split a pool and let each part meet its member's advance; None when the pool must wait.

        Carries of people who are neither in this split nor members tonight are spread; a member of tonight who is not
        in an earlier date's split keeps their carry, as a line of nothing.
        """
        here = {member.number: member for member in members}
        tonight = {member.number: member for member in self.firm.members if member.weight}
        kept = {key: grain for key, grain in self.carries.items() if grain and key in tonight and key not in here}
        holders = [Holder(key, member.weight, self.carries.get(key, 0)) for key, member in here.items()]
        holders += [Holder(key, 0, grain) for key, grain in self.carries.items() if key not in here and key not in kept]
        parts = split(pool, holders)
        if parts is None:
            return None
        everybody = parts + tuple(Part(key, 0, 0, grain, 0, grain) for key, grain in sorted(kept.items()))
        self.carries = {part.key: part.carry_after_grain for part in everybody}
        return tuple(self.line(here.get(part.key) or tonight[part.key], part) for part in everybody)

    def line(self, member: Member, part: Part[int]) -> Line:
        recovered, payable = recover(part.amount_minor, self.advances.get(member.person, 0))
        if recovered:
            self.advances[member.person] -= recovered
        return Line(member.membership, member.person, part, recovered, payable)


def owed_fine(standing: Standing) -> int:
    """What is due and not yet shared, in fine units; negative in a hole."""
    return standing.due_fine - standing.shared_minor * FINE
