"""Reads for the pages of an ME: the list, one ME, its money, its books, its share terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext as _

from core.clock import market_today
from core.models import AuditRecord, Parameter
from ledger import queries as books
from ledger.accounts import NIGHT_KINDS, REVERSAL, Kind
from ledger.queries import HistoryLine, Place
from microenterprises.calculation import TermsSpec, tiers_from
from microenterprises.lifecycle import ballot_is_over
from microenterprises.models import (
    Ballot,
    Goal,
    Invitation,
    Membership,
    Microenterprise,
    Seat,
    ShareTerms,
    Vote,
)
from microenterprises.sentences import MONEY_DEEDS, TOLD, Happening, told
from people.models import User

TIMELINE: Final = 15
MONEY_KINDS: Final = (Kind.WALLET, Kind.HOLD, Kind.ESCROW, Kind.SET_ASIDE)


def listed(user: User, today: date) -> QuerySet[Microenterprise]:
    """The MEs a reader sees, each with its leader's name, its number of members and of open seats."""
    members = Membership.objects.active(today).filter(microenterprise=OuterRef("pk")).order_by()
    seats = Seat.objects.filter(microenterprise=OuterRef("pk"), status=Seat.Status.OPEN).order_by()
    return (
        Microenterprise.objects.visible_to(user)
        .select_related("platform")
        .annotate(
            leader_name=Subquery(members.filter(is_lead=True).values("person__name")[:1]),
            member_count=_count(members),
            open_seat_count=_count(seats),
        )
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    per_firm = rows.values("microenterprise").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(per_firm, output_field=IntegerField()), 0)


def with_open_seats(rows: QuerySet[Microenterprise]) -> QuerySet[Microenterprise]:
    """Only MEs that look for somebody."""
    return rows.filter(Exists(Seat.objects.filter(microenterprise=OuterRef("pk"), status=Seat.Status.OPEN)))


def parameter_now(name: str) -> Subquery:
    """A dated parameter that holds today, inside the statement of the row it is needed for."""
    rows = Parameter.objects.filter(name=name, holds_from__lte=market_today()).order_by("-holds_from")
    return Subquery(rows.values("value")[:1])


def goals_of(owner: str) -> ArraySubquery:
    """The goals of an ME or an idea inside its own statement; `owner` is the column of `Goal`."""
    return ArraySubquery(
        Goal.objects.filter(**{owner: OuterRef("pk")})
        .order_by("due_on", "id")
        .values(
            goal=JSONObject(
                metric="metric",
                baseline="baseline",
                target="target",
                leading_target="leading_target",
                due_on="due_on",
            )
        )
    )


@dataclass(frozen=True, slots=True)
class SeenGoal:
    """A goal as a page shows it."""

    metric: str
    baseline: str
    target: str
    leading_target: str
    due_on: date


def seen_goals(stored: Sequence[dict[str, Any]]) -> list[SeenGoal]:
    """The goals of `goals_of`, read back."""
    return [SeenGoal(**{**goal, "due_on": date.fromisoformat(goal["due_on"])}) for goal in stored]


def members_of(microenterprise: Microenterprise, today: date) -> list[Membership]:
    """The active members with their people, the leader first."""
    active = Membership.objects.active(today).filter(microenterprise=microenterprise)
    return list(active.select_related("person").order_by("-is_lead", "role", "number"))


def seats_for(user: User, **owner: Any) -> list[Any]:
    """Seats of an idea or ME with their skills, the reader's own open invitation, and who asks or is invited."""
    open_ones = Invitation.objects.filter(seat=OuterRef("pk"), status=Invitation.Status.OPEN)
    rows = (
        Seat.objects.filter(**owner)
        .exclude(status=Seat.Status.WITHDRAWN)
        .select_related("filled_by", "idea__owner", "microenterprise")
        .annotate(
            skill_names=ArraySubquery(
                Seat.skills.through.objects.filter(seat=OuterRef("pk"))
                .order_by("skill__label")
                .values_list("skill__label", flat=True)
            ),
            my_invitation=Subquery(open_ones.filter(person=user).values("pk")[:1]),
            waiting=ArraySubquery(
                open_ones.order_by("invited_at").values(
                    one=JSONObject(id="pk", person="person__name", direction="direction")
                )
            ),
        )
        .order_by("status", "-opened_at", "pk")
    )
    return list(rows)


def open_seats_of(user: User, microenterprise: Microenterprise) -> list[Any]:
    """The seats an ME offers now."""
    return seats_for(user, microenterprise=microenterprise, status=Seat.Status.OPEN)


def led_by(user: User, today: date) -> list[Microenterprise]:
    """The active MEs a person leads."""
    return list(Microenterprise.objects.active().led_by(user, today).order_by("name"))


# --- Money ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoneyNow:
    """What an ME has now, and what it made this fiscal year; minor units of its currency."""

    wallet_minor: int
    hold_minor: int
    escrow_minor: int
    set_aside_minor: int
    income_minor: int
    expense_minor: int
    year_from: date

    @property
    def profit_minor(self) -> int:
        return self.income_minor - self.expense_minor


def money_now(entity_id: int, today: date, *, first_month: int) -> MoneyNow:
    """Free, held, escrowed and set aside money, and this fiscal year's result. Two statements."""
    start = year_start(today, first_month)
    stands = books.balances([entity_id], MONEY_KINDS)
    income, expense = books.result([entity_id], start, today)[entity_id]
    return MoneyNow(
        wallet_minor=stands[entity_id, Kind.WALLET],
        hold_minor=stands[entity_id, Kind.HOLD],
        escrow_minor=stands[entity_id, Kind.ESCROW],
        set_aside_minor=stands[entity_id, Kind.SET_ASIDE],
        income_minor=income,
        expense_minor=expense,
        year_from=start,
    )


def year_start(day: date, first_month: int) -> date:
    """The first day of the fiscal year that contains `day`."""
    return date(day.year if day.month >= first_month else day.year - 1, first_month, 1)


ACCOUNTS: Final[dict[str, tuple[Kind, ...]]] = {
    "wallet": (Kind.WALLET,),
    "hold": (Kind.HOLD,),
    "escrow": (Kind.ESCROW,),
    "set_aside": (Kind.SET_ASIDE,),
    "result": (
        Kind.INCOME_OUTSIDE,
        Kind.INCOME_INSIDE,
        Kind.EXPENSE_OUTSIDE,
        Kind.EXPENSE_INSIDE,
        Kind.EXPENSE_PAY,
    ),
}
"""The tabs of the books. Single accounts have a running balance; the result is several accounts and has none."""


DOCUMENT_KINDS: Final = ("receipt", "cost", "investment", REVERSAL)
"""Entries behind which stands a paper that finance recorded."""


@dataclass(frozen=True, slots=True)
class BookLine:
    """One line of a statement in the reader's words."""

    day: date
    effective: date
    what: str
    memo: str
    url: str
    evidence: str
    amount_minor: int
    balance_minor: int | None


@dataclass(frozen=True, slots=True)
class BookPage:
    """A page of a statement, newest first, and the cursor to what is older."""

    lines: list[BookLine]
    older: str


def book_page(entity_id: int, account: str, *, cursor: str, size: int = 25) -> BookPage:
    """A page of the books of one entity. Two statements at most; an unreadable cursor is the first page."""
    kinds, place = ACCOUNTS[account], _place(cursor)
    if len(kinds) == 1:
        lines = books.statement(entity_id, kinds[0], before=place, limit=size + 1)
    else:
        lines = books.history(entity_id, kinds=kinds, before=place, limit=size + 1)
    shown = lines[:size]
    older = _cursor(shown[-1].place) if len(lines) > size else ""
    return BookPage([_line(line) for line in shown], older)


def _line(line: HistoryLine) -> BookLine:
    url, evidence = evidence_of(line.entry_kind, line.subject)
    falls = line.kind in (Kind.EXPENSE_OUTSIDE, Kind.EXPENSE_INSIDE, Kind.EXPENSE_PAY)
    return BookLine(
        day=line.business_date,
        effective=line.effective_date,
        what=_entry_words(line.entry_kind),
        memo=line.memo,
        url=url,
        evidence=evidence,
        amount_minor=-line.amount_minor if falls else line.amount_minor,
        balance_minor=line.balance_minor,
    )


def _entry_words(kind: str) -> str:
    """An entry's kind in the reader's language; kinds of rooms above are told by their own word."""
    words = {
        "receipt": _("Receipt from a customer"),
        "cost": _("Outside cost"),
        "investment": _("Investment by the platform"),
        "funding": _("Company money"),
        "pledge": _("Pledge to an idea"),
        "refund": _("Pledge taken back"),
        "launch": _("Pledges became stakes at launch"),
        "reversal": _("Reversal"),
        "project_published": _("Held for a published project"),
        "project_released": _("Hold released"),
        "project_amended": _("Hold follows a changed ceiling"),
        "contract_signed": _("Into escrow at the last signature"),
        "milestone_accepted": _("Accepted work"),
        "escrow_returned": _("Escrow not used"),
        "pay": _("Monthly pay"),
        "draw": _("Draw"),
        "share": _("Share of a night"),
        "payout": _("Paid out"),
        "year_close": _("Fiscal year closed"),
        "wind_up": _("Handed to its owners at the end"),
    }
    return words.get(kind) or kind.replace("_", " ").capitalize()


def evidence_of(entry_kind: str, subject: str) -> tuple[str, str]:
    """The page behind an entry and what its link says; both empty when there is none."""
    kind, _colon, key = subject.partition(":")
    if not key:
        return "", ""
    if entry_kind in NIGHT_KINDS:
        return f"/settlement/microenterprises/{key}/", _("Settlement")
    if kind == "microenterprise" and entry_kind in DOCUMENT_KINDS:
        return f"/microenterprises/{key}/money/", _("Document")
    pages = {
        "idea": (f"/ideas/{key}/", _("Idea")),
        "project": (f"/projects/{key}/", _("Project")),
        "contract": (f"/contracts/{key}/", _("Contract")),
    }
    return pages.get(kind, ("", ""))


def _cursor(place: Place) -> str:
    return f"{place[0].isoformat()}.{place[1]}.{place[2]}"


def _place(cursor: str) -> Place | None:
    day, _dot, rest = cursor.partition(".")
    entry, _dot, line = rest.partition(".")
    try:
        return date.fromisoformat(day), int(entry), int(line)
    except ValueError:
        return None


# --- Share terms ------------------------------------------------------------------------------------------------------


def spec_of(terms: ShareTerms) -> TermsSpec:
    """A stored version as plain values."""
    return TermsSpec(
        threshold_minor=terms.threshold_minor,
        tiers=tiers_from(terms.tiers),
        residual_owners=terms.residual_owners,
        carries_losses=terms.carries_losses,
        shares_with_stable=terms.shares_with_stable,
    )


@dataclass(frozen=True)
class CurrentTerms:
    """The version in force today and the one being voted on; either may be missing."""

    in_force: ShareTerms | None
    proposed: ShareTerms | None


def current_terms(microenterprise: Microenterprise, today: date) -> CurrentTerms:
    """What holds and what is asked, in one statement."""
    rows = ShareTerms.objects.filter(microenterprise=microenterprise).filter(
        Q(status=ShareTerms.Status.PROPOSED)
        | Q(status=ShareTerms.Status.AGREED, effective_from__lte=today)
        & (Q(effective_to=None) | Q(effective_to__gt=today))
    )
    found = {row.status: row for row in rows.select_related("ballot")}
    proposed = found.get(ShareTerms.Status.PROPOSED)
    if proposed is not None and ballot_is_over(proposed.ballot, proposed, today):
        proposed = None
    return CurrentTerms(found.get(ShareTerms.Status.AGREED), proposed)


def versions_of(microenterprise: Microenterprise) -> list[ShareTerms]:
    """Every version, newest first, with its ballot and its counted votes."""
    votes = Vote.objects.filter(ballot=OuterRef("ballot")).order_by().values("ballot")
    return list(
        ShareTerms.objects.filter(microenterprise=microenterprise)
        .select_related("ballot", "proposed_by")
        .annotate(
            yes=Coalesce(Subquery(votes.filter(agrees=True).annotate(n=Count("pk")).values("n")), 0),
            no=Coalesce(Subquery(votes.filter(agrees=False).annotate(n=Count("pk")).values("n")), 0),
        )
        .order_by("-version")
    )


def my_vote(ballot: Ballot, user: User) -> Vote | None:
    """How a person voted."""
    return Vote.objects.filter(ballot=ballot, person=user).first()


# --- Timelines ------------------------------------------------------------------------------------------


def timeline(subject: str, *, with_money: bool, limit: int = TIMELINE) -> list[Happening]:
    """What happened to an ME or an idea, newest first; money deeds only for those who read the books."""
    deeds = [deed for deed in TOLD if with_money or deed not in MONEY_DEEDS]
    rows = AuditRecord.objects.filter(subject=subject, deed__in=deeds).order_by("-id")
    return [told(row) for row in rows[:limit]]
