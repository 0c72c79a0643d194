"""An ME whose night cannot be worked out is an exception of its own: everybody else settles, and it follows later."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError

from core.money import LARGEST_MINOR
from microenterprises.models import Microenterprise
from settlement import ordinary
from settlement.actions import nights as verbs
from settlement.models import Outcome
from settlement.night import Firm, FirmNight, settle
from settlement.replay import replay
from settlement.sentences import trouble
from tests.settlement.world import (
    Seat,
    advance_of,
    amounts,
    earn,
    firm,
    nights,
    outcome,
    owed,
    spend,
    wallet,
)

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
DAY = date(2026, 3, 10)


@contextmanager
def fails(monkeypatch: pytest.MonkeyPatch, *firms: Microenterprise, error: Exception | None = None) -> Iterator[None]:
    """The nights of those MEs cannot be worked out."""
    ids = {me.pk for me in firms}

    def broken(facts: Firm) -> FirmNight:
        if facts.id in ids:
            raise error or OverflowError("out of range")
        return settle(facts)

    with monkeypatch.context() as patch:
        patch.setattr(verbs, "settle", broken)
        patch.setattr(ordinary, "settle", lambda day, moved, *, by: list(moved))
        yield


def is_sound(since: date, until: date) -> bool:
    """From the facts alone, and the last night on top of what is stored; and the books."""
    call_command("check_books")
    return [*replay(since, until).named, *replay(until, until, from_stored=True).named] == []


@pytest.mark.parametrize("salary", [0, 900_00])
def test_sums_beyond_64_bits_are_settled_like_any_other(salary: int) -> None:
    """Ten-thousandths of a minor unit of 184 of the largest deeds have no room in 64 bits."""
    last = date(2026, 3, 31) if salary else DAY + 3 * ONE
    first = last - 3 * ONE
    seats = [Seat("Lead", 2), Seat("Mei", 1), Seat("Tao", 0, "stable", salary)]
    huge = firm(*seats, launched=first, tiers=[[None, 10_000]])
    small = firm(Seat("Bo"), launched=first)
    for n in range(4):
        earn(huge, 46 * LARGEST_MINOR, first + n * ONE)
        earn(small, 1_000_00, first + n * ONE)
        nights(first + n * ONE)
    earn(huge, 5_00, last + ONE)
    nights(last + 2 * ONE)
    assert outcome(huge, last).due_fine > 2**63
    assert sum(amounts(huge, last)) == 46 * LARGEST_MINOR - outcome(huge, last).pay_minor
    assert amounts(small, last) == [500_00]
    assert is_sound(first, last + 2 * ONE)


def test_one_me_that_cannot_be_worked_out_waits_and_everybody_else_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [firm(Seat("Bo"), launched=DAY) for _n in range(4)]
    me = firm(Seat("Lead"), Seat("Mei"), launched=DAY)
    others += [firm(Seat("Bo"), launched=DAY) for _n in range(4)]
    for each in (me, *others):
        earn(each, 1_000_00, DAY)
    with fails(monkeypatch, me):
        [run] = nights(DAY)
    assert (run.status, run.exceptions, run.mes_done) == ("sealed", 1, 9)
    assert all(amounts(each, DAY) == [500_00] for each in others)
    waits = outcome(me, DAY)
    assert (waits.state, waits.snag, waits.shared_minor, wallet(me)) == ("exception", "failed", 0, 1_000_00)
    assert "could not be worked out" in trouble(waits, me.name).sentence
    assert is_sound(DAY, DAY)
    nights(DAY + ONE)
    assert amounts(me, DAY) == [250_00, 250_00]
    assert Outcome.objects.get(repairs=waits).night == DAY + ONE
    assert is_sound(DAY, DAY + ONE)


def test_a_date_that_failed_settles_later_with_its_own_pay_members_and_profit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same company twice, once with two nights that fail around a month's end: everybody ends with the same."""
    last = date(2026, 3, 31)

    def grown() -> Microenterprise:
        me = firm(
            Seat("Lead", 2),
            Seat("Draws", 1, pay_minor=30_00),
            Seat("Salaried", 1, "stable", 90_00),
            Seat("Leaves", 3, end=last + ONE),
            launched=last - 2 * ONE,
        )
        earn(me, 1_000_00, last - 2 * ONE)
        return me

    sound, broken = grown(), grown()
    nights(last - 2 * ONE)
    with fails(monkeypatch, broken):
        nights(last - ONE)
        for each in (sound, broken):
            earn(each, 2_000_00, last)
        nights(last)
    spend(broken, 100_00, last + ONE)
    spend(sound, 100_00, last + ONE)
    nights(last + ONE)
    states = Outcome.objects.filter(microenterprise=broken, state="exception")
    assert sorted(states.values_list("business_date", "repaired_by__night")) == [
        (last - ONE, last + ONE), (last, last + ONE),
    ]  # fmt: skip
    for name in ("Lead", "Draws", "Salaried", "Leaves"):
        assert owed(broken, name) == owed(sound, name) > 0
    assert advance_of(broken, "Draws") == advance_of(sound, "Draws")
    assert amounts(broken, last) == amounts(sound, last)
    assert outcome(broken, last + ONE).due_fine == outcome(sound, last + ONE).due_fine
    assert is_sound(last - 2 * ONE, last + ONE)


@pytest.mark.parametrize("through", [0, 1])
def test_a_year_whose_last_and_first_nights_fail_is_shared_and_closed(
    monkeypatch: pytest.MonkeyPatch, through: int
) -> None:
    end = date(2026, 12, 31)
    me = firm(Seat("Lead"), launched=end - 2 * ONE)
    earn(me, 1_000_00, end - 2 * ONE)
    nights(end - 2 * ONE)
    earn(me, 600_00, end)
    with fails(monkeypatch, me):
        nights(end + through * ONE)
    earn(me, 400_00, end + (through + 1) * ONE)
    nights(end + (through + 2) * ONE)
    by_year = Outcome.objects.filter(microenterprise=me, shared_minor__gt=0).order_by("night", "fiscal_year")
    assert list(by_year.values_list("fiscal_year__year", "shared_minor")) == [
        (2026, 500_00),
        (2026, 300_00),
        (2027, 200_00),
    ]
    assert is_sound(end - 2 * ONE, end + (through + 2) * ONE)


def test_a_shard_in_which_nobody_can_be_settled_is_no_exception_of_its_mes(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [firm(Seat("Bo"), launched=DAY) for _n in range(3)]
    with fails(monkeypatch, *several), pytest.raises(OverflowError):
        nights(DAY)
    assert not Outcome.objects.exists()
    nights(DAY)
    assert Outcome.objects.count() == 3


def test_a_connection_that_breaks_makes_nobody_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    me, _other = firm(Seat("Bo"), launched=DAY), firm(Seat("Mei"), launched=DAY)
    with fails(monkeypatch, me, error=OperationalError("gone")), pytest.raises(OperationalError):
        nights(DAY)
    assert not Outcome.objects.exists()
