"""The settlement rule as pure functions over plain integers: tiers, what is due, the pool, its split, pay by days.

Source of every rule here: the design's money rule, kept for readers in docs/money.md. Nothing in this file reads a
database, a clock, a language or a setting, so that any past night recomputes from its facts. Do not put sentences for
people here (see `settlement.sentences`) nor anything that knows an account. What share terms alone say of a year's
profit is in `microenterprises.shares`, so that the forms of the rooms below count by the same functions; its names are
this module's too.

Units
-----
minor   whole minor units of one currency (cents, yen)
fine    ten-thousandths of a minor unit: profit times basis points is whole in them, so `due` is exact for ever
grain   10^-12 of a minor unit, signed: what rounding owes a member (positive) or gave too early (negative)
"""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from microenterprises.shares import (
    FINE,
    Prospect,
    Terms,
    TermsFault,
    Tier,
    TierStep,
    UnusableTermsError,
    entitlement_fine,
    fault_of,
    prospects,
    tier_steps,
    to_next_tier_minor,
)

__all__ = [  # what is counted in the room below and is this module's too
    "FINE",
    "Prospect",
    "Terms",
    "TermsFault",
    "Tier",
    "TierStep",
    "UnusableTermsError",
    "entitlement_fine",
    "fault_of",
    "prospects",
    "tier_steps",
    "to_next_tier_minor",
]

GRAIN = 10**12

Key = TypeVar("Key", int, str, UUID)
"""What names a member; ties go to the smaller one."""


# --- What is due ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a firm's fiscal year stands after a date: profit, what is due to members, what was already shared."""

    profit_minor: int = 0
    due_fine: int = 0
    shared_minor: int = 0


def open_year(last: Standing, terms: Terms | None, *, waiting_minor: int = 0) -> Standing:
    """The standing a fiscal year starts with: nothing, or what was below zero if the terms carry losses over.

    waiting_minor: a pool that the year's last night held back because a part would have been negative (a few units at
    most). The members earned it, so the new year starts with it as due instead of leaving it to the owners of the rest.
    """
    if waiting_minor:
        return Standing(due_fine=waiting_minor * FINE)
    if terms is None or not terms.losses_carry_over:
        return Standing()
    hole_fine = min(0, last.due_fine - last.shared_minor * FINE)
    return Standing(profit_minor=min(0, last.profit_minor), due_fine=hole_fine)


def advance(before: Standing, terms: Terms | None, *, moved_minor: int, reshared_minor: int = 0) -> Standing:
    """The standing after a date on which profit moved by `moved_minor`, before that date's pool is shared.

    due(D) = due(C) + T(profit(D)) - T(profit(C)) with the terms in force on D, so new terms price only what comes
    after them, and days without terms price nothing. reshared_minor: shares posted or (negative) reversed meanwhile.
    """
    profit = before.profit_minor + moved_minor
    due = before.due_fine
    if terms is not None and moved_minor:
        due += entitlement_fine(terms, profit) - entitlement_fine(terms, before.profit_minor)
    return Standing(profit, due, before.shared_minor + reshared_minor)


def pool_minor(standing: Standing) -> int:
    """What can be shared now, in whole minor units; after a loss nothing until later profit has filled the hole."""
    return max(0, standing.due_fine // FINE - standing.shared_minor)


def after_sharing(standing: Standing, pool: int) -> Standing:
    """The standing once `pool` minor units were shared."""
    return replace(standing, shared_minor=standing.shared_minor + pool)


# --- Who gets what ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder(Generic[Key]):
    """A member at a split: whole-number weight, and the carry that earlier nights left."""

    key: Key
    weight: int
    carry_grain: int = 0


@dataclass(frozen=True, slots=True)
class Part(Generic[Key]):
    """A member's part of a pool. carry_before_grain includes inherited_grain, their part of leavers' carries."""

    key: Key
    weight: int
    inherited_grain: int
    carry_before_grain: int
    amount_minor: int
    carry_after_grain: int


def apportion(total: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Divide a whole number (of either sign) by weights: floors, then one unit each to the largest remainders.

    Ties go to the smaller key. Parts sum to `total`. Raises ValueError when the weights do not sum above zero.
    """
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError("weights must sum above zero")
    floors, remainders = {}, []
    left = total
    for key, weight in weights.items():
        floors[key], remainder = divmod(total * weight, whole)
        remainders.append((-remainder, key))
        left -= floors[key]
    if left:
        remainders.sort()
        for _remainder, key in remainders[:left]:
            floors[key] += 1
    return floors


def split(pool: int, holders: Iterable[Holder[Key]]) -> tuple[Part[Key], ...] | None:
    """The parts of a pool (minor units, above zero), or None when the pool must wait because a part would be negative.

    entitlement = pool x weight / sum of weights + carry; everybody gets the floor, the units left go to the largest
    remainders, ties by key, and the difference is carried. Whoever holds no weight now (left, or weighs nothing) has
    their carry spread over the rest by weight. Parts sum to the pool and carries sum to what they summed to before.
    Raises ValueError when the weights do not sum above zero.
    """
    everybody = list(holders)
    weights = {holder.key: holder.weight for holder in everybody if holder.weight > 0}
    entitled = apportion(pool * GRAIN, weights)
    orphaned = sum(holder.carry_grain for holder in everybody if holder.weight <= 0)
    inherited = apportion(orphaned, weights) if orphaned else dict.fromkeys(weights, 0)
    rows, left = [], pool
    for holder in everybody:
        if holder.weight > 0:
            before = holder.carry_grain + inherited[holder.key]
            floor, remainder = divmod(entitled[holder.key] + before, GRAIN)
            rows.append((-remainder, holder.key, holder.weight, before, floor))
            left -= floor
    rows.sort()
    parts = []
    for rank, (negative_remainder, key, weight, before, floor) in enumerate(rows):
        extra = 1 if rank < left else 0
        if floor + extra < 0:
            return None
        after = -negative_remainder - extra * GRAIN
        parts.append(Part(key, weight, inherited[key], before, floor + extra, after))
    parts.sort(key=lambda part: part.key)
    return tuple(parts)


RESERVE = "reserve"
PLATFORM = "platform"
CO_INVESTORS = "co-investors"


def retained(
    result_minor: int, owners_bp: Mapping[str, int], stakes: Mapping[str, int], *, platform: str
) -> dict[str, int]:
    """Who owns what a closed fiscal year leaves: minor units by party, which sum to the result.

    result_minor: income less expense and profit shared. owners_bp: the owners the terms name, in basis points of the
    whole (nothing named: the reserve owns it). The co-investors' part is divided by their stakes (by party, above
    zero); without any it is the platform's (a party too). A loss is borne by the reserve alone, so that nobody's part
    of an earlier year shrinks. Every division is by largest remainder.
    """
    if result_minor <= 0:
        return {f"owner:{RESERVE}": result_minor} if result_minor else {}
    found: dict[str, int] = {}
    for owner, minor in apportion(result_minor, owners_bp or {RESERVE: FINE}).items():
        if owner == CO_INVESTORS and stakes:
            parts = apportion(minor, stakes)
        else:
            parts = {platform if owner in (PLATFORM, CO_INVESTORS) else f"owner:{owner}": minor}
        for party, part in parts.items():
            found[party] = found.get(party, 0) + part
    return {party: part for party, part in found.items() if part}


def recover(amount_minor: int, advance_minor: int) -> tuple[int, int]:
    """A share pays back a draw first: (recovered, newly payable), summing to the amount."""
    recovered = min(amount_minor, max(0, advance_minor))
    return recovered, amount_minor - recovered


# --- Pay and dates ----------------------------------------------------------------------------------------------------


def month_of(day: date) -> tuple[date, date]:
    """The first day of a date's month and the first day of the next."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def is_month_end(day: date) -> bool:
    """Whether a date is the last calendar day of its month (29 February in a leap year)."""
    return (day + timedelta(days=1)).day == 1


def days_of_month_served(start: date, end: date | None, *, until: date) -> int:
    """Days of `until`'s month, up to and including it, inside the membership [start, end)."""
    first, _next = month_of(until)
    stop = until + timedelta(days=1)
    return max(0, ((stop if end is None else min(end, stop)) - max(start, first)).days)


def part_month_minor(monthly_minor: int, days: int, *, in_month: date) -> int:
    """Pay for `days` of the month that contains `in_month`, to the nearest minor unit, halves up."""
    length = calendar.monthrange(in_month.year, in_month.month)[1]
    return (2 * monthly_minor * days + length) // (2 * length)


def fiscal_year_start(day: date, first_month: int) -> date:
    """The first day of the fiscal year that contains `day`, when years start with `first_month` (1 to 12)."""
    return date(day.year if day.month >= first_month else day.year - 1, first_month, 1)
