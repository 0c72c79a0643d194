"""Outside vendors: firms that are no MEs, who signs in for them, to which projects they are invited and by which mail.

A vendor's people have accounts with the role `vendor` and a seat here, and no other place in the market. Whether an
invitation was accepted is shown to nobody inside before the opening: it would hint who bids (rule 2, docs/adr/0037).
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from contracts.models.projects import Project
from core.ids import new_id
from microenterprises.models import Membership, Microenterprise
from people.models import Role, User

BESIDE: Final = " · "
"""What stands between a person and their firm."""
OFFICES: Final = (Role.HR, Role.STEWARD, Role.AUDITOR)
"""Who looks after the people of vendors: HR asks, the steward agrees, the auditor reads."""


class VendorQuerySet(models.QuerySet["Vendor"]):
    def visible_to(self, user: User) -> "VendorQuerySet":
        """The firms that were invited to a published project, for the offices; one on a draft is a secret of that."""
        if not user.has_role(*OFFICES):
            return self.none()
        invited = InvitedVendor.objects.filter(vendor=OuterRef("pk"), project__published_at__isnull=False)
        return self.filter(Exists(invited))

    def known_to(self, project: Project) -> "VendorQuerySet":
        """Whom the buyer of a project may invite by name: who was invited to a published project, or by its own people.

        A firm that only stands on another's draft is a secret of that draft.
        """
        invited = InvitedVendor.objects.filter(
            Q(project__published_at__isnull=False) | Q(project__buyer=project.buyer_id)
        )
        people = Membership.objects.filter(microenterprise=project.buyer_id, ended_on=None).values("person")
        return self.filter(Q(pk__in=invited.values("vendor")) | Q(created_by__in=people))


class Vendor(models.Model):
    """A firm outside of the company."""

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.CharField(_("name of the firm"), max_length=160)
    country = models.CharField(_("country"), max_length=2, help_text="ISO 3166-1, two letters.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = VendorQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "country", name="a_vendor_is_known_once"),
            models.CheckConstraint(condition=~Q(name=""), name="a_vendor_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


Bidder: TypeAlias = Microenterprise | Vendor
"""Who may bid: an ME, or a vendor from outside."""


def people_of_vendors(bidders: Iterable[Bidder | None]) -> list[User]:
    """Everybody who signs in for the vendors among these bidders. One statement, or none without a vendor."""
    wanted = [bidder.pk for bidder in bidders if isinstance(bidder, Vendor)]
    if not wanted:
        return []
    seats = VendorSeat.objects.filter(
        vendor__in=wanted, person__is_active=True, person__roles__contains=[Role.VENDOR.value]
    )
    return [seat.person for seat in seats.select_related("person").order_by("pk")]


def name_beside_firm(name: str, vendor: Vendor) -> str:
    """How a vendor's person is called everywhere, such as “Vera Berg · Nordfrost AB”.

    Whoever is outside chooses a name, and could choose a colleague's. The firm stands in the account's own name, so no
    page, file or notice can leave it out; the database asks for it. A name that is empty stays so.
    """
    chosen = " ".join(name.replace(BESIDE.strip(), " ").split())
    return f"{chosen}{BESIDE}{vendor.name}" if chosen else ""


class VendorSeat(models.Model):
    """That somebody signs in for a vendor. Everybody of a vendor speaks for it alike."""

    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="seats")
    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="vendor_seat")
    seated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id}"


class InvitedVendor(models.Model):
    """A vendor that may bid on a project; the list is fixed at publication and every colleague reads it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invited_vendors")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="invited_to")
    invited_at = models.DateTimeField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "vendor"], name="a_vendor_is_invited_once")]

    def __str__(self) -> str:
        return f"{self.vendor_id}"


def _language() -> "models.CharField[str, str]":
    """In which language somebody outside is written to before they choose their own."""
    return models.CharField(
        _("language of the invitation"), max_length=10, choices=settings.LANGUAGES, default="en", db_default="en"
    )


class FurtherColleague(models.Model):
    """That HR asks to let another person of a known vendor in. Nothing is mailed before a second person agrees.

    Whoever signs in for a firm reads its sealed bids, so neither HR nor any other single person lets somebody in. It is
    so for every firm at every time: a rule for firms that bid would tell which those are (rule 2).
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="further_colleagues")
    email = models.EmailField(_("e-mail address"), max_length=254)
    reason = models.TextField(_("reason"))
    language = _language()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agreed = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "email"], condition=Q(agreed=None), name="a_colleague_is_asked_for_once_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="who_asks_for_a_colleague_says_why"),
            models.CheckConstraint(
                condition=Q(agreed=None, decided_at=None, decided_by=None)
                | Q(agreed__isnull=False, decided_at__isnull=False, decided_by__isnull=False),
                name="a_colleague_is_decided_on_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(agreed=True, decided_by=F("asked_by")), name="a_second_person_lets_a_colleague_in"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class VendorInvitationQuerySet(models.QuerySet["VendorInvitation"]):
    def in_force(self) -> "VendorInvitationQuerySet":
        """Those to addresses that were not withdrawn, or that two persons let in again since."""
        again = FurtherColleague.objects.filter(
            vendor=OuterRef("vendor"), email=OuterRef("email"), agreed=True, decided_at__gt=OuterRef("withdrawn_at")
        )
        withdrawn = VendorInvitation.objects.filter(
            ~Exists(again), vendor=OuterRef("vendor"), email=OuterRef("email"), withdrawn_at__isnull=False
        )
        return self.filter(~Exists(withdrawn), withdrawn_at=None)


class VendorInvitation(models.Model):
    """A mail to one address of an invited vendor, with a link that makes one account. The token is stored nowhere.

    Written while the project is a draft; sent, with a token of its own, when it is published. One to a `colleague` is
    sent when it is agreed; its project is one to which the firm is invited and until whose opening its use is sealed.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="vendor_invitations")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail address"), max_length=254)
    language = _language()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True, null=True)
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    colleague = models.ForeignKey(FurtherColleague, on_delete=models.PROTECT, null=True, related_name="invitations")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = VendorInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at=None, expires_at=None, token_sha256=None)
                | Q(sent_at__isnull=False, expires_at__isnull=False, token_sha256__isnull=False),
                name="a_sent_invitation_has_a_token_and_an_end",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, sent_at__isnull=False),
                name="an_accepted_invitation_was_sent_and_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, accepted_at=None),
                name="only_an_unused_invitation_is_withdrawn",
            ),
        ]
        indexes = [models.Index(fields=["vendor", "email"], name="vendor_invitation_address")]

    def __str__(self) -> str:
        return str(self.id)
