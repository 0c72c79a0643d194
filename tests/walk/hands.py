"""Three ways to use a page: a mouse, the keyboard alone, a phone without JavaScript. The story does not know which.

Each is what a person does: no script changes a page, and what cannot be reached or seen fails here.
"""

import re
from datetime import date, datetime

from playwright.sync_api import Locator, Page

TABS = 160
"""More stops than any page of the walk has."""

_BEFORE = """(target) => {
  const here = document.activeElement;
  return here && here !== document.body
    && Boolean(here.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING);
}"""
_FOCUS_IS_VISIBLE = """(element) => {
  const shown = (node) => {
    const style = getComputedStyle(node);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  // A date field hands the focus on to its parts; a card shows the focus of the link in it.
  const card = element.closest("li.card");
  return element.matches(":focus-within") && (shown(element) || Boolean(card && shown(card)));
}"""
_IN_MAIN = "(element) => Boolean(element.closest('#main'))"
_HAS_FOCUS = "(element) => element === document.activeElement"


class Mouse:
    """Clicks and typing."""

    scripted = True
    phone = False

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        """A link, a button, the head of something that opens."""
        target.click()

    def write(self, field: Locator, text: str) -> None:
        """Replace what a field holds."""
        field.fill(text)

    def choose(self, field: Locator, label: str) -> None:
        """One option of a select, by its words."""
        field.select_option(label=label)

    def tick(self, box: Locator) -> None:
        """A checkbox or a radio button."""
        box.check()

    def write_day(self, field: Locator, day: date) -> None:
        """A date into the browser's own date field."""
        field.fill(day.isoformat())

    def write_instant(self, field: Locator, local: datetime) -> None:
        """A date and time into the browser's own field for both."""
        field.fill(local.strftime("%Y-%m-%dT%H:%M"))


class Phone(Mouse):
    """390 pixels wide, without JavaScript: forms are sent by their buttons and nothing else."""

    scripted = False
    phone = True


class Keyboard(Mouse):
    """Tab, Enter, Space, arrows and typing. Every stop must show where the focus is."""

    def press(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, label: str) -> None:
        self.reach(field)
        self.page.keyboard.type(label)
        chosen = field.evaluate("(select) => select.selectedOptions[0].label")
        assert chosen == label, f"typing {label!r} chose {chosen!r}"

    def tick(self, box: Locator) -> None:
        if box.is_checked():
            return
        if box.get_attribute("type") == "radio":
            self._turn_to(box)
        else:
            self.reach(box)
            self.page.keyboard.press("Space")
        assert box.is_checked()

    def write_day(self, field: Locator, day: date) -> None:
        self.reach(field)
        self.page.keyboard.type(day.strftime("%m%d%Y"))
        assert field.input_value() == day.isoformat()

    def write_instant(self, field: Locator, local: datetime) -> None:
        self.reach(field)
        self.page.keyboard.type(local.strftime("%m%d%Y"))
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.type(local.strftime("%I%M%p"))
        assert field.input_value() == local.strftime("%Y-%m-%dT%H:%M")

    def reach(self, target: Locator) -> None:
        """Tab to a control, past the navigation by the skip link, and see that it shows the focus."""
        target.wait_for(state="visible")
        if target.evaluate(_IN_MAIN) and not self._focus_is_in_main():
            self._skip()
        key = "Shift+Tab" if target.evaluate(_BEFORE) else "Tab"
        self._tab_until(target, key)
        assert target.evaluate(_FOCUS_IS_VISIBLE), f"the focus does not show on {target}"

    def _skip(self) -> None:
        link = self.page.get_by_role("link", name="Skip to content")
        if link.count() == 0:
            return
        self._tab_until(link, "Tab" if not link.evaluate(_BEFORE) else "Shift+Tab")
        self.page.keyboard.press("Enter")

    def _turn_to(self, radio: Locator) -> None:
        """Arrow keys move among the buttons of one name; Tab stops at the chosen one, else at the first or last."""
        name = radio.get_attribute("name")
        group = self.page.locator(f'input[type="radio"][name="{name}"]')
        chosen = self.page.locator(f'input[type="radio"][name="{name}"]:checked')
        self.reach(chosen if chosen.count() else group.first)
        for _step in range(group.count()):
            if radio.evaluate(_HAS_FOCUS):
                break
            self.page.keyboard.press("ArrowDown")
        if not radio.is_checked():
            self.page.keyboard.press("Space")

    def _tab_until(self, target: Locator, key: str) -> None:
        for _step in range(TABS):
            if target.evaluate(_HAS_FOCUS):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} does not reach {target}")

    def _focus_is_in_main(self) -> bool:
        return bool(self.page.evaluate("Boolean(document.activeElement && document.activeElement.closest('#main'))"))


HANDS: dict[str, type[Mouse]] = {"mouse": Mouse, "keyboard": Keyboard, "phone": Phone}
IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
