"""Tables of a list: columns with heads, rows of typed cells. On a phone each cell stands under its column's name.

For lists that are asked for all day: a row of twenty cells is put together in a fraction of what a template takes for
it. What is a cell's value and which columns there are is decided by the room whose list it is. The first column heads
its row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, NamedTuple

from django import template
from django.template import Context
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString, mark_safe

from core.look import Badge
from core.money import locale_name
from core.words.figures import money_in, nothing
from core.words.instants import instants
from core.words.signs import badge

register = template.Library()


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
    """An amount in minor units of a currency."""

    minor: int | None
    currency: str


class Quiet(NamedTuple):
    """A remark beside what a cell says."""

    words: Any


Piece = str | Link | Badge | Amount | Quiet | datetime | None
Cell = Piece | Sequence[Piece]
"""What stands in a cell, or several of those beside each other. None is shown as a dash."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows with a cell for each."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]


@register.simple_tag(takes_context=True)
def table(context: Context, shown: Table) -> SafeString:
    """The table itself, made for reading: every value is escaped, numbers and instants are in the reader's locale."""
    heads, (_first, *others) = _heads(shown.columns), shown.columns
    starts = [_start(column) for column in others]
    written = _Writer(context).cell
    rows = []
    for first, *cells in shown.rows:
        rest = "".join([f"{start}{written(cell)}</td>" for start, cell in zip(starts, cells, strict=True)])
        rows.append(f'<tr><th scope="row">{written(first)}</th>{rest}</tr>')
    body = "\n".join(rows)
    return _html(f'<table class="stack">\n<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody>\n</table>')


def _heads(columns: Iterable[Column]) -> str:
    return "".join([f'<th scope="col"{_side(each)}>{conditional_escape(each.label)}</th>' for each in columns])


def _start(column: Column) -> str:
    return f'<td data-label="{conditional_escape(column.label)}"{_side(column)}>'


def _side(column: Column) -> str:
    return ' class="num"' if column.is_figure else ""


class _Writer:
    """Cells as HTML for one reader: nothing leaves here that is not escaped. States are few: each is written once."""

    def __init__(self, context: Context) -> None:
        self._instant = instants(context)
        self._locale = locale_name()
        self._badges: dict[int, str] = {}

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
            case Amount(minor, currency):
                return nothing() if minor is None else money_in(self._locale, minor, currency)
            case datetime():
                return self._instant(piece)
            case Badge():
                found = self._badges.get(id(piece))
                if found is None:
                    found = self._badges[id(piece)] = badge(piece)
                return found
            case Quiet(words):
                return f'<span class="quiet">{_text(str(words))}</span>'
            case None:
                return nothing()
        raise TypeError(f"{piece!r} is nothing a cell can show")


def _text(words: str) -> str:
    """Escaped unless it is HTML already; Django's own function takes three times as long."""
    return words if isinstance(words, SafeData) else escape(words)


def _html(text: str) -> SafeString:
    return mark_safe(text)  # noqa: S308  put together from escaped pieces
