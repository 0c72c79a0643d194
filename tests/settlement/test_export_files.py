"""Files made in the background: asked for once, made once, whatever happens to the workers, and for nobody else."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from core import clock
from core.clock import business_date
from core.errors import Denied
from core.models import AuditRecord
from microenterprises.models import Microenterprise
from people.models import Notice, User
from settlement.actions import exports, nights
from settlement.exports import ledger, making
from settlement.models import Export
from tests.settlement.world import Seat, firm, money, person

pytestmark = pytest.mark.usefixtures("cloned_db")
Made = Callable[..., Iterator[Any]]


class Killed(BaseException):
    """A worker that is gone, as after kill -9: nothing catches it."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.EXPORTS_DIR = tmp_path / "exports"
    return tmp_path / "exports"


@pytest.fixture
def fay(cloned_db: str) -> User:
    return person("Fay", "finance")


@pytest.fixture
def night(cloned_db: str) -> list[Microenterprise]:
    """Four MEs with a settled night."""
    today = business_date()
    firms = [firm(*(Seat(f"Person {n}", n + 1, start=today) for n in range(3)), launched=today) for _ in range(4)]
    for me in firms:
        money(me, 1_000_00)
    clock.move_forward(timedelta(days=1))
    nights.settle_over()
    return firms


def asked(fay: User, form: str = "csv", kind: str = "general-ledger") -> Export:
    """A general ledger of the last days, waiting."""
    since = business_date() - timedelta(days=2)
    return exports.ask(kind=kind, form=form, asked={"since": since.isoformat(), "book": "real"}, by=fay)


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def stored(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def slowly(monkeypatch: pytest.MonkeyPatch, between: Callable[[int], None]) -> None:
    """Let something happen between the rows of a general ledger."""
    rows = ledger.rows

    def watched(*args: Any) -> Iterator[Any]:
        for number, row in enumerate(rows(*args)):
            between(number)
            yield row

    monkeypatch.setattr(ledger, "rows", watched)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("general-ledger", "csv"),
        ("general-ledger", "xlsx"),
        ("trial-balance", "csv"),
        ("journal", "hledger"),
        ("journal", "beancount-zip"),
    ],
)
def test_a_file_is_made_told_and_downloaded(
    night: list[Microenterprise], fay: User, folder: Path, kind: str, form: str
) -> None:
    export = asked(fay, form, kind)
    assert making.make_all() == 1
    export.refresh_from_db()
    assert export.status == Export.Status.READY
    assert export.rows_done == export.rows_total > 0
    assert stored(folder) == [export.stored_as]
    assert (folder / export.stored_as).stat().st_mode & 0o777 == 0o600
    assert Notice.objects.get(person=fay).link == "/settlement/exports/"
    response = client(fay).get(f"/settlement/exports/{export.pk}/")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert hashlib.sha256(content).hexdigest() == export.sha256
    assert len(content) == export.size
    assert export.name in response["Content-Disposition"]
    deeds = AuditRecord.objects.filter(subject=f"export:{export.pk}").order_by("pk").values_list("deed", flat=True)
    assert list(deeds) == [f"settlement.export_{deed}" for deed in ("asked", "made", "downloaded")]
    page = client(fay).get("/settlement/exports/").content.decode()
    assert export.name in page
    assert export.sha256 in page


def test_a_file_is_for_whoever_asked_and_only_as_long_as_they_may(
    night: list[Microenterprise], fay: User, folder: Path
) -> None:
    export = asked(fay)
    making.make_all()
    other = person("Second", "finance")
    assert client(other).get(f"/settlement/exports/{export.pk}/").status_code == 404
    assert str(export.pk) not in client(other).get("/settlement/exports/").content.decode()
    with pytest.raises(Denied):
        exports.download(export=export, by=other)
    User.objects.filter(pk=fay.pk).update(roles=["steward"])
    assert client(fay).get(f"/settlement/exports/{export.pk}/").status_code == 403
    User.objects.filter(pk=fay.pk).update(roles=[])
    assert client(fay).get(f"/settlement/exports/{export.pk}/").status_code == 404


@pytest.mark.parametrize(("kind", "filters"), [("report", ("day",)), ("firm", ("me", "since", "until"))])
def test_a_file_with_lines_of_pay_stays_there_only_for_who_reads_pay(
    night: list[Microenterprise], fay: User, folder: Path, kind: str, filters: tuple[str, ...]
) -> None:
    day = (business_date() - timedelta(days=1)).isoformat()
    known = {"day": day, "since": day, "until": day, "me": str(night[0].pk)}
    export = exports.ask(kind=kind, form="xlsx", asked={name: known[name] for name in filters}, by=fay)
    making.make_all()
    path = f"/settlement/exports/{export.pk}/"
    assert client(fay).get(path).status_code == 200
    User.objects.filter(pk=fay.pk).update(roles=["steward"])
    refused = client(fay).get(path)
    assert (refused.status_code, "Ask for it again" in refused.content.decode()) == (403, True)
    exports.ask(kind=kind, form="xlsx", asked=export.asked, by=User.objects.get(pk=fay.pk))
    assert making.make_all() == 1
    assert client(fay).get(f"/settlement/exports/{Export.objects.latest('asked_at').pk}/").status_code == 200


def test_whoever_lost_the_right_meanwhile_gets_no_file(night: list[Microenterprise], fay: User, folder: Path) -> None:
    export = asked(fay)
    User.objects.filter(pk=fay.pk).update(roles=["steward"])
    assert making.make_all() == 0
    export.refresh_from_db()
    assert export.status == Export.Status.FAILED
    assert "Finance and the auditor export" in export.failure
    assert stored(folder) == []
    assert export.failure in client(fay).get("/settlement/exports/").content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("rows", [0, 1, 7, 30])
def test_a_worker_killed_on_the_way_is_followed_by_another_and_leaves_no_half_file(
    night: list[Microenterprise], fay: User, folder: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    def dies(number: int) -> None:
        if number == rows:
            raise Killed

    export = asked(fay)
    with monkeypatch.context() as broken:
        slowly(broken, dies)
        with pytest.raises(Killed):
            making.make(export.pk)
    export.refresh_from_db()
    assert (export.status, export.stored_as) == (Export.Status.RUNNING, "")
    assert client(fay).get(f"/settlement/exports/{export.pk}/").status_code == 409
    making.make_all()
    making.tidy()
    export.refresh_from_db()
    assert (export.status, export.attempt) == (Export.Status.READY, 2)
    assert stored(folder) == [export.stored_as]
    assert Notice.objects.filter(person=fay).count() == 1


@pytest.mark.parametrize("step", ["before the row", "after the row"])
def test_a_worker_killed_around_its_last_word_makes_no_second_file(
    night: list[Microenterprise], fay: User, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    finish = exports.finish

    def dies(**made: Any) -> bool:
        if step == "after the row":
            finish(**made)
        raise Killed

    export = asked(fay)
    with monkeypatch.context() as broken:
        broken.setattr(exports, "finish", dies)
        with pytest.raises(Killed):
            making.make(export.pk)
    making.make_all()
    making.tidy()
    export.refresh_from_db()
    assert export.status == Export.Status.READY
    assert stored(folder) == [export.stored_as]
    assert hashlib.sha256((folder / export.stored_as).read_bytes()).hexdigest() == export.sha256
    assert Notice.objects.filter(person=fay).count() == 1


WORKER = """
import django, sys, time
django.setup()
from settlement.exports import ledger, making
rows = ledger.rows
def slow(*args):
    for row in rows(*args):
        print("row", flush=True)
        time.sleep(0.2)
        yield row
ledger.rows = slow
making.make(sys.argv[1])
"""


def test_a_process_killed_with_nine_lets_go_and_another_takes_up_the_file(
    night: list[Microenterprise], fay: User, folder: Path
) -> None:
    export = asked(fay)
    where = settings.DATABASES["default"]
    address = f"postgres://{where['USER']}:{where['PASSWORD']}@{where['HOST']}:{where['PORT']}/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(export.pk)],
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "DATABASE_URL": address,
            "EXPORTS_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "haier_market.settings",
        },
    )
    assert process.stdout is not None
    for _ in range(5):
        assert process.stdout.readline() == b"row\n"
    assert making.make_all() == 0  # somebody is at it
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert len(stored(folder)) == 1  # its part
    ends = time.monotonic() + 20
    while not making.make_all() and time.monotonic() < ends:
        time.sleep(0.1)
    making.tidy()
    export.refresh_from_db()
    assert (export.status, export.attempt) == (Export.Status.READY, 2)
    assert stored(folder) == [export.stored_as]


def test_workers_at_once_make_a_file_once(night: list[Microenterprise], fay: User, folder: Path) -> None:
    export, barrier = asked(fay), Barrier(4)

    def work() -> bool:
        try:
            barrier.wait(20)
            return making.make(export.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = [done.result(60) for done in [pool.submit(work) for _ in range(4)]]
    assert made.count(True) == 1
    export.refresh_from_db()
    assert export.attempt == 1
    assert stored(folder) == [export.stored_as]
    assert Notice.objects.filter(person=fay).count() == 1


def test_a_worker_that_lost_its_lock_is_overtaken_and_its_file_counts_for_nothing(
    night: list[Microenterprise], fay: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = Event(), Event()

    def waits(number: int) -> None:
        if number == 3 and not begun.is_set():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")
            begun.set()
            assert may_go_on.wait(20)

    slowly(monkeypatch, waits)
    export = asked(fay)

    def first() -> bool:
        try:
            return making.make(export.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(first)
        assert begun.wait(20)
        assert making.make(export.pk)
        may_go_on.set()
        assert late.result(30) is False
    export.refresh_from_db()
    assert (export.status, export.attempt) == (Export.Status.READY, 2)
    assert stored(folder) == [export.stored_as]


def test_an_error_nobody_foresaw_is_tried_again_and_then_told(
    night: list[Microenterprise], fay: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(number: int) -> None:
        raise RuntimeError

    slowly(monkeypatch, breaks)
    export = asked(fay)
    for _ in range(making.ATTEMPTS - 1):
        with pytest.raises(RuntimeError):
            making.make(export.pk)
    assert making.make(export.pk) is False
    export.refresh_from_db()
    assert export.status == Export.Status.FAILED
    assert "Ask for it again" in export.failure
    assert stored(folder) == []


def test_progress_is_seen_from_outside_while_the_file_is_made(
    night: list[Microenterprise], fay: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(making, "TOLD_EVERY", 0.0)
    pages: list[str] = []

    def look(number: int) -> None:
        if number == 10:
            with ThreadPoolExecutor(1) as pool:
                pages.append(pool.submit(watch).result(30))

    def watch() -> str:
        try:
            row = Export.objects.get()
            seen.append((row.rows_done, row.rows_total))
            answer = client(fay).get("/settlement/exports/", headers={"HX-Request": "true", "HX-Target": "open"})
            return str(answer.content.decode())
        finally:
            connection.close()

    slowly(monkeypatch, look)
    asked(fay)
    making.make_all()
    ((done, total),) = seen
    assert 0 < done < total
    assert f"{done} of {total}" in pages[0]
    assert 'hx-trigger="every 2s"' in pages[0]
    after = client(fay).get("/settlement/exports/", headers={"HX-Request": "true", "HX-Target": "open"})
    assert after["HX-Refresh"] == "true"


def test_a_file_is_deleted_when_its_days_are_over(night: list[Microenterprise], fay: User, folder: Path) -> None:
    export = asked(fay)
    making.make_all()
    making.tidy()
    assert len(stored(folder)) == 1
    clock.move_forward(timedelta(days=8))
    making.tidy()
    export.refresh_from_db()
    assert export.status == Export.Status.EXPIRED
    assert stored(folder) == []
    assert client(fay).get(f"/settlement/exports/{export.pk}/").status_code == 409
    assert "Ask again" in client(fay).get("/settlement/exports/").content.decode()


def test_what_killed_workers_left_behind_is_swept(night: list[Microenterprise], fay: User, folder: Path) -> None:
    making.folder()
    (folder / "00000000-0000-4000-8000-000000000000-1.part").write_text("left behind")
    export = asked(fay)
    (folder / f"{export.pk}-1.part").write_text("being made")
    making.tidy()
    assert stored(folder) == [f"{export.pk}-1.part"]


def test_the_page_asks_for_a_file_once_however_often_it_is_pressed(
    night: list[Microenterprise], fay: User, folder: Path
) -> None:
    day = business_date()
    path = f"/settlement/exports/new/general-ledger/?since={day - timedelta(days=2)}&until={day}"
    for _ in range(2):
        assert client(fay).post(path, {"form": "csv"}).status_code == 303
    export = Export.objects.get()
    assert export.asked["until"] == str(day)
    assert client(fay).post(path, {"form": "pdf"}).status_code == 404
    for form in ("xlsx",):
        client(fay).post(path, {"form": form})
    for kind in ("trial-balance", "journal"):
        for form in ("csv", "xlsx", "hledger", "beancount"):
            client(fay).post(f"/settlement/exports/new/{kind}/", {"form": form})
    assert Export.objects.count() == exports.MOST_OPEN
    refused = client(fay).post("/settlement/exports/new/journal/", {"form": "beancount-zip"})
    assert refused.status_code == 422
    assert b"still being made" in refused.content
    for stranger in (person("Sol"), person("Vendor", "vendor")):
        assert client(stranger).post(path, {"form": "csv"}).status_code == 404
    assert client(person("Ada", "steward")).post(path, {"form": "csv"}).status_code == 403
