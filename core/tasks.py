"""The clock's errands of this room: one call, safe twice."""

from celery import shared_task

from core import audit


@shared_task
def link_audit() -> None:
    """Chain the audit records that were committed since the last time."""
    audit.link()
