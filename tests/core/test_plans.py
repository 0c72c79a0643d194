"""What PostgreSQL keeps of a statement answers like the statement, for as long as the connection lasts."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import DateTimeField, TextField, UUIDField, Value
from django.db.utils import DataError, ProgrammingError
from django.test.utils import CaptureQueriesContext

from core import plans
from core.clock import market_now
from core.prepared import Asked, Bound, Unseen
from people.models import User
from tests.databases import Told

pytestmark = pytest.mark.django_db


def told(asked: Asked[Any]) -> str:
    """What the server is told when rows are asked for."""
    with CaptureQueriesContext(connection) as statements:
        asked.rows()
    [statement] = statements.captured_queries
    return str(statement["sql"])


def named(name: str, **options: Any) -> Asked[User]:
    return Asked(
        lambda: User.objects.filter(name__icontains=Bound("part", TextField())), "by name", {"part": name}, **options
    )


def kept_here() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


def test_the_server_keeps_a_statement_once_and_is_told_values_only(told_company: Told[Any]) -> None:
    before = kept_here()
    first, second = told(named("lin")), told(named("amara"))
    assert first.startswith("EXECUTE kept_") and "SELECT" not in first + second
    assert first.replace("lin", "amara") == second
    assert kept_here() == before + 1
    assert [user.name for user in named("amara").rows()] == [
        user.name for user in User.objects.filter(name__icontains="amara")
    ]


@pytest.mark.parametrize("word", ["%", "_", "O'Neil", "\\", "$1", "%s", "箱"])
def test_signs_in_a_value_are_signs(told_company: Told[Any], word: str) -> None:
    User.objects.filter(email="lin@haier.example").update(name=f"Lin {word} Wei")
    assert {user.pk for user in named(word).rows()} == set(
        User.objects.filter(name__icontains=word).values_list("pk", flat=True)
    )
    assert User.objects.get(email="lin@haier.example").pk in {user.pk for user in named(word).rows()}


def test_constants_become_part_of_what_is_kept(told_company: Told[Any]) -> None:
    asked: Asked[User] = Asked(
        lambda: User.objects.filter(name__startswith="100%", created_at__lt=Unseen("now", DateTimeField())),
        "constants",
        {"now": market_now() + timedelta(days=900)},
    )
    assert "100" not in told(asked)
    User.objects.filter(email="lin@haier.example").update(name="100% Lin")
    assert [user.name for user in asked.rows()] == ["100% Lin"]


def test_what_depends_on_its_words_is_planned_for_them(told_company: Told[Any]) -> None:
    before = kept_here()
    assert told(named("lin", planned_anew=True)).startswith("SELECT")
    assert kept_here() == before


def test_a_statement_stays_when_its_transaction_does_not(told_company: Told[Any]) -> None:
    asked: Asked[User] = Asked(lambda: User.objects.filter(email=Bound("email", TextField())), "e-mail", {"email": "x"})
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        asked.rows()
        raise ZeroDivisionError
    assert told(asked).startswith("EXECUTE")


def test_a_connection_that_keeps_too_many_begins_anew(told_company: Told[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MOST_KEPT", 3)

    def numbered(number: int) -> Asked[User]:
        rows = User.objects.filter(pk=Bound("key", UUIDField())).annotate(number=Value(number))
        return Asked(lambda: rows, ("many", number), {"key": "0" * 32})

    asked = [numbered(number) for number in range(8)]
    for each in (*asked, *asked):
        assert each.rows() == []
    assert 0 < kept_here() <= 3


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_keeps_its_own() -> None:
    first = told(named("lin"))
    connection.close()
    assert kept_here() == 0
    assert told(named("lin")) != first
    assert kept_here() == 1


def test_what_cannot_be_asked_says_so_each_time(told_company: Told[Any]) -> None:
    wrong: Asked[User] = Asked(lambda: User.objects.extra(where=["no_such_function(%s)"], params=["x"]), "wrong")
    for _time in range(2):
        with pytest.raises(ProgrammingError, match="no_such_function"), transaction.atomic():
            wrong.rows()
    value: Asked[User] = Asked(lambda: User.objects.filter(pk=Bound("key", TextField())), "no key", {"key": "no key"})
    for _time in range(2):
        with pytest.raises((DataError, ProgrammingError)), transaction.atomic():
            value.rows()
