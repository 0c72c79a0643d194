"""A file that is made in the background: who asked for what, how far it is, where it lies. No rows of it here."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from people.models import User
from settlement.models.runs import seconds_left


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> "ExportQuerySet":
        """A file is for whoever asked for it, and for nobody else."""
        return self.filter(asked_by=user)


class Export(models.Model):
    """One file. `kind` and `form` are names of the catalogue, `asked` the filters as they stood in the address.

    `attempt` counts the workers that began it; only the last one's file counts.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waits for its turn")
        RUNNING = "running", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be made")
        EXPIRED = "expired", _("Deleted")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports")
    asked_at = models.DateTimeField()
    kind = models.CharField(max_length=30)
    form = models.CharField(max_length=20)
    asked = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    name = models.CharField(max_length=120, blank=True, help_text=_("How the file is called when it is downloaded."))
    stored_as = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    audit_head = models.CharField(max_length=100, blank=True)
    with_pay = models.BooleanField(
        default=True, help_text=_("Made for somebody who reads what people are paid, so it may say that.")
    )

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="ready")
                | (Q(made_at__isnull=False, expires_at__isnull=False) & ~Q(stored_as="") & ~Q(sha256="")),
                name="a_ready_export_has_its_file",
            ),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(failure=""), name="a_failed_export_says_why"),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-asked_at", "id"], name="settlement_export_asked"),
            models.Index(
                fields=["asked_at"],
                condition=Q(status__in=["queued", "running"]),
                name="settlement_export_open",
            ),
            models.Index(fields=["expires_at"], condition=Q(status__in=["ready"]), name="settlement_export_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.form}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    def left(self, now: datetime) -> timedelta | None:
        """How long it still takes at the pace it had; None before there is a pace."""
        if self.started_at is None or self.status != self.Status.RUNNING:
            return None
        return seconds_left(self.rows_done, max(self.rows_total, self.rows_done), now - self.started_at)
