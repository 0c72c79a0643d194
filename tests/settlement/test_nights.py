"""Whole nights on PostgreSQL: the worked examples through the books, month ends, exceptions and how they end."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.errors import Conflict, InvalidTransition
from core.money import LARGEST_MINOR
from ledger.accounts import Kind
from ledger.days import is_sealed
from ledger.models import Entry
from ledger.queries import balance
from ledger.writer import reverse
from microenterprises.models import Membership
from settlement.actions.nights import settle_over, start_run, work_on_run
from settlement.models import Outcome, PayLine, SettlementRun, ShareLine
from tests.settlement.world import (
    Seat,
    advance_of,
    agree,
    amounts,
    earn,
    firm,
    free,
    invest,
    lock_up,
    nights,
    on,
    outcome,
    owed,
    person,
    spend,
    wallet,
)

pytestmark = pytest.mark.django_db

ME_DAY = date(2026, 3, 10)
DAY = timedelta(days=1)
MILLION = 1_000_000_00


def weighted(*weights: int) -> list[Seat]:
    return [Seat(f"Person {n}", weight) for n, weight in enumerate(weights)]


def test_a_nights_profit_is_shared_by_tiers_and_weights() -> None:
    me = firm(
        *weighted(20, 15, 15, 12, 12, 10, 8, 8),
        tiers=[[2 * MILLION, 3000], [None, 4000]],
        threshold_minor=8 * MILLION,
        launched=ME_DAY,
    )
    earn(me, 12 * MILLION, ME_DAY)
    spend(me, MILLION // 2, ME_DAY)
    [run] = nights(ME_DAY)
    assert run.status == SettlementRun.Status.SEALED
    assert [amount // 100 for amount in amounts(me, ME_DAY)] == [
        240_000, 180_000, 180_000, 144_000, 144_000, 120_000, 96_000, 96_000,
    ]  # fmt: skip
    assert run.totals["CNY"]["shared"] == 1_200_000_00
    assert balance(me.entity_id, Kind.PROFIT_SHARED) == 1_200_000_00
    assert balance(me.entity_id, Kind.SET_ASIDE) == 1_200_000_00
    assert wallet(me) == 11_500_000_00 - 1_200_000_00
    assert owed(me, "Person 0") == 240_000_00
    assert is_sealed(ME_DAY)


def test_three_equal_members_are_equal_after_three_nights() -> None:
    me = firm(*weighted(1, 1, 1), launched=ME_DAY)
    for n in range(3):
        earn(me, 200_000_00, ME_DAY + n * DAY)
        nights(ME_DAY + n * DAY)
    assert amounts(me, ME_DAY) == [33_333_34, 33_333_33, 33_333_33]
    assert [owed(me, f"Person {n}") for n in range(3)] == [100_000_00] * 3


def test_settling_twice_gives_nothing_new() -> None:
    me = firm(*weighted(1, 2), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    [run] = nights(ME_DAY)
    entries = Entry.objects.count()
    with on(ME_DAY + DAY, 3):
        assert settle_over() == []
        again = work_on_run(start_run(business_date=ME_DAY, by=None))
    assert again.pk == run.pk
    assert Entry.objects.count() == entries
    assert ShareLine.objects.count() == 2


def test_ninety_of_the_largest_deeds_in_a_year_are_shared_whole() -> None:
    me = firm(*weighted(1, 2), launched=ME_DAY, tiers=[[None, 10_000]])
    for n in range(2):
        earn(me, 45 * LARGEST_MINOR, ME_DAY + n * DAY)
        nights(ME_DAY + n * DAY)
    assert [sum(amounts(me, ME_DAY + n * DAY)) for n in range(2)] == [45 * LARGEST_MINOR] * 2


def test_a_date_that_is_not_over_is_refused() -> None:
    firm(*weighted(1), launched=ME_DAY)
    with on(ME_DAY), pytest.raises(InvalidTransition):
        start_run(business_date=ME_DAY, by=None)


def test_dates_are_settled_in_order_and_missed_nights_are_caught_up() -> None:
    me = firm(*weighted(1), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    earn(me, 500_00, ME_DAY + DAY)
    with on(ME_DAY + 2 * DAY), pytest.raises(Conflict):
        start_run(business_date=ME_DAY + DAY, by=None)
    runs = nights(ME_DAY + 2 * DAY)
    assert [run.business_date for run in runs] == [ME_DAY, ME_DAY + DAY, ME_DAY + 2 * DAY]
    assert [amounts(me, ME_DAY + n * DAY) for n in range(3)] == [[500_00], [250_00], []]
    assert outcome(me, ME_DAY + 2 * DAY).state == Outcome.State.NOTHING


def test_a_late_fact_counts_on_the_next_open_date_and_keeps_its_own() -> None:
    me = firm(*weighted(1), launched=ME_DAY)
    nights(ME_DAY)
    earn(me, 1_000_00, ME_DAY + DAY, effective=ME_DAY)
    nights(ME_DAY + DAY)
    assert outcome(me, ME_DAY).profit_minor == 0
    assert outcome(me, ME_DAY + DAY).shared_minor == 500_00


def test_a_loss_claws_nothing_back_and_later_profit_fills_the_hole_first() -> None:
    me = firm(*weighted(1), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    spend(me, 400_00, ME_DAY + DAY)
    nights(ME_DAY + DAY)
    earn(me, 600_00, ME_DAY + 2 * DAY)
    nights(ME_DAY + 2 * DAY)
    assert [outcome(me, ME_DAY + n * DAY).shared_minor for n in range(3)] == [500_00, 0, 100_00]


def test_new_terms_price_only_what_comes_after_them() -> None:
    me = firm(*weighted(1), launched=ME_DAY, tiers=[[None, 2000]])
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    agree(me, [[None, 6000]], effective_from=ME_DAY + DAY)
    earn(me, 100_00, ME_DAY + DAY)
    nights(ME_DAY + DAY)
    assert outcome(me, ME_DAY + DAY).shared_minor == 60_00


def test_a_fiscal_year_starts_afresh() -> None:
    last = date(2026, 12, 31)
    me = firm(*weighted(1), launched=last, threshold_minor=100_00)
    earn(me, 300_00, last)
    nights(last)
    earn(me, 150_00, last + DAY)
    nights(last + DAY)
    assert outcome(me, last).shared_minor == 100_00
    assert outcome(me, last + DAY).profit_minor == 150_00
    assert outcome(me, last + DAY).shared_minor == 25_00


def test_a_loss_is_carried_into_the_next_year_only_if_the_terms_say_so() -> None:
    last = date(2026, 12, 31)
    strict = firm(*weighted(1), launched=last, carries_losses=True)
    forgiving = firm(*weighted(1), launched=last)
    for me in (strict, forgiving):
        invest(me, 1_000_00, last)
        spend(me, 400_00, last)
    nights(last)
    for me in (strict, forgiving):
        earn(me, 600_00, last + DAY)
    nights(last + DAY)
    assert outcome(strict, last + DAY).shared_minor == 100_00
    assert outcome(forgiving, last + DAY).shared_minor == 300_00


def test_yen_have_no_decimals_and_names_may_be_long() -> None:
    names = ["王秀英", "فاطمة الزهراء", "X" * 80]
    me = firm(*(Seat(name) for name in names), currency="JPY", launched=ME_DAY)
    earn(me, 200_000, ME_DAY)
    [run] = nights(ME_DAY)
    assert amounts(me, ME_DAY) == [33_334, 33_333, 33_333]
    assert run.totals["JPY"]["shared"] == 100_000


def test_a_leavers_carry_is_spread_over_the_rest() -> None:
    me = firm(Seat("Stays"), Seat("Stays too"), Seat("Leaves", end=ME_DAY + DAY), launched=ME_DAY)
    for n in range(2):
        earn(me, 200_00, ME_DAY + n * DAY)
        nights(ME_DAY + n * DAY)
    lines = ShareLine.objects.filter(business_date=ME_DAY + DAY)
    assert sum(line.carry_after_grain for line in lines) == 0
    assert all(line.inherited_grain for line in lines)
    assert sum(amounts(me, ME_DAY + DAY)) == 100_00


# --- Month ends -------------------------------------------------------------------------------------------------------


def test_base_pay_and_draws_come_before_profit_on_the_last_day_of_the_month() -> None:
    last = date(2026, 3, 31)
    me = firm(
        Seat("Salaried", 7, "stable", 3_100_00),
        Seat("Half month", 1, "stable", 3_100_00, start=date(2026, 3, 17)),
        Seat("Draws", 1, "entrepreneur", 500_00),
        Seat("Free", 1),
        launched=last,
    )
    earn(me, 10_000_00, last)
    [run] = nights(last)
    assert outcome(me, last).profit_minor == 10_000_00 - 3_100_00 - 1_500_00
    assert outcome(me, last).shared_minor == 2_700_00  # stable members weigh nothing here
    assert owed(me, "Half month") == 1_500_00
    assert owed(me, "Draws") == 500_00 + 1_350_00 - 500_00  # the share pays the draw back first
    assert advance_of(me, "Draws") == 0
    assert owed(me, "Free") == 1_350_00
    assert run.totals["CNY"] == {
        "profit": 5_400_00,
        "shared": 2_700_00,
        "payable": 2_200_00,
        "recovered": 500_00,
        "pay": 4_600_00,
        "draws": 500_00,
        "written_off": 0,
        "handed_on": 0,
        "released": 2_200_00 + 4_600_00 + 500_00,
    }
    assert balance(me.entity_id, Kind.SET_ASIDE) == 2_200_00 + 4_600_00 + 500_00


def test_stable_members_share_when_the_terms_say_so() -> None:
    me = firm(Seat("Salaried", 1, "stable"), Seat("Other", 3), launched=ME_DAY, shares_with_stable=True)
    earn(me, 800_00, ME_DAY)
    nights(ME_DAY)
    assert amounts(me, ME_DAY) == [100_00, 300_00]


def test_a_draw_is_recovered_from_later_shares() -> None:
    last = date(2026, 3, 31)
    me = firm(Seat("Draws", 1, pay_minor=300_00), launched=last)
    invest(me, 1_000_00, last)
    nights(last)
    assert advance_of(me, "Draws") == 300_00
    earn(me, 200_00, last + DAY)
    nights(last + DAY)
    assert (owed(me, "Draws"), advance_of(me, "Draws")) == (300_00, 200_00)
    earn(me, 600_00, last + 2 * DAY)
    nights(last + 2 * DAY)
    assert (owed(me, "Draws"), advance_of(me, "Draws")) == (400_00, 0)


def test_what_a_leaver_still_owes_becomes_a_cost() -> None:
    last = date(2026, 3, 31)
    me = firm(Seat("Leads"), Seat("Leaves", 1, pay_minor=300_00, end=date(2026, 4, 1)), launched=last)
    invest(me, 1_000_00, last)
    nights(last)
    nights(last + DAY)
    assert advance_of(me, "Leaves") == 0
    assert owed(me, "Leaves") == 300_00  # never reclaimed
    assert outcome(me, last + DAY).profit_minor == -300_00
    assert PayLine.objects.get(kind="forgiven").amount_minor == 300_00


def test_a_leap_february_ends_on_the_29th() -> None:
    leap = date(2028, 2, 29)
    me = firm(Seat("Salaried", 1, "stable", 2_900_00, start=date(2028, 2, 20)), launched=leap - DAY)
    invest(me, 5_000_00, leap - DAY)
    nights(leap)
    assert PayLine.objects.get().business_date == leap
    assert owed(me, "Salaried") == 1_000_00


def test_a_member_who_left_during_the_month_is_paid_at_its_end_for_the_days_worked() -> None:
    last = date(2026, 4, 30)
    me = firm(Seat("Leads"), Seat("Left", 1, "stable", 3_000_00, end=date(2026, 4, 11)), launched=last)
    invest(me, 5_000_00, last)
    nights(last)
    line = PayLine.objects.get()
    assert (line.days, line.days_in_month, line.amount_minor) == (10, 30, 1_000_00)


# --- Exceptions -------------------------------------------------------------------------------------------------------


def test_an_me_without_terms_is_an_exception_and_does_not_stop_the_others() -> None:
    without = firm(*weighted(1), tiers=None, launched=ME_DAY)
    other = firm(*weighted(1), launched=ME_DAY)
    for me in (without, other):
        earn(me, 1_000_00, ME_DAY)
    [run] = nights(ME_DAY)
    assert run.exceptions == 1
    assert outcome(without, ME_DAY).snag == Outcome.Snag.NO_TERMS
    assert outcome(other, ME_DAY).shared_minor == 500_00


def test_terms_that_come_later_leave_the_dates_without_terms_unshared() -> None:
    me = firm(*weighted(1), tiers=None, launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    agree(me, [[None, 5000]], effective_from=ME_DAY + DAY)
    earn(me, 100_00, ME_DAY + DAY)
    nights(ME_DAY + DAY)
    closed = outcome(me, ME_DAY).repaired_by
    assert (closed.state, closed.night) == (Outcome.State.NOTHING, ME_DAY + DAY)
    assert outcome(me, ME_DAY + DAY).shared_minor == 50_00


def test_a_pool_above_the_free_wallet_is_an_exception_and_is_repaired_for_the_members_of_its_date() -> None:
    me = firm(Seat("Then", end=ME_DAY + DAY), Seat("Both"), Seat("Later", start=ME_DAY + DAY), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    lock_up(me, 900_00, ME_DAY)
    nights(ME_DAY)
    first = outcome(me, ME_DAY)
    assert (first.state, first.snag) == (Outcome.State.EXCEPTION, Outcome.Snag.SHORT_WALLET)
    assert (first.needed_minor, first.wallet_minor) == (500_00, 100_00)
    free(me, 900_00, ME_DAY + DAY)
    earn(me, 400_00, ME_DAY + DAY)
    nights(ME_DAY + DAY)
    repair = outcome(me, ME_DAY).repaired_by
    assert (repair.night, repair.shared_minor) == (ME_DAY + DAY, 500_00)
    late = ShareLine.objects.filter(outcome=repair)
    assert {line.person.name: line.amount_minor for line in late} == {"Then": 250_00, "Both": 250_00}
    own = ShareLine.objects.filter(outcome=outcome(me, ME_DAY + DAY))
    assert {line.person.name: line.amount_minor for line in own} == {"Both": 100_00, "Later": 100_00}
    posted = Entry.objects.get(reference=repair.entry_reference)
    assert (posted.business_date, posted.effective_date) == (ME_DAY + DAY, ME_DAY)


def test_weights_that_sum_to_zero_are_an_exception_mended_by_members_who_carry_weight_from_the_next_date() -> None:
    me = firm(*weighted(0, 0), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    assert outcome(me, ME_DAY).snag == Outcome.Snag.NO_WEIGHTS
    for name in ("Forgotten", "Overlooked"):
        facts: dict[str, Any] = {
            "person": person(name),
            "role": "Member",
            "customer_outcome": "Cold",
            "track": "entrepreneur",
        }
        place = Membership(microenterprise=me, weight=1, started_on=ME_DAY, **facts)
        with pytest.raises(IntegrityError, match="the books are closed"), transaction.atomic():
            place.save()
        place.started_on = ME_DAY + DAY
        place.save()
    nights(ME_DAY + DAY)
    assert amounts(me, ME_DAY + DAY) == [250_00, 250_00]


def test_a_pool_nobody_carried_weight_for_is_shared_by_the_next_night_with_weights() -> None:
    me = firm(Seat("Leads", 0), Seat("Arrives", 3, start=ME_DAY + DAY), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    for n in range(3):
        nights(ME_DAY + n * DAY)
    assert amounts(me, ME_DAY + DAY) == [500_00]
    assert outcome(me, ME_DAY).repaired_by.shared_minor == 0


def test_pay_that_the_wallet_cannot_cover_waits_whole_and_comes_before_any_share() -> None:
    last = date(2026, 3, 31)
    me = firm(Seat("Leads"), Seat("Salaried", 1, "stable", 1_000_00), launched=last)
    earn(me, 600_00, last)
    nights(last)
    assert outcome(me, last).snag == Outcome.Snag.SHORT_PAY
    assert wallet(me) == 600_00
    earn(me, 200_00, last + DAY)
    nights(last + DAY)
    assert outcome(me, last + DAY).snag == Outcome.Snag.PAY_OWED
    earn(me, 1_200_00, last + 2 * DAY)
    nights(last + 2 * DAY)
    assert owed(me, "Salaried") == 1_000_00
    assert PayLine.objects.get().night == last + 2 * DAY
    assert owed(me, "Leads") == (2_000_00 - 1_000_00) // 2
    assert not Outcome.objects.filter(state="exception", repaired_by=None).exists()


def test_a_draw_paid_late_to_somebody_who_left_before_the_month_ended_becomes_a_cost() -> None:
    last = date(2026, 3, 31)
    me = firm(Seat("Leads"), Seat("Left", 1, pay_minor=310_00, end=last - DAY), launched=last - 2 * DAY)
    nights(last + DAY)
    assert outcome(me, last).snag == Outcome.Snag.SHORT_PAY
    invest(me, 1_000_00, last + 2 * DAY)
    nights(last + 2 * DAY)
    draw, forgiven = PayLine.objects.order_by("kind")
    assert (draw.kind, forgiven.kind) == ("draw", "forgiven")
    assert draw.amount_minor == forgiven.amount_minor == 290_00
    assert draw.membership == forgiven.membership
    assert owed(me, "Left") == 290_00


def test_whoever_leaves_mid_month_has_advances_taken_over_at_once_and_again_at_the_end_of_the_month() -> None:
    end = date(2026, 4, 30)
    me = firm(Seat("Leads"), Seat("Left", 1, pay_minor=300_00, end=date(2026, 4, 11)), launched=date(2026, 3, 31))
    invest(me, 1_000_00, date(2026, 3, 31))
    nights(end)
    lines = PayLine.objects.filter(kind="forgiven").order_by("night")
    april = date(2026, 4, 1)
    taken = [(line.night, line.month, line.amount_minor) for line in lines]
    assert taken == [(date(2026, 4, 11), april, 300_00), (end, april, 100_00)]
    assert advance_of(me, "Left") == 0


def test_an_exception_of_last_year_does_not_eat_this_years_share() -> None:
    last = date(2026, 12, 31)
    me = firm(*weighted(1), launched=last)
    earn(me, 1_000_00, last)
    lock_up(me, 900_00, last)
    nights(last)
    free(me, 900_00, last + DAY)
    earn(me, 100_00, last + DAY)
    nights(last + DAY)
    assert outcome(me, last).repaired_by.shared_minor == 500_00
    assert outcome(me, last + DAY).shared_minor == 50_00
    nights(last + 2 * DAY)
    assert outcome(me, last + 2 * DAY).state == Outcome.State.NOTHING


def test_a_reversed_share_is_shared_again_from_what_is_due() -> None:
    me = firm(*weighted(1), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    e = me.entity_id
    lines = Entry.objects.get(reference=outcome(me, ME_DAY).entry_reference)
    with on(ME_DAY + DAY):
        reverse(lines, reference="test:reversal", memo="Wrong", by="test")
    nights(ME_DAY + DAY)
    assert outcome(me, ME_DAY + DAY).shared_minor == 500_00
    assert balance(e, Kind.PROFIT_SHARED) == 500_00


def test_lines_and_outcomes_are_never_changed() -> None:
    me = firm(*weighted(1), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    for change in (
        "UPDATE settlement_outcome SET member_minor = '{1}'",
        "UPDATE settlement_outcome SET pool_minor = 0",
        "DELETE FROM settlement_outcome",
        "DELETE FROM settlement_payline",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


@pytest.mark.parametrize(
    "parts",
    [
        "member_minor = '{50000,1}'",
        "member_minor = '{50001,-1}'",
        "member_minor = '{50000,NULL}'",
        "recovered_minor = 1",
        "member_recovered_minor = '{1,0}'",
        "member_recovered_minor = '{0,NULL}'",
        "recovered_minor = 1, member_recovered_minor = '{1}'",
        "recovered_minor = 40000, member_minor = '{30000,20000}', member_recovered_minor = '{40000,0}'",
    ],
    ids=[
        "too much",
        "below zero",
        "a part is missing",
        "paid back by nobody",
        "paid back without a draw",
        "what was paid back is missing",
        "paid back by some",
        "more paid back than shared",
    ],
)
def test_parts_that_do_not_sum_to_what_is_shared_are_refused(parts: str) -> None:
    me = firm(*weighted(1, 1), launched=ME_DAY)
    earn(me, 1_000_00, ME_DAY)
    nights(ME_DAY)
    right = "CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT * FROM settlement_outcome WHERE shared_minor > 0"
    again = "UPDATE copied SET id = gen_random_uuid(), business_date = business_date + 1, night = night + 1"
    with connection.cursor() as cursor:
        cursor.execute(right)
        cursor.execute(again)
        with transaction.atomic():
            cursor.execute("INSERT INTO settlement_outcome SELECT * FROM copied")
            transaction.set_rollback(True)
        cursor.execute(f"UPDATE copied SET {parts}")
        with pytest.raises(IntegrityError, match="do not sum to what it shares"), transaction.atomic():
            cursor.execute("INSERT INTO settlement_outcome SELECT * FROM copied")
