"""From projects and opened bids to the formula and back: the one place where our rows meet `contracts.scoring`.

No decisions and no sentences: those are in `actions.awards` and `explaining`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any
from uuid import UUID

from contracts import scoring
from contracts.bidders import is_gone
from contracts.models import Bid, Project


@dataclass(frozen=True, slots=True)
class Place:
    """An opened bid with its arithmetic. `scored` is None while the panel still judges, and for who is out."""

    bid: Bid
    scored: scoring.Scored | None

    @property
    def rank(self) -> int | None:
        return self.scored.rank if self.scored is not None else None


@dataclass(frozen=True, slots=True)
class Ranking:
    """All opened bids of a project, best first. `unscored`: how many valid bids wait for the panel, or under two
    envelopes for their prices to be opened after it.
    """

    rule: scoring.Rule
    places: tuple[Place, ...]
    unscored: int

    @property
    def complete(self) -> bool:
        return self.unscored == 0

    def of(self, bid_id: UUID) -> Place:
        """The place of one bid. Raises KeyError."""
        for place in self.places:
            if place.bid.pk == bid_id:
                return place
        raise KeyError(bid_id)


def needs_quality(project: Project) -> bool:
    """Whether the criteria ask the panel for quality points."""
    return project.price_weight_bp < scoring.FULL or project.pass_mark > 0


def rule_of(project: Project) -> scoring.Rule:
    """The criteria of a project. Raises ValueError when they contradict each other."""
    return scoring.Rule(
        method=scoring.Method(project.method),
        ceiling_minor=project.ceiling_minor,
        price_weight_bp=project.price_weight_bp,
        quality_weight_bp=scoring.FULL - project.price_weight_bp,
        pass_mark=project.pass_mark,
    )


def rank(project: Project, bids: Iterable[Bid]) -> Ranking:
    """The ranking of opened bids. Until every valid one is judged (where the criteria ask for it) nobody has a rank.

    Under two envelopes a bid below the pass mark has no price, so it has no place in the ranking either.
    """
    rule = rule_of(project)
    bids = list(bids)
    valid = [bid for bid in bids if bid.status == Bid.Status.VALID]
    waiting = sum(waits(project, bid) for bid in valid)
    if waiting:
        first = sorted(valid, key=lambda bid: (bid.price_minor or 0, bid.submitted_at, str(bid.pk)))
        rest = [bid for bid in bids if bid.status != Bid.Status.VALID]
        return Ranking(rule, tuple(Place(bid, None) for bid in (*first, *rest)), waiting)
    priced = {str(bid.pk): bid for bid in valid if bid.price_minor is not None}
    scored = scoring.score((_plain(bid) for bid in priced.values()), rule=rule, seed=project.draw_seed)
    ranked = tuple(Place(priced[row.bid.id], row) for row in scored)
    unpriced = sorted((bid for bid in bids if str(bid.pk) not in priced), key=lambda bid: bid.status)
    return Ranking(rule, (*ranked, *(Place(bid, None) for bid in unpriced)), 0)


def waits(project: Project, bid: Bid) -> bool:
    """Whether a valid bid keeps the ranking waiting: for the panel, or for its price that is about to be opened."""
    if needs_quality(project) and bid.quality_points is None:
        return True
    return project.two_envelopes and bid.price_minor is None and (bid.quality_points or 0) >= project.pass_mark


def contenders(project: Project, bids: Iterable[Bid]) -> list[Bid]:
    """The valid bids that may win, or may turn out to once they are judged and their price is open."""
    rule = rule_of(project)
    return [
        bid
        for bid in bids
        if bid.status == Bid.Status.VALID
        and (waits(project, bid) or (bid.price_minor is not None and scoring.refusal(_plain(bid), rule) is None))
    ]


def disqualified_before(project: Project, bids: Iterable[Bid], chosen: Bid) -> list[Bid]:
    """The bids that the buyer disqualified and that would stand before a ranked one, best first; then those of which
    nobody knows, because the panel never judged them or their price stayed sealed.

    The formula is independent of rivals, so putting them back changes the order of no other two. Whose bidder is
    dissolved could not win anyway, and is not among them.
    """
    bids = list(bids)
    out = [bid for bid in bids if bid.status == Bid.Status.DISQUALIFIED and not is_gone(bid.bidder)]
    unknown = [bid for bid in out if waits(project, bid)]
    valid = [bid for bid in bids if bid.status == Bid.Status.VALID]
    known = {str(bid.pk): bid for bid in (*valid, *out) if bid.price_minor is not None and bid not in unknown}
    scored = scoring.score((_plain(bid) for bid in known.values()), rule=rule_of(project), seed=project.draw_seed)
    ahead = takewhile(lambda row: row.bid.id != str(chosen.pk), (row for row in scored if row.rank is not None))
    return [*(known[row.bid.id] for row in ahead if known[row.bid.id] in out), *unknown]


def frozen(project: Project, ranking: Ranking) -> dict[str, Any]:
    """The arithmetic as it is kept with an award: JSON values; exact numerators as text, because they are large."""
    return {
        "rule": {
            "method": ranking.rule.method.value,
            "ceiling_minor": ranking.rule.ceiling_minor,
            "price_weight_bp": ranking.rule.price_weight_bp,
            "quality_weight_bp": ranking.rule.quality_weight_bp,
            "pass_mark": ranking.rule.pass_mark,
        },
        "seed": project.draw_seed,
        "commitment": project.draw_commitment,
        "bids": [_row(place.scored) for place in ranking.places if place.scored is not None],
        "unpriced": [
            {"bid": str(place.bid.pk), "quality_points": place.bid.quality_points}
            for place in ranking.places
            if place.scored is None and place.bid.status == Bid.Status.VALID
        ],
    }


def _plain(bid: Bid) -> scoring.Bid:
    return scoring.Bid(str(bid.pk), bid.price_minor or 0, bid.submitted_at, bid.quality_points or 0)


def _row(row: scoring.Scored) -> dict[str, Any]:
    return {
        "bid": row.bid.id,
        "rank": row.rank,
        "price_minor": row.bid.price_minor,
        "submitted_at": row.bid.submitted_at.isoformat(),
        "price_points": row.price_points,
        "quality_points": row.bid.quality_points,
        "total_points": row.total_points,
        "total_numerator": None if row.total_numerator is None else str(row.total_numerator),
        "total_denominator": None if row.total_denominator is None else str(row.total_denominator),
        "draw": row.draw,
        "refusal": row.refusal.value if row.refusal else None,
        "decided_by": row.decided_by.value if row.decided_by else None,
    }


def losers(ranking: Ranking, winner: Bid) -> Sequence[Place]:
    """The other bids that took part, best first."""
    return [place for place in ranking.places if place.bid.pk != winner.pk]
