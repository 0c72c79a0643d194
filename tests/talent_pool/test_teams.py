"""Teams of the talent pool: formed by people who wait, sealed like any bidder, launched when they have won."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from contracts.actions import awards, bids, contracts, projects
from contracts.forms.projects import ProjectForm
from contracts.models import Bid, Contract, Project
from contracts.permissions import bids as bid_checks
from contracts.permissions.standing import standing_of
from contracts.queries.finding import leaders_who_may_bid
from contracts.queries.projects import can_bid
from contracts.reuse import as_template
from core.clock import business_date, market_now, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.models import AuditRecord, Parameter
from haier_market import statement
from haier_market.attention import branches
from haier_market.attention.lines import Line
from ledger.queries import balances
from microenterprises.actions import firms, invitations, money, pledges, seats, terms
from microenterprises.actions.seats import SeatSpec
from microenterprises.actions.teams import TeamSpec
from microenterprises.models import Membership, Microenterprise, Seat, ShareTerms
from people.models import Notice, User
from settlement.actions import nights
from settlement.models import Outcome
from talent_pool import queries
from talent_pool.actions import placements, pool, teams
from talent_pool.actions.wind_up import wind_up
from talent_pool.models import PoolEntry
from tests.cast import TERMS, Cast, person
from tests.contracts.market import a_draft, bids_on, drafted, opened, published
from tests.contracts.told import releases_of
from tests.microenterprises.test_circle import ready
from tests.talent_pool.test_pool import paper


def waiting(name: str) -> User:
    """Somebody more in the pool."""
    somebody = person(name)
    pool.enter(person=somebody, left=None, by=None)
    return somebody


def spec(cast: Cast, **changes: Any) -> TeamSpec:
    facts: dict[str, Any] = {
        "name": "Second Wind",
        "purpose": "Cold boxes by people who built them.",
        "platform": cast.platform,
        "role": "Leader",
        "customer_outcome": "Deliveries arrive cold.",
    }
    return TeamSpec(**(facts | changes))


def seat_of(team: Microenterprise, by: User, role: str = "Engineer") -> Seat:
    return seats.open_seat(owner=team, spec=SeatSpec(role=role, customer_outcome="Boxes stay cold."), by=by)


def joins(team: Microenterprise, somebody: User, leader: User) -> None:
    asked = placements.ask(seat=seat_of(team, leader), by=somebody)
    placements.accept(invitation=asked, by=leader)


@pytest.fixture
def sol(cast: Cast) -> User:
    pool.enter(person=cast.sol, left=None, by=None)
    return cast.sol


@pytest.fixture
def ping(cast: Cast) -> User:
    return waiting("Ping")


@pytest.fixture
def team(cast: Cast, sol: User, ping: User) -> Microenterprise:
    """Sol leads, Ping is in it."""
    made = teams.form(spec=spec(cast), by=sol)
    joins(made, ping, sol)
    return made


def people_in(team: Microenterprise) -> list[str]:
    places = Membership.objects.active(business_date()).filter(microenterprise=team)
    return sorted(places.values_list("person__name", flat=True))


def leader_of(team: Microenterprise) -> str:
    places = Membership.objects.active(business_date()).filter(microenterprise=team, is_lead=True)
    return places.get().person.name


def waits(somebody: User) -> bool:
    return PoolEntry.objects.waiting().filter(person=somebody).exists()


def page(reader: User, name: str, *args: object) -> tuple[int, str]:
    client = Client()
    client.force_login(reader)
    answer = client.get(reverse(name, args=args))
    return answer.status_code, re.sub(r"\s+", " ", answer.content.decode())


def press(reader: User, route: str, *args: object, **data: object) -> Any:
    client = Client()
    client.force_login(reader)
    return client.post(reverse(route, args=args), data)


# ------------------------------------------------------------------ forming and joining


def test_a_team_is_an_me_that_incubates_and_its_people_go_on_waiting(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    clock = PoolEntry.objects.get(person=ping).clock_ends_on
    team = Microenterprise.objects.get(pk=team.pk)
    assert (team.status, team.launched_at, team.currency) == ("incubating", None, "CNY")
    assert people_in(team) == ["Ping", "Sol"]
    assert waits(sol)
    assert waits(ping)
    assert PoolEntry.objects.get(person=ping).clock_ends_on == clock
    assert not ShareTerms.objects.filter(microenterprise=team).exists()
    assert AuditRecord.objects.filter(deed="team.formed", subject=f"microenterprise:{team.pk}").count() == 1
    # Everybody who looks sees where they wait.
    assert {vars(entry)["team_name"] for entry in queries.waiting(cast.hua, business_date())} == {"Second Wind"}
    for reader, name in ((cast.lin, "talent_pool"), (cast.hua, "admin:talent_pool_poolentry_board"), (sol, "my_place")):
        status, text = page(reader, name)
        assert (status, "Second Wind" in text) == (200, True), name
    status, text = page(ping, "microenterprise_detail", team.pk)
    assert status == 200
    assert "A team of the talent pool, led by Sol" in text
    assert "Leave the team" in text
    assert "Incubating" in page(cast.lin, "microenterprise_list")[1]
    client = Client()
    client.force_login(cast.lin)
    shown = client.get(reverse("api-microenterprise-detail", args=[team.pk])).json()
    assert (shown["status"], shown["launched_at"]) == ("incubating", None)


def test_a_team_is_formed_on_its_page(cast: Cast, sol: User) -> None:
    assert "Form a team" in page(sol, "talent_pool")[1]
    assert "Form a team" not in page(cast.lin, "talent_pool")[1]
    typed = {
        "name": "  Second   Wind ",
        "purpose": "Boxes.",
        "platform": cast.platform.pk,
        "role": "Lead",
        "weight": 20,
    }
    refused = press(sol, "team_new", **typed)
    assert refused.status_code == 422
    made = press(sol, "team_new", **typed, customer_outcome="Cold boxes.")
    team = Microenterprise.objects.get(name="Second Wind")
    assert (made.status_code, made["Location"]) == (303, reverse("microenterprise_detail", args=[team.pk]))
    assert leader_of(team) == "Sol"


def test_only_people_of_the_pool_form_and_join_and_nobody_is_in_two(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    seat = seat_of(team, sol)
    for somebody in (cast.mei, cast.lin, cast.rui):
        with pytest.raises(Denied):
            teams.form(spec=spec(cast, name="Another"), by=somebody)
        assert page(somebody, "team_new")[0] == 403
    refused: tuple[Callable[[], object], ...] = (
        lambda: placements.ask(seat=seat, by=cast.mei),
        lambda: placements.invite(seat=seat, person=cast.mei, by=sol),
        lambda: placements.accept(invitation=invitations.invite(seat=seat, person=cast.mei, by=sol), by=cast.mei),
    )
    for refuse in refused:
        with pytest.raises(Denied, match="does not wait there"):
            refuse()
    typed = press(sol, "seat_invite", seat.pk, person=str(cast.mei.pk), message="")
    assert typed.status_code == 422
    with pytest.raises(Denied, match="You are in the team Second Wind"):
        teams.form(spec=spec(cast, name="Another"), by=ping)
    other = teams.form(spec=spec(cast, name="Third Wind"), by=waiting("Yu"))
    with pytest.raises(Denied, match="nobody is in two"):
        placements.ask(seat=seat_of(other, User.objects.get(name="Yu")), by=ping)
    # The database says so too, whoever asks it.
    facts = {"role": "x", "customer_outcome": "x", "track": "entrepreneur", "started_on": business_date()}
    for somebody, pay in ((cast.mei, 0), (ping, 0)):
        with pytest.raises(IntegrityError, match="people who wait in the talent pool"), transaction.atomic():
            Membership.objects.create(microenterprise=other, person=somebody, pay_minor=pay, **facts)
    with pytest.raises(IntegrityError, match="pays nobody"), transaction.atomic():
        Membership.objects.create(microenterprise=other, person=waiting("Wen"), pay_minor=1, **facts)


def test_a_team_pays_nobody_buys_nothing_and_no_night_settles_it(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    paid = SeatSpec(role="Engineer", customer_outcome="Boxes.", pay_minor=1)
    with pytest.raises(Invalid, match="no pay and no draw"):
        seats.open_seat(owner=team, spec=paid, by=sol)
    place = Membership.objects.get(microenterprise=team, person=ping)
    with pytest.raises(Invalid, match="no pay and no draw"):
        firms.change(membership=place, pay_minor=5, on=business_date() + timedelta(days=1), by=sol)
    with pytest.raises(Denied):
        projects.create_draft(buyer=team, draft=a_draft(cast), by=sol)
    with pytest.raises(InvalidTransition, match="not launched yet"):
        money.record_receipt(microenterprise=team, amount_minor=1, document=paper("R"), by=cast.fay)
    with pytest.raises(InvalidTransition, match="not launched yet"):
        terms.propose(microenterprise=team, terms=TERMS, effective_from=business_date() + timedelta(days=9), by=sol)
    idea = ready(cast)
    with pytest.raises(InvalidTransition):
        pledges.pledge(idea=idea, amount_minor=1, microenterprise=team, by=sol)
    day = business_date()
    move_forward(timedelta(days=1))
    run = nights.work_on_run(nights.start_run(business_date=day, by=cast.fay))
    assert run.status == "sealed"
    settled = set(Outcome.objects.filter(business_date=day).values_list("microenterprise__name", flat=True))
    assert settled == {"Blue Kettle", "Cold Chain", "Northwind"}
    assert not any(balances([team.entity_id], []).values())


# ------------------------------------------------------------------ leaving and ending


def test_whoever_lands_leaves_and_the_lead_passes_on(cast: Cast, sol: User, ping: User, team: Microenterprise) -> None:
    yu = waiting("Yu")
    joins(team, yu, sol)
    offered = seats.open_seat(
        owner=cast.cold_chain, spec=SeatSpec(role="Planner", customer_outcome="Routes."), by=cast.amara
    )
    placements.accept(invitation=placements.invite(seat=offered, person=sol, by=cast.hua), by=sol)
    assert not waits(sol)
    assert (people_in(team), leader_of(team)) == (["Ping", "Yu"], "Ping")
    assert Notice.objects.filter(person=yu, sentence__contains="Ping leads it").exists()
    assert press(ping, "team_leave", team.pk).status_code == 303
    assert waits(ping)
    assert leader_of(team) == "Yu"
    with pytest.raises(Invalid, match="End the team instead"):
        teams.leave(team=team, by=yu)
    with pytest.raises(Denied):
        teams.leave(team=team, by=ping)
    offered = seats.open_seat(
        owner=cast.northwind, spec=SeatSpec(role="Driver", customer_outcome="Routes."), by=cast.teo
    )
    placements.accept(invitation=placements.ask(seat=offered, by=yu), by=cast.teo)
    ended = Microenterprise.objects.get(pk=team.pk)
    assert (ended.status, ended.dissolution_reason) == ("dissolved", "Yu has landed elsewhere.")


def test_whoever_launches_an_idea_leaves_their_team(cast: Cast, sol: User, ping: User, team: Microenterprise) -> None:
    placements.launch(idea=ready(cast), terms=TERMS, by=sol)
    assert (waits(sol), waits(ping)) == (False, True)
    assert (people_in(team), leader_of(team)) == (["Ping"], "Ping")
    assert teams.end(team=team, reason="Alone.", by=ping).status == "dissolved"


def test_ending_a_team_keeps_its_people_waiting_and_its_sealed_bid_from_winning(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    project = published(cast)
    bid = bids_on(project, team, sol)
    rival = bids_on(project, cast.northwind, cast.teo, 90_000_00)
    for stranger in (ping, cast.hua, cast.ada):
        with pytest.raises(Denied):
            teams.end(team=team, reason="x", by=stranger)
    assert page(ping, "team_end", team.pk)[0] == 403
    with pytest.raises(Invalid):
        teams.end(team=team, reason=" ", by=sol)
    with pytest.raises(InvalidTransition, match="its leader ends it"):
        wind_up(microenterprise=team, reason="x", by=sol)
    assert press(sol, "team_end", team.pk, reason="No customer yet.").status_code == 303
    assert waits(sol)
    assert waits(ping)
    assert Notice.objects.filter(person=ping, sentence__contains="No customer yet.").exists()
    with pytest.raises(Conflict):
        teams.end(team=team, reason="Again.", by=sol)
    opened(project)
    assert (Bid.objects.get(pk=bid.pk).status, Bid.objects.get(pk=rival.pk).status) == ("disqualified", "valid")
    # Whoever was in it may begin again.
    assert teams.form(spec=spec(cast, name="Third Wind"), by=ping).is_team


# ------------------------------------------------------------------ bidding


def why_not(project: Project, firm: Microenterprise, by: User) -> str:
    who = standing_of(by, business_date())
    try:
        bid_checks.check_bid(project, firm, who, barred=bid_checks.barred(project, who), now=market_now())
    except Denied as refusal:
        return str(refusal.sentence)
    return ""


def may_bid(project: Project, by: User) -> tuple[bool, bool]:
    """As the list's filter and the alerts say."""
    listed = can_bid(Project.objects.all(), standing_of(by, business_date()), market_now())
    return listed.filter(pk=project.pk).exists(), by.pk in set(leaders_who_may_bid(project, business_date()))


def test_a_team_bids_with_enough_people_where_teams_are_admitted(cast: Cast, sol: User, ping: User) -> None:
    alone = teams.form(spec=spec(cast), by=sol)
    project, closed = published(cast), published(cast, teams_may_bid=False)
    assert "has too few people to bid: a team bids from 2 people on" in why_not(project, alone, sol)
    assert may_bid(project, sol)[0] is False
    with pytest.raises(Denied, match="too few people"):
        bids_on(project, alone, sol)
    joins(alone, ping, sol)
    assert why_not(project, alone, sol) == ""
    assert may_bid(project, sol) == (True, True)
    assert "does not admit teams" in why_not(closed, alone, sol)
    assert may_bid(closed, sol) == (False, False)
    assert "May not bid" in page(cast.teo, "project_detail", closed.pk)[1]
    assert "does not admit teams" in page(sol, "project_detail", closed.pk)[1]
    assert "Submit a bid" in page(sol, "project_detail", project.pk)[1]
    with pytest.raises(Denied, match="Only the leader"):
        bids_on(project, alone, ping)
    told = [releases_of(one)[-1]["tender"].get("eligibilityCriteria") for one in (project, closed)]
    assert told == [None, "Launched microenterprises only, no teams of the talent pool."]
    client = Client()
    client.force_login(cast.teo)
    shown = client.get(reverse("api-project-detail", args=[closed.pk])).json()
    assert shown["teams_may_bid"] is False
    with pytest.raises(IntegrityError, match="keeps who may bid"), transaction.atomic():
        Project.objects.filter(pk=closed.pk).update(teams_may_bid=True)
    Parameter.objects.create(name="team_fewest_people", holds_from=business_date(), value=3, note="Three.")
    assert "from 3 people on" in why_not(project, alone, sol)


def main_of(reader: User, team: Microenterprise) -> str:
    """What a reader sees of the team, without the tokens of its forms."""
    text = page(reader, "microenterprise_detail", team.pk)[1]
    return re.sub(r'name="csrf[^>]*>', "", text[text.index("<main") : text.index("</main>")])


def test_a_sealed_bid_of_a_team_is_read_by_its_leader_and_told_nowhere(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    project = published(cast)
    readers = (cast.lin, cast.rui, cast.hua, ping)
    before = [main_of(reader, team) for reader in readers]
    bid = bids_on(project, team, sol, 70_000_00)
    assert [main_of(reader, team) for reader in readers] == before
    assert page(sol, "team_launch", team.pk)[0] == page(sol, "team_launch", team.pk)[0] == 409
    assert bids.read_own_bid(bid=bid, by=sol).price_minor == 70_000_00
    for reader in (ping, cast.lin, cast.hua, cast.rui):
        with pytest.raises(Denied):
            bids.read_own_bid(bid=bid, by=reader)
    # The heir of the lead speaks for the team from then on; who left wrote the bid and still reads it.
    teams.leave(team=team, by=sol)
    assert bids.read_own_bid(bid=bid, by=ping).price_minor == 70_000_00


def test_nobody_buys_from_their_own_team(cast: Cast, sol: User, ping: User, team: Microenterprise) -> None:
    judged = published(cast, panel=[cast.noor, ping], pass_mark=5_000)
    assert "judges, accepts or awards here" in why_not(judged, team, sol)
    assert may_bid(judged, sol) == (False, False)


def test_a_team_can_be_invited_by_name(cast: Cast, sol: User, team: Microenterprise) -> None:
    named = {"admission": Project.Admission.INVITED, "invited": [team, cast.northwind]}
    with pytest.raises(Invalid, match="is a team of the talent pool"):
        published(cast, **named, teams_may_bid=False)
    project = published(cast, **named)
    assert why_not(project, team, sol) == ""
    assert may_bid(project, sol) == (True, True)
    left_out = published(cast, admission=Project.Admission.INVITED, invited=[cast.cold_chain, cast.northwind])
    assert "is not on the list" in why_not(left_out, team, sol)


def test_a_draft_and_what_is_made_of_it_say_whether_teams_may_bid(cast: Cast) -> None:
    draft = drafted(cast, teams_may_bid=False)
    assert "May not bid" in page(cast.lin, "project_publish", draft.pk)[1]
    again = as_template(draft, buyer=cast.blue_kettle, now=market_now())
    assert ProjectForm(buyer=cast.blue_kettle, reader=cast.lin, project=again)["teams_may_bid"].value() is False
    assert ProjectForm(buyer=cast.blue_kettle, reader=cast.lin)["teams_may_bid"].value() is True


# ------------------------------------------------------------------ winning


def won(cast: Cast, team: Microenterprise, leader: User) -> Contract:
    """The team's bid won; its contract waits for signatures."""
    project = published(cast)
    bid = bids_on(project, team, leader, 70_000_00)
    rival = bids_on(project, cast.northwind, cast.teo, 90_000_00)
    opened(project)
    made = awards.award(
        project=project,
        bid=Bid.objects.get(pk=bid.pk),
        reason="The lowest price.",
        loser_reasons={rival.pk: "The price is higher."},
        by=cast.lin,
    )
    return Contract.objects.get(award=made)


def signs(contract: Contract, by: User) -> None:
    contracts.sign(contract=contract, sha256_seen=contract.versions.latest("number").sha256, by=by)


def test_a_team_that_won_is_launched_signs_and_lands(cast: Cast, sol: User, ping: User, team: Microenterprise) -> None:
    with pytest.raises(InvalidTransition, match="when it has won something"):
        teams.launch(team=team, terms=TERMS, by=sol)
    contract = won(cast, team, sol)
    signs(contract, cast.lin)
    with pytest.raises(InvalidTransition, match="Launch the team as an ME first"):
        signs(contract, sol)
    for name in ("contract_sign", "contract_detail"):
        status, text = page(sol, name, contract.pk)
        assert (status, reverse("team_launch", args=[team.pk]) in text) == (200, True), name
    needs = [line for line in lines_of(sol) if line.kind == "team_launch"]
    assert [(line.detail, line.title, line.key) for line in needs] == [("Second Wind", contract.title, str(team.pk))]
    assert not [line for line in lines_of(sol) if line.kind == "sign"]
    assert "Second Wind won" in page(sol, "home")[1]
    with pytest.raises(Denied):
        teams.launch(team=team, terms=TERMS, by=ping)
    assert page(sol, "team_launch", team.pk)[0] == 200

    typed = {"threshold": "0", "rate_1": "30", "owner_reserve": "100", "plan": "100000"}
    answer = press(sol, "team_launch", team.pk, **typed)
    assert (answer.status_code, answer["Location"]) == (303, reverse("contract_sign", args=[contract.pk]))

    firm = Microenterprise.objects.get(pk=team.pk)
    assert (firm.status, firm.launched_by) == ("active", sol)
    assert not waits(sol)
    assert not waits(ping)
    assert ShareTerms.objects.get(microenterprise=firm).effective_from == business_date()
    assert PoolEntry.objects.get(person=ping).landed_in == Membership.objects.get(person=ping).seat
    assert Notice.objects.filter(person=ping, sentence__contains="You have landed").exists()
    signs(contract, sol)
    assert Contract.objects.get(pk=contract.pk).status == "active"
    with pytest.raises(Conflict, match="not a team any more"):
        teams.launch(team=team, terms=TERMS, by=sol)
    # From now on it is an ME as any other: it pays, and its nights are settled.
    seats.open_seat(owner=firm, spec=SeatSpec(role="Driver", customer_outcome="Routes.", pay_minor=500), by=sol)
    day = business_date()
    move_forward(timedelta(days=1))
    for night in nights.waiting_dates():
        nights.work_on_run(nights.start_run(business_date=night, by=cast.fay))
    assert Outcome.objects.filter(microenterprise=firm, business_date__lt=day).count() == 0
    assert Outcome.objects.filter(microenterprise=firm, business_date=day).exclude(state="exception").count() == 1


def lines_of(reader: User) -> list[Line]:
    """What the first page reads, which is what the plain query finds."""
    who, now = standing_of(reader, business_date()), market_now()
    found = statement.lines(who, now)
    assert sorted(map(str, found)) == sorted(str(Line(*row)) for row in branches(who, now))
    return found


def test_a_team_that_does_not_sign_in_time_is_declined_as_anybody_else(
    cast: Cast, sol: User, team: Microenterprise
) -> None:
    contract = won(cast, team, sol)
    move_forward(timedelta(days=60))
    assert contracts.void_unsigned(market_now()) == 1
    following = Contract.objects.get(project=contract.project, status="signing")
    assert following.supplier == cast.northwind
    with pytest.raises(InvalidTransition, match="when it has won something"):
        teams.launch(team=team, terms=TERMS, by=sol)


def test_a_team_that_ends_with_a_contract_to_sign_leaves_it_to_the_next_rank(
    cast: Cast, sol: User, ping: User, team: Microenterprise
) -> None:
    contract = won(cast, team, sol)
    teams.leave(team=team, by=sol)
    with pytest.raises(InvalidTransition, match="too few people to be launched"):
        teams.launch(team=team, terms=TERMS, by=ping)
    teams.end(team=team, reason="We are one too few.", by=ping)
    assert Contract.objects.get(pk=contract.pk).status == "void"
    assert Contract.objects.get(project=contract.project, status="signing").supplier == cast.northwind
