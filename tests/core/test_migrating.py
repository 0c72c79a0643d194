"""Which migrations render no more than the models they change (the long proofs compare the tables of both ways)."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from haier_market.migrating import OneByOne, may_go_one_by_one


@pytest.fixture
def state() -> ProjectState:
    """A town with a number that houses point at instead of its id, a house, and a kind of house that inherits."""
    found = ProjectState()
    key = models.BigAutoField(primary_key=True)
    town: dict[str, Any] = {"id": key, "number": models.IntegerField(unique=True), "name": models.TextField()}
    to_town = models.ForeignKey("land.Town", models.CASCADE, to_field="number")
    found.add_model(ModelState("land", "Town", town))
    found.add_model(
        ModelState("land", "House", [("id", key.clone()), ("town", to_town), ("floor", models.TextField())])
    )
    found.add_model(ModelState("land", "Cottage", [], bases=("land.house",), options={"proxy": True}))
    return found


def may(state: ProjectState, *operations: Operation) -> bool:
    change = type("Migration", (migrations.Migration,), {"operations": operations})
    return may_go_one_by_one(state, change("0002_change", "land"))


TEXT = models.TextField(null=True)


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("house", "colour", TEXT), migrations.RunSQL("SELECT 1")],
        [migrations.AlterField("house", "floor", models.IntegerField())],
        [migrations.AlterField("house", "town", models.ForeignKey("land.Town", models.PROTECT, null=True))],
        [migrations.SeparateDatabaseAndState([], [migrations.RemoveField("house", "floor")])],
    ],
)
def test_what_changes_one_model_renders_one_model(state: ProjectState, operations: Sequence[Operation]) -> None:
    assert may(state, *operations)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AlterField("town", "id", models.UUIDField(primary_key=True)),
        migrations.AlterField("town", "number", models.BigIntegerField(unique=True)),
        migrations.AlterField("town", "number", models.BigIntegerField()),
        migrations.AlterField("town", "name", models.TextField(unique=True)),
        migrations.AlterField("house", "town", models.ManyToManyField("land.Town")),
        migrations.AlterField("house", "of_a_later_operation", TEXT),
        migrations.RenameField("town", "number", "postcode"),
        migrations.RenameModel("town", "city"),
    ],
)
def test_what_others_may_point_at_renders_them_too(state: ProjectState, operation: Operation) -> None:
    assert not may(state, operation)
    assert not may(state, migrations.SeparateDatabaseAndState([operation], []))
    assert not may(state, migrations.RunSQL("SELECT 1", state_operations=[operation]))


def test_the_others_stay_as_they_were_until_somebody_asks_for_all(state: ProjectState) -> None:
    one_by_one = OneByOne.of(state)
    before = {name: state.apps.get_model("land", name) for name in ("town", "house", "cottage")}
    earlier = one_by_one.clone()
    one_by_one.add_field("land", "house", "colour", TEXT, preserve_default=True)
    after = {name: one_by_one.apps.get_model("land", name) for name in before}
    assert [name for name in before if after[name] is not before[name]] == ["house", "cottage"]
    assert issubclass(after["cottage"], after["house"])
    assert {field.name for field in after["house"]._meta.get_fields()} == {"id", "town", "floor", "colour"}
    assert earlier.apps.get_model("land", "house") is before["house"]
    one_by_one.clear_delayed_apps_cache()
    house, town = (one_by_one.apps.get_model("land", name) for name in ("house", "town"))
    assert town is not before["town"]
    assert house._meta.get_field("town").related_model is town
