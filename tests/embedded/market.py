"""`make run` in a directory and on a port of a test's own."""

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from haier_market.embedded import processes
from haier_market.embedded.places import PROJECT
from tests.embedded.conftest import bare_environment, entered_by_all, wait_until

SMALL = "--people 90 --microenterprises 6 --days 2"


@pytest.fixture(scope="session")
def lasting_root() -> Iterator[Path]:
    """The directory of a market that several tests start, one after the other; the first makes the company."""
    with entered_by_all() as root:
        yield root


class Run:
    """A `make run` of the test's own, with what it said so far."""

    def __init__(self, root: Path, output: Path, company: str = SMALL, extra: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.port = processes.free_port()
        self._output = output
        with output.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "haier_market.run", "--data", str(root), "--company", company],
                cwd=PROJECT,
                env=bare_environment() | {"PORT": str(self.port)} | dict(extra or {}),
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self._output.read_text()

    def wait_for(self, words: str, seconds: float = 300) -> None:
        wait_until(lambda: words in self.said() or self.process.poll() is not None, seconds)
        assert words in self.said(), self.said()

    def child(self, *words: str) -> psutil.Process:
        """The direct child whose command line has all the words; waited for while it is being started again."""
        found: list[psutil.Process] = []

        def is_one() -> bool:
            children = psutil.Process(self.process.pid).children()
            found[:] = [child for child in children if set(words) <= set(processes.command_of(child))]
            return len(found) == 1

        wait_until(is_one)
        return found[0]

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return int(answer.status)
        except OSError:
            return 0


@contextmanager
def running(root: Path, output: Path, company: str = SMALL, extra: Mapping[str, str] | None = None) -> Iterator[Run]:
    """A run that is stopped in order at the end, whatever happened in between. extra: for its environment."""
    run = Run(root, output, company, extra)
    try:
        yield run
    finally:
        run.process.send_signal(signal.SIGTERM)
        run.process.wait(90)
