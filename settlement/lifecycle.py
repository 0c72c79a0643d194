"""The states of a settlement run as a table: when something may happen to it. Who may do it is in `permissions`."""

from core.lifecycle import Lifecycle
from core.look import Badge
from settlement.models import Outcome, SettlementRun

Status = SettlementRun.Status

RUN = Lifecycle(
    noun="settlement run",
    states=dict(Status.choices),
    moves={
        "seal": ((Status.POSTING,), Status.SEALED),
        "approve": ((Status.SEALED,), Status.APPROVED),
        "pay": ((Status.APPROVED,), Status.PAID),
    },
)

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
