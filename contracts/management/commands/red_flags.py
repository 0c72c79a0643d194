"""`red_flags FILE.jsonl`: the eleven published red flags over any OCDS releases, as one line of JSON.

One compiled release a line; `-` reads standard input. A line that cannot be read is named in a sentence on standard
error, and the exit code is 1: an answer over half a file would be none. Needs no database.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from contracts.ocds import flags
from contracts.ocds.flags.lines import BrokenLine, releases

SETS: Final = ("competitive_methods", "prices_set_by_buyer", "left_out")
FENCES: Final = ("close_fence", "unsuccessful_fence", "disqualified_fence", "variety_fence", "discount_fence")
COUNTS: Final = (
    "shortest_period_days", "top_percentile", "fewest_disqualified", "fewest_bids", "class_digits", "fewest_processes",
)  # fmt: skip


class Command(BaseCommand):
    help = "Prints the red flags (R003 to R058) in a file of OCDS releases, one release a line, as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="compiled releases, one JSON object a line; - is standard input"
        )
        parser.add_argument(
            "--only",
            action="append",
            metavar="CODE",
            choices=flags.CODES,
            help=f"an indicator to compute, may be given again: {', '.join(flags.CODES)}; all when left out",
        )
        parser.add_argument("--currency", metavar="CODE", help="read only prices in this currency")
        for name in COUNTS:
            self._setting(parser, name, type=int, metavar="N")
        for name in FENCES:
            self._setting(parser, name, type=Fraction, metavar="RATIO", shown="worked out from the data")
        for name in SETS:
            told = ", ".join(sorted(getattr(flags.PUBLISHED, name)))
            self._setting(parser, name, action="append", metavar="WORD", shown=told)

    def handle(self, *args: Any, **options: Any) -> None:
        finder = flags.Finder(codes=options["only"] or flags.CODES, settings=self._settings(options))
        try:
            with self._opened(options["file"]) as lines:
                for release in releases(lines):
                    finder.add(release)
        except OSError as error:
            words = {"file": options["file"], "why": error.strerror}
            raise CommandError(_("%(file)s cannot be read: %(why)s.") % words) from None
        except BrokenLine as broken:
            raise CommandError(_(broken.sentence) % broken.figures) from None
        self.stdout.write(flags.printed(finder.findings()))

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if name == "-":
            yield sys.stdin.buffer
            return
        with Path(name).open("rb") as file:
            yield file

    def _setting(self, parser: CommandParser, name: str, shown: str = "", **how: Any) -> None:
        default = shown or getattr(flags.PUBLISHED, name)
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=f"default: {default}", **how)

    def _settings(self, options: dict[str, Any]) -> flags.Settings:
        """The published settings with what was given on the command line."""
        given = {field.name: options[field.name] for field in fields(flags.Settings) if options[field.name] is not None}
        given.update({name: frozenset(given[name]) for name in SETS if name in given})
        return flags.Settings(**given)
