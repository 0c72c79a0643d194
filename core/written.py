"""SQL that Django writes out once and not for every reader.

A page's statement is the same text each time; only who reads and the date differ. Writing it out costs Django several
times what PostgreSQL takes to answer. So it is written for a stand-in reader on a stand-in date, and wherever one of
them is among its parameters the real value takes its place. What is read are whole rows, as a queryset would give them.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model, QuerySet

M = TypeVar("M", bound=Model)
READER: Final = UUID(int=0)
ON: Final = date(2400, 1, 1)


class Text(NamedTuple):
    """A statement with its parameters, and how many columns belong to the row itself and to what it is joined with."""

    sql: str
    parameters: tuple[Any, ...]
    own: tuple[Field[Any, Any], ...]
    joined: tuple[Field[Any, Any], ...]


class Written(Generic[M]):
    """A queryset of one reader on one date, with a row it is joined with and annotations made of JSON or numbers.

    make: gives the queryset; it may pass the id and the date on as they are, and do nothing else with them. joined:
    the foreign key whose row is read too. extra: the annotations, set on each row.
    """

    def __init__(
        self, make: Callable[[UUID, date], QuerySet[M]], *, joined: str, extra: Sequence[str], of_json: Sequence[str]
    ) -> None:
        self._make, self._joined, self._extra, self._json = make, joined, tuple(extra), frozenset(of_json)
        self._text = lru_cache(maxsize=1)(self._write)

    def rows(self, reader: UUID, on: date) -> list[M]:
        """What the queryset would give for this reader and date; one statement."""
        text = self._text()
        values = {READER: reader, ON: on}
        with connection.cursor() as cursor:
            cursor.execute(text.sql, [_real(parameter, values) for parameter in text.parameters])
            return [self._row(text, row) for row in cursor.fetchall()]

    def _write(self) -> Text:
        rows = self._make(READER, ON)
        other = rows.model._meta.get_field(self._joined).related_model
        assert other is not None, self._joined
        own, joined = tuple(rows.model._meta.concrete_fields), tuple(other._meta.concrete_fields)
        named = [each.attname for each in own] + [f"{self._joined}__{each.attname}" for each in joined]
        sql, parameters = rows.values_list(*named, *self._extra).query.sql_with_params()
        return Text(sql, tuple(parameters), own, joined)

    def _row(self, text: Text, values: Sequence[Any]) -> M:
        middle, end = len(text.own), len(text.own) + len(text.joined)
        found: Any = _instance(text.own, values[:middle])
        setattr(found, self._joined, _instance(text.joined, values[middle:end]))
        for name, value in zip(self._extra, values[end:], strict=True):
            setattr(found, name, json.loads(value) if name in self._json and isinstance(value, str) else value)
        row: M = found
        return row


def _real(parameter: Any, values: dict[Any, Any]) -> Any:
    """The value that a stand-in stands for; any other is itself."""
    return values.get(parameter, parameter) if isinstance(parameter, UUID | date) else parameter


def _instance(fields: Sequence[Field[Any, Any]], values: Sequence[Any]) -> Model:
    """A row of the database as a model's instance."""
    read = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, values, strict=True)
    ]
    return fields[0].model.from_db(connection.alias, [field.attname for field in fields], read)
