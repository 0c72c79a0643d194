"""Two of a panel at the same moment, with real threads and commits: points come to light once, quality is set once."""

from contracts.actions import panel
from contracts.models import Bid, Confirmation, Consensus, Project, Score
from core.errors import DomainError
from core.models import AuditRecord
from tests.cast import Cast
from tests.contracts.market import evaluating, figures_of, give
from tests.threads import together


def three(cast: Cast) -> tuple[Project, Bid, Bid]:
    """Two envelopes; Noor, Sol and Hua judge, and Noor has given her points."""
    project, first, second = evaluating(
        cast, method="price_quality", price_weight_bp=6_000, panel=[cast.noor, cast.sol, cast.hua], two_envelopes=True
    )
    give(project, figures_of({first: 5_000, second: 5_000}), cast.noor)
    return project, first, second


def deeds(name: str) -> int:
    return AuditRecord.objects.filter(deed=f"project.{name}").count()


def test_the_last_two_submit_at_once_and_all_points_come_to_light_once(cloned_db: str, cast: Cast) -> None:
    project, first, second = three(cast)
    for somebody in (cast.sol, cast.hua):
        panel.declare_none(project=project, by=somebody)
    figures = figures_of({first: 4_000, second: 6_000})

    def submit(index: int) -> object:
        return panel.submit_scores(project=project, figures=figures, by=(cast.sol, cast.hua)[index % 2])

    outcomes = together(8, submit)
    assert sum(not isinstance(one, Exception) for one in outcomes) >= 2
    assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in outcomes), outcomes
    assert Score.objects.count() == 6
    assert deeds("points_shown") == 3


def test_the_last_two_confirm_at_once_and_quality_and_prices_are_there_once(cloned_db: str, cast: Cast) -> None:
    project, first, second = three(cast)
    figures = figures_of({first: 4_000, second: 6_000})
    for somebody in (cast.sol, cast.hua):
        give(project, figures, somebody)
    made = panel.propose(project=project, figures=figures, by=cast.noor)

    outcomes = together(8, lambda index: panel.confirm(consensus=made, by=(cast.sol, cast.hua)[index % 2]))
    assert sum(isinstance(one, Consensus) for one in outcomes) == 2
    assert all(isinstance(one, Consensus | DomainError) for one in outcomes), outcomes
    assert Confirmation.objects.count() == 2
    assert (deeds("quality_agreed"), deeds("prices_opened")) == (1, 1)
    assert set(Bid.objects.values_list("quality_points", "price_minor")) == {(4_000, 80_000_00), (6_000, 90_000_00)}


def test_a_confirmation_and_another_proposal_at_once_leave_one_of_them_in_force(cloned_db: str, cast: Cast) -> None:
    project, first, second = three(cast)
    figures = figures_of({first: 4_000, second: 6_000})
    for somebody in (cast.sol, cast.hua):
        give(project, figures, somebody)
    made = panel.propose(project=project, figures=figures, by=cast.noor)
    panel.confirm(consensus=made, by=cast.sol)

    def click(index: int) -> Consensus:
        if index % 2:
            return panel.confirm(consensus=made, by=cast.hua)
        return panel.propose(project=project, figures=figures_of({first: 1, second: 2}), by=cast.hua)

    outcomes = together(2, click)
    assert all(isinstance(one, Consensus | DomainError) for one in outcomes), outcomes
    live = Consensus.objects.exclude(status="dropped").get()
    points = set(Bid.objects.values_list("quality_points", flat=True))
    assert (live.status, points) in (("agreed", {4_000, 6_000}), ("proposed", {None}))


def test_a_conflict_and_the_last_confirmation_at_once_never_leave_voided_points_agreed(
    cloned_db: str, cast: Cast
) -> None:
    project, first, second = three(cast)
    figures = figures_of({first: 4_000, second: 6_000})
    for somebody in (cast.sol, cast.hua):
        give(project, figures, somebody)
    made = panel.propose(project=project, figures=figures, by=cast.noor)
    panel.confirm(consensus=made, by=cast.sol)

    def click(index: int) -> object:
        if index:
            return panel.confirm(consensus=made, by=cast.hua)
        return panel.declare_conflict(project=project, bid=first, reason="We are related.", by=cast.sol)

    outcomes = together(2, click)
    assert sum(isinstance(one, DomainError) for one in outcomes) == 1, outcomes
    made.refresh_from_db()
    voided = Score.objects.exclude(voided_at=None).count()
    assert (made.status, voided) in (("agreed", 0), ("dropped", 2))
