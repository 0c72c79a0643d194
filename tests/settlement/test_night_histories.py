"""Random histories of one firm through the pure night.

Joins, leaves, other weights, losses, reversed shares, draws, pay, short wallets and their repair, new terms, new years.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.calculation import FINE, GRAIN, Standing, Terms, Tier, open_year
from settlement.night import Firm, FirmNight, Member, State, Unsettled, Verdict, Wage, settle

YEAR = date(2026, 1, 1)
TERMS = Terms(500, (Tier(1_000, 3000), Tier(5_000, 4500), Tier(None, 2000)))
VERSIONS = (TERMS, Terms(0, (Tier(None, 5000),), losses_carry_over=True), Terms(900, (Tier(7, 9999), Tier(None, 3))))
PEOPLE = 5


def uid(number: int) -> UUID:
    return UUID(int=number)


@dataclass(frozen=True)
class Day:
    """What happens on a day: money moved, money locked up (negative: freed), weights of everybody, a draw, a salary.

    undone: percent of what was shared this year that is reversed. terms: which version is agreed on that day, if any.
    opens: whether a fiscal year starts with it.
    """

    moved: int
    locked: int
    weights: tuple[int, ...]
    draw: int = 0
    salary: int = 0
    undone: int = 0
    terms: int | None = None
    opens: bool = False


days = st.builds(
    Day,
    moved=st.integers(-2_000, 4_000),
    locked=st.integers(-1_500, 1_500),
    weights=st.tuples(*[st.integers(0, 30)] * PEOPLE),
    draw=st.sampled_from([0, 0, 0, 300, 2_000]),
    salary=st.sampled_from([0, 0, 0, 450, 3_000]),
    undone=st.sampled_from([0, 0, 0, 0, 30, 100]),
    terms=st.sampled_from([None, None, None, 0, 1, 2]),
    opens=st.sampled_from([False, False, False, False, True]),
)


@dataclass
class History:
    """The books of a firm as plain numbers, night after night."""

    wallet: int = 0
    locked: int = 0
    standing: Standing = field(default_factory=Standing)
    carries: dict[int, int] = field(default_factory=dict)
    advances: dict[UUID, int] = field(default_factory=dict)
    unsettled: list[Unsettled] = field(default_factory=list)
    got: dict[UUID, int] = field(default_factory=dict)
    exact: dict[int, Fraction] = field(default_factory=dict)
    paid: dict[int, int] = field(default_factory=dict)
    shared: dict[date, int] = field(default_factory=dict)
    ended: dict[date, Standing] = field(default_factory=dict)
    undone: int = 0
    highest_due: int = 0
    terms: Terms = TERMS
    waiting: int = 0
    year: date = YEAR
    day: date = YEAR

    def live(self, day: Day) -> FirmNight:
        moved = max(day.moved, -self.wallet)
        self.wallet += moved
        locked = max(min(day.locked, self.wallet), -self.locked)
        self.wallet, self.locked = self.wallet - locked, self.locked + locked
        if day.terms is not None:
            self.terms = VERSIONS[day.terms]
        if day.opens and self.day > self.year:
            self.ended[self.year] = self.standing
            self.standing = open_year(self.standing, self.terms, waiting_minor=self.waiting)
            self.year, self.highest_due = self.day, max(0, self.standing.due_fine)
        back = max(0, self.standing.shared_minor) * day.undone // 100
        self.wallet, self.undone = self.wallet + back, self.undone + back
        firm = self.firm(day, moved, back)
        night = settle(firm)
        assert settle(self.firm(day, moved, back)) == night
        self.check(night)
        self.follow(night, firm)
        self.day += timedelta(days=1)
        return night

    def firm(self, day: Day, moved: int, back: int) -> Firm:
        members = tuple(
            Member(n, uid(n), uid(100 + n), weight) for n, weight in enumerate(day.weights) if weight or n == 0
        )
        wages = []
        if day.draw:
            wages.append(Wage(uid(0), uid(100), True, 30, day.draw, day.draw))
        if day.salary:
            wages.append(Wage(uid(9), uid(109), False, 30, day.salary, day.salary))
        return Firm(
            id=uid(1000),
            day=self.day,
            year=self.year,
            before=self.standing,
            moved_minor=moved,
            reshared_minor=-back,
            wallet_minor=self.wallet,
            terms=self.terms,
            members=members,
            wages=tuple(wages),
            carries=dict(self.carries),
            advances=dict(self.advances),
            shared_by_year={year: minor for year, minor in self.shared.items() if year < self.year},
            ended={year: replace(last, shared_minor=self.shared[year]) for year, last in self.ended.items()},
            unsettled=tuple(self.unsettled),
        )

    def check(self, night: FirmNight) -> None:
        for verdict in night.verdicts:
            amounts = [line.part.amount_minor for line in verdict.lines]
            assert all(amount >= 0 for amount in amounts)
            assert sum(amounts) == (verdict.pool_minor if verdict.state is State.SETTLED else 0)
            assert all(line.recovered_minor + line.payable_minor == line.part.amount_minor for line in verdict.lines)
            if verdict.of is None or self.years[verdict.of] == self.year:
                self.highest_due = max(self.highest_due, verdict.standing.due_fine)
        assert night.own.standing.shared_minor * FINE <= self.highest_due

    @property
    def years(self) -> dict[UUID, date]:
        """The fiscal years of the exceptions that wait."""
        return {each.outcome: each.year for each in self.unsettled}

    def follow(self, night: FirmNight, firm: Firm) -> None:
        """Take the night's answer over, as the tables do."""
        for payroll in night.payrolls:
            for wage in payroll.wages:
                self.wallet -= wage.amount_minor
                if wage.is_draw:
                    self.advances[wage.person] = self.advances.get(wage.person, 0) + wage.amount_minor
        for person, minor in night.written_off:
            assert self.advances.pop(person) >= minor
        for verdict in night.verdicts:
            self.take(verdict)
            year = self.year if verdict.of is None else self.years[verdict.of]
            pool = verdict.pool_minor if verdict.state is State.SETTLED else 0
            self.shared[year] = verdict.standing.shared_minor if verdict.of is None else self.shared[year] + pool
        paid = {payroll.day: payroll for payroll in night.payrolls}
        repaired = {verdict.of for verdict in night.verdicts}
        self.unsettled = [self.still(each, paid) for each in self.unsettled if each.outcome not in repaired]
        own = night.own
        if own.state is State.EXCEPTION:
            self.unsettled.append(
                Unsettled(
                    outcome=uid(10_000 + self.day.toordinal()),
                    day=self.day,
                    year=self.year,
                    standing=own.standing,
                    profit_before_minor=own.profit_before_minor,
                    was_priced=True,
                    terms=self.terms,
                    members=firm.members,
                    wages=() if self.day in paid else firm.wages,
                )
            )
        self.standing = own.standing
        self.waiting = own.pool_minor if own.state is State.WAITING else 0
        assert self.wallet >= 0
        assert sum(self.carries.values()) == 0

    def still(self, each: Unsettled, paid: Mapping[date, object]) -> Unsettled:
        late = sum(
            wage.amount_minor
            for other in self.unsettled
            if other.day in paid and other.day <= each.day and each.year == self.year
            for wage in other.wages
            if not wage.is_draw
        )
        return Unsettled(
            outcome=each.outcome,
            day=each.day,
            year=each.year,
            standing=each.standing,
            profit_before_minor=each.profit_before_minor,
            was_priced=each.was_priced,
            terms=each.terms,
            members=each.members,
            wages=() if each.day in paid else each.wages,
            paid_since_minor=each.paid_since_minor + late,
        )

    def take(self, verdict: Verdict) -> None:
        if not verdict.lines:
            return
        self.owe(verdict)
        self.carries = {line.part.key: line.part.carry_after_grain for line in verdict.lines}
        for line in verdict.lines:
            self.wallet -= line.payable_minor
            self.advances[line.person] = self.advances.get(line.person, 0) - line.recovered_minor
            self.got[line.person] = self.got.get(line.person, 0) + line.part.amount_minor
            assert self.advances[line.person] >= 0

    def owe(self, verdict: Verdict) -> None:
        """What everybody is owed as exact fractions, without `split`: the pool by weight, and leavers' rests spread."""
        weights = {line.part.key: line.part.weight for line in verdict.lines}
        whole = sum(weights.values())
        gone = [key for key in self.exact if key not in weights]
        rest = sum((self.exact.pop(key) - self.paid.pop(key) for key in gone), Fraction(0))
        for line in verdict.lines:
            key = line.part.key
            part = (verdict.pool_minor + rest) * Fraction(weights[key], whole)
            self.exact[key] = self.exact.get(key, Fraction(0)) + part
            self.paid[key] = self.paid.get(key, 0) + line.part.amount_minor
            assert abs(self.exact[key] - self.paid[key]) < 1
            assert abs(line.part.carry_after_grain) < GRAIN


@settings(max_examples=150, deadline=None)
@given(st.lists(days, min_size=1, max_size=40))
def test_whatever_happens_parts_sum_nothing_is_negative_and_no_wallet_is_overdrawn(history: list[Day]) -> None:
    firm = History()
    for day in history:
        firm.live(day)
    assert sum(firm.got.values()) == sum(firm.shared.values()) + firm.undone


def drawn(dice: Random) -> Day:
    """A day like those above; hypothesis would not draw a thousand of them."""
    return Day(
        moved=dice.randint(-2_000, 4_000),
        locked=dice.randint(-1_500, 1_500),
        weights=tuple(dice.choice((0, dice.randint(1, 30))) for _ in range(PEOPLE)),
        draw=dice.choice((0, 0, 0, 300)),
        salary=dice.choice((0, 0, 0, 450)),
        undone=dice.choice((*[0] * 30, 30, 100)),
        terms=dice.choice((None, None, None, 0, 1, 2)),
        opens=dice.random() < 1 / 90,
    )


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_over_a_thousand_nights_nobody_is_off_by_a_unit(seed: int) -> None:
    dice, firm = Random(seed), History()
    for _ in range(1_000):
        firm.live(drawn(dice))
    assert sum(firm.got.values()) == sum(firm.shared.values()) + firm.undone > 0


@settings(max_examples=100, deadline=None)
@given(st.lists(days, min_size=1, max_size=25))
def test_once_there_is_money_and_weight_everything_that_waited_is_settled(history: list[Day]) -> None:
    firm = History()
    for day in history:
        firm.live(day)
    rich = Day(moved=500_000, locked=-(10**9), weights=(9, 7, 5, 3, 1))
    firm.live(rich)
    firm.live(rich)
    assert firm.unsettled == []
    assert firm.standing.shared_minor == firm.standing.due_fine // FINE or firm.standing.due_fine < firm.highest_due


@settings(max_examples=60, deadline=None)
@given(st.lists(days, min_size=1, max_size=15))
def test_the_same_facts_give_the_same_night(history: list[Day]) -> None:
    one, two = History(), History()
    for day in history:
        assert one.live(day) == two.live(day)


@given(days)
def test_a_night_without_news_shares_nothing_new(day: Day) -> None:
    firm = History()
    firm.live(day)
    shared = firm.standing.shared_minor
    if not firm.unsettled:
        again = firm.live(Day(moved=0, locked=0, weights=day.weights))
        assert again.own.state in (State.NOTHING, State.WAITING)
        assert firm.standing.shared_minor == shared
