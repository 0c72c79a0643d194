"""The trial balance: what stands in every account at the end of a date, account by account or by kind of account.

Amounts are minor units, debit positive, so that a whole book sums to zero in each currency. Everything starts from a
snapshot and the lines since, so that it costs the same with any history. Nothing of one account's history stands here.
"""

# ruff: noqa: S608 (what is put into the queries are constants of this file)

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from ledger.accounts import Book, Kind


class TrialLine(NamedTuple):
    """One account of a trial balance; balance_minor is debit positive, so that the whole sums to zero."""

    entity_id: int
    entity_name: str
    kind: Kind
    party: str
    currency: str
    balance_minor: int


class KindSum(NamedTuple):
    """All accounts of one kind and currency: how many have something in them, and what, on either side."""

    kind: Kind
    currency: str
    accounts: int
    debit_minor: int
    credit_minor: int


def trial_balance(as_of: date, book: Book = Book.REAL) -> Iterator[TrialLine]:
    """Every account with something in it at the end of a business date, by entity and chart, streamed.

    The database puts entities in a row; names, and the order of the twenty accounts of each, are added here. Carrying
    both through joins and a sort of 100,000 rows takes it twice as long.
    """
    places = {kind.value: place for place, kind in enumerate(Kind)}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor, connection.chunked_cursor() as streamed:
        cursor.execute("SELECT id, name FROM ledger_entity")
        names = dict(cursor.fetchall())
        given = _given(as_of, book)
        streamed.execute(
            f"""
            SELECT a.entity_id, a.kind, a.party, a.currency, {_TOTAL}
              FROM {_standing(given)} WHERE {_TOTAL} <> 0 ORDER BY a.entity_id
            """,
            given,
        )
        for entity_id, accounts in groupby(streamed, itemgetter(0)):
            for _, kind, party, currency, total in sorted(accounts, key=lambda row: (places[row[1]], row[2])):
                yield TrialLine(entity_id, names[entity_id], Kind(kind), party, currency, total)


def kind_sums(as_of: date, book: Book = Book.REAL, *, by_person: bool = True) -> list[KindSum]:
    """The same added up by currency and kind, in the order of the chart.

    by_person: False counts what an entity's accounts of a kind hold for people as one account.
    """
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        given = _given(as_of, book)
        each = (_EACH if by_person else _WITHOUT_PEOPLE).format(standing=_standing(given))
        cursor.execute(
            f"""
            SELECT kind, currency, count(*), sum(greatest(total, 0))::bigint, sum(greatest(-total, 0))::bigint
              FROM ({each}) each
             GROUP BY kind, currency
            """,
            given,
        )
        return _in_order(KindSum(Kind(kind), *rest) for kind, *rest in cursor.fetchall())


def added_up(lines: Iterable[TrialLine]) -> list[KindSum]:
    """Some lines of a trial balance added up by currency and kind, as `kind_sums` adds up all of them."""
    found: dict[tuple[Kind, str], list[int]] = {}
    for line in lines:
        sums = found.setdefault((line.kind, line.currency), [0, 0, 0])
        sums[0] += 1
        sums[1 if line.balance_minor > 0 else 2] += abs(line.balance_minor)
    return _in_order(KindSum(*key, *sums) for key, sums in found.items())


def _in_order(sums: Iterable[KindSum]) -> list[KindSum]:
    chart = list(Kind)
    return sorted(sums, key=lambda each: (each.currency, chart.index(each.kind)))


_TOTAL: Final = "(coalesce(s.balance_minor, 0) + coalesce(p.total, 0))"
_SNAPSHOT: Final = "(SELECT account_id, balance_minor FROM ledger_snapshot WHERE business_date = %(base)s) s"
_SINCE: Final = """
    FULL JOIN (SELECT account_id, sum(amount_minor)::bigint AS total FROM ledger_posting
                WHERE business_date > %(base)s AND business_date <= %(as_of)s GROUP BY 1) p USING (account_id)"""
_NOTHING_SINCE: Final = "CROSS JOIN (SELECT 0 AS total) p"
_EACH: Final = f"SELECT a.kind, a.currency, {_TOTAL} AS total FROM {{standing}} WHERE {_TOTAL} <> 0"
_WITHOUT_PEOPLE: Final = f"""
    SELECT a.kind, a.currency, sum({_TOTAL}) AS total FROM {{standing}}
     GROUP BY a.entity_id, a.kind, a.currency, CASE WHEN a.party LIKE 'person:%%' THEN '' ELSE a.party END
    HAVING sum({_TOTAL}) <> 0"""


def _standing(given: Mapping[str, Any]) -> str:
    """Accounts of a book with what the snapshot says and what was posted since, if there is a day since; together they
    are `_TOTAL`."""
    since = _NOTHING_SINCE if given["base"] == given["as_of"] else _SINCE
    return f"{_SNAPSHOT} {since} JOIN ledger_account a ON a.id = account_id AND a.book = %(book)s"


def _given(as_of: date, book: Book) -> dict[str, Any]:
    """The values of both statements. For the rest of the transaction 100,000 accounts at once are sorted in memory:
    through files it takes twice as long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(date), set_config('work_mem', '64MB', true) FROM ledger_snapshotday WHERE date <= %s", [as_of]
        )
        base = cursor.fetchone()[0] or date.min
    return {"as_of": as_of, "base": base, "book": book.value}
