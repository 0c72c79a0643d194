"""Mail to bidders while bids are sealed: receipts, and that a project changed. To them only, without a trace.

The facts of a letter travel sealed through the broker (`sealing.seal_letter`), the task has a name that says nothing,
and a mail that cannot be sent leaves no line in a log: the receipt stands on the bidder's page as well.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from celery.exceptions import CeleryError
from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override
from kombu.exceptions import KombuError

from contracts import sealing
from contracts.bidders import speakers
from contracts.models import Bid, Project
from contracts.queries.bids import firms_of
from core.clock import business_date, market_now
from core.words.instants import exact
from people.models import User

CHANGED: Final = "changed"
"""The kind of a letter that says: the project changed. Everything else is a receipt."""


def send_off(project_id: str, sealed: str) -> None:
    """Hand a letter to the broker; when the broker cannot be reached there is no letter, and no word of it either."""
    from contracts.tasks import deliver

    try:
        deliver.delay(project_id, sealed)
    except (KombuError, CeleryError, OSError):
        return


def deliver_receipt(project_id: str, sealed: str) -> None:
    """Send what a letter says to whom it concerns. Sent twice it says the same thing twice.

    Raises OSError when mail is down.
    """
    facts = sealing.open_letter(UUID(project_id), sealed)
    if facts.get("kind") == CHANGED:
        _tell_of_change(project_id)
    else:
        _send_receipt(project_id, facts)


def _tell_of_change(project_id: str) -> None:
    """Ask those whose bids were made for the words before to confirm or revise them."""
    project = Project.objects.filter(pk=project_id, status=Project.Status.PUBLISHED).first()
    if project is None:
        return
    live = list(Bid.objects.filter(project=project, status=Bid.Status.SUBMITTED).select_related("sealed"))
    stale = sealing.stale_among(live, project)
    stale_firms = firms_of(bid for bid in live if bid.pk in stale)
    for person in (one for one in speakers(stale_firms, business_date(market_now())) if one.is_active):
        with override(person.language or "en"):
            subject = _("“%(title)s” changed: confirm your bid") % {"title": project.title}
            body = _(
                "The buyer changed “%(title)s” after you bid. Read what is different, then confirm your bid as it is "
                "or revise it. Confirming keeps your place in time; a bid that is not confirmed before %(deadline)s "
                "stays sealed for ever.\n\n%(link)s"
            ) % {
                "title": project.title,
                "deadline": exact(project.deadline),
                "link": f"{settings.PUBLIC_URL}/projects/{project_id}/bid/",
            }
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email])


def _send_receipt(project_id: str, facts: Mapping[str, str]) -> None:
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
        if facts.get("confirmed"):
            subject = _("Your bid on “%(title)s” is confirmed") % {"title": title}
            said = _("You confirmed it at %(time)s for the changed words; its place in time and its receipt stay.")
            body = said % {"time": exact(datetime.fromisoformat(facts["confirmed"]))} + "\n\n" + body
    send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email])
