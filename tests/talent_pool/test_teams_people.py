"""Who counts as people of a team: closed accounts neither bid, launch nor lead; a team too small is no competition."""

import pytest

from contracts.models import Bid, Project
from contracts.permissions.standing import standing_of
from contracts.queries.bids import opened_bids_of
from core.clock import business_date
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from microenterprises.actions import seats
from microenterprises.actions.seats import SeatSpec
from microenterprises.models import Microenterprise
from people.models import Notice, User
from talent_pool.actions import placements, teams
from tests.cast import TERMS, Cast
from tests.contracts.market import bids_on, opened, published
from tests.talent_pool.test_teams import joins, leader_of, page, people_in, ping, press, sol, spec, team, waiting, won

__all__ = ["ping", "sol", "team"]


def close(somebody: User) -> None:
    User.objects.filter(pk=somebody.pk).update(is_active=False)
    somebody.refresh_from_db()


def test_a_team_has_a_name_of_its_own_that_can_be_read(cast: Cast, sol: User) -> None:
    for name in ("cold  CHAIN", "Cold\u00a0Chain"):
        with pytest.raises(Conflict, match="named Cold Chain already"):
            teams.form(spec=spec(cast, name=name), by=sol)
    for name in ("Cold Chain\u202e", "C\u043eld Chain"):
        with pytest.raises(Invalid, match="Type the"):
            teams.form(spec=spec(cast, name=name), by=sol)
    assert teams.form(spec=spec(cast, name=" Second \u3000Wind 漢字"), by=sol).name == "Second Wind 漢字"


def test_a_closed_account_is_nobody_to_bid_or_be_launched_with(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    won(cast, team, sol)
    project = published(cast)
    close(ping)
    with pytest.raises(Denied, match="too few people"):
        bids_on(project, team, sol)
    with pytest.raises(InvalidTransition, match="too few people to be launched"):
        teams.launch(team=team, terms=TERMS, by=sol)
    refused = press(sol, "team_launch", team.pk)
    assert refused.status_code in (403, 409)
    joins(team, waiting("Yu"), sol)
    assert bids_on(project, team, sol).status == "submitted"


def test_the_lead_passes_to_somebody_who_may_sign_in(cast: Cast, sol: User, ping: User, team: Microenterprise) -> None:
    yu = waiting("Yu")
    joins(team, yu, sol)
    close(ping)
    teams.leave(team=team, by=sol)
    assert (people_in(team), leader_of(team)) == (["Ping", "Yu"], "Yu")
    with pytest.raises(Invalid, match="End the team instead"):
        teams.leave(team=team, by=yu)
    offered = seats.open_seat(
        owner=cast.northwind, spec=SeatSpec(role="Driver", customer_outcome="Routes."), by=cast.teo
    )
    placements.accept(invitation=placements.ask(seat=offered, by=yu), by=cast.teo)
    assert Microenterprise.objects.get(pk=team.pk).status == "dissolved"


def test_the_steward_ends_a_team_whose_leader_has_a_closed_account(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    with pytest.raises(Denied):
        teams.end(team=team, reason="Nobody leads it.", by=cast.ada)
    assert "End the team" not in page(cast.ada, "microenterprise_detail", team.pk)[1]
    close(sol)
    for stranger in (ping, cast.hua, cast.rui, sol):
        with pytest.raises(Denied):
            teams.end(team=team, reason="Nobody leads it.", by=stranger)
    assert "End the team" not in page(cast.hua, "microenterprise_detail", team.pk)[1]
    shown = page(cast.ada, "microenterprise_detail", team.pk)[1]
    assert "the steward can end it" in shown
    assert "End the team" in shown
    assert "Leave the team" not in shown
    assert press(cast.ada, "team_end", team.pk, reason="Nobody leads it.").status_code == 303
    assert Microenterprise.objects.get(pk=team.pk).status == "dissolved"
    assert Notice.objects.filter(person=ping, sentence__contains="Nobody leads it.").exists()


def test_a_team_that_cannot_bid_yet_does_not_make_two_invited(cast: Cast, sol: User, ping: User) -> None:
    alone = teams.form(spec=spec(cast), by=sol)
    listed = [alone, cast.northwind]
    with pytest.raises(Invalid, match=r"Second Wind: too few people to bid yet\. Invite at least 2 besides"):
        published(cast, admission=Project.Admission.INVITED, invited=listed)
    assert published(cast, admission=Project.Admission.INVITED, invited=[*listed, cast.cold_chain]).published_at
    joins(alone, ping, sol)
    assert published(cast, admission=Project.Admission.INVITED, invited=listed).published_at


def test_everybody_in_a_team_finds_its_opened_bids(cast: Cast, sol: User, ping: User, team: Microenterprise) -> None:
    project = published(cast)
    bid = bids_on(project, team, sol)
    assert not opened_bids_of(standing_of(sol, business_date())).exists()
    opened(project)
    for reader in (sol, ping):
        assert list(opened_bids_of(standing_of(reader, business_date()))) == [Bid.objects.get(pk=bid.pk)]
