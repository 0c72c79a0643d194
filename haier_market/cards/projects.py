"""Sentences about projects that wait: to bid, to judge, to decide, to answer."""

from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

from contracts.queries.bids import OwnBid
from core import money
from core.words.instants import exact
from haier_market.attention import Line
from haier_market.cards.shapes import Need


def confirm(row: OwnBid) -> Need:
    """Only its bidder reads this."""
    return Need(
        _("Confirm your bid on “%(title)s”") % {"title": row.bid.project.title},
        _("The project changed after you bid, for %(me)s; what is not confirmed stays sealed for ever")
        % {"me": row.firm.name},
        f"/projects/{row.bid.project_id}/bid/?me={row.firm.pk}",
        _("Read and confirm"),
        row.bid.project.deadline,
        "lock",
    )


def _award(line: Line) -> Need:
    return Need(
        _("Decide who gets “%(title)s”") % {"title": line.title},
        _("The bids are open."),
        f"/projects/{line.key}/",
        _("Compare the bids"),
        None,
        "award",
    )


def _agree(line: Line) -> Need:
    return Need(
        _("Agree or not: who gets “%(title)s”") % {"title": line.title},
        _("%(name)s proposed it; it takes two people") % {"name": line.detail},
        f"/projects/{line.key}/award/agree/",
        _("Read and answer"),
        None,
        "scale",
    )


def _price(line: Line) -> Need:
    return Need(
        _("Explain your price on “%(title)s”") % {"title": line.title},
        _("%(name)s asks how you keep it") % {"name": line.detail},
        f"/projects/{line.key}/price/",
        _("Explain"),
        line.at,
        "triangle-alert",
    )


def _objection(line: Line) -> Need:
    return Need(
        _("Rule on an objection to the award of “%(title)s”") % {"title": line.title},
        _("%(name)s objects; nothing is signed until you rule") % {"name": line.detail},
        f"/projects/{line.key}/",
        _("Read and rule"),
        None,
        "scale",
    )


def _let_in(line: Line) -> Need:
    return Need(
        _("Decide whether another person of %(vendor)s is let in") % {"vendor": line.title},
        _("HR asks for %(email)s") % {"email": line.detail},
        f"/vendors/{line.key}/",
        _("Read and decide"),
        None,
        "user-check",
    )


def _quality(line: Line) -> Need:
    return Need(
        _("Judge the quality of the bids on “%(title)s”") % {"title": line.title},
        _("You are on the panel of %(name)s") % {"name": line.detail},
        f"/projects/{line.key}/quality/",
        _("Judge"),
        None,
        "scale",
    )


def _question(line: Line) -> Need:
    return Need(
        _("Answer questions about “%(title)s”") % {"title": line.title},
        _("Every bidder reads the answers"),
        f"/projects/{line.key}/questions/",
        _("Read and answer"),
        line.at,
        "message-square",
    )


def _judge(line: Line) -> Need:
    return Need(
        _("Name a panel member for “%(title)s”") % {"title": line.title},
        _("Everybody named by %(name)s has a conflict of interest") % {"name": line.detail},
        f"/projects/{line.key}/quality/replace/",
        _("Name somebody"),
        None,
        "users",
    )


def _ask_judge(line: Line) -> Need:
    return Need(
        _("Ask for a panel member for “%(title)s”") % {"title": line.title},
        _("Everybody on the panel has a conflict of interest"),
        f"/projects/{line.key}/quality/ask/",
        _("Ask the steward"),
        None,
        "users",
    )


def _bid(line: Line) -> Need:
    return Need(
        _("“%(title)s” closes soon") % {"title": line.title},
        ceiling(line),
        f"/projects/{line.key}/",
        _("Look and bid"),
        line.at,
        "gavel",
    )


def ceiling(line: Line) -> str:
    if line.number is None:
        return line.detail
    return _("%(name)s pays up to %(ceiling)s") % {
        "name": line.detail,
        "ceiling": money.write(line.number, line.extra),
    }


def _stuck(line: Line) -> Need:
    when = exact(line.at) if line.at is not None else ""
    return Need(
        _("The bids on “%(title)s” have not opened") % {"title": line.title},
        _("The deadline was %(when)s; the worker or BID_KEY may be missing") % {"when": when},
        f"/projects/{line.key}/",
        _("Look into it"),
        None,
        "flag",
        "bad",
    )


def _flags(line: Line) -> Need:
    when = exact(line.at) if line.at is not None else ""
    return Need(
        _("Red flags wait for a look"),
        _("Questions of the search of %(when)s, not verdicts") % {"when": when},
        "/integrity/",
        _("See them"),
        None,
        "shield-check",
    )


NEEDS: Final[dict[str, Callable[[Line], Need]]] = {
    "agree": _agree,
    "ask_judge": _ask_judge,
    "award": _award,
    "bid": _bid,
    "flags": _flags,
    "judge": _judge,
    "let_in": _let_in,
    "objection": _objection,
    "price": _price,
    "quality": _quality,
    "question": _question,
    "stuck": _stuck,
}
