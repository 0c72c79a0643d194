"""The journal as hledger text, streamed line by line.

An entry may move several entities; each of them gets a transaction of its own, so that hledger proves what our books
promise: every entry balances per entity and currency. Accounts and currencies are declared the first time they appear,
which keeps the export to one pass over one snapshot. Amounts come from integers; no float is ever near them.

With `balances` a journal stands on its own: what stood in the accounts before is its first transaction, what stands in
them at the end is asserted by its last, both per entity.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from core import money
from ledger import reports
from ledger.accounts import Book, Family, Kind
from ledger.reports import Posting, Transaction

_TYPES = {
    Family.ASSET: "Asset",
    Family.LIABILITY: "Liability",
    Family.EQUITY: "Equity",
    Family.INCOME: "Revenue",
    Family.EXPENSE: "Expense",
}
Naming = Callable[[str], str]
"""What people call a party (`person:<uuid>`); empty when nobody knows."""


@dataclass
class Control:
    """What a journal must add up to, counted while it is written; openings and assertions are not counted.

    `closing` is what stands in each account at the end, debit positive, openings included.
    """

    transactions: int = 0
    postings: int = 0
    debits: Counter[str] = field(default_factory=Counter)
    closing: Counter["AccountKey"] = field(default_factory=Counter)

    def add(self, transaction: Transaction) -> None:
        """Count a transaction."""
        self.transactions += 1
        self.postings += len(transaction.postings)
        for posting in transaction.postings:
            self.debits[posting.currency] += max(posting.amount_minor, 0)
        self.stand(transaction)

    def stand(self, transaction: Transaction) -> None:
        """Let a transaction move the balances without counting it."""
        for posting in transaction.postings:
            self.closing[key_of(transaction, posting)] += posting.amount_minor


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """Which account a line of a journal names."""

    entity_id: int
    entity_name: str
    kind: Kind
    party: str
    currency: str


def key_of(transaction: Transaction, posting: Posting) -> AccountKey:
    """The account of a line."""
    head = (transaction.entity_id, transaction.entity_name)
    return AccountKey(*head, posting.kind, posting.party, posting.currency)


def lines(
    since: date,
    until: date,
    *,
    book: Book = Book.REAL,
    entity_ids: list[int] | None = None,
    balances: bool = False,
    control: Control | None = None,
    name_of: Naming = lambda party: "",
    tick: Callable[[int], None] = lambda lines: None,
) -> Iterator[str]:
    """The journal of the business dates since..until (both included), each line with its newline.

    entity_ids: only the transactions of these entities. balances: open with what stood there before, and assert at the
    end what stands there then. name_of: how a party is called, told in a comment. tick: told how many postings were
    written. Ends with control totals in comments. The stream reads one statement; a date that is not closed yet may
    grow after it.
    """
    control = Control() if control is None else control
    yield f"; Journal of {since.isoformat()} to {until.isoformat()}, book {book.value}, by business date\n"
    yield "decimal-mark .\n"
    declared: set[AccountKey | str] = set()
    if balances:
        for opening in openings(since, book, entity_ids):
            control.stand(opening)
            yield from _declarations(opening, declared, name_of)
            yield from _opening(opening)
    for transaction in reports.transactions(since, until, book, entity_ids=entity_ids):
        control.add(transaction)
        yield from _declarations(transaction, declared, name_of)
        yield from _transaction(transaction)
        tick(len(transaction.postings))
    if balances:
        yield from _assertions(until, control)
    yield f"\n; control: {control.transactions} transactions, {control.postings} postings\n"
    for currency, total in sorted(control.debits.items()):
        yield f"; control: debits {amount(total, currency)}\n"


def openings(since: date, book: Book, entity_ids: list[int] | None) -> Iterator[Transaction]:
    """What stood in the accounts of each entity before a date, as one transaction that balances by itself."""
    stood = reports.trial_balance(since - timedelta(days=1), book, entity_ids=entity_ids)
    for (entity_id, name), group in groupby(stood, key=lambda line: (line.entity_id, line.entity_name)):
        postings = tuple(Posting(line.kind, line.party, line.currency, line.balance_minor) for line in group)
        yield Transaction(since, 0, entity_id, name, "", "opening", "", "", since, "", "", postings)


def closings(control: Control) -> Iterator[tuple[int, list[tuple[AccountKey, int]]]]:
    """What stands in the accounts at the end, by entity."""
    in_order = sorted(control.closing.items())
    for entity_id, group in groupby(in_order, key=lambda item: item[0].entity_id):
        yield entity_id, list(group)


def account_name(entity_id: int, entity_name: str, kind: Kind, party: str = "") -> str:
    """The name of an account in the journal. The number keeps two entities of the same name apart."""
    name = f"E{entity_id} {safe(entity_name)}:{kind.hledger}"
    return f"{name}:{_party(party)}" if party else name


def amount(minor: int, currency: str) -> str:
    """Minor units as `-1234.50 CNY`."""
    return f"{figure(minor, currency)} {currency}"


def figure(minor: int, currency: str) -> str:
    """Minor units as `-1234.50`."""
    digits = money.decimals(currency)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def safe(text: str) -> str:
    """Text as a name or description: one line, single spaces, without the signs that mean something to hledger.

    `;` starts a comment, `:` parts account names, two spaces end one; invisible characters could hide either.
    """
    return " ".join(visible(text).replace(";", ",").replace(":", "-").split()) or "-"


def visible(text: str) -> str:
    """Text on one line, without characters that cannot be seen."""
    return "".join(char if char.isprintable() else " " for char in text)


def _party(party: str) -> str:
    kind, _colon, name = party.partition(":")
    plain = f"{kind} {safe(name)}"
    # Two parties that differ only in signs hledger cannot take stay two accounts.
    return plain if plain == f"{kind} {name}" else f"{plain} ~{party.encode().hex()[-12:]}"


def _declarations(transaction: Transaction, declared: set[AccountKey | str], name_of: Naming) -> Iterator[str]:
    for posting in transaction.postings:
        if posting.currency not in declared:
            declared.add(posting.currency)
            digits = money.decimals(posting.currency)
            yield f"commodity 1000.{'0' * digits} {posting.currency}\n"
        key = key_of(transaction, posting)
        if key not in declared:
            declared.add(key)
            called = name_of(key.party) if key.party else ""
            yield f"account {_name(key)}  ; type: {_TYPES[key.kind.family]}\n"
            if called:
                yield f"    ; name: {_tag(called)}\n"


def _transaction(transaction: Transaction) -> Iterator[str]:
    head = transaction
    yield f"\n{head.business_date.isoformat()} * ({head.entry_id}) {safe(head.memo or head.entry_kind)}\n"
    yield f"    ; reference: {_tag(head.reference)}\n"
    yield f"    ; hash: {head.content_hash}\n"
    yield f"    ; kind: {_tag(head.entry_kind)}, effective: {head.effective_date.isoformat()}\n"
    if head.subject:
        yield f"    ; subject: {_tag(head.subject)}\n"
    yield f"    ; by: {_tag(head.posted_by)}\n"
    yield from _postings(transaction)


def _opening(transaction: Transaction) -> Iterator[str]:
    yield f"\n{transaction.business_date.isoformat()} * What stood in the accounts before\n"
    yield "    ; kind: opening\n"
    yield from _postings(transaction)


def _postings(transaction: Transaction) -> Iterator[str]:
    for posting in transaction.postings:
        yield f"    {_name(key_of(transaction, posting))}  {amount(posting.amount_minor, posting.currency)}\n"


def _assertions(until: date, control: Control) -> Iterator[str]:
    for _entity_id, stands in closings(control):
        yield f"\n{until.isoformat()} * What stands in the accounts at the end\n"
        yield "    ; kind: closing\n"
        yield from _asserted(stands)


def _asserted(stands: Iterable[tuple[AccountKey, int]]) -> Iterator[str]:
    for key, minor in stands:
        yield f"    {_name(key)}  {amount(0, key.currency)} = {amount(minor, key.currency)}\n"


def _name(key: AccountKey) -> str:
    return account_name(key.entity_id, key.entity_name, key.kind, key.party)


def _tag(text: str) -> str:
    """Text as the value of a tag, which ends at a comma or at the end of the line."""
    return " ".join(visible(text).replace(",", " ").split())
