"""The verbs of outside vendors: invite one to a draft, take it off, send a link again, accept a link.

The mails themselves are `vendor_mails`. Whether a link was used is told to nobody inside: it would hint who bids.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar, Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.actions import vendor_mails
from contracts.actions.projects import locked, record
from contracts.actions.vendor_mails import addresses_of
from contracts.models import InvitedVendor, Project, Vendor, VendorInvitation, VendorSeat
from contracts.models.vendors import name_beside_firm
from contracts.permissions import vendors as permissions
from contracts.permissions.standing import standing_of
from contracts.sealing import keep_deed
from core import audit
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, DomainError, Invalid
from microenterprises import names
from microenterprises.rules import check_name_is_free
from people.models import Role, User

MOST_INVITED: Final = 20
LONGEST_NAME: Final = 200
"""In letters, with the firm beside it: as long as the name of an account may be."""


class DeadLink(DomainError):
    """A link that is wrong, used or too old. Which of the three, nobody learns: there is one sentence."""

    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND
    code = "dead-link"

    def __init__(self) -> None:
        super().__init__(_("This link does not work, or no longer. Ask whoever invited you to send a new one."))


@dataclass(frozen=True, slots=True)
class NewVendor:
    """A firm as the buyer names it. country: two letters of ISO 3166-1."""

    name: str
    country: str


@transaction.atomic
def invite(
    *, project: Project, vendor: Vendor | NewVendor, email: str = "", language: str = "en", by: User
) -> InvitedVendor:
    """Invite a vendor to a draft: one that is known, or a new one with the e-mail address of somebody there.

    email: may be empty for a known vendor; then everybody who was ever written to there is. A known vendor takes no
    other address: it would seat a stranger beside whoever bids for it. Nothing is sent before the publication.
    language: in which the mail to `email` is written; the others are written to in theirs.
    Raises Denied, InvalidTransition (published), Invalid (`field` says what), Conflict (invited already).
    """
    project = locked(project)
    now = market_now()
    permissions.check_invite(project, standing_of(by, business_date(now)))
    if project.invited_vendors.count() >= MOST_INVITED:
        raise Invalid(_("A project invites at most %(most)s vendors.") % {"most": MOST_INVITED})
    email = email.strip().lower()
    firm = _written(vendor, now, by) if isinstance(vendor, NewVendor) else vendor
    known, settled = addresses_of(firm, project)
    if not email and not known and not settled:
        raise Invalid(_("Give the e-mail address of somebody at %(vendor)s.") % {"vendor": firm.name}, field="email")
    if email:
        check_address(email, firm, VendorInvitation.objects.filter(vendor_mails.told_to(project)))
        if known or settled:
            _check_known(email, firm, known)
    try:
        with transaction.atomic():
            invited = InvitedVendor.objects.create(project=project, vendor=firm, invited_at=now, invited_by=by)
    except IntegrityError as refused:
        raise Conflict(_("%(vendor)s is invited already.") % {"vendor": firm.name}) from refused
    written = known | ({email: language} if email else {})
    VendorInvitation.objects.bulk_create(
        VendorInvitation(
            project=project, vendor=firm, email=address, language=written[address], made_at=now, made_by=by
        )
        for address in sorted(written)
    )
    record(project, "vendor_invited", by=by, vendor=str(firm.pk), name=firm.name)
    return invited


def _written(asked: NewVendor, now: datetime, by: User) -> Vendor:
    """The vendor of that name and country, made when nobody has named it before.

    However the name is typed it is one firm; and it reads like no ME's, so that nobody takes one for the other.
    """
    if not names.tidy(asked.name):
        raise Invalid(_("Name the firm, or choose one that is known."), field="name")
    name = check_name_is_free(asked.name)
    if len(asked.country) != 2:
        raise Invalid(_("Choose the country of the firm."), field="country")
    known = Vendor.objects.filter(country=asked.country)
    found = next((vendor for vendor in known if names.key(vendor.name) == names.key(name)), None)
    return found or Vendor.objects.create(name=name, country=asked.country, created_at=now, created_by=by)


def _check_known(email: str, vendor: Vendor, known: Container[str]) -> None:
    """The addresses of a known vendor are settled. One sentence, whether somebody signs in for it or not."""
    if email not in known:
        raise Invalid(
            _("Write to an address that %(vendor)s is known by. HR and a steward together let another colleague in.")
            % {"vendor": vendor.name},
            field="email",
        )


def check_address(email: str, vendor: Vendor, written: QuerySet[VendorInvitation]) -> None:
    """A colleague is nobody from outside, and one person signs in for one vendor.

    written: the invitations that count. Judged by who was written to and never by accounts, so that the answer is the
    same before a link is used and after. Raises Invalid.
    """
    at = email[email.rfind("@") :]
    if User.objects.filter(email__iendswith=at).exclude(roles__contains=[Role.VENDOR.value]).exists():
        raise Invalid(
            _("People of the company have addresses at %(domain)s; write to an address of the vendor's own.")
            % {"domain": at.removeprefix("@")},
            field="email",
        )
    other = written.filter(email=email).exclude(vendor=vendor).select_related("vendor").first()
    if other is not None:
        raise Invalid(
            _("This address belongs to somebody at %(vendor)s. Invite that firm.") % {"vendor": other.vendor.name},
            field="email",
        )


@transaction.atomic
def take_off(*, project: Project, vendor: Vendor, by: User) -> None:
    """Take a vendor off the list of a draft. Raises Denied, InvalidTransition (published)."""
    project = locked(project)
    permissions.check_invite(project, standing_of(by, business_date()))
    VendorInvitation.objects.filter(project=project, vendor=vendor).delete()
    gone, _tables = InvitedVendor.objects.filter(project=project, vendor=vendor).delete()
    if not gone:
        raise Denied(_("This vendor is not invited to the project."))
    record(project, "vendor_taken_off", by=by, vendor=str(vendor.pk), name=vendor.name)


@transaction.atomic
def send_again(*, project: Project, vendor: Vendor, email: str, language: str = "", by: User) -> VendorInvitation:
    """Send a new link to a known address of an invited vendor while bids are taken. The list of vendors stays as it is.

    language: empty for the one it was written to in before. An address that has an account gets no link; nobody here
    is told which it is. Raises Denied, InvalidTransition, TooLate, Invalid.
    """
    project = locked(project)
    now = market_now()
    permissions.check_send_again(project, standing_of(by, business_date(now)), now)
    if not InvitedVendor.objects.filter(project=project, vendor=vendor).exists():
        raise Denied(_("This vendor is not invited to the project."))
    email = email.strip().lower()
    if not email:
        raise Invalid(_("Give the e-mail address of somebody at %(vendor)s.") % {"vendor": vendor.name}, field="email")
    known, _settled = addresses_of(vendor, project)
    _check_known(email, vendor, known)
    made = VendorInvitation.objects.create(
        project=project, vendor=vendor, email=email, language=language or known[email], made_at=now, made_by=by
    )
    vendor_mails.post(made.pk)
    record(project, "vendor_written_to", by=by, vendor=str(vendor.pk), name=vendor.name)
    return made


# ------------------------------------------------------------------ the other side of the link


def invitation_for(token: str) -> VendorInvitation:
    """The invitation of a link that can be used now. Two statements beside the clock's. Raises DeadLink."""
    found = (
        VendorInvitation.objects.in_force()
        .select_related("vendor", "project__buyer")
        .filter(token_sha256=vendor_mails.hashed(token), accepted_at=None, expires_at__gt=market_now())
        .first()
    )
    if found is None or User.objects.filter(email=found.email).exists():
        raise DeadLink
    return found


@transaction.atomic
def accept(*, token: str, name: str, password: str) -> User:
    """Make the account of an invited vendor's person: an account with the role `vendor` and a seat, and nothing else.

    Done by somebody who has no account yet, so there is no `by`. Raises DeadLink (wrong, used or expired), Invalid
    (`field`: name or password).
    """
    invitation = invitation_for(token)
    rows = VendorInvitation.objects.select_for_update(of=("self",)).select_related("vendor", "project")
    invitation = rows.get(pk=invitation.pk)
    now = market_now()
    if invitation.accepted_at is not None or not VendorInvitation.objects.in_force().filter(pk=invitation.pk).exists():
        raise DeadLink
    called = name_beside_firm(name, invitation.vendor)
    person = User(email=invitation.email, name=called, language=invitation.language, roles=[Role.VENDOR.value])
    if not called:
        raise Invalid(_("Write your name; the buyer reads it in the contract."), field="name")
    if len(called) > LONGEST_NAME:
        raise Invalid(_("Write a shorter name; it stands beside the name of your firm."), field="name")
    try:
        validate_password(password, person)
    except ValidationError as wrong:
        raise Invalid(" ".join(wrong.messages), field="password") from wrong
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as taken:
        raise DeadLink from taken
    VendorSeat.objects.create(vendor=invitation.vendor, person=person, seated_at=now)
    invitation.accepted_at, invitation.accepted_by = now, person
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    keep_told(invitation, "seated", person, now)
    return person


def keep_told(invitation: VendorInvitation, deed: str, by: User, now: datetime) -> None:
    """That a link was used, or was not, hints who bids: it enters the trail with the bids, sealed until then."""
    project = invitation.project
    facts = {"vendor": str(invitation.vendor_id), "name": invitation.vendor.name}
    if project.opened_at is None:
        keep_deed(
            project.pk, deed=deed, bid=invitation.vendor_id, actor=by.pk, actor_name=by.name, at=now, kind="vendor",
            **facts,
        )  # fmt: skip
    else:
        audit.record(
            by=by, deed=f"vendor.{deed}", subject=f"vendor:{invitation.vendor_id}", about=project.title, **facts
        )
