"""One need in three lots that takes bids: what Lin finds in her ME, and Amara on the market.

Two others ask the same price for the first two lots, so that whoever goes on with the story can split a tie.
"""

from datetime import time, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import translation

from contracts.models import LotSet, Project
from haier_market.seed.deals import Deal, Fate, Steps, Wish
from haier_market.seed.firms import BLUE_KETTLE, NEIGHBOUR, NORTHWIND
from haier_market.seed.words import Need

if TYPE_CHECKING:
    from haier_market.seed.projects import Planner

TITLE: Final = "Return boxes for empty packaging in three towns"
TOWNS: Final = (("Qingdao", 48_000), ("Jiaozhou", 36_000), ("Hefei", 42_000))
"""Each lot with its ceiling in whole units."""
NEED: Final = Need(
    "Return boxes in {site}",
    "Foam and foil of our appliances end in household waste. We need boxes at twenty pick-up points of each town, "
    "emptied every week, so that packaging comes back to us.",
    "60 percent of the packaging of a month comes back (today 8), weighed at the depot of each town.",
    "Folding boxes of recycled board, one round a week with the vans that deliver.",
    ("Boxes stand at all points", "60 percent come back"),
)
ASKED: Final = ((40_000, 40_000), (30_000, 30_000), (38_000,))
"""What the bidders of each lot ask, in whole units."""
DAYS_LEFT: Final = 6


def everything(planner: "Planner") -> None:
    """Draft, publish and bid on the lots, as the actions of `contracts` leave them."""
    with translation.override("en"):
        _tell(planner)


def _tell(planner: "Planner") -> None:
    world, line, buyer = planner.world, planner.line, planner.world.firms[BLUE_KETTLE]
    start = max(0, line.slots - 3 * line.slots_of_a_day // 2)
    steps = Steps(start, line.slots, line.slots, (line.slots, line.slots), [], [])
    at, deadline = line.part(start, 0.2), line.at(line.until + timedelta(days=DAYS_LEFT), time(16, 0))
    lot_set = LotSet(buyer_id=buyer.row.pk, title=TITLE, created_at=at, created_by_id=buyer.lead.pk)
    world.rows.add(lot_set)
    bidders = (world.firms[NORTHWIND], world.firms[NEIGHBOUR])
    for number, ((town, ceiling), prices) in enumerate(zip(TOWNS, ASKED, strict=True), start=1):
        words = {"product": "", "site": town}
        project = Project(
            buyer_id=buyer.row.pk, title=NEED.title.format(**words), need=NEED.need, success_measure=NEED.measure,
            currency=buyer.row.currency, ceiling_minor=buyer.minor(ceiling), deadline=deadline,
            deadline_zone=str(line.zone), acceptor_id=world.cast.noor.pk, created_at=at, created_by_id=buyer.lead.pk,
            lot_set_id=lot_set.pk, lot_number=number,
        )  # fmt: skip
        deal = Deal(Wish(Fate.OPEN, buyer), project, steps, NEED, words, world.cast.noor)
        world.rows.add(project)
        planner.panels.name(deal, [])
        world.trail.tell(at, buyer.lead, "project.drafted", deal.subject, project.title)
        planner.publish(deal)
        for place, (firm, price) in enumerate(zip(bidders, prices, strict=False)):
            planner.submit(deal, firm, place, price=firm.minor(price))
