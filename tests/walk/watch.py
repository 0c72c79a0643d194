"""What must hold on every page of the walk, whoever looks at it and however they came."""

import os
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from tests.walk.hands import IDENTIFIER

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
SHOTS = "WALK_SHOTS"
"""A folder: the mouse's pass photographs every kind of page into it."""
FORMS = "main form[method=post]:has([type=submit]):not(#changelist-form)"
"""Everything on a page that changes something."""
# Without `preload` axe adds no style of its own, which the content policy would refuse.
_ALL = {"resultTypes": ["violations"], "preload": False}
_COLOURS = {**_ALL, "runOnly": ["color-contrast"]}
_COLOURS_HAVE_CHANGED = """() => Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)
)"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d)")
_GONE_ON = ("htmx:sendAbort", "htmx:afterRequest")


class Watch:
    """Complaints of browsers, and which kinds of pages were looked at closely."""

    def __init__(self, address: str, *, closely: bool) -> None:
        self.pages: Counter[str] = Counter()
        self.visited: dict[str, None] = {}
        self.forms: dict[str, None] = {}
        self._host = urlsplit(address).netloc
        self._closely = closely
        self._complaints: list[str] = []
        self._shots = Path(os.environ[SHOTS]) if closely and SHOTS in os.environ else None

    def follow(self, context: BrowserContext) -> None:
        """Hear everything that a browser says and asks for."""
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._complaints.append(f"script: {error.error}"))
        context.on("request", self._notice)

    def look(self, page: Page, who: str) -> None:
        """Check the page that was just reached."""
        assert not self._complaints, f"{page.url} for {who}: {self._complaints}"
        headings = page.locator("h1:visible").all_inner_texts()
        assert len(headings) == 1, f"{page.url} for {who} has the headings {headings}"
        if page.viewport_size and page.viewport_size["width"] <= NARROW["width"]:
            self._fits(page, who)
        kind = self._kind(page)
        self.visited.setdefault(urlsplit(page.url).path)
        for address in page.locator(FORMS).evaluate_all("(forms) => forms.map((form) => form.action)"):
            self.forms.setdefault(urlsplit(address).path)
        self.pages[kind] += 1
        if self._closely and self.pages[kind] == 1:
            self._closely_at(page, kind, who)

    def _closely_at(self, page: Page, kind: str, who: str) -> None:
        """Axe in light, in dark (where only colours differ) and on a phone."""
        self._axe(page, f"{kind} for {who}, light", _ALL)
        self._shoot(page, kind, "light")
        page.emulate_media(color_scheme="dark")
        self._axe(page, f"{kind} for {who}, dark", _COLOURS)
        self._shoot(page, kind, "dark")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
        self._axe(page, f"{kind} for {who}, 390 px", _ALL)
        self._fits(page, who)
        self._shoot(page, kind, "phone")
        page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})

    def _axe(self, page: Page, what: str, options: dict[str, object]) -> None:
        page.evaluate(_COLOURS_HAVE_CHANGED)
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, f"{what}: {page.url}\n{found.generate_report()}"

    def _fits(self, page: Page, who: str) -> None:
        over = page.evaluate(_TOO_WIDE)
        assert over <= 0, f"{page.url} for {who} is {over} px too wide for a phone"

    def _kind(self, page: Page) -> str:
        """The address without its numbers, with the state the page says it is in."""
        path = re.sub(r"\d{4}-\d{2}-\d{2}", "date", IDENTIFIER.sub("id", urlsplit(page.url).path))
        state = page.locator(".page-state .badge")
        words = state.first.inner_text().strip() if state.count() else ""
        refusal = page.locator("[data-refusal]").count()
        wrong = page.locator(".errors").count()
        return " ".join(filter(None, (path, words, "refused" if refusal else "", "with errors" if wrong else "")))

    def _shoot(self, page: Page, kind: str, mode: str) -> None:
        if self._shots is not None:
            self._shots.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"\W+", "-", kind).strip("-") or "home"
            page.screenshot(path=self._shots / f"{name}.{mode}.png", full_page=True)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if message.text.startswith(_GONE_ON):
            return  # the next page was asked for while an example was still being worked out
        answered = _ANSWERED.match(message.text)
        page = message.page
        if answered and page is not None and message.location["url"].split("#")[0] == page.url.split("#")[0]:
            return  # the page itself says no, with its sentence
        self._complaints.append(f"{message.text} ({message.location['url']})")

    def _notice(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")) and urlsplit(request.url).netloc != self._host:
            self._complaints.append(f"asked another host: {request.url}")
