"""The promise-kept score of an ME: pure arithmetic over plain values, no Django.

For each of its last contracts: what was delivered on time and accepted, over what was promised for dates that came. The
score is the mean of these shares, drawn towards the market's mean as if every ME had kept some contracts exactly as the
market does: who has few contracts stands near the middle, who has many stands by their own. It lies on an absolute
scale, so nobody's score changes because somebody else bids. Amounts are minor units, the score is points of 10,000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

FULL: Final = 10_000


@dataclass(frozen=True, slots=True)
class Promise:
    """One ended contract. delivered_minor: accepted and delivered by its date; at most committed_minor."""

    contract: UUID
    title: str
    ended_on: date
    committed_minor: int
    delivered_minor: int

    def __post_init__(self) -> None:
        if not 0 <= self.delivered_minor <= self.committed_minor or self.committed_minor == 0:
            raise ValueError("what was delivered lies between nothing and what was promised")

    @property
    def share(self) -> Fraction:
        """What was kept of the promise, exactly."""
        return Fraction(self.delivered_minor, self.committed_minor)

    @property
    def share_bp(self) -> int:
        """The same in basis points, rounded down, to be shown."""
        return int(self.share * FULL)


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its arithmetic. own: sum of the shares; market: their mean in the market; prior: added contracts."""

    points: int
    contracts: int
    own: Fraction
    market: Fraction
    prior: int


def score(promises: Sequence[Promise], *, market: Fraction, prior: int) -> Score:
    """The score of an ME from its last contracts. prior: how many contracts like the market's are added, one or more.

    points = 10,000 x (sum of the shares + prior x market) / (contracts + prior), rounded down.
    """
    return _score([promise.share for promise in promises], market, prior)


def _score(shares: Sequence[Fraction], market: Fraction, prior: int) -> Score:
    if prior < 1 or not 0 <= market <= 1:
        raise ValueError("the market's mean is a share, and counts as one contract at least")
    own = sum(shares, Fraction(0))
    points = FULL * (own + prior * market) / (len(shares) + prior)
    return Score(int(points), len(shares), own, market, prior)


def kept(found: Score, promises: Sequence[Promise], *, at: datetime) -> dict[str, Any]:
    """The arithmetic of a score as it is kept with a bid: JSON values, from which `replayed` gives the score again."""
    return {
        "at": at.isoformat(),
        "market": [found.market.numerator, found.market.denominator],
        "prior": found.prior,
        "contracts": [
            {
                "contract": str(one.contract),
                "committed_minor": one.committed_minor,
                "delivered_minor": one.delivered_minor,
            }
            for one in promises
        ],
    }


def replayed(arithmetic: Mapping[str, Any]) -> Score:
    """The score that `kept` was made of, worked out anew from what it holds."""
    shares = [Fraction(row["delivered_minor"], row["committed_minor"]) for row in arithmetic["contracts"]]
    return _score(shares, Fraction(*arithmetic["market"]), arithmetic["prior"])
