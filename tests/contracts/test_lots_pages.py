"""The pages of a need in lots: the form that keeps what was typed, the set for its buyer and its bidders, the award."""

import csv
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.urls import reverse

from contracts.actions import lots
from contracts.lots import LotDraft
from contracts.models import Award, Bid, LotSet, Project
from core import past
from core.clock import market_now, move_forward
from tests.cast import Cast, cast
from tests.contracts.market import a_draft, after_deadline, bids_on, published
from tests.contracts.test_lots import both_bid, choose, drafted, opened, put_up, sign, three
from tests.contracts.test_project_pages import as_person, page, post, typed_draft
from tests.secrecy.worlds import seen
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
MOST = 8


def typed_lots(*rows: tuple[str, str], room: int = 4, **more: str) -> dict[str, str]:
    """Rows of title and ceiling, and room for some more."""
    found = {"lot-TOTAL_FORMS": str(max(room, len(rows))), "lot-INITIAL_FORMS": "0"}
    for number, (title, ceiling) in enumerate(rows):
        found |= {f"lot-{number}-title": title, f"lot-{number}-ceiling": ceiling, f"lot-{number}-outcome": ""}
    return found | more


def test_lin_posts_a_need_in_lots_edits_and_publishes_it(cast: Cast) -> None:
    rows = typed_lots(("For Qingdao", "30,000.00"), ("", ""), ("For Laixi", "20,000.00"))
    rows["lot-2-outcome"] = "No box is late."
    data = typed_draft(cast, title="Cold boxes for two towns", ceiling="") | rows
    made = post(cast.lin, "project_new", data=data)
    lot_set = LotSet.objects.get()
    assert (made.status_code, made["location"]) == (HTTPStatus.SEE_OTHER, reverse("lot_set", args=[lot_set.pk]))
    first, second = lot_set.lots.order_by("lot_number")
    assert [(lot.title, lot.ceiling_minor) for lot in (first, second)] == [
        ("For Qingdao", 30_000_00), ("For Laixi", 20_000_00),
    ]  # fmt: skip
    assert second.success_measure == "No box is late."
    for name in ("project_edit", "project_publish"):
        led = as_person(cast.lin).get(reverse(name, args=[first.pk]))
        assert led["location"] == reverse(name.replace("project", "lot_set"), args=[lot_set.pk])
    form = page(cast.lin, "lot_set_edit", lot_set.pk)
    assert "No box is late." in form
    assert 'name="ceiling"' not in form
    kept = typed_lots(("For Qingdao", "31,000.00"), ("", ""), ("For Pingdu", "1,000.00"))
    kept |= {"lot-0-lot": str(first.pk), "lot-1-lot": str(second.pk)}
    assert post(cast.lin, "lot_set_edit", lot_set.pk, data=data | kept).status_code == HTTPStatus.SEE_OTHER
    assert [lot.title for lot in lot_set.lots.order_by("lot_number")] == ["For Qingdao", "For Pingdu"]
    assert "32,000.00" in page(cast.lin, "lot_set_publish", lot_set.pk)
    assert post(cast.lin, "lot_set_publish", lot_set.pk).status_code == HTTPStatus.SEE_OTHER
    assert "2 of 2 lots take bids" in page(cast.amara, "lot_set", lot_set.pk)


@pytest.mark.parametrize(
    ("changes", "rows", "says"),
    [
        ({}, [("For Qingdao", "")], "required"),
        ({}, [("For Qingdao", "30,000")], "at least two"),
        ({}, [("For Qingdao", "lots"), ("For Laixi", "1")], "Write the amount in digits"),
        ({}, [("For Qingdao", "2"), ("for  qingdao", "1")], "Another lot has this title"),
        ({"ceiling": "9.00"}, [("For Qingdao", "2"), ("For Laixi", "1")], "together they are CN¥3.00"),
        ({"success_measure": ""}, [("For Qingdao", "2"), ("For Laixi", "1")], "Say what success means"),
        ({"title": ""}, [("For Qingdao", "2"), ("For Laixi", "1")], "required"),
    ],
)
def test_the_form_keeps_what_was_typed_and_says_what_is_wrong_beside_the_row(
    cast: Cast, changes: dict[str, str], rows: list[tuple[str, str]], says: str
) -> None:
    data = typed_draft(cast, **({"ceiling": ""} | changes)) | typed_lots(*rows)
    response = post(cast.lin, "project_new", data=data)
    html = response.content.decode()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert says in html
    assert all(f'value="{typed}"' in html for row in rows for typed in row if typed)
    assert not LotSet.objects.exists()


def test_one_more_row_keeps_everything_and_judges_nothing(cast: Cast) -> None:
    data = typed_draft(cast, title="", need="Boxes.", ceiling="") | typed_lots(("For Qingdao", "x"), more_lots="1")
    response = post(cast.lin, "project_new", data=data)
    html = response.content.decode()
    assert response.status_code == HTTPStatus.OK
    assert 'name="lot-4-title"' in html
    assert "Boxes." in html
    assert "For Qingdao" in html
    assert 'role="alert"' not in html
    assert 'class="field wrong"' not in html
    many = post(cast.lin, "project_new", data=data | {"lot-TOTAL_FORMS": "20"}).content.decode()
    assert 'name="lot-19-title"' in many
    assert 'name="lot-20-title"' not in many
    assert not Project.objects.exists()


def test_lots_are_copied_from_an_earlier_project(cast: Cast) -> None:
    lot = put_up(cast)[1]
    form = as_person(cast.lin).get(reverse("project_new"), {"from": str(lot.pk)}).content.decode()
    for typed in ("Cold boxes for three towns", "Cold boxes for Qingdao", "Cold boxes for Laixi", "30,000.00"):
        assert f'value="{typed}"' in form
    again = typed_lots(*((f"For {n}", "1.00") for n in range(3)))
    assert post(cast.lin, "project_new", data=typed_draft(cast, ceiling="") | again).status_code == HTTPStatus.SEE_OTHER
    assert LotSet.objects.count() == 2


def test_the_list_and_the_pages_of_a_lot_lead_to_all_lots(cast: Cast) -> None:
    first, _second, _third = put_up(cast)
    link = f'href="{reverse("lot_set", args=[first.lot_set_id])}"'
    listed = page(cast.amara, "project_list")
    assert all(f"lot {number} of 3" in listed for number in (1, 2, 3))
    assert listed.count(link) == 3
    published(cast, title="Boxes alone")
    file = as_person(cast.amara).get(reverse("project_list"), {"format": "csv", "order": "newest"})
    lines = csv.DictReader(b"".join(file.streaming_content).decode("utf-8-sig").splitlines())  # type: ignore[attr-defined]
    whole = "Cold boxes for three towns"
    assert sorted((line["Lot"], line["Lots of"]) for line in lines) == [
        ("", ""), ("1", whole), ("2", whole), ("3", whole),
    ]  # fmt: skip
    for name in ("project_detail", "bid_submit"):
        found = page(cast.amara, name, first.pk)
        assert "Lot 1 of 3" in found
        assert link in found
    assert "another deadline moves all lots" in page(cast.lin, "project_amend", first.pk)


def test_a_bidder_sees_its_own_bids_of_all_lots_and_what_is_left(cast: Cast) -> None:
    first, second, _third = put_up(cast)
    address = reverse("lot_set", args=[first.lot_set_id])
    others = (cast.lin, cast.teo, cast.rui, cast.sol, cast.mei)
    now = market_now()

    def looks() -> list[Any]:
        with past.at(now):
            return [seen(as_person(who).get(address)) for who in others]

    before = looks()
    bids_on(second, cast.cold_chain, cast.amara, 20_000_00)
    mine = page(cast.amara, "lot_set", first.lot_set_id)
    assert "2 lots are left that you may bid on" in mine
    assert f"{reverse('bid_submit', args=[second.pk])}?me={cast.cold_chain.pk}" in mine
    assert f'href="{reverse("bid_submit", args=[first.pk])}"' in mine
    assert looks() == before
    assert "3 lots are left" in page(cast.teo, "lot_set", first.lot_set_id)
    assert not [who for who in (cast.lin, cast.rui, cast.sol) if "Your bid" in page(who, "lot_set", first.lot_set_id)]


def test_lin_moves_the_deadline_of_all_lots_on_one_page(cast: Cast) -> None:
    first, _second, _third = put_up(cast)
    assert "Move the deadline" in page(cast.lin, "lot_set", first.lot_set_id)
    later = (first.deadline + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    data = {"deadline": later, "zone": "UTC", "reason": ""}
    wrong = post(cast.lin, "lot_set_deadline", first.lot_set_id, data=data)
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert later in wrong.content.decode()
    early = post(
        cast.lin, "lot_set_deadline", first.lot_set_id, data=data | {"deadline": "2026-01-01T00:00", "reason": "x"}
    )
    assert "only moves later" in early.content.decode()
    data["reason"] = "A holiday."
    assert post(cast.lin, "lot_set_deadline", first.lot_set_id, data=data).status_code == HTTPStatus.SEE_OTHER
    assert set(Project.objects.values_list("revision", flat=True)) == {2}
    assert "A holiday." in page(cast.amara, "project_detail", first.pk)
    assert "lot 1 of 3. The others go on." in page(cast.lin, "project_cancel", first.pk)
    assert "90,000.00" in page(cast.amara, "lot_set", first.lot_set_id)
    assert post(cast.lin, "project_cancel", first.pk, data={"reason": "No."}).status_code == HTTPStatus.SEE_OTHER
    left = page(cast.amara, "lot_set", first.lot_set_id)
    assert "60,000.00" in left
    assert "2 of 3 lots take bids" in left


@pytest.mark.parametrize("name", ["lot_set_edit", "lot_set_publish", "lot_set_deadline"])
def test_who_may_not_gets_a_sentence_or_nothing(cast: Cast, name: str) -> None:
    published = put_up(cast)[0].lot_set_id
    draft = drafted(cast).pk
    expected = {
        "lot_set_edit": HTTPStatus.CONFLICT,
        "lot_set_publish": HTTPStatus.CONFLICT,
        "lot_set_deadline": HTTPStatus.OK,
    }
    for method in ("get", "post"):
        for who in (cast.amara, cast.rui, cast.sol):
            assert getattr(as_person(who), method)(reverse(name, args=[published])).status_code == HTTPStatus.FORBIDDEN
            assert getattr(as_person(who), method)(reverse(name, args=[draft])).status_code == HTTPStatus.NOT_FOUND
    assert as_person(cast.lin).get(reverse(name, args=[published])).status_code == expected.get(name, HTTPStatus.OK)
    assert as_person(cast.amara).get(reverse("lot_set", args=[draft])).status_code == HTTPStatus.NOT_FOUND
    assert as_person(cast.noor).get(reverse("lot_set", args=[draft])).status_code == HTTPStatus.OK
    assert set(Project.objects.filter(lot_set=draft).values_list("status", flat=True)) == {"draft"}


def test_the_page_says_why_lots_are_not_published(cast: Cast) -> None:
    lot_set = drafted(cast, [*three(), LotDraft("Too dear", 10**13)])
    refused = post(cast.lin, "lot_set_publish", lot_set.pk)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nothing was held" in refused.content.decode()


def test_a_set_takes_as_many_statements_whatever_the_number_of_lots(cast: Cast) -> None:
    few = lots.publish(
        lot_set=lots.create(buyer=cast.blue_kettle, shared=a_draft(cast), lots=three()[:2], by=cast.lin),
        by=cast.lin,
    )
    many = lots.publish(
        lot_set=lots.create(
            buyer=cast.blue_kettle,
            shared=a_draft(cast),
            lots=[LotDraft(f"Lot {n}", 1_00) for n in range(20)],
            by=cast.lin,
        ),
        by=cast.lin,
    )
    for lot in (*few[:1], *many[:9]):
        bids_on(lot, cast.cold_chain, cast.amara, 1_00)
    for reader in (cast.lin, cast.amara, cast.rui):
        costs = [statements(reader, reverse("lot_set", args=[found[0].lot_set_id])) for found in (few, many)]
        assert costs[0] == costs[1] <= MOST, reader
        assert statements(reader, reverse("project_detail", args=[few[0].pk])) <= MOST


def test_the_award_page_says_that_a_tie_may_be_split(cast: Cast) -> None:
    found = put_up(cast)
    for lot in found[:2]:
        both_bid(cast, lot)
    move_forward(timedelta(minutes=5))
    after_deadline(found[0])
    first, second = (opened(lot) for lot in found[:2])
    behind = Bid.objects.get(project=second, microenterprise=cast.northwind)
    assert "here a second person has to agree" in page(cast.lin, "project_award", second.pk, behind.pk)
    choose(cast, first, "Cold Chain")
    sign(first, cast.lin, cast.amara)
    asked = page(cast.lin, "project_award", second.pk, behind.pk)
    assert "They tie on lot 1 too, which has gone to Cold Chain" in asked
    ahead = Bid.objects.get(project=second, microenterprise=cast.cold_chain)
    data = {"reason": "Two towns, two firms.", f"reason_{ahead.pk}": "Qingdao is yours."}
    assert post(cast.lin, "project_award", second.pk, behind.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    assert Award.objects.get(project=second).status == Award.Status.ACTIVE
    assert "A tie was split between lots. Cold Chain has lot 1" in page(cast.teo, "project_detail", second.pk)
    whole = page(cast.teo, "lot_set", second.lot_set_id)
    assert "Northwind" in whole
    assert "2 of 3 lots are awarded" in whole
