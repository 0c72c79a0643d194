"""Reading the books: each answer equals what adding up the lines by hand gives."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from core import clock, past
from ledger import queries, trial
from ledger.accounts import YEAR_CLOSE, Book, Kind
from ledger.entities import open_entity
from ledger.models import Entity
from ledger.queries import PersonBalance
from ledger.writer import Draft, credit, debit
from tests.ledger.books import cost, firm, post, receipt, sale, share

pytestmark = pytest.mark.django_db
ONE_DAY = timedelta(days=1)
TODAY_AND_EVER = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def blue_kettle() -> Entity:
    """Took 100.00, spent 30.00, shared 20.00 with Mei and 10.00 with Sol."""
    entity = firm()
    post(receipt(entity, 100_00), cost(entity, 30_00), share(entity, {"mei": 20_00, "sol": 10_00}))
    return entity


def test_balances_have_the_accounts_own_sign(blue_kettle: Entity) -> None:
    stands = {kind: queries.balance(blue_kettle.pk, kind) for kind in Kind}
    assert {kind: minor for kind, minor in stands.items() if minor} == {
        Kind.WALLET: 40_00,
        Kind.SET_ASIDE: 30_00,
        Kind.PAYABLE: 30_00,
        Kind.PROFIT_SHARED: 30_00,
        Kind.INCOME_OUTSIDE: 100_00,
        Kind.EXPENSE_OUTSIDE: 30_00,
    }
    assert queries.balance(blue_kettle.pk, Kind.PAYABLE, "person:mei") == 20_00
    assert queries.balance(blue_kettle.pk, Kind.PAYABLE, "person:nobody") == 0


def test_many_balances_take_one_statement(blue_kettle: Entity, django_assert_num_queries: Any) -> None:
    other = firm("Cold Chain")
    with django_assert_num_queries(1):
        found = queries.balances([blue_kettle.pk, other.pk], list(Kind))
    assert len(found) == 2 * len(Kind)
    assert found[blue_kettle.pk, Kind.PAYABLE] == 30_00
    assert found[other.pk, Kind.WALLET] == 0


def test_a_result_counts_income_and_expense_and_no_share(blue_kettle: Entity, django_assert_num_queries: Any) -> None:
    supplier = firm("Cold Chain")
    post(sale(blue_kettle, supplier, 7_00))
    with django_assert_num_queries(1):
        found = queries.result([blue_kettle.pk, supplier.pk, 10**9], *TODAY_AND_EVER)
    assert found == {blue_kettle.pk: (100_00, 37_00), supplier.pk: (7_00, 0), 10**9: (0, 0)}
    assert queries.result([blue_kettle.pk], *TODAY_AND_EVER, book=Book.SHADOW) == {blue_kettle.pk: (0, 0)}


def test_closing_a_year_leaves_its_result_readable(blue_kettle: Entity) -> None:
    moved = (
        debit(blue_kettle.pk, Kind.INCOME_OUTSIDE, 100_00),
        credit(blue_kettle.pk, Kind.EXPENSE_OUTSIDE, 30_00),
        credit(blue_kettle.pk, Kind.PROFIT_SHARED, 30_00),
        credit(blue_kettle.pk, Kind.RETAINED, 40_00, "owner:Haier"),
    )
    post(Draft("year:2026", YEAR_CLOSE, moved))
    assert queries.result([blue_kettle.pk], *TODAY_AND_EVER)[blue_kettle.pk] == (100_00, 30_00)
    assert queries.movement([blue_kettle.pk], Kind.PROFIT_SHARED, *TODAY_AND_EVER) == {blue_kettle.pk: 30_00}
    assert queries.balance(blue_kettle.pk, Kind.INCOME_OUTSIDE) == 0


def test_a_person_sees_how_every_entity_stands_with_them(blue_kettle: Entity) -> None:
    other = firm("Cold Chain")
    lines = (debit(other.pk, Kind.ADVANCE, 3_00, "person:mei"), credit(other.pk, Kind.PAYABLE, 3_00, "person:mei"))
    post(Draft("draw:1", "draw", lines))
    assert queries.person_balances("person:mei") == {
        blue_kettle.pk: PersonBalance(payable_minor=20_00),
        other.pk: PersonBalance(payable_minor=3_00, advance_minor=3_00),
    }
    assert queries.person_balances("person:nobody") == {}
    assert queries.person_balances("") == {}


def test_balances_by_party(blue_kettle: Entity) -> None:
    assert queries.party_balances([blue_kettle.pk], Kind.PAYABLE) == {
        (blue_kettle.pk, "person:mei"): 20_00,
        (blue_kettle.pk, "person:sol"): 10_00,
    }


def test_history_is_newest_first_and_its_pages_join_without_gaps() -> None:
    entity = firm()
    first, apart = date(2026, 3, 1), queries.RECENT // 2 + ONE_DAY  # a page reaches further back than is sought first
    for day in range(12):
        with past.at(datetime.combine(first + day // 3 * apart, time(12), clock.company_zone())):
            post(receipt(entity, day + 1, f"receipt:{day}"))
    whole = queries.history(entity.pk, limit=100)
    assert [line.place for line in whole] == sorted((line.place for line in whole), reverse=True)
    assert len(whole) == 24
    pages, before = [], None
    while page := queries.history(entity.pk, before=before, limit=5):
        pages += page
        before = page[-1].place
    assert pages == whole
    wallet = queries.history(entity.pk, kinds=[Kind.WALLET], since=first + apart, until=first + 2 * apart)
    assert [line.amount_minor for line in wallet] == [9, 8, 7, 6, 5, 4]
    assert {(line.kind, line.reference) for line in wallet[:1]} == {(Kind.WALLET, "receipt:8")}


def test_a_statement_reads_like_a_banks(blue_kettle: Entity, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        lines = queries.statement(blue_kettle.pk, Kind.WALLET)
    assert [(line.amount_minor, line.balance_minor) for line in lines] == [
        (-30_00, 40_00),
        (-30_00, 70_00),
        (100_00, 100_00),
    ]
    older = queries.statement(blue_kettle.pk, Kind.WALLET, before=lines[0].place, limit=1)
    assert [(line.amount_minor, line.balance_minor) for line in older] == [(-30_00, 70_00)]
    assert queries.statement(blue_kettle.pk, Kind.ESCROW) == []


def test_history_can_follow_one_person(blue_kettle: Entity) -> None:
    lines = queries.history(blue_kettle.pk, party="person:mei")
    assert [(line.kind, line.amount_minor, line.memo) for line in lines] == [
        (Kind.PAYABLE, 20_00, "Share of the night")
    ]


def test_a_trial_balance_sums_to_zero_and_streams(blue_kettle: Entity) -> None:
    lines = list(trial.trial_balance(clock.business_date()))
    assert sum(line.balance_minor for line in lines) == 0
    assert {(line.kind, line.party): line.balance_minor for line in lines}[Kind.PAYABLE, "person:mei"] == -20_00
    assert list(trial.trial_balance(clock.business_date() - timedelta(days=1))) == []
    assert list(trial.trial_balance(clock.business_date(), Book.SHADOW)) == []


def test_kinds_of_accounts_are_added_up_as_their_lines_are(blue_kettle: Entity) -> None:
    today = clock.business_date()
    sums = trial.kind_sums(today)
    assert sums == trial.added_up(trial.trial_balance(today))
    assert trial.KindSum(Kind.PAYABLE, "CNY", 2, 0, 30_00) in sums
    assert trial.KindSum(Kind.PAYABLE, "CNY", 1, 0, 30_00) in trial.kind_sums(today, by_person=False)
    assert trial.kind_sums(today, Book.SHADOW) == []


def test_what_happened_to_a_thing_is_found_by_its_subject(blue_kettle: Entity) -> None:
    contract = replace(cost(blue_kettle, 1, "cost:2"), subject="contract:1")
    (entry,) = post(contract)
    assert queries.entries_about("contract:1") == [entry]
    assert queries.entry_with_reference("cost:2") == entry
    assert queries.entry_with_reference("cost:3") is None
    assert [line.entity_name for line in queries.lines_of([entry])[entry.pk]] == ["Blue Kettle"] * 2


def test_the_lines_of_a_date_are_found_by_an_index_that_finds_no_account(blue_kettle: Entity) -> None:
    """An index of every line's date looks as good as that of accounts for the newest date, of which the statistics know
    nothing yet: all lines of the date were read for each account.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.amname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE a.attname = 'business_date'
               AND i.indrelid IN (SELECT relid FROM pg_partition_tree('ledger_posting_day'))
            """
        )
        ways = [way for (way,) in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM ledger_posting_day WHERE business_date = %s", [clock.business_date()])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert len(ways) > 1 and set(ways) == {"brin"}
    assert "Index Cond: (business_date =" in plan


def test_a_currency_of_its_own() -> None:
    tokyo = open_entity(name="東京冷蔵", kind="microenterprise", currency="JPY")
    post(receipt(tokyo, 1_000))
    assert queries.history(tokyo.pk)[0].currency == "JPY"
