"""One person acts for one party of a contract, for good; who decided on an award accepts nothing of it (rule 6)."""

from datetime import timedelta

import pytest

from contracts.actions import awards, contracts, drafting, milestones, panel, ratings
from contracts.models import Bid, Contract, Milestone
from core.clock import business_date, move_forward
from core.errors import Denied, Invalid
from microenterprises.actions import firms
from microenterprises.models import Membership, Microenterprise
from people.models import User
from tests.cast import Cast, cast
from tests.contracts import market, scenes
from tests.contracts.test_decisions import chosen

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def place(person: User, me: Microenterprise) -> Membership:
    return Membership.objects.active(business_date()).get(person=person, microenterprise=me)


def join(me: Microenterprise, person: User, by: User) -> None:
    firms.join(microenterprise=me, person=person, role="Adviser", customer_outcome="Cold.", on=business_date(), by=by)


def move_lin_to_the_supplier(cast: Cast) -> None:
    """From tomorrow on Lin leads Cold Chain, and Noor leads Blue Kettle."""
    join(cast.cold_chain, cast.lin, cast.amara)
    firms.hand_over_lead(to=place(cast.noor, cast.blue_kettle), on=business_date() + DAY, by=cast.lin)
    firms.hand_over_lead(to=place(cast.lin, cast.cold_chain), on=business_date() + DAY, by=cast.amara)
    move_forward(DAY)


def drafted(cast: Cast) -> Contract:
    project, first, _second = market.evaluating(cast)
    chosen(project, first, cast.lin)
    return Contract.objects.get()


def sign(contract: Contract, *people: User) -> None:
    for person in people:
        contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=person)


def test_who_signed_for_the_buyer_neither_signs_nor_changes_words_for_the_supplier(cast: Cast) -> None:
    contract = drafted(cast)
    sign(contract, cast.lin)
    move_lin_to_the_supplier(cast)
    with pytest.raises(Denied, match="acted for Blue Kettle"):
        sign(contract, cast.lin)
    with pytest.raises(Denied, match="acted for Blue Kettle"):
        drafting.propose_version(contract=contract, milestones=scenes.in_two_parts(), note="Two.", by=cast.lin)


def test_one_person_does_not_end_a_contract_for_both_parties(cast: Cast) -> None:
    contract = drafted(cast)
    sign(contract, cast.lin, cast.amara)
    contracts.propose_end(contract=contract, reason="Enough.", by=cast.lin)
    move_lin_to_the_supplier(cast)
    with pytest.raises(Denied, match="somebody else must act for Cold Chain"):
        contracts.propose_end(contract=contract, reason="Enough.", by=cast.lin)


def test_one_person_does_not_rate_for_both_sides(cast: Cast) -> None:
    contract = scenes.completed(cast)
    ratings.rate(contract=contract, stars=5, comment="We are great.", by=cast.lin)
    move_lin_to_the_supplier(cast)
    firms.leave(membership=place(cast.lin, cast.blue_kettle), on=business_date(), by=cast.lin)
    with pytest.raises(Denied, match="acted for Blue Kettle"):
        ratings.rate(contract=contract, stars=5, comment="They are great.", by=cast.lin)


def test_who_delivered_for_the_supplier_does_not_accept_for_the_buyer(cast: Cast) -> None:
    contract = drafted(cast)
    sign(contract, cast.lin, cast.amara)
    milestones.deliver(milestone=Milestone.objects.get(), evidence="Done.", evidence_url="", by=cast.mei)
    firms.leave(membership=place(cast.mei, cast.cold_chain), on=business_date(), by=cast.mei)
    join(cast.blue_kettle, cast.mei, cast.lin)
    with pytest.raises(Invalid, match="Mei has acted for Cold Chain"):
        contracts.name_acceptor(contract=contract, acceptor=cast.mei, by=cast.lin)


def test_who_agreed_with_the_award_does_not_accept_its_work(cast: Cast) -> None:
    join(cast.blue_kettle, cast.sol, cast.lin)
    project, _first, second = market.evaluating(cast)
    awards.agree(award=chosen(project, second, cast.lin), reason="I like it.", by=cast.sol)
    contract = Contract.objects.get()
    sign(contract, cast.lin, cast.teo)
    with pytest.raises(Invalid, match="Sol took part in the award"):
        contracts.name_acceptor(contract=contract, acceptor=cast.sol, by=cast.lin)


def test_an_acceptor_with_a_conflict_of_interest_with_the_winner_does_not_accept(cast: Cast) -> None:
    project = market.published(cast, **(market.quality_facts(cast) | {"panel": [cast.lin, cast.noor]}))
    first, second = market.two_bids(cast, project)
    project = market.opened(project)
    first = Bid.objects.get(pk=first.pk)
    panel.declare_conflict(project=project, bid=first, reason="Amara is my sister.", by=cast.noor)
    market.give(project, market.figures_of({first: 9_000, second: 1}), cast.lin)
    first.refresh_from_db()
    chosen(project, first, cast.lin)
    contract = Contract.objects.get()
    sign(contract, cast.lin, cast.amara)
    milestone = Milestone.objects.get()
    milestones.deliver(milestone=milestone, evidence="Done.", evidence_url="", by=cast.mei)
    with pytest.raises(Denied, match="conflict of interest with Cold Chain"):
        milestones.accept(milestone=milestone, by=cast.noor)
