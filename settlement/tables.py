"""How the lines of a statement stand in its table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from core.addresses import addresses
from core.words.tables import Amount, Cell, Column, Lines, Link, Quiet, Table
from settlement import sentences
from settlement.models import StatementLine
from settlement.queries import Evidence

FEW: Final = 2
"""So many facts stand beside a line; the others are on its own page."""


def statement_table(lines: Iterable[tuple[StatementLine, Sequence[Evidence]]], balances: Mapping[UUID, int]) -> Table:
    """Lines with the income that made them. balances: what had become payable after each, in minor units."""
    to = addresses("statement_line")
    return Table(
        [
            Column(_("Date")),
            Column(_("What")),
            Column(_("Made by")),
            Column(_("Amount"), is_figure=True),
            Column(_("Balance"), is_figure=True),
        ],
        [_row(line, made_by, balances[line.pk], to(line.pk)) for line, made_by in lines],
        named_by=1,
        kind="statement",
        caption=_("Balance: everything that has become payable up to and including the line."),
    )


def _row(line: StatementLine, made_by: Sequence[Evidence], balance_minor: int, address: str) -> Sequence[Cell]:
    title, detail = Link(sentences.line_title(line), address), sentences.line_detail(line)
    facts: list[Cell] = [_fact(fact) for fact in made_by[:FEW]]
    if len(made_by) > FEW:
        facts.append(Link(_("and more"), f"{address}#evidence"))
    forgiven = line.kind == StatementLine.Kind.FORGIVEN
    return (
        line.night,
        (title, Quiet(detail, is_below=True)) if detail else title,
        Lines(facts) if facts else None,
        None if forgiven else Amount(line.amount_minor, line.currency, is_change=True),
        Amount(balance_minor, line.currency),
    )


def _fact(fact: Evidence) -> Cell:
    what = Link(fact.memo, fact.url) if fact.url else fact.memo
    late = sentences.late(fact)
    return (what, Quiet(late)) if late else what
