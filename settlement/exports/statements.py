"""Statements as files: a person's lines with the balance after each, and the nights of an ME."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import money
from microenterprises.models import Microenterprise
from settlement.exports import lines as line_tables
from settlement.exports import report
from settlement.exports.files import BATCH, Paper, Row, Table, counted
from settlement.exports.orders import Asked, Order
from settlement.models import READS_PAY, Outcome, StatementLine
from settlement.sentences import line_detail
from settlement.statements import payable_before

# --- A person ---------------------------------------------------------------------------------------------------------


def of_person(order: Order) -> Paper:
    """The lines of `person` from `since` until before `before`, oldest first, as a bank prints them."""
    table = Table(_("Statement"), person_columns(), counted(person_rows(order.asked), order.tick))
    return Paper([table], lambda: _person_summary(order), lambda: _sources(order))


def count_person(asked: Asked, most: int | None) -> int:
    """How many lines the statement has."""
    return person_lines(asked)[:most].count()


def person_columns() -> list[str]:
    """The heads of a person's statement."""
    return [
        _("Row"), _("Posted on"), _("Business date"), _("Microenterprise"), _("Kind"), _("How"), _("Currency"),
        _("Amount"), _("Draw recovered"), _("Newly payable"), _("Balance"),
    ]  # fmt: skip


def person_lines(asked: Asked) -> QuerySet[StatementLine]:
    """Every line of the person in the time asked for, oldest first, in the order the screen has from below."""
    rows = StatementLine.objects.filter(person=asked["person"], night__gte=asked["since"], night__lt=asked["before"])
    return rows.select_related("microenterprise", "share_terms").order_by("night", "position", "-id")


def person_rows(asked: Asked) -> Iterator[Row]:
    """What had become payable before, every line of the kind asked for, and what has become payable then."""
    stands = payable_before(asked["person"], asked["since"])
    since, last = asked["since"].isoformat(), ""
    for currency, minor in sorted(stands.items()):
        yield [_("opening"), since, *[""] * 4, currency, "", "", "", money.major(minor, currency)]
    for line in person_lines(asked).iterator(BATCH):
        stands[line.currency] = stands.get(line.currency, 0) + line.payable_minor
        last = line.night.isoformat()
        if asked["kind"] in ("", line.kind):
            yield _person_cells(line, stands[line.currency])
    for currency, minor in sorted(stands.items()):
        yield [_("closing"), last or since, *[""] * 4, currency, "", "", "", money.major(minor, currency)]


def _person_cells(line: StatementLine, stands: int) -> Row:
    amounts = (line.amount_minor, line.recovered_minor, line.payable_minor, stands)
    return [
        _("line"),
        line.night.isoformat(),
        line.business_date.isoformat(),
        line.microenterprise.name,
        str(line.get_kind_display()),
        line_detail(line),
        line.currency,
        *(money.major(minor, line.currency) for minor in amounts),
    ]


def _person_summary(order: Order) -> Iterator[Row]:
    yield _("Statement"), order.asked["person"].name
    yield _("From"), order.asked["since"].isoformat()
    yield _("Until before"), order.asked["before"].isoformat()
    yield from order.source.facts()


def _sources(order: Order) -> Iterator[Row]:
    for name, value in order.source.facts():
        yield [_("source"), "", "", name, "", value]


# --- An ME ------------------------------------------------------------------------------------------------------------


def of_firm(order: Order) -> Paper:
    """The nights of `me` on since..until; the workbook has its members' lines too, for who reads pay."""
    rows = ([_("night"), *report.facts_of(each)] for each in firm_nights(order.asked).iterator(BATCH))
    tables = [Table(_("Nights"), [_("Row"), *report.outcome_columns()[:-2]], counted(rows, order.tick))]
    if order.form == "xlsx" and order.user.has_role(*READS_PAY):
        lines = firm_lines(order.asked).iterator(BATCH)
        cells = (list(line_tables.person_cells(line)) for line in lines)
        tables.append(Table(_("Lines"), line_tables.person_columns(), counted(cells, order.tick)))
    return Paper(tables, lambda: _firm_summary(order), lambda: _firm_sources(order))


def count_firm(asked: Asked, most: int | None) -> int:
    """How many nights it has."""
    return firm_nights(asked)[:most].count()


def firm_nights(asked: Asked) -> QuerySet[Outcome]:
    """How every date of the ME ended, oldest first."""
    rows = Outcome.objects.filter(microenterprise=asked["me"], night__range=(asked["since"], asked["until"]))
    return rows.select_related("microenterprise").order_by("night", "business_date", "id")


def firm_lines(asked: Asked) -> QuerySet[StatementLine]:
    """Every member's line of the ME, oldest first."""
    rows = StatementLine.objects.filter(microenterprise=asked["me"], night__range=(asked["since"], asked["until"]))
    return rows.select_related("microenterprise", "person").order_by("night", "person__name", "position", "id")


def _firm_summary(order: Order) -> Iterator[Row]:
    me: Microenterprise = order.asked["me"]
    yield _("Statement"), me.name
    yield _("Posted on"), f"{order.asked['since'].isoformat()} / {order.asked['until'].isoformat()}"
    yield from order.source.facts()


def _firm_sources(order: Order) -> Iterator[Row]:
    for name, value in order.source.facts():
        yield [_("source"), "", "", name, "", "", value]
