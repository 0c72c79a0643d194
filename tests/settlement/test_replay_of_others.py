"""Other months worked out again: a closed year, an ME that ended, a night that was disturbed."""

from datetime import date, datetime, time

import pytest

from core.clock import company_zone
from core.models import Parameter
from ledger.models import Entry
from microenterprises.models import Microenterprise
from settlement.actions.nights import settle_finally, start_run, work_on_run
from settlement.models import PayLine
from settlement.replay import replay
from talent_pool.actions import liquidation
from tests.settlement.replaying import DAY, FIRST, LAST, MONTH_END, busy, everything, tamper
from tests.settlement.world import Seat, earn, firm, free, invest, launcher, lock_up, nights, on, outcome, spend

pytestmark = pytest.mark.django_db


def test_a_leavers_advances_taken_over_twice_in_a_month_work_out_again() -> None:
    me = firm(Seat("Leads"), Seat("Left", 1, pay_minor=300_00, end=LAST), launched=FIRST)
    invest(me, 1_000_00, FIRST)
    nights(date(2026, 4, 30))
    assert PayLine.objects.filter(kind="forgiven", month=date(2026, 4, 1)).count() == 2
    tally = replay(FIRST, date(2026, 4, 30))
    assert tally.named == []
    assert tally.pay_lines == PayLine.objects.count()


def test_a_closed_year_works_out_again_with_late_shares_and_carried_losses() -> None:
    last = date(2026, 12, 31)
    late = firm(Seat("Leads"), Seat("Other", 2), launched=last - DAY, owners={"reserve": 3333, "platform": 6667})
    losing = firm(Seat("Leads"), launched=last - DAY, carries_losses=True, owners={"co-investors": 10_000})
    earn(late, 1_000_01, last)
    lock_up(late, 900_00, last)
    invest(losing, 1_000_00, last)
    spend(losing, 400_00, last)
    nights(last + DAY)
    free(late, 900_00, last + 2 * DAY)
    earn(late, 50_00, last + 2 * DAY)
    earn(losing, 700_00, last + 2 * DAY)
    nights(last + 4 * DAY)
    for from_stored in (False, True):
        tally = everything(last, last + 4 * DAY, from_stored=from_stored)
        assert tally.named == []
    assert Entry.objects.filter(kind="year_close").count() == 2
    tamper(
        "UPDATE ledger_posting_day SET amount_minor = amount_minor + 1 WHERE line = 2"
        " AND entry_id = (SELECT min(id) FROM ledger_entry WHERE kind = 'year_close')"
    )
    assert everything(last, last + 4 * DAY).differences == 1


def test_a_final_settlement_and_an_earlier_one_of_the_same_date_work_out_again() -> None:
    me = firm(
        Seat("Leads"), Seat("Draws", 2, pay_minor=9_000_00), Seat("Salaried", 1, "stable", 3_000_00), launched=FIRST
    )
    other = firm(Seat("Stays"), launched=FIRST)
    earn(me, 10_000_00, FIRST)
    earn(other, 5_00, FIRST)
    nights(FIRST)
    earn(me, 77_00, FIRST + DAY)
    with on(FIRST + DAY, 13):
        settle_finally(microenterprise=me, by=launcher(me))
        liquidation.hand_on(microenterprise=me, by=launcher(me))
    moment = datetime.combine(FIRST + DAY, time(13), company_zone())
    Microenterprise.objects.filter(pk=me.pk).update(status="dissolved", dissolved_at=moment)
    me.memberships.update(ended_on=FIRST + DAY)
    nights(FIRST + 3 * DAY)
    assert everything(FIRST, FIRST + 3 * DAY).named == []


def test_what_was_posted_while_the_night_worked_is_looked_for() -> None:
    """The wallet is seen as it stood between the start and the seal of the run: here right after midnight."""
    me = firm(Seat("Leads"), launched=FIRST)
    earn(me, 1_000_00, FIRST)
    lock_up(me, 900_00, FIRST)
    with on(FIRST + DAY, 0):
        night = start_run(business_date=FIRST, by=None)
        free(me, 900_00, None)
        work_on_run(night)
        lock_up(me, 500_00, None)
    assert outcome(me, FIRST).shared_minor == 500_00
    nights(FIRST + DAY)
    assert everything(FIRST, FIRST + DAY).named == []


def test_the_fiscal_year_is_a_dated_parameter_of_the_replay_too() -> None:
    Parameter.objects.create(name="fiscal_year_first_month", holds_from=MONTH_END + DAY, value=4)
    busy()
    assert everything().named == []
    assert Entry.objects.filter(kind="year_close", effective_date=MONTH_END).count() == 1
