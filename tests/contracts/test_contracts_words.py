"""The words of a contract: canonical JSON, what is refused in it, and what a version says."""

from collections import OrderedDict
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from contracts import wording
from contracts.actions import drafting, parties
from contracts.canonical import canonical, sha256
from contracts.models import Contract
from tests.cast import Cast, cast
from tests.contracts import scenes

__all__ = ["cast"]

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "ä", "的"]), inner),
    max_leaves=12,
)


def test_the_order_of_names_and_the_form_of_accents_do_not_change_the_hash() -> None:
    composed, decomposed = "é", "e\u0301"
    first = canonical(OrderedDict([("b", composed), ("a", 1)]))
    second = canonical(OrderedDict([("a", 1), ("b", decomposed)]))
    assert first == second == '{"a":1,"b":"é"}'
    assert sha256(first) == sha256(second)


@pytest.mark.parametrize("value", [1.5, Decimal("1.50"), {"price": 0.1}, [1, 2.0], {1: "a"}, b"bytes"])
def test_what_two_programs_could_read_differently_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_an_integer_that_json_cannot_carry_exactly_is_refused() -> None:
    with pytest.raises(ValueError, match="write it as text"):
        canonical({"n": 2**53})


@given(plain)
def test_canonical_text_read_back_and_written_again_is_the_same(value: Any) -> None:
    import json

    once = canonical(value)
    assert canonical(json.loads(once)) == once


def test_a_version_holds_money_as_text_and_can_be_read_back(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    version = parties.current_version(contract)
    assert '"price":"90000.00"' in version.body
    assert sha256(version.body) == version.sha256
    words = wording.read(version.body)
    assert (words.price_minor, words.days, words.acceptor) == (scenes.PRICE, 30, "Noor")
    assert [part.amount_minor for part in words.parts] == [scenes.PRICE]
    assert words.parts[0].due_on == scenes.in_days(30)


def test_the_clauses_are_shown_in_the_readers_language_and_both_are_signed(cast: Cast) -> None:
    body = parties.current_version(scenes.awarded(cast)).body
    with override("zh-hans"):
        chinese = wording.read(body).clauses
    english = wording.read(body).clauses
    assert len(chinese) == len(english)
    assert "Noor" in english[3] and "Noor" in chinese[3]
    assert all(clause in body for clause in (*english, *chinese))


def test_changes_name_the_milestones_that_differ(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    first = parties.current_version(contract)
    second = drafting.propose_version(
        contract=contract, milestones=scenes.in_two_parts(), note="Two steps.", by=cast.amara
    )
    found = wording.changes(wording.read(first.body), wording.read(second.body))
    assert [change.label for change in found] == ["Milestone 1", "Milestone 2"]
    assert found[1].before == ""
    assert "30,000.00" in found[1].after


def test_the_price_of_the_contract_is_the_price_of_the_bid(cast: Cast) -> None:
    contract = Contract.objects.select_related("award__bid").get(pk=scenes.awarded(cast).pk)
    assert contract.price_minor == contract.award.bid.price_minor == scenes.PRICE
