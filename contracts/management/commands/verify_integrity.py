"""`verify_integrity`: count what rule 2 and the audit trail promise, and name what is broken with exit code 1.

Counts only what is open: readings of bids that are still sealed are counted after their opening.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils.translation import gettext as _

from contracts import proofs
from core import audit


class Command(BaseCommand):
    help = "Proves opened bids, readings, awards and the audit trail, and says how many of each there are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--progress", action="store_true", help="say on standard error how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        audit.link()
        # One snapshot for the whole proof: the market goes on while it runs.
        fresh = not connection.in_atomic_block
        with transaction.atomic():
            if fresh:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            found = proofs.everything(step=self._progress if options["progress"] else None)
        for proof in found:
            self.stdout.write(f"{'ok     ' if proof.holds else 'FAILED '} {proof.sentence}")
            for sentence in proof.sentences:
                self.stdout.write(f"        {sentence}")
        broken = sum(proof.broken for proof in found)
        if broken:
            raise CommandError(_("%(count)s things are not as they were promised.") % {"count": f"{broken:,}"})

    def _progress(self, done: int, of: int) -> None:
        self.stderr.write(f"{done:,} / {of:,}")
