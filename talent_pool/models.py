"""The talent pool: who has free capacity, since when, and until when they have help to land."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models import Microenterprise, Seat
from people.models import User


class PoolEntryQuerySet(models.QuerySet["PoolEntry"]):
    def visible_to(self, user: User) -> "PoolEntryQuerySet":
        """Everybody with free capacity is seen by colleagues who look for people; vendors see nobody."""
        return self.none() if user.is_vendor else self

    def waiting(self) -> "PoolEntryQuerySet":
        return self.filter(landed_at=None)


class PoolEntry(models.Model):
    """One stay in the pool. The clock ends after three calendar months (a dated parameter); nothing happens to
    anyone's employment by itself.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pool_entries")
    left_microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()
    clock_ends_on = models.DateField(_("clock ends with"))
    landed_at = models.DateTimeField(null=True)
    landed_in = models.ForeignKey(Seat, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(_("note of HR"), blank=True)

    objects = PoolEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("stay in the pool")
        verbose_name_plural = _("stays in the pool")
        ordering = ["clock_ends_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(landed_at=None), name="a_person_waits_in_the_pool_once"
            )
        ]
        indexes = [
            models.Index(fields=["clock_ends_on", "id"], condition=Q(landed_at=None), name="pool_clock"),
            models.Index(fields=["person", "-entered_at"], name="pool_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} until {self.clock_ends_on}"
