"""Errands over many rows."""

import logging

import pytest
from django.db import connection, transaction

from core.errands import one_by_one
from core.errors import Invalid
from core.models import Parameter

pytestmark = pytest.mark.django_db


@transaction.atomic
def kept(number: int) -> bool:
    """Keeps a row for each number; 2 is refused by a rule, 3 by the database."""
    if number == 2:
        raise Invalid("Two is too few.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / %s", [number - 3])
    Parameter.objects.create(name=f"kept_{number}", holds_from="2026-01-01", value=number, note="A test.")
    return number != 4


def test_what_fails_is_logged_and_does_not_stop_what_is_behind_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert one_by_one(kept, [1, 2, 3, 4, 5]) == 2
    assert set(Parameter.objects.filter(name__startswith="kept_").values_list("value", flat=True)) == {1, 4, 5}
    assert [record.args[1] for record in caplog.records if isinstance(record.args, tuple)] == [2, 3]
