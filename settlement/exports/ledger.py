"""The general ledger: account by account, what stood there, every line with the balance after it, what stands there."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from core import money
from ledger import reports
from ledger.accounts import Kind
from ledger.reports import AccountFacts, AccountLine
from settlement.exports.files import Cell, Paper, Row, Table, counted
from settlement.exports.names import Names
from settlement.exports.orders import Asked, Order
from settlement.exports.totals import Totals, sides


def paper(order: Order) -> Paper:
    """The lines of since..until in the accounts chosen by entity, kind and book, effective up to a date."""
    totals = Totals()
    table = Table(_("General ledger"), columns(), counted(rows(order.asked, totals), order.tick))
    return Paper([table], lambda: _summary(order, totals), lambda: _closing(order, totals))


def count(asked: Asked, most: int | None) -> int:
    """How many lines it has, counted no further than `most`."""
    return reports.count_lines(
        asked["since"],
        asked["until"],
        asked["book"],
        entity_ids=asked["entity_ids"],
        kinds=asked["kinds"],
        most=most,
    )


def columns() -> list[str]:
    """The heads of the general ledger."""
    return [
        _("Row"), _("Entity"), _("Account"), _("Party"), _("Name"), _("Entity number"), _("Account number"),
        _("Currency"), _("Posted on"), _("Effective"), _("Entry"), _("Line"), _("Kind"), _("Memo"), _("Reference"),
        _("About"), _("Posted by"), _("Debit"), _("Credit"), _("Balance"),
    ]  # fmt: skip


def rows(asked: Asked, totals: Totals) -> Iterator[Row]:
    """Opening, lines and closing of every account in which something stands or moved. Balances are debit positive."""
    names = Names()
    chosen = reports.accounts(asked["book"], entity_ids=asked["entity_ids"], kinds=asked["kinds"])
    for start in range(0, len(chosen), reports.AT_ONCE):
        block = {each.id: each for each in chosen[start : start + reports.AT_ONCE]}
        names.learn(each.party for each in block.values())
        yield from _block(block, asked, totals, names)


def _block(block: dict[int, AccountFacts], asked: Asked, totals: Totals, names: Names) -> Iterator[Row]:
    ids, effective = list(block), asked["effective"]
    before = reports.balances_at(ids, asked["since"] - timedelta(days=1), effective_until=effective)
    lines = reports.lines_of_accounts(ids, asked["since"], asked["until"], effective_until=effective)
    line = next(lines, None)
    opening, one, closing = _("opening"), _("line"), _("closing")  # looked up once: there may be millions
    for account_id, account in block.items():
        is_shown = account_id in before or (line is not None and line.account_id == account_id)
        if not is_shown:
            continue
        stands, debits, credits = before.get(account_id, 0), 0, 0
        head = account_cells(account, names(account.party))
        yield [opening, *head, asked["since"].isoformat(), *[""] * 10, money.major(stands, account.currency)]
        while line is not None and line.account_id == account_id:
            stands += line.amount_minor
            debits += max(line.amount_minor, 0)
            credits += max(-line.amount_minor, 0)
            totals.add(line.amount_minor, account.currency)
            yield [one, *head, *line_cells(line, stands, account.currency)]
            line = next(lines, None)
        sums = [money.major(minor, account.currency) for minor in (debits, credits, stands)]
        yield [closing, *head, asked["until"].isoformat(), *[""] * 8, *sums]


def account_cells(account: AccountFacts, name: str) -> list[Cell]:
    """Whose account it is and which."""
    return [
        account.entity_name,
        str(Kind(account.kind).label),
        account.party,
        name,
        account.entity_id,
        account.id,
        account.currency,
    ]


def line_cells(line: AccountLine, stands: int, currency: str) -> list[Cell]:
    """One line, with what stands in the account after it."""
    return [
        line.business_date.isoformat(),
        line.effective_date.isoformat(),
        line.entry_id,
        line.line,
        line.entry_kind,
        line.memo,
        line.reference,
        line.subject,
        line.posted_by,
        *sides(line.amount_minor, currency),
        money.major(stands, currency),
    ]


def _summary(order: Order, totals: Totals) -> Iterator[Row]:
    yield _("General ledger"), str(order.asked["book"])
    yield _("Posted on"), f"{order.asked['since'].isoformat()} / {order.asked['until'].isoformat()}"
    yield from order.source.facts()
    yield _("Shown"), order.asked["filters"] or _("everything")
    yield ()
    yield from totals.table()


def _closing(order: Order, totals: Totals) -> Iterator[Row]:
    for currency, lines, debits, credits in totals.by_currency():
        sums = [money.major(minor, currency) for minor in (debits, credits, debits - credits)]
        said = _("%(count)s lines") % {"count": lines}
        yield [_("total"), said, *[""] * 5, currency, *[""] * 9, *sums]
    for name, value in order.source.facts():
        yield [_("source"), name, value]
