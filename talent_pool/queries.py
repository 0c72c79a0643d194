"""Reads made for the pool's pages: who waits, which seats suit somebody and why. Nothing is written here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from contracts.models import Contract, Project
from core.clock import business_date
from core.look import Badge
from ledger.accounts import Kind
from ledger.queries import balances
from microenterprises.models import Idea, Invitation, Membership, Microenterprise, Seat
from people.models import PersonSkill, Skill, User
from talent_pool.calendar import days_left
from talent_pool.matching import OpenSeat, Reason, ReasonCode, Seeker, suggest
from talent_pool.models import PoolEntry

OPEN_PROJECTS = (Project.Status.DRAFT, Project.Status.PUBLISHED, Project.Status.EVALUATING)
CANDIDATES = 200
"""How many open seats are weighed for one person: those with the most matching skills first, then the longest open."""


@dataclass(frozen=True)
class OfferedSeat:
    """An open seat with the reasons it is offered to somebody, in words."""

    seat: Seat
    reasons: tuple[str, ...]
    invitation_id: UUID | None = None
    """The open invitation or request between the person and this seat, if there is one."""


def open_seats() -> QuerySet[Seat]:
    """Seats that can be taken: of MEs, of teams, and of ideas that still gather people."""
    return Seat.objects.filter(
        Q(microenterprise__status__in=(Microenterprise.Status.ACTIVE, Microenterprise.Status.INCUBATING))
        | Q(idea__status=Idea.Status.PUBLISHED),
        status=Seat.Status.OPEN,
    ).select_related("microenterprise__platform", "idea__platform", "idea__owner")


def offers(person: User, *, today: date, limit: int = 5) -> list[OfferedSeat]:
    """The seats that suit a person best, each with at least one reason. Costs four statements.

    Those of teams are not among them: whoever takes one goes on waiting in the pool.
    """
    mine = {skill.pk: skill.label for skill in person.skills.all()}
    last = (
        Membership.objects.filter(person=person)
        .order_by("-started_on", "-number")
        .values_list("role", "microenterprise__platform_id")
        .first()
    )
    taken = Membership.objects.active(today).filter(person=person, microenterprise=OuterRef("microenterprise"))
    invited = Invitation.objects.filter(person=person, status=Invitation.Status.OPEN, seat=OuterRef("pk"))
    seats = list(
        open_seats()
        .exclude(microenterprise__status=Microenterprise.Status.INCUBATING)
        .exclude(idea__owner=person)
        .exclude(Exists(taken))
        .annotate(matches=Count("skills", filter=Q(skills__in=list(mine))), invited=Subquery(invited.values("pk")[:1]))
        .order_by("-matches", "opened_at", "id")
        .prefetch_related("skills")[:CANDIDATES]
    )
    seeker = Seeker(frozenset(mine), *((last[1], last[0]) if last else (None, "")))
    by_id = {seat.pk: seat for seat in seats}
    suggestions = suggest(seeker, [_as_open_seat(seat) for seat in seats])[:limit]
    return [
        OfferedSeat(seat, tuple(_words(reason, mine, seat) for reason in found.reasons), seat.invited)
        for found in suggestions
        for seat in [by_id[found.seat]]
    ]


def _platform(seat: Seat) -> Any:
    owner = seat.microenterprise or seat.idea
    assert owner is not None  # a_seat_has_an_owner
    return owner.platform


def _as_open_seat(seat: Seat) -> OpenSeat:
    return OpenSeat(
        id=seat.pk,
        role=seat.role,
        platform=_platform(seat).pk,
        skills=frozenset(skill.pk for skill in seat.skills.all()),
        allocation_percent=seat.allocation_percent,
        opened_on=seat.opened_at.date(),
    )


def _words(reason: Reason, labels: dict[int, str], seat: Seat) -> str:
    if reason.code == ReasonCode.SKILLS:
        return _("asks for what you can do: %(skills)s") % {"skills": ", ".join(labels[s] for s in reason.skills)}
    if reason.code == ReasonCode.SAME_ROLE:
        return _("the same role as your last one")
    if reason.code == ReasonCode.SAME_PLATFORM:
        return _("in your field, %(platform)s") % {"platform": _platform(seat).name}
    if reason.code == ReasonCode.FULL_TIME:
        return _("full time")
    return _("has waited longest for somebody")


def waiting(user: User, today: date) -> QuerySet[PoolEntry]:
    """Everybody in the pool whom the reader may see, with what a list needs."""
    return with_team(
        PoolEntry.objects.visible_to(user)
        .waiting()
        .select_related("person", "left_microenterprise")
        .prefetch_related("person__skills"),
        today,
    )


def with_team(rows: QuerySet[PoolEntry], today: date) -> QuerySet[PoolEntry]:
    """Each stay with the team the person is in (`.team_id`, `.team_name`; None without one), in its own statement."""
    places = Membership.objects.active(today).filter(
        person=OuterRef("person"), microenterprise__status=Microenterprise.Status.INCUBATING
    )
    return rows.annotate(
        team_id=Subquery(places.values("microenterprise")[:1]),
        team_name=Subquery(places.values("microenterprise__name")[:1]),
    )


def may_form_team(user: User, today: date) -> bool:
    """Whether somebody waits in the pool and is in no team. One statement."""
    mine: Any = with_team(PoolEntry.objects.waiting().filter(person=user), today).first()
    return mine is not None and mine.team_id is None


def matching_people(rows: QuerySet[PoolEntry], *, text: str = "", skill: Skill | None = None) -> QuerySet[PoolEntry]:
    """Narrow the pool by a name or a skill's words, and by one exact skill."""
    if text:
        skilled = PersonSkill.objects.filter(person=OuterRef("person"), skill__label__icontains=text)
        rows = rows.filter(Q(person__name__icontains=text) | Q(Exists(skilled)))
    if skill:
        rows = rows.filter(Exists(PersonSkill.objects.filter(person=OuterRef("person"), skill=skill)))
    return rows


def clock_badge(entry: PoolEntry, today: date) -> Badge:
    """How much of the clock is left, in words and tone."""
    left = days_left(entry.clock_ends_on, today)
    if entry.landed_at:
        return Badge(_("Landed"), "good")
    if left < 0:
        return Badge(_("Clock expired"), "bad")
    if left <= 14:
        return Badge(_("%(days)s days left") % {"days": left}, "warn")
    return Badge(_("%(days)s days left") % {"days": left}, "neutral", "clock")


COLUMN_LIMIT = 25
"""How many people one column of the board shows; the column says how many more there are."""


@dataclass(frozen=True)
class Column:
    """One column of HR's board: people whose clock ends in the same span of days."""

    key: str
    title: str
    entries: Sequence[PoolEntry]
    count: int

    @property
    def hidden(self) -> int:
        return self.count - len(self.entries)


def board(rows: QuerySet[PoolEntry], today: date) -> list[Column]:
    """The pool by days left: expired, two weeks, a month, longer. Three statements, whatever the number of people."""
    fortnight, month = _plus(today, 14), _plus(today, 30)
    span = Case(
        When(clock_ends_on__lt=today, then=Value("expired")),
        When(clock_ends_on__lte=fortnight, then=Value("fortnight")),
        When(clock_ends_on__lte=month, then=Value("month")),
        default=Value("later"),
        output_field=CharField(),
    )
    spanned = rows.order_by().annotate(span=span)
    counts = dict(spanned.values_list("span").annotate(people=Count("pk")))
    place = Window(RowNumber(), partition_by=F("span"), order_by=[F("clock_ends_on").asc(), F("pk").asc()])
    shown: defaultdict[str, list[PoolEntry]] = defaultdict(list)
    for entry in spanned.annotate(place=place).filter(place__lte=COLUMN_LIMIT).order_by("clock_ends_on", "pk"):
        shown[entry.span].append(entry)
    titles = {
        "expired": _("Expired"),
        "fortnight": _("Up to 14 days"),
        "month": _("15 to 30 days"),
        "later": _("More than 30 days"),
    }
    return [Column(key, title, shown[key], counts.get(key, 0)) for key, title in titles.items()]


def _plus(today: date, days: int) -> date:
    return date.fromordinal(today.toordinal() + days)


def answers(invitation: Invitation, user: User) -> bool:
    """Whether it is this person's turn: the invited answer an invitation, the seat's owner a request."""
    if invitation.direction == Invitation.Direction.INVITED:
        return invitation.person_id == user.pk
    seat = invitation.seat
    if seat.idea_id:
        return seat.idea is not None and seat.idea.owner_id == user.pk
    return (
        Membership.objects.active(business_date())
        .filter(microenterprise=seat.microenterprise_id, person=user, is_lead=True)
        .exists()
    )


class Won(NamedTuple):
    """A contract that a team has won and has not signed: the project, the buyer and the price."""

    title: str
    buyer: str
    price_minor: int
    contract_id: UUID


def won_by(team: Microenterprise) -> list[Won]:
    """The contracts that wait for a team's signature. One statement."""
    unsigned = Contract.objects.filter(supplier=team, status=Contract.Status.SIGNING)
    return [Won(*row) for row in unsigned.values_list("project__title", "buyer__name", "price_minor", "pk")]


@dataclass(frozen=True)
class WindUpFacts:
    """What ends with an ME, counted before anybody presses the button."""

    members: int
    contracts: int
    projects: int
    seats: int
    wallet_minor: int


def wind_up_facts(firm: Microenterprise) -> WindUpFacts:
    """Members who go to the pool, contracts that end, projects that are cancelled, and the wallet."""
    open_contracts = Contract.objects.filter(
        Q(buyer=firm) | Q(supplier=firm), status__in=(Contract.Status.SIGNING, Contract.Status.ACTIVE)
    )
    return WindUpFacts(
        members=Membership.objects.active(business_date()).filter(microenterprise=firm).count(),
        contracts=open_contracts.count(),
        projects=Project.objects.filter(buyer=firm, status__in=OPEN_PROJECTS).count(),
        seats=Seat.objects.filter(microenterprise=firm, status=Seat.Status.OPEN).count(),
        wallet_minor=balances([firm.entity_id], [Kind.WALLET]).get((firm.entity_id, Kind.WALLET), 0),
    )
