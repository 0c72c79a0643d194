"""`check_ocds FILE`: whether the releases in a file keep to the schema, and whether what they refer to is there.

Takes a release package, a record package, a release or a record, or JSON Lines of any of them. One line per problem,
`path: sentence`; exit code 1 when there is any, 0 with a count when there is none.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.ocds import references, schema
from contracts.ocds.text import Unreadable, join, parse
from contracts.ocds.values import Problem

LINES: Final = frozenset({".jsonl", ".ndjson", ".jsonlines"})


class Command(BaseCommand):
    help = "Check an OCDS file: the release schema with the bids extension, and every reference inside a release."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="JSON, or JSON Lines (.jsonl)")
        parser.add_argument("--references-only", action="store_true", help="leave the schema out")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = releases = 0
        for document, path in self._documents(options["file"]):
            if isinstance(document, Problem):
                problems += self._say(document)
                continue
            for release, at in _releases(document, path):
                releases += 1
                broken = [] if options["references_only"] else schema.problems(release, at)
                problems += sum(self._say(problem) for problem in broken)
            problems += sum(self._say(problem) for problem in references.dangling(document, path))
        if problems:
            count = ngettext("%(count)s problem", "%(count)s problems", problems) % {"count": f"{problems:,}"}
            self.stderr.write(_("%(file)s: %(count)s.") % {"file": options["file"], "count": count})
            sys.exit(1)
        count = ngettext("%(count)s release", "%(count)s releases", releases) % {"count": f"{releases:,}"}
        self.stdout.write(_("%(count)s: nothing is missing.") % {"count": count})

    def _documents(self, file: Path) -> Iterator[tuple[Any, str]]:
        """Each document with the path its problems begin with; a problem in its place when it cannot be read."""
        try:
            if file.suffix not in LINES:
                yield _read(file.read_bytes(), "")
                return
            with file.open("rb") as lines:
                for number, line in enumerate(lines):
                    if line.strip():
                        yield _read(line, f"[{number}]")
        except OSError as error:
            self.stderr.write(_("%(file)s cannot be read: %(why)s.") % {"file": file, "why": error.strerror})
            sys.exit(1)

    def _say(self, problem: Problem) -> int:
        self.stderr.write(f"{problem.path}: {_(problem.sentence) % problem.figures}")
        return 1


def _read(source: bytes, path: str) -> tuple[Any, str]:
    try:
        return parse(source), path
    except Unreadable as unreadable:
        found = unreadable.problem
        return Problem(path or found.path, found.sentence, found.figures), path


def _releases(document: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Every release in a document, with its path."""
    if not isinstance(document, dict):
        return
    for name in ("records", "releases"):
        rows = document.get(name)
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            yield from _releases(row, join(path, name, index))
    if "compiledRelease" in document:
        yield from _releases(document["compiledRelease"], join(path, "compiledRelease"))
    if "ocid" in document and not {"releases", "records", "compiledRelease"} & document.keys():
        yield document, path
