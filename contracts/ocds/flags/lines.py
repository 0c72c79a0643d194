"""Releases from a file with one JSON document a line, read line by line so that its size does not matter.

A line holds a release, a record (then its compiled release counts), or a package of either. Empty lines are skipped.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.ocds.text import Unreadable, parse


def _(sentence: str) -> str:
    """Mark a sentence for the message catalogue; it is translated where it is printed."""
    return sentence


class BrokenLine(Exception):
    """A line that cannot be read. `sentence` holds `%(name)s` places that `figures` fill; `line` is always there."""

    def __init__(self, number: int, sentence: str, **figures: str | int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.figures: dict[str, str | int] = {**figures, "line": number}


def releases(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Every release in the lines. Raises BrokenLine for the first line that is no JSON object."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _told(_document(number, line))


def _document(number: int, line: bytes) -> Mapping[str, Any]:
    try:
        found = parse(line)
    except Unreadable as unreadable:
        raise _broken(number, unreadable) from None
    except ValueError as wrong:
        raise BrokenLine(number, _("Line %(line)s cannot be read (%(detail)s)."), detail=str(wrong)) from None
    if not isinstance(found, dict):
        raise BrokenLine(number, _("Line %(line)s is JSON but no release. Write one release, an object, on each line."))
    return found


def _broken(number: int, unreadable: Unreadable) -> BrokenLine:
    """The problem with the number of the line in the file, which the parser of a single text does not know."""
    told = unreadable.problem
    if "column" in told.figures:
        return BrokenLine(
            number,
            _("Line %(line)s is not JSON: column %(column)s (%(detail)s). Write one whole release on each line."),
            column=told.figures["column"],
            detail=told.figures["detail"],
        )
    return BrokenLine(number, _("Line %(line)s cannot be read. %(detail)s"), detail=told.message)


def _told(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, inside in (("releases", None), ("records", "compiledRelease")):
        rows = document.get(name)
        if "ocid" not in document and isinstance(rows, list):
            found = (row.get(inside) if inside else row for row in rows if isinstance(row, dict))
            yield from (row for row in found if isinstance(row, dict))
            return
    compiled = document.get("compiledRelease")
    yield compiled if isinstance(compiled, dict) else document
