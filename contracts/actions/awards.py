"""The verbs of the decision: disqualify, propose one bid or none, agree, let it stand, and what ends it.

The arithmetic is the formula's (`ranking`); people add the reasons. A choice is proposed by the leader of the buyer,
agreed by a second person where `scrutiny` asks for one, stands while bidders may object, and takes effect by the clock;
then its contract is drafted. All under the project's lock; one live award per project is a constraint of the database,
so a second click finds it done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from contracts import scrutiny
from contracts.actions import drafting, holds
from contracts.actions.evaluation import bidder, given, locked_award, locked_bid, opened, valid
from contracts.actions.low_prices import check_price_asked, limits_on
from contracts.actions.projects import leaders, link, locked, locked_with_lots, record
from contracts.bidders import is_gone
from contracts.business_days import end_after
from contracts.lifecycle import AWARD, BID, PROJECT
from contracts.models import Award, Bid, Objection, Project
from contracts.permissions import awards as permissions
from contracts.permissions.parts import ties_of
from contracts.permissions.projects import check_undecided
from contracts.permissions.standing import standing_of
from contracts.queries.lots import SplitTie, tie_between_lots
from contracts.queries.panel import seats_of
from contracts.ranking import Place, Ranking, disqualified_before, frozen, losers, rank
from core import parameters
from core.clock import business_date, company_zone, market_now
from core.errands import one_by_one
from core.errors import Conflict, Invalid, InvalidTransition
from core.words.instants import exact
from microenterprises.models import Membership
from people.models import User
from people.notices import tell


@transaction.atomic
def disqualify(*, bid: Bid, reason: str, by: User) -> Bid:
    """Take an opened bid out of the ranking for a reason the bidder reads. Only the leader of the buyer.

    Whoever is chosen below it needs a second person, who reads the reason too.

    Raises Denied, InvalidTransition (not evaluating, or an award is on its way), Invalid.
    """
    project, bid, now = locked_bid(bid)
    who = standing_of(by, business_date(now))
    permissions.check_disqualify(project, who)
    check_undecided(project)
    reason = given(reason, _("Say why this bid cannot be considered; the bidder reads it."))
    BID.move(bid, "disqualify", outcome_reason=reason)
    record(project, "bid_disqualified", by=by, bid=str(bid.pk), reason=reason)
    tell(
        leaders([bid.bidder], now),
        lambda: _("Your bid on “%(title)s” was disqualified: %(reason)s") % {"title": project.title, "reason": reason},
        link=link(project),
    )
    return bid


# ------------------------------------------------------------------ the choice


@transaction.atomic
def award(*, project: Project, bid: Bid, reason: str, loser_reasons: Mapping[UUID, str], by: User) -> Award:
    """Choose one bid, give every other bidder a reason, and freeze the arithmetic.

    Where `scrutiny` asks for a second person the award is proposed and waits for one; else it stands at once, and with
    no standstill it takes effect at once. loser_reasons: by bid id, one for every other valid bid. Raises Denied,
    InvalidTransition (not evaluating, not a valid bid, panel not done, a low price not asked about), Invalid, Conflict.
    """
    locked_with_lots(project.lot_set_id)  # a tie may be split between them, by what was decided of the others
    project = locked(project)
    now = market_now()
    who = standing_of(by, business_date(now))
    permissions.check_award(project, who)
    permissions.check_impartial(project, who)
    check_undecided(project)
    bids = opened(project)
    ranking = rank(project, bids)
    winner = next((row for row in bids if row.pk == bid.pk), bid)
    permissions.check_awardable(project, winner, ranking.unscored)
    if ranking.of(winner.pk).rank is None:
        raise InvalidTransition(_("This bid is below the pass mark, so it has no rank and cannot win."))
    reason = given(reason, _("Say why this bid wins; every bidder reads it."))
    made = _propose(project, winner, reason, ranking, by, now)
    _record_proposal(project, made, ranking, by=by)
    _give_reasons(ranking, winner, reason, loser_reasons)
    return _agreed_or_waiting(project, made, bids, by=by, now=now)


@transaction.atomic
def agree(*, award: Award, reason: str, by: User) -> Award:
    """The second person agrees with a proposed award; from now on it stands.

    Raises Denied (who proposed it, who accepts the work, a bidder, a stranger), InvalidTransition, Invalid.
    """
    project, award, now = locked_award(award)
    permissions.check_agree(project, award, standing_of(by, business_date(now)), seats_of(project))
    permissions.check_can_sign(award.bid)
    reason = given(reason, _("Say what convinced you; every bidder reads it."))
    until = _standstill_from(now)
    AWARD.move(award, "agree", agreed_at=now, agreed_by=by, agreed_reason=reason, stands_until=until)
    record(project, "award_agreed", by=by, bid=str(award.bid_id), reason=reason)
    return _standing(project, award, opened(project), now)


@transaction.atomic
def refuse(*, award: Award, reason: str, by: User) -> Award:
    """The second person does not agree: the award is cancelled, the buyer chooses again. Raises as `agree` does."""
    project, award, now = locked_award(award)
    permissions.check_agree(project, award, standing_of(by, business_date(now)), seats_of(project))
    reason = given(reason, _("Say why you do not agree; whoever proposed it reads it."))
    cancel(project, award, "award_refused", reason=reason, by=by, now=now)
    tell(
        [award.awarded_by],
        lambda: (
            _("%(name)s does not agree with your award of “%(title)s”: %(reason)s")
            % {"name": by.name, "title": project.title, "reason": reason}
        ),
        link=link(project),
    )
    return award


@transaction.atomic
def take_back(*, award: Award, reason: str, by: User) -> Award:
    """The leader of the buyer takes a choice back before it takes effect; every bidder reads why.

    Raises Denied, InvalidTransition (it took effect, or an objection is open), Invalid.
    """
    project, award, now = locked_award(award)
    who = standing_of(by, business_date(now))
    permissions.check_take_back(project, award, who)
    was_told = award.status == Award.Status.STANDING
    reason = given(reason, _("Say why the choice is taken back; every bidder reads it."))
    cancel(project, award, "award_taken_back", reason=reason, by=by, now=now)
    if was_told:
        _tell_cancelled(project, reason, now)
    return award


@transaction.atomic
def no_award(*, project: Project, reason: str, by: User) -> Project:
    """End the evaluation without an award: the hold goes back, every bidder reads why. Also by who is tied to a bidder.

    Raises Denied, InvalidTransition (not evaluating, or an award is on its way), Invalid without a reason.
    """
    project = locked(project)
    now = market_now()
    permissions.check_award(project, standing_of(by, business_date(now)))
    check_undecided(project)
    reason = given(reason, _("Say why no bid is awarded; every bidder reads it."))
    PROJECT.move(project, "award_nothing", ended_at=now, ended_reason=reason)
    holds.release(project, by=by)
    bids = opened(project)
    Bid.objects.filter(pk__in=[bid.pk for bid in bids], outcome_reason="").update(outcome_reason=reason)
    record(project, "unsuccessful", by=by, reason=reason)
    tell(
        leaders([bid.bidder for bid in bids], now),
        lambda: _("“%(title)s” ended without an award: %(reason)s") % {"title": project.title, "reason": reason},
        link=link(project),
    )
    return project


# ------------------------------------------------------------------ the standstill


@transaction.atomic
def take_effect(*, award: Award) -> Award:
    """Let a standing award take effect once its standstill is over: by the clock, once, however often it is asked.

    One that took effect or ended already, or against which an objection is open, is left as it is.
    """
    project, award, now = locked_award(award)
    take_effect_if_due(project, award, now)
    return award


def take_effect_all(now: datetime) -> int:
    """Let every award whose standstill is over take effect; how many did. Safe to run twice."""
    open_objections = Objection.objects.filter(award=OuterRef("pk"), ruling=None)
    due = Award.objects.filter(~Exists(open_objections), status=Award.Status.STANDING, stands_until__lte=now)
    return one_by_one(_takes_effect, due.order_by("stands_until"))


def _takes_effect(award: Award) -> bool:
    return take_effect(award=award).status == Award.Status.ACTIVE


def take_effect_if_due(project: Project, award: Award, now: datetime) -> None:
    if project.status != Project.Status.EVALUATING:
        return
    if award.status != Award.Status.STANDING or award.stands_until is None or now < award.stands_until:
        return
    if award.objections.filter(ruling=None).exists():
        return
    bid = award.bid
    if is_gone(bid.bidder):
        pass_over(project, bid, by=None, now=now)
        return
    AWARD.move(award, "take_effect")
    PROJECT.move(project, "award", ended_at=now)
    record(
        project, "awarded", by=None, bid=str(bid.pk), **bid.bidder_facts(),
        price_minor=bid.price_minor, reason=award.reason,
    )  # fmt: skip
    drafting.draft(award=award, by=award.awarded_by)


def _standstill_from(now: datetime) -> datetime:
    days = parameters.value("standstill_business_days", on=business_date(now))
    return end_after(now, days, company_zone())


# ------------------------------------------------------------------ a winner who does not sign, or is gone


def choose_next(*, declined: Award, reason: str, now: datetime) -> bool:
    """After the winner did not sign: propose the next rank in the name of who awarded, with a new standstill.

    The caller holds the contract's lock, has declined the award, and acts by the clock or for the supplier; money stays
    held. False when no bid is left that may win by itself: then the project ends without an award.
    """
    return _choose_following(locked(declined.project), declined, reason, now)


def pass_over(project: Project, bid: Bid, *, by: User | None, now: datetime) -> None:
    """Take the valid bid of an ME or team that ends out of the ranking, and end the award that is on its way for it.

    One that stands goes to the next rank, as when a winner does not sign. One that is only proposed was told to nobody:
    the buyer chooses again, as when the second person refuses. So it does where no bid is left that may win by itself.
    The caller holds the project's lock; by: who ended the bidder, None for the clock.
    """
    made = project.awards.filter(bid=bid, status__in=(Award.Status.PROPOSED, Award.Status.STANDING)).first()
    reason = _disqualify_gone(project, bid, by=by)
    tell(
        leaders([project.buyer], now),
        lambda: (
            _("%(me)s is dissolved, so its bid on “%(title)s” does not count any more.")
            % {"me": bidder(bid), "title": project.title}
        ),
        link=link(project),
    )
    if made is None:
        return
    was_told = made.status == Award.Status.STANDING
    _cancel(project, made, "award_cancelled", reason=reason, by=by, now=now)
    if was_told and _choose_following(project, made, reason, now):
        return
    _clear_reasons(project)
    if was_told:
        # Vendors read it too, and they read no rival's name.
        _tell_cancelled(project, _("The bidder that was chosen is dissolved."), now)


def _disqualify_gone(project: Project, bid: Bid, *, by: User | None) -> str:
    reason = _("%(me)s is dissolved.") % {"me": bidder(bid)}
    BID.move(bid, "disqualify", outcome_reason=reason)
    record(project, "bid_disqualified", by=by, bid=str(bid.pk), reason=reason)
    return reason


def _choose_following(project: Project, ended: Award, reason: str, now: datetime) -> bool:
    """Propose the next rank below an award that ended; False when no bid is left there that may win by itself.

    The clock never goes back up, nor to a bid whose award ended before: people chose against those.
    """
    bids = opened(project)
    for bid in valid(bids):
        if is_gone(bid.bidder):  # it ended while the contract of another waited for a signature
            _disqualify_gone(project, bid, by=None)
    over = set(project.awards.exclude(status__in=Award.LIVE).values_list("bid_id", "status"))
    ended_before = {bid_id for bid_id, _status in over}
    passed = {ended.bid_id, *(bid_id for bid_id, status in over if status == Award.Status.DECLINED)}
    ranking = rank(project, bids)
    left = [place for place in _below(ended, ranking) if place.bid.pk not in ended_before]
    following = next((place.bid for place in left if _may_win(project, place.bid, bids, now)), None)
    if following is None:
        return False
    if project.status == Project.Status.AWARDED:
        PROJECT.move(project, "choose_again", ended_at=None)
    made = _propose(project, following, reason, ranking, ended.awarded_by, now, passed=passed)
    _record_proposal(project, made, ranking, by=None)
    Bid.objects.filter(pk=ended.bid_id).update(outcome_reason=reason)
    # A vendor reads no rival's name.
    following.outcome_reason = reason if following.vendor_id is None else _("The bid before yours did not sign.")
    Bid.objects.filter(pk=following.pk).update(outcome_reason=following.outcome_reason)
    _agreed_or_waiting(project, made, bids, by=None, now=now)
    return True


def _below(ended: Award, ranking: Ranking) -> list[Place]:
    """The bids that the frozen arithmetic of an award ranked below its own, best first."""
    then = {row["bid"]: row["rank"] for row in ended.arithmetic["bids"]}
    own = then[str(ended.bid_id)]
    return [place for place in ranking.places if place.rank is not None and then[str(place.bid.pk)] > own]


def _may_win(project: Project, bid: Bid, bids: Sequence[Bid], now: datetime) -> bool:
    try:
        permissions.check_awardable(project, bid, 0)
        check_price_asked(project, bid, bids, now)
    except InvalidTransition:
        return False
    return True


# ------------------------------------------------------------------ what the verbs share


def _propose(
    project: Project,
    winner: Bid,
    reason: str,
    ranking: Ranking,
    by: User,
    now: datetime,
    passed: frozenset[UUID] | set[UUID] = frozenset(),
) -> Award:
    """Insert the award with its frozen arithmetic and the causes for a second person. passed: whose turn it was before,
    and who declined or is about to be gone."""
    bids = [place.bid for place in ranking.places]
    check_price_asked(project, winner, bids, now)
    others = [place.bid.price_minor or 0 for place in losers(ranking, winner) if place.rank is not None]
    ranked = [place.bid.pk for place in ranking.places if place.rank is not None and place.bid.pk not in passed]
    is_top = bool(ranked) and ranked[0] == winner.pk
    tie = None if is_top or not ranked else tie_between_lots(project, ranking, winner, ranking.of(ranked[0]).bid)
    out = [bid for bid in disqualified_before(project, bids, winner) if bid.pk not in passed]
    causes = scrutiny.causes(
        is_top=is_top,
        price_minor=winner.price_minor or 0,
        others_minor=others,
        limits=limits_on(project, business_date(now)),
        tie=_of_tie(tie),
        is_outside=winner.vendor_id is not None,
        shares_people=_shares_people(project, winner),
        passes_disqualified=bool(out),
        is_tied=bool(ties_of(project, by, business_date(now))),
        other_lots_minor=_of_other_lots(project, winner),
        was_upheld=Objection.objects.filter(award__bid=winner, ruling=Objection.Ruling.UPHELD).exists(),
    )
    arithmetic = frozen(project, ranking) | ({} if tie is None else {"split": tie.facts()})
    if out:
        arithmetic["disqualified"] = [str(bid.pk) for bid in out]
    return _insert(project, winner, reason, arithmetic, [cause.value for cause in causes], by, now)


def _shares_people(project: Project, winner: Bid) -> bool:
    """Whether somebody was in the ME that is chosen and in another one that bid, both since the publication. One
    statement. Withdrawn bids tell nothing, and a team that is gone by now counts."""
    assert project.published_at is not None  # an opened project was published
    since = business_date(project.published_at)
    places = Membership.objects.filter(Q(ended_on=None) | Q(ended_on__gte=since))
    there = places.filter(microenterprise=winner.microenterprise_id).values("person")
    rivals = project.bids.opened().exclude(pk=winner.pk).filter(microenterprise__isnull=False)
    rivals = rivals.exclude(microenterprise=winner.microenterprise_id)
    return places.filter(microenterprise__in=rivals.values("microenterprise"), person__in=there).exists()


def _of_other_lots(project: Project, winner: Bid) -> int:
    """What the bidder that is chosen gets for the other lots of the set, in minor units. One statement, for lots."""
    if project.lot_set_id is None:
        return 0
    same = Q(bid__microenterprise=winner.microenterprise_id, bid__vendor=winner.vendor_id)
    others = Award.objects.filter(same, project__lot_set=project.lot_set_id, status__in=Award.LIVE)
    total: int | None = others.exclude(project=project).aggregate(total=Sum("bid__price_minor"))["total"]
    return total or 0


def _of_tie(tie: SplitTie | None) -> scrutiny.Tie:
    if tie is None:
        return scrutiny.Tie.NONE
    return scrutiny.Tie.SPLIT if tie.settled else scrutiny.Tie.OPEN


def _record_proposal(project: Project, made: Award, ranking: Ranking, *, by: User | None) -> None:
    record(
        project, "award_proposed", by=by, bid=str(made.bid_id), **made.bid.bidder_facts(),
        price_minor=made.bid.price_minor, rank=ranking.of(made.bid_id).rank, causes=made.causes, reason=made.reason,
        **{name: made.arithmetic[name] for name in ("split", "disqualified") if name in made.arithmetic},
    )  # fmt: skip


def _insert(
    project: Project,
    winner: Bid,
    reason: str,
    arithmetic: dict[str, Any],
    causes: list[str],
    by: User,
    now: datetime,
) -> Award:
    try:
        with transaction.atomic():
            return Award.objects.create(
                project=project,
                bid=winner,
                reason=reason,
                arithmetic=arithmetic,
                causes=causes,
                awarded_at=now,
                awarded_by=by,
            )
    except IntegrityError as refused:
        raise Conflict(_("This project is awarded already. Reload the page to see the decision.")) from refused


def _agreed_or_waiting(project: Project, made: Award, bids: Sequence[Bid], *, by: User | None, now: datetime) -> Award:
    if made.causes:
        tell(
            [person for person in permissions.may_agree(project, made, now) if person != by],
            lambda: _("The award of “%(title)s” waits for a second person to agree.") % {"title": project.title},
            link=link(project),
        )
        return made
    AWARD.move(made, "stand", stands_until=_standstill_from(now))
    return _standing(project, made, bids, now)


def _standing(project: Project, made: Award, bids: Sequence[Bid], now: datetime) -> Award:
    """Tell every bidder, and let it take effect at once where there is no standstill."""
    _tell_outcome(project, bids, made, now)
    take_effect_if_due(project, made, now)
    return made


def cancel(project: Project, award: Award, deed: str, *, reason: str, by: User, now: datetime) -> None:
    """End an award that has not taken effect; what it told the bidders no longer holds."""
    _clear_reasons(project)
    _cancel(project, award, deed, reason=reason, by=by, now=now)


def _cancel(project: Project, award: Award, deed: str, *, reason: str, by: User | None, now: datetime) -> None:
    AWARD.move(award, "cancel", ended_at=now, ended_by=by, ended_reason=reason)
    record(project, deed, by=by, bid=str(award.bid_id), reason=reason)


def _clear_reasons(project: Project) -> None:
    project.bids.filter(status=Bid.Status.VALID).update(outcome_reason="")


def _give_reasons(ranking: Ranking, winner: Bid, reason: str, loser_reasons: Mapping[UUID, str]) -> None:
    """Every loser that was valid gets a reason; who was disqualified has one already."""
    Bid.objects.filter(pk=winner.pk).update(outcome_reason=reason)
    for place in losers(ranking, winner):
        if place.bid.status != Bid.Status.VALID:
            continue
        why = loser_reasons.get(place.bid.pk, "").strip()
        if not why:
            raise Invalid(
                _("Give %(me)s a reason too: every bidder learns why.") % {"me": bidder(place.bid)},
                field=f"reason_{place.bid.pk}",
            )
        Bid.objects.filter(pk=place.bid.pk).update(outcome_reason=why)
        place.bid.outcome_reason = why


def _tell_outcome(project: Project, bids: Sequence[Bid], made: Award, now: datetime) -> None:
    """Losers read their reason and until when they may object; the winner is told by the contract too."""
    for bid in valid(Bid.objects.filter(pk__in=[bid.pk for bid in bids]).select_related("microenterprise", "vendor")):
        _tell_one(project, bid, made, now)


def _tell_one(project: Project, bid: Bid, made: Award, now: datetime) -> None:
    until = made.stands_until if made.stands_until is not None and made.stands_until > now else None
    words = {"title": project.title, "reason": bid.outcome_reason, "until": exact(until) if until else ""}

    def say() -> str:
        if bid.pk == made.bid_id:
            return _("Your bid on “%(title)s” won.") % words
        if until:
            return _("Your bid on “%(title)s” did not win: %(reason)s You may object until %(until)s.") % words
        return _("Your bid on “%(title)s” did not win: %(reason)s") % words

    tell(leaders([bid.bidder], now), say, link=link(project))


def _tell_cancelled(project: Project, reason: str, now: datetime) -> None:
    tell(
        leaders([bid.bidder for bid in opened(project)], now),
        lambda: (
            _("The award of “%(title)s” was taken back, and the buyer chooses again: %(reason)s")
            % {"title": project.title, "reason": reason}
        ),
        link=link(project),
    )
