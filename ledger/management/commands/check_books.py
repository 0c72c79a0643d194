"""`check_books`: prove the books from their lines, or name the first record that is wrong and exit with 1.

`--recent` takes the last snapshot as proved and looks at the dates from it on: seconds, however long the history is.
"""

from collections import Counter
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import money
from ledger import days, proofs
from ledger.models import BusinessDay

LINES_AT_ONCE = 500_000


class Command(BaseCommand):
    help = "Proves that every entry balances, every kept balance is the sum of its lines and nothing was changed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--recent", action="store_true", help="prove the dates from the last snapshot on only")
        parser.add_argument("--progress", action="store_true", help="say on standard error how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        # One snapshot for all proofs: the market goes on while they run.
        fresh = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            if fresh:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL work_mem = '256MB'")
            snapshot = proofs.last_snapshot() if options["recent"] else None
            if snapshot is None:
                self._prove_everything(progress=options["progress"])
            else:
                self._prove_since(snapshot)

    def _prove_everything(self, *, progress: bool) -> None:
        self._prove_dated(proofs.slices(LINES_AT_ONCE), progress=progress)
        for proof in proofs.STANDING:
            self._hold(proof, proofs.search(proof))
            self._say(str(proof.statement), proofs.count(proof))
        self._prove_sealed_dates(BusinessDay.objects.filter(sealed_at__isnull=False).order_by("date"), "", 0)

    def _prove_since(self, snapshot: date) -> None:
        self.stdout.write(_("from    %(date)s, the date of the last snapshot") % {"date": snapshot.isoformat()})
        self._prove_dated([(snapshot, date.max, 0)], progress=False)
        for proof in proofs.SINCE_SNAPSHOT:
            self._hold(proof, proofs.search(proof, snapshot=snapshot))
            self._say(str(proof.statement), proofs.count(proof))
        before = BusinessDay.objects.filter(date__lt=snapshot, sealed_at__isnull=False).order_by("-date").first()
        self._prove_sealed_dates(
            BusinessDay.objects.filter(date=snapshot),
            before.day_hash if before else "",
            before.accounts_through or 0 if before else 0,
        )

    def _prove_dated(self, slices: list[tuple[date, date, int]], *, progress: bool) -> None:
        debits: Counter[str] = Counter()
        credits: Counter[str] = Counter()
        counts = Counter({"lines": 0, "entries": 0})
        everything = sum(lines for _since, _until, lines in slices)
        for since, until, _lines in slices:
            for proof in proofs.DATED:
                self._hold(proof, proofs.search(proof, since, until))
            totals = proofs.totals(since, until)
            debits.update(totals.debits)
            credits.update(totals.credits)
            counts.update(lines=totals.lines, entries=proofs.entry_count(since, until))
            if progress:
                self.stderr.write(f"{counts['lines']:,} / {everything:,}")
        for proof in proofs.DATED:
            self._say(str(proof.statement), counts[proof.counts])
        for name in sorted(debits):
            self._total(name, debits[name], credits[name])

    def _prove_sealed_dates(self, sealed: QuerySet[BusinessDay], previous: str, accounts: int) -> None:
        checked = 0
        for day in sealed:
            facts = proofs.day_facts(day.date, accounts_after=accounts, accounts_through=day.accounts_through)
            recorded = (day.entry_count, day.posting_count, day.debit_totals, day.previous_hash, day.day_hash)
            if recorded != (
                facts.entry_count,
                facts.posting_count,
                facts.debit_totals,
                previous,
                days.chained(previous, facts),
            ):
                self._fail(_("Sealed dates hold what they held, each chained to the one before"), day.date.isoformat())
            previous, accounts, checked = day.day_hash, facts.accounts_through, checked + 1
        self._say(_("Sealed dates hold what they held, each chained to the one before"), checked)

    def _hold(self, proof: proofs.Proof, record: str | None) -> None:
        if record is not None:
            self._fail(str(proof.statement), record)

    def _say(self, statement: str, checked: int) -> None:
        records = ngettext("%(count)s record", "%(count)s records", checked) % {"count": f"{checked:,}"}
        self.stdout.write(f"ok      {statement}: {records}")

    def _total(self, name: str, debits: int, credits: int) -> None:
        _book, currency = name.split(" ")
        if debits != credits:
            self._fail(_("Debits and credits are equal in every book and currency"), name)
        self.stdout.write(
            f"total   {name}: debits {money.plain(debits, currency)}, credits {money.plain(credits, currency)}"
        )

    def _fail(self, statement: str, record: str) -> None:
        raise CommandError(f"FAILED  {statement}: {record}", returncode=1)
