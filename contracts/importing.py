"""Brings real tenders in as read-only reference projects: all releases of a package, or none.

They are history: no buyer, no ledger rows, no award row and no contract of ours; what really happened stands in
`ReferenceTender`. Instants are those of the file, written to explicit columns. Text is only cut where it is a name to
be shown; the whole of it is in `ReferenceTender.original`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from contracts import ocds, reference, scoring
from contracts.models import Bid, Project, ReferenceTender
from core import audit
from core.clock import market_now
from people.models import User

LOCK = int.from_bytes(hashlib.sha256(b"contracts.importing").digest()[:8], signed=True)


def _(sentence: str) -> str:
    """Mark a sentence for the message catalogue; it is translated where the problem is printed."""
    return sentence


@dataclass(frozen=True, slots=True)
class Imported:
    """What one tender became. Bid ids are the publisher's."""

    ocid: str
    bids: int
    valid: int
    ranking: tuple[str, ...]
    awarded: tuple[str, ...]
    agrees: bool


@transaction.atomic
def import_package(*, package: ocds.Package, by: User | None) -> list[Imported] | list[ocds.Problem]:
    """Write every release of the package as a reference project; or nothing, and say why not.

    by: who imports; None when it is done from the command line. Imports wait for each other, so a process cannot come
    in twice.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    now = market_now()
    problems = [*_already_here(package), *_still_running(package, now)]
    if problems:
        return problems
    return [_import(release, package, now, by) for release in package.releases]


def _already_here(package: ocds.Package) -> list[ocds.Problem]:
    ocids = [release.ocid for release in package.releases]
    known = dict(ReferenceTender.objects.filter(ocid__in=ocids).values_list("ocid", "imported_at"))
    sentence = _("The process %(ocid)s was imported on %(day)s. Take this release out of the file.")
    return [
        ocds.Problem(f"{row.path}.ocid", sentence, {"ocid": row.ocid, "day": known[row.ocid].date().isoformat()})
        for row in package.releases
        if row.ocid in known
    ]


def _still_running(package: ocds.Package, now: datetime) -> list[ocds.Problem]:
    """A tender whose deadline lies ahead has sealed bids; nobody may learn them from a file."""
    sentence = _("The deadline %(deadline)s is not over. Import the tender when it is.")
    return [
        ocds.Problem(f"{row.path}.tender.tenderPeriod.endDate", sentence, {"deadline": row.deadline.text})
        for row in package.releases
        if row.deadline.at >= now
    ]


def _import(release: ocds.Release, package: ocds.Package, now: datetime, by: User | None) -> Imported:
    result = _ranked(release)
    project = _project(release)
    project.save(force_insert=True)
    Bid.objects.bulk_create(_bid(bid, release, project) for bid in release.bids)
    _tender(release, package, project, result, now).save(force_insert=True)
    audit.record(
        by=by,
        deed="tender.imported",
        subject=f"project:{project.pk}",
        about=project.title,
        ocid=release.ocid,
        bids=result.bids,
    )
    return result


def _ranked(release: ocds.Release) -> Imported:
    """Our ranking beside the real award. Bids that are not valid are counted and not ranked."""
    valid = [
        scoring.Bid(bid.id, bid.value.minor, bid.submitted.at)
        for bid in release.bids
        if bid.status is ocds.BidStatus.VALID and bid.value is not None
    ]
    ranking = scoring.ranking(reference.score(valid, ocid=release.ocid))
    return Imported(
        ocid=release.ocid,
        bids=len(release.bids),
        valid=len(valid),
        ranking=ranking,
        awarded=release.awarded,
        agrees=reference.agrees(ranking, release.awarded),
    )


def _project(release: ocds.Release) -> Project:
    decided = [award.date.at for award in release.awards if award.status == "active" and award.date is not None]
    return Project(
        buyer=None,
        title=_cut(release.title, 160),
        need=release.description or release.title,
        success_measure="",
        currency=release.currency,
        ceiling_minor=None,
        status=Project.Status(release.outcome.value),
        opens_at=release.opens.at,
        deadline=release.deadline.at,
        deadline_zone="UTC",
        method=Project.Method.LOWEST_PRICE,
        draw_seed=release.ocid,
        draw_commitment=scoring.commitment(release.ocid),
        created_at=release.opens.at,
        published_at=release.opens.at,
        opened_at=_opened(release),
        ended_at=max(decided, default=release.date.at),
        ended_reason="",
    )


def _opened(release: ocds.Release) -> datetime:
    return (release.opened or release.deadline).at


def _bid(bid: ocds.Bid, release: ocds.Release, project: Project) -> Bid:
    return Bid(
        project=project,
        bidder_token=hashlib.sha256(f"{release.ocid}\n{bid.id}".encode()).hexdigest(),
        status=Bid.Status(bid.status.value),
        submitted_at=bid.submitted.at,
        receipt="",
        opened_at=_opened(release),
        bidder_name=_cut(", ".join(tenderer.name for tenderer in bid.tenderers), 200),
        price_minor=None if bid.value is None else bid.value.minor,
        price_opened_at=None if bid.value is None else _opened(release),
        external_id=bid.id,
    )


def _tender(
    release: ocds.Release, package: ocds.Package, project: Project, result: Imported, now: datetime
) -> ReferenceTender:
    return ReferenceTender(
        project=project,
        ocid=release.ocid,
        tender_id=release.tender_id,
        buyer_name=_cut(release.buyer.name, 200),
        publisher=_cut(package.publisher, 300),
        licence=_cut(package.licence, 300),
        source=_cut(package.policy or package.uri, 300),
        estimate_minor=None if release.estimate is None else release.estimate.minor,
        award_criteria_details=release.criteria,
        original=dict(release.original),
        awarded_bids=list(result.awarded),
        agrees=result.agrees,
        imported_at=now,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
