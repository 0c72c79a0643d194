"""What waits for finance on the way from an approved night to money in people's accounts."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast, Concat

from core.models import AuditRecord
from haier_market.attention.lines import grouped, lines, summed
from haier_market.attention.of_a_person import rejected
from people.models import User
from settlement.models import OpenSum, PayoutBatch, SettlementRun


def needs_of_payouts(user: User) -> Iterator[QuerySet[Any, Any]]:
    """From an approved night to money paid: each step shows to who in finance can take it."""
    drafts = PayoutBatch.objects.filter(status__in=(PayoutBatch.Status.PREPARING, PayoutBatch.Status.DRAFT))
    open_now = OpenSum.objects.filter(~Exists(drafts.filter(currency=OuterRef("currency"))), people__gt=0)
    can_be_paid = open_now.filter(people__gt=F("without"))
    yield lines("need", "pay", can_be_paid, title=Value(""), order=("currency",), most=1)
    yield grouped("pay_sum", open_now, "currency", number=Sum("minor"))
    # Approved seconds ago: the clock has not added these nights to what is owed yet.
    yield summed("pay_soon", _approved_just_now(), "status", at=Max("business_date"))
    exported = AuditRecord.objects.filter(
        deed="payout.exported", subject=Concat(Value("payout:"), Cast(OuterRef("pk"), TextField()))
    )
    sent = PayoutBatch.objects.filter(status=PayoutBatch.Status.SENT)
    for kind, batches in (
        ("payout_send", PayoutBatch.objects.filter(status=PayoutBatch.Status.DRAFT)),
        ("payout_file", sent.filter(~Exists(exported))),
        ("payout_paid", sent.filter(Exists(exported)).exclude(created_by=user)),
    ):
        yield lines(
            "need",
            kind,
            batches,
            title=F("number"),
            detail=F("size"),
            at=F("created_at"),
            number=F("total_minor"),
            extra=F("currency"),
        )
    yield grouped(
        "payout_rejected",
        rejected(),
        "batch_id",
        title=Min("batch__number"),
        number=Count("pk"),
        at=Min("rejected_at"),
    )


def _approved_just_now() -> QuerySet[SettlementRun]:
    """Approved nights with money for people that are not released yet, and that no earlier night holds back."""
    earlier = SettlementRun.objects.filter(
        business_date__lt=OuterRef("business_date"),
        status__in=(SettlementRun.Status.POSTING, SettlementRun.Status.SEALED),
    )
    runs = SettlementRun.objects.filter(status=SettlementRun.Status.APPROVED, release=None, lines__gt=0)
    return runs.filter(~Exists(earlier))
