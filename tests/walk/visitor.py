"""One person in a browser of their own: what they press, write and see. No page is known here."""

import re
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from playwright.sync_api import APIResponse, Browser, Locator, expect

from tests.walk.hands import HANDS
from tests.walk.watch import NARROW, WIDE, Watch

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

PASSWORD = "market-demo"
Role = Literal["link", "button"]


class Visitor:
    """Somebody of the cast, signed in."""

    def __init__(self, name: str, way: str, browser: Browser, address: str, watch: Watch) -> None:
        kind = HANDS[way]
        size: ViewportSize = {
            "width": (NARROW if kind.phone else WIDE)["width"],
            "height": (NARROW if kind.phone else WIDE)["height"],
        }
        self.name = name
        self._context = browser.new_context(
            base_url=address, viewport=size, java_script_enabled=kind.scripted, locale="en-US", reduced_motion="reduce"
        )
        self._context.set_default_timeout(20_000)
        watch.follow(self._context)
        self.page = self._context.new_page()
        self.hands = kind(self.page)
        self._watch = watch

    def close(self) -> None:
        self._context.close()

    # --- Going somewhere ----------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """As everybody does: the first page asks who it is."""
        self.visit("/")
        self.write("Email", f"{self.name}@haier.example")
        self.write("Password", PASSWORD)
        self.press("Sign in")
        self.at("/")

    def visit(self, path: str, status: int = 200) -> None:
        """Type an address."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path} answers {answer.status} to {self.name}"
        self._watch.look(self.page, self.name)

    def home(self) -> None:
        self.menu("What needs me")

    def menu(self, label: str) -> None:
        """A word of the main navigation, on a phone behind its menu."""
        link = self.page.get_by_role("navigation", name="Main").get_by_role("link", name=label, exact=True)
        if not link.is_visible():
            self.hands.press(self.page.locator(".menu > summary"))
        self._go(link)

    def follow(self, words: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Press a link; the next page is looked at."""
        self._go(self._one("link", words, within))

    def press(self, words: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Press a button that sends a form; the answer is looked at."""
        self._go(self._one("button", words, within))

    def answer(self, need: str) -> None:
        """On the first page, do what waits for this person."""
        assert self.is_asked(need), f"nothing says {need!r} on the first page of {self.name}:\n{self.text()}"
        self._go(self._needs(need).first.get_by_role("link"))

    def is_asked(self, need: str) -> bool:
        """Whether the first page, which is open, says that this waits."""
        return self._needs(need).count() > 0

    def _needs(self, need: str) -> Locator:
        return self.page.locator("li.need", has_text=need)

    def open(self, words: str, *, within: Locator | None = None) -> None:
        """Unfold what is folded."""
        head = (within or self.page.locator("#main")).locator("summary", has_text=words).first
        self.hands.press(head)
        expect(head.locator("xpath=..")).to_have_attribute("open", "")

    def download(self, words: str, folder: Path) -> Path:
        """Press a link that answers with a file; where it was saved."""
        with self.page.expect_download() as coming:
            self.hands.press(self._one("link", words, None))
        path = folder / coming.value.suggested_filename
        coming.value.save_as(path)
        return path

    def _one(self, role: Role, words: str | re.Pattern[str], within: Locator | None) -> Locator:
        exact = isinstance(words, str)
        found = (within or self.page.locator("#main, #content")).get_by_role(role, name=words, exact=exact)
        visible = found.locator("visible=true")
        assert visible.count(), f"{self.name} finds no {role} {words!r} at {self.page.url}"
        return visible.first

    def _go(self, target: Locator) -> None:
        here = self.page.url
        if (target.get_attribute("href") or "").startswith("#"):
            self.hands.press(target)
            return
        with self.page.expect_event("domcontentloaded"):
            self.hands.press(target)
        self.page.wait_for_load_state("load")
        assert "chrome-error" not in self.page.url, f"{target} at {here} leads nowhere"
        self._watch.look(self.page, self.name)

    # --- Forms --------------------------------------------------------------------------------------------------------

    def field(self, label: str, *, within: Locator | None = None) -> Locator:
        """A control by its label; `optional` belongs to the label."""
        words = re.compile(rf"^{re.escape(label)}:?( optional)?$")
        return (within or self.page.locator("#main, #content")).get_by_label(words).first

    def write(self, label: str, text: str, *, within: Locator | None = None) -> None:
        self.hands.write(self.field(label, within=within), text)

    def choose(self, label: str, option: str) -> None:
        self.hands.choose(self.field(label), option)

    def tick(self, label: str) -> None:
        self.hands.tick(self.field(label))

    def write_day(self, label: str, day: date) -> None:
        self.hands.write_day(self.field(label), day)

    def write_instant(self, label: str, local: datetime) -> None:
        self.hands.write_instant(self.field(label), local)

    def search(self, text: str, **choices: str) -> None:
        """Filter a list; the address holds the search, with JavaScript at once, without it by its button."""
        box = self.page.get_by_role("searchbox")
        self.hands.write(box, text)
        for name, option in choices.items():
            self.hands.choose(self.page.locator(f"form.filters select[name={name}]"), option)
        if self.hands.scripted:
            self.page.wait_for_url(lambda url: all(f"{name}=" in url for name in ("q", *choices)))
            self._watch.look(self.page, self.name)
        else:
            self.press("Show")

    # --- Seeing -------------------------------------------------------------------------------------------------------

    def at(self, path: str) -> None:
        """The address is this one."""
        assert urlsplit(self.page.url).path == path, f"{self.name} is at {self.page.url}, not at {path}"

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def heading(self) -> str:
        return self.page.locator("h1:visible").inner_text().strip()

    def text(self) -> str:
        """What a reader can see or unfold, spaces folded."""
        return " ".join((self.page.locator("body").text_content() or "").split())

    def sees(self, *words: str) -> None:
        text = self.text()
        for each in words:
            assert each in text, f"{self.name} does not see {each!r} at {self.page.url}:\n{text}"

    def sees_nothing_of(self, *words: str) -> None:
        text = self.page.content()
        for each in words:
            assert each not in text, f"{self.name} sees {each!r} at {self.page.url}"

    def row(self, words: str) -> Locator:
        """The row of a table or the card that holds the words."""
        found = self.page.locator("#main tr, #main li.card, #main li.need, #content tr", has_text=words)
        assert found.count(), f"{self.name} finds no row with {words!r} at {self.page.url}:\n{self.text()}"
        return found.first

    def form_part(self, title: str) -> Locator:
        """A section of a form by its heading."""
        return self.page.locator("section.form-part", has=self.page.get_by_role("heading", name=title, exact=True))

    def part(self, identifier: str) -> Locator:
        """A section of the page by its id."""
        return self.page.locator(f"#{identifier}")

    def wait_for(self, path: str, words: str, seconds: float = 90) -> None:
        """Look at a page again and again until it says so: the clock's own work takes its time."""
        deadline = time.monotonic() + seconds
        while True:
            self.page.goto(path)
            if words in self.text():
                break
            assert time.monotonic() < deadline, f"{path} does not say {words!r} after {seconds} s:\n{self.text()}"
            time.sleep(0.5)
        self._watch.look(self.page, self.name)

    # --- Cheating -----------------------------------------------------------------------------------------------------

    def is_refused(self, path: str, sentence: str, status: int = 403) -> None:
        """Type an address that is not for this person: the page says why."""
        self.visit(path, status)
        refusal = self.page.locator("[data-refusal]").inner_text()
        assert sentence in refusal, f"{path} refuses {self.name} with {refusal!r}"

    def send(self, path: str, **fields: str) -> APIResponse:
        """Send a form that is not on the page, with this person's own session and token."""
        token = self.page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
        form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, **fields}
        return self._context.request.post(path, form=form, max_redirects=0)
