"""The embedded servers killed again and again at arbitrary moments: what they confirmed is there afterwards."""

import random
import signal
import threading
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from haier_market.embedded.places import Places
from haier_market.embedded.services import Services
from tests.embedded.conftest import bare_environment, open_root, places, server_process, wait_until

__all__ = ["open_root", "places"]  # fixtures
pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

ROUNDS = 12


class Writer(threading.Thread):
    """Writes numbers, each confirmed before the next, to both servers, until told to stop; reconnects when cut off."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__()
        self._environment = environment
        self.rows: list[int] = []
        self.tasks: list[int] = []
        self.finish = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.finish.is_set():
            try:
                number = self._write_from(number)
            except (psycopg2.Error, redis.RedisError):
                number += 1  # unanswered: it may be there or not, and is never written again
                time.sleep(0.05)

    def _write_from(self, number: int) -> int:
        connection = psycopg2.connect(self._environment["DATABASE_URL"])
        connection.autocommit = True
        client = redis.Redis.from_url(self._environment["REDIS_URL"])
        try:
            with connection.cursor() as cursor:
                while not self.finish.is_set():
                    number += 1
                    cursor.execute("INSERT INTO kept VALUES (%s)", [number])
                    self.rows.append(number)
                    client.rpush("kept", number)
                    self.tasks.append(number)
        except (psycopg2.Error, redis.RedisError):
            number += 1
        finally:
            connection.close()
            client.close()
        return number


def test_nothing_confirmed_is_lost_over_many_kills(places: Places, open_root: Path) -> None:
    dice = random.Random(11)
    with Services(places, given=bare_environment()) as services:
        connection = psycopg2.connect(services.environment["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (number int PRIMARY KEY)")
        connection.close()
        writer = Writer(services.environment)
        writer.start()
        try:
            for round_number in range(ROUNDS):
                time.sleep(dice.uniform(0.2, 2.0))
                program = ("postgres", "valkey-server")[round_number % 2]
                server_process(open_root, program).send_signal(signal.SIGKILL)
                wait_until(lambda: services.mend() != [], 60)
                wait_until(lambda: all(holder.server.answers() for holder in services.holders), 60)
        finally:
            writer.finish.set()
            writer.join(60)
        assert len(writer.rows) > ROUNDS * 10
        check(services, writer)
    with Services(places, given=bare_environment()) as again:
        check(again, writer)


def check(services: Services, writer: Writer) -> None:
    connection = psycopg2.connect(services.environment["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        stored = {row[0] for row in cursor.fetchall()}
    connection.close()
    client = redis.Redis.from_url(services.environment["REDIS_URL"])
    queued = {int(number) for number in client.lrange("kept", 0, -1)}
    client.close()
    assert set(writer.rows) <= stored
    assert set(writer.tasks) <= queued
