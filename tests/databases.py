"""Databases for tests that commit: a clone of the migrated test database for each of them.

The books refuse DELETE and TRUNCATE, so Django's way of emptying tables after such a test cannot work, and must not:
triggers stay on. A clone is made by PostgreSQL itself from a template and thrown away afterwards.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections
from psycopg2 import sql

from benchmarks import databases
from haier_market import roles

_number = itertools.count(1)


@contextmanager
def cloned() -> Iterator[str]:
    """Point every connection of this process, in any thread, at a fresh clone; yields its name."""
    template = str(connection.settings_dict["NAME"])
    clone = f"{template}_{os.getpid()}_{next(_number)}"
    connections.close_all()  # a template must have no visitors
    with databases.made(clone, databases.url_of(connection.settings_dict), template=template):
        connection.settings_dict["NAME"] = clone  # the threads' connections share this dictionary
        try:
            yield clone
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = template


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
