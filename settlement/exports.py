"""Settlement reports as files: what the screen shows, streamed, with the run and the hash of its lines named.

Text that a spreadsheet would take for a formula stays text: XLSX cells are written as strings, CSV cells that begin
with = + - @ or a control character get an apostrophe in front. Amounts are plain figures in units of their currency.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import money
from ledger import journal
from settlement.models import Outcome, SettlementRun, StatementLine
from settlement.queries import TOTALS
from settlement.sentences import day_name, trouble

CHUNK = 64 * 1024
BATCH = 2000
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | int | Any


def safe_text(text: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(RISKY) else text


def outcome_columns() -> list[str]:
    """The heads of the report, in the reader's language."""
    return [
        _("Business date"), _("Posted on"), _("Microenterprise"), _("How it ended"), _("Currency"),
        _("Profit of the day"), _("Profit of the year"), _("Pool"), _("Shared"), _("Draws recovered"),
        _("Newly payable"), _("Stable pay"), _("Draws"), _("Advances taken over"), _("Lines"), _("What to mend"),
        _("Hash of the run's lines"),
    ]  # fmt: skip


def outcome_cells(outcome: Outcome, run: SettlementRun) -> list[Cell]:
    """One ME's date as cells; amounts are exact decimals."""
    name = outcome.microenterprise.name
    amounts = (
        outcome.profit_minor - outcome.profit_before_minor,
        outcome.profit_minor,
        outcome.pool_minor,
        outcome.shared_minor,
        outcome.recovered_minor,
        outcome.payable_minor,
        outcome.pay_minor,
        outcome.draws_minor,
        outcome.written_off_minor,
    )
    is_open = outcome.state == Outcome.State.EXCEPTION
    return [
        outcome.business_date.isoformat(),
        outcome.night.isoformat(),
        name,
        str(outcome.get_state_display()),
        outcome.currency,
        *(money.major(minor, outcome.currency) for minor in amounts),
        outcome.line_count,
        trouble(outcome, name).sentence if is_open else "",
        run.lines_sha256,
    ]


def line_columns() -> list[str]:
    """The heads of the lines of a run."""
    return [
        _("Posted on"), _("Business date"), _("Microenterprise"), _("Person"), _("Kind"), _("Currency"), _("Weight"),
        _("Sum of weights"), _("Amount"), _("Draw recovered"), _("Newly payable"),
    ]  # fmt: skip


def line_cells(line: StatementLine) -> list[Cell]:
    """One person's line as cells."""
    amounts = (line.amount_minor, line.recovered_minor, line.payable_minor)
    return [
        line.night.isoformat(),
        line.business_date.isoformat(),
        line.microenterprise.name,
        line.person.name,
        str(line.get_kind_display()),
        line.currency,
        line.weight,
        line.weights_sum,
        *(money.major(minor, line.currency) for minor in amounts),
    ]


def lines_of(run: SettlementRun) -> QuerySet[StatementLine]:
    """Every person's line of a night."""
    lines = StatementLine.objects.filter(night=run.business_date).select_related("microenterprise", "person")
    return lines.order_by("microenterprise__name", "person__name", "position", "id")


def csv_report(run: SettlementRun, outcomes: QuerySet[Outcome]) -> Iterator[str]:
    """The report as CSV, row by row."""
    yield "\ufeff"  # tells spreadsheets that the text is UTF-8
    yield _csv_row(outcome_columns())
    for outcome in outcomes.iterator(BATCH):
        yield _csv_row(outcome_cells(outcome, run))


def csv_lines(run: SettlementRun) -> Iterator[str]:
    """Every person's line as CSV, row by row."""
    yield "\ufeff"
    yield _csv_row(line_columns())
    for line in lines_of(run).iterator(BATCH):
        yield _csv_row(line_cells(line))


def hledger(run: SettlementRun) -> Iterator[str]:
    """The journal of the run's date as hledger text."""
    yield f"; Settlement run {run.business_date.isoformat()}, hash of its lines {run.lines_sha256}\n"
    yield from journal.lines(run.business_date, run.business_date)


def xlsx_report(run: SettlementRun, outcomes: QuerySet[Outcome], *, filters: str, with_lines: bool) -> Iterator[bytes]:
    """The report as a workbook: summary, MEs as filtered on the screen and, for who may read pay, every line."""
    with TemporaryDirectory(prefix="settlement-") as folder:
        path = Path(folder) / "report.xlsx"
        _write_workbook(path, run, outcomes, filters, with_lines)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _write_workbook(
    path: Path, run: SettlementRun, outcomes: QuerySet[Outcome], filters: str, with_lines: bool
) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        bold = book.add_format({"bold": True})
        _sheet(book, _("Summary"), bold, [_("Settlement run"), day_name(run.business_date)], summary(run, filters))
        cells = (outcome_cells(outcome, run) for outcome in outcomes.iterator(BATCH))
        _sheet(book, _("Microenterprises"), bold, outcome_columns(), cells)
        if with_lines:
            _sheet(book, _("Lines"), bold, line_columns(), (line_cells(row) for row in lines_of(run).iterator(BATCH)))


def summary(run: SettlementRun, filters: str) -> Iterator[Sequence[Cell]]:
    """The facts and totals of a run as rows of two or more cells."""
    yield _("State"), str(run.get_status_display())
    yield _("Microenterprises"), run.mes_done
    yield _("Exceptions"), run.exceptions
    yield _("Lines"), run.lines
    yield _("Hash of the run's lines"), run.lines_sha256
    yield _("Hash of the run's manifest"), run.inputs_sha256
    yield _("Shown"), filters or _("everything")
    yield _("Text beginning with = + - or @ is text here, never a formula."), ""
    names = (
        _("Shared"),
        _("Newly payable"),
        _("Draws recovered"),
        _("Stable pay"),
        _("Draws"),
        _("Advances taken over"),
    )
    yield ()
    yield (_("Currency"), *names)
    for currency, totals in sorted(run.totals.items()):
        yield (currency, *(money.major(totals[name], currency) for name in TOTALS))


def _sheet(book: Any, name: str, bold: Any, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = book.add_worksheet(name[:31])
    sheet.set_column(0, len(head), 18)
    sheet.freeze_panes(1, 0)
    for column, text in enumerate(head):
        sheet.write_string(0, column, text, bold)
    for number, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            else:
                sheet.write_number(number, column, cell)


def _csv_row(cells: Sequence[Cell]) -> str:
    line = StringIO()
    csv.writer(line).writerow([safe_text(cell) if isinstance(cell, str) else _figure(cell) for cell in cells])
    return line.getvalue()


def _figure(cell: Any) -> str:
    return f"{cell:f}" if not isinstance(cell, int) else str(cell)
