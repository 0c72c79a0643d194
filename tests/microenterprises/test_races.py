"""Two people at the same moment: real threads, two connections, one winner, and books that still agree."""

from datetime import datetime, time, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction

from core.clock import business_date, company_zone, market_now, move_forward
from core.errors import DomainError
from ledger.accounts import Kind
from ledger.queries import balance, party_balances
from microenterprises.actions import firms, ideas, invitations, pledges, seats, terms
from microenterprises.actions.money import record_receipt
from microenterprises.models import Ballot, Idea, Invitation, Membership, Microenterprise, MoneyRecord, Pledge, Vote
from people.models import User
from settlement.actions.nights import settle_over
from settlement.models import ShareLine
from tests.cast import Cast, firm, person
from tests.microenterprises.test_circle import TERMS, books_of, paid_in, published, ready
from tests.microenterprises.test_money import paper
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(cloned_db: str, cast: Cast) -> Cast:
    return cast


def outcomes(results: list[Any]) -> tuple[int, int]:
    """How many succeeded, and how many were refused with a sentence; anything else is an error."""
    refused = [result for result in results if isinstance(result, DomainError)]
    failed = [result for result in results if isinstance(result, Exception) and result not in refused]
    assert not failed, failed
    return len(results) - len(refused), len(refused)


def test_a_wallet_is_pledged_once(committed: Cast) -> None:
    idea = published(committed)
    whole = balance(committed.cold_chain.entity_id, Kind.WALLET)
    results = together(
        4,
        lambda _index: pledges.pledge(
            idea=idea, amount_minor=whole, by=committed.amara, microenterprise=committed.cold_chain
        ),
    )
    assert outcomes(results) == (1, 3)
    assert balance(committed.cold_chain.entity_id, Kind.WALLET) == 0
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == whole
    assert Pledge.objects.count() == 1


def test_two_people_pledge_at_once_and_both_count(committed: Cast) -> None:
    idea = published(committed)
    givers = [committed.hua, committed.sol, committed.mei, committed.noor]
    results = together(4, lambda index: paid_in(committed, idea, 100, givers[index]))
    assert outcomes(results) == (4, 0)
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 400


def test_a_pledge_goes_back_once(committed: Cast) -> None:
    pledge = paid_in(committed, published(committed), 100, committed.hua)
    results = together(4, lambda _index: pledges.refund(pledge=pledge, by=committed.hua))
    assert outcomes(results) == (1, 3)
    assert balance(books_of(pledge.idea), Kind.PLEDGE_ESCROW) == 0


def test_launch_and_refund_exclude_each_other(committed: Cast) -> None:
    idea = ready(committed)
    pledge = idea.pledges.get(person=committed.hua)

    def either(index: int) -> object:
        if index == 0:
            return ideas.launch(idea=idea, terms=TERMS, by=committed.sol)
        return pledges.refund(pledge=pledge, by=committed.hua)

    assert outcomes(together(2, either)) == (1, 1)
    found = Idea.objects.get(pk=idea.pk)
    held = balance(books_of(found), Kind.PLEDGE_ESCROW)
    if found.microenterprise is None:
        assert (held, Pledge.objects.get(pk=pledge.pk).status) == (400_000, "refunded")
    else:
        assert (held, balance(found.microenterprise.entity_id, Kind.WALLET)) == (0, 1_000_000)


def test_no_launch_slips_past_a_receipt(committed: Cast) -> None:
    idea = ready(committed)
    made = pledges.pledge(idea=idea, amount_minor=5_000, by=committed.teo)

    def either(index: int) -> object:
        if index == 0:
            return ideas.launch(idea=idea, terms=TERMS, by=committed.sol)
        return pledges.receive(pledge=made, document="TR 1", dated=business_date(), by=committed.fay)

    results = together(2, either)
    found = Idea.objects.select_related("microenterprise").get(pk=idea.pk)
    assert found.microenterprise is not None
    stakes = party_balances([found.microenterprise.entity_id], Kind.STAKE)
    paid = outcomes(results) == (2, 0)
    assert len(stakes) == (3 if paid else 2)
    assert balance(books_of(found), Kind.PLEDGE_ESCROW) == 0


def test_an_idea_is_launched_once(committed: Cast) -> None:
    idea = ready(committed)
    names = ["One", "Two", "Three"]
    results = together(3, lambda index: ideas.launch(idea=idea, terms=TERMS, by=committed.sol, name=names[index]))
    assert outcomes(results) == (1, 2)
    assert Microenterprise.objects.filter(name__in=names).count() == 1


def test_a_name_is_taken_once(committed: Cast) -> None:
    people = [person(f"Founder{number}") for number in range(3)]
    results = together(3, lambda index: firm("Same Name", committed.platform, people[index]))
    assert outcomes(results) == (1, 2)


def test_a_seat_is_taken_once(committed: Cast) -> None:
    seat = seats.open_seat(
        owner=committed.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=committed.amara
    )
    people = [committed.sol, committed.teo, committed.noor, committed.lin]
    invited = [invitations.invite(seat=seat, person=one, by=committed.hua) for one in people]
    results = together(4, lambda index: invitations.accept(invitation=invited[index], by=people[index]))
    assert outcomes(results) == (1, 3)
    assert Invitation.objects.filter(seat=seat, status="accepted").count() == 1
    assert Membership.objects.filter(microenterprise=committed.cold_chain, seat=seat).count() == 1


def test_one_person_accepts_twice_at_once(committed: Cast) -> None:
    seat = seats.open_seat(
        owner=committed.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=committed.amara
    )
    invited = invitations.invite(seat=seat, person=committed.sol, by=committed.hua)
    results = together(4, lambda _index: invitations.accept(invitation=invited, by=committed.sol))
    assert outcomes(results) == (1, 3)
    assert Membership.objects.filter(person=committed.sol).count() == 1


def test_accepting_and_withdrawing_a_seat_exclude_each_other(committed: Cast) -> None:
    seat = seats.open_seat(
        owner=committed.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=committed.amara
    )
    invited = invitations.invite(seat=seat, person=committed.sol, by=committed.hua)

    def either(index: int) -> object:
        if index == 0:
            return invitations.accept(invitation=invited, by=committed.sol)
        return seats.withdraw(seat=seat, by=committed.amara)

    assert outcomes(together(2, either)) == (1, 1)


def test_a_member_votes_once_however_often_they_click(committed: Cast) -> None:
    ballot = terms.propose(
        microenterprise=committed.cold_chain,
        terms=TERMS,
        effective_from=business_date() + timedelta(days=9),
        by=committed.amara,
    ).ballot
    results = together(4, lambda index: terms.vote(ballot=ballot, agrees=bool(index % 2), by=committed.mei))
    assert outcomes(results) == (1, 3)
    assert Vote.objects.filter(ballot=ballot).count() == 1


def test_all_members_vote_at_once_and_the_ballot_is_decided_once(committed: Cast) -> None:
    people: list[User] = [person(f"Voter{number}") for number in range(6)]
    big = firm("Big Firm", committed.platform, people[0], *people[1:])
    ballot = terms.propose(
        microenterprise=big, terms=TERMS, effective_from=business_date() + timedelta(days=9), by=people[0]
    ).ballot
    results = together(6, lambda index: terms.vote(ballot=ballot, agrees=True, by=people[index]))
    assert outcomes(results) == (4, 2)  # 4 of 6 decide it, the rest come too late
    assert Ballot.objects.get(pk=ballot.pk).status == "passed"
    assert big.share_terms.filter(status="agreed", effective_to=None).count() == 1


def test_whoever_joins_in_the_last_second_of_a_date_shares_its_profit(committed: Cast) -> None:
    now = market_now().astimezone(company_zone())
    move_forward(datetime.combine(now.date() + timedelta(days=1), time(23, 59, 50), company_zone()) - now)
    me, day = committed.cold_chain, business_date()
    record_receipt(microenterprise=me, amount_minor=900_00, document=paper(), by=committed.fay)
    joined, settled = Event(), Event()

    def join() -> None:
        with transaction.atomic():
            firms.join(
                microenterprise=me,
                person=committed.sol,
                role="Driver",
                customer_outcome="Cold",
                weight=30,
                by=committed.amara,
            )
            joined.set()
            settled.wait(3)  # a slow request: the night would be over long before it commits

    def settle() -> None:
        joined.wait(20)
        move_forward(timedelta(minutes=10))
        settle_over()
        settled.set()

    assert together(2, lambda index: (join, settle)[index]()) == [None, None]
    assert Membership.objects.get(person=committed.sol).started_on == day
    shares = ShareLine.objects.filter(outcome__microenterprise=me, business_date=day, person=committed.sol)
    assert shares.get().weight == 30


def test_a_paper_is_recorded_once(committed: Cast) -> None:
    results = together(
        4,
        lambda _index: record_receipt(
            microenterprise=committed.cold_chain, amount_minor=100, document=paper(), by=committed.fay
        ),
    )
    assert outcomes(results) == (1, 3)
    assert MoneyRecord.objects.filter(document="INV-1").count() == 1
    assert balance(committed.cold_chain.entity_id, Kind.INCOME_OUTSIDE) == 100
