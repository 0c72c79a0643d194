"""hledger reads our journal, finds nothing wrong in it and arrives at our balances."""

import csv
import io
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core import clock, money
from ledger import journal, trial
from ledger.accounts import Book, Kind
from ledger.entities import open_entity
from ledger.writer import Draft, credit, debit
from tests.ledger.books import cost, firm, post, receipt, sale, share

pytestmark = pytest.mark.django_db
EVER = (date(2000, 1, 1), date(2100, 1, 1))


def hledger(text: str, *arguments: str) -> str:
    """What hledger prints about a journal; its complaint fails the test."""
    program = shutil.which("hledger")
    assert program, "hledger is missing: apt-get install hledger"
    done = subprocess.run(
        [program, "-f-", *arguments], input=text, capture_output=True, text=True, env={"LANG": "C.UTF-8"}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def balances(text: str) -> Counter[tuple[str, str]]:
    """hledger's own balances: minor units by account and currency."""
    found: Counter[tuple[str, str]] = Counter()
    rows = csv.DictReader(io.StringIO(hledger(text, "bal", "--flat", "--empty", "--no-total", "-O", "csv")))
    for row in rows:
        for amount in row["balance"].split(", "):
            if amount != "0":
                number, currency = amount.split(" ")
                found[row["account"], currency] += money.minor(Decimal(number), currency)
    return found


def ours(book: Book = Book.REAL) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (journal.account_name(line.entity_id, line.entity_name, line.kind, line.party), line.currency): (
                line.balance_minor
            )
            for line in trial.trial_balance(clock.business_date(), book)
        }
    )


AWKWARD = [
    "; a comment",
    "(virtual) [balanced]",
    "Assets:wallet: nested",
    "two  spaces\tand a tab",
    "new\nline\r\n2026-01-01 injected",
    "智能冰箱　小微企业",
    "Ünïcode “quotes” | pipe",
    "* ! ~ = @ % $ # 12.00 EUR",
    "right\u202eto left\u2028separator",
    "  ",
    "comment bis ; end",
    "a, tag: value",
]


def test_any_name_makes_a_journal_that_hledger_accepts() -> None:
    entities = [
        open_entity(name=(name.strip() and name) or "x", kind="microenterprise", currency="CNY") for name in AWKWARD
    ]
    for number, (entity, name) in enumerate(zip(entities, AWKWARD, strict=True)):
        owner = "owner:" + (" ".join(name.split()) or "x")
        invested = (debit(entity.pk, Kind.WALLET, 5_01), credit(entity.pk, Kind.STAKE, 5_01, owner))
        draft = Draft(f"stake:{number}:{name}", f"kind {name}", invested, subject=name, memo=name)
        post(draft, replace(receipt(entity, 1_00, f"r:{number}"), memo=name), share(entity, {"mei": 7}, f"s:{number}"))
    text = "".join(journal.lines(*EVER))
    hledger(text, "check", "accounts", "commodities", "balancednoautoconversion")
    assert balances(text) == ours()
    assert len(ours()) == len(AWKWARD) * 6


def test_parties_that_differ_only_in_signs_stay_apart() -> None:
    entity = firm()
    for number, owner in enumerate(["owner:A;B", "owner:A,B", "owner:A:B", "owner:A-B"]):
        post(Draft(f"{number}", "stake", (debit(entity.pk, Kind.WALLET, 1), credit(entity.pk, Kind.STAKE, 1, owner))))
    assert balances("".join(journal.lines(*EVER))) == ours()


def test_every_entity_of_an_entry_balances_by_itself_in_its_currency() -> None:
    kettle, cold = firm(), firm("Cold Chain")
    tokyo = open_entity(name="東京冷蔵", kind="microenterprise", currency="JPY")
    kuwait = open_entity(name="الكويت", kind="microenterprise", currency="KWD")
    post(
        receipt(kettle, 100_00),
        sale(kettle, cold, 33_33),
        receipt(tokyo, 12_345, "r:2"),
        cost(tokyo, 345, "c:2"),
        receipt(kuwait, 1_234_567, "r:3"),
    )
    text = "".join(journal.lines(*EVER))
    hledger(text, "check", "accounts", "commodities")
    assert balances(text) == ours()
    assert "12345 JPY" in text
    assert "1234.567 KWD" in text
    assert "\n; control: debits 166.66 CNY\n" in text
    transactions = hledger(text, "print", "-O", "csv")
    assert len({row["txnidx"] for row in csv.DictReader(io.StringIO(transactions))}) == 6


def test_an_export_can_be_of_some_entities_or_of_the_shadow_book() -> None:
    kettle, cold = firm(), firm("Cold Chain")
    post(receipt(kettle, 100_00), sale(kettle, cold, 33_33), receipt(cold, 5, "trial", Book.SHADOW))
    only = "".join(journal.lines(*EVER, entity_ids=[cold.pk]))
    hledger(only, "check", "accounts")
    assert "Blue Kettle" not in only
    shadow = "".join(journal.lines(*EVER, book=Book.SHADOW))
    assert balances(shadow) == ours(Book.SHADOW)
    empty = "".join(journal.lines(date(2001, 1, 1), date(2001, 1, 2)))
    hledger(empty, "check")


def test_each_transaction_names_its_reference_and_its_hash() -> None:
    (entry,) = post(receipt(firm(), 100_00))
    text = "".join(journal.lines(*EVER))
    assert "; reference: receipt:1\n" in text
    assert f"; hash: {entry.content_hash}\n" in text
    assert hledger(text, "reg", "tag:reference=receipt:1", "-O", "csv").count("wallet") == 1


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "CNY", "0.00 CNY"),
        (-5, "CNY", "-0.05 CNY"),
        (-105, "JPY", "-105 JPY"),
        (10**15 + 1, "CNY", f"{10**13}.01 CNY"),
    ],
)
def test_amounts_are_written_from_integers(minor: int, currency: str, text: str) -> None:
    assert journal.amount(minor, currency) == text
