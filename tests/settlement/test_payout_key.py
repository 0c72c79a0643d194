"""Replacing PAYOUT_KEY: the older key still opens, the newest seals, and all is sealed anew while people work."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from core.models import AuditRecord
from haier_market import environment
from people.models import User
from settlement import checks, payout_files, vault
from settlement.actions import payouts
from settlement.models import BankDetails
from tests.settlement.paying import IBAN, account, bank, sent, shared
from tests.settlement.world import Seat, person

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


@pytest.fixture
def payees(settings: Any) -> list[User]:
    """Three people with details under the older key, one of them replaced; then the key is replaced."""
    settings.PAYOUT_KEY = OLD
    people = [person(name) for name in ("Amara", "Mei", "Sol")]
    bank(people[0], account("6222021234560001"))
    for number, somebody in enumerate(people):
        bank(somebody, account(f"622202123456000{number}"))
    settings.PAYOUT_KEY, settings.PAYOUT_KEY_BEFORE = NEW, OLD
    return people


def opened(details: BankDetails) -> str:
    return vault.open_sealed(bytes(details.sealed), row=details.pk, person=details.person_id).number


def seal_all(*arguments: str) -> str:
    out = StringIO()
    call_command("seal_bank_details", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_older_key_opens_and_the_newest_seals(payees: list[User], settings: Any) -> None:
    before = BankDetails.objects.get(person=payees[1])
    assert opened(before) == "6222021234560001"
    after = bank(payees[1], account("6222021234569999"))
    settings.PAYOUT_KEY_BEFORE = None
    assert opened(after) == "6222021234569999"
    with pytest.raises(vault.Unreadable, match="PAYOUT_KEY"):
        opened(before)


@pytest.mark.django_db
def test_the_command_seals_everything_anew_and_the_older_key_is_not_needed(payees: list[User], settings: Any) -> None:
    told = {row.pk: (row.ending, row.entered_at, row.replaced_at, opened(row)) for row in BankDetails.objects.all()}
    assert len(told) == 4
    said = seal_all()
    assert "4 accounts were sealed with PAYOUT_KEY." in said and "6222" not in said
    settings.PAYOUT_KEY_BEFORE = None
    assert told == {
        row.pk: (row.ending, row.entered_at, row.replaced_at, opened(row)) for row in BankDetails.objects.all()
    }
    assert "0 accounts were sealed" in seal_all()


@pytest.mark.django_db
def test_every_step_is_in_the_audit_trail_with_who_asked(payees: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    ada = person("Ada", "steward")
    monkeypatch.setattr(payouts, "SEALED_AT_ONCE", 3)
    seal_all("--by", ada.email)
    seal_all("--by", ada.email)
    rows = AuditRecord.objects.filter(deed="bank_details.sealed_anew").order_by("id")
    assert [(row.actor_name, row.facts) for row in rows] == [("Ada", {"rows": 3}), ("Ada", {"rows": 1})]
    with pytest.raises(CommandError, match="Nobody has the address"):
        seal_all("--by", "nobody@haier.example")


@pytest.mark.django_db
def test_an_interrupted_command_goes_on_where_it_stopped(payees: list[User], settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(payouts, "SEALED_AT_ONCE", 1)
    last, count = payouts.seal_bank_details_anew(by=None)
    assert last is not None and count == 1
    assert "3 accounts were sealed" in seal_all()
    settings.PAYOUT_KEY_BEFORE = None
    assert {opened(row) for row in BankDetails.objects.all()} == {f"622202123456000{n}" for n in range(3)}


@pytest.mark.django_db
def test_without_the_older_key_nothing_is_written(payees: list[User], settings: Any) -> None:
    settings.PAYOUT_KEY_BEFORE = None
    before = [bytes(row.sealed) for row in BankDetails.objects.order_by("pk")]
    with pytest.raises(CommandError, match="cannot be opened"):
        seal_all()
    assert [bytes(row.sealed) for row in BankDetails.objects.order_by("pk")] == before


@pytest.mark.django_db
def test_the_files_of_a_payout_are_the_same_before_and_after(fay: User, settings: Any) -> None:
    shared(Seat("Amara"), Seat("Mei"))
    batch = sent(fay)
    first = "".join(payout_files.pain001_xml(batch))
    settings.PAYOUT_KEY, settings.PAYOUT_KEY_BEFORE = NEW, settings.PAYOUT_KEY
    assert "".join(payout_files.pain001_xml(batch)) == first
    seal_all()
    settings.PAYOUT_KEY_BEFORE = None
    payout_files.check_totals(batch)
    assert "".join(payout_files.pain001_xml(batch)) == first


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    ["sealed = 'x'", "ending = '9999'", "replaced_at = NULL", "currency = 'JPY'", "sealed = 'x', replaced_at = now()"],
)
def test_the_database_lets_a_ciphertext_be_replaced_only_where_it_is_said_and_nothing_else(
    payees: list[User], change: str
) -> None:
    rows = "UPDATE settlement_bankdetails SET {} WHERE replaced_at IS NOT NULL"
    with pytest.raises(IntegrityError, match="replaced, not changed"), transaction.atomic(), connection.cursor() as sql:
        sql.execute(rows.format(change))
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("SET LOCAL settlement.seals_anew = 'on'")
        sql.execute(rows.format("sealed = 'x'"))
        sql.execute("SET LOCAL settlement.seals_anew = 'off'")
    if change == "sealed = 'x'":
        return
    with pytest.raises(IntegrityError, match="replaced, not changed"), transaction.atomic(), connection.cursor() as sql:
        sql.execute("SET LOCAL settlement.seals_anew = 'on'")
        sql.execute(rows.format(change))


def test_the_older_key_is_another_one_and_not_the_key_of_bids(settings: Any) -> None:
    assert settings.PAYOUT_KEY_BEFORE is None
    settings.PAYOUT_KEY_BEFORE = settings.PAYOUT_KEY
    assert [error.id for error in checks.payout_key_is_its_own(None)] == ["settlement.E003"]
    settings.PAYOUT_KEY_BEFORE = settings.BID_KEY
    assert [error.id for error in checks.payout_key_is_its_own(None)] == ["settlement.E001"]
    settings.PAYOUT_KEY_BEFORE = OLD
    assert checks.payout_key_is_its_own(None) == []


def test_a_key_that_need_not_be_there_is_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYOUT_KEY_BEFORE", raising=False)
    assert environment.key_or_none("PAYOUT_KEY_BEFORE") is None
    monkeypatch.setenv("PAYOUT_KEY_BEFORE", "")
    assert environment.key_or_none("PAYOUT_KEY_BEFORE") is None
    monkeypatch.setenv("PAYOUT_KEY_BEFORE", "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=")
    assert environment.key_or_none("PAYOUT_KEY_BEFORE") == OLD
    monkeypatch.setenv("PAYOUT_KEY_BEFORE", IBAN)
    with pytest.raises(ImproperlyConfigured, match="PAYOUT_KEY_BEFORE must be 32 random bytes"):
        environment.key_or_none("PAYOUT_KEY_BEFORE")
