"""What the database itself refuses of sealed bids after the deadline, and of contracts, whoever asks it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from contracts.actions import bids
from contracts.models import Bid, Contract, Project, SealedTerms
from core.clock import move_forward
from core.ids import new_id
from tests.cast import Cast, cast
from tests.contracts import market
from tests.contracts.test_decisions import chosen
from tests.databases import as_application

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def late(project: Project) -> None:
    """So late that this transaction, too, began after the deadline."""
    market.after_deadline(project)
    move_forward(timedelta(hours=1))


def refused(said: str, statement: str, *values: Any) -> None:
    with (
        as_application(),
        pytest.raises(IntegrityError, match=said),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_after_the_deadline_nobody_withdraws_a_bid_or_lets_it_lapse(cast: Cast) -> None:
    project = market.published(cast)
    _first, second = market.two_bids(cast, project)
    late(project)
    refused("no bid is taken", "UPDATE contracts_bid SET status = 'withdrawn' WHERE id = %s", second.pk)
    refused("lapses when the bids are opened", "UPDATE contracts_bid SET status = 'stale' WHERE id = %s", second.pk)


def test_after_the_deadline_no_former_revision_comes_back(cast: Cast) -> None:
    project = market.published(cast)
    first, _second = market.two_bids(cast, project)
    old, receipt = bytes(SealedTerms.objects.get(bid=first).ciphertext), first.receipt
    bids.revise(bid=first, price_minor=95_000_00, days=10, plan="Gel.", by=cast.amara)
    late(project)
    refused(
        "no sealed terms", "UPDATE contracts_sealedterms SET ciphertext = %s, made_for = '' WHERE bid_id = %s",
        old, first.pk,
    )  # fmt: skip
    refused("no bid is taken", "UPDATE contracts_bid SET revision = 1, receipt = %s WHERE id = %s", receipt, first.pk)


def test_after_the_deadline_no_bid_is_added_whatever_instant_it_claims(cast: Cast) -> None:
    project = market.published(cast)
    market.two_bids(cast, project)
    late(project)
    refused(
        "no bid is taken",
        """INSERT INTO contracts_bid (id, project_id, bidder_token, status, revision, submitted_at, receipt,
               bidder_name, quality_reason, outcome_reason, external_id)
           VALUES (%s, %s, 'x', 'submitted', 1, %s, 'r', '', '', '', '')""",
        new_id(), project.pk, project.opens_at,
    )  # fmt: skip


def test_an_opened_project_takes_no_bid_whenever_the_transaction_began(cast: Cast) -> None:
    project = market.published(cast)
    first, _second = market.two_bids(cast, project)
    market.opened(project)
    refused(
        "no bid is taken",
        """INSERT INTO contracts_bid (id, project_id, bidder_token, status, revision, submitted_at, receipt,
               bidder_name, quality_reason, outcome_reason, external_id)
           VALUES (%s, %s, 'x', 'submitted', 1, %s, 'r', '', '', '', '')""",
        new_id(), project.pk, first.submitted_at,
    )  # fmt: skip
    assert set(Bid.objects.values_list("status", flat=True)) == {"valid"}


def test_a_contract_keeps_its_price_and_its_parties_and_stays(cast: Cast) -> None:
    project, first, _second = market.evaluating(cast)
    chosen(project, first, cast.lin)
    contract = Contract.objects.get()
    for column, value in (("price_minor", contract.price_minor + 1), ("supplier_id", cast.northwind.pk)):
        refused("keeps its parties", f"UPDATE contracts_contract SET {column} = %s WHERE id = %s", value, contract.pk)
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM contracts_contract WHERE id = %s", [contract.pk])


def test_a_contract_begins_with_the_price_and_the_supplier_of_its_award(cast: Cast) -> None:
    project, first, _second = market.evaluating(cast)
    chosen(project, first, cast.lin)
    contract = Contract.objects.get()
    columns = ["id", *(each.attname for each in Contract._meta.concrete_fields if each.name != "id")]
    for column, value in (("price_minor", contract.price_minor - 1), ("supplier_id", cast.northwind.pk)):
        taken = ", ".join("%s" if each in ("id", column) else each for each in columns)
        refused(
            "the price of its award",
            f"INSERT INTO contracts_contract ({', '.join(columns)}) SELECT {taken} FROM contracts_contract",
            new_id(), value,
        )  # fmt: skip
