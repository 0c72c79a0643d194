"""What the settlement tells people, in their language: why a date did not settle, how to mend it, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import money
from settlement.models import Outcome, PayLine, SettlementRun, StatementLine
from settlement.queries import Evidence

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Snag = Outcome.Snag
FIGURE_NAMES: Final[Mapping[str, "StrPromise"]] = {
    "profit": gettext_lazy("Profit of the date"),
    "shared": gettext_lazy("Shared"),
    "recovered": gettext_lazy("Draws recovered by it"),
    "payable": gettext_lazy("Newly payable of it"),
    "pay": gettext_lazy("Stable pay"),
    "draws": gettext_lazy("Draws"),
    "written_off": gettext_lazy("Advances taken over"),
    "handed_on": gettext_lazy("Handed on by MEs that ended"),
    "released": gettext_lazy("Released for payment"),
}
"""What the figures of a night are called."""


@dataclass(frozen=True)
class Trouble:
    """Why a date of an ME did not settle and where to mend it."""

    sentence: str
    url: str
    action: str


def day_name(day: date) -> str:
    """A date in the reader's language, day first in English."""
    locale = money.locale_name()
    return str(format_date(day, format="medium", locale="en_GB" if locale == "en" else locale))


def month_name(day: date) -> str:
    """A date's month in the reader's language."""
    return str(format_skeleton("yMMMM", datetime.combine(day, time()), locale=money.locale_name()))


def wage_kind(*, is_draw: bool) -> str:
    """What a month's wage is."""
    return str((PayLine.Kind.DRAW if is_draw else PayLine.Kind.STABLE).label)


def trouble(outcome: Outcome, me_name: str) -> Trouble:
    """The sentence and the link of an exception."""
    facts: dict[str, Any] = {
        "me": me_name,
        "day": day_name(outcome.business_date),
        "needed": money.write(outcome.needed_minor, outcome.currency),
        "wallet": money.write(outcome.wallet_minor, outcome.currency),
        "short": money.write(max(0, outcome.needed_minor - outcome.wallet_minor), outcome.currency),
        "profit": money.write(outcome.profit_minor, outcome.currency),
    }
    sentence, action, page = _sentence(Snag(outcome.snag))
    return Trouble(sentence % facts, reverse(page, args=[outcome.microenterprise_id]), action)


def _sentence(snag: Snag) -> tuple[str, str, str]:
    """The sentence of a snag with places for its figures, what the link to mend it says, and where it leads."""
    if snag is Snag.NO_TERMS:
        return (
            _(
                "%(me)s had a profit of %(profit)s, but no share terms were in force on %(day)s. Its members can agree "
                "on terms; they price what comes after they take effect."
            ),
            _("Look at the share terms"),
            "microenterprise_terms",
        )
    if snag is Snag.NO_WEIGHTS:
        return (
            _(
                "%(needed)s is due, but no member of %(me)s carried a share weight on %(day)s. Once members carry "
                "weights, the next night shares it."
            ),
            _("Look at the members"),
            "microenterprise_detail",
        )
    if snag is Snag.SHORT_WALLET:
        return (
            _(
                "%(needed)s is due to the members of %(me)s, but its wallet held %(wallet)s. Record a receipt or an "
                "investment of at least %(short)s; the next night shares it among the members of %(day)s."
            ),
            _("Record money"),
            "microenterprise_money",
        )
    if snag is Snag.SHORT_PAY:
        return (
            _(
                "Pay and draws of %(needed)s were due in %(me)s on %(day)s, but its wallet held %(wallet)s. Record a "
                "receipt or an investment of at least %(short)s; the next night pays first and shares then. If pay was "
                "typed too high, whoever it is owed to lowers it: Pay that waits, from their statement."
            ),
            _("Record money"),
            "microenterprise_money",
        )
    if snag is Snag.FAILED:
        return (
            _(
                "The night of %(day)s could not be worked out for %(me)s, so nothing was posted for it. Look for what "
                "cannot be right in its money and correct it; the next night tries again and then settles %(day)s too, "
                "among the members of that date. The log of the system says what went wrong."
            ),
            _("Look at the money"),
            "microenterprise_money",
        )
    return (
        _(
            "%(me)s still owes pay of an earlier month end, so nothing was shared on %(day)s. Record a receipt or an "
            "investment that covers it; the next night pays first and shares then."
        ),
        _("Record money"),
        "microenterprise_money",
    )


def repaired(outcome: Outcome, by: Outcome) -> str:
    """How an exception ended."""
    facts = {
        "night": day_name(by.night),
        "day": day_name(outcome.business_date),
        "pool": money.write(by.shared_minor, by.currency),
    }
    if by.shared_minor:
        return _("Mended: %(pool)s was shared on the night of %(night)s among the members of %(day)s.") % facts
    return _("Closed on the night of %(night)s: nothing was left to share for %(day)s.") % facts


def waiting() -> str:
    """Why a pool waits."""
    return _("The pool waits: somebody was given a fraction too much before. It is part of the next night's pool.")


def run_state(run: SettlementRun) -> str:
    """Where a run stands and what happens next."""
    status = SettlementRun.Status(run.status)
    if status is SettlementRun.Status.POSTING:
        return _("The night is being posted. It seals itself when every ME is done.")
    if status is SettlementRun.Status.SEALED:
        return _("Posted and sealed; its date is closed for good. Finance approves it, then it can be paid.")
    if status is SettlementRun.Status.APPROVED and run.approved_by:
        return _("Approved by %(who)s. What is newly payable can be paid.") % {"who": run.approved_by.name}
    return _("Paid.")


def approval(run: SettlementRun) -> str:
    """What approving a run does: it releases what its totals say."""
    sums = [money.write(figures["released"], currency) for currency, figures in sorted(run.totals.items())]
    return _(
        "Approving releases %(amounts)s on %(lines)s lines for payment. Nothing is posted by it. "
        "It cannot be taken back."
    ) % {"amounts": ", ".join(sums) or "0", "lines": run.lines}


@dataclass(frozen=True)
class Counted:
    """A count of a run and how it compares with the run before."""

    label: str
    count: int
    compared: str


def counts(run: SettlementRun, before: SettlementRun | None) -> list[Counted]:
    """How many MEs, exceptions and lines a night had, beside the night before."""
    rows = (
        (_("Microenterprises"), run.mes_done, before.mes_done if before else 0),
        (_("Exceptions"), run.exceptions, before.exceptions if before else 0),
        (_("Lines"), run.lines, before.lines if before else 0),
    )
    return [Counted(label, now, _more(now - then, before) if before else "") for label, now, then in rows]


def _more(difference: int, before: SettlementRun) -> str:
    facts = {
        "count": format_decimal(abs(difference), locale=money.locale_name()),
        "day": day_name(before.business_date),
    }
    if difference > 0:
        return _("%(count)s more than on %(day)s") % facts
    if difference < 0:
        return _("%(count)s fewer than on %(day)s") % facts
    return _("as many as on %(day)s") % facts


def outcome_state(outcome: Outcome) -> str:
    """How a date of an ME ended, in one sentence."""
    state = Outcome.State(outcome.state)
    facts = {
        "pool": money.write(outcome.pool_minor, outcome.currency),
        "day": day_name(outcome.business_date),
        "night": day_name(outcome.night),
        "lines": outcome.line_count,
    }
    if outcome.repairs_id:
        return _("Mended on the night of %(night)s for %(day)s, with the members and facts of that date.") % facts
    if state is Outcome.State.SETTLED:
        return _("%(pool)s was shared among %(lines)s members.") % facts
    if state is Outcome.State.WAITING:
        return waiting()
    if state is Outcome.State.NOTHING:
        return _("Nothing new was due to the members on %(day)s.") % facts
    return _("Nothing was posted; everyone else was settled.")


def line_title(line: StatementLine) -> str:
    """What a line of a statement is."""
    facts = {"me": line.microenterprise.name, "kind": StatementLine.Kind(line.kind).label}
    return _("%(kind)s, %(me)s") % facts


def line_detail(line: StatementLine) -> str:
    """Terms and weight of a share, days of a pay; and that it speaks of an earlier date."""
    parts = []
    if line.kind == StatementLine.Kind.SHARE:
        facts = {"weight": line.weight, "sum": line.weights_sum}
        if line.share_terms:
            parts.append(_("Terms version %(version)s") % {"version": line.share_terms.version})
        parts.append(_("weight %(weight)s of %(sum)s") % facts)
        if line.recovered_minor:
            recovered = money.write(line.recovered_minor, line.currency)
            parts.append(_("%(recovered)s of it paid back a draw") % {"recovered": recovered})
    elif line.days:
        parts.append(_("%(days)s days") % {"days": line.days})
    if line.business_date < line.night:
        parts.append(_("for %(day)s, which could not be settled then") % {"day": day_name(line.business_date)})
    return ", ".join(parts)


def late(fact: Evidence) -> str:
    """Why a fact of an earlier date counts on this one; empty for one of its own date."""
    if not fact.is_late:
        return ""
    facts = {"day": day_name(fact.effective_date), "posted": day_name(fact.day)}
    return _("late: of %(day)s, counted on %(posted)s because it was posted then") % facts
