"""The panel as sentences about the cast: criteria, interests, points apart, one figure together, two envelopes."""

import itertools
import json
import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from contracts import scoring, sealing
from contracts.actions import awards, bids, panel, projects
from contracts.actions.panel.figures import Figure
from contracts.criteria import CriterionDraft
from contracts.models import (
    Bid,
    Consensus,
    Criterion,
    Declaration,
    Panelist,
    Project,
    ReplacementRequest,
    Score,
    SealedScores,
    SealedTerms,
    WrappedKey,
)
from contracts.queries.bids import sealed_words
from contracts.queries.panel import with_conflicts
from contracts.queries.projects import opened_bids, ranking_of
from contracts.sealing import BrokenSeal, Terms
from contracts.tasks import watch_panels
from core.clock import business_date
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.models import AuditRecord, Parameter
from microenterprises.models import Membership
from people.models import Notice, User
from tests.cast import Cast, cast, person
from tests.contracts.market import (
    bids_on,
    drafted,
    evaluating,
    figures_of,
    give,
    judge,
    opened,
    published,
)

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

CRITERIA = (
    CriterionDraft("Service", "How a broken box is replaced within a day.", 6_000),
    CriterionDraft("Waste", "What becomes of worn boxes.", 4_000),
)


def three(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Quality counts 40%; Noor, Sol and Hua judge."""
    facts = {"method": "price_quality", "price_weight_bp": 6_000, "panel": [cast.noor, cast.sol, cast.hua]}
    return facts | changes


def told(somebody: User) -> list[str]:
    return list(Notice.objects.filter(person=somebody).order_by("created_at").values_list("sentence", flat=True))


def deeds(project: Project) -> list[str]:
    return list(
        AuditRecord.objects.filter(subject=f"project:{project.pk}").order_by("pk").values_list("deed", flat=True)
    )


def status_of(project: Project, somebody: User) -> str:
    return Panelist.objects.get(project=project, person=somebody).status


def every_cell() -> str:
    """Everything a reader of the database finds in every table, as text; ciphertext and hashes left out, for a number
    may stand in them by chance."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return re.sub(r"[0-9a-f]{30,}", "", "\n".join(found))


def with_answers(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    """Two criteria that ask; Amara and Teo answer both; the bids are open."""
    project = published(cast, **three(cast, criteria=CRITERIA, **changes))
    first = bids.submit(
        project=project, microenterprise=cast.cold_chain, price_minor=80_000_00, days=20, plan="Gel packs.",
        answers=["A spare box on every van.", "We melt them down."], by=cast.amara,
    )  # fmt: skip
    second = bids.submit(
        project=project, microenterprise=cast.northwind, price_minor=90_000_00, days=20, plan="Dry ice.",
        answers=["Within four hours.", "None: they are leased."], by=cast.teo,
    )  # fmt: skip
    opened(project)
    project.refresh_from_db()
    return project, Bid.objects.get(pk=first.pk), Bid.objects.get(pk=second.pk)


# ------------------------------------------------------------------ criteria


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


# ------------------------------------------------------------------ apart, then together


def test_points_are_absent_until_everybody_has_given_theirs(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    before = every_cell()
    give(project, figures_of({first: 7_351, second: 2_468}, "Melts in Turpan"), cast.noor)
    give(project, figures_of({first: 6_000, second: 3_000}), cast.sol)
    new = "\n".join(set(every_cell().splitlines()) - set(before.splitlines()))
    for secret in ("7351", "2468", "Turpan"):
        assert secret not in new
    assert not Score.objects.exists()
    assert panel.read_own_scores(project=project, by=cast.noor)[first.pk, 1] == Figure(7_351, "Melts in Turpan")
    assert panel.read_own_scores(project=project, by=cast.lin) == {}
    assert len({len(row.ciphertext) for row in SealedScores.objects.all()}) == 1
    give(project, figures_of({first: 5_000, second: 5_000}), cast.hua)
    assert Score.objects.filter(voided_at=None).count() == 6
    assert Score.objects.get(panelist__person=cast.noor, bid=first).points == 7_351
    assert "Everybody has given their points" in told(cast.noor)[-1]


def test_the_database_itself_refuses_points_before_everybody_gave_theirs(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    seat = Panelist.objects.get(project=project, person=cast.noor)
    criterion = Criterion.objects.get(project=project)
    with pytest.raises(IntegrityError, match="everybody who judges has given theirs"), transaction.atomic():
        Score.objects.create(panelist=seat, bid=first, criterion=criterion, points=1, reason="x")


def test_points_of_one_panelist_moved_to_another_cannot_be_opened(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    give(project, figures_of({first: 9, second: 9}), cast.sol)
    moved = SealedScores.objects.get(panelist__person=cast.sol).ciphertext
    SealedScores.objects.filter(panelist__person=cast.noor).update(ciphertext=moved)
    with pytest.raises(BrokenSeal):
        panel.read_own_scores(project=project, by=cast.noor)


def test_points_may_be_kept_and_changed_until_the_last_has_given_theirs(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    panel.declare_none(project=project, by=cast.noor)
    panel.keep_scores(project=project, figures={(first.pk, 1): Figure(10, "")}, by=cast.noor)
    assert status_of(project, cast.noor) == "ready"
    with pytest.raises(Invalid, match="every bid and every criterion"):
        panel.submit_scores(project=project, figures={(first.pk, 1): Figure(10, "x")}, by=cast.noor)
    with pytest.raises(Invalid, match="Say why"):
        panel.submit_scores(project=project, figures=figures_of({first: 1, second: 1}, " "), by=cast.noor)
    with pytest.raises(Invalid, match="between 0 and 10,000"):
        panel.submit_scores(project=project, figures=figures_of({first: 1, second: 10_001}), by=cast.noor)
    for points in (1_000, 2_000):
        panel.submit_scores(project=project, figures=figures_of({first: points, second: 1}), by=cast.noor)
    with pytest.raises(InvalidTransition, match="with the panel already"):
        panel.keep_scores(project=project, figures={}, by=cast.noor)
    for other in (cast.sol, cast.hua):
        give(project, figures_of({first: 1, second: 1}), other)
    assert Score.objects.get(panelist__person=cast.noor, bid=first).points == 2_000
    with pytest.raises(InvalidTransition, match="they stand now"):
        panel.submit_scores(project=project, figures=figures_of({first: 3, second: 1}), by=cast.noor)


def all_in(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    project, first, second = evaluating(cast, **three(cast, **changes))
    for number, somebody in enumerate((cast.noor, cast.sol, cast.hua)):
        give(project, figures_of({first: 4_000 + number, second: 8_000 - number}), somebody)
    return project, first, second


def test_quality_is_set_only_when_all_the_others_have_confirmed_one_figure(cast: Cast) -> None:
    project, first, second = all_in(cast)
    made = panel.propose(project=project, figures=figures_of({first: 4_100, second: 7_900}), by=cast.sol)
    assert made.needed == 2
    with pytest.raises(InvalidTransition, match="the others confirm"):
        panel.confirm(consensus=made, by=cast.sol)
    panel.confirm(consensus=made, by=cast.noor)
    with pytest.raises(Conflict, match="confirmed these figures already"):
        panel.confirm(consensus=made, by=cast.noor)
    first.refresh_from_db()
    assert not Bid.objects.exclude(quality_points=None).exists()
    assert not ranking_of(project, opened_bids(project)).complete
    panel.confirm(consensus=made, by=cast.hua)
    first.refresh_from_db()
    assert (first.quality_points, first.scored_by) == (4_100, cast.hua)
    assert ranking_of(project, opened_bids(project)).complete
    assert "agreed on the quality" in told(cast.lin)[-1]
    assert deeds(project)[-8:] == [
        "project.points_submitted", "project.points_shown", "project.points_shown", "project.points_shown",
        "project.figures_proposed", "project.figures_confirmed", "project.figures_confirmed", "project.quality_agreed",
    ]  # fmt: skip
    with pytest.raises(InvalidTransition):
        panel.confirm(consensus=made, by=cast.hua)
    with pytest.raises(InvalidTransition):
        panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.noor)


def test_a_new_proposal_takes_the_old_one_off_the_table_with_its_confirmations(cast: Cast) -> None:
    project, first, second = all_in(cast)
    old = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.sol)
    panel.confirm(consensus=old, by=cast.noor)
    new = panel.propose(project=project, figures=figures_of({first: 2, second: 2}), by=cast.hua)
    with pytest.raises(InvalidTransition, match="not on the table any more"):
        panel.confirm(consensus=old, by=cast.hua)
    assert new.confirmations.count() == 0
    old.refresh_from_db()
    assert old.status == "dropped"


def test_nobody_proposes_before_everybody_gave_their_points(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    with pytest.raises(InvalidTransition, match="Waiting for Hua, Sol"):
        panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.noor)


def test_how_many_confirm_is_a_dated_parameter(cast: Cast) -> None:
    Parameter.objects.create(name="consensus_confirming_percent", holds_from=date(2026, 1, 1), value=50)
    project, first, second = all_in(cast)
    made = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.sol)
    assert made.needed == 1
    panel.confirm(consensus=made, by=cast.noor)
    made.refresh_from_db()
    assert made.status == "agreed"


def test_who_judges_alone_agrees_with_their_own_points(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast, panel=[cast.noor]))
    give(project, figures_of({first: 1_000, second: 2_000}), cast.noor)
    assert Consensus.objects.get().status == "agreed"
    second.refresh_from_db()
    assert second.quality_points == 2_000


def test_the_database_refuses_quality_that_nobody_agreed_on(cast: Cast) -> None:
    project, first, second = all_in(cast)
    with pytest.raises(IntegrityError, match="what the panel agreed on"), transaction.atomic():
        Bid.objects.filter(pk=first.pk).update(quality_points=9_999)
    made = panel.propose(project=project, figures=figures_of({first: 10, second: 20}), by=cast.sol)
    with pytest.raises(IntegrityError, match="enough of the panel confirmed"), transaction.atomic():
        Consensus.objects.filter(pk=made.pk).update(status="agreed", ended_at=made.proposed_at)
    for somebody in (cast.noor, cast.hua):
        panel.confirm(consensus=made, by=somebody)
    for deed in (
        lambda: Bid.objects.filter(pk=first.pk).update(quality_points=11),
        lambda: Bid.objects.filter(pk=first.pk).update(quality_points=None),
        lambda: Consensus.objects.filter(pk=made.pk).update(status="dropped"),
        lambda: Score.objects.update(points=1),
        lambda: Score.objects.all().delete(),
        lambda: Declaration.objects.all().delete(),
        lambda: made.confirmations.all().delete(),
        lambda: made.lines.update(points=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()


def test_a_disqualified_bid_needs_no_points(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    awards.disqualify(bid=first, reason="Against the law.", by=cast.lin)
    judge(project, {second: 5_000})
    first.refresh_from_db()
    assert first.quality_points is None
    assert ranking_of(project, opened_bids(project)).complete


# ------------------------------------------------------------------ conflicts of interest


def test_nobody_gives_points_before_they_declared(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    with pytest.raises(Denied, match="Say first whether"):
        panel.submit_scores(project=project, figures=figures_of({first: 1, second: 1}), by=cast.noor)
    panel.declare_none(project=project, by=cast.noor)
    with pytest.raises(InvalidTransition):
        panel.declare_none(project=project, by=cast.noor)
    for outsider in (cast.lin, cast.amara, cast.ada):
        with pytest.raises(Denied, match="Only the panel"):
            panel.declare_none(project=project, by=outsider)


def test_before_the_opening_nothing_is_declared(cast: Cast) -> None:
    project = published(cast, **three(cast))
    bid = bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(InvalidTransition, match="sealed until"):
        panel.declare_none(project=project, by=cast.noor)
    with pytest.raises(InvalidTransition, match="sealed until"):
        panel.declare_conflict(project=project, bid=bid, reason="x", by=cast.noor)


def test_where_only_the_price_counts_nothing_is_declared(cast: Cast) -> None:
    project, _first, _second = evaluating(cast, panel=[cast.noor])
    with pytest.raises(InvalidTransition, match="Only the price counts"):
        panel.declare_none(project=project, by=cast.noor)


def test_a_declared_conflict_takes_out_at_once_and_voids_what_was_given(cast: Cast) -> None:
    project, first, second = all_in(cast)
    made = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.hua)
    with pytest.raises(Invalid, match="connects you"):
        panel.declare_conflict(project=project, bid=first, reason=" ", by=cast.sol)
    panel.declare_conflict(project=project, bid=first, reason="Amara is my sister.", by=cast.sol)
    assert status_of(project, cast.sol) == "conflicted"
    assert Score.objects.filter(panelist__person=cast.sol, voided_at=None).count() == 0
    assert Score.objects.filter(voided_at=None).count() == 4
    made.refresh_from_db()
    assert made.status == "dropped"
    for deed in (
        lambda: panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.sol),
        lambda: panel.declare_none(project=project, by=cast.sol),
        lambda: panel.declare_conflict(project=project, bid=first, reason="Again.", by=cast.sol),
    ):
        with pytest.raises(Denied, match="conflict of interest"):
            deed()
    again = panel.propose(project=project, figures=figures_of({first: 1, second: 1}), by=cast.hua)
    assert again.needed == 1
    assert "Sol left the panel" in told(cast.lin)[-1]
    with pytest.raises(IntegrityError, match="does not come back"), transaction.atomic():
        Panelist.objects.filter(person=cast.sol).update(status="ready")


def test_who_is_awaited_and_leaves_lets_the_others_go_on(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    give(project, figures_of({first: 2, second: 2}), cast.sol)
    assert not Score.objects.exists()
    panel.declare_conflict(project=project, bid=second, reason="I invested in it.", by=cast.hua)
    assert Score.objects.count() == 4


def test_the_steward_records_a_conflict_and_nobody_else_does(cast: Cast) -> None:
    project, first, _second = all_in(cast)
    for outsider in (cast.lin, cast.rui, cast.noor, cast.teo):
        with pytest.raises(Denied, match="Only the steward"):
            panel.record_conflict(project=project, person=cast.sol, bid=first, reason="Seen.", by=outsider)
    with pytest.raises(Invalid, match="not on this panel"):
        panel.record_conflict(project=project, person=cast.teo, bid=first, reason="Seen.", by=cast.ada)
    panel.record_conflict(project=project, person=cast.sol, bid=first, reason="Seen at dinner.", by=cast.ada)
    assert status_of(project, cast.sol) == "conflicted"
    assert "You no longer judge" in told(cast.sol)[-1]
    with pytest.raises(InvalidTransition):
        panel.record_conflict(project=project, person=cast.sol, bid=first, reason="Again.", by=cast.ada)
    facts = AuditRecord.objects.get(deed="project.conflict_found").facts
    assert (facts["person"], facts["says"], facts["voided"]) == (str(cast.sol.pk), "recorded", 2)


def joined(somebody: User, firm: Any, *, since: date, until: date | None = None) -> None:
    Membership.objects.create(
        microenterprise=firm, person=somebody, role="Helper", customer_outcome="x", track="stable", started_on=since,
        ended_on=until,
    )  # fmt: skip


def test_a_member_of_a_bidder_is_found_by_the_clock_and_at_once_at_the_door(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 1, second: 1}), cast.noor)
    joined(cast.noor, cast.cold_chain, since=business_date())
    with pytest.raises(Denied, match="conflict of interest"):
        panel.submit_scores(project=project, figures=figures_of({first: 2, second: 1}), by=cast.noor)
    watch_panels()
    assert status_of(project, cast.noor) == "conflicted"
    found = Declaration.objects.get(says="member")
    assert (found.bid, found.reason, found.made_by) == (first, "Cold Chain", None)
    watch_panels()
    assert Declaration.objects.exclude(says="none").count() == 1


@pytest.mark.parametrize(("days", "status"), [(1, "conflicted"), (364, "conflicted"), (366, "named")])
def test_who_left_a_bidder_not_long_ago_does_not_judge(cast: Cast, days: int, status: str) -> None:
    project, _first, _second = evaluating(cast, **three(cast))
    left = business_date() - timedelta(days=days)
    joined(cast.sol, cast.northwind, since=left - timedelta(days=30), until=left)
    assert with_conflicts(business_date()).count() == (status == "conflicted")
    watch_panels()
    assert status_of(project, cast.sol) == status


def test_how_long_ago_is_a_dated_parameter(cast: Cast) -> None:
    Parameter.objects.create(name="conflict_lookback_days", holds_from=date(2026, 1, 1), value=10)
    project, _first, _second = evaluating(cast, **three(cast))
    left = business_date() - timedelta(days=20)
    joined(cast.sol, cast.northwind, since=left - timedelta(days=30), until=left)
    assert panel.find_conflicts(project=project) == 0


def test_who_shares_an_me_with_the_author_of_a_bid_does_not_judge(cast: Cast) -> None:
    _project, first, _second = evaluating(cast, **three(cast))
    assert not with_conflicts(business_date()).exists()
    joined(cast.amara, cast.blue_kettle, since=business_date())
    watch_panels()
    assert not with_conflicts(business_date()).exists()
    found = Declaration.objects.get()
    assert (found.says, found.panelist.person, found.bid, found.reason) == (
        "shares_me",
        cast.noor,
        first,
        "Blue Kettle",
    )


def test_points_of_somebody_found_out_do_not_count_when_the_last_comes(cast: Cast) -> None:
    project, first, second = evaluating(cast, **three(cast))
    give(project, figures_of({first: 9_999, second: 1}), cast.noor)
    give(project, figures_of({first: 5, second: 5}), cast.sol)
    joined(cast.noor, cast.cold_chain, since=business_date())
    give(project, figures_of({first: 6, second: 6}), cast.hua)
    assert set(Score.objects.values_list("panelist__person", flat=True)) == {cast.sol.pk, cast.hua.pk}
    assert status_of(project, cast.noor) == "conflicted"


def vacant(cast: Cast) -> tuple[Project, Bid, Bid]:
    project, first, second = evaluating(cast, **three(cast, panel=[cast.noor, cast.sol]))
    for somebody in (cast.noor, cast.sol):
        panel.declare_conflict(project=project, bid=first, reason="We are related.", by=somebody)
    return project, first, second


def test_with_nobody_left_the_buyer_asks_and_the_steward_names_somebody_from_outside(cast: Cast) -> None:
    project, first, second = vacant(cast)
    assert "Ask the steward for a new member" in told(cast.lin)[-1]
    with pytest.raises(InvalidTransition, match="has not asked"):
        panel.name_replacement(project=project, person=cast.hua, by=cast.ada)
    for outsider in (cast.noor, cast.amara, cast.ada):
        with pytest.raises(Denied, match="Only the leader of Blue Kettle"):
            panel.ask_for_replacement(project=project, reason="x", by=outsider)
    panel.ask_for_replacement(project=project, reason="Somebody who knows boxes.", by=cast.lin)
    with pytest.raises(InvalidTransition, match="asked already"):
        panel.ask_for_replacement(project=project, reason="Again.", by=cast.lin)
    assert "Name a panel member" in told(cast.ada)[-1]
    with pytest.raises(Denied, match="Only the steward names"):
        panel.name_replacement(project=project, person=cast.hua, by=cast.lin)
    vendor = person("Vendor", "vendor")
    for nobody in (cast.mei, cast.noor, vendor, cast.ada):
        with pytest.raises(Invalid):
            panel.name_replacement(project=project, person=nobody, by=cast.ada)
    named = panel.name_replacement(project=project, person=cast.hua, by=cast.ada)
    assert (named.named_by, named.status) == (cast.ada, "named")
    assert ReplacementRequest.objects.get().panelist == named
    with pytest.raises(InvalidTransition):
        panel.name_replacement(project=project, person=cast.fay, by=cast.ada)
    give(project, figures_of({first: 3_000, second: 4_000}), cast.hua)
    first.refresh_from_db()
    assert first.quality_points == 3_000


def test_the_panel_stays_fixed_but_for_the_replacement_that_was_asked_for(cast: Cast) -> None:
    project, _first, _second = evaluating(cast, **three(cast))
    with pytest.raises(InvalidTransition, match="is left on the panel"):
        panel.ask_for_replacement(project=project, reason="x", by=cast.lin)
    now = project.opened_at
    with pytest.raises(IntegrityError, match="panel of a published project is fixed"), transaction.atomic():
        Panelist.objects.create(project=project, person=cast.fay, named_at=now, named_by=cast.ada)
    with pytest.raises(IntegrityError, match="for one person"), transaction.atomic():
        Panelist.objects.filter(project=project).update(person=cast.fay)


# ------------------------------------------------------------------ two envelopes


def two_envelopes(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    return evaluating(cast, **three(cast, panel=[cast.noor, cast.sol], two_envelopes=True, pass_mark=5_000, **changes))


def test_two_envelopes_need_quality_that_counts(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        projects.publish(project=drafted(cast, two_envelopes=True), by=cast.lin)
    assert refused.value.field == "two_envelopes"


def test_at_the_opening_prices_stay_absent(cast: Cast) -> None:
    project = published(cast, **three(cast, two_envelopes=True))
    bids_on(project, cast.cold_chain, cast.amara, price_minor=73_123_45)
    bids_on(project, cast.northwind, cast.teo, price_minor=61_987_65)
    opened(project)
    assert set(Bid.objects.values_list("price_minor", "price_opened_at", "plan")) == {(None, None, "Gel packs.")}
    found = every_cell()
    assert "7312345" not in found
    assert "6198765" not in found
    with pytest.raises(IntegrityError, match="sealed until quality is agreed"), transaction.atomic():
        Bid.objects.filter(project=project).update(price_minor=1, price_opened_at=project.deadline)


def test_prices_open_with_the_last_confirmation_and_below_the_mark_never(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    assert not ranking_of(project, opened_bids(project)).complete
    judge(project, {first: 4_999, second: 5_000})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.price_minor, first.price_opened_at) == (None, None)
    assert second.price_minor == 90_000_00
    ranking = ranking_of(project, opened_bids(project))
    assert ranking.complete
    assert [(place.bid, place.rank) for place in ranking.places] == [(second, 1), (first, None)]
    assert deeds(project)[-2:] == ["project.quality_agreed", "project.prices_opened"]
    assert AuditRecord.objects.get(deed="project.prices_opened").facts == {"bids": 1, "stay_sealed": 1}
    assert panel.open_prices(project=project) == 0
    assert awards.award(
        project=project, bid=second, reason="The only one.", loser_reasons={first.pk: "Below the mark."}, by=cast.lin
    )
    first.refresh_from_db()
    assert first.price_minor is None
    with pytest.raises(IntegrityError, match="below the pass mark for ever"), transaction.atomic():
        Bid.objects.filter(pk=first.pk).update(price_minor=80_000_00, price_opened_at=second.price_opened_at)


def test_a_bid_below_the_mark_cannot_win(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    judge(project, {first: 4_999, second: 5_000})
    with pytest.raises(InvalidTransition, match="below the pass mark"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)


def test_before_prices_are_open_nothing_is_awarded(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    with pytest.raises(InvalidTransition, match="has not judged"):
        awards.award(project=project, bid=first, reason="x", loser_reasons={second.pk: "y"}, by=cast.lin)


def test_prices_that_failed_to_open_are_opened_by_the_clock(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    figures = figures_of({first: 6_000, second: 7_000})
    for somebody in (cast.noor, cast.sol):
        give(project, figures, somebody)
    made = panel.propose(project=project, figures=figures, by=cast.noor)
    key = WrappedKey.objects.filter(name=f"project:{project.pk}")
    kept = bytes(key.get().wrapped)
    key.update(wrapped=b"x" * 60)
    panel.confirm(consensus=made, by=cast.sol)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.quality_points, first.price_minor, second.price_minor) == (6_000, None, None)
    assert not ranking_of(project, opened_bids(project)).complete
    watch_panels()
    key.update(wrapped=kept)
    watch_panels()
    first.refresh_from_db()
    assert first.price_minor == 80_000_00
    assert ranking_of(project, opened_bids(project)).complete


def test_a_receipt_can_be_checked_while_the_price_is_sealed_and_the_price_afterwards(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    words = sealed_words(first)
    assert words is not None
    assert sha256(words.text.encode()).hexdigest() == first.receipt
    assert words.price == ""
    assert "price_minor" not in words.text
    assert "8000000" not in words.text
    judge(project, {first: 6_000, second: 100})
    first.refresh_from_db()
    second.refresh_from_db()
    words = sealed_words(first)
    assert words is not None
    assert json.loads(words.text)["price_seal"] == sha256(words.price.encode()).hexdigest()
    assert json.loads(words.price)["price_minor"] == first.price_minor
    low = sealed_words(second)
    assert low is not None
    assert low.price == ""


def test_the_bidder_alone_reads_their_own_sealed_terms_before_the_opening(cast: Cast) -> None:
    project = published(cast, **three(cast, two_envelopes=True))
    bid = bids_on(project, cast.cold_chain, cast.amara, price_minor=50_000_00)
    assert bids.read_own_bid(bid=bid, by=cast.amara).price_minor == 50_000_00
    with pytest.raises(Denied):
        bids.read_own_bid(bid=bid, by=cast.lin)


def test_when_nobody_meets_the_mark_no_price_is_opened_and_the_buyer_ends_it(cast: Cast) -> None:
    project, first, second = two_envelopes(cast)
    judge(project, {first: 1, second: 2})
    assert set(Bid.objects.filter(project=project).values_list("price_minor", flat=True)) == {None}
    assert awards.no_award(project=project, reason="Nobody is good enough.", by=cast.lin).status == "unsuccessful"


def test_a_cancelled_project_keeps_its_prices_sealed(cast: Cast) -> None:
    project, first, _second = two_envelopes(cast)
    projects.cancel(project=project, reason="Not needed.", by=cast.lin)
    with pytest.raises(InvalidTransition):
        panel.declare_none(project=project, by=cast.noor)
    watch_panels()
    first.refresh_from_db()
    assert first.price_minor is None
