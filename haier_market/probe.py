"""Whether a container's process is well: `python -m haier_market.probe web` (or `beat`) exits with 0 or 1.

The container's health check calls it; it needs no settings, so it costs little and never fails for another reason.
"""

import http.client
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_BEAT_SECONDS = 600.0  # the clock writes its schedule every three minutes


def main() -> int:
    probes: dict[str, Callable[[Mapping[str, str]], str]] = {"web": web, "beat": beat}
    if len(sys.argv) != 2 or sys.argv[1] not in probes:
        sys.stderr.write("Say what to ask: web or beat.\n")
        return 2
    problem = probes[sys.argv[1]](os.environ)
    sys.stderr.write(f"{problem}\n" if problem else "")
    return 1 if problem else 0


def web(environment: Mapping[str, str]) -> str:
    """Empty when the web server answers /livez as one of the hosts it serves, else what is wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", int(environment.get("PORT") or 8000), timeout=5)
    try:
        connection.request("GET", "/livez", headers={"Host": served_host(environment.get("ALLOWED_HOSTS", ""))})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        return f"The web server does not answer: {problem}"
    finally:
        connection.close()
    return "" if status == http.HTTPStatus.OK else f"The web server answered {status}."


def beat(environment: Mapping[str, str]) -> str:
    """Empty when the clock wrote its schedule lately, else what is wrong."""
    written = [path.stat().st_mtime for path in Path(environment.get("DATA_DIR", ".")).glob("beat-schedule*")]
    if not written:
        return "The clock has written no schedule yet."
    age = time.time() - max(written)
    return "" if age < _BEAT_SECONDS else f"The clock wrote its schedule {age:.0f} s ago."


def served_host(allowed: str) -> str:
    """A name that ALLOWED_HOSTS accepts: its first word, made concrete if it is a pattern."""
    first = allowed.split(",")[0].strip()
    if first in ("", "*"):
        return "localhost"
    return f"market{first}" if first.startswith(".") else first


if __name__ == "__main__":
    sys.exit(main())
