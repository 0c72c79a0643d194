"""The time zones one can choose, by city. No database, no requests."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import get_timezone_gmt, get_timezone_location

from core.clock import company_zone
from core.money import locale_name

ZONES: Final = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/Mexico_City", "America/New_York", "America/Bogota", "America/Santiago", "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires", "Atlantic/Azores", "Africa/Casablanca", "Africa/Lagos", "Europe/Lisbon",
    "Europe/London", "Europe/Madrid", "Europe/Paris", "Europe/Rome", "Europe/Berlin", "Europe/Warsaw", "Europe/Athens",
    "Europe/Bucharest", "Europe/Kyiv", "Europe/Istanbul", "Africa/Cairo", "Africa/Johannesburg", "Africa/Nairobi",
    "Asia/Riyadh", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Jakarta",
    "Asia/Ho_Chi_Minh", "Asia/Shanghai", "Asia/Singapore", "Asia/Manila", "Asia/Seoul", "Asia/Tokyo",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip


def zone_of(chosen: str) -> ZoneInfo:
    """The zone somebody chose; the company's when they chose none, or one that is no longer known."""
    try:
        return ZoneInfo(chosen) if chosen else company_zone()
    except (ZoneInfoNotFoundError, ValueError):
        return company_zone()


def choices(now: datetime, *, chosen: str = "") -> list[tuple[str, str]]:
    """Zones as (name, city with its distance to UTC), west to east; one chosen earlier stays among them."""
    names = dict.fromkeys([*ZONES, *([chosen] if chosen else [])])
    east = {name: now.astimezone(_known(name)).utcoffset() or timedelta(0) for name in names}
    rows = [(name, _written(name, east[name], locale_name())) for name in names]
    return sorted(rows, key=lambda row: (east[row[0]], row))


@lru_cache(maxsize=256)
def _known(name: str) -> ZoneInfo:
    """Python itself keeps eight zones, and reads the files of all others again for every page that offers them."""
    return ZoneInfo(name)


@lru_cache(maxsize=1_024)
def _written(name: str, east: timedelta, locale: str) -> str:
    city = get_timezone_location(name, locale=locale, return_city=True)
    there = datetime(2000, 1, 1, tzinfo=timezone(east))
    return f"{city} ({get_timezone_gmt(there, width='iso8601', locale=locale)})"
