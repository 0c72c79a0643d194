"""`check_audit`: prove the chain of the audit trail, or name the first record that is broken and exit with 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import audit


class Command(BaseCommand):
    help = "Proves that no record of the audit trail was changed, removed or slipped in."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", metavar="HASH", help="the head of the audit trail as an exported file names it")
        parser.add_argument("--progress", action="store_true", help="say on standard error how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        audit.link()
        # One snapshot for the whole proof: the market goes on while it runs.
        fresh = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            if fresh:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            everything = audit.length()
            for first, last in audit.slices():
                self._hold(audit.first_break(first, last))
                if options["progress"]:
                    self.stderr.write(f"{last:,} / {everything:,}")
            self._hold(audit.unlinked())
            if options["head"]:
                self._hold(audit.missing_head(options["head"]))
            words = _("ok      %(count)s records are chained; the head is %(head)s")
            self.stdout.write(words % {"count": f"{everything:,}", "head": audit.last()})

    def _hold(self, broken: audit.Break | None) -> None:
        if broken is not None:
            raise CommandError(f"FAILED  {broken.sentence}")
