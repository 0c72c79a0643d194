"""The clock's work on settlements: ids only, one call, safe twice. The schedule is in settings."""

from celery import shared_task

from settlement.actions import nights
from settlement.actions import payouts as paying
from settlement.exports import making


@shared_task
def night() -> None:
    """Settle every date that is over and not sealed, runs started by hand included; workers share the shards."""
    nights.settle_over()


@shared_task
def payouts() -> None:
    """Release what was approved and go on with payouts that were begun; a killed worker's work is taken up here."""
    paying.work_on_all()


@shared_task
def make_export(export_id: str) -> None:
    """Make a file somebody asked for, unless another worker does."""
    making.make(export_id)


@shared_task
def exports() -> None:
    """Make what waits or was left behind by a killed worker, and delete what has lain long enough."""
    making.make_all()
    making.tidy()
