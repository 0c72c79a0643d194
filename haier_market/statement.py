"""Sends the statement of the first page, which is compiled once per shape of reader and not once per reader.

Twenty-odd branches cost Django some sixty milliseconds to write out and PostgreSQL thirty to plan, several times what
it takes to answer. The text depends only on a reader's roles and on how many MEs they are in and lead; so it is
written once for a reader made of stand-ins, the server keeps it, and every stand-in among its parameters is replaced by
the real value each time. A test compares the answers with those of the plain query. Nothing of the page's meaning
belongs here: see `haier_market.attention`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import DateField, DateTimeField, Field, TextField, UUIDField

from contracts.permissions.standing import Standing
from core.plans import Place, kept
from haier_market.attention import Line, branches
from microenterprises.models import Microenterprise
from people.models import User

NOW: Final = datetime(2400, 1, 1, tzinfo=UTC)
"""Stands for now; an instant in the parameters that is near it is so far from now."""
ON: Final = NOW.date()
NEAR: Final = timedelta(days=3660)
PERSON: Final = UUID(int=0)
_KEY, _INSTANT, _DAY, _WORD = UUIDField(), DateTimeField(), DateField(), TextField()
SHAPES: Final = 256
"""How many shapes of reader are kept."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the text depends on: the roles, for each ME of the reader whether they lead it, and for each team too, and
    whether it has too few people to bid."""

    roles: tuple[str, ...]
    is_active: bool
    leads: tuple[bool, ...]
    teams: tuple[tuple[bool, bool], ...] = ()


def lines(who: Standing, now: datetime) -> list[Line]:
    """Everything the first page says to one person. One statement."""
    user = who.user
    shape = Shape(
        tuple(sorted(user.roles)),
        user.is_active,
        tuple(firm in who.led for firm in who.firms),
        tuple((team in who.led_teams, team.pk in who.small_teams) for team in who.teams),
    )
    sql, places, stand_ins = _compiled(shape)
    asked = kept(connection, ("first page", shape), sql, places)
    with connection.cursor() as cursor:
        cursor.execute(asked.sql, [_real(stand_ins[place.name], who, now) for place in asked.places])
        return [Line(*row) for row in cursor.fetchall()]


@lru_cache(maxsize=SHAPES)
def _compiled(shape: Shape) -> tuple[str, Sequence[Any], Mapping[str, Any]]:
    """The text, its parameters with places for real values, and what stands in each of those by its name."""
    sql, parameters = branches(_stand_in(shape), NOW).query.sql_with_params()
    mes = len(shape.leads) + len(shape.teams)
    places, stand_ins = [], {}
    for value in parameters:
        kind = _kind(value, mes)
        if kind is None:
            places.append(value)
        else:
            stand_ins[repr(value)] = value
            places.append(Place(repr(value), kind))
    return sql, places, stand_ins


def _stand_in(shape: Shape) -> Standing:
    firms = tuple(_me(place) for place in range(1, len(shape.leads) + 1))
    led = tuple(firm for firm, leads in zip(firms, shape.leads, strict=True) if leads)
    first = len(firms) + 1
    teams = tuple(_me(place, Microenterprise.Status.INCUBATING) for place in range(first, first + len(shape.teams)))
    of_teams = list(zip(teams, shape.teams, strict=True))
    return Standing(
        user=User(pk=PERSON, roles=list(shape.roles), is_active=shape.is_active),
        on=ON,
        firms=firms,
        led=led,
        teams=teams,
        led_teams=tuple(team for team, (leads, _small) in of_teams if leads),
        small_teams={team.pk: 0 for team, (_leads, small) in of_teams if small},
    )


def _me(place: int, status: str = Microenterprise.Status.ACTIVE) -> Microenterprise:
    return Microenterprise(pk=UUID(int=place), currency=_currency(place), status=status)


def _currency(place: int) -> str:
    return f"?{place}"


def _kind(value: Any, mes: int) -> "Field[Any, Any] | None":
    """Of which kind a stand-in is; None for what stands for itself. mes: how many MEs and teams the reader is in."""
    if isinstance(value, UUID) and value.int <= mes:
        return _KEY
    if isinstance(value, datetime):
        return _INSTANT if abs(value - NOW) < NEAR else None
    if isinstance(value, date):
        return _DAY if abs(value - ON) < NEAR else None
    return _WORD if isinstance(value, str) and value.startswith("?") else None


def _real(value: Any, who: Standing, now: datetime) -> Any:
    """The value that a stand-in stands for."""
    mine = (*who.firms, *who.teams)
    if isinstance(value, UUID):
        return who.user.pk if value == PERSON else mine[value.int - 1].pk
    if isinstance(value, datetime):
        return now + (value - NOW)
    if isinstance(value, date):
        return who.on + (value - ON)
    return next(firm.currency for n, firm in enumerate(mine, 1) if _currency(n) == value)
