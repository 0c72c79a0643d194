"""Random histories through the books: whatever happens, a replay finds nothing and check_books passes.

Two firms live through a month's and a year's end: joins, leaves, other weights, salaries, draws, losses, short wallets,
firms without terms or weights, new terms, reversed shares, late facts, nights that are caught up, an ME that ends.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from core.clock import company_zone
from ledger.accounts import EXPENSE, INCOME, Kind
from ledger.errors import AlreadyReversed
from ledger.models import Entry
from ledger.queries import balances, party_balances
from ledger.writer import reverse
from microenterprises.models import Membership, Microenterprise, ShareTerms
from people.models import User
from settlement.actions.nights import settle_finally, settle_over
from settlement.calculation import GRAIN
from settlement.closing import year_close_reference
from settlement.models import Outcome, PayLine, ShareLine
from settlement.replay import replay
from talent_pool.actions import liquidation
from tests.examples import examples
from tests.settlement.world import (
    Seat,
    agree,
    earn,
    firm,
    free,
    invest,
    launcher,
    lock_up,
    nights,
    on,
    person,
    spend,
    wallet,
)

pytestmark = pytest.mark.django_db
START = date(2026, 12, 29)
DAY = timedelta(days=1)
NOMINAL = (*INCOME, *EXPENSE, Kind.PROFIT_SHARED)
OWNERS = ({"reserve": 10_000}, {"reserve": 3334, "platform": 3333, "co-investors": 3333})
Tiers = list[list[int | None]]
TIERS: tuple[Tiers, ...] = (
    [[None, 3000]],
    [[500, 2000], [900, 4500], [None, 1]],
    [[None, 10_000]],
    [[7, 9999], [None, 3333]],
)


@dataclass(frozen=True)
class Opening:
    """How a firm starts."""

    currency: str
    tiers: Tiers | None
    threshold: int
    carries_losses: bool
    shares_with_stable: bool
    owners: dict[str, int]
    seats: tuple[tuple[int, str, int], ...]


openings = st.builds(
    Opening,
    currency=st.sampled_from(["CNY", "JPY"]),
    tiers=st.sampled_from([*TIERS, None]),
    threshold=st.sampled_from([0, 0, 250]),
    carries_losses=st.booleans(),
    shares_with_stable=st.booleans(),
    owners=st.sampled_from(OWNERS),
    seats=st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(["entrepreneur", "entrepreneur", "stable"]),
            st.sampled_from([0, 0, 310, 2000]),
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
)
deeds = st.one_of(
    st.tuples(st.just("earn"), st.integers(1, 4000)),
    st.tuples(st.just("earn"), st.integers(1, 40)),
    st.tuples(st.just("earn late"), st.integers(1, 2000)),
    st.tuples(st.just("spend"), st.integers(1, 3000)),
    st.tuples(st.just("lock"), st.integers(1, 3000)),
    st.tuples(st.just("free"), st.integers(1, 3000)),
    st.tuples(st.just("invest"), st.integers(1, 3000)),
    st.tuples(st.just("join"), st.integers(0, 9)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("weigh"), st.integers(0, 9)),
    st.tuples(st.just("terms"), st.integers(0, len(TIERS) - 1)),
    st.tuples(st.just("reverse"), st.integers(0, 5)),
)
EXAMPLES = examples(6, 40)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Every history takes seconds: shrinking one would take longer than reading it."""
Deed = tuple[str, int]
plans = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 1), deeds), max_size=4), st.sampled_from([True, True, True, False])),
    min_size=2,
    max_size=9,
)


@dataclass
class Firm:
    """One of the two firms and what may happen to it."""

    me: Microenterprise
    locked: int = 0
    today: date = START
    past: list[str] = field(default_factory=list)

    def does(self, deed: Deed) -> None:
        name, amount = deed
        doing: dict[str, Callable[[int], None]] = {
            "earn": lambda minor: earn(self.me, minor, self.today),
            "earn late": lambda minor: earn(self.me, minor, self.today, effective=self.today - 3 * DAY),
            "spend": self.spend,
            "lock": self.lock,
            "free": self.free,
            "invest": lambda minor: invest(self.me, minor, self.today),
            "join": self.join,
            "leave": self.leave,
            "weigh": self.weigh,
            "terms": self.terms,
            "reverse": self.reverse,
        }
        doing[name](amount)

    def spend(self, minor: int) -> None:
        if least := min(minor, wallet(self.me)):
            spend(self.me, least, self.today)

    def lock(self, minor: int) -> None:
        if least := min(minor, wallet(self.me)):
            lock_up(self.me, least, self.today)
            self.locked += least

    def free(self, minor: int) -> None:
        if least := min(minor, self.locked):
            free(self.me, least, self.today)
            self.locked -= least

    def join(self, weight: int) -> None:
        self.begin(person("Joiner"), weight, "entrepreneur", weight * 50, self.today)

    def begin(self, who: User, weight: int, track: str, pay: int, start: date) -> None:
        Membership.objects.create(
            microenterprise=self.me,
            person=who,
            role="Member",
            customer_outcome="Deliveries arrive cold.",
            weight=weight,
            track=track,
            pay_minor=pay,
            started_on=start,
        )

    def running(self, index: int) -> Membership | None:
        found = list(self.me.memberships.filter(ended_on=None, started_on__lte=self.today).order_by("number"))
        return found[index] if index < len(found) else None

    def leave(self, index: int) -> None:
        if place := self.running(index):
            place.ended_on = self.today
            place.save(update_fields=["ended_on"])

    def weigh(self, index: int) -> None:
        """From tomorrow another weight: the membership ends and the next one begins."""
        if place := self.running(index):
            place.ended_on = self.today + DAY
            place.save(update_fields=["ended_on"])
            self.begin(place.person, (place.weight * 7 + 3) % 11, place.track, place.pay_minor, self.today + DAY)

    def terms(self, index: int) -> None:
        later = ShareTerms.objects.filter(microenterprise=self.me, effective_from__gt=self.today)
        if not later.exists():
            agree(self.me, TIERS[index], effective_from=self.today + DAY, owners=OWNERS[index % 2])

    def reverse(self, index: int) -> None:
        shares = list(Entry.objects.filter(kind="share", subject=f"microenterprise:{self.me.pk}").order_by("-id"))
        if index < len(shares):
            with on(self.today), transaction.atomic():
                try:
                    reverse(shares[index], reference=f"test:{shares[index].pk}:back", memo="Wrong", by="test")
                except AlreadyReversed:
                    event("a share was already reversed")

    def ends(self) -> None:
        """Wound up: settled for the last time, what is left handed on, its members free the same day."""
        self.free(self.locked)
        with on(self.today, 13):
            settle_finally(microenterprise=self.me, by=launcher(self.me))
            liquidation.hand_on(microenterprise=self.me, by=launcher(self.me))
        moment = datetime.combine(self.today, time(13, 20), company_zone())
        Microenterprise.objects.filter(pk=self.me.pk).update(status="dissolved", dissolved_at=moment)
        self.me.memberships.filter(ended_on=None).update(ended_on=self.today)


def opened(opening: Opening) -> Firm:
    seats = [Seat(f"P{n}", weight, track, pay, START) for n, (weight, track, pay) in enumerate(opening.seats)]
    return Firm(
        firm(
            *seats,
            launched=START,
            effective_from=START,
            currency=opening.currency,
            tiers=opening.tiers,
            threshold_minor=opening.threshold,
            carries_losses=opening.carries_losses,
            shares_with_stable=opening.shares_with_stable,
            owners=opening.owners,
        )
    )


def lived(pair: tuple[Opening, Opening], plan: list[tuple[list[tuple[int, Deed]], bool]], *, ends: bool) -> date:
    firms = [opened(each) for each in pair]
    day = START
    earn(firms[0].me, 1, START)
    for happened, settles in plan:
        for each in firms:
            each.today = day
        for which, deed in happened:
            firms[which].does(deed)
        if settles:
            nights(day)
        day += DAY
    nights(day)
    if ends:
        firms[1].today = day + DAY
        firms[1].does(("earn", 1234))
        firms[1].ends()
        nights(day + DAY)
        day += DAY
    # A rich week after it, so that most of what waited is settled and its year closed.
    for each in firms[: 1 if ends else 2]:
        invest(each.me, 1_000_000, day + DAY)
    nights(day + 2 * DAY)
    return day + 2 * DAY


def nobody_is_off(me: Microenterprise) -> None:
    """What each member is entitled to as exact fractions, pool after pool, against what was posted: never a unit apart.

    A leaver's rest goes to the others by weight. Nothing of the product's own arithmetic is used.
    """
    exact: dict[UUID, Fraction] = {}
    paid: dict[UUID, int] = {}
    for outcome in Outcome.objects.filter(microenterprise=me).order_by("night", "business_date"):
        lines = list(outcome.share_lines.filter(weight__gt=0))
        if not lines:
            continue
        gone = set(exact) - {line.membership_id for line in lines}
        pool = outcome.shared_minor + sum((exact.pop(key) - paid.pop(key) for key in gone), Fraction(0))
        whole = sum(line.weight for line in lines)
        for line in lines:
            key = line.membership_id
            exact[key] = exact.get(key, Fraction(0)) + pool * Fraction(line.weight, whole)
            paid[key] = paid.get(key, 0) + line.amount_minor
            assert abs(exact[key] - paid[key]) < 1


def books_hold(until: date) -> None:
    """The balances that must hold whatever happened."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    call_command("check_books", stdout=StringIO())
    for line in ShareLine.objects.all():
        assert line.amount_minor >= 0
        assert abs(line.carry_after_grain) < GRAIN
    for outcome in Outcome.objects.all():
        assert sum(line.amount_minor for line in outcome.share_lines.all()) == outcome.shared_minor
    for me in Microenterprise.objects.all():
        nobody_is_off(me)
        entity = me.entity_id
        found = balances([entity], [Kind.SET_ASIDE, Kind.PAYABLE, Kind.ADVANCE, *NOMINAL])
        assert found[entity, Kind.ADVANCE] >= 0
        closed = Entry.objects.filter(reference=year_close_reference(me.pk, date(2026, 1, 1))).exists()
        open_2026 = Outcome.objects.filter(
            microenterprise=me, fiscal_year=date(2026, 1, 1), state="exception", repaired_by=None
        ).exists()
        if until > date(2027, 1, 1) and open_2026 and me.dissolved_at is None:
            assert not closed
        if closed and me.dissolved_at is None:
            this_year = Outcome.objects.filter(microenterprise=me, fiscal_year=date(2027, 1, 1), repairs=None)
            profit = sum(row.profit_minor - row.profit_before_minor for row in this_year)
            income = sum(minor for (_e, kind), minor in found.items() if kind in INCOME)
            expense = sum(minor for (_e, kind), minor in found.items() if kind in EXPENSE)
            assert income - expense == profit
        if me.dissolved_at is not None:
            assert not any(found[entity, kind] for kind in NOMINAL)
            # Nothing is left but, in a firm that failed, the pay it owes and could not set aside.
            retained = sum(party_balances([entity], Kind.RETAINED).values())
            assert retained == found[entity, Kind.SET_ASIDE] - found[entity, Kind.PAYABLE] <= 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(st.tuples(openings, openings), plans, st.booleans())
def test_a_replay_of_any_history_finds_nothing(
    pair: tuple[Opening, Opening], plan: list[tuple[list[tuple[int, Deed]], bool]], ends: bool
) -> None:
    with transaction.atomic():
        until = lived(pair, plan, ends=ends)
        tally = replay(START, until)
        assert tally.named == []
        assert tally.share_lines == ShareLine.objects.count()
        assert tally.pay_lines == PayLine.objects.count()
        assert tally.outcomes == Outcome.objects.count()
        middle = START + (until - START) // 2
        assert replay(middle, until, from_stored=True).named == []
        books_hold(until)
        entries = Entry.objects.count()
        with on(until + DAY, 1):
            assert settle_over() == []
        assert Entry.objects.count() == entries
        for snag in Outcome.objects.exclude(snag="").values_list("snag", flat=True).distinct():
            event(snag)
        transaction.set_rollback(True)


facts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["earn", "earn late", "spend", "lock", "free", "invest"]), st.integers(1, 999)),
        st.just(("reverse", 0)),
    ),
    min_size=2,
    max_size=8,
)
"""Small enough that whatever comes first, there is money for it."""
FIGURES = ("state", "snag", "profit_minor", "due_fine", "pool_minor", "shared_minor", "wallet_minor", "payable_minor")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(facts.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_posting_within_a_day_does_not_matter(orders: tuple[list[Deed], list[Deed]]) -> None:
    seats = ((3, "entrepreneur", 0), (5, "entrepreneur", 90), (1, "stable", 310))
    opening = Opening("CNY", TIERS[1], 0, False, False, OWNERS[0], seats)
    with transaction.atomic():
        firms = [opened(opening), opened(opening)]
        for each in firms:
            invest(each.me, 20_000, START)
            each.does(("lock", 10_000))
            earn(each.me, 3_001, START)
        nights(START)
        assert Entry.objects.filter(kind="share").count() == len(firms)
        for each, rows in zip(firms, orders, strict=True):
            each.today = date(2026, 12, 31)
            for deed in rows:
                each.does(deed)
        nights(date(2027, 1, 2))
        one, other = (
            [
                list(Outcome.objects.filter(microenterprise=each.me).order_by("night").values_list(*FIGURES)),
                list(
                    ShareLine.objects.filter(outcome__microenterprise=each.me)
                    .order_by("night", "membership__number")
                    .values_list("amount_minor", "carry_after_grain", "recovered_minor")
                ),
                balances([each.me.entity_id], list(Kind)).values(),
            ]
            for each in firms
        )
        assert one[:2] == other[:2]
        assert list(one[2]) == list(other[2])
        transaction.set_rollback(True)
