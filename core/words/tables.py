"""Tables of a list: columns with heads, rows of typed cells. On a phone each cell stands under its column's name.

For lists that are asked for all day: a row of twenty cells is put together in a fraction of what a template takes for
it. What is a cell's value and which columns there are is decided by the room whose list it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from html import escape
from typing import Any, Final, NamedTuple

from django import template
from django.template import Context
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString, mark_safe

from core.look import Badge
from core.money import locale_name
from core.words.figures import money_in, nothing
from core.words.instants import day, instants
from core.words.signs import badge

register = template.Library()
_SUM: Final = ' class="sum"'


class Column(NamedTuple):
    """A column: its head, and whether it holds figures, which stand to the right."""

    label: Any
    is_figure: bool = False


class Link(NamedTuple):
    """Words that lead somewhere."""

    words: str
    address: str
    is_quiet: bool = False


class Amount(NamedTuple):
    """An amount in minor units of a currency. is_change: with a plus where it is one."""

    minor: int | None
    currency: str
    is_change: bool = False


class Quiet(NamedTuple):
    """A remark: beside what a cell says, or below it."""

    words: Any
    is_below: bool = False


class Lines(NamedTuple):
    """Several of what a cell can show, each on a line of its own."""

    lines: Sequence[Any]


Piece = str | Link | Badge | Amount | Quiet | Lines | datetime | date | None
Cell = Piece | Sequence[Piece]
"""What stands in a cell, or several of those beside each other. None is shown as a dash."""


class Sum(tuple[Cell, ...]):
    """A row that sums up others."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows with a cell for each.

    named_by: the place of the column that names its row. kind: a class of static/market.css. caption: what the table
    is or how to read it; is_told_apart: for screen readers only.
    """

    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    named_by: int = 0
    kind: str = ""
    caption: Any = ""
    is_told_apart: bool = False


@register.simple_tag(takes_context=True)
def table(context: Context, shown: Table) -> SafeString:
    """The table itself, made for reading: every value is escaped, numbers and instants are in the reader's locale."""
    marks = [_marks(column, place == shown.named_by) for place, column in enumerate(shown.columns)]
    written = _Writer(context).cell
    rows = []
    for row in shown.rows:
        cells = "".join([f"{start}{written(cell)}{end}" for (start, end), cell in zip(marks, row, strict=True)])
        rows.append(f"<tr{_SUM if isinstance(row, Sum) else ''}>{cells}</tr>")
    body, kind = "\n".join(rows), f"{shown.kind} stack".strip()
    return _html(
        f'<table class="{kind}">{_caption(shown)}\n<thead><tr>{_heads(shown.columns)}</tr></thead>\n'
        f"<tbody>{body}</tbody>\n</table>"
    )


def _caption(shown: Table) -> str:
    side = ' class="sr"' if shown.is_told_apart else ""
    return f"\n<caption{side}>{conditional_escape(shown.caption)}</caption>" if shown.caption else ""


def _heads(columns: Iterable[Column]) -> str:
    return "".join([f'<th scope="col"{_side(each)}>{conditional_escape(each.label)}</th>' for each in columns])


def _marks(column: Column, names_rows: bool) -> tuple[str, str]:
    """What stands before and after each cell of a column."""
    if names_rows:
        return '<th scope="row">', "</th>"
    return f'<td data-label="{conditional_escape(column.label)}"{_side(column)}>', "</td>"


def _side(column: Column) -> str:
    return ' class="num"' if column.is_figure else ""


class _Writer:
    """Cells as HTML for one reader: nothing leaves here that is not escaped. States are few: each is written once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._locale = locale_name()
        self._badges: dict[int, str] = {}

    @cached_property
    def _instant(self) -> Callable[[datetime], str]:
        """What writes instants; a table without any asks for no time."""
        return instants(self._context)

    def cell(self, cell: Cell) -> str:
        """One piece, or several with a blank between them."""
        if isinstance(cell, list) or type(cell) is tuple:
            return " ".join([self._piece(each) for each in cell])
        return self._piece(cell)

    def _piece(self, piece: Any) -> str:
        match piece:
            case str():
                return _text(piece)
            case Link(words, address, is_quiet):
                quiet = ' class="quiet"' if is_quiet else ""
                return f'<a{quiet} href="{_text(address)}">{_text(words)}</a>'
            case Amount(minor, currency, is_change):
                return nothing() if minor is None else money_in(self._locale, minor, currency, is_change)
            case datetime():
                return self._instant(piece)
            case date():
                return day(piece)
            case Badge():
                found = self._badges.get(id(piece))
                if found is None:
                    found = self._badges[id(piece)] = badge(piece)
                return found
            case Quiet(words, is_below):
                mark = "p" if is_below else "span"
                return f'<{mark} class="quiet">{_text(str(words))}</{mark}>'
            case Lines(lines):
                return "<br>".join([self.cell(line) for line in lines])
            case None:
                return nothing()
        raise TypeError(f"{piece!r} is nothing a cell can show")


def _text(words: str) -> str:
    """Escaped unless it is HTML already; Django's own function takes three times as long."""
    return words if isinstance(words, SafeData) else escape(words)


def _html(text: str) -> SafeString:
    return mark_safe(text)  # noqa: S308  put together from escaped pieces
