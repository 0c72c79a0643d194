"""What reports say stood in an account: the same as every line added up, read from a snapshot and the lines since."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from core import clock, past
from ledger import by_date, days, queries, reports, writer
from ledger.accounts import Book, Kind
from ledger.models import Account, Entity, Entry, Posting
from ledger.queries import Place
from ledger.writer import Draft, credit, debit
from tests.databases import Told, told
from tests.ledger.books import firm, post, share

pytestmark = pytest.mark.django_db
FIRST = date(2026, 2, 20)
ONE = timedelta(days=1)
NIGHTS = 60
"""More than the forty that are kept, over two month ends."""
EFFECTS = (None, *(FIRST + n * ONE for n in (-5, 3, 8, 20, 43, 58, 59, 70)))


def deed(entity: Entity, number: int, day: date, luck: random.Random, book: Book) -> Draft:
    """A receipt or a cost of the day, late, of its own date, or ahead of it."""
    amount = luck.randint(1, 99_99)
    kind, into = luck.choice([(Kind.INCOME_OUTSIDE, 1), (Kind.EXPENSE_OUTSIDE, -1)])
    lines = (debit(entity.pk, Kind.WALLET, amount), credit(entity.pk, kind, amount))
    if into < 0:
        lines = (debit(entity.pk, kind, amount), credit(entity.pk, Kind.WALLET, amount))
    effective = luck.choice([None, None, day - luck.randint(1, 30) * ONE, day + luck.randint(1, 30) * ONE])
    return Draft(f"deed:{number}", "deed", lines, memo="x", effective_date=effective, book=book)


@pytest.fixture(scope="module")
def told_books(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Told[list[Account]]]:
    with django_db_blocker.unblock(), told(_books) as books:
        yield books


@pytest.fixture
def books(db: None, told_books: Told[list[Account]]) -> list[Account]:
    return deepcopy(told_books.what)


def _books() -> list[Account]:
    """Two firms, sixty nights sealed one by one but for the last two, and days without any entry among them."""
    luck = random.Random(20261122)
    firms, number = [firm(), firm("Cold Chain")], 0
    for night in range(NIGHTS):
        day = FIRST + night * ONE
        with past.at(datetime.combine(day, time(12), clock.company_zone())):
            if night == 0:
                for entity in firms:
                    wallet = (debit(entity.pk, Kind.WALLET, 10**9), credit(entity.pk, Kind.INCOME_OUTSIDE, 10**9))
                    post(*(Draft(f"{book}:{entity.pk}", "deed", wallet, book=book) for book in Book))
            for _deed in range(luck.choice([0, 1, 3])):
                number += 1
                post(deed(luck.choice(firms), number, day, luck, luck.choice([Book.REAL, Book.REAL, Book.SHADOW])))
        if night < NIGHTS - 2:
            with past.at(datetime.combine(day + ONE, time(1), clock.company_zone())):
                days.close_day(day)
                if night % 3:
                    luckily = {name: luck.randint(1, 99_99) for name in luck.sample(["mei", "sol", "teo"], 2)}
                    writer.post_one(share(luck.choice(firms), luckily, f"share:{night}"), by="Fay", night=day)
                days.seal_day(day)
    return list(Account.objects.order_by("pk"))


def by_hand(as_of: date, effective: date | None) -> dict[int, int]:
    """Every line there ever was, added up."""
    heads = dict(Entry.objects.values_list("pk", "effective_date"))
    found: defaultdict[int, int] = defaultdict(int)
    for line in Posting.objects.filter(business_date__lte=as_of):
        if effective is None or heads[line.entry_id] <= effective:
            found[line.account_id] += line.amount_minor
    return {account: total for account, total in found.items() if total}


def dates() -> Iterator[date]:
    """Before the first snapshot, on dropped and kept ones, on the open dates and after them."""
    yield from (FIRST + n * ONE for n in (-1, 0, 5, 8, 19, 38, 39, 56, 57, 58, 59, 90))


def test_there_are_snapshots_dropped_and_kept_before_what_is_asked(books: list[Account]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT date FROM ledger_snapshotday ORDER BY date")
        kept = [day for (day,) in cursor.fetchall()]
    assert date(2026, 2, 28) in kept and FIRST not in kept
    assert kept[-1] == FIRST + (NIGHTS - 3) * ONE


def test_balances_on_any_date_are_the_lines_added_up(books: list[Account]) -> None:
    ids = [account.pk for account in books]
    for as_of in dates():
        for effective in EFFECTS:
            found = reports.balances_at(ids, as_of, effective_until=effective)
            assert found == by_hand(as_of, effective), (as_of, effective)


def test_a_trial_balance_on_any_date_is_the_lines_added_up_and_sums_to_zero(books: list[Account]) -> None:
    entities = sorted({account.entity_id for account in books})
    place = {(each.entity_id, each.kind, each.party): each for each in books if each.book == Book.REAL}
    for as_of in dates():
        for effective in EFFECTS:
            expected = by_hand(as_of, effective)
            for only in (None, entities, entities[:1]):
                lines = list(reports.trial_balance(as_of, entity_ids=only, effective_until=effective))
                found = {place[line.entity_id, line.kind, line.party].pk: line.balance_minor for line in lines}
                wanted = {each.pk for each in place.values() if only is None or each.entity_id in only}
                assert found == {pk: minor for pk, minor in expected.items() if pk in wanted}, (as_of, effective, only)
                assert sum(found.values()) == 0


def test_the_balance_after_any_line_is_the_lines_added_up(books: list[Account]) -> None:
    for account in books:
        stands = 0
        for line in Posting.objects.filter(account_id=account.pk).order_by("business_date", "entry_id", "line"):
            stands += line.amount_minor
            place: Place = (line.business_date, line.entry_id, line.line)
            assert reports.balance_upto(account.pk, place) == stands
    assert reports.balance_upto(books[0].pk, (FIRST - ONE, 1, 1)) == 0
    assert reports.balance_upto(10**9, (FIRST, 1, 1)) == 0


def test_what_stood_before_any_date_is_the_lines_added_up(books: list[Account]) -> None:
    entities = sorted({account.entity_id for account in books})
    kinds = [Kind.WALLET, Kind.EXPENSE_OUTSIDE]
    of = {(each.entity_id, each.kind): each.pk for each in books if each.book == Book.REAL and each.kind in kinds}
    for day in dates():
        stood = by_date.stood_before(entities, kinds, day)
        found = {of[entity, kind]: minor for entity, rows in stood.items() for (kind, _party), minor in rows.items()}
        assert found == {pk: minor for pk, minor in by_hand(day - ONE, None).items() if pk in of.values()}, day


def read_parts(sql: str) -> dict[str, str]:
    """The months of days and of nights in which a statement looks for lines, as it is run, and how it looks there: by
    an index if it can, though a month of a few lines is as soon read whole.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {sql}")
        nodes = "\n".join(row[0] for row in cursor.fetchall()).split("-> ")
    parts = (re.search(r" on (ledger_(?:nightlines|posting_day)_\d{6})\b(?!.*never executed)", node) for node in nodes)
    return {part[1]: node for part, node in zip(parts, nodes, strict=True) if part}


def test_no_line_from_before_the_snapshot_is_read(books: list[Account]) -> None:
    wallet = next(each for each in books if each.kind == Kind.WALLET and each.book == Book.REAL)
    last = FIRST + (NIGHTS - 1) * ONE
    month = (FIRST + (NIGHTS - 3) * ONE).strftime("%Y%m")
    read = {f"ledger_{lines}_{month}" for lines in ("posting_day", "nightlines")}
    newest = queries.history(wallet.entity_id, kinds=[Kind.WALLET], limit=1)[0]
    asked = (
        lambda: reports.balances_at([wallet.pk], last),
        lambda: reports.balances_at([wallet.pk], last, effective_until=last + NIGHTS * ONE),
        lambda: list(reports.trial_balance(last, entity_ids=[wallet.entity_id])),
        lambda: reports.balance_upto(wallet.pk, newest.place),
        lambda: by_date.stood_before([wallet.entity_id], [Kind.WALLET], last),
    )
    for ask in asked:
        with CaptureQueriesContext(connection) as caught:
            ask()
        statements = [each["sql"] for each in caught.captured_queries if "ledger_posting" in each["sql"]]
        found: dict[str, str] = {}
        for sql in statements:
            found |= read_parts(re.sub(r"^DECLARE \S+ .*?CURSOR .*?FOR\s+", "", sql, flags=re.S))
        assert set(found) == read, "the months before that of the snapshot are not looked into"
        for node in found.values():
            assert re.search(r"(Index|Recheck) Cond: .*business_date >", node), f"of that month all is read: {node}"


def test_a_filter_by_name_holds_every_entity_of_that_name() -> None:
    shops = [firm(f"Shop {number}").pk for number in range(101)]
    firm("Cold Chain")
    assert reports.entities_named("shop") == shops
    assert reports.entity_names(shops) == {pk: f"Shop {number}" for number, pk in enumerate(shops)}


def test_thousands_of_chosen_entities_stand_in_a_trial_balance_as_a_few_do(
    books: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = reports.entities_named("")
    firm("Opened since")
    for as_of in (FIRST + 7 * ONE, FIRST + NIGHTS * ONE):
        few = list(reports.trial_balance(as_of, entity_ids=chosen))
        some = list(reports.trial_balance(as_of, entity_ids=chosen[:1], kinds=[Kind.WALLET]))
        with monkeypatch.context() as patch:
            patch.setattr(reports, "AT_ONCE", 0)
            assert list(reports.trial_balance(as_of, entity_ids=chosen)) == few != []
            assert list(reports.trial_balance(as_of, entity_ids=chosen[:1], kinds=[Kind.WALLET])) == some != []
