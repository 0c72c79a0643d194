"""Where a person stands: in each of their MEs, with what is owed and what was sent, and what a plan would bring them.

Reads for the statement, a constant number of statements for any number of MEs, lines and nights. What the figures are
made of is in `microenterprises.shares`; nothing is decided or written here.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import DateField, F, OuterRef, QuerySet, Subquery, UUIDField
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from core import money
from core.plans import Written
from core.prepared import Asked, Bound
from ledger import queries as books
from ledger.queries import PersonBalance
from microenterprises.models import Membership, Microenterprise
from microenterprises.prospects import Simulation, next_tier_sentence, simulate
from microenterprises.queries.sharing import Sharing, sharing_of, with_sharing
from people.models import User
from settlement.calculation import Standing, open_year
from settlement.models import Outcome


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose statement is read, and when: the date of today, the first day of its fiscal year, the books' snapshot.

    months_end: the first date whose month is not added up yet.
    """

    person: User
    today: date
    year: date
    last_snapshot: date | None = None
    months_end: date = date.min


@dataclass(frozen=True, slots=True)
class Position:
    """A person in one ME: how they share, the year's profit after its last night, and how the ME stands with them."""

    sharing: Sharing
    is_active: bool
    settled_on: date | None
    profit_minor: int
    stands: PersonBalance

    @property
    def me(self) -> Microenterprise:
        return self.sharing.microenterprise

    @property
    def currency(self) -> str:
        return self.sharing.currency

    @property
    def is_owed(self) -> bool:
        """Whether anything is payable, on its way, or a draw to pay back."""
        return any(self.stands)

    @property
    def next_tier(self) -> str:
        """How far the next slice of the terms is."""
        terms = self.sharing.terms
        return next_tier_sentence(terms, self.profit_minor, self.currency) if terms else ""


def _places(person: UUID | Bound, on: date | Bound) -> QuerySet[Membership]:
    """Everywhere a person has or had a place, oldest first: how they share on a date, and the ME's last night."""
    last = Outcome.objects.filter(microenterprise=OuterRef("microenterprise"), repairs=None).order_by("-night")
    rows: QuerySet[Membership] = with_sharing(Membership.objects.filter(person_id=person), on).annotate(
        last_night=Subquery(
            last.values(
                one=JSONObject(
                    day="business_date",
                    year="fiscal_year",
                    profit="profit_minor",
                    due="due_fine",
                    shared=F("already_shared_minor") + F("shared_minor"),
                )
            )[:1]
        )
    )
    return rows.order_by("started_on", "number")


def places(person: UUID, on: date) -> list[Any]:
    """The rows of `_places`, one statement."""
    asked: Asked[Any] = Asked(
        lambda: _places(Bound("person", UUIDField()), Bound("on", DateField())), "places", {"person": person, "on": on}
    )
    return asked.rows()


def positions(reader: Reader) -> list[Position]:
    """Everywhere the person has or had a place, active ones first, by name; two statements."""
    stands = books.person_balances(reader.person.party, last_snapshot=reader.last_snapshot)
    found: dict[int, Position] = {}
    for row in places(reader.person.pk, reader.today):
        is_active = row.started_on <= reader.today and (row.ended_on is None or reader.today < row.ended_on)
        sharing = sharing_of(row)
        settled_on, profit = _profit(row.last_night, sharing, reader.year)
        entity = row.microenterprise.entity_id
        found[entity] = Position(sharing, is_active, settled_on, profit, stands.get(entity, PersonBalance()))
    return sorted(found.values(), key=lambda each: (not each.is_active, each.me.name))


def _profit(last: dict[str, str | int] | None, sharing: Sharing, year: date) -> tuple[date | None, int]:
    """The profit of the fiscal year after the last night; of a year that ended, what it leaves to this one."""
    if last is None:
        return None, 0
    standing = Standing(int(last["profit"]), int(last["due"]), int(last["shared"]))
    if date.fromisoformat(str(last["year"])) != year:
        standing = open_year(standing, sharing.terms)
    return date.fromisoformat(str(last["day"])), standing.profit_minor


# --- Paid -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paid:
    """What was sent to a person's bank and not answered yet, and what was paid, in one currency."""

    currency: str
    sent_minor: int
    paid_minor: int


def paid(person: User) -> list[Paid]:
    """A person's payments by currency, one statement; rejected ones are payable again and not counted."""
    return [Paid(*row) for row in _PAID.rows(person=person.pk)]


_PAID: Final = Written(
    """
    SELECT currency, coalesce(sum(amount_minor) FILTER (WHERE status = 'sent'), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE status = 'confirmed'), 0)::bigint
      FROM settlement_payment WHERE person_id = %(person)s AND status IN ('sent', 'confirmed')
     GROUP BY currency ORDER BY currency
    """,
    {"person": UUIDField()},
)


# --- What would I get -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a planned year would bring a person in one ME; plan_minor None: there is nothing to plan from yet."""

    position: Position
    plan_minor: int | None
    is_own_plan: bool
    simulation: Simulation | None
    why_not: str = ""


def outlook(position: Position, reader: Reader, *, plan_minor: int | None = None) -> Outlook:
    """A planned year of an ME. Without a plan of the reader's it is the year's pace so far, and says so."""
    plan = plan_minor if plan_minor is not None else pace_minor(position, reader)
    sharing = position.sharing
    if sharing.terms is None:
        why = _("No share terms are in force, so nothing is shared.")
        return Outlook(position, plan, plan_minor is not None, None, why)
    if plan is None:
        return Outlook(position, None, False, None)
    assumes = _(
        "Assumes the terms and weights of today for the whole fiscal year, version %(version)s, and that the profit is "
        "what you type. Before fractions are carried and before a share pays back a draw."
    ) % {"version": sharing.version}
    simulation = simulate(
        sharing.terms,
        currency=position.currency,
        plan_minor=plan,
        weight=sharing.weight,
        weights_sum=sharing.weights_sum,
        assumes=assumes,
    )
    why = "" if sharing.weight else _("You are on the stable track, and these terms share with entrepreneurs only.")
    return Outlook(position, plan, plan_minor is not None, simulation, why)


def pace_minor(position: Position, reader: Reader) -> int | None:
    """The year's profit at the pace so far, in whole units of the currency; None without a profit to go by."""
    if position.settled_on is None or position.settled_on < reader.year or position.profit_minor <= 0:
        return None
    passed = (position.settled_on - reader.year).days + 1
    whole = (reader.year.replace(year=reader.year.year + 1) - reader.year).days
    unit: int = 10 ** money.decimals(position.currency)
    return max(unit, position.profit_minor * whole // passed // unit * unit)
