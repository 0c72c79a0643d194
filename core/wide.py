"""A column for whole numbers that may grow beyond 64 bits: exact products and sums of what fits into them."""

from typing import Any

from django.db import models


class WideIntegerField(models.Field[int, int]):
    """A whole number of up to 38 digits, an `int` in Python; the database refuses one that is longer."""

    def db_type(self, connection: Any) -> str:
        return "numeric(38, 0)"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)
