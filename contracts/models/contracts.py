"""Internal market contracts: versions, signatures, milestones, ratings."""

from uuid import UUID

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from contracts.models.awards import Award
from contracts.models.projects import Project
from contracts.models.vendors import Bidder, Vendor
from core.clock import company_zone
from core.ids import new_id
from core.prepared import Bound
from microenterprises.models import Membership, Microenterprise
from people.models import Role, User


class Party(models.TextChoices):
    BUYER = "buyer", _("Buyer")
    SUPPLIER = "supplier", _("Supplier")


SEE_ALL = (Role.FINANCE, Role.STEWARD, Role.AUDITOR)
"""Who sees every contract."""


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: User, reader: "User | Bound | None" = None) -> "ContractQuerySet":
        """The members of both parties; finance, steward and auditor see all.

        Who left an ME keeps what was drafted while they were there, and sees nothing of what came later. Outside
        vendors see their own.

        reader: whom the statement names, where it is prepared for readers who see all or are vendors like `user`.
        """
        reader = reader or user
        if user.is_vendor:
            return self.filter(supplier_vendor__seats__person=reader)
        if user.has_role(*SEE_ALL):
            return self
        mine = Membership.objects.filter(person=reader).values("microenterprise")
        midnight = Func(F("ended_on"), template="%(expressions)s::timestamp", output_field=models.DateTimeField())
        ends_at = Func(Value(str(company_zone())), midnight, function="timezone", output_field=models.DateTimeField())
        then = Membership.objects.alias(ends_at=ends_at).filter(
            Q(microenterprise=OuterRef("buyer")) | Q(microenterprise=OuterRef("supplier")),
            Q(ended_on=None) | Q(ends_at__gt=OuterRef("created_at")),
            person=reader,
        )
        return self.filter(Q(buyer__in=mine) | Q(supplier__in=mine), Exists(then))


class Contract(models.Model):
    """What both parties agreed; its words are in its versions. One contract per award and project."""

    class Status(models.TextChoices):
        SIGNING = "signing", _("Waiting for signatures")
        ACTIVE = "active", _("Active")
        COMPLETED = "completed", _("Completed")
        TERMINATED = "terminated", _("Terminated")
        VOID = "void", _("Void")

    id = models.UUIDField(primary_key=True, default=new_id)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="contracts")
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="contract")
    buyer = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, related_name="contracts_as_buyer")
    supplier = models.ForeignKey(
        Microenterprise, on_delete=models.PROTECT, null=True, related_name="contracts_as_supplier"
    )
    supplier_vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, related_name="contracts")
    acceptor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contracts_to_accept")
    title = models.CharField(max_length=160)
    currency = models.CharField(max_length=3)
    book = models.CharField(max_length=6, default="real")
    price_minor = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.SIGNING)
    created_at = models.DateTimeField()
    signing_from = models.DateTimeField(help_text=_("From when the days for signing count."))
    activated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(blank=True)
    end_proposed_for = models.CharField(
        max_length=10, choices=Party.choices, null=True, help_text=_("The party whose leader proposed the end.")
    )
    end_proposed_reason = models.TextField(blank=True, db_default="")
    end_proposed_at = models.DateTimeField(null=True)
    end_proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=~Q(status="void"), name="one_contract_per_project"),
            models.CheckConstraint(condition=~Q(buyer=F("supplier")), name="nobody_buys_from_themselves"),
            models.CheckConstraint(
                condition=Q(supplier=None, supplier_vendor__isnull=False)
                | Q(supplier__isnull=False, supplier_vendor=None),
                name="a_contract_has_one_supplier",
            ),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="a_price_is_positive"),
            models.CheckConstraint(
                condition=Q(end_proposed_for=None, end_proposed_at=None, end_proposed_by=None)
                | Q(end_proposed_for__isnull=False, end_proposed_at__isnull=False, end_proposed_by__isnull=False),
                name="a_proposed_end_says_who_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "status"], name="contract_buyer"),
            models.Index(fields=["supplier", "status"], name="contract_supplier"),
            models.Index(fields=["-created_at", "id"], name="contract_created"),
            models.Index(fields=["acceptor", "status"], name="contract_acceptor"),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="contract_title_trgm"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def seller(self) -> Bidder:
        """Who does the work: an ME, or an outside vendor."""
        found = self.supplier if self.supplier_id is not None else self.supplier_vendor
        if found is None:
            raise ValueError("a contract has one supplier, by constraint")
        return found

    @property
    def seller_id(self) -> UUID | None:
        """The id of the ME or vendor that does the work."""
        return self.supplier_id or self.supplier_vendor_id

    @property
    def supplier_name(self) -> str:
        """Who does the work, as sentences and pages name them."""
        return self.seller.name


class ContractVersion(models.Model):
    """The words of a contract as canonical JSON (RFC 8785) with their SHA-256. Never changed; a change is a new one."""

    id = models.UUIDField(primary_key=True, default=new_id)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    party = models.CharField(max_length=10, choices=Party.choices, help_text=_("The party that wrote it."))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["contract", "number"], name="versions_are_numbered_once")]

    def __str__(self) -> str:
        return f"v{self.number}"


class Signature(models.Model):
    """A party's signature; it names the hash the signer saw."""

    id = models.UUIDField(primary_key=True, default=new_id)
    version = models.ForeignKey(ContractVersion, on_delete=models.PROTECT, related_name="signatures")
    party = models.CharField(max_length=10, choices=Party.choices)
    sha256_seen = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "party"], name="a_party_signs_a_version_once")]

    def __str__(self) -> str:
        return self.party


class Milestone(models.Model):
    """A part of the price: due, delivered with evidence, accepted in full, in part or not."""

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        SUBMITTED = "submitted", _("Delivered, waiting for acceptance")
        ACCEPTED = "accepted", _("Accepted")
        PART_ACCEPTED = "part_accepted", _("Accepted in part")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=new_id)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="milestones")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=160)
    amount_minor = models.BigIntegerField()
    due_on = models.DateField()
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.SCHEDULED)
    evidence = models.TextField(_("evidence"), blank=True)
    evidence_url = models.URLField(_("link to the evidence"), blank=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_minor = models.BigIntegerField(null=True)
    decision_reason = models.TextField(_("reason"), blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text=_("Empty when silence accepted.")
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="milestones_are_numbered_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="a_milestone_is_positive"),
            models.CheckConstraint(
                condition=Q(accepted_minor=None) | Q(accepted_minor__gte=0, accepted_minor__lte=F("amount_minor")),
                name="no_more_is_accepted_than_agreed",
            ),
        ]
        indexes = [models.Index(fields=["status", "submitted_at"], name="milestone_silence")]

    def __str__(self) -> str:
        return self.title


class Rating(models.Model):
    """How satisfied one side is with the work, 1 to 5, and why."""

    id = models.UUIDField(primary_key=True, default=new_id)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="ratings")
    party = models.CharField(max_length=10, choices=Party.choices)
    stars = models.PositiveSmallIntegerField(_("satisfaction, 1 to 5"))
    comment = models.TextField(_("comment"), blank=True)
    rated_at = models.DateTimeField()
    rated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "party"], name="each_side_rates_once"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="a_rating_is_1_to_5"),
        ]

    def __str__(self) -> str:
        return str(self.stars)
