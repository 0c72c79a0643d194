"""What is written out once gives the same as asking anew: places, sums and what stands, for every reader and date."""

import re
from collections import Counter
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, Sum
from django.test.utils import CaptureQueriesContext

from ledger import queries as books
from people.models import User
from settlement import standing, statements
from settlement.actions import payouts
from settlement.models import AddedUpMonth, Payment, StatementLine
from settlement.standing import Reader
from tests.settlement.paying import DAY, ONE, approve, bank, paid, payment_to, people_of
from tests.settlement.world import Seat, agree, earn, firm, nights, person

pytestmark = pytest.mark.django_db
YEAR = date(2026, 1, 1)
NEXT_MONTH = date(2026, 12, 1)
MONTHS = (NEXT_MONTH, date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1))


@pytest.fixture
def people() -> list[User]:
    """Three nights of two MEs in two currencies; the terms of one change, a payout is sent and one comes back."""
    fay, fred = person("Fay", "finance"), person("Fred", "finance")
    one = firm(Seat("Amara", 3), Seat("Mei", 1, "stable", 900), launched=DAY)
    yen = firm(Seat("Kenji"), launched=DAY, currency="JPY")
    found = people_of(one, yen)
    for each in found:
        yen.memberships.get_or_create(
            person=each,
            defaults={"role": "x", "customer_outcome": "x", "weight": 2, "started_on": DAY, "track": "entrepreneur"},
        )
        bank(each)
    agree(one, [[500, 2000], [None, 4500]], effective_from=DAY + 2 * ONE)
    for number in range(3):
        earn(one, 1_000_01, DAY + number * ONE)
        earn(yen, 10_007, DAY + number * ONE)
        nights(DAY + number * ONE)
        approve(DAY + number * ONE)
    batch = paid(fay, fred)
    payouts.reject(payment=payment_to("Amara", batch), reason="Account closed", by=fay)
    return found


def plain(row: Any) -> tuple[Any, ...]:
    """A place as a queryset gives it."""
    values = [getattr(row, field.attname) for field in row._meta.concrete_fields]
    firm_values = [getattr(row.microenterprise, each.attname) for each in row.microenterprise._meta.concrete_fields]
    extra = (row.terms_then, row.weights_of_all, row.weights_of_entrepreneurs, row.last_night)
    return (*values, *firm_values, *extra)


def test_places_are_what_the_queryset_gives(people: list[User]) -> None:
    for somebody in people:
        for on in (DAY - ONE, DAY, DAY + 2 * ONE, DAY + 400 * ONE):
            asked = list(standing._places(somebody.pk, on))
            found = standing.places(somebody.pk, on)
            assert [plain(row) for row in found] == [plain(row) for row in asked]
            assert found


def test_what_was_paid_is_what_adding_up_gives(people: list[User]) -> None:
    for somebody in people:
        rows = Payment.objects.filter(person=somebody).values("currency")
        sums = rows.annotate(
            sent=Sum("amount_minor", filter=Q(status="sent"), default=0),
            paid=Sum("amount_minor", filter=Q(status="confirmed"), default=0),
        ).order_by("currency")
        wanted = [(row["currency"], row["sent"], row["paid"]) for row in sums if row["sent"] or row["paid"]]
        assert [(each.currency, each.sent_minor, each.paid_minor) for each in standing.paid(somebody)] == wanted


@pytest.mark.parametrize("months", [0, 1, 4], ids=["none over", "one over", "over the year's end"])
def test_the_sums_of_a_year_are_its_lines_added_up(people: list[User], months: int) -> None:
    one, *_others = (row.microenterprise for row in standing.places(people[0].pk, DAY))
    for month in MONTHS[:months]:
        earn(one, 1_000_01, month)
        nights(month)
    end = MONTHS[months - 1] if months else date.min
    assert list(AddedUpMonth.objects.values_list("month", flat=True)) == [DAY.replace(day=1), *MONTHS][:months]
    for somebody in people:
        lines = list(StatementLine.objects.filter(person=somebody).order_by("-night", "-position", "id"))
        reader = Reader(somebody, end, YEAR, months_end=end)
        for year, next_year in pairwise((YEAR, date(2027, 1, 1), date(2028, 1, 1))):
            of_year = [line for line in lines if year <= line.night < next_year]
            for newest in (None, *of_year):
                found = statements.year_sums(reader, year, next_year, newest)
                assert [each.currency for each in found] == sorted({line.currency for line in of_year})
                for each in found:
                    own = [line for line in of_year if line.currency == each.currency]
                    upto = [line for line in lines if line.currency == each.currency and line.night < next_year]
                    if newest is not None:
                        upto = [line for line in upto if lines.index(line) >= lines.index(newest)]
                    assert each.payable_minor == sum(line.payable_minor for line in own)
                    assert each.recovered_minor == sum(line.recovered_minor for line in own)
                    assert each.shared_minor == sum(line.amount_minor for line in own if line.kind == "share")
                    assert each.pay_minor == sum(line.amount_minor for line in own if line.kind == "stable")
                    assert each.draws_minor == sum(line.amount_minor for line in own if line.kind == "draw")
                    assert each.balance_minor == sum(line.payable_minor for line in upto)
            for day in (year, next_year, DAY + ONE, date(2026, 12, 15)):
                before = Counter[str]()
                for line in lines:
                    before[line.currency] += line.payable_minor if line.night < day else 0
                assert statements.payable_before(somebody, day) == +before
        assert statements.year_sums(reader, date(2020, 1, 1), YEAR, None) == []


def test_what_stands_is_the_same_with_the_last_snapshot_known(people: list[User]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {books.LAST_SNAPSHOT}")
        (last,) = cursor.fetchone()
    assert last
    for somebody in people:
        assert books.person_balances(somebody.party, last_snapshot=last) == books.person_balances(somebody.party)


def planned(sql: str) -> set[str]:
    """The months of nights that the plan of a statement looks at, by their partitions."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    return set(re.findall(r" on ledger_nightlines_(\d{6})\b", plan))


def test_months_of_nights_that_cannot_be_asked_for_are_not_planned(people: list[User]) -> None:
    me = standing.positions(Reader(people[0], DAY + 3 * ONE, YEAR))[0].me
    earn(me, 1_000_01, NEXT_MONTH)
    nights(NEXT_MONTH)
    with CaptureQueriesContext(connection) as caught:
        books.results_on([(me.entity_id, DAY + ONE)])
        books.person_balances(people[0].party, last_snapshot=NEXT_MONTH)
        books.person_balances(people[0].party, last_snapshot=DAY + ONE)
    for mode in ("force_custom_plan", "force_generic_plan"):
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
        of_results, of_the_newest, of_all = (planned(each["sql"]) for each in caught.captured_queries)
        assert of_results == {f"{DAY:%Y%m}"}, mode
        assert of_the_newest == {f"{NEXT_MONTH:%Y%m}"}, f"{mode}: never the month before the snapshot"
        assert of_all == {f"{DAY:%Y%m}", f"{NEXT_MONTH:%Y%m}"}, mode
