"""Everything that waits for one reader, in the order in which it is due. A kind of line has its sentence here."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.queries.bids import OwnBid
from haier_market.attention import Line
from haier_market.cards import contracts, nights, payouts, people, projects
from haier_market.cards.payouts import payouts_once
from haier_market.cards.projects import confirm
from haier_market.cards.shapes import Need

NEEDS: Final[dict[str, Callable[[Line], Need]]] = (
    contracts.NEEDS | nights.NEEDS | payouts.NEEDS | people.NEEDS | projects.NEEDS
)


def needs(lines: Iterable[Line], own: Iterable[OwnBid], now: datetime) -> list[Need]:
    """Everything that waits, the nearest deadline first, what has none at the end.

    own: the sealed bids of the MEs the reader leads. Where one is live no reminder is needed to bid; one made for words
    of its project that changed since waits to be confirmed.
    """
    live = [row for row in own if row.live]
    bid_on = {str(row.bid.project_id) for row in live}
    needed = [line for line in lines if line.section == "need"]
    found = [NEEDS[line.kind](line) for line in payouts_once(needed) if not (line.kind == "bid" and line.key in bid_on)]
    found += [confirm(row) for row in live if row.stale and row.may_change(now)]
    last = datetime.max.replace(tzinfo=UTC)
    return sorted((_urgent(need, now) for need in found), key=lambda need: (need.deadline or last, need.title))


def _urgent(need: Need, now: datetime) -> Need:
    if need.deadline is None or need.tone == "bad" or need.deadline - now > timedelta(days=1):
        return need
    return Need(need.title, need.detail, need.url, need.action, need.deadline, need.icon, "warn")
