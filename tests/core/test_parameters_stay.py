"""What a parameter held on a date that has begun stays: whoever serves a company changes what holds later."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core import parameters, past
from core.clock import business_date, market_now
from core.models import Parameter
from tests.databases import as_application

pytestmark = pytest.mark.django_db
NAME = "silence_is_acceptance_days"


@pytest.mark.parametrize("door", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE core_parameter SET value = 99 WHERE name = '{NAME}'",
        f"UPDATE core_parameter SET holds_from = '2999-01-01' WHERE name = '{NAME}'",
        f"UPDATE core_parameter SET name = 'another' WHERE name = '{NAME}'",
        f"DELETE FROM core_parameter WHERE name = '{NAME}'",
        f"INSERT INTO core_parameter (name, holds_from, value, note) VALUES ('{NAME}', '2020-01-01', 99, '')",
        f"INSERT INTO core_parameter (name, holds_from, value, note) VALUES ('{NAME}', market_now()::date - 1, 99, '')",
    ],
)
def test_the_application_changes_no_value_that_held(change: str, door: bool) -> None:
    if door:
        change = f"SET market.past = '2001-01-01'; {change}"
    stays = pytest.raises(IntegrityError, match="stays")
    with as_application(), stays, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert list(Parameter.objects.filter(name=NAME).values_list("holds_from", "value")) == [(date(2000, 1, 1), 14)]


def test_the_application_lets_another_value_hold_later_and_takes_it_back_until_then() -> None:
    later = business_date() + timedelta(days=3)
    with as_application():
        row = Parameter.objects.create(name=NAME, holds_from=later, value=21)
        Parameter.objects.filter(pk=row.pk).update(value=20)
        assert (parameters.value(NAME), parameters.value(NAME, on=later)) == (14, 20)
        row.delete()
    assert parameters.value(NAME, on=later) == 14


def test_who_migrates_brings_the_examples_of_new_parameters() -> None:
    with past.at(market_now()):
        Parameter.objects.create(name="new_parameter", holds_from=date(2000, 1, 1), value=1)
    assert parameters.value("new_parameter", on=date(2001, 1, 1)) == 1
