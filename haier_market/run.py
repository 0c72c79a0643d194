"""`make run`: the whole market on this machine, from nothing to a page that answers, until Ctrl-C.

It holds the embedded servers, prepares the database, starts the three processes of the product (web, worker, beat) and
keeps them running. What production does instead is `docker-compose.yml`; no settings and no business belong here.
"""

import argparse
import contextlib
import hashlib
import http.client
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Never

from haier_market import catalogues
from haier_market.embedded import EmbeddedError, Services, processes
from haier_market.embedded.locks import FileLock
from haier_market.embedded.places import DATA, PROJECT, Places
from haier_market.embedded.supervisor import Child, Supervisor

PASSWORD = "market-demo"  # noqa: S105  # the demo's password is meant to be read
CAST = (
    ("lin@haier.example", "leads Blue Kettle and posts a project"),
    ("noor@haier.example", "of Blue Kettle, accepts deliveries"),
    ("amara@haier.example", "leads Cold Chain and bids"),
    ("teo@haier.example", "leads a rival of Cold Chain"),
    ("mei@haier.example", "a member of Cold Chain, has a statement"),
    ("sol@haier.example", "is in the talent pool, leads a team that bids and may publish an idea"),
    ("ada@haier.example", "is the steward"),
    ("rui@haier.example", "is the auditor, reads all and changes nothing"),
    ("fay@haier.example", "is finance"),
    ("ines@haier.example", "is finance too: who prepares a payout does not mark it as paid"),
    ("hua@haier.example", "is HR, works in the admin"),
    ("vera@nordfrost.example", "is an outside vendor and sees what she is invited to"),
)
_ANSWER_SECONDS = 120.0
_PAUSE = 0.25
_ASKED: list[bool] = []
"""Not empty from when somebody asked for the end. A list, because a signal may come while anything else is held."""


class Stop(BaseException):
    """Somebody asked for the end: Ctrl-C or SIGTERM. Not an Exception, so that nothing on the way swallows it."""


class Failure(Exception):  # it is the end of the run with a sentence, not a programming error
    """The market cannot run; the text says why and what to do."""


def main() -> int:
    """0 after Ctrl-C or SIGTERM, 1 when the market cannot run."""
    options = _options()
    if options.end_with_parent:
        processes.end_with_parent(signal.SIGTERM, os.getppid())
    _listen_for_the_end()
    places = Places("demo", options.data.resolve())
    try:
        port = wanted_port(os.environ)
        places.prepare()
        with FileLock(places.lock("run")) as only_one:
            _claim(only_one, port)
            _serve(places, port, options.company.split())
    except (EmbeddedError, Failure) as problem:
        say(str(problem))
        return 1
    except Stop:
        say("Stopped.")
    return 0


def say(sentence: str, *, end: str = "\n") -> None:
    """To the terminal, if it is still there."""
    with contextlib.suppress(OSError):
        print(sentence, end=end, flush=True)


def wanted_port(environment: Mapping[str, str]) -> int:
    """The web port from PORT (8000 when unset), free at this moment. Raises Failure."""
    text = environment.get("PORT") or "8000"
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise Failure(f"PORT must be a number from 1 to 65535, not {text!r}. Example: make run PORT=8001")
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Failure(f"Port {port} is reserved for the system. Choose another: make run PORT=8001") from None
        except OSError:
            raise Failure(
                f"Port {port} is taken by another program. Choose another, for example this one, which is free: "
                f"make run PORT={processes.free_port()}"
            ) from None
    return port


def _claim(lock: FileLock, port: int) -> None:
    """Two at once would share one database and run every nightly job twice."""
    if not lock.try_alone():
        raise Failure(
            f"The market is already running at {lock.path.read_text().strip() or 'another port'}. "
            "Use that one, or stop it first with Ctrl-C."
        )
    lock.write(_address(port))


def _serve(places: Places, port: int, company: list[str]) -> None:
    began = time.monotonic()
    services = Services(places, say=say)
    try:
        with _step("Starting the database and the broker"):
            services.__enter__()
            services.environment.setdefault("PUBLIC_URL", _address(port))
            # Of its own: another market of the same checkout may collect at this moment.
            services.environment.setdefault("STATIC_ROOT", str(places.directory / "static"))
        _prepare(places, services.environment, company)
        supervisor = Supervisor(_children(places, port), services.environment, PROJECT, say)
        try:
            with _step("Starting the web server, the worker and the clock"):
                supervisor.start()
                _wait_until_it_answers(port, supervisor, places.logs)
            _greet(places, port, time.monotonic() - began)
            _watch(supervisor, services)
        finally:
            _ignore_the_impatient()
            with _step("Stopping the clock, the worker and the web server"):
                supervisor.stop()
    finally:
        with _step("Stopping the database and the broker"):
            services.leave()


def _prepare(places: Places, environment: Mapping[str, str], company: list[str]) -> None:
    """Catalogues, tables, a company and the collected files; these last beside the others, on the second core."""
    with _step("Compiling the message catalogues"):
        _compile_catalogues()
    collecting = _begin_to_collect(places, environment)
    try:
        with _step("Bringing the tables up to date"):
            Command(["migrate", "--noinput"], environment, places.logs).finish()
        with _step("Making sure that a company lives in it (half a minute the first time)"):
            Command(["seed_company", "--if-empty", *company], environment, places.logs).finish()
        if collecting is not None:
            with _step("Collecting stylesheets, scripts and icons"):
                collecting.finish()
                _stamp(places).write_text(_static_fingerprint(environment))
    except BaseException:
        if collecting is not None:
            collecting.stop()
        raise


def _compile_catalogues() -> None:
    problems = [problem for outcome in catalogues.compile_all() for problem in outcome.problems]
    if problems:
        raise Failure("\n".join(problems))


class Command:
    """A management command in a process of its own, its output in a log."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], logs: Path) -> None:
        self._words = " ".join(arguments)
        self._log = logs / f"{arguments[0]}.log"
        command = [sys.executable, "manage.py", *arguments]
        self._process = processes.start(command, log=self._log, environment=environment, folder=PROJECT)

    def finish(self) -> None:
        """Wait for its end. Raises Failure with the log's last lines."""
        try:
            code = self._process.wait()
        except BaseException:
            self.stop()
            raise
        if code:
            raise Failure(f"\n{_end_of(self._log)}\n`manage.py {self._words}` failed; the whole log: {self._log}")

    def stop(self) -> None:
        processes.stop(self._process, (signal.SIGTERM, 10.0))


def _begin_to_collect(places: Places, environment: Mapping[str, str]) -> Command | None:
    """None when nothing to collect changed since the last time."""
    stamp = _stamp(places)
    if _static_root(environment).is_dir() and stamp.exists():
        if stamp.read_text() == _static_fingerprint(environment):
            return None
        stamp.unlink()
    return Command(["collectstatic", "--noinput"], environment, places.logs)


def _stamp(places: Places) -> Path:
    return places.directory / "static.stamp"


def _static_root(environment: Mapping[str, str]) -> Path:
    return Path(environment["STATIC_ROOT"])


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _static_fingerprint(environment: Mapping[str, str]) -> str:
    """Names, sizes and times of our own files; the packages' files change only with the locked requirements."""
    digest = hashlib.sha256((PROJECT / "requirements" / "runtime.txt").read_bytes())
    digest.update(f"{_static_root(environment)}\n".encode())
    for path in sorted([*PROJECT.glob("static/**/*"), *PROJECT.glob("*/static/**/*")]):
        if path.is_file():
            known = path.stat()
            digest.update(f"{path}\0{known.st_size}\0{known.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _children(places: Places, port: int) -> list[Child]:
    celery = [sys.executable, "-m", "celery", "-A", "haier_market"]
    web = [
        *(sys.executable, "-m", "gunicorn", "haier_market.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"),
        # No access log: a line per request would tell who posted to the address of a sealed bid (rule 2).
        *("--timeout", "120", "--graceful-timeout", "10"),
    ]
    worker = [*celery, "worker", "--loglevel", "INFO", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel", "INFO", "--pidfile="]
    return [
        Child("web server", web, places.logs / "web.log"),
        Child("worker", worker, places.logs / "worker.log"),
        Child("clock", beat, places.logs / "beat.log"),
    ]


def _wait_until_it_answers(port: int, supervisor: Supervisor, logs: Path) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not all(_answers(f"{_address(port)}{path}") for path in ("/livez", "/accounts/login/")):
        supervisor.look()
        if child := supervisor.failing():
            raise Failure(
                f"\n{_end_of(child.log)}\nThe {child.title} ends right after each start; the whole log: {child.log}"
            )
        if time.monotonic() > deadline:
            raise Failure(f"The site does not answer; the logs in {logs} say why.")
        _pause()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  # our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False


def _greet(places: Places, port: int, seconds: float) -> None:
    say(f"The market is open after {seconds:.0f} s. Ctrl-C closes it; its data stay in {places.directory}.")
    say(f"Ready: {_address(port)}")
    say(f"Sign in with the password {PASSWORD} as:")
    for address, phrase in CAST:
        say(f"  {address:<22}  {phrase}")


def _watch(supervisor: Supervisor, services: Services) -> Never:
    while True:
        supervisor.look()
        for title in services.mend():
            say(f"{title} had ended by itself; it was started again and nothing that it confirmed is lost.")
        _pause()


@contextlib.contextmanager
def _step(sentence: str) -> Iterator[None]:
    began = time.monotonic()
    say(f"{sentence}...", end="")
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f" {time.monotonic() - began:.1f} s")


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m haier_market.run", description=__doc__)
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the program that started this ends")
    parser.add_argument("--data", type=Path, default=DATA, help="where everything is kept (default: .data)")
    parser.add_argument("--company", default="", help="arguments for seed_company, for example '--people 60'")
    return parser.parse_args()


def _listen_for_the_end() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means to go on
            signal.signal(number, _ask_to_stop)


def _ignore_the_impatient() -> None:
    """From here on it ends in order; another Ctrl-C must not cut that short and leave something half-stopped."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _ask_to_stop(*_: object) -> Never:
    _ASKED.append(True)
    raise Stop


def _pause() -> None:
    """A moment. Raises Stop where it was asked for and lost: Python lets nothing out of what it calls around a fork."""
    time.sleep(_PAUSE)
    if _ASKED:
        raise Stop


if __name__ == "__main__":
    sys.exit(main())
