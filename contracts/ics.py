"""A calendar as RFC 5545 writes it. What stands in it is decided in `contracts.queries.calendar`."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from icalendar import Calendar, Event

from contracts.queries.calendar import Entry

ASK_AGAIN = timedelta(hours=1)


def written(entries: Iterable[Entry], *, name: str) -> bytes:
    """The file that a calendar program reads. Times are UTC, so that no time zone has to be described."""
    calendar = Calendar()
    calendar.add("prodid", "-//Haier Market//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", ASK_AGAIN, {"value": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamp.astimezone(UTC))
    event.add("dtstart", entry.at.astimezone(UTC) if isinstance(entry.at, datetime) else entry.at)
    event.add("summary", entry.title)
    event.add("description", entry.words)
    event.add("url", f"{settings.PUBLIC_URL}{entry.link}")
    # What is due does not make anybody busy.
    event.add("transp", "TRANSPARENT")
    return event
