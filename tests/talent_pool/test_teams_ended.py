"""Teams and MEs that end while their bids are decided: what becomes of bids, awards on their way, and the next rank."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts.actions import awards, openings
from contracts.models import Award, Bid, Contract, Project
from core.clock import business_date, market_now, move_forward
from core.errors import InvalidTransition
from core.models import AuditRecord, Parameter
from microenterprises.actions import firms
from microenterprises.models import Microenterprise
from people.models import Notice, User
from settlement.actions import nights
from talent_pool.actions import teams
from talent_pool.actions.wind_up import wind_up
from tests.cast import Cast
from tests.contracts.market import after_deadline, bids_on, opened, published
from tests.contracts.told import releases_of
from tests.talent_pool.test_teams import joins, ping, sol, spec, team, waiting

__all__ = ["ping", "sol", "team"]

DAYS = 3


@pytest.fixture
def standstill(cast: Cast) -> None:
    Parameter.objects.create(name="standstill_business_days", holds_from=business_date(), value=DAYS, note="Time.")


def chosen(project: Project, bid: Bid, cast: Cast) -> Award:
    others = Bid.objects.filter(project=project, status=Bid.Status.VALID).exclude(pk=bid.pk)
    reasons = {other.pk: "Another was chosen." for other in others}
    return awards.award(
        project=project, bid=Bid.objects.get(pk=bid.pk), reason="So.", loser_reasons=reasons, by=cast.lin
    )


def out(bid: Bid) -> tuple[str, str]:
    bid = Bid.objects.get(pk=bid.pk)
    return bid.status, bid.outcome_reason


def of_project(project: Project, deed: str) -> int:
    return AuditRecord.objects.filter(subject=f"project:{project.pk}", deed=f"project.{deed}").count()


def end_team(cast: Cast, team: Microenterprise) -> None:
    teams.end(team=team, reason="We part.", by=cast.sol)


def wind_up_an_me(cast: Cast, _team: Microenterprise) -> None:
    for night in nights.waiting_dates():
        nights.work_on_run(nights.start_run(business_date=night, by=cast.fay))
    wind_up(microenterprise=cast.cold_chain, reason="We part.", by=cast.amara)


@pytest.mark.usefixtures("standstill")
@pytest.mark.parametrize("ends", [end_team, wind_up_an_me])
def test_an_award_that_stands_for_who_ends_goes_to_the_next_rank_at_once(
    cast: Cast, sol: User, team: Microenterprise, ends: Callable[[Cast, Microenterprise], None]
) -> None:
    """Sol's team or Amara's ME won, at the same price; the other of the two is next, Teo the third."""
    project = published(cast)
    by_team, by_me = (80_000_00, 81_000_00) if ends is end_team else (81_000_00, 80_000_00)
    bids_of: dict[Callable[[Cast, Microenterprise], None], Bid] = {
        end_team: bids_on(project, team, sol, by_team),
        wind_up_an_me: bids_on(project, cast.cold_chain, cast.amara, by_me),
    }
    winner = bids_of[ends]
    (second,) = (bid for end, bid in bids_of.items() if end is not ends)
    bids_on(project, cast.northwind, cast.teo, 90_000_00)
    made = chosen(opened(project), winner, cast)
    assert made.status == "standing"
    ends(cast, team)
    made.refresh_from_db()
    name = Bid.objects.get(pk=winner.pk).bidder_label
    assert (made.status, made.ended_reason) == ("cancelled", f"{name} is dissolved.")
    assert out(winner) == ("disqualified", f"{name} is dissolved.")
    following = Award.objects.get(project=project, status="standing")
    assert (following.bid_id, following.awarded_by, following.causes) == (second.pk, cast.lin, [])
    assert (of_project(project, "award_cancelled"), of_project(project, "bid_disqualified")) == (1, 1)
    assert Notice.objects.filter(person=cast.lin, sentence__startswith=f"{name} is dissolved, so its bid").exists()
    leader = cast.amara if ends is end_team else sol
    assert Notice.objects.filter(person=leader, sentence__endswith="won.").count() == 1
    assert releases_of(project)
    move_forward(timedelta(days=10))
    assert awards.take_effect_all(market_now()) == 1
    assert Contract.objects.get(project=project).award == following


@pytest.mark.usefixtures("standstill")
def test_a_standing_award_with_nobody_behind_it_goes_back_to_the_buyer(
    cast: Cast, sol: User, team: Microenterprise
) -> None:
    """The other team has ended too: no bid is left. The buyer is asked, and its money stays held until it decides."""
    yu = waiting("Yu")
    other = teams.form(spec=spec(cast, name="Third Wind"), by=yu)
    joins(other, waiting("Wen"), yu)
    project = published(cast)
    winner, second = bids_on(project, team, sol, 80_000_00), bids_on(project, other, yu, 81_000_00)
    chosen(opened(project), winner, cast)
    teams.end(team=other, reason="We part.", by=yu)
    assert out(second) == ("disqualified", "Third Wind is dissolved.")
    assert Award.objects.get(project=project).status == "standing"
    teams.end(team=team, reason="We part.", by=sol)
    assert Award.objects.get(project=project).status == "cancelled"
    assert Project.objects.get(pk=project.pk).status == "evaluating"
    assert Notice.objects.filter(person=cast.lin, sentence__contains="its bid on").count() == 2
    awards.no_award(project=project, reason="Nobody is left.", by=cast.lin)


def test_a_proposed_award_for_an_ended_team_is_cancelled_and_the_buyer_chooses_again(
    cast: Cast, sol: User, team: Microenterprise
) -> None:
    project = published(cast)
    first, second = (
        bids_on(project, cast.northwind, cast.teo, 80_000_00),
        bids_on(project, cast.cold_chain, cast.amara, 85_000_00),
    )
    ours = bids_on(project, team, sol, 90_000_00)
    made = chosen(opened(project), ours, cast)
    assert (made.status, made.causes) == ("proposed", ["not_top"])
    told = Notice.objects.filter(person__in=[cast.teo, cast.amara]).count()
    teams.end(team=team, reason="We part.", by=sol)
    with pytest.raises(InvalidTransition, match="Nothing waits for a second person"):
        awards.agree(award=made, reason="Good.", by=cast.ada)
    assert list(Award.objects.filter(project=project).values_list("status", flat=True)) == ["cancelled"]
    assert Notice.objects.filter(person__in=[cast.teo, cast.amara]).count() == told, "nobody had been told of it"
    assert (out(first), out(second)) == (("valid", ""), ("valid", ""))
    assert chosen(project, first, cast).status == "active"


def test_bids_of_ended_teams_neither_hold_up_an_award_nor_make_a_price_look_low(
    cast: Cast, sol: User, team: Microenterprise
) -> None:
    yu = waiting("Yu")
    other = teams.form(spec=spec(cast, name="Third Wind"), by=yu)
    joins(other, waiting("Wen"), yu)
    project = published(cast)
    lowest, highest = bids_on(project, team, sol, 49_000_00), bids_on(project, other, yu, 100_000_00)
    honest = bids_on(project, cast.northwind, cast.teo, 50_000_00)
    bids_on(project, cast.cold_chain, cast.amara, 55_000_00)
    opened(project)
    teams.end(team=team, reason="We part.", by=sol)
    teams.end(team=other, reason="We part.", by=yu)
    assert [out(bid)[0] for bid in (lowest, highest)] == ["disqualified", "disqualified"]
    made = chosen(project, honest, cast)
    assert (made.status, made.causes) == ("active", [])


def test_what_ended_unseen_is_neither_agreed_nor_takes_effect(cast: Cast, sol: User, team: Microenterprise) -> None:
    """As by an opening in the same instant as the end: the bid is valid, its bidder is gone."""
    Parameter.objects.create(name="standstill_business_days", holds_from=business_date(), value=DAYS, note="Time.")
    project = published(cast)
    first, second = bids_on(project, team, sol, 80_000_00), bids_on(project, cast.northwind, cast.teo, 85_000_00)
    third = bids_on(project, cast.cold_chain, cast.amara, 86_000_00)
    proposed = chosen(opened(project), second, cast)
    assert proposed.status == "proposed"
    firms.close_down(cast.northwind, reason="x", by=cast.teo)
    with pytest.raises(InvalidTransition, match="The bidder is dissolved"):
        awards.agree(award=proposed, reason="Good.", by=cast.ada)
    awards.refuse(award=proposed, reason="It is gone.", by=cast.ada)
    assert chosen(project, first, cast).status == "standing"
    firms.close_down(team, reason="x", by=sol)
    move_forward(timedelta(days=10))
    assert awards.take_effect_all(market_now()) == 0
    # Both that are gone are out; who is left is the only bidder, so a second person is asked.
    assert [out(bid)[0] for bid in (first, second, third)] == ["disqualified", "disqualified", "valid"]
    assert Award.objects.get(project=project, status="proposed").bid_id == third.pk
    assert not Contract.objects.filter(project=project).exists()


def test_a_sealed_bid_of_an_ended_team_is_told_by_nothing_before_the_opening(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    project = published(cast)
    bid = bids_on(project, team, sol, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 90_000_00)
    after_deadline(project)
    trail, releases = AuditRecord.objects.filter(subject=f"project:{project.pk}"), len(releases_of(project))
    before, told = trail.count(), Notice.objects.exclude(person=ping).count()
    teams.end(team=team, reason="We part.", by=sol)
    assert (trail.count(), len(releases_of(project))) == (before, releases)
    assert Notice.objects.exclude(person=ping).count() == told
    assert Bid.objects.get(pk=bid.pk).status == "submitted"
    openings.open_bids(project=project)
    assert out(bid) == ("disqualified", "Second Wind was dissolved before the bids were opened.")
