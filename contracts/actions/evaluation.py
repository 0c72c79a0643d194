"""What the verbs of a decision share: rows under the project's lock, reasons, and that nothing is decided yet."""

from collections.abc import Iterable
from datetime import datetime

from contracts.actions.projects import locked
from contracts.models import Award, Bid, Project
from core.clock import market_now
from core.errors import Invalid


def locked_bid(bid: Bid) -> tuple[Project, Bid, datetime]:
    """A bid with its project, whose row stays locked, and the instant read under that lock."""
    project = locked(Project(pk=bid.project_id))
    now = market_now()
    return project, Bid.objects.select_related("microenterprise", "vendor").get(pk=bid.pk), now


def locked_award(award: Award) -> tuple[Project, Award, datetime]:
    """An award with its project, whose row stays locked, and the instant read under that lock."""
    project = locked(Project(pk=award.project_id))
    now = market_now()
    return (
        project,
        Award.objects.select_related("bid__microenterprise", "bid__vendor", "awarded_by").get(pk=award.pk),
        now,
    )


def opened(project: Project) -> list[Bid]:
    """The opened bids of a project with their bidders."""
    return list(project.bids.opened().select_related("microenterprise", "vendor"))


def valid(bids: Iterable[Bid]) -> list[Bid]:
    """Those that take part in the ranking."""
    return [bid for bid in bids if bid.status == Bid.Status.VALID]


def given(reason: str, sentence: str, field: str = "reason") -> str:
    """A reason as it is kept. Raises Invalid when there is none."""
    if not reason.strip():
        raise Invalid(sentence, field=field)
    return reason.strip()


def bidder(bid: Bid) -> str:
    """Who bid, as sentences name them."""
    return bid.bidder_label
