"""From an approved run to money sent: what may be paid, once, by whom, and what the books say of it."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.models import AuditRecord
from ledger import proofs
from ledger.accounts import Kind
from ledger.queries import balance, party_balances
from ledger.writer import credit, debit
from microenterprises.models import Membership
from people.models import Notice, User
from settlement import payable
from settlement.actions import payouts
from settlement.models import Owed, Payment, PaymentPart, PayoutBatch, SettlementRun, StatementLine
from settlement.tasks import payouts as task
from tests.examples import examples
from tests.settlement.paying import (
    DAY,
    ONE,
    account,
    approve,
    bank,
    draft,
    owed_in_all,
    paid,
    payment_to,
    people_of,
    sent,
    shared,
    stands,
)  # fmt: skip
from tests.settlement.world import Seat, earn, entry, firm, member, nights, person

pytestmark = pytest.mark.django_db
Status = PayoutBatch.Status


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


@pytest.fixture
def fred() -> User:
    """The second pair of eyes."""
    return person("Fred", "finance")


def books_hold() -> None:
    """What check_books proves, over every date."""
    assert list(proofs.failures(date.min, date.max)) == []


# --- What may be paid -------------------------------------------------------------------------------------------------


def test_an_approved_night_is_paid_to_the_cent(fay: User, fred: User) -> None:
    me = shared(Seat("Amara", 3), Seat("Mei", 1))
    amara, mei = member(me, "Amara"), member(me, "Mei")
    assert stands(me, amara) == (375_00, 0, 500_00)
    batch = draft(fay)
    assert (batch.status, batch.size, batch.total_minor) == (Status.DRAFT, 2, 500_00)
    assert stands(me, amara) == (375_00, 0, 500_00)  # a draft posts nothing
    batch = payouts.send(batch=batch, by=fay)
    assert batch.status == Status.SENT
    assert (stands(me, amara), stands(me, mei)) == ((0, 375_00, 500_00), (0, 125_00, 500_00))
    batch = payouts.mark_paid(batch=batch, by=fred)
    assert (batch.status, batch.paid_by) == (Status.PAID, fred)
    assert (stands(me, amara), stands(me, mei)) == ((0, 0, 0), (0, 0, 0))
    run = SettlementRun.objects.get()
    assert (run.status, run.paid_by) == (SettlementRun.Status.PAID, fred)
    assert set(Payment.objects.values_list("status", flat=True)) == {Payment.Status.CONFIRMED}


def test_a_night_that_nobody_approved_releases_nothing_and_holds_back_what_comes_after(fay: User) -> None:
    me = firm(Seat("Amara"), launched=DAY)
    bank(member(me, "Amara"))
    for number in range(3):
        earn(me, 100_00, DAY + number * ONE)
    nights(DAY + 2 * ONE)
    approve(DAY + ONE)
    assert (payable.open_sums(), payable.unreleased().arriving) == ([], {})
    assert (payable.unreleased().waiting, payable.unreleased().first_waiting) == (2, DAY)
    with pytest.raises(Conflict, match="nothing is approved and unpaid"):
        draft(fay)
    approve(DAY)
    assert payable.unreleased().arriving == {"CNY": 100_00}
    payouts.release_approved()
    assert (payable.unreleased().arriving, payable.unreleased().first_waiting) == ({}, DAY + 2 * ONE)
    assert [(each.people, each.minor) for each in payable.open_sums()] == [(1, 100_00)]
    batch = draft(fay)
    assert (batch.runs_from, batch.runs_through, batch.total_minor) == (DAY, DAY + ONE, 100_00)


def test_what_is_in_a_live_payout_is_in_no_other(fay: User, fred: User) -> None:
    me = shared(Seat("Amara"))
    first = draft(fay)
    assert draft(fred) == first  # the draft there is
    payouts.send(batch=first, by=fay)
    with pytest.raises(Conflict):
        draft(fay)
    earn(me, 200_00, DAY + ONE)
    nights(DAY + ONE)
    approve(DAY + ONE)
    second = draft(fay)
    assert (second.number, second.total_minor) == (first.number + 1, 100_00)
    assert Owed.objects.get().taken_minor == Owed.objects.get().released_minor == 600_00


def test_a_person_of_two_mes_gets_one_payment_with_a_part_from_each(fay: User, fred: User) -> None:
    one, two = firm(Seat("Amara"), launched=DAY), firm(Seat("Teo"), launched=DAY)
    amara = member(one, "Amara")
    Membership.objects.create(
        microenterprise=two,
        person=amara,
        role="Guest",
        customer_outcome="x",
        weight=1,
        started_on=DAY,
        track="entrepreneur",
    )
    earn(one, 100_00, DAY)
    earn(two, 100_00, DAY)
    nights(DAY)
    approve(DAY)
    for somebody in people_of(one, two):
        bank(somebody)
    batch = paid(fay, fred)
    payment = payment_to("Amara", batch)
    assert payment.amount_minor == 75_00
    assert sorted(payment.parts.values_list("amount_minor", flat=True)) == [25_00, 50_00]
    assert batch.size == 2
    assert (stands(one, amara), stands(two, amara)) == ((0, 0, 0), (0, 0, 0))


def test_currencies_have_payouts_of_their_own_and_the_yen_has_no_decimals(fay: User, fred: User) -> None:
    yuan, yen = firm(Seat("Amara"), launched=DAY), firm(Seat("Kenji"), launched=DAY, currency="JPY")
    earn(yuan, 100_00, DAY)
    earn(yen, 101, DAY)
    nights(DAY)
    approve(DAY)
    for somebody in people_of(yuan, yen):
        bank(somebody)
    payouts.release_approved()
    assert [(each.currency, each.minor) for each in payable.open_sums()] == [("CNY", 50_00), ("JPY", 50)]
    batch = paid(fay, fred, "JPY")
    assert (batch.total_minor, batch.size) == (50, 1)
    assert SettlementRun.objects.get().status == SettlementRun.Status.APPROVED  # Amara still waits
    paid(fay, fred)
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID


def test_people_without_bank_details_wait_for_the_next_payout(fay: User, fred: User) -> None:
    me = firm(Seat("Amara"), Seat("Mei"), launched=DAY)
    earn(me, 100_00, DAY)
    nights(DAY)
    approve(DAY)
    with pytest.raises(Conflict, match="bank details are missing"):
        draft(fay)
    payouts.release_approved()
    bank(member(me, "Amara"))
    (open_sum,) = payable.open_sums()
    assert (open_sum.people, open_sum.without, open_sum.ready_minor) == (2, 1, 25_00)
    batch = paid(fay, fred)
    assert (batch.size, batch.without_details, batch.without_details_minor) == (1, 1, 25_00)
    assert SettlementRun.objects.get().status == SettlementRun.Status.APPROVED
    bank(member(me, "Mei"))
    assert paid(fay, fred).total_minor == 25_00
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID


def test_a_payment_goes_to_the_account_its_owner_has_when_it_is_sent(fay: User) -> None:
    me = shared(Seat("Amara"))
    batch = draft(fay)
    newer = bank(member(me, "Amara"), account("99887766554433"))
    payouts.send(batch=batch, by=fay)
    assert Payment.objects.get().details == newer
    bank(member(me, "Amara"), account("11112222333344"))
    assert Payment.objects.get().details == newer


def test_an_account_for_one_currency_stands_before_the_one_for_all(fay: User) -> None:
    me = shared(Seat("Amara"))
    own = bank(member(me, "Amara"), account("99887766554433"), "CNY")
    bank(member(me, "Amara"), account("11112222333344"), "JPY")
    sent(fay)
    assert Payment.objects.get().details == own


def test_the_books_bound_what_is_paid(fay: User) -> None:
    """A share that was partly reversed is paid only as far as the books still owe it."""
    me = shared(Seat("Amara"), Seat("Mei"))
    amara = member(me, "Amara")
    lost = 100_00
    entry(
        me,
        None,
        debit(me.entity_id, Kind.PAYABLE, lost, amara.party),
        credit(me.entity_id, Kind.SET_ASIDE, lost),
    )
    batch = draft(fay)
    assert (batch.total_minor, batch.withheld_minor) == (400_00, lost)
    assert payment_to("Amara", batch).amount_minor == 150_00


def test_what_nobody_approved_yet_does_not_stand_in_for_what_was_reversed(fay: User) -> None:
    me = shared(Seat("Amara"))
    amara = member(me, "Amara")
    lines = (debit(me.entity_id, Kind.PAYABLE, 200_00, amara.party), credit(me.entity_id, Kind.SET_ASIDE, 200_00))
    entry(me, None, *lines)
    earn(me, 1_000_00, DAY + ONE)
    nights(DAY + ONE)
    assert draft(fay).total_minor == 300_00


def test_an_me_that_set_aside_too_little_pays_everybody_the_same_part(fay: User, fred: User) -> None:
    me = shared(Seat("Amara", 3), Seat("Mei", 1))
    entry(me, None, debit(me.entity_id, Kind.WALLET, 300_01), credit(me.entity_id, Kind.SET_ASIDE, 300_01))
    batch = draft(fay)
    assert [payment_to(name, batch).amount_minor for name in ("Amara", "Mei")] == [149_99, 49_99]
    assert batch.withheld_minor == 500_00 - batch.total_minor
    payouts.mark_paid(batch=payouts.send(batch=batch, by=fay), by=fred)
    assert balance(me.entity_id, Kind.SET_ASIDE) == 1
    assert SettlementRun.objects.get().status == SettlementRun.Status.APPROVED  # they still wait for the rest


# --- Sums -------------------------------------------------------------------------------------------------------------


def test_a_batch_moves_in_the_books_what_it_says(fay: User, fred: User) -> None:
    firms = [shared_firm(number) for number in range(4)]
    nights(DAY)
    approve(DAY)
    for somebody in people_of(*firms):
        bank(somebody)
    before = {me: owed_in_all(me) for me in firms}
    batch = sent(fay)
    assert sum(before.values()) == batch.total_minor
    entities = [me.entity_id for me in firms]
    assert sum(party_balances(entities, Kind.IN_TRANSIT).values()) == batch.total_minor
    assert sum(owed_in_all(me) for me in firms) == 0
    parts = PaymentPart.objects.filter(payment__batch=batch).values_list("amount_minor", flat=True)
    assert sum(parts) == batch.total_minor == sum(Payment.objects.values_list("amount_minor", flat=True))
    payouts.mark_paid(batch=batch, by=fred)
    assert sum(party_balances(entities, Kind.IN_TRANSIT).values()) == 0
    books_hold()


def shared_firm(number: int) -> Any:
    me = firm(*(Seat(f"Person {number}{n}", n + 1) for n in range(3)), launched=DAY)
    earn(me, 1_000_01 + number, DAY)
    return me


@settings(max_examples=examples(5, 24), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=6))
def test_whatever_the_bank_rejects_everybody_has_their_money_in_the_end(rejections: list[tuple[int, bool]]) -> None:
    with transaction.atomic():
        fay, fred = person("Fay", "finance"), person("Fred", "finance")
        me = shared(Seat("Amara", 5), Seat("Mei", 3), Seat("Teo", 1), minor=1_000_07)
        earned = dict(StatementLine.objects.values_list("person__name", "payable_minor"))
        payouts.release_approved()
        for whom, after_payment in [*rejections, (-1, False)]:
            if not payable.open_sums():
                break
            batch = sent(fay)
            if after_payment:
                batch = payouts.mark_paid(batch=batch, by=fred)
            payments = list(Payment.objects.filter(batch=batch).order_by("number"))
            if 0 <= whom < len(payments):
                payouts.reject(payment=payments[whom], reason="Account closed", by=fay)
            batch.refresh_from_db()
            if batch.status == Status.SENT:
                payouts.mark_paid(batch=batch, by=fred)
        got: dict[str, int] = {}
        for payment in Payment.objects.filter(status=Payment.Status.CONFIRMED).select_related("person"):
            got[payment.person.name] = got.get(payment.person.name, 0) + payment.amount_minor
        assert got == earned
        assert owed_in_all(me) == balance(me.entity_id, Kind.IN_TRANSIT) == balance(me.entity_id, Kind.SET_ASIDE) == 0
        assert SettlementRun.objects.get().status == SettlementRun.Status.PAID
        transaction.set_rollback(True)


# --- Rejections -------------------------------------------------------------------------------------------------------


def test_a_rejected_payment_is_owed_again_and_part_of_the_next_payout(fay: User, fred: User) -> None:
    me = shared(Seat("Amara", 3), Seat("Mei", 1))
    amara = member(me, "Amara")
    batch = sent(fay)
    payment = payouts.reject(payment=payment_to("Amara", batch), reason=" Account  closed ", by=fay)
    assert (payment.status, payment.reason) == (Payment.Status.REJECTED, "Account closed")
    assert stands(me, amara) == (375_00, 0, 500_00)
    payouts.mark_paid(batch=batch, by=fred)
    assert stands(me, amara) == (375_00, 0, 375_00)
    assert SettlementRun.objects.get().status == SettlementRun.Status.APPROVED
    assert "Account closed" in Notice.objects.filter(person=amara).latest("created_at").sentence
    again = paid(fay, fred)
    assert (again.total_minor, again.size) == (375_00, 1)
    assert stands(me, amara) == (0, 0, 0)
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID


def test_a_payment_may_come_back_after_it_was_marked_as_paid(fay: User, fred: User) -> None:
    me = shared(Seat("Amara", 3), Seat("Mei", 1))
    amara = member(me, "Amara")
    batch = paid(fay, fred)
    payouts.reject(payment=payment_to("Amara", batch), reason="Returned", by=fay)
    assert stands(me, amara) == (375_00, 0, 375_00)
    run = SettlementRun.objects.get()
    assert (run.status, run.paid_at, run.paid_by) == (SettlementRun.Status.APPROVED, None, None)
    paid(fay, fred)
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID
    books_hold()


def test_only_the_newest_nights_open_again_when_a_payment_comes_back(fay: User, fred: User) -> None:
    me = shared(Seat("Amara"))
    paid(fay, fred)
    earn(me, 100_00, DAY + ONE)
    nights(DAY + ONE)
    approve(DAY + ONE)
    second = paid(fay, fred)
    payouts.reject(payment=payment_to("Amara", second), reason="Returned", by=fay)
    assert dict(SettlementRun.objects.values_list("business_date", "status")) == {
        DAY: SettlementRun.Status.PAID,
        DAY + ONE: SettlementRun.Status.APPROVED,
    }


def test_a_payment_is_rejected_once_with_a_reason(fay: User) -> None:
    shared(Seat("Amara"))
    payment = payment_to("Amara", sent(fay))
    with pytest.raises(Invalid, match="reason"):
        payouts.reject(payment=payment, reason="  ", by=fay)
    payouts.reject(payment=payment, reason="No such account", by=fay)
    with pytest.raises(InvalidTransition):
        payouts.reject(payment=payment, reason="No such account", by=fay)


# --- Who and when -----------------------------------------------------------------------------------------------------


def test_who_prepared_a_payout_does_not_mark_it_paid(fay: User, fred: User) -> None:
    shared(Seat("Amara"))
    batch = payouts.send(batch=draft(fay), by=fred)
    with pytest.raises(Denied, match="somebody else in finance"):
        payouts.mark_paid(batch=batch, by=fay)
    assert payouts.mark_paid(batch=batch, by=fred).status == Status.PAID


def test_nobody_says_that_the_bank_rejected_their_own_payment(fay: User) -> None:
    me = shared(Seat("Amara"))
    amara = member(me, "Amara")
    amara.roles = ["finance"]
    amara.save()
    payment = payment_to("Amara", sent(amara))
    with pytest.raises(Denied, match="somebody else in finance"):
        payouts.reject(payment=payment, reason="Account closed", by=amara)
    assert payouts.reject(payment=payment, reason="Account closed", by=fay).rejected_by == fay


@pytest.mark.parametrize("role", ["auditor", "steward", "hr", ""])
def test_nobody_but_finance_pays(fay: User, fred: User, role: str) -> None:
    shared(Seat("Amara"))
    other = person("Other", role) if role else person("Other")
    with pytest.raises(Denied):
        draft(other)
    batch = draft(fay)
    for deed in (payouts.send, payouts.cancel, payouts.mark_paid):
        with pytest.raises(Denied):
            deed(batch=batch, by=other)
    payouts.send(batch=batch, by=fay)
    with pytest.raises(Denied):
        payouts.reject(payment=Payment.objects.get(), reason="x", by=other)
    with pytest.raises(Denied):
        payouts.record_export(batch=batch, form="csv", by=other)


def test_each_step_is_possible_in_its_own_state_only(fay: User, fred: User) -> None:
    shared(Seat("Amara"))
    batch = draft(fay)
    with pytest.raises(InvalidTransition):
        payouts.mark_paid(batch=batch, by=fred)
    with pytest.raises(InvalidTransition):
        payouts.reject(payment=Payment.objects.get(), reason="x", by=fay)
    with pytest.raises(InvalidTransition):
        payouts.record_export(batch=batch, form="csv", by=fay)
    batch = payouts.send(batch=batch, by=fay)
    for deed in (payouts.send, payouts.cancel):
        with pytest.raises(InvalidTransition):
            deed(batch=batch, by=fay)
    batch = payouts.mark_paid(batch=batch, by=fred)
    for deed in (payouts.send, payouts.cancel, payouts.mark_paid):
        with pytest.raises(InvalidTransition):
            deed(batch=batch, by=fred)


def test_a_cancelled_draft_frees_what_it_reserved(fay: User) -> None:
    shared(Seat("Amara"))
    batch = payouts.cancel(batch=draft(fay), by=fay)
    assert batch.status == Status.CANCELLED
    assert Payment.objects.get().status == Payment.Status.CANCELLED
    assert draft(fay).total_minor == 500_00


def test_without_a_company_account_nobody_is_paid(fay: User, settings: Any) -> None:
    shared(Seat("Amara"))
    settings.PAYOUT_DEBTOR_ACCOUNT = ""
    with pytest.raises(InvalidTransition, match="PAYOUT_DEBTOR_ACCOUNT"):
        draft(fay)


def test_every_step_stands_in_the_audit_trail(fay: User, fred: User) -> None:
    shared(Seat("Amara"))
    batch = paid(fay, fred)
    payouts.record_export(batch=batch, form="pain.001", by=fay)
    payouts.reject(payment=Payment.objects.get(), reason="Returned", by=fred)
    told = AuditRecord.objects.filter(deed__startswith="payout.").order_by("id")
    assert [(row.deed, row.actor_name) for row in told] == [
        ("payout.created", "Fay"), ("payout.sent", "Fay"), ("payout.marked_paid", "Fred"), ("payout.paid", "Fred"),
        ("payout.exported", "Fay"), ("payout.rejected", "Fred"),
    ]  # fmt: skip
    assert AuditRecord.objects.get(deed="payout.exported").facts["payments_sha256"] == batch.payments_sha256
    assert set(AuditRecord.objects.filter(deed__startswith="settlement.").values_list("deed", flat=True)) >= {
        "settlement.paid",
        "settlement.reopened",
    }


# --- Large batches ----------------------------------------------------------------------------------------------------


def test_a_large_payout_goes_on_in_steps_and_may_be_left_at_any_point(
    fay: User, fred: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "STEP", 2)
    me = shared(*(Seat(f"Person {n}") for n in range(5)))
    batch = draft(fay)
    assert (batch.status, batch.size) == (Status.PREPARING, 5)
    task()
    batch.refresh_from_db()
    assert (batch.status, batch.total_minor) == (Status.DRAFT, 500_00)
    batch = payouts.send(batch=batch, by=fay)
    assert batch.status == Status.SENDING
    with transaction.atomic():
        payouts._step(PayoutBatch.objects.select_for_update().get())
    assert PayoutBatch.objects.get().done == 2
    with transaction.atomic():  # killed in the middle of a step
        payouts._step(PayoutBatch.objects.select_for_update().get())
        transaction.set_rollback(True)
    assert PayoutBatch.objects.get().done == 2
    task()
    task()
    assert PayoutBatch.objects.get().status == Status.SENT
    assert owed_in_all(me) == 0
    payouts.mark_paid(batch=PayoutBatch.objects.get(), by=fred)
    task()
    assert PayoutBatch.objects.get().status == Status.PAID
    assert balance(me.entity_id, Kind.SET_ASIDE) == 0
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID


def test_a_prepared_batch_that_finds_nothing_gives_itself_up(fay: User, monkeypatch: pytest.MonkeyPatch) -> None:
    me = shared(Seat("Amara"))
    amara = member(me, "Amara")
    lines = (debit(me.entity_id, Kind.PAYABLE, 500_00, amara.party), credit(me.entity_id, Kind.SET_ASIDE, 500_00))
    entry(me, None, *lines)
    assert draft(fay).status == Status.CANCELLED


# --- What the database refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("UPDATE settlement_owed SET taken_minor = 0", "follows the parts of payments"),
        ("UPDATE settlement_owed SET released_minor = 1", "what_is_owed_is_in_one_live_batch_only"),
        ("DELETE FROM settlement_owed", "only ever added"),
        ("UPDATE settlement_owed SET has_details = NOT has_details", "counted by the database"),
        ("UPDATE settlement_opensum SET people = 9", "counted by the database"),
        ("INSERT INTO settlement_opensum VALUES ('JPY', 0, 0, 0, 0)", "counted by the database"),
        ("DELETE FROM settlement_opensum", "only ever added"),
        (
            "INSERT INTO settlement_owed (person_id, microenterprise_id, currency, released_minor, taken_minor)"
            " SELECT person_id, microenterprise_id, currency, 1, 0 FROM settlement_owed LIMIT 1",
            "begins at nothing",
        ),
        ("UPDATE settlement_paymentpart SET amount_minor = 1", "given back once"),
        ("DELETE FROM settlement_paymentpart", "only ever added"),
        ("UPDATE settlement_payment SET amount_minor = 1", "what it was planned to be"),
        ("UPDATE settlement_payment SET currency = 'JPY'", "what it was planned to be"),
        ("DELETE FROM settlement_payment", "only ever added"),
        ("DELETE FROM settlement_payoutbatch", "only ever added"),
        ("UPDATE settlement_payoutbatch SET paid_by_id = created_by_id", "who_created_a_batch_does_not_mark_it_paid"),
        ("UPDATE settlement_bankdetails SET ending = '0000'", "replaced, not changed"),
        ("UPDATE settlement_bankdetails SET sealed = 'x'", "replaced, not changed"),
        ("DELETE FROM settlement_bankdetails", "only ever added"),
        ("DELETE FROM settlement_runrelease", "only ever added"),
    ],
)
def test_sql_cannot_promise_money_twice_or_change_what_was_sent(fay: User, sql: str, name: str) -> None:
    shared(Seat("Amara"), Seat("Mei"))
    sent(fay)
    with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_sql_cannot_put_what_is_owed_into_a_second_batch(fay: User, fred: User) -> None:
    me = shared(Seat("Amara"))
    sent(fay)
    payment = Payment.objects.get()
    second = PayoutBatch.objects.create(
        number=99, currency="CNY", runs_from=DAY, runs_through=DAY, created_at=payment.batch.created_at, created_by=fred
    )
    twin = Payment.objects.create(
        batch=second, number=1, person=payment.person, currency="CNY", amount_minor=1, details=payment.details
    )
    with pytest.raises(IntegrityError, match="what_is_owed_is_in_one_live_batch_only"), transaction.atomic():
        PaymentPart.objects.create(payment=twin, owed=Owed.objects.get(), amount_minor=1)
    assert owed_in_all(me) == 0
