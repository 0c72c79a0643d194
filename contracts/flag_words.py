"""What a red flag asks, why it is asked, and how its value came about, in words. No queries and no rules.

The indicators are those of the Open Contracting Partnership's *Red flags in public procurement*; the words are ours.
Every word here says question, never verdict: most flags have a good answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from babel.numbers import format_percent
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contracts.ocds.flags import CODES
from core import money
from core.words.figures import counted

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Meaning:
    """One indicator: its short name, what it asks, and why that is worth a question."""

    title: Words
    question: Words
    why: Words


MEANINGS: Final[dict[str, Meaning]] = {
    "R003": Meaning(
        gettext_lazy("Short notice"),
        gettext_lazy("Was there enough time for everybody to bid?"),
        gettext_lazy("Whoever knows of a need beforehand is quicker; a short time for bids keeps others out."),
    ),
    "R018": Meaning(
        gettext_lazy("Only one bidder"),
        gettext_lazy("Why did nobody else bid on a need that was open to others?"),
        gettext_lazy("A need written for one bidder, or told to one bidder, finds one bidder."),
    ),
    "R024": Meaning(
        gettext_lazy("Second price close to the winner"),
        gettext_lazy("Did the second bidder mean to win?"),
        gettext_lazy("A bid a little over another one can be made to look like competition."),
    ),
    "R025": Meaning(
        gettext_lazy("Bids often, seldom wins"),
        gettext_lazy("Why does this ME bid so often and win so seldom?"),
        gettext_lazy("Somebody may bid only to let others win. Or they are learning."),
    ),
    "R028": Meaning(
        gettext_lazy("Identical prices"),
        gettext_lazy("How did different bidders come to the same price?"),
        gettext_lazy("Prices that were agreed or told are equal. So are prices that everybody takes from one list."),
    ),
    "R030": Meaning(
        gettext_lazy("A late bid won"),
        gettext_lazy("Why was a bid accepted after the deadline?"),
        gettext_lazy(
            "Whoever bids late may know the others. Here such a bid is refused; an imported tender can show it."
        ),
    ),
    "R035": Meaning(
        gettext_lazy("All but the winner disqualified"),
        gettext_lazy("Were the reasons for disqualifying everybody else sound?"),
        gettext_lazy("Who disqualifies all others chooses the winner."),
    ),
    "R036": Meaning(
        gettext_lazy("Lowest bid disqualified"),
        gettext_lazy("Was the reason for disqualifying the lowest bid sound?"),
        gettext_lazy("Disqualifying a lower price makes room for a higher one."),
    ),
    "R038": Meaning(
        gettext_lazy("Many disqualified bids"),
        gettext_lazy("Why are so many bids disqualified here?"),
        gettext_lazy("A buyer may keep others out, or a bidder may send bids that are not meant to count."),
    ),
    "R048": Meaning(
        gettext_lazy("Supplies many kinds of things"),
        gettext_lazy("Is this ME able to supply all this itself?"),
        gettext_lazy(
            "Whoever supplies everything may be a go-between. Our own projects name no classes of items, so this is "
            "never asked about them."
        ),
    ),
    "R058": Meaning(
        gettext_lazy("Far under the second price"),
        gettext_lazy("Can the winner deliver at this price?"),
        gettext_lazy("A price far under all others may leave something out."),
    ),
}
NOT_A_VERDICT: Final = gettext_lazy(
    "A flag is a question, not a verdict: it says that figures are unusual, never that somebody did wrong."
)
RATIOS: Final = frozenset({"R024", "R025", "R038", "R058"})
COUNTS: Final = frozenset({"R035", "R048"})


def choices() -> list[tuple[str, str]]:
    """The indicators for a filter."""
    return [(code, f"{code} {MEANINGS[code].title}") for code in CODES]


def shown(indicator: str, value: str) -> str:
    """The value for a table: a percentage, a count, or nothing where an indicator only says yes."""
    exact = Fraction(value)
    if indicator in RATIOS:
        return percent(exact)
    return counted(int(exact)) if indicator in COUNTS else ""


def percent(value: Fraction) -> str:
    """An exact ratio as a percentage of two decimals, half away from zero."""
    hundredths = (abs(value) * 20_000 + 1) // 2
    exact = Decimal(int(hundredths)) / 10_000
    return format_percent(-exact if value < 0 else exact, format="#,##0.00%", locale=money.locale_name())


# ------------------------------------------------------------------ the arithmetic


@dataclass(frozen=True, slots=True)
class Asked:
    """What the arithmetic needs: the flag's exact value and figures, the fence of its set, its currency."""

    indicator: str
    value: Fraction
    figures: Mapping[str, Fraction]
    fence: Mapping[str, str]
    currency: str
    names: str
    least_days: int

    def price(self, name: str) -> str:
        return money.write(int(self.figures[name]), self.currency)

    def count(self, name: str) -> int:
        return int(self.figures[name])


def arithmetic(asked: Asked) -> list[str]:
    """How the value came about, sentence by sentence."""
    return [sentence for sentence in (ARITHMETIC[asked.indicator](asked), _fence(asked)) if sentence]


def _days(asked: Asked) -> str:
    days = asked.count("days")
    return ngettext(
        "Bids were taken for %(days)s whole day; under %(least)s days the time is called short.",
        "Bids were taken for %(days)s whole days; under %(least)s days the time is called short.",
        days,
    ) % {"days": counted(days), "least": counted(asked.least_days)}


def _one(asked: Asked) -> str:
    return _("There was 1 bidder, and the process was open to more.")


def _gap(asked: Asked) -> str:
    return _(
        "The winning price was %(won)s, the second-lowest valid price %(second)s: their difference is %(part)s of the "
        "winning price."
    ) % {"won": asked.price("won"), "second": asked.price("second"), "part": percent(asked.value)}


def _seldom(asked: Asked) -> str:
    valid = asked.count("valid")
    return ngettext(
        "It won %(won)s of %(valid)s process in which it had a valid bid: %(part)s.",
        "It won %(won)s of %(valid)s processes in which it had a valid bid: %(part)s.",
        valid,
    ) % {"won": counted(asked.count("won")), "valid": counted(valid), "part": percent(asked.value)}


def _equal(asked: Asked) -> str:
    return _("These bidders asked the same price as another one: %(names)s.") % {"names": asked.names}


def _late(asked: Asked) -> str:
    return _("A valid bid came after the deadline, and an award went to %(names)s, who sent it.") % {
        "names": asked.names
    }


def _others(asked: Asked) -> str:
    others = int(asked.value)
    return ngettext(
        "One bidder was left with valid bids and got the award; %(count)s other was disqualified.",
        "One bidder was left with valid bids and got the award; %(count)s others were disqualified.",
        others,
    ) % {"count": counted(others)}


def _lowest(asked: Asked) -> str:
    return _("The lowest bid, %(lowest)s, was disqualified; the lowest valid bid asks %(kept)s.") % {
        "lowest": asked.price("lowest"),
        "kept": asked.price("kept"),
    }


def _disqualified(asked: Asked) -> str:
    submitted = asked.count("submitted")
    return ngettext(
        "%(lost)s of %(submitted)s submitted bid was disqualified: %(part)s.",
        "%(lost)s of %(submitted)s submitted bids were disqualified: %(part)s.",
        submitted,
    ) % {"lost": counted(asked.count("disqualified")), "submitted": counted(submitted), "part": percent(asked.value)}


def _kinds(asked: Asked) -> str:
    return _("It supplied %(kinds)s kinds of things in %(processes)s processes.") % {
        "kinds": counted(int(asked.value)),
        "processes": counted(asked.count("processes")),
    }


def _fence(asked: Asked) -> str:
    """Where the fence of an outlier came from; empty for an indicator without one."""
    if not asked.fence.get("first"):
        return ""
    facts = {name: _figure(asked, asked.fence[name]) for name in ("first", "third", "fence")}
    facts["size"] = counted(int(asked.fence["size"]))
    if asked.indicator in ("R024", "R025"):
        return (
            _(
                "Of %(size)s such figures a quarter are at most %(first)s (Q1) and three quarters at most %(third)s "
                "(Q3). Q1 − 1.5 × (Q3 − Q1) is %(fence)s: at or under it a figure is unusually low."
            )
            % facts
        )
    return (
        _(
            "Of %(size)s such figures a quarter are at most %(first)s (Q1) and three quarters at most %(third)s "
            "(Q3). Q3 + 1.5 × (Q3 − Q1) is %(fence)s: at or over it a figure is unusually high."
        )
        % facts
    )


def _figure(asked: Asked, text: str) -> str:
    value = Fraction(text)
    if asked.indicator in RATIOS:
        return percent(value)
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.2f}"


ARITHMETIC: Final[dict[str, Callable[[Asked], str]]] = {
    "R003": _days,
    "R018": _one,
    "R024": _gap,
    "R025": _seldom,
    "R028": _equal,
    "R030": _late,
    "R035": _others,
    "R036": _lowest,
    "R038": _disqualified,
    "R048": _kinds,
    "R058": _gap,
}


# ------------------------------------------------------------------ the trail


DEEDS: Final[dict[str, Any]] = {
    "project.drafted": gettext_lazy("Draft written"),
    "project.edited": gettext_lazy("Draft changed"),
    "project.lot_removed": gettext_lazy("Lot taken out of the draft"),
    "project.published": gettext_lazy("Published"),
    "project.amended": gettext_lazy("Changed while bids were taken"),
    "project.question_answered": gettext_lazy("Question answered"),
    "project.opened": gettext_lazy("Bids opened"),
    "project.prices_opened": gettext_lazy("Prices opened"),
    "project.unsuccessful": gettext_lazy("Ended without an award"),
    "project.cancelled": gettext_lazy("Cancelled"),
    "project.interests_declared": gettext_lazy("Interests declared"),
    "project.conflict_found": gettext_lazy("Conflict of interest found"),
    "project.points_submitted": gettext_lazy("Points given"),
    "project.points_shown": gettext_lazy("Points of a panel member shown"),
    "project.figures_proposed": gettext_lazy("Common points proposed"),
    "project.figures_confirmed": gettext_lazy("Common points confirmed"),
    "project.figures_dropped": gettext_lazy("Common points dropped"),
    "project.quality_agreed": gettext_lazy("Quality agreed"),
    "project.quality_judged": gettext_lazy("Quality judged"),
    "project.replacement_asked": gettext_lazy("A panel member asked for"),
    "project.replacement_named": gettext_lazy("A panel member named"),
    "project.bid_disqualified": gettext_lazy("Bid disqualified"),
    "project.price_questioned": gettext_lazy("Asked about a low price"),
    "project.price_explained": gettext_lazy("Low price explained"),
    "project.award_proposed": gettext_lazy("Award proposed"),
    "project.award_agreed": gettext_lazy("Award agreed by a second person"),
    "project.award_refused": gettext_lazy("Award refused by a second person"),
    "project.award_taken_back": gettext_lazy("Award taken back"),
    "project.award_cancelled": gettext_lazy("Award cancelled"),
    "project.awarded": gettext_lazy("Awarded"),
    "project.objection_raised": gettext_lazy("Objection raised"),
    "project.objection_ruled": gettext_lazy("Objection ruled on"),
    "bid.submitted": gettext_lazy("Bid submitted"),
    "bid.revised": gettext_lazy("Bid revised"),
    "bid.confirmed": gettext_lazy("Bid confirmed"),
    "bid.withdrawn": gettext_lazy("Bid withdrawn"),
    "bid.read": gettext_lazy("Own sealed bid read"),
    "contract.drafted": gettext_lazy("Contract drafted"),
    "contract.changed": gettext_lazy("Contract changed"),
    "contract.signed": gettext_lazy("Contract signed"),
    "contract.activated": gettext_lazy("Contract in force"),
    "contract.declined": gettext_lazy("Contract declined"),
    "contract.delivered": gettext_lazy("Milestone delivered"),
    "contract.accepted": gettext_lazy("Delivery accepted"),
    "contract.accepted_by_silence": gettext_lazy("Delivery accepted by silence"),
    "contract.rejected": gettext_lazy("Delivery rejected"),
    "contract.acceptor_named": gettext_lazy("Another acceptor named"),
    "contract.rated": gettext_lazy("Rated"),
    "contract.end_proposed": gettext_lazy("Early end proposed"),
    "contract.end_withdrawn": gettext_lazy("Early end taken back"),
    "contract.completed": gettext_lazy("Contract completed"),
    "contract.terminated": gettext_lazy("Contract ended early"),
    "contract.voided": gettext_lazy("Contract void"),
    "flag.looked_at": gettext_lazy("A steward looked at a red flag"),
    "tender.imported": gettext_lazy("Imported"),
}


def deed_words(deed: str) -> str:
    """A deed in words; one that has none yet is shown as it is written."""
    return str(DEEDS.get(deed, deed))
