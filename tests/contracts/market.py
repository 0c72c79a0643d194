"""Reaching the states of a project by the real actions, for the tests of this room."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from contracts.actions import awards, bids, openings, projects
from contracts.actions import panel as panel_actions
from contracts.actions.panel.figures import Figure, Place
from contracts.actions.projects import ProjectDraft
from contracts.models import Award, Bid, Project, Vendor
from core.clock import market_now, move_forward
from ledger.entities import open_entity
from microenterprises.models import Membership, Microenterprise
from people.models import User
from tests.cast import START, Cast

CEILING = 100_000_00


def a_draft(cast: Cast, **changes: Any) -> ProjectDraft:
    """Blue Kettle needs cold boxes; Noor accepts."""
    facts: dict[str, Any] = {
        "title": "Cold boxes for the last mile",
        "need": "Boxes that keep four degrees for six hours.",
        "success_measure": "Spoiled deliveries fall from 3% to 1%, measured by Noor.",
        "ceiling_minor": CEILING,
        "deadline": market_now() + timedelta(days=2),
        "deadline_zone": "Asia/Shanghai",
        "acceptor": cast.noor,
    }
    return ProjectDraft(**(facts | changes))


def quality_facts(cast: Cast) -> dict[str, Any]:
    """Criteria that weigh price 60% and quality 40%, judged by Noor."""
    return {"method": "price_quality", "price_weight_bp": 6_000, "panel": [cast.noor]}


def drafted(cast: Cast, **changes: Any) -> Project:
    return projects.create_draft(buyer=cast.blue_kettle, draft=a_draft(cast, **changes), by=cast.lin)


def published(cast: Cast, **changes: Any) -> Project:
    return projects.publish(project=drafted(cast, **changes), by=cast.lin)


def bids_on(
    project: Project,
    firm: Microenterprise | Vendor,
    leader: User,
    price_minor: int = 80_000_00,
    days: int = 20,
    plan: str = "Gel packs.",
) -> Bid:
    return bids.submit(project=project, microenterprise=firm, price_minor=price_minor, days=days, plan=plan, by=leader)


def two_bids(cast: Cast, project: Project) -> tuple[Bid, Bid]:
    """Amara asks 80,000, Teo 90,000."""
    return (
        bids_on(project, cast.cold_chain, cast.amara, 80_000_00, plan="Gel packs, tested in Qingdao."),
        bids_on(project, cast.northwind, cast.teo, 90_000_00, plan="Dry ice."),
    )


def judge(project: Project, points: Mapping[Bid, int | Sequence[int]], *, reason: str = "So.") -> None:
    """The whole panel declares, gives these points, and agrees on them."""
    panel = [row.person for row in project.panel.select_related("person").order_by("pk")]
    figures = figures_of(points, reason)
    for person in panel:
        give(project, figures, person)
    if len(panel) > 1:
        consensus = panel_actions.propose(project=project, figures=figures, by=panel[0])
        for person in panel[1:]:
            panel_actions.confirm(consensus=consensus, by=person)


def figures_of(points: Mapping[Bid, int | Sequence[int]], reason: str = "So.") -> dict[Place, Figure]:
    """The same reason everywhere; one number stands for a project with one criterion."""
    return {
        (bid.pk, place): Figure(figure, reason)
        for bid, given in points.items()
        for place, figure in enumerate([given] if isinstance(given, int) else given, start=1)
    }


def give(project: Project, figures: Mapping[Place, Figure], person: User) -> None:
    """One of the panel declares no conflict and gives their points."""
    panel_actions.declare_none(project=project, by=person)
    panel_actions.submit_scores(project=project, figures=figures, by=person)


def after_deadline(project: Project) -> None:
    """Let the market's clock pass the deadline."""
    move_forward(max(project.deadline - market_now(), timedelta(0)) + timedelta(seconds=1))


def opened(project: Project) -> Project:
    """The project with its bids opened by the clock."""
    after_deadline(project)
    openings.open_bids(project=project)
    return Project.objects.get(pk=project.pk)


def abroad(cast: Cast, leader: User) -> Microenterprise:
    """An ME that keeps its books in euros."""
    euro = Microenterprise.objects.create(
        name="Abroad",
        kind="user",
        purpose="Boxes for Europe.",
        platform=cast.platform,
        entity=open_entity(name="Abroad", kind="microenterprise", currency="EUR"),
        currency="EUR",
        launched_at=market_now(),
        launched_by=leader,
    )
    Membership.objects.create(
        microenterprise=euro,
        person=leader,
        role="Leader",
        customer_outcome="Boxes arrive.",
        is_lead=True,
        track="entrepreneur",
        started_on=START,
    )
    return euro


def evaluating(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    """A project whose two bids are open."""
    project = published(cast, **changes)
    first, second = two_bids(cast, project)
    project = opened(project)
    return project, Bid.objects.get(pk=first.pk), Bid.objects.get(pk=second.pk)


def awarded(cast: Cast) -> tuple[Award, Bid, Bid]:
    """Lin awards Amara's bid; Teo reads why."""
    project, first, second = evaluating(cast)
    made = awards.award(
        project=project,
        bid=first,
        reason="The lowest price, and tested boxes.",
        loser_reasons={second.pk: "The price is higher."},
        by=cast.lin,
    )
    return made, first, second
