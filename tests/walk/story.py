"""The story of the market, chapter by chapter, as its people live it: by what they press, write and see.

Nothing here touches a table or an action. A chapter leaves what the next one needs in `Story`; a whole story can be
told again and again in the same company, so titles carry the story's own number.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Browser, Locator, expect

from tests.walk import files
from tests.walk.hands import IDENTIFIER
from tests.walk.market import Market
from tests.walk.month_end import month_end
from tests.walk.visitor import Visitor
from tests.walk.watch import FORMS, Watch

SUCCESS = "Doors are shut again within 40 seconds; today it takes 180; the door sensors of the dock say so."
PLAN = "We fit spring hinges to all twelve doors and train both shifts."
RIVAL_PLAN = "We put up signs and remind everybody."
EVIDENCE = "Twelve doors fitted; the sensors show 31 seconds on average over a week."
OWN = ("/people/me/", "/accounts/login/")
"""Where everybody keeps their own matters, an auditor too."""
OUTCOME = "Shops get their cold goods before they open."


Chapters = tuple[tuple[str, Callable[["Story"], None]], ...]


@dataclass
class Story:
    """One telling: who takes part, in which way, and what has happened so far."""

    number: int
    way: str
    market: Market
    browser: Browser
    watch: Watch
    folder: Path
    people: dict[str, Visitor] = field(default_factory=dict)
    project: str = ""
    rival_bid: str = ""
    contract: str = ""
    idea: str = ""
    firm: str = ""
    business_date: str = ""
    posted: dict[str, Decimal] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    @property
    def need(self) -> str:
        return f"Cold store doors that stay shut {self.number}"

    @property
    def venture(self) -> str:
        return f"Milk round {self.number}"

    @property
    def next_venture(self) -> str:
        return f"Night bakery run {self.number}"

    @property
    def in_half_a_year(self) -> date:
        return (self.market.now() + timedelta(days=180)).date()

    def person(self, name: str) -> Visitor:
        """Somebody of the cast in a browser of their own, signed in once."""
        if name not in self.people:
            self.people[name] = Visitor(name, self.way, self.browser, self.market.address, self.watch)
            self.people[name].sign_in()
        return self.people[name]

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """Measure a chapter, and name it when it fails."""
        began = time.monotonic()
        try:
            yield
        except BaseException as problem:
            problem.add_note(f"in the chapter “{title}” of the story by {self.way}")
            raise
        finally:
            self.times[title] = time.monotonic() - began

    def close(self) -> None:
        for visitor in self.people.values():
            visitor.close()


def tell(story: Story, chapters: Chapters, *, end_northwind: bool = False) -> None:
    """A whole story."""
    for title, chapter in chapters:
        with story.chapter(title):
            chapter(story)
    if end_northwind:
        with story.chapter("Teo's Northwind ends"):
            northwind(story)
    with story.chapter("The books hold"):
        files.check_books(story.market.check_books(), story.posted)


# --- 1. A need, bids --------------------------------------------------------------------------------------------------


def lin_posts(story: Story) -> None:
    lin = story.person("lin")
    lin.menu("Projects")
    lin.follow("Post a need")
    deadline = (story.market.now() + timedelta(hours=3)).replace(second=0, microsecond=0)
    lin.write("Title", story.need)
    lin.write("Need", "The doors of our cold store stand open while lorries are loaded.")
    lin.write("What success means", SUCCESS)
    lin.write("Ceiling", "50,000")
    lin.write_instant("Deadline", deadline.replace(tzinfo=None))
    lin.tick("Weighted price and quality")
    lin.write("Weight of price", "60")
    lin.choose("Who accepts the work", "Noor Rahman")
    lin.tick("Noor Rahman")
    lin.press("Save the draft")
    assert lin.heading() == story.need
    story.project = lin.path
    lin.follow("Publish")
    lin.sees("CN¥50,000.00 moves from your wallet into hold")
    lin.press("Publish and hold the ceiling")
    lin.at(story.project)
    lin.sees("Open", SUCCESS, "Noor Rahman")


def bids(story: Story) -> None:
    amara = story.person("amara")
    amara.sees(story.need)  # it closes within a day, so it needs her
    amara.menu("Projects")
    amara.search(story.need, phase="Open")
    amara.sees("State: Open", f"Search titles: {story.need}")
    amara.follow(re.compile("State: Open"))
    assert "phase=" not in amara.page.url
    amara.follow(story.need)
    amara.at(story.project)
    amara.sees(SUCCESS)
    amara.follow("Submit a bid")
    amara.write("Price", "50,001")
    amara.write("Days", "20")
    amara.write("Plan", PLAN)
    amara.press("Submit sealed bid")
    amara.sees("The ceiling is CN¥50,000.00; a bid above it is refused.")
    assert amara.field("Plan").input_value() == PLAN
    assert amara.field("Price").input_value() == "50,001"
    amara.write("Price", "41,000")
    amara.press("Submit sealed bid")
    amara.sees("What you submitted", "CN¥41,000.00", "Receipt")
    receipt = amara.part("submitted").locator("code").inner_text()
    assert re.fullmatch(r"[0-9a-f]{64}", receipt)
    amara.visit("/bids/")
    amara.sees(story.need)

    teo = story.person("teo")
    teo.visit(story.project)
    teo.sees_nothing_of("Cold Chain", "41,000", receipt)
    teo.follow("Submit a bid")
    teo.write("Price", "36,500")
    teo.write("Days", "12")
    teo.write("Plan", RIVAL_PLAN)
    teo.press("Submit sealed bid")
    teo.sees("What you submitted")

    for name in ("lin", "fay", "rui", "mei"):
        other = story.person(name)
        other.visit(story.project)
        other.sees("Open")
        other.sees_nothing_of("Cold Chain", "Northwind", "41,000", "36,500", PLAN, RIVAL_PLAN, receipt)
        other.visit("/bids/")
        other.sees_nothing_of(story.need, receipt)
    mei = story.person("mei")
    mei.is_refused(f"{story.project}bid/", "Only the leader of an active ME or of a team submits bids.")
    story.person("lin").is_refused(f"{story.project}bid/", "Nobody buys from themselves.")


def award(story: Story) -> None:
    story.market.forward("4h")
    lin, noor, amara, teo = (story.person(name) for name in ("lin", "noor", "amara", "teo"))
    lin.wait_for(story.project, "The bids")
    lin.sees("Cold Chain", "Northwind", "41,000.00", "36,500.00")
    lin.sees("The panel still has to judge 2 bids", "Waiting for Noor Rahman.")
    amara.is_refused(f"{story.project}no-award/", "Only the leader of Blue Kettle awards this project.")

    noor.home()
    noor.answer(f"Judge the quality of the bids on “{story.need}”")
    noor.sees("Before you see what was offered", "Cold Chain", "Northwind")
    noor.sees_nothing_of(PLAN, "41,000")
    noor.tick("I have no conflict of interest with any of the bidders")
    noor.press("Declare")
    noor.sees("You judge alone, so what you give is final.", PLAN)
    noor.write("Quality points", "9000", within=noor.form_part("Cold Chain"))
    noor.write("Why", "Hinges work when nobody thinks of them.", within=noor.form_part("Cold Chain"))
    noor.write("Quality points", "2000", within=noor.form_part("Northwind"))
    noor.write("Why", "Signs were tried last year.", within=noor.form_part("Northwind"))
    noor.press("Give these points")

    lin.home()
    lin.answer(f"Decide who gets “{story.need}”")
    lin.sees("1. Cold Chain", "2. Northwind", "10,000 × (50,000.00 − 41,000.00) ÷ 50,000.00")
    story.rival_bid = found_identifier(
        lin.page.locator("#bids h3", has_text="Northwind").locator("xpath=..").get_attribute("id")
    )
    lin.follow("Award Cold Chain")
    lin.write("Why this bid", "It shuts the doors without anybody having to remember.")
    lin.press("Award Cold Chain")
    lin.at(story.project)
    lin.sees("Awarded", "It shuts the doors without anybody having to remember.")

    teo.home()
    teo.visit("/bids/")
    teo.follow(story.need)
    teo.sees("Why not:", "of the awarded bid")
    amara.home()
    amara.answer(f"Sign “{story.need}”")


def found_identifier(text: str | None) -> str:
    found = IDENTIFIER.search(text or "")
    assert found, text
    return found.group()


# --- 2. The contract --------------------------------------------------------------------------------------------------


def contract(story: Story) -> None:
    lin, noor, amara, teo = (story.person(name) for name in ("lin", "noor", "amara", "teo"))
    story.contract = amara.path.removesuffix("sign/")
    amara.sees("Read and sign version 1", SUCCESS, PLAN, "The other side still has to sign.")
    noor.is_refused(f"{story.contract}sign/", "Only the leaders of Blue Kettle and Cold Chain can do this.")
    teo.visit(story.contract, 404)
    amara.press("Sign version 1")
    amara.sees("You signed.")
    amara.is_refused(f"{story.contract}sign/", "it now waits for Blue Kettle", 409)

    lin.home()
    lin.answer(f"Sign “{story.need}”")
    lin.sees("Yours is the last signature.", "CN¥41,000.00", "CN¥9,000.00 goes back")
    lin.press("Sign version 1")
    lin.at(story.contract)
    escrow = lin.part("money")
    expect(escrow).to_contain_text("In escrow")
    expect(escrow.locator("dd", has_text="CN¥41,000.00").first).to_be_visible()

    amara.home()
    amara.menu("Contracts")
    amara.follow(story.need)
    amara.follow("Deliver")
    amara.write("Evidence", EVIDENCE)
    amara.write("Link to the evidence", "https://sensors.haier.example/doors")
    amara.press("Deliver this milestone")
    amara.sees("Delivered. Noor Rahman decides on it.")
    amara.is_refused(f"{story.contract}milestones/1/accept/", "Noor Rahman decides on this work for Blue Kettle.")
    lin.is_refused(f"{story.contract}milestones/1/accept/", "Noor Rahman decides on this work for Blue Kettle.")

    noor.home()
    noor.answer(f"Decide on the delivery “{story.need}")
    noor.sees(EVIDENCE)
    noor.press("Accept and pay")
    noor.at(story.contract)
    noor.sees("Accepted. The money is in the wallet of Cold Chain.", "Completed")
    noor.follow("Rate the work")
    noor.tick("4, as agreed")
    noor.write("Comment", "Quick, and tidy on the dock.")
    noor.press("Give this rating")
    noor.at(story.contract)
    amara.visit(story.contract)
    amara.sees("A rating is in.")
    amara.sees_nothing_of("tidy on the dock")


# --- 3. The night -----------------------------------------------------------------------------------------------------


def statement(story: Story) -> None:
    mei = story.person("mei")
    story.business_date = story.market.now().date().isoformat()
    story.market.forward("1d")
    mei.wait_for("/statements/", story.need)
    mei.home()
    mei.menu("My statement")
    row = mei.row(story.need)
    expect(row).to_contain_text("CN¥")
    mei.follow(re.compile("."), within=row.locator("th"))
    mei.sees(story.need, "Cold Chain", "weight")
    assert re.search(r"[Vv]ersion 1", mei.text())
    line = mei.path
    mei.visit("/statements/")
    mei.follow(re.compile(re.escape(story.need)), within=mei.row(story.need))
    mei.at(story.contract)
    story.person("teo").visit(line, 404)
    story.person("lin").visit(f"/settlement/{story.business_date}/", 404)


def finance(story: Story) -> None:
    fay = story.person("fay")
    fay.home()
    fay.menu("Settlement")
    fay.visit(f"/settlement/{story.business_date}/")
    fay.sees("Sealed", "Totals", "Cold Chain")
    fay.open("Approve")
    fay.press("Approve", within=fay.page.locator(".confirm-sheet"))
    fay.sees("Approved. What is newly payable can be paid now.", "Fay Brennan")
    report = fay.download("Report as XLSX", story.folder)
    table = fay.download("Report as CSV", story.folder)
    journal = fay.download("Journal for hledger", story.folder)
    story.posted = files.check(report, table, journal)


# --- 4. A venture -----------------------------------------------------------------------------------------------------


def write_idea(sol: Visitor, title: str, due_on: date) -> None:
    """The form of an idea, from wherever it was opened."""
    sol.write("Title", title)
    sol.write("Customer", "Small shops that open at six and have no room to store milk.")
    sol.write("Outcome", OUTCOME)
    sol.choose("Platform", "Cold Chain Logistics")
    sol.tick("User ME")
    sol.write("Money needed to launch", "30,000")
    sol.write("What is measured", "Shops served before six")
    sol.write("Today", "0")
    sol.write("Target", "40")
    sol.write("Leading target", "90")
    sol.write_day("By", due_on)
    sol.press("Keep the draft")
    assert sol.heading() == title
    sol.press("Publish")
    sol.sees("Gathering people and pledges")


def open_seat(sol: Visitor, role: str) -> None:
    sol.follow("Open a seat")
    sol.write("Role", role)
    sol.write("Customer outcome", f"{OUTCOME} The {role.lower()} answers for it.")
    sol.tick("Entrepreneur")
    sol.write("Share weight", "12")
    sol.press("Open the seat")
    sol.sees("The seat is open.")


def receive(story: Story, pledger: str) -> None:
    """Finance records that a colleague's own money came in."""
    fay = story.person("fay")
    fay.menu("Ideas")
    fay.follow("Pledges to come in")
    fay.search(story.venture)
    fay.follow("It came in", within=fay.row(f"{pledger}@haier.example"))
    fay.write("Document number", f"TR-{story.number}-{pledger}")
    fay.press("Record it")
    fay.at(story.idea)


def launch(story: Story) -> None:
    sol, ada, mei = (story.person(name) for name in ("sol", "ada", "mei"))
    sol.menu("Ideas")
    sol.follow("Write down an idea")
    write_idea(sol, story.venture, story.in_half_a_year)
    story.idea = sol.path
    open_seat(sol, "Driver")
    open_seat(sol, "Dispatcher")
    for name, amount in (("lin", "18,000"), ("teo", "12,500")):
        pledger = story.person(name)
        pledger.menu("Ideas")
        pledger.search(story.venture)
        pledger.follow(story.venture)
        pledger.follow("Pledge")
        pledger.write("Amount", amount)
        pledger.tick("My own money")
        pledger.press("Pledge")
        pledger.at(story.idea)
        receive(story, name)
    ada.menu("Talent")
    ada.follow("Open seats")
    ada.search(story.venture)
    ada.follow(re.compile("Driver"))
    ada.write("What you would bring", "A licence, and I like mornings.")
    ada.press("Ask for this seat")

    sol.home()
    sol.answer("Ada Novak asks for the seat Driver")
    sol.press("Accept: take the seat")
    sol.visit(story.idea)
    sol.follow("Invite somebody", within=sol.row("Dispatcher"))
    sol.hands.write(sol.field("Name or e-mail address"), "mei@")
    if sol.hands.scripted:
        expect(sol.page.locator("#people")).to_contain_text("Mei Tanaka")
    else:
        sol.press("Search")
    sol.hands.tick(sol.page.locator("#people input[type=radio]").first)
    sol.press("Invite")
    mei.home()
    mei.answer("You are invited: Dispatcher")
    mei.press("Accept: take the seat")

    sol.home()
    sol.answer(f"Launch “{story.venture}”")
    sol.write("Annual threshold", "100,000")
    sol.hands.write(sol.page.locator("[name=rate_1]"), "30")
    sol.press("Launch the ME")
    sol.sees(story.venture, "Sol Rivera", "Ada Novak", "Mei Tanaka")
    story.firm = sol.path
    expect(sol.part("money").locator("dd", has_text="CN¥30,500.00").first).to_be_visible()


# --- 5. An end, and what follows --------------------------------------------------------------------------------------


def sees_offers(visitor: Visitor) -> None:
    """At least three seats, each with a reason."""
    cards = visitor.part("offers").locator("li.card")
    assert cards.count() >= 3, f"{cards.count()} seats are offered at {visitor.page.url}"
    for number in range(cards.count()):
        assert cards.nth(number).locator("ul li").count() >= 1, "a seat is offered without a reason"


def ending(story: Story) -> None:
    sol, teo = story.person("sol"), story.person("teo")
    teo.visit(f"/talent/wind-up/{found_identifier(story.firm)}/")
    teo.sees("Only Sol Rivera, who leads")
    assert teo.page.locator("#main form[method=post]").count() == 0
    sol.visit(story.firm)
    sol.follow("Wind it up")
    sol.write("Why it ends", "The dairy keeps its own round after all.")
    sol.press(f"Wind up {story.venture} for good")
    sol.home()
    sol.answer("Find your next place")
    sol.sees("days left")
    sees_offers(sol)
    sol.follow("Publish an idea")
    write_idea(sol, story.next_venture, story.in_half_a_year)

    hua = story.person("hua")
    for name in ("Sol Rivera", "Ada Novak"):
        hua.menu("Talent")
        hua.search(name)
        hua.follow(name)
        hua.sees(story.venture, "days left")
        sees_offers(hua)


def landing(story: Story) -> None:
    hua, ada = story.person("hua"), story.person("ada")
    hua.menu("Microenterprises")
    firms = [words.strip() for words in hua.page.locator("#results tbody th a").all_inner_texts()]
    hua.menu("Talent")
    hua.follow("HR's board")
    hua.write("Name or skill", "Ada")
    hua.press("Search")
    hua.follow("Invite Ada Novak")
    choice, role, firm = seat_of_an_me(hua, firms)
    hua.hands.tick(choice.locator("input"))
    hua.write("Message", "They need somebody who knows mornings.")
    hua.press("Send the invitation")
    hua.sees("Ada Novak is invited.")

    ada.home()
    ada.answer(f"You are invited: {role}")
    ada.press("Accept: take the seat")
    ada.sees("Accepted. The seat is taken.")
    hua.visit("/admin/talent_pool/poolentry/board/?q=Ada+Novak")
    hua.sees_nothing_of("Invite Ada Novak")

    hua.visit("/admin/")
    hua.follow("People", within=hua.page.locator(".model-user"))
    hua.write("Name, e-mail address or employee number", "noor@haier.example")
    hua.press("Search")
    hua.follow("Noor Rahman")
    hua.write("Place of work", f"Qingdao, house {story.number}")
    hua.press("Save")
    hua.sees("was changed successfully", f"Qingdao, house {story.number}")

    # She leaves again, so that the story can be told once more in the same company.
    ada.menu("Microenterprises")
    ada.search(firm)
    ada.follow(firm)
    ada.follow("Ada Novak")
    ada.open("Leave this ME")
    ada.press("Leave this ME", within=ada.page.locator(".confirm-sheet"))
    ada.sees("Ada Novak leaves on the day you chose.")


def seat_of_an_me(hua: Visitor, firms: list[str]) -> tuple[Locator, str, str]:
    """The best choice that is a seat of an ME and not of an idea: the choice, its role, the ME."""
    for choice in hua.page.locator(".board-choice").all():
        title = choice.locator("label").inner_text().split("\n")[0]
        for firm in firms:
            if title.endswith(f", {firm}"):
                return choice, title.removesuffix(f", {firm}"), firm
    raise AssertionError(f"no seat of an ME is offered:\n{hua.text()}")


def northwind(story: Story) -> None:
    teo, hua = story.person("teo"), story.person("hua")
    teo.menu("Microenterprises")
    teo.search("Northwind")
    teo.follow("Northwind")
    members = teo.page.locator("#members tbody th").all_inner_texts()
    teo.follow("Wind it up")
    teo.write("Why it ends", "Two customers left, and none came.")
    teo.press("Wind up Northwind for good")
    teo.home()
    teo.answer("Find your next place")
    sees_offers(teo)
    hua.visit("/talent/")
    for name in (member.split("\n")[0] for member in members):
        hua.search(name)
        hua.follow(name)
        hua.sees("Northwind", "days left")
        sees_offers(hua)
        hua.visit("/talent/")


# --- 6. The auditor ---------------------------------------------------------------------------------------------------


def auditor(story: Story) -> None:
    rui = story.person("rui")
    rui.home()
    changes = list(story.watch.forms.values())
    read = 0
    for path in dict.fromkeys(story.watch.examples.values()):
        answer = rui.page.goto(path)
        assert answer is not None
        assert answer.status in (200, 403, 404, 409), f"{path} answers {answer.status} to Rui"
        story.watch.look(rui.page, "rui")
        read += answer.status == 200
        assert path in OWN or rui.page.locator(FORMS).count() == 0, f"Rui could change something at {path}"
    assert read >= 20
    for path in changes:
        if path not in OWN:
            refused = rui.send(path, reason="I am the auditor", answer="accept")
            # What was done is answered with 303; 302 leads to a page where there is nothing to do any more.
            fine = (403, 404, 405, 409) if path.startswith("/admin/") else (302, 403, 404, 405, 409)
            assert refused.status in fine, f"{path} answers {refused.status} to a form of Rui's"


CHAPTERS: Chapters = (
    ("Lin posts a need", lin_posts),
    ("Amara and Teo bid, and nobody learns of it", bids),
    ("The deadline passes and Lin awards", award),
    ("Both sign, work is delivered, accepted and rated", contract),
    ("Night falls and Mei reads her statement", statement),
    ("Fay approves and exports", finance),
    ("A month end: Fay finds an exception, mends it and closes the nights", month_end),
    ("Sol's idea becomes an ME", launch),
    ("The ME ends and its people are safe", ending),
    ("Hua helps one to land and mends a record", landing),
    ("Rui reads all of it and changes nothing", auditor),
)
