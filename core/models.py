"""Tables without business nouns: audit trail, dated parameters, idempotency keys, the clock's offset."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import new_id


class AuditRecord(models.Model):
    """One deed. Append-only by trigger; no foreign keys on purpose. Written by `core.audit.record` only."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.CharField(max_length=40, blank=True)
    actor_name = models.CharField(max_length=200)
    deed = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    about = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="core_audit_subject"),
            models.Index(fields=["actor_id", "-id"], name="core_audit_actor"),
            models.Index(fields=["deed", "-id"], name="core_audit_deed"),
        ]

    def __str__(self) -> str:
        return f"{self.deed} {self.subject}"


class AuditLink(models.Model):
    """One link of the audit trail's chain: a record, the hash of its content, and of the link before it.

    Only the database's `core_link_audit()` adds links, in the order in which it found the records committed; a trigger
    refuses a link that does not follow the last one. docs/adr says why the chain is a table of its own.
    """

    position = models.BigIntegerField(primary_key=True)
    record_id = models.BigIntegerField(unique=True)
    content_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}: {self.hash}"


class AuditWaiting(models.Model):
    """A record that is not in the chain yet. A trigger writes it beside the record, so both commit together."""

    record_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.record_id)


class Parameter(models.Model):
    """A percentage, threshold or number of days with the date from which it holds (rule 13).

    Read through `core.parameters.value(name, on=date)`. A new value is a new row; past dates keep theirs: by
    trigger, for every role but the owner of the table. The fiscal year moves on the first day of the month that is
    named: it cuts the year before short, and no date is in two years.
    """

    name = models.CharField(max_length=60)
    holds_from = models.DateField()
    value = models.IntegerField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("parameter")
        verbose_name_plural = _("parameters")
        ordering = ["name", "-holds_from"]
        constraints = [
            models.UniqueConstraint(fields=["name", "holds_from"], name="one_value_per_parameter_and_date"),
            models.CheckConstraint(
                condition=~models.Q(name="fiscal_year_first_month")
                | models.Q(holds_from__day=1, holds_from__month=models.F("value")),
                name="a_fiscal_year_moves_on_the_first_day_of_its_month",
                violation_error_message=_(
                    "A fiscal year moves on the first day of the month in which it starts from then on. Name that "
                    "month, 1 to 12, and let it hold from its first day."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} = {self.value} from {self.holds_from}"


class Clock(models.Model):
    """One row: how far the demo's clock is ahead of the server's. Zero in production, by system check."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    ahead = models.DurationField(default=timedelta(0))

    class Meta:
        db_table = "core_clock"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_clock")]

    def __str__(self) -> str:
        return f"{self.ahead} ahead"


class IdempotencyKey(models.Model):
    """A write that may be repeated: the keyed hashes of who wrote under which key and of the request, and the answer.

    Nothing in clear says who or at which instant: the row stands beside a bid that is sealed in the same transaction.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    owner_hash = models.CharField(max_length=64, unique=True)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    made_on = models.DateField(db_default=Now())

    def __str__(self) -> str:
        return self.owner_hash
