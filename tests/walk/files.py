"""What finance takes home from a night: workbook, table and journal say the same, and nothing runs in them."""

import csv
import re
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

RISKY = ("=", "+", "-", "@")
SUMMED = ("Shared", "Newly payable", "Stable pay", "Draws")


def check(report: Path, table: Path, journal: Path) -> dict[str, Decimal]:
    """The three files of one night agree with each other and the journal with itself; its debits by currency."""
    workbook = CalamineWorkbook.from_path(report)
    of_firms = _rows(workbook.get_sheet_by_name("Microenterprises").to_python())
    of_csv = list(csv.DictReader(StringIO(table.read_text("utf-8-sig"))))
    assert [row["Microenterprise"] for row in of_firms] == [row["Microenterprise"] for row in of_csv]
    for column in SUMMED:
        assert _sums(of_firms, column) == _sums(of_csv, column), column
    shared = _sums(of_csv, "Shared")
    of_lines = _rows(workbook.get_sheet_by_name("Lines").to_python())
    paid_out = _sums([row for row in of_lines if row["Kind"] == "Share of the profit"], "Amount")
    assert {currency: total for currency, total in shared.items() if total} == paid_out
    assert not [cell for row in of_csv for cell in row.values() if cell.startswith(RISKY) and not _is_figure(cell)]
    return _check_journal(journal)


def check_books(said: str, posted: dict[str, Decimal]) -> None:
    """`check_books` found nothing wrong, and its totals hold what the journal posted."""
    assert "FAILED" not in said, said
    for currency, debits in posted.items():
        found = re.search(rf"total   real {currency}: debits ([\d.]+), credits ([\d.]+)", said)
        assert found, said
        assert Decimal(found[1]) == Decimal(found[2]) >= debits


def _check_journal(journal: Path) -> dict[str, Decimal]:
    """hledger finds nothing wrong, arrives at the control totals, and everything balances to nothing."""
    _hledger(journal, "check", "--strict")
    text = journal.read_text()
    promised = {currency: Decimal(total) for total, currency in re.findall(r"; control: debits ([\d.]+) (\w+)", text)}
    posted: dict[str, Decimal] = {}
    for row in csv.DictReader(StringIO(_hledger(journal, "print", "-O", "csv"))):
        if row["debit"]:
            posted[row["commodity"]] = posted.get(row["commodity"], Decimal(0)) + Decimal(row["debit"])
    assert posted == promised
    total = list(csv.reader(StringIO(_hledger(journal, "balance", "-O", "csv"))))[-1]
    assert [cell.lower() for cell in total] == ["total", "0"], total
    return posted


def _hledger(journal: Path, *words: str) -> str:
    done = subprocess.run(["hledger", "-f", str(journal), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rows(cells: Sequence[Sequence[object]]) -> list[dict[str, str]]:
    head = [str(cell) for cell in cells[0]]
    return [dict(zip(head, (str(cell) for cell in row), strict=False)) for row in cells[1:]]


def _sums(rows: list[dict[str, str]], column: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in rows:
        figure = Decimal(row[column] or "0").quantize(Decimal("0.01"))
        found[row["Currency"]] = found.get(row["Currency"], Decimal(0)) + figure
    return found


def _is_figure(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", cell))


def check_payments(bank: Path, table: Path, shown: str) -> None:
    """The bank's file counts and adds up its own payments; the table has the same, and the page showed that sum."""
    root = ElementTree.parse(bank).getroot()
    name = {"p": root.tag[1:].split("}")[0]}
    amounts = [Decimal(each.text or "") for each in root.iterfind(".//p:InstdAmt", name)]
    head = root.find(".//p:GrpHdr", name)
    assert head is not None
    assert head.findtext("p:NbOfTxs", namespaces=name) == str(len(amounts))
    assert Decimal(head.findtext("p:CtrlSum", "", name)) == sum(amounts)
    assert Decimal(re.sub(r"[^0-9.]", "", shown)) == sum(amounts)
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    paid = [Decimal(row["Amount"]) for row in rows if row.get("Amount")]
    assert sum(paid) == sum(amounts)
