"""Time on the processor of this process and of the server's process behind its connection.

On a machine that does other things too, a long night waits for its turn more often than a short COPY does, and the
ratio of their times grows; that of their times on the processor does not. Waiting for the disk and what other processes
of the server do (parallel readers, writing log and pages, vacuum) are not in it, so it is told beside the clock's time.
"""

import time
from functools import lru_cache
from pathlib import Path

from django.db import connection


def seconds() -> float:
    """Seconds on the processor so far; those of this process alone where the server's are not to be seen."""
    driver = connection.connection
    server = _server(driver.info.backend_pid, driver.info.host) if driver is not None else None
    return time.process_time() + (int(server.read_text().split()[0]) / 1e9 if server else 0.0)


@lru_cache
def _server(pid: int, host: str | None) -> Path | None:
    """Where the kernel says how long that process ran, if it is a PostgreSQL of this machine."""
    name = Path(f"/proc/{pid}/comm")
    if host not in {"127.0.0.1", "localhost", "", None} or not name.exists() or "postgres" not in name.read_text():
        return None
    return Path(f"/proc/{pid}/schedstat")
