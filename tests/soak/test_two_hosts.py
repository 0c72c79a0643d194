"""Two workers on two hosts, one database: both take shards of a night, nobody is settled twice, the books agree.

Each worker is a real Celery worker in a network namespace of its own, with its own host name and address, signed in to
PostgreSQL as the role that serves a company. The nights come to what they come to in a database where one process
settles everything.
"""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from typing import Final

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from haier_market import roles
from haier_market.embedded.places import PROJECT
from settlement.actions import nights
from tests.embedded.conftest import entered_by_all, wait_until
from tests.side_by_side import TOLD
from tests.soak import company, quick
from tests.soak.ground import business_date_of
from tests.soak.hosts import ENDS, MIDDLE, POSTGRES_PORT, Forbidden, Hosts, laid_out

pytestmark = [pytest.mark.soak, pytest.mark.timeout(400)]
FIRMS: Final = 40
SHARDS_OF: Final = 2
MORNINGS: Final = (0, 3, 5, 6)
"""The days from 26 December on which anything happens; nights between are caught up, the last is the new year's."""
SHARED, ALONE = "market", "alone"

_NOTE: Final = """
    CREATE TABLE taken (shard text, host inet, who text, process int);
    CREATE FUNCTION note_shard() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO taken VALUES (NEW.id::text, inet_client_addr(), session_user, pg_backend_pid());
        RETURN NULL;
    END $$;
    CREATE TRIGGER shards_are_noted AFTER UPDATE ON settlement_runshard FOR EACH ROW
        WHEN (NEW.is_done AND NOT OLD.is_done) EXECUTE FUNCTION note_shard();
"""
_SEND: Final = "from haier_market.celery import app; [app.send_task('settlement.tasks.night') for _ in range(4)]"
_LEFT: Final = (
    "from haier_market.celery import app; client = app.connection().default_channel.client; "
    "print(client.llen('celery') + client.hlen('unacked'))"
)
"""Of what was sent, how much waits or is being done."""
_SEALED: Final = "SELECT status FROM settlement_settlementrun WHERE business_date = %(day)s"
_TWICE: Final = """
    SELECT 'share', membership_id::text, business_date FROM settlement_shareline WHERE weight > 0
     GROUP BY 2, 3 HAVING count(*) > 1
    UNION ALL
    SELECT 'outcome', microenterprise_id::text, business_date FROM settlement_outcome WHERE repairs_id IS NULL
     GROUP BY 2, 3 HAVING count(*) > 1
    UNION ALL
    SELECT 'pay', person_id::text || microenterprise_id::text, business_date FROM settlement_payline
     GROUP BY 2, 3 HAVING count(*) > 1
    UNION ALL
    SELECT 'shard', shard, NULL FROM taken GROUP BY 2 HAVING count(*) > 1
"""


@pytest.fixture(scope="module")
def hosts(django_db_blocker: DjangoDbBlocker) -> Iterator[Hosts]:
    try:
        with django_db_blocker.unblock(), entered_by_all() as root, laid_out(root) as hosts:
            yield hosts
    except Forbidden as answer:
        pytest.skip(f"Two hosts cannot be made here: {answer}.")


@contextmanager
def at(hosts: Hosts, database: str) -> Iterator[None]:
    """Django's connection leads to a database of the hosts until the block ends."""
    connections.close_all()
    before = dict(connection.settings_dict)
    connection.settings_dict |= hosts.settings(database)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(before)


def found(hosts: Hosts) -> date:
    """The company in two databases; its first date."""
    with at(hosts, SHARED):
        call_command("grant_application_role", "--migrate", verbosity=0, stdout=StringIO())
        start = company.first_date(business_date_of(hosts.address(SHARED)))
        company.found(start)
    hosts.sql(f"CREATE DATABASE {ALONE} TEMPLATE {SHARED}")
    hosts.sql(_NOTE, SHARED)
    return start


def work(hosts: Hosts, end: str) -> None:
    """A worker as `docker-compose.yml` starts it, with small shards."""
    environment = hosts.environment(end, SHARED) | {
        "DJANGO_SETTINGS_MODULE": quick.SETTINGS,
        quick.SHARD: str(SHARDS_OF),
    }
    words = ("-m", "celery", "-A", "haier_market", "worker", "--loglevel=INFO", "--concurrency=1")
    hosts.start(end, *hosts.python(end, *words), environment=environment)


def send(hosts: Hosts) -> None:
    """What the clock says after midnight, a little more often, so that everybody is asked at the same moment."""
    said_in_the_middle(hosts, _SEND)


def done_with_it(hosts: Hosts) -> bool:
    """Whether everybody who was asked has finished, also who found nothing left to do."""
    return said_in_the_middle(hosts, _LEFT).strip() == "0"


def said_in_the_middle(hosts: Hosts, words: str) -> str:
    done = subprocess.run(
        hosts.python(MIDDLE, "-c", words),
        cwd=PROJECT,
        env=hosts.environment(ENDS[0], SHARED),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sealed(hosts: Hosts, day: date) -> bool:
    rows = company.ask(hosts.address(SHARED), _SEALED, day=day)
    return rows == [("sealed",)]


def live(hosts: Hosts, database: str, start: date, number: int) -> None:
    with at(hosts, database):
        company.live_through(start, number, asks=False)


def settle_alone(hosts: Hosts) -> None:
    with at(hosts, ALONE):
        nights.settle_over()


def test_two_workers_on_two_hosts_settle_every_night_once_and_to_the_unit(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(company, "FIRMS", FIRMS)
    monkeypatch.setattr(nights, "SHARD_SIZE", SHARDS_OF)
    start = found(hosts)
    for end in ENDS:
        work(hosts, end)
    for end in ENDS:
        wait_until(lambda end=end: f"celery@{end} ready" in hosts.said(end), 60)  # type: ignore[misc]
    took = []
    for number in MORNINGS:
        day = start + timedelta(days=number)
        for database in (SHARED, ALONE):
            live(hosts, database, start, number)
        settle_alone(hosts)
        send(hosts)
        began = time.monotonic()
        wait_until(lambda day=day: sealed(hosts, day), 60)  # type: ignore[misc]
        took.append(time.monotonic() - began)
        # Whoever still looks for a night would find the next one before its morning is told to the end.
        wait_until(lambda: done_with_it(hosts), 60)
    days = [start + timedelta(days=number) for number in range(MORNINGS[-1] + 1)]
    for day in days:
        assert company.figures(hosts.address(SHARED), day) == company.figures(hosts.address(ALONE), day)
    assert company.ask(hosts.address(SHARED), _TWICE) == []
    assert company.references(hosts.address(SHARED)) == company.references(hosts.address(ALONE))
    assert company.paid_minor(hosts.address(SHARED)) == company.paid_minor(hosts.address(ALONE)) > 0
    shards = company.ask(hosts.address(SHARED), "SELECT host(host), who, process FROM taken")
    assert len(shards) == len(days) * FIRMS // SHARDS_OF
    assert {who for _host, who, _process in shards} == {roles.APPLICATION}
    by_host = Counter(host for host, _who, _process in shards)
    assert set(by_host) == {hosts.network.address(end) for end in ENDS}
    check_books(hosts)
    share = ", ".join(f"{count} by {host}" for host, count in sorted(by_host.items()))
    record_property(TOLD, [f"{len(shards)} shards of {len(days)} nights: {share}; done after {sum(took):.1f} s"])


def check_books(hosts: Hosts) -> None:
    """From one of the hosts, as the application's role."""
    done = subprocess.run(
        hosts.python(ENDS[1], "manage.py", "check_books"),
        cwd=PROJECT,
        env=hosts.environment(ENDS[1], SHARED),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_servers_listen_on_the_two_cables_only(hosts: Hosts) -> None:
    said = subprocess.run(
        hosts.network.inside(MIDDLE, "cat", "/proc/net/tcp", "/proc/net/tcp6"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split() for line in said.splitlines() if line.split()[0] != "sl"]
    listening = {row[1] for row in rows if row[3] == "0A"}
    places = {tuple(reversed(bytes.fromhex(place.split(":")[0]))) for place in listening}
    assert places == {(10, 93, 1, 1), (10, 93, 2, 1)}
    assert f"{POSTGRES_PORT:04X}" in {place.split(":")[1] for place in listening}
