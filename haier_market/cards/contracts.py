"""Sentences about contracts that wait: to sign, to deliver, to accept, to end, to rate."""

from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

from haier_market.attention import Line
from haier_market.cards.days import after, day_of, end_of
from haier_market.cards.shapes import Need


def _sign(line: Line) -> Need:
    return Need(
        _("Sign “%(title)s”") % {"title": line.title},
        _("A contract with %(name)s") % {"name": line.detail},
        f"/contracts/{line.key}/sign/",
        _("Read and sign"),
        after(line.at, line.number),
        "signature",
    )


def _accept(line: Line) -> Need:
    return Need(
        _("Decide on the delivery “%(title)s”") % {"title": line.title},
        _("Delivered by %(name)s; no decision is acceptance") % {"name": line.detail},
        f"/contracts/{line.key}/milestones/{line.extra}/accept/",
        _("Accept or reject"),
        after(line.at, line.number),
        "check",
    )


def _deliver(line: Line) -> Need:
    return Need(
        _("Deliver “%(title)s”") % {"title": line.title},
        _("For %(name)s") % {"name": line.detail},
        f"/contracts/{line.key}/milestones/{line.extra}/deliver/",
        _("Deliver"),
        end_of(day_of(line.at)),
        "send",
    )


def _end(line: Line) -> Need:
    return Need(
        _("Answer: end “%(title)s” early?") % {"title": line.title},
        _("%(name)s proposes it") % {"name": line.detail},
        f"/contracts/{line.key}/",
        _("Answer"),
        None,
        "ban",
    )


def _rate(line: Line) -> Need:
    return Need(
        _("Rate “%(title)s”") % {"title": line.title},
        _("Completed with %(name)s") % {"name": line.detail},
        f"/contracts/{line.key}/rate/",
        _("Rate"),
        after(line.at, line.number),
        "star",
    )


NEEDS: Final[dict[str, Callable[[Line], Need]]] = {
    "accept": _accept,
    "deliver": _deliver,
    "end": _end,
    "rate": _rate,
    "sign": _sign,
}
