"""Releases: what was told of a process in OCDS, once and for ever. Written by `actions.releases` only.

A process has one line of releases that everybody may read (`contract` empty), and each contract one of its own for its
readers. `epoch` and `xid` are set by the database: they say in which order releases become visible (docs/adr/0030).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q

from contracts.models.bids import kept_from
from contracts.models.contracts import Contract
from contracts.models.projects import Project
from people.models import User


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, user: User) -> "ReleaseQuerySet":
        """Releases of processes for every colleague, those of contracts for who may read the contract.

        What was told since the bids of a project were opened waits for who is kept from them.
        """
        if user.is_vendor:
            return self.none()
        return self.exclude(project__in=kept_from(user), date__gte=F("project__opened_at")).filter(
            Q(contract=None) | Q(contract__in=Contract.objects.visible_to(user).values("pk"))
        )


class Release(models.Model):
    """One release, as the exact text that is given out. Append-only."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="releases")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, related_name="releases")
    number = models.PositiveIntegerField()
    ocid = models.CharField(max_length=80)
    release_id = models.CharField(max_length=140, unique=True)
    date = models.DateTimeField()
    tags = ArrayField(models.CharField(max_length=24))
    planned_until = models.DateTimeField(null=True, help_text="When the process that is told as planned takes bids.")
    body = models.TextField()
    epoch = models.PositiveIntegerField(db_default=Func(function="contracts_feed_epoch"))
    xid = models.BigIntegerField(db_default=Func(function="contracts_feed_xid"))

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["epoch", "xid", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "contract", "number"], name="releases_are_numbered_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(tags=[]), name="a_release_says_what_it_is"),
        ]
        indexes = [
            models.Index(fields=["epoch", "xid", "id"], name="release_feed"),
            models.Index(fields=["date", "id"], name="release_date"),
            models.Index(fields=["ocid"], name="release_ocid"),
            models.Index(fields=["planned_until"], name="release_planned", condition=Q(planned_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.release_id


class FeedEpoch(models.Model):
    """A server the feed was written on. Another one, or another timeline of the same, counts transactions afresh."""

    number = models.PositiveIntegerField(primary_key=True)
    server = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return f"{self.number}: {self.server}"
