"""`check_books` passes on honest books and names the first bad record of every kind of forgery.

A forger with the rights of the tables' owner switches the triggers off; the proofs trust none of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any, Final

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from core import clock, past
from ledger import days, proofs, writer
from ledger.accounts import Book
from ledger.canonical import SQL_HASH, SQL_LINES
from ledger.entities import open_entity
from ledger.errors import BooksDoNotAgree
from ledger.models import Entity, Entry
from ledger.writer import reverse
from tests.databases import Told, told
from tests.ledger.books import BY, cost, firm, post, receipt, sale, share

pytestmark = pytest.mark.django_db
D1, D2, LATER = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 26)
TABLES = ("entity", "account", "entry", "posting_day", "nightlines", "balance", "businessday", "snapshot")


@contextmanager
def on(day: date) -> Iterator[None]:
    with past.at(datetime.combine(day, time(12), clock.company_zone())):
        yield


def check(*arguments: str) -> str:
    out = StringIO()
    call_command("check_books", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture(scope="module")
def told_books(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Told[dict[str, Entry]]]:
    with django_db_blocker.unblock(), told(_books) as books:
        yield books


@pytest.fixture
def books(db: None, told_books: Told[dict[str, Entry]]) -> dict[str, Entry]:
    return deepcopy(told_books.what)


def _books() -> dict[str, Entry]:
    """Two firms, two currencies, both books, a reversal, a sealed and an open date."""
    kettle, cold = firm(), firm("Cold Chain")
    tokyo = open_entity(name="東京", kind="microenterprise", currency="JPY")
    with on(D1):
        entries = post(receipt(kettle, 100_00), sale(kettle, cold, 30_00), receipt(tokyo, 900, "tokyo"))
    with on(D2):
        days.close_day(D1)
        days.seal_day(D1)
        entries += post(cost(kettle, 20_00), receipt(cold, 1, "trial", Book.SHADOW), share(cold, {"mei": 5_00}))
        entries.append(reverse(entries[3], reference="undo", memo="Wrong", by=BY))
    return {entry.reference: entry for entry in entries}


def forge(statement: str, *values: Any) -> None:
    """Change the books as nobody can who has not the rights of their owner."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount, "a forgery that changes nothing proves nothing"
        for table in TABLES:
            cursor.execute(f"ALTER TABLE ledger_{table} ENABLE TRIGGER USER")


def lift(table: str, constraint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_{table} DROP CONSTRAINT {constraint}")


def test_honest_books_pass_with_a_line_per_proof(books: dict[str, Entry]) -> None:
    said = check("--progress").splitlines()
    assert len([line for line in said if line.startswith("ok ")]) == len(proofs.DATED) + len(proofs.STANDING) + 1
    assert "ok      Every entry balances for each entity, currency and book: 7 records" in said
    assert "total   real CNY: debits 210.00, credits 210.00" in said
    assert "total   real JPY: debits 900, credits 900" in said
    assert "total   shadow CNY: debits 0.01, credits 0.01" in said


def test_empty_books_pass() -> None:
    assert check().count("\n") == len(proofs.DATED) + len(proofs.STANDING) + 1


def test_the_latest_dates_are_proved_from_the_last_snapshot(books: dict[str, Entry]) -> None:
    said = check("--recent").splitlines()
    assert said[0] == "from    2026-03-01, the date of the last snapshot"
    assert any(line.startswith("ok      Every kept balance is the last snapshot and the lines since") for line in said)
    assert said[-1] == "ok      Sealed dates hold what they held, each chained to the one before: 1 record"


@pytest.mark.parametrize(
    ("change", "statement"),
    [
        ("UPDATE ledger_balance SET amount_minor = amount_minor + 1 WHERE amount_minor > 0", "kept balance"),
        ("UPDATE ledger_entry SET memo = 'A gift' WHERE reference = 'cost:1'", "No entry was changed"),
        ("UPDATE ledger_businessday SET day_hash = repeat('0', 64)", "Sealed dates"),
    ],
)
def test_the_latest_dates_alone_show_what_was_forged(books: dict[str, Entry], change: str, statement: str) -> None:
    forge(change)
    with pytest.raises(CommandError, match=statement):
        check("--recent")


Forgery = Callable[[dict[str, Entry]], None]


def a_line_without_an_entry(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_posting_day SET entry_id = 10^12 WHERE entry_id = %s AND line = 2", books["cost:1"].pk)


def a_line_on_another_date(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_posting_day SET business_date = %s WHERE entry_id = %s", LATER, books["cost:1"].pk)


def a_line_in_an_account_that_is_not_there(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_posting_day SET account_id = 10^12 WHERE entry_id = %s AND line = 2", books["cost:1"].pk)


def a_line_in_an_account_of_the_other_book(books: dict[str, Entry]) -> None:
    forge(
        "UPDATE ledger_posting_day SET account_id = (SELECT id FROM ledger_account WHERE book = 'shadow' LIMIT 1)"
        " WHERE entry_id = %s AND line = 2",
        books["cost:1"].pk,
    )


def a_line_taken_away(books: dict[str, Entry]) -> None:
    forge("DELETE FROM ledger_posting_day WHERE entry_id = %s AND line = 2", books["cost:1"].pk)


def lines_moved_among_those_of_nights(books: dict[str, Entry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_open_night(%s)", [D2])
    forge(
        "INSERT INTO ledger_nightlines"
        " SELECT entry_id, entity_id, business_date, array_agg(account_id ORDER BY line),"
        " array_agg(amount_minor ORDER BY line) FROM ledger_posting_day WHERE entry_id = %s GROUP BY 1, 2, 3",
        books["cost:1"].pk,
    )
    all_lines_taken_away(books)


def all_lines_taken_away(books: dict[str, Entry]) -> None:
    forge("DELETE FROM ledger_posting_day WHERE entry_id = %s", books["cost:1"].pk)


def lines_added(books: dict[str, Entry]) -> None:
    forge(
        "INSERT INTO ledger_posting_day (business_date, entry_id, line, account_id, entity_id, amount_minor)"
        " SELECT business_date, entry_id, line + 2, account_id, entity_id, amount_minor"
        " FROM ledger_posting_day WHERE entry_id = %s",
        books["cost:1"].pk,
    )


def another_total_in_the_head(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_entry SET debit_total_minor = debit_total_minor + 1 WHERE id = %s", books["cost:1"].pk)


def one_side_made_larger(books: dict[str, Entry]) -> None:
    forge(
        "UPDATE ledger_posting_day SET amount_minor = amount_minor - 1 WHERE entry_id = %s AND line = 2",
        books["cost:1"].pk,
    )


def both_sides_made_larger(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_posting_day SET amount_minor = amount_minor * 2 WHERE entry_id = %s", books["cost:1"].pk)
    forge("UPDATE ledger_entry SET debit_total_minor = debit_total_minor * 2 WHERE id = %s", books["cost:1"].pk)


def another_memo(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_entry SET memo = 'A gift' WHERE id = %s", books["cost:1"].pk)


def another_person_who_posted(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_entry SET posted_by = 'Nobody' WHERE id = %s", books["cost:1"].pk)


def another_instant(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_entry SET posted_at = posted_at + interval '1 microsecond' WHERE id = %s", books["cost:1"].pk)


def another_effective_date(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_entry SET effective_date = effective_date - 1 WHERE id = %s", books["cost:1"].pk)


def income_called_a_stake(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_account SET kind = 'income_inside' WHERE kind = 'income_outside'")


def a_share_moved_to_another_person(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_account SET party = 'person:teo' WHERE party = 'person:mei'")


def an_account_in_another_currency(books: dict[str, Entry]) -> None:
    lift("account", "an_account_has_its_entitys_currency")
    forge("UPDATE ledger_account SET currency = 'EUR' WHERE kind = 'payable'")


def a_kept_balance_raised(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_balance SET amount_minor = amount_minor + 1 WHERE amount_minor > 0")


def a_kept_balance_taken_away(books: dict[str, Entry]) -> None:
    forge("DELETE FROM ledger_balance WHERE amount_minor > 0")


def a_kept_balance_of_nothing(books: dict[str, Entry]) -> None:
    forge("INSERT INTO ledger_balance (account_id, side, amount_minor) VALUES (10^12, 1, 0)")


def a_snapshot_raised(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_snapshot SET balance_minor = balance_minor + 1 WHERE balance_minor < 0")


def a_snapshot_that_leaves_an_account_out(books: dict[str, Entry]) -> None:
    forge("DELETE FROM ledger_snapshot WHERE balance_minor < 0")


def a_wallet_below_zero(books: dict[str, Entry]) -> None:
    lift("balance", "a_guarded_account_never_goes_below_zero")
    forge("UPDATE ledger_balance SET side = -side WHERE amount_minor > 0")
    forge("UPDATE ledger_balance SET amount_minor = -amount_minor")


def a_reversal_of_the_other_book(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_entry SET reverses_id = %s WHERE id = %s", books["trial"].pk, books["undo"].pk)


def an_entry_slipped_under_the_seal(books: dict[str, Entry]) -> None:
    """Complete, balanced, with a right hash and a right balance: only the seal knows."""
    forge("UPDATE ledger_businessday SET sealed_at = NULL, day_hash = '', entry_count = NULL, debit_totals = NULL")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER entries_land_on_an_open_date")
        with past.at(datetime.combine(D1, time(13), clock.company_zone())):
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            post(receipt(firm("Northwind"), 1, "slipped"))
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER entries_land_on_an_open_date")
    forge(
        "UPDATE ledger_businessday SET sealed_at = closed_at, day_hash = repeat('0', 64), entry_count = 3,"
        " debit_totals = '{}'"
    )


def another_hash_on_a_sealed_date(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_businessday SET day_hash = repeat('0', 64)")


def another_count_on_a_sealed_date(books: dict[str, Entry]) -> None:
    forge("UPDATE ledger_businessday SET posting_count = posting_count + 2")


LINES, HEADS, BALANCED, UNCHANGED = (str(proof.statement) for proof in proofs.DATED)
CURRENCY, OPENED, KEPT, SNAPSHOTS, ABOVE_ZERO, OWNED, REVERSALS = (str(proof.statement) for proof in proofs.STANDING)
SEALED = "Sealed dates hold"


OF_A_DATE: Final[list[tuple[Forgery, str, str]]] = [
    (a_line_without_an_entry, LINES, "line 2"),
    (a_line_on_another_date, LINES, "2026-03-26"),
    (a_line_in_an_account_that_is_not_there, LINES, "line 2"),
    (a_line_in_an_account_of_the_other_book, LINES, "line 2"),
    (lines_moved_among_those_of_nights, LINES, "line 1"),
    (a_line_taken_away, HEADS, "cost:1"),
    (all_lines_taken_away, HEADS, "cost:1"),
    (lines_added, HEADS, "cost:1"),
    (another_total_in_the_head, HEADS, "cost:1"),
    (one_side_made_larger, BALANCED, "off by -1 minor units"),
    (both_sides_made_larger, UNCHANGED, "cost:1"),
    (another_memo, UNCHANGED, "cost:1"),
    (another_person_who_posted, UNCHANGED, "cost:1"),
    (another_instant, UNCHANGED, "cost:1"),
    (another_effective_date, UNCHANGED, "cost:1"),
]
OF_THE_WHOLE: Final[list[tuple[Forgery, str, str]]] = [
    (income_called_a_stake, OPENED, "account"),
    (a_share_moved_to_another_person, OPENED, "payable"),
    (an_account_in_another_currency, BALANCED, "off by"),
    (a_kept_balance_raised, KEPT, "wallet"),
    (a_kept_balance_taken_away, KEPT, "keeps nothing"),
    (a_kept_balance_of_nothing, OWNED, "1000000000000"),
    (a_snapshot_raised, SNAPSHOTS, "2026-03-01"),
    (a_snapshot_that_leaves_an_account_out, SNAPSHOTS, "2026-03-01"),
    (a_wallet_below_zero, KEPT, "wallet"),
    (a_reversal_of_the_other_book, UNCHANGED, "undo"),
    (an_entry_slipped_under_the_seal, SNAPSHOTS, "2026-03-01"),
    (another_hash_on_a_sealed_date, SEALED, "2026-03-01"),
    (another_count_on_a_sealed_date, SEALED, "2026-03-01"),
]


@pytest.mark.parametrize(("forgery", "statement", "record"), OF_A_DATE + OF_THE_WHOLE)
def test_a_forgery_is_named(books: dict[str, Entry], forgery: Forgery, statement: str, record: str) -> None:
    forgery(books)
    with pytest.raises(CommandError) as failed:
        check()
    assert failed.value.returncode == 1
    assert str(failed.value).startswith(f"FAILED  {statement}")
    assert record in str(failed.value)


@pytest.mark.parametrize(("forgery", "statement", "record"), OF_A_DATE)
def test_the_seal_finds_what_was_forged_on_its_date(
    books: dict[str, Entry], forgery: Forgery, statement: str, record: str
) -> None:
    forgery(books)
    refuses_to_seal()


def refuses_to_seal() -> None:
    """The one pass of the seal says no, and says on which record."""
    assert proofs.sound_day(D2, accounts_after=0) is None
    with on(LATER), pytest.raises(BooksDoNotAgree, match=r"(entry|line) \d"):
        days.close_day(D2)
        days.seal_day(D2)
    assert not days.is_sealed(D2)


# What a night posts, a row for each entry ----------------------------------------------------------------------------


@pytest.fixture
def shared(books: dict[str, Entry]) -> dict[str, Entry]:
    """The same books, and on the closed date of the second the shares of its night; the first has lines 1 to 5."""
    with on(LATER):
        days.close_day(D2)
        kettle, cold = Entity.objects.filter(currency="CNY").order_by("pk")
        nights = [share(kettle, {"mei": 3_00, "sol": 1_00}, "night:1"), share(cold, {"mei": 2_00}, "night:2")]
        books |= {entry.reference: entry for entry in writer.post(nights, by=BY, night=D2)}
        connection.check_constraints()
    return books


def of_a_night(*changes: str, head: str = "", reference: str = "night:1") -> Forgery:
    """A forger who changes the row of an entry's lines, and its head beside it."""

    def forgery(books: dict[str, Entry]) -> None:
        entry = books[reference].pk
        for change in changes:
            forge(f"UPDATE ledger_nightlines SET {change} WHERE entry_id = %s", entry)
        if head:
            forge(f"UPDATE ledger_entry SET {head} WHERE id = %s", entry)

    return forgery


def a_nights_lines_taken_away(books: dict[str, Entry]) -> None:
    forge("DELETE FROM ledger_nightlines WHERE entry_id = %s", books["night:1"].pk)


def a_nights_lines_added_without_a_head(books: dict[str, Entry]) -> None:
    forge(
        "INSERT INTO ledger_nightlines SELECT 10^12, entity_id, business_date, account_ids, amounts_minor"
        " FROM ledger_nightlines WHERE entry_id = %s",
        books["night:1"].pk,
    )


def a_nights_lines_moved_among_those_of_the_day(books: dict[str, Entry]) -> None:
    forge(
        "INSERT INTO ledger_posting_day (business_date, entry_id, line, account_id, entity_id, amount_minor)"
        " SELECT business_date, entry_id, line, account_id, entity_id, amount_minor FROM ledger_posting"
        " WHERE entry_id = %s",
        books["night:1"].pk,
    )
    a_nights_lines_taken_away(books)


_DOUBLED: Final = "amounts_minor = ARRAY(SELECT 2 * minor FROM unnest(amounts_minor) minor)"
_REVERSED: Final = ", ".join(
    f"{name} = ARRAY(SELECT each FROM unnest({name}) WITH ORDINALITY AS l (each, place) ORDER BY place DESC)"
    for name in ("account_ids", "amounts_minor")
)
_ALIEN: Final = "(SELECT min(a.id) FROM ledger_account a WHERE a.entity_id <> ledger_nightlines.entity_id)"
_ONE_MORE: Final = "posting_count = posting_count + 1"
OF_A_NIGHT: Final[dict[str, tuple[Forgery, str, str]]] = {
    "every amount doubled": (of_a_night(_DOUBLED), HEADS, "night:1"),
    "doubled in the head too": (
        of_a_night(_DOUBLED, head="debit_total_minor = 2 * debit_total_minor"), UNCHANGED, "night:1",
    ),
    "one amount": (of_a_night("amounts_minor[2] = amounts_minor[2] - 1"), BALANCED, "off by -1 minor units"),
    "one amount moved to another line": (
        of_a_night("amounts_minor[2] = amounts_minor[2] - 1, amounts_minor[3] = amounts_minor[3] + 1"),
        UNCHANGED, "night:1",
    ),
    "amounts of two people changed over": (
        of_a_night("amounts_minor[2:3] = ARRAY[amounts_minor[3], amounts_minor[2]]"), UNCHANGED, "night:1",
    ),
    "accounts of two people changed over": (
        of_a_night("account_ids[2:3] = ARRAY[account_ids[3], account_ids[2]]"), UNCHANGED, "night:1",
    ),
    "lines in another order": (of_a_night(_REVERSED), UNCHANGED, "night:1"),
    "an account of another entity": (of_a_night(f"account_ids[2] = {_ALIEN}"), LINES, "line 2"),
    "an account of the other book": (
        of_a_night("account_ids[2] = (SELECT id FROM ledger_account a WHERE a.book = 'shadow'"
                   " AND a.entity_id = ledger_nightlines.entity_id LIMIT 1)", reference="night:2"),
        LINES, "line 2",
    ),
    "an account that is not there": (of_a_night("account_ids[2] = 10^12"), LINES, "line 2"),
    "no account": (of_a_night("account_ids[2] = NULL"), LINES, "line 2"),
    "another entity": (
        of_a_night("entity_id = (SELECT min(id) FROM ledger_entity WHERE id > entity_id)"), LINES, "line 1",
    ),
    "another entry": (of_a_night("entry_id = 10^12"), LINES, "line 1 of entry 1000000000000"),
    "another date": (of_a_night(f"business_date = '{LATER}'"), LINES, "2026-03-26"),
    "a sealed date": (of_a_night(f"business_date = '{D1}'"), LINES, "2026-03-01"),
    "two lines more": (
        of_a_night("account_ids = account_ids || account_ids[5] || account_ids[5],"
                   " amounts_minor = amounts_minor || 5::bigint || -5::bigint"),
        HEADS, "night:1",
    ),
    "two lines more, counted": (
        of_a_night("account_ids = account_ids || account_ids[5] || account_ids[5],"
                   " amounts_minor = amounts_minor || 5::bigint || -5::bigint",
                   head="posting_count = posting_count + 2, debit_total_minor = debit_total_minor + 5"),
        UNCHANGED, "night:1",
    ),
    "a line of nothing, counted": (
        of_a_night("account_ids = account_ids || account_ids[5], amounts_minor = amounts_minor || 0::bigint",
                   head=_ONE_MORE),
        LINES, "line 6",
    ),
    "a line less": (
        of_a_night("account_ids = trim_array(account_ids, 1), amounts_minor = trim_array(amounts_minor, 1)"),
        HEADS, "night:1",
    ),
    "an amount less": (of_a_night("amounts_minor = trim_array(amounts_minor, 1)"), LINES, "line 5"),
    "an account less": (of_a_night("account_ids = trim_array(account_ids, 1)"), LINES, "line 5"),
    "an account more, counted": (
        of_a_night("account_ids = account_ids || account_ids[5]", head=_ONE_MORE), LINES, "line 6",
    ),
    "an amount more, counted": (
        of_a_night("amounts_minor = amounts_minor || 5::bigint", head=_ONE_MORE), LINES, "line 6",
    ),
    "two amounts more, counted": (
        of_a_night("amounts_minor = amounts_minor || 5::bigint || -5::bigint",
                   head="posting_count = posting_count + 2, debit_total_minor = debit_total_minor + 5"),
        LINES, "line 6",
    ),
    "two lines more in no account, counted": (
        of_a_night("account_ids = account_ids || NULL::bigint || NULL::bigint,"
                   " amounts_minor = amounts_minor || 5::bigint || -5::bigint",
                   head="posting_count = posting_count + 2, debit_total_minor = debit_total_minor + 5"),
        LINES, "line 6",
    ),
    "a missing amount in the place of one": (of_a_night("amounts_minor[2] = NULL"), LINES, "line 2"),
    "a missing amount of a line more, counted": (
        of_a_night("account_ids = account_ids || account_ids[5], amounts_minor = amounts_minor || NULL::bigint",
                   head=_ONE_MORE),
        LINES, "line 6",
    ),
    "no lines in the row": (of_a_night("account_ids = '{}', amounts_minor = '{}'"), HEADS, "night:1"),
    "no row": (a_nights_lines_taken_away, HEADS, "night:1"),
    "a row without a head": (a_nights_lines_added_without_a_head, LINES, "line 1 of entry 1000000000000"),
    "lines among those of the day": (a_nights_lines_moved_among_those_of_the_day, LINES, "line 1"),
    "a head that says it is of the day": (of_a_night(head="by_night = false"), LINES, "line 1"),
    "another memo": (of_a_night(head="memo = 'A gift'"), UNCHANGED, "night:1"),
}  # fmt: skip


def test_honest_nights_pass_and_seal(shared: dict[str, Entry]) -> None:
    assert "ok      Every entry balances for each entity, currency and book: 9 records" in check().splitlines()
    facts = proofs.sound_day(D2, accounts_after=0)
    assert facts == proofs.day_facts(D2, accounts_after=0)
    assert facts and (facts.entry_count, facts.posting_count) == (6, 2 + 2 + 4 + 2 + 5 + 4)
    with on(LATER):
        days.seal_day(D2)
    check()


@pytest.mark.parametrize("what", OF_A_NIGHT)
def test_a_forgery_of_a_nights_lines_is_named(shared: dict[str, Entry], what: str) -> None:
    forgery, statement, record = OF_A_NIGHT[what]
    forgery(shared)
    with pytest.raises(CommandError) as failed:
        check()
    assert str(failed.value).startswith(f"FAILED  {statement}")
    assert record in str(failed.value)


@pytest.mark.parametrize("what", OF_A_NIGHT)
def test_the_seal_finds_a_forgery_of_a_nights_lines(shared: dict[str, Entry], what: str) -> None:
    OF_A_NIGHT[what][0](shared)
    refuses_to_seal()


def test_a_sealed_night_forged_with_a_right_hash_is_found(shared: dict[str, Entry]) -> None:
    """The shares of two people changed over, and the head hashed anew: what the seal kept knows."""
    with on(LATER):
        days.seal_day(D2)
    OF_A_NIGHT["amounts of two people changed over"][0](shared)
    forge(
        f"UPDATE ledger_entry e SET content_hash = {SQL_HASH} FROM (SELECT p.entry_id, {SQL_LINES} AS lines"
        " FROM ledger_posting p GROUP BY 1) l WHERE l.entry_id = e.id AND e.id = %s",
        shared["night:1"].pk,
    )
    assert list(proofs.failures(D2, D2)) == []
    for arguments, statement in (((), SNAPSHOTS), (("--recent",), SEALED)):
        with pytest.raises(CommandError, match=statement):
            check(*arguments)


def test_each_standing_proof_finds_its_own_fault(books: dict[str, Entry]) -> None:
    """Earlier proofs catch some forgeries first; here each standing one is asked alone."""
    an_account_in_another_currency(books)
    a_reversal_of_the_other_book(books)
    a_wallet_below_zero(books)
    a_kept_balance_of_nothing(books)
    found = {str(proof.statement): proofs.search(proof) for proof in proofs.STANDING}
    assert all(found[statement] for statement in (CURRENCY, KEPT, ABOVE_ZERO, OWNED, REVERSALS)), found


def test_many_dates_are_proved_slice_by_slice(books: dict[str, Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.management.commands.check_books.LINES_AT_ONCE", 1)
    slices = proofs.slices(1)
    assert [last + timedelta(days=1) for _first, last, _lines in slices[:-1]] == [first for first, _l, _n in slices[1:]]
    assert (slices[0][0], slices[-1][1]) == (date.min, date.max)
    assert "7 records" in check()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    a_line_without_an_entry(books)
    forge("UPDATE ledger_posting_day SET business_date = %s WHERE entry_id = 10^12", LATER)
    with pytest.raises(CommandError, match="cost:1"):
        check()
    forge("DELETE FROM ledger_posting_day WHERE entry_id = %s", books["cost:1"].pk)
    assert proofs.search(proofs.DATED[0], *slices[-1][:2]) is not None, "a line beyond every entry is in a slice too"
