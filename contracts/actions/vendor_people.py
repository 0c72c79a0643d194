"""The verbs by which HR keeps the people of known vendors: ask to let another in, write again, withdraw an address.

Whoever signs in for a firm reads its sealed bids. So nobody alone lets a person in, whatever the firm does just now:
HR asks, the steward agrees, and all who sign in for the firm already are told. Writing again to an address that the
firm is known by seats nobody new, and a withdrawn address seats nobody at all; those HR does alone.
"""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.actions import vendor_mails
from contracts.actions.vendors import check_address, keep_told
from contracts.models import FurtherColleague, Project, Vendor, VendorInvitation
from contracts.models.vendors import people_of_vendors
from contracts.permissions import vendors as permissions
from contracts.queries.vendors import open_addresses
from core import audit
from core.clock import market_now
from core.errors import Conflict, Invalid, InvalidTransition
from people.models import Role, User
from people.notices import tell


def link(vendor: Vendor) -> str:
    """The page on which the people of a vendor are kept."""
    return f"/vendors/{vendor.pk}/"


def _record(colleague: FurtherColleague, deed: str, *, by: User) -> None:
    vendor = colleague.vendor
    audit.record(by=by, deed=f"vendor.{deed}", subject=f"vendor:{vendor.pk}", about=vendor.name, email=colleague.email)


# ------------------------------------------------------------------ another colleague


@transaction.atomic
def ask(*, vendor: Vendor, email: str, reason: str, language: str = "en", by: User) -> FurtherColleague:
    """Ask to let another person of a known vendor in. Nothing is sent before a steward agrees.

    reason: how it was made sure that the person belongs to the firm; the steward reads it. language: of the
    mail with the link. Raises Denied, Invalid
    (`field`: email or reason), Conflict (asked already).
    """
    permissions.check_keep(by)
    vendor = _locked(vendor)
    email, reason = email.strip().lower(), reason.strip()
    if not email:
        raise Invalid(_("Give the e-mail address of somebody at %(vendor)s.") % {"vendor": vendor.name}, field="email")
    if not reason:
        raise Invalid(_("Say how you made sure that this person belongs to the firm."), field="reason")
    if email in open_addresses(vendor):
        raise Invalid(_("The firm is known by this address. Send it a new link instead."), field="email")
    check_address(email, vendor, _published())
    try:
        with transaction.atomic():
            made = FurtherColleague.objects.create(
                vendor=vendor, email=email, reason=reason, language=language, asked_at=market_now(), asked_by=by
            )
    except IntegrityError as refused:
        raise Conflict(_("Somebody asked for this person already.")) from refused
    _record(made, "colleague_asked", by=by)
    tell(
        User.objects.filter(roles__contains=[Role.STEWARD.value], is_active=True).exclude(pk=by.pk),
        lambda: _("HR asks to let another person of %(vendor)s in. Agree or refuse.") % {"vendor": vendor.name},
        link=link(vendor),
    )
    return made


@transaction.atomic
def agree(*, colleague: FurtherColleague, by: User) -> VendorInvitation:
    """The second person lets a colleague in: the link goes out, and everybody who signs in for the firm is told.

    Raises Denied (whoever asked, or no steward), InvalidTransition (decided already), Invalid (the address became
    another's meanwhile).
    """
    colleague = _undecided(colleague)
    permissions.check_agree_to(colleague, by)
    check_address(colleague.email, colleague.vendor, _published())
    _decide(colleague, agreed=True, by=by)
    made = _invitation(colleague, by)
    tell(
        people_of_vendors([colleague.vendor]),
        lambda: (
            _("%(email)s is let in as a colleague of %(vendor)s. If you do not know this address, say so at once.")
            % {"email": colleague.email, "vendor": colleague.vendor.name}
        ),
    )
    vendor_mails.post(made.pk)
    return made


@transaction.atomic
def refuse(*, colleague: FurtherColleague, by: User) -> FurtherColleague:
    """Leave a person outside: a steward refuses, or whoever asked takes it back. Raises Denied, InvalidTransition."""
    colleague = _undecided(colleague)
    permissions.check_refuse(colleague, by)
    _decide(colleague, agreed=False, by=by)
    return colleague


def _decide(colleague: FurtherColleague, *, agreed: bool, by: User) -> None:
    colleague.agreed, colleague.decided_at, colleague.decided_by = agreed, market_now(), by
    colleague.save(update_fields=["agreed", "decided_at", "decided_by"])
    _record(colleague, "colleague_agreed" if agreed else "colleague_refused", by=by)
    tell(
        [colleague.asked_by] if colleague.asked_by_id != by.pk else [],
        lambda: (
            (_("The link to %(email)s is on its way.") if agreed else _("%(email)s is not let in."))
            % {"email": colleague.email}
        ),
        link=link(colleague.vendor),
    )


def _invitation(colleague: FurtherColleague, by: User) -> VendorInvitation:
    """Its use is sealed until the bids of the last project that the firm is invited to are opened."""
    invited = Project.objects.filter(invited_vendors__vendor=colleague.vendor, published_at__isnull=False)
    return VendorInvitation.objects.create(
        project=invited.order_by("-deadline", "pk")[0],
        vendor=colleague.vendor,
        email=colleague.email,
        language=colleague.language,
        colleague=colleague,
        made_at=market_now(),
        made_by=by,
    )


# ------------------------------------------------------------------ addresses


@transaction.atomic
def write_again(*, vendor: Vendor, email: str, by: User) -> VendorInvitation:
    """Send a new link to an address by which a vendor is known.

    Raises Denied, Invalid (it is not known), InvalidTransition (somebody signs in with it).
    """
    permissions.check_keep(by)
    vendor = _locked(vendor)
    last = _unused(vendor, email)
    made = VendorInvitation.objects.create(
        project=last.project,
        vendor=vendor,
        email=last.email,
        language=last.language,
        colleague=last.colleague,
        made_at=market_now(),
        made_by=by,
    )
    vendor_mails.post(made.pk)
    audit.record(by=by, deed="vendor.written_to", subject=f"vendor:{vendor.pk}", about=vendor.name)
    return made


@transaction.atomic
def withdraw(*, vendor: Vendor, email: str, by: User) -> None:
    """Take a mistyped address away: its links die, and no mail goes there again unless two persons let it in anew.

    That nobody used it is sealed until the bids are opened. Raises as `write_again` does.
    """
    permissions.check_keep(by)
    vendor = _locked(vendor)
    last = _unused(vendor, email)
    now = market_now()
    # In the order of their keys, so that two who write to one firm never wait for each other for ever.
    rows = VendorInvitation.objects.filter(vendor=vendor, email=last.email, withdrawn_at=None).order_by("pk")
    if any(row.accepted_at is not None for row in rows.select_for_update()):
        raise _signs_in()
    rows.update(withdrawn_at=now, withdrawn_by=by)
    keep_told(last, "withdrawn", by, now)


def _unused(vendor: Vendor, email: str) -> VendorInvitation:
    """The last invitation of an address that the firm is known by and that nobody signs in with."""
    rows = _published().filter(vendor=vendor, email=email.strip().lower())
    found = list(rows.select_related("project", "colleague", "vendor"))
    if not found:
        raise Invalid(_("%(vendor)s is not known by this address.") % {"vendor": vendor.name}, field="email")
    if any(row.accepted_at is not None for row in found):
        raise _signs_in()
    return found[-1]


def _published() -> QuerySet[VendorInvitation]:
    """What firms are known by: no buyer's draft counts, and no address that was withdrawn."""
    return VendorInvitation.objects.in_force().filter(project__published_at__isnull=False)


def _signs_in() -> InvalidTransition:
    return InvalidTransition(_("Somebody signs in with this address already. Close the account instead."))


def _locked(vendor: Vendor) -> Vendor:
    """One who keeps a firm's people at a time. no_key: who accepts a link points at the firm and must not wait here,
    because the link's row is theirs already."""
    return Vendor.objects.select_for_update(of=("self",), no_key=True).get(pk=vendor.pk)


def _undecided(colleague: FurtherColleague) -> FurtherColleague:
    _locked(colleague.vendor)
    rows = FurtherColleague.objects.select_for_update(of=("self",)).select_related("vendor", "asked_by")
    found = rows.get(pk=colleague.pk)
    if found.decided_at is not None:
        raise InvalidTransition(_("This was decided already."))
    return found
