"""A month of settled nights in which everything happens, and ways to replay it and to tamper with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from ledger.models import Entry
from ledger.writer import reverse
from microenterprises.models import Microenterprise
from settlement.replay import Tally, replay
from tests.settlement.world import Seat, agree, earn, firm, free, lock_up, nights, on, outcome, spend

DAY = timedelta(days=1)
FIRST = date(2026, 3, 29)
MONTH_END = date(2026, 3, 31)
LAST = date(2026, 4, 6)


def busy() -> Microenterprise:
    """A firm with a salary, a draw, a leaver, a loss, a short wallet and its repair, and a reversed share."""
    me = firm(
        Seat("Leads", 7),
        Seat("Draws", 3, pay_minor=400_00),
        Seat("Salaried", 1, "stable", 900_00),
        Seat("Leaves", 2, pay_minor=100_00, end=date(2026, 4, 2)),
        launched=FIRST,
        tiers=[[1_000_00, 3000], [None, 4500]],
    )
    earn(me, 3_333_33, FIRST)
    earn(me, 1_00, FIRST + DAY, effective=FIRST)
    nights(FIRST + DAY)
    earn(me, 2_000_01, MONTH_END)
    lock_up(me, 3_000_00, MONTH_END)
    nights(MONTH_END)
    free(me, 3_000_00, MONTH_END + DAY)
    spend(me, 500_07, MONTH_END + DAY)
    nights(MONTH_END + 2 * DAY)
    shared = Entry.objects.get(reference=outcome(me, FIRST).entry_reference)
    with on(MONTH_END + 3 * DAY):
        reverse(shared, reference="test:reversal", memo="Wrong", by="test")
    nights(MONTH_END + 3 * DAY)
    agree(me, [[None, 2500]], effective_from=MONTH_END + 4 * DAY)
    earn(me, 777_77, MONTH_END + 4 * DAY)
    nights(LAST)
    return me


def everything(since: date = FIRST, until: date = LAST, *, from_stored: bool = False) -> Tally:
    return replay(since, until, from_stored=from_stored)


TABLES = (
    "settlement_outcome", "settlement_payline", "settlement_handedon", "settlement_settlementrun", "ledger_entry",
    "ledger_posting_day", "ledger_nightlines", "microenterprises_membership", "microenterprises_shareterms",
)  # fmt: skip


@contextmanager
def triggers_off() -> Iterator[None]:
    """As somebody who may switch the guards off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(sql: str, *values: Any) -> None:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount > 0


def run(*args: str) -> str:
    out = StringIO()
    call_command("replay_settlement", *args, stdout=out, stderr=StringIO())
    return out.getvalue()
