"""The calendar feed: no session, because a calendar program has none; the token in the address is the right to read."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe
from rest_framework.throttling import SimpleRateThrottle

from contracts.queries.calendar import entries
from core.clock import market_now
from people.models import CalendarKey, User
from people.preferences import calendar_digest
from people.zones import zone_of


class FeedThrottle(SimpleRateThrottle):
    """How often one calendar is read, and how often one place may ask for calendars that are none."""

    def __init__(self, counted: str) -> None:
        self.rate = settings.CALENDAR_RATE
        self.counted = counted
        super().__init__()

    def get_cache_key(self, request: object, view: object) -> str:
        return f"calendar-{self.counted}"


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody's calendar as a file. An unknown or ended address is the same 404."""
    reader = _reader(token)
    # By the person and not by the token: the cache is no place for keys.
    throttle = FeedThrottle(str(reader.pk) if reader is not None else f"none-{request.META.get('REMOTE_ADDR', '')}")
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]  # it asks get_cache_key and nothing else
        return _too_often(throttle)
    if reader is None:
        raise Http404
    # Here and not above: the library takes a quarter of a second to load, and no other page needs it.
    from contracts.ics import written

    with override(reader.language or "en"), timezone.override(zone_of(reader.time_zone)):
        body = written(entries(reader, market_now()), name=_("Haier Market"))
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


def _reader(token: str) -> User | None:
    """Whose calendar it is, if they may still sign in and are a colleague."""
    digest = calendar_digest(token)
    key = CalendarKey.objects.select_related("person").filter(token_sha256=digest, person__is_active=True).first()
    return key.person if key is not None and not key.person.is_vendor else None


def _too_often(throttle: FeedThrottle) -> HttpResponse:
    headers = {"Retry-After": str(int(throttle.wait() or 60))}
    words = _("This calendar is asked too often. Once an hour is enough.")
    return HttpResponse(words, status=429, content_type="text/plain; charset=utf-8", headers=headers)
