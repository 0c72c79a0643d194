"""What the reader hands out: plain frozen values, and the problem. No reading and no rules here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class BidStatus(StrEnum):
    """What became of an opened bid; the words are those of the extension's closed code list."""

    VALID = "valid"
    DISQUALIFIED = "disqualified"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """How a tender ended."""

    AWARDED = "awarded"
    UNSUCCESSFUL = "unsuccessful"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and how to mend it.

    `path` is like `releases[2].awards[0].relatedBid`, or `$` for the whole file. `sentence` holds `%(name)s` places
    that `figures` fill, so that it can be translated before it is filled.
    """

    path: str
    sentence: str
    figures: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.sentence % self.figures


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant and the text it was written as, whose offset a time column would lose."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in minor units of its currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """A party of the process."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Bid:
    """An opened bid. One that is not valid may come without its price, as publishers often leave it out."""

    path: str
    id: str
    submitted: Instant
    status: BidStatus
    tenderers: tuple[Organisation, ...]
    value: Money | None


@dataclass(frozen=True, slots=True)
class Award:
    """A decision. `bid_id` and `date` are None only for an award that is not in force."""

    path: str
    id: str
    status: str
    date: Instant | None
    bid_id: str | None
    suppliers: tuple[Organisation, ...]
    value: Money | None


@dataclass(frozen=True, slots=True)
class Contract:
    """What was signed on an award."""

    path: str
    id: str
    award_id: str
    signed: Instant | None
    value: Money | None


@dataclass(frozen=True, slots=True)
class Release:
    """One tender with its bids, awards and contracts, in its final state.

    `opened` is None when nothing says it. `original` is the release as it was written, except that amounts and
    fractions are text, so that no later reader turns them into floats.
    """

    path: str
    ocid: str
    tender_id: str
    date: Instant
    title: str
    description: str
    criteria: str
    category: str
    buyer: Organisation
    opens: Instant
    deadline: Instant
    opened: Instant | None
    outcome: Outcome
    currency: str
    estimate: Money | None
    bids: tuple[Bid, ...]
    awards: tuple[Award, ...]
    contracts: tuple[Contract, ...]
    original: Mapping[str, Any]

    @property
    def awarded(self) -> tuple[str, ...]:
        """The ids of the bids that the awards in force name, in the order of the file, each once."""
        return tuple(dict.fromkeys(row.bid_id for row in self.awards if row.status == "active" and row.bid_id))


@dataclass(frozen=True, slots=True)
class Package:
    """A release package: where it comes from, under which licence, and what is in it."""

    uri: str
    publisher: str
    licence: str
    policy: str
    published: Instant
    releases: tuple[Release, ...]
