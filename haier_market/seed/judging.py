"""What a panel leaves behind: declarations, points given apart, figures agreed together, the quality of every bid.

Written as `contracts.actions.panel` leaves it. A panel that has everything still to do is left as it was named.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, models

from contracts import criteria, scoring
from contracts.models import (
    Bid,
    Confirmation,
    Consensus,
    ConsensusLine,
    Criterion,
    Declaration,
    Panelist,
    Score,
)
from haier_market.seed.chance import Chance
from haier_market.seed.deals import Deal
from haier_market.seed.world import World
from people.models import User

JUDGEMENTS: Final = (
    "The plan names its risks and how it meets them.",
    "Reaches the measure, the schedule is tight.",
    "Knows our users; the report is left open.",
)
AT_ONCE: Final = 1_000


class Numbers:
    """Numbers from the sequence of a table, for rows that others point to before they are written."""

    def __init__(self, model: type[models.Model]) -> None:
        self._table = model._meta.db_table
        self._left: Iterator[int] = iter(())

    def next(self) -> int:
        """The next one; a thousand are taken at once."""
        found = next(self._left, None)
        if found is None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                    [self._table, AT_ONCE],
                )
                self._left = iter([number for (number,) in cursor.fetchall()])
            found = next(self._left)
        return found


class Panels:
    """Names panels and lets them judge."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance: Chance = world.chance.stream("panels")
        self._seats, self._criteria = Numbers(Panelist), Numbers(Criterion)

    def name(self, deal: Deal, panel: list[User]) -> None:
        """The criterion of a project, and who judges."""
        deal.panel = panel
        (deal.criterion,) = criteria.rows(deal.project, ())
        deal.criterion.pk = self._criteria.next()
        deal.seats = [
            Panelist(pk=self._seats.next(), project_id=deal.project.pk, person_id=person.pk, status="named")
            for person in panel
        ]
        self._world.rows.add(deal.criterion, *deal.seats)

    def judge(self, deal: Deal, *, points: list[int], end: datetime) -> None:
        """From the declarations to the agreed figures, between the opening and `end`. points: one for each bid."""
        if not deal.seats or not deal.bids:
            return
        begin = deal.project.opened_at or deal.project.deadline
        reasons = [self._chance.pick(JUDGEMENTS) for _bid in deal.bids]
        self._declare(deal, _between(begin, end, 0.1))
        self._give(deal, points, reasons, _between(begin, end, 0.4))
        self._agree(deal, points, reasons, _between(begin, end, 0.7), _between(begin, end, 0.9))

    def _declare(self, deal: Deal, at: datetime) -> None:
        for seat, person in zip(deal.seats, deal.panel, strict=True):
            seat.status = Panelist.Status.SUBMITTED
            self._world.rows.add(
                Declaration(panelist_id=seat.pk, says=Declaration.Says.NONE, made_at=at, made_by_id=person.pk)
            )
            self._tell(at, person, "interests_declared", deal, says="none")

    def _give(self, deal: Deal, points: list[int], reasons: list[str], at: datetime) -> None:
        given: dict[int, list[list[object]]] = {}
        for number, seat in enumerate(deal.seats):
            apart = self._chance.whole(0, 8) * 50 if len(deal.seats) > 1 else 0
            for bid, agreed, reason in zip(deal.bids, points, reasons, strict=True):
                own = max(0, min(scoring.FULL, agreed + (apart if number % 2 else -apart)))
                given.setdefault(seat.pk, []).append([str(bid.pk), 1, own])
                self._world.rows.add(
                    Score(panelist_id=seat.pk, bid_id=bid.pk, criterion_id=deal.criterion.pk, points=own, reason=reason)
                )
            self._tell(at, deal.panel[number], "points_submitted", deal, bids=len(deal.bids))
        for seat in deal.seats:
            self._tell(at, None, "points_shown", deal, person=str(seat.person_id), points=given[seat.pk])

    def _agree(self, deal: Deal, points: list[int], reasons: list[str], proposed: datetime, agreed: datetime) -> None:
        first, others = deal.panel[0], deal.panel[1:]
        at = agreed if others else proposed
        consensus = Consensus(
            project_id=deal.project.pk, status=Consensus.Status.AGREED, needed=len(others), proposed_at=proposed,
            proposed_by_id=first.pk, ended_at=at,
        )  # fmt: skip
        self._world.rows.add(consensus)
        facts = [[str(bid.pk), 1, figure] for bid, figure in zip(deal.bids, points, strict=True)]
        self._tell(
            proposed, first, "figures_proposed", deal, consensus=str(consensus.pk), needed=len(others), points=facts
        )
        for person in others:
            self._world.rows.add(
                Confirmation(consensus_id=consensus.pk, confirmed_at=agreed, confirmed_by_id=person.pk)
            )
            self._tell(agreed, person, "figures_confirmed", deal, consensus=str(consensus.pk))
        last = deal.panel[-1]
        for bid, figure, reason in zip(deal.bids, points, reasons, strict=True):
            self._world.rows.add(
                ConsensusLine(
                    consensus_id=consensus.pk, bid_id=bid.pk, criterion_id=deal.criterion.pk, points=figure,
                    reason=reason,
                )
            )  # fmt: skip
            _set(bid, deal.criterion, figure, reason, last, at)
        told = {str(bid.pk): figure for bid, figure in zip(deal.bids, points, strict=True)}
        self._tell(at, last, "quality_agreed", deal, consensus=str(consensus.pk), points=told)

    def _tell(self, at: datetime, who: User | None, deed: str, deal: Deal, **facts: object) -> None:
        self._world.trail.tell(at, who, f"project.{deed}", deal.subject, deal.project.title, **facts)


def published_facts(deal: Deal) -> dict[str, object]:
    """What the trail says of criteria and envelopes at publication."""
    return {"criteria": criteria.facts([deal.criterion]), "two_envelopes": deal.project.two_envelopes}


def _set(bid: Bid, criterion: Criterion, points: int, reason: str, by: User, at: datetime) -> None:
    bid.quality_points, bid.quality_reason = points, reason
    bid.quality_parts = [
        {"title": criterion.title, "weight_bp": criterion.weight_bp, "points": points, "reason": reason}
    ]
    bid.scored_by_id, bid.scored_at = by.pk, at


def _between(begin: datetime, end: datetime, part: float) -> datetime:
    return (begin + max(end - begin, timedelta(minutes=10)) * part).replace(microsecond=0)
