"""The states of runs and payouts as tables: when something may happen to them. Who may do it is in `permissions`."""

from core.lifecycle import Lifecycle
from core.look import Badge
from settlement.models import Export, Outcome, Payment, PayoutBatch, SettlementRun

Status = SettlementRun.Status

RUN = Lifecycle(
    noun="settlement run",
    states=dict(Status.choices),
    moves={
        "seal": ((Status.POSTING,), Status.SEALED),
        "approve": ((Status.SEALED,), Status.APPROVED),
        "pay": ((Status.APPROVED,), Status.PAID),
        "reopen": ((Status.PAID,), Status.APPROVED),
    },
)

Batch = PayoutBatch.Status
PAYOUT = Lifecycle(
    noun="payout batch",
    states=dict(Batch.choices),
    moves={
        "prepare": ((Batch.PREPARING,), Batch.DRAFT),
        "send": ((Batch.DRAFT,), Batch.SENDING),
        "finish_sending": ((Batch.SENDING,), Batch.SENT),
        "mark_paid": ((Batch.SENT,), Batch.CONFIRMING),
        "finish_paying": ((Batch.CONFIRMING,), Batch.PAID),
        "cancel": ((Batch.PREPARING, Batch.DRAFT), Batch.CANCELLED),
    },
)

Paying = Payment.Status
PAYMENT = Lifecycle(
    noun="payment",
    states=dict(Paying.choices),
    moves={
        "send": ((Paying.PLANNED,), Paying.SENT),
        "confirm": ((Paying.SENT,), Paying.CONFIRMED),
        "reject": ((Paying.SENT, Paying.CONFIRMED), Paying.REJECTED),
        "cancel": ((Paying.PLANNED,), Paying.CANCELLED),
    },
)

Made = Export.Status
EXPORT = Lifecycle(
    noun="export",
    states=dict(Made.choices),
    moves={
        "begin": ((Made.QUEUED, Made.RUNNING), Made.RUNNING),
        "finish": ((Made.RUNNING,), Made.READY),
        "fail": ((Made.QUEUED, Made.RUNNING), Made.FAILED),
        "expire": ((Made.READY,), Made.EXPIRED),
    },
)

LIFECYCLES = (RUN, PAYOUT, PAYMENT, EXPORT)

EXPORT_BADGES = {
    Made.QUEUED: Badge(Made.QUEUED.label, "accent", "clock"),
    Made.RUNNING: Badge(Made.RUNNING.label, "accent", "hourglass"),
    Made.READY: Badge(Made.READY.label, "good"),
    Made.FAILED: Badge(Made.FAILED.label, "bad"),
    Made.EXPIRED: Badge(Made.EXPIRED.label, "neutral", "trash-2"),
}

PAYOUT_BADGES = {
    Batch.PREPARING: Badge(Batch.PREPARING.label, "accent", "hourglass"),
    Batch.DRAFT: Badge(Batch.DRAFT.label, "accent"),
    Batch.SENDING: Badge(Batch.SENDING.label, "accent", "hourglass"),
    Batch.SENT: Badge(Batch.SENT.label, "accent", "send"),
    Batch.CONFIRMING: Badge(Batch.CONFIRMING.label, "accent", "hourglass"),
    Batch.PAID: Badge(Batch.PAID.label, "good"),
    Batch.CANCELLED: Badge(Batch.CANCELLED.label, "neutral", "ban"),
}
PAYMENT_BADGES = {
    Paying.PLANNED: Badge(Paying.PLANNED.label, "neutral", "circle-dashed"),
    Paying.SENT: Badge(Paying.SENT.label, "accent", "send"),
    Paying.CONFIRMED: Badge(Paying.CONFIRMED.label, "good"),
    Paying.REJECTED: Badge(Paying.REJECTED.label, "bad"),
    Paying.CANCELLED: Badge(Paying.CANCELLED.label, "neutral", "ban"),
}

RUN_BADGES = {
    Status.POSTING: Badge(Status.POSTING.label, "accent", "hourglass"),
    Status.SEALED: Badge(Status.SEALED.label, "accent"),
    Status.APPROVED: Badge(Status.APPROVED.label, "good"),
    Status.PAID: Badge(Status.PAID.label, "good"),
}
OUTCOME_BADGES = {
    Outcome.State.SETTLED: Badge(Outcome.State.SETTLED.label, "good"),
    Outcome.State.NOTHING: Badge(Outcome.State.NOTHING.label, "neutral"),
    Outcome.State.WAITING: Badge(Outcome.State.WAITING.label, "neutral"),
    Outcome.State.EXCEPTION: Badge(Outcome.State.EXCEPTION.label, "bad"),
}
