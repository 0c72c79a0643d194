"""Sol's circle: an idea, pledges, seats, a launch; every pledge, stake and wallet reconciles along the way."""

from datetime import timedelta

import pytest
from django.db import connection

from core.clock import business_date
from core.errors import Conflict, Denied, InsufficientFunds, Invalid, InvalidTransition
from core.models import Parameter
from ledger.accounts import Kind
from ledger.queries import balance, party_balances
from microenterprises.actions import ideas, invitations, pledges, seats
from microenterprises.actions.money import Document, fund_platform, record_investment
from microenterprises.actions.terms import in_force
from microenterprises.calculation import TermsSpec, Tier
from microenterprises.models import Idea, Invitation, Membership, Microenterprise, Pledge, Seat
from people.models import Notice, User
from tests.cast import Cast, person

TERMS = TermsSpec(0, (Tier(None, 5000),), {"reserve": 10_000})


def draft(cast: Cast, goal: int = 1_000_000) -> Idea:
    goals = [
        ideas.GoalSpec(
            metric="Noise at night", baseline="38 dB", target="25 dB", due_on=business_date() + timedelta(days=90)
        )
    ]
    spec = ideas.IdeaSpec(
        title="Quiet Fridge",
        customer="People in one-room flats",
        outcome="They sleep beside their fridge.",
        platform=cast.platform,
        funding_goal_minor=goal,
        goals=goals,
    )
    return ideas.create(spec=spec, by=cast.sol)


def books_of(idea: Idea) -> int:
    """The entity of a published idea."""
    assert idea.entity_id is not None
    return idea.entity_id


def published(cast: Cast, goal: int = 1_000_000) -> Idea:
    return ideas.publish(idea=draft(cast, goal), by=cast.sol)


def seat_for(idea: Idea, somebody: User, role: str = "Maker") -> Seat:
    """A seat of an idea that somebody asked for and got."""
    seat = seats.open_seat(owner=idea, spec=seats.SeatSpec(role=role, customer_outcome="Quiet nights"), by=idea.owner)
    asked = invitations.ask(seat=seat, by=somebody)
    return invitations.accept(invitation=asked, by=idea.owner).seat


def paid_in(cast: Cast, idea: Idea, amount_minor: int, by: User) -> Pledge:
    """A person's own money that finance has recorded."""
    made = pledges.pledge(idea=idea, amount_minor=amount_minor, by=by)
    return pledges.receive(pledge=made, document=f"TR {made.pk}", dated=business_date(), by=cast.fay)


def ready(cast: Cast) -> Idea:
    idea = published(cast)
    paid_in(cast, idea, 600_000, cast.hua)
    pledges.pledge(idea=idea, amount_minor=400_000, by=cast.lin, microenterprise=cast.blue_kettle)
    seat_for(idea, cast.mei)
    seat_for(idea, cast.noor, "Seller")
    return Idea.objects.get(pk=idea.pk)


def test_pledges_become_stakes_and_every_book_agrees(cast: Cast) -> None:
    before = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    idea = ready(cast)
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 1_000_000
    assert party_balances([books_of(idea)], Kind.PLEDGES_OWED) == {
        (books_of(idea), cast.hua.party): 600_000,
        (books_of(idea), f"entity:{cast.blue_kettle.entity_id}"): 400_000,
    }
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == before - 400_000

    me = ideas.launch(idea=idea, terms=TERMS, by=cast.sol)

    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == balance(books_of(idea), Kind.PLEDGES_OWED) == 0
    assert balance(me.entity_id, Kind.WALLET) == 1_000_000
    assert party_balances([me.entity_id], Kind.STAKE) == {
        (me.entity_id, cast.hua.party): 600_000,
        (me.entity_id, f"entity:{cast.blue_kettle.entity_id}"): 400_000,
    }
    assert balance(cast.blue_kettle.entity_id, Kind.PLEDGE_GIVEN) == 0
    assert balance(cast.blue_kettle.entity_id, Kind.STAKE_HELD, f"entity:{me.entity_id}") == 400_000
    assert set(Pledge.objects.filter(idea=idea).values_list("status", flat=True)) == {"converted"}


def test_the_people_in_seats_are_members_from_the_day_of_the_launch(cast: Cast) -> None:
    me = ideas.launch(idea=ready(cast), terms=TERMS, by=cast.sol)
    today = business_date()
    active = Membership.objects.active(today).filter(microenterprise=me)
    assert {(m.person.name, m.is_lead, m.weight) for m in active} == {
        ("Sol", True, 20),
        ("Mei", False, 10),
        ("Noor", False, 10),
    }
    terms = in_force(me, today)
    assert terms is not None
    assert (terms.version, terms.status, terms.effective_from) == (1, "agreed", today)
    assert me.goals.count() == 1
    idea = Idea.objects.get(microenterprise=me)
    assert idea.status == "launched"


def test_an_open_seat_goes_on_as_a_seat_of_the_me(cast: Cast) -> None:
    idea = ready(cast)
    seat = seats.open_seat(owner=idea, spec=seats.SeatSpec(role="Baker", customer_outcome="x"), by=cast.sol)
    me = ideas.launch(idea=idea, terms=TERMS, by=cast.sol)
    invited = invitations.invite(seat=seat, person=cast.teo, by=cast.sol)
    invitations.accept(invitation=invited, by=cast.teo)
    assert Membership.objects.get(microenterprise=me, person=cast.teo).seat_id == seat.pk


def test_the_platform_invests_after_the_launch(cast: Cast) -> None:
    me = ideas.launch(idea=ready(cast), terms=TERMS, by=cast.sol)
    today = business_date()
    fund_platform(platform=cast.platform, amount_minor=900, document="Decision 1", effective_date=today, by=cast.fay)
    record_investment(
        microenterprise=me,
        platform=cast.platform,
        amount_minor=900,
        document=Document(number="Agreement 1", counterparty="Smart Living", dated=today),
        by=cast.fay,
    )
    assert balance(me.entity_id, Kind.WALLET) == 1_000_900
    assert balance(cast.platform.entity_id, Kind.STAKE_HELD, f"entity:{me.entity_id}") == 900


def test_a_draft_needs_a_customer_an_outcome_and_a_goal_before_it_is_published(cast: Cast) -> None:
    spec = ideas.IdeaSpec(title="Thin", customer="", outcome="", platform=cast.platform, funding_goal_minor=1)
    idea = ideas.create(spec=spec, by=cast.sol)
    with pytest.raises(Invalid, match="customer"):
        ideas.publish(idea=idea, by=cast.sol)
    with pytest.raises(Invalid, match="more than zero"):
        ideas.create(
            spec=ideas.IdeaSpec(title="Free", customer="", outcome="", platform=cast.platform, funding_goal_minor=0),
            by=cast.sol,
        )


def test_a_published_idea_stays_as_it_was_read(cast: Cast) -> None:
    idea = published(cast)
    with pytest.raises(InvalidTransition):
        ideas.edit(
            idea=idea,
            spec=ideas.IdeaSpec(
                title="Loud Fridge", customer="x", outcome="y", platform=cast.platform, funding_goal_minor=1
            ),
            by=cast.sol,
        )


@pytest.mark.parametrize("first", [0, 30_000_000])
def test_a_person_pledges_of_their_own_money_what_one_person_may(cast: Cast, first: int) -> None:
    idea = published(cast)
    if first:
        pledges.pledge(idea=idea, amount_minor=first, by=cast.hua)
    with pytest.raises(Invalid, match=r"at most CN¥1,000,000\.00 to an idea") as refusal:
        pledges.pledge(idea=idea, amount_minor=100_000_000 - first + 1, by=cast.hua)
    assert refusal.value.field == "amount"
    last = pledges.pledge(idea=idea, amount_minor=100_000_000 - first, by=cast.hua)
    pledges.refund(pledge=last, by=cast.hua)
    pledges.pledge(idea=idea, amount_minor=1, by=cast.hua)
    pledges.pledge(idea=idea, amount_minor=100_000_000, by=cast.noor)
    Parameter.objects.create(name="largest_personal_pledge", holds_from=business_date(), value=0)
    pledges.pledge(idea=idea, amount_minor=1, by=cast.lin, microenterprise=cast.blue_kettle)  # it has what it gives
    with pytest.raises(Invalid, match=r"at most CN¥0\.00"):
        pledges.pledge(idea=idea, amount_minor=1, by=cast.mei)


def test_a_launch_waits_for_money_and_people(cast: Cast) -> None:
    idea = published(cast)
    with pytest.raises(InvalidTransition, match="still to be pledged"):
        ideas.launch(idea=idea, terms=TERMS, by=cast.sol)
    paid_in(cast, idea, 1_000_000, cast.sol)
    seat_for(idea, cast.mei)
    with pytest.raises(InvalidTransition, match="1 of 2 seats"):
        ideas.launch(idea=idea, terms=TERMS, by=cast.sol)
    with pytest.raises(Denied, match="Only Sol"):
        ideas.launch(idea=idea, terms=TERMS, by=cast.lin)


def test_terms_whose_last_tier_ends_do_not_launch(cast: Cast) -> None:
    ends = TermsSpec(0, (Tier(100, 5000),), {"reserve": 10_000})
    with pytest.raises(Invalid, match="Say what holds above"):
        ideas.launch(idea=ready(cast), terms=ends, by=cast.sol)
    assert not Microenterprise.objects.filter(name="Quiet Fridge").exists()


def test_an_idea_cannot_take_the_name_of_an_me(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Choose another name"):
        ideas.launch(idea=ready(cast), terms=TERMS, by=cast.sol, name="cold chain")


def test_a_pledge_goes_back_until_launch_and_only_to_its_giver(cast: Cast) -> None:
    idea = published(cast)
    before = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    pledge = pledges.pledge(idea=idea, amount_minor=400_000, by=cast.lin, microenterprise=cast.blue_kettle)
    with pytest.raises(Denied, match="Only Lin"):
        pledges.refund(pledge=pledge, by=cast.sol)
    pledges.refund(pledge=pledge, by=cast.lin)
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == before
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 0
    with pytest.raises(InvalidTransition):
        pledges.refund(pledge=pledge, by=cast.lin)


def test_nothing_goes_back_after_the_launch(cast: Cast) -> None:
    idea = ready(cast)
    pledge = idea.pledges.get(person=cast.hua)
    ideas.launch(idea=idea, terms=TERMS, by=cast.sol)
    with pytest.raises(InvalidTransition):
        pledges.refund(pledge=pledge, by=cast.hua)
    with pytest.raises(InvalidTransition, match="launched"):
        pledges.pledge(idea=idea, amount_minor=1, by=cast.hua)


def test_an_me_pledges_only_through_its_leader_and_only_what_it_has(cast: Cast) -> None:
    idea = published(cast)
    with pytest.raises(Denied, match="Only Lin"):
        pledges.pledge(idea=idea, amount_minor=1, by=cast.noor, microenterprise=cast.blue_kettle)
    with pytest.raises(InsufficientFunds):
        pledges.pledge(idea=idea, amount_minor=10**12, by=cast.lin, microenterprise=cast.blue_kettle)
    assert Pledge.objects.count() == 0


def test_an_auditor_and_a_vendor_take_no_part(cast: Cast) -> None:
    idea = published(cast)
    seat = seats.open_seat(owner=idea, spec=seats.SeatSpec(role="Maker", customer_outcome="Quiet"), by=cast.sol)
    vendor = person("Vic", "vendor")
    for somebody in (cast.rui, vendor):
        with pytest.raises(Denied):
            pledges.pledge(idea=idea, amount_minor=1, by=somebody)
        with pytest.raises(Denied):
            invitations.ask(seat=seat, by=somebody)
    with pytest.raises(Invalid, match="only colleagues"):
        invitations.invite(seat=seat, person=vendor, by=cast.sol)


def test_withdrawing_an_idea_gives_everything_back(cast: Cast) -> None:
    idea = ready(cast)
    before = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    open_seat = seats.open_seat(owner=idea, spec=seats.SeatSpec(role="Baker", customer_outcome="x"), by=cast.sol)
    asked = invitations.ask(seat=open_seat, by=cast.teo)
    ideas.withdraw(idea=idea, reason="The compressor cannot be quiet enough.", by=cast.sol)
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == balance(books_of(idea), Kind.PLEDGES_OWED) == 0
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == before + 400_000
    assert set(idea.seats.values_list("status", flat=True)) == {"withdrawn"}
    assert Invitation.objects.get(pk=asked.pk).status == "withdrawn"
    assert Notice.objects.filter(person=cast.mei, sentence__contains="withdrew").exists()


def test_an_me_that_ends_gets_its_pledges_back(cast: Cast) -> None:
    idea = published(cast)
    before = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    for amount in (300, 400):
        pledges.pledge(idea=idea, amount_minor=amount, by=cast.lin, microenterprise=cast.blue_kettle)
    paid_in(cast, idea, 50, cast.lin)
    with pytest.raises(Denied, match="Only Lin"):
        pledges.refund_all_of(microenterprise=cast.blue_kettle, by=cast.hua)
    assert len(pledges.refund_all_of(microenterprise=cast.blue_kettle, by=cast.lin)) == 2
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == before
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 50


def test_a_seat_names_the_outcome_it_serves(cast: Cast) -> None:
    with pytest.raises(Invalid, match="outcome"):
        seats.open_seat(owner=published(cast), spec=seats.SeatSpec(role="Maker", customer_outcome=" "), by=cast.sol)


def test_a_person_has_one_seat_in_an_idea(cast: Cast) -> None:
    idea = published(cast)
    seat_for(idea, cast.mei)
    with pytest.raises(Conflict, match="has a seat"):
        seat_for(idea, cast.mei, "Seller")
    with pytest.raises(Denied, match="lead seat"):
        seat_for(idea, cast.sol)


def test_everybody_else_is_released_when_a_seat_is_taken(cast: Cast) -> None:
    seat = seats.open_seat(
        owner=cast.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=cast.amara
    )
    first, second = (invitations.ask(seat=seat, by=somebody) for somebody in (cast.sol, cast.teo))
    with pytest.raises(Denied, match="Only Amara"):
        invitations.accept(invitation=first, by=cast.sol)
    invitations.accept(invitation=first, by=cast.amara)
    assert Invitation.objects.get(pk=second.pk).status == "withdrawn"
    assert Notice.objects.filter(person=cast.teo, sentence__contains="taken by somebody else").exists()
    with pytest.raises(InvalidTransition):
        invitations.accept(invitation=second, by=cast.amara)
    assert Membership.objects.active(business_date()).filter(microenterprise=cast.cold_chain, person=cast.sol).exists()


def test_an_invitation_runs_out_and_can_be_sent_again(cast: Cast) -> None:
    seat = seats.open_seat(
        owner=cast.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=cast.amara
    )
    invited = invitations.invite(seat=seat, person=cast.sol, by=cast.hua)
    with pytest.raises(Conflict, match="invited"):
        invitations.invite(seat=seat, person=cast.sol, by=cast.amara)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_clock SET ahead = ahead + interval '15 days'")
    with pytest.raises(InvalidTransition, match="no longer open"):
        invitations.accept(invitation=invited, by=cast.sol)
    again = invitations.invite(seat=seat, person=cast.sol, by=cast.hua)
    assert Invitation.objects.get(pk=invited.pk).status == "expired"
    with pytest.raises(Denied, match="Only Sol"):
        invitations.decline(invitation=again, by=cast.amara)
    invitations.decline(invitation=again, by=cast.sol)
    assert Seat.objects.get(pk=seat.pk).status == "open"
