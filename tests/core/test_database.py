"""A connection that lay ready is asked nothing when it is well, and given up when its server has ended it."""

from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own, as a request before this one has left it."""
    found = connections.create_connection("default")
    found.ensure_connection()
    try:
        yield found
    finally:
        found.close()


def process(of: BaseDatabaseWrapper) -> int:
    return int(of.connection.info.backend_pid)


def last_asked(of: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [process(of)])
        return str(cursor.fetchone()[0])


def test_a_connection_that_is_well_is_asked_nothing(ready: BaseDatabaseWrapper) -> None:
    with ready.cursor() as cursor:
        cursor.execute("SELECT 'the request before'")
    assert ready.is_usable()
    assert last_asked(ready) == "SELECT 'the request before'"


def test_a_connection_that_was_never_opened_is_not_usable() -> None:
    assert not connections.create_connection("default").is_usable()


def test_a_session_that_the_server_ended_is_given_up_and_the_next_statement_has_a_new_one(
    ready: BaseDatabaseWrapper,
) -> None:
    ended = process(ready)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    assert not ready.is_usable()
    ready.close_if_unusable_or_obsolete()  # as the next request begins
    with ready.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert process(ready) != ended


def test_a_server_that_only_says_something_is_still_there(ready: BaseDatabaseWrapper) -> None:
    with ready.cursor() as cursor:
        cursor.execute("LISTEN something")
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("NOTIFY something")
    other.close()
    assert ready.is_usable()
    assert last_asked(ready) == "SELECT 1"
    assert ready.is_usable()
