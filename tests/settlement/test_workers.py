"""Two workers, killed workers, repeated work: a night completes once, whatever happens to the processes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from core import clock
from core.clock import business_date
from ledger import proofs
from ledger.accounts import Kind
from ledger.models import Entry
from ledger.queries import balance
from microenterprises.models import Microenterprise
from settlement import posting, queries
from settlement.actions import nights
from settlement.facts import Subject
from settlement.models import Outcome, RunShard, SettlementRun, ShareLine
from settlement.night import FirmNight
from tests.settlement.world import Seat, firm, lock_up, money

pytestmark = pytest.mark.usefixtures("cloned_db")

DAY = timedelta(days=1)
FIRMS = 9
Answers = Sequence[tuple[Subject, FirmNight]]


class Killed(BaseException):
    """A worker that is gone, as after kill -9: nothing catches it."""


@pytest.fixture
def evening(cloned_db: str, monkeypatch: pytest.MonkeyPatch) -> list[Microenterprise]:
    """Nine MEs with three members and a profit each, in five shards; it is shortly after midnight."""
    monkeypatch.setattr(nights, "SHARD_SIZE", 2)
    today = business_date()
    firms = [firm(*(Seat(f"Person {n}", n + 1, start=today) for n in range(3)), launched=today) for _ in range(FIRMS)]
    for index, me in enumerate(firms):
        money(me, 1_000_00 + index)
    clock.move_forward(DAY)
    return firms


def yesterday() -> date:
    return business_date() - DAY


def at_once(*works: Callable[[], object]) -> None:
    """Run each in a thread with a connection of its own, starting together."""
    barrier = Barrier(len(works))

    def start(work: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=20)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(start, work) for work in works]:
            done.result(timeout=60)


def prove(firms: list[Microenterprise], day: date) -> None:
    """The night is complete, shared once, and the books agree."""
    run = SettlementRun.objects.get(business_date=day)
    assert run.status == SettlementRun.Status.SEALED
    assert (run.mes_done, run.lines, run.exceptions) == (FIRMS, FIRMS * 3, 0)
    for index, me in enumerate(firms):
        assert balance(me.entity_id, Kind.PROFIT_SHARED) == (1_000_00 + index) // 2
    assert run.totals["CNY"]["shared"] == sum((1_000_00 + index) // 2 for index in range(FIRMS))
    assert Entry.objects.filter(kind="share").count() == FIRMS
    assert next(proofs.failures(day, day), None) is None


def test_two_workers_on_one_night_complete_it_once(evening: list[Microenterprise]) -> None:
    at_once(nights.settle_over, nights.settle_over)
    nights.settle_over()
    prove(evening, yesterday())


def test_six_workers_start_the_same_date_and_there_is_one_run(evening: list[Microenterprise]) -> None:
    day = yesterday()
    at_once(*[lambda: nights.start_run(business_date=day, by=None)] * 6)
    assert SettlementRun.objects.count() == 1
    assert RunShard.objects.count() == 5
    nights.settle_over()
    prove(evening, day)


@pytest.mark.parametrize("shards_before", range(5))
def test_a_worker_killed_before_it_commits_a_shard_is_followed_by_another(
    evening: list[Microenterprise], monkeypatch: pytest.MonkeyPatch, shards_before: int
) -> None:
    write = posting.write
    calls: list[int] = []

    def killed(answers: Answers, **kwargs: Any) -> posting.Written:
        calls.append(1)
        written = write(answers, **kwargs)
        if len(calls) > shards_before:
            raise Killed
        return written

    with monkeypatch.context() as broken:
        broken.setattr(posting, "write", killed)
        with pytest.raises(Killed):
            nights.settle_over()
    assert RunShard.objects.filter(is_done=True).count() == shards_before
    assert SettlementRun.objects.get().status == SettlementRun.Status.POSTING
    nights.settle_over()
    prove(evening, yesterday())


def test_a_worker_killed_while_it_seals_is_followed_by_another(
    evening: list[Microenterprise], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object, **_kwargs: object) -> object:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(queries, "lines_sha256", killed)
        with pytest.raises(Killed):
            nights.settle_over()
    assert SettlementRun.objects.get().status == SettlementRun.Status.POSTING
    nights.settle_over()
    prove(evening, yesterday())


def test_a_shard_that_fails_does_not_keep_the_others_from_settling(
    evening: list[Microenterprise], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = posting.write

    def failing(answers: Answers, **kwargs: Any) -> posting.Written:
        if any(subject.firm.id == min(me.pk for me in evening) for subject, _answer in answers):
            raise RuntimeError("a broken disk")
        return write(answers, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(posting, "write", failing)
        with pytest.raises(RuntimeError):
            nights.settle_over()
    assert RunShard.objects.filter(is_done=True).count() == 4
    nights.settle_over()
    prove(evening, yesterday())


def test_a_wallet_that_shrinks_while_the_night_posts_is_looked_at_again(
    evening: list[Microenterprise], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = posting.write
    spent: list[UUID] = []

    def slower(answers: Answers, **kwargs: Any) -> posting.Written:
        if not spent:
            spent.append(answers[0][0].firm.id)
            me = next(me for me in evening if me.pk == spent[0])
            at_once(lambda: lock_up(me, 900_00, None))
        return write(answers, **kwargs)

    monkeypatch.setattr(posting, "write", slower)
    nights.settle_over()
    short = Outcome.objects.get(microenterprise=spent[0])
    assert (short.state, short.snag) == (Outcome.State.EXCEPTION, Outcome.Snag.SHORT_WALLET)
    assert SettlementRun.objects.get().exceptions == 1
    assert ShareLine.objects.count() == (FIRMS - 1) * 3
