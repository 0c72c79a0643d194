"""The pages for finding work in a real browser: readable for everybody, on a phone, in the dark and without scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.http import QueryDict
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pytest_django.live_server_helper import LiveServer

from contracts.actions import finding, questions
from core.models import AuditRecord
from people import preferences
from people.models import User
from tests.cast import Cast
from tests.contracts.market import published
from tests.look.gallery import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(transactional_db: None, cast: Cast) -> Cast:
    return cast


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright's own loop runs in this thread, and Django would take every statement for one made inside of it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        yield browser
        browser.close()
        connections.close_all()  # this loop's own, to a database that ends with the test


def signed_in(browser: Browser, server: LiveServer, who: User, **options: Any) -> BrowserContext:
    client = Client()
    client.force_login(who)
    context = browser.new_context(**options)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server.url}])
    return context


def addresses(cast: Cast) -> list[tuple[User, str]]:
    """Every page of finding work, empty and full, each for somebody who can do something there."""
    project, empty = published(cast, title="Cold boxes for the last mile of a very long way home"), published(cast)
    finding.watch(project=project, by=cast.teo)
    first = questions.ask(project=project, text="Must the boxes be washable?\n\nAt which heat?", by=cast.amara)
    questions.answer(question=first, text="Yes, at sixty degrees.", by=cast.lin)
    second = questions.ask(project=project, text="W" * 200, by=cast.teo)
    saved = finding.save_filter(
        name="Cold", query=QueryDict("q=cold&phase=open"), by=cast.amara, shared_with=cast.cold_chain, alerts=True
    )
    preferences.renew_calendar(by=cast.teo)
    there = f"/projects/{project.pk}/"
    return [
        (cast.teo, there), (cast.lin, there), (cast.teo, f"{there}questions/"), (cast.lin, f"{there}questions/"),
        (cast.teo, f"/projects/{empty.pk}/questions/"), (cast.lin, f"{there}questions/{second.pk}/answer/"),
        (cast.teo, "/projects/"), (cast.teo, "/projects/?watching=1"), (cast.amara, "/projects/?watching=1"),
        (cast.teo, "/projects/?columns=method&columns=opens&columns=published&columns=state&q=cold"),
        (cast.amara, "/projects/saved/"), (cast.teo, "/projects/saved/"),
        (cast.amara, "/projects/saved/new/?q=cold&phase=open"), (cast.amara, f"/projects/saved/{saved.pk}/edit/"),
        (cast.lin, f"/projects/new/?from={project.pk}"), (cast.teo, "/people/me/"),
        (cast.teo, "/people/me/calendar/"), (cast.amara, "/people/me/calendar/"),
    ]  # fmt: skip


@pytest.mark.soak
def test_axe_finds_nothing_wide_in_the_dark_and_on_a_phone_by_day(
    stage: Cast, live_server: LiveServer, browser: Browser
) -> None:
    pages = addresses(stage)
    themes: list[tuple[Any, int]] = [("dark", 1280), ("light", 390)]
    for theme, width in themes:
        readers = {
            who: signed_in(
                browser, live_server, who, viewport={"width": width, "height": 844}, color_scheme=theme
            ).new_page()
            for who in {who for who, _path in pages}
        }
        for who, path in pages:
            page = readers[who]
            page.goto(live_server.url + path)
            page.locator("main details").evaluate_all("all => all.forEach((details) => { details.open = true })")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path} {theme} {width}\n{found.generate_report()}"
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{path} is {over} px too wide at {width}"
            assert page.locator("h1").count() == 1, path
        for page in readers.values():
            page.context.close()


def test_everything_works_without_scripts(stage: Cast, live_server: LiveServer, browser: Browser) -> None:
    project = published(stage, title="Cold boxes")
    page = signed_in(browser, live_server, stage.teo, java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/projects/?q=cold")
    page.get_by_role("link", name="Save this filter").click()
    page.get_by_label("Name").fill("Cold things")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Cold things", exact=True).click()
    page.get_by_role("link", name="Cold boxes").click()
    page.get_by_role("button", name="Watch").click()
    assert page.get_by_role("button", name="Stop watching").is_visible()
    page.get_by_role("link", name="Questions and answers").click()
    page.get_by_label("Your question").fill("Must they be washable?")
    page.get_by_role("button", name="Ask").click()
    assert page.get_by_text("Must they be washable?").is_visible()
    assert not AuditRecord.objects.filter(actor_id=str(stage.teo.pk), deed__startswith="question").exists()
    assert project.questions.count() == 1


def test_a_swap_keeps_order_columns_and_the_way_to_save_them(
    stage: Cast, live_server: LiveServer, browser: Browser
) -> None:
    published(stage, title="Cold boxes")
    page = signed_in(browser, live_server, stage.teo, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{live_server.url}/projects/?columns=deadline&order=ceiling")
    with page.expect_response(lambda answer: "phase=open" in answer.url):
        page.locator("select[name=phase]").select_option("open")
    page.wait_for_url(lambda url: "phase=open" in url)
    told = QueryDict(page.url.split("?")[1])
    assert (told["order"], told.getlist("columns"), told["phase"]) == ("ceiling", ["deadline"], "open")
    assert page.locator("#results th[scope=col]").all_inner_texts() == ["Project", "Deadline"]
    save = page.get_by_role("link", name="Save this filter").get_attribute("href") or ""
    assert "phase=open" in save and "columns=deadline" in save
    page.reload()
    assert page.locator("#results th[scope=col]").all_inner_texts() == ["Project", "Deadline"]
