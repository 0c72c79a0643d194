"""The clock's work on settlements: ids only, one call, safe twice. The schedule is in settings."""

from celery import shared_task

from settlement import actions
from settlement.models import SettlementRun


@shared_task
def night() -> None:
    """Settle every business date that is over and not sealed; several workers share the shards."""
    actions.settle_over()


@shared_task
def work(run_id: str) -> None:
    """Help with one run that somebody started by hand."""
    actions.work_on_run(SettlementRun.objects.get(pk=run_id))
