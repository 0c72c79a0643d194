"""The union of all branches for one reader: who has which kind of needs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from contracts.permissions.standing import Standing
from haier_market.attention.looks import looks, notices
from haier_market.attention.motion import motion
from haier_market.attention.of_a_leader import needs_of_a_leader, needs_of_a_team_leader
from haier_market.attention.of_a_member import needs_of_a_member
from haier_market.attention.of_a_person import needs_of_a_person
from haier_market.attention.of_a_role import needs_of_a_role


def branches(who: Standing, now: datetime) -> QuerySet[Any, Any]:
    """The union of everything the first page says to one person, each row in the columns of `Line`."""
    first, *rest = [*_needs(who, now), *motion(who), *looks(who, now), *notices(who)]
    found: QuerySet[Any, Any] = first.union(*rest, all=True)
    return found


def _needs(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    """Things that wait for this person, branch by branch. The first branch is there for everybody."""
    yield from needs_of_a_person(who, now)
    if who.firms:
        yield from needs_of_a_member(who, now)
    if who.led:
        yield from needs_of_a_leader(who, now)
    if who.led_teams:
        yield from needs_of_a_team_leader(who, now)
    yield from needs_of_a_role(who, now)
