"""The project pages: list, one project, drafting, publishing, cancelling. Load, act, answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from contracts import explaining, reference
from contracts.access import SeenProject, project_or_404
from contracts.actions import lots as lot_actions
from contracts.actions import projects as actions
from contracts.criteria import asking, worth_showing
from contracts.drafts import seen_of
from contracts.exports import CSV, csv_lines, project_rows
from contracts.filters import ProjectFilters
from contracts.forms.lots import MORE, NeedForm, with_one_more_row
from contracts.forms.projects import ProjectForm, ReasonForm
from contracts.lifecycle import AWARD_BADGES, BID_BADGES, Phase, phase, project_badge
from contracts.measures import measure_of
from contracts.models import Award, Bid, Criterion, Project
from contracts.permissions import awards as award_checks
from contracts.permissions import bids as bid_checks
from contracts.permissions import finding as finding_checks
from contracts.permissions import projects as checks
from contracts.permissions import vendors as vendor_checks
from contracts.permissions.panel import Panel
from contracts.permissions.standing import Standing, standing_of
from contracts.proposed import proposed_of
from contracts.queries import projects as queries
from contracts.queries.bids import OwnBid, own_bids_on
from contracts.queries.decisions import decision_of, live_award
from contracts.queries.panel import unscored
from contracts.ranking import Place, Ranking, needs_quality
from contracts.reuse import as_template, lots_of
from contracts.tables import project_table
from contracts.versions import ProjectChanged
from contracts.views import amendments, decisions, outside, panel
from contracts.views.acts import Act, address
from core.clock import asked_at, business_date, market_now
from core.errors import InsufficientFunds, Invalid
from core.http import Request, download, see_other, unprocessable
from core.look import Badge
from core.paging import page
from core.permissions import why_not
from ledger.accounts import Kind
from ledger.queries import balance
from microenterprises.models import Microenterprise

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
FEW_BIDS = 6
"""Up to so many bids the arithmetic of each stands open."""


# ------------------------------------------------------------------ the list


@require_safe
def project_list(request: Request) -> HttpResponseBase:
    """Every published need, by search and filters; as a page, a fragment or a CSV file."""
    now = asked_at(request)
    who = standing_of(request.user, business_date(now))
    form = ProjectFilters(request.GET)
    form.is_valid()
    order = form.order_by()
    if request.GET.get("format") == "csv":
        rows = project_rows(form.found(Project.objects.visible_to(request.user), who, now).order_by(*order), now)
        return download(csv_lines(rows), filename="projects.csv", content_type=CSV)
    shown = page(form.asked(who, now), order=order, cursor=request.GET.get("cursor"), count_to=form.count_to())
    context = {
        "now": now,
        "page": shown,
        "form": form,
        "table": project_table(shown.rows, form.shown_columns(), now),
        "watching": form.cleaned_data.get("watching", False),
        "why_not_save": why_not(finding_checks.check_keep, request.user),
        "why_not_new": why_not(checks.check_draft, who),
    }
    template = "projects/list.html#results" if request.htmx.target == "results" else "projects/list.html"
    return render(request, template, context)


# ------------------------------------------------------------------ one project


@dataclass(frozen=True, slots=True)
class BidRow:
    """One opened bid beside the others."""

    bid: Bid
    name: str
    rank: int | None
    badge: Badge
    points: int | None
    arithmetic: Sequence[str]
    own: bool
    won: bool
    award: Act | None = None
    disqualify: str = ""
    low: Badge | None = None
    answers: Sequence[tuple[Criterion, str]] = ()


@require_safe
def project_detail(request: Request, pk: UUID) -> HttpResponse:
    """One project: its state, the next step or why there is none, its words, and after the opening its bids."""
    now = asked_at(request)
    seen = project_or_404(request.user, pk)
    if request.htmx.target == "countdown":
        return render(request, "projects/_deadline.html", common(seen, now))
    if request.user.is_vendor:
        return outside.project_page(request, seen, common(seen, now), now)
    who = standing_of(request.user, business_date(now))
    bids = queries.opened_bids(seen.project)
    context = common(seen, now) | {
        "timeline": queries.timeline(seen.project, bids, now, amendments.happened(seen.project)),
        **_finding(seen, who, now),
        "criteria": explaining.criteria(seen.project) if seen.project.buyer_id is not None else [],
    }
    if seen.project.buyer_id is None:
        return render(request, "projects/reference.html", context | _reference(seen.project, bids))
    own = own_bids_on(seen.project, who)
    judges = Panel(seen.seats, unscored(seen.project, bids))
    quality = panel.card(seen, judges, bids, who)
    # Who is to judge sees no terms before they declared their interests.
    ranking = queries.ranking_of(seen.project, bids) if bids and not quality["kept_away"] else None
    decision = decisions.card(seen, bids, who, now)
    context |= {
        "own": next((row for row in own if row.live), None),
        "acts": _acts(seen, who, own, bids, judges, now),
        **quality,
        "bids": _rows(seen, who, ranking, decided=decision is not None) if ranking is not None else [],
        "ranking": ranking,
        "few": len(bids) <= FEW_BIDS,
        "needs_quality": needs_quality(seen.project),
        "decision": decision,
    }
    if decision is not None and seen.project.status == Project.Status.EVALUATING:
        context["sentence"] = decision.sentence
    return render(request, "projects/detail.html", context)


def common(seen: SeenProject, now: datetime) -> dict[str, Any]:
    """What every page of a project says, before and after the opening."""
    project = seen.project
    return {
        "now": now,
        "project": project,
        "phase": phase(project, now).value,
        "badge": project_badge(project, now),
        "sentence": queries.state_sentence(project, now),
        "buyer": queries.buyer_name(project),
        "panel": list(seen.panel.values()),
        "quality_criteria": worth_showing(seen.criteria),
        "skills": seen.skills,
        "invited": seen.invited,
        "vendors": seen.vendors,
        "measure": measure_of(project).labelled(),
        "milestones": proposed_of(project),
        "changed": amendments.changed(project),
        **amendments.deadline_facts(project, now),
    }


def _finding(seen: SeenProject, who: Standing, now: datetime) -> dict[str, Any]:
    """The project's questions, and what the reader may do with it for themselves."""
    reusable = not why_not(finding_checks.check_template, seen.project, who)
    return {
        "questions": seen.questions,
        "unanswered": seen.unanswered,
        "watching": seen.watching,
        "may_watch": not why_not(finding_checks.check_watch, seen.project, who.user, now),
        "template_url": f"{reverse('project_new')}?from={seen.project.pk}" if reusable else "",
    }


def _acts(
    seen: SeenProject,
    who: Standing,
    own: Sequence[OwnBid],
    bids: Sequence[Bid],
    judges: Panel,
    now: datetime,
) -> list[Act]:
    """What the reader can do here, the most important first; a step that is theirs but not possible says why."""
    here = phase(seen.project, now)
    if here is Phase.DRAFT:
        return _draft_acts(seen.project, who)
    if here in (Phase.SCHEDULED, Phase.OPEN, Phase.CLOSED):
        return [
            *_bidding_acts(seen.project, who, own, now),
            *_amending(seen.project, who, now),
            *(_inviting(seen.project, who) if seen.vendors else ()),
            *_cancelling(seen.project, who),
        ]
    if here is Phase.EVALUATING and decision_of(bids) is None:
        return [*_deciding_acts(seen, who, judges), *_cancelling(seen.project, who)]
    if here is Phase.CANCELLED and own:
        return [_own_bid(seen.project)]
    return [*_contract_acts(who, bids)]


def _draft_acts(project: Project, who: Standing) -> list[Act]:
    if project.lot_set_id is not None:
        url = reverse("lot_set", args=[project.lot_set_id])
        whole = Act(url, _("Edit and publish all lots"), "layout-grid")
        return [whole, *_inviting(project, who), *_cancelling(project, who)]
    refusal = why_not(checks.check_publish, project, who)
    found = [Act(address("project_publish", project), _("Publish"), "send", refusal)]
    if not why_not(checks.check_edit, project, who):
        found.append(Act(address("project_edit", project), _("Edit"), "pencil-line", tone="plain"))
    return [*found, *_inviting(project, who), *_cancelling(project, who)]


def _inviting(project: Project, who: Standing) -> list[Act]:
    if why_not(vendor_checks.check_see_vendors, project, who):
        return []
    return [Act(address("project_vendors", project), _("Outside vendors"), "building-2", tone="plain")]


def _bidding_acts(project: Project, who: Standing, own: Sequence[OwnBid], now: datetime) -> list[Act]:
    if own and (own[0].live or phase(project, now) is not Phase.OPEN):
        return [_own_bid(project)]
    if who.belongs_to(project.buyer_id) or phase(project, now) is Phase.CLOSED:
        return []
    barred = bid_checks.barred(project, who) if who.bidding_mes else {}
    refusal = why_not(bid_checks.check_bid_somehow, project, who, barred=barred, now=now)
    return [Act(address("bid_submit", project), _("Submit a bid"), "gavel", refusal)]


def _own_bid(project: Project) -> Act:
    return Act(address("bid_submit", project), _("Your bid"), "lock")


def _deciding_acts(seen: SeenProject, who: Standing, judges: Panel) -> list[Act]:
    found = panel.acts(seen, judges, who)
    if who.leads(seen.project.buyer_id):
        refusal = why_not(award_checks.check_award, seen.project, who)
        url = address("project_no_award", seen.project)
        found.append(Act(url, _("End without an award"), "circle-dashed", refusal, tone="plain"))
    return found


def _amending(project: Project, who: Standing, now: datetime) -> list[Act]:
    if why_not(checks.check_amend, project, who, now):
        return []
    return [Act(address("project_amend", project), _("Change the project"), "pencil-line", tone="plain")]


def _cancelling(project: Project, who: Standing) -> list[Act]:
    if why_not(checks.check_cancel, project, who):
        return []
    return [Act(address("project_cancel", project), _("Cancel project"), "ban", tone="plain")]


def _contract_acts(who: Standing, bids: Sequence[Bid]) -> list[Act]:
    decision = decision_of(bids)
    contract = decision.contract if decision is not None else None
    if contract is None or not (
        who.user.has_role("finance", "steward", "auditor")
        or who.belongs_to(contract.buyer_id)
        or who.belongs_to(contract.supplier_id)
    ):
        return []
    return [Act(reverse("contract_detail", args=[contract.pk]), _("Open the contract"), "handshake")]


def _rows(seen: SeenProject, who: Standing, ranking: Ranking, *, decided: bool) -> list[BidRow]:
    may_award = not decided and not why_not(award_checks.check_award, seen.project, who)
    bids = [place.bid for place in ranking.places]
    low = decisions.low_prices_among(seen.project, bids, who.on, decides=may_award)
    tied = why_not(award_checks.check_impartial, seen.project, who) if may_award else ""
    rows = [_row(seen, place, ranking, who, may_award=may_award, tied=tied) for place in ranking.places]
    return [replace(row, low=low.get(row.bid.pk)) for row in rows]


def _row(seen: SeenProject, place: Place, ranking: Ranking, who: Standing, *, may_award: bool, tied: str) -> BidRow:
    bid, project = place.bid, seen.project
    award = live_award(bid)
    won = award is not None and award.status == Award.Status.ACTIVE
    valid = bid.status == Bid.Status.VALID
    return BidRow(
        bid=bid,
        name=queries.bidder_name(bid),
        rank=place.rank,
        badge=AWARD_BADGES[Award.Status(award.status)] if award is not None else BID_BADGES[Bid.Status(bid.status)],
        points=place.scored.total_points if place.scored is not None else None,
        arithmetic=explaining.arithmetic(place, ranking, project.currency),
        own=who.belongs_to(bid.microenterprise_id),
        won=won,
        award=_award_act(project, place, ranking, tied) if may_award and valid else None,
        disqualify=address("bid_disqualify", project, bid.pk) if may_award and valid and not tied else "",
        answers=list(zip(asking(seen.criteria), bid.answers or (), strict=False)),
    )


def _award_act(project: Project, place: Place, ranking: Ranking, tied: str) -> Act:
    refusal = tied or why_not(award_checks.check_awardable, project, place.bid, ranking.unscored)
    if not refusal and place.rank is None:
        refusal = _("This bid is below the pass mark.")
    first = place.rank == 1
    url = address("project_award", project, place.bid.pk)
    return Act(url, _("Award this bid"), "award", refusal, tone="primary" if first else "plain")


def _reference(project: Project, bids: list[Bid]) -> dict[str, Any]:
    """A real tender: its bids in our order, the real award marked."""
    comparison = reference.comparison(project, bids)
    place = {bid_id: rank for rank, bid_id in enumerate(comparison.ranking, start=1)}
    rows = [
        BidRow(
            bid=bid,
            name=bid.bidder_name,
            rank=place.get(bid.external_id),
            badge=BID_BADGES[Bid.Status(bid.status)],
            points=None,
            arithmetic=(),
            own=False,
            won=bid.external_id in comparison.awarded,
        )
        for bid in bids
    ]
    rows.sort(key=lambda row: (row.rank is None, row.rank or 0, row.bid.external_id))
    return {"comparison": comparison, "bids": rows, "tender": project.reference}


# ------------------------------------------------------------------ drafting


@get_or_post
def project_new(request: Request) -> HttpResponse:
    """Write a need down as a draft; `?me=` chooses among the reader's MEs, `?from=` fills it in from a project."""
    now = market_now()
    who = standing_of(request.user, business_date(now))
    checks.check_draft(who)
    earlier = _earlier(request, who)
    buyer = _chosen_firm(request, who, earlier)
    template = as_template(earlier, buyer=buyer, now=now) if earlier is not None else None
    more = MORE in request.POST
    form = NeedForm(
        with_one_more_row(request.POST) if more else request.POST or None,
        buyer=buyer,
        reader=request.user,
        project=template,
        lots=lots_of(earlier, buyer=buyer) if earlier is not None else (),
    )
    if more:
        form.unjudged()
    elif request.method == "POST" and form.is_valid():
        try:
            if form.in_lots:
                lot_set = lot_actions.create(buyer=buyer, shared=form.draft(), lots=form.lots_typed(), by=request.user)
                return see_other("lot_set", lot_set.pk)
            project = actions.create_draft(buyer=buyer, draft=form.draft(), by=request.user)
        except Invalid as refusal:
            _beside(form, refusal)
        else:
            return see_other("project_detail", project.pk)
    context = {
        "form": form,
        "buyer": buyer,
        "firms": who.firms,
        "project": None,
        "earlier": earlier,
        "back": reverse("project_list") if earlier is None else address("project_detail", earlier),
    }
    return _form_page(request, form, "projects/form.html", context)


@get_or_post
def project_edit(request: Request, pk: UUID) -> HttpResponse:
    """Change a draft; that of a lot stands on the page of all lots."""
    project = project_or_404(request.user, pk).project
    checks.check_edit(project, standing_of(request.user, business_date()))
    if project.lot_set_id is not None:
        return see_other("lot_set_edit", project.lot_set_id)
    if project.buyer is None:
        raise Http404
    form = ProjectForm(request.POST or None, buyer=project.buyer, reader=request.user, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(project=project, draft=form.draft(), by=request.user)
        except Invalid as refusal:
            _beside(form, refusal)
        else:
            return see_other("project_detail", project.pk)
    context = {
        "form": form,
        "buyer": project.buyer,
        "firms": (),
        "project": project,
        "back": address("project_detail", project),
    }
    return _form_page(request, form, "projects/form.html", context)


def _earlier(request: Request, who: Standing) -> Project | None:
    """The project that the form is filled in from, if one is named. Raises Http404, Denied."""
    named = request.GET.get("from", "")
    if not named:
        return None
    try:
        earlier = project_or_404(request.user, UUID(named)).project
    except ValueError:
        raise Http404 from None
    finding_checks.check_template(earlier, who)
    return earlier


def _chosen_firm(request: Request, who: Standing, earlier: Project | None) -> Microenterprise:
    wanted = request.GET.get("me", "") or (str(earlier.buyer_id) if earlier is not None else "")
    return next((firm for firm in who.firms if str(firm.pk) == wanted), who.firms[0])


@get_or_post
def project_publish(request: Request, pk: UUID) -> HttpResponse:
    """What publication does to the wallet and to the words, then the button; lots are published together."""
    now = market_now()
    seen = project_or_404(request.user, pk)
    project = seen.project
    checks.check_publish(project, standing_of(request.user, business_date(now)))
    if project.lot_set_id is not None:
        return see_other("lot_set_publish", project.lot_set_id)
    refusal: Invalid | InsufficientFunds | None = None
    if request.method == "POST":
        try:
            actions.publish(project=project, by=request.user, seen=request.POST.get("seen"))
        except (Invalid, InsufficientFunds) as refused:
            refusal = refused
        except ProjectChanged as refused:
            messages.warning(request, refused.sentence)
            return see_other("project_publish", pk)
        else:
            return see_other("project_detail", project.pk)
    wallet = balance(project.buyer.entity_id, Kind.WALLET) if project.buyer is not None else 0
    context = common(seen, now) | {
        "refusal": refusal,
        "seen": seen_of([project]),
        "criteria": explaining.criteria(project),
        "wallet": wallet,
        "left": None if project.ceiling_minor is None else wallet - project.ceiling_minor,
    }
    response = render(request, "projects/publish.html", context)
    return response if refusal is None else unprocessable(response)


@get_or_post
def project_cancel(request: Request, pk: UUID) -> HttpResponse:
    """Cancel with a reason that everybody reads."""
    now = market_now()
    seen = project_or_404(request.user, pk)
    checks.check_cancel(seen.project, standing_of(request.user, business_date(now)))
    checks.check_undecided(seen.project)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel(project=seen.project, reason=form.cleaned_data["reason"], by=request.user)
        except Invalid as refusal:
            _beside(form, refusal)
        else:
            return see_other("project_detail", pk)
    return _form_page(request, form, "projects/cancel.html", common(seen, now) | {"form": form})


# ------------------------------------------------------------------ shared


def _beside(form: forms.BaseForm, refusal: Invalid) -> None:
    """Put a refusal beside the field it names, or on top."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))


def _form_page(request: Request, form: forms.BaseForm, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response
