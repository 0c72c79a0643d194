"""What a bid would bring its bidder: worked out for them alone while they type, stored nowhere, told to nobody.

The price comes from the bidder's own request or their own sealed bid, which the page has read already; nothing here
reads a bid. The arithmetic is `microenterprises.prospects`.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from microenterprises.models import Microenterprise
from microenterprises.prospects import Simulation, simulate
from microenterprises.queries.sharing import place_with_profit
from people.models import User


@dataclass(frozen=True, slots=True)
class Outlook:
    """The arithmetic, or why there is none."""

    simulation: Simulation | None
    why_not: str = ""


def of_bid(person: User, firm: Microenterprise, *, price_minor: int, costs_minor: int, today: date) -> Outlook:
    """What a person would get if a bid of their ME were chosen and paid in full. Two statements."""
    place = place_with_profit(person, firm, today)
    terms = place.sharing.terms if place else None
    if place is None or terms is None:
        why = _("No share terms of %(me)s are in force for you, so nothing would be shared.")
        return Outlook(None, why % {"me": firm.name})
    sharing = place.sharing
    if costs_minor >= price_minor:
        return Outlook(None, _("At these costs the work brings no profit, so nothing would be shared of it."))
    simulation = simulate(
        terms,
        currency=firm.currency,
        plan_minor=price_minor - costs_minor,
        so_far_minor=place.so_far_minor,
        added=_("Price less costs of this work"),
        weight=sharing.weight,
        weights_sum=sharing.weights_sum,
        assumes=_(
            "Assumes that the work is accepted in full in this fiscal year, brings this part of its price less costs, "
            "and that nothing else is earned or spent; terms and weights as of today, version %(version)s."
        )
        % {"version": sharing.version},
    )
    why = "" if sharing.weight else _("You are on the stable track, and these terms share with entrepreneurs only.")
    return Outlook(simulation, why)
