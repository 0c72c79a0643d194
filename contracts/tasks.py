"""The clock's errands of this room: ids only, one call, safe twice. What is due is asked of the market's clock."""

import logging
from typing import Final

from celery import Task, shared_task
from django.db import DatabaseError

from contracts import letters
from contracts.actions import (
    alerts,
    awards,
    contracts,
    integrity,
    milestones,
    openings,
    panel,
    releases,
    vendor_mails,
)
from contracts.queries import promises
from contracts.queries.panel import with_conflicts, with_prices_to_open
from contracts.queries.projects import due_for_opening
from core.cipher import BrokenSeal
from core.clock import business_date, market_now

log = logging.getLogger(__name__)
RELEASES_AT_ONCE: Final = 500


@shared_task
def open_due_projects() -> None:
    """Open the bids of every project whose deadline has passed; one that cannot be opened does not stop the others."""
    for project in due_for_opening():
        try:
            openings.open_bids(project=project)
        except (BrokenSeal, DatabaseError):
            # A wrong BID_KEY or a busy row: the next round tries again, and the steward sees it stay closed.
            log.exception("project %s could not be opened", project.pk)


@shared_task
def watch_panels() -> None:
    """Take out whom the rules find in a conflict of interest, and open prices that failed to open with the agreement.

    One project that fails does not stop the others.
    """
    errands = [
        *((panel.find_conflicts, project) for project in with_conflicts(business_date())),
        *((panel.open_prices, project) for project in with_prices_to_open()),
    ]
    for errand, project in errands:
        try:
            errand(project=project)
        except (BrokenSeal, DatabaseError):
            log.exception("the panel of project %s could not be watched", project.pk)


@shared_task(bind=True, max_retries=8, retry_backoff=True)
def deliver(self: "Task[[str, str], None]", project_id: str, sealed: str) -> None:
    """Send a sealed letter. Without a word when mail stays down: a log line would tell that there is one."""
    try:
        letters.deliver_receipt(project_id, sealed)
    except OSError as down:
        if self.request.retries < (self.max_retries or 0):
            raise self.retry(exc=down, countdown=30 * 2**self.request.retries) from None


@shared_task(bind=True, max_retries=8, retry_backoff=True)
def invite_vendor(self: "Task[[str], None]", invitation_id: str) -> None:
    """Mail the link of an invitation, once."""
    try:
        vendor_mails.send(invitation_id)
    except OSError as down:
        raise self.retry(exc=down, countdown=30 * 2**self.request.retries) from None


@shared_task
def work_out_promises() -> None:
    """The mean by which newcomers' promises are measured today."""
    promises.work_out_market(business_date())


@shared_task
def accept_silent_deliveries() -> None:
    """Silence for the agreed days is acceptance, contracts nobody signed in time are void, unopposed awards hold."""
    now = market_now()
    milestones.accept_silent(now)
    contracts.void_unsigned(now)
    awards.take_effect_all(now)


@shared_task
def tell_releases() -> None:
    """Tell that bids are taken where they now are, and write first releases of some of what has none."""
    releases.enter_epoch()
    releases.note_begun()
    releases.catch_up(RELEASES_AT_ONCE)


@shared_task
def tell_what_is_new() -> None:
    """Watchers hear of deadlines that are near, searchers of new projects that fit what they saved."""
    alerts.tell_of_deadlines()
    alerts.tell_of_matches()


@shared_task
def forget_old_alerts() -> None:
    """Rows of what was told long ago."""
    alerts.forget_old()


@shared_task
def look_for_red_flags() -> None:
    """Search all opened processes for red flags and prove their seals, once a business date."""
    integrity.search_if_due()
