"""Pay that waits because a wallet was short, lowered by whoever it is owed to. No arithmetic here."""

from django.db import models
from django.db.models import Q

from core.ids import new_id
from microenterprises.models import Membership
from settlement.models.outcomes import Outcome


class LoweredPay(models.Model):
    """One membership's pay of the month that an exception froze, for a full month; rows are only ever added.

    It counts for the nights from `lowered_on` on. Of several rows the lowest counts.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="lowered")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    monthly_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    lowered_on = models.DateField()
    lowered_at = models.DateTimeField()

    class Meta:
        ordering = ["lowered_at"]
        constraints = [
            models.CheckConstraint(condition=Q(monthly_minor__gte=0), name="lowered_pay_is_not_negative"),
            models.UniqueConstraint(
                fields=["outcome", "membership", "monthly_minor"], name="pay_is_lowered_to_a_sum_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.monthly_minor}"
