"""What a price comes to before it is sent: the published formula, and the bidder's own record. Pure, no Django.

Nothing here knows of another bid: not its price, not whether there is one. So nothing here can say whether a bid will
win, and its words must not. Amounts are minor units, points are of 10,000, shares of a ceiling basis points; all are
rounded down to be shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from contracts import scoring
from contracts.scoring import FULL, Method, Refusal, Rule

QUALITIES: Final = (5_000, 7_000, 9_000)
"""Qualities a price is tried at. A choice of the page, not a rule."""
LAST_BIDS: Final = 12
"""How many opened bids an own record looks back on. A choice of the page, not a rule."""


@dataclass(frozen=True, slots=True)
class PastBid:
    """An own bid that was opened. `won` None: not decided, or ended without a choice. Prices never opened are None."""

    price_minor: int | None
    ceiling_minor: int | None
    quality_points: int | None
    won: bool | None

    @property
    def share_bp(self) -> int | None:
        """Price over ceiling."""
        if self.price_minor is None or not self.ceiling_minor:
            return None
        return share_of_ceiling(self.price_minor, self.ceiling_minor)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a price comes to at one quality: the total, None where only the price decides; `passes` the pass mark."""

    quality: int
    total: int | None
    passes: bool


@dataclass(frozen=True, slots=True)
class Middle:
    """A median and of how many."""

    value: int
    of: int


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the last opened bids of one ME; shares are price over ceiling in basis points."""

    bids: int
    won: int
    lost: int
    share_won: Middle | None
    share_lost: Middle | None
    quality: Middle | None

    @property
    def undecided(self) -> int:
        return self.bids - self.won - self.lost


def share_of_ceiling(price_minor: int, ceiling_minor: int) -> int:
    """A price as a part of the ceiling, in basis points rounded down. The ceiling is above zero."""
    return FULL * price_minor // ceiling_minor


def worth(price_minor: int, quality: int, rule: Rule) -> Worth:
    """What a price comes to at a quality: the formula for this one bid, which is what it gives among any others."""
    alone = scoring.Bid("own", price_minor, datetime(2000, 1, 1, tzinfo=UTC), quality)
    (found,) = scoring.score([alone], rule=rule, seed="")
    return Worth(quality, found.total_points, found.refusal is not Refusal.QUALITY_TOO_LOW)


def worths(price_minor: int, rule: Rule, own: Middle | None) -> tuple[Worth, ...]:
    """The price at `QUALITIES` and then at the bidder's own; nothing where quality does not count."""
    if rule.method is Method.LOWEST_PRICE and not rule.pass_mark:
        return ()
    qualities = [*QUALITIES, *([own.value] if own is not None else [])]
    return tuple(worth(price_minor, quality, rule) for quality in qualities)


def record(bids: Sequence[PastBid]) -> Record:
    """What became of own bids. bids: the last ones, opened."""
    won = [bid for bid in bids if bid.won]
    lost = [bid for bid in bids if bid.won is False]
    return Record(
        bids=len(bids),
        won=len(won),
        lost=len(lost),
        share_won=middle(bid.share_bp for bid in won),
        share_lost=middle(bid.share_bp for bid in lost),
        quality=middle(bid.quality_points for bid in bids),
    )


def middle(values: Iterable[int | None]) -> Middle | None:
    """The median of what is known, of two in the middle their mean rounded down; None of nothing."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    half = len(known) // 2
    value = known[half] if len(known) % 2 else (known[half - 1] + known[half]) // 2
    return Middle(value, len(known))
