"""The one text of an entry whose SHA-256 is stored with it, as Python writes it and as SQL recomputes it.

Both halves stand side by side because they must agree to the byte. Free text carries its length in characters, so that
no two entries share a text. The text covers everything that was decided and when; counts and totals follow from it.
Changing a letter here makes every stored entry look forged: add a second version beside it instead.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from hashlib import sha256


def account_key(entity_id: int, kind: str, party: str) -> str:
    """The natural key of an account within a book, as text: `12,payable,8:person:x`."""
    return f"{entity_id},{kind},{len(party)}:{party}"


def lines_text(lines: Iterable[tuple[str, int]]) -> str:
    """Lines as (account key, amount) in their order, numbered from 1.

    Accounts appear by their natural key, not by their number, so that an exchanged account shows.
    """
    return "\n".join([f"{number},{key},{amount}" for number, (key, amount) in enumerate(lines, start=1)])


def content_hash(
    *,
    reference: str,
    kind: str,
    subject: str,
    memo: str,
    book: str,
    business_date: date,
    effective_date: date,
    posted_at: datetime,
    reverses_id: int | None,
    posted_by: str,
    lines: str,
) -> str:
    """SHA-256 in hex of the head and `lines_text`."""
    head = ",".join(
        (
            _text(reference),
            _text(kind),
            _text(subject),
            _text(memo),
            _text(book),
            business_date.isoformat(),
            effective_date.isoformat(),
            posted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "" if reverses_id is None else str(reverses_id),
            _text(posted_by),
        )
    )
    return sha256(f"{head}\n{lines}".encode()).hexdigest()


def _text(value: str) -> str:
    return f"{len(value)}:{value}"


def _sql_text(column: str) -> str:
    return f"char_length({column}) || ':' || {column}"


SQL_LINES = f"""string_agg(
    p.line || ',' || p.entity_id || ',' || a.kind || ',' || {_sql_text("a.party")} || ',' || p.amount_minor,
    E'\\n' ORDER BY p.line)"""
"""`lines_text` over postings `p` and accounts `a`, grouped by entry."""

SQL_HASH = f"""encode(sha256(convert_to(concat_ws(',',
    {_sql_text("e.reference")}, {_sql_text("e.kind")}, {_sql_text("e.subject")}, {_sql_text("e.memo")},
    {_sql_text("e.book")}, to_char(e.business_date, 'YYYY-MM-DD'), to_char(e.effective_date, 'YYYY-MM-DD'),
    to_char(e.posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), coalesce(e.reverses_id::text, ''),
    {_sql_text("e.posted_by")}) || E'\\n' || l.lines, 'UTF8')), 'hex')"""
"""`content_hash` of an entry `e` whose lines text is `l.lines`."""
