"""Querysets prepared: what SQL a page asks is worked out by Django once, and then asked with other values.

Making the SQL of a list takes Django longer than PostgreSQL takes to answer it. A queryset whose values are `Bound`
says the same SQL each time; only what is between its lines differs, and is put in when it is asked. What else changes
the SQL (filters in force, an order) is its `shape`. Nothing is remembered of what was found. No business nouns.
"""

import copy
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar, cast

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Expression, Field, Func, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")
MOST_KEPT: Final = 2_000
"""How many statements a process keeps; then it begins anew."""


class Bound(Expression):
    """A value that is named now and given when the statement is asked. of: the field whose kind of value it is."""

    def __init__(self, name: str, of: "Field[Any, Any]") -> None:
        super().__init__(output_field=of)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A placeholder, and whose it is."""
        of = self.output_field
        placeholder = of.get_placeholder(None, compiler, connection) if hasattr(of, "get_placeholder") else "%s"
        return placeholder, (Place(self.name, of),)


class Among(Func):
    """For `column__in=Among("ids", field)`: one of a list, which is one value, so that any number can be asked for."""

    template = "(SELECT unnest(%(expressions)s))"

    def __init__(self, name: str, of: "Field[Any, Any]") -> None:
        super().__init__(Bound(name, ArrayField(of)), output_field=of)


class Place(NamedTuple):
    """Where a value is put: its name, and the field whose kind of value it is."""

    name: str
    of: "Field[Any, Any]"


@dataclass(frozen=True)
class Statement:
    """SQL as Django made it; the compiler that made it knows what its columns are."""

    sql: str
    places: tuple[Any, ...]
    using: str
    compiler: SQLCompiler | None
    """None where no row can be found whatever the values."""


_KEPT: dict[Hashable, Statement] = {}


@dataclass(frozen=True)
class Asked(Generic[R]):
    """A queryset of model instances, or of tuples, and the values it is asked with.

    shape: all that its SQL follows from besides; None where nobody has said, and it is made anew each time. Two of the
    same shape must be built alike. build: makes the queryset, with `Bound` by the names of `values`. make: what a row
    becomes that is a tuple.
    """

    build: Callable[[], "QuerySet[Any, Any]"]
    shape: Hashable = None
    values: Mapping[str, Any] = field(default_factory=dict)
    make: Callable[[Sequence[Any]], R] | None = None

    def but(self, shape: Hashable, change: "Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]]", **values: Any) -> Self:
        """The same, changed: shape says all that the change follows from; values are those it needs."""
        build = self.build
        return replace(
            self,
            build=lambda: change(build()),
            shape=None if self.shape is None else (self.shape, shape),
            values={**self.values, **values},
        )

    def rows(self) -> list[R]:
        """What is found now. One statement."""
        if self.shape is None:
            found: Iterable[Any] = self.build()
            return list(map(self.make, found)) if self.make else list(found)
        made = self._made("rows", self.build)
        if made.compiler is None:
            return []
        compiler = _answering(made, self._given(made))
        if self.make:
            return list(map(self.make, compiler.results_iter(tuple_expected=True)))
        return list(ModelIterable(cast("QuerySet[Any]", _Source(compiler))))

    def count(self) -> int:
        """How many are found now, up to a limit of the queryset. One statement."""
        if self.shape is None:
            return self._keys().count()
        made = self._made("count", self._keys)
        if made.compiler is None:
            return 0
        with connections[made.using].cursor() as cursor:
            # What is between the brackets is Django's own SQL, with places for all values.
            cursor.execute(f"SELECT count(*) FROM ({made.sql}) found", self._given(made))  # noqa: S608
            return int(cursor.fetchone()[0])

    def _keys(self) -> "QuerySet[Any, Any]":
        """The keys alone: what the rows show beside them is nothing to count."""
        return self.build().values("pk")

    def _made(self, what: str, build: "Callable[[], QuerySet[Any, Any]]") -> Statement:
        key = (what, self.shape)
        made = _KEPT.get(key)
        if made is None:
            if len(_KEPT) >= MOST_KEPT:
                _KEPT.clear()
            made = _KEPT[key] = statement(build())
        return made

    def _given(self, made: Statement) -> tuple[Any, ...]:
        """The values of a statement in the order of its places."""
        connection = connections[made.using]
        return tuple(
            each.of.get_db_prep_value(self.values[each.name], connection) if isinstance(each, Place) else each
            for each in made.places
        )


def statement(queryset: "QuerySet[Any, Any]") -> Statement:
    """A queryset as the SQL it is asked with, and who knows its columns.

    Raises ValueError for one that locks rows, since Django asks for the transaction only while it makes SQL, or one
    with prefetches, which are statements of their own.
    """
    if queryset.query.select_for_update or queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        raise ValueError("what locks rows or prefetches others is not prepared")
    compiler = queryset.query.get_compiler(using=queryset.db)
    try:
        sql, places = compiler.as_sql()
    except EmptyResultSet:
        return Statement("", (), queryset.db, None)
    compiler.connection = None  # this thread's, which may end before its next use
    return Statement(sql, tuple(places), queryset.db, compiler)


def _answering(made: Statement, values: tuple[Any, ...]) -> SQLCompiler:
    """The compiler of a statement for this thread's connection, which has made its SQL already."""
    compiler = copy.copy(cast(SQLCompiler, made.compiler))
    compiler.connection = connections[made.using]
    compiler.as_sql = lambda *_arguments, **_named: (made.sql, values)  # type: ignore[method-assign]
    return compiler


class _Source:
    """As much of a queryset as Django's iterable reads of it."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self.db = compiler.using
        self.query = self
        self.model = compiler.query.model
        self._known_related_objects: dict[Any, Any] = {}
        self._compiler = compiler

    def get_compiler(self, using: str) -> SQLCompiler:
        """The one that knows."""
        return self._compiler
