"""Every person's lines: shares of a pool, pay by month, and the view a statement is printed from. Only ever added.

Units: `_minor` minor units, `_grain` 10^-12 of one.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models import Membership, Microenterprise, ShareTerms
from people.models import User
from settlement.models.outcomes import Outcome
from settlement.models.runs import READS_PAY


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
            models.UniqueConstraint(fields=["membership", "month", "kind"], name="a_month_is_paid_once"),
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
