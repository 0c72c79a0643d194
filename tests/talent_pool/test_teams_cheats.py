"""What somebody might try with a team: come back tomorrow, be in two places, sell dear by two bids, launch on air."""

from datetime import timedelta

import pytest

from contracts.actions import awards, bids
from contracts.models import Award, Bid
from core.clock import business_date, move_forward
from core.errors import Denied, InvalidTransition
from core.models import Parameter
from microenterprises.actions import firms, seats
from microenterprises.actions.seats import SeatSpec
from microenterprises.models import Membership, Microenterprise
from people.models import User
from talent_pool.actions import placements, teams
from talent_pool.actions.wind_up import wind_up
from tests.cast import TERMS, Cast
from tests.contracts.market import bids_on, opened, published
from tests.microenterprises.test_circle import ready
from tests.talent_pool.test_teams import joins, leader_of, people_in, ping, sol, spec, team, waiting, waits

__all__ = ["ping", "sol", "team"]  # fixtures
TOMORROW = timedelta(days=1)


def place(team: Microenterprise, person: User) -> Membership:
    return Membership.objects.active(business_date()).get(microenterprise=team, person=person)


def lands(person: User, firm: Microenterprise, leader: User) -> None:
    seat = seats.open_seat(owner=firm, spec=SeatSpec(role="Planner", customer_outcome="Plans hold."), by=leader)
    placements.accept(invitation=placements.ask(seat=seat, by=person), by=leader)


def test_who_lands_at_the_buyer_leads_no_team_tomorrow(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    bid = bids_on(published(cast), team, sol, 50_000_00)
    firms.hand_over_lead(to=place(team, ping), on=business_date() + TOMORROW, by=sol)
    lands(ping, cast.blue_kettle, cast.lin)
    move_forward(TOMORROW)

    assert people_in(team) == ["Sol"]
    assert leader_of(team) == "Sol"
    with pytest.raises(Denied):
        bids.read_own_bid(bid=bid, by=ping)


def test_a_lead_handed_over_for_tomorrow_passes_today_when_its_leader_lands(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    joins(team, waiting("Yu"), sol)
    yu = User.objects.get(name="Yu")
    firms.hand_over_lead(to=place(team, yu), on=business_date() + TOMORROW, by=sol)
    lands(sol, cast.northwind, cast.teo)

    assert leader_of(team) == "Yu"
    move_forward(TOMORROW)
    assert (leader_of(team), people_in(team)) == ("Yu", ["Ping", "Yu"])


def test_a_change_of_tomorrow_neither_brings_somebody_back_nor_costs_them_their_turn(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    joins(team, waiting("Yu"), sol)
    firms.change(membership=place(team, ping), weight=7, on=business_date() + TOMORROW, by=sol)
    move_forward(TOMORROW)
    firms.change(membership=place(team, ping), weight=9, on=business_date() + TOMORROW, by=sol)
    teams.leave(team=team, by=sol)

    assert leader_of(team) == "Ping"  # there before Yu, whatever changed since
    teams.leave(team=team, by=ping)
    move_forward(TOMORROW)
    assert people_in(team) == ["Yu"]
    assert teams.form(spec=spec(cast, name="Third Wind"), by=ping).is_team


def test_an_idea_that_somebody_else_launches_takes_its_people_out_of_pool_and_team(cast: Cast) -> None:
    idea = ready(cast)  # Mei has a seat in it
    wind_up(microenterprise=cast.cold_chain, reason="Its market has gone.", by=cast.amara)
    team = teams.form(spec=spec(cast), by=cast.mei)
    joins(team, cast.amara, cast.mei)
    firm = placements.launch(idea=idea, terms=TERMS, by=cast.sol)

    assert "Mei" in people_in(firm)
    assert people_in(team) == ["Amara"]
    assert not waits(cast.mei)


def test_of_two_bids_by_the_same_people_neither_is_chosen_by_one_person(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    project = published(cast)
    low = bids_on(project, team, sol, 80_000_00)
    teams.leave(team=team, by=sol)
    second = teams.form(spec=spec(cast, name="Third Wind"), by=sol)
    joins(second, waiting("Yu"), sol)
    high = bids_on(project, second, sol, 95_000_00)
    honest = bids_on(project, cast.northwind, cast.teo, 96_000_00)
    opened(project)
    why = {high.pk: "Dearer.", honest.pk: "Dearest."}
    made = awards.award(
        project=project, bid=Bid.objects.get(pk=low.pk), reason="Lowest.", loser_reasons=why, by=cast.lin
    )

    assert made.causes == ["same_people"]
    assert made.status == Award.Status.PROPOSED


def test_an_award_that_may_still_be_taken_back_launches_nobody(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    Parameter.objects.create(name="standstill_business_days", holds_from=business_date(), value=3, note="x")
    project = published(cast)
    bid = bids_on(project, team, sol, 70_000_00)
    rival = bids_on(project, cast.northwind, cast.teo, 90_000_00)
    opened(project)
    why = {rival.pk: "Dearer."}
    awards.award(project=project, bid=Bid.objects.get(pk=bid.pk), reason="Lowest.", loser_reasons=why, by=cast.lin)

    assert Award.objects.get(bid=bid).status == Award.Status.STANDING
    with pytest.raises(InvalidTransition, match="waits for its signature"):
        teams.launch(team=team, terms=TERMS, by=sol)
