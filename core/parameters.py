"""Reading dated parameters (rule 13: no percentage, threshold or number of days is a constant in code)."""

from datetime import date

from core.clock import business_date
from core.models import Parameter


def values(*names: str, on: date) -> dict[str, int]:
    """Several values that hold on a date, by name. One statement. Raises LookupError for an unknown name."""
    rows = Parameter.objects.filter(name__in=names, holds_from__lte=on).order_by("name", "-holds_from").distinct("name")
    found = dict(rows.values_list("name", "value"))
    if missing := set(names) - set(found):
        raise LookupError(f"parameters {sorted(missing)} have no value on {on}")
    return found


def value(name: str, *, on: date | None = None) -> int:
    """The value that holds on a date (today when none is given). Raises LookupError for an unknown name."""
    day = on or business_date()
    row = Parameter.objects.filter(name=name, holds_from__lte=day).order_by("-holds_from").values_list("value").first()
    if row is None:
        raise LookupError(f"parameter {name!r} has no value on {day}")
    found: int = row[0]
    return found
