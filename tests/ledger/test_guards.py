"""What other ledgers let through, ours refuses: through the ORM and through plain SQL, as the application's role."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any, Final

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from core import clock, past
from ledger import days
from ledger.accounts import Book, Kind
from ledger.entities import open_account
from ledger.models import Account, Balance, BusinessDay, Entity, Entry, Posting
from ledger.writer import post_one
from tests.databases import as_application
from tests.ledger.books import firm, post, receipt, share

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
    """Lines of a day as (number, account, entity, amount) in one statement."""
    values = [(entry.business_date, entry.pk, *row) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_posting_day (business_date, entry_id, line, account_id, entity_id, amount_minor) VALUES"
            f" {', '.join(['%s'] * len(values))}",
            values,
        )


def places(entry: Entry) -> tuple[int, int, int]:
    """Entity, wallet and income account of the entry's firm."""
    entity = Entity.objects.get()
    return entity.pk, open_account(entity.pk, Kind.WALLET).pk, open_account(entity.pk, Kind.INCOME_OUTSIDE).pk


def past_noon(day: date) -> Any:
    return past.at(datetime.combine(day, time(12), clock.company_zone()))


def open_part(what: str, day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ledger_open_{what}(%s)", [day])


def refused(code: str) -> Any:
    return pytest.raises(IntegrityError, match=code)


class TestChange:
    def test_amounts_cannot_be_rewritten(self, entry: Entry) -> None:
        with pytest.raises(DatabaseError, match="cannot update view"), transaction.atomic():
            Posting.objects.update(amount_minor=1)
        with pytest.raises(DatabaseError, match="cannot update view"):
            sql("UPDATE ledger_posting SET amount_minor = amount_minor * 2")
        with refused("only ever added"):
            sql("UPDATE ledger_posting_day SET amount_minor = amount_minor * 2")
        with refused("only ever added"):
            sql("UPDATE ledger_nightlines SET amounts_minor[1] = amounts_minor[1] * 2")

    @pytest.mark.parametrize("change", ["Posting()", "Posting.objects.create"])
    def test_a_line_cannot_be_written_where_lines_are_read(self, entry: Entry, change: str) -> None:
        line = Posting.objects.get(line=1)
        facts = {field.attname: getattr(line, field.attname) for field in Posting._meta.concrete_fields}
        with pytest.raises(DatabaseError, match=r"cannot (insert into|update) view"), transaction.atomic():
            if change == "Posting()":
                Posting(**facts | {"amount_minor": 7}).save()
            else:
                Posting.objects.create(**facts | {"line": 3})

    def test_a_line_cannot_move_to_another_entry(self, entry: Entry) -> None:
        with refused("only ever added"):
            sql("UPDATE ledger_posting_day SET entry_id = entry_id + 1 WHERE line = 1")
        with refused("only ever added"):
            sql("UPDATE ledger_nightlines SET entry_id = entry_id + 1")

    def test_heads_cannot_be_rewritten(self, entry: Entry) -> None:
        with refused("only ever added"), transaction.atomic():
            Entry.objects.update(memo="Something else")
        with refused("only ever added"), transaction.atomic():
            entry.save()

    @pytest.mark.parametrize(
        "table", ["posting_day", "nightlines", "entry", "account", "entity", "balance", "businessday"]
    )
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
        of_a_day = "p USING (SELECT 1) s ON p.line = 1 WHEN MATCHED THEN UPDATE SET amount_minor = 7"
        with refused("only ever added"):
            sql(f"MERGE INTO ledger_posting_day {of_a_day}")
        with pytest.raises(DatabaseError, match="cannot update view"):
            sql(f"MERGE INTO ledger_posting {of_a_day}")
        for then in ("UPDATE SET amounts_minor = '{}'", "DELETE"):
            with refused("only ever added"):
                sql(f"MERGE INTO ledger_nightlines p USING (SELECT 1) s ON true WHEN MATCHED THEN {then}")
        with refused("only ever added"):
            sql(
                "INSERT INTO ledger_nightlines SELECT * FROM ledger_nightlines"
                " ON CONFLICT (business_date, entry_id) DO UPDATE SET amounts_minor = excluded.amounts_minor"
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

    @pytest.mark.parametrize("part", ["posting_day", "posting_day_{day}", "nightlines", "nightlines_{night}"])
    def test_what_a_part_refuses(self, entry: Entry, part: str) -> None:
        entity, wallet, income = places(entry)
        night = entry.business_date - timedelta(days=1)
        days.close_day(night)
        of_night = part.startswith("nightlines")
        day = night if of_night else entry.business_date
        late = head(entry, business_date=day, by_night=of_night, kind="share" if of_night else "receipt")
        table = "ledger_" + part.format(day=f"{entry.business_date:%Y%m}", night=f"{night:%Y%m}")
        column = "amounts_minor" if of_night else "amount_minor"
        for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with refused("only ever added"):
                sql(change)

        def two(credit: int) -> str:
            if of_night:
                arrays = f"ARRAY[{wallet}, {income}], ARRAY[100, {credit}]"
                return f"INSERT INTO {table} VALUES ({late.pk}, {entity}, '{day}', {arrays})"
            one = (
                f"({late.pk}, {a}, {entity}, {m}, '{day}', {n})" for n, a, m in [(1, wallet, 100), (2, income, credit)]
            )
            return f"INSERT INTO {table} VALUES {', '.join(one)}"

        with refused("does not balance"):
            sql(two(-90))
        sql(two(-100))
        with refused("duplicate key"):
            sql(two(-100))

    def test_a_line_of_the_day_cannot_hide_in_the_night(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        open_part("night", entry.business_date)
        with refused("not those its head names"), transaction.atomic():
            night_lines(head(entry), [wallet, income], [100, -100], entity=entity)

    def test_a_line_of_the_night_cannot_hide_in_the_day(self, entry: Entry) -> None:
        entity, wallet, income = places(entry)
        night = entry.business_date - timedelta(days=1)
        days.close_day(night)
        with refused("not those its head names"), transaction.atomic():
            late = head(entry, business_date=night, by_night=True, kind="share")
            open_part("month", night)
            lines(late, (1, wallet, entity, 100), (2, income, entity, -100))

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
                "INSERT INTO ledger_posting_day (business_date, entry_id, line, account_id, entity_id, amount_minor)"
                " SELECT business_date, entry_id, line + 2, account_id, entity_id, amount_minor FROM ledger_posting_day"
            )


NIGHT = date(2026, 3, 31)
OF_HEAD: Final = "not those its head names"
FOREIGN: Final = "another entity or book"


def night_lines(
    entry: Entry,
    accounts: Sequence[int | None],
    amounts: Sequence[int | None],
    *,
    entity: int,
    table: str = "ledger_nightlines",
) -> None:
    """The lines of an entry of a night, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (entry_id, entity_id, business_date, account_ids, amounts_minor)"
            " VALUES (%s, %s, %s, %s::bigint[], %s::bigint[])",
            [entry.pk, entity, entry.business_date, list(accounts), list(amounts)],
        )


@dataclass
class Night:
    """An entry of a closed date that is not sealed, and whoever tries to add to it, naming one of the tables."""

    shared: Entry
    entity: int
    wallet: int
    income: int
    table: str

    def head(self, **changes: Any) -> Entry:
        """Of 100, with two lines to come."""
        return head(self.shared, **{"posting_count": 2, "debit_total_minor": 100} | changes)

    def add(self, entry: Entry, accounts: Sequence[int | None], amounts: Sequence[int | None], entity: int = 0) -> None:
        night_lines(entry, accounts, amounts, entity=entity or self.entity, table=self.table)

    @property
    def two(self) -> list[int]:
        return [self.wallet, self.income]


@pytest.fixture(params=["the application", "the owner", "the owner, into the part"])
def night(request: pytest.FixtureRequest) -> Iterator[Night]:
    entity = firm()
    with past_noon(NIGHT):
        post(receipt(entity, 500))
    with past_noon(NIGHT + timedelta(days=1)):
        days.close_day(NIGHT)
        shared = post_one(share(entity, {"mei": 50}), by="Fay", night=NIGHT)
        connection.check_constraints()
        wallet, income = (open_account(entity.pk, kind).pk for kind in (Kind.WALLET, Kind.INCOME_OUTSIDE))
        table = "ledger_nightlines_202603" if request.param.endswith("part") else "ledger_nightlines"
        with as_application() if request.param == "the application" else nullcontext():
            yield Night(shared, entity.pk, wallet, income, table)


class TestNewLinesOfANight:
    """The same for entries whose lines stand side by side, and what only arrays can get wrong."""

    def test_what_is_right_is_stored(self, night: Night) -> None:
        late = night.head()
        night.add(late, night.two, [100, -100])
        connection.check_constraints()
        stored = Posting.objects.filter(entry_id=late.pk).order_by("line")
        assert list(stored.values_list("line", "account_id", "entity_id", "amount_minor", "by_night")) == [
            (1, night.wallet, night.entity, 100, True),
            (2, night.income, night.entity, -100, True),
        ]
        assert Balance.objects.get(pk=night.wallet).amount_minor == 500 - 50 + 100

    def test_one_side_only(self, night: Night) -> None:
        with refused("does not balance"), transaction.atomic():
            night.add(night.head(), night.two, [100, -90])

    @pytest.mark.parametrize("amounts", [(100,), (100, -100, 5), (100, -100, 5, -5), (-100,)])
    def test_arrays_of_unequal_length(self, night: Night, amounts: tuple[int, ...]) -> None:
        for count in (2, len(amounts)):
            with refused(f"{FOREIGN}|does not balance|{OF_HEAD}"), transaction.atomic():
                night.add(night.head(posting_count=max(count, 2)), night.two, amounts)

    def test_fewer_accounts_than_amounts_where_all_else_is_right(self, night: Night) -> None:
        for accounts in ([night.wallet], [night.income]):
            with refused(f"{FOREIGN}|{OF_HEAD}"), transaction.atomic():
                night.add(night.head(), accounts, [100, -100])
        with refused(f"{FOREIGN}|{OF_HEAD}"), transaction.atomic():
            night.add(night.head(posting_count=4, debit_total_minor=105), night.two, [100, -100, 5, -5])

    @pytest.mark.parametrize(
        ("accounts", "amounts"),
        [
            ("{{{wallet},{income}}}", "{{{{-600}},{{600}}}}"),
            ("{{{wallet},{income}}}", "{{{{-600,600}}}}"),
            ("{{{{{wallet}}},{{{income}}}}}", "{{-600,600}}"),
            ("{{{{{wallet},{income}}}}}", "{{{{-600,600}}}}"),
            ("[0:1]={{{wallet},{income}}}", "{{-600,600}}"),
            ("{{{wallet},{income}}}", "[0:1]={{-600,600}}"),
            ("{{{wallet},{income}}}", "[2:3]={{-600,600}}"),
        ],
    )
    def test_arrays_of_another_shape_do_not_pass_by_the_kept_balance(
        self, night: Night, accounts: str, amounts: str
    ) -> None:
        for minor in (600, 100):  # more than there is, and less
            arrays = [each.format(wallet=night.wallet, income=night.income) for each in (accounts, amounts)]
            arrays[1] = arrays[1].replace("600", str(minor))
            with refused(f"{OF_HEAD}|would need 150 more"), transaction.atomic():
                late = night.head(debit_total_minor=minor)
                sql(f"INSERT INTO {night.table} VALUES (%s, %s, %s, %s, %s)", late.pk, night.entity, NIGHT, *arrays)

    def test_an_account_in_two_lines(self, night: Night) -> None:
        accounts, lines = [night.wallet, night.income, night.wallet], {"posting_count": 3}
        with refused("would need 1 more"), transaction.atomic():
            night.add(night.head(debit_total_minor=451, **lines), accounts, [-226, 451, -225])
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(**lines), [night.wallet, 10**12, night.wallet], [50, -100, 50])
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(**lines), [night.wallet, None, night.wallet], [50, -100, 50])
        night.add(night.head(debit_total_minor=150, **lines), accounts, [150, -50, -100])
        night.add(night.head(reference="again", debit_total_minor=450, **lines), accounts, [-200, 450, -250])
        assert Balance.objects.get(pk=night.wallet).amount_minor == 500 - 50 + 50 - 450

    def test_more_accounts_than_amounts_where_the_head_counts_them(self, night: Night) -> None:
        with refused(OF_HEAD), transaction.atomic():
            night.add(night.head(posting_count=3), [*night.two, night.wallet], [100, -100])

    @pytest.mark.parametrize("amounts", [(100, None), (None, None), (100, -100, None)])
    def test_an_amount_that_is_missing(self, night: Night, amounts: tuple[int | None, ...]) -> None:
        accounts = [*night.two, night.wallet][: len(amounts)]
        with refused(f"does not balance|{OF_HEAD}"), transaction.atomic():
            night.add(night.head(posting_count=len(amounts)), accounts, amounts)

    @pytest.mark.parametrize("third", [(None, 0), (None, None), (None, 5)])
    def test_an_account_that_is_missing(self, night: Night, third: tuple[None, int | None]) -> None:
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(posting_count=3), [*night.two, third[0]], [100, -100, third[1]])
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(), [night.wallet, None], [100, -100])

    def test_no_line_at_all(self, night: Night) -> None:
        with refused(OF_HEAD), transaction.atomic():
            night.add(night.head(), [], [])

    @pytest.mark.parametrize("column", ["account_ids", "amounts_minor", "entity_id"])
    def test_nothing_for_a_column(self, night: Night, column: str) -> None:
        values = {"entity_id": str(night.entity), "account_ids": f"'{{{night.wallet},{night.income}}}'",
                  "amounts_minor": "'{100,-100}'"} | {column: "NULL"}  # fmt: skip
        with refused("not-null constraint"), transaction.atomic():
            sql(
                f"INSERT INTO {night.table} (entry_id, business_date, {', '.join(values)})"
                f" VALUES ({night.head().pk}, '{NIGHT}', {', '.join(values.values())})"
            )

    def test_of_nothing(self, night: Night) -> None:
        with refused("moves nothing"), transaction.atomic():
            night.add(night.head(posting_count=3), [*night.two, night.wallet], [100, -100, 0])

    @pytest.mark.parametrize("changes", [{"posting_count": 3}, {"debit_total_minor": 99}])
    def test_other_than_the_head_says(self, night: Night, changes: dict[str, int]) -> None:
        with refused(OF_HEAD), transaction.atomic():
            night.add(night.head(**changes), night.two, [100, -100])

    @pytest.mark.parametrize("many", [1, 2])
    def test_an_old_entry_takes_no_more(self, night: Night, many: int) -> None:
        for accounts, amounts in ((night.two * many, [5, -5] * many), ([], [])):
            with refused(f"duplicate key|{OF_HEAD}"), transaction.atomic():
                night.add(night.shared, accounts, amounts)

    def test_the_same_again(self, night: Night) -> None:
        with refused("duplicate key"):
            sql(f"INSERT INTO {night.table} SELECT * FROM ledger_nightlines")
        with refused("duplicate key"), transaction.atomic():
            late = night.head().pk
            row = f"({late}, {night.entity}, '{NIGHT}', '{{{night.wallet},{night.income}}}', '{{100,-100}}')"
            sql(f"INSERT INTO {night.table} VALUES {row}, {row}")

    @pytest.mark.parametrize("day", [NIGHT - timedelta(days=1), NIGHT + timedelta(days=1)])
    def test_on_another_date_than_the_head(self, night: Night, day: date) -> None:
        open_part("night", day)
        for again in (True, False):  # an old entry once more, and one whose own lines are still to come
            with refused(f"{OF_HEAD}|partition constraint"), transaction.atomic():
                late = night.shared if again else night.head()
                late.business_date = day
                night.add(late, night.two, [100, -100])
            night.shared.business_date = NIGHT

    def test_on_two_dates(self, night: Night) -> None:
        with refused(OF_HEAD), transaction.atomic():
            late = night.head().pk
            lines = f"'{{{night.wallet},{night.income}}}', '{{100,-100}}'"
            sql(
                f"INSERT INTO {night.table} VALUES ({late}, {night.entity}, '{NIGHT}', {lines}),"
                f" ({late}, {night.entity}, '{NIGHT - timedelta(days=1)}', {lines})"
            )

    def test_without_a_head(self, night: Night) -> None:
        night.shared.pk = 10**12
        with refused(f"{FOREIGN}|{OF_HEAD}"), transaction.atomic():
            night.add(night.shared, night.two, [100, -100])

    def test_in_an_account_of_another_entity(self, night: Night) -> None:
        other = firm("Cold Chain").pk
        theirs = open_account(other, Kind.INCOME_OUTSIDE).pk
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(), [night.wallet, theirs], [100, -100])
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(), night.two, [100, -100], entity=other)
        with refused(FOREIGN), transaction.atomic():
            night.add(night.head(), [night.wallet, 10**12], [100, -100])

    def test_in_an_account_of_the_other_book(self, night: Night) -> None:
        shadow = open_account(night.entity, Kind.INCOME_OUTSIDE, book=Book.SHADOW).pk
        for book in Book:
            with refused(FOREIGN), transaction.atomic():
                night.add(night.head(book=book), [night.wallet, shadow], [100, -100])

    def test_that_take_a_wallet_below_zero(self, night: Night) -> None:
        with refused("would need 1 more"), transaction.atomic():
            night.add(night.head(debit_total_minor=451), night.two, [-451, 451])

    def test_that_take_it_below_zero_in_two_entries_of_one_statement(self, night: Night) -> None:
        with refused("would need 2 more"), transaction.atomic():
            rows = [
                f"({night.head(reference=name, debit_total_minor=226).pk}, {night.entity}, '{NIGHT}',"
                f" '{{{night.wallet},{night.income}}}', '{{-226,226}}')"
                for name in ("one", "two")
            ]
            sql(f"INSERT INTO {night.table} VALUES {', '.join(rows)}")

    def test_a_right_entry_does_not_carry_a_wrong_one(self, night: Night) -> None:
        with refused("does not balance"), transaction.atomic():
            accounts = f"'{{{night.wallet},{night.income}}}'"
            right, wrong = (night.head(reference=name).pk for name in ("right", "wrong"))
            sql(
                f"INSERT INTO {night.table} VALUES"
                f" ({right}, {night.entity}, '{NIGHT}', {accounts}, '{{100,-100}}'),"
                f" ({wrong}, {night.entity}, '{NIGHT}', {accounts}, '{{100,-99}}')"
            )

    def test_that_never_come(self, night: Night) -> None:
        with refused("has no lines"), transaction.atomic():
            night.head()
            connection.check_constraints()

    def test_that_come_where_a_days_lines_are(self, night: Night) -> None:
        with refused(OF_HEAD), transaction.atomic():
            lines(night.head(), (1, night.wallet, night.entity, 100), (2, night.income, night.entity, -100))

    def test_by_copy(self, night: Night) -> None:
        with refused("does not balance"), transaction.atomic(), connection.cursor() as cursor:
            row = f"{night.head().pk}\t{night.entity}\t{NIGHT}\t{{{night.wallet},{night.income}}}\t{{100,-99}}\n"
            with connection.wrap_database_errors:
                cursor.cursor.copy_expert(f"COPY {night.table} FROM STDIN", StringIO(row))

    def test_on_a_sealed_date_even_for_a_head_that_is_there(self, night: Night) -> None:
        days.seal_day(NIGHT)
        with refused("is sealed"), transaction.atomic():
            night.head()
        with refused("duplicate key"), transaction.atomic():
            night.add(night.shared, night.two, [100, -100])


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
            "INSERT INTO public.ledger_posting_day VALUES (777, %s, %s, 100, %s, 1), (777, %s, %s, -100, %s, 2)",
            wallet, entity, day, income, entity, day,
        )  # fmt: skip


@pytest.mark.parametrize("night", ["the owner"], indirect=True)
def test_nor_for_those_of_a_night(night: Night) -> None:
    sql("CREATE TEMP TABLE ledger_entry (LIKE public.ledger_entry)")
    sql("INSERT INTO pg_temp.ledger_entry SELECT * FROM public.ledger_entry WHERE by_night")
    sql("UPDATE pg_temp.ledger_entry SET id = 777, posting_count = 2, debit_total_minor = 100")
    with refused("names an account|not those its head names"):
        sql(
            "INSERT INTO public.ledger_nightlines VALUES (777, %s, %s, %s, '{100,-100}')",
            night.entity, NIGHT, night.two,
        )  # fmt: skip
