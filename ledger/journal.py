"""The journal as hledger text, streamed line by line.

An entry may move several entities; each of them gets a transaction of its own, so that hledger proves what our books
promise: every entry balances per entity and currency. Accounts and currencies are declared the first time they appear,
which keeps the export to one pass over one snapshot. Amounts come from integers; no float is ever near them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from core import money
from ledger.accounts import Book, Family, Kind

_TYPES = {
    Family.ASSET: "Asset",
    Family.LIABILITY: "Liability",
    Family.EQUITY: "Equity",
    Family.INCOME: "Revenue",
    Family.EXPENSE: "Expense",
}


class _Row(NamedTuple):
    business_date: date
    entry_id: int
    entity_id: int
    line: int
    amount_minor: int
    account_id: int
    kind: str
    party: str
    currency: str
    entity_name: str
    reference: str
    entry_kind: str
    subject: str
    memo: str
    effective_date: date
    posted_by: str
    content_hash: str


def lines(since: date, until: date, *, book: Book = Book.REAL, entity_ids: list[int] | None = None) -> Iterator[str]:
    """The journal of the business dates since..until (both included), each line with its newline.

    entity_ids: only the transactions of these entities. Ends with control totals in comments. The stream reads one
    statement; a date that is not closed yet may grow after it.
    """
    yield f"; Journal of {since.isoformat()} to {until.isoformat()}, book {book.value}, by business date\n"
    yield "decimal-mark .\n"
    declared: set[int | str] = set()
    transactions, postings = 0, 0
    debits: Counter[str] = Counter()
    for _key, group in groupby(_rows(since, until, book, entity_ids), key=lambda row: (row.entry_id, row.entity_id)):
        rows = list(group)
        yield from _declarations(rows, declared)
        yield from _transaction(rows)
        transactions += 1
        postings += len(rows)
        for row in rows:
            debits[row.currency] += max(row.amount_minor, 0)
    yield f"\n; control: {transactions} transactions, {postings} postings\n"
    for currency, total in sorted(debits.items()):
        yield f"; control: debits {amount(total, currency)}\n"


def account_name(entity_id: int, entity_name: str, kind: Kind, party: str = "") -> str:
    """The name of an account in the journal. The number keeps two entities of the same name apart."""
    name = f"E{entity_id} {safe(entity_name)}:{kind.hledger}"
    return f"{name}:{_party(party)}" if party else name


def amount(minor: int, currency: str) -> str:
    """Minor units as `-1234.50 CNY`."""
    digits = money.decimals(currency)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]} {currency}" if digits else f"{sign}{text} {currency}"


def safe(text: str) -> str:
    """Text as a name or description: one line, single spaces, without the signs that mean something to hledger.

    `;` starts a comment, `:` parts account names, two spaces end one; invisible characters could hide either.
    """
    visible = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(visible.replace(";", ",").replace(":", "-").split()) or "-"


def _party(party: str) -> str:
    kind, _colon, name = party.partition(":")
    plain = f"{kind} {safe(name)}"
    # Two parties that differ only in signs hledger cannot take stay two accounts.
    return plain if plain == f"{kind} {name}" else f"{plain} ~{party.encode().hex()[-12:]}"


def _declarations(rows: list[_Row], declared: set[int | str]) -> Iterator[str]:
    for row in rows:
        if row.currency not in declared:
            declared.add(row.currency)
            digits = money.decimals(row.currency)
            yield f"commodity 1000.{'0' * digits} {row.currency}\n"
        if row.account_id not in declared:
            declared.add(row.account_id)
            kind = Kind(row.kind)
            name = account_name(row.entity_id, row.entity_name, kind, row.party)
            yield f"account {name}  ; type: {_TYPES[kind.family]}\n"


def _transaction(rows: list[_Row]) -> Iterator[str]:
    head = rows[0]
    yield f"\n{head.business_date.isoformat()} * ({head.entry_id}) {safe(head.memo or head.entry_kind)}\n"
    yield f"    ; reference: {_tag(head.reference)}\n"
    yield f"    ; hash: {head.content_hash}\n"
    yield f"    ; kind: {_tag(head.entry_kind)}, effective: {head.effective_date.isoformat()}\n"
    if head.subject:
        yield f"    ; subject: {_tag(head.subject)}\n"
    yield f"    ; by: {_tag(head.posted_by)}\n"
    for row in rows:
        name = account_name(row.entity_id, row.entity_name, Kind(row.kind), row.party)
        yield f"    {name}  {amount(row.amount_minor, row.currency)}\n"


def _tag(text: str) -> str:
    """Text as the value of a tag, which ends at a comma or at the end of the line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).replace(",", " ").split())


def _rows(since: date, until: date, book: Book, entity_ids: list[int] | None) -> Iterator[_Row]:
    values: dict[str, Any] = {"since": since, "until": until, "book": book.value, "entities": entity_ids}
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            """
            SELECT p.business_date, p.entry_id, p.entity_id, p.line, p.amount_minor, a.id, a.kind, a.party, a.currency,
                   n.name, e.reference, e.kind, e.subject, e.memo, e.effective_date, e.posted_by, e.content_hash
              FROM ledger_posting p
              JOIN ledger_entry e ON e.id = p.entry_id
              JOIN ledger_account a ON a.id = p.account_id
              JOIN ledger_entity n ON n.id = p.entity_id
             WHERE p.business_date BETWEEN %(since)s AND %(until)s AND e.book = %(book)s
               AND (%(entities)s::bigint[] IS NULL OR p.entity_id = ANY(%(entities)s))
             ORDER BY p.business_date, p.entry_id, p.entity_id, p.line
            """,
            values,
        )
        for row in cursor:
            yield _Row(*row)
