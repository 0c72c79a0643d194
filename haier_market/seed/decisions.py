"""What was decided lately, told by the real actions: bids opened, judged apart, awarded by one of two, objected to.

The projects and their sealed bids are planned as all others (`deals`, `projects`). Everything here ends half done, so
that somebody of the cast has the next step: Noor gives her points, Mei agrees with an award, Ada rules on an objection.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from contracts.actions import awards, objections, openings, panel
from contracts.actions.panel.figures import Figure
from contracts.models import Award, Bid
from haier_market.seed.deals import APART, OBJECTED, PROPOSED, Deal
from haier_market.seed.world import Act, World

AT_ONCE, LATER = timedelta(0), timedelta(minutes=10)
POINTS: Final = (
    Figure(8_200, "Two image slots, and a machine that fails to start goes back by itself."),
    Figure(6_400, "Signed packages, but no word on what happens when the power fails."),
)


def deeds(world: World) -> Iterator[Act]:
    """The bids are opened in the slot of the deadline; what follows is done at the end of the last day."""
    last, told = world.timeline.slots - 1, world.told
    for name in (APART, PROPOSED, OBJECTED):
        if name in told:
            yield Act(told[name].steps.deadline, AT_ONCE, partial(_open, told[name]))
    if APART in told:
        yield Act(last, AT_ONCE, partial(_declare, told[APART]))
        yield Act(last, LATER, partial(_judge, told[APART]))
    if PROPOSED in told:
        yield Act(last, AT_ONCE, partial(_propose, told[PROPOSED]))
    if OBJECTED in told:
        yield Act(last, AT_ONCE, partial(_award, told[OBJECTED]))
        yield Act(last, LATER, partial(_object, told[OBJECTED]))


def _open(deal: Deal) -> None:
    openings.open_bids(project=deal.project)


def _bids(deal: Deal) -> list[Bid]:
    """The opened bids as they were planned: the first one is the best."""
    found = {bid.pk: bid for bid in Bid.objects.filter(project=deal.project.pk)}
    return [found[bid.pk] for bid in deal.bids]


def _declare(deal: Deal) -> None:
    """Nobody on the panel has a conflict of interest."""
    for person in deal.panel:
        panel.declare_none(project=deal.project, by=person)


def _judge(deal: Deal) -> None:
    """One of two has given her points, which nobody reads before the other's."""
    figures = {(bid.pk, 1): figure for bid, figure in zip(_bids(deal), POINTS, strict=True)}
    panel.submit_scores(project=deal.project, figures=figures, by=deal.panel[-1])


def _propose(deal: Deal) -> None:
    """The only bid is chosen, which takes a second person."""
    (bid,) = _bids(deal)
    reason = "They brought our last model through the same tests, and the price is fair."
    awards.award(project=deal.project, bid=bid, reason=reason, loser_reasons={}, by=deal.buyer.lead)


def _award(deal: Deal) -> None:
    """The better of two bids is chosen and stands until the standstill is over."""
    best, other = _bids(deal)
    awards.award(
        project=deal.project,
        bid=best,
        reason="The lowest price, and they visit these shops every Monday anyway.",
        loser_reasons={other.pk: "The price is above the awarded bid."},
        by=deal.buyer.lead,
    )


def _object(deal: Deal) -> None:
    """Who lost objects: nothing is signed before the steward has ruled."""
    objections.object_to(
        award=Award.objects.get(project=deal.project.pk),
        reason="The need speaks of 300 shops. Our bid covers all of them, the awarded one names 240.",
        by=deal.bidders[deal.bids[-1].pk].lead,
    )
