"""What this room tells people: what is wrong with share terms, terms in words, what happened to an ME or an idea."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import money
from core.models import AuditRecord
from microenterprises.calculation import TermsFault, TermsSpec
from microenterprises.models import Pledge


def day_name(day: date) -> str:
    """A date in the reader's language, day first in English."""
    locale = money.locale_name()
    return str(format_date(day, format="medium", locale="en_GB" if locale == "en" else locale))


def percent_name(basis_points: int) -> str:
    """Basis points as a percentage in the reader's language."""
    return str(format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=money.locale_name()))


def terms_fault(fault: TermsFault) -> str:
    """What is wrong with share terms and how to mend it."""
    said = {
        TermsFault.NO_TIERS: _("Say at least once which part of the profit is shared."),
        TermsFault.LAST_TIER_ENDS: _(
            "The last tier ends, so a profit above it would have no rule. Say what holds above: leave the end of the "
            "last tier empty."
        ),
        TermsFault.OPEN_TIER_INSIDE: _("Only the last tier may be open. Give every other tier its end."),
        TermsFault.TIER_WITHOUT_WIDTH: _("Each tier must end above the one before it."),
        TermsFault.RATE_OUT_OF_RANGE: _("A tier shares between 0 and 100 percent."),
        TermsFault.THRESHOLD_BELOW_ZERO: _("The threshold is zero or more."),
        TermsFault.NO_OWNERS: _("Say who owns what is not shared, for example the ME's own reserve."),
        TermsFault.OWNER_WITHOUT_NAME: _("Name each owner of what is not shared."),
        TermsFault.OWNER_WITHOUT_PART: _("Each named owner owns more than 0 percent."),
        TermsFault.OWNERS_DO_NOT_SUM: _("The parts of the owners add up to exactly 100 percent."),
    }
    return said[fault]


FAULT_FIELDS: Final[Mapping[TermsFault, str]] = {
    TermsFault.THRESHOLD_BELOW_ZERO: "threshold",
    TermsFault.NO_OWNERS: "owner_reserve",
    TermsFault.OWNER_WITHOUT_NAME: "owner_reserve",
    TermsFault.OWNER_WITHOUT_PART: "owner_reserve",
    TermsFault.OWNERS_DO_NOT_SUM: "owner_reserve",
}


def fault_field(fault: TermsFault, tiers: int) -> str:
    """The form field beside which a fault is shown."""
    return FAULT_FIELDS.get(fault, f"upto_{max(1, tiers)}")


OWNER_NAMES: Final[Mapping[str, Callable[[], str]]] = {
    "reserve": lambda: _("the ME's reserve"),
    "platform": lambda: _("the platform"),
    "co-investors": lambda: _("the co-investors"),
}


def owner_name(owner: str) -> str:
    """An owner of the rest in the reader's language; names that are not ours stay as they were written."""
    named = OWNER_NAMES.get(owner)
    return named() if named else owner


def terms_lines(spec: TermsSpec, currency: str) -> list[str]:
    """Share terms as sentences, one per rule."""
    lines = [
        _("Nothing is shared of the first %(amount)s of a fiscal year's profit.")
        % {"amount": money.write(spec.threshold_minor, currency)}
        if spec.threshold_minor
        else _("Profit is shared from the first unit of the fiscal year.")
    ]
    lower = spec.threshold_minor
    for tier in spec.tiers:
        upper = None if tier.width_minor is None else lower + tier.width_minor
        facts = {
            "rate": percent_name(tier.rate_bp),
            "lower": money.write(lower, currency),
            "upper": money.write(upper, currency) if upper is not None else "",
        }
        if upper is None:
            lines.append(_("Members share %(rate)s of the profit above %(lower)s.") % facts)
        else:
            lines.append(_("Members share %(rate)s of the profit between %(lower)s and %(upper)s.") % facts)
            lower = upper
    owners = ", ".join(f"{owner_name(name)} {percent_name(part)}" for name, part in spec.residual_owners.items())
    lines.append(_("What is not shared belongs at the year's end to: %(owners)s.") % {"owners": owners})
    lines.append(
        _("A loss is carried into the next fiscal year and filled first.")
        if spec.carries_losses
        else _("Every fiscal year starts afresh; a loss is not carried over.")
    )
    lines.append(
        _("Members on the stable track share too, by their weight.")
        if spec.shares_with_stable
        else _("Members on the stable track have their salary and do not share.")
    )
    return lines


# --- What happened ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """One line of a timeline: the record, what it says, and how it looks."""

    record: AuditRecord
    sentence: str
    icon: str
    tone: str


def _amount(facts: Mapping[str, Any]) -> str:
    return money.write(int(facts["amount_minor"]), str(facts["currency"]))


def _founded(f: Mapping[str, Any]) -> str:
    return ngettext("Launched with %(count)s member", "Launched with %(count)s members", f["members"]) % {
        "count": f["members"]
    }


Telling = Callable[[Mapping[str, Any]], str]
TOLD: Final[Mapping[str, tuple[Telling, str, str]]] = {
    "microenterprise.founded": (_founded, "sprout", "good"),
    "team.formed": (lambda f: _("Formed as a team of the talent pool"), "users", "accent"),
    "team.launched": (_founded, "sprout", "good"),
    "team.lead_passed": (
        lambda f: _("%(person)s leads the team") % {"person": f["person"]},
        "users",
        "accent",
    ),
    "microenterprise.dissolved": (lambda f: _("Dissolved: %(reason)s") % {"reason": f["reason"]}, "history", "neutral"),
    "membership.started": (
        lambda f: _("%(person)s joined as %(role)s") % {"person": f["person"], "role": f["role"]},
        "user-plus",
        "good",
    ),
    "membership.changed": (
        lambda f: (
            _("New conditions for %(person)s from %(day)s")
            % {"person": f["person"], "day": day_name(date.fromisoformat(f["on"]))}
        ),
        "user",
        "neutral",
    ),
    "membership.ended": (
        lambda f: (
            _("%(person)s leaves on %(day)s") % {"person": f["person"], "day": day_name(date.fromisoformat(f["on"]))}
        ),
        "user",
        "neutral",
    ),
    "membership.lead_handed_over": (
        lambda f: (
            _("%(person)s leads from %(day)s") % {"person": f["person"], "day": day_name(date.fromisoformat(f["on"]))}
        ),
        "users",
        "accent",
    ),
    "seat.opened": (lambda f: _("Opened a seat: %(role)s") % {"role": f["role"]}, "user-plus", "accent"),
    "seat.withdrawn": (lambda f: _("Withdrew the seat %(role)s") % {"role": f["role"]}, "x", "neutral"),
    "seat.filled": (
        lambda f: _("%(person)s takes the seat %(role)s") % {"person": f["person"], "role": f["role"]},
        "user-check",
        "good",
    ),
    "terms.proposed": (
        lambda f: _("Proposed version %(version)s of the share terms") % {"version": f["version"]},
        "vote",
        "accent",
    ),
    "terms.agreed": (
        lambda f: _("The members agreed on version %(version)s of the share terms") % {"version": f["version"]},
        "circle-check",
        "good",
    ),
    "terms.rejected": (
        lambda f: _("Version %(version)s of the share terms was not agreed") % {"version": f["version"]},
        "x",
        "neutral",
    ),
    "terms.withdrawn": (
        lambda f: _("Withdrew version %(version)s of the share terms") % {"version": f["version"]},
        "undo-2",
        "neutral",
    ),
    "money.receipt": (lambda f: _("Recorded a receipt of %(amount)s") % {"amount": _amount(f)}, "banknote", "good"),
    "money.cost": (lambda f: _("Recorded a cost of %(amount)s") % {"amount": _amount(f)}, "receipt-text", "neutral"),
    "money.investment": (
        lambda f: _("Recorded an investment of %(amount)s") % {"amount": _amount(f)},
        "landmark",
        "good",
    ),
    "money.funding": (
        lambda f: _("Recorded %(amount)s of company money") % {"amount": _amount(f)},
        "landmark",
        "good",
    ),
    "money.reversed": (
        lambda f: (
            _("Reversed document %(document)s of %(amount)s: %(reason)s")
            % {"document": f["document"], "amount": _amount(f), "reason": f["reason"]}
        ),
        "undo-2",
        "warn",
    ),
    "idea.created": (lambda f: _("Wrote the first draft"), "pencil-line", "neutral"),
    "idea.published": (lambda f: _("Published the idea"), "send", "accent"),
    "idea.withdrawn": (
        lambda f: _("Withdrew the idea; every pledge went back. Reason: %(reason)s") % {"reason": f["reason"]},
        "undo-2",
        "neutral",
    ),
    "idea.launched": (lambda f: _("Launched it as an ME"), "sprout", "good"),
    "pledge.made": (lambda f: _("Pledged %(amount)s") % {"amount": _amount(f)}, "coins", "good"),
    "pledge.promised": (lambda f: _("Promised %(amount)s") % {"amount": _amount(f)}, "hourglass", "neutral"),
    "pledge.received": (
        lambda f: _("Recorded that %(amount)s of %(person)s came in") % {"amount": _amount(f), "person": f["person"]},
        "coins",
        "good",
    ),
    "pledge.cancelled": (
        lambda f: _("%(person)s's promise of %(amount)s ended unpaid") % {"amount": _amount(f), "person": f["person"]},
        "x",
        "neutral",
    ),
    "pledge.refunded": (lambda f: _("Got %(amount)s back") % {"amount": _amount(f)}, "undo-2", "neutral"),
}

MONEY_DEEDS: Final = tuple(deed for deed in TOLD if deed.startswith("money."))


def told(record: AuditRecord) -> Happening:
    """An audit record of this room as a line of a timeline. Only deeds of `TOLD` may be given."""
    telling, icon, tone = TOLD[record.deed]
    return Happening(record, telling(record.facts), icon, tone)


def came_in(pledge: Pledge) -> str:
    """What who pledged and the owner of the idea hear when the money is there."""
    return _("%(amount)s that %(person)s pledged to %(title)s came in.") % _of(pledge)


def send_back(pledge: Pledge) -> str:
    """What whoever recorded that the money came in hears when it is refunded."""
    return _("Send %(amount)s back to %(person)s: the pledge to %(title)s, paid in by %(document)s, is refunded.") % (
        _of(pledge) | {"document": pledge.document}
    )


def _of(pledge: Pledge) -> dict[str, str]:
    amount = money.write(pledge.amount_minor, pledge.idea.currency)
    return {"person": pledge.person.name, "title": pledge.idea.title, "amount": amount}
