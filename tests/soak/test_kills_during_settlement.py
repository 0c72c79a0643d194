"""The worker, PostgreSQL and Valkey killed in the middle of a night: the run completes and nobody is paid twice."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from haier_market.embedded import processes
from haier_market.embedded.places import PROJECT, Places
from haier_market.embedded.services import Services
from tests.embedded.conftest import bare_environment, children_of, open_root, server_process, wait_until
from tests.embedded.market import Run, running
from tests.soak import quick

__all__ = ["open_root"]  # a fixture
pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

COMPANY = "--people 6000 --microenterprises 600 --days 2"
SMALL_SHARDS = {"DJANGO_SETTINGS_MODULE": quick.SETTINGS, quick.SHARD: "10"}
"""A night of 600 MEs takes half a second: sixty shards leave many moments at which some are done and some are not."""
_TRIES = 4
_IN_THE_MIDDLE = """
    SELECT EXISTS (SELECT FROM settlement_runshard s WHERE s.run_id = r.id AND s.is_done)
    FROM settlement_settlementrun r
    WHERE r.status = 'posting' AND EXISTS (SELECT FROM settlement_runshard s WHERE s.run_id = r.id AND NOT s.is_done)
"""
_PAID_TWICE = """
    SELECT membership_id, business_date FROM settlement_shareline WHERE weight > 0 GROUP BY 1, 2 HAVING count(*) > 1
    UNION ALL
    SELECT microenterprise_id, business_date FROM settlement_outcome WHERE repairs_id IS NULL
    GROUP BY 1, 2 HAVING count(*) > 1
"""
_LINES_OF_EVERY_OUTCOME = """
    SELECT count(*) FROM settlement_outcome o
    WHERE o.shared_minor <> (
        SELECT coalesce(sum(l.amount_minor), 0) FROM settlement_shareline l WHERE l.outcome_id = o.id
    )
"""
_MISSING_NIGHTS = """
    SELECT max(business_date) - min(business_date) + 1 - count(*) FROM settlement_settlementrun
"""


class Books:
    """Questions to the running market's database, and its management commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self._environment["DATABASE_URL"])
        try:
            with connection.cursor() as cursor:
                cursor.execute(question)
                return cursor.fetchall()
        finally:
            connection.close()

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def nights(self) -> int:
        return int(self.rows("SELECT count(*) FROM settlement_settlementrun WHERE status <> 'posting'")[0][0])


def kill_worker(run: Run, _: Path) -> None:
    """The worker and its pool at one blow, so that none of them can finish its shard."""
    worker = run.child("worker")
    for process in [*children_of(worker.pid), worker]:
        processes.tell(process, signal.SIGKILL)


def kill_postgres(_: Run, root: Path) -> None:
    server_process(root, "postgres").kill()


def kill_valkey(_: Run, root: Path) -> None:
    server_process(root, "valkey-server").kill()


def kill_in_the_middle(books: Books, kill: Callable[[], None]) -> bool:
    """Wait for a night with some shards posted and some not, and strike; False if it was over too soon."""
    before = books.nights()
    books.manage("clock", "--forward", "1d")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if any(row[0] for row in books.rows(_IN_THE_MIDDLE)):
            kill()
            return True
        if books.nights() > before:
            return False
    raise AssertionError("the night did not begin")


def test_nights_that_were_cut_off_complete_once(open_root: Path, tmp_path: Path) -> None:
    with running(open_root, tmp_path / "said", COMPANY, SMALL_SHARDS) as run:
        run.wait_for("\nReady: ", 400)
        with Services(Places("demo", open_root), given=bare_environment()) as services:
            books = Books(services.environment)
            wait_until(lambda: not books.rows("SELECT 1 FROM settlement_settlementrun WHERE status = 'posting'"), 200)
            for kill in (kill_worker, kill_postgres, kill_valkey):
                cut_off_a_night(books, partial(kill, run, open_root))
                assert books.rows(_PAID_TWICE) == []
                assert books.rows(_LINES_OF_EVERY_OUTCOME) == [(0,)]
                assert books.rows(_MISSING_NIGHTS) == [(0,)]
            books.manage("check_books")


def cut_off_a_night(books: Books, kill: Callable[[], None]) -> None:
    """Strike in the middle of a night, of one of a few nights if some are over too soon; wait until it completed."""
    for _ in range(_TRIES):
        before = books.nights()
        struck = kill_in_the_middle(books, kill)
        wait_until(partial(all_settled, books, before + 1), 240)
        if struck:
            return
    raise AssertionError("every night was over before it could be cut off")


def all_settled(books: Books, nights: int) -> bool:
    try:
        return books.nights() >= nights
    except psycopg2.OperationalError:  # being started again
        return False
