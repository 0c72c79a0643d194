"""Another story: a question is answered for all, two judge apart under two envelopes, two decide, one objects.

There is a standstill while it is told, so what is awarded does not take effect at once.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.walk.story import Chapters, Story
    from tests.walk.visitor import Visitor

QUESTION = "May the crew work on the ramps before six in the morning?"
ANSWER = "Yes, the gate is open from four; ring at the lodge."
PLAN = "We lift the ramps with spring plates, one door a night."
RIVAL_PLAN = "We weld new edges in one weekend."
JUDGED = (("Cold Chain", "9000", "No lorry waits while they work."), ("Northwind", "6000", "One weekend is a risk."))
PRICES = ("41,000", "36,500")


def need(story: "Story") -> str:
    return f"Ramps that do not rattle {story.number}"


def lin_posts(story: "Story") -> None:
    """Quality counts, Noor and Hua judge, and prices wait in an envelope of their own."""
    story.market.from_tomorrow("standstill_business_days", 1)
    story.market.forward("1d")
    lin = story.person("lin")
    lin.menu("Projects")
    lin.follow("Post a need")
    deadline = (story.market.now() + timedelta(hours=3)).replace(second=0, microsecond=0)
    lin.write("Title", need(story))
    lin.write("Need", "The ramps of our dock rattle whenever a lorry drives over them.")
    lin.write("What success means", "Under 60 dB on the yard at night; today 74; measured by our meter for a week.")
    lin.write("Ceiling", "50,000")
    lin.write_instant("Deadline", deadline.replace(tzinfo=None))
    lin.tick("Weighted price and quality")
    lin.write("Weight of price", "60")
    lin.tick("Noor Rahman")
    lin.write("Panel from elsewhere", "hua@haier.example")
    lin.tick("Two envelopes")
    lin.choose("Who accepts the work", "Noor Rahman")
    lin.press("Save the draft")
    story.project = lin.path
    lin.follow("Publish")
    lin.press("Publish and hold the ceiling")
    lin.sees("Open", "Two envelopes")


def question(story: "Story") -> None:
    """Mei watches and keeps a filter; Teo asks without his name, and everybody reads Lin's answer."""
    mei, teo, lin = (story.person(name) for name in ("mei", "teo", "lin"))
    mei.menu("Projects")
    mei.search(need(story))
    mei.follow("Save this filter")
    mei.write("Name", f"Ramps {story.number}")
    mei.press("Save")
    mei.sees("Saved.", f"Ramps {story.number}")
    mei.visit(story.project)
    mei.press("Watch")
    mei.sees("You watch this project now. Only you see that.")

    teo.visit(story.project)
    teo.follow("Questions and answers")
    teo.write("Your question", QUESTION)
    teo.press("Ask")
    teo.sees(QUESTION, "No answer yet")
    lin.home()
    lin.answer(f"Answer questions about “{need(story)}”")
    lin.sees(QUESTION)
    lin.sees_nothing_of("Asked by")
    lin.follow("Answer")
    lin.write("Answer", ANSWER)
    lin.press("Answer for everybody")
    mei.home()
    mei.sees("which you watch, was answered")
    mei.visit(f"{story.project}questions/")
    mei.sees(QUESTION, ANSWER)
    mei.visit("/projects/saved/")
    mei.follow(f"Ramps {story.number}")
    mei.sees(need(story))


def bids(story: "Story") -> None:
    for name, price, plan in (("amara", PRICES[0], PLAN), ("teo", PRICES[1], RIVAL_PLAN)):
        bidder = story.person(name)
        bidder.visit(story.project)
        bidder.follow("Submit a bid")
        bidder.write("Price", price)
        bidder.write("Days", "20")
        bidder.write("Plan", plan)
        bidder.press("Submit sealed bid")
        bidder.sees("What you submitted")


def panel(story: "Story") -> None:
    """Noor and Hua judge apart, then together; prices are nowhere until they agree."""
    story.market.forward("4h")
    lin, noor, hua = (story.person(name) for name in ("lin", "noor", "hua"))
    lin.wait_for(story.project, "The bids")
    lin.sees("The prices stay sealed until then.")
    lin.sees_nothing_of(*PRICES)
    for judge in (noor, hua):
        judge.home()
        judge.answer(f"Judge the quality of the bids on “{need(story)}”")
        judge.tick("I have no conflict of interest with any of the bidders")
        judge.press("Declare")
        judge.sees(PLAN, RIVAL_PLAN, "Nobody reads them before everybody has given theirs")
        judge.sees_nothing_of(*PRICES, JUDGED[0][2])
        give(judge)
        judge.press("Give these points")
    hua.sees("Agree on one figure", JUDGED[0][2])
    hua.sees_nothing_of(*PRICES)
    give(hua)
    hua.press("Propose these figures")
    noor.visit(f"{story.project}quality/")
    noor.sees("On the table")
    noor.press("Confirm these figures")
    noor.sees("The panel has agreed on the quality of every bid.")
    lin.visit(story.project)
    lin.sees("41,000.00", "36,500.00", "1. Cold Chain", "2. Northwind")


def give(judge: "Visitor") -> None:
    """Points and a reason for each bid, wherever the form stands."""
    for name, points, reason in JUDGED:
        part = judge.form_part(name)
        judge.write("Quality points", points, within=part)
        judge.write("Why", reason, within=part)


def two_decide(story: "Story") -> None:
    """Lin prefers the second rank, so Hua has to agree; Lin herself may not."""
    lin, hua, teo = (story.person(name) for name in ("lin", "hua", "teo"))
    lin.follow("Award Northwind")
    lin.write("Why this bid", "One weekend, and the yard is quiet.")
    lin.write("Why not Cold Chain", "The price is higher, and the yard rattles for a fortnight more.")
    lin.press("Award Northwind")
    lin.at(story.project)
    lin.sees("Two people decide here:")
    hua.home()
    hua.answer(f"Agree or not: who gets “{need(story)}”")
    hua.sees("One weekend, and the yard is quiet.")
    hua.tick("I agree")
    hua.write("Why", "The price is lower by a tenth, and the risk is one weekend.")
    hua.press("Give your answer")
    hua.sees("Agreed by")
    teo.visit(story.project)
    teo.sees("The price is lower by a tenth")


def objection(story: "Story") -> None:
    """Amara objects in the standstill, Ada rules, and everybody reads why."""
    amara, ada, teo = (story.person(name) for name in ("amara", "ada", "teo"))
    amara.visit(story.project)
    amara.follow("Object")
    amara.write("Reason", "The panel wrote that one weekend is a risk.")
    amara.press("Object to the award")
    amara.sees("The steward has not ruled yet.")
    ada.home()
    ada.answer(f"Rule on an objection to the award of “{need(story)}”")
    ada.sees("The panel wrote that one weekend is a risk.")
    ada.tick("The objection is dismissed; the award goes its way")
    ada.write("Why", "The buyer said why, and a second person agreed.")
    ada.press("Give your ruling")
    for reader in (amara, teo):
        reader.visit(story.project)
        reader.sees("The buyer said why, and a second person agreed.")


def no_standstill(story: "Story") -> None:
    """As the demo was; what stood takes effect by the clock."""
    story.market.from_tomorrow("standstill_business_days", 0)
    story.market.forward("5d")
    teo = story.person("teo")
    teo.home()
    teo.wait_for("/", f"Sign “{need(story)}”")


DECIDING: "Chapters" = (
    ("Lin posts a need with two envelopes", lin_posts),
    ("Mei watches, Teo asks and Lin answers all", question),
    ("Amara and Teo bid", bids),
    ("Noor and Hua judge apart, then together", panel),
    ("Lin chooses and Hua agrees", two_decide),
    ("Amara objects and Ada rules", objection),
    ("The standstill is over", no_standstill),
)
