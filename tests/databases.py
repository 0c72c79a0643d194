"""Databases for tests that commit: a clone of the migrated test database for each of them.

The books refuse DELETE and TRUNCATE, so Django's way of emptying tables after such a test cannot work, and must not:
triggers stay on. A clone is made by PostgreSQL itself from a template. What many tests begin with is written once into
a clone that stays: they roll back to it, or commit in a clone of that.

They are all thrown away together, when the process ends: for minutes after a file was deleted, ext4 looks at its inode
again whenever it makes another file, and a clone has a thousand files. Beside one that was just dropped it takes ten
times as long to make.
"""

import itertools
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import psutil
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2 import sql

from benchmarks import databases
from haier_market import roles

T = TypeVar("T")
_number = itertools.count(1)


@contextmanager
def cloned(template: str = "") -> Iterator[str]:
    """Point every connection of this process, in any thread, at a fresh clone; yields its name.

    template: a database nobody visits; the one the connections point at when nothing is said.
    """
    before = str(connection.settings_dict["NAME"])
    clone = _new_name()
    connections.close_all()  # a template must have no visitors
    url = databases.url_of(connection.settings_dict)
    with databases.made(clone, url, template=template or before, keep=True):
        connection.settings_dict["NAME"] = clone  # the threads' connections share this dictionary
        try:
            yield clone
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before
            databases.send_away(url, clone)  # a thread that serves for longer goes on in what comes next


def throw_away_clones(*, also_ours: bool = False) -> None:
    """Drop the clones of the test database whose process is gone without having done it, and perhaps this one's."""
    name, url = str(connection.settings_dict["NAME"]), databases.url_of(connection.settings_dict)
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{re.escape(name)}(_[0-9]+_[0-9]+)+$"])
        clones = [clone for (clone,) in cursor.fetchall()]
    for clone in clones:
        maker = int(clone.rsplit("_", 2)[1])
        if (also_ours and maker == os.getpid()) or not psutil.pid_exists(maker):
            databases.drop(url, clone)


@dataclass(frozen=True)
class Told(Generic[T]):
    """What stands in a database that every test of it begins with. Fixtures of these have `told_` before their name."""

    what: T
    """As whoever wrote it there has it in memory; a test takes a copy."""
    own: BaseDatabaseWrapper
    """The connection to that database, for `visited`."""

    @property
    def name(self) -> str:
        return str(self.own.settings_dict["NAME"])


@contextmanager
def told(tell: Callable[[], T]) -> Iterator[Told[T]]:
    """A clone of whoever wants to begin with what `tell` writes; nobody works in it after the block."""
    connections.close_all()
    url, template = databases.url_of(connection.settings_dict), str(connection.settings_dict["NAME"])
    with databases.made(_new_name(), url, template=template, keep=True) as address:
        own = connections.create_connection(connection.alias)
        own.settings_dict = {**own.settings_dict, "NAME": urlsplit(address).path.strip("/")}
        try:
            with visited(own), transaction.atomic():
                roles.grant()  # a clone has the rights on its tables, not those on the database itself
                what = tell()
                own.run_on_commit.clear()  # as in a test that is rolled back
            yield Told(what, own)
        finally:
            own.close()


@contextmanager
def visited(own: BaseDatabaseWrapper) -> Iterator[None]:
    """Let this thread's work go over another connection, which stays open afterwards; other threads keep theirs."""
    before = connections[own.alias]
    connections[own.alias] = own
    try:
        yield
    finally:
        connections[own.alias] = before


def _new_name() -> str:
    return f"{connection.settings_dict['NAME']}_{os.getpid()}_{next(_number)}"


@contextmanager
def as_application(*, for_good: bool = False) -> Iterator[None]:
    """Work as the role that serves a company. Within a test's transaction; for_good: every connection of the process,
    in any thread, for tests on a clone."""
    if for_good:
        connections.close_all()
        connection.settings_dict["OPTIONS"]["assume_role"] = roles.APPLICATION
        try:
            yield
        finally:
            connections.close_all()
            del connection.settings_dict["OPTIONS"]["assume_role"]
        return
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(roles.APPLICATION)))
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
