"""Receipts by mail: to the bidder only, and without a trace for anybody else.

The facts of a letter travel sealed through the broker (`sealing.seal_letter`), the task has a name that says nothing,
and a mail that cannot be sent leaves no line in a log: the receipt stands on the bidder's page as well.
"""

from datetime import datetime
from uuid import UUID

from celery.exceptions import CeleryError
from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override
from kombu.exceptions import KombuError

from contracts import sealing
from contracts.models import Project
from core.words.instants import exact
from people.models import User


def send_off(project_id: str, sealed: str) -> None:
    """Hand a letter to the broker; when the broker cannot be reached there is no letter, and no word of it either."""
    from contracts.tasks import deliver

    try:
        deliver.delay(project_id, sealed)
    except (KombuError, CeleryError, OSError):
        return


def deliver_receipt(project_id: str, sealed: str) -> None:
    """Send a receipt to who submitted. Sent twice it says the same thing twice. Raises OSError when mail is down."""
    facts = sealing.open_letter(UUID(project_id), sealed)
    person = User.objects.filter(pk=facts["person"], is_active=True).first()
    project = Project.objects.filter(pk=project_id).first()
    if person is None or project is None:
        return
    with override(person.language or "en"):
        title = project.title
        subject = _("Your receipt for “%(title)s”") % {"title": title}
        body = _(
            "Your bid on “%(title)s” (version %(revision)s) arrived at %(time)s.\n\n"
            "Receipt: %(receipt)s\n\n"
            "The receipt is the SHA-256 of what you submitted. Nobody else can read your bid, or learn that you made "
            "one, until it is opened after the deadline. You can revise or withdraw it until then:\n%(link)s"
        ) % {
            "title": title,
            "revision": facts["revision"],
            "time": exact(datetime.fromisoformat(facts["at"])),
            "receipt": facts["receipt"],
            "link": f"{settings.PUBLIC_URL}/projects/{project_id}/bid/",
        }
    send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email])
