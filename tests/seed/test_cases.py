"""People with unusual places and names in the seeded company: their statements against figures done with a pencil.

Even Keel earns 4,000.00 a day. Nothing is shared of the first 20,000.00; then 30 % of 50,000.00, then 40 %. Weights are
20, 15, 10 and 5 of 50; a draw of 3,000.00, a salary of 9,000.00, and one of 9,300.00 that ends in mid-month.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum
from pytest_django.plugin import DjangoDbBlocker

from contracts.models import Milestone
from haier_market.seed import cases
from ledger.queries import person_balances
from microenterprises.models import Membership, Microenterprise, MoneyRecord
from people.models import User
from settlement.access import reader_now_or_404
from settlement.models import Outcome, PayLine, ShareLine
from settlement.standing import positions
from tests.seed.stories import crew, read, shared_by_night, sums, told


@pytest.fixture(scope="module")
def autumn(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """6 October to 4 November 2026."""
    with django_db_blocker.unblock(), told(date(2026, 11, 5)):
        yield


@pytest.fixture
def keel(autumn: None, db: None) -> Microenterprise:
    return Microenterprise.objects.get(name="Even Keel")


# --- Autumn: a month end, somebody who leaves in mid-month, two places, three scripts ---------------------------------


def test_every_night_of_even_keel_shares_what_the_pencil_says(keel: Microenterprise) -> None:
    """Five nights below the threshold; twelve of 1,200.00; one across the tiers; seven of 1,600.00. Pay of 13,500.00
    on 31 October leaves a hole that takes that night and two more; 1,000.00 are left of the fourth."""
    assert shared_by_night(keel) == [
        *[0] * 5, *[1_200_00] * 12, 1_400_00, *[1_600_00] * 7, 0, 0, 0, 1_000_00, 1_600_00,
    ]  # fmt: skip


def test_each_person_gets_their_part_to_the_last_minor_unit(keel: Microenterprise) -> None:
    lead, drawer, long_name, two_places, stable, left = crew()
    assert [sums(each, keel, "share") for each in (lead, drawer, long_name, two_places, stable, left)] == [
        11_840_00, 8_880_00, 5_920_00, 2_960_00, 0, 0,
    ]  # fmt: skip


def test_a_draw_is_paid_back_by_the_shares_that_follow_it(keel: Microenterprise) -> None:
    drawer = crew()[1]
    assert sums(drawer, keel, "draw") == 3_000_00
    recovered = ShareLine.objects.filter(person=drawer).aggregate(total=Sum("recovered_minor"))["total"]
    assert recovered == 300_00 + 480_00
    assert person_balances(drawer.party)[keel.entity_id].advance_minor == 3_000_00 - 780_00


def test_who_left_in_mid_month_has_part_of_a_months_pay_by_days(keel: Microenterprise) -> None:
    stable, left = crew()[4:]
    place = Membership.objects.get(person=left)
    line = PayLine.objects.get(person=left)
    assert place.ended_on == date(2026, 10, 16)
    assert (line.days, line.days_in_month, line.amount_minor) == (15, 31, 4_500_00)
    assert PayLine.objects.get(person=stable).amount_minor == 9_000_00


def test_one_person_has_two_places_in_two_currencies(keel: Microenterprise) -> None:
    person = crew()[cases.TWO_PLACES]
    stands = {each.currency: each for each in positions(reader_now_or_404(person, None))}
    assert set(stands) == {"CNY", "JPY"}
    assert all(each.is_active for each in stands.values())
    assert sums(person, stands["JPY"].me, "share") > 0
    page = read(person)
    assert "CN¥" in page
    assert "¥" in page.replace("CN¥", "")


def test_the_me_in_yen_works_on_projects_in_yen_and_shares_whole_yen(keel: Microenterprise) -> None:
    """Its year by the papers: receipts less costs, accepted work, pay; 30 % of it, to the last yen for everybody."""
    me = Microenterprise.objects.get(currency="JPY", memberships__person=crew()[cases.TWO_PLACES])
    accepted = Milestone.objects.filter(contract__supplier=me, status="accepted")
    assert set(accepted.values_list("contract__project__currency", flat=True)) == {"JPY"}
    papers = {kind: total_of(me, kind) for kind in ("receipt", "cost")}
    pay = PayLine.objects.filter(microenterprise=me, kind="stable").aggregate(total=Sum("amount_minor"))["total"] or 0
    bought = Milestone.objects.filter(contract__buyer=me).aggregate(total=Sum("accepted_minor"))["total"] or 0
    profit = papers["receipt"] - papers["cost"] + sum(row.accepted_minor or 0 for row in accepted) - pay - bought
    last = Outcome.objects.filter(microenterprise=me).latest("business_date")
    assert last.profit_minor == profit
    terms = me.share_terms.get()
    (tier,) = terms.tiers if len(terms.tiers) == 1 else [None]
    if tier is not None:
        assert last.due_fine == max(0, profit - terms.threshold_minor) * tier[1]
    whole = sum(shared_by_night(me))
    for membership in Membership.objects.filter(microenterprise=me, track="entrepreneur"):
        lines = ShareLine.objects.filter(membership=membership, weight__gt=0)
        exact = sum((Fraction(line.outcome.pool_minor * line.weight, line.weights_sum) for line in lines), Fraction(0))
        assert abs(sum(line.amount_minor for line in lines) - exact) < 1
    assert whole == ShareLine.objects.filter(outcome__microenterprise=me).aggregate(t=Sum("amount_minor"))["t"]


def total_of(me: Microenterprise, kind: str) -> int:
    return MoneyRecord.objects.filter(microenterprise=me, kind=kind).aggregate(t=Sum("amount_minor"))["t"] or 0


def test_names_in_chinese_in_arabic_and_of_eighty_characters_read_as_they_were_written(keel: Microenterprise) -> None:
    fay = User.objects.get(email="fay@haier.example")
    for person in crew()[:3]:
        page = read(person)
        assert person.name in page
        assert "Even Keel" in page
        assert person.name in read(fay, f"/statements/people/{person.pk}/")
    assert len(crew()[2].name) == 80
    assert not crew()[0].name.isascii()


def test_long_winter_is_in_a_loss_and_shares_nothing(keel: Microenterprise) -> None:
    """Twenty days of -3,000.00 and ten of 2,000.00."""
    winter = Microenterprise.objects.get(name="Long Winter")
    last = Outcome.objects.filter(microenterprise=winter).latest("business_date")
    assert (last.profit_minor, last.due_fine, sum(shared_by_night(winter))) == (-40_000_00, 0, 0)
    member = Membership.objects.filter(microenterprise=winter, is_lead=False).first()
    assert member is not None
    page = read(member.person)
    assert "No line in this year yet" in page
    assert "CN¥40,000.00 more profit this year reaches the next slice" not in page
    assert "Long Winter" in page


def test_the_books_of_the_cases_agree(keel: Microenterprise) -> None:
    call_command("check_books", stdout=StringIO())
