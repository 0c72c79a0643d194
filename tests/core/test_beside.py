"""Reading on a connection of its own, and on one's own when the transaction has written."""

import time
from functools import partial

import pytest
from django.db import InternalError, connection, transaction

from core.beside import beside
from ledger.models import Entity
from tests.ledger.books import firm


def session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def named() -> tuple[int, list[str]]:
    """The session, and the test's own firms that it finds."""
    return session(), sorted(Entity.objects.filter(name__in=["Kettle", "Bath"]).values_list("name", flat=True))


def is_there(process: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", [process])
        return bool(cursor.fetchone()[0])


def test_a_transaction_that_wrote_nothing_is_read_beside(cloned_db: str) -> None:
    firm("Kettle")
    with transaction.atomic(), beside(named) as answer:
        firm("Bath")
        other, found = answer()
    assert (other != session(), found) == (True, ["Kettle"])
    deadline = time.monotonic() + 10
    while is_there(other) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_there(other)


def test_both_go_on_at_once(cloned_db: str) -> None:
    """Each waits until the other has come so far; one after the other neither would end."""

    def hold_then_see(held: int, seen: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [held])
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                cursor.execute(
                    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s)",
                    [seen],
                )
                if cursor.fetchone()[0]:
                    return True
        return False

    with transaction.atomic(), beside(partial(hold_then_see, 1, 2)) as answer:
        assert hold_then_see(2, 1)
        assert answer()


@pytest.mark.parametrize("lock", [False, True])
def test_what_a_transaction_wrote_or_locked_is_read_by_itself(cloned_db: str, lock: bool) -> None:
    kettle = firm("Kettle")
    with transaction.atomic():
        if lock:
            Entity.objects.select_for_update().get(pk=kettle.pk)
        else:
            firm("Bath")
        with beside(named) as answer:
            assert answer() == (session(), ["Kettle"] if lock else ["Bath", "Kettle"])


def test_what_went_wrong_beside_is_raised_where_it_is_asked_for(cloned_db: str) -> None:
    with transaction.atomic(), beside(lambda: Entity.objects.get(name="Gone")) as answer:
        with pytest.raises(Entity.DoesNotExist):
            answer()
        firm("Kettle")
    assert named()[1] == ["Kettle"]


def test_nothing_is_written_beside(cloned_db: str) -> None:
    with (
        transaction.atomic(),
        beside(partial(firm, "Kettle")) as answer,
        pytest.raises(InternalError, match="read-only"),
    ):
        answer()
    assert named()[1] == []
