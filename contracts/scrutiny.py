"""When one person's word is not enough: pure rules over plain values, no Django.

A choice wants a second person when it is not the best bid by the rule (but see `Tie`), when the buyer disqualified one
that could stand before it, when it is worth a lot, alone or with the lots beside it, when nobody else bid, when its
price is abnormally low, when somebody belongs to it and to another bidder (who could let the better of two bids fall),
when it comes from an outside vendor, which the buyer itself chose to invite, when who chooses is tied to a bidder, or
when an objection to choosing it was upheld. A bidder whose price is abnormally low is asked first. The limits are dated
parameters of the company (rule 13 of the market); the shape of the low-price test follows Prozorro: under the mean of
the others, or under the next price, by more than a share. Amounts are minor units, shares basis points, all arithmetic
is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FULL_BP: Final = 10_000


class Cause(StrEnum):
    """Why a second person has to agree."""

    NOT_TOP = "not_top"
    TIE_SPLIT = "tie_split"
    DISQUALIFIED = "disqualified"
    LARGE = "large"
    LARGE_LOTS = "large_lots"
    SINGLE_BID = "single_bid"
    LOW_PRICE = "low_price"
    SAME_PEOPLE = "same_people"
    OUTSIDE = "outside"
    TIED = "tied"
    OBJECTED = "objected"


class Tie(StrEnum):
    """What choosing another than the first bid does to a tie. Only lots that were declared have a tie to split.

    Two bidders tie on two lots of one set, so that time or the draw alone puts one of them first: the buyer may give
    each of them one. OPEN while the other lot has not gone to the first of them, SPLIT once it has, by the rule alone.
    """

    NONE = "none"
    OPEN = "open"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Limits:
    """The parameters of one day. large_minor: from this price on; the others as `LowPrice` reads them."""

    large_minor: int
    under_mean_bp: int
    under_next_bp: int


@dataclass(frozen=True, slots=True)
class LowPrice:
    """An abnormally low price and what it was held against, to be shown.

    mean_minor is the mean of the other prices rounded down, for readers only; next_minor is None when no other price is
    as high as this one.
    """

    price_minor: int
    mean_minor: int
    next_minor: int | None
    under_mean: bool
    under_next: bool


def low_price(price_minor: int, others_minor: Sequence[int], limits: Limits) -> LowPrice | None:
    """What makes a price abnormally low among the other valid bids, or None. A single bid is never low."""
    if not others_minor:
        return None
    total, count = sum(others_minor), len(others_minor)
    under_mean = price_minor * count * FULL_BP < (FULL_BP - limits.under_mean_bp) * total
    following = min((other for other in others_minor if other >= price_minor), default=None)
    under_next = following is not None and price_minor * FULL_BP < (FULL_BP - limits.under_next_bp) * following
    if not (under_mean or under_next):
        return None
    return LowPrice(price_minor, total // count, following, under_mean, under_next)


def causes(
    *,
    is_top: bool,
    price_minor: int,
    others_minor: Sequence[int],
    limits: Limits,
    tie: Tie = Tie.NONE,
    is_outside: bool = False,
    shares_people: bool = False,
    passes_disqualified: bool = False,
    is_tied: bool = False,
    was_upheld: bool = False,
    other_lots_minor: int = 0,
) -> tuple[Cause, ...]:
    """Why a choice wants a second person, in a fixed order; empty when one person's word is enough.

    other_lots_minor: what the same bidder gets for the other lots of the set.
    """
    found = {
        Cause.NOT_TOP: not is_top and tie is Tie.NONE,
        Cause.TIE_SPLIT: not is_top and tie is Tie.OPEN,
        Cause.DISQUALIFIED: passes_disqualified,
        Cause.LARGE: price_minor >= limits.large_minor,
        Cause.LARGE_LOTS: price_minor < limits.large_minor <= price_minor + other_lots_minor,
        Cause.SINGLE_BID: not others_minor,
        Cause.LOW_PRICE: low_price(price_minor, others_minor, limits) is not None,
        Cause.SAME_PEOPLE: shares_people,
        Cause.OUTSIDE: is_outside,
        Cause.TIED: is_tied,
        Cause.OBJECTED: was_upheld,
    }
    return tuple(cause for cause, is_so in found.items() if is_so)
