"""Writing many rows of one table with COPY, inside the transaction that is open. Constraints and triggers stay on."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import StringIO
from typing import Any

from django.db import connection
from django.db.models import Model


def copy_values(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows of values for the named columns and return how many. For many: no model instance is made.

    Raises django.db.IntegrityError like any other insert; nothing of the batch stays then.
    """
    lines = ["\t".join([_text(value) for value in row]) for row in rows]
    if lines:
        names = ", ".join(f'"{column}"' for column in columns)
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.cursor.copy_expert(
                f'COPY "{model._meta.db_table}" ({names}) FROM STDIN', StringIO("\n".join(lines) + "\n")
            )
    return len(lines)


def copy_rows(rows: Sequence[Model]) -> int:
    """Insert unsaved rows of one model as they stand, every column given, and return how many."""
    if not rows:
        return 0
    fields = type(rows[0])._meta.concrete_fields
    names = [field.attname for field in fields]
    values = ([getattr(row, name) for name in names] for row in rows)
    return copy_values(type(rows[0]), [str(field.column) for field in fields], values)


def _text(value: Any) -> str:
    """One value in COPY's text format; a list is an array of numbers or identifiers."""
    if type(value) is int:
        return str(value)
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        value = json.dumps(value)
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return str(value)
