"""Keyset pages: page 2,000 costs what page 1 costs, and rows that arrive meanwhile shift nothing.

A page is asked for by a cursor that names the last row seen; it is signed for its order, so that what comes back is
what was given out, of the types the columns have. Counts are capped, because an exact count of 100,000 rows
is worth less than its time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet

from core.prepared import AmongFirst, Asked, Bound

R = TypeVar("R")
COUNT_CAP = 1000


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows of one page, the cursors around it, and a count that may have stopped."""

    rows: Sequence[R]
    after: str | None
    before: str | None
    count: int
    capped: bool


def _signer(order: Sequence[str]) -> signing.Signer:
    return signing.Signer(salt=f"page:{','.join(order)}")


def _pack(values: Sequence[Any], order: Sequence[str]) -> str:
    raw = json.dumps([_plain(value) for value in values])
    return _signer(order).sign(signing.b64_encode(raw.encode()).decode())


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _unpack(cursor: str, order: Sequence[str]) -> list[Any] | None:
    try:
        raw = signing.b64_decode(_signer(order).unsign(cursor).encode())
    except signing.BadSignature:
        return None
    values: list[Any] = json.loads(raw)
    return values


def _beyond(order: Sequence[str], values: Sequence[Any], *, backwards: bool) -> Q:
    """Rows after (or before) the tuple `values` in `order`; written out so that mixed directions work."""
    found = Q(pk__in=[])
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field, descending = name.lstrip("-"), name.startswith("-")
        smaller = descending != backwards
        found |= equal & Q(**{f"{field}__{'lt' if smaller else 'gt'}": value})
        equal &= Q(**{field: value})
    # The bound on the first column is implied; said aloud, it lets the index start where the page does.
    first, falling = order[0].lstrip("-"), order[0].startswith("-") != backwards
    return Q(**{f"{first}__{'lte' if falling else 'gte'}": values[0]}) & found


def page(
    found: "QuerySet[Any, R] | Asked[R]",
    *,
    order: Sequence[str],
    cursor: str | None = None,
    size: int = 20,
    count: bool = True,
    count_to: int = COUNT_CAP,
) -> Page[R]:
    """One page of what is found in `order` (non-null fields, the last one unique).

    found: prepared or not; what is prepared is ordered by its model's own fields.
    cursor: what `Page.after` or `Page.before` gave; anything unreadable means the first page. count_to: where the count
    stops. Costs two statements, one when `count` is False or what is found is prepared.
    """
    asked: Asked[R] = found if isinstance(found, Asked) else Asked(lambda: found)
    backwards = bool(cursor) and str(cursor).startswith("-")
    values = _unpack(str(cursor).removeprefix("-"), order) if cursor else None
    ordering = [n[1:] if n.startswith("-") else f"-{n}" for n in order] if backwards and values else list(order)

    ends = {f"end_{place}": value for place, value in enumerate(values or ())}
    counted = asked.but(("counted", count_to), lambda rows: rows.order_by()[: count_to + 1])

    def cut(most: int) -> Asked[R]:
        def begin(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
            rows = rows.order_by(*ordering)
            if values is not None:
                rows = rows.filter(_beyond(order, _ends(rows, order, values, asked), backwards=backwards))
            return rows[: most + 1]

        return asked.but((*ordering, values is None, most), begin, **ends)

    if asked.finds_keys_first:
        # On the first page the keys that are counted begin with its own.
        keys = cut(max(size, count_to)) if count and values is None else cut(size)
        there = cut(size).but("of keys", lambda rows: _among_first(rows, size + 1, ordering))
        rows, total = there.rows_of_keys(keys, counted if count and values is not None else keys)
    else:
        there = cut(size)
        rows, total = there.rows_and_count(counted) if count else (there.rows(), 0)
    more = len(rows) > size
    rows = rows[:size]
    if backwards and values is not None:
        rows.reverse()
        has_after, has_before = True, more
    else:
        has_after, has_before = more, values is not None
    return Page(
        rows=rows,
        after=cursor_after(rows[-1], order) if rows and has_after else None,
        before="-" + cursor_after(rows[0], order) if rows and has_before else None,
        count=min(total, count_to),
        capped=total > count_to,
    )


def _among_first(rows: QuerySet[Any, Any], size: int, ordering: Sequence[str]) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = rows.model._default_manager.filter(AmongFirst(size))
    return found.order_by(*ordering)


def _ends(rows: QuerySet[Any, Any], order: Sequence[str], values: Sequence[Any], asked: Asked[Any]) -> Sequence[Any]:
    """The tuple a page begins after: as it is, or its places in a statement that is prepared."""
    if asked.shape is None:
        return values
    fields = [rows.model._meta.get_field(name.lstrip("-")) for name in order]
    return [Bound(f"end_{place}", of) for place, of in enumerate(fields)]


def cursor_after(row: Any, order: Sequence[str]) -> str:
    """The cursor of the page that begins after a row, which has what it is ordered by as its attributes."""
    return _pack([_attribute(row, name.lstrip("-")) for name in order], order)


def _attribute(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part)
    return row
