"""System checks of the mechanisms: a wrong configuration fails loudly before it serves anybody."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from core import money


@register(Tags.security)
def production_is_strict(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Production supplies its own secrets and leaves the clock alone."""
    found: list[CheckMessage] = []
    if settings.MARKET_ENV == "production" and settings.CLOCK_MAY_MOVE:
        found.append(Error("The market's clock may not be moved in production.", id="core.E001"))
    if not money.known(settings.COMPANY_CURRENCY):
        found.append(Error("COMPANY_CURRENCY is not an ISO 4217 code.", id="core.E003"))
    return found


@register(Tags.database)
def clock_stands_right(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """A clock that was moved for a demo is refused where it may not move."""
    if settings.CLOCK_MAY_MOVE or not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('core_clock') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute("SELECT ahead <> interval '0' FROM core_clock")
        row = cursor.fetchone()
    if row and row[0]:
        return [
            Error(
                "This database's market clock was moved for a demo.",
                hint="Use a database that was never a demo; deadlines and business dates here are not real.",
                id="core.E002",
            )
        ]
    return []
