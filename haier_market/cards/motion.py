"""Sentences about what goes on without the reader: contracts, projects, opened and own sealed bids, ideas."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.models import Contract, Project
from contracts.queries.bids import OwnBid
from core import money
from haier_market.attention import Line
from haier_market.cards.shapes import Moving
from microenterprises.models import Idea


def moving(lines: Sequence[Line], own: Iterable[OwnBid], now: datetime) -> list[Moving]:
    """Contracts, projects, opened bids and ideas of the reader, and their own sealed bids.

    What stands among the needs is not told twice.
    """
    waiting = {line.key for line in lines if line.section == "need"}
    told = [_moving(line, now) for line in lines if line.section == "motion" and line.key not in waiting]
    sealed = [
        _sealed(row) for row in own if row.live and not row.stale and row.bid.project.status == Project.Status.PUBLISHED
    ]
    return sealed + told


def _sealed(row: OwnBid) -> Moving:
    """A bid that only the author and the leader of the bidding ME may know of."""
    return Moving(
        _("Your bid on “%(title)s”") % {"title": row.bid.project.title},
        _("Sealed, for %(me)s; it opens by itself") % {"me": row.firm.name},
        f"/projects/{row.bid.project_id}/",
        row.bid.project.deadline,
        "lock",
    )


def _moving(line: Line, now: datetime) -> Moving:
    if line.kind == "idea":
        return Moving(line.title, _idea_detail(line), f"/ideas/{line.key}/", None, "lightbulb")
    if line.kind == "project":
        return Moving(line.title, _project_detail(line, now), f"/projects/{line.key}/", _coming(line, now), "gavel")
    if line.kind == "opened_bid":
        said = _("The bid of %(name)s is being judged") % {"name": line.detail}
        return Moving(line.title, said, f"/projects/{line.key}/", None, "scale")
    return Moving(line.title, _contract_detail(line), f"/contracts/{line.key}/", None, "handshake")


def _idea_detail(line: Line) -> str:
    if line.extra == Idea.Status.DRAFT:
        return _("Your draft")
    return _("%(amount)s pledged so far") % {"amount": money.write(line.number or 0, line.detail)}


def _coming(line: Line, now: datetime) -> datetime | None:
    return line.at if line.at is not None and line.at > now and line.extra == Project.Status.PUBLISHED else None


def _project_detail(line: Line, now: datetime) -> str:
    if line.extra == Project.Status.DRAFT:
        return _("A draft of your ME")
    if line.extra == Project.Status.EVALUATING:
        return _("The bids are open; the buyer decides.")
    return _("Published; bids are sealed") if line.at is not None and line.at > now else _("Closed; the bids open now")


def _contract_detail(line: Line) -> str:
    facts: dict[str, Any] = {"name": line.detail, "open": line.number or 0}
    if line.extra == Contract.Status.SIGNING:
        return _("With %(name)s; waits for signatures") % facts
    if line.kind == "contract_buyer":
        return (
            ngettext(
                "%(name)s works for you; %(open)s milestone open",
                "%(name)s works for you; %(open)s milestones open",
                facts["open"],
            )
            % facts
        )
    return (
        ngettext(
            "You work for %(name)s; %(open)s milestone open",
            "You work for %(name)s; %(open)s milestones open",
            facts["open"],
        )
        % facts
    )
