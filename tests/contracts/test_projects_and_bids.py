"""Posting, bidding, opening and awarding as sentences about the cast."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from contracts import scoring
from contracts.actions import awards, bids, openings, panel, projects
from contracts.lifecycle import Phase, phase
from contracts.models import Award, Bid, Contract, Panelist, Project, SealedEvent, WrappedKey
from contracts.queries.projects import opened_bids, ranking_of
from contracts.tasks import open_due_projects
from contracts.zones import instant_of
from core.clock import business_date, market_now, move_forward
from core.errors import Conflict, Denied, InsufficientFunds, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord
from core.money import LARGEST_MINOR
from ledger.accounts import Kind
from ledger.entities import open_entity
from ledger.queries import balance
from microenterprises.actions import firms
from microenterprises.models import Membership, Microenterprise
from people.models import Notice, User
from tests.cast import START, Cast, cast, firm, person
from tests.contracts.market import (
    CEILING,
    a_draft,
    after_deadline,
    awarded,
    bids_on,
    drafted,
    evaluating,
    figures_of,
    judge,
    opened,
    published,
    quality_facts,
    two_bids,
)

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


def of(me: Microenterprise, kind: Kind) -> int:
    return balance(me.entity_id, kind)


def told(somebody: User) -> list[str]:
    return list(Notice.objects.filter(person=somebody).order_by("created_at").values_list("sentence", flat=True))


# ------------------------------------------------------------------ posting


def test_publishing_holds_the_ceiling_freezes_the_criteria_and_commits_to_the_draw(cast: Cast) -> None:
    wallet = of(cast.blue_kettle, Kind.WALLET)
    project = published(cast)
    assert of(cast.blue_kettle, Kind.HOLD) == CEILING
    assert of(cast.blue_kettle, Kind.WALLET) == wallet - CEILING
    assert project.draw_commitment == scoring.commitment(project.draw_seed)
    assert WrappedKey.objects.filter(name=f"project:{project.pk}").exists()
    assert phase(project, market_now()) is Phase.OPEN


def test_noor_may_draft_but_only_lin_publishes(cast: Cast) -> None:
    project = projects.create_draft(buyer=cast.blue_kettle, draft=a_draft(cast), by=cast.noor)
    with pytest.raises(Denied, match="leader of Blue Kettle"):
        projects.publish(project=project, by=cast.noor)
    projects.publish(project=project, by=cast.lin)


def test_nobody_drafts_for_an_me_that_is_not_theirs(cast: Cast) -> None:
    for outsider in (cast.teo, cast.sol, cast.ada):
        with pytest.raises(Denied):
            projects.create_draft(buyer=cast.blue_kettle, draft=a_draft(cast), by=outsider)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"need": " "}, "need"),
        ({"success_measure": ""}, "success_measure"),
        ({"ceiling_minor": None}, "ceiling"),
        ({"acceptor": None}, "acceptor"),
        ({"acceptor": "lin"}, "acceptor"),
        ({"acceptor": "teo"}, "acceptor"),
        ({"pass_mark": 5_000}, "panel"),
        ({"method": "price_quality", "price_weight_bp": 5_000}, "panel"),
        ({"deadline": timedelta(minutes=59)}, "deadline"),
    ],
)
def test_what_bidders_rely_on_must_be_there(cast: Cast, changes: dict[str, Any], field: str) -> None:
    if isinstance(changes.get("acceptor"), str):
        changes = changes | {"acceptor": getattr(cast, changes["acceptor"])}
    if isinstance(changes.get("deadline"), timedelta):
        changes = changes | {"deadline": market_now() + changes["deadline"]}
    project = drafted(cast, **changes)
    with pytest.raises(Invalid) as refused:
        projects.publish(project=project, by=cast.lin)
    assert refused.value.field == field
    assert of(cast.blue_kettle, Kind.HOLD) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "  "},
        {"title": "x" * 161},
        {"ceiling_minor": 0},
        {"ceiling_minor": LARGEST_MINOR + 1},
        {"method": "lowest_price", "price_weight_bp": 9_000},
        {"method": "price_quality", "price_weight_bp": 10_000},
        {"pass_mark": 10_001},
    ],
)
def test_a_draft_that_contradicts_itself_is_refused(cast: Cast, changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        drafted(cast, **changes)


def test_a_wallet_that_is_short_publishes_nothing(cast: Cast) -> None:
    project = drafted(cast, ceiling_minor=9_000_000_00)
    with pytest.raises(InsufficientFunds):
        projects.publish(project=project, by=cast.lin)
    project.refresh_from_db()
    assert project.status == Project.Status.DRAFT


def test_cancelling_gives_the_hold_back_and_leaves_bids_sealed_for_ever(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    projects.cancel(project=project, reason="The customer went away.", by=cast.lin)
    assert of(cast.blue_kettle, Kind.HOLD) == 0
    after_deadline(project)
    openings.open_bids(project=project)
    bid.refresh_from_db()
    assert (bid.opened_at, bid.price_minor) == (None, None)
    assert told(cast.amara) == []
    with pytest.raises(InvalidTransition):
        projects.cancel(project=project, reason="Again.", by=cast.lin)


def test_teo_cannot_cancel_lins_project_and_ada_can(cast: Cast) -> None:
    project = published(cast)
    with pytest.raises(Denied):
        projects.cancel(project=project, reason="I do not like it.", by=cast.teo)
    with pytest.raises(Invalid):
        projects.cancel(project=project, reason=" ", by=cast.ada)
    assert projects.cancel(project=project, reason="Fraud.", by=cast.ada).status == Project.Status.CANCELLED


# ------------------------------------------------------------------ bidding


def test_before_the_start_and_from_the_deadline_on_no_bid_is_taken(cast: Cast) -> None:
    start = market_now() + timedelta(hours=2)
    project = published(cast, opens_at=start, deadline=start + timedelta(hours=3))
    with pytest.raises(InvalidTransition, match="Bids are taken from"):
        bids_on(project, cast.cold_chain, cast.amara)
    move_forward(timedelta(hours=2, seconds=1))
    bid = bids_on(project, cast.cold_chain, cast.amara)
    after_deadline(project)
    with pytest.raises(TooLate, match="The deadline was"):
        bids_on(project, cast.northwind, cast.teo)
    with pytest.raises(TooLate):
        bids.revise(bid=bid, price_minor=1, days=1, plan="x", by=cast.amara)
    with pytest.raises(TooLate):
        bids.withdraw(bid=bid, by=cast.amara)


def test_at_the_deadline_exactly_it_is_late(cast: Cast) -> None:
    project = published(cast)
    assert phase(project, project.deadline - timedelta(microseconds=1)) is Phase.OPEN
    assert phase(project, project.deadline) is Phase.CLOSED
    bid = bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(IntegrityError, match="between the opening and the deadline"), transaction.atomic():
        Bid.objects.filter(pk=bid.pk).update(submitted_at=project.deadline)


@pytest.mark.parametrize(("price", "ok"), [(0, False), (-1, False), (1, True), (CEILING, True), (CEILING + 1, False)])
def test_a_price_lies_between_one_and_the_ceiling(cast: Cast, price: int, ok: bool) -> None:
    project = published(cast)
    if ok:
        assert bids_on(project, cast.cold_chain, cast.amara, price_minor=price).receipt
        return
    with pytest.raises(Invalid) as refused:
        bids_on(project, cast.cold_chain, cast.amara, price_minor=price)
    assert refused.value.field == "price"


@pytest.mark.parametrize(("days", "plan"), [(0, "x"), (4000, "x"), (5, "  "), (5, "x" * 4001), (5, "\ud800")])
def test_days_and_plan_are_asked_for(cast: Cast, days: int, plan: str) -> None:
    with pytest.raises(Invalid):
        bids_on(published(cast), cast.cold_chain, cast.amara, days=days, plan=plan)


def test_an_me_has_one_live_bid_and_may_bid_again_after_withdrawing(cast: Cast) -> None:
    project = published(cast)
    first = bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(Conflict, match="Cold Chain has a bid on this project already"):
        bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(IntegrityError, match="one_live_bid_per_me_and_project"), transaction.atomic():
        Bid.objects.create(
            project=project, bidder_token=first.bidder_token, submitted_at=market_now(), receipt="x" * 64
        )
    bids.withdraw(bid=first, by=cast.amara)
    with pytest.raises(InvalidTransition):
        bids.withdraw(bid=first, by=cast.amara)
    second = bids_on(project, cast.cold_chain, cast.amara)
    project = opened(project)
    assert list(project.bids.opened()) == [second]
    first.refresh_from_db()
    assert (first.opened_at, first.microenterprise) == (None, None)


def test_only_the_leader_of_the_bidding_me_bids_revises_and_withdraws(cast: Cast) -> None:
    project = published(cast)
    for outsider in (cast.mei, cast.teo, cast.sol, cast.ada):
        with pytest.raises(Denied):
            bids_on(project, cast.cold_chain, outsider)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    for outsider in (cast.mei, cast.teo, cast.lin):
        with pytest.raises(Denied):
            bids.revise(bid=bid, price_minor=1, days=1, plan="x", by=outsider)
        with pytest.raises(Denied):
            bids.withdraw(bid=bid, by=outsider)


def test_nobody_buys_from_themselves(cast: Cast) -> None:
    lin_elsewhere = firm("Lin's other", cast.platform, person("Kai"), cast.lin)
    noor_elsewhere = firm("Noor's other", cast.platform, person("Bo"), cast.noor)
    judge = person("Judge")
    judged = firm("Judge's own", cast.platform, judge)
    project = published(cast, panel=[judge])
    leaders = {me: me.memberships.get(is_lead=True).person for me in (lin_elsewhere, noor_elsewhere, judged)}
    for me, leader in leaders.items():
        with pytest.raises(Denied, match="Nobody buys from themselves"):
            bids_on(project, me, leader)
    with pytest.raises(Denied, match="Nobody buys from themselves"):
        bids_on(project, cast.blue_kettle, cast.lin)


def test_an_me_with_books_in_another_currency_is_told_why_it_cannot_bid(cast: Cast) -> None:
    abroad = person("Yuki")
    euro = Microenterprise.objects.create(
        name="Abroad",
        kind="user",
        purpose="Boxes for Europe.",
        platform=cast.platform,
        entity=open_entity(name="Abroad", kind="microenterprise", currency="EUR"),
        currency="EUR",
        launched_at=market_now(),
        launched_by=abroad,
    )
    Membership.objects.create(
        microenterprise=euro,
        person=abroad,
        role="Leader",
        customer_outcome="Boxes arrive.",
        is_lead=True,
        track="entrepreneur",
        started_on=START,
    )
    with pytest.raises(Denied, match="paid in CNY and Abroad keeps its books in EUR"):
        bids_on(published(cast), euro, abroad)


def test_revising_restarts_the_place_in_time(cast: Cast) -> None:
    project = published(cast)
    amara = bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    bids_on(project, cast.northwind, cast.teo, 80_000_00)
    bids.revise(bid=amara, price_minor=80_000_00, days=20, plan="The same price.", by=cast.amara)
    project = opened(project)
    ranking = ranking_of(project, opened_bids(project))
    assert [place.bid.microenterprise for place in ranking.places] == [cast.northwind, cast.cold_chain]


# ------------------------------------------------------------------ opening


def test_bids_open_by_the_clock_once_and_never_early(cast: Cast) -> None:
    project = published(cast)
    two_bids(cast, project)
    with pytest.raises(InvalidTransition):
        openings.open_bids(project=project)
    open_due_projects()
    assert not Bid.objects.opened().exists()
    after_deadline(project)
    open_due_projects()
    first = list(Bid.objects.order_by("pk").values())
    notices, trail = Notice.objects.count(), AuditRecord.objects.count()
    open_due_projects()
    openings.open_bids(project=project)
    assert list(Bid.objects.order_by("pk").values()) == first
    assert (Notice.objects.count(), AuditRecord.objects.count()) == (notices, trail)
    project.refresh_from_db()
    assert project.status == Project.Status.EVALUATING
    assert {row["price_minor"] for row in first} == {80_000_00, 90_000_00}
    assert "are open" in told(cast.teo)[-1]


def test_the_database_opens_nothing_before_the_deadline(cast: Cast) -> None:
    bid = bids_on(published(cast), cast.cold_chain, cast.amara)
    with pytest.raises(IntegrityError, match="No bid is opened before the deadline"), transaction.atomic():
        Bid.objects.filter(pk=bid.pk).update(opened_at=market_now())


def test_without_a_bid_the_hold_goes_back(cast: Cast) -> None:
    project = opened(published(cast))
    assert project.status == Project.Status.UNSUCCESSFUL
    assert of(cast.blue_kettle, Kind.HOLD) == 0
    assert "No valid bid came" in told(cast.lin)[-1]


def test_the_bid_of_an_me_that_is_gone_is_disqualified_with_a_reason(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(days=3))
    two_bids(cast, project)
    firms.dissolve(microenterprise=cast.northwind, reason="It failed.", by=cast.teo)
    project = opened(project)
    lost = Bid.objects.get(microenterprise=cast.northwind)
    assert lost.status == Bid.Status.DISQUALIFIED
    assert "Northwind was dissolved" in lost.outcome_reason
    assert project.status == Project.Status.EVALUATING


# ------------------------------------------------------------------ the decision


def test_one_award_one_contract_a_reason_for_every_loser_and_the_hold_stays(cast: Cast) -> None:
    made, first, second = awarded(cast)
    assert Contract.objects.get().award == made
    assert Contract.objects.get().price_minor == first.price_minor
    second.refresh_from_db()
    assert second.outcome_reason == "The price is higher."
    assert "did not win: The price is higher." in told(cast.teo)[-1]
    assert of(cast.blue_kettle, Kind.HOLD) == CEILING
    assert [row["rank"] for row in made.arithmetic["bids"]] == [1, 2]
    assert made.arithmetic["seed"] == made.project.draw_seed


def test_only_lin_awards_and_only_with_reasons(cast: Cast) -> None:
    project, first, second = evaluating(cast)
    reasons = {second.pk: "Dearer."}
    for outsider in (cast.noor, cast.teo, cast.ada, cast.fay):
        with pytest.raises(Denied):
            awards.award(project=project, bid=first, reason="x", loser_reasons=reasons, by=outsider)
    with pytest.raises(Invalid):
        awards.award(project=project, bid=first, reason=" ", loser_reasons=reasons, by=cast.lin)
    with pytest.raises(Invalid) as refused:
        awards.award(project=project, bid=first, reason="x", loser_reasons={}, by=cast.lin)
    assert refused.value.field == f"reason_{second.pk}"
    assert not Award.objects.exists()


def test_who_awards_is_not_who_accepts_even_when_the_lead_changes(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(days=1))
    first, second = two_bids(cast, project)
    to_noor = Membership.objects.get(person=cast.noor)
    firms.hand_over_lead(to=to_noor, on=business_date() + timedelta(days=1), by=cast.lin)
    move_forward(timedelta(days=1))
    project = opened(project)
    with pytest.raises(Denied, match="who awards is not who accepts"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.noor)


def test_before_the_opening_nothing_can_be_awarded(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(InvalidTransition, match="sealed until"):
        awards.award(project=project, bid=bid, reason="x", loser_reasons={}, by=cast.lin)


def test_a_bid_of_another_project_cannot_win(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    _other, foreign, _ = evaluating(cast)
    with pytest.raises(InvalidTransition, match="not a valid bid of this project"):
        awards.award(project=project, bid=foreign, reason="x", loser_reasons={}, by=cast.lin)


def test_quality_decides_where_the_criteria_say_so(cast: Cast) -> None:
    project, first, second = evaluating(cast, **quality_facts(cast))
    with pytest.raises(InvalidTransition, match="has not judged"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)
    judge(project, {first: 2_000, second: 8_000})
    made = awards.award(project=project, bid=second, reason="x", loser_reasons={first.pk: "y"}, by=cast.lin)
    # 6,000 bp x 2,000 + 4,000 bp x 2,000 = 2,000; 6,000 bp x 1,000 + 4,000 bp x 8,000 = 3,800.
    assert [(row["bid"], row["total_points"]) for row in made.arithmetic["bids"]] == [
        (str(second.pk), 3_800),
        (str(first.pk), 2_000),
    ]
    with pytest.raises(InvalidTransition):
        panel.submit_scores(project=project, figures=figures_of({first: 9_999}), by=cast.noor)


def test_below_the_pass_mark_no_bid_wins(cast: Cast) -> None:
    project, first, second = evaluating(cast, pass_mark=5_000, panel=[cast.noor])
    judge(project, {first: 4_999, second: 5_000})
    with pytest.raises(InvalidTransition, match="below the pass mark"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)
    awards.award(project=project, bid=second, reason="x", loser_reasons={first.pk: "Below the mark."}, by=cast.lin)


def test_a_disqualified_bid_leaves_the_ranking_with_a_reason(cast: Cast) -> None:
    project, first, second = evaluating(cast)
    awards.disqualify(bid=first, reason="Its plan breaks the law.", by=cast.lin)
    with pytest.raises(InvalidTransition):
        awards.disqualify(bid=first, reason="Again.", by=cast.lin)
    with pytest.raises(InvalidTransition):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)
    awards.award(project=project, bid=second, reason="The only valid one.", loser_reasons={}, by=cast.lin)
    assert "was disqualified: Its plan breaks the law." in told(cast.amara)[-1]


def test_no_award_gives_the_hold_back_and_tells_everybody_why(cast: Cast) -> None:
    project, _first, second = evaluating(cast)
    with pytest.raises(Denied):
        awards.no_award(project=project, reason="x", by=cast.noor)
    awards.no_award(project=project, reason="Both plans are too slow.", by=cast.lin)
    assert of(cast.blue_kettle, Kind.HOLD) == 0
    second.refresh_from_db()
    assert second.outcome_reason == "Both plans are too slow."
    assert "Both plans are too slow." in told(cast.amara)[-1]
    with pytest.raises(InvalidTransition):
        awards.no_award(project=project, reason="Again.", by=cast.lin)


# ------------------------------------------------------------------ what the database refuses


@pytest.mark.parametrize(
    "change",
    [
        {"ceiling_minor": CEILING + 1},
        {"method": "price_quality", "price_weight_bp": 5_000},
        {"pass_mark": 1},
        {"draw_seed": "chosen"},
        {"success_measure": "Something easier."},
        {"deadline": datetime(2030, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_published_project_is_frozen_by_the_database(cast: Cast, change: dict[str, Any]) -> None:
    project = published(cast)
    with pytest.raises(IntegrityError, match="A published project keeps its"), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(**change)


def test_the_panel_of_a_published_project_is_fixed_by_the_database(cast: Cast) -> None:
    project = published(cast, panel=[cast.noor])
    with pytest.raises(IntegrityError), transaction.atomic():
        Panelist.objects.create(project=project, person=cast.ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Panelist.objects.filter(project=project).delete()


@pytest.mark.parametrize("table", ["contracts_bid", "contracts_sealedterms", "contracts_sealedevent", "contracts_award",
                                   "contracts_wrappedkey"])  # fmt: skip
@pytest.mark.parametrize("words", ["DELETE FROM", "TRUNCATE"])
def test_what_was_bid_and_decided_is_never_deleted(cast: Cast, table: str, words: str) -> None:
    awarded(cast)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else PostgreSQL refuses TRUNCATE for a reason of its own
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{words} {table}{' CASCADE' if words == 'TRUNCATE' else ''}")


def test_what_was_opened_never_changes(cast: Cast) -> None:
    made, first, _second = awarded(cast)
    for change in ({"price_minor": 1}, {"plan": "x"}, {"microenterprise": cast.northwind}, {"opened_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Bid.objects.filter(pk=first.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Award.objects.filter(pk=made.pk).update(reason="Another.")
    with pytest.raises(IntegrityError), transaction.atomic():
        SealedEvent.objects.update(published=False)


# ------------------------------------------------------------------ local times


def test_the_same_wall_clock_in_two_zones_is_two_instants() -> None:
    local = datetime(2026, 11, 30, 18, 0)
    assert instant_of(local, "Asia/Shanghai") == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert instant_of(local, "Europe/Berlin") == datetime(2026, 11, 30, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "zone", "words"),
    [
        (datetime(2026, 3, 29, 2, 30), "Europe/Berlin", "does not exist"),
        (datetime(2026, 10, 25, 2, 30), "Europe/Berlin", "comes twice"),
        (datetime(2026, 3, 29, 1, 30), "Europe/London", "does not exist"),
        (datetime(2026, 11, 1, 1, 30), "America/New_York", "comes twice"),
    ],
)
def test_times_at_the_clock_change_are_refused(local: datetime, zone: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        instant_of(local, zone)


def test_who_joins_the_buyer_next_month_reads_no_draft_today(cast: Cast) -> None:
    draft = drafted(cast)
    assert draft in Project.objects.visible_to(cast.noor)
    firms.join(
        microenterprise=cast.blue_kettle, person=cast.amara, role="Chief", customer_outcome="Cold.",
        on=business_date() + timedelta(days=30), by=cast.lin,
    )  # fmt: skip
    assert draft not in Project.objects.visible_to(cast.amara)
    move_forward(timedelta(days=30))
    assert draft in Project.objects.visible_to(cast.amara)
