"""Pages that read across rooms and write nothing."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.clock import business_date, market_now
from core.http import Request
from insights.queries import at_a_glance

SOON = timedelta(days=14)
"""How near the end of a pool clock is said to be soon, on this page."""


@require_safe
def glance(request: Request) -> HttpResponse:
    """The company at a glance, for every colleague."""
    if request.user.is_vendor:
        raise Http404
    now = market_now()
    today = business_date(now)
    return render(request, "insights/glance.html", {"glance": at_a_glance(now, today, today + SOON), "now": now})
