"""Load and authorise: what a reader may not see is not there (404)."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, DateField, F, OuterRef, QuerySet, UUIDField, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject
from django.http import Http404
from django.shortcuts import get_object_or_404

from core.clock import MarketNow, business_date
from core.prepared import Asked, Bound
from ledger.queries import LAST_SNAPSHOT
from microenterprises.models import Microenterprise
from microenterprises.queries.firms import parameter_now
from people.models import Role, User
from settlement.calculation import fiscal_year_start
from settlement.models import (
    SEES_ALL,
    Export,
    HandedOn,
    Outcome,
    PayLine,
    Payment,
    PayoutBatch,
    SettlementRun,
    ShareLine,
    in_outcome,
)
from settlement.standing import Reader


def run_or_404(user: User, day: date) -> SettlementRun:
    """The run of a business date."""
    return get_object_or_404(
        SettlementRun.objects.visible_to(user).select_related("started_by", "approved_by"), business_date=day
    )


@dataclass(frozen=True)
class Course:
    """The run of a business date and the ones before it, newest first, and what belongs to the first of them.

    payouts: those that pay its night, newest first, for who may read payouts, not more than twenty.
    """

    nights: list[SettlementRun]
    payouts: list[PayoutBatch]


def course_or_404(user: User, day: date, *, nights: int) -> Course:
    """The run of a business date with the nights before it, at most so many; one statement."""
    payouts = PayoutBatch.objects.visible_to(user).filter(
        runs_from__lte=OuterRef("business_date"), runs_through__gte=OuterRef("business_date")
    )
    runs: QuerySet[Any] = SettlementRun.objects.visible_to(user).select_related("started_by", "approved_by")
    runs = runs.annotate(
        payouts=_of(day, payouts.order_by("-number"), "id", "number", "currency", "status", "total_minor"),
    )
    found = list(runs.filter(business_date__lte=day).order_by("-business_date")[:nights])
    if not found or found[0].business_date != day:
        raise Http404
    return Course(
        nights=found,
        payouts=[PayoutBatch(**{**facts, "id": UUID(facts["id"])}) for facts in found[0].payouts or ()],
    )


def _of(day: date, rows: QuerySet[Any], *columns: str) -> Case:
    """Some columns of rows that belong to the run of one date, read in the statement that reads the runs."""
    facts = ArraySubquery(rows.values(facts=JSONObject(**{name: F(name) for name in columns}))[:20])
    return Case(When(business_date=day, then=facts))


def outcome_or_404(user: User, public_id: UUID) -> Outcome:
    """How one date of one ME ended."""
    outcomes = Outcome.objects.visible_to(user)
    return get_object_or_404(
        outcomes.select_related("microenterprise", "share_terms", "repairs", "repaired_by"), pk=public_id
    )


def line_or_404(user: User, public_id: UUID) -> ShareLine | PayLine | HandedOn:
    """One line of a statement: a share, a month's pay, or what an ME that ended handed on."""
    shares = ShareLine.objects.visible_to(user).select_related(
        "person", "outcome__microenterprise", "outcome__share_terms", "outcome__repairs", "membership"
    )
    share: ShareLine | None = shares.filter(in_outcome(public_id)).first()
    if share is not None:
        return share
    pays = PayLine.objects.visible_to(user).select_related("person", "microenterprise", "membership")
    pay: PayLine | None = pays.filter(pk=public_id).first()
    if pay is not None:
        return pay
    handed = HandedOn.objects.visible_to(user).select_related("person", "microenterprise")
    line: HandedOn = get_object_or_404(handed, pk=public_id)
    return line


def reader_or_404(user: User, person_id: UUID | None) -> User:
    """Whose statement is read: one's own, or anybody's for finance and the auditor."""
    wanted = _readable_or_404(user, person_id)
    return user if wanted == user.pk else get_object_or_404(User, pk=wanted)


def reader_now_or_404(user: User, person_id: UUID | None) -> Reader:
    """Whose statement is read, with the market's date and the fiscal year it lies in; one statement."""
    asked: Asked[Any] = Asked(_reader, "reader of a statement", {"person": _readable_or_404(user, person_id)})
    for row in asked.rows():
        today = business_date(row.now)
        year = fiscal_year_start(today, row.first_month)
        return Reader(row, today, year, row.last_snapshot, row.months_end or date.min)
    raise Http404


def _reader() -> QuerySet[User]:
    return User.objects.filter(pk=Bound("person", UUIDField())).annotate(
        now=MarketNow(),
        first_month=parameter_now("fiscal_year_first_month"),
        last_snapshot=RawSQL(LAST_SNAPSHOT, (), output_field=DateField()),  # noqa: S611 (a constant)
        months_end=RawSQL("(SELECT settlement_months_end())", (), output_field=DateField()),
    )


def _readable_or_404(user: User, person_id: UUID | None) -> UUID:
    if person_id is None or person_id == user.pk:
        if user.is_vendor:
            raise Http404
        return user.pk
    if not user.has_role(Role.FINANCE, Role.AUDITOR):
        raise Http404
    return person_id


def firm_or_404(user: User, public_id: UUID) -> Microenterprise:
    """An ME whose settlement the reader may see: all for finance, steward and auditor; a leader their own."""
    firm = get_object_or_404(Microenterprise.objects.visible_to(user), pk=public_id)
    seen = user.has_role(Role.FINANCE, Role.AUDITOR, Role.STEWARD)
    if not seen and not Outcome.objects.visible_to(user).filter(microenterprise=firm).exists():
        raise Http404
    return firm


def batch_or_404(user: User, public_id: UUID) -> PayoutBatch:
    """A payout: finance's and the auditor's."""
    batches = PayoutBatch.objects.visible_to(user)
    people = ("created_by", "sent_by", "paid_by", "cancelled_by")
    return get_object_or_404(batches.select_related(*people), pk=public_id)


def payment_or_404(user: User, public_id: UUID) -> Payment:
    """One payment with its payout, its person and the masked account; what is sealed stays where it is."""
    payments = Payment.objects.visible_to(user).defer("details__sealed")
    return get_object_or_404(
        payments.select_related("batch__created_by", "person", "details", "rejected_by"), pk=public_id
    )


def books_or_404(user: User) -> None:
    """The company's books are there for finance, the auditor and the steward only."""
    if not user.has_role(*SEES_ALL):
        raise Http404


def export_or_404(user: User, public_id: UUID) -> Export:
    """A file that was made in the background, for whoever asked for it."""
    return get_object_or_404(Export.objects.visible_to(user), pk=public_id)
