"""Nights in columns are nights one by one: the same entries, line by line, and the same outcomes, figure by figure."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from settlement import ordinary
from settlement.actions.nights import settle_over
from settlement.models import Outcome
from tests.settlement.world import Seat, earn, firm, lock_up, membership_ids, nights, on, outcome, spend

pytestmark = pytest.mark.django_db
D1 = date(2026, 3, 2)
DAY = timedelta(days=1)
BOOKS = """
    SELECT e.reference, e.kind, e.subject, e.memo, e.effective_date, e.posting_count, e.debit_total_minor, e.by_night,
           p.line, p.entity_id, a.kind, a.party, p.amount_minor
      FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
     WHERE e.business_date = %s AND e.by_night ORDER BY e.reference, p.line
"""


def company() -> None:
    """Firms of every kind: many members and one, weights of zero, a stable member, a draw to recover, no terms, a short
    wallet, a loss, nothing earned, yen, and somebody who leaves with a fraction carried."""
    crowd = firm(*(Seat(f"Member {n}", n % 5 + 1) for n in range(17)), launched=D1)
    pair = firm(Seat("Ada", 2), Seat("Bo", 1), Seat("Idle", 0), launched=D1)
    stable = firm(Seat("Paid", 3, "stable"), Seat("Cy"), launched=D1)
    generous = firm(Seat("Paid", 3, "stable"), Seat("Di"), launched=D1, shares_with_stable=True)
    yen = firm(Seat("Emi", 3), Seat("Fu", 4), Seat("Go", 4), launched=D1, currency="JPY")
    lone = firm(Seat("Hal"), launched=D1)
    quiet = firm(Seat("Ivo"), launched=D1)
    short = firm(Seat("Jo"), launched=D1)
    wordless = firm(Seat("Kim"), launched=D1, tiers=None)
    weightless = firm(Seat("Lu", 0), launched=D1)
    leaver = firm(Seat("Max", 1), Seat("Nia", 1), Seat("Ole", 1, end=D1 + 2 * DAY), launched=D1)
    for number in range(3):
        day = D1 + number * DAY
        for each, minor in ((crowd, 10_007), (pair, 101), (stable, 999), (generous, 999), (yen, 1_001), (lone, 2)):
            earn(each, minor + 13 * number, day)
        earn(leaver, 200 + number, day)
        earn(wordless, 50, day)
        earn(weightless, 50, day)
        earn(short, 10_000, day)
        if number == 1:
            spend(crowd, 9_000, day)
            lock_up(short, 19_000, day)
    assert quiet


def stored(day: date) -> tuple[list[Any], list[Any]]:
    """What a night left, without ids and instants."""
    fields = [field.attname for field in Outcome._meta.concrete_fields if field.attname not in ("id", "carries_at_id")]
    with connection.cursor() as cursor:
        cursor.execute(BOOKS, [day])
        lines = cursor.fetchall()
    outcomes = (
        Outcome.objects.filter(night=day).select_related("carries_at").order_by("microenterprise", "business_date")
    )
    return lines, [
        [getattr(row, name) for name in fields] + [row.carries_at and row.carries_at.business_date]
        for row in outcomes.order_by("microenterprise", "business_date")
    ]


def one_by_one(day: date, moved: ordinary.Moved, *, by: str) -> list[str]:
    return list(moved)


def test_columns_leave_what_one_by_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    company()
    handed_back: list[int] = []
    in_columns = ordinary.settle

    def counted(day: date, moved: ordinary.Moved, *, by: str) -> list[str]:
        others = in_columns(day, moved, by=by)
        handed_back.append(len(moved) - len(others))
        return others

    def night(day: date, how: Callable[..., list[str]]) -> tuple[list[Any], list[Any]]:
        monkeypatch.setattr(ordinary, "settle", how)
        with on(day + DAY, 0):
            settle_over()
        return stored(day)

    nights(D1 - DAY)
    for number in range(3):
        day = D1 + number * DAY
        mark = transaction.savepoint()
        slow = night(day, one_by_one)
        transaction.savepoint_rollback(mark)
        fast = night(day, counted)
        assert fast[0] == slow[0]
        assert fast[1] == slow[1]
    assert handed_back[0] == 0, "the first night of an ME is not ordinary"
    assert handed_back[-1] >= 7, handed_back


def test_a_pool_too_large_for_columns_is_split_one_by_one() -> None:
    me = firm(Seat("Ada", 4_000_000), Seat("Bo", 3_000_000), launched=D1)
    nights(D1)
    earn(me, 2 * 10**13 + 14, D1 + DAY)
    nights(D1 + DAY)
    row = outcome(me, D1 + DAY)
    assert (row.state, row.pool_minor) == ("settled", 10**13 + 7)
    assert row.member_numbers == sorted(row.member_numbers)
    assert sum(row.member_minor) == 10**13 + 7
    assert row.member_minor[0] * 3 - row.member_minor[1] * 4 in range(-4, 5)
    assert len(membership_ids(me)) == 2
