"""What must hold on every page of the walk, whoever looks at it and however they came."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from tests.walk.hands import IDENTIFIER

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
SHOTS = "WALK_SHOTS"
"""A folder: the pass that looks closely photographs every kind of page into it."""
FORMS = "main form[method=post]:has([type=submit]):not(#changelist-form)"
"""Everything on a page that changes something."""
# Without `preload` axe adds no style of its own, which the content policy would refuse.
_ALL = {"resultTypes": ["violations"], "preload": False}
_COLOURS = {**_ALL, "runOnly": ["color-contrast"]}
_COLOURS_HAVE_CHANGED = """() => Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)
)"""
_FACTS = """(forms) => {
  const words = (selector) => document.querySelector(selector)?.textContent.trim() || "";
  return {
    headings: [...document.querySelectorAll("h1")].filter((one) => one.checkVisibility()).map((one) => one.textContent),
    state: words(".page-state .badge"),
    refused: Boolean(document.querySelector("[data-refusal]")),
    wrong: Boolean(document.querySelector(".errors")),
    forms: [...document.querySelectorAll(forms)].map((one) => new URL(one.action).pathname),
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
}"""
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d)")
_GONE_ON = ("htmx:sendAbort", "htmx:afterRequest")


class Watch:
    """Complaints of browsers, and which kinds of pages were looked at closely."""

    def __init__(self, address: str, *, closely: bool) -> None:
        self.pages: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        """A path of every kind of page."""
        self.forms: dict[str, str] = {}
        """An address of every kind of form that changes something."""
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
        facts: dict[str, Any] = page.evaluate(_FACTS, FORMS)
        assert not self._complaints, f"{page.url} for {who}: {self._complaints}"
        assert len(facts["headings"]) == 1, f"{page.url} for {who} has the headings {facts['headings']}"
        if page.viewport_size and page.viewport_size["width"] <= NARROW["width"]:
            assert facts["over"] <= 0, f"{page.url} for {who} is {facts['over']} px too wide for a phone"
        path = urlsplit(page.url).path
        kind = _kind(path, facts)
        self.pages[kind] += 1
        self.examples.setdefault(kind, path)
        for form in facts["forms"]:
            self.forms.setdefault(_pattern(form), form)
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
        over = page.evaluate(_FACTS, FORMS)["over"]
        assert over <= 0, f"{page.url} for {who} is {over} px too wide for a phone"
        self._shoot(page, kind, "phone")
        page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})

    def _axe(self, page: Page, what: str, options: dict[str, object]) -> None:
        page.evaluate(_COLOURS_HAVE_CHANGED)
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, f"{what}: {page.url}\n{found.generate_report()}"

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


def _pattern(path: str) -> str:
    """The address without what differs from one thing to the next."""
    return re.sub(r"\d{4}-\d{2}-\d{2}", "date", IDENTIFIER.sub("id", path))


def _kind(path: str, facts: dict[str, Any]) -> str:
    """Which template in which state: the address and the state's badge; refusals look the same everywhere."""
    if facts["refused"]:
        return f"refused {facts['headings'][0]}"
    state = re.sub(r"\d+", "n", facts["state"])
    return " ".join(filter(None, (_pattern(path), state, "with errors" if facts["wrong"] else "")))
