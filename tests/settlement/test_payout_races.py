"""Payouts under many hands at once: one draft, one sending, one payment, whoever clicks and however many workers."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from core import clock
from core.clock import business_date
from core.errors import DomainError, InvalidTransition
from ledger import proofs
from ledger.accounts import Kind
from ledger.queries import balance, party_balances
from microenterprises.models import Microenterprise
from people.models import User
from settlement.actions import nights, payouts
from settlement.models import BankDetails, Owed, Payment, PayoutBatch, RunRelease, SettlementRun
from tests.settlement.paying import account, bank, owed_in_all, people_of
from tests.settlement.world import Seat, firm, money, person
from tests.threads import together

pytestmark = pytest.mark.usefixtures("cloned_db")
Status = PayoutBatch.Status
TOTAL = 500_00


@pytest.fixture
def finance(cloned_db: str) -> list[User]:
    return [person(f"Finance {n}", "finance") for n in range(4)]


@pytest.fixture
def me(finance: list[User]) -> Microenterprise:
    """Six people share 500.00 of yesterday, approved, all with bank details."""
    today = business_date()
    found = firm(*(Seat(f"Person {n}", n + 1, start=today) for n in range(6)), launched=today)
    money(found, 2 * TOTAL)
    clock.move_forward(timedelta(days=1))
    nights.settle_over()
    nights.approve(run=SettlementRun.objects.get(), by=finance[3])
    for somebody in people_of(found):
        bank(somebody, account())
    return found


def winners(answers: list[Any]) -> int:
    """How many came through; every other one was refused with a sentence."""
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(answer, DomainError) for answer in refused), refused
    return len(answers) - len(refused)


def books_hold() -> None:
    assert list(proofs.failures(date.min, date.max)) == []
    assert sum(Owed.objects.values_list("taken_minor", flat=True)) <= TOTAL


def test_many_who_prepare_at_once_open_one_draft(me: Microenterprise, finance: list[User]) -> None:
    answers = together(4, lambda n: payouts.create(currency="CNY", by=finance[n]))
    assert winners(answers) == 4
    batch = PayoutBatch.objects.get()
    assert {answer.pk for answer in answers if isinstance(answer, PayoutBatch)} == {batch.pk}
    assert (batch.status, batch.total_minor, batch.size) == (Status.DRAFT, TOTAL, 6)
    assert RunRelease.objects.count() == 1
    assert sum(Owed.objects.values_list("released_minor", flat=True)) == TOTAL
    books_hold()


@pytest.mark.parametrize("step", [1, 2_000])
def test_a_draft_is_sent_once(
    me: Microenterprise, finance: list[User], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = payouts.create(currency="CNY", by=finance[0])
    monkeypatch.setattr(payouts, "STEP", step)
    assert winners(together(4, lambda n: payouts.send(batch=batch, by=finance[n]))) == 1
    payouts.work_on_all()
    assert PayoutBatch.objects.get().status == Status.SENT
    assert sum(party_balances([me.entity_id], Kind.IN_TRANSIT).values()) == TOTAL
    books_hold()


def test_a_payout_is_marked_as_paid_once(me: Microenterprise, finance: list[User]) -> None:
    batch = payouts.send(batch=payouts.create(currency="CNY", by=finance[3]), by=finance[3])
    assert winners(together(3, lambda n: payouts.mark_paid(batch=batch, by=finance[n]))) == 1
    assert balance(me.entity_id, Kind.SET_ASIDE) == 0
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID
    books_hold()


def test_it_is_sent_or_cancelled_but_never_both(me: Microenterprise, finance: list[User]) -> None:
    batch = payouts.create(currency="CNY", by=finance[0])
    deeds: list[Callable[..., PayoutBatch]] = [payouts.send, payouts.cancel]
    assert winners(together(2, lambda n: deeds[n](batch=batch, by=finance[n]))) == 1
    status = PayoutBatch.objects.get().status
    assert status in (Status.SENT, Status.CANCELLED)
    assert owed_in_all(me) == (0 if status == Status.SENT else TOTAL)
    books_hold()


def test_a_payment_is_rejected_once_also_while_the_batch_is_marked_as_paid(
    me: Microenterprise, finance: list[User]
) -> None:
    batch = payouts.send(batch=payouts.create(currency="CNY", by=finance[3]), by=finance[3])
    payment = Payment.objects.filter(batch=batch).select_related("batch").earliest("number")

    def act(number: int) -> object:
        if number == 0:
            return payouts.mark_paid(batch=batch, by=finance[0])
        return payouts.reject(payment=payment, reason="Closed", by=finance[number])

    answers = together(3, act)
    assert winners(answers) == 2
    assert sum(isinstance(answer, InvalidTransition) for answer in answers) == 1
    payment.refresh_from_db()
    assert payment.status == Payment.Status.REJECTED
    assert PayoutBatch.objects.get().status == Status.PAID
    assert owed_in_all(me) == balance(me.entity_id, Kind.SET_ASIDE) == payment.amount_minor
    assert SettlementRun.objects.get().status == SettlementRun.Status.APPROVED
    books_hold()


def test_two_workers_go_on_with_one_batch_without_doing_anything_twice(
    me: Microenterprise, finance: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "STEP", 1)
    batch = payouts.create(currency="CNY", by=finance[0])
    deeds: list[tuple[str, Callable[..., object] | None]] = [
        (Status.DRAFT, payouts.send),
        (Status.SENT, payouts.mark_paid),
        (Status.PAID, None),
    ]
    for status, deed in deeds:
        assert winners(together(3, lambda _n: payouts.work_on_all())) == 3
        payouts.work_on_all()  # whoever passed by while another held the batch
        batch.refresh_from_db()
        assert batch.status == status
        if deed is not None:
            deed(batch=batch, by=finance[1])
    assert balance(me.entity_id, Kind.SET_ASIDE) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_entry WHERE reference LIKE 'payout:%'")
        assert cursor.fetchone()[0] == 2 * 6
    books_hold()


def test_details_changed_twice_at_once_leave_one(me: Microenterprise) -> None:
    (somebody, *_rest) = people_of(me)
    numbers = ("11112222333344", "55556666777788", "99990000111122")
    answers = together(3, lambda n: bank(somebody, account(numbers[n])))
    assert winners(answers) == 3
    assert BankDetails.objects.filter(person=somebody, replaced_at=None).count() == 1
