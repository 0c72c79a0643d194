"""That statements of the same shape are the same: held by every test that asks a prepared one.

A shape that leaves out what its SQL follows from would show one reader what another may see. So whenever a test asks a
prepared statement again, it is made anew as well, the first times of each, and must say the same.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

import pytest
from django.db.models import QuerySet

from core import prepared
from core.plans import Place

OFTEN = 20
"""How many times of each shape. To make them all anew is what preparing them saves."""


def told(made: prepared.Statement) -> tuple[str, list[Any]]:
    """The SQL, and what is put where: the names of values, or constants."""
    places = [each.name if isinstance(each, Place) else each for each in made.places]
    return made.sql, places


def hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on."""
    asked: Counter[Hashable] = Counter()
    made_once = prepared.Asked._made

    def made_again(
        self: prepared.Asked[Any], what: str, build: "Callable[[], QuerySet[Any, Any]]"
    ) -> prepared.Statement:
        made = made_once(self, what, build)
        asked[what, self.shape, self.shown] += 1
        if asked[what, self.shape, self.shown] <= OFTEN:
            assert told(made) == told(prepared.statement(build())), f"{self.shape} is not all that its SQL follows from"
        return made

    monkeypatch.setattr(prepared.Asked, "_made", made_again)
