"""My statement: where I stand in each ME, what a draw still owes, what a plan would bring, late facts marked late."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from ledger.accounts import Kind
from ledger.writer import Draft, credit, debit, post_one
from microenterprises.models import Membership, Microenterprise
from people.models import User
from settlement import standing
from settlement.access import reader_now_or_404
from settlement.models import ShareLine
from tests.settlement.test_pages import see
from tests.settlement.world import START, Seat, earn, firm, member, nights, on, person
from tests.statements import statements

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 19)
ONE = timedelta(days=1)
TIERS: list[list[int | None]] = [[1_000_00, 3000], [None, 4000]]


@pytest.fixture
def cold_chain() -> Microenterprise:
    """Members share 30 % of what is above 200.00, and 40 % from 1,200.00 on. It has earned 700.00 this year."""
    me = firm(Seat("Amara", 3), Seat("Mei", 1), name="Cold Chain", tiers=TIERS, threshold_minor=200_00, launched=DAY)
    earn(me, 700_00, DAY)
    nights(DAY)
    return me


def join(me: Microenterprise, who: User, *, weight: int, start: date = START, end: date | None = None) -> Membership:
    return Membership.objects.create(
        microenterprise=me,
        person=who,
        role="Member",
        customer_outcome="Deliveries arrive cold.",
        weight=weight,
        track="entrepreneur",
        started_on=start,
        ended_on=end,
    )


def read(user: User, path: str = "/statements/", *, target: str = "") -> str:
    """The words of the page on the day after."""
    with on(DAY + ONE, 9):
        return " ".join(re.sub(r"<[^>]+>", " ", see(user, path, target=target)).split())


def test_the_next_tier_says_what_is_missing_and_what_it_shares(cold_chain: Microenterprise) -> None:
    page = read(member(cold_chain, "Mei"))
    assert "CN¥500.00 more profit this year reaches the next slice, of which members share 40%." in page


def test_below_the_threshold_the_next_tier_is_the_first(cold_chain: Microenterprise) -> None:
    poor = firm(Seat("Teo"), tiers=TIERS, threshold_minor=200_00, launched=DAY + ONE, effective_from=DAY + ONE)
    earn(poor, 50_00, DAY + ONE)
    nights(DAY + ONE)
    with on(DAY + ONE + ONE):
        page = see(member(poor, "Teo"), "/statements/")
    assert "CN¥150.00 more profit this year reaches the threshold; members share 30% of what follows." in page


def test_a_plan_is_worked_out_at_three_levels_with_its_arithmetic(cold_chain: Microenterprise) -> None:
    """Mei weighs 1 of 4. 1,500.00: 80 % is 1,200.00, above 200.00 are 1,000.00 at 30 %; 120 % is 1,800.00."""
    mei = member(cold_chain, "Mei")
    page = read(mei, f"/statements/?me={cold_chain.pk}&plan=1500")
    assert "Profit of the year CN¥1,200.00 CN¥1,500.00 CN¥1,800.00" in page
    assert "30% of what is CN¥0.00 to CN¥1,000.00 above it CN¥300.00 CN¥300.00 CN¥300.00" in page
    assert "40% of what is more than CN¥1,000.00 above it CN¥0.00 CN¥120.00 CN¥240.00" in page
    assert "The members share of it CN¥300.00 CN¥420.00 CN¥540.00" in page
    assert "What I would get CN¥75.00 CN¥105.00 CN¥135.00" in page
    fragment = read(mei, f"/statements/?me={cold_chain.pk}&plan=1500", target=f"plan-{cold_chain.pk}")
    assert "What I would get CN¥75.00 CN¥105.00 CN¥135.00" in fragment
    assert "My statement" not in fragment


def test_without_a_plan_of_ones_own_it_is_the_pace_of_the_year(cold_chain: Microenterprise) -> None:
    """700.00 in 323 of 365 days are 791.02 in whole yuan."""
    mei = member(cold_chain, "Mei")
    with on(DAY + ONE, 9):
        reader = reader_now_or_404(mei, None)
    (position,) = standing.positions(reader)
    assert (reader.year, reader.today) == (date(2026, 1, 1), DAY + ONE)
    assert standing.pace_minor(position, reader) == 791_00
    assert "At the pace of the year so far" in read(mei)


def test_a_plan_that_is_no_amount_is_said_beside_it(cold_chain: Microenterprise) -> None:
    page = read(member(cold_chain, "Mei"), f"/statements/?me={cold_chain.pk}&plan=much")
    assert "What I would get" not in page


def test_a_person_in_two_mes_sees_both_and_never_added(cold_chain: Microenterprise) -> None:
    mei = member(cold_chain, "Mei")
    yen = firm(Seat("Noriko", 1), name="Kitchen Tokyo", currency="JPY", launched=DAY + ONE, effective_from=DAY + ONE)
    join(yen, mei, weight=2, start=DAY + ONE)
    earn(yen, 3_001, DAY + ONE)
    nights(DAY + ONE)
    with on(DAY + ONE + ONE):
        page = see(mei, "/statements/")
        reader = reader_now_or_404(mei, None)
    stands = standing.positions(reader)
    assert [(each.me.name, each.stands.payable_minor, each.sharing.weight) for each in stands] == [
        ("Cold Chain", 37_50, 1),
        ("Kitchen Tokyo", 1_000, 2),  # 1,500 yen: two of three parts
    ]
    assert "¥1,000" in page
    assert "CN¥37.50" in page
    assert statements(mei, "/statements/") <= 8
    assert statements(person("Fay", "finance"), f"/statements/people/{mei.pk}/") <= 8


def test_what_a_draw_still_owes_is_said() -> None:
    """A draw of 300.00 for November; 20.00 of it come back with the share of 40.00 of 1 December, half each."""
    last = date(2026, 11, 30)
    me = firm(Seat("Sol", pay_minor=300_00), Seat("Teo"), launched=last, effective_from=last)
    earn(me, 1_000_00, last)
    nights(last)
    sol = member(me, "Sol")
    with on(date(2026, 12, 1), 9):
        (position,) = standing.positions(reader_now_or_404(sol, None))
    assert position.stands.advance_minor == 300_00 - 250_00
    with on(date(2026, 12, 1), 9):
        page = " ".join(re.sub(r"<[^>]+>", " ", see(sol, "/statements/")).split())
    assert "CN¥50.00" in page
    assert "CN¥250.00 of it paid back a draw" in page


def test_an_me_left_behind_is_there_while_it_owes_something(cold_chain: Microenterprise) -> None:
    mei = member(cold_chain, "Mei")
    Membership.objects.filter(person=mei).update(ended_on=DAY + ONE)
    page = read(mei)
    assert "Cold Chain left" in page
    assert "CN¥37.50" in page
    assert "What would I get" not in page


def test_a_late_fact_says_why_it_counts_later(cold_chain: Microenterprise) -> None:
    earn(cold_chain, 100_00, DAY + ONE, effective=DAY - timedelta(days=7))
    nights(DAY + ONE)
    mei = member(cold_chain, "Mei")
    with on(DAY + ONE + ONE):
        page = see(mei, "/statements/")
        line = ShareLine.objects.get(person=mei, night=DAY + ONE)
        derivation = see(mei, f"/statements/{line.pk}/")
    said = "late: of 12 Nov 2026, counted on 20 Nov 2026 because it was posted then"
    assert said in page
    assert said in derivation


def test_what_was_sent_leaves_what_is_payable(cold_chain: Microenterprise) -> None:
    mei = member(cold_chain, "Mei")
    entity = cold_chain.entity_id
    with on(DAY + ONE, 8):
        lines = (debit(entity, Kind.PAYABLE, 30_00, mei.party), credit(entity, Kind.IN_TRANSIT, 30_00, mei.party))
        post_one(Draft(reference="test:sent", kind="payout", lines=lines), by="test")
        (position,) = standing.positions(reader_now_or_404(mei, None))
    assert (position.stands.payable_minor, position.stands.in_transit_minor) == (7_50, 30_00)


def test_stable_members_are_told_why_they_would_get_nothing() -> None:
    me = firm(Seat("Amara"), Seat("Noor", 5, "stable"), launched=DAY)
    earn(me, 100_00, DAY)
    nights(DAY)
    assert "these terms share with entrepreneurs only" in read(member(me, "Noor"))


def test_the_statement_costs_the_same_for_more_mes_and_lines(cold_chain: Microenterprise) -> None:
    mei = member(cold_chain, "Mei")
    count = statements(mei, "/statements/")
    for _each in range(3):
        other = firm(Seat("Lead"), launched=DAY + ONE, effective_from=DAY + ONE)
        join(other, mei, weight=1, start=DAY + ONE)
        earn(other, 500_00, DAY + ONE)
    nights(DAY + ONE)
    assert statements(mei, "/statements/") == count <= 8


def test_a_vendor_has_no_statement() -> None:
    client = Client()
    client.force_login(person("Vendor", "vendor"))
    assert client.get("/statements/").status_code == 404
