"""Holding the servers: the door through which `make run`, `make test` and `make manage` get a database and a broker."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from haier_market.embedded import processes
from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.keeper import READY
from haier_market.embedded.locks import FileLock, is_free
from haier_market.embedded.places import PROJECT, Home, Places
from haier_market.embedded.postgres import Postgres
from haier_market.embedded.secrets import kept_secret
from haier_market.embedded.server import Server
from haier_market.embedded.valkey import Valkey

SERVERS: dict[str, type[Server]] = {"postgres": Postgres, "valkey": Valkey}
SECRETS = ("SECRET_KEY", "BID_KEY", "PAYOUT_KEY")
_PATIENCE = 240.0


def to_terminal(sentence: str) -> None:
    """The usual `say`: standard error, because a management command's own output may go into a file."""
    print(sentence, file=sys.stderr, flush=True)


class Holder:
    """One process's hold on one server."""

    def __init__(self, server: Server, say: Callable[[str], None]) -> None:
        self.server = server
        self._say = say
        self._holders = server.places.lock(f"{server.name}-holders")
        self._keeper = server.places.lock(f"{server.name}-keeper")
        self._hold = FileLock(self._holders)
        self._starting = FileLock(server.places.lock(f"{server.name}-starting"))
        self._child: subprocess.Popen[bytes] | None = None
        self._known_starts = 0

    def come_in(self) -> None:
        """Take hold, and have the server started if nobody keeps it, without waiting for it. Raises EmbeddedError."""
        if not self._hold.wait_shared(_PATIENCE):
            raise EmbeddedError(f"{self.server.name} is being stopped and does not end; see {self.server.log}.")
        self._call_keeper()

    def settle(self) -> None:
        """Wait until the server answers, starting keepers as needed. Raises EmbeddedError."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            self._hear_keeper()
            if self.server.answers():
                self._known_starts = self.server.starts()
                return
            time.sleep(0.05)
            self._call_keeper()
        raise EmbeddedError(f"{self.server.name} does not answer; its log says why: {self.server.log}")

    def mend(self) -> bool:
        """Have a killed keeper replaced; True if the server was started again since the last look."""
        before = self._known_starts
        if is_free(self._keeper):
            self._call_keeper()
            self.settle()
        self._known_starts = self.server.starts()
        return self._known_starts != before

    def leave(self) -> None:
        """Go; the last one turns off the light and waits until it is dark."""
        self._starting.release()
        self._hold.release()
        with FileLock(self._holders) as alone:
            if alone.try_alone():
                self._dismiss_keeper()
            elif alone.try_shared():
                return  # somebody else still holds it
            else:
                alone.wait_shared(60.0)  # the keeper noticed first and is stopping it
        self._collect()

    def _call_keeper(self) -> None:
        """Start a keeper if there is none. Of several that come at once one starts it, the others wait for that.

        A killed keeper lets go of its lock a moment before the kernel calls it ended: ask again every time.
        """
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self._child is not None or not is_free(self._keeper) or not self._starting.try_alone():
            return
        if is_free(self._keeper):
            if self.server.home.note:
                self._say(self.server.home.note)
            self._child = self._spawn()
        else:
            self._starting.release()

    def _hear_keeper(self) -> None:
        """Read what a keeper of ours has to say, once. Raises EmbeddedError."""
        if not self._starting.held or self._child is None or self._child.stdout is None:
            return
        with self._child.stdout as pipe:
            answer = pipe.readline().decode().strip()
        self._starting.release()
        if answer != READY:
            raise EmbeddedError(answer or f"{self.server.name} did not start; see {self.server.log}.")

    def _spawn(self) -> "subprocess.Popen[bytes]":
        places = self.server.places
        command = [sys.executable, "-m", "haier_market.embedded", "keep", self.server.name]
        with processes.log_file(self.server.log) as log:
            return subprocess.Popen(
                [*command, "--profile", places.profile, "--data", str(places.root)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=PROJECT,
                start_new_session=True,
            )

    def _dismiss_keeper(self) -> None:
        """We hold the holders' lock alone: nobody uses the server and nobody can come in before it has stopped."""
        if is_free(self._keeper):
            return
        pid = int(self._keeper.read_text() or 0)
        process = processes.alive(pid) if pid else None
        if process is not None and "haier_market.embedded" in processes.command_of(process):
            processes.tell(process, signal.SIGTERM)
        with FileLock(self._keeper) as gone:
            gone.wait_alone(60.0)

    def _collect(self) -> None:
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(10)
            self._child = None


class Services:
    """Everything a profile needs, held while the `with` block lasts; `environment` is for the processes in it.

    A variable that is already set (or its `_FILE` twin) is used as it is, and nothing is started or made for it.
    """

    def __init__(
        self,
        places: Places,
        *,
        say: Callable[[str], None] = to_terminal,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.places = places
        self.environment: dict[str, str] = dict(os.environ if given is None else given)
        self._say = say
        self._said: set[str] = set()
        self.holders: list[Holder] = []

    def __enter__(self) -> Self:
        self.places.prepare()
        try:
            self._hold_servers()
        except BaseException:
            self.leave()
            raise
        for name in SECRETS:
            if not self._given(name):
                self.environment[name] = kept_secret(self.places.secrets / name.lower())
        self.environment["MARKET_ENV"] = self.places.kind
        self.environment["DATA_DIR"] = str(self.places.directory)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Let go of everything, the database last. Safe to call twice."""
        while self.holders:
            self.holders.pop().leave()

    def mend(self) -> list[str]:
        """Replace keepers that were killed; the titles of the servers that were started again since the last look."""
        return [holder.server.title for holder in self.holders if holder.mend()]

    def _hold_servers(self) -> None:
        for kind in SERVERS.values():
            if not self._given(kind.variable):
                holder = Holder(make_server(kind.name, self.places), self._say_once)
                self.holders.append(holder)
                holder.come_in()
        for holder in self.holders:
            holder.settle()
            self.environment[holder.server.variable] = holder.server.url()

    def _say_once(self, sentence: str) -> None:
        """Both servers have the same to say about their place."""
        if sentence not in self._said:
            self._said.add(sentence)
            self._say(sentence)

    def _given(self, name: str) -> bool:
        return bool(self.environment.get(name) or self.environment.get(f"{name}_FILE"))


def make_server(name: str, places: Places) -> Server:
    home: Home = places.home(name)
    return SERVERS[name](places, home)


def in_use(places: Places) -> bool:
    """Whether anybody holds a server of the profile at this moment."""
    return not all(is_free(places.lock(f"{name}-{role}")) for name in SERVERS for role in ("holders", "keeper"))
