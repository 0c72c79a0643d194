"""What becomes of the bids and contracts of an ME or team that ends: the rows it holds up, locked, and its opened bids.

Sealed bids are not looked for: the opening (`actions.openings`) waits for whoever is ending, and disqualifies the bids
of whoever is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from contracts.actions import awards
from contracts.actions.projects import locked
from contracts.lifecycle import PROJECT
from contracts.models import Bid, Contract, Project
from core.clock import market_now
from core.errors import Conflict
from microenterprises.models import Microenterprise
from people.models import User


@dataclass(frozen=True, slots=True)
class Dealings:
    """What an ME or team is in: running contracts, own projects that can be cancelled, those its opened bids are on."""

    contracts: Sequence[Contract]
    own: Sequence[Project]
    bid_on: Sequence[Project]


def lock_dealings(firm: Microenterprise) -> Dealings:
    """Lock what ends with `firm` until the transaction ends; the caller has locked its row, and posts only after this.

    Contracts before projects, as every verb of a contract; lots in the order of their numbers, as an award locks them.
    Raises Conflict when an award took effect for it while this waited.
    """
    contracts = list(_running(firm).select_for_update().order_by("pk"))
    unsigned = [row.project_id for row in contracts if row.status == Contract.Status.SIGNING]
    own = Q(buyer=firm, status__in=PROJECT.moves["cancel"][0])
    bid_on = Q(status=Project.Status.EVALUATING, pk__in=_valid_bids(firm).values("project"))
    found = Project.objects.filter(own | bid_on | Q(pk__in=unsigned)).select_for_update(no_key=True)
    projects = list(found.order_by("lot_number", "pk"))
    if _running(firm).exclude(pk__in=[row.pk for row in contracts]).exists():
        raise Conflict(_("A contract with %(me)s was drafted a moment ago. Try again.") % {"me": firm.name})
    return Dealings(
        contracts,
        [row for row in projects if row.buyer_id == firm.pk and row.pk not in unsigned],
        [row for row in projects if row.buyer_id != firm.pk],
    )


def pass_over(firm: Microenterprise, bid_on: Sequence[Project], *, by: User) -> None:
    """Take the opened bids of `firm` out of what is still decided of these, and end awards on their way for it.

    The projects are locked, and contracts that waited for its signature are void already. Called by who has decided
    that `by` may end `firm`.
    """
    undecided = _valid_bids(firm).filter(project__in=bid_on, project__status=Project.Status.EVALUATING)
    for bid in undecided.select_related("microenterprise", "vendor").order_by("project"):
        project = locked(bid.project)
        awards.pass_over(project, bid, by=by, now=market_now())


def _running(firm: Microenterprise) -> QuerySet[Contract]:
    both_sides = Contract.objects.filter(Q(buyer=firm) | Q(supplier=firm))
    return both_sides.filter(status__in=(Contract.Status.SIGNING, Contract.Status.ACTIVE))


def _valid_bids(firm: Microenterprise) -> QuerySet[Bid]:
    return Bid.objects.opened().filter(microenterprise=firm, status=Bid.Status.VALID)
