"""The tests' own ground: clones keep commits apart, and triggers stay on in them."""

import time

import pytest
from django.db import DatabaseError, connection

from ledger.entities import open_entity
from ledger.models import Entity
from tests.databases import cloned


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


def test_a_clone_is_made_and_dropped_quickly(cloned_db: str) -> None:
    started = time.monotonic()
    with cloned():
        pass
    assert time.monotonic() - started < 10, "usually 0.2 s; a slow machine gets patience"
