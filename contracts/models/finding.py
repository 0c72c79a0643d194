"""How a person finds work: what they watch, which filters they keep, and what they were told already.

What somebody watches or searches for hints what they will bid on. So these rows are one's own: no page, filter, export,
admin table or audit record shows them to anybody else, and nothing counts them.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from contracts.models.projects import Project
from core.ids import new_id
from microenterprises.models import Microenterprise
from people.models import User


class Watch(models.Model):
    """That somebody wants to hear what happens to a project."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "project"], name="a_project_is_watched_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.project_id}"


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User) -> "SavedFilterQuerySet":
        """One's own, and those shared with an ME: their address is a link that every colleague may open."""
        if user.is_vendor:
            return self.none()
        return self.filter(models.Q(person=user) | models.Q(shared_with__isnull=False))


class SavedFilter(models.Model):
    """A view of the project list under a name. `query` is the list's address in its canonical form."""

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=1000, blank=True)
    shared_with = models.ForeignKey(
        Microenterprise, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("shared with")
    )
    alerts_since = models.DateTimeField(
        null=True, help_text=_("Since when new projects are told; empty: they are not.")
    )
    created_at = models.DateTimeField()

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="one_filter_per_person_and_name")]
        indexes = [
            models.Index(fields=["name", "id"], name="filter_name"),
            models.Index(fields=["query"], name="filter_alerts", condition=models.Q(alerts_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """That somebody was told something about a project: whoever tells it again finds this row and stays silent.

    `occasion` tells apart what may be told more than once: the deadline it was, the number of the question.
    """

    class Kind(models.TextChoices):
        DEADLINE = "deadline", _("The deadline is near")
        ASKED = "asked", _("A question was asked")
        ANSWERED = "answered", _("A question was answered")
        CHANGED = "changed", _("The project changed")
        MATCH = "match", _("A new project fits a saved filter")

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    occasion = models.CharField(max_length=60, blank=True)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "occasion", "person"], name="nobody_is_told_the_same_twice"
            )
        ]
        indexes = [BrinIndex(fields=["told_at"], name="alert_told_at", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.kind} {self.project_id}"


class Matched(models.Model):
    """That a published project was held against the saved filters."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="matched")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.project_id)
