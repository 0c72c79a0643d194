"""The one writer of the books. Nothing else inserts entries or lines.

A call posts all its drafts or none, inside the caller's transaction; a refusal leaves that transaction usable. Small
batches travel in one INSERT per table, large ones by COPY. What makes an entry right is decided by the database
(`migrations/0002_guards.sql`), so that this file can stay a courier. Do not put meanings of entries here: which
accounts an event moves is told by the rooms above.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Final

from django.db import DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils.translation import gettext as _

from ledger import canonical, days, refusals
from ledger.accounts import NIGHT_KINDS, REVERSAL, Book, Kind
from ledger.entities import account_ids
from ledger.errors import ReferenceReused
from ledger.models import Account, Entry, Posting

COPY_FROM_LINES: Final = 200
"""From this many lines on COPY is faster than INSERT."""

_ENTRY_COLUMNS: Final = (
    "id", "reference", "kind", "subject", "memo", "book", "business_date", "effective_date", "posted_at", "posted_by",
    "posting_count", "debit_total_minor", "reverses_id", "content_hash", "by_night",
)  # fmt: skip
_POSTING_COLUMNS: Final = ("business_date", "entry_id", "line", "account_id", "entity_id", "amount_minor")
_NIGHT_COLUMNS: Final = ("entry_id", "entity_id", "business_date", "account_ids", "amounts_minor")
_Rows = tuple[str, Sequence[str], list[str]]
"""A table, its columns, and rows as COPY wants them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a draft: minor units, debit positive, never zero."""

    entity_id: int
    kind: Kind
    amount_minor: int
    party: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as the rooms above ask for it.

    reference: its natural key, for example `milestone:<uuid>:accepted`; it never expires.
    kind: what happened, one word. subject: what it is about, for example `contract:<uuid>`.
    memo: words for readers; must not depend on who reads, because it belongs to what a repeat is compared with.
    effective_date: when it holds; the business date when not given.
    posted_by: who posts it, when that is not whoever hands over the batch (seeders replay the deeds of many at once).
    """

    reference: str
    kind: str
    lines: tuple[Line, ...]
    subject: str = ""
    memo: str = ""
    effective_date: date | None = None
    book: Book = Book.REAL
    reverses_id: int | None = None
    posted_by: str = ""


def debit(entity_id: int, kind: Kind, amount: int, party: str = "") -> Line:
    """A line that debits `amount` (minor units, more than zero)."""
    return Line(entity_id, kind, _positive(amount), party)


def credit(entity_id: int, kind: Kind, amount: int, party: str = "") -> Line:
    """A line that credits `amount` (minor units, more than zero)."""
    return Line(entity_id, kind, -_positive(amount), party)


def post_one(draft: Draft, *, by: str, night: date | None = None) -> Entry:
    """`post` for a single draft."""
    return post([draft], by=by, night=night)[0]


def post(drafts: Sequence[Draft], *, by: str, night: date | None = None) -> list[Entry]:
    """Post all drafts or none, and return their entries in the same order.

    by: who posts, as text for readers of the books. night: a closed, not yet sealed business date that the settlement
    still posts on; only kinds of `accounts.NIGHT_KINDS` may name one.
    A reference that is stored already with the same inputs returns what is stored.

    Raises ReferenceReused (same reference, other inputs), InsufficientFunds (a guarded account would go below zero),
    Unbalanced, DayClosed, Conflict (`night` is not closed yet), AlreadyReversed, Invalid; and
    TransactionManagementError outside a transaction.
    """
    wanted = _by_reference(drafts)
    if night is not None and any(draft.kind not in NIGHT_KINDS for draft in drafts):
        raise refusals.day_closed(night)
    for _attempt in range(3):
        try:
            with refusing():
                stored = _post(list(wanted.values()), by, night)
        except _Taken:
            continue  # somebody stored one of our references between our look and our insert: look again
        return [stored[draft.reference] for draft in drafts]
    raise ReferenceReused(_("Somebody else is posting the same entry at this moment. Try again."))


class _Taken(ReferenceReused):
    """A reference that another transaction stored a moment earlier."""


@contextmanager
def refusing() -> Iterator[None]:
    """A savepoint in the caller's transaction; what the database refuses inside comes out as an error of the tree."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("posting belongs inside the caller's transaction")
    try:
        with transaction.atomic():
            yield
    except DataError as error:
        raise refusals.too_large() from error
    except IntegrityError as error:
        if refusals.reference_was_taken(error):
            raise _Taken(_("One of these entries was posted before.")) from error
        refusal = refusals.explain(error)
        if refusal is None:
            raise
        raise refusal from error


def reverse(entry: Entry, *, reference: str, memo: str, by: str, effective_date: date | None = None) -> Entry:
    """Post the mirror image of an entry on the open date. Raises AlreadyReversed the second time."""
    lines = tuple(
        Line(entity_id, Kind(kind), -amount, party) for entity_id, kind, amount, party in _stored_lines(entry)
    )
    return post_one(
        Draft(
            reference=reference,
            kind=REVERSAL,
            lines=lines,
            subject=entry.subject,
            memo=memo,
            effective_date=effective_date,
            book=Book(entry.book),
            reverses_id=entry.pk,
        ),
        by=by,
    )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A draft with the accounts of its lines."""

    draft: Draft
    account_ids: list[int]
    lines: bytes
    debit_total_minor: int

    def hash(self, business_date: date, posted_at: datetime, posted_by: str) -> str:
        draft = self.draft
        return canonical.content_hash(
            reference=draft.reference,
            kind=draft.kind,
            subject=draft.subject,
            memo=draft.memo,
            book=draft.book,
            business_date=business_date,
            effective_date=draft.effective_date or business_date,
            posted_at=posted_at,
            reverses_id=draft.reverses_id,
            posted_by=posted_by,
            lines=self.lines,
        )


def _by_reference(drafts: Sequence[Draft]) -> dict[str, Draft]:
    wanted: dict[str, Draft] = {}
    for draft in drafts:
        if wanted.setdefault(draft.reference, draft) != draft:
            raise _reused(draft.reference)
    return wanted


def _post(drafts: list[Draft], by: str, night: date | None) -> dict[str, Entry]:
    """Entries by reference: those stored before, and those posted now."""
    posted_at = days.hold_date()
    if night is not None and not days.is_closed(night):
        raise refusals.day_still_open(night)
    business_date = night or days.date_of(posted_at)
    stored = {entry.reference: entry for entry in Entry.objects.filter(reference__in=[d.reference for d in drafts])}
    fresh: list[_Prepared] = []
    for prepared in _prepared(drafts):
        known = stored.get(prepared.draft.reference)
        if known is None:
            fresh.append(prepared)
        elif known.content_hash != prepared.hash(known.business_date, known.posted_at, known.posted_by):
            raise _reused(known.reference)
    if not fresh:
        return stored
    by_night = night is not None
    entries = [
        _entry(prepared, business_date, posted_at, prepared.draft.posted_by or by, by_night) for prepared in fresh
    ]
    in_bulk = sum(entry.posting_count for entry in entries) >= COPY_FROM_LINES
    (_copy if in_bulk else _insert)(entries, fresh)
    return stored | {entry.reference: entry for entry in entries}


def _prepared(drafts: Sequence[Draft]) -> Iterator[_Prepared]:
    """The drafts in the order of references, so that two writers of the same batch wait instead of deadlocking."""
    ordered = sorted(drafts, key=lambda draft: draft.reference)
    keys = {
        id(draft): [canonical.account_key(line.entity_id, line.kind, line.party) for line in draft.lines]
        for draft in ordered
    }
    found = {}
    for book in Book:
        wanted = list(dict.fromkeys(key for draft in ordered if draft.book is book for key in keys[id(draft)]))
        found[book] = dict(zip(wanted, account_ids(wanted, book), strict=True)) if wanted else {}
    for draft in ordered:
        ids = [found[draft.book][key] for key in keys[id(draft)]]
        amounts = [line.amount_minor for line in draft.lines]
        try:
            lines = canonical.lines_bytes(ids, amounts)
        except struct.error:
            raise refusals.too_large() from None
        yield _Prepared(draft, ids, lines, sum([amount for amount in amounts if amount > 0]))


def _entry(prepared: _Prepared, business_date: date, posted_at: datetime, by: str, by_night: bool) -> Entry:
    draft = prepared.draft
    try:
        content_hash = prepared.hash(business_date, posted_at, by)
    except UnicodeEncodeError:
        raise refusals.unreadable_text() from None
    if "\0" in draft.reference + draft.kind + draft.subject + draft.memo + by:
        raise refusals.unreadable_text()
    return Entry(
        reference=draft.reference,
        kind=draft.kind,
        subject=draft.subject,
        memo=draft.memo,
        book=draft.book,
        business_date=business_date,
        effective_date=draft.effective_date or business_date,
        posted_at=posted_at,
        posted_by=by,
        posting_count=len(draft.lines),
        debit_total_minor=prepared.debit_total_minor,
        reverses_id=draft.reverses_id,
        content_hash=content_hash,
        by_night=by_night,
    )


def _insert(entries: list[Entry], fresh: Sequence[_Prepared]) -> None:
    Entry.objects.bulk_create(entries)
    _copy_lines(entries, fresh)


def next_ids(count: int) -> list[int]:
    """Numbers for that many new entries, rising. Others may take numbers in between."""
    with connection.cursor() as cursor:
        # The sequence is looked up once for the whole statement.
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence('ledger_entry', 'id')::regclass))"
            "  FROM generate_series(1, %s)",
            [count],
        )
        return [number for (number,) in cursor.fetchall()]


def _copy(entries: list[Entry], fresh: Sequence[_Prepared]) -> None:
    for entry, number in zip(entries, next_ids(len(entries)), strict=True):
        entry.pk = number
    copy_entries(map(_entry_row, entries))
    _copy_lines(entries, fresh)


def _copy_lines(entries: list[Entry], fresh: Sequence[_Prepared]) -> None:
    """The lines of entries that are all of a day or all of a night, and stored."""
    written = _by_entry if entries[0].by_night else _line_by_line
    _copy_into(*written(zip(entries, fresh, strict=True)))


def _line_by_line(entries: Iterable[tuple[Entry, _Prepared]]) -> _Rows:
    rows = []
    for entry, prepared in entries:
        day, entry_id = entry.business_date.isoformat(), entry.pk
        for number, (line, account_id) in enumerate(
            zip(prepared.draft.lines, prepared.account_ids, strict=True), start=1
        ):
            rows.append(f"{day}\t{entry_id}\t{number}\t{account_id}\t{line.entity_id}\t{line.amount_minor}\n")
    return "ledger_posting_day", _POSTING_COLUMNS, rows


def _by_entry(entries: Iterable[tuple[Entry, _Prepared]]) -> _Rows:
    rows = []
    for entry, prepared in entries:
        entities = {line.entity_id for line in prepared.draft.lines}
        if len(entities) > 1:
            raise ValueError("an entry of a night is about one entity")
        (entity_id,) = entities
        ids = ",".join(map(str, prepared.account_ids))
        amounts = ",".join(str(line.amount_minor) for line in prepared.draft.lines)
        rows.append(f"{entry.pk}\t{entity_id}\t{entry.business_date}\t{{{ids}}}\t{{{amounts}}}\n")
    return "ledger_nightlines", _NIGHT_COLUMNS, rows


_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def escaped(text: str) -> str:
    """Text as COPY wants it."""
    return text.translate(_ESCAPES)


def all_escaped(texts: Sequence[str]) -> Sequence[str]:
    """`escaped` for many, of which hardly any needs it."""
    together = "".join(texts)
    return [escaped(text) for text in texts] if _ESCAPES.keys() & set(map(ord, set(together))) else texts


def copy_entries(rows: Iterable[str]) -> None:
    """Store heads that are written as COPY wants them, every column given."""
    _copy_into("ledger_entry", _ENTRY_COLUMNS, rows)


def _entry_row(entry: Entry) -> str:
    values = (getattr(entry, column) for column in _ENTRY_COLUMNS)
    texts = (r"\N" if value is None else escaped(str(value)) for value in values)
    return "\t".join(texts) + "\n"


def _copy_into(table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    # The driver's own cursor knows COPY; Django's errors must still come out of it.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", StringIO("".join(rows)))


def _stored_lines(entry: Entry) -> list[tuple[int, str, int, str]]:
    lines = Posting.objects.filter(business_date=entry.business_date, entry_id=entry.pk).order_by("line")
    accounts = Account.objects.in_bulk([line.account_id for line in lines])
    return [
        (line.entity_id, accounts[line.account_id].kind, line.amount_minor, accounts[line.account_id].party)
        for line in lines
    ]


def _positive(amount: int) -> int:
    if amount <= 0:
        raise ValueError("a line moves more than nothing; choose debit or credit instead of a sign")
    return amount


def _reused(reference: str) -> ReferenceReused:
    return ReferenceReused(
        _("The reference %(reference)s was used before for another entry.") % {"reference": reference},
        reference=reference,
    )
