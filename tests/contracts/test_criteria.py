"""Criteria as sentences about the cast: frozen with the project, answered by bidders, weighed into one figure."""

import itertools
import json
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from contracts import scoring, sealing
from contracts.actions import bids, projects
from contracts.criteria import CriterionDraft
from contracts.models import Bid, Criterion, Project, SealedTerms
from contracts.queries.bids import sealed_words
from contracts.queries.projects import opened_bids, ranking_of
from contracts.sealing import Terms
from core.errors import Invalid
from core.models import AuditRecord
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, drafted, judge, opened, published
from tests.contracts.panels import CRITERIA, every_cell, three, with_answers

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def test_a_project_that_names_no_criteria_is_judged_as_a_whole(cast: Cast) -> None:
    project = published(cast, **three(cast))
    (only,) = Criterion.objects.filter(project=project)
    assert (only.title, only.judged, only.weight_bp) == ("Quality", "", 10_000)
    assert bids_on(project, cast.cold_chain, cast.amara).receipt


@pytest.mark.parametrize(
    "criteria",
    [
        [CriterionDraft("A", "x", 5_000), CriterionDraft("B", "x", 4_999)],
        [CriterionDraft("A", "x", 5_000), CriterionDraft("a ", "x", 5_000)],
        [CriterionDraft("A", " ", 10_000)],
        [CriterionDraft(" ", "x", 10_000)],
        [CriterionDraft("A", "x", 10_000), CriterionDraft("B", "x", 0)],
        [CriterionDraft(f"C{n}", "x", 1_000) for n in range(10)],
    ],
)
def test_criteria_that_make_no_sense_together_are_refused(cast: Cast, criteria: list[CriterionDraft]) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(cast, **three(cast, criteria=criteria))
    assert refused.value.field == "criteria"


def test_criteria_and_envelopes_are_frozen_at_publication_by_the_database(cast: Cast) -> None:
    project = published(cast, **three(cast, criteria=CRITERIA))
    for deed in (
        lambda: Criterion.objects.filter(project=project).update(weight_bp=5_000),
        lambda: Criterion.objects.filter(project=project).delete(),
        lambda: Criterion.objects.create(project=project, place=3, title="More", weight_bp=1),
    ):
        with pytest.raises(IntegrityError, match="criteria of a published project are frozen"), transaction.atomic():
            deed()
    with pytest.raises(IntegrityError, match="keeps its envelopes"), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(two_envelopes=True)
    assert AuditRecord.objects.get(deed="project.published").facts["criteria"][0] == {
        "title": "Service", "judged": "How a broken box is replaced within a day.", "weight_bp": 6_000,
    }  # fmt: skip


def test_weights_that_do_not_sum_are_refused_by_the_database_at_publication(cast: Cast) -> None:
    project = drafted(cast, **three(cast, criteria=CRITERIA))
    Criterion.objects.filter(project=project, place=1).update(weight_bp=5_999)
    with pytest.raises(IntegrityError, match="weigh 10,000 basis points together"), transaction.atomic():
        projects.publish(project=project, by=cast.lin)


def test_bidders_answer_each_criterion_and_the_answers_are_sealed_with_the_bid(cast: Cast) -> None:
    project = published(cast, **three(cast, criteria=CRITERIA))
    for answers in ([], ["Only one."], ["One.", " "]):
        with pytest.raises(Invalid, match="the panel judges your answer") as refused:
            bids.submit(
                project=project, microenterprise=cast.cold_chain, price_minor=1, days=1, plan="x", answers=answers,
                by=cast.amara,
            )  # fmt: skip
        assert refused.value.field in ("answer_1", "answer_2")
    bid = bids.submit(
        project=project, microenterprise=cast.cold_chain, price_minor=1, days=1, plan="x",
        answers=["Vacuum spares", "Melted"], by=cast.amara,
    )  # fmt: skip
    assert "Vacuum" not in every_cell()
    bids.revise(bid=bid, price_minor=2, days=1, plan="x", answers=["Vacuum spares, more", "Melted"], by=cast.amara)
    opened(project)
    bid.refresh_from_db()
    assert bid.answers == ["Vacuum spares, more", "Melted"]
    words = sealed_words(bid)
    assert words is not None
    assert sha256(words.text.encode()).hexdigest() == bid.receipt
    assert json.loads(words.text)["answers"] == bid.answers


def test_a_project_without_questions_takes_no_answers(cast: Cast) -> None:
    with pytest.raises(Invalid, match="more answers than criteria"):
        bids.submit(
            project=published(cast, **three(cast)), microenterprise=cast.cold_chain, price_minor=1, days=1, plan="x",
            answers=["Hello."], by=cast.amara,
        )  # fmt: skip


def test_the_length_of_a_bid_tells_nothing_of_its_answers_and_its_envelopes(cast: Cast) -> None:
    plain, asking = published(cast), published(cast, **three(cast, criteria=CRITERIA, two_envelopes=True))
    bids_on(plain, cast.cold_chain, cast.amara)
    for firm, leader, words in ((cast.cold_chain, cast.amara, "x"), (cast.northwind, cast.teo, "长" * 900)):
        bids.submit(
            project=asking, microenterprise=firm, price_minor=1, days=1, plan=words, answers=[words, words], by=leader
        )
    assert len({len(row.ciphertext) for row in SealedTerms.objects.all()}) == 1
    with pytest.raises(Invalid, match="too long together"):
        bids.revise(
            bid=Bid.objects.filter(project=asking).first(),  # type: ignore[arg-type]
            price_minor=1, days=1, plan="🧊" * 4000, answers=["🧊" * 1000, "🧊" * 1000],
            by=leader_of_first(asking, cast),
        )  # fmt: skip


def leader_of_first(project: Project, cast: Cast) -> User:
    bid = Bid.objects.filter(project=project).first()
    assert bid is not None
    return cast.amara if bid.bidder_token == sealing.bidder_token(project.pk, cast.cold_chain.pk) else cast.teo


def test_receipts_of_before_there_were_answers_and_envelopes_stay_what_they_were() -> None:
    old = {"author": "a", "days": 5, "microenterprise": "m", "nonce": "n", "plan": "Gel.", "price_minor": 70_000}
    text = json.dumps(old, separators=(",", ":"), sort_keys=True)
    terms = Terms.read(text)
    assert terms.text() == terms.whole() == text
    assert terms.receipt() == sha256(text.encode()).hexdigest()


@given(
    points=st.lists(st.integers(0, 10_000), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 9_999), min_size=0, max_size=5, unique=True),
)
def test_quality_is_the_weighed_sum_rounded_down_and_never_out_of_bounds(points: list[int], cuts: list[int]) -> None:
    edges = [0, *sorted(cuts)[: len(points) - 1], 10_000]
    weights = [high - low for low, high in itertools.pairwise(edges)]
    parts = list(zip(weights, points, strict=False))
    found = scoring.quality_points(parts)
    assert found * 10_000 <= sum(weight * figure for weight, figure in parts) < (found + 1) * 10_000
    assert min(figure for _weight, figure in parts) <= found <= max(figure for _weight, figure in parts)


@pytest.mark.parametrize("parts", [[(9_999, 1)], [(10_000, 10_001)], [(10_000, 1), (0, 1)], [(10_000, -1)], []])
def test_parts_that_are_no_whole_are_refused(parts: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="criteri"):
        scoring.quality_points(parts)


def test_agreed_figures_are_weighed_shown_and_rank_the_bids(cast: Cast) -> None:
    project, first, second = with_answers(cast)
    judge(project, {first: [5_001, 7_000], second: [9_000, 8_000]}, reason="So.")
    first.refresh_from_db()
    # (6,000 x 5,001 + 4,000 x 7,000) / 10,000 = 5,800.6
    assert first.quality_points == 5_800
    assert [part["points"] for part in first.quality_parts or []] == [5_001, 7_000]
    assert first.quality_reason == "Service: So.\nWaste: So."
    assert ranking_of(project, opened_bids(project)).complete
