"""The formula that ranks bids: pure functions over integers, the same for a live project, an import and a simulation.

Rule 4 of the market. A bid is scored against the project alone, never against its rivals, so adding or removing a
bid cannot reorder the others. Nothing here reads a database, a clock or a language: callers pass plain values in and
turn `arithmetic()` into sentences. Do not put rounding of shown figures into the comparison: ranks are decided on
exact numerators.

Units: money in minor units; weights in basis points; price points and quality points from 0 to 10,000.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

FULL = 10_000
"""A whole: the most points a bid can have, and the sum of the weights in basis points."""


class Method(StrEnum):
    """How the bids of a project are compared."""

    LOWEST_PRICE = "lowest_price"
    PRICE_QUALITY = "price_quality"


class Refusal(StrEnum):
    """Why a bid has no rank."""

    ABOVE_CEILING = "above_ceiling"
    QUALITY_TOO_LOW = "quality_too_low"


class Step(StrEnum):
    """What decided between a bid and the one ranked right above it, in the order the rule asks."""

    PRICE = "price"
    SCORE = "score"
    QUALITY = "quality"
    TIME = "time"
    DRAW = "draw"


class Line(StrEnum):
    """One line of the shown arithmetic; the names are the keys of the page's sentences."""

    PRICE = "price"
    PRICE_POINTS = "price_points"
    QUALITY_POINTS = "quality_points"
    WEIGHTED_PRICE = "weighted_price"
    WEIGHTED_QUALITY = "weighted_quality"
    TOTAL = "total"
    REFUSED_ABOVE_CEILING = "refused_above_ceiling"
    REFUSED_QUALITY_TOO_LOW = "refused_quality_too_low"
    RANK_FIRST = "rank_first"
    RANK_BY_PRICE = "rank_by_price"
    RANK_BY_SCORE = "rank_by_score"
    RANK_BY_QUALITY = "rank_by_quality"
    RANK_BY_TIME = "rank_by_time"
    RANK_BY_DRAW = "rank_by_draw"


@dataclass(frozen=True, slots=True)
class Rule:
    """The criteria frozen with the project.

    `ceiling_minor` is None only where a real tender had no ceiling (imports); then price points do not exist and only
    the lowest price can be compared. `pass_mark` is the least quality points a bid needs, 0 for none.
    Raises ValueError when the parts contradict each other: a rule is checked when a project is written.
    """

    method: Method
    ceiling_minor: int | None
    price_weight_bp: int = FULL
    quality_weight_bp: int = 0
    pass_mark: int = 0

    def __post_init__(self) -> None:
        if min(self.price_weight_bp, self.quality_weight_bp) < 0:
            raise ValueError("a weight is below zero")
        if self.price_weight_bp + self.quality_weight_bp != FULL:
            raise ValueError("the weights do not sum to 10,000 basis points")
        if not 0 <= self.pass_mark <= FULL:
            raise ValueError("the pass mark is outside 0 to 10,000")
        if self.ceiling_minor is not None and self.ceiling_minor <= 0:
            raise ValueError("the ceiling is not above zero")
        if self.method is Method.PRICE_QUALITY and self.ceiling_minor is None:
            raise ValueError("price and quality can only be weighed under a ceiling")


@dataclass(frozen=True, slots=True)
class Bid:
    """What the formula reads of a bid. `submitted_at` is the final submission: a revision restarts it, a
    confirmation keeps it."""

    id: str
    price_minor: int
    submitted_at: datetime
    quality_points: int = 0

    def __post_init__(self) -> None:
        if self.price_minor < 0:
            raise ValueError("the price is below zero")
        if not 0 <= self.quality_points <= FULL:
            raise ValueError("the quality points are outside 0 to 10,000")
        if self.submitted_at.tzinfo is None:
            raise ValueError("the submission has no time zone")


@dataclass(frozen=True, slots=True)
class Scored:
    """A bid with its whole arithmetic.

    The exact total is `total_numerator / total_denominator` points; `total_points` and `price_points` are the same
    figures rounded down to whole points, to be shown and never to be compared. The weighted parts are numerators over
    `total_denominator` too. Where there is no total (lowest price) these are None.
    """

    bid: Bid
    price_points: int | None
    weighted_price: int | None
    weighted_quality: int | None
    total_numerator: int | None
    total_denominator: int | None
    total_points: int | None
    draw: str
    refusal: Refusal | None
    rank: int | None
    decided_by: Step | None


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the arithmetic and its figures, ready to be put in words by a page, an export or a letter."""

    line: Line
    figures: Mapping[str, int | str | datetime]


def commitment(seed: str) -> str:
    """SHA-256 of the seed in hex: published with the project, so that the draw cannot be chosen afterwards."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw(seed: str, bid_id: str) -> str:
    """HMAC-SHA-256 of the bid's id under the seed, in hex; the smallest comes first."""
    return hmac.new(seed.encode(), bid_id.encode(), hashlib.sha256).hexdigest()


def price_points(price_minor: int, ceiling_minor: int) -> int:
    """10,000 x (ceiling - price) / ceiling, rounded down, within 0..10,000."""
    return min(FULL, max(0, FULL * (ceiling_minor - price_minor) // ceiling_minor))


def quality_points(parts: Iterable[tuple[int, int]]) -> int:
    """Points of several criteria as one figure: the sum of weight x points over 10,000, rounded down; exact integers.

    parts: the weight in basis points and the points, 0 to 10,000, of each criterion. Raises ValueError when the weights
    do not sum to 10,000 or points are outside.
    """
    parts = tuple(parts)
    if sum(weight for weight, _points in parts) != FULL or any(weight <= 0 for weight, _points in parts):
        raise ValueError("the weights of the criteria do not sum to 10,000 basis points")
    if any(not 0 <= points <= FULL for _weight, points in parts):
        raise ValueError("the points of a criterion are outside 0 to 10,000")
    return sum(weight * points for weight, points in parts) // FULL


def refusal(bid: Bid, rule: Rule) -> Refusal | None:
    """Why the rule gives this bid no rank, or None."""
    if rule.ceiling_minor is not None and bid.price_minor > rule.ceiling_minor:
        return Refusal.ABOVE_CEILING
    if bid.quality_points < rule.pass_mark:
        return Refusal.QUALITY_TOO_LOW
    return None


def score(bids: Iterable[Bid], *, rule: Rule, seed: str) -> tuple[Scored, ...]:
    """Every bid with its arithmetic: the ranked ones best first, then the refused ones by id.

    Deterministic in the set of bids: the order in which they are passed does not matter. Raises ValueError when two
    bids have the same id.
    """
    measured = [_measure(bid, rule, seed) for bid in bids]
    if len({row.bid.id for row in measured}) != len(measured):
        raise ValueError("two bids have the same id")
    standing = sorted((row for row in measured if row.refusal is None), key=lambda row: _place(row, rule))
    refused = sorted((row for row in measured if row.refusal is not None), key=lambda row: row.bid.id)
    return (*_ranked(standing, rule), *refused)


def ranking(scored: Iterable[Scored]) -> tuple[str, ...]:
    """The ids of the ranked bids, best first."""
    return tuple(row.bid.id for row in sorted(scored, key=lambda row: row.rank or 0) if row.rank is not None)


def arithmetic(scored: Scored, rule: Rule) -> tuple[Part, ...]:
    """The arithmetic of one bid, line by line, in the order a reader would check it."""
    return (*_price_parts(scored, rule), *_quality_parts(scored, rule), *_total_parts(scored, rule), _end(scored, rule))


def _measure(bid: Bid, rule: Rule, seed: str) -> Scored:
    ceiling = rule.ceiling_minor
    reason = refusal(bid, rule)
    weighs = rule.method is Method.PRICE_QUALITY and ceiling is not None and reason is not Refusal.ABOVE_CEILING
    weighted_price = weighted_quality = numerator = denominator = None
    if weighs and ceiling is not None:
        denominator = FULL * ceiling
        weighted_price = rule.price_weight_bp * FULL * (ceiling - bid.price_minor)
        weighted_quality = rule.quality_weight_bp * bid.quality_points * ceiling
        numerator = weighted_price + weighted_quality
    return Scored(
        bid=bid,
        price_points=None if ceiling is None else price_points(bid.price_minor, ceiling),
        weighted_price=weighted_price,
        weighted_quality=weighted_quality,
        total_numerator=numerator,
        total_denominator=denominator,
        total_points=None if numerator is None or denominator is None else numerator // denominator,
        draw=draw(seed, bid.id),
        refusal=reason,
        rank=None,
        decided_by=None,
    )


def _tests(row: Scored, rule: Rule) -> tuple[tuple[Step, int | datetime | str], ...]:
    """What is asked of a bid, in order; the smaller value is the better one."""
    first: tuple[Step, int] = (
        (Step.PRICE, row.bid.price_minor) if row.total_numerator is None else (Step.SCORE, -row.total_numerator)
    )
    return (
        first,
        (Step.QUALITY, -row.bid.quality_points),
        (Step.TIME, row.bid.submitted_at.astimezone(UTC)),
        (Step.DRAW, row.draw),
    )


def _place(row: Scored, rule: Rule) -> tuple[int | datetime | str, ...]:
    return tuple(value for _step, value in _tests(row, rule))


def _ranked(standing: list[Scored], rule: Rule) -> Iterable[Scored]:
    above: Scored | None = None
    for rank, row in enumerate(standing, start=1):
        yield replace(row, rank=rank, decided_by=None if above is None else _deciding_step(above, row, rule))
        above = row


def _deciding_step(above: Scored, below: Scored, rule: Rule) -> Step:
    pairs = zip(_tests(above, rule), _tests(below, rule), strict=True)
    return next(step for (step, better), (_step, worse) in pairs if better != worse)


def _price_parts(scored: Scored, rule: Rule) -> Iterable[Part]:
    price = scored.bid.price_minor
    if scored.price_points is None or rule.ceiling_minor is None:
        return (Part(Line.PRICE, {"price_minor": price}),)
    figures = {"price_minor": price, "ceiling_minor": rule.ceiling_minor}
    return (Part(Line.PRICE, figures), Part(Line.PRICE_POINTS, {**figures, "points": scored.price_points}))


def _quality_parts(scored: Scored, rule: Rule) -> Iterable[Part]:
    if rule.quality_weight_bp == 0 and rule.pass_mark == 0:
        return ()
    return (Part(Line.QUALITY_POINTS, {"points": scored.bid.quality_points, "pass_mark": rule.pass_mark}),)


def _total_parts(scored: Scored, rule: Rule) -> Iterable[Part]:
    numerator, denominator = scored.total_numerator, scored.total_denominator
    if numerator is None or denominator is None or scored.weighted_price is None or scored.weighted_quality is None:
        return ()
    over = {"denominator": denominator}
    return (
        Part(
            Line.WEIGHTED_PRICE,
            {
                "weight_bp": rule.price_weight_bp,
                "numerator": scored.weighted_price,
                "points": scored.weighted_price // denominator,
                **over,
            },
        ),
        Part(
            Line.WEIGHTED_QUALITY,
            {
                "weight_bp": rule.quality_weight_bp,
                "numerator": scored.weighted_quality,
                "points": scored.weighted_quality // denominator,
                **over,
            },
        ),
        Part(Line.TOTAL, {"numerator": numerator, "points": numerator // denominator, **over}),
    )


_RANK_LINES: Mapping[Step | None, Line] = {
    None: Line.RANK_FIRST,
    Step.PRICE: Line.RANK_BY_PRICE,
    Step.SCORE: Line.RANK_BY_SCORE,
    Step.QUALITY: Line.RANK_BY_QUALITY,
    Step.TIME: Line.RANK_BY_TIME,
    Step.DRAW: Line.RANK_BY_DRAW,
}


def _end(scored: Scored, rule: Rule) -> Part:
    if scored.refusal is Refusal.ABOVE_CEILING and rule.ceiling_minor is not None:
        figures = {"price_minor": scored.bid.price_minor, "ceiling_minor": rule.ceiling_minor}
        return Part(Line.REFUSED_ABOVE_CEILING, figures)
    if scored.refusal is Refusal.QUALITY_TOO_LOW:
        return Part(Line.REFUSED_QUALITY_TOO_LOW, {"points": scored.bid.quality_points, "pass_mark": rule.pass_mark})
    return Part(
        _RANK_LINES[scored.decided_by],
        {"rank": scored.rank or 0, "submitted_at": scored.bid.submitted_at, "draw": scored.draw},
    )
