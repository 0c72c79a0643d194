"""Whole columns of whole numbers to and from the database by binary COPY, as numpy arrays.

For the few places where a row at a time is too slow: a night has 80,000 rows, and making 80,000 Python objects takes
longer than storing them. Only fixed-width columns that are never NULL travel here (and whole numbers of 64 bits into
`numeric` columns); everything else uses the ORM. No business nouns.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from io import BytesIO
from itertools import repeat
from typing import Any, Final

import numpy as np
from django.db import connection

_NUMERIC: Final = np.dtype(
    {"names": ["size", "weight", "sign", "scale", "digits"], "formats": [">i2", ">i2", ">u2", ">i2", "(5,)>i2"]}
)
"""A whole number of 64 bits as `numeric` takes it: five digits to the base of 10,000, the largest first."""
_KINDS: Final[Mapping[str, Any]] = {
    "int2": ">i2", "int4": ">i4", "int8": ">i8", "date": ">i4", "bool": "i1", "uuid": "V16", "numeric": _NUMERIC,
    "3 bytes": "V3", "32 bytes": "V32",
}  # fmt: skip
"""PostgreSQL's name of a type and how its binary format looks; `numeric` is of one width only where it is written.
Bytes are a `text` or `bytea` of which every value has so many."""

_OIDS: Final = {"int2": 21, "int4": 23, "int8": 20}
"""The numbers by which PostgreSQL knows the types that stand in lists."""

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END: Final = struct.pack(">h", -1)
_WIDTH: Final = struct.Struct(">i")
_EMPTY: Final = 12
"""The width of a list without elements."""
_BEFORE: Final = 20
"""How much of a list comes before its elements: dimensions, whether it has NULLs, type, size and bound."""
_NULL: Final = struct.pack(">i", -1)
_EPOCH: Final = date(2000, 1, 1)

Whole = np.ndarray[Any, np.dtype[np.int64]]

Columns = Mapping[str, str]
"""Column names and their types, in the order of the statement."""


def day_number(day: date) -> int:
    """A date as the `date` type counts it: days since 2000-01-01."""
    return (day - _EPOCH).days


def read(sql: str, columns: Columns, values: Mapping[str, Any] | Sequence[Any] = ()) -> dict[str, Any]:
    """The rows of a query as one array for each column; whole numbers come as int64, identifiers and bytes as bytes.

    Raises ValueError when a value is NULL or not of the width its type promises: an array cannot hold "nothing".
    """
    body = _sent(sql, values)
    if len(body) % _row(columns).itemsize:
        raise ValueError(f"a row of {list(columns)} has a NULL or a column of another type")
    return _columns(body, columns)


def read_lists(
    sql: str, columns: Columns, lists: Columns, values: Mapping[str, Any] | Sequence[Any] = ()
) -> dict[str, Any]:
    """The elements of the lists in each row, row after row, as one array for each column; in each row the lists are as
    long as each other, and the values of its other columns stand beside every element.

    columns, lists: as for `write_lists`, in the order of the statement. Raises ValueError as `read_rows` does.
    """
    rows, lengths, elements = read_rows(sql, columns, lists, values)
    return {name: np.repeat(found, lengths) for name, found in rows.items()} | elements


def read_rows(
    sql: str, columns: Columns, lists: Columns, values: Mapping[str, Any] | Sequence[Any] = ()
) -> tuple[dict[str, Any], Whole, dict[str, Any]]:
    """Rows that end in lists: one array for each of the other columns, how long the lists of each row are (within a row
    one as long as the other), and for each list all elements, row after row.

    Raises ValueError for a NULL, a value or an element of another width, or lists of different lengths.
    """
    body, at, width = _sent(sql, values), 0, _row(columns).itemsize
    heads: list[memoryview] = []
    lengths: list[int] = []
    kinds: list[tuple[int, list[memoryview]]] = [(4 + np.dtype(_KINDS[kind]).itemsize, []) for kind in lists.values()]
    while at < len(body):
        heads.append(body[at : at + width])
        at += width
        length = -1
        for each, elements in kinds:
            (size,) = _WIDTH.unpack_from(body, at)
            at += 4
            if length < 0:
                length = (size - _BEFORE) // each if size > _EMPTY else 0
            if size != (_BEFORE + length * each if length else _EMPTY):
                raise ValueError(_why_not(size, each, list(lists)))
            if length:
                elements.append(body[at + _BEFORE : at + size])
            at += size
        lengths.append(length)
    answer = {}
    for (name, kind), (each, elements) in zip(lists.items(), kinds, strict=True):
        whole = np.frombuffer(b"".join(elements), dtype=[("width", ">i4"), ("value", _KINDS[kind])])
        if whole.size and not bool((whole["width"] == each - 4).all()):
            raise ValueError(f"{name} has a NULL or elements that are not of the type {kind}")
        answer[name] = whole["value"].astype(np.int64)
    return _columns(b"".join(heads), columns), np.array(lengths, dtype=np.int64), answer


def _sent(sql: str, values: Mapping[str, Any] | Sequence[Any]) -> memoryview:
    """The rows of a query in the binary format, without what stands before and after them."""
    found = BytesIO()
    with connection.cursor() as cursor, connection.wrap_database_errors:
        statement = cursor.mogrify(sql, values).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT binary)", found)
    return found.getbuffer()[len(_HEAD) : -len(_END)]


def _columns(body: bytes | memoryview, columns: Columns) -> dict[str, Any]:
    """The values of rows of fixed width, column by column. Raises ValueError for one of another width, or NULL."""
    row = _row(columns)
    rows = np.frombuffer(body, dtype=row)
    for name, kind in columns.items():
        if rows.size and not bool((rows[f"{name} width"] == row[name].itemsize).all()):
            raise ValueError(f"{name} is NULL somewhere or is not of the type {kind}")
    return {name: rows[name] if row[name].kind == "V" else rows[name].astype(np.int64) for name in columns}


def _why_not(size: int, each: int, lists: Sequence[str]) -> str:
    """What is wrong with a list of so many bytes whose elements should have so many each."""
    if size < 0 or max(size - _BEFORE, 0) % each:
        return f"a row of {lists} has a NULL or elements of another type"
    return f"a row of {lists} has lists of different lengths"


def write(table: str, columns: Columns, arrays: Mapping[str, Any]) -> int:
    """Insert rows given as one array (or one value for all rows) for each column; how many there were."""
    size = max(np.size(values) for values in arrays.values()) if arrays else 0
    if not size:
        return 0
    row = _row(columns)
    rows = np.empty(size, dtype=row)
    rows["fields"] = len(columns)
    for name, kind in columns.items():
        rows[f"{name} width"] = row[name].itemsize
        rows[name] = _numeric(arrays[name]) if kind == "numeric" else arrays[name]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        sent = BytesIO(b"".join((_HEAD, rows.tobytes(), _END)))
        cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN (FORMAT binary)', sent, 1 << 18)
    return size


def write_lists(
    table: str,
    columns: Columns,
    arrays: Mapping[str, Any],
    lists: Columns,
    elements: Mapping[str, Any],
    lengths: Whole,
    written: Mapping[str, Sequence[bytes | None]] | None = None,
) -> int:
    """Insert rows of which some columns are arrays; how many rows there were.

    columns, arrays: as for `write`. lists: names of the array columns and the types of their elements; elements: for
    each all elements, row after row, of which each row takes as many as `lengths` says. No element is NULL. written:
    further columns, row by row as PostgreSQL sends them (text as UTF-8, a UUID as its bytes, `list_of`), None for NULL.
    Raises ValueError when there are more elements or fewer than the rows take.
    """
    size, taken = len(lengths), int(np.sum(lengths))
    for name in lists:
        if len(elements[name]) != taken:
            raise ValueError(f"the rows take {taken} elements of {name}, not {len(elements[name])}")
    if not size:
        return 0
    even, uneven = _parted(written or {})
    fixed = _row(columns, {name: len(values[0]) for name, values in even.items()})
    rows = np.empty(size, dtype=fixed)
    rows["fields"] = len(columns) + len(even) + len(uneven) + len(lists)
    for name, kind in columns.items():
        rows[f"{name} width"] = fixed[name].itemsize
        rows[name] = _numeric(arrays[name]) if kind == "numeric" else arrays[name]
    for name, all_there in even.items():
        rows[f"{name} width"] = wide = len(all_there[0])
        if wide:
            rows[name] = np.frombuffer(b"".join(all_there), dtype=f"V{wide}")
    heads, width = memoryview(rows.tobytes()), fixed.itemsize
    bodies = []
    for name, kind in lists.items():
        each = 4 + np.dtype(_KINDS[kind]).itemsize
        told = {length: _list_head(length, each, _OIDS[kind]) for length in set(lengths.tolist())}
        bodies.append((_elements(elements[name], kind), each, told))
    ends = np.cumsum(lengths).tolist()
    parts: list[Any] = [_HEAD]
    start = at = 0
    for end, values in zip(ends, _row_by_row(uneven, size), strict=True):
        parts.append(heads[at : at + width])
        at += width
        for value in values:
            parts += (_NULL,) if value is None else (_WIDTH.pack(len(value)), value)
        length = end - start
        for body, each, told in bodies:
            parts += (told[length], body[start * each : end * each])
        start = end
    parts.append(_END)
    names = ", ".join(f'"{name}"' for name in (*columns, *even, *uneven, *lists))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN (FORMAT binary)', BytesIO(b"".join(parts)), 1 << 18)
    return size


def list_of(values: Sequence[int] | Whole) -> bytes:
    """A list of `int8` as PostgreSQL sends it, for `written`."""
    return _list_head(len(values), 12, _OIDS["int8"])[4:] + bytes(_elements(values, "int8"))


def _parted(
    written: Mapping[str, Sequence[bytes | None]],
) -> tuple[dict[str, Sequence[bytes]], dict[str, Sequence[bytes | None]]]:
    """The columns whose values are all of one width, which a row can hold side by side, and the others."""
    even: dict[str, Sequence[bytes]] = {}
    uneven: dict[str, Sequence[bytes | None]] = {}
    for name, values in written.items():
        there = [value for value in values if value is not None]
        if len(there) == len(values) and len(set(map(len, there))) == 1:
            even[name] = there
        else:
            uneven[name] = values
    return even, uneven


def _row_by_row(written: Mapping[str, Sequence[bytes | None]], size: int) -> Iterable[tuple[bytes | None, ...]]:
    return zip(*written.values(), strict=True) if written else repeat((), size)


@lru_cache(maxsize=1024)
def _list_head(length: int, each: int, oid: int) -> bytes:
    """What comes before the elements: width, dimensions, no NULLs, type, and for the one dimension size and bound."""
    if not length:
        return struct.pack(">iiii", 12, 0, 0, oid)
    return struct.pack(">iiiiii", 20 + length * each, 1, 0, oid, length, 1)


def _elements(values: Any, kind: str) -> memoryview:
    found = np.empty(len(values), dtype=[("width", ">i4"), ("value", _KINDS[kind])])
    found["width"], found["value"] = found.dtype["value"].itemsize, values
    return memoryview(found.tobytes())


def _numeric(values: Any) -> "np.ndarray[Any, Any]":
    """Whole numbers of 64 bits in the binary format of `numeric`, which strips the zeros in front itself."""
    whole = np.asarray(values, dtype=np.int64)
    found = np.zeros(whole.shape, dtype=_NUMERIC)
    found["size"], found["weight"], found["sign"] = 5, 4, np.where(whole < 0, 0x4000, 0)
    left = np.abs(whole).astype(np.uint64)
    for place in range(4, -1, -1):
        left, found["digits"][..., place] = np.divmod(left, np.uint64(10_000))
    return found


def _row(columns: Columns, even: Mapping[str, int] | None = None) -> "np.dtype[Any]":
    """One row of the binary format: how many fields, then for each its width and its value.

    even: further columns, and of how many bytes every value in them is.
    """
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, kind in columns.items():
        fields += [(f"{name} width", ">i4"), (name, _KINDS[kind])]
    for name, width in (even or {}).items():
        fields.append((f"{name} width", ">i4"))
        if width:
            fields.append((name, f"V{width}"))
    return np.dtype(fields)
