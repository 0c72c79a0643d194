"""A month of statements is added up once, when nothing can land in it any more."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError

from people.models import User
from settlement import access, statements
from settlement.actions import months
from settlement.models import AddedUpMonth, HandedOn, MonthSum, StatementLine
from settlement.replay import replay
from settlement.standing import Reader
from tests.databases import as_application
from tests.settlement.world import Seat, earn, firm, member, nights
from tests.threads import together

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 28)
LAST = date(2026, 11, 30)
ONE = timedelta(days=1)
COLUMNS = (
    "person_id, month, currency, shared_minor, recovered_minor, pay_minor, draws_minor, handed_on_minor, payable_minor"
)


@pytest.fixture
def mei() -> User:
    me = firm(Seat("Mei", 3), Seat("Teo", 1, "stable", 900), launched=DAY)
    earn(me, 1_000_01, DAY)
    earn(me, 2_000_01, LAST)
    earn(me, 3_000_01, LAST + ONE)
    return member(me, "Mei")


def test_a_month_is_added_up_when_its_last_date_is_sealed_and_not_before(mei: User) -> None:
    nights(LAST - ONE)
    assert not AddedUpMonth.objects.exists()
    nights(LAST)
    assert [each.month for each in AddedUpMonth.objects.all()] == [date(2026, 11, 1)]
    of_mei = MonthSum.objects.get(person=mei)
    assert of_mei.payable_minor == sum(line.payable_minor for line in StatementLine.objects.filter(person=mei))
    of_teo = MonthSum.objects.exclude(person=mei).get()
    assert (of_teo.pay_minor, of_teo.payable_minor) == (900, 900)
    assert months.add_up_over() == []
    assert access.reader_now_or_404(mei, None).months_end == LAST + ONE


def test_two_workers_add_a_month_up_once(cloned_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    me = firm(Seat("Mei", 3), launched=LAST)
    earn(me, 1_000_01, LAST)
    with monkeypatch.context() as later:
        later.setattr(months, "add_up_over", list)
        nights(LAST)
    found = together(3, lambda _worker: months.add_up_over())
    assert sorted(map(str, found)) == sorted(map(str, ([date(2026, 11, 1)], [], [])))
    assert MonthSum.objects.count() == 1


@pytest.mark.parametrize("table", ["outcome", "payline", "handedon"])
def test_nothing_lands_in_a_month_that_is_added_up(mei: User, table: str) -> None:
    nights(LAST + ONE)
    HandedOn.objects.create(
        microenterprise=mei.memberships.get().microenterprise,
        person=mei,
        night=LAST + ONE,
        currency="CNY",
        stake_minor=0,
        amount_minor=5,
        entry_reference="test",
    )
    changed = {"id": "gen_random_uuid()", "night": f"'{LAST}'::date", "business_date": f"'{LAST}'::date"}
    changed |= {"month": "month - 99", "microenterprise_id": f"'{firm(launched=DAY).pk}'::uuid"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
            [f"settlement_{table}"],
        )
        columns = [name for (name,) in cursor.fetchall()]
        values = ", ".join(changed.get(name, name) for name in columns)
        with pytest.raises(IntegrityError, match="a month that is added up gets no line"), transaction.atomic():
            cursor.execute(
                f"INSERT INTO settlement_{table} ({', '.join(columns)}) SELECT {values} FROM settlement_{table} LIMIT 1"
            )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE settlement_monthsum SET payable_minor = 0",
        "DELETE FROM settlement_monthsum",
        "TRUNCATE settlement_addedupmonth",
        "UPDATE settlement_addedupmonth SET month = month - 1",
    ],
)
def test_what_was_added_up_stays(mei: User, sql: str) -> None:
    nights(LAST)
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"INSERT INTO settlement_monthsum ({COLUMNS}) SELECT person_id, month - 31, currency, 1, 0, 0, 0, 0, 1"
        " FROM settlement_monthsum LIMIT 1",
        "INSERT INTO settlement_addedupmonth VALUES ('2027-01-01')",
    ],
)
def test_the_application_writes_no_sums_itself(mei: User, sql: str) -> None:
    nights(LAST)
    with as_application(), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute(sql)
        assert months.add_up_over() == []


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE settlement_monthsum SET shared_minor = shared_minor + 1 WHERE shared_minor > 0",
        "DELETE FROM settlement_monthsum WHERE pay_minor > 0",
        f"INSERT INTO settlement_monthsum ({COLUMNS}) SELECT person_id, month, 'JPY', 1, 0, 0, 0, 0, 1"
        " FROM settlement_monthsum LIMIT 1",
    ],
)
def test_a_replay_finds_sums_that_are_not_those_of_the_lines(mei: User, forgery: str) -> None:
    nights(LAST + ONE)
    assert replay(DAY, LAST).named == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE settlement_monthsum DISABLE TRIGGER USER")
        cursor.execute(forgery)
        assert cursor.rowcount == 1
    assert [named.day for named in replay(DAY, LAST).named] == [date(2026, 11, 1)]
    assert replay(LAST + ONE, LAST + ONE).named == [], "the month before was not asked for"


def test_a_first_page_of_lines_is_found_among_the_recent_ones(mei: User) -> None:
    """Whatever the history: as many lines as a page has, a year of them, and none in the last weeks."""
    me = mei.memberships.get().microenterprise
    for number in range(60):
        earn(me, 1_000_01, LAST + (number + 2) * ONE)
    nights(LAST + 62 * ONE)
    since, before = date(2026, 1, 1), date(2028, 1, 1)
    rows = StatementLine.objects.filter(person=mei).order_by(*statements.ORDER)
    for today in (LAST, LAST + 30 * ONE, LAST + 62 * ONE, LAST + 120 * ONE, date(2027, 12, 31)):
        reader = Reader(mei, today, since)
        seen: list[StatementLine] = []
        cursor = None
        while True:
            found = statements.page_of_lines(reader, since, before, "", cursor)
            seen += found.rows
            if (cursor := found.after) is None:
                break
        assert seen == list(rows)
