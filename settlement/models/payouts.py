"""From approved nights to money sent: bank details, what each ME owes each person, batches and their payments.

Nothing here is deleted (by trigger). What is reserved can be in one live batch only: the parts of payments move
`Owed.taken_minor` by a statement trigger, and a constraint keeps it at or below what was released
(`migrations/…_payout_guards.sql`). No arithmetic here (see `settlement.payable`).

Units: `_minor` minor units of the row's currency.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models import Microenterprise
from people.models import User
from settlement.bank import masked
from settlement.models.runs import READS_PAY, SettlementRun


class BankDetails(models.Model):
    """An account of a person, sealed; only its ending is clear. Never changed: a new row replaces it.

    `currency` empty: for every currency that has no row of its own. Not in the admin, not in the API.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bank_details")
    currency = models.CharField(max_length=3, blank=True)
    sealed = models.BinaryField()
    ending = models.CharField(max_length=4)
    entered_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "currency"],
                condition=Q(replaced_at=None),
                name="a_person_has_one_account_per_currency",
            ),
        ]

    def __str__(self) -> str:
        return masked(self.ending)

    @property
    def masked(self) -> str:
        """How the account is shown, on every page and to everybody."""
        return masked(self.ending)


class RunRelease(models.Model):
    """That what became payable on the night of an approved run was added to `Owed`; once, and in order."""

    run = models.OneToOneField(SettlementRun, on_delete=models.PROTECT, primary_key=True, related_name="release")
    night = models.DateField(unique=True)
    released_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.night.isoformat()


class Owed(models.Model):
    """What an ME owes a person out of approved nights: released in all, and of it taken into payments that live."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    released_minor = models.BigIntegerField()
    taken_minor = models.BigIntegerField(default=0)
    open_minor = models.GeneratedField(
        expression=F("released_minor") - F("taken_minor"), output_field=models.BigIntegerField(), db_persist=True
    )
    has_details = models.BooleanField(
        db_default=False, help_text=_("Whether the person can be paid in the currency; kept by the database.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "microenterprise"], name="an_me_owes_a_person_in_one_place"),
            models.CheckConstraint(
                condition=Q(taken_minor__gte=0, taken_minor__lte=F("released_minor")),
                name="what_is_owed_is_in_one_live_batch_only",
            ),
        ]
        indexes = [
            models.Index(
                fields=["currency", "person", "microenterprise"],
                condition=Q(taken_minor__lt=F("released_minor")),
                name="settlement_owed_open",
            ),
            models.Index(
                fields=["-open_minor", "id"],
                condition=Q(open_minor__gt=0, has_details=False),
                name="settlement_owed_missing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.released_minor - self.taken_minor}"


class OpenSum(models.Model):
    """What is open of `Owed` in one currency, for how many people; and of it, who has no bank details for it.

    Counted by triggers with every change of what is owed and of bank details (`migrations/…_open_sums.sql`), so that
    reading it costs the same for ten people and for 80,000. Nothing else writes it.
    """

    currency = models.CharField(primary_key=True, max_length=3)
    people = models.PositiveIntegerField(default=0)
    minor = models.BigIntegerField(default=0)
    without = models.PositiveIntegerField(default=0)
    without_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minor__gte=F("people"), without__lte=F("people"), without_minor__gte=F("without"))
                & Q(without_minor__lte=F("minor")),
                name="open_sums_add_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.minor}"

    @property
    def ready(self) -> int:
        """How many people can be paid now."""
        return self.people - self.without

    @property
    def ready_minor(self) -> int:
        """What can be paid now, if the books cover it."""
        return self.minor - self.without_minor


class PayoutBatchQuerySet(models.QuerySet["PayoutBatch"]):
    def visible_to(self, user: User) -> "PayoutBatchQuerySet":
        """Payouts are finance's; the auditor reads them."""
        return self if user.has_role(*READS_PAY) else self.none()


class PayoutBatch(models.Model):
    """Payments of one currency that go to the bank together.

    `done` counts how far the work of the present state has come, in payments by their number. `total_minor` and `size`
    are what was planned; payments rejected later stay part of the batch and of its file.
    """

    class Status(models.TextChoices):
        PREPARING = "preparing", _("Being prepared")
        DRAFT = "draft", _("Draft")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent to the bank")
        CONFIRMING = "confirming", _("Being marked as paid")
        PAID = "paid", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")

    BUSY: ClassVar = (Status.PREPARING, Status.SENDING, Status.CONFIRMING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.BigIntegerField(unique=True)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PREPARING)
    runs_from = models.DateField()
    runs_through = models.DateField()
    size = models.PositiveIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    without_details = models.PositiveIntegerField(default=0, help_text=_("People left out: no bank details."))
    without_details_minor = models.BigIntegerField(default=0)
    withheld_minor = models.BigIntegerField(default=0, help_text=_("Left out: the books do not cover it."))
    done = models.PositiveIntegerField(default=0)
    execution_date = models.DateField(null=True)
    payments_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PayoutBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "payout batches"
        constraints = [
            models.UniqueConstraint(
                fields=["currency"],
                condition=Q(status__in=["preparing", "draft"]),
                name="one_draft_per_currency",
            ),
            models.CheckConstraint(
                condition=Q(paid_by=None) | ~Q(paid_by=F("created_by")),
                name="who_created_a_batch_does_not_mark_it_paid",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["preparing", "draft", "cancelled"])
                | (~Q(payments_sha256="") & Q(execution_date__isnull=False, sent_at__isnull=False)),
                name="a_sent_batch_names_its_payments",
            ),
        ]
        indexes = [
            models.Index(
                fields=["number"],
                condition=Q(status__in=["preparing", "sending", "confirming"]),
                name="settlement_payout_busy",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def is_busy(self) -> bool:
        """Whether work is going on that will end by itself."""
        return self.status in self.BUSY


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: User) -> "PaymentQuerySet":
        """As the batch."""
        return self if user.has_role(*READS_PAY) else self.none()


class Payment(models.Model):
    """What one person gets in one batch, from however many MEs, to one account."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SENT = "sent", _("Sent")
        CONFIRMED = "confirmed", _("Paid")
        REJECTED = "rejected", _("Rejected by the bank")
        CANCELLED = "cancelled", _("Cancelled")

    IN_FLIGHT: ClassVar = (Status.PLANNED, Status.SENT)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payments", db_index=False)
    number = models.PositiveIntegerField()
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="payments")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    details = models.ForeignKey(BankDetails, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    reason = models.CharField(max_length=300, blank=True)
    rejected_at = models.DateTimeField(null=True)
    rejected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["batch", "number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="payments_are_numbered_in_their_batch"),
            models.UniqueConstraint(fields=["batch", "person"], name="a_person_is_paid_once_per_batch"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="a_payment_pays_something"),
            models.CheckConstraint(
                condition=Q(status="rejected", rejected_at__isnull=False) & ~Q(reason="")
                | (~Q(status="rejected") & Q(rejected_at=None)),
                name="a_rejection_has_its_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "status", "number"], name="settlement_payment_listed"),
            models.Index(
                fields=["batch"],
                condition=Q(status__in=["planned", "sent"]),
                name="settlement_payment_in_flight",
            ),
            models.Index(
                fields=["batch"],
                condition=Q(status="rejected"),
                name="settlement_payment_rejected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"

    @property
    def subject(self) -> str:
        """How the ledger and the audit trail name this payment."""
        return f"payment:{self.pk}"


class PaymentPart(models.Model):
    """What one ME pays of a payment. Not live any more: cancelled or rejected, and owed again."""

    id = models.BigAutoField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="parts", db_index=False)
    owed = models.ForeignKey(Owed, on_delete=models.PROTECT, related_name="parts")
    amount_minor = models.BigIntegerField()
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "owed"], name="a_payment_has_one_part_per_me"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="a_part_pays_something"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.amount_minor}"
