"""`python -m haier_market.embedded`: `exec` a command with the services, or `clean` their data away.

`keep` is how a keeper is started; nobody types it.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from haier_market.embedded import processes
from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.keeper import keep
from haier_market.embedded.places import DATA, PROFILES, Places
from haier_market.embedded.services import SERVERS, Services, in_use, make_server, to_terminal

_LOOK_SECONDS = 2.0


def main(arguments: Sequence[str]) -> int:
    """Returns the command's own exit code (128 + signal if one ended it)."""
    ours, command = _split(arguments)
    options = _parser().parse_args(ours)
    places = Places(options.profile, options.data.resolve())
    try:
        if options.verb == "keep":
            keep(make_server(options.server, places))
        if options.verb == "clean":
            return _clean(options.data.resolve())
        return _execute(places, command)
    except EmbeddedError as problem:
        to_terminal(str(problem))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m haier_market.embedded", description=__doc__)
    parser.add_argument("verb", choices=("exec", "clean", "keep"))
    parser.add_argument("server", nargs="?", choices=sorted(SERVERS))
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--data", type=Path, default=DATA)
    return parser


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own words before `--`, the command after it."""
    if "--" not in arguments:
        return list(arguments), []
    at = list(arguments).index("--")
    return list(arguments[:at]), list(arguments[at + 1 :])


def _execute(places: Places, command: list[str]) -> int:
    if not command:
        to_terminal("Say which command to run after --.")
        return 2
    with Services(places) as services:
        try:
            child = subprocess.Popen(command, env=services.environment, preexec_fn=processes.tether(signal.SIGTERM))
        except OSError as problem:
            to_terminal(f"{command[0]} cannot be started: {problem.strerror}.")
            return 127
        return _wait(child, services)


def _wait(child: "subprocess.Popen[bytes]", services: Services) -> int:
    """Ctrl-C reaches the command by itself (same terminal group) and is its to judge; SIGTERM is handed on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
    try:
        while True:
            try:
                code = child.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                for title in services.mend():
                    to_terminal(f"{title} had ended by itself; it was started again.")
            else:
                return code if code >= 0 else 128 - code
    finally:
        signal.signal(signal.SIGINT, before)


def _clean(root: Path) -> int:
    for profile in PROFILES:
        places = Places(profile, root)
        if not places.directory.exists():
            continue
        if in_use(places):
            to_terminal(f"The {profile} services are in use; stop them first (Ctrl-C where they run).")
            return 1
        places.remove()
    Places(PROFILES[0], root).remove_shared()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
