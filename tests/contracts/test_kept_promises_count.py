"""How an ME kept its promises counts as a part of quality that nobody judges."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from contracts import promises, proofs, scoring
from contracts.actions import contracts, panel, projects
from contracts.criteria import CriterionDraft, of_promises, rows
from contracts.models import Bid, ConsensusLine, Criterion, MarketPromise, Project
from contracts.promises import Promise
from contracts.queries.projects import opened_bids, ranking_of
from contracts.queries.promises import scores_at
from core.clock import business_date, market_now, move_forward
from core.errors import Invalid
from core.models import Parameter
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.market import drafted, evaluating, figures_of, judge, opened, published, quality_facts, two_bids
from tests.contracts.scenes import completed, signed
from tests.contracts.steward import tamper

__all__ = ["cast"]

SERVICE = CriterionDraft("Service", "How a broken box is replaced within a day.", 6_000)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def counting(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Quality counts 40 %: a quarter of it is promises kept, Noor judges the rest."""
    return quality_facts(cast) | {"criteria": [of_promises(2_500)]} | changes


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def seen(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.django_db
def test_promises_are_reckoned_at_the_deadline_and_weighed_with_what_the_panel_agrees(cast: Cast) -> None:
    """Cold Chain kept one contract of one and Northwind is new; the market keeps 80 %, counted as five contracts."""
    contract = completed(cast)
    project = published(cast, **counting(cast))
    day = business_date(project.deadline)
    MarketPromise.objects.create(day=day, contracts=9, mean_ppm=800_000)
    first, second = two_bids(cast, project)
    form = seen(as_person(cast.amara).get(f"/projects/{project.pk}/bid/"))
    assert "as of today: 10,000 of 10,000 points; they weigh 25% of quality" in form
    assert not Bid.objects.filter(quality_parts__isnull=False).exists(), (
        "nothing of it is written while bids are sealed"
    )

    project = opened(project)
    first.refresh_from_db()
    second.refresh_from_db()
    (own,), (new,) = first.quality_parts or [], second.quality_parts or []
    assert (own["points"], own["weight_bp"], new["points"]) == (8_333, 2_500, 8_000)
    assert [row["contract"] for row in own["promises"]["contracts"]] == [str(contract.pk)]
    assert promises.replayed(own["promises"]).points == 8_333
    assert first.quality_points is None
    assert contract.ended_at is not None
    earlier = scores_at([cast.cold_chain.pk], contract.ended_at)[cast.cold_chain.pk]
    assert earlier[1] == [], "what ends at the instant or later does not count"

    for forged in ([own | {"points": 9_999}], [own, own], None):
        with pytest.raises(IntegrityError), transaction.atomic():
            Bid.objects.filter(pk=first.pk).update(quality_parts=forged)
    noor = as_person(cast.noor)
    panel.declare_none(project=project, by=cast.noor)
    page = seen(noor.get(reverse("panel_score", args=[project.pk])))
    assert "Promises kept: 8,333 of 10,000 points, weighs 25%; reckoned at the deadline, not judged." in page
    assert "10,000 × (1.00 kept of 1 contract + 5 × 80% of the market) ÷ (1 + 5) = 8,333" in page
    assert "stands where the market stands, at 80%" in page
    assert page.count("Quality points") == 2, "one figure for each bid, none for promises"

    panel.submit_scores(project=project, figures=figures_of({first: 6_001, second: 9_000}), by=cast.noor)
    first.refresh_from_db()
    second.refresh_from_db()
    # (7,500 x 6,001 + 2,500 x 8,333) / 10,000 = 6,584
    assert [bid.quality_points for bid in (first, second)] == [6_584, 8_750]
    assert [part["title"] for part in first.quality_parts or []] == ["Quality", "Promises kept"]
    assert ConsensusLine.objects.filter(bid=first).count() == 1
    assert ranking_of(project, opened_bids(project)).complete

    def proved() -> tuple[int, int]:
        (proof,) = (one for one in proofs.everything() if one.name == "promises")
        return proof.checked, proof.broken

    assert proved() == (2, 0)
    detail = seen(as_person(cast.teo).get(f"/projects/{project.pk}/"))
    assert "Quality: 75% × 6,001 + 25% × 8,333 = 6,584 of 10,000 points, rounded down." in detail
    assert "Nobody judges it." in detail
    change = "UPDATE contracts_bid SET quality_parts = jsonb_set(quality_parts, '{1,points}', '9000') WHERE id = %s"
    tamper("contracts_bid", change, first.pk)
    assert proved() == (2, 1)


@pytest.mark.django_db
def test_a_project_that_does_not_count_promises_is_judged_as_before(cast: Cast) -> None:
    project, first, second = evaluating(cast, **quality_facts(cast))
    assert first.quality_parts is None
    with pytest.raises(IntegrityError, match="kept promises are given"), transaction.atomic():
        Bid.objects.filter(pk=first.pk).update(quality_parts=[{"weight_bp": 10_000, "points": 1}])
    judge(project, {first: 6_000, second: 9_000})
    first.refresh_from_db()
    assert first.quality_points == 6_000


@pytest.mark.django_db
def test_lin_lets_promises_count_in_the_form_and_finds_them_there_again(cast: Cast) -> None:
    typed = {
        "title": "Boxes", "need": "Cold.", "success_measure": "Less.", "ceiling": "1,000", "method": "price_quality",
        "price_weight": "60", "pass_mark": "0", "promises_weight": "30", "acceptor": str(cast.noor.pk),
        "deadline": (market_now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"), "zone": "Asia/Shanghai",
    }  # fmt: skip
    lin = as_person(cast.lin)
    assert lin.post("/projects/new/", typed).status_code == 303
    project = Project.objects.get()
    found = [
        (row.title, row.weight_bp, row.kind) for row in Criterion.objects.filter(project=project).order_by("place")
    ]
    assert found == [("Quality", 7_000, "judged"), ("Promises kept", 3_000, "promises")]
    assert 'name="promises_weight" value="30"' in lin.get(f"/projects/{project.pk}/edit/").content.decode()
    typed |= {"criterion_1_title": "A", "criterion_1_judged": "B", "criterion_1_weight": "80"}
    refused = lin.post(f"/projects/{project.pk}/edit/", typed)
    assert refused.status_code == 422
    assert "of kept promises sum to 100%" in seen(refused)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "criteria", [[of_promises(10_000)], [of_promises(10), of_promises(10)], [SERVICE, of_promises(1)]]
)
def test_promises_count_once_and_never_alone(cast: Cast, criteria: list[CriterionDraft]) -> None:
    with pytest.raises(Invalid):
        drafted(cast, **counting(cast, criteria=criteria))


@pytest.mark.django_db
def test_promises_cannot_count_where_quality_does_not(cast: Cast) -> None:
    draft = drafted(cast, criteria=[of_promises(2_500)])
    with pytest.raises(Invalid, match="a part of quality"):
        projects.publish(project=draft, by=cast.lin)


def test_what_promises_leave_is_judged_as_a_whole() -> None:
    assert [row.weight_bp for row in rows(Project(), [of_promises(2_500)])] == [7_500, 2_500]


# ------------------------------------------------------------------ the formula stays what it is

PAIRS = st.integers(1, 10**9).flatmap(lambda whole: st.tuples(st.just(whole), st.integers(0, whole)))
BIDDERS = st.lists(
    st.tuples(
        st.integers(0, 1_000), st.integers(0, 3), st.integers(0, scoring.FULL), st.lists(PAIRS, max_size=4)
    ),
    max_size=6,
)  # fmt: skip


@given(BIDDERS, st.integers(1, scoring.FULL - 1), st.integers(0, 1_000_000), st.data())
def test_with_promises_too_no_bid_reorders_the_others_and_the_ranking_is_replayed_from_what_is_kept(
    bidders: list[tuple[int, int, int, list[tuple[int, int]]]], weight_bp: int, mean_ppm: int, data: st.DataObject
) -> None:
    rule = scoring.Rule(scoring.Method.PRICE_QUALITY, 1_000, 4_000, 6_000)
    market = Fraction(mean_ppm, 1_000_000)
    bids: list[scoring.Bid] = []
    again: list[scoring.Bid] = []
    for number, (price, minute, judged, pairs) in enumerate(bidders):
        own = [Promise(UUID(int=1), "", NOON.date(), *pair) for pair in pairs]
        found = promises.score(own, market=market, prior=5)
        kept = promises.kept(found, own, at=NOON)
        assert promises.replayed(kept) == found
        for points, into in ((found.points, bids), (promises.replayed(kept).points, again)):
            quality = scoring.quality_points([(scoring.FULL - weight_bp, judged), (weight_bp, points)])
            into.append(scoring.Bid(str(number), price, NOON + timedelta(minutes=minute), quality))
    left = data.draw(st.lists(st.sampled_from(bids), unique=True)) if bids else []
    whole = scoring.ranking(scoring.score(bids, rule=rule, seed="s"))
    fewer = scoring.ranking(scoring.score(left, rule=rule, seed="s"))
    assert fewer == tuple(name for name in whole if name in {bid.id for bid in left})
    assert scoring.ranking(scoring.score(again, rule=rule, seed="s")) == whole


def test_a_broken_promise_is_not_pushed_out_by_contracts_in_which_nothing_fell_due(cast: Cast) -> None:
    Parameter.objects.create(name="promise_contracts", holds_from=business_date(), value=1)
    for wait in (timedelta(days=60), timedelta()):
        contract = signed(cast, title=f"After {wait}")
        move_forward(wait)
        for leader in (cast.lin, cast.amara):
            contracts.propose_end(contract=contract, reason="We changed our minds.", by=leader)
    score, counted = scores_at([cast.cold_chain.pk], market_now())[cast.cold_chain.pk]
    assert [each.title for each in counted] == ["After 60 days, 0:00:00"]
    assert score.own == 0
