"""One night: the run and its shards, the manifest of who is settled together. No arithmetic here."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from people.models import Role, User

SEES_ALL = (Role.FINANCE, Role.AUDITOR, Role.STEWARD)
READS_PAY = (Role.FINANCE, Role.AUDITOR)


class SettlementRunQuerySet(models.QuerySet["SettlementRun"]):
    def visible_to(self, user: User) -> "SettlementRunQuerySet":
        """Runs are for finance, auditor and steward."""
        return self if user.has_role(*SEES_ALL) else self.none()


class SettlementRun(models.Model):
    """One business date, every ME, posted once."""

    class Status(models.TextChoices):
        POSTING = "posting", _("Posting")
        SEALED = "sealed", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        PAID = "paid", _("Paid")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business_date = models.DateField(_("business date"), unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.POSTING)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text=_("Empty when the clock started it.")
    )
    sealed_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    mes_total = models.PositiveIntegerField(default=0)
    mes_done = models.PositiveIntegerField(default=0)
    exceptions = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    totals = models.JSONField(
        default=dict, help_text=_("By currency: what the night added up to, and what it releases.")
    )
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    lines_sha256 = models.CharField(max_length=64, blank=True)

    objects = SettlementRunQuerySet.as_manager()

    class Meta:
        ordering = ["-business_date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="posting", sealed_at=None) | (~Q(status="posting") & Q(sealed_at__isnull=False)),
                name="a_sealed_run_has_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("started_by")),
                name="who_started_a_run_does_not_approve_it",
            ),
        ]
        indexes = [
            models.Index(
                fields=["business_date"],
                condition=Q(status__in=["posting", "sealed"]),
                name="settlement_run_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.business_date.isoformat()


class RunShard(models.Model):
    """The manifest of a run: which MEs are settled together, in one transaction, by whoever claims the shard first."""

    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="shards")
    number = models.PositiveIntegerField()
    microenterprises = ArrayField(models.UUIDField())
    moved_minor = ArrayField(models.BigIntegerField(), default=list)
    """Income less expense of the date, ME by ME. The date is closed: nothing but its night can change it."""
    reshared_minor = ArrayField(models.BigIntegerField(), default=list)
    """Profit shared on the date before its night, ME by ME: an end, or a reversal."""
    is_done = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="shards_are_numbered_once")]
        indexes = [models.Index(fields=["run", "number"], condition=Q(is_done=False), name="settlement_shard_open")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"


def seconds_left(done: int, total: int, elapsed: timedelta) -> timedelta | None:
    """How long a run still takes at the pace it had so far; None before there is a pace."""
    return elapsed * (total - done) / done if done else None
