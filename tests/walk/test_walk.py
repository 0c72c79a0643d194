"""The browser walk: the whole story by mouse, by keyboard alone, and on a phone without JavaScript.

One market is started as `make run` starts it; each way tells the story once more in the same company.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.look.gallery import CHROMIUM
from tests.side_by_side import TOLD
from tests.walk.deciding import DECIDING
from tests.walk.market import Market, open_market
from tests.walk.story import CHAPTERS, Story, tell
from tests.walk.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
WAYS = ("mouse", "keyboard", "phone")
AT_LENGTH = ("keyboard", "phone")
"""Walked among the long proofs."""
CLOSELY = "keyboard"
"""Looks at every kind of page with axe."""


@pytest.fixture(scope="module")
def market(lasting_root: Path) -> Iterator[Market]:
    with open_market(lasting_root) as market:
        yield market


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        yield browser
        browser.close()


@pytest.mark.soak
@pytest.mark.parametrize("way", AT_LENGTH)
def test_asking_judging_and_objecting(
    way: str, market: Market, browser: Browser, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Before the whole story, which ends Teo's ME; the mouse's hands do nothing here that they do not do there."""
    watch = Watch(market.address, closely=way == CLOSELY)
    story = Story(len(WAYS) + WAYS.index(way), way, market, browser, watch, tmp_path)
    try:
        tell(story, DECIDING)
    finally:
        record_property(TOLD, told(story))
        story.close()


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=pytest.mark.soak) if way in AT_LENGTH else way for way in WAYS]
)
def test_the_whole_story(
    way: str, market: Market, browser: Browser, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    watch = Watch(market.address, closely=way == CLOSELY)
    story = Story(WAYS.index(way) + 1, way, market, browser, watch, tmp_path)
    try:
        tell(story, CHAPTERS, end_northwind=way == WAYS[-1])
    finally:
        record_property(TOLD, told(story))
        story.close()


def told(story: Story) -> list[str]:
    """How long each chapter took, and how many pages were seen."""
    pages = story.watch.pages
    chapters = [f"{seconds:6.1f} s  {story.way}: {title}" for title, seconds in story.times.items()]
    whole = f"{sum(story.times.values()):6.1f} s  {story.way}: {pages.total()} pages of {len(pages)} kinds"
    return [*chapters, whole]
