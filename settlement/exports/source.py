"""What a file was made from, to be held against the books later: runs, their hash, the audit trail's head."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from django.utils.translation import gettext as _

from core import audit, clock
from ledger import reports
from settlement.models import SettlementRun


@dataclass(frozen=True)
class Source:
    """Where the figures of a file come from. Hashes are hexadecimal SHA-256.

    lines_sha256: the hash of the lines of the one run; of several runs the hash of `date hash` lines, oldest first.
    """

    first: date | None
    last: date | None
    runs: int
    lines_sha256: str
    books: reports.Sealed | None
    head: audit.Head
    made_at: str

    @property
    def run_names(self) -> str:
        """The run, or the range of runs."""
        if self.first is None or self.last is None:
            return _("none")
        if self.first == self.last:
            return self.first.isoformat()
        facts = {"first": self.first.isoformat(), "last": self.last.isoformat(), "count": self.runs}
        return _("%(first)s to %(last)s (%(count)s runs)") % facts

    def facts(self) -> Iterator[tuple[str, str]]:
        """Name and value of everything the file must say."""
        yield _("Settlement runs"), self.run_names
        yield _("Hash of the runs' lines"), self.lines_sha256
        if self.books is not None:
            yield _("Books sealed through"), self.books.date.isoformat()
            yield _("Hash of the sealed books"), self.books.day_hash
        yield _("Head of the audit trail"), str(self.head)
        yield _("Made at"), self.made_at

    def comments(self) -> Iterator[str]:
        """The same as comments of a journal."""
        for name, value in self.facts():
            yield f"; {name}: {value}\n"


def of(since: date | None, until: date) -> Source:
    """The source of a file about the business dates since..until (since None: from the first). Outside a transaction.

    The head is read last, so that it covers the record of the export itself.
    """
    runs = SettlementRun.objects.filter(business_date__lte=until).exclude(status=SettlementRun.Status.POSTING)
    if since is not None:
        runs = runs.filter(business_date__gte=since)
    hashes = list(runs.order_by("business_date").values_list("business_date", "lines_sha256"))
    return Source(
        first=hashes[0][0] if hashes else None,
        last=hashes[-1][0] if hashes else None,
        runs=len(hashes),
        lines_sha256=_together(hashes),
        books=reports.sealed(until),
        head=audit.head(),
        made_at=clock.market_now().astimezone(clock.company_zone()).isoformat(timespec="seconds"),
    )


def _together(hashes: list[tuple[date, str]]) -> str:
    if len(hashes) == 1:
        return hashes[0][1]
    text = "".join(f"{day.isoformat()} {digest}\n" for day, digest in hashes)
    return sha256(text.encode()).hexdigest() if hashes else ""
