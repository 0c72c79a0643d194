"""Share terms: an ME's own profit-sharing structure, dated, versioned, agreed by its members, never changed after."""

from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models.firms import DateRange, Microenterprise
from people.models import User

if TYPE_CHECKING:
    from datetime import date

    from core.prepared import Bound


class ShareTermsQuerySet(models.QuerySet["ShareTerms"]):
    def visible_to(self, user: User) -> "ShareTermsQuerySet":
        """How an ME shares is open to every colleague; an outside vendor sees nothing of it."""
        return self.none() if user.is_vendor else self

    def in_force(self, on: "date | Bound") -> "ShareTermsQuerySet":
        """Agreed terms with effective_from <= on < effective_to; at most one per ME."""
        return self.filter(
            Q(effective_to=None) | Q(effective_to__gt=on), status=ShareTerms.Status.AGREED, effective_from__lte=on
        )


class ShareTerms(models.Model):
    """One version. In force on dates `effective_from <= D < effective_to` once agreed."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        AGREED = "agreed", _("Agreed")
        REJECTED = "rejected", _("Rejected")

    id = models.UUIDField(primary_key=True, default=new_id)
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="share_terms")
    version = models.PositiveIntegerField(_("version"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    threshold_minor = models.BigIntegerField(_("annual threshold"), default=0)
    tiers = models.JSONField(
        _("tiers"), help_text=_("[[width in minor units or null for the open last tier, basis points], ...]")
    )
    residual_owners = models.JSONField(
        _("who owns the rest"), help_text=_("{owner: basis points}, summing to 10,000; reserve, platform, co-investors")
    )
    carries_losses = models.BooleanField(_("losses carry over to the next fiscal year"), default=False)
    shares_with_stable = models.BooleanField(_("stable members share"), default=False)
    effective_from = models.DateField(_("takes effect on"))
    effective_to = models.DateField(_("until"), null=True, blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)

    objects = ShareTermsQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["microenterprise", "version"], name="terms_are_numbered_once"),
            models.CheckConstraint(condition=Q(threshold_minor__gte=0), name="a_threshold_is_not_negative"),
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gt=F("effective_from")),
                name="terms_end_after_they_start",
            ),
            ExclusionConstraint(
                name="agreed_terms_do_not_overlap",
                expressions=[
                    ("microenterprise", RangeOperators.EQUAL),
                    (DateRange("effective_from", "effective_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(status="agreed"),
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
