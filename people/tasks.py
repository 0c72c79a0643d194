"""The clock's errands of this room: ids only, one call, safe twice."""

from celery import shared_task

from people.digest import send_due
from people.mail import send_notice


@shared_task
def mail_notice(notice_id: str) -> None:
    """Send a notice by e-mail."""
    send_notice(notice_id)


@shared_task
def mail_alerts() -> None:
    """Send the alerts that are due by mail."""
    send_due()
