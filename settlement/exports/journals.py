"""Journals for hledger and Beancount: one file for an entity or a short time, an archive of shards for the company.

Each shard holds some entities and stands on its own, because a program reads a hundred MEs in half a second and a whole
company in minutes. `control.csv` in the archive says what every shard must add up to, and the hash of its text.
"""

import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from core import money
from ledger import beancount, journal, reports
from ledger.accounts import Book
from ledger.journal import Control
from settlement.exports.files import bytes_of, csv_row, encoded, snapshot
from settlement.exports.names import Names
from settlement.exports.orders import Asked, Order

SHARD: Final = 100
"""How many entities a shard holds."""
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the same content makes the same archive."""
HEAD: Final = ("file", "transactions", "postings", "currency", "debits", "accounts_sum_to", "sha256")


def of_night(order: Order) -> Iterator[str]:
    """The journal of one run's date as hledger text, without openings."""
    run = order.asked["run"]
    yield f"; Settlement run {run.business_date.isoformat()}, hash of its lines {run.lines_sha256}\n"
    yield from order.source.comments()
    with snapshot():
        yield from journal.lines(run.business_date, run.business_date, tick=order.tick)


def text(order: Order) -> Iterator[str]:
    """The journal of since..until as one text, in the format of the order."""
    yield from order.source.comments()
    with snapshot():
        entity_ids = order.asked["entity_ids"]
        known = reports.entities_with_accounts(order.asked["book"]) if entity_ids is None else entity_ids
        names = Names.of(known, order.asked["book"])
        yield from _writer(order, names)(entity_ids=entity_ids)


def archive(order: Order) -> Iterator[bytes]:
    """The journal of since..until as a zip of shards with their control totals."""
    with TemporaryDirectory(prefix="market-") as folder:
        path = Path(folder) / "journal.zip"
        with snapshot():
            _write_archive(path, order)
        yield from bytes_of(path)


def count(asked: Asked, most: int | None) -> int:
    """How many postings it has, counted no further than `most`."""
    return reports.count_lines(asked["since"], asked["until"], asked["book"], entity_ids=asked["entity_ids"], most=most)


def shards(asked: Asked) -> Iterator[list[int]]:
    """The entities of each shard."""
    chosen = asked["entity_ids"]
    entity_ids = reports.entities_with_accounts(asked["book"]) if chosen is None else chosen
    for start in range(0, len(entity_ids), SHARD):
        yield entity_ids[start : start + SHARD]


def _writer(order: Order, names: Names) -> Callable[..., Iterator[str]]:
    since: date = order.asked["since"]
    until: date = order.asked["until"]
    book: Book = order.asked["book"]
    if order.form.startswith("beancount"):
        return partial(beancount.lines, since, until, book=book, name_of=names, tick=order.tick)
    return partial(journal.lines, since, until, book=book, balances=True, name_of=names, tick=order.tick)


def _write_archive(path: Path, order: Order) -> None:
    ending = "beancount" if order.form.startswith("beancount") else "hledger"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        rows: list[str] = [csv_row(HEAD)]
        for number, entity_ids in enumerate(shards(order.asked), start=1):
            name, control = f"entities-{number:04d}.{ending}", Control()
            written = _writer(order, Names.of(entity_ids, order.asked["book"]))(entity_ids=entity_ids, control=control)
            digest = _add(archive, name, _with_comments(order, written))
            rows.extend(_control_rows(name, control, digest))
        _add(archive, "control.csv", iter(rows))
        _add(archive, "README.txt", _readme(order, ending))


def _with_comments(order: Order, lines: Iterator[str]) -> Iterator[str]:
    yield from order.source.comments()
    yield from lines


def _add(archive: zipfile.ZipFile, name: str, lines: Iterator[str]) -> str:
    """Write one file into the archive as it is made; its SHA-256."""
    digest = sha256()
    facts = zipfile.ZipInfo(name, EPOCH)
    facts.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(facts, "w", force_zip64=True) as file:
        for chunk in encoded(lines):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _control_rows(name: str, control: Control, digest: str) -> Iterator[str]:
    currencies = sorted({*control.debits, *(key.currency for key in control.closing)})
    for currency in currencies:
        debits = money.major(control.debits[currency], currency)
        stands = sum(minor for key, minor in control.closing.items() if key.currency == currency)
        counts = (control.transactions, control.postings)
        yield csv_row([name, *counts, currency, debits, money.major(stands, currency), digest])


def _readme(order: Order, ending: str) -> Iterator[str]:
    program = "bean-check" if ending == "beancount" else "hledger check --strict -f"
    yield f"Journal of {order.asked['since'].isoformat()} to {order.asked['until'].isoformat()}, "
    yield f"book {order.asked['book']}, by business date.\n\n"
    for name, value in order.source.facts():
        yield f"{name}: {value}\n"
    yield f"\nEach file holds up to {SHARD} entities with their openings and closings and stands on its own:\n"
    yield f"    for file in entities-*.{ending}; do {program} $file || echo $file; done\n"
    yield "control.csv says what each must add up to and the SHA-256 of its text.\n"
