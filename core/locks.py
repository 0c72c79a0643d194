"""Deeds that must not overlap wait for each other: each holds a number until its transaction ends."""

from typing import Final

from django.db import OperationalError, connection, transaction

from core.errors import Conflict

LOCK_NOT_AVAILABLE: Final = "55P03"


def hold(number: int, *, busy: str) -> None:
    """Be the only one who holds a number, until the end of the transaction; wait while somebody else does.

    Raises Conflict with the sentence `busy` when they hold it for longer than anybody waits; the transaction goes on.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
            raise
        raise Conflict(busy) from error
