"""Who awards and who agrees, who objects and who rules (rule 6: who awards is not who accepts)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from contracts.bidders import is_gone
from contracts.lifecycle import PROJECT
from contracts.models import Award, Bid, Objection, Panelist, PriceQuestion, Project
from contracts.models.vendors import Bidder
from contracts.permissions.panel import Seat
from contracts.permissions.parts import check_untied, tied_people
from contracts.permissions.standing import Standing
from core.clock import business_date
from core.errors import Denied, InvalidTransition, TooLate
from core.words.instants import exact
from microenterprises.models import Membership
from people.models import Role, User


def check_award(project: Project, who: Standing) -> None:
    """The leader of the buyer decides, unless they are also who accepts the work."""
    if project.buyer is None:
        raise InvalidTransition(_("This is a real tender shown for reference; nothing is awarded here."))
    if not who.leads(project.buyer_id):
        raise Denied(_("Only the leader of %(me)s awards this project.") % {"me": project.buyer.name})
    if who.user.pk == project.acceptor_id:
        raise Denied(
            _("You accept the work of this project, and who awards is not who accepts. Another leader must award it.")
        )
    _check_open(project)


def check_impartial(project: Project, who: Standing) -> None:
    """Who is tied to a bidder chooses between the bids in no way; they may still end it without an award (rule 6).

    Two statements.
    """
    check_untied(project, who.user, who.on, _mend(project), lately=False)


def check_disqualify(project: Project, who: Standing) -> None:
    """Who awards takes a bid out of the ranking, unless they were at a bidder not long ago. Two statements."""
    check_award(project, who)
    check_untied(project, who.user, who.on, _mend(project))


def check_take_back(project: Project, award: Award, who: Standing) -> None:
    """Who may choose takes a choice back, but not from under an open objection. Up to three statements."""
    check_award(project, who)
    check_impartial(project, who)
    if award.objections.filter(ruling=None).exists():
        raise InvalidTransition(_("An objection is open. The steward rules on it before this choice is taken back."))


def _mend(project: Project) -> str:
    return _(
        "So you do not choose between the bids. Hand the lead of %(me)s over to somebody who may, or end without an "
        "award."
    ) % {"me": project.buyer.name if project.buyer is not None else ""}


def check_awardable(project: Project, bid: Bid, unscored: int) -> None:
    """Whether the decision may fall on this bid. `unscored`: how many valid bids still wait for the panel."""
    if bid.project_id != project.pk or bid.status != Bid.Status.VALID:
        raise InvalidTransition(_("This bid is not a valid bid of this project, so it cannot win."))
    if unscored:
        raise InvalidTransition(
            _("The panel has not judged the quality of every bid yet. Award when all of them have their points.")
        )
    check_can_sign(bid)
    if bid.microenterprise_id == project.buyer_id:
        raise Denied(_("Nobody buys from themselves."))


def check_can_sign(bid: Bid) -> None:
    """Whether the bidder is still there. Refusing an award, or taking it back, needs none."""
    if bid.bidder is None or is_gone(bid.bidder):
        raise InvalidTransition(_("The bidder is dissolved, so it cannot sign. Choose another bid or none."))


# ------------------------------------------------------------------ the second person


def check_agree(project: Project, award: Award, who: Standing, panel: Iterable[Seat]) -> None:
    """Another member of the buyer, of the panel, or the steward agrees; never who proposed, accepts, audits, or is or
    was not long ago tied to a bidder. Two statements."""
    if award.status != Award.Status.PROPOSED:
        raise InvalidTransition(_("Nothing waits for a second person here."))
    if who.user.has_role(Role.AUDITOR):
        raise Denied(_("The auditor reads everything and takes no part, so somebody else has to agree."))
    if who.user.pk == award.awarded_by_id:
        raise Denied(_("You proposed this award, so somebody else has to agree with it."))
    if who.user.pk == project.acceptor_id:
        raise Denied(_("You accept the work of this project, and who awards is not who accepts."))
    is_judge = any(seat.person_id == who.user.pk for seat in panel)
    if not is_judge and not who.belongs_to(project.buyer_id) and not who.user.has_role(Role.STEWARD):
        raise Denied(_("A second member of the buyer, somebody of the panel or the steward agrees with this award."))
    check_untied(project, who.user, who.on, _("So somebody else has to agree with this award."))


def may_agree(project: Project, award: Award, now: datetime) -> list[User]:
    """Who is asked to agree: members of the buyer and the panel, as `check_agree` lets them. One statement."""
    today = business_date(now)
    buyers = Membership.objects.active(today).filter(microenterprise=project.buyer_id).values("person")
    people = User.objects.filter(pk__in=buyers) | User.objects.filter(pk__in=project.panel.values("person"))
    left_out = [person for person in (award.awarded_by_id, project.acceptor_id) if person is not None]
    conflicted = project.panel.filter(status=Panelist.Status.CONFLICTED).values("person")
    free = people.exclude(pk__in=left_out).exclude(pk__in=conflicted).exclude(pk__in=tied_people(project, today))
    return list(free.exclude(roles__contains=[Role.AUDITOR]).filter(is_active=True))


# ------------------------------------------------------------------ a low price


def check_answer(bid: Bid, question: PriceQuestion | None, who: Standing, now: datetime) -> None:
    """The leader of the bidder explains its price, once, before the time is over."""
    if not who.leads(bid.bidder_id):
        raise Denied(_("Only the leader of the bidder explains its price."))
    if question is None:
        raise InvalidTransition(_("Nobody asked about this price."))
    if question.answered_at is not None:
        raise InvalidTransition(_("The price is explained already; everybody who sees the bids reads it."))
    if now >= question.answer_until:
        raise TooLate(_("The time to explain the price ended at %(until)s.") % {"until": exact(question.answer_until)})


# ------------------------------------------------------------------ objections


def check_object(
    award: Award, bids: Iterable[Bid], who: Standing, now: datetime, *, objected: Collection[UUID]
) -> Bidder:
    """The leader of an ME, or who signs in for a vendor, that bid and was not chosen objects while the award stands;
    the bidder it is for. objected: the bidders that have already.
    """
    firm = objecting_firm(award, bids, who, objected=objected)
    if firm is None:
        raise Denied(_("Only the leader of an ME that bid here and was not chosen may object."))
    if award.status == Award.Status.PROPOSED:
        raise InvalidTransition(_("This award waits for a second person. You may object once it stands."))
    if award.status != Award.Status.STANDING or award.stands_until is None:
        raise InvalidTransition(_("This award does not stand for objections any more."))
    if now >= award.stands_until:
        raise TooLate(_("Objections were possible until %(until)s.") % {"until": exact(award.stands_until)})
    return firm


def objecting_firm(award: Award, bids: Iterable[Bid], who: Standing, *, objected: Collection[UUID]) -> Bidder | None:
    """The first bidder that the person speaks for, bid here, was not chosen, and has not objected yet; the first one
    when all have. None for who speaks for the winner too: nobody holds up their own award."""
    rows = list(bids)
    if any(bid.pk == award.bid_id and who.leads(bid.bidder_id) for bid in rows):
        return None
    mine = [bid for bid in rows if bid.pk != award.bid_id and who.leads(bid.bidder_id)]
    left = [bid for bid in mine if bid.bidder_id not in objected]
    return next((bid.bidder for bid in (*left, *mine)), None)


def check_rule(objection: Objection, who: Standing, stewards: Mapping[UUID, str]) -> None:
    """A steward without a part in it rules on an open objection. stewards: as `parts.stewards` reads them."""
    part = stewards.get(who.user.pk)
    if part is None:
        raise Denied(_("Only the steward rules on objections."))
    if part:
        raise Denied(f"{part} {who_rules(stewards)}")
    if objection.ruling is not None:
        raise InvalidTransition(_("This objection is ruled on already."))


def who_rules(stewards: Mapping[UUID, str]) -> str:
    """Who has to rule instead of a steward with a part in it, and what to do when there is nobody."""
    if "" in stewards.values():
        return _("So another steward must rule on this objection.")
    return _("No steward is left who may rule on this objection: HR names another steward, and until then it waits.")


def _check_open(project: Project) -> None:
    if project.status == Project.Status.PUBLISHED:
        raise InvalidTransition(_("The bids are sealed until the deadline has passed and they are opened."))
    PROJECT.check(project.status, "award")
