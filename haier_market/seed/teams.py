"""A team of the talent pool: Sol and somebody whose clock ends soon bid together on a project that takes bids.

Told by the real actions, so that the team stands as one that was formed on its page: a leader, a member, a seat that is
still open, and one sealed bid.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from contracts.actions import bids
from contracts.models import Project
from contracts.permissions.standing import standing_of
from contracts.queries.projects import can_bid
from core.clock import business_date, market_now
from haier_market.seed.deals import ASKED, Deal
from haier_market.seed.world import Act, World
from microenterprises.actions import seats
from microenterprises.actions.seats import SeatSpec
from microenterprises.actions.teams import TeamSpec
from microenterprises.models import Microenterprise
from people.models import User
from talent_pool.actions import placements, teams
from talent_pool.models import PoolEntry

NAME: Final = "Second Wind"
PURPOSE: Final = (
    "We built and serviced machines together for years, and bid together on work that none of us could take alone."
)
PRICE_PERCENT: Final = 88
"""Of the ceiling."""


def deeds(world: World) -> Iterator[Act]:
    """On the last day, before anybody asks about the project."""
    deal = world.told.get(ASKED)
    if deal is not None:
        yield Act(world.timeline.slots - 1, timedelta(seconds=30), partial(_team_up, world, deal))


def _team_up(world: World, deal: Deal) -> None:
    waiting = PoolEntry.objects.waiting()
    longest = waiting.filter(person__in=[person.pk for person in world.pool]).order_by("clock_ends_on", "pk").first()
    sol = world.cast.sol
    if longest is not None and waiting.filter(person=sol).exists():
        team = _formed(deal, sol, longest.person)
        _bid(deal, team, sol)


def _formed(deal: Deal, lead: User, member: User) -> Microenterprise:
    spec = TeamSpec(
        name=NAME,
        purpose=PURPOSE,
        platform=deal.buyer.platform,
        role="Leader",
        customer_outcome="One person answers for the work from the offer to the last visit.",
    )
    team = teams.form(spec=spec, by=lead)
    for role, outcome in (
        ("Service engineer", "Machines run again the same day."),
        ("Planner", "Visits are where customers wait longest."),
    ):
        seat = seats.open_seat(owner=team, spec=SeatSpec(role=role, customer_outcome=outcome), by=lead)
        if role == "Service engineer":
            asked = placements.ask(seat=seat, message="We worked well together before.", by=member)
            placements.accept(invitation=asked, by=lead)
    return team


def _bid(asked: Deal, team: Microenterprise, lead: User) -> None:
    """On the project that stays open longest; the one that closes tonight is left to the cast."""
    now = market_now()
    open_to_team = can_bid(Project.objects.exclude(pk=asked.project.pk), standing_of(lead, business_date(now)), now)
    project = open_to_team.order_by("-deadline", "pk").first()
    if project is None or project.ceiling_minor is None:
        return
    bids.submit(
        project=project,
        microenterprise=team,
        price_minor=project.ceiling_minor * PRICE_PERCENT // 100,
        days=35,
        plan="Two of us start the day the contract is signed; we know these machines and the people who use them.",
        by=lead,
    )
