"""The competitiveness index of an ME: inside price over the best outside price, exact, with its counts."""

import csv
from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse

from contracts.competitiveness import Compared, Index, basis_points, index, median, months_before
from contracts.models import Bid
from contracts.queries.competitiveness import compared
from core.clock import business_date, move_forward
from core.ids import new_id
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, opened, published
from tests.contracts.outsiders import invited, seated, vendor_of

__all__ = ["cast"]


def row(inside: int, outside: int, bids: int = 1) -> Compared:
    return Compared(new_id(), "Boxes", date(2026, 5, 4), "CNY", inside, outside, bids)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], Index(None, 0, 0, 0, 0)),
        ([row(100, 100)], Index(10_000, 1, 1, 0, 0)),
        ([row(90, 100), row(300, 100, 2), row(110, 100)], Index(11_000, 3, 4, 1, 2)),
        ([row(90, 100), row(110, 100)], Index(10_000, 2, 2, 1, 1)),
        ([row(1, 3)], Index(3_333, 1, 1, 1, 0)),
        ([row(2, 3)], Index(6_667, 1, 1, 1, 0)),
        ([row(1, 1), row(20_001, 20_000)], Index(10_000, 2, 2, 0, 1)),
    ],
)
def test_the_index_is_the_median_of_exact_ratios(rows: list[Compared], expected: Index) -> None:
    assert index(rows) == expected
    assert index(rows[::-1]) == expected


def test_one_huge_project_moves_it_no_further_than_any_other() -> None:
    few = [row(95, 100), row(100, 100), row(105, 100)]
    assert index([*few[:2], row(10**12, 1)]).points == index(few).points


def test_half_a_basis_point_is_rounded_up_and_nothing_has_no_middle() -> None:
    assert [basis_points(Fraction(each, 20_000)) for each in (1, 2, 3, 20_001)] == [1, 1, 2, 10_001]
    with pytest.raises(ValueError, match="no middle"):
        median([])
    for inside, outside, bids in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(ValueError, match="two prices"):
            row(inside, outside, bids)


def test_months_go_back_over_the_end_of_a_year_and_clamp() -> None:
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 12) == date(2025, 1, 15)
    assert months_before(date(2024, 2, 29), 12) == date(2023, 2, 28)


@pytest.mark.django_db
def test_colleagues_read_how_cold_chain_stands_against_nordfrost(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    bids_on(project, cast.cold_chain, cast.amara, 90_000_00)
    bids_on(project, vendor_of(vera), vera, 80_000_00)
    alone = published(cast, title="Nobody from outside")
    bids_on(alone, cast.cold_chain, cast.amara, 50_000_00)
    assert compared(cast.cold_chain.pk, cast.lin, business_date())[0] == []
    opened(project)
    opened(alone)
    (found,), months = compared(cast.cold_chain.pk, cast.lin, business_date())
    assert (found.ratio_bp, found.outside, months) == (11_250, 1, 12)
    url = reverse("competitiveness", args=[cast.cold_chain.pk])
    client = Client()
    client.force_login(cast.sol)
    page = client.get(url).content.decode()
    assert "112.5%" in page
    assert 'href="?format=csv"' in page
    file = client.get(url, {"format": "csv"})
    assert file["Content-Disposition"] == 'attachment; filename="competitiveness.csv"'
    head, *lines = list(csv.reader(b"".join(file.streaming_content).decode("utf-8-sig").splitlines()))  # type: ignore[attr-defined]
    assert (head[0], head[6]) == ("Project", "Share (%)")
    opened_on = found.opened_on.isoformat()
    assert lines == [[project.title, opened_on, "CNY", "90000.00", "80000.00", "1", "112.50", str(project.pk)]]
    client.force_login(vera)
    assert client.get(url).status_code == 404
    assert client.get(url, {"format": "csv"}).status_code == 404
    Bid.objects.filter(vendor__isnull=False).update(status=Bid.Status.DISQUALIFIED)
    assert compared(cast.cold_chain.pk, cast.lin, business_date())[0] == []
    Bid.objects.filter(vendor__isnull=False).update(status=Bid.Status.VALID)
    move_forward(timedelta(days=400))
    assert compared(cast.cold_chain.pk, cast.lin, business_date())[0] == []
