"""hledger and Beancount accept the journals of a whole company, by month and by shard, and arrive at our balances."""

import csv
import io
import shutil
import subprocess
import zipfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Balance, Open

from core import money
from ledger import days, journal
from people.models import User
from settlement.exports import journals
from tests.seed import small
from tests.seed.plain_text import (
    Balances,
    as_beancount,
    as_hledger,
    hledger,
    of_beancount,
    of_hledger,
    order,
    ours,
    written,
)

pytestmark = pytest.mark.django_db


def first() -> date:
    found = days.first_date()
    assert found
    return found


@pytest.fixture
def fay(people: dict[str, User]) -> User:
    return people["fay"]


def test_both_accept_the_whole_history_and_arrive_at_our_balances(fay: User, tmp_path: Path) -> None:
    since, until = first(), small.UNTIL
    assert (until - since).days >= 2
    told = order(fay, "hledger", since, until)
    path = written(tmp_path, journals.text(told), "hledger")
    hledger(path, "check", "--strict")
    assert of_hledger(path) == as_hledger(ours(until))
    assert f"; Head of the audit trail: {told.source.head}" in path.read_text()
    path = written(tmp_path, journals.text(order(fay, "beancount", since, until)), "beancount")
    assert of_beancount(path) == as_beancount(ours(until))
    assert len(as_beancount(ours(until))) > 100


def test_a_part_of_the_history_opens_with_what_was_there_before(fay: User, tmp_path: Path) -> None:
    day = small.UNTIL - timedelta(days=1)
    path = written(tmp_path, journals.text(order(fay, "hledger", day, day)), "hledger")
    hledger(path, "check", "--strict")
    assert "What stood in the accounts before" in path.read_text()
    assert of_hledger(path) == as_hledger(ours(day))
    path = written(tmp_path, journals.text(order(fay, "beancount", day, day)), "beancount")
    assert of_beancount(path) == as_beancount(ours(day))


def test_people_keep_their_names_beside_legal_accounts(fay: User, tmp_path: Path) -> None:
    path = written(tmp_path, journals.text(order(fay, "beancount", first(), small.UNTIL)), "beancount")
    entries, _errors, _options = loader.load_file(str(path))
    opened = {entry.account: entry.meta for entry in entries if isinstance(entry, Open)}
    assert all(account.isascii() for account in opened)
    of_people = [meta for meta in opened.values() if meta.get("party", "").startswith("person:")]
    assert of_people
    names = set(User.objects.values_list("name", flat=True))
    assert {" ".join(meta["name"].split()) for meta in of_people} <= {" ".join(name.split()) for name in names}
    assert all(meta["entity"] for meta in opened.values())


@pytest.mark.parametrize("cents", ["0.01", "-0.01", "1.00"])
def test_beancount_refuses_a_hundredth_too_much(fay: User, tmp_path: Path, cents: str) -> None:
    path = written(tmp_path, journals.text(order(fay, "beancount", first(), small.UNTIL)), "beancount")
    text = path.read_text()
    entries, _errors, _options = loader.load_file(str(path))
    told = next(entry for entry in entries if isinstance(entry, Balance) and entry.amount.currency == "CNY")
    assert told.amount.number
    line = next(line for line in text.splitlines() if f"balance {told.account} " in line)
    wrong = line.replace(f"{told.amount.number}", f"{told.amount.number + Decimal(cents)}")
    assert wrong != line
    path.write_text(text.replace(line, wrong))
    _entries, errors, _options = loader.load_file(str(path))
    assert len(errors) == 1
    # And a transaction that is a hundredth out of balance.
    posting = next(line for line in text.splitlines() if line.startswith("  Assets:") and line.endswith(" CNY"))
    number = posting.split()[-2]
    path.write_text(text.replace(posting, posting.replace(number, f"{Decimal(number) + Decimal(cents)}"), 1))
    _entries, errors, _options = loader.load_file(str(path))
    assert any("does not balance" in error.message for error in errors)


def test_hledger_refuses_an_assertion_that_is_a_hundredth_off(fay: User, tmp_path: Path) -> None:
    path = written(tmp_path, journals.text(order(fay, "hledger", first(), small.UNTIL)), "hledger")
    text = path.read_text()
    line = next(line for line in text.splitlines() if " 0.00 CNY = " in line)
    before, number = line.rsplit(" = ", 1)
    off = Decimal(number.removesuffix(" CNY")) + Decimal("0.01")
    path.write_text(text.replace(line, f"{before} = {off} CNY"))
    program = shutil.which("hledger") or "hledger"
    done = subprocess.run([program, "-f", str(path), "check"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "assertion" in done.stderr


@pytest.mark.parametrize("form", ["hledger-zip", "beancount-zip"])
def test_every_shard_stands_on_its_own_and_all_together_are_the_books(
    fay: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(journals, "SHARD", 4)
    told = order(fay, form, small.UNTIL - timedelta(days=1), small.UNTIL)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(journals.archive(told))))
    names = archive.namelist()
    assert names[-2:] == ["control.csv", "README.txt"]
    control = list(csv.DictReader(io.StringIO(archive.read("control.csv").decode())))
    together: Balances = {}
    for name in names[:-2]:
        path = tmp_path / name
        path.write_bytes(archive.read(name))
        rows = [row for row in control if row["file"] == name]
        assert {row["sha256"] for row in rows} == {sha256(path.read_bytes()).hexdigest()}
        assert {Decimal(row["accounts_sum_to"]) for row in rows} == {Decimal(0)}
        if form == "hledger-zip":
            hledger(path, "check", "--strict")
        together |= of_hledger(path) if form == "hledger-zip" else of_beancount(path)
    assert len(names) > 4
    assert together == (as_hledger if form == "hledger-zip" else as_beancount)(ours(small.UNTIL))
    readme = archive.read("README.txt").decode()
    assert told.source.lines_sha256 in readme
    assert str(told.source.head) in readme
    whole = journal.Control()
    list(journal.lines(small.UNTIL - timedelta(days=1), small.UNTIL, control=whole))
    debits: Counter[str] = Counter()
    for row in control:
        debits[row["currency"]] += money.minor(Decimal(row["debits"]), row["currency"])
    assert debits == whole.debits
    assert sum({row["file"]: int(row["postings"]) for row in control}.values()) == whole.postings
