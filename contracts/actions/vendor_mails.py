"""How outside vendors hear of a project: people who sign in by a notice, invited addresses by a mail with a link.

Everybody inside reads which vendors are invited, so telling all of them says nothing of who bids (rule 2). The token of
a link exists in the mail only: it is made when the mail is sent, and its SHA-256 is kept.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

from celery.exceptions import CeleryError
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override
from kombu.exceptions import KombuError

from contracts.models import InvitedVendor, Project, Vendor, VendorInvitation
from contracts.models.vendors import people_of_vendors
from core import parameters
from core.clock import business_date, market_now
from core.words.instants import exact
from people.models import User
from people.notices import tell

TOKEN_BYTES = 32


def people_invited(project: Project) -> list[User]:
    """Everybody who signs in for a vendor that is invited to a project. At most two statements."""
    return people_of_vendors(Vendor.objects.filter(invited_to__project=project).order_by("pk"))


def told_to(project: Project) -> Q:
    """The invitations that the buyer of a project may count on: published ones and its own, no other's drafts."""
    return Q(project__published_at__isnull=False) | Q(project__buyer=project.buyer_id)


def addresses_of(vendor: Vendor, project: Project) -> tuple[dict[str, str], bool]:
    """By which addresses the buyer of a project knows a vendor, each with the language of its last mail; whether they
    are settled.

    They are once the vendor was invited to a published project: then only those count. Before, only the buyer's own
    drafts do, so that nobody claims a firm's name by a draft.
    """
    settled = InvitedVendor.objects.filter(vendor=vendor, project__published_at__isnull=False).exists()
    counted = Q(project__published_at__isnull=False) if settled else told_to(project)
    return _languages(VendorInvitation.objects.filter(counted, vendor=vendor)), settled


def _languages(rows: QuerySet[VendorInvitation]) -> dict[str, str]:
    """Addresses with the language of their last invitation. One statement."""
    return dict(rows.order_by("made_at", "pk").values_list("email", "language"))


def _settle(project: Project) -> None:
    """At publication: a vendor that became known since it was put on the draft is written to by its own addresses.

    Else a draft kept in a drawer would seat a stranger in a firm that somebody else has brought in meanwhile. The lock
    makes two publications that name the same new firm follow each other.
    """
    now = market_now()
    for vendor in Vendor.objects.filter(invited_to__project=project).order_by("pk").select_for_update(of=("self",)):
        before = InvitedVendor.objects.filter(vendor=vendor, project__published_at__isnull=False)
        if not before.exclude(project=project).exists():
            continue
        known = VendorInvitation.objects.filter(vendor=vendor, project__published_at__isnull=False)
        addresses = _languages(known.exclude(project=project))
        own = project.vendor_invitations.filter(vendor=vendor)
        own.exclude(email__in=addresses).delete()
        mark = project.invited_vendors.get(vendor=vendor)
        VendorInvitation.objects.bulk_create(
            VendorInvitation(
                project=project,
                vendor=vendor,
                email=email,
                language=addresses[email],
                made_at=now,
                made_by_id=mark.invited_by_id,
            )
            for email in sorted(set(addresses) - set(own.values_list("email", flat=True)))
        )


def tell_invited(project: Project) -> None:
    """At publication: a notice to who has a sign-in already, a mail to every other address of the invited vendors."""
    _settle(project)
    tell(
        people_invited(project),
        lambda: _("You are invited to bid on “%(title)s”.") % {"title": project.title},
        link=f"/projects/{project.pk}/",
    )
    for pk in project.vendor_invitations.values_list("pk", flat=True):
        post(pk)


def post(invitation_id: UUID) -> None:
    """Let the mail of an invitation be sent after the commit."""
    transaction.on_commit(partial(_hand_over, str(invitation_id)), robust=True)


def _hand_over(invitation_id: str) -> None:
    """To the broker, by its id only; when the broker cannot be reached the buyer sends it again."""
    from contracts.tasks import invite_vendor

    try:
        invite_vendor.delay(invitation_id)
    except (KombuError, CeleryError, OSError):
        return


def hashed(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def send(invitation_id: str) -> bool:
    """Make the token of an invitation and mail its link, once; an address that has an account needs none.

    Nothing is kept when the mail cannot be sent. Returns whether a mail went out; raises OSError when mail is down.
    """
    rows = VendorInvitation.objects.in_force().select_for_update(of=("self",))
    row = rows.select_related("project__buyer", "vendor")
    invitation = row.filter(pk=invitation_id, sent_at=None, project__published_at__isnull=False).first()
    if invitation is None or User.objects.filter(email=invitation.email).exists():
        return False
    now, token = market_now(), secrets.token_urlsafe(TOKEN_BYTES)
    days = parameters.value("vendor_invitation_days", on=business_date(now))
    invitation.token_sha256, invitation.sent_at = hashed(token), now
    invitation.expires_at = now + timedelta(days=days)
    invitation.save(update_fields=["token_sha256", "sent_at", "expires_at"])
    _mail(invitation, token)
    return True


def is_for_the_firm(invitation: VendorInvitation) -> bool:
    """Whether a link lets somebody in for what the firm does anyway, and not to bid on the project it names."""
    return invitation.colleague_id is not None or invitation.project.deadline <= market_now()


def _mail(invitation: VendorInvitation, token: str) -> None:
    project, until = invitation.project, invitation.expires_at
    if project.buyer is None or until is None:
        return
    with override(invitation.language):
        words = {
            "title": project.title,
            "buyer": project.buyer.name,
            "vendor": invitation.vendor.name,
            "link": f"{settings.PUBLIC_URL}/vendors/invitations/{token}/",
            "until": exact(until),
            "deadline": exact(project.deadline),
        }
        subject, body = _access(words) if is_for_the_firm(invitation) else _invitation(words)
    send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [invitation.email])


def _invitation(words: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text for whom a buyer asks to bid."""
    subject = _("%(buyer)s invites %(vendor)s to bid on “%(title)s”") % words
    body = _(
        "%(buyer)s invites %(vendor)s to bid on “%(title)s”. Bids are taken until %(deadline)s.\n\n"
        "This link makes your account, once, and works until %(until)s:\n%(link)s\n\n"
        "You will see the projects you are invited to, in the same words and at the same moment as every other "
        "bidder. Your bid stays sealed until the deadline. If you do not want to bid, do nothing."
    )
    return subject, body % words


def _access(words: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text for a colleague of a firm that takes part already."""
    subject = _("Your access for %(vendor)s") % words
    body = _(
        "You are let in as a colleague of %(vendor)s.\n\n"
        "This link makes your account, once, and works until %(until)s:\n%(link)s\n\n"
        "You will see the projects and contracts of %(vendor)s as your colleagues there do. If you do not know "
        "%(vendor)s, do nothing."
    )
    return subject, body % words
