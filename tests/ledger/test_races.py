"""Races with real threads and real commits: one entry, no wallet below zero, no deadlock, no entry on a closed date."""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from core import clock
from core.errors import InsufficientFunds
from ledger import days, queries, writer
from ledger.accounts import Kind
from ledger.errors import DayClosed
from ledger.models import Account, Balance, Entity, Entry, Posting
from ledger.writer import Draft, credit, debit, post, post_one
from tests.ledger.books import BY, cost, firm, receipt, sale
from tests.threads import together


def committed(*drafts: Draft) -> list[Entry]:
    with transaction.atomic():
        return post(drafts, by=BY)


def test_twenty_posting_the_same_reference_store_one_entry(cloned_db: str) -> None:
    entity = firm()
    answers = together(20, lambda _index: committed(receipt(entity, 5_00))[0].pk)
    assert answers == [Entry.objects.get().pk] * 20
    assert queries.balance(entity.pk, Kind.WALLET) == 5_00
    call_command("check_books")


@pytest.mark.parametrize("threshold", [10**9, 1], ids=["by insert", "by copy"])
def test_twenty_posting_the_same_batch_in_another_order_store_it_once(
    cloned_db: str, monkeypatch: pytest.MonkeyPatch, threshold: int
) -> None:
    monkeypatch.setattr(writer, "COPY_FROM_LINES", threshold)
    entities = [firm(f"ME {number}") for number in range(8)]

    def work(index: int) -> list[int]:
        drafts = [receipt(entity, 5, f"receipt:{entity.pk}") for entity in entities]
        random.Random(index).shuffle(drafts)
        return sorted(entry.pk for entry in committed(*drafts))

    answers = together(20, work)
    assert all(answer == answers[0] for answer in answers), answers
    assert Entry.objects.count() == len(entities)
    call_command("check_books")


def test_twenty_spending_one_wallet_never_overdraw_it(cloned_db: str) -> None:
    entity = firm()
    committed(receipt(entity, 100))
    answers = together(20, lambda index: committed(cost(entity, 9, f"cost:{index}"))[0].pk)
    outcome = Counter(type(answer) for answer in answers)
    assert outcome == {int: 11, InsufficientFunds: 9}
    assert queries.balance(entity.pk, Kind.WALLET) == 1
    call_command("check_books")


def test_crossing_transfers_wait_for_each_other_instead_of_deadlocking(cloned_db: str) -> None:
    firms = [firm(f"ME {number}") for number in range(3)]
    committed(*(receipt(each, 1_000, f"receipt:{each.pk}") for each in firms))

    def work(index: int) -> int:
        dice = random.Random(index)
        for turn in range(15):
            buyer, supplier = dice.sample(firms, 2)
            committed(sale(buyer, supplier, 1, f"sale:{index}:{turn}"))
        return index

    assert together(12, work) == list(range(12))
    assert sum(queries.balances([each.pk for each in firms], [Kind.WALLET]).values()) == 3_000
    call_command("check_books")


def test_twenty_opening_the_same_accounts_at_once_open_them_once(cloned_db: str) -> None:
    entity = firm()

    def work(index: int) -> int:
        parties = [f"person:{number}" for number in range(10)]
        random.Random(index).shuffle(parties)
        lines = [credit(entity.pk, Kind.STAKE, 1, party) for party in parties]
        return committed(Draft(f"stake:{index}", "stake", (debit(entity.pk, Kind.WALLET, 10), *lines)))[0].posting_count

    assert together(20, work) == [11] * 20
    assert Account.objects.filter(kind="stake").count() == 10
    call_command("check_books")


def test_no_entry_lands_on_a_date_that_was_closed_while_it_was_on_its_way(cloned_db: str) -> None:
    """Posters hold the date for a while; the closer, one day ahead, waits for all of them and none comes after."""
    entity = firm()
    today = clock.business_date()

    def work(index: int) -> str:
        if index == 0:
            time.sleep(0.15)
            clock.move_forward(timedelta(days=1))
            days.close_day(today)
            return "closed"
        for turn in range(6):
            with transaction.atomic():
                entry = post_one(receipt(entity, 1, f"receipt:{index}:{turn}"), by=BY)
                time.sleep(0.03)  # under the lock: the transaction is open, the date is held
            assert entry.business_date in (today, today + timedelta(days=1))
        return "posted"

    assert together(9, work) == ["closed"] + ["posted"] * 8
    closed = days.seal_day(today)
    assert closed.entry_count == Entry.objects.filter(business_date=today).count()
    late = Entry.objects.filter(business_date=today, posted_at__gt=closed.closed_at)
    assert not late.exists()
    assert Entry.objects.count() == 48
    assert {entry.business_date for entry in Entry.objects.all()} == {today, today + timedelta(days=1)}
    call_command("check_books")


def test_settling_and_sealing_at_once_leaves_nothing_behind_the_seal(cloned_db: str) -> None:
    entities = [firm(f"ME {number}") for number in range(6)]
    committed(*(receipt(each, 100, f"receipt:{each.pk}") for each in entities))
    night = clock.business_date()
    clock.move_forward(timedelta(days=1))
    days.close_day(night)

    def work(index: int) -> str:
        if index == 0:
            return f"sealed {days.seal_day(night).entry_count}"
        entity = entities[index - 1]
        lines = (
            debit(entity.pk, Kind.PROFIT_SHARED, 5),
            credit(entity.pk, Kind.PAYABLE, 5, "person:mei"),
        )
        try:
            with transaction.atomic():
                post_one(Draft(f"share:{entity.pk}", "share", lines), by=BY, night=night)
        except DayClosed:
            return "too late"
        return "shared"

    answers = together(7, work)
    shared = answers.count("shared")
    assert answers[0] == f"sealed {6 + shared}"
    assert shared + answers.count("too late") == 6
    call_command("check_books")


def test_a_wallet_kept_by_many_equals_its_lines(cloned_db: str) -> None:
    entity: Entity = firm()
    together(10, lambda index: [committed(receipt(entity, index + 1, f"r:{index}:{turn}")) for turn in range(5)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(amount_minor) FROM ledger_posting WHERE amount_minor > 0")
        assert cursor.fetchone()[0] == Balance.objects.get().amount_minor == 5 * 55
    assert Posting.objects.count() == 100
