"""Microenterprises, their platforms, their members, their goals, and the outside money finance records for them."""

from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Expression, F, Func, Q
from django.db.models.functions import Cast, Upper
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from ledger.models import Entity
from people.models import User

if TYPE_CHECKING:
    from datetime import date


class DateRange(Func):
    """`daterange(from, to)`, half open, for exclusion constraints."""

    function = "daterange"
    output_field = DateRangeField()


class Pair(Func):
    """Two identifiers as one, for exclusion constraints."""

    template = "md5(%(expressions)s)::uuid"
    arg_joiner = "::text || "
    output_field = models.UUIDField()

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first, Cast(second, models.TextField()))


class Platform(models.Model):
    """An industry field that backs MEs: it invests and signs value agreements, it never manages."""

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.CharField(_("name"), max_length=120, unique=True)
    purpose = models.TextField(_("purpose"), blank=True)
    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("platform")
        verbose_name_plural = _("platforms")

    def __str__(self) -> str:
        return self.name


class MicroenterpriseQuerySet(models.QuerySet["Microenterprise"]):
    def visible_to(self, user: User) -> "MicroenterpriseQuerySet":
        """Every colleague sees every ME; an outside vendor sees none."""
        return self.none() if user.is_vendor else self

    def active(self) -> "MicroenterpriseQuerySet":
        """Launched and not ended. Whoever lists MEs to pay, settle or let buy starts here."""
        return self.filter(status=Microenterprise.Status.ACTIVE)

    def living(self) -> "MicroenterpriseQuerySet":
        """Active MEs, and teams that are not launched yet: whoever may bid."""
        return self.exclude(status=Microenterprise.Status.DISSOLVED)

    def led_by(self, user: User, on: "date") -> "MicroenterpriseQuerySet":
        return self.filter(
            pk__in=Membership.objects.active(on).filter(person=user, is_lead=True).values("microenterprise")
        )


class Microenterprise(models.Model):
    """A firm of 8 to 20 people inside the company, with its own profit and loss.

    An incubating ME is a team of the talent pool that is not launched yet: it may bid, and neither buys nor pays, and
    no night settles it (ADR 40).
    """

    class Kind(models.TextChoices):
        USER = "user", _("User ME")
        NODE = "node", _("Node ME")

    class Status(models.TextChoices):
        INCUBATING = "incubating", _("Incubating")
        ACTIVE = "active", _("Active")
        DISSOLVED = "dissolved", _("Dissolved")

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    purpose = models.TextField(_("purpose"))
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="microenterprises")
    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    launched_at = models.DateTimeField(null=True)
    launched_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dissolved_at = models.DateTimeField(null=True)
    dissolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dissolution_reason = models.TextField(blank=True)

    objects = MicroenterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("microenterprise")
        verbose_name_plural = _("microenterprises")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["active", "incubating"], dissolved_at=None)
                | Q(status="dissolved", dissolved_at__isnull=False),
                name="a_dissolved_me_has_its_instant",
            ),
            # A team that ended before its launch never was one that settles: it has no instant of launch either.
            models.CheckConstraint(
                condition=Q(status="active", launched_at__isnull=False, launched_by__isnull=False)
                | Q(status="incubating", launched_at=None, launched_by=None)
                | Q(status="dissolved"),
                name="an_active_me_was_launched",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "name", "id"], name="me_status_name"),
            models.Index(fields=["platform", "status"], name="me_platform"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="me_name_trgm"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_team(self) -> bool:
        """Whether it is a team of the talent pool, not launched yet."""
        return self.status == Microenterprise.Status.INCUBATING


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self, on: "date | Expression") -> "MembershipQuerySet":
        """Members on a date: started_on <= on < ended_on. on: a date, or `market_today()` inside the statement."""
        return self.lasting(on).filter(started_on__lte=on)

    def lasting(self, on: "date | Expression") -> "MembershipQuerySet":
        """Members on a date and those who are to become one: a place ties to an ME from when it is agreed on."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=on))


class Membership(models.Model):
    """A person's place in an ME from one date to another (`ended_on` is the first day without it)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=Func(
            models.Value("microenterprises_membership_number"),
            function="nextval",
            output_field=models.BigIntegerField(),
        ),
    )
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    seat = models.OneToOneField(
        "microenterprises.Seat", on_delete=models.PROTECT, null=True, blank=True, related_name="membership"
    )
    role = models.CharField(_("role"), max_length=120)
    customer_outcome = models.TextField(_("customer outcome the role serves"))
    is_lead = models.BooleanField(_("leads the ME"), default=False)
    allocation_percent = models.PositiveSmallIntegerField(_("allocation in percent"), default=100)
    weight = models.PositiveIntegerField(_("share weight"), default=0)
    track = models.CharField(
        _("track"), max_length=12, choices=[("stable", _("Stable")), ("entrepreneur", _("Entrepreneur"))]
    )
    pay_minor = models.BigIntegerField(
        _("monthly pay or draw"), default=0, help_text=_("Stable track: salary. Entrepreneur track: base draw.")
    )
    started_on = models.DateField(_("from"))
    ended_on = models.DateField(_("to"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-is_lead", "role", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(allocation_percent__gte=1, allocation_percent__lte=100),
                name="an_allocation_is_1_to_100_percent",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")), name="a_membership_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(pay_minor__gte=0), name="pay_is_not_negative"),
            ExclusionConstraint(
                name="a_person_is_in_an_me_once_at_a_time",
                # The pair as one value: with two columns the planner takes this index for either of them alone, and
                # reads all of it to find one person.
                expressions=[
                    (Pair("microenterprise", "person"), RangeOperators.EQUAL),
                    (DateRange("started_on", "ended_on", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="an_me_has_one_leader_at_a_time",
                expressions=[
                    ("microenterprise", RangeOperators.EQUAL),
                    (DateRange("started_on", "ended_on", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_lead=True),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "started_on"], name="membership_person"),
            models.Index(fields=["microenterprise", "started_on"], name="membership_me"),
        ]

    def __str__(self) -> str:
        return f"{self.role} ({self.microenterprise_id})"


class Goal(models.Model):
    """What an idea or an ME set itself: a metric with baseline, target and leading target. Launching an idea hands its
    goals to the ME; the idea keeps showing them.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    idea = models.ForeignKey("microenterprises.Idea", on_delete=models.CASCADE, null=True, related_name="goals")
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, null=True, related_name="goals")
    metric = models.CharField(_("metric"), max_length=160)
    baseline = models.CharField(_("today"), max_length=80)
    target = models.CharField(_("target"), max_length=80)
    leading_target = models.CharField(_("leading target"), max_length=80, blank=True)
    due_on = models.DateField(_("by"))

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(idea__isnull=False) | Q(microenterprise__isnull=False), name="a_goal_has_an_owner"
            )
        ]

    def __str__(self) -> str:
        return self.metric


class MoneyRecord(models.Model):
    """Outside money finance recorded for an ME: a customer's receipt, an outside cost, or a platform's investment."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt from a customer")
        COST = "cost", _("Outside cost")
        INVESTMENT = "investment", _("Investment by a platform")

    id = models.UUIDField(primary_key=True, default=new_id)
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="money_records")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    amount_minor = models.BigIntegerField(_("amount"))
    effective_date = models.DateField(_("effective date"))
    counterparty = models.CharField(_("customer, supplier or platform"), max_length=160)
    document = models.CharField(_("document number"), max_length=80)
    document_key = models.TextField(editable=False)
    """What every typing of the number has in common: `names.number_key`."""
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, null=True, blank=True, related_name="investments")
    entry_reference = models.CharField(max_length=120, unique=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reversal_reason = models.TextField(_("reason for the reversal"), blank=True)

    class Meta:
        ordering = ["-recorded_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="recorded_money_is_positive"),
            models.CheckConstraint(condition=~Q(document_key=""), name="a_document_has_a_number"),
            models.UniqueConstraint(
                fields=["microenterprise", "kind", "document_key"],
                condition=Q(reversed_at=None),
                name="a_document_is_recorded_once",
            ),
            models.CheckConstraint(
                condition=Q(reversed_at=None, reversed_by=None, reversal_reason="")
                | (Q(reversed_at__isnull=False, reversed_by__isnull=False) & ~Q(reversal_reason="")),
                name="a_reversal_says_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(kind="investment", platform__isnull=False) | (~Q(kind="investment") & Q(platform=None)),
                name="an_investment_names_its_platform",
            ),
        ]
        indexes = [models.Index(fields=["microenterprise", "-recorded_at"], name="money_record_me")]

    def __str__(self) -> str:
        return f"{self.kind} {self.document}"
