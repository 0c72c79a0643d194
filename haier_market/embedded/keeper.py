"""The keeper: one small process per server that owns it for as long as anybody holds it.

The server is the keeper's child, so a crash is seen at once and no process number is ever guessed. Holders share one
file lock; when the keeper gets that lock alone, nobody is left, whether they said goodbye or were killed, and the
server is stopped. If the keeper itself is killed, the kernel ends the server in order.
"""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Never

from haier_market.embedded import processes
from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.locks import FileLock
from haier_market.embedded.server import Server

READY = "ready"
_PAUSE = 0.2
_START_SECONDS = 180.0  # a long log to replay after a crash is not a failure
_LONGEST_REST = 15.0


class Keeper:
    """Starts, watches and stops one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._life = FileLock(server.places.lock(f"{server.name}-keeper"))
        self._holders = FileLock(server.places.lock(f"{server.name}-holders"))
        self._asked_to_stop = False

    def run(self) -> int:
        """Keep the server until nobody holds it; 0, or 1 after saying on standard output what went wrong."""
        signal.signal(signal.SIGTERM, self._stop_soon)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not self._life.try_alone():
            _tell(READY)  # another keeper was quicker
            return 0
        self._life.write(f"{os.getpid()}\n")
        try:
            self._server.prepare()
            process, port = self._first_start()
        except EmbeddedError as problem:
            _tell(str(problem))
            return 1
        _tell(READY)
        self._watch(process, port)
        return 0

    def _first_start(self) -> tuple[subprocess.Popen[bytes], int]:
        """On the port of last time if it is free, else on another; again if somebody takes it in between."""
        for wanted in (self._server.port(), 0, 0):
            port = processes.free_port(wanted)
            process = self._server.launch(port)
            if self._furnished(process, port):
                self._server.note_start(port)
                return process, port
            self._server.stop(process)
        raise EmbeddedError(f"{self._server.name} did not start. Its log says why: {self._server.log}")

    def _furnished(self, process: subprocess.Popen[bytes], port: int) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None and not self._asked_to_stop:
            try:
                if self._server.furnish(port):
                    return True
            except EmbeddedError:
                self._server.stop(process)
                raise
            time.sleep(0.05)
        return False

    def _watch(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Until nobody holds it. The port stays the same: holders have it in their environment."""
        rest = 0.0
        while not self._asked_to_stop and not self._holders.try_alone():
            if not processes.ended(process):
                time.sleep(_PAUSE)
                continue
            code = processes.end_session(process)
            self._note(f"{self._server.name} ended by itself (code {code}); it is started again.")
            time.sleep(rest)
            process = self._server.launch(port)
            rest = 0.0 if self._furnished_quietly(process, port) else min(_LONGEST_REST, rest * 2 + 0.5)
        self._server.stop(process)

    def _furnished_quietly(self, process: subprocess.Popen[bytes], port: int) -> bool:
        try:
            furnished = self._furnished(process, port)
        except EmbeddedError as problem:
            self._note(str(problem))
            return False
        if furnished:
            self._server.note_start(port)
        return furnished

    def _note(self, sentence: str) -> None:
        with processes.log_file(self._server.log) as log:
            os.write(log, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} keeper: {sentence}\n".encode())

    def _stop_soon(self, *_: object) -> None:
        self._asked_to_stop = True


def _tell(sentence: str) -> None:
    """One line to the holder that started this keeper, then silence: the pipe must not outlive the answer."""
    os.write(1, f"{sentence}\n".encode())
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)


def keep(server: Server) -> Never:
    """Run a keeper as this process."""
    sys.exit(Keeper(server).run())
