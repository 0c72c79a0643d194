"""The close of a fiscal year: what was made and not shared becomes its owners', once, and the books stay right."""

from datetime import date, datetime, time, timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from core.clock import company_zone
from core.models import Parameter
from ledger import by_date
from ledger.accounts import EXPENSE, INCOME, Kind
from ledger.models import Entry
from ledger.queries import balance, balances, party_balances, result
from ledger.trial import trial_balance
from ledger.writer import credit, debit
from microenterprises.entries import entity_party
from microenterprises.models import Microenterprise
from settlement.actions.nights import settle_finally, start_run, work_on_run
from settlement.calculation import retained
from settlement.closing import year_close_reference
from settlement.facts import fiscal_year_of
from settlement.models import Outcome
from settlement.replay import replay
from talent_pool.actions import liquidation
from talent_pool.actions.wind_up import wind_up
from tests.settlement.world import (
    Seat,
    agree,
    earn,
    entry,
    firm,
    free,
    invest,
    launcher,
    lock_up,
    member,
    nights,
    on,
    outcome,
    owed,
    spend,
    wallet,
)

LAST = date(2026, 12, 31)
FIRST = date(2027, 1, 1)
DAY = timedelta(days=1)
NOMINAL = (*INCOME, *EXPENSE, Kind.PROFIT_SHARED)


def nominal(me: Microenterprise) -> int:
    """How many of the accounts of the result hold something."""
    return sum(1 for minor in balances([me.entity_id], NOMINAL).values() if minor)


def kept(me: Microenterprise) -> dict[str, int]:
    found = party_balances([me.entity_id], Kind.RETAINED)
    return {party: minor for (_entity, party), minor in found.items() if minor}


def close_entry(me: Microenterprise, year: date = date(2026, 1, 1)) -> Entry | None:
    return Entry.objects.filter(reference=year_close_reference(me.pk, year)).first()


def proven() -> bool:
    """Whether check_books finds nothing."""
    call_command("check_books", stdout=StringIO())
    return True


# --- The arithmetic ---------------------------------------------------------------------------------------------------


def test_what_is_left_goes_to_the_named_owners_to_the_last_unit() -> None:
    parts = retained(1001, {"reserve": 5000, "platform": 2500, "co-investors": 2500}, {}, platform="entity:9")
    assert parts == {"owner:reserve": 501, "entity:9": 500}
    parts = retained(1000, {"reserve": 5000, "co-investors": 5000}, {"person:a": 2, "entity:3": 1}, platform="entity:9")
    assert parts == {"owner:reserve": 500, "entity:3": 167, "person:a": 333}


def test_a_loss_is_the_reserves_and_without_terms_everything_is() -> None:
    assert retained(-70, {"platform": 10_000}, {}, platform="entity:9") == {"owner:reserve": -70}
    assert retained(70, {}, {}, platform="entity:9") == {"owner:reserve": 70}
    assert retained(0, {"platform": 10_000}, {}, platform="entity:9") == {}


@given(
    st.integers(-(10**13), 10**13),
    st.lists(st.integers(1, 9_998), min_size=1, max_size=2, unique=True),
    st.dictionaries(st.sampled_from(["person:a", "person:b", "entity:1"]), st.integers(1, 10**12)),
)
def test_parts_of_a_closed_year_sum_to_its_result(result_minor: int, cuts: list[int], stakes: dict[str, int]) -> None:
    edges = [0, *sorted(cuts), 10_000]
    names = ("reserve", "platform", "co-investors")
    owners = {name: high - low for name, low, high in zip(names, edges, edges[1:], strict=False)}
    parts = retained(result_minor, owners, stakes, platform="entity:9")
    assert sum(parts.values()) == result_minor
    assert all(part > 0 for part in parts.values()) or result_minor < 0


# --- The night --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_first_night_of_a_year_closes_the_year_before() -> None:
    me = firm(Seat("Leads"), launched=LAST - DAY, owners={"reserve": 6000, "platform": 4000})
    earn(me, 1_000_00, LAST - DAY)
    spend(me, 300_00, LAST)
    nights(LAST)
    assert close_entry(me) is None
    earn(me, 50_00, FIRST)
    nights(FIRST)
    closed = close_entry(me)
    assert closed is not None
    assert (closed.kind, closed.effective_date, closed.business_date) == ("year_close", LAST, FIRST + DAY)
    # 1,000.00 earned, 500.00 shared of it on the first night, 300.00 lost on the second.
    platform = entity_party(me.platform.entity_id)
    assert kept(me) == {"owner:reserve": 120_00, platform: 80_00}
    found = balances([me.entity_id], NOMINAL)
    assert {kind: minor for kind, minor in found.items() if minor} == {
        (me.entity_id, Kind.INCOME_OUTSIDE): 50_00,
        (me.entity_id, Kind.PROFIT_SHARED): 25_00,
    }
    assert sum(line.balance_minor for line in trial_balance(FIRST + DAY)) == 0
    assert proven()


@pytest.mark.django_db
def test_results_of_the_closed_year_read_as_before() -> None:
    me = firm(Seat("Leads"), launched=LAST)
    earn(me, 1_000_00, LAST)
    nights(FIRST + DAY)
    entity = me.entity_id
    assert result([entity], date(2026, 1, 1), LAST)[entity] == (1_000_00, 0)
    assert result([entity], FIRST, FIRST + 5 * DAY)[entity] == (0, 0)
    earn(me, 200_00, FIRST + 2 * DAY)
    nights(FIRST + 2 * DAY)
    assert outcome(me, FIRST + 2 * DAY).profit_minor == 200_00
    assert outcome(me, FIRST + 2 * DAY).shared_minor == 100_00


@pytest.mark.django_db
def test_a_year_is_closed_once_however_often_nights_are_repeated() -> None:
    me = firm(Seat("Leads"), launched=LAST)
    earn(me, 1_000_00, LAST)
    nights(FIRST)
    with on(FIRST + DAY, 3):
        work_on_run(start_run(business_date=FIRST, by=None))
    nights(FIRST + 3 * DAY)
    assert Entry.objects.filter(kind="year_close").count() == 1
    assert nominal(me) == 0


@pytest.mark.django_db
def test_a_loss_year_burdens_the_reserve() -> None:
    me = firm(Seat("Leads"), launched=LAST, owners={"platform": 10_000})
    invest(me, 1_000_00, LAST)
    spend(me, 400_00, LAST)
    nights(FIRST)
    assert kept(me) == {"owner:reserve": -400_00}
    assert nominal(me) == 0


@pytest.mark.django_db
def test_co_investors_own_by_their_stakes_of_the_years_last_day() -> None:
    me = firm(Seat("Leads"), launched=LAST, tiers=[[None, 0]], owners={"co-investors": 10_000})
    backer = entity_party(me.platform.entity_id)
    invest(me, 300_00, LAST)
    entry(me, LAST, debit(me.entity_id, Kind.WALLET, 100_00), credit(me.entity_id, Kind.STAKE, 100_00, "person:x"))
    earn(me, 40_00, LAST)
    nights(LAST)
    invest(me, 900_00, FIRST)
    nights(FIRST)
    assert kept(me) == {backer: 30_00, "person:x": 10_00}


@pytest.mark.django_db
def test_a_year_with_an_open_exception_waits_and_counts_the_late_share_as_its_own() -> None:
    me = firm(Seat("Leads"), launched=LAST)
    earn(me, 1_000_00, LAST)
    lock_up(me, 900_00, LAST)
    nights(FIRST)
    assert close_entry(me) is None
    free(me, 900_00, FIRST + DAY)
    earn(me, 10_00, FIRST + DAY)
    nights(FIRST + DAY)
    assert outcome(me, LAST).repaired_by.shared_minor == 500_00
    assert kept(me) == {"owner:reserve": 500_00}
    found = balances([me.entity_id], [Kind.INCOME_OUTSIDE, Kind.PROFIT_SHARED])
    assert list(found.values()) == [10_00, 5_00]
    assert proven()


@pytest.mark.django_db
def test_the_late_share_of_a_closed_year_is_not_counted_in_the_next() -> None:
    me = firm(Seat("Leads"), launched=LAST)
    earn(me, 1_000_00, LAST)
    lock_up(me, 900_00, LAST)
    nights(FIRST)
    free(me, 900_00, FIRST + DAY)
    nights(FIRST + 2 * DAY)
    assert kept(me) == {"owner:reserve": 500_00}
    moved = by_date.movements([me.entity_id], [Kind.PROFIT_SHARED], FIRST, FIRST + 2 * DAY)[me.entity_id]
    assert moved == {(Kind.PROFIT_SHARED, ""): 500_00}  # posted this year, but the year before was closed with it
    assert balance(me.entity_id, Kind.PROFIT_SHARED) == 0


@pytest.mark.django_db
def test_the_year_of_a_company_whose_year_starts_in_april_is_closed_then() -> None:
    Parameter.objects.create(name="fiscal_year_first_month", holds_from=date(2026, 4, 1), value=4)
    last = date(2027, 3, 31)
    me = firm(Seat("Leads"), launched=last)
    earn(me, 1_000_00, last)
    nights(last + DAY)
    closed = close_entry(me, date(2026, 4, 1))
    assert closed is not None
    assert closed.effective_date == last


@pytest.mark.django_db
def test_a_fiscal_year_that_moves_is_cut_short_closed_once_and_shared_once() -> None:
    last, first = date(2026, 7, 31), date(2026, 8, 1)
    me = firm(Seat("Leads"), launched=last - DAY, tiers=[[1_000_00, 4000], [None, 5000]], owners={"platform": 10_000})
    earn(me, 1_000_00, last - DAY)
    nights(last - DAY)
    Parameter.objects.create(name="fiscal_year_first_month", holds_from=first, value=8)
    earn(me, 100_00, last)
    agree(me, [[1_000_00, 4000], [None, 5000]], effective_from=first)  # from now on the reserve owns the rest
    earn(me, 200_00, first)
    nights(first + DAY)
    assert [outcome(me, day).shared_minor for day in (last - DAY, last, first, first + DAY)] == [
        400_00,
        50_00,
        80_00,
        0,
    ]
    assert [outcome(me, day).fiscal_year for day in (last, first)] == [date(2026, 1, 1), first]
    closed = close_entry(me)
    assert closed is not None and closed.effective_date == last
    assert kept(me) == {entity_party(me.platform.entity_id): 650_00}
    found = balances([me.entity_id], [Kind.INCOME_OUTSIDE, Kind.PROFIT_SHARED])
    assert list(found.values()) == [200_00, 80_00]
    assert Entry.objects.filter(kind="year_close").count() == 1
    assert fiscal_year_of(date(2027, 7, 31)) == first
    assert replay(last - DAY, first + DAY).named == []
    assert replay(first + DAY, first + DAY, from_stored=True).named == []
    assert proven()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("holds_from", "month"),
    [
        (date(2026, 7, 1), 4),
        (date(2026, 7, 20), 8),
        (date(2026, 8, 2), 8),
        (date(2027, 1, 1), 0),
        (date(2027, 1, 1), 13),
    ],
)
def test_a_fiscal_year_moves_on_the_first_day_of_its_month_only(holds_from: date, month: int) -> None:
    moved = Parameter(name="fiscal_year_first_month", holds_from=holds_from, value=month)
    with pytest.raises(ValidationError, match="first day of the month"):
        moved.full_clean()
    with pytest.raises(IntegrityError, match="a_fiscal_year_moves_on_the_first_day_of_its_month"):
        moved.save()


@pytest.mark.django_db
def test_a_fiscal_year_moves_on_no_date_that_was_settled() -> None:
    me = firm(Seat("Leads"), launched=date(2026, 7, 31))
    earn(me, 1_00, date(2026, 7, 31))
    nights(date(2026, 8, 1))
    with pytest.raises(IntegrityError, match="not closed"):
        Parameter.objects.create(name="fiscal_year_first_month", holds_from=date(2026, 8, 1), value=8)


@pytest.mark.django_db
def test_nothing_is_posted_for_an_me_without_a_result() -> None:
    me = firm(Seat("Leads"), launched=LAST)
    other = firm(Seat("Leads"), launched=LAST)
    earn(other, 1_00, LAST)
    nights(FIRST)
    assert close_entry(me) is None
    assert close_entry(other) is not None


@pytest.mark.django_db
def test_an_me_that_ends_later_gives_what_was_retained_to_the_owners_of_each_year() -> None:
    me = firm(Seat("Leads"), launched=LAST, tiers=[[None, 5000]], owners={"co-investors": 10_000})
    backer = me.platform.entity_id
    invest(me, 100_00, LAST)
    earn(me, 1_000_00, LAST)
    nights(FIRST)
    agree(me, [[None, 5000]], effective_from=FIRST + DAY)  # from now on the reserve owns the rest
    earn(me, 200_00, FIRST + DAY)
    with on(FIRST + DAY, 13):
        settle_finally(microenterprise=me, by=launcher(me))
        assert wallet(me) == 100_00 + 500_00 + 100_00
        liquidation.hand_on(microenterprise=me, by=launcher(me))
    moment = datetime.combine(FIRST + DAY, time(13), company_zone())
    Microenterprise.objects.filter(pk=me.pk).update(status="dissolved", dissolved_at=moment)
    assert wallet(me) == 0
    assert kept(me) == {}
    assert nominal(me) == 0
    assert balance(backer, Kind.WALLET) == 700_00
    nights(FIRST + DAY)
    assert Outcome.objects.filter(microenterprise=me, is_final=True).count() == 1
    assert proven()


def ends_on_the_first_day(me: Microenterprise) -> None:
    """The owners of the rest change with the year, and the ME ends before its first night."""
    agree(me, [[None, 5000]], effective_from=FIRST, owners={"co-investors": 10_000})
    with on(FIRST, 18):
        wind_up(microenterprise=me, reason="Over.", by=launcher(me))


@pytest.mark.django_db
def test_an_me_that_ends_on_the_first_day_of_a_year_leaves_the_old_year_to_its_owners() -> None:
    me = firm(Seat("Leads"), launched=LAST, owners={"platform": 10_000})
    lead = member(me, "Leads")
    entry(me, LAST, debit(me.entity_id, Kind.WALLET, 1_00), credit(me.entity_id, Kind.STAKE, 1_00, lead.party))
    earn(me, 1_000_00, LAST)
    nights(LAST)
    earn(me, 20_00, FIRST)
    ends_on_the_first_day(me)
    # 500.00 and 10.00 as shares, 1.00 as the stake, 10.00 as who owns the new year; the platform owned the old one.
    assert owed(me, "Leads") == 521_00
    assert balance(me.platform.entity_id, Kind.WALLET) == 500_00
    assert (nominal(me), kept(me), wallet(me)) == (0, {}, 0)
    nights(FIRST)
    assert replay(LAST, FIRST).named == []
    assert proven()


@pytest.mark.django_db
def test_an_me_that_ends_closes_the_year_that_waited_with_the_share_that_was_late() -> None:
    me = firm(Seat("Leads"), launched=LAST, owners={"platform": 10_000})
    earn(me, 1_000_00, LAST)
    lock_up(me, 900_00, LAST)
    nights(LAST)
    free(me, 900_00, FIRST)
    ends_on_the_first_day(me)
    assert outcome(me, LAST).repaired_by.shared_minor == 500_00
    assert owed(me, "Leads") == 500_00
    assert balance(me.platform.entity_id, Kind.WALLET) == 500_00
    assert (nominal(me), kept(me), wallet(me)) == (0, {}, 0)
    nights(FIRST)
    assert replay(LAST, FIRST).named == []


@pytest.mark.django_db
def test_an_me_that_ends_with_an_open_exception_closes_its_year_all_the_same() -> None:
    me = firm(Seat("Leads", 0), launched=LAST, owners={"platform": 10_000})  # nobody carries weight
    earn(me, 1_000_00, LAST)
    nights(FIRST)
    assert close_entry(me) is None
    agree(me, [[None, 5000]], effective_from=FIRST + DAY, owners={"co-investors": 10_000})
    with on(FIRST + DAY, 9):
        wind_up(microenterprise=me, reason="Over.", by=launcher(me))
    assert balance(me.platform.entity_id, Kind.WALLET) == 1_000_00
    assert (nominal(me), kept(me), wallet(me)) == (0, {}, 0)


@pytest.mark.django_db
def test_terms_that_had_not_begun_when_an_me_ends_name_no_owner() -> None:
    me = firm(Seat("Leads"), launched=LAST, owners={"platform": 10_000})
    lead = member(me, "Leads")
    entry(me, LAST, debit(me.entity_id, Kind.WALLET, 1_00), credit(me.entity_id, Kind.STAKE, 1_00, lead.party))
    earn(me, 1_000_00, LAST)
    agree(me, [[None, 5000]], effective_from=FIRST, owners={"co-investors": 10_000})
    with on(LAST, 18):
        wind_up(microenterprise=me, reason="Over.", by=launcher(me))
    assert owed(me, "Leads") == 501_00
    assert balance(me.platform.entity_id, Kind.WALLET) == 500_00
