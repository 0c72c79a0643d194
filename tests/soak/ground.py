"""Servers of the test's own that may be killed, two databases with the same company, and workers that are only forked.

Django is loaded once, in the process of the tests; a worker is a fork of it with a connection of its own. Starting
Python for each of hundreds of kills would take longer than the nights.
"""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Never
from urllib.parse import urlsplit

import psutil
import psycopg2
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import override_settings
from django.urls import get_resolver

from core.clock import business_date
from haier_market.embedded import processes
from haier_market.embedded.places import Places
from haier_market.embedded.services import Services
from tests.embedded.conftest import bare_environment, entered_by_all, wait_until
from tests.soak import company
from tests.soak.stages import ELSEWHERE, Board

_TEMPLATE: Final = "market"
_BACK_AGAIN: Final = 60.0


@dataclass
class Worker:
    """A forked process that works on one database."""

    pid: int
    born: float
    code: int | None = None

    def ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def wait(self, seconds: float = 120.0) -> int:
        deadline = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"a worker did not end within {seconds:.0f} s")
            time.sleep(0.001)
        return self.code or 0

    def kill(self) -> None:
        """kill -9; it is gone when this returns."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Ground:
    """Where the kills happen."""

    def __init__(self, services: Services, root: Path) -> None:
        self.services = services
        self.root = root
        self.board = Board(root / "board")
        self.log = root / "workers.log"
        self.start = date.max
        self._made = 0

    # --- databases ---

    def address(self, database: str) -> str:
        return self.services.environment["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database}"

    def prepare(self) -> None:
        """Tables and a company, in the database that the others are copied from."""
        self.done(self.fork(_TEMPLATE, lambda: call_command("migrate", verbosity=0)))
        self.start = company.first_date(business_date_of(self.address(_TEMPLATE)))
        self.done(self.fork(_TEMPLATE, lambda: company.found(self.start)))

    def warm_up(self, work: Callable[[], object]) -> None:
        """Let this process do it once, so that its forks need not load and compile everything again."""
        connection.settings_dict["NAME"] = self.copy("warm")
        company.live_through(self.start, 0)
        work()
        connections.close_all()

    def copy(self, name: str) -> str:
        """A database with the company as it was founded; its name."""
        self._made += 1
        name = f"{name}_{self._made}"
        with closing(psycopg2.connect(self.address("postgres"))) as server:
            server.autocommit = True
            with server.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    # --- workers ---

    def fork(self, database: str, work: Callable[[], object]) -> Worker:
        """Do the work on the database in a process of its own, with the exports of that database in a folder."""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._live(parent, database, work)
        return Worker(pid, time.monotonic())

    def done(self, worker: Worker) -> float:
        """Wait until a worker did its work; how long it took. Raises AssertionError when it failed."""
        assert worker.wait() == 0, f"a worker failed:\n{self.last_words()}"
        return time.monotonic() - worker.born

    def exports(self, database: str) -> Path:
        return self.root / "exports" / database

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:]) if self.log.exists() else ""

    def _live(self, parent: int, database: str, work: Callable[[], object]) -> Never:
        code = 1
        try:
            processes.end_with_parent(signal.SIGKILL, parent)
            said = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(said, 1)
            os.dup2(said, 2)
            sys.stdout = sys.stderr = os.fdopen(said, "w", buffering=1)
            self.board.say(ELSEWHERE)
            connection.settings_dict["NAME"] = database
            with override_settings(EXPORTS_DIR=self.exports(database)):
                work()
            code = 0
        except BaseException:  # noqa: BLE001  # nothing of a fork may go on as the parent
            traceback.print_exc()
        finally:
            os._exit(code)

    # --- servers ---

    def server(self, program: str) -> psutil.Process:
        """The running server: what its keeper started last."""
        holder = next(h for h in self.services.holders if program.startswith(h.server.name))
        keeper = psutil.Process(int(holder.server.places.lock(f"{holder.server.name}-keeper").read_text()))
        return next(child for child in keeper.children() if child.name().startswith(program))

    def kill_server(self, server: psutil.Process) -> None:
        """The server and everything it started, at one blow."""
        for process in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def wait_for_postgres(self) -> None:
        wait_until(lambda: self._answers(), _BACK_AGAIN)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.address(_TEMPLATE), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True


def business_date_of(address: str) -> date:
    """The company's date in a database, asked without Django."""
    now = company.ask(address, "SELECT market_now()")[0][0]
    return business_date(now)


def _recover_quickly(services: Services) -> None:
    """From its next start on. A server that crashed otherwise syncs thousands of files of three databases one by one,
    which takes it up to a minute on a busy disk and is nothing that is tested here."""
    (postgres,) = (holder.server for holder in services.holders if holder.server.name == "postgres")
    with (postgres.home.data / "postgresql.auto.conf").open("a") as file:
        file.write("recovery_init_sync_method = syncfs\n")


@contextmanager
def own_ground() -> Iterator[Ground]:
    """Servers in a directory of their own; Django's connection leads to them until the block ends."""
    connections.close_all()
    before = dict(connection.settings_dict)
    with entered_by_all() as root, Services(Places("demo", root), given=bare_environment()) as services:
        _recover_quickly(services)
        parts = urlsplit(services.environment["DATABASE_URL"])
        connection.settings_dict |= {
            "NAME": _TEMPLATE,
            "USER": parts.username,
            "PASSWORD": parts.password,
            "HOST": parts.hostname,
            "PORT": parts.port,
        }
        get_resolver().reverse("export_list")  # reads every address and view once, not in each fork
        try:
            ground = Ground(services, root)
            ground.prepare()
            yield ground
        finally:
            connection.settings_dict.update(before)
