"""The worker and the clock as `make run` starts them, on the database under attack, kept running by its supervisor."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil

from haier_market import run
from haier_market.embedded import processes
from haier_market.embedded.places import PROJECT
from haier_market.embedded.supervisor import Child, Supervisor
from tests.soak import company, quick
from tests.soak.ground import Ground

WORKER: Final = "worker"
CLOCK: Final = "clock"
VALKEY: Final = "Valkey"
POSTGRES: Final = "PostgreSQL"


class Market:
    """Real processes, each of which may be killed; `look` starts again what ended, as `make run` does."""

    def __init__(self, ground: Ground, database: str) -> None:
        self.ground = ground
        every = run._children(ground.services.places, 0)
        self._children = {child.title: child for child in every if child.title in (WORKER, CLOCK)}
        environment = ground.services.environment | {
            "DATABASE_URL": ground.address(database),
            "DJANGO_SETTINGS_MODULE": quick.SETTINGS,
            "EXPORTS_DIR": str(ground.exports(database)),
            quick.SHARD: str(company.SHARDS_OF),
            quick.BOARD: str(ground.root / "board"),
        }
        self.said: list[str] = []
        self.supervisor = Supervisor(list(self._children.values()), environment, PROJECT, self.said.append)

    def look(self) -> None:
        self.supervisor.look()
        self.ground.services.mend()

    def stage(self) -> str:
        """The furthest stage that a process of the worker is in."""
        return self.ground.board.any_of(process.pid for process in self._family(WORKER))

    def kill(self, victim: str) -> str:
        """kill -9, with everything it started; in which stage the worker was. Waits while it is not running."""
        family = self._wait_for(victim)
        pids = [process.pid for process in family] if victim == WORKER else None
        stage = self.stage()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if pids:
            stage = self.ground.board.any_of(pids)  # it does not move any more
            for pid in pids:
                self.ground.board.say("elsewhere", pid)
        return stage

    def _wait_for(self, victim: str) -> list[psutil.Process]:
        deadline = time.monotonic() + 60
        while not (family := self._family(victim)):
            assert time.monotonic() < deadline, f"{victim} is not started again"
            self.look()
            time.sleep(0.05)
        return family

    def _family(self, victim: str) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess, StopIteration):
            if victim in (VALKEY, POSTGRES):
                top = self.ground.server("valkey-server" if victim == VALKEY else "postgres")
            else:
                child: Child = self._children[victim]
                if child.process is None or processes.ended(child.process):
                    return []
                top = psutil.Process(child.process.pid)
            return [top, *top.children(recursive=True)]
        return []


@contextmanager
def opened(ground: Ground, database: str) -> Iterator[Market]:
    market = Market(ground, database)
    market.supervisor.start()
    try:
        yield market
    finally:
        market.supervisor.stop()
