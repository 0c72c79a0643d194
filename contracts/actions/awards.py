"""The verbs of the decision: judge quality, disqualify, award one bid, or none. All under the project's lock.

The arithmetic is the formula's (`ranking`); people add the quality points and the reasons. One award per project is a
constraint of the database, so a second click finds it done.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts import scoring
from contracts.actions import drafting, holds
from contracts.actions.projects import leaders, link, locked, record
from contracts.lifecycle import BID, PROJECT
from contracts.models import Award, Bid, Project
from contracts.permissions import awards as permissions
from contracts.permissions.standing import standing_of
from contracts.ranking import Ranking, frozen, losers, rank
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid, InvalidTransition
from people.models import User
from people.notices import tell


@transaction.atomic
def score_quality(*, bid: Bid, points: int, reason: str, by: User) -> Bid:
    """Give an opened bid its quality points (0 to 10,000) with a reason; until the award they may be given anew.

    Raises Denied (not on the panel), InvalidTransition, Invalid.
    """
    project, bid, now = _locked(bid)
    panel = set(project.panel.values_list("person_id", flat=True))
    who = standing_of(by, business_date(now))
    permissions.check_score(project, who, panel)
    permissions.check_impartial(_opened(project), who)
    if bid.status != Bid.Status.VALID:
        raise InvalidTransition(_("Only valid bids are judged."))
    if not 0 <= points <= scoring.FULL:
        raise Invalid(_("Quality points lie between 0 and 10,000."), field="points")
    if not reason.strip():
        raise Invalid(_("Say why; the bidder reads it."), field="reason")
    before = bid.quality_points
    bid.quality_points, bid.quality_reason = points, reason.strip()
    bid.scored_by, bid.scored_at = by, now
    bid.save(update_fields=["quality_points", "quality_reason", "scored_by", "scored_at"])
    record(project, "quality_judged", by=by, bid=str(bid.pk), points=points, before=before, reason=bid.quality_reason)
    return bid


@transaction.atomic
def disqualify(*, bid: Bid, reason: str, by: User) -> Bid:
    """Take an opened bid out of the ranking for a reason the bidder reads. Only the leader of the buyer.

    Raises Denied, InvalidTransition, Invalid.
    """
    project, bid, now = _locked(bid)
    who = standing_of(by, business_date(now))
    permissions.check_award(project, who)
    permissions.check_impartial(_opened(project), who)
    reason = _given(reason, _("Say why this bid cannot be considered; the bidder reads it."))
    BID.move(bid, "disqualify", outcome_reason=reason)
    record(project, "bid_disqualified", by=by, bid=str(bid.pk), reason=reason)
    tell(
        leaders([bid.microenterprise], now),
        lambda: _("Your bid on “%(title)s” was disqualified: %(reason)s") % {"title": project.title, "reason": reason},
        link=link(project),
    )
    return bid


@transaction.atomic
def award(*, project: Project, bid: Bid, reason: str, loser_reasons: Mapping[UUID, str], by: User) -> Award:
    """Decide for one bid, give every other bidder a reason, freeze the arithmetic and draft the contract.

    loser_reasons: by bid id, one for every other valid bid. The hold stays until the contract's last signature.
    Raises Denied, InvalidTransition (not evaluating, not a valid bid, panel not done), Invalid, Conflict.
    """
    project = locked(project)
    now = market_now()
    who = standing_of(by, business_date(now))
    permissions.check_award(project, who)
    bids = _opened(project)
    permissions.check_impartial(bids, who)
    ranking = rank(project, bids)
    winner = next((row for row in bids if row.pk == bid.pk), bid)
    permissions.check_awardable(project, winner, ranking.unscored)
    if ranking.of(winner.pk).rank is None:
        raise InvalidTransition(_("This bid is below the pass mark, so it has no rank and cannot win."))
    reason = _given(reason, _("Say why this bid wins; every bidder reads it."))
    made = _insert(project, winner, reason, ranking, by, now)
    _give_reasons(ranking, winner, reason, loser_reasons)
    PROJECT.move(project, "award", ended_at=now)
    record(
        project,
        "awarded",
        by=by,
        bid=str(winner.pk),
        microenterprise=str(winner.microenterprise_id),
        price_minor=winner.price_minor,
        rank=ranking.of(winner.pk).rank,
        reason=reason,
    )
    drafting.draft(award=made, by=by)
    _tell_outcome(project, bids, winner, now)
    return made


@transaction.atomic
def no_award(*, project: Project, reason: str, by: User) -> Project:
    """End the evaluation without an award: the hold goes back, every bidder reads why.

    Raises Denied, InvalidTransition, Invalid without a reason.
    """
    project = locked(project)
    now = market_now()
    permissions.check_award(project, standing_of(by, business_date(now)))
    reason = _given(reason, _("Say why no bid is awarded; every bidder reads it."))
    PROJECT.move(project, "award_nothing", ended_at=now, ended_reason=reason)
    holds.release(project, by=by)
    bids = _opened(project)
    Bid.objects.filter(pk__in=[bid.pk for bid in bids], outcome_reason="").update(outcome_reason=reason)
    record(project, "unsuccessful", by=by, reason=reason)
    tell(
        leaders([bid.microenterprise for bid in bids], now),
        lambda: _("“%(title)s” ended without an award: %(reason)s") % {"title": project.title, "reason": reason},
        link=link(project),
    )
    return project


# ------------------------------------------------------------------ what the verbs share


def _locked(bid: Bid) -> tuple[Project, Bid, datetime]:
    project = locked(Project(pk=bid.project_id))
    now = market_now()
    return project, Bid.objects.select_related("microenterprise").get(pk=bid.pk), now


def _opened(project: Project) -> list[Bid]:
    return list(project.bids.opened().select_related("microenterprise"))


def _given(reason: str, sentence: str) -> str:
    if not reason.strip():
        raise Invalid(sentence, field="reason")
    return reason.strip()


def _insert(project: Project, winner: Bid, reason: str, ranking: Ranking, by: User, now: datetime) -> Award:
    try:
        with transaction.atomic():
            return Award.objects.create(
                project=project,
                bid=winner,
                reason=reason,
                arithmetic=frozen(project, ranking),
                awarded_at=now,
                awarded_by=by,
            )
    except IntegrityError as refused:
        raise Conflict(_("This project is awarded already. Reload the page to see the decision.")) from refused


def _give_reasons(ranking: Ranking, winner: Bid, reason: str, loser_reasons: Mapping[UUID, str]) -> None:
    """Every loser that was valid gets a reason; who was disqualified has one already."""
    Bid.objects.filter(pk=winner.pk).update(outcome_reason=reason)
    for place in losers(ranking, winner):
        if place.bid.status != Bid.Status.VALID:
            continue
        why = loser_reasons.get(place.bid.pk, "").strip()
        if not why:
            raise Invalid(
                _("Give %(me)s a reason too: every bidder learns why.") % {"me": _name(place.bid)},
                field=f"reason_{place.bid.pk}",
            )
        Bid.objects.filter(pk=place.bid.pk).update(outcome_reason=why)
        place.bid.outcome_reason = why


def _name(bid: Bid) -> str:
    return bid.microenterprise.name if bid.microenterprise is not None else bid.bidder_name


def _tell_outcome(project: Project, bids: list[Bid], winner: Bid, now: datetime) -> None:
    """Losers read their reason; the winner is told by the contract that waits for a signature, and here."""
    for bid in bids:
        if bid.status == Bid.Status.VALID:
            _tell_one(project, bid, now, won=bid.pk == winner.pk)


def _tell_one(project: Project, bid: Bid, now: datetime, *, won: bool) -> None:
    def say() -> str:
        if won:
            return _("Your bid on “%(title)s” won.") % {"title": project.title}
        words = {"title": project.title, "reason": bid.outcome_reason}
        return _("Your bid on “%(title)s” did not win: %(reason)s") % words

    tell(leaders([bid.microenterprise], now), say, link=link(project))
