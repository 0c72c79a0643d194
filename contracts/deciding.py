"""A decision on its way, in words: what it waits for, why a second person is asked, what is strange about a price.

Sentences only; the rules are in `scrutiny`, the verbs in `actions.awards`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.explaining import percent
from contracts.models import Award, Bid
from contracts.queries.decisions import Decision
from contracts.queries.lots import SplitTie
from contracts.scrutiny import Cause, Limits, LowPrice
from core import money
from core.words.instants import exact

CAUSES: Final[Mapping[Cause, Promise]] = {
    Cause.NOT_TOP: gettext_lazy("It is not the bid that the rule ranks first."),
    Cause.TIE_SPLIT: gettext_lazy(
        "It splits a tie between lots, and the other lot has not gone to the other bidder yet."
    ),
    Cause.DISQUALIFIED: gettext_lazy("A bid that could stand before it was disqualified by the buyer alone."),
    Cause.LARGE: gettext_lazy("Its price is so high that two people decide."),
    Cause.LARGE_LOTS: gettext_lazy("With the other lots of this bidder its price is so high that two people decide."),
    Cause.SINGLE_BID: gettext_lazy("It is the only valid bid."),
    Cause.LOW_PRICE: gettext_lazy("Its price is abnormally low."),
    Cause.SAME_PEOPLE: gettext_lazy("Somebody was in this bidder and in another one that bid, since it was published."),
    Cause.OUTSIDE: gettext_lazy("It is the bid of an outside vendor, which the buyer itself invited."),
    Cause.OBJECTED: gettext_lazy("An objection to choosing it before was upheld."),
    Cause.TIED: gettext_lazy("Who chose it is tied to somebody that bids here, or was not long ago."),
}


def causes(kept: Iterable[str]) -> list[str]:
    """Why a second person is asked, a sentence each."""
    return [str(CAUSES[Cause(cause)]) for cause in kept]


def disqualified(bids: Iterable[Bid]) -> list[str]:
    """What the buyer disqualified that could stand before a choice, and why, a sentence each."""
    return [
        _("%(bidder)s could stand before this bid and was disqualified: “%(reason)s” A second person has to agree.")
        % {"bidder": bid.bidder_label, "reason": bid.outcome_reason}
        for bid in bids
    ]


def passed(award: Award, bids: Iterable[Bid]) -> list[str]:
    """What was disqualified before an award and could stand before its bid, as its frozen arithmetic tells."""
    out = award.arithmetic.get("disqualified", ())
    return disqualified(bid for bid in bids if str(bid.pk) in out)


def split(arithmetic: Mapping[str, Any]) -> str:
    """What a choice did to a tie between lots, as its frozen arithmetic tells; empty when it split none."""
    tie = arithmetic.get("split")
    if not tie:
        return ""
    words = {"first": tie["first"], "number": tie["number"]}
    if tie["settled"]:
        found = _(
            "A tie was split between lots. %(first)s has lot %(number)s; here its bid and this one are equal but for "
            "time or draw, and this one is chosen."
        )
    else:
        found = _(
            "A tie is split between lots. The bid of %(first)s and this one are equal but for time or draw, here and "
            "on lot %(number)s."
        )
    return found % words


def departure(first: str, rank: int | None, tie: SplitTie | None, *, is_equal: bool) -> str:
    """What choosing another bid than the first one means, before it is chosen. is_equal: time or draw decided."""
    words = {"first": first, "rank": "—" if rank is None else rank}
    found = _(
        "The rule ranks %(first)s first and this bid %(rank)s. Your reason must say why you depart from it; everybody "
        "reads it."
    )
    if tie is not None:
        words |= {"number": tie.number, "title": tie.title}
        found = (
            _(
                "This bid and that of %(first)s are equal; only time or the draw puts %(first)s first. They tie on lot "
                "%(number)s too, which has gone to %(first)s, so you may split the tie and give this lot to the other. "
                "No second person is asked for that; your reason is read by everybody."
            )
            if tie.settled
            else _(
                "This bid and that of %(first)s are equal; only time or the draw puts %(first)s first. They tie on lot "
                "%(number)s too. Alone you may give one lot for one that has gone to %(first)s for good; here a second "
                "person has to agree."
            )
        )
    elif is_equal:
        found = _(
            "This bid and that of %(first)s are equal; only time or the draw puts %(first)s first. A tie is split only "
            "between lots on which the same two tie, so here a second person has to agree. Everybody reads your reason."
        )
    return found % words


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
