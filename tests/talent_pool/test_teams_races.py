"""Two clicks at the same moment on a team: launched once, and nobody both lands and waits on in it."""

from threading import Event

import pytest
from django.db import transaction

from contracts.actions import openings
from contracts.models import Contract
from core.clock import business_date
from microenterprises.actions import seats
from microenterprises.actions.seats import SeatSpec
from microenterprises.models import Membership, Microenterprise, Seat, ShareTerms
from people.models import User
from talent_pool.actions import placements, pool, teams
from talent_pool.models import PoolEntry
from tests.cast import TERMS, Cast
from tests.contracts.market import after_deadline, bids_on, published
from tests.microenterprises.test_races import outcomes
from tests.talent_pool.test_teams import joins, people_in, seat_of, spec, waiting, won
from tests.threads import together, wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(cloned_db: str, cast: Cast) -> Cast:
    pool.enter(person=cast.sol, left=None, by=None)
    return cast


def offered(cast: Cast) -> Seat:
    return seats.open_seat(
        owner=cast.cold_chain, spec=SeatSpec(role="Planner", customer_outcome="Routes."), by=cast.amara
    )


def waiting_members(team: Microenterprise) -> set[bool]:
    """Whether members of today wait in the pool."""
    places = Membership.objects.active(business_date()).filter(microenterprise=team)
    return {PoolEntry.objects.waiting().filter(person=place.person).exists() for place in places}


def test_a_team_is_launched_once_also_while_a_member_lands_elsewhere(committed: Cast) -> None:
    team = teams.form(spec=spec(committed), by=committed.sol)
    ping, yu = waiting("Ping"), waiting("Yu")
    for somebody in (ping, yu):
        joins(team, somebody, committed.sol)
    contract = won(committed, team, committed.sol)
    elsewhere = placements.invite(seat=offered(committed), person=yu, by=committed.amara)

    def work(index: int) -> object:
        if index == 0:
            return placements.accept(invitation=elsewhere, by=yu)
        return teams.launch(team=team, terms=TERMS, by=committed.sol)

    landed, *launched = together(4, work)
    assert outcomes([landed]) == (1, 0)
    assert outcomes(launched) == (1, 2)
    assert ShareTerms.objects.filter(microenterprise=team).count() == 1
    assert Contract.objects.get(pk=contract.pk).status == "signing"
    assert not PoolEntry.objects.waiting().filter(person__in=[committed.sol, ping, yu]).exists()


@pytest.mark.parametrize("lands_first", [True, False])
def test_nobody_joins_a_team_and_lands_elsewhere_at_once(committed: Cast, lands_first: bool) -> None:
    team = teams.form(spec=spec(committed), by=committed.sol)
    ping = waiting("Ping")
    into_team = placements.ask(seat=seat_of(team, committed.sol), by=ping)
    elsewhere = placements.invite(seat=offered(committed), person=ping, by=committed.amara)

    def work(index: int) -> object:
        if (index == 0) is lands_first:
            return placements.accept(invitation=elsewhere, by=ping)
        return placements.accept(invitation=into_team, by=committed.sol)

    results = together(2, work)
    assert outcomes(results)[0] >= 1
    assert not PoolEntry.objects.waiting().filter(person=ping).exists()
    assert people_in(team) == ["Sol"]
    assert waiting_members(team) == {True}


def test_one_person_forms_one_team(committed: Cast) -> None:
    def work(index: int) -> object:
        return teams.form(spec=spec(committed, name=f"Wind {index}"), by=User.objects.get(pk=committed.sol.pk))

    assert outcomes(together(4, work)) == (1, 3)


@pytest.mark.parametrize("ends_first", [True, False])
def test_a_team_that_ends_in_the_instant_of_the_opening_leaves_no_bid_that_stands(
    committed: Cast, ends_first: bool
) -> None:
    """Whoever of the two comes first holds its transaction until the other one waits for it."""
    team = teams.form(spec=spec(committed), by=committed.sol)
    joins(team, waiting("Ping"), committed.sol)
    project = published(committed)
    bid = bids_on(project, team, committed.sol)
    bids_on(project, committed.northwind, committed.teo, 90_000_00)
    after_deadline(project)
    begun = Event()

    def work(index: int) -> object:
        if index == 1:
            assert begun.wait(30)
        with transaction.atomic():
            if (index == 0) is ends_first:
                result: object = teams.end(team=team, reason="We part.", by=committed.sol)
            else:
                result = openings.open_bids(project=project)
            begun.set()
            if index == 0:
                wait_until_somebody_waits()
        return result

    assert not [result for result in together(2, work) if isinstance(result, Exception)]
    bid.refresh_from_db()
    assert (bid.status, bid.opened_at is None) == ("disqualified", False)
    assert list(project.bids.filter(status="valid").values_list("microenterprise__name", flat=True)) == ["Northwind"]
