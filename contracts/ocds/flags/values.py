"""What the indicators are told and what they answer: settings, groups, flags. Plain values; no reading and no rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final


class Group(StrEnum):
    """Whom a flag is about; the words and their order are those of the published results."""

    PROCESS = "OCID"
    BUYER = "Buyer"
    PROCURING_ENTITY = "ProcuringEntity"
    TENDERER = "Tenderer"


@dataclass(frozen=True, slots=True)
class Flag:
    """One answer of one indicator: a question that somebody should ask, never a verdict.

    `value` is exact. `process` is the ocid that raised the flag; empty where the whole file did. `figures` are what the
    value was worked out from, by name, for whoever asks why.
    """

    group: Group
    about: str
    indicator: str
    value: Fraction
    process: str = ""
    figures: tuple[tuple[str, Fraction], ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds, with the published defaults. A fence of None is worked out from the data; ratios are exact.

    `prices_set_by_buyer` and `left_out` are values of `tender.procurementMethodDetails`: there bids cannot differ in
    price, or the process is not looked at. OCDS has no code for either, so a publisher's own words are named here; the
    defaults are the words of the published vectors.

    `currency`: only prices in this currency are read; None reads each process in its own.
    """

    shortest_period_days: int = 15
    competitive_methods: frozenset[str] = frozenset({"open", "selective"})
    close_fence: Fraction | None = None
    top_percentile: int = 75
    unsuccessful_fence: Fraction | None = None
    fewest_disqualified: int = 1
    disqualified_fence: Fraction | None = None
    fewest_bids: int = 2
    class_digits: int = 2
    fewest_processes: int = 20
    variety_fence: Fraction | None = None
    discount_fence: Fraction | None = None
    prices_set_by_buyer: frozenset[str] = frozenset({"NPC"})
    left_out: frozenset[str] = frozenset({"EXC"})
    currency: str | None = None


PUBLISHED: Final = Settings()


@dataclass(frozen=True, slots=True)
class Fences:
    """The quartiles of one set of figures and the fence that was taken, for whoever asks why."""

    first: Fraction | None
    third: Fraction | None
    fence: Fraction
    size: int


@dataclass(frozen=True, slots=True)
class Findings:
    """All flags of a file, sorted; how many processes were looked at; and the fences, by indicator and group."""

    flags: tuple[Flag, ...]
    processes: int
    fences: Mapping[tuple[str, Group], Fences] = field(default_factory=lambda: MappingProxyType({}))
