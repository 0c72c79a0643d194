"""`replay_settlement --from D1 --to D2`: work settled nights out again from the facts and compare.

`replay_settlement --explain PERSON DATE` tells a person's lines of a date as text, and works those nights out again.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.models import User
from settlement import explaining
from settlement.models import SettlementRun
from settlement.replay import Difference, Tally, first_night, replay
from settlement.sentences import day_name

BAR = 40


class Command(BaseCommand):
    """Reads everything in one snapshot of the database and writes nothing."""

    help = (
        "Works settled nights out again from the ledger's facts, memberships by date and share terms by version, and "
        "prints what is stored otherwise. Ends with 1 when anything differs."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", metavar="D1", help="first date, YYYY-MM-DD")
        parser.add_argument("--to", dest="until", metavar="D2", help="last date, YYYY-MM-DD")
        parser.add_argument(
            "--explain",
            nargs=2,
            metavar=("PERSON", "DATE"),
            help="tell a person's lines of a date: an e-mail address, employee number or id, and YYYY-MM-DD",
        )
        parser.add_argument(
            "--from-stored",
            action="store_true",
            help="trust the standing stored before D1 and start there, instead of working it out from the first night",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["explain"]:
            if options["since"] or options["until"]:
                raise CommandError(_("Give either --explain or --from and --to."))
            self._explain(*options["explain"])
            return
        if not (options["since"] and options["until"]):
            raise CommandError(_("Give the first and the last date: --from 2026-01-01 --to 2026-01-31."))
        since, until = _date(options["since"]), _date(options["until"])
        if until < since:
            raise CommandError(_("The first date is after the last one."))
        with _snapshot():
            _check_settled(until)
            tally = replay(since, until, from_stored=options["from_stored"], progress=self._progress())
        self._print(tally, since, until)

    # --- what is printed ---

    def _print(self, tally: Tally, since: date, until: date) -> None:
        facts = {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "outcomes": f"{tally.outcomes:,}",
            "lines": f"{tally.lines:,}",
            "entries": f"{tally.entries:,}",
        }
        for difference in tally.named:
            self.stdout.write(_told(difference))
        if tally.differences > len(tally.named):
            more = tally.differences - len(tally.named)
            self.stdout.write(
                ngettext("and %(more)s more difference", "and %(more)s more differences", more) % {"more": f"{more:,}"}
            )
        self.stdout.write(
            _("%(since)s to %(until)s: %(lines)s lines, %(outcomes)s outcomes and %(entries)s entries compared") % facts
        )
        self.stdout.write(
            ngettext("%(count)s difference", "%(count)s differences", tally.differences)
            % {"count": f"{tally.differences:,}"}
        )
        if tally.differences:
            raise CommandError(_("What is stored is not what the facts give."), returncode=1)

    def _explain(self, person_text: str, date_text: str) -> None:
        day = _date(date_text)
        person = explaining.person_named(person_text)
        if person is None:
            raise CommandError(
                _("Nobody has the e-mail address, employee number or id %(text)s.") % {"text": person_text}
            )
        with _snapshot():
            for line in explaining.explain(person, day):
                self.stdout.write(line)
            self._recompute(person, day)

    def _recompute(self, person: User, day: date) -> None:
        """Whether these lines follow from the facts: the nights of the person's MEs on that date, worked out again."""
        firms: list[UUID] = explaining.firms_of(person, day)
        if not firms or not _is_settled(day):
            return
        tally = replay(day, explaining.last_night_of(person, day), only=firms)
        self.stdout.write("")
        for difference in tally.named:
            self.stdout.write(_told(difference))
        self.stdout.write(
            ngettext(
                "Worked out again from facts and versions: %(lines)s line compared, %(differences)s differences.",
                "Worked out again from facts and versions: %(lines)s lines compared, %(differences)s differences.",
                tally.lines,
            )
            % {"lines": f"{tally.lines:,}", "differences": f"{tally.differences:,}"}
        )
        if tally.differences:
            raise CommandError(_("What is stored is not what the facts give."), returncode=1)

    def _progress(self) -> Callable[[int, int], None]:
        """A bar on a terminal; silence in a file."""
        if not sys.stderr.isatty():
            return lambda done, total: None

        def show(done: int, total: int) -> None:
            full = BAR * done // max(1, total)
            end = "\n" if done == total else ""
            self.stderr.write(f"\r[{'#' * full}{'.' * (BAR - full)}] {done:,} / {total:,}", ending=end)
            self.stderr.flush()

        return show


def _told(difference: Difference) -> str:
    facts = {
        "me": difference.microenterprise or _("the company"),
        "day": difference.day.isoformat(),
        "what": difference.what,
        "stored": difference.stored,
        "recomputed": difference.recomputed,
    }
    return _("%(me)s, %(day)s, %(what)s: stored %(stored)s, worked out again %(recomputed)s") % facts


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(
            _("“%(text)s” is not a date. Write it as year-month-day, for example 2026-01-31.") % {"text": text}
        ) from None


def _is_settled(day: date) -> bool:
    return SettlementRun.objects.filter(business_date__gte=day, sealed_at__isnull=False).exists()


def _check_settled(until: date) -> None:
    first = first_night()
    if first is None or until < first:
        raise CommandError(_("Nothing was settled up to %(day)s.") % {"day": day_name(until)})
    if not _is_settled(until):
        raise CommandError(_("%(day)s is not settled yet.") % {"day": day_name(until)})


@contextmanager
def _snapshot() -> Iterator[None]:
    """One read-only view of the database for everything inside; inside a transaction there is, that one is read."""
    fresh = not connection.in_atomic_block
    with transaction.atomic():
        if fresh:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
