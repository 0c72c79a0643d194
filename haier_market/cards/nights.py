"""Sentences about the nightly settlement that wait for finance and for leaders."""

from collections.abc import Callable
from datetime import date
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from haier_market.attention import Line
from haier_market.cards.days import day_written
from haier_market.cards.shapes import Need
from settlement.sentences import day_name


def _exception(line: Line) -> Need:
    return Need(
        _("%(name)s could not be settled") % {"name": line.title},
        _("The night of %(day)s waits for you") % {"day": day_written(line.at)},
        f"/settlement/outcomes/{line.key}/",
        _("See why"),
        None,
        "triangle-alert",
        "warn",
    )


def _approve(line: Line) -> Need:
    count = line.number or 0
    return Need(
        _("Approve the settlement of %(day)s") % {"day": day_name(date.fromisoformat(line.key))},
        ngettext("%(count)s exception", "%(count)s exceptions", count) % {"count": count}
        if count
        else _("No exceptions"),
        f"/settlement/{line.key}/",
        _("Look and approve"),
        None,
        "moon-star",
    )


def _exceptions(line: Line) -> Need:
    return Need(
        ngettext(
            "%(count)s microenterprise could not be settled",
            "%(count)s dates of microenterprises could not be settled",
            line.number or 0,
        )
        % {"count": line.number},
        _("The oldest is %(day)s") % {"day": day_written(line.at)},
        "/settlement/",
        _("See them"),
        None,
        "triangle-alert",
        "warn",
    )


NEEDS: Final[dict[str, Callable[[Line], Need]]] = {
    "approve": _approve,
    "exception": _exception,
    "exceptions": _exceptions,
}
