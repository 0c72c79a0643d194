"""What a night does, done by the role that serves a company: it owns no table and can switch nothing off."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from core import clock, tasks
from core.clock import business_date
from haier_market import roles
from ledger import queries, trial
from ledger.accounts import Book, Kind
from ledger.models import BusinessDay, Posting
from settlement.actions import nights as acts
from settlement.models import SettlementRun, ShareLine
from settlement.replay import replay
from settlement.tasks import night
from tests.databases import as_application
from tests.settlement.world import Seat, agree, earn, firm, invest, lock_up, money, nights, spend

DAY = timedelta(days=1)
FIRST, LAST = date(2026, 12, 30), date(2027, 2, 2)
"""Over a year's end and two month ends, with base pay, draws and the close of the fiscal year."""


def parts_of_nights() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger_nightlines'::regclass"
        )
        return {name.removeprefix("ledger_nightlines_") for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_nights_seals_a_years_close_and_months_of_nights_work_in_the_applications_role() -> None:
    with as_application():
        me = firm(
            Seat("Mei", 3, pay_minor=900, start=FIRST),
            Seat("Teo", 5, start=FIRST),
            Seat("Sol", 1, "stable", 700, start=FIRST),
            launched=FIRST,
            effective_from=FIRST,
        )
        invest(me, 50_000, FIRST)
        earn(me, 7_001, FIRST)
        nights(FIRST)
        lock_up(me, 1_000, date(2026, 12, 31))
        earn(me, 333, date(2026, 12, 31), effective=FIRST)
        agree(me, [[500, 2000], [None, 4500]], effective_from=date(2027, 1, 3))
        nights(date(2027, 1, 5))
        spend(me, 250, date(2027, 1, 6))
        earn(me, 4_000, date(2027, 1, 6))
        earn(me, 2_000, date(2027, 2, 1))
        nights(LAST)
        connection.check_constraints()
        assert BusinessDay.objects.filter(sealed_at=None).count() == 0
        assert SettlementRun.objects.filter(status="sealed").count() == (LAST - FIRST).days + 1
        assert ShareLine.objects.filter(amount_minor__gt=0).exists()
        assert parts_of_nights() == {"202612", "202701", "202702"}
        assert Posting.objects.filter(by_night=True).dates("business_date", "month").count() == 3
        assert Posting.objects.filter(by_night=False, business_date__gte=FIRST).exists()
        tally = replay(FIRST, LAST)
        assert (tally.named, tally.share_lines) == ([], ShareLine.objects.count())
        call_command("check_books", stdout=StringIO())
        assert sum(line.balance_minor for line in trial.trial_balance(LAST, Book.REAL)) == 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (roles.APPLICATION,)


def test_two_workers_with_connections_of_that_role_settle_a_night_together(
    cloned_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "SHARD_SIZE", 2)
    today = business_date()
    firms = [firm(Seat("A", 1, start=today), Seat("B", 2, start=today), launched=today) for _ in range(9)]
    for me in firms:
        money(me, 1_001)
    clock.move_forward(DAY)
    with as_application(for_good=True):
        with ThreadPoolExecutor(2) as pool:
            for work in [pool.submit(worked) for _ in range(2)]:
                assert work.result(timeout=60) == roles.APPLICATION
        assert SettlementRun.objects.get(business_date=today).mes_done == len(firms)
        assert queries.balance(firms[0].entity_id, Kind.PROFIT_SHARED) == 500
        call_command("check_books", stdout=StringIO())
        call_command("check_audit", stdout=StringIO())


def worked() -> str:
    """What a worker does after midnight, on a connection of its own; who it was."""
    try:
        night()
        tasks.link_audit()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            name: str = cursor.fetchone()[0]
        return name
    finally:
        connection.close()
