"""The money of the story: drafts wait for the slot in which they happened and are posted there by the ledger's writer.

The entries of contracts are written down here as `contracts.actions` posts them, because those actions post one at a
time; a test holds the two together. Everything else asks `microenterprises.entries`.
"""

from collections import defaultdict
from dataclasses import replace

from contracts.models import Contract, Milestone, Project
from core import past
from haier_market.seed.timeline import Timeline
from ledger import writer
from ledger.accounts import Book, Kind
from ledger.writer import Draft, credit, debit
from people.models import User

CLOCK = "clock"


class Journal:
    """Drafts by slot."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Draft]] = defaultdict(list)
        self.entries = 0

    def add(self, slot: int, by: User | None, *drafts: Draft) -> None:
        """Let somebody post something in a slot; None stands for the market's clock."""
        poster = CLOCK if by is None else str(by.pk)
        self._waiting[slot].extend(replace(draft, posted_by=poster) for draft in drafts)

    def post(self, slot: int, timeline: Timeline) -> int:
        """Post what a slot holds at its end, and return how many entries that were."""
        drafts = self._waiting.pop(slot, [])
        if drafts:
            with past.at(timeline.end_of(slot)):
                writer.post(drafts, by=CLOCK)
        self.entries += len(drafts)
        return len(drafts)


def published(project: Project, entity: int, amount: int) -> Draft:
    """The ceiling is held."""
    return _of_project(project, "published", debit(entity, Kind.HOLD, amount), credit(entity, Kind.WALLET, amount))


def released(project: Project, entity: int, amount: int) -> Draft:
    """Nothing came of it: the hold goes back."""
    return _of_project(project, "released", debit(entity, Kind.WALLET, amount), credit(entity, Kind.HOLD, amount))


def signed(contract: Contract, buyer: int, ceiling: int) -> Draft:
    """The last signature: from hold to escrow, what the ceiling held above the price back to the wallet."""
    lines = [debit(buyer, Kind.ESCROW, contract.price_minor), credit(buyer, Kind.HOLD, ceiling)]
    if ceiling > contract.price_minor:
        lines.append(debit(buyer, Kind.WALLET, ceiling - contract.price_minor))
    return _of_contract(contract, f"contract:{contract.pk}:signed", "contract_signed", contract.title, lines)


def voided(contract: Contract, buyer: int, ceiling: int) -> Draft:
    """Not signed: the hold goes back."""
    lines = [debit(buyer, Kind.WALLET, ceiling), credit(buyer, Kind.HOLD, ceiling)]
    return _of_contract(contract, f"contract:{contract.pk}:void", "contract_void", contract.title, lines)


def ended(contract: Contract, buyer: int, unused: int) -> Draft:
    """Ended early: what escrow still holds goes back."""
    lines = [debit(buyer, Kind.WALLET, unused), credit(buyer, Kind.ESCROW, unused)]
    return _of_contract(contract, f"contract:{contract.pk}:ended", "escrow_returned", contract.title, lines)


def accepted(contract: Contract, milestone: Milestone, buyer: int, supplier: int) -> Draft:
    """Accepted work is paid from escrow; what was not accepted of it goes back to the buyer's wallet."""
    amount = milestone.accepted_minor or 0
    lines = [
        debit(buyer, Kind.EXPENSE_INSIDE, amount),
        credit(buyer, Kind.ESCROW, milestone.amount_minor),
        debit(supplier, Kind.WALLET, amount),
        credit(supplier, Kind.INCOME_INSIDE, amount),
    ]
    if amount < milestone.amount_minor:
        lines.append(debit(buyer, Kind.WALLET, milestone.amount_minor - amount))
    memo = f"{contract.title}: {milestone.title}"
    return _of_contract(contract, f"milestone:{milestone.pk}:accepted", "milestone_accepted", memo, lines)


def _of_project(project: Project, event: str, *lines: writer.Line) -> Draft:
    return Draft(
        reference=f"project:{project.pk}:{event}",
        kind=f"project_{event}",
        lines=lines,
        subject=f"project:{project.pk}",
        memo=project.title,
        book=Book(project.book),
    )


def _of_contract(contract: Contract, reference: str, kind: str, memo: str, lines: list[writer.Line]) -> Draft:
    return Draft(
        reference=reference,
        kind=kind,
        lines=tuple(lines),
        subject=f"contract:{contract.pk}",
        memo=memo,
        book=Book(contract.book),
    )
