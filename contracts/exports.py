"""Lists as files: the rows and columns a page shows, streamed. Amounts are digits with a point, instants are UTC."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.competitiveness import Compared
from contracts.lifecycle import PROJECT_BADGES, phase_of
from contracts.models import Project
from core import money

CHUNK = 2000
CSV = "text/csv; charset=utf-8"
COLUMNS = (
    "title",
    "status",
    "opens_at",
    "deadline",
    "buyer__name",
    "reference__buyer_name",
    "currency",
    "ceiling_minor",
    "pk",
    "lot_number",
    "lot_set__title",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """CSV text line by line, with the mark by which spreadsheets know UTF-8. Text never starts a formula."""
    writer = csv.writer(_Line())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([as_text(cell) for cell in row])


def as_text(cell: Any) -> str:
    """A cell that a spreadsheet takes for text, whatever it starts with."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def project_rows(projects: QuerySet[Project], now: datetime) -> Iterator[list[Any]]:
    """The project list with its head. Words are made here and now: the file is streamed after the reader's language
    is switched off."""
    words = {key: str(badge.word) for key, badge in PROJECT_BADGES.items()}
    head = [_("Project"), _("State"), _("Buyer"), _("Deadline (UTC)"), _("Currency"), _("Ceiling"), _("Number")]
    head += [_("Lot"), _("Lots of")]
    return _rows(projects, now, words, head)


def _rows(projects: QuerySet[Project], now: datetime, words: Any, head: list[str]) -> Iterator[list[Any]]:
    yield head
    # Tuples: a hundred thousand objects cost ten times their rows.
    for title, status, opens_at, deadline, buyer, authority, currency, ceiling, pk, lot, whole in projects.values_list(
        *COLUMNS
    ).iterator(chunk_size=CHUNK):
        yield [
            title,
            words[phase_of(status, opens_at, deadline, now)],
            buyer or authority,
            f"{deadline.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            currency,
            "" if ceiling is None else money.plain(ceiling, currency),
            pk,
            lot,
            whole,
        ]


def compared_rows(rows: Iterable[Compared]) -> Iterator[list[Any]]:
    """The projects behind a competitiveness index with their head, as its page shows them. The share is in percent."""
    head = [_("Project"), _("Bids opened"), _("Currency"), _("Its price"), _("Best outside price"), _("Outside bids")]
    return chain([[*head, _("Share (%)"), _("Number")]], map(_compared, rows))


def _compared(row: Compared) -> list[Any]:
    return [
        row.title,
        row.opened_on.isoformat(),
        row.currency,
        money.plain(row.inside_minor, row.currency),
        money.plain(row.outside_minor, row.currency),
        row.outside,
        f"{row.ratio_bp // 100}.{row.ratio_bp % 100:02}",
        row.project,
    ]
