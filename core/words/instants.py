"""Instants and dates: relative when near, exact with the zone for everybody, day first in English.

Only for showing: nothing is decided by the time of a page. What decides asks `core.clock`.
"""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from babel.dates import format_date, format_timedelta, get_timezone_location
from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import money as moneys
from core.clock import market_now
from core.words.components import request_of
from core.words.figures import nothing

register = template.Library()
NEAR: Final = timedelta(days=7)


def page_now(context: Context) -> datetime:
    """Now, for showing only: nothing is decided by it.

    The market's clock differs from the server's only where it may be moved (demo, tests); there it is asked once per
    request, elsewhere not at all.
    """
    request = request_of(context)
    kept = getattr(request, "page_now", None)
    if isinstance(kept, datetime):
        return kept
    given = context.get("now")
    now = given if isinstance(given, datetime) else _now()
    if request is not None:
        request.page_now = now  # type: ignore[attr-defined]
    return now


def _now() -> datetime:
    return market_now() if settings.CLOCK_MAY_MOVE else datetime.now(UTC)


def date_locale() -> str:
    """Dates in English are written day first, 21 Nov 2026, so that no reader mistakes month and day."""
    name = moneys.locale_name()
    return "en_GB" if name == "en" else name


def zone_name() -> str:
    """The city of the zone in which instants are shown, in the reader's language: Shanghai, 上海."""
    return _city(timezone.get_current_timezone_name(), date_locale())


@lru_cache(maxsize=1_024)
def _city(zone: str, locale: str) -> str:
    return "UTC" if zone == "UTC" else str(get_timezone_location(zone, locale=locale, return_city=True))


def _stamp(instant: datetime) -> str:
    """An instant for machines, in UTC to the second."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")


def _written(value: date) -> str:
    """A date for people: 21 Nov 2026."""
    return _medium(value.year, value.month, value.day, date_locale())


@lru_cache(maxsize=4_096)
def _medium(year: int, month: int, day: int, locale: str) -> str:
    return format_date(date(year, month, day), format="medium", locale=locale)


def exact(instant: datetime) -> str:
    """An instant to the minute with its zone: 21 Nov 2026, 18:00 Shanghai."""
    local = instant.astimezone(timezone.get_current_timezone())
    return f"{_written(local)}, {local:%H:%M} {zone_name()}"


def relative(instant: datetime, now: datetime) -> str:
    """`in 3 hours`, `2 days ago`; an empty string when the instant is not near. market.js says the same."""
    distance = instant - now
    away = abs(distance)
    if away > NEAR:
        return ""
    if away < timedelta(minutes=120):
        unit, size = "minute", timedelta(minutes=1)
    elif away < timedelta(hours=48):
        unit, size = "hour", timedelta(hours=1)
    else:
        unit, size = "day", timedelta(days=1)
    count = max(1, math.floor(away / size))
    return _away(size * count * (1 if distance >= timedelta(0) else -1), unit, moneys.locale_name())


@lru_cache(maxsize=2_048)
def _away(distance: timedelta, unit: str, locale: str) -> str:
    return format_timedelta(
        distance,
        granularity=unit,  # type: ignore[arg-type]
        threshold=float("inf"),
        add_direction=True,
        locale=locale,
    )


@register.simple_tag(takes_context=True)
def when(context: Context, instant: datetime | None) -> SafeString:
    """An instant: relative when near, else its date; exact with the zone on hover and for screen readers."""
    return nothing() if instant is None else instants(context)(instant)


def instants(context: Context) -> Callable[[datetime], SafeString]:
    """What writes instants as `when` does: now, zone and locale are asked for once for all of them."""
    now, zone, locale = page_now(context), timezone.get_current_timezone(), date_locale()
    return lambda instant: _when(instant, relative(instant, now), zone, locale)


@lru_cache(maxsize=16_384)
def _when(instant: datetime, near: str, zone: tzinfo, locale: str) -> SafeString:
    """zone, locale: those in force."""
    full = exact(instant)
    if near:
        return format_html(
            '<time datetime="{0}" title="{1}" data-relative><span>{2}</span><span class="sr"> ({1})</span></time>',
            _stamp(instant),
            full,
            near,
        )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', _stamp(instant), full, _written(instant.astimezone(zone))
    )


@register.simple_tag(takes_context=True)
def deadline(context: Context, instant: datetime | None, *, offset: str = "") -> SafeString:
    """A deadline: how far away, and always the exact instant with its zone in sight. `offset`: its distance to UTC."""
    if instant is None:
        return nothing()
    full = f"{exact(instant)}, {offset}" if offset else exact(instant)
    stamp = _stamp(instant)
    near = relative(instant, page_now(context))
    if not near:
        return format_html('<time datetime="{}">{}</time>', stamp, full)
    return format_html(
        '<time datetime="{0}" data-relative><span>{1}</span> <small>({2})</small></time>', stamp, near, full
    )


@register.simple_tag
def moment(instant: datetime | None) -> SafeString:
    """An instant, exact, with its zone."""
    if instant is None:
        return nothing()
    return format_html('<time datetime="{}">{}</time>', _stamp(instant), exact(instant))


@register.simple_tag
def day(value: date | None) -> SafeString:
    """A calendar date: 21 Nov 2026."""
    if value is None:
        return nothing()
    return format_html('<time datetime="{}">{}</time>', value.isoformat()[:10], _written(value))


@register.simple_tag(takes_context=True)
def clock_stamp(context: Context) -> SafeString:
    """What the page took for now, for market.js; empty when the page showed no relative time."""
    kept = getattr(request_of(context), "page_now", None)
    return format_html('data-now="{}"', kept.isoformat()) if isinstance(kept, datetime) else SafeString("")
