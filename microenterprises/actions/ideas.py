"""An idea from its first draft to its launch as an ME, or to its end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, money
from core.clock import market_now
from core.errors import Invalid, InvalidTransition
from core.parameters import value
from ledger.accounts import EntityKind
from ledger.days import date_of, hold_date
from ledger.entities import open_entity
from ledger.writer import post_one
from microenterprises import entries, lifecycle
from microenterprises.actions import pledges as pledge_actions
from microenterprises.actions.firms import MemberSpec, found
from microenterprises.calculation import TermsSpec
from microenterprises.models import Goal, Idea, Invitation, Microenterprise, Platform, Pledge, Seat, Track
from microenterprises.permissions import check_create_idea, check_own_idea
from microenterprises.rules import check_currency, check_terms
from people.models import User
from people.notices import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalSpec:
    """One goal an idea sets itself: what is measured, where it stands, where it shall be, by when."""

    metric: str
    baseline: str
    target: str
    due_on: date
    leading_target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdeaSpec:
    """What a draft says. The currency is that of the platform that backs it."""

    title: str
    customer: str
    outcome: str
    platform: Platform
    funding_goal_minor: int
    kind: str = Microenterprise.Kind.USER
    goals: Sequence[GoalSpec] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSpec:
    """The owner's own place, the lead seat, which they take by launching."""

    role: str
    customer_outcome: str
    weight: int
    track: str = Track.ENTREPRENEUR
    pay_minor: int = 0
    allocation_percent: int = 100


@transaction.atomic
def create(*, spec: IdeaSpec, by: User) -> Idea:
    """Write a draft that only its owner sees. Raises Denied, Invalid."""
    check_create_idea(by)
    now = market_now()
    idea = Idea(owner=by, created_at=now)
    _write(idea, spec)
    _told(idea, "idea.created", by)
    return idea


@transaction.atomic
def edit(*, idea: Idea, spec: IdeaSpec, by: User) -> Idea:
    """Rewrite a draft. Once published, an idea stays as the pledgers read it. Raises Denied, InvalidTransition."""
    row = locked(idea)
    check_own_idea(by, row)
    lifecycle.IDEA.check(row.status, "edit")
    _write(row, spec)
    return row


@transaction.atomic
def publish(*, idea: Idea, by: User) -> Idea:
    """Show the idea to every colleague and open its books for pledges.

    Raises Denied, InvalidTransition, Invalid (customer, outcome, an own goal or the money needed is missing).
    """
    row = locked(idea)
    check_own_idea(by, row)
    lifecycle.IDEA.check(row.status, "publish")
    check_complete(row)
    entity = open_entity(name=row.title, kind=EntityKind.IDEA, currency=row.currency)
    lifecycle.IDEA.move(row, "publish", published_at=market_now(), entity=entity)
    _told(row, "idea.published", by)
    return row


@transaction.atomic
def withdraw(*, idea: Idea, reason: str, by: User) -> Idea:
    """End an idea: every pledge goes back, promises of one, its seats and invitations end.

    Raises Denied (only the owner), InvalidTransition (launched or withdrawn), Invalid (no reason).
    """
    row = locked(idea)
    check_own_idea(by, row)
    lifecycle.IDEA.check(row.status, "withdraw")
    if not reason.strip():
        raise Invalid(_("Say why; the people who pledged and joined will read it."), field="reason")
    now = market_now()
    concerned = _people_around(row)
    _end_seats(row, now, by)
    for pledge in pledge_actions.held(row):
        pledge_actions.give_back(pledge, now=now, by=by)
    for pledge in pledge_actions.promised(row):
        pledge_actions.cancel(pledge, now=now, by=by)
    lifecycle.IDEA.move(row, "withdraw", withdrawn_at=now)
    _told(row, "idea.withdrawn", by, reason=reason.strip())
    tell(
        concerned,
        lambda: (
            _("%(owner)s withdrew the idea %(title)s. What was pledged went back.")
            % {"owner": row.owner.name, "title": row.title}
        ),
        link=f"/ideas/{row.pk}/",
    )
    return row


@transaction.atomic
def launch(
    *,
    idea: Idea,
    terms: TermsSpec,
    by: User,
    lead: LeadSpec | None = None,
    name: str = "",
    purpose: str = "",
) -> Microenterprise:
    """Make the idea an ME: people in filled seats become its members today, pledges become stakes.

    What was only promised ends, and whoever promised it hears so.

    lead: the owner's own place (default: leader with weight 20 who serves the idea's outcome). name: of the ME
    (default: the title). purpose: default the outcome.
    Raises Denied (only the owner), InvalidTransition (not published, money or people missing), Invalid (terms),
    Conflict (the name is taken).
    """
    row = locked(idea)
    check_own_idea(by, row)
    check_ready(row)
    check_terms(terms)
    pledges = list(pledge_actions.held(row))
    seats = list(Seat.objects.select_for_update(of=("self",)).filter(idea=row).select_related("filled_by"))
    now = hold_date()
    firm = found(
        name=name.strip() or row.title,
        kind=row.kind,
        platform=row.platform,
        purpose=purpose.strip() or row.outcome,
        currency=row.currency,
        members=[_owner_as_member(row, lead), *_members_of(seats)],
        terms=terms,
        by=by,
        on=date_of(now),
        idea=row,
    )
    Seat.objects.filter(idea=row).update(microenterprise=firm)
    Goal.objects.filter(idea=row).update(microenterprise=firm)
    post_one(entries.launch(row, firm, pledges), by=str(by.pk))
    for pledge in pledges:
        lifecycle.PLEDGE.move(pledge, "convert", settled_at=now)
    _end_promises(row, firm, now, by)
    lifecycle.IDEA.move(row, "launch", launched_at=now, microenterprise=firm)
    _told(row, "idea.launched", by, microenterprise=str(firm.pk))
    tell(
        [person for person in _people_around(row) if person.pk != by.pk],
        lambda: _("%(title)s is launched as the ME %(me)s.") % {"title": row.title, "me": firm.name},
        link=f"/microenterprises/{firm.pk}/",
    )
    return firm


# --- What must be true ------------------------------------------------------------------------------------------------


def check_complete(idea: Idea) -> None:
    """An idea that is shown says whom it serves, what gets better, what it measures itself by, what it needs."""
    if not idea.customer.strip():
        raise Invalid(_("Say who the customer is before you publish."), field="customer")
    if not idea.outcome.strip():
        raise Invalid(_("Say what is better for the customer before you publish."), field="outcome")
    if not Goal.objects.filter(idea=idea).exists():
        raise Invalid(_("Set the idea at least one goal of its own before you publish."), field="metric_1")


@dataclass(frozen=True)
class Condition:
    """One line of the launch checklist: what is needed, whether it is there, and what is missing."""

    label: str
    missing: str

    @property
    def is_met(self) -> bool:
        return not self.missing


def conditions(idea: Idea, *, pledged_minor: int, promised_minor: int, filled: int, needed: int) -> list[Condition]:
    """What a launch needs, in the order in which an idea gets there.

    pledged_minor: paid in. promised_minor: not paid in yet. needed: filled seats besides the owner's.
    """
    short = idea.funding_goal_minor - pledged_minor
    return [
        Condition(
            _("The idea is published"),
            "" if idea.status != Idea.Status.DRAFT else _("Publish it, so that people can pledge and join."),
        ),
        Condition(
            _("%(goal)s is pledged") % {"goal": money.write(idea.funding_goal_minor, idea.currency)},
            _missing_money(idea, short, promised_minor),
        ),
        Condition(
            _("%(needed)s seats are filled, besides your own") % {"needed": needed},
            _("%(filled)s of %(needed)s seats are filled.") % {"filled": filled, "needed": needed}
            if filled < needed
            else "",
        ),
    ]


def check_ready(idea: Idea) -> None:
    """A launch needs a published idea, the money, and enough people (a dated parameter). Costs four statements."""
    lifecycle.IDEA.check(idea.status, "launch")
    found_conditions = conditions(
        idea,
        pledged_minor=Pledge.objects.filter(idea=idea).paid_in().total_minor(),
        promised_minor=Pledge.objects.filter(idea=idea).promised().total_minor(),
        filled=Seat.objects.filter(idea=idea, status=Seat.Status.FILLED).count(),
        needed=value("launch_filled_seats"),
    )
    missing = [condition.missing for condition in found_conditions if not condition.is_met]
    if missing:
        raise InvalidTransition(" ".join(missing))


def check_spec(spec: IdeaSpec) -> None:
    """A draft has a title and a sum; the rest may come later."""
    if not spec.title.strip():
        raise Invalid(_("Give the idea a title."), field="title")
    if spec.funding_goal_minor <= 0:
        raise Invalid(_("Say how much money the launch needs: more than zero."), field="funding_goal")
    money.check_size(spec.funding_goal_minor, field="funding_goal")
    for number, goal in enumerate(spec.goals, start=1):
        if not (goal.metric.strip() and goal.target.strip()):
            raise Invalid(_("A goal needs what is measured and its target."), field=f"metric_{number}")


# --- Small steps ------------------------------------------------------------------------------------------------------


def locked(idea: Idea) -> Idea:
    """The idea as it is now; pledging, filling a seat, withdrawing and launching wait for each other."""
    return Idea.objects.select_for_update(of=("self",), no_key=True).select_related("owner", "platform").get(pk=idea.pk)


def _write(idea: Idea, spec: IdeaSpec) -> None:
    check_spec(spec)
    platform = Platform.objects.select_related("entity").get(pk=spec.platform.pk)
    check_currency(platform.entity.currency)
    idea.title, idea.customer, idea.outcome = spec.title.strip(), spec.customer.strip(), spec.outcome.strip()
    idea.platform, idea.currency = platform, platform.entity.currency
    idea.funding_goal_minor, idea.kind = spec.funding_goal_minor, spec.kind
    idea.save()
    Goal.objects.filter(idea=idea).delete()
    Goal.objects.bulk_create(
        [
            Goal(
                idea=idea,
                metric=goal.metric.strip(),
                baseline=goal.baseline.strip(),
                target=goal.target.strip(),
                leading_target=goal.leading_target.strip(),
                due_on=goal.due_on,
            )
            for goal in spec.goals
        ]
    )


def _owner_as_member(idea: Idea, lead: LeadSpec | None) -> MemberSpec:
    place = lead or LeadSpec(role=_("Leader"), customer_outcome=idea.outcome, weight=20)
    return MemberSpec(
        person=idea.owner,
        role=place.role,
        customer_outcome=place.customer_outcome,
        is_lead=True,
        weight=place.weight,
        track=place.track,
        pay_minor=place.pay_minor,
        allocation_percent=place.allocation_percent,
    )


def _members_of(seats: Iterable[Seat]) -> list[MemberSpec]:
    return [
        MemberSpec(
            person=seat.filled_by,
            role=seat.role,
            customer_outcome=seat.customer_outcome,
            weight=seat.weight,
            track=seat.track,
            pay_minor=seat.pay_minor,
            allocation_percent=seat.allocation_percent,
            seat=seat,
        )
        for seat in seats
        if seat.status == Seat.Status.FILLED and seat.filled_by is not None
    ]


def _people_around(idea: Idea) -> list[User]:
    """Everybody who pledged to an idea or committed to one of its seats."""
    ended = [Pledge.Status.REFUNDED, Pledge.Status.CANCELLED]
    standing = Pledge.objects.filter(idea=idea).exclude(status__in=ended).select_related("person")
    pledged = [pledge.person for pledge in standing]
    seated = [s.filled_by for s in Seat.objects.filter(idea=idea).select_related("filled_by") if s.filled_by]
    return [*pledged, *seated]


def _missing_money(idea: Idea, short_minor: int, promised_minor: int) -> str:
    if short_minor <= 0:
        return ""
    if promised_minor == 0:
        return _("%(amount)s is still to be pledged.") % {"amount": money.write(short_minor, idea.currency)}
    return _("%(amount)s is still to come in; %(promised)s is promised and waits for finance to record it.") % {
        "amount": money.write(short_minor, idea.currency),
        "promised": money.write(promised_minor, idea.currency),
    }


def _end_promises(idea: Idea, firm: Microenterprise, now: datetime, by: User) -> None:
    ended = [pledge_actions.cancel(pledge, now=now, by=by) for pledge in pledge_actions.promised(idea)]
    tell(
        [pledge.person for pledge in ended],
        lambda: (
            _(
                "%(title)s was launched as %(me)s before what you promised came in, so it is no stake. If you have "
                "sent it, finance sends it back."
            )
            % {"title": idea.title, "me": firm.name}
        ),
        link=f"/ideas/{idea.pk}/",
    )


def _end_seats(idea: Idea, now: datetime, by: User) -> None:
    seats = Seat.objects.filter(idea=idea).exclude(status=Seat.Status.WITHDRAWN)
    ids = list(seats.select_for_update(of=("self",)).values_list("pk", flat=True))
    Invitation.objects.filter(seat__in=ids, status=Invitation.Status.OPEN).update(
        status=Invitation.Status.WITHDRAWN, answered_at=now, answered_by=by
    )
    Seat.objects.filter(pk__in=ids).update(status=Seat.Status.WITHDRAWN, filled_by=None)


def _told(idea: Idea, deed: str, by: User, **facts: Any) -> None:
    audit.record(by=by, deed=deed, subject=f"idea:{idea.pk}", about=idea.title, **facts)
