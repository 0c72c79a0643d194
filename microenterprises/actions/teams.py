"""An incubating ME: a team that forms, loses a member, passes its lead on, and is launched.

Who may be in a team, and what becomes of their stay in the pool, is asked in the room above:
`talent_pool.actions.teams` wraps every verb here. Ending a team is `firms.dissolve`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Min, Q
from django.utils.translation import gettext as _

from core import audit
from core.errors import Conflict, Invalid
from ledger.accounts import EntityKind
from ledger.days import date_of, hold_date, open_date
from ledger.entities import open_entity
from microenterprises import lifecycle
from microenterprises.actions.firms import MemberSpec, check_founders, hold_first_terms
from microenterprises.calculation import TermsSpec
from microenterprises.models import Membership, Microenterprise, Platform, Track
from microenterprises.permissions import check_acts, check_lead, place_of
from microenterprises.rules import check_name_is_free, check_terms, name_taken
from people.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSpec:
    """What a team says of itself, and the place of who forms it. The currency is that of the platform."""

    name: str
    purpose: str
    platform: Platform
    role: str
    customer_outcome: str
    weight: int = 20
    kind: str = Microenterprise.Kind.USER


@transaction.atomic
def form(*, spec: TeamSpec, by: User) -> Microenterprise:
    """Form a team that `by` leads from today, with books at zero and no share terms.

    Raises Denied, Invalid (a name, a purpose, a role or an outcome is missing), Conflict (the name is taken).
    """
    check_acts(by)
    lead = MemberSpec(
        person=by, role=spec.role, customer_outcome=spec.customer_outcome, is_lead=True, weight=spec.weight
    )
    check_founders([lead], by)
    name, purpose = check_name_is_free(spec.name), spec.purpose.strip()
    if not purpose:
        raise Invalid(_("Say what the team does."), field="purpose")
    platform = Platform.objects.select_related("entity").get(pk=spec.platform.pk)
    currency = platform.entity.currency
    entity = open_entity(name=name, kind=EntityKind.MICROENTERPRISE, currency=currency)
    try:
        with transaction.atomic():
            team = Microenterprise.objects.create(
                name=name,
                kind=spec.kind,
                status=Microenterprise.Status.INCUBATING,
                purpose=purpose,
                platform=platform,
                entity=entity,
                currency=currency,
            )
    except IntegrityError as taken:  # somebody took the name since we looked
        raise name_taken(name) from taken
    Membership.objects.create(
        microenterprise=team,
        person=by,
        role=spec.role.strip(),
        customer_outcome=spec.customer_outcome.strip(),
        is_lead=True,
        weight=spec.weight,
        track=Track.ENTREPRENEUR,
        started_on=open_date(),
    )
    _told(team, "team.formed", by)
    return team


@transaction.atomic
def launch(*, team: Microenterprise, terms: TermsSpec, by: User) -> Microenterprise:
    """Make the team an ME from this instant: its members stay as they are, version 1 of its share terms holds today.

    The members agreed to their seats; who leads the team chooses the terms, as who launches an idea does.
    Raises Denied (only its leader), InvalidTransition (launched or ended before), Invalid (terms).
    """
    firm = locked(team)
    check_lead(place_of(by, firm))
    check_terms(terms)
    now = hold_date()
    today = date_of(now)
    lifecycle.MICROENTERPRISE.move(firm, "launch", launched_at=now, launched_by=by)
    hold_first_terms(firm, terms, on=today, by=by, now=now)
    members = Membership.objects.active(today).filter(microenterprise=firm).count()
    _told(firm, "team.launched", by, members=members, on=today.isoformat())
    return firm


def leave(*, team: Microenterprise, person: User, by: User) -> User | None:
    """End a person's place in a team today, inside the caller's transaction, which has locked the team.

    A leader's place passes to whom it was handed over already, else to who has been in the team longest; returns who
    leads from now on when that changed. What was planned for later days is dropped, and everybody else keeps the place
    they have today. The caller ends a team that would be empty.
    """
    today = open_date()
    rows = Membership.objects.filter(microenterprise=team).filter(Q(ended_on=None) | Q(ended_on__gt=today))
    running = list(rows.select_for_update(of=("self",)).select_related("person").order_by("started_on", "number"))
    now = {row.person_id: row for row in running if row.started_on <= today}
    planned = [row for row in running if row.started_on > today]
    mine = now.pop(person.pk)
    heir = _heir(team, now, planned) if mine.is_lead else None
    for row in running:
        if row.person_id == person.pk:
            _end(row, today)
    audit.record(
        by=by, deed="membership.ended", subject=_subject(team), about=team.name, person=person.name,
        on=today.isoformat(),
    )  # fmt: skip
    for pk, row in now.items():
        if pk == (heir.pk if heir else None) or (planned and (row.is_lead or row.ended_on is not None)):
            _keep_place(row, planned, today, is_lead=row.is_lead or (heir is not None and pk == heir.pk))
    if heir is not None:
        _told(team, "team.lead_passed", by, person=heir.name)
    return heir


def _heir(team: Microenterprise, now: Mapping[UUID, Membership], planned: Sequence[Membership]) -> User | None:
    """Who leads a team when its leader leaves; None when nobody is left. A closed account comes last."""
    if not now:
        return None
    came = dict(
        Membership.objects.filter(microenterprise=team, person__in=list(now))
        .values_list("person")
        .annotate(first=Min("number"))
    )
    named = {row.person_id for row in planned if row.is_lead}
    best = min(
        now.values(), key=lambda row: (not row.person.is_active, row.person_id not in named, came[row.person_id])
    )
    return best.person


def _keep_place(row: Membership, planned: Sequence[Membership], today: date, *, is_lead: bool) -> None:
    """Today's place goes on with an open end, and what was planned for the person is dropped."""
    for each in (row, *(later for later in planned if later.person_id == row.person_id)):
        _end(each, today)
    Membership.objects.create(
        microenterprise_id=row.microenterprise_id,
        person=row.person,
        role=row.role,
        customer_outcome=row.customer_outcome,
        is_lead=is_lead,
        allocation_percent=row.allocation_percent,
        weight=row.weight,
        track=row.track,
        started_on=today,
    )


def locked(team: Microenterprise) -> Microenterprise:
    """The team as it is now; joining, leaving, launching and ending it wait for each other."""
    return Microenterprise.objects.select_for_update(no_key=True).get(pk=team.pk)


def check_is_team(team: Microenterprise) -> None:
    """The ME is a team that is not launched yet."""
    if not team.is_team:
        raise Conflict(_("%(me)s is not a team any more. Read its page again.") % {"me": team.name})


def _end(membership: Membership, today: date) -> None:
    """Today is the first day without this place; one that was planned for later never begins."""
    membership.ended_on = max(today, membership.started_on)
    membership.save(update_fields=["ended_on"])


def _subject(team: Microenterprise) -> str:
    return f"microenterprise:{team.pk}"


def _told(team: Microenterprise, deed: str, by: User, **facts: object) -> None:
    audit.record(by=by, deed=deed, subject=_subject(team), about=team.name, **facts)
