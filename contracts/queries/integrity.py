"""Reads for the integrity page: opened processes as the indicators want them, the list of flags, a process's trail.

Only what is open is read: bids with `opened_at`, and of two envelopes a price once it is opened, because until then the
column is empty. Whoever may see this page is asked by `access` and `RedFlag.visible_to`, not here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce, JSONObject

from contracts.models import Award, Bid, Contract, FlagNote, FlagSearch, Project, RedFlag
from contracts.ocds.writer import AWARD_STATUS
from core import audit
from core.clock import company_zone
from core.models import AuditRecord
from microenterprises.models import Microenterprise
from people.models import User

AT_ONCE: Final = 2_000
"""Processes read together, in three statements."""
METHODS: Final = {Project.Admission.OPEN: "open", Project.Admission.INVITED: "selective"}
OUTSIDE: Final = "name:"
"""How the bidder of an imported tender is told from an ME."""
OPENING_DEEDS: Final = ("bid.read", "project.opened", "project.prices_opened", "project.unsuccessful")
"""Who opened what: readings of one's own sealed bid, and the openings by the clock."""


# ------------------------------------------------------------------ opened processes, told as releases


def opened_processes(*, imported: bool) -> Iterator[dict[str, Any]]:
    """Every opened process that was not cancelled, with what the indicators ask for. Amounts are in minor units.

    imported: real tenders for reference instead of the market's own projects; they are other data and get fences of
    their own. Three statements for `AT_ONCE` processes.
    """
    found = Project.objects.filter(opened_at__isnull=False, buyer__isnull=imported).exclude(
        status=Project.Status.CANCELLED
    )
    columns = ["pk", "buyer_id", "currency", "opens_at", "deadline", "admission", *(_IMPORTED if imported else ())]
    last: UUID | None = None
    while True:
        rest = found if last is None else found.filter(pk__gt=last)
        rows = list(rest.order_by("pk").values(*columns)[:AT_ONCE])
        if not rows:
            return
        last = rows[-1]["pk"]
        yield from _told(rows)


_IMPORTED: Final = ("reference__awarded_bids", "reference__original__tender__procurementMethod")


def _told(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    ids = [row["pk"] for row in rows]
    bids = _by_project(
        Bid.objects.opened()
        .filter(project__in=ids)
        .order_by("pk")
        .annotate(outside=Coalesce("vendor__name", "bidder_name"))
        .values_list(
            "project_id", "microenterprise_id", "outside", "status", "price_minor", "submitted_at", "external_id"
        )
    )
    awards = _by_project(
        Award.objects.filter(project__in=ids).values_list(
            "project_id", "bid__microenterprise_id", "bid__vendor__name", "status"
        )
    )
    for row in rows:
        yield _release(row, bids[row["pk"]], awards[row["pk"]])


def _by_project(rows: Iterable[tuple[Any, ...]]) -> defaultdict[UUID, list[tuple[Any, ...]]]:
    found: defaultdict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
    for project, *facts in rows:
        found[project].append(tuple(facts))
    return found


def _release(row: dict[str, Any], bids: list[tuple[Any, ...]], awards: list[tuple[Any, ...]]) -> dict[str, Any]:
    own = row["buyer_id"] is not None
    method = METHODS.get(row["admission"], "") if own else row["reference__original__tender__procurementMethod"]
    told: dict[str, Any] = {
        "ocid": str(row["pk"]),
        "tender": {
            "procurementMethod": method,
            "numberOfTenderers": len({_bidder(firm, name) for firm, name, *_rest in bids}),
            "tenderPeriod": {"startDate": _written(row["opens_at"]), "endDate": _written(row["deadline"])},
        },
        "bids": {"details": [_bid(bid, row["currency"]) for bid in bids]},
    }
    if own:
        told["buyer"] = {"id": str(row["buyer_id"])}
        told["awards"] = [
            {"status": AWARD_STATUS[status], "suppliers": [{"id": _bidder(firm, vendor)}]}
            for firm, vendor, status in awards
        ]
    else:
        won = set(row["reference__awarded_bids"])
        winners = [_bidder(firm, name) for firm, name, *_rest, external in bids if external in won]
        told["awards"] = [{"status": "active", "suppliers": [{"id": winner}]} for winner in winners]
    return told


def _bid(bid: tuple[Any, ...], currency: str) -> dict[str, Any]:
    firm, name, status, price, at, _external = bid
    told = {"status": status, "tenderers": [{"id": _bidder(firm, name)}], "date": _written(at)}
    return told if price is None else {**told, "value": {"amount": price, "currency": currency}}


def _bidder(firm: UUID | None, name: str) -> str:
    return str(firm) if firm is not None else f"{OUTSIDE}{name}"


def _written(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None


# ------------------------------------------------------------------ flags


def listed(user: User) -> QuerySet[RedFlag]:
    """Flags as the list shows them, with the names of the MEs in question."""
    through = RedFlag.firms.through.objects.filter(redflag=OuterRef("pk")).order_by("microenterprise__name")
    return (
        RedFlag.objects.visible_to(user)
        .select_related("project", "microenterprise", "looked_by")
        .annotate(firm_names=ArraySubquery(through.values("microenterprise__name")))
    )


def with_notes(flags: QuerySet[RedFlag]) -> QuerySet[RedFlag]:
    """Flags with their notes and the MEs they name, for pages of one."""
    notes = FlagNote.objects.filter(flag=OuterRef("pk")).order_by("noted_at", "id")
    through = RedFlag.firms.through.objects.filter(redflag=OuterRef("pk")).order_by("microenterprise__name")
    return flags.annotate(
        note_rows=ArraySubquery(
            notes.values(row=JSONObject(who="noted_by__name", at="noted_at", reason="reason", value="value"))
        ),
        firm_rows=ArraySubquery(through.values(row=JSONObject(id="microenterprise_id", name="microenterprise__name"))),
    )


def naming(flags: QuerySet[RedFlag], words: str) -> QuerySet[RedFlag]:
    """Flags that name an ME whose name holds these words."""
    firms = Microenterprise.objects.filter(name__icontains=words).values("pk")
    through = RedFlag.firms.through.objects.filter(redflag=OuterRef("pk"), microenterprise__in=firms)
    return flags.filter(Exists(through))


def found_between(flags: QuerySet[RedFlag], since: date | None, until: date | None) -> QuerySet[RedFlag]:
    """Flags found on these business dates, both included."""
    zone = company_zone()
    if since is not None:
        flags = flags.filter(found_at__gte=datetime.combine(since, datetime.min.time(), zone))
    if until is not None:
        end = date.fromordinal(min(until.toordinal() + 1, date.max.toordinal()))
        flags = flags.filter(found_at__lt=datetime.combine(end, datetime.min.time(), zone))
    return flags


def last_search() -> FlagSearch | None:
    """The newest search, with its fences, counts and proofs."""
    return FlagSearch.objects.order_by("-business_date").first()


# ------------------------------------------------------------------ the trail of one process


def trail(project: Project, *, openings: bool) -> QuerySet[AuditRecord]:
    """Every record of a process, of its contracts and, once they are open, of its bids, each with its link.

    openings: only who opened or read what. Two statements before the first row is read.
    """
    subjects = [f"project:{project.pk}"]
    subjects += [f"contract:{pk}" for pk in Contract.objects.filter(project=project).values_list("pk", flat=True)]
    if project.opened_at is not None:
        subjects += [f"bid:{pk}" for pk in Bid.objects.filter(project=project).values_list("pk", flat=True)]
    found = AuditRecord.objects.filter(subject__in=subjects)
    if openings:
        found = found.filter(deed__in=OPENING_DEEDS)
    return audit.chained(found)
