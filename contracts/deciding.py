"""A decision on its way, in words: what it waits for, why a second person is asked, what is strange about a price.

Sentences only; the rules are in `scrutiny`, the verbs in `actions.awards`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.explaining import percent
from contracts.models import Award
from contracts.queries.decisions import Decision
from contracts.scrutiny import Cause, Limits, LowPrice
from core import money
from core.words.instants import exact

CAUSES: Final[Mapping[Cause, Promise]] = {
    Cause.NOT_TOP: gettext_lazy("It is not the bid that the rule ranks first."),
    Cause.LARGE: gettext_lazy("Its price is so high that two people decide."),
    Cause.SINGLE_BID: gettext_lazy("It is the only valid bid."),
    Cause.LOW_PRICE: gettext_lazy("Its price is abnormally low."),
}


def causes(kept: Iterable[str]) -> list[str]:
    """Why a second person is asked, a sentence each."""
    return [str(CAUSES[Cause(cause)]) for cause in kept]


def sentence(decision: Decision, bidder: str, now: datetime) -> str:
    """What the decision waits for, in one sentence."""
    award = decision.award
    words = {"bidder": bidder, "until": exact(award.stands_until) if award.stands_until is not None else ""}
    if award.status == Award.Status.PROPOSED:
        return _("%(bidder)s is proposed; a second person has to agree.") % words
    if award.status == Award.Status.ACTIVE:
        return _("%(bidder)s is chosen, and every bidder has a reason.") % words
    if decision.contested:
        return _("%(bidder)s is chosen, but an objection is open. Nothing is signed until the steward rules.") % words
    if award.stands_until is not None and now < award.stands_until:
        return _("%(bidder)s is chosen. Bidders may object until %(until)s; then the contract is drafted.") % words
    return _("%(bidder)s is chosen; the contract is drafted by itself in a moment.") % words


def low_price(low: LowPrice, limits: Limits, currency: str) -> list[str]:
    """What makes a price abnormally low, with its arithmetic, a sentence each."""
    found = []
    if low.under_mean:
        found.append(
            _("%(price)s is more than %(share)s under %(mean)s, the mean of the other bids.")
            % {
                "price": money.write(low.price_minor, currency),
                "mean": money.write(low.mean_minor, currency),
                "share": percent(limits.under_mean_bp),
            }
        )
    if low.under_next and low.next_minor is not None:
        found.append(
            _("%(price)s is more than %(share)s under %(next)s, the next price.")
            % {
                "price": money.write(low.price_minor, currency),
                "next": money.write(low.next_minor, currency),
                "share": percent(limits.under_next_bp),
            }
        )
    return found
