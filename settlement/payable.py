"""What people may be paid: sums and sets in SQL, and how far the books cover them. Nothing here decides who may pay.

Released is what became payable on approved nights before which none waits for approval. What a person may be paid by
an ME is the smallest of: released and not yet taken; what the books owe them, less what nobody approved yet; and the
ME's set-aside money, shared in proportion if it does not reach. The nights' lines are added to `Owed` once, so that the
cost of a payout does not grow with history.
"""

# ruff: noqa: S608 (what is put into the queries are constants of this file)

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core import locks
from core.ids import new_id
from ledger import queries as books
from ledger.accounts import Kind
from people.models import User
from settlement.bulk import copy_values
from settlement.models import (
    BankDetails,
    OpenSum,
    Owed,
    Payment,
    PaymentPart,
    PayoutBatch,
    RunRelease,
    SettlementRun,
)

Row = tuple[Any, ...]
PAYOUTS: Final = 2026112202
"""What whoever moves what is owed holds; the database's own functions hold it by this number too."""

_PENDING: Final = """
    SELECT r.id, r.business_date FROM settlement_settlementrun r
     WHERE r.status IN ('approved', 'paid')
       AND r.business_date > coalesce((SELECT max(night) FROM settlement_runrelease), '-infinity')
       AND NOT EXISTS (SELECT FROM settlement_settlementrun e
                        WHERE e.business_date < r.business_date AND e.status IN ('posting', 'sealed'))"""
"""Approved runs that no earlier night holds back and that are not released yet. They are released in order, so none of
them is before one that was.
"""

_RELEASE: Final = (
    """
    INSERT INTO settlement_owed (person_id, microenterprise_id, currency, released_minor, taken_minor)
    SELECT DISTINCT person_id, microenterprise_id, currency, 0, 0
      FROM settlement_statementline l WHERE night = ANY(%(nights)s) AND payable_minor > 0
       AND NOT EXISTS (SELECT FROM settlement_owed o
                        WHERE o.person_id = l.person_id AND o.microenterprise_id = l.microenterprise_id)
     ORDER BY 1, 2
    """,
    """
    UPDATE settlement_owed o SET released_minor = o.released_minor + l.minor
      FROM (SELECT person_id, microenterprise_id, sum(payable_minor)::bigint AS minor
              FROM settlement_statementline WHERE night = ANY(%(nights)s) AND payable_minor > 0 GROUP BY 1, 2) l
     WHERE l.person_id = o.person_id AND l.microenterprise_id = o.microenterprise_id
    """,
)
"""What is owed begins at nothing, then the nights' lines are added: only the second moves what is open."""

_DETAILS: Final = """
    SELECT d.id FROM settlement_bankdetails d
     WHERE d.person_id = {person} AND d.replaced_at IS NULL AND d.currency IN ('', {currency})
     ORDER BY d.currency DESC LIMIT 1"""
"""The account a person is paid to in a currency: the one for it, else the one for all."""


# --- Releasing nights -------------------------------------------------------------------------------------------------


def release() -> list[date]:
    """Add the lines of newly approved nights to what is owed; the nights that were added. Twice adds nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO settlement_runrelease (run_id, night, released_at)
            SELECT id, business_date, market_now() FROM ({_PENDING}) pending ORDER BY business_date
            ON CONFLICT DO NOTHING RETURNING night
            """
        )
        nights: list[date] = sorted(night for (night,) in cursor.fetchall())
        for statement in _RELEASE if nights else ():
            cursor.execute(statement, {"nights": nights})
    return nights


def released_through() -> date | None:
    """The last night whose lines may be paid."""
    last: date | None = RunRelease.objects.aggregate(last=Max("night"))["last"]
    return last


def unpaid_range() -> tuple[date, date] | None:
    """The first and last released night of a run that is not paid yet, for the names of a batch."""
    rows = _rows(
        """
        SELECT min(r.business_date), max(r.business_date) FROM settlement_settlementrun r
          JOIN settlement_runrelease x ON x.run_id = r.id WHERE r.status = 'approved'
        """
    )
    first, last = rows[0]
    return None if first is None else (first, last)


# --- The page ---------------------------------------------------------------------------------------------------------


def open_sums() -> list[OpenSum]:
    """What is released and in no payment, by currency, as it is kept. Approved a moment ago: see `unreleased`."""
    return list(OpenSum.objects.filter(people__gt=0).order_by("currency"))


@dataclass(frozen=True)
class Unreleased:
    """The nights after the last released one: what the approved ones are about to add, and which ones wait.

    arriving: by currency, what nights approved a moment ago release; the clock adds it within seconds. waiting: how
    many nights wait for approval and hold back what comes after them, and the first of them.
    """

    arriving: dict[str, int]
    waiting: int
    first_waiting: date | None


def unreleased() -> Unreleased:
    """Look at the nights that are not released; one statement, whatever the number of nights and people."""
    last = RunRelease.objects.order_by("-night").values("night")[:1]
    runs = SettlementRun.objects.filter(business_date__gt=Coalesce(Subquery(last), date.min))
    waiting: list[date] = []
    arriving: defaultdict[str, int] = defaultdict(int)
    for day, status, totals in runs.order_by("business_date").values_list("business_date", "status", "totals"):
        if status == SettlementRun.Status.SEALED:
            waiting.append(day)
        elif status == SettlementRun.Status.POSTING:
            break
        elif not waiting:
            for currency, sums in totals.items():
                arriving[currency] += sums["released"]
    arrives = {currency: minor for currency, minor in sorted(arriving.items()) if minor}
    return Unreleased(arrives, len(waiting), waiting[0] if waiting else None)


def without_details() -> QuerySet[Owed]:
    """What is released to people who have told no bank details for its currency; order by `-open_minor, id`."""
    return Owed.objects.filter(has_details=False, open_minor__gt=0).select_related("person", "microenterprise")


@dataclass(frozen=True)
class StateSum:
    """Payments of a batch in one state."""

    status: str
    people: int
    minor: int


_TOGETHER: Final = {
    PayoutBatch.Status.DRAFT: Payment.Status.PLANNED,
    PayoutBatch.Status.SENT: Payment.Status.SENT,
    PayoutBatch.Status.PAID: Payment.Status.CONFIRMED,
    PayoutBatch.Status.CANCELLED: Payment.Status.CANCELLED,
}
"""The state of every payment of a batch that was not rejected, by the batch's; at work they are in two."""


def state_sums(batch: PayoutBatch) -> list[StateSum]:
    """How a batch's payments stand, added up by state: what was planned, less what somebody recorded as rejected.

    Reads rejected payments alone. While the batch is at work only they are told.
    """
    rejected = Payment.objects.filter(batch=batch, status=Payment.Status.REJECTED)
    sums = rejected.aggregate(people=Count("pk"), minor=Sum("amount_minor", default=0))
    back = StateSum(Payment.Status.REJECTED, sums["people"], sums["minor"])
    found = [back] if back.people else []
    together = _TOGETHER.get(PayoutBatch.Status(batch.status))
    if together and batch.size > back.people:
        found.insert(0, StateSum(together, batch.size - back.people, batch.total_minor - back.minor))
    return found


def payments_of(batch: PayoutBatch, user: User) -> QuerySet[Payment]:
    """A batch's payments with the person and the masked account."""
    rows = Payment.objects.visible_to(user).filter(batch=batch)
    return rows.select_related("person", "details").defer("details__sealed")


def parts_of(payment: Payment) -> QuerySet[PaymentPart]:
    """What each ME pays of a payment."""
    return payment.parts.select_related("owed__microenterprise").order_by("owed__microenterprise__name", "pk")


def payments_to(person: User, limit: int = 12) -> list[Payment]:
    """What was sent to a person, newest first."""
    rows = Payment.objects.filter(person=person).exclude(status__in=["planned", "cancelled"])
    rows = rows.select_related("batch", "details").defer("details__sealed")
    return list(rows.order_by("-batch__number")[:limit])


def details_of(person: User) -> QuerySet[BankDetails]:
    """The accounts a person is paid to now; what is sealed stays where it is."""
    return BankDetails.objects.filter(person=person, replaced_at=None).defer("sealed").order_by("currency")


# --- Planning ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """What one ME owes one person and no payment takes yet. details: where it would be paid to, None if unknown."""

    owed: int
    person: UUID
    microenterprise: UUID
    entity: int
    minor: int
    details: UUID | None


def claims(currency: str) -> list[Claim]:
    """Everything that is open in a currency, by the names of people, held until the end of the transaction."""
    rows = _rows(
        f"""
        SELECT o.id, o.person_id, o.microenterprise_id, m.entity_id, o.released_minor - o.taken_minor, d.id
          FROM settlement_owed o
          JOIN people_user u ON u.id = o.person_id
          JOIN microenterprises_microenterprise m ON m.id = o.microenterprise_id
          LEFT JOIN LATERAL ({_DETAILS.format(person="o.person_id", currency="o.currency")}) d ON true
         WHERE o.currency = %(currency)s AND o.taken_minor < o.released_minor
         ORDER BY u.name, u.id, o.id FOR UPDATE OF o
        """,
        currency=currency,
    )
    return [Claim(*row) for row in rows]


@dataclass(frozen=True)
class Cover:
    """What the books have for claims: owed to each person, promised already, and each ME's money for people."""

    payable: Mapping[tuple[int, str], int]
    unapproved: Mapping[tuple[UUID, UUID], int]
    promised: Mapping[int, int]
    free: Mapping[int, int]


def cover(found: Sequence[Claim]) -> Cover:
    """Read what the books have for some claims."""
    entities = sorted({claim.entity for claim in found})
    last = released_through() or date.min
    unapproved = _rows(
        "SELECT person_id, microenterprise_id, sum(payable_minor)::bigint FROM settlement_statementline"
        " WHERE night > %(last)s AND payable_minor > 0 GROUP BY 1, 2",
        last=last,
    )
    planned = _rows(
        """
        SELECT a.owed_id, m.entity_id, sum(a.amount_minor)::bigint FROM settlement_payment p
          JOIN settlement_paymentpart a ON a.payment_id = p.id AND a.is_live
          JOIN settlement_owed o ON o.id = a.owed_id
          JOIN microenterprises_microenterprise m ON m.id = o.microenterprise_id
         WHERE p.status = 'planned' GROUP BY 1, 2
        """
    )
    stands = books.balances(entities, [Kind.SET_ASIDE, Kind.IN_TRANSIT])
    free = {entity: stands[entity, Kind.SET_ASIDE] - stands[entity, Kind.IN_TRANSIT] for entity in entities}
    for _owed, entity, minor in planned:
        if entity in free:
            free[entity] -= minor
    return Cover(
        payable=books.party_balances(entities, Kind.PAYABLE),
        unapproved={(person, firm): minor for person, firm, minor in unapproved},
        promised={owed: minor for owed, _entity, minor in planned},
        free=free,
    )


def covered(found: Sequence[Claim], has: Cover) -> list[int]:
    """How much of each claim the books cover, in minor units, never more than the claim and never below zero.

    An ME that set aside less than it owes pays everybody the same part, rounded down; the rest stays owed.
    """
    allowed = [
        max(
            0,
            min(
                claim.minor,
                has.payable.get((claim.entity, f"person:{claim.person}"), 0)
                - has.promised.get(claim.owed, 0)
                - has.unapproved.get((claim.person, claim.microenterprise), 0),
            ),
        )
        for claim in found
    ]
    wanted: defaultdict[int, int] = defaultdict(int)
    for claim, minor in zip(found, allowed, strict=True):
        wanted[claim.entity] += minor
    return [
        minor
        if wanted[claim.entity] <= has.free[claim.entity]
        else minor * max(0, has.free[claim.entity]) // wanted[claim.entity]
        for claim, minor in zip(found, allowed, strict=True)
    ]


@dataclass
class Plan:
    """The payments of a batch to be, and what is left out of it."""

    payments: list[Row] = field(default_factory=list)
    parts: list[Row] = field(default_factory=list)
    total_minor: int = 0
    without: set[UUID] = field(default_factory=set)
    without_minor: int = 0
    withheld_minor: int = 0


def plan(batch: PayoutBatch) -> Plan:
    """Who is paid how much in a batch, from whom, to which account; one payment per person, in the order of names."""
    found = claims(batch.currency)
    made, paying = Plan(), []
    for claim, minor in zip(found, covered(found, cover(found)), strict=True):
        if claim.details is None:
            made.without.add(claim.person)
            made.without_minor += claim.minor
            continue
        made.withheld_minor += claim.minor - minor
        if minor:
            paying.append((claim, minor))
    for number, (person, group) in enumerate(groupby(paying, key=lambda pair: pair[0].person), start=1):
        parts, payment = list(group), new_id()
        amount = sum(minor for _claim, minor in parts)
        details = parts[0][0].details
        made.payments.append((payment, batch.pk, number, person, batch.currency, amount, details, "planned", ""))
        made.parts.extend((payment, claim.owed, minor, True) for claim, minor in parts)
        made.total_minor += amount
    return made


PAYMENT_COLUMNS: Final = (
    "id", "batch_id", "number", "person_id", "currency", "amount_minor", "details_id", "status", "reason",
)  # fmt: skip
PART_COLUMNS: Final = ("payment_id", "owed_id", "amount_minor", "is_live")


def store(made: Plan) -> None:
    """Write a plan down; the database takes its parts off what is owed, or refuses all of it."""
    copy_values(Payment, PAYMENT_COLUMNS, made.payments)
    copy_values(PaymentPart, PART_COLUMNS, made.parts)


# --- Sending and paying -----------------------------------------------------------------------------------------------


def use_current_details(batch: PayoutBatch) -> None:
    """Pay to the accounts people have now; some changed theirs since the batch was prepared."""
    _do(
        f"""
        UPDATE settlement_payment p SET details_id = c.details
          FROM (SELECT q.id, ({_DETAILS.format(person="q.person_id", currency="q.currency")}) AS details
                  FROM settlement_payment q WHERE q.batch_id = %(batch)s AND q.status = 'planned') c
         WHERE c.id = p.id AND c.details <> p.details_id
        """,
        batch=batch.pk,
    )


def payments_sha256(batch: PayoutBatch) -> str:
    """SHA-256 over every payment of a batch in its order: number, id, person, currency, amount, account's row."""
    digest: str = _rows(
        """
        SELECT encode(sha256(convert_to(coalesce(string_agg(
               concat_ws(',', number, id, person_id, currency, amount_minor, details_id), E'\\n' ORDER BY number), ''),
               'UTF8')), 'hex')
          FROM settlement_payment WHERE batch_id = %(batch)s
        """,
        batch=batch.pk,
    )[0][0]
    return digest


@dataclass(frozen=True, slots=True)
class Part:
    """What one ME's books move for a payment."""

    payment: UUID
    person: UUID
    entity: int
    minor: int


def parts_between(batch: PayoutBatch, after: int, through: int, status: str) -> Iterator[list[Part]]:
    """The parts of the payments numbered after..through that are in a state, one payment at a time."""
    rows = _rows(
        """
        SELECT p.id, p.person_id, m.entity_id, a.amount_minor
          FROM settlement_payment p
          JOIN settlement_paymentpart a ON a.payment_id = p.id AND a.is_live
          JOIN settlement_owed o ON o.id = a.owed_id
          JOIN microenterprises_microenterprise m ON m.id = o.microenterprise_id
         WHERE p.batch_id = %(batch)s AND p.number > %(after)s AND p.number <= %(through)s AND p.status = %(status)s
         ORDER BY p.number, m.entity_id
        """,
        batch=batch.pk,
        after=after,
        through=through,
        status=status,
    )
    return _by_payment(Part(*row) for row in rows)


def parts_live(payment: Payment) -> list[Part]:
    """The parts of one payment."""
    rows = payment.parts.filter(is_live=True).order_by("owed__microenterprise__entity_id")
    return [
        Part(payment.pk, payment.person_id, entity, minor)
        for entity, minor in rows.values_list("owed__microenterprise__entity_id", "amount_minor")
    ]


def _by_payment(parts: Iterable[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    for part in parts:
        if group and group[0].payment != part.payment:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


# --- Which nights are paid --------------------------------------------------------------------------------------------


def nights_still_owed(statuses: Sequence[str], people: Sequence[UUID] | None = None) -> set[date]:
    """The released nights, of runs in some states, of which somebody still waits for money.

    What is paid pays the oldest nights first, so what a person still waits for belongs to their newest. people: only
    these persons' lines. What the books do not cover keeps its nights open.
    """
    rows = _rows(
        """
        WITH nights AS (
            SELECT r.business_date AS night FROM settlement_settlementrun r
              JOIN settlement_runrelease x ON x.run_id = r.id WHERE r.status = ANY(%(statuses)s)),
        flight AS (
            SELECT a.owed_id, sum(a.amount_minor) AS minor FROM settlement_payment p
              JOIN settlement_paymentpart a ON a.payment_id = p.id AND a.is_live
             WHERE p.status IN ('planned', 'sent') GROUP BY 1),
        open AS (
            SELECT o.person_id, o.microenterprise_id,
                   o.released_minor - o.taken_minor + coalesce(f.minor, 0) AS minor
              FROM settlement_owed o LEFT JOIN flight f ON f.owed_id = o.id
             WHERE (o.taken_minor < o.released_minor OR f.minor > 0)
               AND (%(people)s::uuid[] IS NULL OR o.person_id = ANY(%(people)s::uuid[]))),
        lines AS (
            SELECT l.night, o.minor,
                   sum(l.payable_minor) OVER (PARTITION BY l.person_id, l.microenterprise_id
                                              ORDER BY l.night DESC, l.id) - l.payable_minor AS newer
              FROM settlement_statementline l
              JOIN open o ON o.person_id = l.person_id AND o.microenterprise_id = l.microenterprise_id
             WHERE l.night IN (SELECT night FROM nights) AND l.payable_minor > 0)
        SELECT DISTINCT night FROM lines WHERE newer < minor
        """,
        statuses=list(statuses),
        people=None if people is None else list(people),
    )
    return {night for (night,) in rows}


def next_number() -> int:
    """The number of the next batch; the caller holds the payouts."""
    return int(PayoutBatch.objects.aggregate(last=Coalesce(Max("number"), 0))["last"]) + 1


def hold() -> None:
    """Be the only one who moves what is owed, until the end of the transaction.

    Raises Conflict when somebody else does for longer than anybody waits: a draft of 80,000 takes its seconds.
    """
    locks.hold(PAYOUTS, busy=_("Another payout is being prepared at this moment. Try again in a minute."))


def _rows(sql: str, **values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Row] = cursor.fetchall()
    return rows


def _do(sql: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
