"""What stands on a person's statement: its lines, what the year adds up to, the balance after each line.

Reads for pages and files. They take the same little of any history: months that are over are added up
(`settlement.models.months`), and only the lines since are looked at one by one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Case, DateField, Exists, Field, QuerySet, SmallIntegerField, TextField, UUIDField, When

from core.paging import Page, page
from core.plans import Written
from core.prepared import Asked, Bound
from ledger import queries as books
from ledger.accounts import YEAR_CLOSE
from people.models import User
from settlement.models import StatementLine
from settlement.queries import Evidence, evidence_of
from settlement.standing import Reader

ORDER: Final = ("-night", "-position", "id")
"""The newest line first, within a night in the order in which lines are posted."""
RECENT: Final = timedelta(days=45)
"""Of how many days lines are looked at first: with a line a night they hold a page and more."""
SIZE: Final = 20
"""Lines on a page."""
SHOWN: Final = (
    "night", "position", "business_date", "kind", "currency", "weight", "weights_sum", "days", "amount_minor",
    "recovered_minor", "payable_minor", "microenterprise__name", "microenterprise__entity_id", "share_terms__version",
)  # fmt: skip
"""What a page says of a line: whole MEs and terms, tiers and owners with them, are not read twenty times."""


def page_of_lines(reader: Reader, since: date, before: date, kind: str, cursor: str | None) -> Page[StatementLine]:
    """A page of a statement (since <= night < before), of one kind or of all."""
    given: dict[str, Any] = {"person": reader.person.pk, "since": since, "before": before, "kind": kind}
    given["recent"] = max(since, min(before, reader.today) - RECENT)
    begins = cursor is None
    asked: Asked[StatementLine] = Asked(partial(_lines, bool(kind), begins), ("statement", bool(kind), begins), given)
    return page(asked, order=ORDER, cursor=cursor, size=SIZE, count=False)


def _lines(of_kind: bool, begins: bool) -> QuerySet[StatementLine]:
    """Lines of a person. begins: for a first page, whose lines are the recent ones, if these are more than fill it;
    the others would be read only to find that they are older.
    """
    rows = StatementLine.objects.filter(person=Bound("person", UUIDField()), night__lt=Bound("before", DateField()))
    if of_kind:
        rows = rows.filter(kind=Bound("kind", TextField()))
    since, recent = Bound("since", DateField()), Bound("recent", DateField())
    if begins:
        fill = Exists(rows.filter(night__gte=recent)[SIZE : SIZE + 1])
        rows = rows.filter(night__gte=Case(When(fill, then=recent), default=since))
    else:
        rows = rows.filter(night__gte=since)
    return rows.select_related("microenterprise", "share_terms").only(*SHOWN)


# --- Sums -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class YearSum:
    """What a person got in one year, in one currency; balance_minor is what had become payable in all at some line."""

    currency: str
    shared_minor: int = 0
    recovered_minor: int = 0
    pay_minor: int = 0
    draws_minor: int = 0
    handed_on_minor: int = 0
    payable_minor: int = 0
    balance_minor: int = 0


def year_sums(reader: Reader, since: date, before: date, newest: StatementLine | None) -> list[YearSum]:
    """A person's year by currency (since <= night < before, months that are whole), and what had become payable up to
    the line `newest` of it; without one, up to the year's end.

    Shares, of them recovered, stable pay, draws, what ended MEs handed on, and what became payable. Currencies of other
    years only are left out.
    """
    end = reader.months_end
    given: dict[str, Any] = {"person": reader.person.pk, "since": since, "before": before, "months_end": end}
    given |= {"whole": min(end, newest.night.replace(day=1) if newest else before), "open": max(end, since)}
    if newest is not None:
        given |= {"night": newest.night, "position": newest.position, "line": newest.id}
    given["until"] = newest.night + timedelta(days=1) if newest and before <= end else before
    return [YearSum(*row) for row in _SUMS[newest is not None].rows(**given)]


_UP_TO: Final = """(night < %(night)s OR (night = %(night)s AND position < %(position)s)
                    OR (night = %(night)s AND position = %(position)s AND id >= %(line)s))"""
"""The lines up to and including one, in the order of a statement."""
_SUMS_SQL: Final = """
    SELECT currency,
           coalesce(sum(shared) FILTER (WHERE in_year), 0)::bigint,
           coalesce(sum(recovered) FILTER (WHERE in_year), 0)::bigint,
           coalesce(sum(pay) FILTER (WHERE in_year), 0)::bigint,
           coalesce(sum(draws) FILTER (WHERE in_year), 0)::bigint,
           coalesce(sum(handed_on) FILTER (WHERE in_year), 0)::bigint,
           coalesce(sum(payable) FILTER (WHERE in_year), 0)::bigint,
           coalesce(sum(payable) FILTER (WHERE is_before), 0)::bigint
      FROM (SELECT currency, month >= %(since)s AND month < %(before)s AS in_year, month < %(whole)s AS is_before,
                   shared_minor AS shared, recovered_minor AS recovered, pay_minor AS pay, draws_minor AS draws,
                   handed_on_minor AS handed_on, payable_minor AS payable
              FROM settlement_monthsum WHERE person_id = %(person)s AND month < %(before)s AND month < %(months_end)s
            UNION ALL
            SELECT currency, night >= %(open)s AND night < %(before)s, {upto},
                   CASE kind WHEN 'share' THEN amount_minor END, recovered_minor,
                   CASE kind WHEN 'stable' THEN amount_minor END, CASE kind WHEN 'draw' THEN amount_minor END,
                   CASE kind WHEN 'handed_on' THEN amount_minor END, payable_minor
              FROM settlement_statementline
             WHERE person_id = %(person)s AND night >= %(whole)s AND night < %(until)s) parts
     GROUP BY currency HAVING bool_or(in_year) ORDER BY currency
"""
"""In the order of `YearSum`: whole months before the line `newest`, and the lines from there on."""
_GIVEN: Final[dict[str, Field[Any, Any]]] = {
    "person": UUIDField(),
    **dict.fromkeys(("since", "before", "months_end", "whole", "open", "until", "night"), DateField()),
    "position": SmallIntegerField(),
    "line": UUIDField(),
}
_SUMS: Final = {has: Written(_SUMS_SQL.format(upto=_UP_TO if has else "true"), _GIVEN) for has in (False, True)}
"""By whether there is a line `newest`."""


def payable_before(person: User, day: date) -> dict[str, int]:
    """What had become payable before a date, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH whole AS (SELECT least(coalesce(settlement_months_end(), '-infinity'),
                                        date_trunc('month', %(day)s::date)::date) AS day)
            SELECT currency, sum(minor)::bigint
              FROM (SELECT currency, payable_minor AS minor FROM settlement_monthsum
                     WHERE person_id = %(person)s AND month < (SELECT day FROM whole)
                    UNION ALL
                    SELECT currency, payable_minor FROM settlement_statementline
                     WHERE person_id = %(person)s AND night >= (SELECT day FROM whole) AND night < %(day)s) parts
             GROUP BY currency
            """,
            {"person": person.pk, "day": day},
        )
        return dict(cursor.fetchall())


def wrong_months(since: date, until: date) -> list[date]:
    """The months with a day in since..until that do not hold what their lines add up to, for the one who checks."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_MONTHS, {"since": since.replace(day=1), "until": until})
        return [month for (month,) in cursor.fetchall()]


_WRONG_MONTHS: Final = """
    WITH lines AS (
         SELECT date_trunc('month', night)::date AS month, person_id, currency,
                (coalesce(sum(amount_minor) FILTER (WHERE kind = 'share'), 0), sum(recovered_minor),
                 coalesce(sum(amount_minor) FILTER (WHERE kind = 'stable'), 0),
                 coalesce(sum(amount_minor) FILTER (WHERE kind = 'draw'), 0),
                 coalesce(sum(amount_minor) FILTER (WHERE kind = 'handed_on'), 0), sum(payable_minor)) AS sums
           FROM settlement_statementline
          WHERE night >= %(since)s
            AND night < least((date_trunc('month', %(until)s::date) + interval '1 month')::date,
                              coalesce(settlement_months_end(), '-infinity'))
          GROUP BY 1, 2, 3)
    SELECT DISTINCT coalesce(m.month, l.month)
      FROM (SELECT *, (shared_minor::numeric, recovered_minor::numeric, pay_minor::numeric, draws_minor::numeric,
                       handed_on_minor::numeric, payable_minor::numeric) AS sums
              FROM settlement_monthsum WHERE month BETWEEN %(since)s AND %(until)s) m
      FULL JOIN lines l ON l.month = m.month AND l.person_id = m.person_id AND l.currency = m.currency
     WHERE m.sums IS DISTINCT FROM l.sums
     ORDER BY 1
"""


# --- Lines ------------------------------------------------------------------------------------------------------------


def with_evidence(lines: Sequence[StatementLine]) -> Iterator[tuple[StatementLine, list[Evidence]]]:
    """Each line with the income that made the profit of its date; one statement for all of them."""
    shares = [line for line in lines if line.kind == StatementLine.Kind.SHARE]
    places = sorted({(line.microenterprise.entity_id, line.business_date) for line in shares})
    found: dict[tuple[int, date], list[Evidence]] = defaultdict(list)
    for moved in books.results_on(places) if places else ():
        each = evidence_of(moved)
        if each.amount_minor > 0 and moved.entry_kind != YEAR_CLOSE:
            found[moved.entity_id, each.day].append(each)
    for line in lines:
        is_share = line.kind == StatementLine.Kind.SHARE
        yield line, found[line.microenterprise.entity_id, line.business_date] if is_share else []


def balances_after(lines: Sequence[StatementLine], sums: Sequence[YearSum]) -> dict[UUID, int]:
    """What had become payable in all after each of some consecutive lines (newest first), by line and currency.

    sums: `year_sums` up to the first of the lines.
    """
    running = {each.currency: each.balance_minor for each in sums}
    found = {}
    for line in lines:
        found[line.id] = running[line.currency]
        running[line.currency] -= line.payable_minor
    return found
