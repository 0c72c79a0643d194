"""The formula in words: the criteria of a project, the arithmetic of a bid, why one stands behind another.

Sentences over plain values and rows that are already loaded; no queries. Figures shown are rounded down and never
compared: what decides is in `contracts.scoring`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from babel.numbers import format_decimal, format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import promises, scoring
from contracts.models import Bid, Project
from contracts.prospects_of_bids import share_of_ceiling
from contracts.ranking import Place, Ranking, needs_quality
from contracts.scoring import Line, Part, Step
from core import money
from core.words.instants import exact


def number(value: int) -> str:
    """A whole number in the reader's locale, as plain text for a sentence."""
    return str(format_decimal(value, locale=money.locale_name()))


def percent(basis_points: int) -> str:
    """Basis points as a percentage, as plain text for a sentence."""
    return str(format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=money.locale_name()))


def criteria(project: Project) -> list[str]:
    """How the bids of a project are compared, a sentence each."""
    return [_first(project), *_pass_mark(project), *_envelopes(project), _ties(project), *_splits(project)]


def arithmetic(place: Place, ranking: Ranking, currency: str) -> list[str]:
    """The arithmetic of one bid line by line, as a reader would check it; empty while it has none."""
    if place.scored is None:
        return _without_price(place, ranking)
    parts = scoring.arithmetic(place.scored, ranking.rule)
    if ranking.rule.method is scoring.Method.LOWEST_PRICE:
        # Price points decide nothing here; showing them would suggest they do.
        parts = tuple(part for part in parts if part.line is not Line.PRICE_POINTS)
    lines: list[str] = []
    for part in parts:
        if part.line is Line.QUALITY_POINTS:
            lines += quality_lines(place.bid)
        lines.append(_sentence(part, currency))
    return lines


def _without_price(place: Place, ranking: Ranking) -> list[str]:
    """What can be said of a bid whose price is sealed; under two envelopes, below the pass mark, for ever."""
    bid = place.bid
    if bid.opened_at is None or bid.price_minor is not None or bid.quality_points is None:
        return []
    figures = {"points": bid.quality_points, "pass_mark": ranking.rule.pass_mark}
    lines = [_quality_points(figures, ""), *quality_lines(bid)]
    if bid.quality_points < ranking.rule.pass_mark:
        lines += [_below_mark(figures, ""), _("Its price stays sealed for ever.")]
    return lines


def points_preview(project: Project, price_minor: int) -> list[str]:
    """What a price is worth under the published formula, before a bid is sent. Knows nothing of other bids."""
    ceiling = project.ceiling_minor or 0
    if price_minor <= 0 or ceiling <= 0:
        return []
    if price_minor > ceiling:
        over = money.write(price_minor - ceiling, project.currency)
        return [_("%(over)s above the ceiling; such a bid is refused.") % {"over": over}]
    saved = money.write(ceiling - price_minor, project.currency)
    share = percent(share_of_ceiling(price_minor, ceiling))
    below = _("%(saved)s below the ceiling: the price is %(share)s of it.") % {"saved": saved, "share": share}
    if project.method == Project.Method.LOWEST_PRICE:
        return [below, _("The lowest price wins; points do not matter here.")]
    points = scoring.price_points(price_minor, ceiling)
    worth = points * project.price_weight_bp // scoring.FULL
    return [
        below,
        _price_points({"price_minor": price_minor, "ceiling_minor": ceiling, "points": points}, project.currency),
        _("They count %(weight)s, so your price brings %(worth)s of the 10,000 points; the quality brings the rest.")
        % {"weight": percent(project.price_weight_bp), "worth": number(worth)},
    ]


def quality_lines(bid: Bid) -> list[str]:
    """How the quality points of a bid came about, line by line; empty where the plan was judged as a whole."""
    parts = bid.quality_parts or []
    if len(parts) < 2:
        return []
    lines = [_given(part) if "promises" in part else _agreed(part) for part in parts]
    terms = " + ".join(f"{percent(part['weight_bp'])} × {number(part['points'])}" for part in parts)
    return [
        *lines,
        _("Quality: %(terms)s = %(points)s of %(full)s points, rounded down.")
        % {"terms": terms, "points": number(bid.quality_points or 0), "full": number(scoring.FULL)},
    ]


def _agreed(part: Mapping[str, Any]) -> str:
    return _("%(title)s: %(points)s of 10,000 points, weighs %(weight)s. %(reason)s") % {
        "title": part["title"],
        "points": number(part["points"]),
        "weight": percent(part["weight_bp"]),
        "reason": part["reason"],
    }


def given_points(bid: Bid) -> str:
    """The points of an opened bid that nobody judges, with their arithmetic; empty where there are none."""
    return next((_given(part) for part in bid.quality_parts or () if "promises" in part), "")


def _given(part: Mapping[str, Any]) -> str:
    words = {
        "title": part["title"],
        "points": number(part["points"]),
        "weight": percent(part["weight_bp"]),
        "how": reckoned(promises.replayed(part["promises"])),
    }
    return (
        _("%(title)s: %(points)s of 10,000 points, weighs %(weight)s; reckoned at the deadline, not judged. %(how)s")
        % words
    )


def reckoned(score: promises.Score) -> str:
    """How a promise-kept score comes about, in one line."""
    words = {
        "count": number(score.contracts),
        "prior": number(score.prior),
        "market": percent(int(score.market * promises.FULL)),
        "own": format_decimal(Decimal(int(score.own * 100)) / 100, format="#,##0.00", locale=money.locale_name()),
        "points": number(score.points),
    }
    if not score.contracts:
        return _("No contract of this ME has ended yet, so it stands where the market stands, at %(market)s.") % words
    return (
        ngettext(
            "10,000 × (%(own)s kept of %(count)s contract + %(prior)s × %(market)s of the market) ÷ "
            "(%(count)s + %(prior)s) = %(points)s, rounded down.",
            "10,000 × (%(own)s kept of %(count)s contracts + %(prior)s × %(market)s of the market) ÷ "
            "(%(count)s + %(prior)s) = %(points)s, rounded down.",
            score.contracts,
        )
        % words
    )


def is_below_mark(place: Place, winner: Place) -> bool:
    """Whether a bid has no rank for its quality; under two envelopes it has no price either, so nothing is scored."""
    if place.scored is not None:
        return place.scored.refusal is scoring.Refusal.QUALITY_TOO_LOW
    return winner.scored is not None and place.bid.price_minor is None and place.bid.quality_points is not None


def why_behind(place: Place, winner: Place, currency: str) -> str:
    """Why a bid stands behind the awarded one: the sentence a loser is offered; the buyer may rewrite it."""
    bid = place.bid
    if bid.status == Bid.Status.DISQUALIFIED:
        return bid.outcome_reason or _("The bid was disqualified.")
    if is_below_mark(place, winner):
        return _("The panel gave %(points)s quality points, which is below the pass mark.") % {
            "points": number(bid.quality_points or 0)
        }
    if place.scored is None or winner.scored is None:
        return ""
    if (place.rank or 0) < (winner.rank or 0):
        return ""
    if bid.vendor_id is not None and (said := _compared_for_a_vendor(place.scored, winner.scored)):
        return said
    return _compared(place.scored, winner.scored, currency)


def _first(project: Project) -> str:
    if project.method == Project.Method.LOWEST_PRICE:
        return _("The lowest price wins.")
    return _(
        "Price counts %(price)s and quality %(quality)s. Price points are 10,000 × (ceiling − price) ÷ ceiling; "
        "quality brings up to 10,000 points. The highest sum wins."
    ) % {
        "price": percent(project.price_weight_bp),
        "quality": percent(scoring.FULL - project.price_weight_bp),
    }


def _pass_mark(project: Project) -> list[str]:
    if not project.pass_mark:
        return []
    return [_("A bid needs at least %(mark)s of 10,000 quality points.") % {"mark": number(project.pass_mark)}]


def _envelopes(project: Project) -> list[str]:
    if not project.two_envelopes:
        return []
    return [
        _(
            "Two envelopes: prices stay sealed until the panel has agreed on quality. Below the pass mark they are "
            "never opened."
        )
        if project.pass_mark
        else _("Two envelopes: prices stay sealed until the panel has agreed on quality.")
    ]


def _ties(project: Project) -> str:
    if needs_quality(project):
        return _(
            "A tie goes to the higher quality, then to the earlier final submission, then to a draw that nobody can "
            "choose."
        )
    return _("A tie goes to the earlier final submission, then to a draw that nobody can choose.")


def _splits(project: Project) -> list[str]:
    if project.lot_set_id is None:
        return []
    return [
        _(
            "When the same two bidders tie on several lots and the first of them has won one of these, the buyer may "
            "give another to the second: a tie is split between lots."
        )
    ]


def _compared(row: scoring.Scored, best: scoring.Scored, currency: str) -> str:
    """The first thing asked in which the two differ."""
    more = row.bid.price_minor - best.bid.price_minor
    if row.total_points is not None and best.total_points is not None:
        if row.total_numerator != best.total_numerator:
            return _("%(points)s points against %(best)s of the awarded bid.") % {
                "points": number(row.total_points),
                "best": number(best.total_points),
            }
    elif more > 0:
        return _("The price is %(more)s above the awarded bid.") % {"more": money.write(more, currency)}
    if row.bid.quality_points != best.bid.quality_points:
        return _("The score is the same, and the awarded bid has the higher quality.")
    if row.bid.submitted_at != best.bid.submitted_at:
        return _("The score is the same, and the awarded bid was submitted earlier.")
    return _("The score and the instant are the same, and the draw put the awarded bid first.")


def _compared_for_a_vendor(row: scoring.Scored, best: scoring.Scored) -> str:
    """The same without a figure: a vendor could reckon a rival's price from the difference. Empty for a tie."""
    if row.total_points is not None and best.total_points is not None:
        return _("Another bid has the better score.") if row.total_numerator != best.total_numerator else ""
    return _("Another bid has the lower price.") if row.bid.price_minor > best.bid.price_minor else ""


# ------------------------------------------------------------------ one line of arithmetic

Figures = Mapping[str, object]


def _whole(figures: Figures, name: str) -> int:
    value = figures[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is no whole number")
    return value


def _price(figures: Figures, currency: str) -> str:
    return _("Price: %(price)s.") % {"price": money.write(_whole(figures, "price_minor"), currency)}


def _price_points(figures: Figures, currency: str) -> str:
    return _("Price points: 10,000 × (%(ceiling)s − %(price)s) ÷ %(ceiling)s = %(points)s.") % {
        "ceiling": money.write_number(_whole(figures, "ceiling_minor"), currency),
        "price": money.write_number(_whole(figures, "price_minor"), currency),
        "points": number(_whole(figures, "points")),
    }


def _quality_points(figures: Figures, currency: str) -> str:
    words = {"points": number(_whole(figures, "points")), "mark": number(_whole(figures, "pass_mark"))}
    if figures["pass_mark"]:
        return _("Quality: %(points)s of 10,000 points from the panel; the pass mark is %(mark)s.") % words
    return _("Quality: %(points)s of 10,000 points from the panel.") % words


def _weighted_price(figures: Figures, currency: str) -> str:
    return _("Price weighs %(weight)s: %(points)s points.") % _weighted(figures)


def _weighted_quality(figures: Figures, currency: str) -> str:
    return _("Quality weighs %(weight)s: %(points)s points.") % _weighted(figures)


def _weighted(figures: Figures) -> dict[str, str]:
    return {"weight": percent(_whole(figures, "weight_bp")), "points": number(_whole(figures, "points"))}


def _total(figures: Figures, currency: str) -> str:
    return _("Together %(points)s of 10,000 points (rounded down; ranks are decided on the exact sum).") % {
        "points": number(_whole(figures, "points"))
    }


def _above_ceiling(figures: Figures, currency: str) -> str:
    return _("No rank: the price is above the ceiling.")


def _below_mark(figures: Figures, currency: str) -> str:
    return _("No rank: the quality is below the pass mark of %(mark)s.") % {
        "mark": number(_whole(figures, "pass_mark"))
    }


def _ranked_by(step: Step | None) -> Callable[[Figures, str], str]:
    def told(figures: Figures, currency: str) -> str:
        words = {"rank": number(_whole(figures, "rank")), "time": exact(figures["submitted_at"])}  # type: ignore[arg-type]
        if step is None:
            return _("Rank %(rank)s.") % words
        if step is Step.PRICE:
            return _("Rank %(rank)s, by price.") % words
        if step is Step.SCORE:
            return _("Rank %(rank)s, by points.") % words
        if step is Step.QUALITY:
            return _("Rank %(rank)s: as good as the bid above, which has the higher quality.") % words
        if step is Step.TIME:
            return _("Rank %(rank)s: as good as the bid above, and later, at %(time)s.") % words
        return _("Rank %(rank)s: as good as the bid above and at the same instant; the draw decided.") % words

    return told


_LINES: Final[dict[Line, Callable[[Figures, str], str]]] = {
    Line.PRICE: _price,
    Line.PRICE_POINTS: _price_points,
    Line.QUALITY_POINTS: _quality_points,
    Line.WEIGHTED_PRICE: _weighted_price,
    Line.WEIGHTED_QUALITY: _weighted_quality,
    Line.TOTAL: _total,
    Line.REFUSED_ABOVE_CEILING: _above_ceiling,
    Line.REFUSED_QUALITY_TOO_LOW: _below_mark,
    Line.RANK_FIRST: _ranked_by(None),
    Line.RANK_BY_PRICE: _ranked_by(Step.PRICE),
    Line.RANK_BY_SCORE: _ranked_by(Step.SCORE),
    Line.RANK_BY_QUALITY: _ranked_by(Step.QUALITY),
    Line.RANK_BY_TIME: _ranked_by(Step.TIME),
    Line.RANK_BY_DRAW: _ranked_by(Step.DRAW),
}


def _sentence(part: Part, currency: str) -> str:
    return _LINES[part.line](part.figures, currency)


def ranked_count(ranking: Ranking) -> str:
    """How many bids took part, for the head of the comparison."""
    count = len(ranking.places)
    return ngettext("%(count)s bid", "%(count)s bids", count) % {"count": count}
