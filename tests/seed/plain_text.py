"""Reading journals back with the programs they are made for, and our own balances under the names those give them."""

import csv
import io
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core import realization
from beancount.core.data import Open

from core import money
from ledger import beancount, journal, trial
from ledger.accounts import Book
from ledger.journal import AccountKey
from people.models import User
from settlement.exports import catalogue
from settlement.exports.orders import Order

Balances = dict[tuple[str, str], int]


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, env={"LANG": "C.UTF-8"}, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


def hledger(path: Path, *words: str) -> str:
    program = shutil.which("hledger")
    assert program, "hledger is missing: apt-get install hledger"
    return run(program, "-f", str(path), *words)


def of_hledger(path: Path) -> Balances:
    """hledger's own balances in minor units."""
    found: Counter[tuple[str, str]] = Counter()
    rows = csv.DictReader(io.StringIO(hledger(path, "bal", "--flat", "--no-total", "-O", "csv")))
    for row in rows:
        number, currency = row["balance"].split(" ")
        found[row["account"], currency] += money.minor(Decimal(number), currency)
    return dict(found)


def of_beancount(path: Path) -> Balances:
    """Beancount's own balances in minor units; its complaints fail the test."""
    run(str(Path(sys.executable).with_name("bean-check")), str(path))
    entries, errors, _options = loader.load_file(str(path))
    assert not errors
    found: Balances = {}
    tree: Any = realization.realize(entries)  # type: ignore[no-untyped-call]
    for account in {entry.account for entry in entries if isinstance(entry, Open)}:
        node: Any = tree
        for part in account.split(":"):
            node = node[part]
        for position in node.balance:
            amount = position.units
            if amount.number:
                found[account, amount.currency] = money.minor(amount.number, amount.currency)
    assert realization.compute_balance(tree).is_empty()  # type: ignore[no-untyped-call]
    return found


def ours(as_of: date, book: Book = Book.REAL, entity_ids: set[int] | None = None) -> Iterator[tuple[AccountKey, int]]:
    for line in trial.trial_balance(as_of, book):
        if entity_ids is None or line.entity_id in entity_ids:
            key = AccountKey(line.entity_id, line.entity_name, line.kind, line.party, line.currency)
            yield key, line.balance_minor


def as_hledger(stands: Iterator[tuple[AccountKey, int]]) -> Balances:
    return {
        (journal.account_name(key.entity_id, key.entity_name, key.kind, key.party), key.currency): minor
        for key, minor in stands
    }


def as_beancount(stands: Iterator[tuple[AccountKey, int]]) -> Balances:
    return {(beancount.account_name(key), key.currency): minor for key, minor in stands}


def written(tmp_path: Path, lines: Iterator[str], ending: str) -> Path:
    path = tmp_path / f"journal.{ending}"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def order(user: User, form: str, since: date, until: date, book: Book = Book.REAL) -> Order:
    """A journal that somebody asks for, by the form of the page."""
    asked = catalogue.read(
        "journal", {"since": since.isoformat(), "until": until.isoformat(), "book": book.value}, user
    )
    return Order(user, asked, form, catalogue.CATALOGUE["journal"].source(asked))
