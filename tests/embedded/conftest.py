"""Servers of these tests' own, in directories of their own: nothing here touches the project's `.data`."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from haier_market.embedded import processes
from haier_market.embedded.places import PROJECT, Places

OWN = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BID_KEY", "PAYOUT_KEY", "MARKET_ENV", "DATA_DIR"}


def bare_environment() -> dict[str, str]:
    """The caller's environment without the addresses and keys of the servers that run these tests."""
    return {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in OWN}


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def processes_of(root: Path) -> list[psutil.Process]:
    """Every living process that names the directory on its command line or works in it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and (str(root) in words or str(root) in process.cwd()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def children_of(pid: int, program: str = "") -> list[psutil.Process]:
    """Its living descendants, all or those of one program."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may end while it is looked at
            if processes.lives(process) and process.name().startswith(program):
                found.append(process)
    return found


def server_process(root: Path, program: str) -> psutil.Process:
    """The running server itself: `postgres` (the parent of its backends) or `valkey-server`."""
    parents = {}
    for process in processes_of(root):
        with suppress(psutil.NoSuchProcess):  # a backend may end while it is looked at
            if process.name().startswith(program):
                parents[process] = process.ppid()
    pids = {process.pid for process in parents}
    tops = [process for process, parent in parents.items() if parent not in pids]
    assert len(tops) == 1, tops
    return tops[0]


def execute(root: Path, *command: str) -> "subprocess.Popen[str]":
    """`python -m haier_market.embedded exec` over the directory, as a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "haier_market.embedded",
            "exec",
            "--profile",
            "demo",
            "--data",
            str(root),
            "--",
            *command,
        ],
        cwd=PROJECT,
        env=bare_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def entered_by_all() -> Iterator[Path]:
    """A directory that every user may enter, as a project's usually is; at the end nothing works in it."""
    root = Path(tempfile.mkdtemp(prefix="haier-market-test-")).resolve()
    root.chmod(0o755)
    yield root
    wait_until(lambda: not processes_of(root))
    shutil.rmtree(root)


@pytest.fixture
def open_root() -> Iterator[Path]:
    with entered_by_all() as root:
        yield root


@pytest.fixture
def places(open_root: Path) -> Places:
    return Places("demo", open_root)
