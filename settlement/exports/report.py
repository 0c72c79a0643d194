"""The settlement report of a night: every ME as the screen shows it, the totals, and every line for who reads pay."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import money
from core.audit import Head
from settlement.exports import lines
from settlement.exports.files import BATCH, Cell, Paper, Row, Table, counted
from settlement.exports.orders import Order
from settlement.models import READS_PAY, Outcome, SettlementRun
from settlement.queries import TOTALS
from settlement.sentences import day_name, trouble


def paper(order: Order) -> Paper:
    """The report of `run` with the MEs of `outcomes`; the workbook has the lines too, for who reads pay."""
    run: SettlementRun = order.asked["run"]
    outcomes: QuerySet[Outcome] = order.asked["outcomes"]
    head = order.source.head
    rows = (outcome_cells(outcome, run, head) for outcome in outcomes.iterator(BATCH))
    tables = [Table(_("Microenterprises"), outcome_columns(), counted(rows, order.tick))]
    if order.form == "xlsx" and order.user.has_role(*READS_PAY):
        tables.append(lines.table(order))
    return Paper(tables, lambda: summary(run, order.asked.get("filters", ""), head))


def filtered(rows: QuerySet[Outcome], asked: Mapping[str, Any]) -> QuerySet[Outcome]:
    """The outcomes of a night as the filters of its page leave them."""
    if text := (asked.get("q") or "").strip():
        rows = rows.filter(microenterprise__name__icontains=text)
    if state := asked.get("state"):
        rows = rows.filter(state=state)
    if late := asked.get("late"):
        rows = rows.filter(repairs__isnull=late == "no")
    return rows


def outcome_columns() -> list[str]:
    """The heads of the report, in the reader's language."""
    return [
        _("Business date"), _("Posted on"), _("Microenterprise"), _("How it ended"), _("Currency"),
        _("Profit of the day"), _("Profit of the year"), _("Pool"), _("Shared"), _("Draws recovered"),
        _("Newly payable"), _("Stable pay"), _("Draws"), _("Advances taken over"), _("Lines"), _("What to mend"),
        _("Hash of the run's lines"), _("Head of the audit trail"),
    ]  # fmt: skip


def outcome_cells(outcome: Outcome, run: SettlementRun, head: Head) -> list[Cell]:
    """One ME's date as cells; amounts are exact decimals."""
    return [*facts_of(outcome), run.lines_sha256, str(head)]


def facts_of(outcome: Outcome) -> list[Cell]:
    """How one date of an ME ended, as cells."""
    name = outcome.microenterprise.name
    amounts = (
        outcome.profit_minor - outcome.profit_before_minor,
        outcome.profit_minor,
        outcome.pool_minor,
        outcome.shared_minor,
        outcome.recovered_minor,
        outcome.payable_minor,
        outcome.pay_minor,
        outcome.draws_minor,
        outcome.written_off_minor,
    )
    is_open = outcome.state == Outcome.State.EXCEPTION
    return [
        outcome.business_date.isoformat(),
        outcome.night.isoformat(),
        name,
        str(outcome.get_state_display()),
        outcome.currency,
        *(money.major(minor, outcome.currency) for minor in amounts),
        outcome.line_count,
        trouble(outcome, name).sentence if is_open else "",
    ]


def summary(run: SettlementRun, filters: str, head: Head) -> Iterator[Row]:
    """The facts and totals of a run as rows of two or more cells."""
    yield _("Settlement run"), day_name(run.business_date)
    yield _("State"), str(run.get_status_display())
    yield _("Microenterprises"), run.mes_done
    yield _("Exceptions"), run.exceptions
    yield _("Lines"), run.lines
    yield _("Hash of the run's lines"), run.lines_sha256
    yield _("Hash of the run's manifest"), run.inputs_sha256
    yield _("Head of the audit trail"), str(head)
    yield _("Shown"), filters or _("everything")
    yield _("Text beginning with = + - or @ is text here, never a formula."), ""
    names = (
        _("Shared"),
        _("Newly payable"),
        _("Draws recovered"),
        _("Stable pay"),
        _("Draws"),
        _("Advances taken over"),
        _("Handed on by MEs that ended"),
        _("Released for payment"),
    )
    yield ()
    if filters:
        yield _("Totals of the whole run, whatever is shown"), ""
    yield (_("Currency"), *names)
    for currency, totals in sorted(run.totals.items()):
        yield (currency, *(money.major(totals[name], currency) for name in TOTALS))
