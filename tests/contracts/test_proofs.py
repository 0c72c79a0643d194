"""What was changed behind the guards is found and named; what nobody touched proves."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from contracts import proofs
from contracts.actions import bids, openings
from contracts.actions import integrity as actions
from contracts.models import Bid, SealedEvent
from core import audit
from core.clock import market_now, move_forward
from tests.cast import Cast, cast
from tests.contracts.market import awarded, bids_on, evaluating, opened, published, two_bids
from tests.contracts.steward import page, tamper

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def proved(name: str) -> proofs.Proof:
    return next(proof for proof in proofs.everything() if proof.name == name)


def test_a_market_that_nobody_touched_proves(cast: Cast) -> None:
    project = published(cast)
    first, _second = two_bids(cast, project)
    for _time in range(3):
        bids.read_own_bid(bid=first, by=cast.amara)
    sealed = published(cast, title="Still sealed")
    bids.read_own_bid(bid=bids_on(sealed, cast.northwind, cast.teo), by=cast.teo)
    early = proofs.everything()
    assert {proof.name: proof.checked for proof in early if proof.name != "chain"} == {
        "readings": 0, "deeds": 0, "receipts": 0, "times": 0, "awards": 0, "promises": 0,
    }  # fmt: skip

    move_forward(timedelta(days=3))
    openings.open_bids(project=project)
    out = io.StringIO()
    call_command("verify_integrity", stdout=out)

    assert {proof.name: (proof.checked, proof.broken) for proof in proofs.everything() if proof.name != "chain"} == {
        "readings": (3, 0), "deeds": (5, 0), "receipts": (2, 0), "times": (2, 0), "awards": (0, 0),
        "promises": (0, 0),
    }  # fmt: skip
    assert out.getvalue().count("ok ") == 7
    assert "Readings of sealed bids by their own bidders, each kept as a row: 3" in out.getvalue()


def test_a_reading_taken_out_of_the_trail_is_missed(cast: Cast) -> None:
    project = published(cast)
    first, _second = two_bids(cast, project)
    bids.read_own_bid(bid=first, by=cast.amara)
    opened(project)
    tamper("core_auditrecord", "DELETE FROM core_auditrecord WHERE deed = 'bid.read'")

    found = proved("readings")

    assert (found.checked, found.broken) == (1, 1)
    assert f"bid:{first.pk}" in found.sentences[0]


def test_a_reading_slipped_into_the_trail_is_found(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    audit.record(
        by=cast.teo,
        deed="bid.read",
        subject=f"bid:{first.pk}",
        about=project.title,
        project=str(project.pk),
        happened_at=market_now().isoformat(),
    )

    assert proved("readings").broken == 1


BREAKING: dict[str, tuple[str, Callable[[Bid], tuple[str, str, tuple[Any, ...]]]]] = {
    "a price": (
        "receipts",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET price_minor = 1 WHERE id = %s", (bid.pk,)),
    ),
    "a plan": (
        "receipts",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET plan = 'x' WHERE id = %s", (bid.pk,)),
    ),
    "a receipt": (
        "receipts",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET receipt = 'x' WHERE id = %s", (bid.pk,)),
    ),
    "sealed terms": (
        "receipts",
        lambda bid: (
            "contracts_sealedterms",
            "UPDATE contracts_sealedterms SET ciphertext = '\\x00' WHERE bid_id = %s",
            (bid.pk,),
        ),
    ),
    "no sealed terms": (
        "receipts",
        lambda bid: ("contracts_sealedterms", "DELETE FROM contracts_sealedterms WHERE bid_id = %s", (bid.pk,)),
    ),
    "an instant": (
        "times",
        lambda bid: (
            "contracts_bid",
            "UPDATE contracts_bid SET opened_at = opened_at - interval '9 days' WHERE id = %s",
            (bid.pk,),
        ),
    ),
    "an awarded bid": (
        "awards",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET status = 'disqualified' WHERE id = %s", (bid.pk,)),
    ),
}


@pytest.mark.parametrize("what", BREAKING)
def test_what_was_changed_behind_the_guards_is_named_and_the_command_fails(cast: Cast, what: str) -> None:
    _award, first, _second = awarded(cast)
    name, change = BREAKING[what]
    table, statement, values = change(first)
    with transaction.atomic():
        tamper(table, statement, *values)
        found = proved(name)
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("verify_integrity", stdout=out)
        actions.search()
        shown = page(cast.ada, "integrity_list")
        transaction.set_rollback(True)

    assert (found.broken, len(found.sentences)) == (1, 1)
    assert "FAILED" in out.getvalue()
    assert "1 thing is not as it was promised" in shown
    assert proved(name).holds


def test_a_sealed_deed_that_was_changed_is_found(cast: Cast) -> None:
    evaluating(cast)
    event = SealedEvent.objects.order_by("pk").first()
    assert event is not None
    tamper("contracts_sealedevent", "UPDATE contracts_sealedevent SET ciphertext = '\\x00' WHERE id = %s", event.pk)

    assert proved("deeds").broken >= 1


def test_a_broken_chain_is_found(cast: Cast) -> None:
    evaluating(cast)
    audit.link()
    assert proved("chain").holds
    tamper("core_auditrecord", "UPDATE core_auditrecord SET about = 'x' WHERE deed = 'project.published'")

    assert not proved("chain").holds


def test_seals_that_were_proved_before_are_counted_and_not_opened_again(cast: Cast) -> None:
    evaluating(cast)
    once = {row["name"]: row["checked"] for row in actions.search().proofs}
    project = published(cast, title="Another one")
    bids_on(project, cast.northwind, cast.teo)
    opened(project)

    twice = {row["name"]: row["checked"] for row in actions.search().proofs}

    assert (once["receipts"], twice["receipts"]) == (2, 3)
    assert (once["deeds"], twice["deeds"]) == (2, 3)
