"""Sums that a file makes of what it wrote, by currency: control totals of our own. Debit positive minor units."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core import money
from settlement.exports.files import Cell, Row


@dataclass
class Totals:
    """Debits, credits and how many rows, by currency."""

    debits: Counter[str] = field(default_factory=Counter)
    credits: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def add(self, minor: int, currency: str) -> None:
        """Count one amount on its side."""
        self.rows[currency] += 1
        if minor > 0:
            self.debits[currency] += minor
        else:
            self.credits[currency] -= minor

    def by_currency(self) -> Iterator[tuple[str, int, int, int]]:
        """Currency, rows, debits and credits."""
        for currency in sorted(self.rows):
            yield currency, self.rows[currency], self.debits[currency], self.credits[currency]

    def table(self) -> Iterator[Row]:
        """The totals under their heads, for a summary."""
        yield _("Currency"), _("Rows"), _("Debit"), _("Credit"), _("Difference")
        for currency, rows, debits, credits in self.by_currency():
            yield (currency, rows, *_major((debits, credits, debits - credits), currency))


def sides(minor: int, currency: str) -> tuple[Cell, Cell]:
    """An amount in the debit or in the credit column; the other one is empty."""
    amount = money.major(abs(minor), currency)
    return (amount, "") if minor > 0 else ("", amount)


def _major(amounts: tuple[int, ...], currency: str) -> Iterator[Cell]:
    return (money.major(minor, currency) for minor in amounts)
