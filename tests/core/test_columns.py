"""Whole columns and lists of whole numbers arrive in the database, and come back, as they were sent."""

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import columns
from tests.examples import examples

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)
FIXED = {"id": "int8", "day": "date"}
LISTS = {"amounts": "int8", "grains": "int4", "marks": "int2"}
READ = "SELECT id, day, amounts, grains, marks FROM some_lists ORDER BY id"
LARGEST = {"amounts": 2**63, "grains": 2**31, "marks": 2**15}
"""What an element is below, and minus that not below."""

Row = tuple[list[int], list[int], list[int]]


@pytest.fixture(autouse=True)
def table() -> None:
    run("CREATE TEMPORARY TABLE some_lists (id bigint, day date, amounts bigint[], grains integer[], marks smallint[])")


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def write(rows: Sequence[Row]) -> int:
    """Rows with three lists of one length each, numbered from 0, all of the same day."""
    return columns.write_lists(
        "some_lists",
        FIXED,
        {"id": np.arange(len(rows)), "day": columns.day_number(DAY)},
        LISTS,
        {name: np.array([each for row in rows for each in row[n]], dtype=np.int64) for n, name in enumerate(LISTS)},
        np.array([len(row[0]) for row in rows], dtype=np.int64),
    )


def lists_of(length: int) -> st.SearchStrategy[Row]:
    return st.tuples(
        *(
            st.lists(st.integers(-largest, largest - 1), min_size=length, max_size=length)
            for largest in LARGEST.values()
        )
    )


ROWS = st.lists(st.integers(0, 40).flatmap(lists_of), max_size=12)


@settings(max_examples=examples(15, 120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_rows_with_lists_of_any_length_come_back_as_they_were_sent(rows: list[Row]) -> None:
    with transaction.atomic():
        assert write(rows) == len(rows)
        assert run(READ) == [(number, DAY, *row) for number, row in enumerate(rows)]
        found = columns.read_lists(READ, FIXED, LISTS)
        assert found["id"].tolist() == [number for number, row in enumerate(rows) for _each in row[0]]
        assert set(found["day"].tolist()) <= {columns.day_number(DAY)}
        for number, name in enumerate(LISTS):
            assert found[name].tolist() == [each for row in rows for each in row[number]]
        transaction.set_rollback(True)


def test_a_list_of_nothing_is_empty_and_not_missing() -> None:
    rows: list[Row] = [([], [], []), ([7], [8], [9]), ([], [], [])]
    assert write(rows) == 3
    assert run("SELECT id, cardinality(amounts), array_ndims(amounts), amounts = '{}' FROM some_lists ORDER BY id") == [
        (0, 0, None, True), (1, 1, 1, False), (2, 0, None, True),
    ]  # fmt: skip
    assert columns.read_lists(READ, FIXED, LISTS)["amounts"].tolist() == [7]


def test_no_rows_are_written_without_a_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert write([]) == 0


def test_what_is_written_is_a_list_like_any_other() -> None:
    write([([1, -2, 3], [4, 5, 6], [7, 8, 9])])
    assert run("SELECT amounts[1], amounts[2:], array_lower(grains, 1), 8 = ANY(marks), amounts FROM some_lists") == [
        (1, [-2, 3], 1, True, [1, -2, 3])
    ]
    assert run("SELECT amounts = '{1,-2,3}'::bigint[], grains = ARRAY[4,5,6] FROM some_lists") == [(True, True)]


def test_a_list_of_a_very_large_me() -> None:
    many = list(range(-50_000, 50_000))
    write([(many, many, [0] * len(many)), ([1], [1], [1])])
    summed = "(SELECT sum(each) FROM unnest(amounts) each)"
    assert run(f"SELECT cardinality(amounts), {summed} FROM some_lists WHERE id = 0") == [(100_000, sum(many))]
    assert columns.read_lists(READ, FIXED, LISTS)["amounts"].tolist() == [*many, 1]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("change", [1, -1])
def test_elements_that_no_row_takes_or_that_are_missing_are_an_error(name: str, change: int) -> None:
    elements = {each: [1, 2, 3] for each in LISTS} | {name: [1, 2, 3, 4][: 3 + change]}
    with pytest.raises(ValueError, match=f"the rows take 3 elements of {name}, not {3 + change}"):
        of_lengths([1, 2], elements)
    with pytest.raises(ValueError, match="the rows take 0 elements"):
        of_lengths([], elements)
    assert run("SELECT FROM some_lists") == []


def of_lengths(lengths: list[int], elements: Mapping[str, Sequence[int]]) -> int:
    fixed = {"id": 1, "day": columns.day_number(DAY)}
    return columns.write_lists("some_lists", FIXED, fixed, LISTS, elements, np.array(lengths, dtype=np.int64))


def test_what_the_database_refuses_comes_out_as_its_error() -> None:
    run("ALTER TABLE some_lists ADD CHECK (cardinality(amounts) < 3)")
    with pytest.raises(DatabaseError, match="check constraint"), transaction.atomic():
        write([([1], [1], [1]), ([1, 2, 3], [1, 2, 3], [1, 2, 3])])
    with pytest.raises(DatabaseError, match="does not exist"), transaction.atomic():
        columns.write_lists("no_such", {}, {}, {"amounts": "int8"}, {"amounts": [1]}, np.array([1]))
    assert run("SELECT FROM some_lists") == []


@pytest.mark.parametrize(
    "values",
    [
        "1, current_date, '{1,NULL}', '{1,2}', '{1,2}'",
        "1, current_date, '{NULL,NULL,NULL}', '{1,2,3}', '{1,2,3}'",
        "1, current_date, '{1,2}', '{1,NULL}', '{1,2}'",
        "1, current_date, NULL, '{1}', '{1}'",
        "1, current_date, '{1}', '{1}', NULL",
        "1, current_date, '{1,2}', '{1}', '{1,2}'",
        "1, current_date, '{1}', '{}', '{1}'",
        "1, current_date, '{{1,2},{3,4}}', '{1,2,3,4}', '{1,2,3,4}'",
        "NULL, current_date, '{1}', '{1}', '{1}'",
        "1, NULL, '{1}', '{1}', '{1}'",
    ],
)
def test_lists_that_no_array_can_hold_are_an_error(values: str) -> None:
    run(f"INSERT INTO some_lists VALUES (0, current_date, '{{5}}', '{{6}}', '{{7}}'), ({values})")
    with pytest.raises(ValueError):
        columns.read_lists(READ, FIXED, LISTS)


def test_elements_of_another_width_are_an_error() -> None:
    write([([1, 2, 3], [1, 2, 3], [1, 2, 3])])
    for name, kind in (("amounts", "int4"), ("grains", "int8"), ("marks", "int4")):
        with pytest.raises(ValueError):
            columns.read_lists(f"SELECT id, {name} FROM some_lists", {"id": "int8"}, {name: kind})


def test_plain_columns_come_back_as_they_were_sent() -> None:
    ids = np.array([3, -1, 2**62], dtype=np.int64)
    assert columns.write("some_lists", FIXED, {"id": ids, "day": columns.day_number(DAY)}) == 3
    found = columns.read("SELECT id, day FROM some_lists ORDER BY id", FIXED)
    assert found["id"].tolist() == sorted(ids.tolist())
    assert found["day"].tolist() == [columns.day_number(DAY)] * 3
    with pytest.raises(ValueError, match="NULL"):
        columns.read("SELECT NULL::bigint AS id", {"id": "int8"})


@pytest.mark.parametrize("number", [0, 1, -1, 9_999, 10_000, -10_000, 12_345_678_901, 2**63 - 1, -(2**63)])
def test_a_whole_number_of_64_bits_goes_into_a_numeric_column(number: int) -> None:
    run("CREATE TEMPORARY TABLE wide (id bigint, due numeric(38, 0))")
    assert columns.write("wide", {"id": "int8", "due": "numeric"}, {"id": 7, "due": np.array([number, 5])}) == 2
    assert run("SELECT id, due, due::text FROM wide") == [(7, number, str(number)), (7, 5, "5")]


@pytest.mark.parametrize(
    "texts",
    [
        ["CNY", "JPY", "EUR"],
        ["a", "", "long enough"],
        ["", "", ""],
        [None, "CNY", None],
        ["€", "a", "bbb"],  # of three bytes, of one, of three
    ],
)
def test_columns_of_one_width_and_of_many_arrive_as_they_were_sent(texts: list[str | None]) -> None:
    run("CREATE TEMPORARY TABLE told (id bigint, key uuid, word text, other text, amounts bigint[])")
    keys = [bytes(range(16)), bytes(16), bytes(range(16, 32))]
    written: dict[str, list[bytes | None]] = {
        "key": [*keys],
        "word": [None if text is None else text.encode() for text in texts],
        "other": [b"x", b"yy", None],
    }
    sent = np.array([7, 8, 9]), np.array([2, 0, 1])
    columns.write_lists(
        "told", {"id": "int8"}, {"id": [1, 2, 3]}, {"amounts": "int8"}, {"amounts": sent[0]}, sent[1], written
    )
    assert run("SELECT id, key::text, word, other, amounts FROM told ORDER BY id") == [
        (1, str(UUID(bytes=keys[0])), texts[0], "x", [7, 8]),
        (2, str(UUID(bytes=keys[1])), texts[1], "yy", []),
        (3, str(UUID(bytes=keys[2])), texts[2], None, [9]),
    ]


def test_rows_keep_their_other_columns_even_when_their_lists_are_empty() -> None:
    rows, lengths, lists = columns.read_rows(
        """
        SELECT * FROM (VALUES (1::bigint, %(key)s::uuid, 'CNY'::text, sha256('a'), '{}'::bigint[], '{}'::int[]),
                              (2, %(key)s::uuid, 'JPY', sha256('b'), '{5,6}', '{7,8}')) AS v ORDER BY 1
        """,
        {"id": "int8", "key": "uuid", "currency": "3 bytes", "digest": "32 bytes"},
        {"amounts": "int8", "grains": "int4"},
        {"key": str(UUID(int=5))},
    )
    assert rows["id"].tolist() == [1, 2]
    assert rows["key"].tolist() == [UUID(int=5).bytes] * 2
    assert rows["currency"].tolist() == [b"CNY", b"JPY"]
    assert rows["digest"].tolist() == [sha256(b"a").digest(), sha256(b"b").digest()]
    assert lengths.tolist() == [0, 2]
    assert {name: found.tolist() for name, found in lists.items()} == {"amounts": [5, 6], "grains": [7, 8]}


@pytest.mark.parametrize("text", ["", "EU", "EURO", "€uro"])
def test_text_of_another_width_than_was_promised_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        columns.read("SELECT %(text)s::text AS word", {"word": "3 bytes"}, {"text": text})
