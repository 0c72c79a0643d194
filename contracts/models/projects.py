"""Projects: a need, what success means, a ceiling, criteria frozen before bids open, a deadline. See also `panel`."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from contracts.models.lots import LotSet
from core.clock import market_today
from core.ids import new_id
from core.prepared import Bound
from microenterprises.models import Membership, Microenterprise
from people.models import Skill, User


class ProjectQuerySet(models.QuerySet["Project"]):
    def published(self) -> "ProjectQuerySet":
        """Those that every colleague may see, now and from then on."""
        return self.filter(published_at__isnull=False)

    def visible_to(self, user: User, reader: "User | Bound | None" = None) -> "ProjectQuerySet":
        """Published projects are for every colleague; drafts, also cancelled ones, for the members of the buyer;
        vendors see published ones that they are invited to.

        reader: whom the statement names, where it is prepared for readers who are vendors like `user` or not.
        """
        reader = reader or user
        if user.is_vendor:
            return self.filter(published_at__isnull=False, invited_vendors__vendor__seats__person=reader)
        mine = Membership.objects.active(market_today()).filter(person=reader)
        return self.filter(Q(published_at__isnull=False) | Q(buyer__in=mine.values("microenterprise")))


class Project(models.Model):
    """A need posted by an ME, or a real tender imported for reference (then it has no buyer and no money).

    What depends on time is derived: a `published` project is scheduled before `opens_at`, open until `deadline`, closed
    from then on (see `contracts.lifecycle.phase`). `evaluating` means its bids were opened.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        EVALUATING = "evaluating", _("Evaluating")
        AWARDED = "awarded", _("Awarded")
        UNSUCCESSFUL = "unsuccessful", _("Unsuccessful")
        CANCELLED = "cancelled", _("Cancelled")

    class Method(models.TextChoices):
        LOWEST_PRICE = "lowest_price", _("Lowest price over a pass mark")
        PRICE_QUALITY = "price_quality", _("Weighted price and quality")

    class Admission(models.TextChoices):
        OPEN = "open", _("Every ME")
        INVITED = "invited", _("Invited MEs only")

    id = models.UUIDField(primary_key=True, default=new_id)
    buyer = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, null=True, related_name="projects")
    title = models.CharField(_("title"), max_length=160)
    title_capitals = models.GeneratedField(expression=Upper("title"), output_field=models.TextField(), db_persist=True)
    """The title as it is searched, whichever letters are typed in capitals: to make it for a row takes longer than to
    look at it."""
    need = models.TextField(_("need"), help_text=_("What is needed, and for which customer."))
    success_measure = models.TextField(
        _("what success means"), help_text=_("Metric, baseline, target, how and by whom it is measured.")
    )
    measure_metric = models.TextField(blank=True, db_default="")
    measure_baseline = models.TextField(blank=True, db_default="")
    measure_target = models.TextField(blank=True, db_default="")
    measure_how = models.TextField(blank=True, db_default="")
    measure_by = models.TextField(blank=True, db_default="")
    milestones = models.JSONField(
        default=list, db_default=[], help_text="What the buyer proposes: title, share in basis points, days."
    )
    revision = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Number of its words; see ProjectVersion."
    )
    admission = models.CharField(
        _("who may bid"), max_length=8, choices=Admission.choices, default=Admission.OPEN, db_default="open"
    )
    teams_may_bid = models.BooleanField(
        _("teams of the talent pool may bid"),
        default=True,
        db_default=True,
        help_text=_("Teams that are not launched yet. They are launched as an ME before they sign."),
    )
    currency = models.CharField(max_length=3)
    ceiling_minor = models.BigIntegerField(_("ceiling price"), null=True)
    book = models.CharField(max_length=6, choices=[("real", _("Real")), ("shadow", _("Shadow"))], default="real")
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.DRAFT)
    opens_at = models.DateTimeField(_("bids from"), null=True)
    deadline = models.DateTimeField(_("deadline"))
    deadline_zone = models.CharField(_("time zone of the deadline"), max_length=60)
    method = models.CharField(
        _("how bids are compared"), max_length=14, choices=Method.choices, default=Method.LOWEST_PRICE
    )
    price_weight_bp = models.PositiveIntegerField(_("weight of price, basis points"), default=10_000)
    pass_mark = models.PositiveIntegerField(_("quality pass mark, of 10,000"), default=0)
    two_envelopes = models.BooleanField(
        _("two envelopes"),
        default=False,
        db_default=False,
        help_text=_("Prices stay sealed until the panel has agreed on quality."),
    )
    draw_seed = models.CharField(max_length=120, blank=True)
    draw_commitment = models.CharField(max_length=64, blank=True)
    acceptor = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="projects_to_accept",
        verbose_name=_("who accepts the work"),
    )
    skills = models.ManyToManyField(Skill, related_name="projects", blank=True)
    # The index of the constraint below finds the lots of a set.
    lot_set = models.ForeignKey(LotSet, on_delete=models.PROTECT, null=True, related_name="lots", db_index=False)
    lot_number = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["deadline", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price_weight_bp__lte=10_000), name="a_price_weight_is_at_most_10000_bp"),
            models.CheckConstraint(condition=Q(pass_mark__lte=10_000), name="a_pass_mark_is_at_most_10000"),
            models.CheckConstraint(
                condition=Q(ceiling_minor=None) | Q(ceiling_minor__gt=0), name="a_ceiling_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(buyer=None)
                | Q(status="draft")
                | Q(status="cancelled", published_at=None)
                | Q(ceiling_minor__gt=0, opens_at__isnull=False, published_at__isnull=False, acceptor__isnull=False),
                name="a_published_project_shows_its_ceiling_and_acceptor",
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(deadline__gt=F("opens_at")), name="a_deadline_follows_the_opening"
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=False) | Q(status__in=["draft", "published", "cancelled"]),
                name="evaluating_needs_opened_bids",
            ),
            models.CheckConstraint(
                condition=Q(lot_set=None, lot_number=None) | Q(lot_set__isnull=False, lot_number__gt=0),
                name="a_lot_has_its_number",
            ),
            models.UniqueConstraint(fields=["lot_set", "lot_number"], name="a_lot_number_is_given_once"),
        ]
        indexes = [
            # With what a search of the list asks of a row: it then reads the index and only the rows of its page.
            models.Index(
                fields=["status", "deadline", "id"],
                include=["opens_at", "published_at", "buyer", "title_capitals"],
                name="project_by_status",
            ),
            models.Index(fields=["deadline", "id"], name="project_deadline"),
            models.Index(fields=["-published_at", "id"], include=["buyer", "title_capitals"], name="project_newest"),
            models.Index(fields=["buyer", "status", "deadline"], name="project_buyer"),
            models.Index(fields=["ceiling_minor", "id"], name="project_ceiling"),
            GinIndex(OpClass("title_capitals", name="gin_trgm_ops"), name="project_title_words"),
        ]

    def __str__(self) -> str:
        return self.title


class InvitedFirm(models.Model):
    """An ME that may bid on a project for invited MEs only; the list is fixed at publication and everybody reads it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invited")
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "microenterprise"], name="an_me_is_invited_once")]

    def __str__(self) -> str:
        return f"{self.microenterprise_id}"


class ReferenceTender(models.Model):
    """What a real tender said beside its project: identity, estimate, who really won, licence. Read-only."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="reference")
    ocid = models.CharField(max_length=120, unique=True)
    tender_id = models.CharField(max_length=120)
    buyer_name = models.CharField(max_length=200)
    publisher = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=300, blank=True)
    estimate_minor = models.BigIntegerField(null=True)
    award_criteria_details = models.TextField(blank=True)
    original = models.JSONField(help_text="The release as it was read; amounts as text, times with their offset.")
    awarded_bids = models.JSONField(default=list)
    agrees = models.BooleanField()
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.ocid
