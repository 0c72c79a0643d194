"""The journal as Beancount text, streamed line by line; it stands on its own and ends with exact balances.

Account names are what Beancount takes (`Assets:E12:Wallet`); what people call entity and party is told beside the
`open` directive. Tolerances are set to nothing and every balance says `~ 0`, because Beancount otherwise accepts a
hundredth too much. Transactions, openings and control totals are those of `ledger.journal`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import sha256

from ledger import reports
from ledger.accounts import Book
from ledger.journal import AccountKey, Control, Naming, amount, closings, figure, key_of, openings, visible
from ledger.reports import Transaction

_LEGAL = re.compile(r"[A-Za-z0-9-]{1,60}")


def lines(
    since: date,
    until: date,
    *,
    book: Book = Book.REAL,
    entity_ids: list[int] | None = None,
    control: Control | None = None,
    name_of: Naming = lambda party: "",
    tick: Callable[[int], None] = lambda lines: None,
) -> Iterator[str]:
    """The journal of the business dates since..until (both included), each line with its newline.

    Opens with what stood in the accounts before and ends with what stands in them then. Arguments as in
    `ledger.journal.lines`.
    """
    control = Control() if control is None else control
    yield f"; Journal of {since.isoformat()} to {until.isoformat()}, book {book.value}, by business date\n"
    yield f'option "title" "Haier Market, book {book.value}"\n'
    yield 'option "inferred_tolerance_default" "*:0"\n'
    yield 'option "tolerance_multiplier" "0"\n'
    opened: set[AccountKey | str] = set()
    for opening in openings(since, book, entity_ids):
        control.stand(opening)
        yield from _opened(opening, since, opened, name_of)
        yield f'\n{since.isoformat()} * "What stood in the accounts before"\n'
        yield from _postings(opening)
    for transaction in reports.transactions(since, until, book, entity_ids=entity_ids):
        control.add(transaction)
        yield from _opened(transaction, since, opened, name_of)
        yield from _transaction(transaction)
        tick(len(transaction.postings))
    yield from _balances(until + timedelta(days=1), control)
    yield f"\n; control: {control.transactions} transactions, {control.postings} postings\n"
    for currency, total in sorted(control.debits.items()):
        yield f"; control: debits {amount(total, currency)}\n"


def account_name(key: AccountKey) -> str:
    """The name of an account: root, entity, what is left of the chart's name, party."""
    root, _colon, rest = key.kind.hledger.partition(":")
    parts = [root.capitalize(), f"E{key.entity_id}", "".join(word.capitalize() for word in rest.split())]
    if key.party:
        parts.append(_component(key.party))
    return ":".join(parts)


def _component(party: str) -> str:
    """A party as a part of a name. One that Beancount cannot spell is named by its hash, so that no two become one."""
    kind, _colon, name = party.partition(":")
    if not _LEGAL.fullmatch(name):
        name = f"x{sha256(party.encode()).hexdigest()[:16]}"
    return f"{kind.capitalize()}-{name}"


def _opened(transaction: Transaction, since: date, opened: set[AccountKey | str], name_of: Naming) -> Iterator[str]:
    for posting in transaction.postings:
        if posting.currency not in opened:
            opened.add(posting.currency)
            yield f"{since.isoformat()} commodity {posting.currency}\n"
        key = key_of(transaction, posting)
        if key not in opened:
            opened.add(key)
            yield f"{since.isoformat()} open {account_name(key)} {key.currency}\n"
            yield f"  entity: {_text(key.entity_name)}\n"
            if key.party:
                yield f"  party: {_text(key.party)}\n"
                if called := name_of(key.party):
                    yield f"  name: {_text(called)}\n"


def _transaction(transaction: Transaction) -> Iterator[str]:
    head = transaction
    yield f"\n{head.business_date.isoformat()} * {_text(head.memo or head.entry_kind)}\n"
    yield f'  entry: "{head.entry_id}"\n'
    yield f"  reference: {_text(head.reference)}\n"
    yield f'  hash: "{head.content_hash}"\n'
    yield f"  kind: {_text(head.entry_kind)}\n"
    yield f"  effective: {head.effective_date.isoformat()}\n"
    if head.subject:
        yield f"  subject: {_text(head.subject)}\n"
    yield f"  by: {_text(head.posted_by)}\n"
    yield from _postings(transaction)


def _postings(transaction: Transaction) -> Iterator[str]:
    for posting in transaction.postings:
        yield f"  {account_name(key_of(transaction, posting))}  {amount(posting.amount_minor, posting.currency)}\n"


def _balances(day: date, control: Control) -> Iterator[str]:
    for _entity_id, stands in closings(control):
        yield "\n"
        for key, minor in stands:
            yield f"{day.isoformat()} balance {account_name(key)}  {figure(minor, key.currency)} ~ 0 {key.currency}\n"


def _text(text: str) -> str:
    """Text in quotes, on one line."""
    plain = " ".join(visible(text).split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
