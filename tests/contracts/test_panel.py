"""The panel as sentences about the cast: points apart, then one figure together."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from contracts.actions import awards, panel
from contracts.actions.panel.figures import Figure
from contracts.models import Bid, Consensus, Criterion, Declaration, Panelist, Score, SealedScores
from contracts.queries.projects import opened_bids, ranking_of
from core.cipher import BrokenSeal
from core.errors import Conflict, Invalid, InvalidTransition
from core.models import Parameter
from tests.cast import Cast, cast
from tests.contracts.market import evaluating, figures_of, give, judge
from tests.contracts.panels import all_in, deeds, every_cell, status_of, three, told

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


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
