"""A small company for the tests: sixty people, five MEs, three nights, always the same ones."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings

from haier_market.seed import company
from haier_market.seed.world import Options

UNTIL = date(2026, 11, 20)
MORNING = datetime.combine(UNTIL, time(9, 0), ZoneInfo(settings.COMPANY_TIME_ZONE))
"""When the tests look at it: the story ended at midnight."""
SMALL = Options(people=60, microenterprises=5, days=3, seed=7, projects=60, until=UNTIL)


def build(times: int = 1) -> company.Built:
    """Build it here, or one that is so many times as large."""
    large = {name: getattr(SMALL, name) * times for name in ("people", "microenterprises", "projects")}
    return company.build(replace(SMALL, **large), lambda line: None)
