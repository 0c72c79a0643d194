"""What is hashed of an entry, as Python writes it and as SQL recomputes it.

Both halves stand side by side because they must agree to the byte. Free text carries its length in characters, so that
no two entries share a text. It covers everything that was decided and when; counts and totals follow from it. Lines are
hashed as pairs of account and amount, eight bytes each, highest first; what an account is, its own hash says.
Changing a letter here makes every stored entry look forged.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256


def account_key(entity_id: int, kind: str, party: str) -> str:
    """The natural key of an account within a book, as text: `12,payable,8:person:x`."""
    return f"{entity_id},{kind},{len(party)}:{party}"


def lines_bytes(account_ids: Sequence[int], amounts: Sequence[int]) -> bytes:
    """Lines in their order. Raises struct.error for an amount beyond 64 bits."""
    pairs = [number for pair in zip(account_ids, amounts, strict=True) for number in pair]
    return struct.pack(f">{len(pairs)}q", *pairs)


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
    lines: bytes,
) -> str:
    """SHA-256 in hex of the head and `lines_bytes`."""
    head = head_of(
        kind=kind,
        memo=memo,
        book=book,
        business_date=business_date,
        effective_date=effective_date,
        posted_at=posted_at,
        reverses_id=reverses_id,
        posted_by=posted_by,
    )
    return sha256(head(reference, subject) + lines).hexdigest()


def head_of(
    *,
    kind: str,
    memo: str,
    book: str,
    business_date: date,
    effective_date: date,
    posted_at: datetime,
    reverses_id: int | None,
    posted_by: str,
) -> Callable[[str, str], bytes]:
    """What is hashed of a head, for entries that differ in reference and subject only."""
    between = f",{_text(kind)},"
    rest = ",".join(
        (
            "",
            _text(memo),
            _text(book),
            business_date.isoformat(),
            effective_date.isoformat(),
            posted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "" if reverses_id is None else str(reverses_id),
            f"{_text(posted_by)}\n",
        )
    )
    # `_text` written out: a night makes thousands of these
    return lambda reference, subject: f"{len(reference)}:{reference}{between}{len(subject)}:{subject}{rest}".encode()


def _text(value: str) -> str:
    return f"{len(value)}:{value}"


def _sql_text(column: str) -> str:
    return f"char_length({column}) || ':' || {column}"


SQL_LINES = "string_agg(int8send(p.account_id) || int8send(p.amount_minor), ''::bytea ORDER BY p.line)"
"""`lines_bytes` over postings `p`, grouped by entry."""

SQL_LINES_AS_THEY_COME = "string_agg(int8send(p.account_id) || int8send(p.amount_minor), ''::bytea)"
"""The same over postings that stand in the order of their lines, as those of an array do."""

SQL_HASH = f"""encode(sha256(convert_to(concat_ws(',',
    {_sql_text("e.reference")}, {_sql_text("e.kind")}, {_sql_text("e.subject")}, {_sql_text("e.memo")},
    {_sql_text("e.book")}, to_char(e.business_date, 'YYYY-MM-DD'), to_char(e.effective_date, 'YYYY-MM-DD'),
    to_char(e.posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), coalesce(e.reverses_id::text, ''),
    {_sql_text("e.posted_by")}) || E'\\n', 'UTF8') || l.lines), 'hex')"""
"""`content_hash` of an entry `e` whose lines are `l.lines`."""
