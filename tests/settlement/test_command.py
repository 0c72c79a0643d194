"""`settle` and the clock's task: the same night, by hand and by itself."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from settlement import tasks
from settlement.models import SettlementRun
from tests.settlement.world import Seat, earn, firm, nights, on, person

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 10)
ONE = timedelta(days=1)


def settle(*args: str) -> str:
    out = StringIO()
    call_command("settle", *args, stdout=out)
    return out.getvalue()


def test_settle_does_the_same_as_the_night_and_prints_the_totals() -> None:
    me = firm(Seat("Amara"), launched=DAY)
    firm(Seat("Lin"), name="Blue Kettle", tiers=None, launched=DAY)
    earn(me, 1_000_00, DAY)
    with on(DAY + 2 * ONE, 9):
        told = settle("--date", str(DAY + ONE))
        again = settle("--date", str(DAY))
    assert f"{DAY}: settling" in told
    assert [run.business_date for run in SettlementRun.objects.order_by("business_date")] == [DAY, DAY + ONE]
    assert f"{DAY}: Waiting for approval; 2 of 2 MEs, 0 exceptions, 1 lines" in again
    assert "CNY: Shared 500.00, Newly payable of it 500.00" in again


def test_settle_refuses_a_date_that_is_not_over() -> None:
    firm(Seat("Amara"), launched=DAY)
    with on(DAY, 23), pytest.raises(CommandError, match="is not over"):
        settle("--date", str(DAY))


def test_settle_prints_what_to_mend() -> None:
    me = firm(Seat("Amara"), name="Cold Chain", tiers=None, launched=DAY)
    earn(me, 1_000_00, DAY)
    with on(DAY + ONE, 9):
        assert "no share terms were in force" in settle("--date", str(DAY))


def test_whoever_settles_by_hand_is_named() -> None:
    firm(Seat("Amara"), launched=DAY)
    fay = person("Fay", "finance")
    with on(DAY + ONE, 9):
        settle("--date", str(DAY), "--by", fay.email)
        with pytest.raises(CommandError, match="Nobody has the address"):
            settle("--date", str(DAY), "--by", "nobody@haier.example")
        with pytest.raises(CommandError, match="Finance starts"):
            settle("--date", str(DAY), "--by", person("Sol").email)
    assert SettlementRun.objects.get().started_by == fay


def test_the_clock_settles_what_is_over_and_nothing_else() -> None:
    me = firm(Seat("Amara"), launched=DAY)
    earn(me, 1_000_00, DAY)
    with on(DAY, 23):
        tasks.night()
    assert not SettlementRun.objects.exists()
    with on(DAY + ONE, 0):
        tasks.night()
        tasks.night()
    assert SettlementRun.objects.get().status == SettlementRun.Status.SEALED
    assert nights(DAY) == []
