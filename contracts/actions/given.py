"""Points of quality that nobody judges: how the bidding MEs kept their promises, reckoned at the opening of the bids.

The instant that counts is the project's deadline, so that the score is the same whoever opens when, and no contract
that ends while the panel judges changes it. It depends on the bidder's own contracts and the market alone, never on who
else bids. The points are kept with their arithmetic (`promises.replayed` gives them again), and a trigger lets nobody
change them.
"""

from collections.abc import Sequence

from contracts import promises
from contracts.models import Bid, Criterion, Project
from contracts.queries.promises import scores_at
from contracts.ranking import needs_quality
from core.ids import new_id


def give(project: Project, bids: Sequence[Bid]) -> None:
    """Give each bid that was just opened its points for kept promises, where the project counts them.

    Who has no ended contract, or is no ME, stands like the market. Under the project's lock, by the opening alone.
    """
    if not bids or not needs_quality(project):
        return
    criterion = Criterion.objects.filter(project=project, kind=Criterion.Kind.PROMISES).first()
    if criterion is None:
        return
    newcomer = new_id()
    firms = {bid.pk: bid.microenterprise_id or newcomer for bid in bids}
    found = scores_at(list(dict.fromkeys(firms.values())), project.deadline)
    for bid in bids:
        score, contracts = found[firms[bid.pk]]
        bid.quality_parts = [
            {
                "title": criterion.title,
                "weight_bp": criterion.weight_bp,
                "points": score.points,
                "reason": "",
                "promises": promises.kept(score, contracts, at=project.deadline),
            }
        ]
    Bid.objects.bulk_update(bids, ["quality_parts"])
