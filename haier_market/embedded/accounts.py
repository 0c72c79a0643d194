"""Which user the servers run as. PostgreSQL refuses root, and Valkey does not need it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haier_market.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int

    def for_popen(self) -> dict[str, Any]:
        """Keyword arguments for subprocess: this user, this group, no other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_use(self, directory: Path) -> bool:
        """Whether this user can pass through every directory above and into this one (asked, not computed)."""
        probe = ["/bin/sh", "-c", 'test -x "$1" && cd "$1"', "sh", str(directory)]
        return self._succeeds(probe)

    def can_run(self, program: Path) -> bool:
        return self._succeeds([str(program), "--version"])

    def _succeeds(self, command: list[str]) -> bool:
        try:
            return subprocess.run(command, capture_output=True, cwd="/", timeout=30, **self.for_popen()).returncode == 0
        except PermissionError as refusal:
            if refusal.filename == command[0]:  # the program itself is out of reach, not the change of user
                return False
            raise EmbeddedError(
                f"This process is root but may not become the user {self.name}, and PostgreSQL refuses to run as root. "
                "Run as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
            ) from refusal


def server_account(existing: Path) -> Account | None:
    """The user the servers drop to: nobody special when we are not root; the owner of data that are already there;
    otherwise `postgres` if the machine has that user, else `nobody`.

    Args: existing: the server's data directory, which may not exist yet.
    """
    if os.geteuid() != 0:
        return None
    if existing.exists() and existing.stat().st_uid != 0:
        return _account(existing.stat().st_uid)
    for name in ("postgres", "nobody"):
        try:
            return _account(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise EmbeddedError(
        "This machine has neither a user postgres nor a user nobody to run PostgreSQL as. "
        "Run as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _account(uid: int) -> Account:
    entry = pwd.getpwuid(uid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
