"""The opening: what the clock does with the bids of a project whose deadline has passed.

The project's row is locked before anything is judged, as by every verb; bids take the same lock (`actions.bids`), so
that nothing slips in between the deadline and the opening. Who bid is known only here, so MEs and teams that are about
to end are waited for here.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from contracts import sealing
from contracts.actions import given, holds
from contracts.actions.projects import leaders, link, locked, record
from contracts.bidders import hold_firms
from contracts.lifecycle import BID, PROJECT
from contracts.models import Bid, Project, Vendor
from contracts.models.bids import CLEAR
from contracts.models.vendors import Bidder
from contracts.queries.bids import firms_of
from contracts.ranking import needs_quality
from core import audit
from core.clock import market_now
from core.errors import InvalidTransition
from core.words.instants import exact
from microenterprises.models import Microenterprise
from people.models import User
from people.notices import tell


@transaction.atomic
def open_bids(*, project: Project) -> Project:
    """Open the bids of a project whose deadline has passed: by the clock, once, however often it is asked.

    A project that is opened, cancelled or ended already is left as it is. Raises InvalidTransition before the deadline.
    """
    project = locked(project)
    now = market_now()
    if project.status != Project.Status.PUBLISHED:
        return project
    if now < project.deadline:
        raise InvalidTransition(
            _("Bids are opened after the deadline, %(deadline)s.") % {"deadline": exact(project.deadline)}
        )
    _lapse(project, now)
    valid = _unseal(project, now)
    _publish_deeds(project, now)
    if valid:
        _start_evaluation(project, valid, now)
    else:
        _end_without_bids(project, now)
    return project


def _lapse(project: Project, now: datetime) -> None:
    """Bids made for words that hold no more and never confirmed stay sealed for ever; their bidders are told."""
    live = project.bids.filter(status=Bid.Status.SUBMITTED).select_related("sealed") if project.revision > 1 else ()
    stale = sealing.stale_among(live, project)
    lapsed = [bid for bid in live if bid.pk in stale]
    for bid in lapsed:
        BID.move(bid, "lapse")
    if not lapsed:
        return
    tell(
        leaders(firms_of(lapsed), now),
        lambda: (
            _(
                "Your bid on “%(title)s” was not confirmed after the project changed, so it stays sealed for ever; "
                "nobody has read its price."
            )
            % {"title": project.title}
        ),
        link=link(project),
    )


def _unseal(project: Project, now: datetime) -> list[Bid]:
    """Set the clear columns of every submitted bid; returns the valid ones. Withdrawn bids stay sealed for ever.

    Under two envelopes the prices stay sealed: `actions.panel.open_prices` opens them once quality is agreed.
    """
    sealed = project.bids.filter(status=Bid.Status.SUBMITTED).select_related("sealed").order_by("pk")
    opened = sealing.open_all(sealed, project.pk)
    inside = [terms.microenterprise for _bid, terms in opened if not terms.vendor]
    hold_firms(inside)
    firms = Microenterprise.objects.in_bulk(inside)
    vendors = Vendor.objects.in_bulk([terms.vendor for _bid, terms in opened if terms.vendor])
    bidders: dict[str, Bidder] = {str(pk): firm for pk, firm in firms.items()}
    bidders |= {str(pk): vendor for pk, vendor in vendors.items()}
    for bid, terms in opened:
        _name(bid, bidders[terms.bidder])
        bid.author_id = UUID(terms.author)
        bid.days, bid.plan, bid.answers = terms.days, terms.plan, list(terms.answers)
        if not project.two_envelopes:
            bid.price_minor, bid.price_opened_at = terms.price_minor, now
        bid.opened_at = now
        _judge_firm(bid, bidders[terms.bidder])
    columns = [*CLEAR, "price_opened_at", "opened_at", "status", "outcome_reason"]
    Bid.objects.bulk_update([bid for bid, _terms in opened], columns)
    valid = [bid for bid, _terms in opened if bid.status == Bid.Status.VALID]
    given.give(project, valid)
    return valid


def _name(bid: Bid, bidder: Bidder) -> None:
    if isinstance(bidder, Vendor):
        bid.vendor = bidder
    else:
        bid.microenterprise = bidder


def _judge_firm(bid: Bid, firm: Bidder) -> None:
    """A bid of an ME or team that is gone cannot be signed; every other one is valid. A team is launched to sign."""
    if isinstance(firm, Vendor) or firm.status != Microenterprise.Status.DISSOLVED:
        BID.check(bid.status, "open")
        bid.status = Bid.Status.VALID
        return
    BID.check(bid.status, "disqualify")
    bid.status = Bid.Status.DISQUALIFIED
    bid.outcome_reason = _("%(me)s was dissolved before the bids were opened.") % {"me": firm.name}


def _publish_deeds(project: Project, now: datetime) -> None:
    """What was kept sealed enters the trail now, with the instants at which it happened."""
    deeds = sealing.open_deeds(project.pk)
    people = User.objects.in_bulk({row.actor for row in deeds})
    known = {str(pk): person for pk, person in people.items()}
    for row in deeds:
        audit.record(
            by=known[row.actor],
            deed=f"{row.kind}.{row.deed}",
            subject=f"{row.kind}:{row.bid}",
            about=project.title,
            project=str(project.pk),
            happened_at=row.at,
            name_then=row.actor_name,
            **row.facts,
        )
    project.sealed_events.filter(published=False).update(published=True)


def _start_evaluation(project: Project, valid: Sequence[Bid], now: datetime) -> None:
    PROJECT.move(project, "open", opened_at=now)
    record(project, "opened", by=None, bids=len(valid))
    panel = [row.person for row in project.panel.select_related("person")] if needs_quality(project) else []
    buyers = leaders([project.buyer], now)
    bidders = [person for person in leaders([bid.bidder for bid in valid], now) if person not in buyers]
    tell(panel, partial(_judge_now, project.title), link=f"{link(project)}quality/")
    tell([one for one in buyers if one not in panel], partial(_bids_are_open, project.title), link=link(project))
    tell([one for one in bidders if one not in panel], partial(_your_bid_is_open, project.title), link=link(project))


def _judge_now(title: str) -> str:
    return _("The bids on “%(title)s” are open. Judge their quality.") % {"title": title}


def _bids_are_open(title: str) -> str:
    return _("The bids on your project “%(title)s” are open.") % {"title": title}


def _your_bid_is_open(title: str) -> str:
    return _("The bids on “%(title)s” are open. See where yours stands.") % {"title": title}


def _end_without_bids(project: Project, now: datetime) -> None:
    # No reason is stored: nobody gave one. The page says in the reader's language that no valid bid came.
    PROJECT.move(project, "find_nothing", opened_at=now, ended_at=now)
    holds.release(project, by=None)
    record(project, "unsuccessful", by=None, bids=0)
    tell(
        leaders([project.buyer], now),
        lambda: (
            _("No valid bid came for “%(title)s”; what was held is back in your wallet.") % {"title": project.title}
        ),
        link=link(project),
    )
