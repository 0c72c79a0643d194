"""`export_ocds --from D --to D`: what changed on those company dates, as an OCDS 1.1 package.

`--format releases` (the default) gives the releases of those dates, `--format records` the whole record of every
process that changed. Written piece by piece; a file appears under its name only when it is complete.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, TextIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.actions.releases import catch_up
from contracts.models import Release
from contracts.ocds import packages
from contracts.queries import releases as queries
from core.clock import market_now

SAY_EVERY: Final = 500
FORMATS: Final = ("releases", "records")


class Command(BaseCommand):
    help = "Export what changed on some company dates as an OCDS 1.1 release package or record package."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="since", required=True, type=_day, metavar="DATE", help="first date")
        parser.add_argument("--to", dest="until", required=True, type=_day, metavar="DATE", help="last date, included")
        parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="default: %(default)s")
        parser.add_argument("--output", type=Path, metavar="FILE", help="where to; standard output when not given")
        parser.add_argument(
            "--for-everyone", action="store_true", help="leave out contracts, which only their parties may read"
        )
        parser.add_argument("--progress", action="store_true", help="say on standard error how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until, form = options["since"], options["until"], options["format"]
        if until < since:
            raise CommandError(_("The last date lies before the first one."))
        self._first_releases(progress=options["progress"])
        readable = Release.objects.filter(contract=None) if options["for_everyone"] else Release.objects.all()
        changed = queries.changed(readable, since, until)
        frame: Any = {
            "publisher": queries.publisher(),
            "uri": f"{settings.PUBLIC_URL}/api/v1/ocds/packages/?from={since}&to={until}&as={form}",
            "published": market_now(),
        }
        with _opened(options["output"], self.stdout) as out:
            if form == "records":
                total = changed.order_by().values("ocid").distinct().count()
                entries = self._counted(queries.records(readable, changed), total, progress=options["progress"])
                pieces = packages.record_package(entries, **frame)
            else:
                entries = self._counted(queries.bodies(changed), changed.count(), progress=options["progress"])
                pieces = packages.release_package(entries, **frame)
            for piece in pieces:
                out.write(piece)

    def _first_releases(self, *, progress: bool) -> None:
        """What was seeded or imported without releases gets its first ones now, or the dates would be incomplete."""
        total = queries.waiting().count() if progress else 0

        def say(done: int) -> None:
            count = {"done": f"{done:,}", "total": f"{total:,}"}
            self.stderr.write(_("first releases: %(done)s / %(total)s") % count)

        catch_up(progress=say if progress else None)

    def _counted(self, entries: Iterable[str], total: int, *, progress: bool) -> Iterator[str]:
        """The entries as they are, saying now and then how many have passed."""
        done = 0
        for done, entry in enumerate(entries, start=1):
            if progress and done % SAY_EVERY == 0:
                self.stderr.write(f"{done:,} / {total:,}")
            yield entry
        self.stderr.write(ngettext("%(count)s entry", "%(count)s entries", done) % {"count": f"{done:,}"})


def _day(text: str) -> date:
    return date.fromisoformat(text)


@contextmanager
def _opened(path: Path | None, stdout: OutputWrapper) -> Iterator[TextIO]:
    """Standard output, or a file that gets its name once everything is in it."""
    if path is None:
        stdout.ending = ""
        yield cast(TextIO, stdout)
        return
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            yield file
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
