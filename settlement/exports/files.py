"""How rows become bytes: CSV, workbooks and archives, streamed in bounded memory. No nouns of the settlement here.

Text that a spreadsheet would take for a formula stays text: XLSX cells are written as strings, CSV cells that begin
with = + - @ or a control character get an apostrophe in front. Amounts are plain figures in units of their currency.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import xlsxwriter
from django.db import connection, transaction
from django.utils.translation import gettext as _

from core.clock import market_now

CHUNK: Final = 64 * 1024
BATCH: Final = 2000
SHEET_ROWS: Final = 1_000_000
"""How many rows one sheet takes; Excel's own limit is 1,048,576."""
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT: Final = "text/plain; charset=utf-8"
ZIP: Final = "application/zip"

Cell = str | int | Decimal
Row = Sequence[Cell]


def _nothing() -> Iterable[Row]:
    return ()


@dataclass(frozen=True)
class Table:
    """Rows under their heads; the name is that of a sheet."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Row]


@dataclass(frozen=True)
class Paper:
    """What a table of an export says as a whole.

    The CSV holds the first table and then the rows of `closing`; the workbook has every table behind a first sheet with
    the rows of `summary`. Both are asked for after the tables were read, so that they may hold sums of them.
    """

    tables: Sequence[Table]
    summary: Callable[[], Iterable[Row]]
    closing: Callable[[], Iterable[Row]] = field(default=_nothing)


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is of one instant, and nothing can be written. Inside a transaction it is that one."""
    fresh = not connection.in_atomic_block
    with transaction.atomic():
        if fresh:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def csv_of(paper: Paper) -> Iterator[str]:
    """The first table and the closing rows as CSV, row by row."""
    table = paper.tables[0]
    with snapshot():
        yield "\ufeff"  # tells spreadsheets that the text is UTF-8
        yield csv_row(table.columns)
        for cells in table.rows:
            yield csv_row(cells)
        for cells in paper.closing():
            yield csv_row([*cells, *[""] * (len(table.columns) - len(cells))])


def xlsx_of(paper: Paper) -> Iterator[bytes]:
    """Every table as a workbook behind its summary. It is written to a private folder first, as its format asks."""
    with TemporaryDirectory(prefix="market-") as folder:
        path = Path(folder) / "report.xlsx"
        with snapshot():
            _write_workbook(path, paper)
        yield from bytes_of(path)


def bytes_of(path: Path) -> Iterator[bytes]:
    """A file, a piece at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def encoded(chunks: Iterable[str | bytes]) -> Iterator[bytes]:
    """Text in UTF-8, in pieces large enough to be worth sending."""
    waiting: list[bytes] = []
    size = 0
    for chunk in chunks:
        piece = chunk.encode() if isinstance(chunk, str) else chunk
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def counted(rows: Iterable[Row], tick: Callable[[int], None]) -> Iterator[Row]:
    """The same rows; `tick` is told of every one."""
    for row in rows:
        yield row
        tick(1)


def safe_text(text: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(RISKY) else text


def csv_row(cells: Row) -> str:
    """One line of CSV."""
    line = StringIO()
    csv.writer(line).writerow([safe_text(cell) if isinstance(cell, str) else figure(cell) for cell in cells])
    return line.getvalue()


def figure(cell: int | Decimal) -> str:
    """A figure in plain digits."""
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


class _Sheets:
    """The sheets of one workbook, written row by row; a table that is too long for a sheet goes on in the next."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.bold = book.add_format({"bold": True})
        self.formats: dict[int, Any] = {}

    def add(self, name: str, head: Row) -> Any:
        """A new sheet with its heads, which stay in sight."""
        sheet = self.book.add_worksheet(name[:31])
        sheet.set_column(0, max(len(head) - 1, 1), 18)
        sheet.freeze_panes(1, 0)
        for column, text in enumerate(head):
            sheet.write_string(0, column, str(text), self.bold)
        return sheet

    def table(self, table: Table) -> None:
        """Write a whole table."""
        sheet, number, part = self.add(table.name, table.columns), 0, 1
        for cells in table.rows:
            if number == SHEET_ROWS:
                number, part = 0, part + 1
                sheet = self.add(f"{table.name[:25]} {part}", table.columns)
            number += 1
            self.row(sheet, number, cells)

    def row(self, sheet: Any, number: int, cells: Row) -> None:
        """Write one row."""
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(number, column, cell)
            elif isinstance(cell, Decimal):
                sheet.write_number(number, column, cell, self._money(cell))
            else:
                sheet.write_number(number, column, cell)

    def _money(self, amount: Decimal) -> Any:
        """How an amount is shown: with as many digits after the point as its currency has."""
        digits = -int(amount.as_tuple().exponent)
        if digits not in self.formats:
            pattern = "#,##0" + ("." + "0" * digits if digits > 0 else "")
            self.formats[digits] = self.book.add_format({"num_format": pattern})
        return self.formats[digits]


def _write_workbook(path: Path, paper: Paper) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, {**options, "tmpdir": str(path.parent)}) as book:
        # XlsxWriter would look at the server's clock; the market's is the one that counts.
        book.set_properties({"created": market_now().astimezone(UTC).replace(tzinfo=None)})
        sheets = _Sheets(book)
        # The first sheet is written last: it holds sums of the others.
        first = book.add_worksheet(_("Summary"))
        first.set_column(0, 8, 24)
        for table in paper.tables:
            sheets.table(table)
        for number, cells in enumerate(paper.summary()):
            if number == 0:
                for column, text in enumerate(cells):
                    first.write_string(0, column, str(text), sheets.bold)
            else:
                sheets.row(first, number, cells)
