"""What a night leaves behind: the run, its shards, how each ME's date ended, and every person's lines.

Outcomes and lines are only ever added (by trigger). The night a row was posted on is its `night`; the date it speaks of
is its `business_date`; they differ for repaired exceptions only. No arithmetic here (see `settlement.calculation`).

Units: `_minor` minor units, `_fine` ten-thousandths of one, `_grain` 10^-12 of one.
"""

from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import business_date
from core.ids import new_id
from microenterprises.models import Membership, Microenterprise, ShareTerms
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
    totals = models.JSONField(default=dict, help_text=_("By currency: shared, payable, recovered, pay, draws."))
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

    def __str__(self) -> str:
        return self.business_date.isoformat()


class RunShard(models.Model):
    """The manifest of a run: which MEs are settled together, in one transaction, by whoever claims the shard first."""

    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="shards")
    number = models.PositiveIntegerField()
    microenterprises = ArrayField(models.UUIDField())
    is_done = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="shards_are_numbered_once")]
        indexes = [models.Index(fields=["run", "number"], condition=Q(is_done=False), name="settlement_shard_open")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    def visible_to(self, user: User) -> "OutcomeQuerySet":
        """Finance, auditor and steward see every ME's night; a leader those of the ME they lead."""
        if user.has_role(*SEES_ALL):
            return self
        led = Membership.objects.active(business_date()).filter(person=user, is_lead=True)
        return self.filter(microenterprise__in=led.values("microenterprise"))


class Outcome(models.Model):
    """How one date of one ME ended, with every figure the next date builds on.

    `repairs` names the exception that this row, posted on a later night, settles. `carries_at` is the latest outcome of
    the ME whose lines hold the carries. `frozen` keeps the members and unpaid wages of an exception.
    """

    class State(models.TextChoices):
        SETTLED = "settled", _("Shared")
        NOTHING = "nothing", _("Nothing to share")
        WAITING = "waiting", _("Waits for a larger pool")
        EXCEPTION = "exception", _("Could not settle")

    class Snag(models.TextChoices):
        NO_TERMS = "no_terms", _("No share terms")
        NO_WEIGHTS = "no_weights", _("No weights")
        SHORT_WALLET = "short_wallet", _("Wallet too small")
        SHORT_PAY = "short_pay", _("Pay not covered")
        PAY_OWED = "pay_owed", _("Earlier pay open")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="outcomes")
    night = models.DateField()
    business_date = models.DateField()
    repairs = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="repaired_by")
    is_final = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices)
    snag = models.CharField(max_length=12, choices=Snag.choices, blank=True)
    currency = models.CharField(max_length=3)
    fiscal_year = models.DateField(help_text=_("First day of the fiscal year the figures belong to."))
    share_terms = models.ForeignKey(ShareTerms, on_delete=models.PROTECT, null=True, related_name="+")
    profit_before_minor = models.BigIntegerField()
    profit_minor = models.BigIntegerField()
    due_before_fine = models.BigIntegerField()
    due_fine = models.BigIntegerField()
    already_shared_minor = models.BigIntegerField()
    pool_minor = models.BigIntegerField()
    shared_minor = models.BigIntegerField(default=0, help_text=_("The pool, once it was posted; else 0."))
    needed_minor = models.BigIntegerField(default=0)
    wallet_minor = models.BigIntegerField(default=0)
    recovered_minor = models.BigIntegerField(default=0)
    payable_minor = models.BigIntegerField(default=0)
    pay_minor = models.BigIntegerField(default=0)
    draws_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    weights_sum = models.BigIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    carries_at = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    entry_reference = models.CharField(max_length=120, blank=True)
    facts_sha256 = models.CharField(max_length=64)
    frozen = models.JSONField(null=True)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        ordering = ["-night", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["microenterprise", "business_date"], condition=Q(repairs=None), name="a_date_of_an_me_ends_once"
            ),
            models.CheckConstraint(condition=Q(pool_minor__gte=0), name="a_pool_is_not_negative"),
            models.CheckConstraint(
                condition=Q(state="settled", shared_minor=F("pool_minor")) | (~Q(state="settled") & Q(shared_minor=0)),
                name="only_a_settled_date_shares",
            ),
            models.CheckConstraint(
                condition=Q(state="exception", frozen__isnull=False) | (~Q(state="exception") & Q(frozen=None)),
                name="an_exception_freezes_its_facts",
            ),
            models.CheckConstraint(
                condition=Q(repairs=None, night=F("business_date"))
                | Q(repairs__isnull=False, night__gt=F("business_date")),
                name="only_a_repair_is_posted_later",
            ),
        ]
        indexes = [
            models.Index(fields=["microenterprise", "-night"], name="settlement_outcome_me"),
            models.Index(fields=["night", "-shared_minor", "id"], name="settlement_outcome_night"),
            models.Index(
                fields=["microenterprise", "business_date"],
                condition=Q(state="exception"),
                name="settlement_outcome_exception",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.microenterprise_id} {self.business_date}"

    @property
    def pay_and_draws_minor(self) -> int:
        """Stable pay and draws of the night together, for lists."""
        return self.pay_minor + self.draws_minor


def share_reference(microenterprise: Any, day: date, revision: int = 0) -> str:
    """The natural key of a share: one ME, one date, posted once."""
    return f"share:{microenterprise}:{day.isoformat()}:{revision}"


class LineQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> "LineQuerySet":
        """Pay is read by the person themselves, by finance and by the auditor."""
        return self if user.has_role(*READS_PAY) else self.filter(person=user)


class ShareLine(models.Model):
    """What one member got of one pool, and what rounding owes or was owed before and after.

    A weight of 0 marks a member who only kept their carry while an earlier date was repaired.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="share_lines")
    night = models.DateField()
    business_date = models.DateField()
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="share_lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="share_lines")
    currency = models.CharField(max_length=3)
    weight = models.BigIntegerField()
    weights_sum = models.BigIntegerField()
    inherited_grain = models.BigIntegerField(default=0)
    carry_before_grain = models.BigIntegerField(default=0)
    carry_after_grain = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    recovered_minor = models.BigIntegerField(default=0)
    payable_minor = models.BigIntegerField()

    objects = LineQuerySet.as_manager()

    class Meta:
        ordering = ["-night", "id"]
        constraints = [
            models.UniqueConstraint(fields=["outcome", "membership"], name="a_membership_has_one_line_per_pool"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="a_share_is_not_negative"),
            models.CheckConstraint(
                condition=Q(amount_minor=F("recovered_minor") + F("payable_minor"), recovered_minor__gte=0),
                name="a_share_pays_the_draw_first",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-night", "id"], name="settlement_line_person"),
            models.Index(fields=["night", "outcome"], name="settlement_line_night"),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.amount_minor}"


class PayLine(models.Model):
    """A month's stable pay or draw of a membership, or an advance that became a cost when its holder had left."""

    class Kind(models.TextChoices):
        STABLE = "stable", _("Stable pay")
        DRAW = "draw", _("Draw")
        FORGIVEN = "forgiven", _("Advance taken over by the ME")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="pay_lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="pay_lines")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pay_lines")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    month = models.DateField(help_text=_("First day of the month it is for."))
    business_date = models.DateField()
    night = models.DateField()
    currency = models.CharField(max_length=3)
    days = models.PositiveSmallIntegerField(default=0)
    days_in_month = models.PositiveSmallIntegerField(default=0)
    monthly_minor = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    entry_reference = models.CharField(max_length=120)

    objects = LineQuerySet.as_manager()

    class Meta:
        ordering = ["-night", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "month", "kind"], condition=~Q(kind="forgiven"), name="a_month_is_paid_once"
            ),
            # Whoever leaves has the advance of before taken over at once, and the draw of their last days at month end.
            models.UniqueConstraint(
                fields=["membership", "night"],
                condition=Q(kind="forgiven"),
                name="an_advance_is_taken_over_once_a_night",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="a_pay_line_is_positive"),
        ]
        indexes = [
            models.Index(fields=["person", "-night", "id"], name="settlement_pay_person"),
            models.Index(fields=["night", "microenterprise"], name="settlement_pay_night"),
            models.Index(fields=["microenterprise", "month"], name="settlement_pay_me_month"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.month} {self.amount_minor}"


class StatementLine(models.Model):
    """A view over share and pay lines: what a person's statement is printed from, in one order.

    `position` orders the lines of a night as they were posted. `payable_minor` is what became newly payable.
    """

    class Kind(models.TextChoices):
        SHARE = "share", _("Share of the profit")
        STABLE = "stable", _("Stable pay")
        DRAW = "draw", _("Draw")
        FORGIVEN = "forgiven", _("Advance taken over by the ME")

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(User, on_delete=models.DO_NOTHING, related_name="+")
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.DO_NOTHING, related_name="+")
    share_terms = models.ForeignKey(ShareTerms, on_delete=models.DO_NOTHING, null=True, related_name="+")
    outcome = models.ForeignKey(Outcome, on_delete=models.DO_NOTHING, null=True, related_name="+")
    night = models.DateField()
    position = models.SmallIntegerField()
    business_date = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    weight = models.BigIntegerField()
    weights_sum = models.BigIntegerField()
    days = models.SmallIntegerField()
    amount_minor = models.BigIntegerField()
    recovered_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()

    objects = LineQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "settlement_statementline"

    def __str__(self) -> str:
        return f"{self.business_date} {self.kind} {self.amount_minor}"


def seconds_left(done: int, total: int, elapsed: timedelta) -> timedelta | None:
    """How long a run still takes at the pace it had so far; None before there is a pace."""
    return elapsed * (total - done) / done if done else None
