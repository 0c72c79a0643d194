"""What somebody who wants to cheat tries: to judge for themselves, to act as auditor, to read on after leaving, to keep
delivered work without paying, and to break pages with odd input."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from contracts.actions import awards, bids, contracts, milestones, openings, panel
from contracts.models import Bid, Contract, Project
from core import clock
from core.clock import business_date
from core.errors import Denied, InvalidTransition
from core.models import AuditRecord
from ledger.accounts import Kind
from ledger.queries import balance
from microenterprises.actions import firms, invitations
from microenterprises.models import Membership, Microenterprise, Seat
from people import actions as people_actions
from people.models import User
from talent_pool.actions.wind_up import wind_up
from talent_pool.queries import open_seats
from tests.cast import Cast, cast, person
from tests.contracts import market, scenes

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def joins(somebody: User, firm: Microenterprise, leader: User) -> Membership:
    return firms.join(
        microenterprise=firm,
        person=somebody,
        role="Adviser",
        customer_outcome="Deliveries arrive cold.",
        on=business_date(),
        by=leader,
    )


def opened(project: Project) -> Project:
    clock.move_forward(timedelta(days=3))
    return openings.open_bids(project=project)


# --- Nobody buys from themselves --------------------------------------------------------------------------------------


def test_lin_cannot_award_after_joining_a_bidder(cast: Cast) -> None:
    project = market.published(cast)
    ours, rival = market.two_bids(cast, project)
    joins(cast.lin, cast.cold_chain, cast.amara)
    opened(project)
    for deed in (
        lambda: awards.award(project=project, bid=ours, reason="Ours.", loser_reasons={rival.pk: "No."}, by=cast.lin),
        lambda: awards.award(project=project, bid=rival, reason="No.", loser_reasons={ours.pk: "No."}, by=cast.lin),
        lambda: awards.disqualify(bid=rival, reason="In our way.", by=cast.lin),
    ):
        with pytest.raises(Denied, match="member of Cold Chain"):
            deed()
    shown = as_(cast.lin).get(reverse("project_detail", args=[project.pk]))
    assert "You are a member of Cold Chain" in shown.content.decode()
    assert awards.no_award(project=project, reason="I work for a bidder.", by=cast.lin).status == "unsuccessful"


def test_a_judge_who_joined_a_bidder_judges_no_bid(cast: Cast) -> None:
    project = market.published(cast, **market.quality_facts(cast))
    market.two_bids(cast, project)
    joins(cast.noor, cast.cold_chain, cast.amara)
    opened(project)
    figures = market.figures_of(dict.fromkeys(Bid.objects.opened(), 1))
    for deed in (
        lambda: panel.declare_none(project=project, by=cast.noor),
        lambda: panel.submit_scores(project=project, figures=figures, by=cast.noor),
    ):
        with pytest.raises(Denied, match="conflict of interest"):
            deed()
    for method in ("get", "post"):
        response = getattr(as_(cast.noor), method)(reverse("panel_score", args=[project.pk]))
        assert response.status_code == 403
    assert project.panel.get().status == "conflicted"


# --- The auditor reads all and writes nothing -------------------------------------------------------------------------


def test_an_auditor_who_leads_an_me_neither_bids_nor_signs_nor_delivers(cast: Cast) -> None:
    project = market.published(cast)
    contract = scenes.awarded(cast, title="Another")
    User.objects.filter(pk=cast.amara.pk).update(roles=["auditor"])
    amara = User.objects.get(pk=cast.amara.pk)
    with pytest.raises(Denied):
        market.bids_on(project, cast.cold_chain, amara)
    with pytest.raises(Denied):
        bids.withdraw(bid=bids_of_teo(cast, project), by=amara)
    with pytest.raises(Denied):
        contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=amara)
    assert as_(amara).get(reverse("contract_detail", args=[contract.pk])).status_code == 200


def bids_of_teo(cast: Cast, project: Project) -> Bid:
    return bids.submit(
        project=project, microenterprise=cast.northwind, price_minor=1_00, days=1, plan="Ice.", by=cast.teo
    )


# --- Who left reads nothing of what came later ------------------------------------------------------------------------


def test_mei_reads_on_in_old_contracts_only_after_she_left(cast: Cast) -> None:
    old = scenes.awarded(cast, title="Old")
    place = Membership.objects.get(person=cast.mei, microenterprise=cast.cold_chain)
    clock.move_forward(timedelta(days=1))
    firms.leave(membership=place, on=business_date(), by=cast.mei)
    clock.move_forward(timedelta(days=1))
    new = scenes.awarded(cast, title="New")
    assert set(Contract.objects.visible_to(cast.mei)) == {old}
    assert as_(cast.mei).get(reverse("contract_detail", args=[new.pk])).status_code == 404
    assert set(Contract.objects.visible_to(cast.amara)) == {old, new}


# --- Delivered work is decided on before the escrow goes back ---------------------------------------------------------


def test_a_buyer_cannot_wind_up_with_delivered_work_unpaid(cast: Cast) -> None:
    milestone = scenes.milestone(scenes.delivered(cast, parts=scenes.in_two_parts()))
    with pytest.raises(InvalidTransition, match="waits for your decision"):
        wind_up(microenterprise=cast.blue_kettle, reason="Keep the work, keep the money.", by=cast.lin)
    before = balance(cast.cold_chain.entity_id, Kind.WALLET)
    milestones.accept(milestone=milestone, by=cast.noor)
    wind_up(microenterprise=cast.blue_kettle, reason="The customers left.", by=cast.lin)
    assert balance(cast.cold_chain.entity_id, Kind.WALLET) == before + milestone.amount_minor
    assert balance(cast.blue_kettle.entity_id, Kind.ESCROW) == 0


# --- The leader of today decides about seats --------------------------------------------------------------------------


def test_amara_answers_requests_until_the_day_mei_leads(cast: Cast) -> None:
    seat = Seat.objects.create(
        microenterprise=cast.cold_chain,
        role="Analyst",
        customer_outcome="Alarms are real",
        opened_at=clock.market_now(),
        opened_by=cast.amara,
    )
    asked = invitations.ask(seat=seat, by=cast.sol, message="Between us.")
    heir = Membership.objects.get(person=cast.mei, microenterprise=cast.cold_chain)
    firms.hand_over_lead(to=heir, on=business_date() + timedelta(days=9), by=cast.amara)
    url = reverse("invitation", args=[asked.pk])
    assert (as_(cast.amara).get(url).status_code, as_(cast.mei).get(url).status_code) == (200, 404)


# --- Vendors, roles ---------------------------------------------------------------------------------------------------


def test_a_vendor_is_shown_no_seat(cast: Cast) -> None:
    seat = Seat.objects.create(
        microenterprise=cast.cold_chain,
        role="Glaciologist",
        customer_outcome="Alarms are real",
        opened_at=clock.market_now(),
        opened_by=cast.amara,
    )
    assert seat in open_seats()
    vendor = as_(person("Vendor", "vendor"))
    assert "Glaciologist" not in vendor.get(reverse("my_place")).content.decode()
    assert vendor.get(reverse("seat_ask", args=[seat.pk])).status_code == 404


def test_the_trail_says_which_roles_somebody_was_hired_with(cast: Cast) -> None:
    facts = {"name": "Eve", "email": "eve@haier.example", "roles": ["steward", "finance"]}
    people_actions.hire(facts=facts, by=cast.hua)
    assert AuditRecord.objects.get(deed="person.hired").facts["roles"] == ["finance", "steward"]
