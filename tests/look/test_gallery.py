"""The components in a real browser: readable for everybody, at home on a phone, by keys and without JavaScript."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.look.gallery import CHROMIUM, PAGES

pytestmark = pytest.mark.browser
WITHOUT_DATABASE = {name: path for name, path in PAGES.items() if name != "login"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The gallery in a process of its own; its standard input keeps it alive."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.look.gallery", "--serve"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.communicate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield page
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, address: str, theme: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=theme)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    for name, path in WITHOUT_DATABASE.items():
        page.goto(address + path)
        page.locator("main details").evaluate_all("all => all.forEach((details) => { details.open = true })")
        if width < 400 and page.locator(".menu > summary").count():
            page.locator(".menu > summary").click()
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name} {theme} {width}\n{found.generate_report()}"
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width}"
        assert page.locator("h1").count() == 1, name
    assert {url for url in asked if not url.startswith((address, "data:"))} == set()
    assert complaints == []
    page.close()


def test_keys_reach_search_the_list_of_keys_and_a_page(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url(f"{address}/statements/")


def test_the_first_filter_is_six_stops_away(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _stop in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.filters select')"):
            return
    pytest.fail("The first filter is more than six stops away.")


def test_a_filter_swaps_the_results_says_the_count_and_writes_a_clean_address(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/")
    page.get_by_label("State").focus()
    page.get_by_label("State").select_option("open")
    page.wait_for_url(f"{address}/projects/?status=open")
    expect(page.locator(".chip")).to_contain_text("State: Open")
    expect(page.locator("#announcer")).to_have_text("201 results, showing 1 to 8")
    expect(page.get_by_label("State")).to_be_focused()
    page.locator(".chip").click()
    page.wait_for_url(f"{address}/projects/?")
    expect(page.get_by_label("State")).to_have_value("")
    page.go_back()
    expect(page.get_by_label("State")).to_have_value("open")


def test_typing_searches_after_a_pause_and_keeps_the_focus(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/")
    page.get_by_role("searchbox").press_sequentially("cold")
    page.wait_for_url(f"{address}/projects/?q=cold")
    expect(page.locator(".chip")).to_contain_text("cold")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_press_right_after_typing_is_not_lost(page: Page, address: str) -> None:
    """People press for a tenth of a second and more; here longer than any answer takes to come."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    row = page.get_by_role("link", name="Payroll for three incubating firms")
    page.goto(f"{address}/projects/")
    page.get_by_role("searchbox").press_sequentially("cold")
    page.wait_for_url(f"{address}/projects/?q=cold")
    expect(page.locator(".chip")).to_contain_text("cold")
    row.click(delay=700)
    page.wait_for_url(f"{address}/projects/one/?3")
    assert len([url for url in asked if "q=cold" in url]) == 1, "leaving the field asked again"

    page.goto(f"{address}/projects/")
    page.get_by_role("searchbox").press_sequentially("cold")
    row.click(delay=700)
    page.wait_for_url(f"{address}/projects/one/?3")


def test_what_was_held_back_during_a_press_is_shown_after_it(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/")
    page.get_by_role("searchbox").press_sequentially("cold")
    page.get_by_role("heading", level=1).click(delay=700)
    page.wait_for_url(f"{address}/projects/?q=cold")
    expect(page.locator(".chip")).to_contain_text("cold")


def previews_of(page: Page) -> tuple[list[Route], list[Route], list[str]]:
    """Answers held back until the test gives them: of previews, of the form itself; and the previews called off."""
    previews: list[Route] = []
    forms: list[Route] = []
    called_off: list[str] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
        else:
            (previews if "hx-request" in route.request.headers else forms).append(route)

    page.route("**/projects/new/**", hold)
    page.on("requestfailed", lambda asked: called_off.append(asked.url) if "hx-request" in asked.headers else None)
    return previews, forms, called_off


def wait_for(page: Page, happened: Sequence[object]) -> None:
    for _ in range(500):
        if happened:
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not happen within ten seconds")


def test_a_form_that_was_sent_asks_for_no_preview(page: Page, address: str) -> None:
    previews, forms, _ = previews_of(page)
    page.goto(f"{address}/projects/new/?clean")
    page.get_by_label("Price").evaluate("""(price) => {
        price.value = "470000";
        price.dispatchEvent(new Event("input", { bubbles: true }));
        price.form.requestSubmit();
    }""")
    page.wait_for_timeout(800)  # twice as long as a preview waits for more typing
    assert previews == []
    wait_for(page, forms)
    forms[0].continue_()
    page.wait_for_url(f"{address}/projects/one/")


def test_a_form_that_is_sent_calls_its_preview_off(page: Page, address: str) -> None:
    previews, forms, called_off = previews_of(page)
    page.goto(f"{address}/projects/new/?clean")
    with page.expect_request(lambda asked: "hx-request" in asked.headers):
        page.get_by_label("Price").fill("470000")
    assert called_off == []
    page.get_by_role("button", name="Submit sealed bid").press("Enter", no_wait_after=True)
    wait_for(page, forms)
    wait_for(page, called_off)  # before the form is answered: leaving the page would end it anyway
    forms[0].continue_()
    page.wait_for_url(f"{address}/projects/one/")
    assert len(previews) == 1


def test_a_preview_follows_what_is_typed(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/new/?clean")
    page.get_by_label("Price").press_sequentially("470000")
    expect(page.locator("#preview")).to_contain_text("for 470000")
    expect(page.get_by_label("Price")).to_be_focused()


def test_filters_work_without_javascript(browser: Browser, address: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/projects/")
    page.get_by_label("State").select_option("open")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".chip")).to_contain_text("State: Open")
    page.goto(f"{address}/projects/one/")
    page.locator("summary", has_text="Withdraw bid").click()
    expect(page.get_by_role("button", name="Withdraw bid")).to_be_visible()
    page.context.close()


def test_the_theme_is_remembered_with_and_without_javascript(browser: Browser, address: str) -> None:
    for enabled in (True, False):
        context = browser.new_context(java_script_enabled=enabled, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name="Dark").first.click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.goto(f"{address}/projects/")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.get_by_role("button", name="Dark").first).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="As my system").first.click()
        expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
        context.close()


def test_the_summary_of_errors_takes_the_focus_and_leads_to_the_field(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/new/")
    expect(page.locator(".errors")).to_be_focused()
    page.get_by_role("link", name="Days until everything is delivered").click()
    expect(page.get_by_label("Days until everything is delivered")).to_be_focused()
    expect(page.get_by_label("Price")).to_have_value("480.000,5")


def test_relative_times_follow_the_market_not_the_readers_clock(page: Page, address: str) -> None:
    page.goto(f"{address}/projects/one/")
    expect(page.locator("aside time[data-relative]").first).to_contain_text("in 2 hours")


def test_touch_targets_are_44_pixels_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/projects/")
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            'main .button, main select, main input:not([type=checkbox]), .menu > summary'
        )].filter((e) => e.offsetParent && e.getBoundingClientRect().height < 43.5)
        .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
    page.locator(".menu > summary").click()
    expect(page.get_by_role("link", name="Contracts")).to_be_visible()
    context.close()
