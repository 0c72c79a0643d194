"""Writing model instances by COPY as they stand. Constraints, triggers and column defaults of the database stay on.

Instances are collected per table and written together, in the order in which the tables were first named.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

CHUNK = 20_000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_Convert = Callable[[Any], str]


class Rows:
    """Instances on their way into the database."""

    def __init__(self) -> None:
        self._tables: dict[type[Model], list[Model]] = {}
        self.written = 0

    def add(self, *rows: Model) -> None:
        for row in rows:
            self._tables.setdefault(type(row), []).append(row)

    def write(self) -> None:
        """Write everything collected, one COPY per table (set-based guards judge all rows of a table at once)."""
        for rows in self._tables.values():
            self.written += copy_rows(rows)
            rows.clear()

    def __len__(self) -> int:
        return sum(map(len, self._tables.values()))


def copy_rows(rows: list[Model]) -> int:
    """Insert unsaved instances of one model and return how many. What the first row leaves to the database, all do."""
    if not rows:
        return 0
    meta = type(rows[0])._meta
    fields = [field for field in meta.concrete_fields if _is_given(field, rows[0])]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    plan = [(field.attname, _converter(field)) for field in fields]
    lines = ("\t".join([_text(row.__dict__[name], to_text) for name, to_text in plan]) + "\n" for row in rows)
    copy_lines(f'"{meta.db_table}" ({columns})', lines)
    return len(rows)


def copy_lines(target: str, lines: Iterable[str]) -> None:
    """COPY lines of text into a table and its columns."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.copy_expert(f"COPY {target} FROM STDIN", _Stream(iter(lines)))


def escaped(text: str) -> str:
    """A text as COPY reads it."""
    # Four searches are a tenth of a translation, and most texts have nothing to escape.
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.translate(_ESCAPES)
    return text


class _Stream:
    """A file that is made while it is read, so that no table stands in memory as text."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def read(self, size: int) -> str:
        parts, length = [], 0
        for line in self._lines:
            parts.append(line)
            length += len(line)
            if length >= size:
                break
        return "".join(parts)


def _is_given(field: models.Field[Any, Any], row: Model) -> bool:
    if field.generated:
        return False
    value = row.__dict__[field.attname]
    is_serial = isinstance(field, models.AutoField) and value is None
    return not is_serial and not isinstance(value, DatabaseDefault)


def _text(value: Any, to_text: _Convert) -> str:
    return r"\N" if value is None else to_text(value)


def _converter(field: models.Field[Any, Any]) -> _Convert:
    target: Any = getattr(field, "target_field", field)
    for kind, to_text in _CONVERTERS:
        if isinstance(target, kind):
            return to_text
    return str


def _array(values: Iterable[Any]) -> str:
    quoted = ('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return escaped("{" + ",".join(quoted) + "}")


def _instant(value: datetime | date) -> str:
    return value.isoformat()


def _json(value: Any) -> str:
    return escaped(json.dumps(value, ensure_ascii=False))


def _bytes(value: bytes) -> str:
    return "\\\\x" + bytes(value).hex()


def _boolean(value: bool) -> str:
    return "t" if value else "f"


_CONVERTERS: tuple[tuple[type, _Convert], ...] = (
    (models.BooleanField, _boolean),
    (models.UUIDField, lambda value: "%032x" % value.int),  # noqa: UP031 (twice as fast, and there are millions)
    (models.DateField, _instant),
    (models.JSONField, _json),
    (models.BinaryField, _bytes),
    (ArrayField, _array),
    (models.CharField, lambda value: escaped(str(value))),
    (models.TextField, lambda value: escaped(str(value))),
)
