"""Migrations without rendering every model again after every operation.

Django keeps a class for each model as the migrations know it, and whatever an operation changes, it makes the classes
of all models anew that are related to the changed one over any number of keys. Here every model is related to a person,
so that is nearly all of them each time: nine tenths of what a first migration takes. What most operations write to the
database depends on the changed model alone, and on table and key of those it points at; so here only that one class is
made anew. A migration with any other operation, and every function that asks for models, gets them all as from Django.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.operations import CreateExtension
from django.db import migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.utils import field_is_referenced

Key = tuple[str, str]
"""Label of an app and name of a model, in small letters."""

OF_ONE_MODEL = (
    migrations.CreateModel,
    migrations.DeleteModel,
    migrations.AddField,
    migrations.RemoveField,
    migrations.AddConstraint,
    migrations.RemoveConstraint,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.AlterUniqueTogether,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunPython,  # it has all models rendered for itself
    CreateExtension,
)
"""Operations whose statements need the model they change and, of others, at most table and key."""


class OneByOne(ProjectState):
    """The project's models, of which only a changed one is rendered again; the others still know it as it was."""

    @classmethod
    def of(cls, state: ProjectState) -> "OneByOne":
        """The same models, with the classes that are rendered already."""
        found = cls(state.models, state.real_apps)
        found.__dict__["apps"] = state.apps
        found.is_delayed = state.is_delayed
        return found

    def clone(self) -> "OneByOne":
        return self.of(super().clone())

    def _find_reload_model(self, app_label: str, model_name: str, delay: bool = False) -> set[Key]:
        """The changed model and those that inherit from it. Whoever needs relations has Django render everything anew,
        which `is_delayed` asks for.
        """
        self.is_delayed = True
        found, before = {(app_label, model_name)}, 0
        while len(found) > before:
            before = len(found)
            found |= {key for key, model in self.models.items() if _bases(model.bases) & found}
        return found


class Executor(MigrationExecutor):
    """Django's, but it migrates forwards with as few renderings as a migration allows."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        fitting = OneByOne.of(state) if may_go_one_by_one(state, migration) else _all_rendered(state)
        return super().apply_migration(fitting, migration, fake=fake, fake_initial=fake_initial)


def may_go_one_by_one(state: ProjectState, migration: Migration) -> bool:
    """Whether every statement of a migration, which `state` comes before, depends on the model it changes alone."""
    return all(
        isinstance(each, OF_ONE_MODEL)
        or (isinstance(each, migrations.AlterField) and _nobody_points_at(state, migration.app_label, each))
        for each in _flat(migration.operations)
    )


def _nobody_points_at(state: ProjectState, app_label: str, change: migrations.AlterField) -> bool:
    """Whether no key of another table may lead to the column, before or after the change."""
    key = (app_label, change.model_name_lower)
    before = state.models[key].fields.get(change.name) if key in state.models else None
    return before is not None and not any(
        field.unique or field.many_to_many or field_is_referenced(state, key, (change.name, field))
        for field in (before, change.field)
    )


def _bases(bases: Iterable[type | str]) -> set[Key]:
    """Those that are models of a migration themselves."""
    names = (base.lower().split(".") for base in bases if isinstance(base, str) and "." in base)
    return {(app_label, name) for app_label, name in names}


def _flat(operations: Iterable[Any]) -> Iterable[Operation]:
    """The operations without what only holds others: SQL, and what is done to database and state apart."""
    for each in operations:
        if isinstance(each, migrations.RunSQL):
            yield from _flat(each.state_operations)
        elif isinstance(each, migrations.SeparateDatabaseAndState):
            yield from _flat([*each.database_operations, *each.state_operations])
        else:
            yield each


def _all_rendered(state: ProjectState) -> ProjectState:
    """The same models as Django's own state, all rendered now, because each operation copies the classes there are."""
    if not isinstance(state, OneByOne):
        return state
    plain = ProjectState(state.models, state.real_apps)
    assert plain.apps.ready  # rendered by being asked for
    return plain
