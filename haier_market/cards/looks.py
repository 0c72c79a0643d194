"""Sentences about what is worth a look, and notices."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from haier_market.attention import Line
from haier_market.cards.projects import ceiling
from haier_market.cards.shapes import Look, Told


def looks(lines: Iterable[Line], needed: Iterable[str]) -> list[Look]:
    """Projects that ask for the reader's skills, then those that close next, each once; and seats."""
    seen = set(needed)
    found = []
    for line in lines:
        if line.section == "look" and line.key not in seen:
            seen.add(line.key)
            found.append(_look(line))
    return found


def _look(line: Line) -> Look:
    if line.kind == "seat":
        return Look(
            line.title, line.detail, _("Asks for what you can"), f"/talent/seats/{line.key}/ask/", None, "user-plus"
        )
    why = _("Asks for what you can") if line.kind == "match" else _("Closes next")
    return Look(line.title, ceiling(line), why, f"/projects/{line.key}/", line.at, "gavel")


def told(lines: Iterable[Line]) -> list[Told]:
    """The latest notices, newest first."""
    rows = [Told(row.key, row.title, row.detail, row.at, not row.extra) for row in lines if row.section == "notice"]
    return sorted(rows, key=lambda row: (row.at is None, row.at), reverse=True)
