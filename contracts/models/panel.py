"""The panel: criteria of quality, who judges, conflicts of interest, points given apart, the figure agreed together.

Points are absent until everybody who judges has given theirs: until then they are ciphertext in `SealedScores`, and the
database refuses `Score` rows. Show `SealedScores` to nobody but their own panelist, by `actions.panel.read_own_scores`.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models.bids import Bid
from contracts.models.projects import Project
from core.ids import new_id
from people.models import User


class Criterion(models.Model):
    """One criterion of quality of a project, frozen with it. Weights in basis points sum to 10,000.

    `judged` empty: the plan alone is judged, and bidders are asked for no answer of its own. One of the kind `promises`
    is judged by nobody: its points are the promise-kept score of the bidding ME at the deadline.
    """

    class Kind(models.TextChoices):
        JUDGED = "judged", _("Judged by the panel")
        PROMISES = "promises", _("Promises kept")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="criteria")
    place = models.PositiveSmallIntegerField()
    title = models.CharField(_("title"), max_length=80)
    judged = models.CharField(_("what is judged"), max_length=400, blank=True)
    weight_bp = models.PositiveIntegerField(_("weight, basis points"))
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.JUDGED, db_default="judged")

    class Meta:
        ordering = ["project", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(kind="promises"), name="promises_are_one_criterion_of_a_project"
            ),
            models.CheckConstraint(
                condition=Q(kind="judged") | Q(kind="promises", judged=""), name="nobody_judges_kept_promises"
            ),
            models.UniqueConstraint(fields=["project", "place"], name="a_project_has_one_criterion_at_a_place"),
            models.CheckConstraint(
                condition=Q(weight_bp__gte=1, weight_bp__lte=10_000), name="a_criterion_weighs_1_to_10000_bp"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="a_criterion_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def by_panel(self) -> bool:
        """Whether the panel gives its points."""
        return self.kind == self.Kind.JUDGED


class Panelist(models.Model):
    """A person who judges quality; fixed at publication. Bids from their MEs are refused.

    `named_at`, `named_by`: only for who was named by the steward after everybody else had a conflict.
    """

    class Status(models.TextChoices):
        NAMED = "named", _("To declare")
        READY = "ready", _("Judging")
        SUBMITTED = "submitted", _("Points given")
        CONFLICTED = "conflicted", _("Conflict of interest")

    WAITING = (Status.NAMED, Status.READY)

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="panel")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NAMED, db_default="named")
    named_at = models.DateTimeField(null=True)
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "person"], name="a_panelist_is_named_once"),
            models.CheckConstraint(
                condition=Q(named_at=None, named_by=None) | Q(named_at__isnull=False, named_by__isnull=False),
                name="a_panelist_named_later_has_who_and_when",
            ),
        ]
        indexes = [models.Index(fields=["person", "status"], name="panelist_person")]

    def __str__(self) -> str:
        return f"{self.person_id}"


class Declaration(models.Model):
    """What is known of a panelist's interests: nothing, a conflict with a bidder they declared, or one that was found.

    `reason` is the person's or the steward's words; for what the rules found, the name of the ME that is shared.
    """

    class Says(models.TextChoices):
        NONE = "none", _("No conflict of interest")
        DECLARED = "declared", _("Declared")
        RECORDED = "recorded", _("Recorded by the steward")
        MEMBER = "member", _("Member of the bidding ME")
        WAS_MEMBER = "was_member", _("Member of the bidding ME not long ago")
        SHARES_ME = "shares_me", _("In one ME with the author of the bid")

    id = models.UUIDField(primary_key=True, default=new_id)
    panelist = models.ForeignKey(Panelist, on_delete=models.PROTECT, related_name="declarations")
    says = models.CharField(max_length=10, choices=Says.choices)
    bid = models.ForeignKey(Bid, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=1_000, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(says="none", bid=None, reason="")
                | (~Q(says="none") & ~Q(reason="") & Q(bid__isnull=False)),
                name="a_conflict_names_a_bidder_and_says_why",
            ),
            models.CheckConstraint(
                condition=Q(made_by__isnull=False) | Q(says__in=["member", "was_member", "shares_me"]),
                name="only_rules_find_without_a_person",
            ),
        ]

    def __str__(self) -> str:
        return self.says


class SealedScores(models.Model):
    """What one panelist gave so far, as ciphertext under the project's key; `submitted_at` once it is complete."""

    panelist = models.OneToOneField(Panelist, on_delete=models.PROTECT, primary_key=True, related_name="sealed_scores")
    ciphertext = models.BinaryField()
    kept_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.panelist_id)


class Score(models.Model):
    """Points of one panelist for one bid and criterion, in clear since everybody had given theirs.

    `voided_at`: from then on they do not count, because of a conflict of interest.
    """

    panelist = models.ForeignKey(Panelist, on_delete=models.PROTECT, related_name="scores")
    bid = models.ForeignKey(Bid, on_delete=models.PROTECT, related_name="scores")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveIntegerField()
    reason = models.CharField(max_length=600)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panelist", "bid", "criterion"], name="a_panelist_scores_a_bid_once"),
            models.CheckConstraint(condition=Q(points__lte=10_000), name="a_score_is_at_most_10000"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_score_has_a_reason"),
        ]

    def __str__(self) -> str:
        return str(self.points)


class Consensus(models.Model):
    """The figures one panelist proposes and the others confirm. `needed`: how many others have to."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        AGREED = "agreed", _("Agreed")
        DROPPED = "dropped", _("Dropped")

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="consensuses")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PROPOSED)
    needed = models.PositiveSmallIntegerField()
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(status__in=["proposed", "agreed"]),
                name="one_consensus_is_proposed_or_agreed",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", ended_at=None) | (~Q(status="proposed") & Q(ended_at__isnull=False)),
                name="a_consensus_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ConsensusLine(models.Model):
    """The one figure for a bid and a criterion, with its reason."""

    consensus = models.ForeignKey(Consensus, on_delete=models.PROTECT, related_name="lines")
    bid = models.ForeignKey(Bid, on_delete=models.PROTECT, related_name="+")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveIntegerField()
    reason = models.CharField(max_length=600)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consensus", "bid", "criterion"], name="a_consensus_has_one_figure_each"),
            models.CheckConstraint(condition=Q(points__lte=10_000), name="a_figure_is_at_most_10000"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_figure_has_a_reason"),
        ]

    def __str__(self) -> str:
        return str(self.points)


class Confirmation(models.Model):
    """Another panelist agrees to what was proposed."""

    consensus = models.ForeignKey(Consensus, on_delete=models.PROTECT, related_name="confirmations")
    confirmed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consensus", "confirmed_by"], name="a_consensus_is_confirmed_once_each")
        ]

    def __str__(self) -> str:
        return f"{self.confirmed_by_id}"


class ReplacementRequest(models.Model):
    """The buyer asks the steward for a panelist because everybody named has a conflict; `panelist`: who was named."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="replacement_requests")
    reason = models.CharField(max_length=1_000)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    panelist = models.OneToOneField(Panelist, on_delete=models.PROTECT, null=True, related_name="replaces")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(panelist=None), name="one_replacement_is_asked_for"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_replacement_is_asked_for_with_a_reason"),
        ]

    def __str__(self) -> str:
        return str(self.id)
