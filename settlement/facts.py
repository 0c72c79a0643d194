"""Reading what the nights of many MEs depend on, in a constant number of statements for any number of MEs.

Nothing is decided or written here: `settlement.night` decides, `settlement.posting` writes. Every figure builds on the
outcome of the date before, so that a night costs the same whatever the history; an ME without one is read in full.
"""

import json
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Q, Sum, TextField
from django.db.models.functions import Cast

from core import parameters
from ledger import queries as books
from ledger.accounts import Kind
from microenterprises.models import Membership, Microenterprise, ShareTerms, Track
from settlement.calculation import (
    Standing,
    Terms,
    Tier,
    advance,
    days_of_month_served,
    fiscal_year_start,
    is_month_end,
    month_of,
    open_year,
    part_month_minor,
)
from settlement.models import LoweredPay, Outcome, PayLine
from settlement.night import Firm, Member, Unsettled, Wage, lowered

ONE_DAY = timedelta(days=1)


class Place(NamedTuple):
    """What a night needs of a membership; at 80,000 a night a model instance each is too slow."""

    microenterprise_id: UUID
    pk: UUID
    number: int
    person_id: UUID
    weight: int
    track: str
    pay_minor: int
    started_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class Subject:
    """An ME whose night is worked out: the plain facts, and what is needed to write the answer down."""

    firm: Firm
    name: str
    entity_id: int
    currency: str
    terms_id: UUID | None
    carries_at: UUID | None
    exceptions: Mapping[UUID, Outcome]
    late_terms: Mapping[UUID, UUID | None]
    memberships: Mapping[UUID, UUID]

    @property
    def sha256(self) -> str:
        """The hash of the facts."""
        return fingerprint(self.firm)


def fingerprint(firm: Firm) -> str:
    """The hash of the facts of a night: the figures and each member's number, weight and carry as eight bytes each, the
    terms and whatever else there is as Python writes these plain values down.

    A replay works it out again for nights of any age: whoever gives `Firm` another field keeps this as it was.
    """
    before = firm.before
    figures = (
        firm.day.toordinal(), firm.year.toordinal(), before.profit_minor, before.due_fine, before.shared_minor,
        firm.moved_minor, firm.reshared_minor, firm.wallet_minor,
    )  # fmt: skip
    members = {
        member.number: (member.number, member.weight, firm.carries.get(member.number, 0)) for member in firm.members
    }
    seats = [figure for member in members.values() for figure in member]
    departed = {number: grain for number, grain in firm.carries.items() if number not in members}
    rest = (departed, firm.wages, firm.advances, firm.shared_by_year, firm.unsettled, firm.is_final)
    return fingerprint_of(
        firm.id.bytes,
        _packed(figures),
        repr(firm.terms).encode(),
        struct.pack(f">{len(seats)}q", *seats),
        repr(rest).encode(),
    )


def _packed(figures: tuple[int, ...]) -> bytes:
    """Eight bytes each; what has no room in them, as Python writes it down."""
    try:
        return struct.pack(f">{len(figures)}q", *figures)
    except struct.error:
        return repr(figures).encode()


NOTHING_ELSE: Final = repr(({}, (), {}, {}, (), False)).encode()
"""The rest of an ordinary night's facts: nobody left a carry, no wages, no advances, nothing unsettled, not the end."""


def fingerprint_of(firm: bytes, figures: bytes, terms: bytes, seats: bytes, rest: bytes) -> str:
    """`fingerprint` of facts that are written down already."""
    return sha256(b"".join((firm, figures, terms, seats, rest))).hexdigest()


def read(day: date, microenterprises: Sequence[UUID], *, is_final: bool = False) -> list[Subject]:
    """The facts of a date for the given MEs, in the order of their ids. is_final: they end today."""
    return _Reading(day, microenterprises, is_final).subjects()


def read_without_books(day: date, microenterprises: Sequence[UUID]) -> list[Subject]:
    """What `night.failed` takes: who is a member and what pay is due, with the standing that the date before told."""
    return _Reading(day, microenterprises, is_final=False, with_books=False).subjects()


def terms_of(row: ShareTerms) -> Terms:
    """The arithmetic of stored share terms, whose tiers are widths. Raises UnusableTermsError."""
    return terms_from(row.threshold_minor, row.tiers, row.carries_losses)


def terms_from(threshold_minor: int, widths: Iterable[tuple[int | None, int]], carries_losses: bool) -> Terms:
    """`terms_of` for the columns of a row."""
    tiers, upto = [], 0
    for width, rate_bp in widths:
        upto += width or 0
        tiers.append(Tier(None if width is None else upto, rate_bp))
    return Terms(threshold_minor, tuple(tiers), carries_losses)


def fiscal_year_of(day: date) -> date:
    """The first day of the company's fiscal year that contains `day`."""
    return fiscal_year_start(day, parameters.value("fiscal_year_first_month", on=day))


def frozen(members: Iterable[Member], wages: Iterable[Wage]) -> dict[str, Any]:
    """Members and unpaid wages of an exception as JSON."""
    return {
        "members": [[each.number, str(each.membership), str(each.person), each.weight] for each in members],
        "wages": [
            [str(each.membership), str(each.person), each.is_draw, each.days, each.monthly_minor, each.amount_minor]
            for each in wages
        ],
    }


def thawed(kept: Mapping[str, Any]) -> tuple[tuple[Member, ...], tuple[Wage, ...]]:
    """The members and unpaid wages that were `frozen`."""
    members = tuple(Member(number, UUID(m), UUID(p), weight) for number, m, p, weight in kept.get("members", ()))
    wages = tuple(Wage(UUID(m), UUID(p), is_draw, *rest) for m, p, is_draw, *rest in kept.get("wages", ()))
    return members, wages


@lru_cache(maxsize=1024)
def _thawed_text(kept: str) -> tuple[tuple[Member, ...], tuple[Wage, ...]]:
    """`thawed`, of the words themselves: an ME that cannot settle freezes the same ones night after night."""
    return thawed(json.loads(kept))


class _Reading:
    """All rows of one batch, read once, then put together ME by ME."""

    def __init__(self, day: date, microenterprises: Sequence[UUID], is_final: bool, *, with_books: bool = True) -> None:
        self.day, self.is_final, self.with_books = day, is_final, with_books
        self.known: Known = {}
        self.year = fiscal_year_of(day)
        self.firms = list(Microenterprise.objects.filter(pk__in=microenterprises).order_by("pk"))
        self.ids = [firm.pk for firm in self.firms]
        self.entities = [firm.entity_id for firm in self.firms]
        self.before = self._outcomes_before()
        self.exceptions = self._open_exceptions() if with_books else {}
        self.first_day = min([day, *(each.business_date for rows in self.exceptions.values() for each in rows)])
        self.pays_now = is_final or is_month_end(day)
        self.memberships = self._memberships()
        self.terms = self._terms()
        self.pay_lines = self._pay_lines()
        self.lowered = self._lowered()
        self.carries: dict[UUID, dict[int, int]] = {}
        self.moved, self.reshared = dict.fromkeys(self.entities, 0), dict[int, int]()
        self.wallets: Mapping[tuple[int, Kind], int] = {(entity, Kind.WALLET): 0 for entity in self.entities}
        self.advances: dict[int, dict[UUID, int]] = {}
        if with_books:
            self.carries = self._carries()
            self.moved, self.reshared = self._movements()
            self.wallets = books.balances(self.entities, [Kind.WALLET])
            self.advances = self._advances()
        self.ended = self._ended_years()

    # --- rows ---

    def _outcomes_before(self) -> dict[UUID, Outcome]:
        """The latest own outcome of each ME before the date."""
        rows = Outcome.objects.raw(
            """
            SELECT o.* FROM unnest(%s::uuid[]) AS firm (id)
             CROSS JOIN LATERAL (
                   SELECT * FROM settlement_outcome
                    WHERE microenterprise_id = firm.id AND repairs_id IS NULL AND night < %s
                    ORDER BY night DESC LIMIT 1) o
            """,
            [self.ids, self.day],
        )
        return {row.microenterprise_id: row for row in rows}

    def _open_exceptions(self) -> dict[UUID, list[Outcome]]:
        found: dict[UUID, list[Outcome]] = defaultdict(list)
        rows = Outcome.objects.filter(
            microenterprise__in=self.ids, state=Outcome.State.EXCEPTION, repaired_by=None, business_date__lt=self.day
        )
        kept = Cast("frozen", TextField())
        for row in rows.defer("frozen").annotate(kept=kept).order_by("business_date"):
            found[row.microenterprise_id].append(row)
        return found

    def _memberships(self) -> dict[UUID, list[Place]]:
        since = min(self.first_day, month_of(self.day)[0]) if self.pays_now else self.first_day
        rows = Membership.objects.filter(
            Q(ended_on=None) | Q(ended_on__gt=since), microenterprise__in=self.ids, started_on__lte=self.day
        )
        return _grouped(map(Place._make, rows.order_by("number").values_list(*Place._fields)))

    def _terms(self) -> dict[UUID, list[tuple[ShareTerms, Terms]]]:
        rows = ShareTerms.objects.filter(
            Q(effective_to=None) | Q(effective_to__gt=self.first_day),
            microenterprise__in=self.ids,
            status=ShareTerms.Status.AGREED,
            effective_from__lte=self.day,
        )
        found: dict[UUID, list[tuple[ShareTerms, Terms]]] = defaultdict(list)
        for row in rows:
            found[row.microenterprise_id].append((row, terms_of(row)))
        return found

    def _pay_lines(self) -> dict[UUID, list[PayLine]]:
        """Pay already posted for this month, and pay posted late for MEs with open exceptions.

        Late pay of a month before the first open exception counts too: it is a cost of that date, but not in the profit
        which the exception froze.
        """
        troubled = [pk for pk, rows in self.exceptions.items() if rows]
        if not self.pays_now and not troubled:
            return {}
        first, _next = month_of(self.first_day)
        wanted = self.ids if self.pays_now else troubled
        recent = Q(month__gte=first) | Q(night__gt=self.first_day)
        lines = PayLine.objects.filter(recent, microenterprise__in=wanted)
        return _grouped(lines.exclude(kind=PayLine.Kind.FORGIVEN))

    def _lowered(self) -> dict[UUID, dict[UUID, int]]:
        """What a full month of pay that waits was lowered to by now: by exception, then by membership."""
        waiting = [row.pk for rows in self.exceptions.values() for row in rows]
        if not waiting:
            return {}
        rows = LoweredPay.objects.filter(outcome__in=waiting, lowered_on__lte=self.day).order_by("-monthly_minor")
        found: dict[UUID, dict[UUID, int]] = defaultdict(dict)
        for outcome, membership, minor in rows.values_list("outcome", "membership", "monthly_minor"):
            found[outcome][membership] = minor  # the lowest comes last
        return found

    def _carries(self) -> dict[UUID, dict[int, int]]:
        """Carries by membership number, by the outcome whose lines hold them."""
        places = [row.carries_at_id for row in self.before.values() if row.carries_at_id]
        rows = Outcome.objects.filter(pk__in=places).values_list("pk", "member_numbers", "member_carry_after_grain")
        found: dict[UUID, dict[int, int]] = {}
        for place, numbers, grains in rows:
            found[place] = {number: grain for number, grain in zip(numbers, grains, strict=True) if grain}
        return found

    def _movements(self) -> tuple[dict[int, int], dict[int, int]]:
        """Profit and shares posted since the outcome before; MEs of one starting date are read together."""
        moved: dict[int, int] = {}
        reshared: dict[int, int] = {}
        starts: dict[date, list[int]] = defaultdict(list)
        for firm in self.firms:
            before = self.before.get(firm.pk)
            same_year = before is not None and before.fiscal_year == self.year
            starts[before.business_date + ONE_DAY if before and same_year else self.year].append(firm.entity_id)
        for since, entities in starts.items():
            for entity, (income, expense) in books.result(entities, since, self.day).items():
                moved[entity] = income - expense
            reshared |= books.movement(entities, Kind.PROFIT_SHARED, since, self.day)
        return moved, reshared

    def _advances(self) -> dict[int, dict[UUID, int]]:
        found: dict[int, dict[UUID, int]] = defaultdict(dict)
        for (entity, party), minor in sorted(books.party_balances(self.entities, Kind.ADVANCE).items()):
            if minor:
                found[entity][UUID(party.removeprefix("person:"))] = minor
        return found

    def _ended_years(self) -> dict[UUID, dict[date, Standing]]:
        """How the fiscal years ended from the oldest on that still has an open exception, with what was shared of each
        until now (rare)."""
        found: dict[UUID, dict[date, Standing]] = {}
        for pk, exceptions in sorted(self.exceptions.items()):
            oldest = min(row.fiscal_year for row in exceptions)
            if oldest == self.year:
                continue
            rows = Outcome.objects.filter(microenterprise=pk, fiscal_year__gte=oldest, fiscal_year__lt=self.year)
            lasts = rows.filter(repairs=None).order_by("fiscal_year", "-night").distinct("fiscal_year")
            found[pk] = {}
            for last in lasts:
                later = rows.filter(fiscal_year=last.fiscal_year, night__gt=last.night)
                since = later.aggregate(total=Sum("shared_minor"))["total"] or 0
                ended = standing_after(last, self.known)
                found[pk][last.fiscal_year] = replace(ended, shared_minor=ended.shared_minor + since)
        return found

    # --- one ME ---

    def subjects(self) -> list[Subject]:
        return [self._subject(firm) for firm in self.firms]

    def _subject(self, row: Microenterprise) -> Subject:
        terms_row, terms = self._terms_on(row.pk, self.day)
        before = self.before.get(row.pk)
        exceptions = self.exceptions.get(row.pk, [])
        carries_at = before.carries_at_id if before else None
        ended = self.ended.get(row.pk, {})
        troubled = {each.fiscal_year for each in exceptions}
        pay = self.pay_lines.get(row.pk, ()) if exceptions else ()
        late_pay = [x for x in pay if x.kind == PayLine.Kind.STABLE and x.business_date < x.night]
        firm = Firm(
            id=row.pk,
            day=self.day,
            year=self.year,
            before=self._standing(before, terms),
            moved_minor=self.moved[row.entity_id],
            reshared_minor=self.reshared.get(row.entity_id, 0),
            wallet_minor=self.wallets[row.entity_id, Kind.WALLET],
            terms=terms,
            members=self._members(row.pk, self.day, terms_row),
            wages=self._wages(row.pk) if self.pays_now else (),
            carries=self.carries.get(carries_at, {}) if carries_at else {},
            advances=self.advances.get(row.entity_id, {}),
            shared_by_year={year: last.shared_minor for year, last in ended.items() if year in troubled},
            ended=ended,
            unsettled=tuple(self._unsettled(each, late_pay) for each in exceptions),
            is_final=self.is_final,
        )
        return Subject(
            firm=firm,
            name=row.name,
            entity_id=row.entity_id,
            currency=row.currency,
            terms_id=terms_row.pk if terms_row else None,
            carries_at=carries_at,
            exceptions={each.pk: each for each in exceptions},
            late_terms={each.pk: self._terms_id_on(row.pk, each.business_date) for each in exceptions},
            memberships=self._latest_memberships(row, firm),
        )

    def _terms_on(self, firm: UUID, day: date) -> tuple[ShareTerms | None, Terms | None]:
        for row, terms in self.terms.get(firm, ()):
            if row.effective_from <= day and (row.effective_to is None or day < row.effective_to):
                return row, terms
        return None, None

    def _terms_id_on(self, firm: UUID, day: date) -> UUID | None:
        row, _terms = self._terms_on(firm, day)
        return row.pk if row else None

    def _standing(self, before: Outcome | None, terms: Terms | None) -> Standing:
        if before is None:
            return Standing()
        told = replace(_told(before), shared_minor=before.already_shared_minor + before.shared_minor)
        standing = standing_after(before, self.known) if self.with_books else told
        return standing if before.fiscal_year == self.year else _opened(before, standing, terms)

    def _members(self, firm: UUID, day: date, terms: ShareTerms | None) -> tuple[Member, ...]:
        return tuple(
            Member(row.number, row.pk, row.person_id, _weight(row, terms))
            for row in self.memberships.get(firm, ())
            if row.started_on <= day and (row.ended_on is None or day < row.ended_on)
        )

    def _wages(self, firm: UUID) -> tuple[Wage, ...]:
        """Pay and draws of the month up to the date that are not posted and not frozen in an earlier exception."""
        first, _next = month_of(self.day)
        paid = {line.membership_id for line in self.pay_lines.get(firm, ()) if line.month == first}
        wages = []
        for row in self.memberships.get(firm, ()):
            days = days_of_month_served(row.started_on, row.ended_on, until=self.day)
            amount = part_month_minor(row.pay_minor, days, in_month=self.day)
            if amount and row.pk not in paid:
                is_draw = row.track == Track.ENTREPRENEUR
                wages.append(Wage(row.pk, row.person_id, is_draw, days, row.pay_minor, amount))
        return tuple(wages)

    def _unsettled(self, row: Any, late_pay: Sequence[PayLine]) -> Unsettled:
        """What an open exception says now. late_pay: stable pay of its ME that was posted after its date."""
        members, wages = _thawed_text(row.kept)
        _row, terms = self._terms_on(row.microenterprise_id, row.business_date)
        if wages:
            month, _next = month_of(row.business_date)
            paid = {x.membership_id for x in self.pay_lines.get(row.microenterprise_id, ()) if x.month == month}
            wages = tuple(wage for wage in wages if wage.membership not in paid)
        profit_before, standing = worked_out(row, self.known)
        return Unsettled(
            outcome=row.pk,
            day=row.business_date,
            year=row.fiscal_year,
            standing=standing,
            profit_before_minor=profit_before,
            was_priced=row.share_terms_id is not None,
            terms=terms,
            members=members,
            wages=lowered(wages, self.lowered.get(row.pk, {}), day=row.business_date),
            paid_since_minor=sum(
                line.amount_minor
                for line in late_pay
                if line.business_date <= row.business_date < line.night
                if row.fiscal_year == self.year or fiscal_year_of(line.night) == row.fiscal_year
            ),
        )

    def _latest_memberships(self, row: Microenterprise, firm: Firm) -> dict[UUID, UUID]:
        """The latest membership of everybody who may hold an advance, for the line that tells how it ended."""
        found = {each.person_id: each.pk for each in self.memberships.get(row.pk, ())}
        # A draw that is paid late may be the advance of somebody who has left meanwhile.
        drawing = {wage.person for late in firm.unsettled for wage in late.wages if wage.is_draw}
        gone = [person for person in {**firm.advances, **dict.fromkeys(drawing)} if person not in found]
        if gone:
            rows = Membership.objects.filter(microenterprise=row, person__in=gone).order_by("started_on", "number")
            found |= {each.person_id: each.pk for each in rows}
        return found


Known = dict[UUID, tuple[int, Standing]]
"""What `worked_out` found before, so that a long row of nights that failed is worked out once."""


def worked_out(row: Outcome, known: Known) -> tuple[int, Standing]:
    """The profit before an ME's date, and where its fiscal year stood after it, without what the date shared.

    As it is stored; of a date that could not be worked out on its night, from the night before it and the books.
    """
    if row.snag != Outcome.Snag.FAILED:
        return row.profit_before_minor, _told(row)
    if row.pk not in known:
        terms = terms_of(row.share_terms) if row.share_terms else None
        own = Outcome.objects.filter(microenterprise=row.microenterprise_id, repairs=None)
        last = own.filter(night__lt=row.business_date).order_by("-night").first()
        before, since = Standing(), row.fiscal_year
        if last is not None:
            before = standing_after(last, known)
            if last.fiscal_year == row.fiscal_year:
                since = last.business_date + ONE_DAY
            else:
                before = _opened(last, before, terms)
        entity = row.microenterprise.entity_id
        income, expense = books.result([entity], since, row.business_date)[entity]
        reshared = books.movement([entity], Kind.PROFIT_SHARED, since, row.business_date).get(entity, 0)
        after = advance(before, terms, moved_minor=income - expense, reshared_minor=reshared)
        known[row.pk] = before.profit_minor, after
    return known[row.pk]


def standing_after(row: Outcome, known: Known) -> Standing:
    """Where an ME's fiscal year stood after a date, what it shared included."""
    _before, standing = worked_out(row, known)
    return replace(standing, shared_minor=standing.shared_minor + row.shared_minor)


def _told(row: Outcome) -> Standing:
    return Standing(row.profit_minor, row.due_fine, row.already_shared_minor)


def _opened(last: Outcome, standing: Standing, terms: Terms | None) -> Standing:
    """The standing with which a year starts after an ME's last night of the year before."""
    waiting = last.pool_minor if last.state == Outcome.State.WAITING else 0
    return open_year(standing, terms, waiting_minor=waiting)


def _weight(row: Place, terms: ShareTerms | None) -> int:
    shares = row.track == Track.ENTREPRENEUR or (terms is not None and terms.shares_with_stable)
    return row.weight if shares else 0


def _grouped(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.microenterprise_id].append(row)
    return found
