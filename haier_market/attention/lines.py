"""One row of what the first page reads, and the branches that many rows of a room's tables become.

No table of any room is named here: `lines` and its sisters give whatever they are handed one shape.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    Count,
    DateTimeField,
    F,
    Min,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from core.models import Parameter

MOST: Final = 10
"""How many lines one kind of thing takes on the page; the lists behind it hold the rest."""
COLUMNS: Final = (
    "line_section", "line_kind", "line_key", "line_title", "line_detail", "line_at", "line_number", "line_extra",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the union. What `at`, `number` and `extra` mean is told by `kind` in `cards`."""

    section: str
    kind: str
    key: str
    title: str
    detail: str
    at: datetime | None
    number: int | None
    extra: str


def lines(
    section: str,
    kind: str,
    rows: QuerySet[Any],
    *,
    order: Iterable[str] = ("at",),
    most: int = MOST,
    **columns: Any,
) -> QuerySet[Any, Any]:
    """A branch of the union: `rows` in the shape of `Line`, in `order`, at most `most` of them."""
    shaped = rows.order_by().annotate(
        line_key=Cast(columns.get("key", F("pk")), TextField()),
        line_title=Cast(columns.get("title", F("title")), TextField()),
        line_detail=Cast(columns.get("detail", Value("")), TextField()),
        line_at=Cast(columns.get("at", Value(None)), DateTimeField()),
        line_number=Cast(columns.get("number", Value(None)), BigIntegerField()),
        line_extra=Cast(columns.get("extra", Value("")), TextField()),
        line_section=Value(section, output_field=TextField()),
        line_kind=Value(kind, output_field=TextField()),
    )
    ordered = shaped.order_by(*(name.replace("at", "line_at") if name in ("at", "-at") else name for name in order))
    found: QuerySet[Any, Any] = ordered.values_list(*COLUMNS)[:most]
    return found


def path_to(project: str, room: str, thing: str) -> Concat:
    """Where a thing of a project lives, below the project's own page."""
    parts = Cast(F(project), TextField()), Value(f"/{room}/"), Cast(F(thing), TextField())
    return Concat(*parts, output_field=TextField())


def ids(firms: Iterable[Model]) -> list[Any]:
    return [firm.pk for firm in firms]


def party_name(side: str, path: str = "") -> F | Coalesce:
    """The name of a party of a contract; a supplier may be an outside vendor."""
    if side == "buyer":
        return F(f"{path}buyer__name")
    return Coalesce(F(f"{path}supplier__name"), F(f"{path}supplier_vendor__name"))


def days(name: str, since: str) -> Subquery:
    """A parameter as it held when the row began, inside the row's own statement."""
    rows = Parameter.objects.filter(name=name, holds_from__lte=OuterRef(since)).order_by("-holds_from")
    return Subquery(rows.values("value")[:1])


def summed(kind: str, rows: QuerySet[Any], by: str = "landed_at", at: Any = None) -> QuerySet[Any, Any]:
    """One line for many rows that agree in `by`: how many there are and which is first; none when there are none."""
    return grouped(kind, rows, by, key=Value(""), number=Count("pk"), at=at or Min("clock_ends_on"))


def grouped(kind: str, rows: QuerySet[Any], by: str, **columns: Any) -> QuerySet[Any, Any]:
    """A line for each value of `by` among some rows, which is its key unless another is given."""
    shaped = (
        rows.order_by()
        .values(by)
        .annotate(
            line_section=Value("need", output_field=TextField()),
            line_kind=Value(kind, output_field=TextField()),
            line_key=Cast(columns.get("key", F(by)), TextField()),
            line_title=Cast(columns.get("title", Value("")), TextField()),
            line_detail=Value("", output_field=TextField()),
            line_at=Cast(columns.get("at", Value(None)), DateTimeField()),
            line_number=Cast(columns["number"], BigIntegerField()),
            line_extra=Value("", output_field=TextField()),
        )
    )
    found: QuerySet[Any, Any] = shaped.values_list(*COLUMNS)[:MOST]
    return found
