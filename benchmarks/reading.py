"""Reading books with a long history: trial balance, a member's statement, the proofs of everything."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from benchmarks import pages, settling
from benchmarks.tables import median
from ledger import days, proofs, queries, trial
from ledger.accounts import Kind
from ledger.models import BusinessDay
from microenterprises.models import Membership
from people.models import User


@dataclass(frozen=True)
class Read:
    """One reading. seconds: of each round, in the whole; database: of its statements, as the server says."""

    name: str
    seconds: list[float]
    database: list[float]
    records: int


def measure(rows: str, rounds: int, requests: int) -> tuple[list[Read], list[float], list[pages.Measured]]:
    """Readings, L of each round, and the pages. rows: the lines of one night, for L; requests: of each page.

    Ten million lines were written within minutes; what the server's autovacuum does between two nights of a company is
    done first.
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    day = days.sealed_through()
    assert day is not None, "nothing is sealed that could be read"
    member = Membership.objects.filter(ended_on=None, weight__gt=0).select_related("microenterprise").order_by("number")
    seat = member[0]
    readings: dict[str, Callable[[], int]] = {
        "trial balance of the last night": lambda: sum(1 for _ in trial.trial_balance(day)),
        "trial balance of today, with today's lines": lambda: sum(1 for _ in trial.trial_balance(days.open_date())),
        "a member's account, 50 lines with their balances": lambda: len(
            queries.statement(seat.microenterprise.entity_id, Kind.PAYABLE, seat.person.party)
        ),
    }
    settling.earn()
    found = {name: Read(name, [], [], read()) for name, read in readings.items()}
    copies = []
    for _ in range(rounds):
        copies.append(median([seconds for seconds, _ in settling.copy(rows, 3)]))
        for name, read in readings.items():
            start = time.perf_counter()
            read()
            found[name].seconds.append(time.perf_counter() - start)
            found[name].database.append(in_database(read))
    shown = pages.compare(
        pages.of_user(User.objects.get(pk=seat.person_id), {"statement of a member": "/statements/"})
        | pages.of_user(User.objects.get(email="fay@haier.example"), {"trial balance": "/settlement/books/"}),
        requests,
    )
    return list(found.values()), copies, shown


def in_database(read: Callable[[], object]) -> float:
    """Seconds that the server spends on the statements of a reading: each is explained with its values after it; one
    that it keeps with the plan that it keeps.
    """
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
        asked.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        read()
    seconds = 0.0
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, values in asked:
            if sql.lstrip().upper().startswith(("SELECT", "WITH", "EXECUTE")):
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) {sql}", values)
                told = cursor.fetchone()[0]
                plan = (json.loads(told) if isinstance(told, str) else told)[0]
                seconds += (plan["Planning Time"] + plan["Execution Time"]) / 1000
    return seconds


# --- Proofs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proved:
    """How long a proof took, over how many lines."""

    name: str
    seconds: float
    lines: int


def prove() -> list[Proved]:
    """Prove everything with `check_books`, and the last night alone as its seal does."""
    day = days.sealed_through()
    assert day is not None, "nothing is sealed that could be proved"
    before = BusinessDay.objects.filter(date__lt=day).order_by("-date").first()
    opened = before.accounts_through if before else None
    return [
        _proved(
            "check_books, every line",
            settling.lines_of_history(),
            partial(call_command, "check_books", stdout=StringIO()),
        ),
        _proved(
            "the last night alone, as its seal proves it",
            proofs.totals(day, day).lines,
            partial(proofs.sound_day, day, accounts_after=opened),
        ),
    ]


def _proved(name: str, lines: int, prove_it: Callable[[], object]) -> Proved:
    start = time.perf_counter()
    prove_it()
    return Proved(name, time.perf_counter() - start, lines)
