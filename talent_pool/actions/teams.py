"""Teams of the talent pool: forming one, leaving it, ending it, and launching it as an ME when it has won work.

A team is an incubating ME (ADR 40). Its members wait in the pool until it is launched; then all of them land at once.
People join through the seats and invitations every ME has (`placements.accept`).
"""

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.actions import contracts as contract_actions
from contracts.actions import gone
from contracts.models import Contract
from core import audit, parameters
from core.clock import business_date
from core.errors import Conflict, Invalid
from microenterprises.actions import firms
from microenterprises.actions import teams as below
from microenterprises.actions.teams import TeamSpec
from microenterprises.calculation import TermsSpec
from microenterprises.models import Membership, Microenterprise
from microenterprises.permissions import place_of
from people.models import User
from people.notices import tell
from talent_pool import permissions
from talent_pool.actions import pool
from talent_pool.models import PoolEntry


@transaction.atomic
def form(*, spec: TeamSpec, by: User) -> Microenterprise:
    """Form a team that `by`, who waits in the pool, leads. They go on waiting there.

    Raises Denied (not in the pool, in another team), Invalid, Conflict (the name is taken).
    """
    entry = pool.locked_stay(by)
    permissions.check_form_team(by, entry, team_of(by))
    return below.form(spec=spec, by=by)


@transaction.atomic
def leave(*, team: Microenterprise, by: User) -> Microenterprise:
    """Leave a team today and go on waiting in the pool. The lead passes to who has been in the team longest.

    Raises Denied (no member), Conflict (launched or ended meanwhile), Invalid (nobody else is in it, or nobody who
    could lead it: end it).
    """
    row = below.locked(team)
    place = place_of(by, row)
    permissions.check_leave_team(place)
    if len(_people_of(row)) == 1 or (place.is_lead and not _others(row, by)):
        raise Invalid(_("Nobody else is in %(me)s. End the team instead.") % {"me": row.name})
    _let_go(row, by, by=by)
    return row


@transaction.atomic
def end(*, team: Microenterprise, reason: str, by: User) -> Microenterprise:
    """End a team: its people stay in the pool with the clocks they have, its seats are withdrawn.

    Contracts that wait for its signature are void and awards that stand for it end, so that the next rank is chosen.
    Its opened bids are disqualified, its sealed ones when they are opened, as those of every ME that is gone.
    Raises Denied (only its leader, or the steward when the leader's account is closed), Conflict, Invalid.
    """
    row = below.locked(team)
    permissions.check_end_team(place_of(by, row))
    people = _people_of(row)
    _end(row, reason=reason, by=by)
    facts = {"by": by.name, "me": row.name, "reason": reason.strip()}
    tell(
        [person for person in people if person.pk != by.pk],
        lambda: _("%(by)s ended the team %(me)s: %(reason)s You wait in the talent pool as before.") % facts,
        link=_page(row),
    )
    return row


@transaction.atomic
def launch(*, team: Microenterprise, terms: TermsSpec, by: User) -> Microenterprise:
    """Launch a team that has won work as an ME, in force from today; all its members land from the pool at once.

    Raises Denied (only its leader), InvalidTransition (no contract waits for it, too few people), Conflict
    (launched or ended before, somebody joined meanwhile), Invalid (terms).
    """
    # Stays in the pool are locked before the team, as by who lands or joins: nobody waits for somebody who waits for
    # them. Who joined between the two locks is asked for again.
    people = _people_of(team)
    list(PoolEntry.objects.waiting().select_for_update().filter(person__in=people).order_by("pk"))
    row = below.locked(team)
    members = _people_of(row)
    if not {person.pk for person in members} <= {person.pk for person in people}:
        raise Conflict(_("Somebody joined the team a moment ago. Read its page again, then launch it."))
    permissions.check_launch_team(
        place_of(by, row),
        has_work=has_work(row),
        people=sum(person.is_active for person in members),
        needed=parameters.value("team_fewest_people"),
    )
    firm = below.launch(team=row, terms=terms, by=by)
    for place in (
        Membership.objects.active(business_date()).filter(microenterprise=firm).select_related("person", "seat")
    ):
        pool.land(person=place.person, seat=place.seat, by=by)
    tell(
        [person for person in members if person.pk != by.pk],
        lambda: (
            _("Your team %(me)s is launched as an ME. You have landed: you work there from today.") % {"me": firm.name}
        ),
        link=_page(firm),
    )
    return firm


def leave_for_a_place(*, person: User, by: User) -> None:
    """Whoever takes a place elsewhere leaves their team the same moment; nobody left in it ends it.

    Part of landing: the caller has locked the person's stay in the pool.
    """
    known = team_of(person)
    if known is None:
        return
    team = below.locked(known)
    if not team.is_team or person not in _people_of(team):
        return  # launched or ended since we looked: they keep the place they have there
    if not _others(team, person):
        _end(team, reason=_("%(person)s has landed elsewhere.") % {"person": person.name}, by=by)
    else:
        _let_go(team, person, by=by)


def check_may_join(team: Microenterprise, person: User, entry: PoolEntry | None) -> None:
    """Only somebody who waits in the pool joins, and one team only. entry: their stay. Raises Denied."""
    permissions.check_join_team(person, team, entry, team_of(person, besides=team))


def team_of(person: User, *, besides: Microenterprise | None = None) -> Microenterprise | None:
    """The team somebody is in today."""
    places = Membership.objects.active(business_date()).filter(
        person=person, microenterprise__status=Microenterprise.Status.INCUBATING
    )
    if besides is not None:
        places = places.exclude(microenterprise=besides)
    found = places.select_related("microenterprise").first()
    return found.microenterprise if found else None


def has_work(team: Microenterprise) -> bool:
    """Whether a contract waits for the team's signature. An award that only stands may still be taken back."""
    return Contract.objects.filter(supplier=team, status=Contract.Status.SIGNING).exists()


def _people_of(team: Microenterprise) -> list[User]:
    places = Membership.objects.active(business_date()).filter(microenterprise=team).select_related("person")
    return [place.person for place in places.order_by("started_on", "number")]


def _others(team: Microenterprise, person: User) -> list[User]:
    """Who else is in a team and may sign in, so could lead it."""
    return [each for each in _people_of(team) if each.pk != person.pk and each.is_active]


def _let_go(team: Microenterprise, person: User, *, by: User) -> None:
    heir = below.leave(team=team, person=person, by=by)
    facts = {"person": person.name, "me": team.name, "heir": heir.name if heir else ""}

    def say() -> str:
        if heir is None:
            return _("%(person)s left the team %(me)s.") % facts
        return _("%(person)s left the team %(me)s; %(heir)s leads it from now on.") % facts

    tell(_people_of(team), say, link=_page(team))


def _end(team: Microenterprise, *, reason: str, by: User) -> None:
    if not reason.strip():
        raise Invalid(_("Say why the team ends; its members read it."), field="reason")
    dealings = gone.lock_dealings(team)
    for contract in dealings.contracts:
        contract_actions.end_with_party(contract=contract, leaving=team, reason=reason, by=by)
    gone.pass_over(team, dealings.bid_on, by=by)
    firms.close_down(team, reason=reason, by=by)
    audit.record(by=by, deed="team.ended", subject=f"microenterprise:{team.pk}", about=team.name, reason=reason.strip())


def _page(team: Microenterprise) -> str:
    return f"/microenterprises/{team.pk}/"
