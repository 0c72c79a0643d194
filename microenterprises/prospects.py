"""What would I get: a planned profit at several levels, line by line, as the reader checks it. Nothing here queries.

The figures come from `microenterprises.shares`, the functions a night counts with; here they only get their words. Who
may see whose is decided by the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from babel.numbers import format_currency, format_decimal
from django.utils.translation import gettext as _

from core import money
from core.words.tables import Column, Sum, Table
from microenterprises.calculation import TermsSpec
from microenterprises.models import Membership, Track
from microenterprises.shares import (
    FINE,
    Prospect,
    Terms,
    counted_weight,
    entitlement_fine,
    next_tier,
    prospects,
    tier_steps,
)
from people.models import User

PERCENTS: Final = (80, 100, 120)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the arithmetic, a figure for each level of plan; `is_sum` closes a step."""

    label: str
    figures: tuple[str, ...]
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """The whole arithmetic, what it assumes in one sentence, and its results as plain figures."""

    currency: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    assumes: str
    results: tuple[Prospect, ...]

    @property
    def table(self) -> Table:
        """The arithmetic as it is shown: a column for each level of plan."""
        return Table(
            [Column(self.currency), *(Column(head, is_figure=True) for head in self.heads)],
            [(Sum if row.is_sum else tuple)((row.label, *row.figures)) for row in self.rows],
            kind="simulation",
            caption=self.assumes,
            is_told_apart=True,
        )


def simulate(
    terms: Terms,
    *,
    currency: str,
    plan_minor: int,
    weight: int,
    weights_sum: int,
    assumes: str,
    so_far_minor: int | None = None,
    added: str = "",
) -> Simulation:
    """The arithmetic of a plan. so_far_minor: the plan comes on top of this profit of the year, and is called `added`;
    None: the plan is the profit of a whole year.
    """
    base = so_far_minor or 0
    results = prospects(
        terms, plan_minor=plan_minor, weight=weight, weights_sum=weights_sum, so_far_minor=base, percents=PERCENTS
    )
    rows: list[Row] = []
    if so_far_minor is not None:
        rows.append(_same(_("Profit of the fiscal year so far"), money.write(base, currency)))
        rows.append(Row(added, tuple(money.write(each.profit_minor - base, currency) for each in results)))
    rows.append(Row(_("Profit of the year"), _each(results, "profit_minor", currency), is_sum=True))
    rows += _tiers(terms, results, currency)
    if so_far_minor is not None:
        earned = exactly(-entitlement_fine(terms, base), currency)
        rows.append(_same(_("Less what the profit so far has earned"), earned))
        rows.append(Row(_("Added to what the members share"), _each(results, "pool_minor", currency), is_sum=True))
    rows.append(_same(_("Weight"), _("%(mine)s of %(all)s") % {"mine": weight, "all": weights_sum}))
    rows.append(Row(_("What I would get"), _each(results, "mine_minor", currency), is_sum=True))
    return Simulation(currency, tuple(map(level_name, PERCENTS)), tuple(rows), assumes, results)


def _tiers(terms: Terms, results: Sequence[Prospect], currency: str) -> list[Row]:
    """The threshold and every slice, and what the members share of the year's profit by them."""
    steps = [tier_steps(terms, each.profit_minor) for each in results]
    rows = [_same(_("Annual threshold"), money.write(terms.threshold_minor, currency))]
    for number, tier in enumerate(steps[0]):
        label = slice_name(tier.lower_minor, tier.upper_minor, tier.rate_bp, currency)
        rows.append(Row(label, tuple(exactly(each[number].shared_fine, currency) for each in steps)))
    sums = tuple(exactly(sum(step.shared_fine for step in each), currency) for each in steps)
    return [*rows, Row(_("The members share of it"), sums, is_sum=True)]


def _each(results: Sequence[Prospect], name: str, currency: str) -> tuple[str, ...]:
    return tuple(money.write(getattr(each, name), currency) for each in results)


def _same(label: str, figure: str) -> Row:
    return Row(label, (figure,) * len(PERCENTS))


# --- Current and proposed terms ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beside:
    """What somebody would get at each level of plan under the terms in force (None: there are none) and proposed."""

    name: str
    weight: int
    is_me: bool
    pairs: tuple[tuple[int | None, int], ...]


def beside(
    now: Terms | None,
    proposed: Terms,
    *,
    plan_minor: int,
    name: str,
    is_me: bool,
    weights_now: tuple[int, int],
    weights_proposed: tuple[int, int],
) -> Beside:
    """One member's line. weights: theirs and the sum of all, under each version."""

    def of(terms: Terms, weights: tuple[int, int]) -> list[int]:
        results = prospects(terms, plan_minor=plan_minor, weight=weights[0], weights_sum=weights[1], percents=PERCENTS)
        return [each.mine_minor for each in results]

    then: Sequence[int | None] = of(now, weights_now) if now else [None] * len(PERCENTS)
    pairs = tuple(zip(then, of(proposed, weights_proposed), strict=True))
    return Beside(name, weights_proposed[0], is_me, pairs)


def for_members(
    members: Sequence[Membership],
    now: TermsSpec | None,
    proposed: TermsSpec,
    *,
    plan_minor: int,
    currency: str,
    me: User,
) -> dict[str, Any]:
    """Every member's line, the reader's first, and the reader's own arithmetic under both versions."""
    under_now = _weights(members, now)
    under_proposed = _weights(members, proposed)
    terms_now = now.arithmetic if now else None
    ordered = sorted(members, key=lambda member: (member.person_id != me.pk, not member.is_lead, member.person.name))
    lines = [
        beside(
            terms_now,
            proposed.arithmetic,
            plan_minor=plan_minor,
            name=member.person.name,
            is_me=member.person_id == me.pk,
            weights_now=(under_now[member.pk], sum(under_now.values())),
            weights_proposed=(under_proposed[member.pk], sum(under_proposed.values())),
        )
        for member in ordered
    ]
    mine = next(member for member in ordered if member.person_id == me.pk)
    versions = (
        (_("Under the proposed terms"), proposed, under_proposed),
        (_("Under the terms in force"), now, under_now),
    )
    arithmetic = [
        (
            title,
            simulate(
                spec.arithmetic,
                currency=currency,
                plan_minor=plan_minor,
                weight=weights[mine.pk],
                weights_sum=sum(weights.values()),
                assumes=_(
                    "Assumes a whole fiscal year under these terms with the members and weights of today. Before "
                    "fractions are carried and before a share pays back a draw."
                ),
            ),
        )
        for title, spec, weights in versions
        if spec is not None
    ]
    return {"lines": lines, "heads": tuple(map(level_name, PERCENTS)), "arithmetic": arithmetic}


def _weights(members: Sequence[Membership], spec: TermsSpec | None) -> dict[UUID, int]:
    """What each membership weighs under a version."""
    with_stable = spec is not None and spec.shares_with_stable
    return {
        member.pk: counted_weight(member.weight, is_stable=member.track == Track.STABLE, shares_with_stable=with_stable)
        for member in members
    }


# --- Words ------------------------------------------------------------------------------------------------------------


def level_name(percent: int) -> str:
    """A level of plan as the head of a column."""
    return _("At %(percent)s%% of plan") % {"percent": percent}


def slice_name(lower_minor: int, upper_minor: int | None, rate_bp: int, currency: str) -> str:
    """A slice above the threshold and its rate."""
    facts = {
        "rate": rate_name(rate_bp),
        "lower": money.write(lower_minor, currency),
        "upper": money.write(upper_minor, currency) if upper_minor is not None else "",
    }
    if upper_minor is None:
        return _("%(rate)s%% of what is more than %(lower)s above it") % facts
    return _("%(rate)s%% of what is %(lower)s to %(upper)s above it") % facts


def rate_name(rate_bp: int) -> str:
    """Basis points as a number of percent."""
    return str(format_decimal(Decimal(rate_bp) / 100, locale=money.locale_name()))


def next_tier_sentence(terms: Terms, profit_minor: int, currency: str) -> str:
    """How far the next slice is and what it shares, or that the last one is reached."""
    ahead = next_tier(terms, profit_minor)
    if ahead is None:
        last = {"rate": rate_name(terms.tiers[-1].rate_bp)}
        return _("The last slice is reached: members share %(rate)s%% of all that follows.") % last
    facts = {"missing": money.write(ahead.missing_minor, currency), "rate": rate_name(ahead.rate_bp)}
    if profit_minor < terms.threshold_minor:
        return (
            _("%(missing)s more profit this year reaches the threshold; members share %(rate)s%% of what follows.")
            % facts
        )
    return _("%(missing)s more profit this year reaches the next slice, of which members share %(rate)s%%.") % facts


def exactly(fine: int, currency: str) -> str:
    """Ten-thousandths of a minor unit as an exact amount."""
    return precisely(Decimal(fine) / FINE, currency)


def precisely(minor: Decimal, currency: str) -> str:
    """A fraction of minor units as an amount, to six digits below the currency's smallest unit."""
    digits = money.decimals(currency)
    pattern = "\u00a4#,##0." + "0" * digits + "######"
    shown = minor.scaleb(-digits)
    locale = money.locale_name()
    return money.with_minus(format_currency(shown, currency, format=pattern, locale=locale, currency_digits=False))
