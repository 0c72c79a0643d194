"""What outside vendors see: the projects they are invited to, and one project as a bidder needs it.

A page of its own and not the colleagues' page with parts left out, so that a new fact there does not reach the outside
by itself. No names of people but the buyer's firm, nothing of other bidders. The forms of bids, questions, contracts
are the same for all bidders (docs/adr/0037).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts import explaining
from contracts.access import SeenProject
from contracts.lifecycle import BID_BADGES, CONTRACT_BADGES, Phase, phase, project_badge
from contracts.models import Award, Bid, Contract, Project
from contracts.permissions import awards as award_checks
from contracts.permissions import bids as bid_checks
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import outside as queries
from contracts.queries import projects as project_queries
from contracts.queries.bids import OwnBid, own_bids_on, own_sealed_among
from contracts.queries.decisions import Decision, Said, decision_of
from contracts.ranking import needs_quality
from contracts.views.acts import Act, address
from core.clock import business_date, market_now
from core.http import Request
from core.look import Badge
from core.paging import page
from core.permissions import why_not
from core.words.instants import exact

CONTRACTS_SHOWN = 20


# ------------------------------------------------------------------ the first page


@dataclass(frozen=True, slots=True)
class Row:
    """One project of the first page: its state, how the vendor's own bid stands, and the next step."""

    project: Project
    badge: Badge
    own: Badge | None
    act: str
    url: str


def home_page(request: Request) -> HttpResponse:
    """The projects a vendor is invited to, and its contracts."""
    now = market_now()
    who = standing_of(request.user, business_date(now))
    found = page(
        queries.invited_to(request.user, who),
        order=("-deadline", "id"),
        cursor=request.GET.get("cursor"),
        count=False,
    )
    sealed = own_sealed_among([row.pk for row in found.rows if row.opened_at is None], who)
    live = {row.bid.project_id: row for row in sealed if row.live}
    contracts = list(queries.contracts_of(request.user)[:CONTRACTS_SHOWN])
    context = {
        "now": now,
        "vendor": who.vendor,
        "page": found,
        "rows": [_row(row, live.get(row.pk), now) for row in found.rows],
        "contracts": [(row, CONTRACT_BADGES[Contract.Status(row.status)]) for row in contracts],
    }
    return render(request, "vendors/home.html", context)


def _row(project: Any, own: OwnBid | None, now: datetime) -> Row:
    here, url = phase(project, now), address("project_detail", project)
    badge = project_badge(project, now)
    if own is not None:
        act = _("Confirm your bid") if own.stale else _("Your bid")
        return Row(project, badge, own.badge, act, address("bid_submit", project))
    if here is Phase.OPEN:
        return Row(project, badge, None, _("Submit a bid"), url)
    opened = next(iter(project.own_opened), None)
    return Row(project, badge, _outcome(project, opened) if opened else None, _("Read"), url)


def _outcome(project: Project, opened: dict[str, Any]) -> Badge:
    if opened["won"]:
        return Badge(_("Won"), "good", "award")
    if project.status == Project.Status.EVALUATING:
        return BID_BADGES[Bid.Status(opened["status"])]
    return Badge(_("Not chosen"), "neutral")


# ------------------------------------------------------------------ one project


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """How the vendor's opened bid stands among the valid ones, and what it was told."""

    bid: Bid
    badge: Badge
    rank: int | None
    of: int
    arithmetic: Sequence[str]
    reason: str
    objection: Said | None
    price_url: str


def project_page(request: Request, seen: SeenProject, shared: dict[str, Any], now: datetime) -> HttpResponse:
    """One project: its words and times as every bidder reads them, the next step, and one's own bid."""
    who = standing_of(request.user, business_date(now))
    project = seen.project
    shown = ("project", "phase", "badge", "sentence", "buyer", "quality_criteria", "skills", "measure", "milestones")
    times = ("changed", "deadline_there", "deadline_offset", "deadline_left", "now")
    context = {name: shared[name] for name in (*shown, *times) if name in shared}
    bids = project_queries.opened_bids(project)
    own = own_bids_on(project, who) if project.opened_at is None else []
    decision = _told(decision_of(bids))
    context |= {
        "questions": seen.questions,
        "unanswered": seen.unanswered,
        "criteria": explaining.criteria(project),
        "own": next((row for row in own if row.live), None),
        "place": _place(project, bids, decision, who),
        "acts": _acts(project, who, own, bids, decision, now),
        "needs_quality": needs_quality(project),
    }
    if decision is not None:
        context["sentence"] = _sentence(decision, who, now)
    return render(request, "vendors/project.html", context)


def _told(decision: Decision | None) -> Decision | None:
    """A choice as far as bidders were told: one that waits for a second person is not."""
    return None if decision is None or decision.award.status == Award.Status.PROPOSED else decision


def _place(project: Project, bids: list[Bid], decision: Decision | None, who: Standing) -> OwnPlace | None:
    own = next((bid for bid in bids if who.leads(bid.vendor_id)), None)
    if own is None:
        return None
    ranking = project_queries.ranking_of(project, bids)
    place = ranking.of(own.pk)
    said = decision.objections if decision is not None else ()
    decided = decision is not None or project.status != Project.Status.EVALUATING or own.status != Bid.Status.VALID
    return OwnPlace(
        bid=own,
        badge=_outcome(project, {"status": own.status, "won": decision is not None and decision.bid.pk == own.pk}),
        rank=place.rank,
        of=sum(bid.status == Bid.Status.VALID for bid in bids),
        arithmetic=explaining.arithmetic(place, ranking, project.currency),
        reason=own.outcome_reason if decided else "",
        objection=next((row for row in said if who.leads(row.firm_id)), None),
        price_url=address("bid_price", project, own.pk) if getattr(own, "price_question", None) is not None else "",
    )


def _sentence(decision: Decision, who: Standing, now: datetime) -> str:
    """What the decision means for the vendor; who else bid is not said."""
    award, won = decision.award, who.leads(decision.bid.vendor_id)
    if award.status == Award.Status.ACTIVE:
        return _("Your bid won.") if won else _("Another bid won; your reason stands below.")
    until = award.stands_until
    words = {"until": exact(until) if until is not None else ""}
    if decision.contested:
        return _("A bid is chosen, but an objection is open. Nothing is signed until the steward rules.")
    if won:
        return _("Your bid is chosen. Other bidders may object until %(until)s; then the contract is drafted.") % words
    if until is not None and now < until:
        return _("Another bid is chosen. You may object until %(until)s.") % words
    return _("Another bid is chosen.")


def _acts(
    project: Project,
    who: Standing,
    own: Sequence[OwnBid],
    bids: Sequence[Bid],
    decision: Decision | None,
    now: datetime,
) -> list[Act]:
    here = phase(project, now)
    if here in (Phase.SCHEDULED, Phase.OPEN, Phase.CLOSED) or (here is Phase.CANCELLED and own):
        return _bidding(project, who, own, now)
    if decision is None:
        return []
    award, contract = decision.award, decision.contract
    if contract is not None and who.leads(contract.supplier_vendor_id):
        return [Act(reverse("contract_detail", args=[contract.pk]), _("Open the contract"), "handshake")]
    objected = [said.firm_id for said in decision.objections]
    firm = award_checks.objecting_firm(award, bids, who, objected=objected)
    if award.status == Award.Status.STANDING and firm is not None:
        refusal = why_not(award_checks.check_object, award, bids, who, now, objected=objected)
        return [Act(address("award_object", project), _("Object"), "message-square", refusal, tone="plain")]
    return []


def _bidding(project: Project, who: Standing, own: Sequence[OwnBid], now: datetime) -> list[Act]:
    if own and (own[0].live or phase(project, now) is not Phase.OPEN):
        return [Act(address("bid_submit", project), _("Your bid"), "lock")]
    refusal = why_not(bid_checks.check_bid_somehow, project, who, barred={}, now=now)
    return [Act(address("bid_submit", project), _("Submit a bid"), "gavel", refusal)]
