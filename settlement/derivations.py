"""How a figure came about, step by step, in the reader's language: for the pages and whoever prints it as text.

Every figure is taken from the stored line and outcome; the tiers are worked out again by `settlement.calculation`, so
that what is shown is what was computed. Nothing here queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from core import money
from microenterprises.prospects import exactly, next_tier_sentence, precisely, slice_name
from settlement.calculation import FINE, GRAIN, Terms, tier_steps
from settlement.facts import terms_of
from settlement.models import HandedOn, LoweredPay, Outcome, PayLine, ShareLine
from settlement.sentences import day_name


@dataclass(frozen=True)
class Row:
    """One figure of a step; `is_sum` closes the step."""

    label: str
    figure: str
    is_sum: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a derivation: what is asked, the figures, and a sentence that says what they mean."""

    title: str
    rows: tuple[Row, ...]
    sentence: str = ""


def of_outcome(outcome: Outcome) -> list[Step]:
    """From the day's profit to the pool of an ME."""
    terms = terms_of(outcome.share_terms) if outcome.share_terms else None
    steps = [_profit(outcome)]
    if terms is not None:
        steps += [_tiers(outcome, terms), _due(outcome)]
    return [*steps, _pool(outcome)]


def of_share(line: ShareLine) -> list[Step]:
    """From the day's profit of the ME to the member's own line."""
    return [*of_outcome(line.outcome), _part(line), _payable(line)]


def of_pay(line: PayLine, lowered: LoweredPay | None) -> list[Step]:
    """A month's pay or draw by days, or how an advance ended. lowered: `waiting.lowered_of` the line."""
    amount = money.write(line.amount_minor, line.currency)
    if line.kind == PayLine.Kind.FORGIVEN:
        sentence = _("The membership ended before shares had recovered the draw. The ME bears the rest as a cost.")
        return [Step(_("What was still open"), (Row(_("Advance taken over"), amount, True),), sentence)]
    rows = (
        *_lowered(line, lowered),
        Row(_("A full month"), money.write(line.monthly_minor, line.currency)),
        Row(_("Days of the membership"), _("%(days)s of %(all)s") % {"days": line.days, "all": line.days_in_month}),
        Row(_("This month"), amount, True),
    )
    is_draw = line.kind == PayLine.Kind.DRAW
    return [
        Step(
            _("Part months count by days"),
            rows,
            _("A draw is an advance: later shares pay it back first.")
            if is_draw
            else _("Stable pay is a cost of the ME."),
        )
    ]


def _lowered(line: PayLine, lowered: LoweredPay | None) -> tuple[Row, ...]:
    if lowered is None:
        return ()
    return (
        Row(_("Agreed for a full month"), money.write(line.membership.pay_minor, line.currency)),
        Row(_("Lowered on %(day)s by whoever it is owed to") % {"day": day_name(lowered.lowered_on)}, lowered.reason),
    )


def of_handed_on(line: HandedOn) -> list[Step]:
    """What an ME that ended gave to somebody who had a stake in it."""
    rows = (
        Row(_("Stake in the ME"), money.write(line.stake_minor, line.currency)),
        Row(_("Handed on to you"), money.write(line.amount_minor, line.currency), True),
    )
    sentence = _(
        "The ME ended. Its wallet went first to those who held stakes, in proportion if it did not reach; what was "
        "over went to its owners by what each had retained."
    )
    return [Step(_("What was left of the ME"), rows, sentence)]


def next_tier(outcome: Outcome) -> str:
    """How far the next slice of the terms is and what it shares; empty without terms."""
    if outcome.share_terms is None:
        return ""
    return next_tier_sentence(terms_of(outcome.share_terms), outcome.profit_minor, outcome.currency)


# --- Steps ------------------------------------------------------------------------------------------------------------


def _profit(outcome: Outcome) -> Step:
    before, after = outcome.profit_before_minor, outcome.profit_minor
    rows = (
        Row(_("Profit of the fiscal year the day before"), _money(before, outcome)),
        Row(_("Posted on %(day)s") % {"day": day_name(outcome.business_date)}, _money(after - before, outcome)),
        Row(_("Profit of the fiscal year after this date"), _money(after, outcome), True),
    )
    since = _("Income less expense since %(day)s.") % {"day": day_name(outcome.fiscal_year)}
    return Step(_("What the ME earned"), rows, since)


def _tiers(outcome: Outcome, terms: Terms) -> Step:
    rows = [Row(_("Annual threshold"), _money(terms.threshold_minor, outcome))]
    for step in tier_steps(terms, outcome.profit_minor):
        rows.append(
            Row(
                slice_name(step.lower_minor, step.upper_minor, step.rate_bp, outcome.currency),
                exactly(step.shared_fine, outcome.currency),
            )
        )
    total = sum(step.shared_fine for step in tier_steps(terms, outcome.profit_minor))
    rows.append(Row(_("By the terms, of this profit"), exactly(total, outcome.currency), True))
    version = _("Share terms version %(number)s.") % {
        "number": outcome.share_terms.version if outcome.share_terms else ""
    }
    return Step(_("What the terms share"), tuple(rows), f"{version} {next_tier(outcome)}".strip())


def _due(outcome: Outcome) -> Step:
    rows = (
        Row(_("Due up to the day before"), exactly(outcome.due_before_fine, outcome.currency)),
        Row(_("Added on this date"), exactly(outcome.due_fine - outcome.due_before_fine, outcome.currency)),
        Row(_("Due in this fiscal year"), exactly(outcome.due_fine, outcome.currency), True),
    )
    return Step(_("What is due to the members"), rows, _("New terms price only what comes after they take effect."))


def _pool(outcome: Outcome) -> Step:
    rows = (
        Row(_("Due, in whole units"), _money(outcome.due_fine // FINE, outcome)),
        Row(_("Already shared in this fiscal year"), _money(-outcome.already_shared_minor, outcome)),
        Row(_("Pool of this date"), _money(outcome.pool_minor, outcome), True),
    )
    shortfall = outcome.due_fine // FINE < outcome.already_shared_minor
    sentence = _("More was shared than is due now; later profit fills the difference first.") if shortfall else ""
    return Step(_("What is shared"), rows, sentence)


def _part(line: ShareLine) -> Step:
    exact = Decimal(line.outcome.pool_minor) * line.weight / line.weights_sum
    rows = (
        Row(_("Weight"), _("%(mine)s of %(all)s") % {"mine": line.weight, "all": line.weights_sum}),
        Row(_("Part of the pool, exactly"), precisely(exact, line.currency)),
        *_carried(line),
        Row(_("Share"), money.write(line.amount_minor, line.currency), True),
    )
    left = precisely(Decimal(line.carry_after_grain) / GRAIN, line.currency)
    return Step(
        _("The member's part"), rows, _("The fraction of %(left)s is carried to the next share.") % {"left": left}
    )


def _carried(line: ShareLine) -> Iterator[Row]:
    own = line.carry_before_grain - line.inherited_grain
    if own:
        yield Row(_("Carried from earlier shares"), precisely(Decimal(own) / GRAIN, line.currency))
    if line.inherited_grain:
        inherited = precisely(Decimal(line.inherited_grain) / GRAIN, line.currency)
        yield Row(_("Part of what members who left had carried"), inherited)


def _payable(line: ShareLine) -> Step:
    rows = (
        Row(_("Share"), money.write(line.amount_minor, line.currency)),
        Row(_("Pays back a draw"), money.write(-line.recovered_minor, line.currency)),
        Row(_("Newly payable"), money.write(line.payable_minor, line.currency), True),
    )
    return Step(_("What is owed for it"), rows)


# --- Figures ----------------------------------------------------------------------------------------------------------


def _money(minor: int, outcome: Outcome) -> str:
    return money.write(minor, outcome.currency)
