"""The page of a night: how it compares with the night before, by currency and platform, and its picture over time."""

import re
from datetime import date, timedelta

import pytest

from microenterprises.models import Microenterprise
from people.models import User
from settlement import comparison, queries
from settlement.actions.nights import start_run
from settlement.models import SettlementRun
from tests.settlement.test_pages import see
from tests.settlement.world import Seat, earn, firm, lock_up, nights, on, person, spend
from tests.statements import statements

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 19)
ONE = timedelta(days=1)
NEXT = DAY + ONE
RUN = f"/settlement/{NEXT}/"


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


@pytest.fixture
def cold_chain() -> Microenterprise:
    """Cold Chain earns 1,000.00 and then loses 200.00; a firm in yen earns on the second night only."""
    me = firm(Seat("Amara", 3), Seat("Mei", 1), name="Cold Chain", launched=DAY)
    yen = firm(Seat("Noriko"), name="Kitchen Tokyo", currency="JPY", launched=DAY)
    earn(me, 1_000_00, DAY)
    nights(DAY)
    spend(me, 200_00, NEXT)
    earn(yen, 3_001, NEXT)
    nights(NEXT)
    return me


def part_of(page: str, section: str) -> str:
    """The markup of one part of a page."""
    return page.split(f'id="{section}"', 1)[1].split("</section>", 1)[0]


def rows_of(markup: str) -> list[list[str]]:
    """The words of each cell of each row, as a reader sees them."""
    rows = re.findall(r"<tr>(.*?)</tr>", markup.split("<tbody>", 1)[1], re.S)
    return [[words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", markup).split())


def test_each_figure_stands_beside_the_night_before_with_its_difference(cold_chain: Microenterprise, fay: User) -> None:
    now, before = (queries.platform_sums([NEXT, DAY], fay)[day] for day in (NEXT, DAY))
    cny, jpy = comparison.by_currency(now, before)
    figures = {each.name: (each.now, each.before, each.difference) for each in cny.figures}
    assert (cny.currency, jpy.currency) == ("CNY", "JPY")
    assert figures["profit"] == (-200_00, 1_000_00, -1_200_00)
    assert figures["shared"] == (0, 500_00, -500_00)
    assert {each.name: (each.now, each.difference) for each in jpy.figures}["shared"] == (1_500, 1_500)


def test_the_page_says_the_differences_and_never_adds_currencies(cold_chain: Microenterprise, fay: User) -> None:
    page = see(fay, RUN)
    platforms = rows_of(part_of(page, "platforms"))
    assert [cells[3:6] for cells in platforms] == [
        ["−CN¥200.00", "CN¥0.00", "−CN¥500.00"],
        ["¥3,001", "¥1,500", "+¥1,500"],
    ]
    assert ["Shared", "0.00", "500.00", "−500.00"] in rows_of(part_of(page, "totals"))
    assert "as many as on 19 Nov 2026" in page
    assert "3,201" not in page


def test_the_first_night_has_nothing_to_compare_with(cold_chain: Microenterprise, fay: User) -> None:
    page = see(fay, f"/settlement/{DAY}/")
    assert "more than on" not in page
    totals = rows_of(part_of(see(fay, RUN), "totals"))
    assert ["Shared", "500.00", "—none", "—none"] in rows_of(part_of(page, "totals"))
    assert all("—none" not in row for row in totals)


def test_what_a_repair_shares_is_not_profit_of_its_night(fay: User) -> None:
    me = firm(Seat("Amara"), name="Blue Kettle", launched=DAY)
    earn(me, 1_000_00, DAY)
    lock_up(me, 900_00, DAY)
    nights(DAY)
    earn(me, 1_000_00, NEXT)
    nights(NEXT)
    (sums,) = queries.platform_sums([NEXT], fay)[NEXT]
    assert (sums.figures["profit"], sums.figures["shared"], sums.microenterprises) == (1_000_00, 1_000_00, 1)
    assert SettlementRun.objects.get(business_date=NEXT).totals["CNY"]["profit"] == 1_000_00


def test_the_picture_has_a_table_of_every_night(cold_chain: Microenterprise, fay: User) -> None:
    page = see(fay, RUN)
    yuan, yen = part_of(page, "course").split("</figure>")[:2]
    drawing = yuan.split('class="drawing"')[1].split("</svg>")[0]
    assert drawing.count('class="bar') == 2
    assert drawing.count("negative") == 1
    table = yuan.split("<details", 1)[1]
    assert rows_of(table) == [["20 Nov 2026", "−200.00", "0.00"], ["19 Nov 2026", "1,000.00", "500.00"]]
    assert f'href="{RUN}"' in table
    assert "3,001" in yen


def test_a_night_that_is_posting_says_how_far_it_is_and_what_it_has_so_far(
    cold_chain: Microenterprise, fay: User
) -> None:
    with on(NEXT + ONE * 2, 3):
        start_run(business_date=NEXT + ONE, by=None)
        page = see(fay, f"/settlement/{NEXT + ONE}/")
    assert "0 of 2" in page
    assert "0 lines so far" in words(page)
    assert "Biggest movements" not in page
    assert statements(fay, f"/settlement/{NEXT + ONE}/") <= 8


def test_the_page_costs_the_same_for_more_nights_platforms_and_currencies(
    cold_chain: Microenterprise, fay: User
) -> None:
    count = statements(fay, RUN)
    for number in range(3):
        firm(Seat("More"), currency=("CNY", "USD", "EUR")[number], launched=NEXT, effective_from=NEXT + ONE)
    earn(cold_chain, 900_00, NEXT + ONE)
    nights(NEXT + ONE)
    assert statements(fay, f"/settlement/{NEXT + ONE}/") == count <= 8
