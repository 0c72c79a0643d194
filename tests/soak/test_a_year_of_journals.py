"""A year of the demo company in plain text: hledger and Beancount accept it and arrive at our balances.

The company lives from before one year's end to after the next, so that two fiscal years close. Its journals are
written by the product's own exports, in one file for the whole time, for the year alone and in shards; both programs
read each back.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from core import audit, past
from haier_market.seed import company
from haier_market.seed.world import Options
from ledger import days, trial
from ledger.accounts import YEAR_CLOSE, Book
from ledger.models import Entry
from people.models import User
from settlement.exports import journals
from settlement.models import SettlementRun
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

UNTIL: Final = date(2026, 1, 8)
YEAR: Final = (date(2025, 1, 1), date(2025, 12, 31))
COMPANY: Final = Options(people=60, microenterprises=5, days=380, seed=7, projects=20, until=UNTIL)
"""Small, because every night is settled as in life: a year of twelve MEs takes twice as long and says the same."""
pytestmark = [pytest.mark.soak, pytest.mark.timeout(600), pytest.mark.django_db]


@pytest.fixture(scope="module")
def year(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[date]:
    """The company, inside a transaction that ends with the module; its first date."""
    morning = datetime.combine(UNTIL, time(9), ZoneInfo(settings.COMPANY_TIME_ZONE))
    with django_db_blocker.unblock(), ExitStack() as stack:
        stack.enter_context(transaction.atomic())
        company.build(COMPANY, lambda line: None)
        connection.check_constraints()
        stack.enter_context(past.at(morning))
        audit.link()  # once, and not in each test that names the head of the trail
        first = days.first_date()
        assert first
        assert first <= date(2024, 12, 31)
        yield first
        transaction.set_rollback(True)


@pytest.fixture
def fay(year: date, db: None) -> User:
    return User.objects.get(email="fay@haier.example")


def test_the_year_was_lived_through(year: date, fay: User) -> None:
    assert SettlementRun.objects.filter(business_date__range=YEAR).count() == 365
    closed = Entry.objects.filter(kind=YEAR_CLOSE).dates("effective_date", "year")
    assert {day.year for day in closed} >= {2024, 2025}
    call_command("check_books", stdout=io.StringIO())


@pytest.mark.parametrize("book", list(Book))
def test_a_trial_balance_sums_to_zero_for_each_book_and_currency(year: date, fay: User, book: Book) -> None:
    for as_of in (year, date(2024, 12, 31), date(2025, 6, 30), *YEAR, UNTIL):
        sums: Counter[str] = Counter()
        lines = list(trial.trial_balance(as_of, book))
        for line in lines:
            sums[line.currency] += line.balance_minor
        assert not any(sums.values()), (as_of, book, sums)
    assert {line.currency for line in lines} >= ({"CNY", "JPY"} if book is Book.REAL else set())


@pytest.mark.parametrize(
    ("part", "book"), [("the whole time", Book.REAL), ("the year alone", Book.REAL), ("the year alone", Book.SHADOW)]
)
def test_both_arrive_at_our_balances(year: date, fay: User, tmp_path: Path, part: str, book: Book) -> None:
    since, until = (year, UNTIL) if part == "the whole time" else YEAR
    path = written(tmp_path, journals.text(order(fay, "hledger", since, until, book)), "hledger")
    hledger(path, "check", "--strict")
    by_hledger = of_hledger(path)
    path = written(tmp_path, journals.text(order(fay, "beancount", since, until, book)), "beancount")
    by_beancount = of_beancount(path)
    assert by_hledger == as_hledger(ours(until, book))
    assert by_beancount == as_beancount(ours(until, book))
    assert sorted(by_hledger.values()) == sorted(by_beancount.values())
    if book is Book.REAL:
        assert len(by_hledger) > 150


def test_the_shards_of_the_year_are_the_books(
    year: date, fay: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "SHARD", 7)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(journals.archive(order(fay, "hledger-zip", *YEAR)))))
    together: Balances = {}
    names = [name for name in archive.namelist() if name.startswith("entities-")]
    assert len(names) > 1
    for name in names:
        path = tmp_path / name
        path.write_bytes(archive.read(name))
        hledger(path, "check", "--strict")
        together |= of_hledger(path)
    assert together == as_hledger(ours(YEAR[1]))
