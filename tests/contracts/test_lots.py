"""A need in lots: published all or none, bid on and awarded one by one, and when a tie may be split between them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from contracts import lots as rules
from contracts.actions import amendments, awards, bids, contracts, lots, openings, projects
from contracts.lots import LotDraft
from contracts.models import Award, Bid, Contract, LotSet, Project, ProjectVersion
from contracts.permissions.standing import standing_of
from contracts.queries.bids import own_sealed_among
from contracts.versions import words_of
from core import past
from core.clock import business_date, market_now, move_forward
from core.errors import Conflict, Denied, InsufficientFunds, Invalid, InvalidTransition
from ledger.accounts import Kind
from ledger.queries import balance
from people.models import Notice, User
from tests.cast import Cast, cast
from tests.contracts.market import a_draft, after_deadline, bids_on, judge, published, quality_facts
from tests.contracts.scenes import digest
from tests.contracts.test_decisions import objections_take
from tests.contracts.told import releases_of

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
TOWNS = ("Qingdao", "Jiaozhou", "Laixi")
CEILING = 30_000_00


def three(**changes: Any) -> list[LotDraft]:
    return [LotDraft(f"Cold boxes for {town}", CEILING, **changes) for town in TOWNS]


def drafted(cast: Cast, rows: Sequence[LotDraft] | None = None, **changes: Any) -> LotSet:
    shared = a_draft(cast, title="Cold boxes for three towns", ceiling_minor=None, **changes)
    return lots.create(buyer=cast.blue_kettle, shared=shared, lots=rows or three(), by=cast.lin)


def put_up(cast: Cast, **changes: Any) -> list[Project]:
    return lots.publish(lot_set=drafted(cast, **changes), by=cast.lin)


def opened(lot: Project) -> Project:
    openings.open_bids(project=lot)
    return Project.objects.get(pk=lot.pk)


def held(cast: Cast) -> int:
    return balance(cast.blue_kettle.entity_id, Kind.HOLD)


# ------------------------------------------------------------------ draft and publication


def test_lin_writes_a_need_in_three_lots_that_share_its_words(cast: Cast) -> None:
    rows = [*three()[:2], LotDraft("Cold boxes for Laixi", CEILING, outcome="No box is late, counted by Noor.")]
    lot_set = drafted(cast, rows, **quality_facts(cast))
    found = list(lot_set.lots.order_by("lot_number"))
    assert [(lot.lot_number, lot.title, lot.ceiling_minor) for lot in found] == [
        (number, f"Cold boxes for {town}", CEILING) for number, town in enumerate(TOWNS, start=1)
    ]
    assert len({(lot.need, lot.deadline, lot.acceptor, lot.method) for lot in found}) == 1
    assert [lot.success_measure == a_draft(cast).success_measure for lot in found] == [True, True, False]
    assert found[2].success_measure == "No box is late, counted by Noor."
    assert all([row.person for row in lot.panel.all()] == [cast.noor] for lot in found)
    with pytest.raises(InvalidTransition, match="lot 1 of a project in lots"):
        projects.publish(project=found[0], by=cast.lin)
    with pytest.raises(InvalidTransition, match="lot 1 of a project in lots"):
        projects.edit(project=found[0], draft=a_draft(cast), by=cast.lin)
    assert rules.drafts(found) == [
        LotDraft(row.title, CEILING, outcome=row.outcome, lot=lot.pk) for row, lot in zip(rows, found, strict=True)
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (three()[:1], "at least two"),
        ([*three(), *three()[:1]], "Another lot has this title"),
        ([LotDraft(f"Lot {n}", 1) for n in range(21)], "at most 20"),
        ([replace(three()[0], ceiling_minor=0), three()[1]], "more than zero"),
        ([replace(three()[0], title=" "), three()[1]], "title that says"),
    ],
)
def test_lots_that_make_no_lots_are_refused_and_nothing_is_written(cast: Cast, rows: list[LotDraft], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        drafted(cast, rows)
    assert not LotSet.objects.exists()
    assert not Project.objects.exists()
    with pytest.raises(Denied):
        lots.create(buyer=cast.blue_kettle, shared=a_draft(cast), lots=three(), by=cast.teo)


def test_a_draft_in_lots_is_changed_together_and_a_lot_may_be_taken_out(cast: Cast) -> None:
    lot_set = drafted(cast)
    first, second, third = lot_set.lots.order_by("lot_number")
    rows = [
        LotDraft("For Laixi", 5_00, lot=third.pk),
        LotDraft("For Qingdao", 7_00, lot=first.pk),
        LotDraft("For Pingdu", 9_00),
    ]
    shared = a_draft(cast, title="Three other towns", need="Boxes.")
    with pytest.raises(Conflict, match="changed after you opened"):
        lots.edit(lot_set=lot_set, shared=shared, lots=rows, by=cast.lin)
    with pytest.raises(Denied):
        lots.edit(lot_set=lot_set, shared=shared, lots=rows, removed=[second.pk], by=cast.amara)
    lots.edit(lot_set=lot_set, shared=shared, lots=rows, removed=[second.pk], by=cast.noor)
    found = LotSet.objects.get().lots.order_by("lot_number")
    assert [(lot.lot_number, lot.title, lot.ceiling_minor) for lot in found] == [
        (1, "For Qingdao", 7_00), (2, "For Laixi", 5_00), (3, "For Pingdu", 9_00),
    ]  # fmt: skip
    assert {lot.need for lot in found} == {"Boxes."}
    assert LotSet.objects.get().title == "Three other towns"


def test_all_lots_are_published_at_one_instant_and_noor_is_told_once(cast: Cast) -> None:
    lot_set = drafted(cast)
    with pytest.raises(Denied):
        lots.publish(lot_set=lot_set, by=cast.noor)
    found = lots.publish(lot_set=lot_set, by=cast.lin)
    assert len({(lot.published_at, lot.opens_at, lot.deadline) for lot in found}) == 1
    assert len({lot.draw_seed for lot in found}) == 3
    assert held(cast) == 3 * CEILING
    told = Notice.objects.filter(person=cast.noor, sentence__contains="accept the work")
    assert [notice.sentence for notice in told] == [
        "You will accept the work of “Cold boxes for three towns”, 3 lots, for your ME."
    ]
    assert told[0].link == f"/projects/sets/{lot_set.pk}/"
    with pytest.raises(InvalidTransition):
        lots.publish(lot_set=lot_set, by=cast.lin)


def test_not_enough_money_for_the_sum_holds_nothing(cast: Cast) -> None:
    wallet = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    rows = [LotDraft(f"Cold boxes for {town}", wallet // 2) for town in TOWNS]
    lot_set = drafted(cast, rows)
    with pytest.raises(InsufficientFunds, match=r"sum to .* Nothing was held"):
        lots.publish(lot_set=lot_set, by=cast.lin)
    assert (held(cast), balance(cast.blue_kettle.entity_id, Kind.WALLET)) == (0, wallet)
    assert set(lot_set.lots.values_list("status", flat=True)) == {"draft"}


def test_what_one_lot_lacks_keeps_all_of_them_drafts(cast: Cast) -> None:
    lot_set = drafted(cast, acceptor=None)
    with pytest.raises(Invalid, match="Name who accepts"):
        lots.publish(lot_set=lot_set, by=cast.lin)
    projects.cancel(project=lot_set.lots.get(lot_number=1), reason="No.", by=cast.lin)
    projects.cancel(project=lot_set.lots.get(lot_number=2), reason="No.", by=cast.lin)
    with pytest.raises(Invalid, match="Only one lot is left"):
        lots.publish(lot_set=lot_set, by=cast.lin)
    assert held(cast) == 0


# ------------------------------------------------------------------ what the database refuses


def test_the_database_keeps_lots_together_by_hand_too(cast: Cast) -> None:
    first, second, _third = put_up(cast)
    loose = published(cast, ceiling_minor=1_00)
    draft = drafted(cast, three())
    alone = projects.create_draft(buyer=cast.blue_kettle, draft=a_draft(cast), by=cast.lin)
    by_hand: tuple[tuple[str, str, list[Any], str], ...] = (
        ("lot_number = 1", "id = %s", [alone.pk], "a_lot_has_its_number"),
        ("lot_number = 2", "lot_set_id = %s AND lot_number = 1", [draft.pk], "a_lot_number_is_given_once"),
        ("lot_set_id = %s, lot_number = 9", "id = %s", [first.lot_set_id, loose.pk], "declared before"),
        ("lot_set_id = NULL, lot_number = NULL", "id = %s", [second.pk], "declared before"),
        ("lot_set_id = %s, lot_number = 9", "id = %s", [first.lot_set_id, alone.pk], "all or none"),
        ("buyer_id = %s", "lot_set_id = %s AND lot_number = 1", [cast.northwind.pk, draft.pk], "one buyer"),
    )
    for change, which, values, says in by_hand:
        with pytest.raises(DatabaseError, match=says), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE contracts_project SET {change} WHERE {which}", values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="set of published lots stands"), transaction.atomic():
        LotSet.objects.filter(lots=first).update(title="Other")
    words = words_of(first)
    with pytest.raises(DatabaseError, match="one opening and one deadline"), transaction.atomic():
        ProjectVersion.objects.create(
            project=first, number=2, words=words.as_json(), reason="x", made_at=market_now(), made_by=cast.lin
        )
        Project.objects.filter(pk=first.pk).update(revision=2, deadline=first.deadline + timedelta(days=1))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# ------------------------------------------------------------------ one by one


def test_a_bid_on_one_lot_says_nothing_of_another(cast: Cast) -> None:
    first, second, third = put_up(cast)
    bids_on(first, cast.cold_chain, cast.amara, 20_000_00)
    bids_on(third, cast.cold_chain, cast.amara, 21_000_00)
    tokens = Bid.objects.values_list("bidder_token", flat=True)
    assert len(set(tokens)) == 2
    own = own_sealed_among([first.pk, second.pk, third.pk], standing_of(cast.amara, business_date()))
    assert {row.bid.project_id for row in own} == {first.pk, third.pk}
    assert own_sealed_among([first.pk, second.pk, third.pk], standing_of(cast.teo, business_date())) == []
    after_deadline(first)
    assert opened(second).status == Project.Status.UNSUCCESSFUL
    assert held(cast) == 2 * CEILING
    assert Project.objects.get(pk=first.pk).status == Project.Status.PUBLISHED
    assert not Bid.objects.opened().exists()


def test_another_deadline_moves_all_lots_and_words_move_alone(cast: Cast) -> None:
    first, second, third = put_up(cast)
    mine = [bids_on(lot, cast.cold_chain, cast.amara, 20_000_00) for lot in (first, second)]
    projects.cancel(project=third, reason="Laixi closed.", by=cast.lin)
    assert held(cast) == 2 * CEILING
    amendments.amend(project=second, words=replace(words_of(second), title="Colder boxes"), reason="Heat.", by=cast.lin)
    assert list(_revisions(first)) == [1, 2, 1]
    later = first.deadline + timedelta(days=2)
    second = Project.objects.get(pk=second.pk)
    Notice.objects.all().delete()
    amendments.amend(project=second, words=replace(words_of(second), deadline=later), reason="A holiday.", by=cast.lin)
    assert list(_revisions(first)) == [2, 3, 1]
    assert {lot.deadline for lot in Project.objects.filter(status="published")} == {later}
    assert [v.reason for v in ProjectVersion.objects.filter(project=first, number=2)] == ["A holiday."]
    assert Notice.objects.filter(person=cast.noor).count() == 1
    own = own_sealed_among(Project.objects.values_list("pk", flat=True), standing_of(cast.amara, business_date()))
    assert {row.bid.pk: row.stale for row in own} == {bid.pk: True for bid in mine}
    bids.confirm(bid=mine[0], seen=2, by=cast.amara)
    after_deadline(Project.objects.get(pk=first.pk))
    assert (opened(first).status, opened(second).status) == ("evaluating", "unsuccessful")


def _revisions(lot: Project) -> Any:
    return Project.objects.filter(lot_set=lot.lot_set_id).order_by("lot_number").values_list("revision", flat=True)


def test_releases_of_a_lot_name_the_others_and_cancelling_one_leaves_them(cast: Cast) -> None:
    lot_set = drafted(cast)
    projects.cancel(project=lot_set.lots.get(lot_number=2), reason="Not needed.", by=cast.lin)
    first, third = lots.publish(lot_set=lot_set, by=cast.lin)
    related = releases_of(first)[0]["relatedProcesses"]
    assert related == [
        {
            "id": "lot-3",
            "relationship": ["siblingLot"],
            "scheme": "ocid",
            "identifier": releases_of(third)[0]["ocid"],
        }
    ]
    projects.cancel(project=first, reason="Qingdao has boxes.", by=cast.lin)
    assert Project.objects.get(pk=third.pk).status == Project.Status.PUBLISHED
    assert releases_of(first)[-1]["relatedProcesses"] == related
    assert len(releases_of(third)) == 1


# ------------------------------------------------------------------ ties


def both_bid(cast: Cast, lot: Project, *, prices: tuple[int, int] = (20_000_00, 20_000_00)) -> None:
    """Amara first, Teo later: at the same price only time puts Amara first."""
    now = market_now()
    for minutes, (firm, leader, price) in enumerate(
        ((cast.cold_chain, cast.amara, prices[0]), (cast.northwind, cast.teo, prices[1]))
    ):
        with past.at(now + timedelta(minutes=minutes)):
            bids_on(lot, firm, leader, price)


def choose(cast: Cast, lot: Project, winner: str) -> Award:
    both = Bid.objects.filter(project=lot)
    wins, other = both.get(microenterprise__name=winner), both.exclude(microenterprise__name=winner).get()
    losers = {other.pk: "The other lot is theirs."}
    return awards.award(project=lot, bid=wins, reason=f"{winner} it is.", loser_reasons=losers, by=cast.lin)


def sign(lot: Project, *leaders: User) -> None:
    contract = Contract.objects.get(project=lot)
    for leader in leaders:
        contracts.sign(contract=contract, sha256_seen=digest(contract), by=leader)


def tied_lots(cast: Cast, *, prices: Sequence[tuple[int, int]] | None = None, **changes: Any) -> list[Project]:
    found = put_up(cast, **changes)
    for lot, pair in zip(found, prices or [(20_000_00, 20_000_00)] * 3, strict=True):
        both_bid(cast, lot, prices=pair)
    move_forward(timedelta(minutes=5))
    after_deadline(found[0])
    return [opened(lot) for lot in found]


def test_each_lot_is_awarded_by_itself_and_a_tie_is_split_by_one_person(cast: Cast) -> None:
    first, second, third = tied_lots(cast)
    assert choose(cast, first, "Cold Chain").causes == []
    sign(first, cast.lin, cast.amara)
    split = choose(cast, second, "Northwind")
    assert (split.status, split.causes) == (Award.Status.ACTIVE, [])
    assert split.arithmetic["split"] == {
        "lot": str(first.pk), "number": 1, "first": "Cold Chain", "settled": True,
    }  # fmt: skip
    assert [row["rank"] for row in split.arithmetic["bids"] if row["bid"] == str(split.bid_id)] == [2]
    again = choose(cast, third, "Northwind")  # one lot for one: Cold Chain has no other that could be held against it
    assert (again.status, again.causes) == (Award.Status.PROPOSED, ["tie_split"])
    found = Contract.objects.order_by("project__lot_number")
    assert [(each.award.bid.bidder_label, each.price_minor) for each in found] == [
        ("Cold Chain", 20_000_00), ("Northwind", 20_000_00),
    ]  # fmt: skip


def test_a_lot_that_may_still_be_taken_back_is_no_other_end_of_a_tie(cast: Cast) -> None:
    first, second, _third = tied_lots(cast)
    objections_take(days=1)
    assert choose(cast, first, "Cold Chain").status == Award.Status.STANDING
    assert choose(cast, second, "Northwind").causes == ["tie_split"]


def test_a_lot_whose_contract_the_buyer_may_still_decline_is_no_other_end_of_a_tie(cast: Cast) -> None:
    first, second, _third = tied_lots(cast)
    choose(cast, first, "Cold Chain")
    sign(first, cast.amara)
    split = choose(cast, second, "Northwind")
    assert (split.status, split.causes) == (Award.Status.PROPOSED, ["tie_split"])


def test_before_the_other_lot_has_gone_a_second_person_is_asked(cast: Cast) -> None:
    first, second, third = tied_lots(cast)
    split = choose(cast, second, "Northwind")
    assert (split.status, split.causes) == (Award.Status.PROPOSED, ["tie_split"])
    assert split.arithmetic["split"]["settled"] is False
    # What itself split a tie is no other end of one: else two halves would carry each other.
    awards.agree(award=split, reason="Fair.", by=cast.ada)
    other = choose(cast, first, "Northwind")
    assert other.causes == ["tie_split"]
    awards.take_back(award=other, reason="Lin looks again.", by=cast.lin)
    choose(cast, first, "Cold Chain")
    assert choose(cast, third, "Northwind").causes == ["tie_split"]  # lot 1 is what Northwind has lot 2 for


@pytest.mark.parametrize(
    "prices",
    [
        [(20_000_00, 20_000_00), (20_000_00, 20_000_01), (19_000_00, 20_000_00)],
        [(20_000_00, 21_000_00), (20_000_00, 20_000_00), (19_000_00, 20_000_00)],
    ],
)
def test_a_tie_on_one_lot_alone_is_not_split(cast: Cast, prices: list[tuple[int, int]]) -> None:
    first, second, _third = tied_lots(cast, prices=prices)
    choose(cast, first, "Cold Chain")
    refused = choose(cast, second, "Northwind")
    assert (refused.status, refused.causes) == (Award.Status.PROPOSED, ["not_top"])
    assert "split" not in refused.arithmetic


def test_without_lots_a_tie_is_never_split(cast: Cast) -> None:
    pair = [published(cast, ceiling_minor=CEILING, title=f"Cold boxes for {town}") for town in TOWNS[:2]]
    for project in pair:
        both_bid(cast, project)
    move_forward(timedelta(minutes=5))
    after_deadline(pair[1])
    first, second = (opened(project) for project in pair)
    choose(cast, first, "Cold Chain")
    assert choose(cast, second, "Northwind").causes == ["not_top"]


def test_quality_is_no_tie(cast: Cast) -> None:
    first, second, _third = tied_lots(cast, **quality_facts(cast))
    for lot, points in ((first, (5_000, 5_000)), (second, (5_000, 4_999))):
        judge(lot, dict(zip(Bid.objects.filter(project=lot).order_by("submitted_at"), points, strict=True)))
    choose(cast, first, "Cold Chain")
    assert choose(cast, second, "Northwind").causes == ["not_top"]
