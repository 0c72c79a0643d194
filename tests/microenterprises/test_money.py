"""Finance records outside money: each paper once, posted at once, corrected by reversal."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from core.clock import business_date
from core.errors import Conflict, Denied, InsufficientFunds, Invalid, InvalidTransition
from core.money import LARGEST_MINOR
from ledger.accounts import Kind
from ledger.entities import open_entity
from ledger.queries import balance
from microenterprises.actions import money
from microenterprises.models import MoneyRecord, Platform
from tests.cast import Cast


def paper(number: str = "INV-1", **changes: Any) -> money.Document:
    return money.Document(**{"number": number, "counterparty": "Hotel", "dated": business_date(), **changes})


def test_a_receipt_fills_the_wallet_and_is_income(cast: Cast) -> None:
    before = balance(cast.cold_chain.entity_id, Kind.WALLET)
    record = money.record_receipt(microenterprise=cast.cold_chain, amount_minor=5_000, document=paper(), by=cast.fay)
    assert balance(cast.cold_chain.entity_id, Kind.WALLET) == before + 5_000
    assert balance(cast.cold_chain.entity_id, Kind.INCOME_OUTSIDE) == 5_000
    assert record.entry_reference == f"receipt:{record.pk}"


def test_a_cost_leaves_the_wallet_and_cannot_overdraw_it(cast: Cast) -> None:
    money.record_cost(microenterprise=cast.cold_chain, amount_minor=5_000, document=paper(), by=cast.fay)
    assert balance(cast.cold_chain.entity_id, Kind.EXPENSE_OUTSIDE) == 5_000
    with pytest.raises(InsufficientFunds):
        money.record_cost(microenterprise=cast.cold_chain, amount_minor=10**12, document=paper("INV-2"), by=cast.fay)
    assert MoneyRecord.objects.filter(document="INV-2").count() == 0


def test_an_investment_comes_from_the_platforms_wallet(cast: Cast) -> None:
    with pytest.raises(InsufficientFunds):
        money.record_investment(
            microenterprise=cast.cold_chain, platform=cast.platform, amount_minor=1, document=paper(), by=cast.fay
        )
    money.fund_platform(
        platform=cast.platform, amount_minor=700, document="D-1", effective_date=business_date(), by=cast.fay
    )
    money.record_investment(
        microenterprise=cast.cold_chain, platform=cast.platform, amount_minor=700, document=paper(), by=cast.fay
    )
    assert balance(cast.platform.entity_id, Kind.WALLET) == 0
    assert balance(cast.cold_chain.entity_id, Kind.INCOME_OUTSIDE) == 0
    with pytest.raises(Conflict, match="recorded for Smart Living before"):
        money.fund_platform(
            platform=cast.platform, amount_minor=1, document="D-1", effective_date=business_date(), by=cast.fay
        )


def test_a_platform_of_another_currency_does_not_invest(cast: Cast) -> None:
    other = Platform.objects.create(name="Europe", entity=open_entity(name="Europe", kind="platform", currency="EUR"))
    with pytest.raises(Invalid, match="exchanges nothing"):
        money.record_investment(
            microenterprise=cast.cold_chain, platform=other, amount_minor=1, document=paper(), by=cast.fay
        )


@pytest.mark.parametrize(
    "again",
    ["inv-7", "INV \u2212 7", "INV\u20117", "INV\u20137", "\uff29\uff2e\uff36-7", "INV-7\u200b", "I\u00adNV-7\ufe0f"],
)
def test_a_paper_is_recorded_once_however_its_number_is_typed(cast: Cast, again: str) -> None:
    me, today = cast.cold_chain, business_date()
    first = money.record_receipt(microenterprise=me, amount_minor=5_000, document=paper("INV-7"), by=cast.fay)
    with pytest.raises(Conflict, match="Document INV-7 was recorded before"):
        money.record_receipt(microenterprise=me, amount_minor=5_000, document=paper(again), by=cast.fay)
    with pytest.raises(IntegrityError, match="a_document_is_recorded_once"), transaction.atomic():
        MoneyRecord.objects.bulk_create([copied(first, document=again)])
    money.reverse_record(record=first, reason="Typed anew", by=cast.fay)
    kept = money.record_receipt(microenterprise=me, amount_minor=5_000, document=paper(f" {again}"), by=cast.fay)
    assert kept.document == again
    given: dict[str, Any] = {"platform": cast.platform, "amount_minor": 700, "effective_date": today, "by": cast.fay}
    money.fund_platform(document="INV-7", **given)
    with pytest.raises(Conflict, match="recorded for Smart Living before"):
        money.fund_platform(document=again, **given)


def copied(record: MoneyRecord, **changes: Any) -> MoneyRecord:
    """The same paper as a row of its own, with some columns changed."""
    facts = {field.attname: getattr(record, field.attname) for field in MoneyRecord._meta.concrete_fields}
    return MoneyRecord(**facts | {"id": uuid4(), "entry_reference": f"receipt:{uuid4()}", **changes})


def test_a_number_of_signs_that_nobody_sees_is_none(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Give the number"):
        money.record_receipt(
            microenterprise=cast.cold_chain, amount_minor=1, document=paper("\u200b\u2800"), by=cast.fay
        )


def test_a_paper_is_recorded_once_and_again_only_after_its_reversal(cast: Cast) -> None:
    first = money.record_receipt(microenterprise=cast.cold_chain, amount_minor=5_000, document=paper(), by=cast.fay)
    with pytest.raises(Conflict, match="recorded before"):
        money.record_receipt(microenterprise=cast.cold_chain, amount_minor=500, document=paper(), by=cast.fay)
    with pytest.raises(Invalid, match="why"):
        money.reverse_record(record=first, reason="", by=cast.fay)
    money.reverse_record(record=first, reason="One zero too many", by=cast.fay)
    assert balance(cast.cold_chain.entity_id, Kind.INCOME_OUTSIDE) == 0
    with pytest.raises(InvalidTransition, match="reversed before"):
        money.reverse_record(record=first, reason="Again", by=cast.fay)
    money.record_receipt(microenterprise=cast.cold_chain, amount_minor=500, document=paper(), by=cast.fay)
    assert balance(cast.cold_chain.entity_id, Kind.INCOME_OUTSIDE) == 500


def test_money_that_is_spent_cannot_be_reversed_away(cast: Cast) -> None:
    record = money.record_receipt(microenterprise=cast.northwind, amount_minor=5_000, document=paper(), by=cast.fay)
    money.record_cost(
        microenterprise=cast.northwind,
        amount_minor=balance(cast.northwind.entity_id, Kind.WALLET),
        document=paper("ALL"),
        by=cast.fay,
    )
    with pytest.raises(InsufficientFunds):
        money.reverse_record(record=record, reason="Wrong", by=cast.fay)
    assert MoneyRecord.objects.get(pk=record.pk).reversed_at is None


def test_only_finance_records(cast: Cast) -> None:
    for somebody in (cast.amara, cast.rui, cast.hua, cast.ada):
        with pytest.raises(Denied, match="Finance"):
            money.record_receipt(microenterprise=cast.cold_chain, amount_minor=1, document=paper(), by=somebody)


@pytest.mark.parametrize(
    ("amount", "changes", "words"),
    [
        (0, {}, "more than zero"),
        (LARGEST_MINOR + 1, {}, "zeros"),
        (1, {"number": " "}, "number"),
        (1, {"counterparty": ""}, "Who paid|who paid"),
    ],
)
def test_a_paper_makes_sense(cast: Cast, amount: int, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        money.record_receipt(
            microenterprise=cast.cold_chain,
            amount_minor=amount,
            document=paper(**{"number": "X", **changes}),
            by=cast.fay,
        )


def test_books_do_not_speak_of_what_is_to_come(cast: Cast) -> None:
    with pytest.raises(Invalid, match="still to come"):
        money.record_receipt(
            microenterprise=cast.cold_chain,
            amount_minor=1,
            document=paper(dated=business_date() + timedelta(days=1)),
            by=cast.fay,
        )


def test_the_database_keeps_records(cast: Cast) -> None:
    money.record_receipt(microenterprise=cast.cold_chain, amount_minor=5_000, document=paper(), by=cast.fay)
    with pytest.raises(IntegrityError), transaction.atomic():
        MoneyRecord.objects.update(amount_minor=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        MoneyRecord.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        MoneyRecord.objects.update(reversed_at=None, reversed_by=cast.fay)
