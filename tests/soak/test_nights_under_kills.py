"""Hundreds of `kill -9` of worker, clock, PostgreSQL and Valkey: every night completes, to the unit.

`make soak` kills 200 times. By hand, with as many as you like:

    KILLS=1000 .venv/bin/python -m haier_market.embedded exec --profile test -- \\
        .venv/bin/python -m pytest -m soak tests/soak/test_nights_under_kills.py
"""

import os
import time
from collections.abc import Callable, Iterator
from itertools import cycle

import pytest
from pytest_django.plugin import DjangoDbBlocker

from settlement.actions import nights
from tests.side_by_side import TOLD
from tests.soak.broken import VARIANTS
from tests.soak.company import SHARDS_OF
from tests.soak.ground import Ground, own_ground
from tests.soak.market import CLOCK, POSTGRES, VALKEY, WORKER, opened
from tests.soak.siege import EVERY_SHARD, MUST_HIT, Fell, Siege, work
from tests.soak.stages import STAGES

KILLS = int(os.environ.get("KILLS", 200))
SECONDS = max(600.0, KILLS * 4.0)
"""In so many seconds they must be done; on a quiet machine 200 take four minutes."""
BY_POSTGRES = 0.35
"""Of so many nights the database is killed too."""
MORE_TRIES = 15
"""How often a stage at which somebody must be killed is aimed at, when it was not hit by then."""
FIRST_NIGHTS = 12
pytestmark = [pytest.mark.soak, pytest.mark.timeout(int(SECONDS) + 300)]


@pytest.fixture(scope="module")
def ground(django_db_blocker: DjangoDbBlocker) -> Iterator[Ground]:
    with django_db_blocker.unblock(), own_ground() as ground:
        with pytest.MonkeyPatch.context() as small:
            small.setattr(nights, "SHARD_SIZE", SHARDS_OF)
            ground.warm_up(work)
        yield ground


def test_every_night_completes_to_the_unit_whatever_is_killed(
    ground: Ground, record_property: Callable[[str, object], None]
) -> None:
    siege = Siege(ground)
    began = time.monotonic()
    siege.night(0)
    with opened(ground, siege.struck) as market:
        for victims in cycle(((CLOCK, VALKEY), (WORKER, CLOCK, VALKEY), (VALKEY, POSTGRES, CLOCK))):
            siege.open_night(market, victims)
            if len(siege.strikes) >= KILLS // 4 or time.monotonic() - began > SECONDS / 4:
                break
    while len(siege.strikes) < KILLS:
        assert time.monotonic() - began < SECONDS, siege.table(time.monotonic() - began)
        siege.night(siege.dice.randint(1, 6), postgres=siege.dice.random() < BY_POSTGRES)
    # Some stages last a few milliseconds, which all the strikes together can miss.
    for stage in MUST_HIT:
        for _ in range(MORE_TRIES):
            if not siege.has_hit(POSTGRES, stage):
                siege.night(0, postgres=True, aim=stage)
    for stage in STAGES:
        for _ in range(MORE_TRIES):
            if not siege.has_hit(WORKER, stage):
                siege.night(2, aim=stage)
    siege.night(0)
    siege.hold_everything()
    record_property(TOLD, siege.table(time.monotonic() - began).splitlines())
    assert {strike.victim for strike in siege.strikes} == {WORKER, CLOCK, VALKEY, POSTGRES}
    assert [stage for stage in MUST_HIT if not siege.has_hit(POSTGRES, stage)] == []
    assert [stage for stage in STAGES if not siege.has_hit(WORKER, stage)] == []


@pytest.mark.parametrize("name", VARIANTS)
def test_a_worker_that_is_broken_on_purpose_falls_on_its_first_nights(
    ground: Ground, record_property: Callable[[str, object], None], name: str
) -> None:
    siege = Siege(ground, VARIANTS[name])
    siege.night(0)  # nobody is killed, and nothing is wrong
    with pytest.raises(Fell) as fall:
        for _, stage in zip(range(FIRST_NIGHTS), cycle(EVERY_SHARD), strict=False):
            siege.night(8, aim=stage)
    record_property(
        TOLD, [f"{name}: fell on night {siege.number} after {len(siege.strikes)} kills: {_first(fall.value)}"]
    )


def _first(fell: Fell) -> str:
    return str(fell).splitlines()[0]
