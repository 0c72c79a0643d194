"""The script of the kills: night after night, the same story in two databases, one of them under attack.

A night under attack is over when the market settled it, whoever had to be started again; then its figures, its books
and its files are held against the night that nobody disturbed. `Fell` says what was found. The same script is run with
workers that are broken on purpose (`tests.soak.broken`): it must find out on their first nights.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from django.core.management import call_command

from core.tasks import link_audit
from settlement import tasks
from settlement.actions import nights
from tests.soak import company
from tests.soak.ground import Ground, Worker
from tests.soak.market import POSTGRES, WORKER, Market
from tests.soak.stages import ELSEWHERE, STAGES, Board, watch

MOST_REPEATS: Final = 25
"""So many undisturbed workers after the last kill, one after the other, must be enough to finish a night."""
LONGEST_NIGHT: Final = 90.0
AIMED: Final = 0.7
"""The part of the strikes that waits for a stage; the others come at any moment of the night."""
EVERY_SHARD: Final = ("claim", "facts", "post", "outcomes", "commit")
MUST_HIT: Final = ("claim", "post", "seal", "snapshot", "export")
POSTGRES_AIMS: Final = (*MUST_HIT, "open", "facts", "outcomes", "commit", "prove", "hand over")
_NOT_DONE: Final = """
    SELECT (SELECT count(*) FROM settlement_settlementrun WHERE business_date = %(day)s AND status <> 'posting') = 0
        OR EXISTS (SELECT FROM settlement_export WHERE status IN ('queued', 'running'))
"""


class Fell(AssertionError):
    """What a night came to is not what it comes to when nobody is killed."""


@dataclass(frozen=True)
class Strike:
    """One kill: who, in which stage of the night, how long after its birth, how long until the night was done."""

    victim: str
    stage: str
    after: float
    night: int


@dataclass
class Siege:
    """One story in two databases. breaks: what is wrong with the workers, done to each after its birth."""

    ground: Ground
    breaks: Callable[[], None] | None = None
    seed: int = 11
    strikes: list[Strike] = field(default_factory=list)
    recovery: dict[str, list[float]] = field(default_factory=dict)
    lasted: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calm = self.ground.copy("calm")
        self.struck = self.ground.copy("struck")
        self.dice = random.Random(self.seed)
        self.number = 0
        self.postgres_strikes = 0

    # --- nights ---

    def night(self, kills: int, *, postgres: bool = False, aim: str = "") -> None:
        """One night with up to so many kills of workers, all of them at `aim` if there is one; postgres: the database
        is killed first, at the next of its stages or at `aim`. Raises Fell."""
        expected = self.calm_night()
        self.story(self.struck)
        crew_size = self.dice.choice((1, 2))
        crew: list[Worker] = []
        if postgres:
            crew = [self.worker() for _ in range(crew_size)]
            self._strike_postgres(
                crew, aim or POSTGRES_AIMS[self.postgres_strikes % len(POSTGRES_AIMS)], at_once=bool(aim)
            )
        for stage in [aim] * kills if aim else self.aims(kills):
            if not self.is_waiting():
                break
            crew = [worker for worker in crew if not worker.ended()]
            crew += [self.worker() for _ in range(crew_size - len(crew))]
            self._strike_worker(crew, stage, at_once=bool(aim))
        for worker in crew:
            worker.wait()
        self.finish()
        self._hold_files()
        self.hold(expected)

    def open_night(self, market: Market, victims: Sequence[str]) -> None:
        """A night of the real worker and clock, in which each victim is killed once. Raises Fell."""
        expected = self.calm_night()
        self.story(self.struck)
        midnight = time.monotonic()
        killed: dict[str, float] = {}
        for victim in self.dice.sample(victims, len(victims)):
            self._wait_while_open(market, self.dice.uniform(0.0, 2.0), until_busy=self.dice.random() < AIMED)
            stage = market.kill(victim)
            killed[victim] = time.monotonic()
            self.note(victim, stage, killed[victim] - midnight)
            if victim == POSTGRES:
                self.ground.wait_for_postgres()
        self._wait_until_settled(market)
        for victim, moment in killed.items():
            self.recovery.setdefault(victim, []).append(time.monotonic() - moment)
        self._wait_until_tidy(market)
        self.hold(expected)

    def _wait_while_open(self, market: Market, seconds: float, *, until_busy: bool) -> None:
        """So many seconds, or until the worker is somewhere in the night and a moment more."""
        deadline = time.monotonic() + seconds + (6.0 if until_busy else 0.0)
        while time.monotonic() < deadline:
            market.look()
            if until_busy and market.stage() != ELSEWHERE:
                time.sleep(self.dice.uniform(0.0, 0.1))
                return
            time.sleep(0.005)

    def _wait_until_settled(self, market: Market) -> None:
        deadline = time.monotonic() + LONGEST_NIGHT
        while self.is_waiting():
            if time.monotonic() > deadline:
                raise Fell(f"night {self.number} does not complete within {LONGEST_NIGHT:.0f} s: {market.said[-6:]}")
            market.look()
            time.sleep(0.05)

    def _wait_until_tidy(self, market: Market) -> None:
        """The clock sweeps away what killed workers left behind; while it is at it, rows and files differ."""
        deadline = time.monotonic() + LONGEST_NIGHT
        while True:
            try:
                return self._hold_files()
            except (Fell, FileNotFoundError):
                if time.monotonic() > deadline:
                    raise
                market.look()
                time.sleep(0.1)

    def calm_night(self) -> list[str]:
        """The night as it is when nobody is killed; its figures."""
        self.story(self.calm)
        self.lasted.append(self.ground.done(self.ground.fork(self.calm, work)))
        return company.figures(self.ground.address(self.calm), self.day)

    @property
    def day(self) -> date:
        return self.ground.start + timedelta(days=self.number)

    def story(self, database: str) -> None:
        """What happened on the date, until after midnight."""
        start, number = self.ground.start, self.number
        self.ground.done(self.ground.fork(database, lambda: company.live_through(start, number)))

    def worker(self) -> Worker:
        breaks, board = self.breaks, self.ground.board
        return self.ground.fork(self.struck, lambda: work(breaks, board))

    def is_waiting(self) -> bool:
        return bool(company.ask(self.ground.address(self.struck), _NOT_DONE, day=self.day)[0][0])

    def finish(self) -> None:
        """The clock's next rounds, undisturbed; the last of them tidies up what was left behind."""
        for _ in range(MOST_REPEATS):
            done = not self.is_waiting()
            self.worker().wait()
            if done:
                return
        if self.is_waiting():
            raise Fell(f"night {self.number} does not complete:\n{self.ground.last_words()}")

    # --- strikes ---

    def has_hit(self, victim: str, stage: str) -> bool:
        return any((strike.victim, strike.stage) == (victim, stage) for strike in self.strikes)

    def aims(self, kills: int) -> list[str]:
        """Stages to strike at, in the order of a night; an empty one is a moment of chance."""
        chosen = sorted(self.dice.sample(STAGES, min(kills, len(STAGES))), key=STAGES.index)
        return [stage if self.dice.random() < AIMED else "" for stage in chosen]

    def moment(self, crew: list[Worker], aim: str, *, at_once: bool) -> Worker | None:
        """Wait for the moment to strike; whom it hits, None if everybody was done before.

        at_once: as soon as somebody is at `aim`; otherwise up to 4 ms later, by which it may be over.
        """
        usual = statistics.median(self.lasted[-9:])
        if aim in EVERY_SHARD:
            time.sleep(self.dice.uniform(0.0, usual * 0.6))  # not always the first shard
        if not aim:
            time.sleep(self.dice.uniform(0.0, usual))
            alive = [worker for worker in crew if not worker.ended()]
            return self.dice.choice(alive) if alive else None
        while alive := [worker for worker in crew if not worker.ended()]:
            for worker in alive:
                if self.ground.board.of(worker.pid) == aim:
                    if not at_once:
                        time.sleep(self.dice.uniform(0.0, 0.004))
                    return worker
            time.sleep(0.0002)
        return None

    def _strike_worker(self, crew: list[Worker], aim: str, *, at_once: bool) -> None:
        worker = self.moment(crew, aim, at_once=at_once)
        if worker is None or worker.ended():
            return
        worker.kill()
        self.note(WORKER, self.ground.board.of(worker.pid), time.monotonic() - worker.born)

    def _strike_postgres(self, crew: list[Worker], aim: str, *, at_once: bool) -> None:
        server = self.ground.server("postgres")
        worker = self.moment(crew, aim, at_once=at_once)
        if worker is None:
            return
        stage, after = self.ground.board.of(worker.pid), time.monotonic() - worker.born
        self.ground.kill_server(server)
        self.postgres_strikes += 1
        self.note(POSTGRES, stage, after)
        began = time.monotonic()
        for each in crew:
            each.wait()
        self.ground.wait_for_postgres()
        self.recovery.setdefault(POSTGRES, []).append(time.monotonic() - began)

    def note(self, victim: str, stage: str, after: float) -> None:
        self.strikes.append(Strike(victim, stage, after, self.number))

    # --- proof ---

    def hold(self, expected: list[str]) -> None:
        """The night's figures and the books; then the next date. Raises Fell."""
        found = company.figures(self.ground.address(self.struck), self.day)
        if found != expected:
            raise Fell(f"night {self.number} came to something else:\n{_differences(expected, found)}")
        books = self.ground.fork(self.struck, lambda: call_command("check_books", verbosity=0))
        if books.wait() != 0:
            raise Fell(f"the books after night {self.number} do not agree:\n{self.ground.last_words()}")
        self.number += 1

    def _hold_files(self) -> None:
        """One whole file for each that is ready, and nothing else."""
        rows = company.ask(
            self.ground.address(self.struck),
            "SELECT stored_as, sha256, size FROM settlement_export WHERE status = 'ready'",
        )
        folder = self.ground.exports(self.struck)
        stored = {path.name: path for path in folder.iterdir()} if folder.exists() else {}
        if set(stored) != {name for name, _hash, _size in rows}:
            raise Fell(f"after night {self.number} there are the files {sorted(stored)}, but the rows say {rows}")
        for name, digest, size in rows:
            content = stored[name].read_bytes()
            if (sha256(content).hexdigest(), len(content)) != (digest, size):
                raise Fell(f"the file {name} is not whole")

    def hold_everything(self) -> None:
        """At the end: every natural key, and the sum of everything that was made payable. Raises Fell."""
        calm, struck = (self.ground.address(name) for name in (self.calm, self.struck))
        for ask in (company.references, company.paid_minor):
            if ask(calm) != ask(struck):
                raise Fell(f"the two stories do not end alike: {ask.__name__}")

    # --- the table ---

    def table(self, seconds: float) -> str:
        """What was killed, in which stage the worker was, how long until the night was done or PostgreSQL answered."""
        stages = (ELSEWHERE, *STAGES)
        victims = list(dict.fromkeys(strike.victim for strike in self.strikes))
        lines = [f"{'killed':<12}" + "".join(f"{stage:>10}" for stage in stages) + f"{'all':>7}   there again after"]
        for victim in [*victims, ""]:
            hits = [strike for strike in self.strikes if victim in ("", strike.victim)]
            counts = [sum(strike.stage == stage for strike in hits) for stage in stages]
            took = self.recovery.get(victim, [])
            back = f"{statistics.median(took):.1f} s, at most {max(took):.1f} s" if took else ""
            lines.append(
                f"{victim or 'all':<12}" + "".join(f"{n:>10}" for n in counts) + f"{len(hits):>7}   {back}".rstrip()
            )
        usual = statistics.median(self.lasted) * 1000
        latest = max(strike.after for strike in self.strikes) * 1000
        lines.append(
            f"{len(self.strikes)} kills in {self.number} nights within {seconds:.0f} s; an undisturbed night takes "
            f"{usual:.0f} ms with its file; kills fell up to {latest:.0f} ms into one."
        )
        return "\n".join(lines)


def work(breaks: Callable[[], None] | None = None, board: Board | None = None) -> None:
    """What the clock has a worker do after midnight, with small shards; in a forked process only."""
    nights.SHARD_SIZE = company.SHARDS_OF
    if breaks is not None:
        breaks()
    if board is not None:
        watch(board)
    tasks.night()
    tasks.exports()
    link_audit()


def _differences(expected: list[str], found: list[str]) -> str:
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    lines = [f"- {line}" for line in missing[:4]] + [f"+ {line}" for line in extra[:4]]
    counts = f"{len(missing)} figures are missing, {len(extra)} were not expected, {len(found)} against {len(expected)}"
    return "\n".join([counts, *lines])
