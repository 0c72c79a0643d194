"""What can be paid, as it is kept: what counting it would say, read at the same cost for any number of people."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.clock import business_date
from core.paging import page
from people.models import User
from settlement import payable
from settlement.actions import nights as night_verbs
from settlement.actions import payouts
from settlement.models import OpenSum, Owed, Payment, PayoutBatch, SettlementRun
from tests.examples import examples
from tests.settlement.paying import DAY, ONE, account, approve, bank, draft, paid, payment_to, people_of, sent
from tests.settlement.world import Seat, earn, firm, money, nights, person
from tests.statements import statements
from tests.threads import together

pytestmark = pytest.mark.django_db
PEOPLE = 120
READ_AT_MOST = 70
"""Rows that a page of twenty may read: each, one more to know that there is more, and what belongs to it."""


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


@pytest.fixture
def fred() -> User:
    return person("Fred", "finance")


def kept() -> dict[str, tuple[int, int, int, int]]:
    """The sums as they are kept, of the currencies in which anything is open."""
    rows = OpenSum.objects.values_list("currency", "people", "minor", "without", "without_minor")
    return {currency: sums for currency, *sums in rows if any(sums)}  # type: ignore[misc]


def counted() -> dict[str, tuple[int, int, int, int]]:
    """The sums as counting every person gives them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT currency, count(*), sum(minor)::bigint, count(*) FILTER (WHERE NOT has),
                   coalesce(sum(minor) FILTER (WHERE NOT has), 0)::bigint
              FROM (SELECT person_id, currency, sum(released_minor - taken_minor) AS minor,
                           EXISTS (SELECT FROM settlement_bankdetails d
                                    WHERE d.person_id = o.person_id AND d.replaced_at IS NULL
                                      AND d.currency IN ('', o.currency)) AS has
                      FROM settlement_owed o GROUP BY 1, 2) people
             WHERE minor > 0 GROUP BY 1
            """
        )
        return {currency: sums for currency, *sums in cursor.fetchall()}


def owed_rows_know_their_details() -> None:
    for row in Owed.objects.all():
        known = payable.details_of(row.person).filter(currency__in=["", row.currency]).exists()
        assert row.has_details == known, row


# --- They are what counting says --------------------------------------------------------------------------------------

STEPS = ("earn", "late details", "details in yen", "draft", "cancel", "send", "pay", "reject")


@settings(max_examples=examples(8, 50), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(STEPS), min_size=3, max_size=12))
def test_whatever_happens_the_kept_sums_are_what_counting_says(steps: list[str]) -> None:
    with transaction.atomic():
        history = History()
        for step in steps:
            history.do(step)
            assert kept() == counted(), step
        owed_rows_know_their_details()
        transaction.set_rollback(True)


class History:
    """Two MEs in yuan that share people, one in yen; money comes, bank details come, payouts come and go."""

    def __init__(self) -> None:
        self.fay, self.fred = person("Fay", "finance"), person("Fred", "finance")
        self.one = firm(Seat("Amara", 3), Seat("Mei", 1), launched=DAY)
        self.yen = firm(Seat("Kenji"), launched=DAY, currency="JPY")
        self.two = firm(Seat("Teo"), launched=DAY)
        self.people = people_of(self.one, self.two, self.yen)
        self.day = DAY
        self._join(self.two)
        self._join(self.yen)

    def _join(self, me: Any) -> None:
        """Amara shares in this ME too."""
        amara = next(each for each in self.people if each.name == "Amara")
        me.memberships.create(
            person=amara, role="Guest", customer_outcome="x", weight=1, started_on=DAY, track="entrepreneur"
        )

    def do(self, step: str) -> None:
        newest = PayoutBatch.objects.order_by("-number").first()
        if step == "earn":
            for me, minor in ((self.one, 100_00), (self.yen, 101), (self.two, 70_07)):
                earn(me, minor, self.day)
            nights(self.day)
            approve(self.day)
            self.day += ONE
            payouts.release_approved()
        elif step == "late details":
            bank(self.people[self.day.day % len(self.people)])
        elif step == "details in yen":
            bank(self.people[0], account(), "JPY")
        elif step == "draft" and any(each.ready for each in payable.open_sums()):
            currency = next(each.currency for each in payable.open_sums() if each.ready)
            payouts.create(currency=currency, by=self.fay)
        elif newest and (newest.status, step) in (("draft", "cancel"), ("draft", "send"), ("sent", "pay")):
            verb, by = {"cancel": (payouts.cancel, self.fay), "send": (payouts.send, self.fay)}.get(
                step, (payouts.mark_paid, self.fred)
            )
            verb(batch=newest, by=by)
        elif step == "reject":
            payment = Payment.objects.filter(status__in=["sent", "confirmed"]).order_by("number").first()
            if payment is not None:
                payouts.reject(payment=payment, reason="Account closed", by=self.fay)


def test_bank_details_that_come_while_a_night_is_released_are_counted_once(cloned_db: str) -> None:
    today = business_date()
    me = firm(*(Seat(f"Person {n}", n + 1, start=today) for n in range(6)), launched=today)
    money(me, 1_000_00)
    clock.move_forward(timedelta(days=1))
    night_verbs.settle_over()
    night_verbs.approve(run=SettlementRun.objects.get(), by=person("Fay", "finance"))
    people = people_of(me)

    def deed(number: int) -> object:
        return payouts.release_approved() if number == 3 else bank(people[number])

    answers = together(6, deed)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert kept() == counted()
    assert kept()["CNY"][0] == 6 and kept()["CNY"][2] == 1
    owed_rows_know_their_details()


# --- They cost the same for any number --------------------------------------------------------------------------------


def rows_read(sql: str) -> int:
    """How many rows a statement takes from tables and indexes as it runs, those it throws away included."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    read = 0
    for line in plan.splitlines():
        if "Scan" in line and (found := re.search(r"actual rows=([\d.]+) loops=(\d+)", line)):
            read += round(float(found[1]) * int(found[2]))
    return read + sum(int(thrown) for thrown in re.findall(r"Rows Removed by [^:]+: (\d+)", plan))


def read_by(ask: Callable[[], Any]) -> dict[str, int]:
    """The rows each statement reads that looks at what is owed, paid or settled."""
    with CaptureQueriesContext(connection) as caught:
        ask()
    asked = [each["sql"] for each in caught.captured_queries if "settlement_" in each["sql"]]
    assert asked
    return {sql: rows_read(sql) for sql in asked}


@pytest.fixture
def crowd(fay: User, fred: User) -> Iterator[PayoutBatch]:
    """A hundred and twenty people: a payout of everybody with bank details, then the same again open."""
    me = firm(*(Seat(f"Person {n:03}", n + 1) for n in range(PEOPLE)), launched=DAY)
    everybody = people_of(me)
    for somebody in everybody[:-3]:
        bank(somebody)
    for day in (DAY, DAY + ONE):
        earn(me, 1_000_000_00, day)
        nights(day)
        approve(day)
        batch = sent(fay) if day == DAY else None
        if batch:
            payouts.reject(payment=payment_to("Person 007", batch), reason="Account closed", by=fay)
            yielded = payouts.mark_paid(batch=batch, by=fred)
    payouts.release_approved()
    with connection.cursor() as cursor:
        # Few rows are read in any way; where pages begin is asked of the planner as it would of many.
        for way in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for table in ("owed", "payment", "bankdetails", "settlementrun"):
            cursor.execute(f"ANALYZE settlement_{table}")
        cursor.execute("ANALYZE people_user")
    yield yielded


def test_what_can_be_paid_is_read_without_counting_anybody(crowd: PayoutBatch) -> None:
    assert kept() == counted()
    for ask in (payable.open_sums, payable.unreleased, lambda: payable.state_sums(crowd)):
        for sql, rows in read_by(ask).items():
            assert rows <= 3, sql


def test_lists_of_people_and_payments_are_read_from_where_a_page_begins(crowd: PayoutBatch, fay: User) -> None:
    payments = payable.payments_of(crowd, fay)
    lists: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (payable.without_details(), ("-open_minor", "id")),
        (payments, ("number",)),
        (payments.filter(status=Payment.Status.REJECTED), ("number",)),
        (payments.filter(status=Payment.Status.CONFIRMED), ("number",)),
    )
    for rows, order in lists:
        first = page(rows, order=order, count=False)
        assert first.rows
        for cursor in (None, first.after):
            for sql, read in read_by(lambda: page(rows, order=order, cursor=cursor, count=False)).items():  # noqa: B023
                assert read <= READ_AT_MOST, sql


def test_pages_take_as_many_statements_for_three_times_the_people(fay: User, fred: User) -> None:
    def taken(people: int) -> Counter[str]:
        day = DAY + ONE * SettlementRun.objects.count()
        me = firm(*(Seat(f"P{people}-{n}") for n in range(people)), launched=day, effective_from=day)
        earn(me, 1_000_00, day)
        nights(day)
        approve(day)
        for somebody in people_of(me)[1:]:
            bank(somebody)
        batch = paid(fay, fred)
        detail = f"/payouts/{batch.pk}/"
        found = Counter({path: statements(fay, path) for path in ("/payouts/", "/payouts/without-details/")})
        found["payout"] = statements(fay, detail)
        found["searched"] = statements(fay, f"{detail}?q=P&status=confirmed")
        found["api"] = statements(fay, f"/api/v1{detail}payments/")
        return found

    once = taken(8)
    assert taken(24) == once
    assert max(once.values()) <= 8, once


def test_the_states_of_a_payout_add_up_to_it(fay: User, fred: User) -> None:
    me = firm(Seat("Amara", 3), Seat("Mei", 1), launched=DAY)
    earn(me, 1_000_00, DAY)
    nights(DAY)
    approve(DAY)
    for somebody in people_of(me):
        bank(somebody)
    batch = draft(fay)
    for verb, by in ((payouts.send, fay), (None, fay), (payouts.mark_paid, fred)):
        if verb is None:
            payouts.reject(payment=payment_to("Mei", batch), reason="Account closed", by=by)
        else:
            batch = verb(batch=batch, by=by)
        told = {row.status: (row.people, row.minor) for row in payable.state_sums(batch)}
        rows = Payment.objects.filter(batch=batch).values_list("status").annotate(minor=Sum("amount_minor"))
        states = Counter(Payment.objects.filter(batch=batch).values_list("status", flat=True))
        assert told == {status: (states[status], minor) for status, minor in rows}
