"""A closed date takes the settlement only, a sealed one takes nothing, and sealed dates form a chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from core import clock, past
from core.errors import Conflict, Invalid
from ledger import days, proofs, queries, writer
from ledger.accounts import Kind
from ledger.errors import BooksDoNotAgree, DayClosed
from ledger.models import BusinessDay, Entity, Entry, Posting
from tests.ledger.books import BY, cost, firm, post, receipt, share

pytestmark = pytest.mark.django_db
D1, D2, D3, D4 = (date(2026, 3, day) for day in (1, 2, 3, 4))


@contextmanager
def noon(day: date) -> Iterator[None]:
    """The market's clock at noon of a date, in the company's zone."""
    with past.at(datetime.combine(day, time(12), clock.company_zone())):
        yield


@pytest.fixture
def blue_kettle() -> Entity:
    """Earned 100.00 on the first and again on the second of March."""
    entity = firm()
    for number, day in enumerate((D1, D2)):
        with noon(day):
            post(receipt(entity, 100_00, f"receipt:{number}"))
    return entity


def test_a_date_that_is_not_over_cannot_be_closed(blue_kettle: Entity) -> None:
    with noon(D2), pytest.raises(Invalid, match="not over"):
        days.close_day(D2)
    with past.at(datetime.combine(D3, time(0), clock.company_zone())):
        assert days.close_day(D2).date == D2


def test_an_ordinary_entry_lands_on_the_open_date_only(blue_kettle: Entity) -> None:
    with noon(D3):
        days.close_day(D2)
        assert days.open_date() == D3
        (late,) = post(cost(blue_kettle, 1))
        assert late.business_date == D3
    with noon(D2), pytest.raises(DayClosed, match="closed"):
        post(cost(blue_kettle, 1, "cost:late"))
    with noon(D1), pytest.raises(DayClosed):  # a closed date closes those before it
        post(cost(blue_kettle, 1, "cost:later"))


@pytest.mark.parametrize("threshold", [10**9, 1], ids=["by insert", "by copy"])
def test_the_refusal_of_a_date_reads_the_same_by_copy(
    blue_kettle: Entity, monkeypatch: pytest.MonkeyPatch, threshold: int
) -> None:
    monkeypatch.setattr(writer, "COPY_FROM_LINES", threshold)
    with noon(D3):
        days.close_day(D2)
    with noon(D2), pytest.raises(DayClosed, match="March 2, 2026"):
        post(cost(blue_kettle, 1))


def test_the_settlement_posts_on_a_closed_date_until_it_is_sealed(blue_kettle: Entity) -> None:
    with noon(D3):
        draft = share(blue_kettle, {"mei": 30_00})
        with pytest.raises(Conflict, match="still open"):  # an entry could still arrive
            writer.post_one(draft, by=BY, night=D3)
        days.close_day(D2)
        entry = writer.post_one(draft, by=BY, night=D2)
        assert (entry.business_date, entry.effective_date) == (D2, D2)
        with pytest.raises(DayClosed):
            writer.post_one(cost(blue_kettle, 1), by=BY, night=D2)
        days.seal_day(D2)
        with pytest.raises(DayClosed):
            writer.post_one(share(blue_kettle, {"mei": 1}, "share:2"), by=BY, night=D2)
        assert writer.post_one(draft, by=BY, night=D2) == entry, "a repeat after the seal finds what is stored"


def test_plain_sql_meets_the_same_gate(blue_kettle: Entity) -> None:
    with noon(D3):
        days.close_day(D2)
        with pytest.raises(IntegrityError, match="closed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO ledger_entry
                    (reference, kind, subject, memo, book, business_date, effective_date, posted_at, posted_by,
                     posting_count, debit_total_minor, content_hash, by_night)
                SELECT 'by hand', kind, subject, memo, book, business_date, effective_date, posted_at, posted_by,
                       posting_count, debit_total_minor, content_hash, false FROM ledger_entry LIMIT 1
                """
            )


def test_closing_twice_is_closing_once(blue_kettle: Entity) -> None:
    with noon(D4):
        first = days.close_day(D2, by="Fay")
        again = days.close_day(D2)
    assert (again.closed_by, again.closed_at) == ("Fay", first.closed_at)
    assert list(BusinessDay.objects.order_by("date").values_list("date", flat=True)) == [D1, D2]


def test_a_quiet_date_can_be_closed_and_sealed(blue_kettle: Entity) -> None:
    with noon(D4):
        days.close_day(D3)
        sealed = days.seal_day(D3)
    assert (sealed.entry_count, sealed.posting_count, sealed.debit_totals) == (0, 0, {})


def test_sealing_counts_and_chains_every_date_before_it(blue_kettle: Entity) -> None:
    with noon(D4):
        days.close_day(D2)
        assert days.is_closed(D1)
        assert not days.is_sealed(D1)
        second = days.seal_day(D2, by="Fay")
        first = BusinessDay.objects.get(date=D1)
        assert (first.entry_count, first.posting_count, first.debit_totals) == (1, 2, {"real CNY": 100_00})
        assert first.sealed_by == second.sealed_by == "Fay"
        assert (first.previous_hash, second.previous_hash) == ("", first.day_hash)
        assert days.seal_day(D2).day_hash == second.day_hash
        assert (days.closed_through(), days.sealed_through()) == (D2, D2)
        with pytest.raises(DayClosed):
            days.close_day(D1 - timedelta(days=1))


def test_an_open_date_cannot_be_sealed(blue_kettle: Entity) -> None:
    with noon(D4), pytest.raises(Conflict, match="Close the books"):
        days.seal_day(D2)


@pytest.mark.parametrize(
    ("table", "forged", "record"),
    [
        ("ledger_posting_day", "DELETE FROM ledger_posting_day WHERE business_date = %s AND line = 2", "receipt:0"),
        ("ledger_posting_day", "UPDATE ledger_posting_day SET amount_minor = 1 WHERE business_date = %s", "receipt:0"),
        ("ledger_nightlines", "DELETE FROM ledger_nightlines WHERE business_date = %s", "share:1"),
        (
            "ledger_nightlines",
            "UPDATE ledger_nightlines SET amounts_minor = amounts_minor || -amounts_minor[1],"
            " account_ids = account_ids || account_ids[1] WHERE business_date = %s",
            "share:1",
        ),
    ],
)
def test_a_date_that_fails_its_proofs_is_not_sealed(blue_kettle: Entity, table: str, forged: str, record: str) -> None:
    with noon(D4), connection.cursor() as cursor:
        days.close_day(D2)
        writer.post_one(share(blue_kettle, {"mei": 30_00}), by=BY, night=D1)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(forged, [D1])
        assert cursor.rowcount
        with pytest.raises(BooksDoNotAgree, match=record):
            days.seal_day(D2)
        assert not days.is_sealed(D1)


@pytest.mark.parametrize("minor", [-1, 2**63 - 1], ids=["off by one", "more than a snapshot holds"])
def test_a_date_that_is_proved_beside_its_snapshot_is_not_sealed_either(cloned_db: str, minor: int) -> None:
    entity = firm()
    with noon(D1), transaction.atomic():
        post(receipt(entity, 100_00, "receipt:0"), receipt(entity, 50_00, "receipt:1"))
    with noon(D2):
        days.close_day(D1)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ledger_posting_day DISABLE TRIGGER USER")
            cursor.execute("UPDATE ledger_posting_day SET amount_minor = %s WHERE line = 2", [minor])
            cursor.execute("ALTER TABLE ledger_posting_day ENABLE TRIGGER USER")
        with pytest.raises(BooksDoNotAgree, match="March 1, 2026 cannot be sealed: entry"):
            days.seal_day(D1)
    assert not days.is_sealed(D1)
    assert proofs.last_snapshot() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_businessday SET closed_at = closed_at + interval '1 second'",
        "UPDATE ledger_businessday SET day_hash = 'x' WHERE date = '2026-03-02'",
        "UPDATE ledger_businessday SET sealed_at = NULL, day_hash = '', entry_count = NULL",
        "INSERT INTO ledger_businessday (date, closed_at, closed_by, sealed_by, previous_hash, day_hash)"
        " VALUES ('2026-02-27', now(), 'x', '', '', '')",
        "INSERT INTO ledger_businessday (date, closed_at, closed_by, sealed_by, previous_hash, day_hash)"
        " VALUES ('2036-02-27', now(), 'x', '', '', '')",
    ],
)
def test_a_sealed_date_cannot_be_touched(blue_kettle: Entity, statement: str) -> None:
    with noon(D4):
        days.close_day(D2)
        days.seal_day(D2)
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_results_read_the_books_by_business_date(blue_kettle: Entity) -> None:
    with noon(D3):
        post(cost(blue_kettle, 40_00))
    read = [queries.result([blue_kettle.pk], since, until)[blue_kettle.pk] for since, until in [(D1, D1), (D2, D3)]]
    assert read == [(100_00, 0), (100_00, 40_00)]
    assert queries.result([blue_kettle.pk], D1, D3)[blue_kettle.pk] == (200_00, 40_00)
    assert queries.balance(blue_kettle.pk, Kind.EXPENSE_OUTSIDE) == 40_00


def shared_nights(entity: Entity, *nights: date) -> list[Entry]:
    """Each of those dates closed, its night's share posted, and sealed."""
    entries = []
    for day in nights:
        with noon(day + timedelta(days=1)):
            days.close_day(day)
            draft = share(entity, {"mei": 5_00, "sol": 1_00}, f"share:{day}")
            with transaction.atomic():
                entries.append(writer.post_one(draft, by="Fay", night=day))
            connection.check_constraints()
            days.seal_day(day)
    return entries


def lines_of(*entries: Entry) -> list[tuple[object, ...]]:
    found = Posting.objects.filter(entry_id__in=[entry.pk for entry in entries])
    return list(found.order_by("business_date", "entry_id", "line").values_list())


def months_of_nights() -> dict[str, str]:
    """The parts of the nights' lines and the dates that each takes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)"
            " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'ledger_nightlines'::regclass"
        )
        return dict(cursor.fetchall())


def test_the_nights_of_a_month_are_one_table_from_the_start(blue_kettle: Entity) -> None:
    nights = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 31), date(2026, 4, 1)
    march, april = "ledger_nightlines_202603", "ledger_nightlines_202604"
    *of_march, of_april = shared_nights(blue_kettle, *nights)
    assert months_of_nights() == {
        march: "FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')",
        april: "FOR VALUES FROM ('2026-04-01') TO ('2026-05-01')",
    }
    with connection.cursor() as cursor:
        for table, entries in ((march, of_march), (april, [of_april])):
            cursor.execute(f"SELECT entry_id, business_date FROM {table} ORDER BY 1")
            assert cursor.fetchall() == [(entry.pk, entry.business_date) for entry in entries]
            for change in (f"UPDATE {table} SET amounts_minor = '{{1}}'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
                    cursor.execute(change)
    call_command("check_books")


def test_an_old_month_of_nights_can_be_put_away_and_the_rest_stays_readable(blue_kettle: Entity) -> None:
    march, april = shared_nights(blue_kettle, date(2026, 3, 31), date(2026, 4, 1))
    kept, whole = lines_of(april), lines_of(march, april)
    assert len(kept) == 5
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_nightlines DETACH PARTITION ledger_nightlines_202603")
        assert lines_of(march, april) == kept
        assert proofs.search(proofs.DATED[1], date(2026, 4, 1), date.max) is None
        assert queries.balance(blue_kettle.pk, Kind.PAYABLE, "person:mei") == 10_00, "from the snapshot of that night"
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            cursor.execute("DELETE FROM ledger_nightlines_202603")
        cursor.execute(
            "ALTER TABLE ledger_nightlines ATTACH PARTITION ledger_nightlines_202603"
            " FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')"
        )
    assert lines_of(march, april) == whole
    call_command("check_books")
