"""Outside vendors once bids are open: what they read, choosing one, its contract and pay, and what is refused."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from contracts.actions import awards, contracts, low_prices, milestones, objections, projects, ratings
from contracts.models import Award, Bid, Contract, Objection, Vendor, VendorInvitation, VendorSeat
from contracts.proofs import everything
from contracts.queries.releases import parts_of_contracts, parts_of_projects
from core import past
from core.clock import market_now
from core.ids import new_id
from ledger.accounts import Kind
from ledger.queries import balance
from tests.cast import Cast, cast, person
from tests.contracts import scenes
from tests.contracts.market import bids_on, drafted, opened
from tests.contracts.outsiders import as_, invited, seated, told, vendor_of
from tests.contracts.test_decisions import chosen, objections_take
from tests.naming import names
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------ the decision, the contract, the pay


def test_nordfrost_wins_signs_delivers_is_paid_from_outside_and_rated(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    inside = bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    outside = bids_on(project, vendor_of(vera), vera, 75_000_00)
    opened(project)
    outside.refresh_from_db()
    assert (outside.bidder_label, outside.microenterprise, outside.author) == ("Nordfrost AB", None, vera)
    assert told(vera)[-1].endswith("See where yours stands.")
    held = balance(cast.blue_kettle.entity_id, Kind.HOLD)
    assert held == project.ceiling_minor
    award = chosen(project, outside, cast.lin)
    assert (award.status, award.causes) == (Award.Status.PROPOSED, ["outside"])
    assert (
        "which the buyer itself invited"
        in as_(cast.ada).get(reverse("award_agree", args=[project.pk])).content.decode()
    )
    awards.agree(award=award, reason="The firm is real.", by=cast.ada)
    contract = Contract.objects.get()
    assert (contract.supplier, contract.supplier_vendor, contract.supplier_name) == (
        None, vendor_of(vera), "Nordfrost AB",
    )  # fmt: skip
    client = as_(vera)
    page = reverse("contract_detail", args=[contract.pk])
    assert page in client.get(reverse("project_detail", args=[project.pk])).content.decode()
    seen = client.get(reverse("contract_sign", args=[contract.pk]))
    assert client.post(seen.request["PATH_INFO"], {"sha256": scenes.digest(contract)}).status_code == 303
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    deliver = reverse("milestone_deliver", args=[contract.pk, 1])
    assert client.post(deliver, {"evidence": "Forty boxes arrived."}).status_code == 303
    assert client.get(reverse("milestone_accept", args=[contract.pk, 1])).status_code == HTTPStatus.NOT_FOUND
    buyer, before = cast.blue_kettle.entity_id, balance(cast.blue_kettle.entity_id, Kind.WALLET)
    milestones.accept_part(
        milestone=scenes.milestone(contract), amount_minor=70_000_00, reason="Five were warm.", by=cast.noor
    )
    assert balance(buyer, Kind.EXPENSE_OUTSIDE) == 70_000_00
    assert balance(buyer, Kind.EXPENSE_INSIDE) == 0
    assert balance(buyer, Kind.ESCROW) == 0
    assert balance(buyer, Kind.WALLET) == before + 5_000_00
    assert "is paid to Nordfrost AB" in told(vera)[-2]
    ratings.rate(contract=Contract.objects.get(), stars=4, comment="", by=cast.noor)
    assert client.post(reverse("contract_rate", args=[contract.pk]), {"stars": "5", "comment": ""}).status_code == 303
    for text in (client.get(page).content.decode(), as_(cast.rui).get(page).content.decode()):
        assert "Nordfrost AB" in text
    assert as_(cast.amara).get(page).status_code == HTTPStatus.NOT_FOUND
    inside.refresh_from_db()
    assert inside.outcome_reason
    parties = parts_of_projects([project.pk], market_now())[project.pk]["parties"]
    assert f"vendor-{vendor_of(vera).pk}" in {party["id"] for party in parties}
    told_contract = parts_of_contracts([contract.pk])[contract.pk]
    assert told_contract["awards"][0]["suppliers"][0]["name"] == "Nordfrost AB"
    assert all(proof.holds for proof in everything())


def test_vera_reads_no_figure_and_no_name_of_a_rival_in_her_reason(cast: Cast) -> None:
    objections_take(0)
    project = invited(cast)
    vera = seated(project)
    inside = bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    outside = bids_on(project, vendor_of(vera), vera, 75_000_00)
    opened(project)
    form = as_(cast.lin).get(reverse("project_award", args=[project.pk, inside.pk])).content.decode()
    assert "Another bid has the lower price." in form
    assert "above the awarded bid" not in form
    chosen(project, Bid.objects.get(pk=inside.pk), cast.lin)
    contracts.void(contract=Contract.objects.get(), reason="Too busy.", by=cast.amara)
    outside.refresh_from_db()
    assert outside.outcome_reason == "The bid before yours did not sign."
    awards.agree(award=Award.objects.get(bid=outside), reason="The firm is real.", by=cast.ada)
    contract = Contract.objects.get(supplier_vendor__isnull=False)
    page = reverse("contract_detail", args=[contract.pk])
    assert "written by Lin" in as_(cast.lin).get(page).content.decode()
    for url in (page, reverse("project_detail", args=[project.pk])):
        text = as_(vera).get(url).content.decode()
        assert ("written by" in text, "Cold Chain" in text, "70,000" in text) == (False, False, False)


def test_teo_never_sees_a_draft_that_was_cancelled(cast: Cast) -> None:
    project = projects.cancel(project=drafted(cast), reason="No need.", by=cast.lin)
    page = reverse("project_detail", args=[project.pk])
    assert as_(cast.teo).get(page).status_code == HTTPStatus.NOT_FOUND
    assert as_(cast.lin).get(page).status_code == HTTPStatus.OK


def test_vera_objects_answers_about_her_price_and_reads_no_arithmetic_of_others(cast: Cast) -> None:
    objections_take(1)
    project = invited(cast)
    vera = seated(project)
    inside = bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    outside = bids_on(project, vendor_of(vera), vera, 30_000_00)
    opened(project)
    low_prices.ask_about_price(bid=Bid.objects.get(pk=outside.pk), by=cast.lin)
    client, url = as_(vera), reverse("bid_price", args=[project.pk, outside.pk])
    asked = client.get(url).content.decode()
    assert "80,000" not in asked
    assert not names(asked, "Lin")
    assert client.post(url, {"answer": "We have the boxes in stock."}).status_code == 303
    award = chosen(project, Bid.objects.get(pk=inside.pk), cast.lin)
    page = reverse("project_detail", args=[project.pk])
    assert "Another bid is chosen" not in client.get(page).content.decode()
    awards.agree(award=award, reason="They know our vans.", by=cast.ada)
    assert "Another bid is chosen" in client.get(page).content.decode()
    raised = client.post(reverse("award_object", args=[project.pk]), {"reason": "We ask less than half."})
    assert raised.status_code == 303
    objection = Objection.objects.get()
    assert (objection.vendor, objection.bidder_label) == (vendor_of(vera), "Nordfrost AB")
    assert "We ask less than half." in client.get(page).content.decode()
    assert "Nordfrost AB" in as_(cast.teo).get(page).content.decode()
    objections.rule(objection=objection, upheld=True, reason="Asked and answered.", by=person("Bo", "steward"))
    assert any("Nordfrost AB" in line and "is upheld" in line for line in told(vera))
    again = chosen(project, Bid.objects.get(pk=outside.pk), cast.lin)
    assert "low_price" in again.causes


# ------------------------------------------------------------------ what the database refuses


def replace_bid(bid: Bid, vendor: Vendor) -> Bid:
    """A new row like an opened bid that names a vendor as well."""
    found = Bid.objects.get(pk=bid.pk)
    found.pk, found.bidder_token, found.vendor = new_id(), "0" * 64, vendor
    found._state.adding = True
    return found


def test_the_database_knows_one_bidder_one_supplier_one_objector(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    bids_on(project, vendor_of(vera), vera, 75_000_00)
    bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    opened(project)
    outside, inside = Bid.objects.get(vendor__isnull=False), Bid.objects.get(microenterprise__isnull=False)
    award = awards.agree(award=chosen(project, outside, cast.lin), reason="The firm is real.", by=cast.ada)
    contract = Contract.objects.get()
    double = replace_bid(inside, vendor_of(vera))
    seat = {"reason": "So.", "raised_at": market_now(), "raised_by": vera}
    invitation = VendorInvitation.objects.get()
    cases: dict[str, Callable[[], object]] = {
        "a_bid_shows_one_bidder": past.at(market_now())(double.save),
        "What was opened": lambda: Bid.objects.filter(pk=outside.pk).update(vendor=None),
        "keeps its parties": lambda: Contract.objects.filter(pk=contract.pk).update(supplier=cast.northwind),
        "an_objection_is_of_one_bidder": lambda: Objection.objects.create(award=award, **seat),
        "a_vendor_is_known_once": lambda: Vendor.objects.create(
            name="NORDFROST AB", country="SE", created_at=market_now(), created_by=cast.lin
        ),
        "accepted once": lambda: VendorInvitation.objects.filter(pk=invitation.pk).update(accepted_by=cast.sol),
        "contracts_vendorseat_person_id_key": lambda: VendorSeat.objects.create(
            vendor=vendor_of(vera), person=vera, seated_at=market_now()
        ),
    }
    for name, refused in cases.items():
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            refused()
        assert name in str(caught.value)


# ------------------------------------------------------------------ what a page costs


def test_the_pages_of_vendors_take_at_most_eight_statements(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    page = reverse("project_detail", args=[project.pk])
    assert statements(vera, "/") <= 8
    assert statements(vera, page) <= 8
    assert statements(cast.lin, page) <= 8
    assert statements(cast.lin, reverse("project_vendors", args=[project.pk])) <= 8
    bids_on(project, vendor_of(vera), vera, 75_000_00)
    bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    assert statements(vera, page) <= 8
    opened(project)
    assert statements(vera, page) <= 8
    award = chosen(project, Bid.objects.get(vendor__isnull=False), cast.lin)
    awards.agree(award=award, reason="The firm is real.", by=cast.ada)
    contract = Contract.objects.get()
    assert statements(vera, "/") <= 8
    assert statements(vera, reverse("contract_detail", args=[contract.pk])) <= 8
    assert statements(cast.rui, reverse("competitiveness", args=[cast.cold_chain.pk])) <= 8
