"""The ranking of a project as it is shown, frozen with an award and worked out again: no database, unsaved rows."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts import scoring
from contracts.models import Bid, Project
from contracts.ranking import frozen, rank

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CEILING = 1_000


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Whatever a buyer may choose: lowest price with a pass mark or without, weights, one envelope or two."""
    weighs = draw(st.booleans())
    mark = draw(st.sampled_from([0, 5_000]))
    return Project(
        method=Project.Method.PRICE_QUALITY if weighs else Project.Method.LOWEST_PRICE,
        price_weight_bp=draw(st.integers(1, 9_999)) if weighs else scoring.FULL,
        ceiling_minor=CEILING,
        pass_mark=mark,
        two_envelopes=(weighs or mark > 0) and draw(st.booleans()),
        draw_seed=draw(st.text(max_size=5)),
    )


@st.composite
def judged(draw: st.DrawFn, project: Project) -> list[Bid]:
    """Opened bids once all is agreed: under two envelopes those below the mark keep their price to themselves."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        quality = draw(st.sampled_from([0, 4_999, 5_000, 10_000]))
        shut = project.two_envelopes and quality < project.pass_mark
        out = draw(st.integers(0, 5)) == 0
        found.append(
            Bid(
                id=UUID(int=number),
                status=Bid.Status.DISQUALIFIED if out else Bid.Status.VALID,
                submitted_at=NOON + timedelta(minutes=draw(st.integers(0, 2))),
                opened_at=NOON,
                price_minor=None if shut else draw(st.integers(1, CEILING)),
                quality_points=quality,
            )
        )
    return found


CASES = projects().flatmap(lambda project: st.tuples(st.just(project), judged(project)))


def order(project: Project, bids: list[Bid]) -> list[UUID]:
    return [place.bid.pk for place in rank(project, bids).places if place.rank is not None]


@given(CASES, st.data())
def test_taking_any_bids_away_never_reorders_the_rest_under_any_criteria_and_envelopes(
    case: tuple[Project, list[Bid]], data: st.DataObject
) -> None:
    project, bids = case
    kept = data.draw(st.lists(st.sampled_from(bids), unique_by=lambda bid: bid.pk)) if bids else []
    left = {bid.pk for bid in kept}
    assert order(project, kept) == [pk for pk in order(project, bids) if pk in left]


@given(CASES)
def test_what_is_frozen_with_an_award_gives_the_same_ranking_when_it_is_read_back(
    case: tuple[Project, list[Bid]],
) -> None:
    """From its JSON alone: rule, seed, prices, qualities and instants."""
    project, bids = case
    told: dict[str, Any] = json.loads(json.dumps(frozen(project, rank(project, bids))))
    facts = told["rule"]
    again = scoring.score(
        [
            scoring.Bid(
                row["bid"], row["price_minor"], datetime.fromisoformat(row["submitted_at"]), row["quality_points"]
            )
            for row in told["bids"]
        ],
        rule=scoring.Rule(**facts | {"method": scoring.Method(facts["method"])}),
        seed=told["seed"],
    )
    assert [(row.bid.id, row.rank, row.decided_by, row.draw) for row in again] == [
        (row["bid"], row["rank"], row["decided_by"], row["draw"]) for row in told["bids"]
    ]
    assert scoring.commitment(told["seed"]) == scoring.commitment(project.draw_seed)
