"""Processes: tied to their parent, known by more than a number before a signal is sent, ended politely first."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from haier_market.embedded.accounts import Account

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(number: signal.Signals, parent: int) -> None:
    """Ask the kernel to send `number` to this process when its parent dies (Linux; elsewhere nothing happens).

    The parent may already be gone when this runs: then the signal would never come, so the process ends here.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def tether(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` for Popen. It runs after the change of user, which would clear the kernel's promise."""
    parent = os.getpid()
    return lambda: end_with_parent(number, parent)


def start(
    command: Sequence[str],
    *,
    log: Path,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    given: str = "",
    when_orphaned: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own (a terminal's Ctrl-C does not reach it), writing to `log`.

    `given` is written to its standard input. Call it from the main thread: the kernel's promise is tied to the thread.
    """
    with log_file(log) as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
            preexec_fn=tether(when_orphaned),
            **(account.for_popen() if account else {}),
        )
    if process.stdin is not None:
        with process.stdin as stream:
            stream.write(given.encode())
    return process


def log_file(path: Path, *, largest: int = 5_000_000) -> "_Appending":
    """An open log to append to; one that has grown past `largest` bytes is kept once, under `.1`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > largest:
        path.replace(path.with_name(path.name + ".1"))
    elif path.exists() and not os.access(path, os.W_OK):
        path.unlink()  # another user's leftover in a directory of ours
    return _Appending(path)


class _Appending:
    """A log file as a context manager that yields its descriptor."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def stop(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal and wait its seconds; at the end nothing of the process's own session is left.

    A negative result of a step is only that the next one follows; the last resort is always SIGKILL for the session.
    """
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    end_session(process)


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the child has ended, without collecting it: until it is collected its number cannot become another's."""
    if process.returncode is not None:
        return True
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def end_session(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of a child's session (pool processes of a dead worker) and collect the child: its exit code."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        return process.wait()
    return process.returncode


def alive(pid: int) -> psutil.Process | None:
    """The running process of that number. A zombie is not alive: nobody may be there to collect it."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
    return process if lives(process) else None


def lives(process: psutil.Process) -> bool:
    """Whether it runs still; it may end at any moment, also while it is asked."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_of(process: psutil.Process) -> list[str]:
    """Its command line; empty when it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def tell(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to whoever is still there to hear it."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def shows(process: psutil.Process, directory: Path) -> bool:
    """Whether the process names the directory on its command line or works in it: only then it is ours to end."""
    try:
        return str(directory) in process.cmdline() or process.cwd() == str(directory)
    except psutil.Error:
        return False


def end_if_ours(pid: int, directory: Path, *steps: tuple[signal.Signals, float]) -> None:
    """End a process that is no child of ours, after it has shown our directory; any other is left alone."""
    for number, seconds in steps:
        process = alive(pid)
        if process is None or not shows(process, directory):
            return
        tell(process, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and alive(pid) is not None:
            time.sleep(0.05)


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody listens there on 127.0.0.1, otherwise one that the operating system chooses."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise OSError("no free port on 127.0.0.1")
