"""When one person's word is not enough, and when a price is too good: the rules over plain values."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.business_days import end_after
from contracts.scrutiny import Cause, Limits, causes, low_price

LIMITS = Limits(large_minor=500_000_00, under_mean_bp=4_000, under_next_bp=3_000)
PRICES = st.lists(st.integers(1, 10**12), min_size=1, max_size=8)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("price", "others", "mean", "following"),
    [
        (60_00, [100_00], False, True),  # exactly 40 % under the mean is not more than 40 %, but 40 % under the next is
        (59_99, [100_00], True, True),
        (70_00, [100_00], False, False),  # exactly 30 % under the next
        (69_99, [100_00], False, True),
        (59_00, [60_00, 200_00], True, False),  # far under the mean of 130, close to the next
        (100_00, [50_00, 60_00], False, False),  # the highest price is never low
    ],
)
def test_a_price_is_low_beyond_the_limits_and_not_at_them(
    price: int, others: list[int], mean: bool, following: bool
) -> None:
    low = low_price(price, others, LIMITS)
    assert (low is not None) == (mean or following)
    if low is not None:
        assert (low.under_mean, low.under_next) == (mean, following)


def test_a_bid_from_outside_always_wants_a_second_person() -> None:
    assert causes(is_top=True, price_minor=80_00, others_minor=[81_00], limits=LIMITS, is_outside=True) == (
        Cause.OUTSIDE,
    )


def test_a_single_bid_is_never_low() -> None:
    assert low_price(1, [], LIMITS) is None


@given(PRICES, st.integers(1, 10**12), st.integers(2, 1_000))
def test_whether_a_price_is_low_does_not_depend_on_the_unit_of_money(others: list[int], price: int, unit: int) -> None:
    here = low_price(price, others, LIMITS)
    there = low_price(price * unit, [other * unit for other in others], LIMITS)
    assert (here is None) == (there is None)
    if here is not None and there is not None:
        assert (here.under_mean, here.under_next) == (there.under_mean, there.under_next)


@given(PRICES, st.integers(1, 10**12))
def test_a_lower_price_never_becomes_less_conspicuous(others: list[int], price: int) -> None:
    if low_price(price, others, LIMITS) is not None and price > 1:
        mean_of_lower = low_price(price - 1, others, LIMITS)
        assert mean_of_lower is not None or any(price - 1 <= other < price for other in others)


@pytest.mark.parametrize(
    ("is_top", "price", "others", "expected"),
    [
        (True, 80_00, [90_00], ()),
        (False, 90_00, [80_00], (Cause.NOT_TOP,)),
        (True, 80_00, [], (Cause.SINGLE_BID,)),
        (True, 500_000_00, [600_000_00], (Cause.LARGE,)),
        (True, 499_999_99, [600_000_00], ()),
        (False, 500_000_00, [1_000_000_00], (Cause.NOT_TOP, Cause.LARGE, Cause.LOW_PRICE)),
    ],
)
def test_what_wants_a_second_person(is_top: bool, price: int, others: list[int], expected: tuple[Cause, ...]) -> None:
    assert causes(is_top=is_top, price_minor=price, others_minor=others, limits=LIMITS) == expected


@pytest.mark.parametrize(
    ("instant", "days", "expected"),
    [
        (datetime(2026, 11, 24, 15, tzinfo=SHANGHAI), 1, datetime(2026, 11, 26, tzinfo=SHANGHAI)),  # Tuesday
        (datetime(2026, 11, 27, 15, tzinfo=SHANGHAI), 1, datetime(2026, 12, 1, tzinfo=SHANGHAI)),  # Friday to Monday
        (datetime(2026, 11, 28, 9, tzinfo=SHANGHAI), 1, datetime(2026, 12, 1, tzinfo=SHANGHAI)),  # Saturday
        (datetime(2026, 11, 26, 17, tzinfo=UTC), 1, datetime(2026, 12, 1, tzinfo=SHANGHAI)),  # Friday there already
        (datetime(2026, 11, 24, 15, tzinfo=SHANGHAI), 5, datetime(2026, 12, 2, tzinfo=SHANGHAI)),
    ],
)
def test_business_days_end_at_midnight_in_the_company_and_skip_weekends(
    instant: datetime, days: int, expected: datetime
) -> None:
    assert end_after(instant, days, SHANGHAI) == expected


def test_no_business_days_end_at_once() -> None:
    now = datetime(2026, 11, 28, 9, 30, tzinfo=SHANGHAI)
    assert end_after(now, 0, SHANGHAI) is now
