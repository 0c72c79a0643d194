"""What acceptance does, whoever decided it: a milestone is paid, and a contract completes with its last one.

One acceptance, one posting: the entry's reference is `milestone:<id>:accepted`, the contract's row is locked first, and
the database refuses to change a milestone that is decided. Silence decides too: once it is over the delivery counts as
accepted, whether or not the clock has come to pay it yet.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from contracts import wording
from contracts.actions.parties import current_version, leaders, link, posted_by, record, subject
from contracts.lifecycle import CONTRACT, MILESTONE
from contracts.models import Contract, Milestone
from contracts.permissions import contracts as permissions
from core import money
from core.clock import business_date
from ledger.accounts import Book, Kind
from ledger.writer import Draft, Line, credit, debit, post_one
from people.models import User
from people.notices import tell

OPEN: Final = (Milestone.Status.SCHEDULED, Milestone.Status.SUBMITTED, Milestone.Status.REJECTED)


def silence_ends(contract: Contract, milestone: Milestone) -> datetime | None:
    """The instant from which a delivery without a decision counts as accepted, by the days that the signed words say.

    None when nothing is delivered.
    """
    days = wording.read(current_version(contract).body).silence_days
    return permissions.silence_ends(milestone, days)


def silent_since(contract: Contract, milestone: Milestone, now: datetime) -> datetime | None:
    """Since when silence has accepted a delivery of a running contract that nobody has paid yet; None if it has not."""
    if contract.status != Contract.Status.ACTIVE or milestone.status != Milestone.Status.SUBMITTED:
        return None
    ends = silence_ends(contract, milestone)
    return None if ends is None or now < ends else ends


def accept_if_silent(contract: Contract, milestone: Milestone, now: datetime) -> bool:
    """Accept a delivery whose silence is over; whether it was. The caller has locked both rows."""
    since = silent_since(contract, milestone, now)
    if since is None:
        return False
    # The clock may be late: the money moves now, but what it says has held since the silence was over.
    accept(contract, milestone, milestone.amount_minor, reason="", by=None, now=now, held_from=business_date(since))
    return True


def accept_all_silent(contract: Contract, now: datetime) -> None:
    """Accept every delivery of a contract whose silence is over. The caller has locked the contract."""
    delivered = contract.milestones.select_for_update().filter(status=Milestone.Status.SUBMITTED)
    for milestone in delivered.order_by("number"):
        accept_if_silent(contract, milestone, now)


def accept(
    contract: Contract,
    milestone: Milestone,
    amount_minor: int,
    *,
    reason: str,
    by: User | None,
    now: datetime,
    held_from: date | None = None,
) -> Milestone:
    """Move the milestone, pay, and complete the contract with its last one; both rows are locked.

    amount_minor: all of it, or the part that is accepted. by: None for silence. held_from: when not today.
    """
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
    tell_supplier(contract, milestone, lambda: _paid(contract, milestone, amount_minor))
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


def tell_supplier(contract: Contract, milestone: Milestone, say: Callable[[], str]) -> None:
    """Tell who leads the supplier, and who delivered."""
    tell([*leaders(contract.seller), milestone.submitted_by], say, link=link(contract))
