"""The money of a published project: its ceiling moves from the buyer's wallet to hold, and back when nothing is signed.

From an award on the hold belongs to the contract: its last signature moves it to escrow, its end gives it back
(`actions.contracts`).
"""

from contracts.models import Project
from core.errors import InvalidTransition
from ledger.accounts import Book, Kind
from ledger.writer import Draft, Line, credit, debit, post_one
from people.models import User

CLOCK = "clock"


def hold(project: Project, *, by: User) -> None:
    """Hold the ceiling. Raises InsufficientFunds when the buyer's wallet is short."""
    entity, amount = _whose(project)
    _post(project, "published", (debit(entity, Kind.HOLD, amount), credit(entity, Kind.WALLET, amount)), by)


def release(project: Project, *, by: User | None) -> None:
    """Give the whole hold back to the wallet. by: None when the clock does it."""
    entity, amount = _whose(project)
    _post(project, "released", (debit(entity, Kind.WALLET, amount), credit(entity, Kind.HOLD, amount)), by)


def adjust(project: Project, *, more_minor: int, by: User) -> None:
    """Follow a changed ceiling, which the project says already: more from the wallet, or less (negative) back to it.

    Raises InsufficientFunds when the buyer's wallet is short.
    """
    entity, _ceiling = _whose(project)
    size = abs(more_minor)
    to, back = (Kind.HOLD, Kind.WALLET) if more_minor > 0 else (Kind.WALLET, Kind.HOLD)
    if size:
        _post(project, f"amended:{project.revision}", (debit(entity, to, size), credit(entity, back, size)), by)


def _whose(project: Project) -> tuple[int, int]:
    if project.buyer is None or project.ceiling_minor is None:
        raise InvalidTransition("a project without buyer or ceiling holds no money")
    return project.buyer.entity_id, project.ceiling_minor


def _post(project: Project, event: str, lines: tuple[Line, ...], by: User | None) -> None:
    post_one(
        Draft(
            reference=f"project:{project.pk}:{event}",
            kind=f"project_{event.partition(':')[0]}",
            lines=lines,
            subject=f"project:{project.pk}",
            memo=project.title,
            book=Book(project.book),
        ),
        by=CLOCK if by is None else str(by.pk),
    )
