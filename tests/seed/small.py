"""A small company for the tests: sixty people, five MEs, three nights, always the same ones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from haier_market.seed import company
from haier_market.seed.world import Options
from tests.databases import Told, told

UNTIL = date(2026, 11, 20)
MORNING = datetime.combine(UNTIL, time(9, 0), ZoneInfo(settings.COMPANY_TIME_ZONE))
"""When the tests look at it: the story ended at midnight."""
SMALL = Options(people=60, microenterprises=5, days=3, seed=7, projects=60, until=UNTIL)


def build(times: int = 1) -> company.Built:
    """Build it here, or one that is so many times as large."""
    large = {name: getattr(SMALL, name) * times for name in ("people", "microenterprises", "projects")}
    return company.build(replace(SMALL, **large), lambda line: None)


@pytest.fixture(scope="session")
def told_company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Told[company.Built]]:
    """The company as it is built, in the database of whoever asks for this."""
    with django_db_blocker.unblock(), told(build) as built:
        yield built
