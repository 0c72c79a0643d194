"""The race at the deadline a thousand times: only what has its instant before it is ever stored."""

import pytest

from tests.cast import Cast
from tests.contracts import deadline_race
from tests.contracts.test_bidding_races import crowd

TIMES = 1_000
AT_ONCE = 10


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_a_thousand_races_at_the_deadline_have_one_winner_each(cloned_db: str, cast: Cast) -> None:
    one, two, three = crowd(cast.platform, 3)
    races = 0
    while races < TIMES:
        races += len(deadline_race.run(cast, (one, two, three), AT_ONCE))
    assert races == TIMES
