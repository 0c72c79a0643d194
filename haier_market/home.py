"""The first page: what needs me, what I have in motion, what is worth a look, what I was told."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contracts.permissions.standing import standing_of
from contracts.queries.bids import own_sealed_bids
from contracts.views import outside
from core.clock import business_date, market_now
from core.http import Request
from haier_market import cards, statement


@require_safe
def home(request: Request) -> HttpResponse:
    """What needs the reader, by deadline; what they have in motion; what is worth a look; their latest notices.

    Outside vendors have a first page of their own.
    """
    if request.user.is_vendor:
        return outside.home_page(request)
    now = market_now()
    who = standing_of(request.user, business_date(now))
    lines = statement.lines(who, now)
    own = own_sealed_bids(who, now)
    bid_on = frozenset(str(row.bid.project_id) for row in own if row.live)
    needed = [line.key for line in lines if line.section == "need" and line.kind == "bid"]
    context = {
        "now": now,
        "needs": cards.needs(lines, own, now),
        "moving": cards.moving(lines, own, now),
        "looks": cards.looks(lines, [*needed, *bid_on]),
        "told": cards.told(lines),
        "firms": who.firms,
    }
    return render(request, "home.html", context)
