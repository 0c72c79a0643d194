"""What `verify_integrity` counts: that opened bids are what was sealed, that readings left their rows, that awards name
valid bids, that points nobody judged are those of their arithmetic, and that the audit trail is unbroken. Reads only,
and only what is open: a count of what is sealed would tell (rule 2). What stays sealed is counted after its opening.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import promises, scoring, sealing
from contracts.models import Award, Bid, Project
from core import audit
from core.models import AuditRecord

AT_ONCE: Final = 100
"""Projects proved together."""
TOLD: Final = 5
"""How many of the broken things a proof names; it counts them all."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was proved: how many were looked at, how many are broken, and sentences about the first."""

    name: str
    checked: int
    broken: int
    sentences: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.broken == 0

    @property
    def sentence(self) -> str:
        """What was counted, in words."""
        return str(SENTENCES[self.name]) % {"count": f"{self.checked:,}"}

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Proof":
        """From what `plain` gave."""
        return cls(plain["name"], plain["checked"], plain["broken"], tuple(plain["sentences"]))


SENTENCES: Final = {
    "readings": gettext_lazy("Readings of sealed bids by their own bidders, each kept as a row: %(count)s"),
    "deeds": gettext_lazy("Deeds kept sealed and told in the audit trail at the opening: %(count)s"),
    "receipts": gettext_lazy("Opened bids whose receipt and words are those that were sealed: %(count)s"),
    "times": gettext_lazy("Bids opened at their deadline or after it: %(count)s"),
    "awards": gettext_lazy("Awards that name a valid, opened bid of their own project: %(count)s"),
    "promises": gettext_lazy("Bids whose points for kept promises their arithmetic gives again: %(count)s"),
    "chain": gettext_lazy("Records of the audit trail, chained and unchanged: %(count)s"),
}

Step = Callable[[int, int], None]
"""Told how many of how many projects are proved."""


def everything(*, since: datetime | None = None, step: Step | None = None) -> list[Proof]:
    """All proofs in the order of `SENTENCES`.

    since: look again only at the seals of projects opened at this instant or later. Six statements for `AT_ONCE`
    projects, and one for 50,000 records of the trail.
    """
    return [*_sealed(since, step), _times(), _awards(), _promises(), _chain()]


class _Count:
    """Counts, and the first sentences about what is broken."""

    def __init__(self, name: str) -> None:
        self.name, self.checked, self.broken = name, 0, 0
        self.sentences: list[str] = []

    def fault(self, sentence: str) -> None:
        self.broken += 1
        if len(self.sentences) < TOLD:
            self.sentences.append(sentence)

    def proof(self) -> Proof:
        return Proof(self.name, self.checked, self.broken, tuple(self.sentences))


# ------------------------------------------------------------------ seals


def _sealed(since: datetime | None, step: Step | None) -> list[Proof]:
    """Readings, deeds and receipts of the projects whose bids are open."""
    counts = (_Count("readings"), _Count("deeds"), _Count("receipts"))
    found = Project.objects.filter(opened_at__isnull=False, buyer__isnull=False)
    if since is not None:
        found = found.filter(opened_at__gte=since)
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        keys = sealing.opened_keys(some)
        _prove_deeds(keys, *counts[:2])
        _prove_receipts(some, keys, counts[2])
        if step is not None:
            step(min(first + AT_ONCE, len(ids)), len(ids))
    return [count.proof() for count in counts]


Told = tuple[str, str, str, str]
"""A deed as both sides tell it: verb, subject, actor, instant."""


def _prove_deeds(keys: dict[UUID, bytes], readings: _Count, deeds: _Count) -> None:
    """What was kept sealed stands in the trail, and the trail tells nothing of these bids that was not kept."""
    kept: Counter[Told] = Counter()
    subjects = {f"bid:{bid}" for bid in Bid.objects.filter(project__in=keys).values_list("pk", flat=True)}
    for project, published, deed in sealing.kept_deeds(keys):
        if deed is None:
            deeds.fault(_("A sealed deed of project %(project)s is not what was sealed.") % {"project": project})
            continue
        readings.checked += deed.deed == "read"
        if published:
            deeds.checked += 1
            kept[f"{deed.kind}.{deed.deed}", f"{deed.kind}:{deed.bid}", deed.actor, deed.at] += 1
            subjects.add(f"{deed.kind}:{deed.bid}")
    told = Counter(_in_the_trail(subjects))
    for (verb, subject, _actor, at), missing in (kept - told).items():
        facts = {"deed": verb, "subject": subject, "at": at}
        for _each in range(missing):
            sentence = _("%(deed)s of %(subject)s at %(at)s was kept, but is not in the audit trail.") % facts
            (readings if verb == "bid.read" else deeds).fault(sentence)
    for (verb, subject, _actor, at), added in (told - kept).items():
        facts = {"deed": verb, "subject": subject, "at": at}
        for _each in range(added):
            sentence = _("%(deed)s of %(subject)s at %(at)s is in the audit trail, but was never kept.") % facts
            (readings if verb == "bid.read" else deeds).fault(sentence)


def _in_the_trail(subjects: Iterable[str]) -> Iterator[Told]:
    rows = AuditRecord.objects.filter(subject__in=list(subjects), facts__has_key="happened_at")
    yield from rows.values_list("deed", "subject", "actor_id", "facts__happened_at")


def _prove_receipts(project_ids: list[UUID], keys: dict[UUID, bytes], receipts: _Count) -> None:
    for bid in Bid.objects.opened().filter(project__in=project_ids).select_related("sealed").order_by("pk"):
        receipts.checked += 1
        terms = sealing.sealed_as(bid, keys) if hasattr(bid, "sealed") else None
        if terms is None:
            receipts.fault(_("The receipt of bid %(bid)s does not match its sealed terms.") % {"bid": bid.pk})
        elif not _is_what_was_sealed(bid, terms):
            receipts.fault(_("What bid %(bid)s says is not what was sealed.") % {"bid": bid.pk})


def _is_what_was_sealed(bid: Bid, terms: sealing.Terms) -> bool:
    """Column by column; a price that waits in its own envelope shows nothing."""
    price = terms.price_minor if bid.price_opened_at is not None else None
    who = (str(bid.microenterprise_id or ""), str(bid.vendor_id or ""), str(bid.author_id))
    return (*who, bid.price_minor, bid.days, bid.plan) == (
        terms.microenterprise,
        terms.vendor,
        terms.author,
        price,
        terms.days,
        terms.plan,
    ) and tuple(bid.answers or ()) == terms.answers


# ------------------------------------------------------------------ times, awards, the trail


def _times() -> Proof:
    """No bid was opened before its deadline."""
    count = _Count("times")
    opened = Bid.objects.opened().filter(project__buyer__isnull=False)
    count.checked = opened.count()
    for bid in opened.filter(opened_at__lt=F("project__deadline")).values_list("pk", flat=True):
        count.fault(_("Bid %(bid)s was opened before its deadline.") % {"bid": bid})
    return count.proof()


def _awards() -> Proof:
    """A live award names a valid bid; one that ended named an opened bid of its project."""
    count = _Count("awards")
    count.checked = Award.objects.count()
    stray = Award.objects.filter(
        ~Q(bid__project=F("project")) | Q(bid__opened_at=None) | (Q(status__in=Award.LIVE) & ~Q(bid__status="valid"))
    )
    for award in stray.order_by("pk").values_list("pk", flat=True):
        count.fault(_("Award %(award)s names no valid, opened bid of its project.") % {"award": award})
    return count.proof()


def _promises() -> Proof:
    """Points that nobody judged are those of the arithmetic kept with them, and quality is the weighed sum of all."""
    count = _Count("promises")
    counting = Bid.objects.opened().filter(quality_parts__contains=[{"promises": {}}]).order_by("pk")
    for pk, points, kept in counting.values_list("pk", "quality_points", "quality_parts").iterator():
        count.checked += 1
        parts: list[dict[str, Any]] = kept or []
        given = [part for part in parts if "promises" in part]
        replayed = all(promises.replayed(part["promises"]).points == part["points"] for part in given)
        weighed = [(part["weight_bp"], part["points"]) for part in parts]
        if not replayed or (points is not None and points != scoring.quality_points(weighed)):
            count.fault(
                _("The points of bid %(bid)s for kept promises are not what they were reckoned from.") % {"bid": pk}
            )
    return count.proof()


def _chain() -> Proof:
    """The chain of the audit trail, as `check_audit` proves it."""
    count = _Count("chain")
    count.checked = audit.length()
    broken = [*(audit.first_break(first, last) for first, last in audit.slices()), audit.unlinked()]
    for each in broken:
        if each is not None:
            count.fault(each.sentence)
    return count.proof()
