"""The settlement's pages: who sees which, what they say, what they cost, and the files they give."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from core.models import AuditRecord
from microenterprises.models import Microenterprise
from people.models import User
from settlement.actions.nights import start_run, work_on_run
from settlement.models import Outcome, SettlementRun, ShareLine
from tests.naming import names
from tests.settlement.world import Seat, earn, firm, lock_up, member, nights, on, outcome, person
from tests.statements import statements

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 19)
ONE = timedelta(days=1)
RUN = f"/settlement/{DAY}/"


@pytest.fixture
def me() -> Microenterprise:
    """Cold Chain, whose two members share 500.00 of a night; Blue Kettle could not settle."""
    cold_chain = firm(Seat("Amara", 3), Seat("Mei", 1), name="=Cold Chain", launched=DAY)
    blue_kettle = firm(Seat("Lin"), name="Blue Kettle", launched=DAY)
    earn(cold_chain, 1_000_00, DAY)
    earn(blue_kettle, 1_000_00, DAY)
    lock_up(blue_kettle, 900_00, DAY)
    nights(DAY)
    return cold_chain


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


def see(user: User, path: str, status: int = 200, *, target: str = "") -> str:
    client = Client(headers={"HX-Request": "true", "HX-Target": target} if target else None)
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == status, path
    return b"".join(response).decode(errors="replace") if response.streaming else response.content.decode()


def download(user: User, path: str) -> bytes:
    client = Client()
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200
    return b"".join(response)


def post(user: User, path: str, **data: str) -> tuple[int, str]:
    client = Client()
    client.force_login(user)
    response = client.post(path, data)
    return response.status_code, response.content.decode()


def test_finance_reads_a_night_with_its_exception_and_how_to_mend_it(me: Microenterprise, fay: User) -> None:
    page = see(fay, RUN)
    assert "Waiting for approval" in page
    assert "is due to the members of Blue Kettle" in page
    assert "Record money" in page
    assert "=Cold Chain" in page


def test_runs_are_listed_newest_first_with_what_is_not_mended(me: Microenterprise, fay: User) -> None:
    page = see(fay, "/settlement/")
    assert RUN in page
    assert "Could not settle, and not mended" in page


@pytest.mark.parametrize("role", ["finance", "auditor", "steward"])
def test_finance_auditor_and_steward_see_runs(me: Microenterprise, role: str) -> None:
    see(person("Reader", role), RUN)
    see(person("Reader", role), f"/settlement/outcomes/{outcome(me, DAY).pk}/")


@pytest.mark.parametrize("path", ["/settlement/", RUN, RUN + "report.xlsx", RUN + "journal.hledger"])
def test_to_everybody_else_a_run_is_not_there(me: Microenterprise, path: str) -> None:
    for reader in (person("Sol"), person("Hua", "hr"), member(me, "Amara"), person("Vendor", "vendor")):
        see(reader, path, 404)


def test_a_leader_sees_the_totals_of_their_me_and_of_no_other(me: Microenterprise) -> None:
    amara, other = member(me, "Amara"), Outcome.objects.get(microenterprise__name="Blue Kettle")
    page = see(amara, f"/settlement/outcomes/{outcome(me, DAY).pk}/")
    assert "500.00" in page
    assert not names(page, "Mei")  # what single members got is theirs
    see(amara, f"/settlement/microenterprises/{me.pk}/")
    see(amara, f"/settlement/outcomes/{other.pk}/", 404)
    see(amara, f"/settlement/microenterprises/{other.microenterprise_id}/", 404)
    see(member(me, "Mei"), f"/settlement/outcomes/{outcome(me, DAY).pk}/", 404)


def test_a_member_reads_what_made_their_line(me: Microenterprise) -> None:
    mei = member(me, "Mei")
    page = see(mei, "/statements/")
    assert "125.00" in page
    assert "Terms version 1, weight 1 of 4" in page
    assert "A test" in page  # the memo of the entry that made the profit
    line = ShareLine.objects.get(person=mei)
    derivation = see(mei, f"/statements/{line.pk}/")
    for figure in ("1,000.00", "500.00", "125.00", "1 of 4", "50% of what is more than"):
        assert figure in derivation


def test_nobody_reads_anothers_pay_but_finance_and_the_auditor(me: Microenterprise, fay: User) -> None:
    mei = member(me, "Mei")
    line = ShareLine.objects.get(person=mei)
    for path in (f"/statements/{line.pk}/", f"/statements/people/{mei.pk}/"):
        for reader in (member(me, "Amara"), person("Ada", "steward"), person("Hua", "hr"), person("Vendor", "vendor")):
            see(reader, path, 404)
        see(fay, path)
        see(person("Rui", "auditor"), path)
    assert not names(see(person("Ada", "steward"), f"/settlement/outcomes/{outcome(me, DAY).pk}/"), "Mei")


def test_a_statement_without_lines_says_what_would_be_there() -> None:
    assert "No line in this year yet" in see(person("Sol"), "/statements/")


def test_finance_approves_a_run_once(me: Microenterprise, fay: User) -> None:
    assert post(fay, RUN)[0] == 303
    run = SettlementRun.objects.get()
    assert (run.status, run.approved_by) == (SettlementRun.Status.APPROVED, fay)
    status, page = post(fay, RUN)
    assert status == 422
    assert "no longer possible" in page


def test_whoever_started_a_run_by_hand_does_not_approve_it(fay: User) -> None:
    firm(Seat("Amara"), launched=DAY)
    with on(DAY + ONE, 3):
        work_on_run(start_run(business_date=DAY, by=fay))
    status, page = post(fay, RUN)
    assert status == 403
    assert "somebody else in finance approves it" in page
    assert post(person("Second", "finance"), RUN)[0] == 303


@pytest.mark.parametrize("role", ["auditor", "steward"])
def test_others_who_see_a_run_cannot_approve_it(me: Microenterprise, role: str) -> None:
    assert post(person("Reader", role), RUN)[0] == 403
    assert SettlementRun.objects.get().status == SettlementRun.Status.SEALED


def test_finance_starts_a_missed_night_from_the_list(fay: User) -> None:
    firm(Seat("Amara"), launched=DAY)
    assert "not settled yet" in see(fay, "/settlement/")
    assert post(fay, "/settlement/", date=str(DAY))[0] == 303
    assert SettlementRun.objects.get().started_by == fay
    assert "hx-trigger" in see(fay, RUN)
    assert "0 of 1" in see(fay, RUN, target="progress")
    assert post(person("Rui", "auditor"), "/settlement/", date=str(DAY + ONE))[0] == 403
    assert post(fay, "/settlement/", date="2999-01-01")[0] == 422
    assert post(fay, "/settlement/", date="nonsense")[0] == 422


def test_filters_stand_in_the_address_and_in_the_files(me: Microenterprise, fay: User) -> None:
    page = see(fay, RUN + "?state=exception&q=kettle", target="results")
    assert "Blue Kettle" in page
    assert "Cold Chain" not in page
    rows = report(fay, "?state=exception")
    assert [row["Microenterprise"] for row in rows] == ["Blue Kettle"]


def report(user: User, query: str = "") -> list[dict[str, str]]:
    text = download(user, RUN + "report.csv" + query).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_names_the_hash_and_keeps_formulas_text(me: Microenterprise, fay: User) -> None:
    rows = {row["Microenterprise"]: row for row in report(fay)}
    assert set(rows) == {"'=Cold Chain", "Blue Kettle"}
    assert rows["'=Cold Chain"]["Shared"] == "500.00"
    assert {row["Hash of the run's lines"] for row in rows.values()} == {SettlementRun.objects.get().lines_sha256}


def test_the_workbook_has_the_same_sums_and_no_formula(me: Microenterprise, fay: User) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(download(fay, RUN + "report.xlsx")))
    assert book.sheet_names == ["Summary", "Microenterprises", "Lines"]
    head, *rows = book.get_sheet_by_name("Microenterprises").to_python()
    column = {name: index for index, name in enumerate(head)}
    assert "=Cold Chain" in [row[column["Microenterprise"]] for row in rows]
    assert Decimal(str(sum(float(str(row[column["Shared"]])) for row in rows))) == 500
    _head, *lines = book.get_sheet_by_name("Lines").to_python()
    assert len(lines) == 2
    steward = download(person("Ada", "steward"), RUN + "report.xlsx")
    assert "Lines" not in CalamineWorkbook.from_filelike(io.BytesIO(steward)).sheet_names


def test_the_journal_names_the_run_and_its_hash(me: Microenterprise, fay: User) -> None:
    text = download(fay, RUN + "journal.hledger").decode()
    assert SettlementRun.objects.get().lines_sha256 in text
    assert "share:" in text
    see(person("Ada", "steward"), RUN + "journal.hledger", 403)


def test_every_export_is_in_the_audit_trail(me: Microenterprise, fay: User) -> None:
    for name in ("report.xlsx", "report.csv?q=x", "lines.csv", "journal.hledger"):
        download(fay, RUN + name)
    told = AuditRecord.objects.filter(deed="settlement.exported").order_by("id")
    assert [(row.actor_name, row.facts["form"]) for row in told] == [
        ("Fay", form) for form in ("xlsx", "csv", "lines", "hledger")
    ]


def test_a_night_that_is_posting_is_not_exported(fay: User) -> None:
    firm(Seat("Amara"), launched=DAY)
    with on(DAY + ONE, 3):
        start_run(business_date=DAY, by=None)
    see(fay, RUN + "report.csv", 409)


def test_pages_cost_the_same_for_three_times_the_rows(fay: User) -> None:
    firms = [firm(Seat("Amara"), Seat("Mei"), launched=DAY) for _ in range(2)]
    for me in firms:
        earn(me, 1_000_00, DAY)
    nights(DAY)
    amara = member(firms[0], "Amara")
    pages = [
        (fay, "/settlement/"),
        (fay, RUN),
        (amara, "/statements/"),
        (amara, f"/settlement/microenterprises/{firms[0].pk}/"),
        (fay, f"/settlement/outcomes/{outcome(firms[0], DAY).pk}/"),
        (amara, f"/statements/{ShareLine.objects.filter(person=amara).first().pk}/"),  # type: ignore[union-attr]
    ]
    counts = [statements(user, path) for user, path in pages]
    for _ in range(4):
        earn(firm(Seat("More"), launched=DAY + ONE), 500_00, DAY + ONE)
    earn(firms[0], 1_000_00, DAY + ONE)
    nights(DAY + ONE)
    assert [statements(user, path) for user, path in pages] == counts
    assert max(counts) <= 8, list(zip([path for _user, path in pages], counts, strict=True))
