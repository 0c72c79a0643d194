"""Every person's lines: shares of a pool, pay by month, and the view a statement is printed from. Only ever added.

Units: `_minor` minor units, `_grain` 10^-12 of one.
"""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models import Membership, Microenterprise, ShareTerms
from people.models import User
from settlement.models.outcomes import Outcome
from settlement.models.runs import READS_PAY

PLACE_BITS: Final = 16
PLACE_MASK: Final = 2**PLACE_BITS - 1


class LineQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> "LineQuerySet":
        """Pay is read by the person themselves, by finance and by the auditor."""
        return self if user.has_role(*READS_PAY) else self.filter(person=user)


class ShareLine(models.Model):
    """A view over the arrays of outcomes: one person's part of a pool. `place` is where it stands in them, from 1.

    The id is the outcome's with the place as its last two bytes, so that a line is found through its outcome.
    """

    id = models.UUIDField(primary_key=True)
    outcome = models.ForeignKey(Outcome, on_delete=models.DO_NOTHING, related_name="share_lines")
    place = models.IntegerField()
    night = models.DateField()
    business_date = models.DateField()
    person = models.ForeignKey(User, on_delete=models.DO_NOTHING, related_name="share_lines")
    membership = models.ForeignKey(Membership, on_delete=models.DO_NOTHING, related_name="share_lines")
    currency = models.CharField(max_length=3)
    weight = models.BigIntegerField()
    weights_sum = models.BigIntegerField()
    inherited_grain = models.BigIntegerField()
    carry_before_grain = models.BigIntegerField()
    carry_after_grain = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    recovered_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()

    objects = LineQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "settlement_shareline"
        ordering = ["-night", "id"]

    def __str__(self) -> str:
        return f"{self.business_date} {self.amount_minor}"


def in_outcome(line: UUID) -> Q:
    """The filter that finds a share line by its id without looking through every night."""
    outcome, place = line.int >> PLACE_BITS << PLACE_BITS, line.int & PLACE_MASK
    return Q(outcome__gte=UUID(int=outcome), outcome__lte=UUID(int=outcome | PLACE_MASK), place=place)


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


class HandedOn(models.Model):
    """What a person gets of an ME that ended: a stake given back as far as its wallet reached, and a part of the rest.

    `stake_minor` is what they had put in. `night` is the date on which it was posted, whose run releases it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    night = models.DateField()
    currency = models.CharField(max_length=3)
    stake_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    entry_reference = models.CharField(max_length=120)

    objects = LineQuerySet.as_manager()

    class Meta:
        ordering = ["-night", "id"]
        constraints = [
            models.UniqueConstraint(fields=["microenterprise", "person"], name="an_me_is_handed_on_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, stake_minor__gte=0), name="what_is_handed_on_is_money"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-night", "id"], name="settlement_handed_person"),
            models.Index(fields=["night"], name="settlement_handed_night"),
        ]

    def __str__(self) -> str:
        return f"{self.night} {self.amount_minor}"

    @property
    def business_date(self) -> date:
        """It holds for the date on which it was posted; an end is never late."""
        return self.night


class StatementLine(models.Model):
    """A view over shares, pay and what was handed on: what a person's statement is printed from, in one order.

    `position` orders the lines of a night as they were posted. `payable_minor` is what became newly payable.
    """

    class Kind(models.TextChoices):
        SHARE = "share", _("Share of the profit")
        STABLE = "stable", _("Stable pay")
        DRAW = "draw", _("Draw")
        FORGIVEN = "forgiven", _("Advance taken over by the ME")
        HANDED_ON = "handed_on", _("Stake and rest of an ME that ended")

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
