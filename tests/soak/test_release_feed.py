"""A minute at 72 releases a second, in transactions of very different length, with readers that never stop polling.

The feed of the product reads every release once. Two other readers poll beside it, one by number and one by time: both
must lose something, or the minute proved nothing.
"""

import pytest

from tests.cast import Cast
from tests.contracts.feeding import Crowd, told_by
from tests.contracts.test_release_feed import projects

pytestmark = [pytest.mark.soak, pytest.mark.timeout(400)]
WRITERS = 12
A_SECOND = 72
SECONDS = 60


def test_a_minute_at_72_a_second_loses_nothing_and_repeats_nothing(cloned_db: str, cast: Cast) -> None:
    pace = WRITERS / A_SECOND
    told = told_by(Crowd(projects(cast, WRITERS), A_SECOND * SECONDS // WRITERS, longest=0.6, pace=pace), seed=72)
    assert len(told.committed) > A_SECOND * SECONDS * 0.9
    assert (told.missed("feed"), told.repeated("feed"), told.invented("feed")) == (set(), 0, set())
    assert told.missed("by number"), "a feed by number must lose something here"
    assert told.missed("by time"), "a feed by time must lose something here"
