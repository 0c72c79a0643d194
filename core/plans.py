"""Statements that PostgreSQL keeps, parsed and planned, for as long as a connection lasts.

To read a statement of a page and to find the way to its rows takes PostgreSQL longer than to walk it. What is found by
keys or in the order of an index takes the same way whatever the values; there PostgreSQL keeps it, compares what it
costs with a way made for the values, and takes the cheaper. Needs a connection that is one session of the server.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from psycopg2 import extensions

MOST_KEPT: Final = 200
"""How many statements a connection keeps; then it begins anew, as it does when it is closed after a minute. Most take
the server some 50 kB, that of the first page some megabytes."""


class Place(NamedTuple):
    """Where a value is put: its name, and the field whose kind of value it is."""

    name: str
    of: "Field[Any, Any]"


class Kept(NamedTuple):
    """How a kept statement is asked: its SQL, and whose values it takes in which order."""

    sql: str
    places: tuple[Place, ...]


_KEPT: "Final[WeakKeyDictionary[extensions.connection, dict[Hashable, Kept]]]" = WeakKeyDictionary()
_NUMBERS: Final = count()


def kept(connection: BaseDatabaseWrapper, key: Hashable, sql: str, places: Sequence[Any]) -> Kept:
    """A statement as it is kept, once it is. key: says which it is, constants included.

    sql: what Django would execute. places: what would be put in, `Place` for values and constants as they are; those
    become part of the statement. Raises what the statement raises that cannot be parsed.
    """
    connection.ensure_connection()
    session: extensions.connection = connection.connection
    statements = _KEPT.setdefault(session, {})
    found = statements.get(key)
    if found is None:
        with connection.wrap_database_errors, session.cursor() as cursor:
            if len(statements) >= MOST_KEPT:
                cursor.execute("DEALLOCATE ALL")
                statements.clear()
            found, prepare = _prepared(connection, f"kept_{next(_NUMBERS)}", sql, places)
            cursor.execute(*prepare)
        statements[key] = found
    return found


@dataclass(frozen=True)
class Written:
    """SQL written out by hand, with `%(name)s` for its values. of: which field's kind of value each is."""

    sql: str
    of: "Mapping[str, Field[Any, Any]]"

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """What is found now, with a value for each name. One statement."""
        asked = kept(connection, self.sql, self._with_places, [Place(name, self.of[name]) for name in self._names])
        given = [place.of.get_db_prep_value(values[place.name], connection) for place in asked.places]
        with connection.cursor() as cursor:
            cursor.execute(asked.sql, given)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    @cached_property
    def _names(self) -> list[str]:
        return _NAMED.findall(self.sql)

    @cached_property
    def _with_places(self) -> str:
        return _NAMED.sub("%s", self.sql)


_NAMED: Final = re.compile(r"%\((\w+)\)s")


def _prepared(
    connection: BaseDatabaseWrapper, name: str, sql: str, places: Sequence[Any]
) -> tuple[Kept, tuple[str, Sequence[Any]]]:
    """How it will be asked, and what makes it so. A value that is put in at several places is given once."""
    numbers: dict[Place, int] = {}
    for each in places:
        if isinstance(each, Place):
            numbers.setdefault(each, len(numbers) + 1)
    put = [extensions.AsIs(f"${numbers[each]}") if isinstance(each, Place) else each for each in places]
    kinds = [str(each.of.cast_db_type(connection)) for each in numbers]
    asked = Kept(f"EXECUTE {name}{_bracketed(['%s'] * len(numbers))}", tuple(numbers))
    return asked, (f"PREPARE {name}{_bracketed(kinds)} AS {sql}", put)


def _bracketed(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""
