"""What other ledgers let through, hole by hole: ours refuses each through the ORM and through plain SQL.

Each hole was tried on hordak, pgledger or django-ledger, and committed there. Here it is tried on an entry of today and
on one of a sealed night, once as the role that serves a company, which has not the right, and once as the owner of the
tables, who meets the guard. After each refusal everything stored is what it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any, Final

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from core import clock, past
from haier_market import roles
from ledger import days, writer
from ledger.accounts import Kind
from ledger.errors import ReferenceReused
from ledger.models import Account, Balance, BusinessDay, Entity, Entry, Posting
from tests.databases import as_application
from tests.ledger.books import BY, firm, post, receipt, share

pytestmark = pytest.mark.django_db
REFUSED: Final = (
    "only ever added|permission denied|must be owner|duplicate key|does not balance|not those its head names"
    "|a_reference_stands_for_one_entry|is sealed|has no lines|follow the lines"
)


@dataclass
class Books:
    """Two entries of the same age and what a line needs: the entity and two of its accounts, by number."""

    entry: Entry
    other: Entry
    entity: int
    wallet: int
    income: int

    @property
    def of(self) -> str:
        """The lines of the entry, in SQL."""
        return f"business_date = '{self.entry.business_date}' AND entry_id = {self.entry.pk}"

    def lines(self) -> Any:
        """The lines of the entry, in the ORM."""
        return Posting.objects.filter(business_date=self.entry.business_date, entry_id=self.entry.pk)

    def line(self, entry: int, number: int, account: int, minor: int) -> Posting:
        return Posting(
            business_date=self.entry.business_date,
            entry_id=entry,
            line=number,
            account_id=account,
            entity_id=self.entity,
            amount_minor=minor,
            by_night=self.entry.by_night,
        )

    def head(self, reference: str) -> Entry:
        """A head like the entry's own, under a reference."""
        facts = {field.attname: getattr(self.entry, field.attname) for field in Entry._meta.concrete_fields}
        return Entry(**facts | {"id": None, "reference": reference})

    def copied_head(self, reference: str) -> str:
        """The same in SQL."""
        columns = [field.attname for field in Entry._meta.concrete_fields if field.attname not in ("id", "reference")]
        return (
            f"INSERT INTO ledger_entry (reference, {', '.join(columns)})"
            f" SELECT '{reference}', {', '.join(columns)} FROM ledger_entry WHERE id = {self.entry.pk}"
        )

    def value(self, entry: str, number: int, account: int, minor: int) -> str:
        day, by_night = self.entry.business_date, self.entry.by_night
        return f"({entry}, {account}, {self.entity}, {minor}, '{day}', {number}, {by_night})"


def emptied(*tables: str) -> None:
    """TRUNCATE, as Django's own `flush` does it."""
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), list(tables), allow_cascade=True))


def one_sided(books: Books) -> None:
    head = books.head("one side")
    head.save()
    Posting.objects.bulk_create(
        [books.line(head.pk, 1, books.wallet, 60), books.line(head.pk, 2, books.wallet, head.debit_total_minor - 60)]
    )


def one_sided_in_sql(books: Books) -> list[str]:
    new = "currval(pg_get_serial_sequence('ledger_entry', 'id'))"
    first, second = books.value(new, 1, books.wallet, 60), books.value(new, 2, books.wallet, 40)
    return [books.copied_head("one side"), f"INSERT INTO ledger_posting VALUES {first}, {second}"]


def more_legs(books: Books) -> None:
    n = books.entry.posting_count
    Posting.objects.bulk_create(
        [books.line(books.entry.pk, n + 1, books.wallet, 5), books.line(books.entry.pk, n + 2, books.income, -5)]
    )


def more_legs_in_sql(books: Books) -> list[str]:
    key, n = str(books.entry.pk), books.entry.posting_count
    first, second = books.value(key, n + 1, books.wallet, 5), books.value(key, n + 2, books.income, -5)
    return [f"INSERT INTO ledger_posting VALUES {first}, {second}"]


def lines_again(books: Books) -> None:
    Posting.objects.bulk_create([books.line(line.entry_id, line.line, line.account_id, line.amount_minor)
                                 for line in books.lines()])  # fmt: skip


def both_amounts(books: Books) -> object:
    return books.lines().update(amount_minor=F("amount_minor") * 2)


Orm = Callable[[Books], object]
Sql = Callable[[Books], list[str]]
HOLES: Final[dict[str, tuple[Orm, Sql]]] = {
    "hordak: rewriting both amounts": (
        both_amounts,
        lambda b: [f"UPDATE ledger_posting SET amount_minor = amount_minor * 2 WHERE {b.of}"],
    ),
    "hordak: DELETE of lines": (
        lambda b: b.lines()._raw_delete("default"),
        lambda b: [f"DELETE FROM ledger_posting WHERE {b.of}"],
    ),
    "hordak: DELETE of an entry": (
        lambda b: Entry.objects.filter(pk=b.entry.pk)._raw_delete("default"),
        lambda b: [f"DELETE FROM ledger_entry WHERE id = {b.entry.pk}"],
    ),
    "hordak: TRUNCATE of the lines": (
        lambda b: emptied("ledger_posting"),
        lambda b: ["TRUNCATE ledger_posting"],
    ),
    "hordak: TRUNCATE of the entries": (
        lambda b: emptied("ledger_entry"),
        lambda b: ["TRUNCATE ledger_entry CASCADE"],
    ),
    "hordak: adding legs to an old entry": (more_legs, more_legs_in_sql),
    "hordak: posting twice, the head": (
        lambda b: b.head(b.entry.reference).save(),
        lambda b: [b.copied_head(b.entry.reference)],
    ),
    "hordak: posting twice, the lines": (
        lines_again,
        lambda b: [f"INSERT INTO ledger_posting SELECT * FROM ledger_posting WHERE {b.of}"],
    ),
    "hordak: moving a leg between entries": (
        lambda b: b.lines().filter(line=1).update(entry_id=b.other.pk),
        lambda b: [f"UPDATE ledger_posting SET entry_id = {b.other.pk} WHERE {b.of} AND line = 1"],
    ),
    "pgledger: UPDATE of a head": (
        lambda b: Entry.objects.filter(pk=b.entry.pk).update(debit_total_minor=1),
        lambda b: [f"UPDATE ledger_entry SET memo = 'another' WHERE id = {b.entry.pk}"],
    ),
    "pgledger: UPDATE of an account": (
        lambda b: Account.objects.filter(pk=b.wallet).update(kind=Kind.HOLD),
        lambda b: [f"UPDATE ledger_account SET party = 'person:me' WHERE id = {b.income}"],
    ),
    "pgledger: DELETE of an account": (
        lambda b: Account.objects.filter(pk=b.income)._raw_delete("default"),
        lambda b: [f"DELETE FROM ledger_account WHERE id = {b.income}"],
    ),
    "pgledger: TRUNCATE of the accounts": (
        lambda b: emptied("ledger_account"),
        lambda b: ["TRUNCATE ledger_account CASCADE"],
    ),
    "pgledger: one-sided rows": (one_sided, one_sided_in_sql),
    "pgledger: a head without rows": (
        lambda b: b.head("no rows").save(),
        lambda b: [b.copied_head("no rows")],
    ),
    "pgledger: a balance of one's own": (
        lambda b: Balance.objects.filter(pk=b.wallet).update(amount_minor=10**9),
        lambda b: [f"UPDATE ledger_balance SET amount_minor = 1000000000 WHERE account_id = {b.wallet}"],
    ),
    "django-ledger: queryset.update() on posted rows": (
        lambda b: b.lines().filter(line=1).update(account_id=b.income),
        lambda b: [f"UPDATE ledger_posting SET account_id = {b.income} WHERE {b.of} AND line = 1"],
    ),
}


@pytest.fixture(params=["of today", "of a sealed night"])
def books(request: pytest.FixtureRequest) -> Books:
    entity = firm()
    today = clock.business_date()
    yesterday = today - timedelta(days=1)
    with noon(yesterday):
        post(receipt(entity, 500, "before"))
    days.close_day(yesterday)
    night = [writer.post_one(share(entity, {name: 50}, name), by=BY, night=yesterday) for name in ("mei", "sol")]
    days.seal_day(yesterday)
    day = post(receipt(entity, 100), receipt(entity, 100, "receipt:2"))
    connection.check_constraints()
    entry, other = night if request.param == "of a sealed night" else day
    wallet, income = (Account.objects.get(kind=kind).pk for kind in (Kind.WALLET, Kind.INCOME_OUTSIDE))
    return Books(entry, other, entity.pk, wallet, income)


@pytest.fixture(params=["the application", "the owner"])
def somebody(request: pytest.FixtureRequest, books: Books) -> Iterator[str]:
    with as_application() if request.param == "the application" else nullcontext():
        yield request.param


@contextmanager
def noon(day: date) -> Iterator[None]:
    with past.at(datetime.combine(day, time(12), clock.company_zone())):
        yield


@contextmanager
def refused(words: str = REFUSED) -> Iterator[None]:
    """The database says one of these words, at once or at commit, and everything stored stays what it was."""
    before = stored()
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield
        connection.check_constraints()
    assert stored() == before


def stored() -> list[object]:
    every = (Entry, Account, Balance, BusinessDay)
    return [
        *(list(model.objects.order_by("pk").values_list()) for model in every),
        list(Posting.objects.order_by("business_date", "entry_id", "line").values_list()),
    ]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize("hole", HOLES)
def test_the_orm_is_refused(books: Books, somebody: str, hole: str) -> None:
    with refused():
        HOLES[hole][0](books)


@pytest.mark.parametrize("hole", HOLES)
def test_plain_sql_is_refused(books: Books, somebody: str, hole: str) -> None:
    statements = HOLES[hole][1](books)
    with refused():
        run(*statements)


def test_posting_the_same_twice_adds_nothing_and_something_else_is_an_error(books: Books, somebody: str) -> None:
    entity = Entity.objects.get()
    draft = receipt(entity, 100)
    before = stored()
    assert post(draft)[0].reference == "receipt:1"
    assert stored() == before
    with pytest.raises(ReferenceReused):
        post(receipt(entity, 101))
    assert stored() == before


# What only the owner of the tables may do ----------------------------------------------------------------------------

DENIED: Final = "permission denied|must be owner"
GUARDED: Final = ("ledger_posting", "ledger_entry", "ledger_account", "ledger_balance", "ledger_businessday")


@pytest.fixture
def application(books: Books) -> Iterator[None]:
    with as_application():
        yield


@pytest.mark.parametrize(
    "statement",
    [
        *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in GUARDED),
        *(f"DROP TABLE {table} CASCADE" for table in GUARDED),
        *(f"TRUNCATE {table} CASCADE" for table in GUARDED),
        "DROP TRIGGER entries_arrive_whole_and_balanced ON ledger_posting",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger_posting FOR EACH ROW EXECUTE FUNCTION refuse_change('x')",
        "CREATE RULE mine AS ON INSERT TO ledger_entry DO INSTEAD NOTHING",
        "DROP FUNCTION ledger_guard_postings() CASCADE",
        "CREATE OR REPLACE FUNCTION ledger_guard_postings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
        "ALTER FUNCTION ledger_guard_postings() SECURITY INVOKER",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMPORARY TABLE ledger_entry (id int)",
        "CREATE SCHEMA mine",
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_posting DETACH PARTITION ledger_posting_night",
        "ALTER TABLE ledger_entry DROP CONSTRAINT a_reference_stands_for_one_entry",
        "ALTER TABLE ledger_posting ALTER COLUMN amount_minor TYPE numeric",
        "SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), 1)",
        "INSERT INTO ledger_balance (account_id, side, amount_minor) VALUES (-1, 1, 5)",
        "INSERT INTO ledger_awaited (business_date, by_night, entries) VALUES (now(), false, '{}')",
        "DELETE FROM ledger_awaited",
        "INSERT INTO ledger_snapshot VALUES (1, 5, '2026-01-01')",
        "INSERT INTO ledger_snapshotday VALUES ('2026-01-01', 1)",
        "DELETE FROM core_auditwaiting",
        "DELETE FROM django_migrations",
        "SELECT ledger_open_part('mine', 'ledger_posting_night', '2030-01-01', '2040-01-01')",
        "SELECT ledger_index_part('ledger_posting_night')",
        "SELECT ledger_guard_part('ledger_posting')",
    ],
)
def test_the_application_can_neither_change_a_table_nor_switch_a_guard_off(application: None, statement: str) -> None:
    with refused(DENIED):
        run(statement)


def test_the_application_reaches_the_lines_by_the_whole_only(books: Books, application: None) -> None:
    day = books.entry.business_date
    part = f"night_{day:%Y%m%d}" if books.entry.by_night else f"day_{day:%Y%m}"
    for statement in (
        f"SELECT * FROM ledger_posting_{part}",
        f"INSERT INTO ledger_posting_{part} SELECT * FROM ledger_posting WHERE {books.of}",
        f"UPDATE ledger_posting_{part} SET amount_minor = 1",
        f"DELETE FROM ledger_posting_{part}",
        f"TRUNCATE ledger_posting_{part}",
        f"DROP TABLE ledger_posting_{part}",
    ):
        with refused(DENIED):
            run(statement)


def test_a_snapshot_of_a_date_that_is_not_sealed_does_not_commit(books: Books, somebody: str) -> None:
    with refused("not sealed"):
        run(f"SELECT ledger_take_snapshot('{clock.business_date()}')")


def test_the_doors_do_nothing_that_is_not_due(application: None) -> None:
    before = stored()
    run(
        f"SELECT ledger_merge_nights('{clock.business_date()}')", f"SELECT ledger_open_night('{clock.business_date()}')"
    )
    assert stored() == before


# The role itself -----------------------------------------------------------------------------------------------------


def test_granting_a_second_time_changes_nothing() -> None:
    assert roles.grant() == []


def test_what_acts_with_the_owners_rights_is_named_and_looks_up_names_in_one_place_only() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT proname, has_function_privilege(%s, oid, 'EXECUTE'), proconfig @> '{"search_path=public, pg_temp"}'
              FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
            """,
            [roles.APPLICATION],
        )
        found = cursor.fetchall()
    assert {name for name, callable_by_role, _ in found if callable_by_role} == roles.DOORS
    assert all(pinned for _name, _callable, pinned in found)


def test_the_role_has_no_right_that_its_guards_would_refuse_and_none_on_a_part() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, c.relispartition, array_agg(a.privilege_type::text)
              FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
             WHERE r.rolname = %s AND c.relkind IN ('r', 'p') GROUP BY 1, 2
            """,
            [roles.APPLICATION],
        )
        rights = {name: (is_part, set(deeds)) for name, is_part, deeds in cursor.fetchall()}
    assert not any(is_part for is_part, _ in rights.values())
    assert {deed for _, deeds in rights.values() for deed in deeds} == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    for table in ("ledger_posting", "ledger_entry", "ledger_account", "core_auditrecord"):
        assert rights[table][1] == {"SELECT", "INSERT"}
    for table in roles.READ_ONLY:
        assert rights[table][1] == {"SELECT"}
    assert rights["ledger_businessday"][1] == {"SELECT", "INSERT", "UPDATE"}


def test_the_role_that_migrates_cannot_be_the_applications(settings: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="run it as the owner of the tables"):
        roles.grant(settings.DATABASES["default"]["USER"])
    with as_application(), pytest.raises(ImproperlyConfigured, match="run it as the owner of the tables"):
        roles.grant()


def test_a_role_that_is_missing_is_made_by_somebody_who_may(application: None) -> None:
    with pytest.raises(ImproperlyConfigured, match="As a superuser of the server: CREATE ROLE nobody_here LOGIN"):
        roles.grant("nobody_here")


def test_the_command_says_what_it_did() -> None:
    said = StringIO()
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE SELECT ON ledger_entry FROM {roles.APPLICATION}")
    call_command("grant_application_role", stdout=said, verbosity=2)
    assert said.getvalue().splitlines() == [
        f'GRANT SELECT ON TABLE "ledger_entry" TO "{roles.APPLICATION}";',
        f"The role {roles.APPLICATION} has the application's rights (1 statements were needed).",
    ]
