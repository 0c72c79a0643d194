"""The clock's errands of this room: ids only, one call, safe twice."""

from celery import shared_task

from people.mail import send_notice


@shared_task
def mail_notice(notice_id: str) -> None:
    """Send a notice by e-mail."""
    send_notice(notice_id)
