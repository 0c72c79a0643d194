"""The order of a night: what the clock owes comes first, missed dates follow one another, late facts are named so."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from contracts.models import Contract, Milestone
from core import clock
from core.clock import business_date, market_now
from core.errors import Conflict
from ledger.accounts import Kind
from ledger.models import Entry
from ledger.queries import balance
from ledger.writer import Draft, credit, debit, post_one
from settlement import tasks
from settlement.actions.nights import settle_finally, settle_over
from settlement.models import Outcome, SettlementRun, ShareLine
from settlement.replay import replay
from tests.cast import Cast, cast
from tests.contracts import scenes
from tests.settlement.world import Seat, earn, firm, launcher, member, nights, on, outcome

pytestmark = pytest.mark.django_db
__all__ = ["cast"]
DAY = timedelta(days=1)
FIRST = date(2026, 3, 10)


def silent(cast: Cast, days: int) -> tuple[Contract, date]:
    """A delivery nobody answered, that many days after it without a clock; and the date on which silence was over."""
    contract = scenes.delivered(cast)
    ends = scenes.milestone(contract).submitted_at
    assert ends is not None
    clock.move_forward(timedelta(days=days))
    return contract, business_date(ends + timedelta(days=14))


def accepted_entry(contract: Contract) -> Entry:
    return Entry.objects.get(reference=f"milestone:{scenes.milestone(contract).pk}:accepted")


def test_a_night_accepts_what_nobody_answered_before_it_settles_however_late_the_clock_is(cast: Cast) -> None:
    contract, over = silent(cast, 17)
    runs = settle_over()
    assert scenes.milestone(contract).status == Milestone.Status.ACCEPTED
    assert balance(cast.cold_chain.entity_id, Kind.INCOME_INSIDE) == scenes.PRICE
    assert [run.business_date for run in runs] == sorted(run.business_date for run in runs)
    assert all(run.status == SettlementRun.Status.SEALED for run in runs)
    entry = accepted_entry(contract)
    assert (entry.business_date, entry.effective_date) == (business_date(market_now()), over)
    # Those dates were closed before it was posted: it counts on the open one, and says which it holds for.
    earlier = Outcome.objects.filter(microenterprise=cast.cold_chain, business_date__gte=over)
    assert [row.profit_minor for row in earlier] == [0] * earlier.count()
    clock.move_forward(DAY)
    settle_over()
    late = Outcome.objects.get(microenterprise=cast.cold_chain, business_date=entry.business_date)
    assert late.profit_minor == scenes.PRICE
    first = SettlementRun.objects.earliest("business_date").business_date
    assert replay(first, entry.business_date).named == []


def test_a_delivery_accepted_in_time_holds_from_its_day(cast: Cast) -> None:
    contract, over = silent(cast, 14)
    tasks.night()
    entry = accepted_entry(contract)
    assert entry.effective_date == over == entry.business_date


def test_the_command_does_the_same(cast: Cast) -> None:
    contract, _over = silent(cast, 16)
    call_command("settle", "--date", (business_date(market_now()) - DAY).isoformat(), stdout=StringIO())
    assert scenes.milestone(contract).status == Milestone.Status.ACCEPTED


def test_a_contract_that_cannot_be_paid_does_not_stop_the_night(cast: Cast) -> None:
    contract, _over = silent(cast, 15)
    buyer = cast.blue_kettle.entity_id
    with transaction.atomic():
        emptied = (debit(buyer, Kind.WALLET, scenes.PRICE), credit(buyer, Kind.ESCROW, scenes.PRICE))
        post_one(Draft("test:emptied", "test", emptied), by="test")
    assert settle_over()[-1].status == SettlementRun.Status.SEALED
    assert scenes.milestone(contract).status == Milestone.Status.SUBMITTED


def test_missed_nights_are_caught_up_in_order_and_each_counts_its_own_date() -> None:
    me = firm(Seat("Leads"), launched=FIRST)
    for n, minor in enumerate((100_00, 200_00, 400_00)):
        earn(me, minor, FIRST + n * DAY)
    runs = nights(FIRST + 2 * DAY)
    assert [run.business_date for run in runs] == [FIRST + n * DAY for n in range(3)]
    assert [outcome(me, FIRST + n * DAY).shared_minor for n in range(3)] == [50_00, 100_00, 200_00]


def test_a_final_settlement_waits_for_the_night_before_it() -> None:
    me = firm(Seat("Leads"), launched=FIRST)
    earn(me, 100_00, FIRST)
    with on(FIRST + DAY, 13), pytest.raises(Conflict, match="10 Mar 2026 is not settled yet"):
        settle_finally(microenterprise=me, by=launcher(me))
    nights(FIRST)
    earn(me, 100_00, FIRST + DAY)
    with on(FIRST + DAY, 13):
        assert settle_finally(microenterprise=me, by=launcher(me)).shared_minor == 50_00


def test_a_late_fact_counts_on_the_next_open_date_and_the_statement_says_so(client: Client) -> None:
    me = firm(Seat("Leads"), launched=FIRST)
    earn(me, 100_00, FIRST)
    nights(FIRST)
    earn(me, 40_00, FIRST + DAY, effective=FIRST)
    nights(FIRST + DAY)
    assert (outcome(me, FIRST).shared_minor, outcome(me, FIRST + DAY).shared_minor) == (50_00, 20_00)
    client.force_login(member(me, "Leads"))
    line = ShareLine.objects.get(business_date=FIRST + DAY)
    page = " ".join(client.get(f"/statements/{line.pk}/").content.decode().split())
    assert "10 Mar 2026" in page
    assert "counted on 11 Mar 2026" in page
    first = ShareLine.objects.get(business_date=FIRST)
    assert "counted on" not in client.get(f"/statements/{first.pk}/").content.decode()
