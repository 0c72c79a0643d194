"""What a buyer proposes with a project: what success means in parts, and milestones the contract starts from."""

from datetime import date, timedelta
from http import HTTPStatus

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from contracts import proposed
from contracts.actions import awards
from contracts.actions.parties import current_version
from contracts.measures import Measure
from contracts.models import Bid, Contract, Project
from contracts.proposed import Proposed
from contracts.wording import read
from core.clock import business_date, market_now, move_forward
from core.errors import Invalid
from tests.cast import Cast, cast
from tests.contracts import market
from tests.contracts.market import drafted, published
from tests.contracts.test_project_pages import page, post, seen, typed_draft

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

STEPS = (Proposed("Line the vans", 6_000, 10), Proposed("Measure", 4_000, 15))


def typed_steps(*rows: tuple[str, str, str]) -> dict[str, str]:
    """Rows of milestones as the browser sends them."""
    found = {"milestone-TOTAL_FORMS": str(len(rows)), "milestone-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        found |= {
            f"milestone-{number}-{name}": value for name, value in zip(("title", "share", "days"), row, strict=True)
        }
    return found


# ------------------------------------------------------------------ milestones


def test_bidders_read_the_milestones_and_the_contract_starts_from_them(cast: Cast) -> None:
    project = published(cast, milestones=STEPS)
    found = seen(page(cast.amara, "project_detail", project.pk))
    assert "Line the vans 60% 10" in found
    market.bids_on(project, cast.cold_chain, cast.amara, price_minor=80_000_01, days=20)
    market.opened(project)
    bid = Bid.objects.get()
    parts = proposed.parts(project, bid, price_minor=80_000_01, today=business_date())
    assert [(part.title, part.amount_minor, (part.due_on - business_date()).days) for part in parts] == [
        ("Line the vans", 48_000_00, 10),
        ("Measure", 32_000_01, 20),
    ]


def test_the_first_version_of_the_contract_has_the_proposed_milestones(cast: Cast) -> None:
    """60 % and 40 % of 80,000.00; Amara promised the last delivery in 20 days."""
    project, first, second = market.evaluating(cast, milestones=STEPS)
    losers = {second.pk: "Dearer."}
    awards.award(project=project, bid=first, reason="The lowest price.", loser_reasons=losers, by=cast.lin)
    move_forward(timedelta(days=9))
    awards.take_effect_all(market_now())
    contract = Contract.objects.get()
    today = business_date(contract.created_at)
    parts = read(current_version(contract).body).parts
    assert [(part.title, part.amount_minor, (part.due_on - today).days) for part in parts] == [
        ("Line the vans", 48_000_00, 10),
        ("Measure", 32_000_00, 20),
    ]


def test_a_buyer_types_milestones_in_percent(cast: Cast) -> None:
    data = typed_draft(cast) | typed_steps(("Line", "33.33", "10"), ("", "", ""), ("Measure", "66.67", "30"))
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert proposed.proposed_of(project) == [Proposed("Line", 3_333, 10), Proposed("Measure", 6_667, 30)]
    form = page(cast.lin, "project_edit", project.pk)
    assert 'value="33.33"' in form
    without = typed_draft(cast) | typed_steps(("", "", ""))
    assert post(cast.lin, "project_edit", project.pk, data=without).status_code == HTTPStatus.SEE_OTHER
    project.refresh_from_db()
    assert project.milestones == []


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("Line", "50", "10"), ("Measure", "49.5", "30")], "sum to 99.5%"),
        ([("Line", "50", "30"), ("Measure", "50", "10")], "due before the one above"),
        ([("Line", "100.5", "30")], "between 0 and 100"),
        ([("Line", "0", "1"), ("Measure", "100", "2")], "share above zero"),
        ([("", "100", "30")], "A milestone below cannot be read"),
        ([("Line", "100", "0")], "A milestone below cannot be read"),
    ],
)
def test_milestones_that_are_not_the_whole_price_are_refused(
    cast: Cast, rows: list[tuple[str, str, str]], says: str
) -> None:
    response = post(cast.lin, "project_new", data=typed_draft(cast) | typed_steps(*rows))
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert says in seen(response.content.decode())
    assert rows[0][1] in response.content.decode()
    assert not Project.objects.exists()


def test_the_database_refuses_shares_that_are_not_the_whole(cast: Cast) -> None:
    drafted(cast)
    change = """UPDATE contracts_project SET milestones = '[{"title": "x", "share_bp": 9999, "days": 1}]'"""
    refused = pytest.raises(IntegrityError, match="proposed_milestones_share_the_whole_price")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@given(
    price=st.integers(1, 10**12),
    shares=st.lists(st.integers(1, 500), min_size=1, max_size=15),
    days=st.integers(1, 400),
)
def test_the_parts_are_the_price_to_the_cent_and_end_with_the_promise(price: int, shares: list[int], days: int) -> None:
    whole = [share * 10_000 // sum(shares) for share in shares]
    whole[-1] += 10_000 - sum(whole)
    rows = [Proposed(f"Step {n}", share, n + 1) for n, share in enumerate(whole) if share]
    project = Project(title="All of it", milestones=proposed.written(rows))
    today = date(2026, 11, 22)
    parts = proposed.parts(project, Bid(days=days), price_minor=price, today=today)
    assert sum(part.amount_minor for part in parts) == price
    assert all(part.amount_minor > 0 for part in parts)
    assert max(part.due_on for part in parts) == parts[-1].due_on
    assert (parts[-1].due_on - today).days == days


# ------------------------------------------------------------------ what success means


def test_the_sentence_is_made_of_the_parts_when_nobody_wrote_one(cast: Cast) -> None:
    parts = {
        "measure_metric": "Spoiled deliveries",
        "measure_baseline": "3%",
        "measure_target": "1% by March.",
        "measure_how": "Counted at the door",
        "measure_by": "Noor",
    }
    made = "Metric: Spoiled deliveries. Today: 3%. Target: 1% by March. How it is measured: Counted at the door. Who measures: Noor."  # noqa: E501
    data = typed_draft(cast, success_measure="", **parts)
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert project.success_measure == made
    assert "Target 1% by March" in seen(page(cast.lin, "project_detail", project.pk))
    data |= {"measure_target": "2%"}
    assert post(cast.lin, "project_edit", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    project.refresh_from_db()
    assert "Target: 2%." in project.success_measure


def test_a_sentence_somebody_wrote_stays(cast: Cast) -> None:
    data = typed_draft(cast, success_measure="Fewer spoiled fish.", measure_target="1%")
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert (project.success_measure, project.measure_target) == ("Fewer spoiled fish.", "1%")
    assert "Fewer spoiled fish." in page(cast.lin, "project_edit", project.pk)


def test_neither_sentence_nor_parts_is_refused(cast: Cast) -> None:
    response = post(cast.lin, "project_new", data=typed_draft(cast, success_measure=""))
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Say what success means, here or in the parts below." in seen(response.content.decode())


def test_parts_are_tidy() -> None:
    assert Measure(" a  b. ", "", "c。").tidy() == Measure("a b", "", "c")
    assert not Measure().is_given
    with pytest.raises(Invalid):
        proposed.check([Proposed(" ", 10_000, 1)])
