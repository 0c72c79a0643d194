"""What a bid would bring its bidder, and what its price comes to: worked out for them alone while they type, stored
nowhere, told to nobody.

The price comes from the bidder's own request or their own sealed bid, which the page has read already; nothing here
reads a sealed bid, and of opened ones only those of the bidder's own ME. So nothing here foretells who wins, and its
words say so. The arithmetic is `microenterprises.prospects` and `contracts.prospects_of_bids`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import prospects_of_bids as prospects
from contracts.explaining import number, percent, points_preview
from contracts.models import Project, Vendor
from contracts.models.vendors import Bidder
from contracts.prospects_of_bids import LAST_BIDS, Record, Worth
from contracts.queries.bids import past_bids
from contracts.ranking import rule_of
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


@dataclass(frozen=True, slots=True)
class Chance:
    """What a price comes to at one quality, in words."""

    quality: str
    points: str


@dataclass(frozen=True, slots=True)
class Chances:
    """A price under the published formula and the bidder's own record, in words."""

    price: list[str]
    at: list[Chance]
    by_points: bool
    record: list[str]


def of_price(person: User, firm: Bidder, project: Project, price_minor: int | None) -> Chances:
    """What a price comes to, and what became of the bidder's own last bids. One statement."""
    own = prospects.record(past_bids(person, firm, most=LAST_BIDS))
    ceiling = project.ceiling_minor or 0
    rule = rule_of(project)
    takes_part = price_minor is not None and 0 < price_minor <= ceiling
    found = prospects.worths(price_minor, rule, own.quality) if takes_part and price_minor is not None else ()
    return Chances(
        price=points_preview(project, price_minor) if price_minor is not None else [],
        at=[_chance(worth, own, firm, is_own=place >= len(prospects.QUALITIES)) for place, worth in enumerate(found)],
        by_points=project.method == Project.Method.PRICE_QUALITY,
        record=list(_record(own, firm)),
    )


def _chance(worth: Worth, own: Record, firm: Bidder, *, is_own: bool) -> Chance:
    quality = _("Quality %(quality)s") % {"quality": number(worth.quality)}
    if is_own and isinstance(firm, Vendor):
        quality = _("%(quality)s, as agreed on bids of yours") % {"quality": quality}
    elif is_own and own.quality is not None:
        quality = ngettext(
            "%(quality)s, as agreed on %(count)s bid of your ME",
            "%(quality)s, the median of %(count)s bids of your ME",
            own.quality.of,
        ) % {"quality": quality, "count": own.quality.of}
    if not worth.passes:
        return Chance(quality, _("no rank: below the pass mark"))
    return Chance(quality, number(worth.total) if worth.total is not None else _("takes part; the price decides"))


def _record(own: Record, firm: Bidder) -> Iterable[str]:
    """What became of the ME's own bids, a sentence each."""
    if not own.bids:
        yield _("No bid of %(me)s was opened yet, so there is no record to look back on.") % {"me": firm.name}
        return
    yield ngettext(
        "Of the last opened bid of %(me)s: %(won)s won, %(lost)s did not, %(undecided)s undecided.",
        "Of the last %(bids)s opened bids of %(me)s: %(won)s won, %(lost)s did not, %(undecided)s undecided.",
        own.bids,
    ) % {"bids": own.bids, "me": firm.name, "won": own.won, "lost": own.lost, "undecided": own.undecided}
    for share, sentence in (
        (own.share_won, _("Those that won asked %(share)s of the ceiling (median of %(count)s).")),
        (own.share_lost, _("Those that did not asked %(share)s of the ceiling (median of %(count)s).")),
    ):
        if share is not None:
            yield sentence % {"share": percent(share.value), "count": share.of}
