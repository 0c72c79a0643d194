"""The pages of a need in lots: the set with its lots, its draft, its publication, its deadline. Load, act, answer."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from contracts import explaining, lots, zones
from contracts.access import SeenLots, lots_or_404
from contracts.actions import amendments
from contracts.actions import lots as actions
from contracts.drafts import seen_of
from contracts.forms.lots import MORE, DeadlineForm, NeedForm, with_one_more_row
from contracts.lifecycle import Phase, phase, project_badge
from contracts.models import LotSet, Project
from contracts.permissions import bids as bid_checks
from contracts.permissions import lots as checks
from contracts.permissions.standing import Standing, standing_of
from contracts.queries.bids import OwnBid, own_sealed_among
from contracts.versions import ProjectChanged
from contracts.views.acts import Act, address
from core import parameters
from core.clock import business_date, market_now
from core.errors import Conflict, InsufficientFunds, Invalid
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.permissions import why_not
from ledger.accounts import Kind
from ledger.queries import balance

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


# ------------------------------------------------------------------ the set


@dataclass(frozen=True, slots=True)
class Row:
    """One lot of the page. `own`: the reader's bids on it while they are sealed; `bid`: where to make one."""

    lot: Project
    badge: Badge
    own: Sequence[OwnBid]
    bid: str
    winner: str
    won_at_minor: int | None


@require_safe
def lot_set(request: Request, pk: UUID) -> HttpResponse:
    """All lots of a need, their states and ceilings; for a bidder its own bids and what is left to bid on."""
    now = market_now()
    seen = lots_or_404(request.user, pk)
    who = standing_of(request.user, business_date(now))
    sealed = [lot.pk for lot in seen.lots if lot.opened_at is None and lot.published_at is not None]
    own = own_sealed_among(sealed, who) if sealed else []
    going, running = lots.going(seen.lots), [lot for lot in seen.lots if phase(lot, now) is Phase.OPEN]
    refusal = _why_not_bid(running, who, now)
    rows = [_row(lot, own, now, may_bid=not refusal) for lot in seen.lots]
    bids = bool(who.bidding_mes) and not who.belongs_to(seen.lot_set.buyer_id) and (bool(running) or bool(own))
    context = {
        "now": now,
        "lot_set": seen.lot_set,
        "lots": rows,
        "first": going[0],
        "shared": lots.shared(going),
        "sentence": _sentence(seen, now),
        "acts": _acts(seen, who, now),
        "total": lots.total(going),
        "bids": bids,
        "why_not_bid": refusal if bids and not own else "",
        "left": sum(row.bid != "" for row in rows),
        "any_winner": any(row.winner for row in rows),
    }
    return render(request, "projects/lots.html", context)


def _row(lot: Project, own: Sequence[OwnBid], now: datetime, *, may_bid: bool) -> Row:
    live = [row for row in own if row.live and row.bid.project_id == lot.pk]
    opens = may_bid and not live and phase(lot, now) is Phase.OPEN
    told = vars(lot)
    return Row(
        lot=lot,
        badge=project_badge(lot, now),
        own=live,
        bid=address("bid_submit", lot) if opens else "",
        winner=told["won_by"] or "",
        won_at_minor=told["won_at_minor"],
    )


def _why_not_bid(running: Sequence[Project], who: Standing, now: datetime) -> str:
    """Why the reader bids on none of these lots, which have the same people and the same guests; empty if they may."""
    if not running or not who.bidding_mes:
        return _("Only the leader of an active ME or of a team submits bids.")
    first = running[0]
    return why_not(bid_checks.check_bid_somehow, first, who, barred=bid_checks.barred(first, who), now=now)


def _sentence(seen: SeenLots, now: datetime) -> str:
    here = [phase(lot, now) for lot in seen.lots]
    count = len(here)
    if Phase.DRAFT in here:
        return _("Only members of the buyer see this draft. Its lots are published together.")
    open_lots = here.count(Phase.OPEN)
    if open_lots:
        return ngettext(
            "%(open)s of %(count)s lots takes bids. Each is bid on, opened and awarded by itself.",
            "%(open)s of %(count)s lots take bids. Each is bid on, opened and awarded by itself.",
            open_lots,
        ) % {"open": open_lots, "count": count}
    awarded = here.count(Phase.AWARDED)
    return ngettext(
        "%(awarded)s of %(count)s lot is awarded. Each is awarded by itself.",
        "%(awarded)s of %(count)s lots are awarded. Each is awarded by itself.",
        count,
    ) % {"awarded": awarded, "count": count}


def _acts(seen: SeenLots, who: Standing, now: datetime) -> list[Act]:
    """What the buyer does with all lots at once."""
    if not who.belongs_to(seen.lot_set.buyer_id):
        return []
    if checks.drafts(seen.lots):
        return [
            Act(_page("lot_set_publish", seen.lot_set), _("Publish all lots"), "send", _refusal(seen, who)),
            Act(_page("lot_set_edit", seen.lot_set), _("Edit"), "pencil-line", tone="plain"),
        ]
    if why_not(checks.check_move_deadline, seen.lots, who, now):
        return []
    return [Act(_page("lot_set_deadline", seen.lot_set), _("Move the deadline"), "calendar", tone="plain")]


def _refusal(seen: SeenLots, who: Standing) -> str:
    return why_not(checks.check_publish, seen.lots, who)


def _page(name: str, lot_set: LotSet) -> str:
    return reverse(name, args=[lot_set.pk])


# ------------------------------------------------------------------ the draft


@get_or_post
def lot_set_edit(request: Request, pk: UUID) -> HttpResponse:
    """Change the draft of all lots together; a row that is emptied is a lot less."""
    seen = lots_or_404(request.user, pk)
    checks.check_edit(seen.lots, standing_of(request.user, business_date()))
    buyer, drafts = seen.lot_set.buyer, checks.drafts(seen.lots)
    whole = copy(lots.shared(drafts))
    whole.title, whole.ceiling_minor = seen.lot_set.title, None
    more = MORE in request.POST
    form = NeedForm(
        with_one_more_row(request.POST) if more else request.POST or None,
        buyer=buyer,
        reader=request.user,
        project=whole,
        lots=lots.drafts(drafts),
        always=True,
    )
    if more:
        form.unjudged()
    elif request.method == "POST" and form.is_valid() and _edited(request, seen.lot_set, form):
        return see_other("lot_set", pk)
    context = {
        "form": form,
        "buyer": buyer,
        "firms": (),
        "project": None,
        "lot_set": seen.lot_set,
        "back": _page("lot_set", seen.lot_set),
    }
    return _answer(request, form, "projects/form.html", context)


def _edited(request: Request, lot_set: LotSet, form: NeedForm) -> bool:
    try:
        actions.edit(
            lot_set=lot_set, shared=form.draft(), lots=form.lots_typed(), removed=form.removed(), by=request.user
        )
    except (Invalid, Conflict) as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        return False
    return True


# ------------------------------------------------------------------ publication


@get_or_post
def lot_set_publish(request: Request, pk: UUID) -> HttpResponse:
    """What the publication of all lots does to the wallet, then the button."""
    now = market_now()
    seen = lots_or_404(request.user, pk)
    checks.check_publish(seen.lots, standing_of(request.user, business_date(now)))
    refusal: Invalid | InsufficientFunds | None = None
    if request.method == "POST":
        try:
            actions.publish(lot_set=seen.lot_set, by=request.user, seen=request.POST.get("seen"))
        except (Invalid, InsufficientFunds) as refused:
            refusal = refused
        except ProjectChanged as refused:
            messages.warning(request, refused.sentence)
            return see_other("lot_set_publish", pk)
        else:
            return see_other("lot_set", pk)
    drafts = checks.drafts(seen.lots)
    first, total = drafts[0], lots.total(drafts)
    wallet = balance(seen.lot_set.buyer.entity_id, Kind.WALLET)
    context = {
        "lot_set": seen.lot_set,
        "lots": drafts,
        "first": first,
        "refusal": refusal,
        "seen": seen_of(drafts),
        "total": total,
        "wallet": wallet,
        "left": wallet - total,
        "criteria": explaining.criteria(first),
        **zones.beside_readers(first.deadline, first.deadline_zone),
    }
    response = render(request, "projects/lots_publish.html", context)
    return response if refusal is None else unprocessable(response)


# ------------------------------------------------------------------ the deadline


@get_or_post
def lot_set_deadline(request: Request, pk: UUID) -> HttpResponse:
    """Move the deadline of all lots that still run, with one reason."""
    now = market_now()
    seen = lots_or_404(request.user, pk)
    lot = checks.check_move_deadline(seen.lots, standing_of(request.user, business_date(now)), now)
    form = DeadlineForm(request.POST or None, project=lot, reader=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            amendments.amend(project=lot, words=form.words(), reason=form.cleaned_data["reason"], by=request.user)
        except Invalid as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        else:
            return see_other("lot_set", pk)
    context = {
        "lot_set": seen.lot_set,
        "form": form,
        "deadline_there": zones.in_zone(lot.deadline, ZoneInfo(lot.deadline_zone)),
        "least": parameters.value("shortest_minutes_after_a_change", on=business_date(now)),
    }
    return _answer(request, form, "projects/lots_deadline.html", context)


def _answer(request: Request, form: Any, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response
