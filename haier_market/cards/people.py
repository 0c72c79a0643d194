"""Sentences about people, seats and MEs that wait: invitations, the pool, votes, launches, MEs without a leader."""

from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from haier_market.attention import Line
from haier_market.cards.days import after, day_of, day_written, end_of, start_of
from haier_market.cards.shapes import Need


def _invitation(line: Line) -> Need:
    return Need(
        _("You are invited: %(role)s") % {"role": line.title},
        line.detail,
        f"/talent/invitations/{line.key}/",
        _("Answer"),
        line.at,
        "mail",
    )


def _asked(line: Line) -> Need:
    return Need(
        _("%(person)s asks for the seat %(role)s") % {"person": line.detail, "role": line.title},
        line.extra,
        f"/talent/invitations/{line.key}/",
        _("Answer"),
        line.at,
        "user-plus",
    )


def _vote(line: Line) -> Need:
    return Need(
        _("Vote on the share terms of %(name)s") % {"name": line.title},
        _("Version %(number)s") % {"number": line.number},
        f"/microenterprises/{line.key}/terms/",
        _("Vote"),
        start_of(day_of(line.at)),
        "vote",
    )


def _launch(line: Line) -> Need:
    return Need(
        _("Launch “%(title)s”") % {"title": line.title},
        _("It has its money and its people."),
        f"/ideas/{line.key}/launch/",
        _("Launch"),
        None,
        "sprout",
    )


def _team_launch(line: Line) -> Need:
    return Need(
        _("%(team)s won “%(title)s”") % {"team": line.detail, "title": line.title},
        _("Launch the team as an ME, then sign the contract"),
        f"/talent/teams/{line.key}/launch/",
        _("Launch"),
        after(line.at, line.number),
        "sprout",
    )


def _pool(line: Line) -> Need:
    left = line.detail
    return Need(
        _("Find your next place"),
        _("You came from %(name)s; seats are offered to you with a reason each") % {"name": left}
        if left
        else _("Seats are offered to you with a reason each"),
        "/talent/me/",
        _("See the seats"),
        end_of(day_of(line.at)),
        "users",
    )


def _pool_soon(line: Line) -> Need:
    return Need(
        ngettext(
            "%(count)s person has two weeks or less to land",
            "%(count)s people have two weeks or less to land",
            line.number or 0,
        )
        % {"count": line.number},
        _("The first clock ends with %(day)s") % {"day": day_written(line.at)},
        "/talent/?left=14",
        _("Help them"),
        end_of(day_of(line.at)),
        "hourglass",
    )


def _pool_over(line: Line) -> Need:
    return Need(
        ngettext("The clock of %(count)s person is over", "The clocks of %(count)s people are over", line.number or 0)
        % {"count": line.number},
        _("Nothing happens to anyone's employment by itself; talk to them"),
        "/talent/?left=expired",
        _("See them"),
        None,
        "triangle-alert",
        "bad",
    )


def _leaderless(line: Line) -> Need:
    return Need(
        _("Nobody leads %(name)s") % {"name": line.title},
        _("Its members elect a leader, or you wind it up"),
        f"/microenterprises/{line.key}/",
        _("Look into it"),
        None,
        "flag",
        "warn",
    )


NEEDS: Final[dict[str, Callable[[Line], Need]]] = {
    "asked": _asked,
    "invitation": _invitation,
    "launch": _launch,
    "leaderless": _leaderless,
    "pool": _pool,
    "pool_over": _pool_over,
    "pool_soon": _pool_soon,
    "team_launch": _team_launch,
    "vote": _vote,
}
