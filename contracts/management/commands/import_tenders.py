"""`import_tenders FILE`: real tenders from an OCDS 1.1.5 release package with bids, as reference projects.

Prints a line of JSON per tender. A file with any problem is refused as a whole: one line per problem on standard error,
`path: sentence`, and exit code 1.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from contracts import ocds
from contracts.importing import import_package


class Command(BaseCommand):
    help = "Import real tenders (OCDS 1.1.5 release package with bids) as read-only reference projects."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the release package, JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = options["file"].read_bytes()
        except OSError as error:
            self.stderr.write(_("%(file)s cannot be read: %(why)s.") % {"file": options["file"], "why": error.strerror})
            sys.exit(1)
        package = ocds.read(source)
        result = package if isinstance(package, list) else import_package(package=package, by=None)
        self._refuse(row for row in result if isinstance(row, ocds.Problem))
        for row in result:
            self.stdout.write(json.dumps(asdict(row), ensure_ascii=False))

    def _refuse(self, problems: Iterable[ocds.Problem]) -> None:
        lines = [f"{problem.path}: {_(problem.sentence) % problem.figures}" for problem in problems]
        if not lines:
            return
        for line in lines:
            self.stderr.write(line)
        sys.exit(1)
