"""How each ME's date ended. Rows are only ever added (by trigger).

The night a row was posted on is its `night`; the date it speaks of is its `business_date`; they differ for repaired
exceptions only. No arithmetic here (see `settlement.calculation`).

Units: `_minor` minor units, `_fine` ten-thousandths of one.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import business_date
from core.ids import new_id
from core.wide import WideIntegerField
from microenterprises.models import Membership, Microenterprise, ShareTerms
from people.models import User
from settlement.models.runs import SEES_ALL


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    def visible_to(self, user: User) -> "OutcomeQuerySet":
        """Finance, auditor and steward see every ME's night; a leader those of the ME they lead."""
        if user.has_role(*SEES_ALL):
            return self
        led = Membership.objects.active(business_date()).filter(person=user, is_lead=True)
        return self.filter(microenterprise__in=led.values("microenterprise"))


class Outcome(models.Model):
    """How one date of one ME ended, with every figure the next date builds on.

    `repairs` names the exception that this row, posted on a later night, settles. `carries_at` is the latest outcome of
    the ME whose lines hold the carries. `frozen` keeps the members and unpaid wages of an exception. What could not be
    worked out (FAILED) repeats the figures of the date before; its own are worked out when it is repaired.
    """

    class State(models.TextChoices):
        SETTLED = "settled", _("Shared")
        NOTHING = "nothing", _("Nothing to share")
        WAITING = "waiting", _("Waits for a larger pool")
        EXCEPTION = "exception", _("Could not settle")

    class Snag(models.TextChoices):
        NO_TERMS = "no_terms", _("No share terms")
        NO_WEIGHTS = "no_weights", _("No weights")
        SHORT_WALLET = "short_wallet", _("Wallet too small")
        SHORT_PAY = "short_pay", _("Pay not covered")
        PAY_OWED = "pay_owed", _("Earlier pay open")
        FAILED = "failed", _("Could not be worked out")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Proved in sets when the night is sealed: a look-up for each row costs more than the row.
    microenterprise = models.ForeignKey(
        Microenterprise, on_delete=models.PROTECT, related_name="outcomes", db_constraint=False, db_index=False
    )
    night = models.DateField()
    business_date = models.DateField()
    repairs = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="repaired_by")
    is_final = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices)
    snag = models.CharField(max_length=12, choices=Snag.choices, blank=True)
    currency = models.CharField(max_length=3)
    fiscal_year = models.DateField(help_text=_("First day of the fiscal year the figures belong to."))
    share_terms = models.ForeignKey(
        ShareTerms, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    profit_before_minor = models.BigIntegerField()
    profit_minor = models.BigIntegerField()
    due_before_fine = WideIntegerField()
    due_fine = WideIntegerField()
    already_shared_minor = models.BigIntegerField()
    pool_minor = models.BigIntegerField()
    shared_minor = models.BigIntegerField(default=0, help_text=_("The pool, once it was posted; else 0."))
    needed_minor = models.BigIntegerField(default=0)
    wallet_minor = models.BigIntegerField(default=0)
    recovered_minor = models.BigIntegerField(default=0)
    payable_minor = models.BigIntegerField(default=0)
    pay_minor = models.BigIntegerField(default=0)
    draws_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    weights_sum = models.BigIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    carries_at = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    entry_reference = models.CharField(max_length=120, blank=True)
    facts_sha256 = models.CharField(max_length=64)
    frozen = models.JSONField(null=True)
    # Who got what, side by side, by the numbers of their memberships; read as rows through ShareLine. What was paid
    # back and what was inherited is an empty list when it is nothing for everybody.
    member_numbers = ArrayField(models.BigIntegerField(), default=list)
    member_weights = ArrayField(models.BigIntegerField(), default=list)
    member_minor = ArrayField(models.BigIntegerField(), default=list)
    member_recovered_minor = ArrayField(models.BigIntegerField(), default=list)
    member_inherited_grain = ArrayField(models.BigIntegerField(), default=list)
    member_carry_before_grain = ArrayField(models.BigIntegerField(), default=list)
    member_carry_after_grain = ArrayField(models.BigIntegerField(), default=list)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        ordering = ["-night", "id"]
        constraints = [
            # The date first: a night adds to one place of the index, however many nights there are. What asks for the
            # latest of one ME asks by its night, which is the date of a row that repairs nothing.
            models.UniqueConstraint(
                fields=["business_date", "microenterprise"], condition=Q(repairs=None), name="a_date_of_an_me_ends_once"
            ),
            models.CheckConstraint(condition=Q(pool_minor__gte=0), name="a_pool_is_not_negative"),
            models.CheckConstraint(
                condition=Q(state="settled", shared_minor=F("pool_minor")) | (~Q(state="settled") & Q(shared_minor=0)),
                name="only_a_settled_date_shares",
            ),
            models.CheckConstraint(
                condition=Q(state="exception", frozen__isnull=False) | (~Q(state="exception") & Q(frozen=None)),
                name="an_exception_freezes_its_facts",
            ),
            models.CheckConstraint(
                condition=Q(repairs=None, night=F("business_date"))
                | Q(repairs__isnull=False, night__gt=F("business_date")),
                name="only_a_repair_is_posted_later",
            ),
        ]
        indexes = [
            models.Index(fields=["microenterprise", "-night"], name="settlement_outcome_me"),
            models.Index(fields=["night", "-shared_minor", "id"], name="settlement_outcome_night"),
            models.Index(
                fields=["microenterprise", "business_date"],
                condition=Q(state="exception"),
                name="settlement_outcome_exception",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.microenterprise_id} {self.business_date}"

    @property
    def pay_and_draws_minor(self) -> int:
        """Stable pay and draws of the night together, for lists."""
        return self.pay_minor + self.draws_minor


def share_reference(microenterprise: object, day: object, revision: int = 0) -> str:
    """The natural key of a share: one ME, one date (both as they are written), posted once.

    The date comes first: the keys of a night then stand side by side in the index, whatever the history around them.
    """
    return f"share:{day}:{microenterprise}:{revision}"
