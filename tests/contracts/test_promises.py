"""The promise-kept score over plain values."""

from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.promises import FULL, Promise, score

SHARES = st.fractions(min_value=0, max_value=1, max_denominator=1_000)
PROMISES = st.lists(
    st.integers(1, 10**12).flatmap(lambda whole: st.tuples(st.just(whole), st.integers(0, whole))), max_size=20
).map(lambda pairs: [promise(whole, kept) for whole, kept in pairs])


def promise(committed: int, delivered: int) -> Promise:
    return Promise(UUID(int=1), "Cold boxes", date(2026, 11, 1), committed, delivered)


def test_a_newcomer_stands_where_the_market_stands() -> None:
    assert score([], market=Fraction(4, 5), prior=5).points == 8_000


def test_two_kept_promises_and_one_half_kept() -> None:
    found = score([promise(100, 100), promise(100, 100), promise(100, 50)], market=Fraction(4, 5), prior=5)
    assert (found.points, found.contracts, found.own) == (8_125, 3, Fraction(5, 2))


def test_a_large_contract_counts_as_one() -> None:
    small, large = promise(10, 0), promise(10**9, 10**9)
    assert score([small, large], market=Fraction(1, 2), prior=1).points == 5_000


@given(PROMISES, SHARES, st.integers(1, 50))
def test_a_score_lies_between_the_own_mean_and_the_market(own: list[Promise], market: Fraction, prior: int) -> None:
    found = score(own, market=market, prior=prior)
    mean = found.own / len(own) if own else market
    low, high = sorted((mean, market))
    assert int(low * FULL) <= found.points <= high * FULL


@given(PROMISES, SHARES, st.integers(1, 50))
def test_one_more_promise_kept_in_full_never_harms(own: list[Promise], market: Fraction, prior: int) -> None:
    before = score(own, market=market, prior=prior).points
    assert score([*own, promise(7, 7)], market=market, prior=prior).points >= before


@pytest.mark.parametrize(("committed", "delivered"), [(0, 0), (10, 11), (10, -1)])
def test_nothing_is_kept_of_no_promise_nor_more_than_was_promised(committed: int, delivered: int) -> None:
    with pytest.raises(ValueError, match="between nothing and what was promised"):
        promise(committed, delivered)


@pytest.mark.parametrize(("market", "prior"), [(Fraction(3, 2), 5), (Fraction(1, 2), 0)])
def test_the_market_is_a_share_and_counts(market: Fraction, prior: int) -> None:
    with pytest.raises(ValueError, match="market's mean"):
        score([], market=market, prior=prior)
