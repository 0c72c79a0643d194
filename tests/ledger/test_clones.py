"""The tests' own ground: clones keep commits apart, and triggers stay on in them."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.db import DatabaseError, connection

from benchmarks import databases
from ledger.entities import open_entity
from ledger.models import Entity
from tests.databases import cloned, throw_away_clones


def test_a_commit_in_a_clone_is_a_commit(cloned_db: str) -> None:
    open_entity(name="Blue Kettle", kind="microenterprise", currency="CNY")
    connection.close()
    assert Entity.objects.count() == 1
    with pytest.raises(DatabaseError, match="only ever added"):
        Entity.objects.all()._raw_delete("default")


def test_the_next_clone_knows_nothing_of_it(cloned_db: str) -> None:
    assert Entity.objects.count() == 0


def test_a_plain_test_after_a_clone_has_the_test_database_again(db: None) -> None:
    assert Entity.objects.count() == 0
    assert "_1" not in str(connection.settings_dict["NAME"]).removeprefix("test_")


@pytest.mark.django_db(transaction=True)
def test_the_marker_is_served_by_a_clone_too() -> None:
    assert str(connection.settings_dict["NAME"]).rsplit("_", 1)[1].isdigit()
    with cloned() as inner:
        assert inner == connection.settings_dict["NAME"]


def test_a_thread_that_outlives_a_clone_goes_on_elsewhere(cloned_db: str) -> None:
    def place() -> str:
        connection.close_if_unusable_or_obsolete()  # as before each request
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            return str(cursor.fetchone()[0])

    with ThreadPoolExecutor(1) as server:
        with cloned() as clone:
            assert server.submit(place).result() == clone
        assert server.submit(place).result() == cloned_db
        server.submit(lambda: connection.close()).result()


def test_clones_of_a_process_that_was_killed_are_thrown_away_and_no_others(db: None) -> None:
    name, url = connection.settings_dict["NAME"], databases.url_of(connection.settings_dict)
    ended = subprocess.Popen(["true"])
    ended.wait()
    stays = [f"{name}_{os.getpid()}_{10**9}", f"{name}_{os.getppid()}_1", f"{name}_x_{ended.pid}_1"]
    goes = [f"{name}_{ended.pid}_1", f"{name}_{os.getpid()}_1_{ended.pid}_2"]
    with ExitStack() as all_dropped:
        for clone in (*stays, *goes):
            all_dropped.enter_context(databases.made(clone, url))
        throw_away_clones()
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [stays + goes])
            assert {left for (left,) in cursor.fetchall()} == set(stays)


def test_a_clone_is_made_and_dropped_quickly(cloned_db: str) -> None:
    started = time.monotonic()
    with cloned() as name:
        pass
    databases.drop(databases.url_of(connection.settings_dict), name)
    assert time.monotonic() - started < 10, "usually 0.2 s; a slow machine gets patience"
