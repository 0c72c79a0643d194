"""Dates and instants as they travel in a `Line`, and until when something can be done."""

from datetime import UTC, date, datetime, time, timedelta

from core.clock import company_zone
from settlement.sentences import day_name


def day_of(instant: datetime | None) -> date | None:
    """A date that travelled as an instant: the union carries dates as midnight UTC."""
    return instant.astimezone(UTC).date() if instant is not None else None


def end_of(day: date | None) -> datetime | None:
    """The instant at which a business date is over."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), company_zone())


def after(instant: datetime | None, days: int | None) -> datetime | None:
    """So many days after an instant."""
    return instant + timedelta(days=days or 0) if instant is not None else None


def start_of(day: date | None) -> datetime | None:
    return end_of(day - timedelta(days=1)) if day is not None else None


def day_written(instant: datetime | None) -> str:
    day = day_of(instant)
    return day_name(day) if day is not None else ""
