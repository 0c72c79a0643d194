"""The words of a published project, version by version. Never changed; a change of the project is a new version.

Version 1, what was published, is written down with the first change: until then the project's own frozen row is it.
"""

from django.db import models
from django.db.models import Q

from contracts.models.projects import Project
from core.ids import new_id
from people.models import User


class ProjectVersion(models.Model):
    """What a project said from an instant on, as `contracts.versions` writes it; the newest is what its row says."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    words = models.JSONField()
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="project_versions_are_numbered_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="project_versions_begin_with_1"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="a_changed_project_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} v{self.number}"
