"""One contracting process as the indicators see it: what is there and of the right kind, nothing guessed.

A release that comes from anywhere may lack any field or hold the wrong kind of value there; then the fact is absent and
the indicators that need it stay silent, as in Cardinal (`src/lib.rs`, whose pattern matches skip what does not fit).
No thresholds here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from contracts.ocds.text import instant as text_instant

Node = Mapping[str, Any]
NOTHING: Final[Node] = {}
LARGEST_POWER: Final = 60
"""Amounts from 10^-60 to 10^60 are prices; a number beyond is a slip that must not cost time or memory."""


@dataclass(frozen=True, slots=True)
class Price:
    """An exact amount of one currency."""

    amount: Fraction
    currency: str


@dataclass(frozen=True, slots=True)
class SeenBid:
    """A bid. `tenderers` are the ids that are there; `alone` is the tenderer of a bid that nobody shares."""

    status: str
    tenderers: tuple[str, ...]
    alone: str | None
    price: Price | None
    at: datetime | None

    @property
    def submitted(self) -> bool:
        """Handed in, whatever became of it: neither invited nor withdrawn (Cardinal: `get_submitted_bids`)."""
        return self.status not in ("", "invited", "withdrawn")


@dataclass(frozen=True, slots=True)
class SeenAward:
    """An award. `status` is empty where none is told; `alone` is the supplier of an award to exactly one."""

    status: str
    suppliers: tuple[str, ...]
    alone: str | None
    classes: tuple[str, ...]


class Process:
    """A release, read field by field. Bids and awards are read once."""

    def __init__(self, release: Node, currency: str | None = None) -> None:
        self._release = release
        self._currency = currency
        self.tender = node(release, "tender")
        self.bids = tuple(self._bids())
        self.awards = tuple(_award(row) for row in nodes(release, "awards"))
        self.has_awards = isinstance(release.get("awards"), list)
        self.has_bids = isinstance(node(release, "bids").get("details"), list)

    @property
    def ocid(self) -> str:
        """Empty where the release has none."""
        return text(self._release, "ocid")

    @property
    def told_at(self) -> datetime | None:
        """When this release was made."""
        return instant(self._release.get("date"))

    @property
    def cancelled(self) -> bool:
        return text(self.tender, "status") == "cancelled"

    @property
    def method(self) -> str:
        return text(self.tender, "procurementMethod")

    @property
    def method_details(self) -> str:
        return text(self.tender, "procurementMethodDetails")

    @property
    def buyer(self) -> str:
        return text(node(self._release, "buyer"), "id")

    @property
    def procuring_entity(self) -> str:
        return text(node(self.tender, "procuringEntity"), "id")

    @property
    def active(self) -> list[SeenAward]:
        return [award for award in self.awards if award.status == "active"]

    @property
    def settled(self) -> bool:
        """Bids and awards are there and every award is final, so that the answer will not change.

        Cardinal's `get_complete_awards_and_bids_if_all_awards_final`: active, cancelled and unsuccessful are final; any
        other word (pending, or one that is not in the code list) is not; an award that tells no status is passed over.
        """
        final = {"active", "cancelled", "unsuccessful", ""}
        return self.has_awards and self.has_bids and all(award.status in final for award in self.awards)

    def period(self) -> tuple[datetime | None, datetime | None]:
        """From when until when bids were taken."""
        found = node(self.tender, "tenderPeriod")
        return instant(found.get("startDate")), instant(found.get("endDate"))

    def _bids(self) -> Iterator[SeenBid]:
        for row in nodes(node(self._release, "bids"), "details"):
            tenderers = row.get("tenderers")
            ids, alone = _organisations(tenderers)
            yield SeenBid(
                status=text(row, "status"),
                tenderers=ids,
                alone=alone,
                price=self._price(node(row, "value")),
                at=instant(row.get("date")),
            )

    def _price(self, value: Node) -> Price | None:
        amount, currency = exact(value.get("amount")), text(value, "currency")
        if amount is None or not currency or self._currency not in (None, currency):
            return None
        return Price(amount, currency)


def _award(row: Node) -> SeenAward:
    ids, alone = _organisations(row.get("suppliers"))
    status = row.get("status")
    return SeenAward(
        status=status if isinstance(status, str) else "",
        suppliers=ids,
        alone=alone,
        classes=tuple(found for item in nodes(row, "items") if (found := text(node(item, "classification"), "id"))),
    )


def _organisations(rows: Any) -> tuple[tuple[str, ...], str | None]:
    """The ids in a list of organisations, and the one id when the list has exactly one entry."""
    if not isinstance(rows, list):
        return (), None
    ids = tuple(dict.fromkeys(found for row in rows if isinstance(row, Mapping) and (found := text(row, "id"))))
    return ids, ids[0] if len(rows) == 1 and ids else None


# ------------------------------------------------------------------ single fields


def node(parent: Node, name: str) -> Node:
    """An object inside another; empty when it is absent or something else."""
    found = parent.get(name)
    return found if isinstance(found, Mapping) else NOTHING


def nodes(parent: Node, name: str) -> Iterator[Node]:
    """The objects in a list."""
    found = parent.get(name)
    return (row for row in found if isinstance(row, Mapping)) if isinstance(found, list) else iter(())


def text(parent: Node, name: str) -> str:
    """A text; empty when it is absent or something else. Ids are taken as they are written."""
    found = parent.get(name)
    return found if isinstance(found, str) else ""


def exact(amount: Any) -> Fraction | None:
    """A JSON number without rounding. A float, where a reader made one, counts as the digits it shows."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
        return None
    number = Decimal(repr(amount)) if isinstance(amount, float) else Decimal(amount)
    if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_POWER):
        return None
    return Fraction(number)


def instant(written: Any) -> datetime | None:
    """A date-time with its offset; None for anything else: without an offset an instant is not known."""
    return text_instant(written) if isinstance(written, str) else None
