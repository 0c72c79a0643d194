"""Ideas and the pledges that fund them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from ledger.models import Entity
from microenterprises.models.firms import Microenterprise, Platform
from people.models import User


class IdeaQuerySet(models.QuerySet["Idea"]):
    def visible_to(self, user: User) -> "IdeaQuerySet":
        """Published ideas are for every colleague; a draft is for its owner; vendors see none."""
        if user.is_vendor:
            return self.none()
        return self.filter(~Q(status=Idea.Status.DRAFT) | Q(owner=user))


class Idea(models.Model):
    """A venture somebody owns, funds and recruits for; launched, it becomes an ME."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Gathering people and pledges")
        LAUNCHED = "launched", _("Launched")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ideas")
    title = models.CharField(_("title"), max_length=120)
    customer = models.TextField(_("customer"), help_text=_("Who pays, and what they do today instead."))
    outcome = models.TextField(_("outcome"), help_text=_("What is better for the customer, and how it is measured."))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="ideas")
    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3)
    funding_goal_minor = models.BigIntegerField(_("money needed to launch"))
    kind = models.CharField(_("kind of ME"), max_length=10, choices=Microenterprise.Kind.choices, default="user")
    microenterprise = models.OneToOneField(Microenterprise, on_delete=models.PROTECT, null=True, related_name="idea")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = IdeaQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [models.CheckConstraint(condition=Q(funding_goal_minor__gt=0), name="an_idea_needs_money")]
        indexes = [
            models.Index(fields=["status", "-created_at", "id"], name="idea_status_created"),
            models.Index(fields=["owner", "-created_at"], name="idea_owner"),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="idea_title_trgm"),
        ]

    def __str__(self) -> str:
        return self.title


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def paid_in(self) -> "PledgeQuerySet":
        """Whose money the idea has, or had when it was launched."""
        return self.filter(status__in=[Pledge.Status.HELD, Pledge.Status.CONVERTED])

    def promised(self) -> "PledgeQuerySet":
        """Those that wait for finance to record that the money came in."""
        return self.filter(status=Pledge.Status.PROMISED)

    def total_minor(self) -> int:
        """What they sum to, in minor units."""
        total: int = self.aggregate(total=Coalesce(Sum("amount_minor"), 0))["total"]
        return total


class Pledge(models.Model):
    """Money promised and paid into an idea's pledge escrow by a person or an ME; refundable until launch.

    An ME pays from its wallet as it pledges. A person's own money is promised until finance records that it came in;
    nothing is posted before.
    """

    class Status(models.TextChoices):
        PROMISED = "promised", _("Promised, not paid in")
        HELD = "held", _("Held")
        CONVERTED = "converted", _("Became a stake")
        REFUNDED = "refunded", _("Refunded")
        CANCELLED = "cancelled", _("Never paid in")

    id = models.UUIDField(primary_key=True, default=new_id)
    idea = models.ForeignKey(Idea, on_delete=models.PROTECT, related_name="pledges")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pledges")
    microenterprise = models.ForeignKey(
        Microenterprise,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pledges",
        help_text=_("The ME whose wallet pledged; empty when the person pledged their own money."),
    )
    amount_minor = models.BigIntegerField(_("amount"))
    status = models.CharField(max_length=10, choices=Status.choices)
    pledged_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dated = models.DateField(null=True, help_text=_("The day on which a person's money came in."))
    document = models.CharField(max_length=80, blank=True)
    document_key = models.TextField(default="", editable=False)
    settled_at = models.DateTimeField(null=True)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        ordering = ["-pledged_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="a_pledge_is_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["promised", "cancelled"], microenterprise=None, received_at=None)
                | Q(microenterprise__isnull=False, status__in=["held", "converted", "refunded"], received_at=None)
                | Q(
                    ~Q(document_key=""),
                    status__in=["held", "converted", "refunded"],
                    microenterprise=None,
                    received_at__isnull=False,
                    dated__isnull=False,
                ),
                name="own_money_has_come_in",
            ),
            models.UniqueConstraint(
                condition=~Q(document_key=""), fields=["idea", "document_key"], name="a_paper_pays_one_pledge"
            ),
        ]
        indexes = [
            models.Index(fields=["idea", "status"], name="pledge_idea"),
            models.Index(fields=["pledged_at", "id"], condition=Q(status="promised"), name="pledge_promised"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} ({self.status})"
