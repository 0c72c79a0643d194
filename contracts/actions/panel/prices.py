"""The second envelope: prices that open by themselves once quality is agreed."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from contracts import sealing
from contracts.actions.projects import leaders, link, locked, record
from contracts.models import Bid, Project
from contracts.queries import panel as queries
from core.cipher import BrokenSeal
from core.clock import market_now
from people.notices import tell

log = logging.getLogger(__name__)


@transaction.atomic
def open_prices(*, project: Project) -> int:
    """Open the prices of the bids that meet the pass mark, once quality is agreed: by the clock; how many.

    Runs in the transaction of the last confirmation, and again by the clock should that have failed. The price of a bid
    below the mark, or out for another reason, stays sealed for ever. Safe twice. Raises BrokenSeal.
    """
    project = locked(project)
    now = market_now()
    if not project.two_envelopes or project.status != Project.Status.EVALUATING:
        return 0
    bids = list(project.bids.opened().select_related("sealed", "microenterprise", "vendor").order_by("pk"))
    if queries.unscored(project, bids):
        return 0
    waiting = [
        bid
        for bid in bids
        if bid.status == Bid.Status.VALID
        and bid.price_opened_at is None
        and (bid.quality_points or 0) >= project.pass_mark
    ]
    for bid, terms in sealing.open_all(waiting, project.pk):
        bid.price_minor, bid.price_opened_at = terms.price_minor, now
    Bid.objects.bulk_update(waiting, ["price_minor", "price_opened_at"])
    if waiting:
        sealed = sum(bid.price_opened_at is None for bid in bids)
        record(project, "prices_opened", by=None, bids=len(waiting), stay_sealed=sealed)
        _tell_prices(project, waiting, now)
    return len(waiting)


def open_prices_now(project: Project) -> None:
    """Open the prices with the last confirmation; should that fail, what is agreed stands and the clock tries again."""
    try:
        open_prices(project=project)
    except (BrokenSeal, DatabaseError):
        log.exception("the prices of project %s could not be opened", project.pk)


def _tell_prices(project: Project, opened: Iterable[Bid], now: datetime) -> None:
    people = leaders([project.buyer, *(bid.bidder for bid in opened)], now)
    tell(
        people,
        lambda: _("The prices on “%(title)s” are open: quality is agreed.") % {"title": project.title},
        link=link(project),
    )
