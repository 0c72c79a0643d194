"""The pages of the panel in a real browser: for everybody, on a phone, in the dark, without scripts, by keyboard."""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from contracts.actions import panel
from contracts.models import Bid, Project
from people.models import User
from tests.cast import Cast
from tests.contracts.market import bids_on, drafted, figures_of, give, judge, opened, published
from tests.contracts.panels import CRITERIA, three, two_envelopes, vacant, with_answers
from tests.contracts.test_finding_pages import browser, signed_in, stage
from tests.walk.hands import Keyboard

__all__ = ["browser", "stage"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "Boxes came back in one piece after six hours in the sun of Turpan, and the report says so for every van. " * 3
SHOTS = "PANEL_SHOTS"
"""A folder to photograph the pages into."""


def addresses(cast: Cast) -> list[tuple[User, str]]:
    """Every page of the panel in every state, each for somebody who can do something there."""
    found: list[tuple[User, str]] = []

    def add(project: Project, *pages: tuple[User, str]) -> None:
        found.extend((who, f"/projects/{project.pk}/{path}") for who, path in pages)

    fresh, first, second = with_answers(cast, title="To declare", two_envelopes=True)
    add(fresh, (cast.noor, ""), (cast.noor, "quality/interests/"), (cast.lin, "quality/"), (cast.ada, "quality/"),
        (cast.ada, "quality/conflict/"), (cast.teo, ""), (cast.teo, f"bids/{first.pk}/receipt/"))  # fmt: skip
    apart, first, second = with_answers(cast, title="Apart")
    panel.declare_none(project=apart, by=cast.noor)
    give(apart, _figures(first, second), cast.sol)
    add(apart, (cast.noor, "quality/points/"), (cast.sol, "quality/"), (cast.sol, "quality/points/"),
        (cast.sol, "quality/interests/"), (cast.lin, ""))  # fmt: skip
    together, first, second = with_answers(cast, title="Together")
    for somebody in (cast.noor, cast.sol, cast.hua):
        give(together, _figures(first, second), somebody)
    add(together, (cast.noor, "quality/together/"))
    table, first, second = with_answers(cast, title="On the table")
    for somebody in (cast.noor, cast.sol, cast.hua):
        give(table, _figures(first, second), somebody)
    panel.declare_conflict(project=table, bid=first, reason="We are related.", by=cast.hua)
    panel.propose(project=table, figures=_figures(first, second), by=cast.sol)
    add(table, (cast.noor, "quality/together/"), (cast.sol, "quality/together/"), (cast.hua, "quality/"),
        (cast.lin, "quality/"))  # fmt: skip
    agreed, first, second = two_envelopes(cast, title="Agreed")
    judge(agreed, {first: 4_000, second: 9_000}, reason=WORDS)
    add(agreed, (cast.lin, ""), (cast.lin, "quality/"), (cast.noor, "quality/"),
        (cast.teo, f"bids/{second.pk}/receipt/"))  # fmt: skip
    empty, _first, _second = vacant(cast)
    add(empty, (cast.lin, "quality/"), (cast.lin, "quality/ask/"), (cast.noor, ""))
    asked, _first, _second = vacant(cast)
    panel.ask_for_replacement(project=asked, reason="Somebody who knows boxes.", by=cast.lin)
    add(asked, (cast.ada, "quality/replace/"), (cast.ada, "quality/conflict/"))
    draft = drafted(cast, **three(cast, criteria=CRITERIA, two_envelopes=True))
    add(draft, (cast.lin, "edit/"), (cast.lin, "publish/"))
    bidding = published(cast, **three(cast, criteria=CRITERIA, two_envelopes=True))
    add(bidding, (cast.amara, "bid/"), (cast.amara, ""))
    return found


def _figures(first: Bid, second: Bid) -> Any:
    return figures_of({first: [5_001, 7_000], second: [9_000, 8_000]}, WORDS)


@pytest.mark.soak
def test_axe_finds_nothing_wide_in_the_dark_and_on_a_phone_by_day(
    stage: Cast, live_server: LiveServer, browser: Browser
) -> None:
    pages, shots = addresses(stage), os.environ.get(SHOTS)
    themes: list[tuple[Any, int]] = [("dark", 1280), ("light", 390)]
    for theme, width in themes:
        readers = {
            who: signed_in(
                browser, live_server, who, viewport={"width": width, "height": 844}, color_scheme=theme
            ).new_page()
            for who in {who for who, _path in pages}
        }
        for number, (who, path) in enumerate(pages):
            page = readers[who]
            answer = page.goto(live_server.url + path)
            assert answer is not None
            assert answer.status == 200, (path, who, answer.status)
            page.locator("main details").evaluate_all("all => all.forEach((details) => { details.open = true })")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path} {theme} {width}\n{found.generate_report()}"
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{path} is {over} px too wide at {width}"
            assert page.locator("h1").count() == 1, path
            if shots:
                page.screenshot(path=Path(shots) / f"{number:02}-{width}.png", full_page=True)
        for page in readers.values():
            page.context.close()


def test_a_panel_judges_by_keyboard_alone_and_on_a_phone_without_scripts(
    stage: Cast, live_server: LiveServer, browser: Browser
) -> None:
    project = published(stage, method="price_quality", price_weight_bp=6_000, panel=[stage.noor, stage.sol])
    bids_on(project, stage.cold_chain, stage.amara)
    opened(project)
    start = f"{live_server.url}/projects/{project.pk}/quality/"
    noor = signed_in(browser, live_server, stage.noor).new_page()
    sol = signed_in(
        browser, live_server, stage.sol, java_script_enabled=False, viewport={"width": 390, "height": 844}
    ).new_page()
    noor.goto(start)
    keys = Keyboard(noor)
    keys.tick(noor.get_by_label("I have no conflict of interest with any of the bidders"))
    keys.press(noor.get_by_role("button", name="Declare"))
    expect(noor.get_by_label("Quality points")).to_be_visible()
    keys.write(noor.get_by_label("Quality points"), "7000")
    keys.write(noor.get_by_label("Why"), "Tested in Turpan.")
    keys.press(noor.get_by_role("button", name="Give these points"))
    expect(noor.get_by_text("Waiting for Sol.")).to_be_visible()
    sol.goto(start)
    sol.get_by_label("I have no conflict of interest with any of the bidders").check()
    sol.get_by_role("button", name="Declare").click()
    assert not sol.get_by_text("Turpan").is_visible()
    sol.get_by_label("Quality points").fill("6000")
    sol.get_by_label("Why").fill("Sound.")
    sol.get_by_role("button", name="Give these points").click()
    expect(sol.get_by_text("Tested in Turpan.")).to_be_visible()
    sol.get_by_label("Quality points").fill("6500")
    sol.get_by_label("Why").fill("Tested, and sound.")
    sol.get_by_role("button", name="Propose these figures").click()
    noor.goto(start)
    keys.press(noor.get_by_role("button", name="Confirm these figures"))
    expect(noor.get_by_text("The panel has agreed on the quality of every bid.")).to_be_visible()
    assert Bid.objects.get().quality_points == 6_500
