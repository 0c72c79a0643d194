"""Books are opened once per entity; accounts appear when they are first needed."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.errors import Invalid
from ledger.accounts import Book, Kind
from ledger.canonical import account_key
from ledger.entities import NewEntity, account_ids, become, open_account, open_entities, open_entity, rename
from ledger.models import Account, Balance, Entity
from tests.ledger.books import firm

pytestmark = pytest.mark.django_db


def test_new_books_have_an_empty_wallet() -> None:
    wallet = open_account(firm().pk, Kind.WALLET)
    assert (wallet.currency, wallet.book, wallet.balance.amount_minor) == ("CNY", "real", 0)


def test_an_idea_becomes_a_microenterprise_with_the_same_books() -> None:
    idea = open_entity(name="Cold Chain", kind="idea", currency="CNY")
    rename(become(idea, "microenterprise"), "Cold Chain 2")
    assert Entity.objects.values_list("id", "name", "kind").get() == (idea.pk, "Cold Chain 2", "microenterprise")


@pytest.mark.parametrize(
    ("name", "kind", "currency"),
    [(" ", "idea", "CNY"), ("Sol", "person", "CNY"), ("Sol", "idea", "XQX"), ("Sol", "idea", "cny")],
)
def test_what_cannot_have_books_is_refused_with_a_sentence(name: str, kind: str, currency: str) -> None:
    with pytest.raises(Invalid):
        open_entity(name=name, kind=kind, currency=currency)


def test_an_account_is_opened_once() -> None:
    entity = firm()
    first = open_account(entity.pk, Kind.PAYABLE, "person:mei")
    assert open_account(entity.pk, Kind.PAYABLE, "person:mei") == first
    assert open_account(entity.pk, Kind.PAYABLE, "person:mei", Book.SHADOW) != first


def test_many_accounts_come_back_in_the_order_asked_for() -> None:
    entity = firm()
    parties = ["person:b", 'owner:"Quote" \\ , 冰箱; a:b', "person:a", "person:b"]
    keys = [account_key(entity.pk, Kind.PAYABLE, party) for party in parties]
    ids = account_ids(keys)
    assert [Account.objects.get(pk=each).party for each in ids] == parties
    assert ids[0] == ids[3]


def test_only_guarded_accounts_keep_a_balance() -> None:
    entity = firm()
    open_account(entity.pk, Kind.PAYABLE, "person:mei")
    pledge = open_account(entity.pk, Kind.PLEDGES_OWED, "person:sol")
    assert set(Balance.objects.values_list("account__kind", "side")) == {("wallet", 1), ("pledges_owed", -1)}
    assert pledge.balance.amount_minor == 0


@pytest.mark.parametrize(
    ("kind", "party"),
    [
        (Kind.PAYABLE, ""),
        (Kind.WALLET, "person:mei"),
        (Kind.PAYABLE, "mei"),
        (Kind.PAYABLE, "person:"),
        (Kind.PAYABLE, "person:me\ni"),
        (Kind.PAYABLE, "person:\0"),
    ],
)
def test_a_party_is_named_where_it_belongs(kind: Kind, party: str) -> None:
    entity = firm()
    with pytest.raises(Invalid):
        open_account(entity.pk, kind, party)


def test_an_entity_without_books_has_no_accounts() -> None:
    with pytest.raises(Invalid, match="no books"):
        open_account(987654321, Kind.WALLET)


def test_plain_sql_meets_the_same_rules() -> None:
    entity = firm()
    for values in [
        (entity.pk, "payable", "real", "", "CNY"),
        (entity.pk, "wallet", "real", "person:mei", "CNY"),
        (entity.pk, "purse", "real", "", "CNY"),
        (entity.pk, "hold", "false", "", "CNY"),
        (entity.pk, "hold", "real", "", "EUR"),
        (entity.pk, "payable", "real", "mei", "CNY"),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger_account (entity_id, kind, book, party, currency) VALUES (%s, %s, %s, %s, %s)",
                values,
            )


def test_opening_thousands_takes_a_handful_of_statements(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(7):
        opened = open_entities([NewEntity(f"ME {number}", "microenterprise", "CNY") for number in range(500)])
    assert [entity.name for entity in opened][:2] == ["ME 0", "ME 1"]
