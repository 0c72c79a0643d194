"""Reads for lots: how many a set has, who won each, and whether two bidders tie on more than one of them.

Bids are read through `opened()` only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from contracts import lots
from contracts.models import Award, Bid, Contract, Project
from contracts.queries.decisions import live_award
from contracts.ranking import Place, Ranking, rank
from contracts.scrutiny import Cause


def counted() -> Subquery:
    """How many lots the set of a project has, as an annotation; null for a project without."""
    rows = Project.objects.filter(lot_set=OuterRef("lot_set")).order_by().values("lot_set").annotate(all=Count("pk"))
    return Subquery(rows.values("all"))


def with_winners(found: QuerySet[Project]) -> QuerySet[Project]:
    """Lots with who won each and at which price: `won_by`, `won_at_minor`; null until an award is in force."""
    award = Award.objects.filter(project=OuterRef("pk"), status=Award.Status.ACTIVE)
    return found.annotate(
        won_by=Subquery(award.values(name=Coalesce("bid__microenterprise__name", "bid__vendor__name"))[:1]),
        won_at_minor=Subquery(award.values("bid__price_minor")[:1]),
    )


@dataclass(frozen=True, slots=True)
class SplitTie:
    """A bid that time or the draw put behind an equal one, on a lot of a set on another lot of which the two tie too.

    number, title: that other lot. first: who is ahead here. settled: the other lot has gone to them for good, by the
    rule alone, and no other lot was given away for it: one lot for one.
    """

    lot: UUID
    number: int
    title: str
    first: str
    settled: bool

    def facts(self) -> dict[str, Any]:
        """As it is kept with the arithmetic of an award."""
        return {"lot": str(self.lot), "number": self.number, "first": self.first, "settled": self.settled}


def tie_between_lots(project: Project, ranking: Ranking, chosen: Bid, first: Bid) -> SplitTie | None:
    """The tie that a choice of `chosen` instead of `first` would split between lots; None when it splits none.

    Only where lots were declared: a tie on one lot alone goes by time and draw. Two statements, for a bid that ties.
    """
    if project.lot_set_id is None or not lots.tied(ranking.of(chosen.pk), ranking.of(first.pk)):
        return None
    bidders = (first.bidder_id, chosen.bidder_id)
    others = list(_other_lots(project))
    given_for = {_given_for(bid) for _lot, bids in others for bid in bids}
    found = [
        SplitTie(
            lot.pk,
            lot.lot_number or 0,
            lot.title,
            first.bidder_label,
            _went_by_rule(mine.bid) and str(lot.pk) not in given_for,
        )
        for lot, bids in others
        for mine, theirs in _both(rank(lot, bids).places, bidders)
        if lots.tied(mine, theirs)
    ]
    return next((tie for tie in found if tie.settled), next(iter(found), None))


def _other_lots(project: Project) -> Iterable[tuple[Project, Sequence[Bid]]]:
    """The opened lots of the same set, each with its opened bids and their awards."""
    bids = Prefetch(
        "bids", Bid.objects.opened().select_related("microenterprise", "vendor").with_award(), to_attr="told_bids"
    )
    others = Project.objects.filter(lot_set=project.lot_set_id, opened_at__isnull=False).exclude(pk=project.pk)
    for lot in others.order_by("lot_number").prefetch_related(bids):
        yield lot, vars(lot)["told_bids"]


def _both(places: Iterable[Place], bidders: tuple[UUID | None, UUID | None]) -> Iterable[tuple[Place, Place]]:
    """The places of two bidders, if both have one."""
    by_bidder = {place.bid.bidder_id: place for place in places}
    if bidders[0] in by_bidder and bidders[1] in by_bidder:
        yield by_bidder[bidders[0]], by_bidder[bidders[1]]


def _went_by_rule(bid: Bid) -> bool:
    """Whether a bid has the award of its lot, as the first of the ranking, and its contract is signed by all.

    One that stands may still be taken back, and what is not signed may still be declined. What itself split a tie or
    departed from the ranking is no other end.
    """
    award = live_award(bid)
    if award is None or award.status != Award.Status.ACTIVE or award.contract.status == Contract.Status.SIGNING:
        return False
    return Cause.NOT_TOP not in award.causes and "split" not in award.arithmetic


def _given_for(bid: Bid) -> str | None:
    """The lot for which this bid has its own, when its award split a tie."""
    award = live_award(bid)
    return None if award is None else award.arithmetic.get("split", {}).get("lot")
