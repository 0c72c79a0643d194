"""The product's own processes under `make run`: started, watched, started again with a sentence, stopped in order."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from haier_market.embedded import processes

_QUICK = 5.0
_LONGEST_REST = 30.0


@dataclass
class Child:
    """One long-running process: what it is called in sentences, how it is started, how it is asked to stop."""

    title: str
    command: Sequence[str]
    log: Path
    patience: float = 20.0
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    due: float = 0.0
    quick_deaths: int = 0

    def start(self, environment: Mapping[str, str], folder: Path) -> None:
        self.process = processes.start(self.command, log=self.log, environment=environment, folder=folder)
        self.started = time.monotonic()

    def collect(self) -> str:
        """After it ended: kill what is left of it, plan the next start, and the sentence that says so."""
        if self.process is None:
            raise RuntimeError("only a started child can end")
        code = processes.end_session(self.process)
        self.process = None
        quick = time.monotonic() - self.started < _QUICK
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        rest = min(_LONGEST_REST, 2.0 ** (self.quick_deaths - 2)) if self.quick_deaths > 1 else 0.0
        self.due = time.monotonic() + rest
        when = f"in {rest:.0f} s" if rest else "now"
        return f"The {self.title} ended by itself ({_cause(code)}); it is started again {when}. Its log: {self.log}"

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, (signal.SIGTERM, self.patience))
            self.process = None


class Supervisor:
    """Keeps children running while `look` is called; `stop` ends them, the last started first."""

    def __init__(
        self, children: Sequence[Child], environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
    ) -> None:
        self._children = list(children)
        self._environment = environment
        self._folder = folder
        self._say = say

    def start(self) -> None:
        for child in self._children:
            child.start(self._environment, self._folder)

    def look(self) -> None:
        """Notice what ended, start what is due."""
        for child in self._children:
            if child.process is not None and processes.ended(child.process):
                self._say(child.collect())
            if child.process is None and time.monotonic() >= child.due:
                child.start(self._environment, self._folder)

    def failing(self) -> Child | None:
        """A child that ends again and again, right after each start."""
        return next((child for child in self._children if child.quick_deaths >= 3), None)

    def stop(self) -> None:
        for child in reversed(self._children):
            child.stop()


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
