"""Querysets prepared: what SQL a page asks is worked out by Django once, and then asked with other values.

Making the SQL of a list takes Django longer than PostgreSQL takes to answer it. A queryset whose values are `Bound`
says the same SQL each time; only what is between its lines differs, and is put in when it is asked. What else changes
the SQL (filters in force, an order) is its `shape`. Nothing is remembered of what was found. No business nouns.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Self, TypeVar, cast

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BooleanField, Expression, F, Field, Func, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

from core.plans import Place, kept

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


class Unseen(Bound):
    """A value that PostgreSQL does not look at while it plans.

    For now: what is after it is always little of what there was, and its statistics think it far less than it is.
    """

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A placeholder in a query of its own."""
        placeholder, places = super().as_sql(compiler, connection)
        return f"(SELECT {placeholder})", places


class Among(Func):
    """For `column__in=Among("ids", field)`: one of a list, which is one value, so that any number can be asked for."""

    template = "(SELECT unnest(%(expressions)s))"

    def __init__(self, name: str, of: "Field[Any, Any]") -> None:
        super().__init__(Bound(name, ArrayField(of)), output_field=of)


class AmongFirst(Func):
    """For `filter(AmongFirst(size))`: of the first keys that the statement begins with (`Asked.rows_of_keys`)."""

    # An array is looked up as it is; the rows of a subquery would be told apart first.
    template = "%(expressions)s = ANY (ARRAY(SELECT pk FROM keys LIMIT %(size)s))"

    def __init__(self, size: int) -> None:
        super().__init__(F("pk"), output_field=BooleanField(), size=size)


@dataclass(frozen=True)
class Statement:
    """SQL as Django made it; the compiler that made it knows what its columns are."""

    sql: str
    places: tuple[Any, ...]
    using: str
    compiler: SQLCompiler | None
    """None where no row can be found whatever the values."""
    converters: Mapping[int, Any] = field(default_factory=dict)
    """By the number of a column: what its field makes of a value, and the expression it belongs to."""


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
    planned_anew: bool = False
    """Whether the best way to the rows depends on the values, as it does for words looked for and ranges."""
    shown: "Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]] | None" = None
    """What is read of the rows once they are found, if finding them needs less: `core.paging` finds keys first then."""

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
            return self._found_anew()
        made = self._made("rows", self._whole)
        return self._read(made, self._answers("rows", made.sql, made)) if made.compiler is not None else []

    def count(self) -> int:
        """How many are found now, up to a limit of the queryset. One statement."""
        if self.shape is None:
            return self._keys().count()
        made = self._made("count", self._keys)
        if made.compiler is None:
            return 0
        [[found]] = self._answers("count", f"SELECT {_counted(made)}", made)
        return int(found)

    def rows_and_count(self, counted: "Asked[Any]") -> tuple[list[R], int]:
        """What is found, and how many of `counted`, which is of the same values. One statement, two without rows."""
        if self.shape is None:
            return self._found_anew(), counted.count()
        rows, numbers = self._made("rows", self._whole), counted._made("count", counted._keys)
        if rows.compiler is None or numbers.compiler is None:
            return [], 0
        # A subquery that ends in ORDER BY and LIMIT is read in its order, and nothing is done to it here.
        sql = f"SELECT found.*, {_counted(numbers)} FROM ({rows.sql}) found"  # noqa: S608  Django's, with places
        both = self._answers(("rows and count", counted.shape), sql, numbers, rows)
        if not both:
            return [], counted.count()
        return self._read(rows, [row[:-1] for row in both]), int(both[0][-1])

    def rows_of_keys(self, keys: "Asked[Any]", counted: "Asked[Any]") -> tuple[list[R], int]:
        """What is found `AmongFirst` of `keys`, which are in the same order, and how many of `counted`, which may be
        the keys; all are of the same values. One statement; two where others are counted and no row is found.
        """
        rows, first = self._made("rows", self._whole), keys._made("keys", keys._keys)
        if rows.compiler is None or first.compiler is None:
            return [], 0
        made, count = [first, rows], "(SELECT count(*) FROM keys)"
        if counted is not keys:
            numbers = counted._made("count", counted._keys)
            made, count = [first, numbers, rows], _counted(numbers)
        sql = f"WITH keys AS MATERIALIZED ({first.sql}) SELECT found.*, {count} FROM ({rows.sql}) found"  # noqa: S608
        both = self._answers(("rows of keys", keys.shape, counted.shape), sql, *made)
        if not both:
            return [], 0 if counted is keys else counted.count()
        return self._read(rows, [row[:-1] for row in both]), int(both[0][-1])

    def _found_anew(self) -> list[R]:
        found: Iterable[Any] = self._whole()
        return list(map(self.make, found)) if self.make else list(found)

    @property
    def finds_keys_first(self) -> bool:
        """Whether a page is found as keys, by what an index holds, and then looked up."""
        return self.shown is not None and self.shape is not None

    def _whole(self) -> "QuerySet[Any, Any]":
        return self.build() if self.shown is None else self.shown(self.build())

    def _read(self, made: Statement, answer: Sequence[tuple[Any, ...]]) -> list[R]:
        rows = _converted(answer, made)
        if self.make:
            return list(map(self.make, rows))
        compiler = cast(SQLCompiler, made.compiler)
        return list(ModelIterable(cast("QuerySet[Any]", _Source(compiler, made.using, rows))))

    def _keys(self) -> "QuerySet[Any, Any]":
        """The keys alone: what the rows show beside them is nothing to count."""
        return self.build().values("pk")

    def _made(self, what: str, build: "Callable[[], QuerySet[Any, Any]]") -> Statement:
        key = (what, self.shape, self.shown)
        made = _KEPT.get(key)
        if made is None:
            if len(_KEPT) >= MOST_KEPT:
                _KEPT.clear()
            made = _KEPT[key] = statement(build())
        return made

    def _answers(self, what: Hashable, sql: str, *made: Statement) -> list[tuple[Any, ...]]:
        """What the server answers to a statement, or to the name that it keeps it by. made: whose places are in it."""
        connection = connections[made[0].using]
        places: Sequence[Any] = [place for each in made for place in each.places]
        if not self.planned_anew:
            sql, places = kept(connection, (what, self.shape, self.shown), sql, places)
        given = [
            each.of.get_db_prep_value(self.values[each.name], connection) if isinstance(each, Place) else each
            for each in places
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _counted(made: Statement) -> str:
    return f"(SELECT count(*) FROM ({made.sql}) counted)"  # noqa: S608  Django's own SQL, with places for all values


def statement(queryset: "QuerySet[Any, Any]") -> Statement:
    """A queryset as the SQL it is asked with, and who knows its columns.

    Raises ValueError for one that locks rows, since Django asks for the transaction only while it makes SQL, one with
    prefetches, which are statements of their own, or one with a key of several columns among what it reads.
    """
    if queryset.query.select_for_update or queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        raise ValueError("what locks rows or prefetches others is not prepared")
    compiler = queryset.query.get_compiler(using=queryset.db)
    try:
        sql, places = compiler.as_sql()
    except EmptyResultSet:
        return Statement("", (), queryset.db, None)
    columns = [column for column, _sql, _alias in compiler.select or ()]
    converters = compiler.get_converters(columns)
    if compiler.has_composite_fields(columns):
        raise ValueError("rows with keys of several columns are not prepared")
    compiler.connection = None  # this thread's, which may end before its next use
    return Statement(sql, tuple(places), queryset.db, compiler, converters)


def _converted(rows: Sequence[tuple[Any, ...]], made: Statement) -> Iterable[Sequence[Any]]:
    """Rows with the values that their fields make of what the database says; most fields leave it as it is."""
    if not made.converters:
        return rows
    connection = connections[made.using]
    changed = [list(row) for row in rows]
    for row in changed:
        for place, (converters, expression) in made.converters.items():
            for convert in converters:
                row[place] = convert(row[place], expression, connection)
    return changed


class _Source:
    """As much of a queryset, and of its compiler, as Django's iterable reads of them."""

    def __init__(self, compiler: SQLCompiler, using: str, rows: Iterable[Sequence[Any]]) -> None:
        self.db = using
        self.query = self
        self.model = compiler.query.model
        self._known_related_objects: dict[Any, Any] = {}
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map
        self._rows = rows

    def get_compiler(self, using: str) -> Self:
        """The one that knows its columns."""
        return self

    def execute_sql(self, **_how: Any) -> Iterable[Sequence[Any]]:
        """What has been found."""
        return self._rows

    def results_iter(self, results: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
        """Row by row."""
        return results
