"""What finance takes along: general ledger, trial balance, statements. The same sums everywhere, and nothing runs."""

import csv
import io
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from core import audit, money
from core.models import AuditRecord, Parameter
from ledger import queries as books
from ledger import reports, trial
from ledger.accounts import Book, Kind
from ledger.writer import Draft, credit, debit, post_one
from microenterprises.models import Microenterprise
from people.models import User
from settlement.exports import files
from settlement.exports.files import Cell, Paper, Row, Table
from settlement.models import SettlementRun
from settlement.views import books as books_pages
from tests.naming import names
from tests.settlement.world import Seat, earn, entry, firm, lock_up, member, nights, on, person, spend
from tests.statements import statements

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 18)
ONE = timedelta(days=1)
LEDGER = "/settlement/exports/new/general-ledger/csv/"
TRIAL = "/settlement/exports/new/trial-balance/csv/"
SPAN = f"?since={DAY}&until={DAY + ONE}"
Rows = list[dict[str, str]]


@pytest.fixture
def me() -> Microenterprise:
    """Cold Chain with two nights; a firm in yen beside it."""
    cold_chain = firm(Seat("Amara", 3), Seat("Mei", 1), name="=Cold Chain", launched=DAY)
    tokyo = firm(Seat("Kenji"), name="冷蔵", currency="JPY", launched=DAY)
    earn(cold_chain, 1_000_00, DAY)
    earn(tokyo, 5_001, DAY)
    nights(DAY)
    earn(cold_chain, 500_00, DAY + ONE, effective=DAY)
    spend(cold_chain, 20_00, DAY + ONE)
    lock_up(cold_chain, 30_00, DAY + ONE)
    nights(DAY + ONE)
    return cold_chain


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


@pytest.fixture
def ada() -> User:
    return person("Ada", "steward")


def get(user: User, path: str, status: int = 200) -> bytes:
    client = Client()
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == status, (path, response.status_code)
    return b"".join(response) if response.streaming else response.content


def table(user: User, path: str) -> Rows:
    return list(csv.DictReader(io.StringIO(get(user, path).decode("utf-8-sig"))))


def of(rows: Rows, kind: str) -> Rows:
    return [row for row in rows if row["Row"] == kind]


def sheet(user: User, path: str, name: str) -> Rows:
    book = CalamineWorkbook.from_filelike(io.BytesIO(get(user, path.replace("/csv/", "/xlsx/"))))
    head, *rows = book.get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, head), (str(cell) for cell in row), strict=False)) for row in rows]


def minor(row: dict[str, str]) -> int:
    return money.minor(Decimal(row["Balance"]), row["Currency"])


def sums(rows: Rows, column: str) -> dict[str, Decimal]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row["Currency"]] += Decimal(row[column] or 0).quantize(Decimal("0.01"))  # type: ignore[assignment]
    return {currency: total for currency, total in found.items() if total}  # type: ignore[misc]


# --- General ledger ---------------------------------------------------------------------------------------------------


def test_every_account_goes_from_its_opening_by_its_lines_to_its_closing(me: Microenterprise, fay: User) -> None:
    rows = table(fay, LEDGER + f"?since={DAY + ONE}&until={DAY + ONE}")
    stands: dict[str, Decimal] = {}
    for row in rows:
        account, balance = row["Account number"], Decimal(row["Balance"] or 0)
        if row["Row"] == "opening":
            stands[account] = balance
        elif row["Row"] == "line":
            stands[account] += Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
            assert stands[account] == balance
        elif row["Row"] == "closing":
            assert stands[account] == balance
    assert sum(1 for row in of(rows, "opening") if Decimal(row["Balance"])) > 4
    closing = {int(row["Account number"]): minor(row) for row in of(rows, "closing")}
    expected = reports.balances_at(list(closing), DAY + ONE)
    assert {number: amount for number, amount in closing.items() if amount} == expected


def test_the_general_ledger_sums_to_zero_and_says_so_with_its_source(me: Microenterprise, fay: User) -> None:
    rows = table(fay, LEDGER + SPAN)
    lines = of(rows, "line")
    assert sums(lines, "Debit") == sums(lines, "Credit") == sums(of(rows, "total"), "Debit")
    assert set(sums(lines, "Debit")) == {"CNY", "JPY"}
    assert {row["Balance"] for row in of(rows, "total")} == {"0.00", "0"}
    source = {row["Entity"]: row["Account"] for row in of(rows, "source")}
    assert source["Settlement runs"] == f"{DAY} to {DAY + ONE} (2 runs)"
    assert len(source["Hash of the runs' lines"]) == 64
    last = AuditRecord.objects.get(deed="settlement.exported")
    assert source["Head of the audit trail"] == str(audit.Head(last.pk, audit.last().hash))


def test_one_run_is_named_with_its_own_hash(me: Microenterprise, fay: User) -> None:
    rows = table(fay, LEDGER + f"?since={DAY}&until={DAY}")
    source = {row["Entity"]: row["Account"] for row in of(rows, "source")}
    assert source["Hash of the runs' lines"] == SettlementRun.objects.get(business_date=DAY).lines_sha256


def test_the_workbook_has_the_sums_of_the_csv(me: Microenterprise, fay: User) -> None:
    for path, name in ((LEDGER + SPAN, "General ledger"), (TRIAL + f"?as_of={DAY}", "Trial balance")):
        of_csv = [row for row in table(fay, path) if row["Row"] not in ("total", "source")]
        of_xlsx = sheet(fay, path, name)
        assert len(of_csv) == len(of_xlsx) > 10
        for column in ("Debit", "Credit"):
            assert sums(of_csv, column) == sums(of_xlsx, column)


def test_filters_narrow_the_general_ledger(me: Microenterprise, fay: User) -> None:
    whole = of(table(fay, LEDGER + SPAN), "line")
    wallet = of(table(fay, LEDGER + SPAN + f"&entity={me.entity_id}&kind=wallet"), "line")
    assert wallet == [row for row in whole if row["Entity number"] == str(me.entity_id) and row["Account"] == "wallet"]
    assert len(wallet) > 3
    assert {row["Entity"] for row in of(table(fay, LEDGER + SPAN + "&q=cold"), "line")} == {"'=Cold Chain"}
    assert of(table(fay, LEDGER + SPAN + "&book=shadow"), "line") == []
    early = of(table(fay, LEDGER + SPAN + f"&effective={DAY}"), "line")
    assert early == [] or {row["Effective"] for row in early} == {str(DAY)}
    assert any(row["Posted on"] == str(DAY + ONE) for row in early)


def test_what_a_spreadsheet_would_run_stays_text(me: Microenterprise, fay: User) -> None:
    lines = (debit(me.entity_id, Kind.WALLET, 1), credit(me.entity_id, Kind.INCOME_OUTSIDE, 1))
    with on(DAY + ONE + ONE):
        post_one(Draft("=ref()", "money", lines, memo='=HYPERLINK("http://x")', subject="@about"), by="+Fay")
    span = f"?since={DAY + ONE + ONE}&until={DAY + ONE + ONE}"
    (row, _other) = of(table(fay, LEDGER + span), "line")
    for column in ("Entity", "Memo", "Reference", "About", "Posted by"):
        assert row[column].startswith("'"), column
    (first, _second) = [row for row in sheet(fay, LEDGER + span, "General ledger") if row["Row"] == "line"]
    assert first["Memo"] == '=HYPERLINK("http://x")'


def test_names_of_people_stand_beside_their_accounts(me: Microenterprise, fay: User) -> None:
    named = {row["Party"]: row["Name"] for row in table(fay, TRIAL + f"?as_of={DAY}") if row.get("Party")}
    assert named[member(me, "Mei").party] == "Mei"


# --- Trial balance ----------------------------------------------------------------------------------------------------


def test_the_trial_balance_is_the_ledgers_own_and_sums_to_zero(me: Microenterprise, fay: User) -> None:
    rows = table(fay, TRIAL + f"?as_of={DAY + ONE}")
    told = {(int(row["Entity number"]), row["Account"], row["Party"]): minor(row) for row in of(rows, "account")}
    ours = {
        (line.entity_id, str(line.kind.label), line.party): line.balance_minor
        for line in trial.trial_balance(DAY + ONE)
    }
    assert told == ours
    assert trial.kind_sums(DAY + ONE) == trial.added_up(trial.trial_balance(DAY + ONE))
    totals = of(rows, "total")
    assert {row["Currency"]: row["Entity"] for row in totals} == dict.fromkeys(
        ("CNY", "JPY"), "Debits and credits agree."
    )
    assert {row["Balance"] for row in totals} == {"0.00", "0"}


def test_a_part_of_the_books_does_not_claim_to_agree(me: Microenterprise, fay: User) -> None:
    totals = of(table(fay, TRIAL + f"?as_of={DAY}&kind=wallet"), "total")
    assert {row["Entity"] for row in totals} == {"A part of the books, by its filters: it need not sum to zero."}


def test_the_steward_gets_people_added_up(me: Microenterprise, ada: User, fay: User) -> None:
    rows = table(ada, TRIAL + f"?as_of={DAY}")
    assert not [row for row in rows if "person:" in row["Party"]]
    payable = [row for row in of(rows, "account") if row["Account"] == "owed to a person" and row["Currency"] == "CNY"]
    assert [row["Balance"] for row in payable] == ["-500.00"]
    assert {row["Balance"] for row in of(rows, "total")} == {"0.00", "0"}
    get(ada, LEDGER + SPAN, 403)
    get(ada, f"/settlement/exports/new/journal/hledger/{SPAN}", 403)


# --- Statements -------------------------------------------------------------------------------------------------------


def test_a_statement_opens_with_what_was_there_and_ends_with_what_is(me: Microenterprise, fay: User) -> None:
    mei = member(me, "Mei")
    for reader, path in ((mei, ""), (fay, f"?person={mei.pk}")):
        rows = table(reader, "/settlement/exports/new/statement/csv/" + path)
        assert [row["Row"] for row in rows[:3]] == ["line", "line", "closing"]
        assert rows[1]["Balance"] == rows[2]["Balance"] == "185.00"
        assert rows[0]["Microenterprise"] == "'=Cold Chain"
    get(member(me, "Amara"), f"/settlement/exports/new/statement/csv/?person={mei.pk}", 404)
    get(person("Vendor", "vendor"), "/settlement/exports/new/statement/csv/", 404)
    lines = sheet(mei, "/settlement/exports/new/statement/csv/", "Statement")
    assert sums([row for row in lines if row["Row"] == "line"], "Newly payable") == {"CNY": Decimal("185.00")}


def test_an_me_has_its_nights_and_for_finance_its_members_lines(me: Microenterprise, fay: User) -> None:
    path = f"/settlement/exports/new/firm/csv/?me={me.pk}"
    amara = member(me, "Amara")
    nights_of = of(table(amara, path), "night")
    assert [row["Shared"] for row in nights_of] == ["500.00", "240.00"]
    for user, sheets in ((amara, ["Summary", "Nights"]), (fay, ["Summary", "Nights", "Lines"])):
        book = CalamineWorkbook.from_filelike(io.BytesIO(get(user, path.replace("csv", "xlsx"))))
        assert book.sheet_names == sheets
    assert sums(sheet(fay, path, "Lines"), "Amount") == {"CNY": Decimal("740.00")}
    get(member(me, "Mei"), path, 404)


# --- Who, how much, how large -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        LEDGER,
        TRIAL,
        "/settlement/exports/new/journal/beancount/",
        "/settlement/exports/new/general-ledger/",
        "/settlement/books/",
        "/settlement/exports/new/nothing/",
        "/settlement/exports/new/trial-balance/pdf/",
    ],
)
def test_to_everybody_else_the_books_are_not_there(path: str) -> None:
    for reader in (person("Sol"), person("Hua", "hr"), person("Vendor", "vendor")):
        get(reader, path, 404)


def test_a_large_file_is_not_given_at_once(me: Microenterprise, fay: User) -> None:
    assert b"Download CSV" in get(fay, f"/settlement/exports/new/general-ledger/{SPAN}")
    Parameter.objects.filter(name="export_direct_lines").update(value=3)
    page = get(fay, f"/settlement/exports/new/general-ledger/{SPAN}")
    assert b"Make CSV" in page
    assert b"Download CSV" not in page
    get(fay, LEDGER + SPAN, 409)


def test_the_long_files_of_a_night_are_made_in_the_background(me: Microenterprise, fay: User) -> None:
    Parameter.objects.filter(name="export_direct_lines").update(value=2)
    client = Client()
    client.force_login(fay)
    for name, there in (
        ("report.xlsx?state=settled", f"/settlement/exports/new/report/?day={DAY}&state=settled"),
        ("lines.csv", f"/settlement/exports/new/lines/?day={DAY}"),
        ("journal.hledger", f"/settlement/exports/new/journal/?since={DAY}&until={DAY}"),
    ):
        response = client.get(f"/settlement/{DAY}/{name}")
        assert (response.status_code, response["Location"]) == (302, there)
        assert b"made in the background" in get(fay, there)
    get(fay, f"/settlement/{DAY}/report.csv")


def test_a_report_with_a_filter_holds_no_lines_of_others(fay: User) -> None:
    for name in ("Cold", "Blue"):
        earn(firm(Seat("Amara"), name=name, launched=DAY), 100_00, DAY)
    nights(DAY)
    book = CalamineWorkbook.from_filelike(io.BytesIO(get(fay, f"/settlement/{DAY}/report.xlsx?q=Cold")))
    firms = {name: {row[2] for row in book.get_sheet_by_name(name).to_python()[1:]} for name in book.sheet_names[1:]}
    assert list(firms.values()) == [{"Cold"}, {"Cold"}]
    assert any("whole run" in str(row[0]) for row in book.get_sheet_by_name(book.sheet_names[0]).to_python() if row)


def test_filters_that_cannot_be_used_are_said(me: Microenterprise, fay: User) -> None:
    assert b"lies before the first one" in get(
        fay, f"/settlement/exports/new/general-ledger/?since={DAY}&until=2026-01-01", 422
    )
    get(fay, LEDGER + "?since=never", 422)
    get(fay, "/settlement/exports/new/statement/csv/?person=x", 422)


def test_every_file_is_in_the_audit_trail(me: Microenterprise, fay: User) -> None:
    get(fay, LEDGER + SPAN)
    get(fay, f"/settlement/exports/new/journal/hledger/{SPAN}")
    told = AuditRecord.objects.filter(deed="settlement.exported").order_by("pk")
    assert [(row.subject, row.facts["form"]) for row in told] == [
        ("export:general-ledger", "csv"),
        ("export:journal", "hledger"),
    ]
    assert str(DAY) in told[0].facts["filters"]


def many(count: int) -> Iterator[Row]:
    for number in range(count):
        cells: list[Cell] = [f"Row {number}", "x" * 50, Decimal(number).scaleb(-2)]
        yield cells


@pytest.mark.parametrize(("write", "count"), [(files.csv_of, 100_000), (files.xlsx_of, 40_000)])
def test_a_file_takes_no_more_memory_for_more_rows(write: Callable[[Paper], Iterator[str | bytes]], count: int) -> None:
    paper = Paper([Table("Rows", ["a", "b", "c"], many(count))], lambda: ())
    tracemalloc.start()
    size = sum(map(len, write(paper)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 500_000, size
    assert peak < 2_500_000, peak


def test_a_table_too_long_for_a_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 10)
    paper = Paper([Table("Rows", ["a", "b", "c"], many(25))], lambda: [("Made", "here")])
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(files.xlsx_of(paper))))
    assert book.sheet_names == ["Summary", "Rows", "Rows 2", "Rows 3"]
    assert sum(len(book.get_sheet_by_name(name).to_python()) - 1 for name in book.sheet_names[1:]) == 25


def test_the_first_line_arrives_before_the_last_is_read(me: Microenterprise, fay: User) -> None:
    read: list[str] = []

    def watched() -> Iterator[Row]:
        for row in many(1000):
            read.append(str(row[0]))
            yield row

    chunks = files.csv_of(Paper([Table("Rows", ["a", "b", "c"], watched())], lambda: ()))
    for _ in range(3):
        next(chunks)
    assert len(read) == 1
    chunks.close()  # type: ignore[attr-defined]


# --- The books on the screen ------------------------------------------------------------------------------------------


def test_the_books_lead_from_sums_to_accounts_to_lines(me: Microenterprise, fay: User) -> None:
    page = get(fay, f"/settlement/books/?as_of={DAY + ONE}").decode()
    assert "Debits and credits agree." in page
    assert f"as_of={DAY + ONE}" in page
    assert "kind=wallet" in page
    kinds = get(fay, f"/settlement/books/?as_of={DAY + ONE}&kind=payable").decode()
    assert "Mei" in kinds
    assert "=Cold Chain" in kinds
    whole = get(fay, f"/settlement/books/{me.entity_id}/?as_of={DAY + ONE}").decode()
    assert "冷蔵" not in whole
    wallet = next(each for each in reports.accounts(Book.REAL, entity_ids=[me.entity_id], kinds=[Kind.WALLET]))
    assert f"/settlement/books/accounts/{wallet.id}/?since={DAY.replace(day=1)}&amp;until={DAY + ONE}" in whole
    lines = get(fay, f"/settlement/books/accounts/{wallet.id}/?since={DAY + ONE}&until={DAY + ONE}").decode()
    assert "A test" in lines
    assert "500.00" in lines  # what stood there before
    assert "710.00" in lines  # and what stands there: 500 + 500 - 20 - 30 - 240
    get(fay, "/settlement/books/999999/", 404)
    get(fay, "/settlement/books/accounts/999999/", 404)


def test_the_steward_reads_sums_but_nobodys_account(me: Microenterprise, ada: User) -> None:
    page = get(ada, f"/settlement/books/{me.entity_id}/?as_of={DAY}").decode()
    assert not names(page, "Mei")
    assert "added up per entity" in page
    (mei,) = (
        each
        for each in reports.accounts(Book.REAL, entity_ids=[me.entity_id], kinds=[Kind.PAYABLE])
        if each.party == member(me, "Mei").party
    )
    get(ada, f"/settlement/books/accounts/{mei.id}/", 403)


def test_pages_of_an_account_carry_the_balance_on(
    me: Microenterprise, fay: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_pages, "SHOWN", 2)
    wallet = next(each for each in reports.accounts(Book.REAL, entity_ids=[me.entity_id], kinds=[Kind.WALLET]))
    found, path = [], f"/settlement/books/accounts/{wallet.id}/{SPAN}"
    client = Client()
    client.force_login(fay)
    for _ in range(10):
        context = client.get(path).context
        found += [(row["line"].place, row["balance"]) for row in context["lines"]]
        if not context["older"]:
            break
        path = f"/settlement/books/accounts/{wallet.id}/{SPAN}&before={context['older']}"
    told = books.statement(me.entity_id, Kind.WALLET, limit=50)
    assert found == [(line.place, line.balance_minor) for line in told]
    assert len(found) > 4


def test_pages_of_a_trial_balance_show_every_account_once(
    me: Microenterprise, fay: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_pages, "SHOWN", 3)
    client = Client()
    client.force_login(fay)
    found, after = [], ""
    for _ in range(20):
        response = client.get("/settlement/books/", {"as_of": str(DAY), "q": "Chain", "after": after})
        found += [row["line"] for row in response.context["lines"]]
        after = response.context["older"]
        if not after:
            break
    expected = [line for line in trial.trial_balance(DAY) if "Chain" in line.entity_name]
    assert found == expected
    assert len(found) == 6


def test_pages_of_the_books_cost_the_same_for_three_times_the_rows(me: Microenterprise, fay: User) -> None:
    wallet = next(each for each in reports.accounts(Book.REAL, entity_ids=[me.entity_id], kinds=[Kind.WALLET]))
    pages = [
        "/settlement/books/",
        "/settlement/books/?kind=payable",
        "/settlement/books/?q=Cold",
        f"/settlement/books/{me.entity_id}/",
        f"/settlement/books/accounts/{wallet.id}/{SPAN}",
        "/settlement/exports/",
        f"/settlement/exports/new/general-ledger/{SPAN}",
    ]
    counts = [statements(fay, path) for path in pages]
    for number in range(4):
        later = DAY + ONE + ONE
        other = firm(Seat(f"More {number}"), Seat("Other"), launched=later, effective_from=later)
        earn(other, 1_000_00, DAY + ONE + ONE)
        entry(me, DAY + ONE + ONE, debit(me.entity_id, Kind.WALLET, 5), credit(me.entity_id, Kind.INCOME_OUTSIDE, 5))
    nights(DAY + ONE + ONE)
    assert [statements(fay, path) for path in pages] == counts
    assert max(counts) <= 8, list(zip(pages, counts, strict=True))
