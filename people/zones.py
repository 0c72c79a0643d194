"""The time zones one can choose, by city. No database, no requests."""

from datetime import datetime
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
    return sorted(
        ((name, _written(name, now)) for name in names),
        key=lambda row: (now.astimezone(ZoneInfo(row[0])).utcoffset(), row),
    )


def _written(name: str, now: datetime) -> str:
    local = now.astimezone(ZoneInfo(name))
    city = get_timezone_location(name, locale=locale_name(), return_city=True)
    return f"{city} ({get_timezone_gmt(local, width='iso8601', locale=locale_name())})"
