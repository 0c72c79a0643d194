"""The feed misses nothing and repeats nothing, whatever order transactions commit in; a feed by number or time does."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from contracts.models import FeedEpoch, Project, Release
from contracts.queries import releases as queries
from core.clock import market_now
from tests.cast import Cast, person
from tests.contracts import market, scenes
from tests.contracts.feeding import READERS, Crowd, in_a_transaction_of_its_own, told_by, write

WRITERS, EACH = 4, 25


def projects(cast: Cast, count: int) -> list[Project]:
    """Rows to write releases of; drafts, so that nothing else tells of them."""
    return [market.drafted(cast, title=f"Box {n}") for n in range(count)]


@pytest.mark.parametrize("reader", READERS)
def test_what_commits_late_is_read_late_and_only_the_naive_lose_it(cloned_db: str, cast: Cast, reader: str) -> None:
    """The slow one takes its number, instant and transaction first and commits last."""
    slow, quick = projects(cast, 2)
    read = READERS[reader]()
    hold, ready = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(in_a_transaction_of_its_own, lambda: write(slow, 1), hold, ready)
        assert ready.wait(timeout=60)
        early = write(quick, 1)
        first = [row.release_id for row in read()]
        hold.set()
        assert late.result().pk < early.pk
    second = [row.release_id for row in read()]
    third = [row.release_id for row in read()]
    if reader == "feed":
        assert first == [], "nothing is given out that something may still come before"
        assert second == [late.result().release_id, early.release_id]
    else:
        assert first == [early.release_id]
        assert second == [], "this is the loss the feed is there to prevent"
    assert third == []


def test_a_crowd_of_writers_loses_nothing_and_repeats_nothing(cloned_db: str, cast: Cast) -> None:
    told = told_by(Crowd(projects(cast, WRITERS), EACH, longest=0.05), seed=4)
    assert WRITERS * EACH * 0.8 < len(told.committed) < WRITERS * EACH, "some are rolled back"
    assert (told.missed("feed"), told.repeated("feed"), told.invented("feed")) == (set(), 0, set())


def test_a_transaction_that_only_reads_or_writes_elsewhere_holds_nothing_back(cloned_db: str, cast: Cast) -> None:
    (project,) = projects(cast, 1)
    hold, ready = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(in_a_transaction_of_its_own, Release.objects.count, hold, ready)
        assert ready.wait(timeout=60)
        row = write(project, 1)
        assert [one.pk for one in queries.feed(Release.objects.all(), None, 9)] == [row.pk]
        hold.set()
        reading.result()


def test_one_s_own_uncommitted_release_is_not_given_out(cloned_db: str, cast: Cast) -> None:
    (project,) = projects(cast, 1)
    with transaction.atomic():
        write(project, 1)
        assert queries.feed(Release.objects.all(), None, 9) == []
    assert len(queries.feed(Release.objects.all(), None, 9)) == 1


def test_the_order_is_the_same_in_pages_of_any_size(cloned_db: str, cast: Cast) -> None:
    (project,) = projects(cast, 1)
    with transaction.atomic():
        several = [write(project, number).pk for number in range(1, 4)]
    several += [write(project, number).pk for number in range(4, 8)]
    for size in (1, 2, 3, 100):
        found: list[int] = []
        after = None
        while rows := queries.feed(Release.objects.all(), after, size):
            found += [row.pk for row in rows]
            after = queries.place_of(queries.cursor_of(rows[-1]))
        assert found == several


def test_another_server_begins_an_epoch_behind_what_came_with_the_copy(cloned_db: str, cast: Cast) -> None:
    """A dump restored elsewhere: the ids of transactions there are smaller, or far larger, than those in the rows."""
    (project,) = projects(cast, 1)
    before = write(project, 1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contracts_feedepoch DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE contracts_release DISABLE TRIGGER USER")
        cursor.execute("UPDATE contracts_feedepoch SET server = 'elsewhere:00000001'")
        cursor.execute("UPDATE contracts_release SET xid = 9000000000000")
        cursor.execute("ALTER TABLE contracts_release ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE contracts_feedepoch ENABLE TRIGGER USER")
    assert [row.pk for row in queries.feed(Release.objects.all(), None, 9)] == [before.pk], "what came is settled"
    cursor_before = queries.cursor_of(Release.objects.get())
    after = write(project, 2)
    assert list(FeedEpoch.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert [row.pk for row in queries.feed(Release.objects.all(), None, 9)] == [before.pk, after.pk]
    assert [row.pk for row in queries.feed(Release.objects.all(), queries.place_of(cursor_before), 9)] == [after.pk]
    assert queries.cursor_of(Release.objects.get(pk=after.pk)).startswith("2.")


# ------------------------------------------------------------------ at the API


def client(user: Any) -> Client:
    found = Client()
    found.force_login(user)
    return found


def test_the_feed_is_a_package_one_reads_on_from_its_cursor(cloned_db: str, cast: Cast) -> None:
    contract = scenes.signed(cast)
    mei, teo = client(cast.mei), client(cast.teo)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = mei.get("/api/v1/ocds/releases/", {"cursor": cursor, "size": "2"})
        assert answer.status_code == 200
        page = answer.json()
        assert (page["version"], page["publisher"]["name"]) == ("1.1", "Haier Market")
        assert page["license"]
        assert any("bid_extension" in address for address in page["extensions"])
        seen += [release["id"] for release in page["releases"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert len(seen) == len(set(seen)) == Release.objects.count() > 4
    assert mei.get("/api/v1/ocds/releases/", {"cursor": cursor}).json()["releases"] == []
    others = teo.get("/api/v1/ocds/releases/").json()["releases"]
    assert {release["id"] for release in others} == set(
        Release.objects.filter(contract=None).values_list("release_id", flat=True)
    )
    assert str(contract.pk) not in teo.get("/api/v1/ocds/releases/").content.decode()
    assert b'"amount":90000.00,' in teo.get("/api/v1/ocds/releases/").content, "exact, with the digits of its currency"


def test_a_cursor_tells_no_number_of_transactions(cloned_db: str, cast: Cast) -> None:
    project = market.published(cast)
    row = Release.objects.get()
    answer = client(cast.teo).get("/api/v1/ocds/releases/")
    assert answer.json()["cursor"] == f"1.ocds-market-{project.pk}-1"
    assert str(row.xid) not in answer.content.decode().replace(str(project.pk), "").replace(
        str(cast.blue_kettle.pk), ""
    )


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["W10", "1.", "1.nothing", ".", "9.ocds", "x" * 400, "1.\x00", "-1.a", "²."])
def test_an_unknown_cursor_is_said_and_not_taken_for_the_beginning(cast: Cast, cursor: str) -> None:
    answer = client(cast.lin).get("/api/v1/ocds/releases/", {"cursor": cursor})
    assert answer.status_code == 404
    assert "beginning" in answer.json()["title"]


@pytest.mark.django_db
def test_a_record_shows_each_reader_what_they_may_see(cast: Cast) -> None:
    contract = scenes.signed(cast)
    address = f"/api/v1/ocds/records/ocds-market-{contract.project_id}/"
    for reader, sees in ((cast.mei, True), (cast.rui, True), (cast.teo, False)):
        (record,) = client(reader).get(address).json()["records"]
        assert ("contracts" in record["compiledRelease"]) is sees, reader.name
        assert record["compiledRelease"]["tag"] == ["compiled"]
        assert len(record["releases"]) == Release.objects.visible_to(reader).count()
    assert client(person("Vendor", "vendor")).get(address).status_code == 404
    assert client(cast.mei).get("/api/v1/ocds/records/ocds-market-nothing/").status_code == 404
    draft = market.drafted(cast)
    assert client(cast.lin).get(f"/api/v1/ocds/records/ocds-market-{draft.pk}/").status_code == 404


@pytest.mark.django_db
def test_a_package_of_some_dates_is_streamed_and_its_dates_are_checked(cast: Cast) -> None:
    scenes.signed(cast)
    today, lin = market_now().date(), client(cast.lin)
    dates = {"from": str(today - timedelta(days=3)), "to": str(today + timedelta(days=3))}
    count = Release.objects.count()
    for form, name, found in (("", "releases", count), ("releases", "releases", count), ("records", "records", 1)):
        answer = lin.get("/api/v1/ocds/packages/", dates | {"as": form})
        assert answer.streaming
        assert len(json.loads(answer.getvalue())[name]) == found
    none = lin.get("/api/v1/ocds/packages/", {"from": "2020-01-01", "to": "2020-01-02"})
    assert none.getvalue().endswith(b'"releases":[]}')
    for asked in (
        {},
        {"from": "2026-01-01"},
        {"from": "tomorrow", "to": "2026-01-01"},
        {"from": "2026-02-01", "to": "2026-01-01"},
        {"from": "2020-01-01", "to": "2026-01-01"},
        {"from": "2026-01-01", "to": "2026-01-02", "as": "poems"},
    ):
        refused = lin.get("/api/v1/ocds/packages/", asked)
        assert refused.status_code == 422, asked
        assert refused.json()["title"]


def test_strangers_get_nothing(client: Client, db: None) -> None:
    for address in ("releases/", "records/ocds-market-x/", "packages/?from=2026-01-01&to=2026-01-02"):
        assert client.get(f"/api/v1/ocds/{address}").status_code in (401, 403)
