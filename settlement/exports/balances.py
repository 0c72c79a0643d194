"""The trial balance: every account with something in it at the end of a date; a book sums to nothing per currency."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from core import money
from ledger import reports
from ledger.trial import TrialLine
from settlement.exports.files import Cell, Paper, Row, Table, counted
from settlement.exports.names import Names
from settlement.exports.orders import Asked, Order
from settlement.exports.totals import Totals, sides
from settlement.models import READS_PAY

AT_ONCE = 2000


def paper(order: Order) -> Paper:
    """The accounts chosen by entity, kind and book; people's accounts one by one only for who reads pay."""
    totals = Totals()
    by_person = order.user.has_role(*READS_PAY)
    rows = _rows(order.asked, totals, by_person=by_person)
    table = Table(_("Trial balance"), columns(), counted(rows, order.tick))
    return Paper([table], lambda: _summary(order, totals), lambda: _closing(order, totals))


def count(asked: Asked, most: int | None) -> int:
    """How many accounts it looks at."""
    found = len(reports.accounts(asked["book"], entity_ids=asked["entity_ids"], kinds=asked["kinds"]))
    return found if most is None else min(found, most)


def columns() -> list[str]:
    """The heads of a trial balance."""
    return [
        _("Row"), _("Entity"), _("Account"), _("Party"), _("Name"), _("Entity number"), _("Currency"), _("Debit"),
        _("Credit"), _("Balance"),
    ]  # fmt: skip


def lines(asked: Asked, *, by_person: bool) -> Iterator[TrialLine]:
    """The accounts of a trial balance; without `by_person` those of people are added up per entity and kind."""
    found = reports.trial_balance(
        asked["as_of"],
        asked["book"],
        entity_ids=asked["entity_ids"],
        kinds=asked["kinds"],
        effective_until=asked["effective"],
    )
    return found if by_person else _without_people(found)


def _without_people(found: Iterator[TrialLine]) -> Iterator[TrialLine]:
    waiting: TrialLine | None = None
    for each in found:
        line = each._replace(party="") if each.party.startswith("person:") else each
        if waiting is not None and waiting[:5] == line[:5]:
            waiting = waiting._replace(balance_minor=waiting.balance_minor + line.balance_minor)
            continue
        if waiting is not None and waiting.balance_minor:
            yield waiting
        waiting = line
    if waiting is not None and waiting.balance_minor:
        yield waiting


def _rows(asked: Asked, totals: Totals, *, by_person: bool) -> Iterator[Row]:
    names, block = Names(), []
    for line in lines(asked, by_person=by_person):
        block.append(line)
        if len(block) == AT_ONCE:
            yield from _block(block, totals, names)
            block = []
    yield from _block(block, totals, names)


def _block(block: list[TrialLine], totals: Totals, names: Names) -> Iterator[Row]:
    names.learn(line.party for line in block)
    for line in block:
        totals.add(line.balance_minor, line.currency)
        yield [_("account"), *_cells(line, names(line.party))]


def _cells(line: TrialLine, name: str) -> list[Cell]:
    return [
        line.entity_name,
        str(line.kind.label),
        line.party,
        name,
        line.entity_id,
        line.currency,
        *sides(line.balance_minor, line.currency),
        money.major(line.balance_minor, line.currency),
    ]


def agreement(asked: Asked, difference: int) -> str:
    """Whether debits and credits agree, as a sentence."""
    if asked["kinds"] is not None or asked["effective"] is not None:
        return _("A part of the books, by its filters: it need not sum to zero.")
    if difference:
        return _("Debits and credits differ. Tell the auditor: the books do not agree.")
    return _("Debits and credits agree.")


def _summary(order: Order, totals: Totals) -> Iterator[Row]:
    yield _("Trial balance"), str(order.asked["book"])
    yield _("As of"), order.asked["as_of"].isoformat()
    yield from order.source.facts()
    yield _("Shown"), order.asked["filters"] or _("everything")
    for currency, _count, debits, credits in totals.by_currency():
        yield currency, agreement(order.asked, debits - credits)
    yield ()
    yield from totals.table()


def _closing(order: Order, totals: Totals) -> Iterator[Row]:
    for currency, _count, debits, credits in totals.by_currency():
        sums = [money.major(minor, currency) for minor in (debits, credits, debits - credits)]
        yield [_("total"), agreement(order.asked, debits - credits), *[""] * 4, currency, *sums]
    for name, value in order.source.facts():
        yield [_("source"), name, value]
