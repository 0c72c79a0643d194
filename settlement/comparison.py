"""One night beside the night before: each figure with its difference. Plain values; nothing here queries or decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from settlement.queries import FIGURES, PlatformSums


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of tonight and of the night before (None: there was none), in minor units or as a count."""

    name: str
    now: int
    before: int | None

    @property
    def difference(self) -> int | None:
        """How much more it is tonight."""
        return None if self.before is None else self.now - self.before


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """All figures of a night in one currency; currencies are never added to one another."""

    currency: str
    figures: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """One platform's night in one currency."""

    platform: str
    currency: str
    microenterprises: int
    exceptions: int
    profit: Compared
    shared: Compared
    payable_minor: int


def by_currency(now: Sequence[PlatformSums], before: Sequence[PlatformSums] | None) -> list[CurrencySums]:
    """The figures of a night added up over platforms, each beside the night before."""
    currencies = sorted({row.currency for row in (*now, *(before or ()))})
    return [
        CurrencySums(
            currency,
            tuple(
                Compared(name, _sum(now, currency, name), None if before is None else _sum(before, currency, name))
                for name in FIGURES
            ),
        )
        for currency in currencies
    ]


def by_platform(now: Sequence[PlatformSums], before: Sequence[PlatformSums] | None) -> list[PlatformRow]:
    """Platforms by currency, the one that shared most first."""
    earlier = {(row.platform, row.currency): row.figures for row in before or ()}

    def beside(row: PlatformSums, name: str) -> Compared:
        then = None if before is None else earlier.get((row.platform, row.currency), {}).get(name, 0)
        return Compared(name, row.figures[name], then)

    rows = [
        PlatformRow(
            row.platform,
            row.currency,
            row.microenterprises,
            row.exceptions,
            beside(row, "profit"),
            beside(row, "shared"),
            row.figures["payable"],
        )
        for row in now
    ]
    return sorted(rows, key=lambda row: (row.currency, -row.shared.now, row.platform))


def _sum(rows: Iterable[PlatformSums], currency: str, name: str) -> int:
    return sum(row.figures[name] for row in rows if row.currency == currency)
