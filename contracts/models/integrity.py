"""Red flags over opened processes: questions that the steward looks at. Nothing here is ever about an unopened bid."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models.projects import Project
from core.ids import new_id
from microenterprises.models import Microenterprise
from people.models import Role, User

WATCHERS = (Role.STEWARD, Role.AUDITOR)


class FlagSearch(models.Model):
    """One search through all opened processes, the last of its business date. `fences`: quartiles and fences by
    indicator, exact, as text; `counts`: open flags by indicator; `proofs`: what `contracts.proofs` counted.
    """

    business_date = models.DateField(unique=True)
    searched_at = models.DateTimeField()
    processes = models.PositiveIntegerField()
    fences = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    proofs = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.business_date}"


class RedFlagQuerySet(models.QuerySet["RedFlag"]):
    def visible_to(self, user: User) -> "RedFlagQuerySet":
        """The steward and the auditor; to everybody else there are none."""
        return self.all() if user.has_role(*WATCHERS) else self.none()

    def standing(self) -> "RedFlagQuerySet":
        """What the last search still found."""
        return self.filter(ended_at=None)

    def waiting(self) -> "RedFlagQuerySet":
        """What nobody has looked at yet."""
        return self.standing().filter(looked_at=None)


class RedFlag(models.Model):
    """What one indicator asks about one process, or about one ME over all its processes.

    `value` and `figures` are exact: fractions as text. `firms` are the MEs it names (the buyer and the bidders in
    question), `names` the bidders of imported tenders. `key` is the same whenever the same question is found again; it
    ends when a search does not find it any more.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    key = models.CharField(max_length=160)
    indicator = models.CharField(max_length=4)
    group = models.CharField(max_length=16)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="red_flags")
    microenterprise = models.ForeignKey(
        Microenterprise, on_delete=models.PROTECT, null=True, related_name="red_flags", help_text=_("Whom it is about.")
    )
    firms = models.ManyToManyField(Microenterprise, related_name="named_in_red_flags")
    names = models.JSONField(default=list)
    value = models.CharField(max_length=120)
    figures = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    looked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RedFlagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(ended_at=None), name="a_question_stands_once"),
            models.CheckConstraint(
                condition=Q(looked_at=None, looked_by=None) | Q(looked_at__isnull=False, looked_by__isnull=False),
                name="a_look_says_who_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["-found_at", "-id"], name="flag_found", condition=Q(ended_at=None)),
            models.Index(fields=["-found_at", "-id"], name="flag_waiting", condition=Q(ended_at=None, looked_at=None)),
            models.Index(fields=["indicator", "-found_at", "-id"], name="flag_indicator"),
            models.Index(fields=["-found_at", "-id"], name="flag_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key


class FlagNote(models.Model):
    """A steward has looked at a flag: what they found, when, and the value it had then. Never changed."""

    flag = models.ForeignKey(RedFlag, on_delete=models.PROTECT, related_name="notes")
    reason = models.TextField()
    value = models.CharField(max_length=120)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["noted_at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="a_look_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.flag_id} {self.noted_at}"
