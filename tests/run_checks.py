"""Every check of the house, then pytest: `python -m tests.run_checks` with a database and a broker in the environment.

All checks run, two at a time, whatever fails, and a summary names each before pytest starts; pytest's own closing line
is the last. The exit code is 0 only when everything passed. No test lives here.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import databases
from haier_market.embedded import processes
from haier_market.embedded.places import Places
from tests.examples import AT_LENGTH
from tests.side_by_side import TABLES

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SOAK_SECONDS = 50 * 60
"""On two quiet cores they take less than twenty minutes; a busy machine gets patience."""
SIDE_BY_SIDE = ("--numprocesses", "2", "--dist", "worksteal")
FILE_BY_FILE = ("--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder")
_LAST_WORDS = 30.0
CHECKS_AT_ONCE = 2
MIGRATE = (sys.executable, "manage.py", "migrate", "--noinput")
ROOMS = (
    *("haier_market", "insights", "talent_pool", "settlement", "contracts", "microenterprises", "ledger", "people"),
    *("core", "tests", "benchmarks"),
)
UNFIT = "H005,H015,H044"  # the language comes from a tag; line breaks are djade's; a comparison's corner is empty
TOOLS = {"chromium-headless-shell": "chromium-headless-shell", "hledger": "hledger"}  # program: Debian package


@dataclass(frozen=True)
class Check:
    """One command that must exit with 0."""

    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    title: str
    passed: bool
    seconds: float


def production_environment() -> dict[str, str]:
    """What a company's deployment sets; the keys are of no use anywhere."""
    return {
        "MARKET_ENV": "production",
        "SECRET_KEY": "a-key-for-checking-the-settings-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "BID_KEY": "Y2hlY2stY2hlY2stY2hlY2stY2hlY2stY2hlY2stY2g=",
        "PAYOUT_KEY": "cGF5b3V0LXBheW91dC1wYXlvdXQtcGF5b3V0LXBheW8=",
        "ALLOWED_HOSTS": "market.example",
        "EXPORTS_DIR": "/var/lib/market/exports",
        "CSRF_TRUSTED_ORIGINS": "https://market.example",
    }


def checks() -> list[Check]:
    """In the order they begin: the one that takes longest first, so that nothing waits for it at the end."""
    python = sys.executable
    manage = (python, "manage.py")
    templates = tuple(str(path) for path in sorted(PROJECT.glob("templates/**/*.html")))
    rooms = tuple(room for room in ROOMS if any((PROJECT / room).rglob("*.py")))
    return [
        Check("mypy, strict", (str(BIN / "mypy"), *rooms)),
        Check("ruff: rules", (str(BIN / "ruff"), "check", "--no-cache", ".")),
        Check("ruff: format", (str(BIN / "ruff"), "format", "--no-cache", "--check", ".")),
        Check("djade: templates", (str(BIN / "djade"), "--check", "--target-version", "5.2", *templates)),
        Check("djlint: templates", (str(BIN / "djlint"), "templates", "--lint", "--quiet", "--ignore", UNFIT)),
        Check("message catalogues", (python, "-m", "haier_market.catalogues")),
        Check("import contracts", (str(BIN / "lint-imports"), "--no-cache")),
        Check("system checks, migrations in one line", (*manage, "check", "--fail-level", "WARNING")),
        Check(
            "system checks for production",
            (*manage, "check", "--deploy", "--fail-level", "WARNING"),
            production_environment(),
        ),
        Check("no migration is missing", (*manage, "makemigrations", "--check", "--dry-run")),
    ]


def main() -> int:
    options = _options()
    keep_bytecode()
    if options.soak:
        return run_soak(options.rest)
    if options.checks_only:
        return 0 if all_pass([("Debian's tools", install_tools), *ready(checks())]) else 1
    with empty_database() as url:
        tables = Check("every table, made from nothing", MIGRATE, {"DATABASE_URL": url})
        checked = all_pass([("Debian's tools", install_tools), *ready([tables, *checks()])])
        os.environ[TABLES] = urlsplit(url).path.strip("/")
        tested = pytest_code([*SIDE_BY_SIDE, *options.rest])
    return tested or (0 if checked else 1)


def keep_bytecode() -> None:
    """Where Python may write no bytecode, each of a hundred processes would compile what it loads again.

    It goes into a directory of the tests' own instead, which `make clean` removes.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Places("test").directory / "bytecode"))


@contextmanager
def empty_database() -> Iterator[str]:
    """A database beside the tests' own, for the tables that every test process copies; its address."""
    url = os.environ["DATABASE_URL"]
    with databases.made(f"{urlsplit(url).path.strip('/')}_tables", url) as address:
        yield address


Job = tuple[str, Callable[[], bool]]


def ready(found: list[Check]) -> list[Job]:
    return [(check.title, partial(run, check)) for check in found]


def all_pass(jobs: list[Job]) -> bool:
    """Do them all, two at a time, and sum up."""
    began = time.monotonic()
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        outcomes = list(pool.map(lambda job: timed(*job), jobs))
    _summary(outcomes, time.monotonic() - began)
    return all(outcome.passed for outcome in outcomes)


def run(check: Check) -> bool:
    """Run it; say everything it printed if it failed."""
    done = subprocess.run(
        check.command,
        cwd=PROJECT,
        env=os.environ | check.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        say(f"\n{done.stdout.strip()}\n")
    return done.returncode == 0


def timed(title: str, action: Callable[[], bool]) -> Outcome:
    began = time.monotonic()
    passed = action()
    outcome = Outcome(title, passed, time.monotonic() - began)
    say(_line(outcome))
    return outcome


def install_tools() -> bool:
    """Chromium for the browser walk and hledger for its own check of our journal, from Debian when we are root."""
    missing = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    if not missing:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing {' and '.join(missing)} with apt-get...")
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            done = subprocess.run(["apt-get", "-qq", *command], env=quiet, capture_output=True, text=True)
            if done.returncode:
                say(done.stdout[-2000:] + done.stderr[-2000:])
    left = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    for package in left:
        say(f"{package} is missing. Install it with: sudo apt-get update && sudo apt-get install {package}")
    return not left


def pytest_code(arguments: list[str], seconds: float | None = None) -> int:
    """Pytest as the last thing that prints; its exit code, or 1 when it had to be stopped after `seconds`.

    It is interrupted as by Ctrl-C, so that it still cleans up, reports and closes; also when this process is ended.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments], cwd=PROJECT, preexec_fn=processes.tether(signal.SIGINT)
    )
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches pytest by itself
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        say(f"The tests did not end within {seconds:.0f} seconds.")
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_LAST_WORDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return 1


def run_soak(arguments: list[str]) -> int:
    """The long proofs, and with more examples whatever hypothesis draws, under a hard limit."""
    os.environ.setdefault(AT_LENGTH, "1")
    return pytest_code(["-m", "soak or hypothesis", "tests", *FILE_BY_FILE, *arguments], SOAK_SECONDS - _LAST_WORDS)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _line(outcome: Outcome) -> str:
    return f"{'passed' if outcome.passed else 'FAILED'}  {outcome.seconds:6.1f} s  {outcome.title}"


def _summary(outcomes: list[Outcome], seconds: float) -> None:
    failed = [outcome.title for outcome in outcomes if not outcome.passed]
    if failed:
        say(f"\n{len(failed)} of {len(outcomes)} checks FAILED: {'; '.join(failed)}\n")
    else:
        say(f"\nAll {len(outcomes)} checks passed in {seconds:.0f} s\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.run_checks", description=__doc__)
    parser.add_argument("--soak", action="store_true", help="run the long proofs instead")
    parser.add_argument("--checks-only", action="store_true", help="leave pytest out")
    options, rest = parser.parse_known_args()
    options.rest = rest
    return options


if __name__ == "__main__":
    sys.exit(main())
