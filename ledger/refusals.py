"""Turns what the database refused into the error tree, with a sentence made from the facts of the refusal.

Reads error codes and constraint names (both ours, see `migrations/0002_guards.sql`), never messages.
"""

from datetime import date
from typing import Any

from django.db import IntegrityError
from django.utils import formats
from django.utils.translation import gettext as _

from core import money
from core.errors import Conflict, DomainError, InsufficientFunds, Invalid
from ledger.accounts import Kind
from ledger.errors import AlreadyReversed, DayClosed, Unbalanced
from ledger.models import Entity


def reference_was_taken(error: IntegrityError) -> bool:
    """Whether another writer stored the same reference a moment earlier."""
    return _constraint(error) == "a_reference_stands_for_one_entry"


def explain(error: IntegrityError) -> DomainError | None:
    """The refusal as an error of the tree; None when it is none of the books' own."""
    diag = _diagnosis(error)
    match getattr(diag, "sqlstate", None):
        case "23H01":
            return _unbalanced(int(diag.message_detail))
        case "23H04":
            return _below_zero(*diag.message_detail.split())
        case "23H05":
            return day_closed(date.fromisoformat(diag.message_detail))
    match _constraint(error):
        case "an_entry_is_reversed_once":
            return AlreadyReversed(_("This entry was reversed before; an entry is reversed once."))
        case "a_line_moves_something" | "an_entry_moves_something" | "an_entry_has_two_lines_or_more":
            return Invalid(_("An entry needs at least two lines, none of them zero."))
        case "an_entry_says_what_it_is_and_who_posted":
            return Invalid(_("An entry needs a reference, a kind and who posts it."))
    return None


def day_closed(day: date) -> DayClosed:
    """The refusal of a date that takes no more entries."""
    return DayClosed(
        _("The books of %(date)s are closed. Late facts are posted on the next open date.")
        % {"date": formats.date_format(day)},
        date=day.isoformat(),
    )


def day_still_open(day: date) -> Conflict:
    """The refusal to settle a date on which entries may still arrive."""
    return Conflict(
        _("The books of %(date)s are still open. Close them before settling that date.")
        % {"date": formats.date_format(day)},
        date=day.isoformat(),
    )


def _below_zero(entity_id: str, kind: str, currency: str, available: str, missing: str) -> DomainError:
    return InsufficientFunds(
        _("%(entity)s has %(available)s in its account “%(account)s”; %(missing)s is missing.")
        % {
            "entity": _name(int(entity_id)),
            "account": Kind(kind).label,
            "available": money.write(int(available), currency),
            "missing": money.write(int(missing), currency),
        },
        entity_id=int(entity_id),
        account=kind,
        currency=currency,
        available_minor=int(available),
        missing_minor=int(missing),
    )


def _unbalanced(entity_id: int) -> DomainError:
    return Unbalanced(
        _("The entry does not balance for %(entity)s: its debits and credits differ.") % {"entity": _name(entity_id)},
        entity_id=entity_id,
    )


def unreadable_text() -> Invalid:
    """The refusal of text the database cannot keep."""
    return Invalid(_("The text contains characters that cannot be stored. Type it again without pasting."))


def too_large() -> Invalid:
    """The refusal of an amount that does not fit."""
    return Invalid(_("An amount is larger than the books take. Check the number of zeros."))


def _name(entity_id: int) -> str:
    return Entity.objects.filter(pk=entity_id).values_list("name", flat=True).first() or str(entity_id)


def _diagnosis(error: IntegrityError) -> Any:
    return getattr(error.__cause__, "diag", None)


def _constraint(error: IntegrityError) -> str | None:
    name: str | None = getattr(_diagnosis(error), "constraint_name", None)
    return name
