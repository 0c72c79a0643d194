"""Bids. Until a project's bids are opened nothing here says who, how much or what: see `contracts.sealing`.

Never register these tables in an admin site, a filter, an export or a serializer before reading rule 2 in docs.
"""

from uuid import UUID

from django.db import models
from django.db.models import FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.projects import Project
from contracts.models.vendors import Bidder, Vendor
from core.ids import new_id
from microenterprises.models import Microenterprise
from people.models import User

CLEAR = ["microenterprise", "vendor", "author", "price_minor", "days", "plan", "answers"]


def kept_from(user: User) -> models.QuerySet[Project]:
    """The projects whose opened bids somebody does not see, nor what was told of them since: they are to judge quality
    and have not declared their interests yet, or have a conflict."""
    return Project.objects.filter(
        Q(price_weight_bp__lt=10_000) | Q(pass_mark__gt=0),
        status=Project.Status.EVALUATING,
        panel__person=user,
        panel__status__in=["named", "conflicted"],
        pk__in=Bid.objects.opened().filter(status=Bid.Status.VALID, quality_points=None).values("project"),
    )


class BidQuerySet(models.QuerySet["Bid"]):
    def opened(self) -> "BidQuerySet":
        """The only bids that exist for readers."""
        return self.filter(opened_at__isnull=False)

    def with_award(self) -> "BidQuerySet":
        """Each with its award on its way or in force and that award's contract, read by `queries.decisions`."""
        live = Q(awards__status__in=["proposed", "standing", "active"])
        beside = [f"live_award__{name}" for name in ("contract", "awarded_by", "agreed_by")]
        return self.annotate(live_award=FilteredRelation("awards", condition=live)).select_related(*beside)

    def visible_to(self, user: User) -> "BidQuerySet":
        """Opened bids, for colleagues: the market is open once a deadline has passed.

        Who is to judge quality sees none of them before they have declared: `kept_from`. Outside vendors see their own.
        """
        if user.is_vendor:
            return self.opened().filter(vendor__seats__person=user)
        return self.opened().exclude(project__in=kept_from(user))


class Bid(models.Model):
    """A bid of one ME, or of an outside vendor, on one project. `bidder_token` is an HMAC that hides who until opening.

    Whether a bid waits to be confirmed after a change of its project is derived (`SealedTerms.made_for`); only the
    opening, which leaves unconfirmed bids sealed for ever, writes `stale`.
    """

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        STALE = "stale", _("Not confirmed")
        VALID = "valid", _("Valid")
        DISQUALIFIED = "disqualified", _("Disqualified")

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="bids")
    bidder_token = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.SUBMITTED)
    revision = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField()
    receipt = models.CharField(max_length=64)
    opened_at = models.DateTimeField(null=True)

    microenterprise = models.ForeignKey(
        Microenterprise, on_delete=models.PROTECT, null=True, related_name="opened_bids"
    )
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, related_name="opened_bids")
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    bidder_name = models.CharField(max_length=200, blank=True, help_text=_("For imported bids, whose bidder is no ME."))
    price_minor = models.BigIntegerField(null=True)
    days = models.PositiveIntegerField(null=True)
    plan = models.TextField(null=True)
    answers = models.JSONField(null=True, help_text=_("One text for each criterion that asks for one, in their order."))
    price_opened_at = models.DateTimeField(null=True, help_text=_("Under two envelopes later than the rest, or never."))

    quality_points = models.PositiveIntegerField(null=True, help_text=_("0 to 10,000, agreed by the panel."))
    quality_reason = models.TextField(blank=True)
    quality_parts = models.JSONField(
        null=True, help_text=_("The agreed figure of each criterion: title, weight in basis points, points, reason.")
    )
    scored_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    scored_at = models.DateTimeField(null=True)
    outcome_reason = models.TextField(blank=True, help_text=_("Why it won, lost or was disqualified."))
    external_id = models.CharField(max_length=120, blank=True)

    objects = BidQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at__isnull=False)
                | Q(
                    microenterprise=None,
                    vendor=None,
                    author=None,
                    price_minor=None,
                    days=None,
                    plan=None,
                    answers__isnull=True,
                    price_opened_at=None,
                    quality_points=None,
                    quality_parts__isnull=True,
                    bidder_name="",
                    outcome_reason="",
                ),
                name="a_sealed_bid_shows_nothing",
            ),
            models.CheckConstraint(
                condition=Q(microenterprise=None, vendor=None)
                | Q(microenterprise__isnull=False, vendor=None, bidder_name="")
                | Q(microenterprise=None, vendor__isnull=False, bidder_name=""),
                name="a_bid_shows_one_bidder",
            ),
            models.CheckConstraint(
                condition=Q(opened_at=None, status__in=["submitted", "withdrawn", "stale"])
                | (Q(opened_at__isnull=False) & ~Q(status="stale")),
                name="only_opened_bids_are_judged",
            ),
            models.CheckConstraint(
                condition=Q(price_minor=None, price_opened_at=None)
                | Q(price_minor__isnull=False, price_opened_at__isnull=False),
                name="a_price_shows_once_it_is_opened",
            ),
            models.UniqueConstraint(
                fields=["project", "bidder_token"],
                condition=~Q(status="withdrawn"),
                name="one_live_bid_per_me_and_project",
            ),
            models.CheckConstraint(
                condition=Q(quality_points=None) | Q(quality_points__lte=10_000), name="quality_is_at_most_10000"
            ),
        ]
        indexes = [
            # Who bid is asked by token while a bid is sealed only; a million opened ones need not be kept in order.
            models.Index(fields=["bidder_token"], condition=Q(opened_at=None), name="sealed_bid_token"),
            models.Index(fields=["microenterprise", "-submitted_at"], name="bid_me"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def bidder(self) -> Bidder | None:
        """Who bid, once the bid is open; None for imported bids, whose bidder is only a name."""
        return self.microenterprise if self.microenterprise_id is not None else self.vendor

    @property
    def bidder_id(self) -> UUID | None:
        """The id of the ME or vendor that bid, once the bid is open."""
        return self.microenterprise_id or self.vendor_id

    @property
    def bidder_label(self) -> str:
        """Who bid, as sentences and pages name them."""
        bidder = self.bidder
        return bidder.name if bidder is not None else self.bidder_name

    def bidder_facts(self) -> dict[str, str]:
        """Who bid, as the trail keeps it."""
        kind = "vendor" if self.vendor_id is not None else "microenterprise"
        return {kind: str(self.bidder_id)}


class SealedTerms(models.Model):
    """The ciphertext of a bid's current revision under its project's key.

    `made_for` is sealed too: the version of the project's words that the bidder made or confirmed the bid for. Every
    row has one of the same size, so that it tells nobody whether a bid was confirmed; empty stands for version 1.
    """

    bid = models.OneToOneField(Bid, on_delete=models.CASCADE, primary_key=True, related_name="sealed")
    ciphertext = models.BinaryField()
    made_for = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return str(self.bid_id)


class SealedEvent(models.Model):
    """What would stand in the audit trail but must stay sealed until opening: submitted, revised, withdrawn, read."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="sealed_events")
    ciphertext = models.BinaryField()
    published = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.id)
