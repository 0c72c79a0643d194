"""Counting business days: Monday to Friday in the company's zone. Pure, no Django; it knows no public holidays."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SATURDAY: Final = 5


def end_after(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The midnight that ends the given number of business days after an instant; the instant itself for 0 days.

    The day of the instant does not count: one business day after a Friday afternoon ends with the Monday.
    """
    if days == 0:
        return instant
    day = instant.astimezone(zone).date()
    for _day in range(days):
        day += timedelta(days=1)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), zone)
