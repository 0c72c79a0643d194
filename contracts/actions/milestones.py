"""The verbs of a milestone: deliver, accept, accept in part, reject; and acceptance by silence.

One acceptance, one posting: the entry's reference is `milestone:<id>:accepted`, the contract's row is locked first, and
the database refuses to change a milestone that is decided.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Min, OuterRef, Subquery
from django.utils.translation import gettext as _

from contracts.actions.contracts import OPEN
from contracts.actions.parties import leaders, link, locked, posted_by, record, subject
from contracts.lifecycle import CONTRACT, MILESTONE
from contracts.models import Contract, ContractVersion, Milestone
from contracts.permissions.contracts import check_decide, check_deliver, place
from core import money, parameters
from core.clock import business_date, market_now
from core.errands import one_by_one
from core.errors import Invalid
from core.models import Parameter
from ledger.accounts import Book, Kind
from ledger.writer import Draft, Line, credit, debit, post_one
from people.models import User
from people.notices import tell

SILENCE = "silence_is_acceptance_days"


def _locked(milestone: Milestone) -> tuple[Contract, Milestone]:
    """The contract and the milestone as they are now, the contract locked first."""
    contract = locked(Contract(pk=milestone.contract_id))
    return contract, Milestone.objects.select_for_update().get(pk=milestone.pk)


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
    """Accept in full: escrow pays the supplier. Raises Denied, InvalidTransition (for example accepted already)."""
    contract, milestone = _locked(milestone)
    now = market_now()
    check_decide(contract, milestone, place(contract, by, business_date(now)))
    return _accept(contract, milestone, milestone.amount_minor, reason="", by=by, now=now)


@transaction.atomic
def accept_part(*, milestone: Milestone, amount_minor: int, reason: str, by: User) -> Milestone:
    """Accept a part, with a reason: it is paid, the rest returns to the buyer's wallet. This is final.

    amount_minor: more than nothing and less than the milestone. Raises Denied, InvalidTransition, Invalid.
    """
    contract, milestone = _locked(milestone)
    now = market_now()
    check_decide(contract, milestone, place(contract, by, business_date(now)))
    if not 0 < amount_minor < milestone.amount_minor:
        raise Invalid(
            _("A part is more than nothing and less than %(amount)s.")
            % {"amount": money.write(milestone.amount_minor, contract.currency)},
            field="amount",
        )
    return _accept(contract, milestone, amount_minor, reason=_reason(reason), by=by, now=now)


@transaction.atomic
def reject(*, milestone: Milestone, reason: str, by: User) -> Milestone:
    """Reject a delivery with a reason; it may be delivered again. Raises Denied, InvalidTransition, Invalid."""
    contract, milestone = _locked(milestone)
    now = market_now()
    check_decide(contract, milestone, place(contract, by, business_date(now)))
    reason = _reason(reason)
    MILESTONE.move(milestone, "reject", decision_reason=reason, decided_at=now, decided_by=by)
    record(contract, "rejected", by=by, milestone=milestone.number, title=milestone.title, reason=reason)
    _tell_supplier(
        contract,
        milestone,
        lambda: (
            _("“%(title)s” was rejected: %(reason)s You can deliver it again.")
            % {"title": milestone.title, "reason": reason}
        ),
    )
    return milestone


def accept_silent(now: datetime) -> int:
    """Accept every delivery on which nobody decided within the agreed days; returns how many. Safe to run twice.

    The days are those that held when the signed words were written, as the words say themselves.
    """
    shortest = Parameter.objects.filter(name=SILENCE).aggregate(days=Min("value"))["days"]
    words = ContractVersion.objects.filter(contract=OuterRef("contract")).order_by("-number").values("created_at")
    waiting = Milestone.objects.filter(
        status=Milestone.Status.SUBMITTED, submitted_at__lte=now - timedelta(days=shortest)
    ).annotate(worded_at=Subquery(words[:1]))
    return one_by_one(_accept_if_silent, waiting.order_by("submitted_at", "id"))


def silence_ends(submitted_at: datetime, worded_at: datetime) -> datetime:
    """The instant from which a delivery without a decision counts as accepted."""
    return submitted_at + timedelta(days=parameters.value(SILENCE, on=business_date(worded_at)))


@transaction.atomic
def _accept_if_silent(waiting: Milestone) -> bool:
    contract, milestone = _locked(waiting)
    now = market_now()
    decided = milestone.status != Milestone.Status.SUBMITTED or contract.status != Contract.Status.ACTIVE
    worded_at: datetime = waiting.worded_at  # type: ignore[attr-defined]
    if decided or milestone.submitted_at is None:
        return False
    ends = silence_ends(milestone.submitted_at, worded_at)
    if now < ends:
        return False
    # The clock may be late: the money moves now, but what it says has held since the silence was over.
    _accept(contract, milestone, milestone.amount_minor, reason="", by=None, now=now, held_from=business_date(ends))
    return True


def _accept(
    contract: Contract,
    milestone: Milestone,
    amount_minor: int,
    *,
    reason: str,
    by: User | None,
    now: datetime,
    held_from: date | None = None,
) -> Milestone:
    """Move the milestone, pay, and complete the contract with its last one. held_from: when not today."""
    verb = "accept" if amount_minor == milestone.amount_minor else "accept_part"
    MILESTONE.move(milestone, verb, accepted_minor=amount_minor, decision_reason=reason, decided_at=now, decided_by=by)
    _pay(contract, milestone, amount_minor, by, held_from)
    record(
        contract,
        "accepted" if by is not None else "accepted_by_silence",
        by=by,
        milestone=milestone.number,
        title=milestone.title,
        accepted_minor=amount_minor,
        amount_minor=milestone.amount_minor,
        reason=reason,
    )
    _tell_supplier(contract, milestone, lambda: _paid(contract, milestone, amount_minor))
    if not contract.milestones.filter(status__in=OPEN).exists():
        _complete(contract, by=by, now=now)
    return milestone


def _paid(contract: Contract, milestone: Milestone, amount_minor: int) -> str:
    words = {
        "title": milestone.title,
        "amount": money.write(amount_minor, contract.currency),
        "supplier": contract.supplier_name,
    }
    if contract.supplier is None:
        return _("“%(title)s” was accepted; %(amount)s is paid to %(supplier)s.") % words
    return _("“%(title)s” was accepted; %(amount)s is in the wallet of %(supplier)s.") % words


def _pay(contract: Contract, milestone: Milestone, amount_minor: int, by: User | None, held_from: date | None) -> None:
    """Out of escrow: to the wallet of an ME, or to an outside vendor, whose books are not kept here."""
    buyer, supplier = contract.buyer.entity_id, contract.supplier
    rest = milestone.amount_minor - amount_minor
    lines: list[Line] = [
        debit(buyer, Kind.EXPENSE_OUTSIDE if supplier is None else Kind.EXPENSE_INSIDE, amount_minor),
        credit(buyer, Kind.ESCROW, milestone.amount_minor),
    ]
    if supplier is not None:
        lines.append(debit(supplier.entity_id, Kind.WALLET, amount_minor))
        lines.append(credit(supplier.entity_id, Kind.INCOME_INSIDE, amount_minor))
    if rest:
        lines.append(debit(buyer, Kind.WALLET, rest))
    post_one(
        Draft(
            reference=f"milestone:{milestone.pk}:accepted",
            kind="milestone_accepted",
            lines=tuple(lines),
            subject=subject(contract),
            memo=_memo(contract, milestone),
            effective_date=held_from,
            book=Book(contract.book),
        ),
        by=posted_by(by),
    )


def _memo(contract: Contract, milestone: Milestone) -> str:
    """What statements call the payment; a contract of one part is not named twice."""
    return contract.title if milestone.title == contract.title else f"{contract.title}: {milestone.title}"


def _complete(contract: Contract, *, by: User | None, now: datetime) -> None:
    CONTRACT.move(contract, "complete", ended_at=now)
    record(contract, "completed", by=by)
    tell(
        [*leaders(contract.buyer, contract.seller), contract.acceptor],
        lambda: _("The contract “%(title)s” is completed. Say how satisfied you are.") % {"title": contract.title},
        link=link(contract),
    )


def _tell_supplier(contract: Contract, milestone: Milestone, say: Callable[[], str]) -> None:
    tell([*leaders(contract.seller), milestone.submitted_by], say, link=link(contract))


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid(_("Give the reason; the supplier reads it."), field="reason")
    return text.strip()
