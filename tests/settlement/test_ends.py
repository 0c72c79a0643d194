"""What an ME that ended owes to who held stakes in it: on their statement, released by its run, paid like a share."""

import json
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from python_calamine import CalamineWorkbook

from core import clock
from core.clock import business_date
from core.models import AuditRecord
from ledger import proofs
from ledger.accounts import Kind
from ledger.queries import balance, person_balances
from microenterprises.actions.money import Document, record_cost
from microenterprises.models import Microenterprise
from people.models import Notice, User
from settlement import explaining, migrations, payable
from settlement.actions import nights, payouts
from settlement.models import HandedOn, Owed, SettlementRun, StatementLine
from settlement.replay import replay
from talent_pool.actions import placements
from talent_pool.actions.wind_up import wind_up
from tests.cast import TERMS, Cast, cast
from tests.microenterprises.test_circle import ready
from tests.settlement.paying import bank, people_of
from tests.settlement.replaying import tamper
from tests.settlement.test_run_page import part_of, rows_of
from tests.settlement.world import Seat, firm, money
from tests.statements import statements

__all__ = ["cast"]
BACK = 180_000
"""The part of Hua, who had put in 600,000, of the 300,000 that a loss left of a million."""


@pytest.fixture
def ended(cast: Cast) -> Microenterprise:
    """Sol's venture lost 7,000.00 of the 10,000.00 that Hua and an ME had put in, and ended."""
    me = placements.launch(idea=ready(cast), terms=TERMS, by=cast.sol)
    paper = Document(number="C-1", counterparty="A supplier", dated=business_date())
    record_cost(microenterprise=me, amount_minor=700_000, document=paper, by=cast.fay)
    wind_up(microenterprise=me, reason="Nobody bought it.", by=cast.sol)
    return me


def settle_and_approve(cast: Cast) -> date:
    """The night of the end, approved by finance."""
    day = business_date()
    clock.move_forward(timedelta(days=1))
    nights.settle_over()
    for run in SettlementRun.objects.order_by("business_date"):
        nights.approve(run=run, by=cast.fay)
    return day


def read(person: User, path: str) -> bytes:
    client = Client()
    client.force_login(person)
    response = client.get(path)
    assert response.status_code == 200, path
    return response.getvalue()


def page(person: User, path: str) -> str:
    return read(person, path).decode()


def test_it_stands_on_the_statement_with_what_was_put_in(ended: Microenterprise, cast: Cast) -> None:
    (line,) = StatementLine.objects.filter(person=cast.hua)
    assert (line.kind, line.amount_minor, line.payable_minor) == ("handed_on", BACK, BACK)
    assert (line.night, line.business_date, line.microenterprise) == (business_date(), business_date(), ended)
    said = page(cast.hua, "/statements/")
    assert f"Stake and rest of an ME that ended, {ended.name}" in said and "From MEs that ended" in said
    explained = page(cast.hua, f"/statements/{line.pk}/")
    assert "CN¥6,000.00" in explained and "CN¥1,800.00" in explained and "in proportion" in explained
    exported = page(cast.hua, f"/settlement/exports/new/statement/csv/?person={cast.hua.pk}")
    assert "Stake and rest of an ME that ended" in exported and "1800.00" in exported
    assert statements(cast.hua, "/statements/") <= 8
    assert statements(cast.hua, f"/statements/{line.pk}/") <= 8


def test_nobody_else_reads_it_but_finance_and_the_auditor(ended: Microenterprise, cast: Cast) -> None:
    line = HandedOn.objects.get()
    for person, status in ((cast.fay, 200), (cast.rui, 200), (cast.sol, 404), (cast.lin, 404), (cast.ada, 404)):
        client = Client()
        client.force_login(person)
        assert client.get(f"/statements/{line.pk}/").status_code == status, person.name


def test_the_command_explains_it(ended: Microenterprise, cast: Cast) -> None:
    text = "\n".join(explaining.explain(cast.hua, business_date()))
    assert f"Stake and rest of {ended.name}, which ended: CN¥1,800.00" in text
    assert f"microenterprise:{ended.pk}:handed-on" in text


def test_the_person_is_told_and_the_trail_knows(ended: Microenterprise, cast: Cast) -> None:
    told = Notice.objects.filter(person=cast.hua, sentence__contains="of what was left is yours")
    assert [notice.link for notice in told] == ["/statements/"]
    record = AuditRecord.objects.get(deed="settlement.handed_on")
    assert record.facts == {"people": 1, "amount_minor": BACK}


def test_it_is_paid_to_the_cent_once_its_night_is_approved(ended: Microenterprise, cast: Cast) -> None:
    bank(cast.hua)
    payouts.release_approved()
    assert payable.open_sums() == []
    settle_and_approve(cast)
    payouts.release_approved()
    assert [(each.people, each.minor, each.without) for each in payable.open_sums()] == [(1, BACK, 0)]
    batch = payouts.send(batch=payouts.create(currency="CNY", by=cast.fay), by=cast.fay)
    assert (batch.size, batch.total_minor, batch.withheld_minor) == (1, BACK, 0)
    assert person_balances(cast.hua.party)[ended.entity_id][:2] == (0, BACK)
    other = User.objects.create_user("fred@haier.example", name="Fred", roles=["finance"])
    payouts.mark_paid(batch=batch, by=other)
    assert person_balances(cast.hua.party)[ended.entity_id][:2] == (0, 0)
    assert balance(ended.entity_id, Kind.SET_ASIDE) == 0
    assert set(SettlementRun.objects.values_list("status", flat=True)) == {SettlementRun.Status.PAID}
    assert list(proofs.failures(date.min, date.max)) == []


def test_approving_says_what_it_releases_with_it(ended: Microenterprise, cast: Cast) -> None:
    day = business_date()
    clock.move_forward(timedelta(days=1))
    nights.settle_over()
    assert "Approving releases CN¥1,800.00 on" in page(cast.fay, f"/settlement/{day}/")


def test_one_figure_is_what_page_report_and_api_say_and_what_is_paid(ended: Microenterprise, cast: Cast) -> None:
    other = firm(Seat("Noriko", start=business_date()), launched=business_date())
    money(other, 100_00)
    day = settle_and_approve(cast)
    run = SettlementRun.objects.get(business_date=day)
    figures = run.totals["CNY"]
    whole = BACK + 50_00
    assert (figures["handed_on"], figures["payable"], figures["released"]) == (BACK, 50_00, whole)
    assert run.lines == StatementLine.objects.filter(night=day).count() == 2
    totals = rows_of(part_of(page(cast.fay, f"/settlement/{day}/"), "totals"))
    assert ["Handed on by MEs that ended", "1,800.00", "—none", "—none"] in totals
    assert ["Released for payment", "1,850.00", "—none", "—none"] in totals
    told = read(cast.fay, f"/api/v1/runs/{day}/")
    assert json.loads(told)["totals"]["CNY"] == figures
    book = CalamineWorkbook.from_filelike(BytesIO(read(cast.fay, f"/settlement/{day}/report.xlsx")))
    rows = book.get_sheet_by_name("Summary").to_python()
    heads = next(row for row in rows if row[0] == "Currency")
    (yuan,) = (row for row in rows if row[0] == "CNY")
    assert Decimal(str(yuan[heads.index("Released for payment")])) == Decimal("1850.00")
    lines = book.get_sheet_by_name("Lines").to_python()
    owed = [Decimal(str(row[lines[0].index("Newly payable")])) for row in lines[1:]]
    assert sum(owed) == Decimal("1850.00")
    assert payable.unreleased().arriving == {"CNY": whole}
    for somebody in (cast.hua, *people_of(other)):
        bank(somebody)
    assert payouts.create(currency="CNY", by=cast.fay).total_minor == whole


def test_runs_sealed_before_say_what_they_release_as_later_ones_do(ended: Microenterprise, cast: Cast) -> None:
    day = settle_and_approve(cast)
    run = SettlementRun.objects.get(business_date=day)
    older = {name: minor for name, minor in run.totals["CNY"].items() if name not in ("handed_on", "released")}
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE settlement_settlementrun DISABLE TRIGGER a_sealed_run_is_not_changed")  # came later
    SettlementRun.objects.filter(pk=run.pk).update(totals={"CNY": older}, lines=run.lines - 1)
    sql = Path(migrations.__path__[0], "0015_what_approving_releases.sql").read_text()
    with connection.cursor() as cursor:
        for _twice in range(2):
            cursor.execute(sql)
    again = SettlementRun.objects.get(pk=run.pk)
    assert (again.totals, again.lines) == (run.totals, run.lines)


def test_a_night_that_still_owes_it_is_not_paid(ended: Microenterprise, cast: Cast) -> None:
    day = settle_and_approve(cast)
    payouts.release_approved()
    assert payable.nights_still_owed([SettlementRun.Status.APPROVED]) == {day}
    assert [(row.person, row.released_minor) for row in payable.without_details()] == [(cast.hua, BACK)]
    assert "You cannot be paid in CNY" in page(cast.hua, "/")


def test_a_replay_of_the_night_finds_what_is_not_as_it_was_settled(ended: Microenterprise, cast: Cast) -> None:
    day = settle_and_approve(cast)
    assert replay(day, day).differences == 0
    tamper("UPDATE settlement_handedon SET amount_minor = amount_minor + 1")
    assert [each.what for each in replay(day, day).named] == ["hash of the run's lines"]


def test_what_was_handed_on_before_there_was_a_table_is_found_in_the_books(ended: Microenterprise, cast: Cast) -> None:
    settle_and_approve(cast)
    names = ("microenterprise", "person", "night", "currency", "stake_minor", "amount_minor", "entry_reference")
    written = list(HandedOn.objects.values(*names))
    assert len(written) == 1
    sql = Path(migrations.__path__[0], "0013_what_an_ended_me_hands_on.sql").read_text()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE settlement_handedon DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM settlement_handedon")
        cursor.execute("ALTER TABLE settlement_handedon ENABLE TRIGGER USER")
    payouts.release_approved()  # as it was: the night is released, and what was handed on is not part of it
    assert not Owed.objects.exists()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE settlement_owed DISABLE TRIGGER what_is_owed_begins_at_nothing")  # as it was
        cursor.execute("WITH handed AS (" + sql.split("WITH handed AS (", 1)[1])
    assert list(HandedOn.objects.values(*names)) == written
    assert [(row.person, row.released_minor) for row in Owed.objects.all()] == [(cast.hua, BACK)]
