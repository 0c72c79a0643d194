"""Awards: the decision for one bid, with the arithmetic shown and a reason for every loser."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models.bids import Bid
from contracts.models.projects import Project
from core.ids import new_id
from people.models import User


class Award(models.Model):
    """One live award per project, by constraint. `arithmetic` is the frozen ranking as the buyer saw it."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="awards")
    bid = models.OneToOneField(Bid, on_delete=models.PROTECT, related_name="award")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    reason = models.TextField(_("reason"))
    arithmetic = models.JSONField()
    awarded_at = models.DateTimeField()
    awarded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(status="active"), name="one_award_per_project"),
            models.CheckConstraint(condition=~Q(reason=""), name="an_award_has_a_reason"),
        ]

    def __str__(self) -> str:
        return str(self.id)
