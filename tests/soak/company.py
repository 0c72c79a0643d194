"""A small company that knows every kind of night, the facts of its dates, and what a night came to.

Facts are drawn from the number of the date, so that two databases live through the same story. What a night came to
is every figure the settlement stored, without what two runs may rightly differ in: instants, and numbers given in the
order of arrival.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import psycopg2
from django.db import transaction

from core import clock, past
from ledger import queries as books
from ledger import writer
from ledger.accounts import Kind
from ledger.writer import Draft, Line, credit, debit
from microenterprises.models import Microenterprise
from people.models import User
from settlement.actions import exports
from tests.settlement.world import Seat, firm, invest, person

FIRMS: Final = 20
CAPITAL: Final = 50_000_000
SHARDS_OF: Final = 2
POOR, FREED = (3, 4), 5
"""On which nights of seven the wallet of one ME is empty, and when it is filled again: exceptions, and their repair."""
_POOR_ME: Final = 6


def first_date(today: date) -> date:
    """A few days before a year ends, so that month ends, a year's end and the first night of a year come soon."""
    return date(today.year + 1, 12, 26)


def found(start: date) -> None:
    """Twenty MEs and somebody in finance, on the morning of their first date."""
    _be(start, 8)
    person("Fay", "finance")
    for number in range(FIRMS):
        me = firm(
            *_seats(number, start),
            name=f"ME {number:02}",
            currency="JPY" if number == 2 else "CNY",
            tiers=[[40_000, 2000], [None, 3300 + number]],
            threshold_minor=1_000 * (number % 3),
            launched=start,
            effective_from=start,
            carries_losses=number % 2 == 0,
            shares_with_stable=number % 5 == 0,
            owners={"reserve": 5000, "platform": 5000},
        )
        with past.at(datetime.combine(start, time(9), clock.company_zone())):
            invest(me, CAPITAL, start)


def _seats(number: int, start: date) -> list[Seat]:
    seats = [Seat(f"Lead {number}", 7, start=start)]
    seats += [Seat(f"Member {number}.{n}", n + 1, start=start) for n in range(2 + number % 4)]
    if number % 5 == 0:
        seats.append(Seat(f"Salaried {number}", 2, "stable", 310_000, start=start))
    if number == 1:
        seats.append(Seat("Leaver", 3, pay_minor=90_000, start=start, end=start + timedelta(days=9)))
    if number == 3:
        seats.append(Seat("Drawer", 3, pay_minor=50_000, start=start))
    if number == 4:
        seats.append(Seat("Newcomer", 5, start=start + timedelta(days=4)))
    return seats


def live_through(start: date, number: int, *, asks: bool = True) -> None:
    """Post what happened on a date, ask for yesterday's ledger as a file (unless told not to), let midnight pass."""
    day = start + timedelta(days=number)
    _be(day, 12)
    with transaction.atomic():
        writer.post(list(_facts(number, day)), by="test")
    if number and asks:
        yesterday = (day - timedelta(days=1)).isoformat()
        since = (day - timedelta(days=3)).isoformat()
        fay = User.objects.get(name="Fay")
        exports.ask(
            kind="general-ledger", form="csv", asked={"since": since, "until": yesterday, "book": "real"}, by=fay
        )
    _be(day + timedelta(days=1), 0)


def _facts(number: int, day: date) -> Iterator[Draft]:
    dice = random.Random(f"facts of {number}")
    for place, me in enumerate(Microenterprise.objects.order_by("name")):
        e = me.entity_id
        draw, income, cost, late = dice.random(), dice.randint(1, 90_000), dice.randint(1, 60_000), dice.random()
        if draw < 0.8:
            lines = debit(e, Kind.WALLET, income), credit(e, Kind.INCOME_OUTSIDE, income)
            is_late = late < 0.1 and number > 3
            yield _draft(number, place, "receipt", *lines, effective=day - timedelta(days=2) if is_late else None)
        if (draw > 0.6 and place != _POOR_ME) or (place == 5 and number % 20 < 10):
            yield _draft(number, place, "cost", debit(e, Kind.EXPENSE_OUTSIDE, cost), credit(e, Kind.WALLET, cost))
        if place == _POOR_ME and number % 7 in POOR:
            everything = books.balance(e, Kind.WALLET) + (income if draw < 0.8 else 0)
            if everything:
                yield _draft(number, place, "lock", debit(e, Kind.HOLD, everything), credit(e, Kind.WALLET, everything))
        if place == _POOR_ME and number % 7 == FREED:
            held = books.balance(e, Kind.HOLD)
            yield _draft(number, place, "free", debit(e, Kind.WALLET, held), credit(e, Kind.HOLD, held))


def _draft(number: int, place: int, what: str, *lines: Line, effective: date | None = None) -> Draft:
    reference = f"fact:{number}:{place}:{what}"
    return Draft(reference=reference, kind="money", lines=lines, memo=what, effective_date=effective)


def _be(day: date, hour: int) -> None:
    """Move the clock to ten past an hour of a day."""
    then = datetime.combine(day, time(hour, 10), clock.company_zone())
    clock.move_forward(then - clock.market_now())


# --- What a night came to ---------------------------------------------------------------------------------------------

_FIGURES: Final = """
    SELECT 'run ' || (to_jsonb(r) - '{id,started_at,sealed_at}'::text[])::text
      FROM settlement_settlementrun r WHERE business_date = %(day)s
    UNION ALL
    SELECT 'outcome ' || (to_jsonb(o) - '{id,carries_at_id,repairs_id,facts_sha256}'::text[])::text
           || jsonb_build_object('carries at', c.business_date, 'repairs', x.business_date)::text
           -- What is unsettled is named by its number in the facts, so their hash differs only while something is.
           || CASE WHEN EXISTS (SELECT FROM settlement_outcome e LEFT JOIN settlement_outcome m ON m.repairs_id = e.id
                                 WHERE e.microenterprise_id = o.microenterprise_id AND e.state = 'exception'
                                   AND e.night < o.night AND coalesce(m.night, o.night) >= o.night)
                   THEN '' ELSE o.facts_sha256 END
      FROM settlement_outcome o LEFT JOIN settlement_outcome c ON c.id = o.carries_at_id
      LEFT JOIN settlement_outcome x ON x.id = o.repairs_id WHERE o.night = %(day)s
    UNION ALL
    SELECT 'share ' || (to_jsonb(s) - '{id,outcome_id}'::text[])::text
      FROM settlement_shareline s WHERE s.night = %(day)s
    UNION ALL
    SELECT 'pay ' || (to_jsonb(p) - 'id')::text FROM settlement_payline p WHERE p.night = %(day)s
    UNION ALL
    SELECT 'entry ' || (to_jsonb(e) - '{id,reference,posted_at,content_hash}'::text[])::text
           || (SELECT jsonb_agg(jsonb_build_array(p.line, a.entity_id, a.book, a.kind, a.party, a.currency,
                                                  p.amount_minor, p.by_night) ORDER BY p.line)
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.business_date = e.business_date AND p.entry_id = e.id)::text
      FROM ledger_entry e WHERE e.business_date = %(day)s
    UNION ALL
    SELECT 'date ' || jsonb_build_array(entry_count, posting_count, debit_totals, sealed_at IS NOT NULL)::text
      FROM ledger_businessday WHERE date = %(day)s
    UNION ALL
    SELECT 'snapshot ' || concat_ws(' ', a.entity_id, a.book, a.kind, a.party, a.currency, s.balance_minor)
      FROM ledger_snapshot s JOIN ledger_account a ON a.id = s.account_id WHERE s.business_date = %(day)s
    UNION ALL
    SELECT 'kept ' || concat_ws(' ', a.entity_id, a.book, a.kind, a.party, a.currency, b.amount_minor)
      FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
    UNION ALL
    SELECT 'audit ' || jsonb_build_array(deed, subject, facts)::text FROM core_auditrecord
     WHERE subject = 'settlement:' || %(day)s
    UNION ALL
    -- Files expire to the second; what counts is that each was made.
    SELECT 'file ' || jsonb_build_array(kind, form, asked, status IN ('ready', 'expired'), rows_done, rows_total)::text
      FROM settlement_export
    UNION ALL
    SELECT 'told ' || count(*) FROM people_notice
"""
_PAID: Final = """
    SELECT coalesce(sum(-p.amount_minor), 0)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
     WHERE a.kind = 'payable' AND p.by_night
"""


def figures(address: str, day: date) -> list[str]:
    """Every figure of a night as sorted lines of text, and with it every balance after it."""
    return sorted(line for (line,) in ask(address, _FIGURES, day=str(day)))


def references(address: str) -> list[str]:
    """The natural keys of everything that was ever posted."""
    return sorted(reference for (reference,) in ask(address, "SELECT reference FROM ledger_entry"))


def paid_minor(address: str) -> int:
    """What all nights made payable, in minor units of whatever currency: only for comparing."""
    return int(ask(address, _PAID)[0][0])


def ask(address: str, question: str, **values: Any) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question, values)
            return cursor.fetchall()
    finally:
        connection.close()
