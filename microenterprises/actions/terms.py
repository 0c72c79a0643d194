"""Share terms: proposing a version, voting on it, and what happens when a ballot is decided."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from core import audit
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, Invalid, InvalidTransition, TooLate
from core.parameters import value
from microenterprises import lifecycle
from microenterprises.actions.firms import terms_columns
from microenterprises.calculation import TermsSpec, outcome, votes_needed
from microenterprises.models import Ballot, Membership, Microenterprise, ShareTerms, Vote
from microenterprises.models.terms import ShareTermsQuerySet
from microenterprises.permissions import check_member, place_of
from microenterprises.rules import check_active, check_terms
from microenterprises.sentences import day_name
from people.models import User
from people.notices import tell


def in_force(microenterprise: Microenterprise, on: date) -> ShareTerms | None:
    """The share terms in force for an ME on a date; None when none are."""
    return ShareTerms.objects.filter(microenterprise=microenterprise).in_force(on).first()


@transaction.atomic
def propose(*, microenterprise: Microenterprise, terms: TermsSpec, effective_from: date, by: User) -> ShareTerms:
    """Propose the next version and open its ballot among the members of this instant.

    Raises Denied (only members), InvalidTransition (dissolved), Conflict (another ballot is open), Invalid (terms that
    leave a profit without a rule, a date that is not in the future or on which another agreed version starts). Where an
    agreed version starts later, the new one ends.
    """
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=microenterprise.pk)
    check_member(place_of(by, firm))
    check_active(firm)
    check_terms(terms)
    now = market_now()
    today = business_date(now)
    check_effective_from(firm, effective_from, today)
    _close_what_ran_out(firm, now, today)
    check_no_open_ballot(firm)
    last = ShareTerms.objects.filter(microenterprise=firm).aggregate(last=Max("version"))["last"] or 0
    version = ShareTerms.objects.create(
        microenterprise=firm,
        version=last + 1,
        effective_from=effective_from,
        effective_to=_next_start(firm, effective_from),
        proposed_at=now,
        proposed_by=by,
        **terms_columns(terms),
    )
    members = list(Membership.objects.active(today).filter(microenterprise=firm).select_related("person"))
    needed = votes_needed(
        len(members),
        numerator=value("ballot_majority_numerator", on=today),
        denominator=value("ballot_majority_denominator", on=today),
    )
    electors = [member.person_id for member in members]
    Ballot.objects.create(share_terms=version, electors=electors, needed=needed, opened_at=now, opened_by=by)
    _told(version, "terms.proposed", by, needed=needed, voters=len(members))
    tell(
        [m.person for m in members if m.person_id != by.pk],
        lambda: (
            _("Vote on version %(version)s of the share terms of %(me)s before %(day)s.")
            % {"version": version.version, "me": firm.name, "day": day_name(effective_from)}
        ),
        link=_page(firm),
    )
    return version


@transaction.atomic
def vote(*, ballot: Ballot, agrees: bool, by: User) -> Vote:
    """Cast one's vote; a vote that decides the ballot puts the version in force from its date, or ends it.

    Raises Denied (not a member then and now), Conflict (voted before), InvalidTransition (decided), TooLate (the terms
    would have started).
    """
    firm, row, version = _locked(ballot)
    now = market_now()
    today = business_date(now)
    check_may_vote(by, firm, row, today)
    lifecycle.BALLOT.check(row.status, "pass")
    check_in_time(row, version, today)
    if Vote.objects.filter(ballot=row, person=by).exists():
        raise Conflict(_("You have voted; a vote stands."))
    cast = Vote.objects.create(ballot=row, person=by, agrees=agrees, cast_at=now)
    audit.record(by=by, deed="vote.cast", subject=f"ballot:{row.pk}", about=f"{firm.name} {version}", agrees=agrees)
    _decide(firm, row, version, now)
    return cast


@transaction.atomic
def withdraw(*, ballot: Ballot, by: User) -> Ballot:
    """Take a proposal back before it is decided. Raises Denied (only who proposed it), InvalidTransition."""
    _firm, row, version = _locked(ballot)
    if version.proposed_by_id != by.pk:
        raise Denied(
            _("Only %(person)s, who proposed this version, can take it back.") % {"person": version.proposed_by.name}
        )
    _end(row, version, market_now())
    _told(version, "terms.withdrawn", by)
    return row


# --- Checks -----------------------------------------------------------------------------------------------------------


def check_effective_from(firm: Microenterprise, effective_from: date, today: date) -> None:
    """New terms start in the future, on a day on which no other agreed version starts."""
    if effective_from <= today:
        raise Invalid(_("New terms start on a future date. Choose tomorrow or later."), field="effective_from")
    same = _agreed(firm).filter(effective_from=effective_from).first()
    if same is not None:
        raise Invalid(
            _("Version %(version)s is agreed and starts on %(day)s. Choose an earlier or a later date.")
            % {"version": same.version, "day": day_name(same.effective_from)},
            field="effective_from",
        )


def check_no_open_ballot(firm: Microenterprise) -> None:
    """Members vote on one version at a time."""
    running = ShareTerms.objects.filter(microenterprise=firm, status=ShareTerms.Status.PROPOSED).first()
    if running is not None:
        raise Conflict(
            _("Version %(version)s is being voted on. Wait until it is decided, or ask %(person)s to take it back.")
            % {"version": running.version, "person": running.proposed_by.name}
        )


def check_may_vote(user: User, firm: Microenterprise, ballot: Ballot, today: date) -> None:
    """Who was a member when the ballot opened and is one still."""
    check_member(place_of(user, firm, on=today))
    if user.pk not in ballot.electors:
        raise Denied(_("You joined after this ballot was opened; who was a member then decides it."))


def check_in_time(ballot: Ballot, version: ShareTerms, today: date) -> None:
    """Terms are agreed before the day they start."""
    if lifecycle.ballot_is_over(ballot, version, today):
        raise TooLate(
            _("These terms would have started on %(day)s, so they can no longer be agreed. Propose them again.")
            % {"day": day_name(version.effective_from)}
        )


# --- Deciding ---------------------------------------------------------------------------------------------------------


def _decide(firm: Microenterprise, ballot: Ballot, version: ShareTerms, now: datetime) -> None:
    votes = list(Vote.objects.filter(ballot=ballot).values_list("agrees", flat=True))
    yes = sum(votes)
    decided = outcome(voters=ballot.voters, needed=ballot.needed, yes=yes, no=len(votes) - yes)
    if decided is None:
        return
    if decided:
        _put_in_force(firm, version, now)
        lifecycle.BALLOT.move(ballot, "pass", closed_at=now)
        _told(version, "terms.agreed", None, yes=yes, no=len(votes) - yes)
    else:
        _end(ballot, version, now)
        _told(version, "terms.rejected", None, yes=yes, no=len(votes) - yes)
    _tell_members(firm, version, agreed=decided)


def _put_in_force(firm: Microenterprise, version: ShareTerms, now: datetime) -> None:
    """End the version that would hold then, the only change agreed terms ever see, and agree on this one."""
    start = version.effective_from
    check_effective_from(firm, start, business_date(now))
    holding = _agreed(firm).filter(Q(effective_to=None) | Q(effective_to__gt=start), effective_from__lt=start)
    holding.update(effective_to=start)
    lifecycle.TERMS.move(version, "agree", agreed_at=now)


def _agreed(firm: Microenterprise) -> ShareTermsQuerySet:
    return ShareTerms.objects.filter(microenterprise=firm, status=ShareTerms.Status.AGREED)


def _next_start(firm: Microenterprise, after: date) -> date | None:
    """When the next agreed version starts. Nothing changes it while members vote: they vote on one at a time."""
    later = _agreed(firm).filter(effective_from__gt=after).order_by("effective_from")
    found: date | None = later.values_list("effective_from", flat=True).first()
    return found


def _end(ballot: Ballot, version: ShareTerms, now: datetime) -> None:
    lifecycle.BALLOT.move(ballot, "fail", closed_at=now)
    lifecycle.TERMS.move(version, "reject")


def _close_what_ran_out(firm: Microenterprise, now: datetime, today: date) -> None:
    """An undecided ballot whose terms would have started already has failed by itself."""
    stale = Ballot.objects.filter(
        share_terms__microenterprise=firm, status=Ballot.Status.OPEN, share_terms__effective_from__lte=today
    ).select_related("share_terms")
    for ballot in stale.select_for_update(of=("self",)):
        _end(ballot, ballot.share_terms, now)
        _told(ballot.share_terms, "terms.rejected", None)


def _tell_members(firm: Microenterprise, version: ShareTerms, *, agreed: bool) -> None:
    members = Membership.objects.active(business_date()).filter(microenterprise=firm).select_related("person")
    facts: dict[str, Any] = {"version": version.version, "me": firm.name}

    def say() -> str:
        if agreed:
            day = day_name(version.effective_from)
            return _("Version %(version)s of the share terms of %(me)s is agreed and starts on %(day)s.") % {
                **facts,
                "day": day,
            }
        return _("Version %(version)s of the share terms of %(me)s was not agreed; the terms in force stay.") % facts

    tell([m.person for m in members], say, link=_page(firm))


def _locked(ballot: Ballot) -> tuple[Microenterprise, Ballot, ShareTerms]:
    """The ME first, then the ballot: proposing, voting and dissolving wait for each other."""
    owner = ShareTerms.objects.values_list("microenterprise", flat=True).get(ballot=ballot)
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=owner)
    row = (
        Ballot.objects.select_for_update(of=("self",))
        .select_related("share_terms__microenterprise", "share_terms__proposed_by")
        .get(pk=ballot.pk)
    )
    if firm.status != Microenterprise.Status.ACTIVE:
        raise InvalidTransition(_("%(me)s is dissolved.") % {"me": firm.name})
    return firm, row, row.share_terms


def _page(firm: Microenterprise) -> str:
    return f"/microenterprises/{firm.pk}/terms/"


def _told(version: ShareTerms, deed: str, by: User | None, **facts: Any) -> None:
    audit.record(
        by=by,
        deed=deed,
        subject=f"microenterprise:{version.microenterprise_id}",
        about=version.microenterprise.name,
        version=version.version,
        **facts,
    )
