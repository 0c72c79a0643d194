"""The audit trail is a chain: whoever changes, removes or slips in a record is found, and writers never wait for it."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier, Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from core import audit
from core.models import AuditLink, AuditRecord, AuditWaiting

pytestmark = pytest.mark.django_db


def write(count: int = 1, **facts: object) -> list[AuditRecord]:
    return [audit.record(by=None, deed="test.done", subject=f"test:{n}", about="A test", **facts) for n in range(count)]


def check(*words: str) -> str:
    said = StringIO()
    call_command("check_audit", *words, stdout=said, stderr=StringIO())
    return said.getvalue()


def by_hand(sql: str, *values: int) -> None:
    """As somebody who may switch the triggers off."""
    with connection.cursor() as cursor:
        for table in ("core_auditrecord", "core_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        for table in ("core_auditrecord", "core_auditlink"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_each_link_carries_the_hash_of_its_record_and_of_the_link_before() -> None:
    audit.link()
    write(3, amount_minor=5, names=["智能", "b"])
    assert audit.link() == 3
    assert audit.link() == 0
    *_earlier, first, second, third = AuditLink.objects.order_by("position")
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert audit.head() == (third.record_id, third.hash)
    assert not AuditWaiting.objects.exists()


def test_the_head_moves_with_every_record() -> None:
    write()
    before = audit.head()
    (record,) = write()
    after = audit.head()
    assert after.record_id == record.pk
    assert after.hash != before.hash


def test_a_trail_that_nobody_touched_is_proved() -> None:
    write(5)
    told = audit.head()
    write(5)
    said = check("--head", str(told), "--progress")
    assert f"{audit.length()} records are chained" in said
    assert str(audit.head()) in check("--head", told.hash)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "UPDATE core_auditrecord SET facts = '{\"amount_minor\": 6}' WHERE id = %s",
            "was changed after it was written",
        ),
        ("UPDATE core_auditrecord SET at = at + interval '1 second' WHERE id = %s", "was changed after it was written"),
        ("UPDATE core_auditrecord SET actor_name = 'x' WHERE id = %s", "was changed after it was written"),
        ("DELETE FROM core_auditrecord WHERE id = %s", "is gone"),
        ("DELETE FROM core_auditlink WHERE record_id = %s - 1", "are missing"),
        ("UPDATE core_auditlink SET content_hash = repeat('0', 64) WHERE record_id = %s", "was changed"),
        ("UPDATE core_auditlink SET hash = repeat('0', 64) WHERE record_id = %s", "does not follow"),
    ],
)
def test_the_first_broken_record_is_named(sql: str, sentence: str) -> None:
    records = write(6, amount_minor=5)
    audit.link()
    by_hand(sql, records[3].pk)
    with pytest.raises(CommandError, match=rf"(?s)FAILED.*{records[3].pk}.*{sentence}"):
        check()


def test_a_record_that_was_kept_out_of_the_chain_is_named() -> None:
    records = write(3)
    AuditWaiting.objects.filter(record_id=records[1].pk).delete()
    with pytest.raises(CommandError, match=f"Record {records[1].pk} is in no link"):
        check()


def test_a_trail_cut_off_at_its_end_does_not_hold_the_head_a_file_names() -> None:
    write(3)
    told = audit.head()
    by_hand("DELETE FROM core_auditrecord WHERE id = %s", told.record_id)
    by_hand("DELETE FROM core_auditlink WHERE record_id = %s", told.record_id)
    check()
    with pytest.raises(CommandError, match=told.hash):
        check("--head", str(told))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE core_auditlink SET position = position + 1000",
        "DELETE FROM core_auditlink",
        "TRUNCATE core_auditlink",
        "INSERT INTO core_auditlink SELECT position + 1, record_id + 1, content_hash, hash, repeat('1', 64)"
        " FROM core_auditlink ORDER BY position DESC LIMIT 1",
    ],
)
def test_the_database_refuses_a_link_by_hand(sql: str) -> None:
    write()
    audit.link()
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_record_committed_late_is_linked_late_and_nothing_is_lost(cloned_db: str) -> None:
    """The one with the lower id commits after the one with the higher, and after a link."""
    written, may_commit = Event(), Event()

    def slow() -> int:
        try:
            with transaction.atomic():
                (record,) = write()
                written.set()
                assert may_commit.wait(20)
            return int(record.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow)
        assert written.wait(20)
        (early,) = write()
        assert audit.head().record_id == early.pk
        may_commit.set()
        first_id = late.result(20)
    assert first_id < early.pk
    assert audit.head().record_id == first_id
    check()


def test_writers_and_linkers_at_once_leave_one_whole_chain(cloned_db: str) -> None:
    barrier = Barrier(6)

    def work(is_linker: bool) -> None:
        try:
            barrier.wait(20)
            for _ in range(25):
                if is_linker:
                    audit.link()
                else:
                    with transaction.atomic():
                        write(2)
        finally:
            connection.close()

    before = AuditRecord.objects.count()
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, n % 3 == 0) for n in range(6)]:
            done.result(60)
    check()
    assert audit.length() == AuditRecord.objects.count() == before + 4 * 25 * 2


def test_where_it_may_not_write_the_head_is_the_last_one_known(cloned_db: str) -> None:
    write()
    told = audit.head()
    write()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        assert audit.head() == told
    assert audit.head() != told
