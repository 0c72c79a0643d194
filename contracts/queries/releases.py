"""Reads for OCDS: rows as the values `contracts.ocds.writer` takes, the feed in its order, what changed on some dates.

Bids are read through `opened()` only, so nothing here can tell what is sealed. The order of the feed and why it misses
nothing stands in docs/adr/0030.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
)

from contracts.models import Award, Bid, Contract, Milestone, Project, ProjectVersion, Question, Release, Vendor
from contracts.models.vendors import Bidder
from contracts.ocds import history, packages, text, writer
from contracts.ocds.writer import Node
from core.clock import company_zone
from core.prepared import Among, Asked

AT_ONCE: Final = 500


def ocid_of(project: Project) -> str:
    """The identifier of a process that has no release yet; a released one keeps what its releases say."""
    return f"{settings.OCDS_PREFIX}-{project.pk}"


def publisher() -> packages.Publisher:
    """Who publishes, by the settings."""
    return packages.Publisher(
        settings.OCDS_PUBLISHER, settings.PUBLIC_URL + "/", settings.OCDS_LICENCE, settings.OCDS_POLICY
    )


# ------------------------------------------------------------------ rows as values


def released() -> QuerySet[Project]:
    """The projects that are told of: published ones of our own. Drafts and other people's tenders are not."""
    return Project.objects.filter(published_at__isnull=False, buyer__isnull=False).exclude(status=Project.Status.DRAFT)


def parts_of_projects(projects: Iterable[UUID], now: datetime) -> dict[UUID, Node]:
    """What everybody may read of these projects at an instant; drafts are left out. Four statements, five with lots."""
    sought = {"projects": list(projects)}
    rows = Asked[Project](_projects, "released projects", sought).rows()
    parts = _Parts(
        bids=_by_project(Asked[Bid](_bids, "released bids", sought).rows()),
        awards=_by_project(Asked[Award](_awards, "released awards", sought).rows()),
        versions=_by_project(Asked[ProjectVersion](_versions, "released versions", sought).rows()),
        lots=_siblings({row.lot_set_id for row in rows if row.lot_set_id is not None}),
    )
    return {row.pk: writer.process(_process(row, now, parts)) for row in rows}


def _projects() -> QuerySet[Project]:
    enquiries = Exists(Question.objects.filter(project=OuterRef("pk")))
    return released().filter(pk__in=_sought()).select_related("buyer").annotate(told_enquiries=enquiries)


def _bids() -> QuerySet[Bid]:
    rows = Bid.objects.opened().filter(project__in=_sought()).select_related("microenterprise", "vendor")
    return rows.order_by("submitted_at", "pk")


def _awards() -> QuerySet[Award]:
    rows = Award.objects.filter(project__in=_sought()).select_related("bid__microenterprise", "bid__vendor")
    return rows.order_by("awarded_at", "pk")


def _versions() -> QuerySet[ProjectVersion]:
    return ProjectVersion.objects.filter(project__in=_sought(), number__gt=1).order_by("number")


def _sought() -> Among:
    return Among("projects", UUIDField())


P = TypeVar("P", Bid, Award, ProjectVersion)


def _by_project(rows: Iterable[P]) -> dict[UUID, list[P]]:
    found: dict[UUID, list[P]] = {}
    for row in rows:
        found.setdefault(row.project_id, []).append(row)
    return found


class _Parts(NamedTuple):
    """What belongs to some projects, by their ids, the first ones first; lots by their sets."""

    bids: dict[UUID, list[Bid]]
    awards: dict[UUID, list[Award]]
    versions: dict[UUID, list[ProjectVersion]]
    lots: dict[UUID | None, list[tuple[UUID, writer.Sibling]]]


def _siblings(sets: Collection[UUID]) -> dict[UUID | None, list[tuple[UUID, writer.Sibling]]]:
    """The lots of these sets that are told of, or are about to be: all of a set are published in one transaction."""
    found: dict[UUID | None, list[tuple[UUID, writer.Sibling]]] = {}
    if not sets:
        return found
    first = Release.objects.filter(project=OuterRef("pk")).order_by("number").values("ocid")[:1]
    lots = Project.objects.filter(lot_set__in=sets).exclude(status=Project.Status.CANCELLED, published_at=None)
    for lot in lots.annotate(first_ocid=Subquery(first)).order_by("lot_number"):
        ocid = vars(lot)["first_ocid"] or ocid_of(lot)
        found.setdefault(lot.lot_set_id, []).append((lot.pk, writer.Sibling(lot.lot_number or 0, ocid)))
    return found


def parts_of_contracts(contracts: Iterable[UUID]) -> dict[UUID, Node]:
    """What the readers of these contracts may read. Two statements."""
    milestones = Prefetch("milestones", Milestone.objects.order_by("number"))
    rows = Contract.objects.filter(pk__in=list(contracts)).select_related("buyer", "supplier", "supplier_vendor")
    return {row.pk: writer.contract(_contract(row)) for row in rows.prefetch_related(milestones)}


def is_planned(project: Project, now: datetime) -> bool:
    """Whether a published project takes no bids yet."""
    return project.status == Project.Status.PUBLISHED and project.opens_at is not None and now < project.opens_at


def _process(row: Project, now: datetime, parts: _Parts) -> writer.Process:
    bids = parts.bids.get(row.pk, []) if row.opened_at else []
    return writer.Process(
        id=str(row.pk),
        title=row.title,
        description=f"{row.need}\n\n{row.success_measure}".strip(),
        status="planned" if is_planned(row, now) else row.status,
        buyer=_firm(row.buyer, row.pk, ""),
        currency=row.currency,
        ceiling_minor=row.ceiling_minor,
        opens_at=row.opens_at,
        deadline=row.deadline,
        opened_at=row.opened_at,
        decided_at=row.ended_at,
        invited_only=row.admission == Project.Admission.INVITED,
        criteria=_criteria(row),
        criteria_details=_criteria_details(row),
        bids=[_bid(bid) for bid in bids],
        awards=[_award(award) for award in parts.awards.get(row.pk, [])],
        amendments=[
            writer.Amendment(f"{row.pk}-{one.number}", one.made_at, one.reason)
            for one in parts.versions.get(row.pk, [])
        ],
        has_enquiries=vars(row)["told_enquiries"],
        siblings=[sibling for pk, sibling in parts.lots.get(row.lot_set_id, []) if pk != row.pk],
        eligibility="" if row.teams_may_bid else "Launched microenterprises only, no teams of the talent pool.",
    )


def _firm(firm: Bidder | None, otherwise: UUID, name: str) -> writer.Firm:
    """An ME or an outside vendor by its id; an imported bidder by the bid, because nothing else identifies it."""
    if firm is None:
        return writer.Firm(f"bidder-{otherwise}", name)
    return writer.Firm(f"vendor-{firm.pk}" if isinstance(firm, Vendor) else f"me-{firm.pk}", firm.name)


def _bid(bid: Bid) -> writer.Bid:
    return writer.Bid(
        id=str(bid.pk),
        status=bid.status,
        submitted_at=bid.submitted_at,
        firm=_firm(bid.bidder, bid.pk, bid.bidder_name),
        price_minor=bid.price_minor,
    )


def _award(award: Award) -> writer.Award:
    return writer.Award(
        id=str(award.pk),
        status=award.status,
        at=award.awarded_at,
        reason=award.reason,
        bid_id=str(award.bid_id),
        firm=_firm(award.bid.bidder, award.bid_id, award.bid.bidder_name),
        price_minor=award.bid.price_minor,
    )


# A release is written once for all readers, so its sentences are not in the language of whoever acted.


def _criteria(project: Project) -> str:
    lowest = project.method == Project.Method.LOWEST_PRICE
    return "priceOnly" if lowest and not project.pass_mark else "ratedCriteria"


def _criteria_details(project: Project) -> str:
    mark = f" Bids below {project.pass_mark} of 10000 quality points cannot win." if project.pass_mark else ""
    if project.method == Project.Method.LOWEST_PRICE:
        return f"The lowest price wins.{mark}"
    price = project.price_weight_bp
    return (
        f"Price counts {price} of 10000 parts, quality {10_000 - price}; price points are 10000 times the part of the "
        f"ceiling that is saved.{mark}"
    )


def _contract(row: Contract) -> writer.Contract:
    return writer.Contract(
        id=str(row.pk),
        award_id=str(row.award_id),
        title=row.title,
        status=row.status,
        buyer=_firm(row.buyer, row.pk, ""),
        supplier=_firm(row.seller, row.pk, ""),
        currency=row.currency,
        price_minor=row.price_minor,
        signed_at=row.activated_at,
        ended_at=row.ended_at,
        milestones=[_milestone(one) for one in row.milestones.all()],
    )


def _milestone(row: Milestone) -> writer.Milestone:
    return writer.Milestone(
        id=str(row.pk),
        title=row.title,
        status=row.status,
        due_at=datetime.combine(row.due_on, time(23, 59, 59), company_zone()),
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        accepted_minor=row.accepted_minor,
    )


# ------------------------------------------------------------------ the feed


class _Epoch(Func):
    """The count of transactions this server goes by. While no release was written on it, every one came with a copy
    from elsewhere and is settled: a number above all of them."""

    template = """(
        SELECT coalesce(max(e.number), 2147483647) FROM contracts_feedepoch e WHERE e.server = contracts_feed_server()
    )"""
    output_field = IntegerField()


class _Horizon(Func):
    """The oldest transaction that may still make a release visible, asked once for the statement."""

    template = "(SELECT contracts_feed_horizon())"
    output_field = BigIntegerField()


class Cursor(NamedTuple):
    """The last release a reader has seen, in the order of the feed."""

    epoch: int
    xid: int
    id: int


def cursor_of(release: Release) -> str:
    """The cursor behind a release. It names the release and the epoch, and no count of anything."""
    return f"{release.epoch}.{release.release_id}"


def place_of(cursor: str) -> Cursor | None:
    """The place a cursor means; None when there is no such release here, as after an older copy was restored."""
    epoch, _dot, release_id = cursor.partition(".")
    found = Release.objects.filter(release_id=release_id).first() if text.storable(release_id) else None
    if found is None or str(found.epoch) != epoch:
        return None
    return Cursor(found.epoch, found.xid, found.pk)


def feed(releases: QuerySet[Release], after: Cursor | None, size: int) -> list[Release]:
    """The next releases in the order in which they became visible, none of which anything can come before any more.

    releases: what the reader may see. One statement, whose own snapshot decides what is settled.
    """
    rows = releases.filter(Q(epoch__lt=_Epoch()) | Q(epoch=_Epoch(), xid__lt=_Horizon()))
    if after is not None:
        # Compared as one row, so that the index starts where the reader stopped.
        rows = rows.extra(
            where=["(contracts_release.epoch, contracts_release.xid, contracts_release.id) > (%s, %s, %s)"],
            params=[after.epoch, after.xid, after.id],
        )
    return list(rows.order_by("epoch", "xid", "id")[:size])


# ------------------------------------------------------------------ what changed, and what it comes to


def days(since: date, until: date) -> tuple[datetime, datetime]:
    """The instants at which the first of these company dates begins and the last one ends."""
    zone = company_zone()
    start = datetime.combine(since, time.min, zone)
    return start, datetime.combine(until + timedelta(days=1), time.min, zone)


def changed(releases: QuerySet[Release], since: date, until: date) -> QuerySet[Release]:
    """The releases of these company dates, both included."""
    start, end = days(since, until)
    return releases.filter(date__gte=start, date__lt=end)


def bodies(releases: QuerySet[Release]) -> Iterator[str]:
    """The text of each release, oldest first, some hundred rows in memory at a time."""
    last: tuple[datetime, int] | None = None
    while rows := list(_beyond(releases, last).order_by("date", "id").values_list("date", "id", "body")[:AT_ONCE]):
        yield from (body for _date, _id, body in rows)
        last = rows[-1][0], rows[-1][1]


def _beyond(releases: QuerySet[Release], last: tuple[datetime, int] | None) -> QuerySet[Release]:
    if last is None:
        return releases
    return releases.filter(Q(date__gt=last[0]) | Q(date=last[0], id__gt=last[1]), date__gte=last[0])


def records(releases: QuerySet[Release], of: QuerySet[Release]) -> Iterator[str]:
    """A record of each process that one of the releases `of` belongs to, with all its releases among `releases`."""
    last: str | None = None
    while ocids := list(_ocids_after(of, last)):
        found: dict[str, list[Release]] = {ocid: [] for ocid in ocids}
        for row in releases.filter(ocid__in=ocids).order_by("date", "id"):
            found[row.ocid].append(row)
        yield from (record(rows) for rows in found.values())
        last = ocids[-1]


def _ocids_after(releases: QuerySet[Release], last: str | None) -> QuerySet[Release, str]:
    rows = releases if last is None else releases.filter(ocid__gt=last)
    return rows.order_by("ocid").values_list("ocid", flat=True).distinct()[: AT_ONCE // 5]


def record(releases: Sequence[Release]) -> str:
    """One process as a record. releases: all of it that the reader may see, oldest first; at least one."""
    return packages.record(releases[0].ocid, [row.body for row in releases], compiled(releases))


def compiled(releases: Sequence[Release]) -> Node:
    """What releases of one process come to: the newest of the process and of each contract, put together."""
    newest: dict[UUID | None, Release] = {}
    for row in sorted(releases, key=lambda row: row.number):
        newest[row.contract_id] = row
    told = {line: history.told(text.parse(row.body)) for line, row in newest.items()}
    process = told.pop(None, None)
    date = max(row.date for row in releases)
    return history.compiled(process, told.values(), ocid=releases[0].ocid, date=writer.stamp(date))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has no release yet: seeded, imported from an older version of the market, or new to the feed."""

    projects: QuerySet[Project]
    contracts: QuerySet[Contract]

    def count(self) -> int:
        """How many first releases are to be written."""
        return self.projects.count() + self.contracts.count()


def waiting() -> Waiting:
    """Processes and contracts nobody wrote a release of."""
    told = Release.objects.filter(contract=None, project=OuterRef("pk"))
    signed = Release.objects.filter(contract=OuterRef("pk"))
    return Waiting(
        projects=released().filter(~Exists(told)).order_by("published_at", "pk"),
        contracts=Contract.objects.filter(~Exists(signed), project__in=released()).order_by("created_at", "pk"),
    )


def begun(now: datetime) -> QuerySet[Release]:
    """The newest release of each process that is still told as planned, although bids are taken by now."""
    later = Release.objects.filter(project=OuterRef("project"), contract=None, number__gt=OuterRef("number"))
    return Release.objects.filter(~Exists(later), contract=None, planned_until__lte=now)
