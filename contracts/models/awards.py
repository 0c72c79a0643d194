"""Awards: the decision for one bid, with the arithmetic shown and a reason for every loser; what speaks against it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models.bids import Bid
from contracts.models.projects import Project
from contracts.models.vendors import Bidder, Vendor
from core.ids import new_id
from microenterprises.models import Microenterprise
from people.models import User


class Award(models.Model):
    """A choice on its way: proposed, agreed by a second person where one is needed, standing while bidders may object,
    then active. One live award per project, by constraint. `arithmetic` is the frozen ranking as the buyer saw it;
    `causes` (see `contracts.scrutiny`) says why a second person had to agree.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Waiting for a second person")
        STANDING = "standing", _("Standing")
        ACTIVE = "active", _("Active")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Cancelled")

    LIVE = (Status.PROPOSED, Status.STANDING, Status.ACTIVE)

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="awards")
    bid = models.ForeignKey(Bid, on_delete=models.PROTECT, related_name="awards")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    reason = models.TextField(_("reason"))
    arithmetic = models.JSONField()
    causes = ArrayField(models.CharField(max_length=12), default=list, db_default=[])
    awarded_at = models.DateTimeField()
    awarded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    agreed_reason = models.TextField(blank=True, db_default="")
    stands_until = models.DateTimeField(null=True, help_text=_("From this instant on nobody may object any more."))
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_reason = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(status__in=["proposed", "standing", "active"]),
                name="one_award_per_project",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="an_award_has_a_reason"),
            models.CheckConstraint(
                condition=Q(agreed_at=None, agreed_by=None) | Q(agreed_at__isnull=False, agreed_by__isnull=False),
                name="an_agreed_award_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(agreed_by=models.F("awarded_by")), name="nobody_agrees_to_their_own_award"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "declined", "cancelled"])
                | Q(causes=[])
                | Q(agreed_at__isnull=False),
                name="an_award_in_force_has_its_second_person",
            ),
        ]
        indexes = [
            models.Index(fields=["stands_until"], name="award_standing", condition=Q(status="standing")),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Objection(models.Model):
    """What a bidder says against a standing award. While it is open nothing is signed; the steward rules on it."""

    class Ruling(models.TextChoices):
        UPHELD = "upheld", _("Upheld")
        DISMISSED = "dismissed", _("Dismissed")

    id = models.UUIDField(primary_key=True, default=new_id)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="objections")
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, null=True, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"))
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ruling = models.CharField(max_length=10, choices=Ruling.choices, null=True)
    ruling_reason = models.TextField(blank=True)
    ruled_at = models.DateTimeField(null=True)
    ruled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["raised_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["award", "microenterprise"], name="an_me_objects_to_an_award_once"),
            models.UniqueConstraint(fields=["award", "vendor"], name="a_vendor_objects_to_an_award_once"),
            models.CheckConstraint(
                condition=Q(microenterprise=None, vendor__isnull=False) | Q(microenterprise__isnull=False, vendor=None),
                name="an_objection_is_of_one_bidder",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="an_objection_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ruling=None, ruled_at=None, ruled_by=None, ruling_reason="")
                | (Q(ruling__isnull=False, ruled_at__isnull=False, ruled_by__isnull=False) & ~Q(ruling_reason="")),
                name="a_ruling_says_who_when_and_why",
            ),
            models.CheckConstraint(condition=~Q(ruled_by=models.F("raised_by")), name="nobody_rules_on_their_own"),
        ]
        indexes = [models.Index(fields=["raised_at"], name="objection_open", condition=Q(ruling=None))]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def bidder(self) -> Bidder | None:
        """Who objects."""
        return self.microenterprise if self.microenterprise_id is not None else self.vendor

    @property
    def bidder_label(self) -> str:
        """Who objects, as sentences name them."""
        return self.bidder.name if self.bidder is not None else ""


class PriceQuestion(models.Model):
    """The question to a bidder whose price is abnormally low, and the answer; asked once, before such a bid can win."""

    bid = models.OneToOneField(Bid, on_delete=models.PROTECT, primary_key=True, related_name="price_question")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answer_until = models.DateTimeField()
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="an_explained_price_says_who_and_when",
            )
        ]

    def __str__(self) -> str:
        return str(self.bid_id)
