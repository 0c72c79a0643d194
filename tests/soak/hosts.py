"""Three hosts on one machine: network namespaces, in which servers and workers live and reach each other by TCP only.

In the middle one run PostgreSQL and Valkey, which listen on the private addresses of its two cables and nowhere else;
at the far end of each cable is a host with a worker that has a name, an address and a loopback of its own. Nothing
connects them to the machine's own network. The test itself, which is not one of the hosts, asks the database through
a socket in a directory.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Final

import psycopg2

from haier_market import roles
from haier_market.embedded import postgres, processes, valkey
from haier_market.embedded.accounts import Account
from haier_market.embedded.places import PROJECT, Home, Places
from tests.embedded.conftest import bare_environment, wait_until

MIDDLE: Final = "middle"
ENDS: Final = ("one", "two")
PASSWORD: Final = "of-this-test-only"  # on a network that nobody else is on
POSTGRES_PORT, VALKEY_PORT = 5432, 6379
_ACCESS: Final = f"""\
local all postgres,market scram-sha-256
host all {roles.APPLICATION} 10.93.0.0/16 scram-sha-256
"""


class Forbidden(Exception):  # said to whoever runs the proof, not an error of the product
    """This machine makes no network namespaces; the text is what it answered."""


@dataclass
class Network:
    """The three hosts and the two cables between them."""

    prefix: str = f"market-{os.getpid()}"
    made: list[str] = field(default_factory=list)

    def name(self, host: str) -> str:
        return f"{self.prefix}-{host}"

    def server(self, end: str) -> str:
        """The address of the middle on the cable to an end."""
        return f"10.93.{ENDS.index(end) + 1}.1"

    def address(self, end: str) -> str:
        return f"10.93.{ENDS.index(end) + 1}.2"

    def inside(self, host: str, *command: str, account: Account | None = None) -> list[str]:
        """The command inside a host, which has a name of its own, as root or another user; it ends when we do."""
        user = (
            ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--pdeathsig=KILL"]
            if account
            else []
        )
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host]
        return ["ip", "netns", "exec", self.name(host), *named, *user, *command]

    def lay(self) -> None:
        """Make everything. Raises Forbidden."""
        if os.geteuid() != 0:
            raise Forbidden("only root may make network namespaces")
        for host in (MIDDLE, *ENDS):
            _ip("netns", "add", self.name(host))
            self.made.append(host)
            _ip("-n", self.name(host), "link", "set", "lo", "up")
        for end in ENDS:
            here, there = self.name(MIDDLE), self.name(end)
            _ip("link", "add", end, "netns", here, "type", "veth", "peer", "name", "cable", "netns", there)
            for name, device, address in ((here, end, self.server(end)), (there, "cable", self.address(end))):
                _ip("-n", name, "address", "add", f"{address}/30", "dev", device)
                _ip("-n", name, "link", "set", device, "up")

    def take_away(self) -> None:
        for host in self.made:
            _ip("netns", "del", self.name(host))


def _ip(*words: str) -> None:
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Forbidden("the program `ip` is missing: apt-get install iproute2") from None
    if done.returncode:
        raise Forbidden(f"`ip {' '.join(words)}` answered: {done.stderr.strip()}")


class Hosts:
    """Servers in the middle, and what runs at the ends."""

    def __init__(self, network: Network, root: Path, running: ExitStack) -> None:
        self.network = network
        self.places = Places("demo", root)
        self.places.prepare()
        self.socket = root / "socket"
        self._running = running

    def serve(self) -> None:
        """PostgreSQL and Valkey in the middle, with the two roles of a company."""
        postgres_server = postgres.Postgres(self.places, self.places.home("postgres"))
        valkey_server = valkey.Valkey(self.places, self.places.home("valkey"))
        for server in (postgres_server, valkey_server):
            server.prepare()
        home = postgres_server.home
        self._open_socket(home)
        (home.data / "pg_hba.conf").write_text(_ACCESS)
        listening = [self.network.server(end) for end in ENDS]
        settings = postgres._SETTINGS | {
            "listen_addresses": ",".join(listening),
            "unix_socket_directories": str(self.socket),
        }
        self.start(
            "postgres",
            *self._as(home, postgres_server._programs / "postgres", "-D", home.data, "-p", POSTGRES_PORT),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            folder=home.data,
            stop=SIGINT,
        )
        told = valkey._SETTINGS.replace("bind 127.0.0.1", f"bind {' '.join(listening)}").format(
            port=VALKEY_PORT, password=PASSWORD, directory=valkey_server.home.data
        )
        self.start(
            "valkey",
            *self._as(valkey_server.home, valkey_server._program, "-"),
            folder=valkey_server.home.data,
            given=told,
        )
        self._owner_password = postgres_server._password()
        self._superuser_password = postgres_server._superuser_password()
        wait_until(self._furnished, 60)

    def start(
        self,
        name: str,
        *command: str,
        folder: Path = PROJECT,
        environment: Mapping[str, str] | None = None,
        given: str = "",
        stop: Signals = SIGTERM,
    ) -> None:
        """Run it until the end of the test."""
        process = processes.start(
            command, log=self.log(name), folder=folder, given=given, environment=environment or bare_environment()
        )
        self._running.callback(processes.stop, process, (stop, 30.0))

    def log(self, name: str) -> Path:
        return self.places.logs / f"{name}.log"

    def said(self, name: str) -> str:
        return self.log(name).read_text(errors="replace") if self.log(name).exists() else ""

    def python(self, host: str, *words: str) -> list[str]:
        return self.network.inside(host, sys.executable, *words)

    def address(self, database: str, *, user: str = "market") -> str:
        """For us, who are on none of the hosts: through the socket."""
        password = self._owner_password if user == "market" else self._superuser_password
        return f"host={self.socket} port={POSTGRES_PORT} user={user} password={password} dbname={database}"

    def settings(self, database: str) -> dict[str, object]:
        """The same for Django."""
        return {
            "NAME": database,
            "USER": "market",
            "PASSWORD": self._owner_password,
            "HOST": str(self.socket),
            "PORT": POSTGRES_PORT,
        }

    def environment(self, end: str, database: str) -> dict[str, str]:
        """What a process at an end is told: the servers by its own cable, as the application's role."""
        server = self.network.server(end)
        return bare_environment() | {
            "MARKET_ENV": "test",
            "DATABASE_URL": f"postgres://{roles.APPLICATION}:{PASSWORD}@{server}:{POSTGRES_PORT}/{database}",
            "REDIS_URL": f"redis://:{PASSWORD}@{server}:{VALKEY_PORT}/0",
            "DATA_DIR": str(self.places.root / end),
            "EXPORTS_DIR": str(self.places.root / "exports"),
        }

    def sql(self, statement: str, database: str = "postgres", *, user: str = "market") -> None:
        connection = psycopg2.connect(self.address(database, user=user))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def _as(self, home: Home, *command: object) -> list[str]:
        return self.network.inside(MIDDLE, *map(str, command), account=home.account)

    def _open_socket(self, home: Home) -> None:
        self.socket.mkdir(mode=0o755)
        if home.account is not None:
            os.chown(self.socket, home.account.uid, home.account.gid)

    def _furnished(self) -> bool:
        with suppress(psycopg2.OperationalError):
            connection = psycopg2.connect(self.address("postgres", user="postgres"))
            connection.autocommit = True
            try:
                with connection.cursor() as cursor:
                    postgres._create_role_and_database(cursor, self._owner_password)
                    cursor.execute(f"ALTER ROLE {roles.APPLICATION} LOGIN PASSWORD '{PASSWORD}'")
            finally:
                connection.close()
            return True
        return False


@contextmanager
def laid_out(root: Path) -> Iterator[Hosts]:
    """The hosts with their servers, until the block ends. Raises Forbidden."""
    network = Network()
    try:
        network.lay()
        with ExitStack() as running:
            hosts = Hosts(network, root, running)
            hosts.serve()
            yield hosts
    finally:
        network.take_away()
