"""Who changes what the other side has signed gives it the days for signing anew, and gains nothing by it."""

from datetime import timedelta

import pytest

from contracts.actions import contracts, drafting, parties
from contracts.models import Award, Bid, Contract, Project
from core.clock import market_now, move_forward
from core.errors import TooLate
from people.models import User
from tests.cast import Cast, cast
from tests.contracts import market, scenes
from tests.contracts.test_decisions import chosen

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def drafted(cast: Cast) -> tuple[Contract, Bid]:
    """A contract with Cold Chain that waits for signatures, and the bid of Northwind below it."""
    _project, first, second = market.evaluating(cast)
    chosen(_project, first, cast.lin)
    return Contract.objects.get(), second


def sign(contract: Contract, by: User) -> None:
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=by)


def change(contract: Contract, by: User, days: int = 30) -> None:
    drafting.propose_version(
        contract=contract, milestones=[("All", contract.price_minor, scenes.in_days(days))], note="A word.", by=by
    )


def wait_until_a_minute_before_the_end(contract: Contract) -> None:
    contract.refresh_from_db()
    move_forward(parties.signing_ends(contract) - market_now() - MINUTE)


def let_pass(contract: Contract) -> Contract:
    wait_until_a_minute_before_the_end(contract)
    move_forward(2 * MINUTE)
    assert contracts.void_unsigned(market_now()) == 1
    contract.refresh_from_db()
    return contract


def test_a_buyer_who_changes_words_at_the_last_minute_does_not_throw_out_the_supplier_who_signed(cast: Cast) -> None:
    contract, second = drafted(cast)
    sign(contract, cast.amara)
    wait_until_a_minute_before_the_end(contract)
    change(contract, cast.lin)
    move_forward(2 * MINUTE)
    assert contracts.void_unsigned(market_now()) == 0
    let_pass(contract)
    assert not Award.objects.filter(bid=second).exists()
    assert Project.objects.get().status == Project.Status.UNSUCCESSFUL


def test_a_supplier_who_signs_again_in_its_new_days_is_not_the_one_who_did_not_sign(cast: Cast) -> None:
    contract, second = drafted(cast)
    sign(contract, cast.amara)
    wait_until_a_minute_before_the_end(contract)
    change(contract, cast.lin)
    move_forward(2 * MINUTE)
    sign(contract, cast.amara)
    let_pass(contract)
    assert not Award.objects.filter(bid=second).exists()


def test_a_winner_who_changes_words_at_the_last_minute_does_not_end_the_project(cast: Cast) -> None:
    contract, _second = drafted(cast)
    sign(contract, cast.lin)
    wait_until_a_minute_before_the_end(contract)
    change(contract, cast.amara)
    sign(contract, cast.amara)
    move_forward(2 * MINUTE)
    assert contracts.void_unsigned(market_now()) == 0
    sign(contract, cast.lin)
    contract.refresh_from_db()
    assert contract.status == Contract.Status.ACTIVE


def test_a_winner_who_does_not_sign_its_own_words_makes_room_for_the_next_rank(cast: Cast) -> None:
    contract, second = drafted(cast)
    sign(contract, cast.lin)
    change(contract, cast.amara)
    let_pass(contract)
    assert Award.objects.get(bid=second).status == Award.Status.ACTIVE


def test_who_was_given_the_days_anew_and_stays_silent_is_the_one_who_did_not_sign(cast: Cast) -> None:
    contract, second = drafted(cast)
    sign(contract, cast.amara)
    change(contract, cast.lin)
    sign(contract, cast.lin)
    let_pass(contract)
    assert Award.objects.get(bid=second).status == Award.Status.ACTIVE


def test_words_that_nobody_had_signed_change_without_new_days_and_not_after_the_end(cast: Cast) -> None:
    contract, _second = drafted(cast)
    wait_until_a_minute_before_the_end(contract)
    before = parties.signing_ends(contract)
    change(contract, cast.lin)
    contract.refresh_from_db()
    assert parties.signing_ends(contract) == before
    move_forward(2 * MINUTE)
    with pytest.raises(TooLate):
        change(contract, cast.amara, days=40)
