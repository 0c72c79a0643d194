"""Ballots: how members agree. A ballot asks for one version of share terms; the majority is a dated parameter."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from microenterprises.models.terms import ShareTerms
from people.models import User


class Ballot(models.Model):
    """One question to the members an ME had at the instant it opened: they decide it, and nobody else."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=new_id)
    share_terms = models.OneToOneField(ShareTerms, on_delete=models.PROTECT, related_name="ballot")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    electors = ArrayField(models.UUIDField())
    """The people who were members when it opened."""
    needed = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(needed__gte=1), name="a_ballot_needs_a_vote")]

    def __str__(self) -> str:
        return f"{self.share_terms} ({self.status})"

    @property
    def voters(self) -> int:
        """How many may vote."""
        return len(self.electors)


class Vote(models.Model):
    """One member's yes or no; once cast it stands."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agrees = models.BooleanField()
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ballot", "person"], name="a_member_votes_once")]

    def __str__(self) -> str:
        return "yes" if self.agrees else "no"
