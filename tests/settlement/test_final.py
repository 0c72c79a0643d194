"""The last settlement of an ME that ends, on the open date and inside the winding up's transaction."""

from datetime import date, datetime, time, timedelta

import pytest

from core.clock import company_zone
from ledger import proofs
from ledger.accounts import Kind
from ledger.queries import balance
from microenterprises.models import Microenterprise
from settlement.actions.nights import settle_finally
from settlement.models import Outcome, PayLine
from tests.settlement.world import (
    Seat,
    advance_of,
    amounts,
    earn,
    firm,
    invest,
    launcher,
    lock_up,
    nights,
    on,
    outcome,
    owed,
    spend,
    wallet,
)

pytestmark = pytest.mark.django_db
LAST = date(2026, 4, 10)
DAY = timedelta(days=1)


def dissolve(me: Microenterprise, day: date) -> None:
    moment = datetime.combine(day, time(13), company_zone())
    Microenterprise.objects.filter(pk=me.pk).update(status="dissolved", dissolved_at=moment)


def test_pay_to_date_comes_first_then_the_share_then_what_members_still_owe() -> None:
    me = firm(
        Seat("Leads"),
        Seat("Salaried", 1, "stable", 3_000_00),
        Seat("Draws", 1, "entrepreneur", 9_000_00),
        launched=date(2026, 4, 1),
    )
    earn(me, 10_000_00, LAST)
    with on(LAST, 13):
        final = settle_finally(microenterprise=me, by=launcher(me))
    assert final.is_final
    assert (final.pay_minor, final.draws_minor) == (1_000_00, 3_000_00)
    assert amounts(me, LAST) == [2_250_00, 2_250_00]
    assert owed(me, "Salaried") == 1_000_00
    assert (owed(me, "Draws"), advance_of(me, "Draws")) == (3_000_00, 0)  # 750.00 became a cost
    assert final.written_off_minor == 750_00
    assert wallet(me) == 10_000_00 - 1_000_00 - 3_000_00 - 2_250_00


def test_the_night_of_that_date_counts_it_once() -> None:
    me = firm(Seat("Leads"), launched=LAST)
    firm(Seat("Other"), launched=LAST)
    earn(me, 1_000_00, LAST)
    with on(LAST, 13):
        final = settle_finally(microenterprise=me, by=launcher(me))
        assert settle_finally(microenterprise=me, by=launcher(me)) == final
    dissolve(me, LAST)
    [run] = nights(LAST)
    assert (run.mes_total, run.mes_done, run.lines) == (2, 2, 1)
    assert run.totals["CNY"]["shared"] == 500_00
    [following] = nights(LAST + DAY)
    assert following.mes_total == 1
    assert next(proofs.failures(LAST, LAST + DAY), None) is None


def test_pay_that_a_failed_me_cannot_cover_is_recorded_as_owed() -> None:
    me = firm(Seat("Leads"), Seat("Salaried", 1, "stable", 3_000_00), launched=LAST)
    invest(me, 400_00, LAST)
    with on(LAST, 13):
        settle_finally(microenterprise=me, by=launcher(me))
    assert owed(me, "Salaried") == 1_000_00
    assert wallet(me) == 0
    assert balance(me.entity_id, Kind.SET_ASIDE) == 400_00
    assert PayLine.objects.get().amount_minor == 1_000_00


def test_members_get_what_there_is_of_their_pool_before_owners_do() -> None:
    me = firm(Seat("Leads"), Seat("Mei"), launched=LAST)
    earn(me, 1_000_00, LAST)
    lock_up(me, 500_01, LAST)
    with on(LAST, 13):
        final = settle_finally(microenterprise=me, by=launcher(me))
    assert (final.pool_minor, final.shared_minor, wallet(me)) == (499_99, 499_99, 0)
    assert owed(me, "Leads") + owed(me, "Mei") == 499_99


def test_an_open_exception_is_settled_with_the_last_money() -> None:
    month_end = date(2026, 3, 31)
    me = firm(Seat("Leads"), Seat("Salaried", 1, "stable", 1_000_00, end=date(2026, 4, 1)), launched=month_end)
    earn(me, 600_00, month_end)
    nights(month_end)
    earn(me, 1_000_00, month_end + DAY)
    spend(me, 100_00, month_end + DAY)
    with on(month_end + DAY, 13):
        final = settle_finally(microenterprise=me, by=launcher(me))
    assert outcome(me, month_end).repaired_by.state == Outcome.State.NOTHING
    assert owed(me, "Salaried") == 1_000_00
    assert final.shared_minor == (1_600_00 - 1_000_00 - 100_00) // 2
