"""Every person's line of a night."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from core import money
from core.audit import Head
from settlement.exports.files import BATCH, Cell, Paper, Table, counted
from settlement.exports.orders import Order
from settlement.models import Outcome, SettlementRun, StatementLine


def paper(order: Order) -> Paper:
    """The lines of `run`."""
    return Paper([table(order)], lambda: order.source.facts())


def table(order: Order) -> Table:
    """The lines of `run` under their heads; where `outcomes` are filtered, theirs."""
    run: SettlementRun = order.asked["run"]
    head = order.source.head
    found = lines_of(run)
    if order.asked.get("filters"):
        shown: QuerySet[Outcome] = order.asked["outcomes"]
        same = {"microenterprise": OuterRef("microenterprise"), "business_date": OuterRef("business_date")}
        found = found.filter(Exists(shown.order_by().filter(**same)))
    rows = (line_cells(line, run, head) for line in found.iterator(BATCH))
    return Table(_("Lines"), line_columns(), counted(rows, order.tick))


def line_columns() -> list[str]:
    """The heads of the lines of a run."""
    return [*person_columns(), _("Hash of the run's lines"), _("Head of the audit trail")]


def person_columns() -> list[str]:
    """The heads of people's lines, of whatever they are lines."""
    return [
        _("Posted on"), _("Business date"), _("Microenterprise"), _("Person"), _("Kind"), _("Currency"), _("Weight"),
        _("Sum of weights"), _("Amount"), _("Draw recovered"), _("Newly payable"),
    ]  # fmt: skip


def line_cells(line: StatementLine, run: SettlementRun, head: Head) -> list[Cell]:
    """One person's line as cells."""
    return [*person_cells(line), run.lines_sha256, str(head)]


def person_cells(line: StatementLine) -> Iterator[Cell]:
    """What a person's line says."""
    amounts = (line.amount_minor, line.recovered_minor, line.payable_minor)
    yield line.night.isoformat()
    yield line.business_date.isoformat()
    yield line.microenterprise.name
    yield line.person.name
    yield str(line.get_kind_display())
    yield line.currency
    yield line.weight
    yield line.weights_sum
    yield from (money.major(minor, line.currency) for minor in amounts)


def lines_of(run: SettlementRun) -> QuerySet[StatementLine]:
    """Every person's line of a night."""
    rows = StatementLine.objects.filter(night=run.business_date).select_related("microenterprise", "person")
    return rows.order_by("microenterprise__name", "person__name", "position", "id")
