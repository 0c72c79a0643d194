"""The chapter in which finance does a month end from the pages alone: an exception is found, understood and mended."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.walk import files

if TYPE_CHECKING:
    from tests.walk.story import Story
    from tests.walk.visitor import Visitor

FIRM = "Cold Chain"
LEFT_FREE = 1_000
"""What Amara leaves in the wallet, in yuan; what is due to the members is more."""


def month_end(story: "Story") -> None:
    """A night cannot pay one ME's share. Fay finds out why, records the missing money, and closes both nights."""
    fay = story.person("fay")
    # So much that its share is more than what may come back tonight from needs nobody bid on.
    _record(fay, "5,000,000", f"WALK-{story.number}-A")
    _tie_up(story)
    short = story.market.now().date()
    story.market.forward("1d")
    fay.wait_for(f"/settlement/{short}/", "Waiting for approval")

    fay.menu("Settlement")
    fay.sees("Could not settle, and not mended")
    fay.visit(f"/settlement/{short}/")
    fay.sees("Exceptions", "Difference", "Profit and shares over time", "By platform")
    problem = fay.part("exceptions").locator("li", has=fay.page.get_by_role("link", name=FIRM, exact=True))
    said = problem.inner_text()
    assert "but its wallet held" in said, said
    needed = re.search(r"at least CN¥([\d,.]+\d)", said)
    assert needed, said
    fay.follow(FIRM, within=problem)
    fay.sees("Nothing was posted; everyone else was settled.", "What is due to the members")
    fay.visit(f"/settlement/{short}/")
    fay.follow(re.compile("^Record money"), within=problem)
    missing = Decimal(needed[1].replace(",", ""))
    _fill_in(fay, f"{missing * 4:,.2f}", f"WALK-{story.number}-B")

    mended = story.market.now().date()
    story.market.forward("1d")
    fay.wait_for(f"/settlement/{mended}/", "Waiting for approval")
    fay.visit(f"/settlement/{short}/")
    outcome = fay.part("exceptions").locator("li", has=fay.page.get_by_role("link", name=FIRM, exact=True))
    assert "Mended" in outcome.inner_text(), outcome.inner_text()
    _approve_what_waits(fay)
    fay.visit(f"/settlement/{mended}/")
    report = fay.download("Report as XLSX", story.folder)
    table = fay.download("Report as CSV", story.folder)
    journal = fay.download("Journal for hledger", story.folder)
    files.check(report, table, journal)

    _pay(story, fay, mended)
    mei = story.person("mei")
    mei.menu("My statement")
    mei.sees("which could not be settled then", "What is owed", "What would I get")


def _pay(story: "Story", fay: "Visitor", night: date) -> None:
    """Fay prepares a payout and sends it; the bank's file adds up; Ines, not Fay, says that the bank has paid.

    The way goes from the night she approved; that it is time for it her first page says as well.
    """
    fay.home()
    fay.answer("Pay people out")
    fay.at("/payouts/")
    fay.visit(f"/settlement/{night}/")
    fay.follow("Pay people out")
    fay.at("/payouts/")
    fay.wait_for(fay.path, "Prepare a payout in CNY")
    fay.open("Prepare a payout in CNY")
    fay.press("Prepare a payout in CNY", within=fay.page.locator(".confirm-sheet"))
    payout = fay.path
    fay.wait_for(payout, "Reserved, not sent.")
    fay.open("Send")
    fay.press("Send", within=fay.page.locator(".confirm-sheet"))
    fay.wait_for(payout, "Give the file to the bank.")
    shown = fay.page.locator("dl.stats dd").first.inner_text()
    bank = fay.download("Payments as pain.001", story.folder)
    table = fay.download("Payments as CSV", story.folder)
    files.check_payments(bank, table, shown)
    fay.visit(payout)
    fay.sees("You created this payout, so somebody else in finance marks it as paid.")

    ines = story.person("ines")
    ines.visit(payout)
    ines.open("Mark as paid")
    ines.press("Mark as paid", within=ines.page.locator(".confirm-sheet"))
    ines.wait_for(payout, "If the bank still rejects a payment")


def _approve_what_waits(fay: "Visitor") -> None:
    """Night after night, as her first page names them: the two of this chapter, and any that fell in one before."""
    fay.home()
    while fay.is_asked("Approve the settlement"):
        fay.answer("Approve the settlement")
        fay.open("Approve")
        fay.press("Approve", within=fay.page.locator(".confirm-sheet"))
        fay.sees("Approved. What is newly payable can be paid now.")
        fay.home()


def _tie_up(story: "Story") -> None:
    """Amara posts a need whose ceiling is nearly all that her ME has free, and it is held."""
    amara = story.person("amara")
    amara.menu("Microenterprises")
    amara.search(FIRM)
    amara.follow(FIRM)
    wallet = Decimal(re.sub(r"[^\d.]", "", amara.part("money").locator("dd").first.inner_text()))
    amara.menu("Projects")
    amara.follow("Post a need")
    amara.write("Title", f"A second cold store {story.number}")
    amara.write("Need", "Our cold store is full from Thursday to Saturday.")
    amara.write("What success means", "Two hundred more pallet places by spring; the count of the warehouse says so.")
    amara.write("Ceiling", f"{int(wallet) - LEFT_FREE:,}")
    deadline = (story.market.now() + timedelta(hours=30)).replace(second=0, microsecond=0)
    amara.write_instant("Deadline", deadline.replace(tzinfo=None))
    amara.choose("Who accepts the work", "Mei Tanaka")
    amara.press("Save the draft")
    amara.follow("Publish")
    amara.press("Publish and hold the ceiling")


def _record(fay: "Visitor", amount: str, document: str) -> None:
    """Fay records a receipt of the ME."""
    fay.menu("Microenterprises")
    fay.search(FIRM)
    fay.follow(FIRM)
    fay.follow("Record money")
    _fill_in(fay, amount, document)


def _fill_in(fay: "Visitor", amount: str, document: str) -> None:
    fay.write("Amount", amount)
    fay.write("Who paid or was paid", "Harbour Hotels")
    fay.write("Document number", document)
    fay.press("Record and post")
    fay.sees(document)
