"""The product as `make run` starts it, for the walk: its own directory, port and small company.

What a person cannot do in a browser and the walk still needs is here and nowhere else: moving the clock, as
`make manage ARGS="clock --forward 1d"` does, and proving the books.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from haier_market.embedded.places import PROJECT
from tests.embedded.conftest import bare_environment, processes_of, wait_until
from tests.embedded.market import running

SHANGHAI = ZoneInfo("Asia/Shanghai")
RUNNING = "WALK_AT"
"""For work on the walk itself: `WALK_AT="http://127.0.0.1:8000 .data"` walks on a market that runs already."""


class Market:
    """A market that answers at `address` and keeps its data in `root`."""

    def __init__(self, address: str, root: Path) -> None:
        self.address = address
        self._root = root
        self._ahead = self._read_clock()

    def now(self) -> datetime:
        """What the market's clock shows, in the company's zone, to a second or two."""
        return datetime.now(UTC).astimezone(SHANGHAI) + self._ahead

    def forward(self, step: str) -> None:
        """Move the demo's clock ahead: `1d`, `3h`."""
        self._ahead = self._read_clock("--forward", step)

    def from_tomorrow(self, parameter: str, value: int) -> None:
        """Let a dated parameter hold from the market's next date on, as its owner writes it down: no page does."""
        day = (self.now() + timedelta(days=1)).date().isoformat()
        row = f"name={parameter!r}, holds_from={day!r}, defaults={{'value': {value}, 'note': 'The walk.'}}"
        self._manage("shell", "-c", f"from core.models import Parameter; Parameter.objects.update_or_create({row})")

    def check_books(self) -> str:
        """What `check_books` prints; it fails when the books do not hold."""
        return self._manage("check_books")

    def _read_clock(self, *arguments: str) -> timedelta:
        shown = datetime.fromisoformat(self._manage("clock", *arguments).strip())
        return shown - datetime.now(UTC)

    def _manage(self, *arguments: str) -> str:
        """What `make manage` runs, in this market's directory."""
        served = ["-m", "haier_market.embedded", "exec", "--profile", "demo", "--data", str(self._root), "--"]
        done = subprocess.run(
            [sys.executable, *served, sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=bare_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def open_market(root: Path) -> Iterator[Market]:
    """The market in a directory of the tests' own, stopped at the end without a process left behind."""
    if known := os.environ.get(RUNNING):
        address, directory = known.split()
        yield Market(address, Path(directory).resolve())
        return
    with running(root, root / "said") as run:
        run.wait_for(f"\nReady: http://127.0.0.1:{run.port}\n")
        yield Market(f"http://127.0.0.1:{run.port}", root)
    assert run.process.returncode == 0, run.said()
    wait_until(lambda: not processes_of(root))
