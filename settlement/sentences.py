"""What the settlement tells people, in their language: why a date did not settle, how to mend it, how it ended."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from django.utils.translation import gettext as _

from core import money
from settlement.models import Outcome

Snag = Outcome.Snag


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
    page = f"/microenterprises/{outcome.microenterprise_id}/"
    sentence, action = _sentence(Snag(outcome.snag))
    return Trouble(sentence % facts, page, action)


def _sentence(snag: Snag) -> tuple[str, str]:
    """The sentence of a snag with places for its figures, and what the link to mend it says."""
    if snag is Snag.NO_TERMS:
        return (
            _(
                "%(me)s had a profit of %(profit)s, but no share terms were in force on %(day)s. Its members can agree "
                "on terms; they price what comes after they take effect."
            ),
            _("Propose share terms"),
        )
    if snag is Snag.NO_WEIGHTS:
        return (
            _(
                "%(needed)s is due, but no member of %(me)s carried a share weight on %(day)s. Once members carry "
                "weights, the next night shares it."
            ),
            _("Look at the members"),
        )
    if snag is Snag.SHORT_WALLET:
        return (
            _(
                "%(needed)s is due to the members of %(me)s, but its wallet held %(wallet)s. Record a receipt or an "
                "investment of at least %(short)s; the next night shares it among the members of %(day)s."
            ),
            _("Record money"),
        )
    if snag is Snag.SHORT_PAY:
        return (
            _(
                "Pay and draws of %(needed)s were due in %(me)s on %(day)s, but its wallet held %(wallet)s. Record a "
                "receipt or an investment of at least %(short)s; the next night pays first and shares then."
            ),
            _("Record money"),
        )
    return (
        _(
            "%(me)s still owes pay of an earlier month end, so nothing was shared on %(day)s. Record a receipt or an "
            "investment that covers it; the next night pays first and shares then."
        ),
        _("Record money"),
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
