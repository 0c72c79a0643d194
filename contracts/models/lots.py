"""Lots: a need in parts, each awarded by itself. A lot is a project of its own; here is only what holds them together.

So nothing that guards a project is asked anew for a lot: its hold, its sealed bids, its opening, award and contract are
its own. Do not put words here that bidders rely on; those stand in each lot.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models import Microenterprise
from people.models import User


class LotSet(models.Model):
    """The lots of one need: published together, with one opening and one deadline (triggers). Fixed at publication."""

    id = models.UUIDField(primary_key=True, default=new_id)
    buyer = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="lot_sets")
    title = models.CharField(_("title"), max_length=160)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="lots_have_a_title_together")]

    def __str__(self) -> str:
        return self.title
