"""Questions about a project and their answers: read by everybody who may see it, from the same moment on.

Who asks hints who bids, so no column here names the asker: `asker_token` only says that two questions on one project
come from the same person. The name is kept as a sealed deed (`contracts.sealing`) and enters the audit trail when the
bids are opened. There is one text for everybody and no column for whom it is meant: a private answer cannot be stored.
"""

from django.db import models
from django.db.models import Q

from contracts.models.projects import Project
from core.ids import new_id
from people.models import User


class Question(models.Model):
    """A question with its answer, once there is one. Neither changes once it is written: bidders rely on both."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="questions")
    number = models.PositiveIntegerField()
    asker_token = models.CharField(max_length=64)
    text = models.TextField()
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="questions_are_numbered_once"),
            models.CheckConstraint(condition=~Q(text=""), name="a_question_asks_something"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="an_answer_says_who_and_when",
            ),
        ]
        indexes = [models.Index(fields=["project", "asker_token"], name="question_asker")]

    def __str__(self) -> str:
        return f"{self.number}"
