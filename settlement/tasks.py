"""The clock's work on settlements: ids only, one call, safe twice. The schedule is in settings."""

from celery import shared_task

from settlement.actions import nights


@shared_task
def night() -> None:
    """Settle every date that is over and not sealed, runs started by hand included; workers share the shards."""
    nights.settle_over()
