"""The pages of one's own bids. They are never kept by a browser or a proxy, and say nothing to anybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contracts import explaining
from contracts.access import criteria_of, opened_bid_or_404, project_or_404
from contracts.actions import bids as actions
from contracts.forms.bids import BidForm
from contracts.lifecycle import AWARD_BADGES, BID_BADGES, project_badge
from contracts.models import Award, Bid, Criterion, Project, Vendor
from contracts.models.vendors import Bidder
from contracts.outlook import Chances, Outlook, of_bid, of_price
from contracts.permissions import bids as checks
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import bids as queries
from contracts.queries.bids import OwnBid
from contracts.queries.decisions import live_award
from contracts.queries.projects import bidder_name
from contracts.queries.promises import scores
from contracts.sealing import Terms
from contracts.versions import ProjectChanged
from contracts.views.amendments import changed
from core import money
from core.clock import business_date, market_now
from core.errors import Invalid
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.paging import page
from core.permissions import why_not


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """One opened bid of the reader's ME, with how it ended."""

    bid: Bid
    badge: Badge


@never_cache
@require_safe
def bid_list(request: Request) -> HttpResponse:
    """My ME's bids: the sealed ones for its leader, the opened ones for every member."""
    now = market_now()
    who = standing_of(request.user, business_date(now))
    sealed = queries.own_sealed_bids(who, now)
    shown = page(
        queries.opened_bids_of(who), order=("-submitted_at", "id"), cursor=request.GET.get("cursor"), count=False
    )
    context = {
        "now": now,
        "sealed": [(row, project_badge(row.bid.project, now)) for row in sealed],
        "page": shown,
        "opened": [OpenedRow(bid, _outcome(bid)) for bid in shown.rows],
        "who": who,
    }
    return render(request, "projects/bids.html", context)


def _outcome(bid: Bid) -> Badge:
    award = live_award(bid)
    if award is not None:
        is_won = award.status == Award.Status.ACTIVE
        return Badge(_("Won"), "good", "award") if is_won else AWARD_BADGES[Award.Status(award.status)]
    if bid.project.status == Project.Status.EVALUATING:
        return BID_BADGES[Bid.Status(bid.status)]
    return Badge(_("Not chosen"), "neutral")


# ------------------------------------------------------------------ submit and revise


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bid_submit(request: Request, pk: UUID) -> HttpResponse:
    """Submit a bid, or read and revise one's own while it is sealed."""
    now = market_now()
    project = project_or_404(request.user, pk).project
    if project.opened_at is not None:
        return redirect("project_detail", pk)
    who = standing_of(request.user, business_date(now))
    current = _current(request, queries.own_bids_on(project, who))
    if current is None:
        return _submitting(request, project, who, now)
    return _revising(request, project, current, now)


def _current(request: Request, own: Sequence[OwnBid]) -> OwnBid | None:
    """The live bid the page is about; `?me=` chooses when somebody leads several MEs."""
    wanted = request.GET.get("me", "")
    return next((row for row in own if row.live and wanted in ("", str(row.firm.pk))), None)


def _submitting(request: Request, project: Project, who: Standing, now: datetime) -> HttpResponse:
    barred = checks.barred(project, who) if who.bidding_mes else {}
    checks.check_bid_somehow(project, who, barred=barred, now=now)
    firms = checks.bidding_firms(project, who, barred=barred, now=now)
    wanted = [firm for firm in firms if str(firm.pk) == request.GET.get("me")]
    form = BidForm(request.POST or None, project=project, firms=wanted or firms, criteria=criteria_of(project))
    if request.method == "POST":
        if _wants_preview(request):
            return _page(request, project, form, firm=firms[0], current=None, terms=None)
        if form.is_valid() and _done(form, project, lambda: _submit(project, form, request)):
            return see_other("bid_submit", project.pk)
    return _page(request, project, form, firm=firms[0], current=None, terms=None)


def _submit(project: Project, form: BidForm, request: Request) -> None:
    offer = form.offer()
    actions.submit(
        project=project,
        microenterprise=form.firm(),
        price_minor=offer.price_minor,
        days=offer.days,
        plan=offer.plan,
        by=request.user,
        seen=form.cleaned_data["seen"],
        answers=offer.answers,
    )


def _revising(request: Request, project: Project, current: OwnBid, now: datetime) -> HttpResponse:
    form = BidForm(request.POST or None, project=project, firms=[current.firm], criteria=criteria_of(project))
    sent = request.method == "POST" and not _wants_preview(request)
    if sent and form.is_valid() and _done(form, project, lambda: _revise(current.bid, form, request)):
        return see_other(_own_page(project, current.firm))
    terms, unread = None, why_not(checks.check_same_holder, current.bid, request.user)
    if not unread:
        terms = actions.read_own_bid(bid=current.bid, by=request.user)
        form.initial.update({"price": terms.price_minor, "days": terms.days, "plan": terms.plan})
        form.initial.update(form.answered(terms.answers))
    closed = why_not(checks.check_time, project, now)
    return _page(request, project, form, firm=current.firm, current=current, terms=terms, unread=unread, closed=closed)


def _revise(bid: Bid, form: BidForm, request: Request) -> None:
    offer = form.offer()
    actions.revise(
        bid=bid,
        price_minor=offer.price_minor,
        days=offer.days,
        plan=offer.plan,
        by=request.user,
        seen=form.cleaned_data["seen"],
        answers=offer.answers,
    )


def _own_page(project: Project, firm: Bidder) -> str:
    return f"{reverse('bid_submit', args=[project.pk])}?me={firm.pk}"


def _wants_preview(request: Request) -> bool:
    """The price travels in the body, never in an address that somebody logs."""
    return request.htmx.target == "preview" or "preview" in request.POST


def _done(form: BidForm, project: Project, act: Any) -> bool:
    """Run the action; a refusal of what was typed goes beside its field."""
    try:
        act()
    except ProjectChanged as refusal:
        form.see(project.revision)
        form.add_error(None, str(refusal.sentence))
        return False
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        return False
    return True


def _page(
    request: Request,
    project: Project,
    form: BidForm,
    *,
    firm: Bidder,
    current: OwnBid | None,
    terms: Terms | None,
    unread: str = "",
    closed: str = "",
) -> HttpResponse:
    context = {
        "project": project,
        "firm": firm,
        "form": form,
        "current": current,
        "terms": terms,
        "answers": list(zip(form.asking, terms.answers, strict=False)) if terms is not None else [],
        "unread": unread,
        "closed": closed,
        "changed": changed(project),
        "confirm_url": f"{reverse('bid_confirm', args=[project.pk])}?me={firm.pk}",
        "dearer": terms is not None and terms.price_minor > (project.ceiling_minor or 0),
        "withdraw_url": f"{reverse('bid_withdraw', args=[project.pk])}?me={firm.pk}",
        "chances": _chances(request, project, form, firm, terms),
        "changes": _changes(project, terms, _typed(form, "price"), _typed(form, "days")) if form.is_bound else [],
        "outlook": _outlook(request, form, firm, terms),
        "promises": _promises(form, firm, terms, criteria_of(project)),
        "previewing": "preview" in request.POST,
    }
    if request.htmx.target == "preview":
        return render(request, "projects/bid.html#preview", context)
    response = render(request, "projects/bid.html", context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response


def _chances(request: Request, project: Project, form: BidForm, firm: Bidder, terms: Terms | None) -> Chances:
    """What the typed price, else that of the bid which stands, comes to; from the bidder's own data alone."""
    price = _typed(form, "price")
    if price is None and terms is not None and not form.is_bound:
        price = terms.price_minor
    return of_price(request.user, _chosen(form, firm, terms), project, price if isinstance(price, int) else None)


def _outlook(request: Request, form: BidForm, firm: Bidder, terms: Terms | None) -> Outlook | None:
    """What the bidder would get at the price and costs typed; None until both are there."""
    price, costs = _typed(form, "price"), _typed(form, "costs")
    if not isinstance(price, int) or not isinstance(costs, int):
        return None
    chosen = _chosen(form, firm, terms)
    if isinstance(chosen, Vendor):
        return None
    return of_bid(request.user, chosen, price_minor=price, costs_minor=costs, today=business_date())


def _chosen(form: BidForm, firm: Bidder, terms: Terms | None) -> Bidder:
    """For whom the bid is, as far as that was typed."""
    return firm if terms is not None else form.firms.get(str(_typed(form, "microenterprise")), firm)


def _promises(form: BidForm, firm: Bidder, terms: Terms | None, criteria: Sequence[Criterion]) -> dict[str, Any] | None:
    """Where the bidder's promise-kept score stands today, where the project counts it; three statements there. A vendor
    has no score; it counts like the market.
    """
    criterion = next((each for each in criteria if not each.by_panel), None)
    chosen = _chosen(form, firm, terms)
    if criterion is None or isinstance(chosen, Vendor):
        return None
    score, _contracts = scores([chosen.pk], business_date())[chosen.pk]
    return {"criterion": criterion, "firm": chosen, "score": score, "how": explaining.reckoned(score)}


def _typed(form: BidForm, name: str) -> Any:
    if not form.is_bound:
        return None
    form.is_valid()
    return form.cleaned_data.get(name)


def _changes(project: Project, terms: Terms | None, price: Any, days: Any) -> list[str]:
    """What a revision would change."""
    if terms is None:
        return []
    found = []
    if isinstance(price, int) and price != terms.price_minor:
        old, new = money.write(terms.price_minor, project.currency), money.write(price, project.currency)
        found.append(_("Price: %(old)s becomes %(new)s.") % {"old": old, "new": new})
    if isinstance(days, int) and days != terms.days:
        found.append(_("Days: %(old)s becomes %(new)s.") % {"old": terms.days, "new": days})
    return [*found, _("A revision takes its place in time at the instant it arrives.")]


@never_cache
@require_POST
def bid_withdraw(request: Request, pk: UUID) -> HttpResponse:
    """Take one's own bid back."""
    project = project_or_404(request.user, pk).project
    who = standing_of(request.user, business_date())
    current = _current(request, queries.own_bids_on(project, who))
    if current is None:
        raise Http404
    actions.withdraw(bid=current.bid, by=request.user)
    return see_other("home" if request.user.is_vendor else "bid_list")


# ------------------------------------------------------------------ after opening


@require_safe
def bid_receipt(request: Request, pk: UUID, bid: UUID) -> HttpResponse:
    """The words of an opened bid as they were sealed, so that anybody can check its receipt."""
    project = project_or_404(request.user, pk).project
    opened = opened_bid_or_404(request.user, project, bid)
    words = queries.sealed_words(opened)
    if words is None:
        raise Http404
    context = {"project": project, "bid": opened, "name": bidder_name(opened), "text": words.text, "price": words.price}
    return render(request, "projects/receipt.html", context)
