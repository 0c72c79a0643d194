"""What the books refuse, one class per reason. Sentences are made where the facts are (`ledger.refusals`)."""

from core.errors import Conflict, Invalid


class ReferenceReused(Conflict):
    """This reference stands for another entry already. References never expire."""

    code = "reference-reused"


class AlreadyReversed(Conflict):
    """An entry is reversed once."""

    code = "already-reversed"


class DayClosed(Conflict):
    """The business date takes no more entries of this kind."""

    code = "day-closed"


class Unbalanced(Invalid):
    """Debits and credits of one entity differ within one entry."""

    code = "unbalanced"


class BooksDoNotAgree(Conflict):
    """A proof failed where the books must be right, for example when a date is sealed."""

    code = "books-do-not-agree"
