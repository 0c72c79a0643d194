"""Stories of the seeded company over the end of a year and over a leap day, against figures done with a pencil."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from io import StringIO

import pytest
from django.core.management import call_command

from microenterprises.models import Microenterprise
from settlement.models import Outcome, PayLine, ShareLine
from tests.seed.stories import NIGHTS, crew, read, shared_by_night, sums, told

pytestmark = pytest.mark.soak


@pytest.fixture
def winter(db: None) -> Iterator[Microenterprise]:
    """16 December 2025 to 14 January 2026."""
    with told(date(2026, 1, 15)):
        yield Microenterprise.objects.get(name="Long Winter")


def test_a_loss_is_carried_into_the_next_year_where_the_terms_say_so(winter: Microenterprise) -> None:
    """16 days of -3,000.00 in the old year, 4 in the new one, then 10 of 2,000.00: 8,000.00 alone would share 30 %."""
    rows = {row.business_date: row for row in Outcome.objects.filter(microenterprise=winter)}
    assert rows[date(2025, 12, 31)].profit_minor == -48_000_00
    first, last = rows[date(2026, 1, 1)], rows[date(2026, 1, 14)]
    assert (first.fiscal_year, first.profit_before_minor) == (date(2026, 1, 1), -48_000_00)
    assert (last.profit_minor, last.pool_minor) == (-40_000_00, 0)
    assert not ShareLine.objects.filter(outcome__microenterprise=winter).exists()
    keel = Outcome.objects.get(microenterprise__name="Even Keel", business_date=date(2026, 1, 1))
    assert keel.profit_before_minor == 0  # its terms start every year afresh
    call_command("check_books", stdout=StringIO())


# --- A leap day -------------------------------------------------------------------------------------------------------


@pytest.fixture
def leap(db: None) -> Iterator[Microenterprise]:
    """4 February to 4 March 2024: the last day of the month is the 29th."""
    with told(date(2024, 3, 5)):
        yield Microenterprise.objects.get(name="Even Keel")


def test_a_leap_day_ends_its_month_and_counts_as_a_day_of_pay(leap: Microenterprise) -> None:
    """Pay of 9,000.00 and of 15 / 29 of 9,300.00 on 29 February: 4,810.34; the fraction of due is carried."""
    stable, left = crew()[4:]
    day = date(2024, 2, 29)
    whole, part = PayLine.objects.get(person=stable), PayLine.objects.get(person=left)
    assert (whole.business_date, whole.days, whole.days_in_month, whole.amount_minor) == (day, 29, 29, 9_000_00)
    assert (part.business_date, part.days, part.days_in_month, part.amount_minor) == (day, 15, 29, 4_810_34)
    shared = shared_by_night(leap)
    assert len(shared) == NIGHTS
    assert shared[25:] == [0, 0, 0, 875_86, 1_600_00]
    assert sum(shared) == 29_475_86
    lead, drawer = crew()[:2]
    assert abs(sums(lead, leap, "share") - Fraction(29_475_86 * 20, 50)) < 1
    assert abs(sums(drawer, leap, "share") - Fraction(29_475_86 * 15, 50)) < 1
    assert "29 Feb 2024" in read(stable, f"/statements/{whole.pk}/")
    assert (day + timedelta(days=1)).month == 3
    call_command("check_books", stdout=StringIO())
