"""What other ledgers let through, hole by hole: ours refuses each through the ORM and through plain SQL.

Each hole was tried on hordak, pgledger or django-ledger, and committed there. Here it is tried on an entry of today, a
row for each line, and on one of a night before and after its seal, a row with its lines side by side; once as the role
that serves a company, which has not the right, and once as the owner of the tables, who meets the guard. Statements
about lines name the view that reads them, the table that has them and the part of it. After each refusal everything
stored is what it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any, Final

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from pytest_django.plugin import DjangoDbBlocker

from core import clock, past
from haier_market import roles
from ledger import days, writer
from ledger.accounts import Kind
from ledger.errors import ReferenceReused
from ledger.models import Account, Balance, BusinessDay, Entity, Entry, Posting
from tests.cast import begin_in_the_morning
from tests.databases import Told, as_application, told
from tests.ledger.books import BY, firm, post, receipt, share

pytestmark = pytest.mark.django_db
REFUSED: Final = (
    "only ever added|permission denied|must be owner|duplicate key|does not balance|not those its head names"
    "|a_reference_stands_for_one_entry|is sealed|has no lines|follow the lines"
    '|cannot (insert into|update|delete from) view "ledger_posting"|"ledger_posting" is not a table'
)
VIEW: Final = "ledger_posting"


@dataclass
class Books:
    """Two entries of the same age and what a line needs: the entity and two of its accounts, by number."""

    entry: Entry
    other: Entry
    entity: int
    wallet: int
    income: int
    named: str = ""
    """Which table a statement about lines names; the one that has them when nothing else is said."""

    @property
    def stored_in(self) -> str:
        return "ledger_nightlines" if self.entry.by_night else "ledger_posting_day"

    @property
    def part(self) -> str:
        """The part of that table with the entry's month."""
        return f"{self.stored_in}_{self.entry.business_date:%Y%m}"

    @property
    def table(self) -> str:
        return self.named or self.stored_in

    @property
    def in_arrays(self) -> bool:
        return self.entry.by_night and self.table != VIEW

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

    def inserted(self, entry: str, *lines: tuple[int, int], since: int = 1) -> str:
        """Lines of an entry as (account, amount), numbered from there, as one INSERT."""
        day = self.entry.business_date
        if self.in_arrays:
            accounts, amounts = ([str(each) for each in column] for column in zip(*lines, strict=True))
            return (
                f"INSERT INTO {self.table} (entry_id, entity_id, business_date, account_ids, amounts_minor) VALUES"
                f" ({entry}, {self.entity}, '{day}', '{{{','.join(accounts)}}}', '{{{','.join(amounts)}}}')"
            )
        last, value = ("", "") if self.table != VIEW else (", by_night", f", {self.entry.by_night}")
        rows = [
            f"({entry}, {account}, {self.entity}, {minor}, '{day}', {number}{value})"
            for number, (account, minor) in enumerate(lines, start=since)
        ]
        return (
            f"INSERT INTO {self.table} (entry_id, account_id, entity_id, amount_minor, business_date, line{last})"
            f" VALUES {', '.join(rows)}"
        )

    def changed(self, of_a_line: str, of_arrays: str, line: str = "") -> list[str]:
        """An UPDATE of the entry's lines (of that one only, where lines are rows)."""
        if self.in_arrays:
            return [f"UPDATE {self.table} SET {of_arrays} WHERE {self.of}"]
        return [f"UPDATE {self.table} SET {of_a_line} WHERE {self.of} {line}"]


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
    debit = books.entry.debit_total_minor
    return [books.copied_head("one side"), books.inserted(new, (books.wallet, 60), (books.wallet, debit - 60))]


def more_legs(books: Books) -> None:
    n = books.entry.posting_count
    Posting.objects.bulk_create(
        [books.line(books.entry.pk, n + 1, books.wallet, 5), books.line(books.entry.pk, n + 2, books.income, -5)]
    )


def more_legs_in_sql(books: Books) -> list[str]:
    legs = (books.wallet, 5), (books.income, -5)
    return [books.inserted(str(books.entry.pk), *legs, since=books.entry.posting_count + 1)]


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
        lambda b: b.changed(
            "amount_minor = amount_minor * 2",
            "amounts_minor = ARRAY(SELECT 2 * minor FROM unnest(amounts_minor) minor)",
        ),
    ),
    "hordak: DELETE of lines": (
        lambda b: b.lines()._raw_delete("default"),
        lambda b: [f"DELETE FROM {b.table} WHERE {b.of}"],
    ),
    "hordak: DELETE of an entry": (
        lambda b: Entry.objects.filter(pk=b.entry.pk)._raw_delete("default"),
        lambda b: [f"DELETE FROM ledger_entry WHERE id = {b.entry.pk}"],
    ),
    "hordak: TRUNCATE of the lines": (
        lambda b: emptied(b.stored_in),
        lambda b: [f"TRUNCATE {b.table}"],
    ),
    "hordak: TRUNCATE of the entries": (
        lambda b: emptied("ledger_entry"),
        lambda b: ["TRUNCATE ledger_entry CASCADE"],
    ),
    "hordak: adding legs to an old entry": (more_legs, more_legs_in_sql),
    "hordak: adding legs to the lines that are there": (
        more_legs,
        lambda b: b.changed(
            "line = line + 1",
            f"account_ids = account_ids || {b.wallet} || {b.wallet}, amounts_minor = amounts_minor || 5 || -5",
        ),
    ),
    "hordak: posting twice, the head": (
        lambda b: b.head(b.entry.reference).save(),
        lambda b: [b.copied_head(b.entry.reference)],
    ),
    "hordak: posting twice, the lines": (
        lines_again,
        lambda b: [f"INSERT INTO {b.table} SELECT * FROM {b.table} WHERE {b.of}"],
    ),
    "hordak: moving a leg between entries": (
        lambda b: b.lines().filter(line=1).update(entry_id=b.other.pk),
        lambda b: b.changed(f"entry_id = {b.other.pk}", f"entry_id = {b.other.pk}", "AND line = 1"),
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
        lambda b: b.changed(f"account_id = {b.income}", f"account_ids[1] = {b.income}", "AND line = 1"),
    ),
}
OF_LINES: Final = (
    "hordak: rewriting both amounts",
    "hordak: DELETE of lines",
    "hordak: TRUNCATE of the lines",
    "hordak: adding legs to an old entry",
    "hordak: adding legs to the lines that are there",
    "hordak: posting twice, the lines",
    "hordak: moving a leg between entries",
    "pgledger: one-sided rows",
    "django-ledger: queryset.update() on posted rows",
)


@pytest.fixture(scope="module", params=["of today", "of a night", "of a sealed night"])
def told_books(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Told[Books]]:
    """Written once for each age: every hole is tried on books that are committed."""
    with django_db_blocker.unblock(), told(lambda: _books(request.param)) as books:
        yield books


@pytest.fixture
def books(db: None, told_books: Told[Books]) -> Books:
    return deepcopy(told_books.what)


def _books(age: str) -> Books:
    begin_in_the_morning()
    entity = firm()
    today = clock.business_date()
    yesterday = today - timedelta(days=1)
    with noon(yesterday):
        post(receipt(entity, 500, "before"))
    days.close_day(yesterday)
    night = [writer.post_one(share(entity, {name: 50}, name), by=BY, night=yesterday) for name in ("mei", "sol")]
    if age != "of a night":
        days.seal_day(yesterday)
    day = post(receipt(entity, 100), receipt(entity, 100, "receipt:2"))
    connection.check_constraints()
    entry, other = day if age == "of today" else night
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_nightlines ORDER BY business_date, entry_id")
        rows = cursor.fetchall()
    return [
        rows,
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


@pytest.mark.parametrize("hole", OF_LINES)
@pytest.mark.parametrize("place", ["the view", "the part"])
def test_plain_sql_is_refused_wherever_it_looks_for_the_lines(
    books: Books, somebody: str, hole: str, place: str
) -> None:
    statements = HOLES[hole][1](replace(books, named=VIEW if place == "the view" else books.part))
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
GUARDED: Final = (
    *("ledger_posting_day", "ledger_nightlines", "ledger_entry", "ledger_account", "ledger_balance"),
    "ledger_businessday",
)
LINES: Final = {"ledger_posting_day": "ledger_guard_postings", "ledger_nightlines": "ledger_guard_nightlines"}


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
        *(f"DROP TRIGGER entries_arrive_whole_and_balanced ON {table}" for table in LINES),
        *(f"DROP TRIGGER lines_are_append_only ON {table}" for table in LINES),
        *(f"CREATE TRIGGER mine BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION refuse_change('x')" for t in LINES),
        "DROP VIEW ledger_posting",
        "CREATE OR REPLACE VIEW ledger_posting AS SELECT 1 AS entry_id",
        "DROP TRIGGER lines_are_written_with_their_entry ON ledger_posting",
        "CREATE TRIGGER mine INSTEAD OF INSERT ON ledger_posting FOR EACH ROW EXECUTE FUNCTION refuse_change('x')",
        "CREATE RULE mine AS ON INSERT TO ledger_posting DO INSTEAD NOTHING",
        "CREATE RULE mine AS ON INSERT TO ledger_entry DO INSTEAD NOTHING",
        *(f"DROP FUNCTION {guard}() CASCADE" for guard in LINES.values()),
        *(
            f"CREATE OR REPLACE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$"
            for guard in LINES.values()
        ),
        *(f"ALTER FUNCTION {guard}() SECURITY INVOKER" for guard in LINES.values()),
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMPORARY TABLE ledger_entry (id int)",
        "CREATE SCHEMA mine",
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_entry DROP CONSTRAINT a_reference_stands_for_one_entry",
        "ALTER TABLE ledger_posting_day ALTER COLUMN amount_minor TYPE numeric",
        "ALTER TABLE ledger_nightlines ALTER COLUMN amounts_minor TYPE numeric[]",
        "ALTER TABLE ledger_nightlines DROP CONSTRAINT ledger_nightlines_pkey",
        "SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), 1)",
        "INSERT INTO ledger_balance (account_id, side, amount_minor) VALUES (-1, 1, 5)",
        "INSERT INTO ledger_awaited (business_date, by_night, entries) VALUES (now(), false, '{}')",
        "DELETE FROM ledger_awaited",
        "INSERT INTO ledger_snapshot VALUES (1, 5, '2026-01-01')",
        "INSERT INTO ledger_snapshotday VALUES ('2026-01-01', 1)",
        "DELETE FROM core_auditwaiting",
        "DELETE FROM django_migrations",
        *(f"SELECT ledger_open_part('mine', '{table}', '2030-01-01', '2040-01-01')" for table in LINES),
        *(f"SELECT ledger_guard_part('{table}')" for table in LINES),
    ],
)
def test_the_application_can_neither_change_a_table_nor_switch_a_guard_off(application: None, statement: str) -> None:
    with refused(DENIED):
        run(statement)


def test_the_application_reaches_the_lines_by_the_whole_only(books: Books, application: None) -> None:
    part, column = books.part, "amounts_minor" if books.entry.by_night else "amount_minor"
    for statement in (
        f"SELECT * FROM {part}",
        f"INSERT INTO {part} SELECT * FROM {books.stored_in} WHERE {books.of}",
        f"UPDATE {part} SET {column} = {column}",
        f"DELETE FROM {part}",
        f"TRUNCATE {part}",
        f"DROP TABLE {part}",
        f"ALTER TABLE {part} DISABLE TRIGGER USER",
        f"ALTER TABLE {books.stored_in} DETACH PARTITION {part}",
    ):
        with refused(DENIED):
            run(statement)


def test_a_snapshot_of_a_date_that_is_not_sealed_does_not_commit(books: Books, somebody: str) -> None:
    with refused("not sealed"):
        run(f"SELECT ledger_take_snapshot('{clock.business_date()}')")


def test_the_doors_do_nothing_that_is_not_due(application: None) -> None:
    before = stored()
    today = clock.business_date()
    run(f"SELECT ledger_open_month('{today}')", f"SELECT ledger_open_night('{today}')")
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
             WHERE r.rolname = %s AND c.relkind IN ('r', 'p', 'v') GROUP BY 1, 2
            """,
            [roles.APPLICATION],
        )
        rights = {name: (is_part, set(deeds)) for name, is_part, deeds in cursor.fetchall()}
    assert not any(is_part for is_part, _ in rights.values())
    assert {deed for _, deeds in rights.values() for deed in deeds} == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    for table in (*LINES, "ledger_entry", "ledger_account", "core_auditrecord"):
        assert rights[table][1] == {"SELECT", "INSERT"}
    assert rights[VIEW][1] == {"SELECT"}
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
