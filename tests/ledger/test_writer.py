"""The writer posts all or nothing, once, and says in a sentence why not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock, past
from core.errors import InsufficientFunds, Invalid
from ledger import days, proofs, queries, writer
from ledger.accounts import Book, Kind
from ledger.errors import AlreadyReversed, ReferenceReused, Unbalanced
from ledger.models import Account, Entity, Entry, Posting
from ledger.writer import Draft, credit, debit, post_one, reverse
from tests.ledger.books import BY, cost, firm, post, receipt, sale, share

pytestmark = pytest.mark.django_db


def test_an_entry_is_stored_as_drafted() -> None:
    blue_kettle = firm()
    (entry,) = post(receipt(blue_kettle, 120_00))
    stored = Entry.objects.get()
    assert stored == entry
    assert (stored.reference, stored.kind, stored.book, stored.posted_by) == ("receipt:1", "receipt", "real", BY)
    assert stored.business_date == stored.effective_date == clock.business_date()
    assert (stored.posting_count, stored.debit_total_minor) == (2, 120_00)
    lines = queries.lines_of([stored])[stored.pk]
    assert [(line.kind, line.amount_minor) for line in lines] == [
        (Kind.WALLET, 120_00),
        (Kind.INCOME_OUTSIDE, -120_00),
    ]
    assert queries.balance(blue_kettle.pk, Kind.WALLET) == 120_00


def test_an_entry_of_two_entities_balances_for_each() -> None:
    buyer, supplier = firm(), firm("Cold Chain")
    post(receipt(buyer, 100_00), sale(buyer, supplier, 30_00))
    found = queries.balances([buyer.pk, supplier.pk], [Kind.WALLET, Kind.INCOME_INSIDE, Kind.EXPENSE_INSIDE])
    assert found[buyer.pk, Kind.WALLET] == 70_00
    assert found[supplier.pk, Kind.WALLET] == found[supplier.pk, Kind.INCOME_INSIDE] == 30_00


def test_a_late_fact_keeps_the_date_it_is_about() -> None:
    entry = post_one(replace(receipt(firm(), 1), effective_date=date(2026, 1, 31)), by=BY)
    assert entry.effective_date == date(2026, 1, 31)
    assert entry.business_date == clock.business_date()


def test_the_business_date_is_the_companys() -> None:
    with past.at(datetime.fromisoformat("2026-03-01T23:59:59.999999+08:00")):
        (before,) = post(receipt(firm(), 1))
    with past.at(datetime.fromisoformat("2026-03-02T00:00:00+08:00")):
        (after,) = post(receipt(firm("Cold Chain"), 1, "receipt:2"))
    assert (before.business_date, after.business_date) == (date(2026, 3, 1), date(2026, 3, 2))


def test_posting_needs_the_callers_transaction(cloned_db: str) -> None:
    with transaction.atomic():
        entity = firm()
    with pytest.raises(TransactionManagementError):
        post(receipt(entity, 1))


def test_nothing_to_post_is_nothing() -> None:
    assert writer.post([], by=BY) == []


class TestTwice:
    def test_the_same_again_returns_what_is_stored(self) -> None:
        entity = firm()
        (first,) = post(receipt(entity, 5))
        (again,) = post(receipt(entity, 5))
        assert again.pk == first.pk
        assert Entry.objects.count() == 1
        assert queries.balance(entity.pk, Kind.WALLET) == 5

    def test_a_retry_after_midnight_and_by_somebody_else_is_still_the_same(self) -> None:
        entity = firm()
        (first,) = post(receipt(entity, 5))
        with past.at(clock.market_now() + timedelta(days=1)):
            assert post_one(receipt(entity, 5), by="the market's clock").pk == first.pk

    @pytest.mark.parametrize(
        "change",
        [
            lambda draft: replace(draft, memo="Another customer pays"),
            lambda draft: replace(draft, kind="gift"),
            lambda draft: replace(draft, subject=""),
            lambda draft: replace(draft, book=Book.SHADOW),
            lambda draft: replace(draft, effective_date=date(2026, 1, 31)),
            lambda draft: replace(draft, lines=draft.lines[::-1]),
            lambda draft: replace(draft, lines=tuple(replace(x, amount_minor=x.amount_minor * 2) for x in draft.lines)),
            lambda draft: replace(draft, lines=(draft.lines[0], replace(draft.lines[1], kind=Kind.INCOME_INSIDE))),
            lambda draft: replace(draft, lines=(draft.lines[0], replace(draft.lines[1], party="owner:Lin"))),
        ],
    )
    def test_the_same_reference_for_something_else_is_refused(self, change: Callable[[Draft], Draft]) -> None:
        draft = receipt(firm(), 5)
        post(draft)
        with pytest.raises(ReferenceReused, match="receipt:1"):
            post(change(draft))
        assert Entry.objects.count() == 1

    def test_within_one_batch_too(self) -> None:
        entity = firm()
        entries = writer.post([receipt(entity, 5), receipt(entity, 5)], by=BY)
        assert entries[0].pk == entries[1].pk
        with pytest.raises(ReferenceReused):
            writer.post([receipt(entity, 6, "r:2"), receipt(entity, 7, "r:2")], by=BY)

    def test_a_batch_half_stored_posts_the_other_half(self) -> None:
        entity = firm()
        drafts = [receipt(entity, 5, f"r:{number}") for number in range(4)]
        post(drafts[2])
        entries = writer.post(drafts, by=BY)
        assert [entry.reference for entry in entries] == [draft.reference for draft in drafts]
        assert queries.balance(entity.pk, Kind.WALLET) == 20


@pytest.fixture(params=[10**9, 1], ids=["by insert", "by copy"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches travel by INSERT, large ones by COPY; refusals must read the same."""
    monkeypatch.setattr(writer, "COPY_FROM_LINES", request.param)


@pytest.mark.usefixtures("both_ways")
class TestRefusals:
    def test_an_overdraft_names_the_account_what_is_there_and_what_is_missing(self) -> None:
        entity = firm()
        post(receipt(entity, 120_00))
        with pytest.raises(InsufficientFunds) as refused:
            post(cost(entity, 150_00))
        assert "Blue Kettle" in str(refused.value)
        assert "wallet" in str(refused.value)
        assert "120.00" in str(refused.value)
        assert "30.00" in str(refused.value)
        assert refused.value.facts["missing_minor"] == 30_00
        # the caller's transaction goes on
        assert queries.balance(entity.pk, Kind.WALLET) == 120_00
        post(cost(entity, 120_00))
        assert queries.balance(entity.pk, Kind.WALLET) == 0

    def test_an_account_opened_by_the_refused_entry_is_named_too(self) -> None:
        entity = firm()
        draft = Draft("hold:1", "hold", (debit(entity.pk, Kind.WALLET, 1), credit(entity.pk, Kind.HOLD, 1)))
        with pytest.raises(InsufficientFunds, match="held for published projects"):
            post(draft)
        assert not Account.objects.filter(kind="hold").exists()

    def test_a_liability_is_guarded_in_its_own_sign(self) -> None:
        entity = firm()
        post(receipt(entity, 9), share(entity, {"mei": 9}))
        sent = Draft(
            "sent:1", "sent", (debit(entity.pk, Kind.PAYABLE, 9, "person:mei"), credit(entity.pk, Kind.IN_TRANSIT, 9))
        )
        confirmed = Draft(
            "done:1", "confirmed", (debit(entity.pk, Kind.IN_TRANSIT, 9), credit(entity.pk, Kind.SET_ASIDE, 9))
        )
        post(sent, confirmed)
        with pytest.raises(InsufficientFunds):
            post(replace(confirmed, reference="done:2"))

    def test_in_one_batch_nothing_remains_of_the_others(self) -> None:
        entity = firm()
        with pytest.raises(InsufficientFunds):
            writer.post([receipt(entity, 5), cost(entity, 6)], by=BY)
        assert not Entry.objects.exists()

    def test_money_may_pass_through_an_account_within_one_batch(self) -> None:
        entity = firm()
        writer.post([cost(entity, 5, "a"), receipt(entity, 5, "b")], by=BY)
        assert queries.balance(entity.pk, Kind.WALLET) == 0

    def test_debits_and_credits_must_be_equal_for_each_entity(self) -> None:
        buyer, supplier = firm(), firm("Cold Chain")
        lines = (debit(buyer.pk, Kind.WALLET, 5), credit(supplier.pk, Kind.INCOME_INSIDE, 5))
        with pytest.raises(Unbalanced, match="Blue Kettle"):
            post(Draft("x", "sale", lines))

    def test_an_entity_without_books(self) -> None:
        with pytest.raises(Invalid, match="no books"):
            post(receipt(Entity(pk=10**9), 5))

    @pytest.mark.parametrize("draft", [Draft("x", "gift", ()), Draft("", "gift", ()), Draft("x", "", ())])
    def test_an_entry_that_says_nothing(self, draft: Draft) -> None:
        entity = firm()
        lines = draft.lines if draft.reference and draft.kind else receipt(entity, 5).lines
        with pytest.raises(Invalid):
            post(replace(draft, lines=lines))

    def test_a_line_of_nothing(self) -> None:
        entity = firm()
        with pytest.raises(ValueError, match="more than nothing"):
            debit(entity.pk, Kind.WALLET, 0)
        draft = receipt(entity, 5)
        with pytest.raises(Invalid):
            post(replace(draft, lines=(*draft.lines, writer.Line(entity.pk, Kind.HOLD, 0))))

    @pytest.mark.parametrize("memo", ["nul \0 byte", "half a character \ud800"])
    def test_text_that_cannot_be_kept(self, memo: str) -> None:
        with pytest.raises(Invalid, match="cannot be stored"):
            post(replace(receipt(firm(), 5), memo=memo))

    def test_an_amount_beyond_the_books(self) -> None:
        with pytest.raises(Invalid):
            post(receipt(firm(), 2**63))


@pytest.mark.usefixtures("both_ways")
class TestReversal:
    def test_it_mirrors_every_line_on_the_open_date(self) -> None:
        buyer, supplier = firm(), firm("Cold Chain")
        _, entry = post(receipt(buyer, 100), sale(buyer, supplier, 30))
        mirror = reverse(entry, reference="undo:1", memo="Wrong supplier", by=BY, effective_date=date(2026, 1, 31))
        assert (mirror.reverses_id, mirror.kind, mirror.effective_date) == (entry.pk, "reversal", date(2026, 1, 31))
        assert queries.balance(buyer.pk, Kind.WALLET) == 100
        assert queries.balance(supplier.pk, Kind.INCOME_INSIDE) == 0

    def test_once_only(self) -> None:
        (entry,) = post(receipt(firm(), 100))
        first = reverse(entry, reference="undo:1", memo="Wrong", by=BY)
        assert reverse(entry, reference="undo:1", memo="Wrong", by=BY) == first
        with pytest.raises(AlreadyReversed):
            reverse(entry, reference="undo:2", memo="Wrong", by=BY)

    def test_not_when_the_money_is_gone(self) -> None:
        entity = firm()
        entry, _ = post(receipt(entity, 100), cost(entity, 60))
        with pytest.raises(InsufficientFunds):
            reverse(entry, reference="undo:1", memo="Bounced", by=BY)


def test_the_two_books_never_mix() -> None:
    entity = firm()
    post(receipt(entity, 100), receipt(entity, 7, "trial:1", Book.SHADOW))
    assert queries.balance(entity.pk, Kind.WALLET) == 100
    assert queries.balance(entity.pk, Kind.WALLET, book=Book.SHADOW) == 7
    with pytest.raises(InsufficientFunds):
        post(replace(cost(entity, 50), book=Book.SHADOW))


def test_copy_and_insert_store_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    entity = firm()
    awkward = 'tab\t back\\slash new\nline 冰箱 \\N "quoted" \r'
    for way, threshold in [("insert", 10**9), ("copy", 1)]:
        monkeypatch.setattr(writer, "COPY_FROM_LINES", threshold)
        drafts = [
            replace(receipt(entity, 50 + n, f"{way}:{n}"), memo=awkward, subject=f"{awkward}{n}") for n in range(30)
        ]
        writer.post([*drafts, share(entity, {"mei": 3, "a b;c": 4}, f"{way}:share")], by="Fay \\ Finance")
    stored = {
        way: [
            (e.memo, e.subject, e.posted_by, e.posting_count, e.debit_total_minor, e.reverses_id)
            for e in Entry.objects.filter(reference__startswith=way).order_by("reference")
        ]
        for way in ("insert", "copy")
    }
    assert stored["insert"] == stored["copy"]
    assert len(stored["copy"]) == 31
    assert stored["copy"][0][0] == awkward
    assert list(proofs.failures(date.min, date.max)) == []


def test_the_number_of_statements_does_not_depend_on_the_number_of_entries(
    django_assert_max_num_queries: Any,
) -> None:
    entities = [firm(f"ME {number}") for number in range(40)]
    with django_assert_max_num_queries(14):
        writer.post([receipt(entity, 5, f"r:{entity.pk}") for entity in entities], by=BY)
    with django_assert_max_num_queries(9):
        post(receipt(entities[0], 5, "one more"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
        min_size=4,
        max_size=4,
    ),
    amounts=st.lists(st.integers(1, 2**50), min_size=1, max_size=8),
    effective=st.dates(date(1900, 1, 1), date(2100, 1, 1)),
)
def test_python_and_sql_agree_on_the_hash_of_any_entry(texts: list[str], amounts: list[int], effective: date) -> None:
    with transaction.atomic():
        entity = firm()
        party = "owner:" + "".join(texts[3].splitlines() or "x").strip("\n") + "."
        lines = [debit(entity.pk, Kind.WALLET, sum(amounts))]
        lines += [credit(entity.pk, Kind.STAKE, amount, party) for amount in amounts]
        reference, kind = "r" + texts[0], "k" + texts[1]
        post_one(Draft(reference, kind, tuple(lines), texts[1], texts[2], effective), by="Fay" + texts[0])
        assert list(proofs.failures(date.min, date.max)) == []
        assert Posting.objects.count() == len(amounts) + 1
        transaction.set_rollback(True)


# Entries of a night, whose lines are stored side by side --------------------------------------------------------------


def yesterday_closed() -> date:
    day = clock.business_date() - timedelta(days=1)
    days.close_day(day)
    return day


@pytest.mark.parametrize("threshold", [10**9, 1], ids=["by insert", "by copy"])
class TestOfANight:
    def test_is_stored_as_drafted_and_reversed_line_by_line(
        self, monkeypatch: pytest.MonkeyPatch, threshold: int
    ) -> None:
        monkeypatch.setattr(writer, "COPY_FROM_LINES", threshold)
        entity = firm()
        post(receipt(entity, 10_00))
        night, draft = yesterday_closed(), share(entity, {"mei": 3_00, "sol": 1_00})
        entry = post_one(draft, by=BY, night=night)
        lines = Posting.objects.filter(entry_id=entry.pk).order_by("line")
        assert list(lines.values_list("line", "entity_id", "amount_minor", "business_date", "by_night")) == [
            (n, entity.pk, line.amount_minor, night, True) for n, line in enumerate(draft.lines, start=1)
        ]
        kinds = dict(Account.objects.values_list("pk", "kind"))
        assert [kinds[line.account_id] for line in lines] == [line.kind for line in draft.lines]
        assert queries.balance(entity.pk, Kind.WALLET) == 6_00
        assert post_one(draft, by=BY, night=night) == entry, "a repeat finds what is stored"
        with pytest.raises(ReferenceReused):
            post_one(share(entity, {"mei": 4_00}), by=BY, night=night)
        undone = reverse(entry, reference="undo", memo="Wrong", by=BY)
        assert not undone.by_night
        assert queries.balance(entity.pk, Kind.WALLET) == 10_00
        assert list(proofs.failures(date.min, date.max)) == []

    def test_is_refused_with_the_same_words(self, monkeypatch: pytest.MonkeyPatch, threshold: int) -> None:
        monkeypatch.setattr(writer, "COPY_FROM_LINES", threshold)
        entity = firm()
        post(receipt(entity, 10_00))
        night, draft = yesterday_closed(), share(entity, {"mei": 3_00})
        for lines, error, words in (
            ((*draft.lines, writer.Line(entity.pk, Kind.WALLET, 0)), Invalid, "none of them zero"),
            ((), Invalid, "at least two lines"),
            (draft.lines[:2] + draft.lines[3:], Unbalanced, "Blue Kettle"),
            (share(entity, {"mei": 10_01}).lines, InsufficientFunds, "Blue Kettle"),
        ):
            with pytest.raises(error, match=words):
                post_one(replace(draft, lines=lines), by=BY, night=night)
        with pytest.raises(ValueError):  # whoever drafts it: an entry of a night is about one entity
            post_one(replace(draft, lines=draft.lines + receipt(firm("Cold Chain"), 5).lines), by=BY, night=night)
        assert not Entry.objects.filter(by_night=True).exists()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.lists(st.integers(1, 2**50), min_size=1, max_size=12), min_size=1, max_size=4))
def test_python_and_sql_agree_on_the_hash_of_any_entry_of_a_night(amounts: list[list[int]]) -> None:
    with transaction.atomic():
        entity = firm()
        post(receipt(entity, sum(map(sum, amounts))))
        night = yesterday_closed()
        shares = [
            share(entity, {f"{n % 5}": amount for n, amount in enumerate(each)}, f"share:{number}")
            for number, each in enumerate(amounts)
        ]
        writer.post(shares, by=BY, night=night)
        assert list(proofs.failures(date.min, date.max)) == []
        facts = proofs.sound_day(night, accounts_after=0)
        assert facts == proofs.day_facts(night, accounts_after=0)
        assert facts and facts.posting_count == sum(len(each.lines) for each in shares)
        transaction.set_rollback(True)
