"""The tables are the same, to the last constraint and trigger, whichever way the migrations render their models."""

import os
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from benchmarks import databases
from haier_market import migrating
from haier_market.migrating import Executor, OneByOne

pytestmark = pytest.mark.soak

WHAT_THERE_IS = {
    "columns": """SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable,
                         column_default, is_identity FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "extensions": "SELECT extname FROM pg_extension",
    "migrations": "SELECT row_number() OVER (ORDER BY id), app, name FROM django_migrations",
    "parameters": "SELECT name, holds_from, value, note FROM core_parameter",
}


def _migrated(name: str) -> dict[str, list[Any]]:
    """What stands in a database of this name after every migration."""
    before = connection.settings_dict["NAME"]
    connections.close_all()
    with databases.made(f"{before}_{name}_{os.getpid()}", databases.url_of(connection.settings_dict)) as url:
        connection.settings_dict["NAME"] = url.rsplit("/", 1)[1]
        try:
            call_command("migrate", verbosity=0)
            with connection.cursor() as cursor:
                found = {}
                for what, question in WHAT_THERE_IS.items():
                    cursor.execute(question)
                    found[what] = sorted(map(repr, cursor.fetchall()))
            return found
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before


def test_both_ways_make_the_same_tables(cloned_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(OneByOne):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(migrating, "OneByOne", Counted)
    assert migrate.MigrationExecutor is Executor  # type: ignore[attr-defined]
    ours = _migrated("ours")
    assert len(made) > 300, "hardly a migration went one by one"
    made.clear()
    monkeypatch.setattr(migrate, "MigrationExecutor", MigrationExecutor)
    djangos = _migrated("djangos")
    assert not made
    for what, rows in djangos.items():
        assert rows
        assert ours[what] == rows, what
