"""Reading dated parameters (rule 13: no percentage, threshold or number of days is a constant in code)."""

from datetime import date

from core.clock import business_date
from core.models import Parameter


def value(name: str, *, on: date | None = None) -> int:
    """The value that holds on a date (today when none is given). Raises LookupError for an unknown name."""
    day = on or business_date()
    row = Parameter.objects.filter(name=name, holds_from__lte=day).order_by("-holds_from").values_list("value").first()
    if row is None:
        raise LookupError(f"parameter {name!r} has no value on {day}")
    found: int = row[0]
    return found
