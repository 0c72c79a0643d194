"""The market's clock. Every instant that decides something comes from the database's `market_now()`.

`market_now()` is `clock_timestamp()` plus an offset that only demo and test settings may set (`core.E002` refuses it
elsewhere). Past instants of seeders and importers go through `core.past`, nowhere else.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Func
from django.db.models.functions import TruncDate
from django.http import HttpRequest

from core.errors import Denied


def market_now() -> datetime:
    """The instant that decides, aware, read from the database now (not at the start of the transaction)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT market_now()")
        now: datetime = cursor.fetchone()[0]
    return now


def asked_at(request: HttpRequest) -> datetime:
    """The market's instant of a page that only shows: the one at which its reader was found. What decides asks anew."""
    found = getattr(request.user, "found_at", None)
    return found if isinstance(found, datetime) else market_now()


class MarketNow(Func):
    """The market's instant, read in the same statement as the row it is needed for."""

    function = "market_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def market_today() -> TruncDate:
    """The company's date now, inside the statement of the row it is needed for."""
    return TruncDate(MarketNow(), tzinfo=company_zone())


def company_zone() -> ZoneInfo:
    """The time zone whose midnight ends a business date."""
    return ZoneInfo(settings.COMPANY_TIME_ZONE)


def business_date(instant: datetime | None = None) -> date:
    """The company's local date of an instant; of now when none is given."""
    return (instant or market_now()).astimezone(company_zone()).date()


def offset() -> timedelta:
    """How far the demo's clock is ahead of the server's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ahead FROM core_clock")
        ahead: timedelta = cursor.fetchone()[0]
    return ahead


def move_forward(step: timedelta) -> datetime:
    """Move the demo's clock ahead by `step` and return the new market instant.

    Raises Denied outside demo and test settings, and when the step goes back: closed dates stay closed.
    """
    if not settings.CLOCK_MAY_MOVE:
        raise Denied("The clock can be moved in the demo only.")
    if step < timedelta(0):
        raise Denied("The clock only moves forward: closed dates stay closed.")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_clock SET ahead = ahead + make_interval(secs => %s)", [step.total_seconds()])
    return market_now()
