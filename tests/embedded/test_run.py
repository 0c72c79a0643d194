"""`make run`, as the person in front of it meets it."""

import contextlib
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from haier_market import run as product_run
from haier_market.embedded import processes
from haier_market.embedded.places import PROJECT
from haier_market.run import CAST, Failure, Stop, wanted_port
from tests.embedded.conftest import (
    bare_environment,
    children_of,
    processes_of,
    server_process,
    wait_until,
)
from tests.embedded.market import Run, running


def test_the_port_is_8000_unless_chosen() -> None:
    free = processes.free_port()
    assert wanted_port({"PORT": str(free)}) == free


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "８０００"])
def test_a_port_that_is_none_is_said(port: str) -> None:
    with pytest.raises(Failure, match="PORT must be a number from 1 to 65535"):
        wanted_port({"PORT": port})


def test_a_taken_port_is_said_with_one_that_is_free_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "haier_market.run", "--data", str(tmp_path / "data")],
            cwd=PROJECT,
            env=bare_environment() | {"PORT": str(port)},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert re.fullmatch(
        rf"Port {port} is taken by another program\. Choose another, for example this one, which is free: "
        r"make run PORT=\d+\n",
        done.stdout,
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.timeout(600)
def test_it_opens_survives_every_kill_and_leaves_nothing_behind(lasting_root: Path, tmp_path: Path) -> None:
    with running(lasting_root, tmp_path / "first") as run:
        run.wait_for(f"\nReady: http://127.0.0.1:{run.port}\n")
        assert run.status("/livez") == run.status("/readyz") == run.status("/accounts/login/") == 200
        run.wait_for(CAST[-1][0])
        for address, _phrase in CAST:
            assert address in run.said()
        assert "market-demo" in run.said()

        worker = run.child("worker")
        pool = children_of(worker.pid)
        worker.kill()
        run.wait_for("The worker ended by itself (SIGKILL)")
        wait_until(lambda: not any(processes.lives(child) for child in pool))
        wait_until(lambda: run.child("worker").pid != worker.pid)

        server_process(lasting_root, "postgres").kill()
        run.wait_for("PostgreSQL had ended by itself")
        server_process(lasting_root, "valkey-server").kill()
        run.wait_for("Valkey had ended by itself")
        wait_until(lambda: run.status("/readyz") == 200)

        run.child("gunicorn").kill()
        run.wait_for("The web server ended by itself (SIGKILL)")
        wait_until(lambda: run.status("/readyz") == 200)
        second = Run(lasting_root, tmp_path / "second")
        assert second.process.wait(60) == 1
        assert f"already running at http://127.0.0.1:{run.port}" in second.said()
    assert run.process.returncode == 0
    assert run.said().endswith("Stopped.\n")
    assert processes_of(lasting_root) == []
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", run.port))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_nothing_survives_when_it_is_killed_itself_and_the_next_start_finds_everything(
    lasting_root: Path, tmp_path: Path
) -> None:
    first = Run(lasting_root, tmp_path / "first")
    first.wait_for("\nReady: ")
    family = children_of(first.process.pid)
    first.process.kill()
    first.process.wait()
    wait_until(lambda: not any(processes.lives(process) for process in family), 60)
    wait_until(lambda: processes_of(lasting_root) == [], 60)
    with running(lasting_root, tmp_path / "again") as again:
        again.wait_for("\nReady: ")
        assert again.status("/readyz") == 200
    assert again.process.returncode == 0


def test_who_asks_for_the_end_is_heard_a_moment_later_where_python_swallows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(product_run, "_ASKED", asked)
    product_run._pause()
    with contextlib.suppress(Stop):  # as around a fork, whose hooks report what is raised in them and go on
        product_run._ask_to_stop()
    with pytest.raises(Stop):
        product_run._pause()
