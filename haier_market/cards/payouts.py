"""Sentences about money on its way to people's accounts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import money
from haier_market.attention import Line
from haier_market.cards.days import day_written
from haier_market.cards.shapes import Need


def payouts_once(needed: Sequence[Line]) -> list[Line]:
    """What can be paid, told once with its sums; when nobody can be paid, the sums alone are nothing to do."""
    sums = ", ".join(money.write(line.number or 0, line.key) for line in needed if line.kind == "pay_sum")
    ready = any(line.kind == "pay" for line in needed)
    kept = [line for line in needed if line.kind != "pay_sum" and not (line.kind == "pay_soon" and ready)]
    return [replace(line, detail=sums) if line.kind == "pay" else line for line in kept]


def _unpayable(line: Line) -> Need:
    return Need(
        _("You cannot be paid in %(currency)s: your bank details are missing") % {"currency": line.key},
        _("What you earned stays owed to you until you say where it goes; nobody can enter it for you"),
        "/statements/bank/change/",
        _("Enter bank details"),
        None,
        "landmark",
        "warn",
    )


def _rejected(line: Line) -> Need:
    return Need(
        _("The bank rejected your payment of %(amount)s") % {"amount": _amount(line)},
        _("It said: %(reason)s. The amount is still owed to you; check where it goes") % {"reason": line.title},
        "/statements/bank/",
        _("Check bank details"),
        None,
        "landmark",
        "bad",
    )


def _receive(line: Line) -> Need:
    return Need(
        ngettext(
            "%(count)s pledge waits for its money to come in",
            "%(count)s pledges wait for their money to come in",
            line.number or 0,
        )
        % {"count": line.number},
        _("The oldest was promised on %(day)s") % {"day": day_written(line.at)},
        "/ideas/pledges/",
        _("See them"),
        None,
        "coins",
    )


def _pay(line: Line) -> Need:
    return Need(
        _("Pay people out"),
        _("%(amounts)s approved and in no payout yet") % {"amounts": line.detail},
        "/payouts/",
        _("Prepare a payout"),
        None,
        "hand-coins",
    )


def _pay_soon(line: Line) -> Need:
    return Need(
        _("Pay people out"),
        _("The nights up to %(day)s are approved and in no payout yet") % {"day": day_written(line.at)},
        "/payouts/",
        _("Prepare a payout"),
        None,
        "hand-coins",
    )


def _payout_send(line: Line) -> Need:
    return Need(
        _("Send payout %(number)s") % {"number": line.title},
        _payout(line),
        f"/payouts/{line.key}/",
        _("Look and send"),
        None,
        "send",
    )


def _payout_file(line: Line) -> Need:
    return Need(
        _("Give the file of payout %(number)s to the bank") % {"number": line.title},
        _payout(line),
        f"/payouts/{line.key}/#files",
        _("Download the file"),
        None,
        "file-text",
    )


def _payout_paid(line: Line) -> Need:
    return Need(
        _("Mark payout %(number)s as paid") % {"number": line.title},
        _("%(what)s; do it when the bank's statement shows the sum") % {"what": _payout(line)},
        f"/payouts/{line.key}/",
        _("Look and mark"),
        None,
        "check",
    )


def _payout(line: Line) -> str:
    people = int(line.detail)
    return (
        ngettext("%(amount)s for %(count)s person", "%(amount)s for %(count)s people", people)
        % {"amount": _amount(line), "count": people}
    )  # fmt: skip


def _payout_rejected(line: Line) -> Need:
    count = line.number or 0
    return Need(
        ngettext(
            "The bank rejected %(count)s payment of payout %(number)s",
            "The bank rejected %(count)s payments of payout %(number)s",
            count,
        )
        % {"count": count, "number": line.title},
        _("The next payout would go to the same account; ask the person to check their bank details"),
        f"/payouts/{line.key}/?status=rejected",
        _("See why"),
        None,
        "triangle-alert",
        "warn",
    )


def _amount(line: Line) -> str:
    return money.write(line.number or 0, line.extra)


NEEDS: Final[dict[str, Callable[[Line], Need]]] = {
    "pay": _pay,
    "pay_soon": _pay_soon,
    "payout_file": _payout_file,
    "payout_paid": _payout_paid,
    "payout_rejected": _payout_rejected,
    "payout_send": _payout_send,
    "receive": _receive,
    "rejected": _rejected,
    "unpayable": _unpayable,
}
