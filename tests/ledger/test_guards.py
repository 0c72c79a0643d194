"""What other ledgers let through, ours refuses: through the ORM and through plain SQL, as the application's role."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from core import clock, past
from ledger import days
from ledger.accounts import Book, Kind
from ledger.entities import open_account
from ledger.models import Account, Balance, BusinessDay, Entity, Entry, Posting
from tests.ledger.books import firm, post, receipt

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    return post(receipt(firm(), 100))[0]


def sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def head(entry: Entry, **changes: Any) -> Entry:
    """A copy of an entry's head as a new entry, stored by hand."""
    facts = {field.attname: getattr(entry, field.attname) for field in Entry._meta.concrete_fields}
    return Entry.objects.create(**facts | {"id": None, "reference": "by hand"} | changes)


def lines(entry: Entry, *rows: tuple[int, int, int, int]) -> None:
    """Lines as (number, account, entity, amount) in one statement."""
    Posting.objects.bulk_create(
        [
            Posting(
                business_date=entry.business_date,
                entry_id=entry.pk,
                line=number,
                account_id=account,
                entity_id=entity,
                amount_minor=amount,
            )
            for number, account, entity, amount in rows
        ]
    )


def places(entry: Entry) -> tuple[int, int, int]:
    """Entity, wallet and income account of the entry's firm."""
    entity = Entity.objects.get()
    return entity.pk, open_account(entity.pk, Kind.WALLET).pk, open_account(entity.pk, Kind.INCOME_OUTSIDE).pk


def past_noon(day: date) -> Any:
    return past.at(datetime.combine(day, time(12), clock.company_zone()))


def refused(code: str) -> Any:
    return pytest.raises(IntegrityError, match=code)


class TestChange:
    def test_amounts_cannot_be_rewritten(self, entry: Entry) -> None:
        with refused("only ever added"), transaction.atomic():
            Posting.objects.update(amount_minor=1)
        with refused("only ever added"):
            sql("UPDATE ledger_posting SET amount_minor = amount_minor * 2")

    def test_a_line_cannot_move_to_another_entry(self, entry: Entry) -> None:
        with refused("only ever added"):
            sql("UPDATE ledger_posting SET entry_id = entry_id + 1 WHERE line = 1")

    def test_heads_cannot_be_rewritten(self, entry: Entry) -> None:
        with refused("only ever added"), transaction.atomic():
            Entry.objects.update(memo="Something else")
        with refused("only ever added"), transaction.atomic():
            entry.save()

    @pytest.mark.parametrize("table", ["posting", "entry", "account", "entity", "balance", "businessday"])
    def test_nothing_can_be_deleted_or_truncated(self, entry: Entry, table: str) -> None:
        sql("SELECT 1")  # what is deferred is checked: PostgreSQL would refuse TRUNCATE for its own reason
        with refused("only ever added"):
            sql(f"DELETE FROM ledger_{table}")
        with refused("only ever added"):
            sql(f"TRUNCATE ledger_{table} CASCADE")

    def test_the_orm_cannot_delete_either(self, entry: Entry) -> None:
        for model in (Posting, Entry, Balance, BusinessDay):
            with pytest.raises(DatabaseError), transaction.atomic():
                model.objects.all()._raw_delete("default")

    def test_upserts_and_merges_are_updates(self, entry: Entry) -> None:
        with refused("only ever added"):
            sql(
                """
                MERGE INTO ledger_posting p USING (SELECT 1) s ON p.line = 1
                WHEN MATCHED THEN UPDATE SET amount_minor = 7
                """
            )

    def test_accounts_stay_what_they_are(self, entry: Entry) -> None:
        with refused("only ever added"), transaction.atomic():
            Account.objects.update(kind="hold")

    def test_an_entity_keeps_its_currency_and_may_change_its_name(self, entry: Entry) -> None:
        Entity.objects.update(name="Blue Kettle 2")
        with refused("never changes"), transaction.atomic():
            Entity.objects.update(currency="EUR")


class TestParts:
    """The same refusals for statements that name a part of the lines directly."""

    @pytest.mark.parametrize("part", ["day", "night", "day_{month}", "night_{night}"])
    def test_what_a_part_refuses(self, entry: Entry, part: str) -> None:
        night = entry.business_date - timedelta(days=1)
        days.close_day(night)
        table = "ledger_posting_" + part.format(month=f"{entry.business_date:%Y%m}", night=f"{night:%Y%m%d}")
        for change in (f"UPDATE {table} SET amount_minor = 1", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with refused("only ever added"):
                sql(change)
        entity, wallet, income = places(entry)
        in_night = part.startswith("night")
        day = night if in_night else entry.business_date
        late = head(entry, business_date=day, by_night=in_night, kind="share" if in_night else "receipt")
        values = f"({late.pk}, %s, {entity}, %s, '{day}', %s, {in_night})"
        with refused("does not balance"):
            sql(f"INSERT INTO {table} VALUES {values}, {values}", wallet, 100, 1, income, -90, 2)
        sql(f"INSERT INTO {table} VALUES {values}, {values}", wallet, 100, 1, income, -100, 2)
        with refused("duplicate key"):
            sql(f"INSERT INTO {table} VALUES {values}, {values}", wallet, 100, 1, income, -100, 2)

    def test_a_line_of_the_day_cannot_hide_in_the_night(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        day = entry.business_date
        with refused("no partition|not those its head names"), transaction.atomic():
            late = head(entry).pk
            sql(
                f"INSERT INTO ledger_posting VALUES ({late}, {wallet}, {entity}, 100, '{day}', 1, true),"
                f" ({late}, {income}, {entity}, -100, '{day}', 2, true)"
            )

    @pytest.mark.parametrize("by_night", [True, False])
    def test_a_head_says_truly_whether_it_is_of_the_night(self, entry: Entry, by_night: bool) -> None:
        if not by_night:
            days.close_day(entry.business_date - timedelta(days=1))
        day = entry.business_date if by_night else entry.business_date - timedelta(days=1)
        with refused("closed|still to come"), transaction.atomic():
            head(entry, business_date=day, kind="share", by_night=by_night)


class TestNewLines:
    def test_one_side_only(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        with refused("does not balance"), transaction.atomic():
            lines(head(entry), (1, wallet, entity, 100), (2, income, entity, -90))

    def test_balanced_over_two_entities_only(self, entry: Entry) -> None:
        entity, wallet, _income = places(entry)
        other = firm("Cold Chain")
        other_wallet = open_account(other.pk, Kind.WALLET).pk
        with refused("does not balance"), transaction.atomic():
            lines(head(entry), (1, wallet, entity, 100), (2, other_wallet, other.pk, -100))

    def test_an_old_entry_takes_no_more(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        with refused("not those its head names"), transaction.atomic():
            lines(entry, (3, wallet, entity, 5), (4, income, entity, -5))
        with refused("duplicate key"), transaction.atomic():
            lines(entry, (1, wallet, entity, 100), (2, income, entity, -100))

    @pytest.mark.parametrize("numbers", [(0, 1), (2, 3), (1, 3)])
    def test_lines_are_numbered_from_one_without_gaps(self, entry: Entry, numbers: tuple[int, int]) -> None:
        entity, wallet, income = places(entry)
        with refused("not those its head names"), transaction.atomic():
            lines(head(entry), (numbers[0], wallet, entity, 100), (numbers[1], income, entity, -100))

    @pytest.mark.parametrize("changes", [{"posting_count": 3}, {"debit_total_minor": 99}])
    def test_other_than_the_head_says(self, entry: Entry, changes: dict[str, int]) -> None:
        entity, wallet, income = places(entry)
        with refused("not those its head names"), transaction.atomic():
            lines(head(entry, **changes), (1, wallet, entity, 100), (2, income, entity, -100))

    def test_on_another_date_than_the_head(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        with refused("not those its head names"), transaction.atomic():
            copy = head(entry)
            copy.business_date -= timedelta(days=1)
            lines(copy, (1, wallet, entity, 100), (2, income, entity, -100))

    def test_without_a_head(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        entry.pk = 10**12
        with refused("names an account|not those its head names"), transaction.atomic():
            lines(entry, (1, wallet, entity, 100), (2, income, entity, -100))

    def test_in_an_account_of_another_entity(self, entry: Entry) -> None:
        entity, wallet, _income = places(entry)
        theirs = open_account(firm("Cold Chain").pk, Kind.INCOME_OUTSIDE).pk
        with refused("another entity or book"), transaction.atomic():
            lines(head(entry), (1, wallet, entity, 100), (2, theirs, entity, -100))

    def test_in_an_account_of_the_other_book(self, entry: Entry) -> None:
        entity, wallet, _income = places(entry)
        shadow = open_account(entity, Kind.INCOME_OUTSIDE, book=Book.SHADOW).pk
        with refused("another entity or book"), transaction.atomic():
            lines(head(entry), (1, wallet, entity, 100), (2, shadow, entity, -100))
        with refused("another entity or book"), transaction.atomic():
            lines(head(entry, book="shadow"), (1, wallet, entity, 100), (2, shadow, entity, -100))

    def test_in_no_account(self, entry: Entry) -> None:
        entity, wallet, _income = places(entry)
        with refused("another entity or book"), transaction.atomic():
            lines(head(entry), (1, wallet, entity, 100), (2, 10**12, entity, -100))

    def test_of_nothing(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        with refused("a_line_moves_something"), transaction.atomic():
            lines(
                head(entry, posting_count=3),
                (1, wallet, entity, 100),
                (2, income, entity, -100),
                (3, income, entity, 0),
            )

    def test_that_take_a_wallet_below_zero(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        with refused("would need 1 more"), transaction.atomic():
            lines(head(entry, debit_total_minor=101), (1, wallet, entity, -101), (2, income, entity, 101))

    def test_that_never_come(self, entry: Entry) -> None:
        with refused("has no lines"), transaction.atomic():
            head(entry)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_from_a_select_meet_the_same_guard(self, entry: Entry) -> None:
        with refused("not those its head names"):
            sql(
                "INSERT INTO ledger_posting"
                " (business_date, entry_id, line, account_id, entity_id, amount_minor, by_night)"
                " SELECT business_date, entry_id, line + 2, account_id, entity_id, amount_minor, by_night"
                " FROM ledger_posting"
            )


class TestKeptBalances:
    def test_nobody_changes_them_by_hand(self, entry: Entry) -> None:
        with refused("follow the lines"), transaction.atomic():
            Balance.objects.update(amount_minor=10**9)
        with refused("follow the lines"):
            sql("UPDATE ledger_balance SET amount_minor = amount_minor")

    def test_nobody_adds_one_by_hand(self, entry: Entry) -> None:
        _entity, _wallet, income = places(entry)
        with refused("follow the lines"):
            sql("INSERT INTO ledger_balance (account_id, side, amount_minor) VALUES (%s, 1, 0)", income)


class TestSnapshots:
    def test_nobody_writes_them_by_hand(self, entry: Entry) -> None:
        with past_noon(entry.business_date + timedelta(days=2)):
            days.close_day(entry.business_date)
            days.seal_day(entry.business_date)
        part = f"ledger_snapshot_{entry.business_date:%Y%m%d}"
        for table in ("ledger_snapshot", part):
            for change in (
                f"INSERT INTO {table} VALUES (1, 5, '{entry.business_date}')",
                f"UPDATE {table} SET balance_minor = 0",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
            ):
                with refused("only ever added"):
                    sql(change)


class TestHeads:
    def test_a_reference_is_used_once(self, entry: Entry) -> None:
        with refused("a_reference_stands_for_one_entry"), transaction.atomic():
            head(entry, reference=entry.reference)

    def test_an_entry_is_reversed_once(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        post(receipt(Entity.objects.get(), 500, "more"))
        for number in (1, 2):
            mirror = (1, wallet, entity, -100), (2, income, entity, 100)
            if number == 1:
                lines(head(entry, reference="undo:1", reverses_id=entry.pk), *mirror)
            else:
                with refused("an_entry_is_reversed_once"), transaction.atomic():
                    head(entry, reference="undo:2", reverses_id=entry.pk)

    def test_the_date_is_not_still_to_come(self, entry: Entry) -> None:
        with refused("still to come"), transaction.atomic():
            head(entry, business_date=entry.business_date.replace(year=entry.business_date.year + 1))


def test_a_temporary_table_cannot_stand_in_for_the_books(entry: Entry) -> None:
    entity, wallet, income = places(entry)
    sql("CREATE TEMP TABLE ledger_entry (LIKE public.ledger_entry)")
    sql("INSERT INTO pg_temp.ledger_entry SELECT * FROM public.ledger_entry")
    sql("UPDATE pg_temp.ledger_entry SET id = 777, posting_count = 2")
    day = entry.business_date
    with refused("names an account|not those its head names"):
        sql(
            "INSERT INTO public.ledger_posting"
            " VALUES (777, %s, %s, 100, %s, 1, false), (777, %s, %s, -100, %s, 2, false)",
            wallet, entity, day, income, entity, day,
        )  # fmt: skip
