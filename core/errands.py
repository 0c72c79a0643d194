"""How the clock's errands do many things: one that fails does not stop the others."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import DatabaseError

from core.errors import DomainError

log = logging.getLogger(__name__)
T = TypeVar("T")


def one_by_one(deed: Callable[[T], bool], rows: Iterable[T]) -> int:
    """Do something about each row, in transactions of its own; for how many it returned True.

    A row that a rule or the database refuses does not stop those behind it: it is logged, and tried again next time.
    """
    done = 0
    for row in rows:
        try:
            done += deed(row)
        except (DomainError, DatabaseError):
            log.exception("%s failed for %s", deed.__qualname__, getattr(row, "pk", row))
    return done
