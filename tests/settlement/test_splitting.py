"""Splitting many pools at once gives what splitting one by one gives, to the last grain."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.calculation import GRAIN, Holder, split
from settlement.splitting import Pools, fits, split_all

carry = st.integers(-GRAIN + 1, GRAIN - 1)
holder = st.tuples(st.integers(1, 10**4), carry)
pool = st.tuples(
    st.one_of(st.integers(1, 60), st.integers(1, 10**12)),
    st.lists(holder, min_size=1, max_size=9),
    st.one_of(st.just(0), st.integers(-8 * GRAIN, 8 * GRAIN)),
)


def columns(rows: list[Any]) -> Pools:
    of = [place for place, (_minor, holders, _orphaned) in enumerate(rows) for _holder in holders]
    return Pools(
        np.array([minor for minor, _holders, _orphaned in rows], dtype=np.int64),
        np.array([orphaned for _minor, _holders, orphaned in rows], dtype=np.int64),
        np.array(of, dtype=np.int64),
        np.array([weight for _minor, holders, _o in rows for weight, _carry in holders], dtype=np.int64),
        np.array([grain for _minor, holders, _o in rows for _weight, grain in holders], dtype=np.int64),
    )


@settings(max_examples=300)
@given(rows=st.lists(pool, min_size=1, max_size=6))
def test_many_at_once_are_as_one_by_one(rows: list[Any]) -> None:
    found = split_all(columns(rows))
    place = 0
    for number, (minor, holders, orphaned) in enumerate(rows):
        one = split(
            minor,
            [
                *(Holder(key, weight, grain) for key, (weight, grain) in enumerate(holders)),
                Holder(len(holders), 0, orphaned),
            ],
        )
        assert (one is None) == bool(found.waits[number])
        for part in one or ():
            at = place + part.key
            assert part.amount_minor == found.amount_minor[at]
            assert part.inherited_grain == found.inherited_grain[at]
            assert part.carry_before_grain == found.carry_before_grain[at]
            assert part.carry_after_grain == found.carry_after_grain[at]
        place += len(holders)


def test_what_would_not_fit_is_refused() -> None:
    one = np.array([1], dtype=np.int64)
    assert fits(10**12 * one, 10**4 * one, 10**5 * one, GRAIN * one).all()
    assert not fits(10**15 * one, 10**4 * one, 10**5 * one, 0 * one).any()
    assert not fits(one, one, 10**7 * one, 0 * one).any()
    assert not fits(one, 10**6 * one, 10**6 * one, 10**13 * one).any()
