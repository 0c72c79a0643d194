"""Writing many rows of one table with COPY, inside the transaction that is open. Constraints and triggers stay on."""

import io
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Model


def copy_rows(rows: Iterable[Model]) -> int:
    """Insert unsaved rows of one model as they stand (every column given) and return how many.

    Raises django.db.IntegrityError like any other insert; nothing of the batch stays then.
    """
    batch = list(rows)
    if not batch:
        return 0
    meta = type(batch[0])._meta
    names = [field.attname for field in meta.concrete_fields if not (field.primary_key and field.db_returning)]
    columns = ", ".join(f'"{field.column}"' for field in meta.concrete_fields if field.attname in names)
    text = io.StringIO("".join("\t".join([_text(getattr(row, name)) for name in names]) + "\n" for row in batch))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.copy_expert(f'COPY "{meta.db_table}" ({columns}) FROM STDIN', text)
    return len(batch)


def _text(value: Any) -> str:
    """One value in COPY's text format."""
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        value = json.dumps(value)
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return str(value)
