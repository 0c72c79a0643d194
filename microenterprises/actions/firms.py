"""Founding, joining, changing, leaving and dissolving an ME. Money around an end is the task of the pool's wind-up.

Who is a member on a date shares its profit, so whoever writes from when or until when holds the open date as postings
do (`ledger.days`): closing it waits for them, and the database refuses whoever comes after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import audit
from core.clock import market_now
from core.errors import Invalid, InvalidTransition
from ledger.accounts import EntityKind
from ledger.days import date_of, hold_date, open_date
from ledger.entities import open_entity
from microenterprises import lifecycle
from microenterprises.calculation import TermsSpec
from microenterprises.models import (
    Ballot,
    Idea,
    Invitation,
    Membership,
    Microenterprise,
    Platform,
    Seat,
    ShareTerms,
    Track,
)
from microenterprises.permissions import check_acts, check_dissolve, check_end_membership, check_lead, place_of
from microenterprises.rules import (
    WHOLE_PERCENT,
    check_conditions,
    check_future,
    check_lives,
    check_name_is_free,
    check_no_member_then,
    check_not_past,
    check_pay_of,
    check_terms,
    check_within,
    name_taken,
)
from microenterprises.sentences import day_name
from people.models import User
from people.notices import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """One founding member. pay_minor: monthly salary (stable) or base draw (entrepreneur). seat: the one they fill."""

    person: User
    role: str
    customer_outcome: str
    is_lead: bool = False
    weight: int = 0
    track: str = Track.ENTREPRENEUR
    pay_minor: int = 0
    allocation_percent: int = WHOLE_PERCENT
    seat: Seat | None = None


@transaction.atomic
def found(
    *,
    name: str,
    kind: str,
    platform: Platform,
    purpose: str,
    currency: str,
    members: Sequence[MemberSpec],
    terms: TermsSpec,
    by: User,
    on: date,
    idea: Idea | None = None,
) -> Microenterprise:
    """Found an ME with its books, its members from `on`, and version 1 of its share terms in force from `on`.

    The founders agree to the terms by launching, so there is no ballot. `by` is the one who will lead.
    Raises Invalid (nobody or more than one leads, a person twice, terms that leave a profit without a rule, a name that
    deceives), Conflict (the name is taken).
    """
    check_acts(by)
    check_founders(members, by)
    check_terms(terms)
    name = check_name_is_free(name)
    now = market_now()
    entity = open_entity(name=name, kind=EntityKind.MICROENTERPRISE, currency=currency)
    try:
        with transaction.atomic():
            firm = Microenterprise.objects.create(
                name=name,
                kind=kind,
                purpose=purpose,
                platform=platform,
                entity=entity,
                currency=currency,
                launched_at=now,
                launched_by=by,
            )
    except IntegrityError as taken:  # somebody took the name since we looked
        raise name_taken(name) from taken
    for spec in members:
        _begin(firm, spec, on)
    hold_first_terms(firm, terms, on=on, by=by, now=now)
    audit.record(
        by=by,
        deed="microenterprise.founded",
        subject=_subject(firm),
        about=firm.name,
        members=len(members),
        on=on.isoformat(),
        idea=str(idea.pk) if idea else "",
    )
    return firm


@transaction.atomic
def join(
    *,
    microenterprise: Microenterprise,
    person: User,
    role: str,
    customer_outcome: str,
    by: User,
    on: date | None = None,
    weight: int = 0,
    track: str = Track.ENTREPRENEUR,
    pay_minor: int = 0,
    allocation_percent: int = WHOLE_PERCENT,
    seat: Seat | None = None,
) -> Membership:
    """Make somebody a member from `on` (today, when not given, or later). The last step of an accepted invitation.

    `by` is the person or the leader of the ME. Raises Denied, InvalidTransition (dissolved), Conflict (a member then),
    Invalid (a team pays nobody). Whether the person may join a team is asked in the talent pool.
    """
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=microenterprise.pk)
    if by.pk != person.pk:
        check_lead(place_of(by, firm))
    check_acts(by)
    check_lives(firm)
    check_pay_of(firm, pay_minor)
    on = on or open_date()
    check_not_past(on)
    check_no_member_then(firm, person, on)
    spec = MemberSpec(
        person=person,
        role=role,
        customer_outcome=customer_outcome,
        weight=weight,
        track=track,
        pay_minor=pay_minor,
        allocation_percent=allocation_percent,
        seat=seat,
    )
    membership = _begin(firm, spec, on)
    _told(firm, "membership.started", by, person=person.name, role=role, on=on.isoformat())
    return membership


@transaction.atomic
def change(
    *,
    membership: Membership,
    on: date,
    by: User,
    role: str | None = None,
    customer_outcome: str | None = None,
    weight: int | None = None,
    track: str | None = None,
    pay_minor: int | None = None,
    allocation_percent: int | None = None,
) -> Membership:
    """Give a member other conditions from a future date: the membership ends then and a new one begins.

    What is not given stays. Raises Denied (only the leader), InvalidTransition, Invalid (not a future date, nothing
    changes).
    """
    given = {
        "role": role,
        "customer_outcome": customer_outcome,
        "weight": weight,
        "track": track,
        "pay_minor": pay_minor,
        "allocation_percent": allocation_percent,
    }
    old = _locked(membership)
    check_lead(place_of(by, old.microenterprise))
    changes = {name: value for name, value in given.items() if value is not None and value != getattr(old, name)}
    if not changes:
        raise Invalid(_("Nothing changes: these are the conditions now."))
    new = _succeed(old, on, **changes)
    _told(
        old.microenterprise, "membership.changed", by, person=old.person.name, on=on.isoformat(), what=sorted(changes)
    )
    facts = {"me": old.microenterprise.name}
    tell(
        [old.person],
        lambda: _("Your conditions in %(me)s change on %(day)s.") % {**facts, "day": day_name(on)},
        link=_page(old.microenterprise),
    )
    return new


@transaction.atomic
def hand_over_lead(*, to: Membership, on: date, by: User) -> Membership:
    """Let another member lead from a future date; the leader stays a member. Returns the new leader's membership.

    Raises Denied (only the leader), InvalidTransition, Invalid.
    """
    heir = _locked(to)
    firm = heir.microenterprise
    place = place_of(by, firm)
    check_lead(place)
    if place.membership is None or heir.person_id == by.pk:
        raise Invalid(_("You lead %(me)s already. Choose another member.") % {"me": firm.name})
    # The old lead ends first: an ME has one leader at a time, and the database says so too.
    _succeed(_locked(place.membership), on, is_lead=False)
    new = _succeed(heir, on, is_lead=True)
    _told(firm, "membership.lead_handed_over", by, person=heir.person.name, on=on.isoformat())
    tell(
        [heir.person],
        lambda: _("You lead %(me)s from %(day)s.") % {"me": firm.name, "day": day_name(on)},
        link=_page(firm),
    )
    return new


@transaction.atomic
def leave(*, membership: Membership, on: date, by: User) -> Membership:
    """End a person's place in an ME; `on` is the first day without it. Changes agreed for later go too.

    Who leaves may do so today and gives up today's share; the leader parts with somebody from tomorrow on, because
    today they have worked. Raises Denied (only the member or the leader), InvalidTransition (over, or the leader
    without an heir), Invalid.
    """
    old = _locked(membership)
    firm = old.microenterprise
    check_end_membership(place_of(by, firm), old)
    check_not_past(on)
    if by.pk != old.person_id and on <= open_date():
        raise Invalid(
            _("%(person)s is a member today and has a part in what today brings. Choose tomorrow or later.")
            % {"person": old.person.name},
            field="on",
        )
    check_within(old, on)
    running = Membership.objects.filter(microenterprise=firm, person=old.person).filter(
        Q(ended_on=None) | Q(ended_on__gt=on)
    )
    for each in running.select_for_update():
        if each.is_lead:
            raise InvalidTransition(
                _("%(person)s leads %(me)s. Hand over the lead first, or wind the ME up.")
                % {"person": old.person.name, "me": firm.name}
            )
        each.ended_on = max(on, each.started_on)
        each.save(update_fields=["ended_on"])
    old.refresh_from_db(fields=["ended_on"])
    _told(firm, "membership.ended", by, person=old.person.name, on=on.isoformat())
    if by.pk != old.person_id:
        tell(
            [old.person],
            lambda: _("Your place in %(me)s ends on %(day)s.") % {"me": firm.name, "day": day_name(on)},
            link=_page(firm),
        )
    return old


@transaction.atomic
def dissolve(*, microenterprise: Microenterprise, reason: str, by: User) -> Microenterprise:
    """End an ME: its members are free from today, its seats, invitations and ballots end.

    Called by `talent_pool.actions.wind_up`, which ends contracts and settles before and lands people after. A member
    who would join or change later never does. Raises Denied, InvalidTransition (dissolved before), Invalid (no reason).
    """
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=microenterprise.pk)
    check_dissolve(place_of(by, firm))
    return close_down(firm, reason=reason, by=by)


def close_down(firm: Microenterprise, *, reason: str, by: User) -> Microenterprise:
    """End an ME whose row the caller has locked, and for which `by` need not speak: a team may end when its last
    member lands elsewhere. Raises InvalidTransition (dissolved before), Invalid (no reason).
    """
    if not reason.strip():
        raise Invalid(_("Say why the ME ends; its members and partners will read it."), field="reason")
    now = hold_date()
    today = date_of(now)
    lifecycle.MICROENTERPRISE.move(
        firm, "dissolve", dissolved_at=now, dissolved_by=by, dissolution_reason=reason.strip()
    )
    _end_memberships(firm, today)
    _withdraw_seats(firm, now, by)
    proposed = ShareTerms.objects.filter(microenterprise=firm, status=ShareTerms.Status.PROPOSED)
    Ballot.objects.filter(share_terms__in=proposed, status=Ballot.Status.OPEN).update(
        status=Ballot.Status.FAILED, closed_at=now
    )
    proposed.update(status=ShareTerms.Status.REJECTED)
    _told(firm, "microenterprise.dissolved", by, reason=reason.strip())
    return firm


def _end_memberships(firm: Microenterprise, today: date) -> None:
    running = Membership.objects.filter(microenterprise=firm).filter(Q(ended_on=None) | Q(ended_on__gt=today))
    for membership in running.select_for_update():
        membership.ended_on = max(today, membership.started_on)
        membership.save(update_fields=["ended_on"])


def _withdraw_seats(firm: Microenterprise, now: Any, by: User) -> None:
    seats = Seat.objects.filter(microenterprise=firm, status=Seat.Status.OPEN)
    ids = list(seats.select_for_update().values_list("pk", flat=True))
    Invitation.objects.filter(seat__in=ids, status=Invitation.Status.OPEN).update(
        status=Invitation.Status.WITHDRAWN, answered_at=now, answered_by=by
    )
    Seat.objects.filter(pk__in=ids).update(status=Seat.Status.WITHDRAWN)


# --- Small steps ------------------------------------------------------------------------------------------------------


def check_founders(members: Sequence[MemberSpec], by: User) -> None:
    """One leads, and it is `by`; everybody once, with a role and a customer outcome."""
    leads = [spec.person for spec in members if spec.is_lead]
    if [person.pk for person in leads] != [by.pk]:
        raise Invalid(_("Exactly one founder leads: the one who launches."))
    if len({spec.person.pk for spec in members}) != len(members):
        raise Invalid(_("A person has one place in an ME."))
    for spec in members:
        check_conditions(spec.role, spec.customer_outcome, spec.weight, spec.pay_minor, spec.allocation_percent)


def hold_first_terms(firm: Microenterprise, terms: TermsSpec, *, on: date, by: User, now: datetime) -> None:
    """Version 1 of an ME's share terms holds from a date: who founds it agrees by founding it, without a ballot."""
    ShareTerms.objects.create(
        microenterprise=firm,
        version=1,
        status=ShareTerms.Status.AGREED,
        effective_from=on,
        proposed_at=now,
        proposed_by=by,
        agreed_at=now,
        **terms_columns(terms),
    )


def terms_columns(terms: TermsSpec) -> dict[str, Any]:
    """Share terms as the columns of `ShareTerms`."""
    return {
        "threshold_minor": terms.threshold_minor,
        "tiers": terms.stored_tiers,
        "residual_owners": dict(terms.residual_owners),
        "carries_losses": terms.carries_losses,
        "shares_with_stable": terms.shares_with_stable,
    }


def _begin(firm: Microenterprise, spec: MemberSpec, on: date) -> Membership:
    check_conditions(spec.role, spec.customer_outcome, spec.weight, spec.pay_minor, spec.allocation_percent)
    return Membership.objects.create(
        microenterprise=firm,
        person=spec.person,
        seat=spec.seat,
        role=spec.role,
        customer_outcome=spec.customer_outcome,
        is_lead=spec.is_lead,
        allocation_percent=spec.allocation_percent,
        weight=spec.weight,
        track=spec.track,
        pay_minor=spec.pay_minor,
        started_on=on,
    )


CARRIED_OVER: Final = ("role", "customer_outcome", "is_lead", "allocation_percent", "weight", "track", "pay_minor")


def _succeed(old: Membership, on: date, **changes: Any) -> Membership:
    """End a membership on a future date and begin the same with `changes`; an end already agreed stays."""
    check_lives(old.microenterprise)
    check_future(on)
    check_within(old, on)
    conditions = {name: getattr(old, name) for name in CARRIED_OVER} | changes
    check_pay_of(old.microenterprise, conditions["pay_minor"])
    check_conditions(
        conditions["role"],
        conditions["customer_outcome"],
        conditions["weight"],
        conditions["pay_minor"],
        conditions["allocation_percent"],
    )
    end, old.ended_on = old.ended_on, on
    old.save(update_fields=["ended_on"])
    return Membership.objects.create(
        microenterprise=old.microenterprise, person=old.person, started_on=on, ended_on=end, **conditions
    )


def _locked(membership: Membership) -> Membership:
    """The membership as it is now, its ME locked first."""
    Microenterprise.objects.select_for_update(no_key=True).get(pk=membership.microenterprise_id)
    return (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .select_related("microenterprise", "person")
        .get(pk=membership.pk)
    )


def _subject(firm: Microenterprise) -> str:
    return f"microenterprise:{firm.pk}"


def _page(firm: Microenterprise) -> str:
    return f"/microenterprises/{firm.pk}/"


def _told(firm: Microenterprise, deed: str, by: User | None, **facts: Any) -> None:
    audit.record(by=by, deed=deed, subject=_subject(firm), about=firm.name, **facts)
