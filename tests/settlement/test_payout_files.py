"""The files for the bank: valid by the real schema, right to the unit, and the only place with whole bank details."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from core.errors import Conflict, Invalid
from people.models import User
from settlement import bank as banks
from settlement import checks, pain001, payout_files, vault
from settlement.actions import payouts
from settlement.bank import CLEARING, Account, read_account, read_iban
from settlement.models import PayoutBatch
from tests.settlement.paying import CARD, DAY, IBAN, account, approve, bank, payment_to, people_of, sent, shared
from tests.settlement.world import Seat, earn, firm, member, nights, person

SCHEMA = Path(__file__).resolve().parent.parent / "data" / "pain.001.001.09.xsd"
NS = {"p": pain001.NAMESPACE}
LONG = "Wolfeschlegelsteinhausenbergerdorff " * 3 + "Maximiliane-Alexandra von und zu"


def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


def parsed(text: str) -> Any:
    document = etree.fromstring(text.encode())
    schema().assertValid(document)
    return document


def words(document: Any, path: str) -> list[str]:
    return [element.text for element in document.findall(f".//{path}", NS)]


def head(**changes: Any) -> pain001.Head:
    made = pain001.Head(
        message_id="5d1f0e0a4c9b4ef19ad0c8a6a2c3d4e5",
        created_at=datetime(2026, 11, 22, 4, 5, 6, 789, tzinfo=UTC),
        execution_date=date(2026, 11, 22),
        currency="CNY",
        count=1,
        total_minor=12_345_67,
        debtor=Account("Haier & Söhne <Market>", number="6200000000000000018", bic="DEMOCNBJXXX"),
        purpose="Haier Market payout 1",
        note="2026-11-01 to 2026-11-21 -- & <hash>",
    )
    return replace(made, **changes)


def transfer(minor: int = 12_345_67, creditor: Account | None = None) -> pain001.Transfer:
    return pain001.Transfer("0" * 32, "1-1", minor, creditor or account())


ACCOUNTS = [
    account(holder="欧阳娜娜"),
    account(holder="نور الهدى بنت عبد الله"),
    account(holder=LONG[:140]),
    account(holder='O\'Neill & <Sons> "Ltd"'),
    read_account(holder="Anna", iban=IBAN),
    read_account(holder="Anna", iban=IBAN, bic="COBADEFF"),
    read_account(holder="Kenji", number="1234567", clearing_system="JPZGN", clearing_code="0001-001"),
    read_account(holder="Ann", number="000123456789", bic="CHASUS33XXX"),
]


@pytest.mark.parametrize("creditor", ACCOUNTS, ids=lambda each: each.holder[:12])
def test_every_kind_of_account_and_name_is_valid(creditor: Account) -> None:
    document = parsed("".join(pain001.document(head(), [transfer(creditor=creditor)])))
    assert words(document, "p:Cdtr/p:Nm") == [creditor.holder]
    assert words(document, "p:CdtrAcct/p:Id/p:IBAN") == [creditor.iban][: bool(creditor.iban)]
    assert words(document, "p:CdtrAcct/p:Id/p:Othr/p:Id") == [creditor.number][: bool(creditor.number)]


@pytest.mark.parametrize(
    ("currency", "minor", "text"), [("CNY", 5, "0.05"), ("JPY", 1_234_567, "1234567"), ("KWD", 1_001, "1.001")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int, text: str) -> None:
    document = parsed("".join(pain001.document(head(currency=currency, total_minor=minor), [transfer(minor)])))
    assert words(document, "p:InstdAmt") == [text]
    assert words(document, "p:CtrlSum") == [text, text]
    assert document.find(".//p:InstdAmt", NS).get("Ccy") == currency


@pytest.mark.parametrize("change", [{"total_minor": 12_345_68}, {"count": 2}, {"count": 0}])
def test_wrong_control_totals_leave_no_document_behind(change: dict[str, int]) -> None:
    """The schema would accept them."""
    written = []
    with pytest.raises(pain001.ControlTotalsDiffer):
        for piece in pain001.document(head(**change), [transfer()]):
            written.append(piece)
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring("".join(written).encode())


# --- A batch ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fay(db: None) -> User:
    return person("Fay", "finance")


def xml(batch: PayoutBatch) -> Any:
    return parsed("".join(payout_files.pain001_xml(batch)))


def rows(batch: PayoutBatch) -> list[dict[str, str]]:
    text = "".join(payout_files.csv_file(batch)).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_files_of_a_batch_say_what_was_posted(fay: User) -> None:
    shared(*(Seat(f"Person {n}", n + 1) for n in range(4)), minor=1_000_07)
    batch = sent(fay)
    document = xml(batch)
    amounts = [Decimal(text) for text in words(document, "p:InstdAmt")]
    assert sum(amounts) == Decimal(batch.total_minor) / 100
    assert words(document, "p:GrpHdr/p:NbOfTxs") == words(document, "p:PmtInf/p:NbOfTxs") == ["4"]
    assert words(document, "p:GrpHdr/p:CtrlSum") == [f"{sum(amounts)}"]
    assert words(document, "p:CdtrAcct/p:Id/p:Othr/p:Id") == [CARD] * 4
    assert words(document, "p:CdtrAgt/p:FinInstnId/p:ClrSysMmbId/p:MmbId") == ["102100099996"] * 4
    assert words(document, "p:EndToEndId") == [payment.pk.hex for payment in batch.payments.order_by("number")]
    told = rows(batch)
    assert [Decimal(row["Amount"]) for row in told] == amounts
    assert {row["Account number"] for row in told} == {CARD}
    assert {row["Hash of the payments"] for row in told} == {batch.payments_sha256}
    assert {row["Settlement runs"] for row in told} == {f"{DAY} to {DAY}"}
    text = "".join(payout_files.pain001_xml(batch))
    assert batch.payments_sha256 in text
    assert f"{DAY} to {DAY}" in text


def test_the_file_stays_the_same_whatever_happens_afterwards(fay: User) -> None:
    me = shared(Seat("Amara"), Seat("Mei"))
    batch = sent(fay)
    first = "".join(payout_files.pain001_xml(batch))
    bank(member(me, "Amara"), account("99887766554433"))
    payouts.reject(payment=payment_to("Mei", batch), reason="=Closed", by=fay)
    batch.refresh_from_db()
    payout_files.check_totals(batch)
    assert "".join(payout_files.pain001_xml(batch)) == first
    assert {row["Person"]: (row["State"], row["The bank's reason"]) for row in rows(batch)} == {
        "Amara": ("Sent", ""),
        "Mei": ("Rejected by the bank", "'=Closed"),
    }


def test_yen_are_sent_without_decimals(fay: User) -> None:
    me = firm(Seat("Kenji"), launched=DAY, currency="JPY")
    earn(me, 1001, DAY)
    nights(DAY)
    approve(DAY)
    for somebody in people_of(me):
        bank(somebody)
    assert words(xml(sent(fay, "JPY")), "p:InstdAmt") == ["500"]


def test_another_key_opens_nothing_and_says_so_before_the_first_byte(fay: User, settings: Any) -> None:
    shared(Seat("Amara"))
    batch = sent(fay)
    settings.PAYOUT_KEY = b"k" * 32
    with pytest.raises(vault.Unreadable, match="PAYOUT_KEY"):
        payout_files.check_totals(batch)


def test_payments_that_are_not_those_that_were_sent_give_no_file(fay: User) -> None:
    shared(Seat("Amara"))
    batch = sent(fay)
    batch.total_minor += 1
    with pytest.raises(Conflict, match="No file was written"):
        payout_files.check_totals(batch)


def test_a_sealed_account_opens_in_its_own_place_only(fay: User) -> None:
    sealed = vault.seal(account(), row=fay.pk, person=fay.pk)
    assert vault.open_sealed(sealed, row=fay.pk, person=fay.pk) == account()
    other = person("Other")
    for row, owner in ((other.pk, fay.pk), (fay.pk, other.pk)):
        with pytest.raises(vault.Unreadable):
            vault.open_sealed(sealed, row=row, person=owner)
    assert len(vault.seal(account(holder=LONG[:140]), row=fay.pk, person=fay.pk)) == len(sealed)


# --- What can be an account -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "iban",
    [
        IBAN,
        "de89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "NO93 8601 1117 947",
        "\uff24\uff25\uff18\uff19 3704 0044 0532 0130 00",
        "MT84MALT011000012345MTLCAST001S",
    ],
)
def test_real_ibans_are_taken(iban: str) -> None:
    assert read_iban(iban) == re.sub(r"\s", "", unicodedata.normalize("NFKC", iban)).upper()


@pytest.mark.parametrize(("typed", "read"), [("１０２１０００９９９９６", "102100099996"), ("١٠٢١٠٠٠٩٩٩٩٦", None)])
def test_a_bank_code_is_made_of_digits_that_banks_read(typed: str, read: str | None) -> None:
    facts = {"holder": "Anna", "number": CARD, "clearing_system": "CNAPS", "clearing_code": typed}
    if read is not None:
        assert read_account(**facts).clearing_code == read
        return
    with pytest.raises(Invalid):
        read_account(**facts)


@pytest.mark.parametrize(
    ("iban", "says"),
    [
        ("DE89370400440532013001", "check digits"),
        ("DE98370400440532013000", "check digits"),
        ("DE8937040044053201300", "22 characters"),
        ("CN89370400440532013000", "does not use IBANs"),
        ("6222021234567890", "begins with two letters"),
        ("DE89 3704 0044 0532 0130 0é", "begins with two letters"),
        ("DE٨٩370400440532013000", "begins with two letters"),
    ],
)
def test_wrong_ibans_are_refused_with_why(iban: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_iban(iban)


def test_every_single_slip_and_most_swaps_in_an_iban_are_noticed() -> None:
    def slips() -> Iterator[str]:
        for place in range(4, len(IBAN)):
            yield from (IBAN[:place] + digit + IBAN[place + 1 :] for digit in "0123456789" if digit != IBAN[place])
        for place in range(4, len(IBAN) - 1):
            if IBAN[place] != IBAN[place + 1]:
                yield IBAN[:place] + IBAN[place + 1] + IBAN[place] + IBAN[place + 2 :]

    for slip in slips():
        with pytest.raises(Invalid):
            read_iban(slip)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"holder": " ", "iban": IBAN}, "holder"),
        ({"holder": "Anna\x07", "iban": IBAN}, "holder"),
        ({"holder": "Anna"}, "number"),
        ({"holder": "Anna", "iban": IBAN, "number": CARD}, "iban"),
        ({"holder": "Anna", "number": CARD}, "bic"),
        ({"holder": "Anna", "number": "12"}, "number"),
        ({"holder": "Anna", "number": CARD, "bic": "NOPE"}, "bic"),
        ({"holder": "Anna", "number": CARD, "clearing_code": "102100099996"}, "clearing_system"),
        ({"holder": "Anna", "number": CARD, "clearing_system": "CNAPS", "clearing_code": "1021"}, "clearing_code"),
        ({"holder": "Anna", "number": CARD, "clearing_system": "CNAPS"}, "bic"),
    ],
)
def test_what_cannot_be_an_account_is_refused_beside_its_field(given: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_account(**given)
    assert refused.value.field == field


def test_an_account_does_not_print_itself() -> None:
    shown = f"{account()!r} {account()} {[account()]}"
    assert CARD not in shown
    assert "李娜" not in shown
    assert shown.startswith("Account(•••• 0123)")
    assert read_account(holder="A", number="12345", bic="BKCHCNBJ").ending == "45"


def test_the_codes_of_clearing_systems_are_those_of_the_standard() -> None:
    assert all(re.fullmatch(r"[A-Z]{5}", code) for code in CLEARING)


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_the_key_of_bids_is_no_key_for_bank_details(settings: Any) -> None:
    assert checks.payout_key_is_its_own(None) == []
    settings.PAYOUT_KEY = settings.BID_KEY
    assert [error.id for error in checks.payout_key_is_its_own(None)] == ["settlement.E001"]


@pytest.mark.parametrize(
    ("name", "number", "bic", "found"),
    [
        ("Haier", IBAN, "COBADEFF", []),
        ("Haier", CARD, "BKCHCNBJ", []),
        ("", "", "", []),
        ("Haier", CARD, "", ["settlement.E002"]),
        ("", CARD, "BKCHCNBJ", ["settlement.E002"]),
        ("Haier", "DE00370400440532013000", "COBADEFF", ["settlement.E002"]),
    ],
)
def test_the_companys_account_is_whole_or_absent(
    settings: Any, name: str, number: str, bic: str, found: list[str]
) -> None:
    settings.PAYOUT_DEBTOR_NAME, settings.PAYOUT_DEBTOR_ACCOUNT, settings.PAYOUT_DEBTOR_BIC = name, number, bic
    assert [error.id for error in checks.company_account_is_whole(None)] == found
    if name and not found:
        assert banks.company_account().ending == number[-4:]
