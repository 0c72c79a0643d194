"""Sol's circle: an idea, pledges, seats, a launch; and that every pledge, stake and wallet reconciles along the way."""

from datetime import timedelta

import pytest

from core.clock import business_date
from ledger.accounts import Kind
from ledger.queries import balance, balances, party_balances
from microenterprises.actions import ideas, invitations, pledges, seats
from microenterprises.calculation import Tier, TermsSpec
from microenterprises.models import Idea
from tests.cast import Cast

TERMS = TermsSpec(0, (Tier(None, 5000),), {"reserve": 10_000})


def draft(cast: Cast, goal: int = 1_000_000) -> Idea:
    return ideas.create(
        spec=ideas.IdeaSpec(
            title="Quiet Fridge",
            customer="People in one-room flats",
            outcome="They sleep beside their fridge.",
            platform=cast.platform,
            funding_goal_minor=goal,
            goals=[
                ideas.GoalSpec(
                    metric="Noise at night", baseline="38 dB", target="25 dB", due_on=business_date() + timedelta(days=90)
                )
            ],
        ),
        by=cast.sol,
    )


def test_sol_launches(cast: Cast) -> None:
    idea = ideas.publish(idea=draft(cast), by=cast.sol)
    pledges.pledge(idea=idea, amount_minor=600_000, by=cast.hua)
    pledges.pledge(idea=idea, amount_minor=400_000, by=cast.lin, microenterprise=cast.blue_kettle)
    for person in (cast.mei, cast.noor):
        seat = seats.open_seat(owner=idea, spec=seats.SeatSpec(role="Maker", customer_outcome="Quiet"), by=cast.sol)
        asked = invitations.ask(seat=seat, by=person)
        invitations.accept(invitation=asked, by=cast.sol)
    me = ideas.launch(idea=idea, terms=TERMS, by=cast.sol)
    assert balance(me.entity_id, Kind.WALLET) == 1_000_000
    assert balances([idea.entity_id], [Kind.PLEDGE_ESCROW, Kind.PLEDGES_OWED]) == {
        (idea.entity_id, Kind.PLEDGE_ESCROW): 0, (idea.entity_id, Kind.PLEDGES_OWED): 0}
