"""The verbs of a milestone: deliver, accept, accept in part, reject; and acceptance by silence.

What acceptance does is in `acceptance`. When the silence after a delivery is over nobody decides on it any more: it
counts as accepted from that instant, however late the clock comes to pay it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from contracts.actions import acceptance
from contracts.actions.parties import link, locked, record
from contracts.lifecycle import MILESTONE
from contracts.models import Contract, Milestone
from contracts.permissions.contracts import check_decide, check_deliver, place
from core import money
from core.clock import business_date, market_now
from core.errands import one_by_one
from core.errors import Invalid
from core.models import Parameter
from people.models import User
from people.notices import tell

SILENCE = "silence_is_acceptance_days"


def _locked(milestone: Milestone) -> tuple[Contract, Milestone]:
    """The contract and the milestone as they are now, the contract locked first."""
    contract = locked(Contract(pk=milestone.contract_id))
    return contract, Milestone.objects.select_for_update().get(pk=milestone.pk)


def _to_decide(milestone: Milestone, by: User) -> tuple[Contract, Milestone, datetime]:
    """Both rows locked, and the instant read under the lock, at which `by` may decide on the delivery."""
    contract, milestone = _locked(milestone)
    now = market_now()
    until = acceptance.silence_ends(contract, milestone)
    check_decide(contract, milestone, place(contract, by, business_date(now)), now=now, until=until)
    return contract, milestone, now


@transaction.atomic
def deliver(*, milestone: Milestone, evidence: str, evidence_url: str, by: User) -> Milestone:
    """Deliver with evidence: what was done and where it can be seen. Any active member of the supplier may.

    Raises Denied, InvalidTransition, Invalid without evidence.
    """
    contract, milestone = _locked(milestone)
    now = market_now()
    check_deliver(contract, milestone, place(contract, by, business_date(now)))
    if not evidence.strip():
        raise Invalid(_("Say what was delivered and how the success measure shows it."), field="evidence")
    MILESTONE.move(
        milestone,
        "submit",
        evidence=evidence.strip(),
        evidence_url=evidence_url.strip(),
        submitted_at=now,
        submitted_by=by,
        decision_reason="",
        decided_at=None,
        decided_by=None,
    )
    record(contract, "delivered", by=by, milestone=milestone.number, title=milestone.title)
    tell(
        [contract.acceptor],
        lambda: (
            _("“%(title)s” is delivered for the contract “%(contract)s” and waits for your decision.")
            % {"title": milestone.title, "contract": contract.title}
        ),
        link=link(contract),
    )
    return milestone


@transaction.atomic
def accept(*, milestone: Milestone, by: User) -> Milestone:
    """Accept in full: escrow pays the supplier.

    Raises Denied, InvalidTransition (for example accepted already), TooLate when silence has accepted it.
    """
    contract, milestone, now = _to_decide(milestone, by)
    return acceptance.accept(contract, milestone, milestone.amount_minor, reason="", by=by, now=now)


@transaction.atomic
def accept_part(*, milestone: Milestone, amount_minor: int, reason: str, by: User) -> Milestone:
    """Accept a part, with a reason: it is paid, the rest returns to the buyer's wallet. This is final.

    amount_minor: more than nothing and less than the milestone. Raises Denied, InvalidTransition, TooLate when silence
    has accepted all of it, Invalid.
    """
    contract, milestone, now = _to_decide(milestone, by)
    if not 0 < amount_minor < milestone.amount_minor:
        raise Invalid(
            _("A part is more than nothing and less than %(amount)s.")
            % {"amount": money.write(milestone.amount_minor, contract.currency)},
            field="amount",
        )
    return acceptance.accept(contract, milestone, amount_minor, reason=_reason(reason), by=by, now=now)


@transaction.atomic
def reject(*, milestone: Milestone, reason: str, by: User) -> Milestone:
    """Reject a delivery with a reason; it may be delivered again.

    Raises Denied, InvalidTransition, TooLate when silence has accepted it, Invalid.
    """
    contract, milestone, now = _to_decide(milestone, by)
    reason = _reason(reason)
    MILESTONE.move(milestone, "reject", decision_reason=reason, decided_at=now, decided_by=by)
    record(contract, "rejected", by=by, milestone=milestone.number, title=milestone.title, reason=reason)
    acceptance.tell_supplier(
        contract,
        milestone,
        lambda: (
            _("“%(title)s” was rejected: %(reason)s You can deliver it again.")
            % {"title": milestone.title, "reason": reason}
        ),
    )
    return milestone


def accept_silent(now: datetime) -> int:
    """Accept every delivery on which nobody decided within the agreed days; returns how many. Safe to run twice."""
    shortest = Parameter.objects.filter(name=SILENCE).aggregate(days=Min("value"))["days"]
    waiting = Milestone.objects.filter(
        status=Milestone.Status.SUBMITTED, submitted_at__lte=now - timedelta(days=shortest)
    )
    return one_by_one(_accept_if_silent, waiting.order_by("submitted_at", "id"))


@transaction.atomic
def _accept_if_silent(waiting: Milestone) -> bool:
    contract, milestone = _locked(waiting)
    return acceptance.accept_if_silent(contract, milestone, market_now())


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid(_("Give the reason; the supplier reads it."), field="reason")
    return text.strip()
