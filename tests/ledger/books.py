"""What the ledger's tests share: two firms with books, and the one-line entries they post."""

from ledger.accounts import Book, Kind
from ledger.entities import open_entity
from ledger.models import Entity, Entry
from ledger.writer import Draft, credit, debit, post_one

BY = "Fay"


def firm(name: str = "Blue Kettle", currency: str = "CNY") -> Entity:
    """A microenterprise with books and an empty wallet."""
    return open_entity(name=name, kind="microenterprise", currency=currency)


def receipt(entity: Entity, amount: int, reference: str = "receipt:1", book: Book = Book.REAL) -> Draft:
    """A customer pays: wallet to income."""
    lines = (debit(entity.pk, Kind.WALLET, amount), credit(entity.pk, Kind.INCOME_OUTSIDE, amount))
    return Draft(reference, "receipt", lines, subject=f"entity:{entity.pk}", memo="A customer pays", book=book)


def cost(entity: Entity, amount: int, reference: str = "cost:1") -> Draft:
    """Something is bought outside: expense from the wallet."""
    lines = (debit(entity.pk, Kind.EXPENSE_OUTSIDE, amount), credit(entity.pk, Kind.WALLET, amount))
    return Draft(reference, "cost", lines, subject=f"entity:{entity.pk}", memo="Something is bought")


def sale(buyer: Entity, supplier: Entity, amount: int, reference: str = "sale:1") -> Draft:
    """One firm pays another from its wallet: an entry with two entities."""
    return Draft(
        reference,
        "sale",
        (
            debit(buyer.pk, Kind.EXPENSE_INSIDE, amount),
            credit(buyer.pk, Kind.WALLET, amount),
            debit(supplier.pk, Kind.WALLET, amount),
            credit(supplier.pk, Kind.INCOME_INSIDE, amount),
        ),
        memo="Inside sale",
    )


def share(entity: Entity, amounts: dict[str, int], reference: str = "share:1") -> Draft:
    """A night's share: profit shared and set aside, payable to people."""
    total = sum(amounts.values())
    return Draft(
        reference,
        "share",
        (
            debit(entity.pk, Kind.PROFIT_SHARED, total),
            *(credit(entity.pk, Kind.PAYABLE, amount, f"person:{name}") for name, amount in amounts.items()),
            debit(entity.pk, Kind.SET_ASIDE, total),
            credit(entity.pk, Kind.WALLET, total),
        ),
        memo="Share of the night",
    )


def post(*drafts: Draft) -> list[Entry]:
    """Post one by one, as events do."""
    return [post_one(draft, by=BY) for draft in drafts]
