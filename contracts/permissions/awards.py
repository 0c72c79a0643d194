"""Who awards and who agrees, who objects and who rules (rule 6: who awards is not who accepts)."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from contracts.bidders import is_gone
from contracts.lifecycle import PROJECT
from contracts.models import Award, Bid, Objection, Panelist, PriceQuestion, Project
from contracts.models.vendors import Bidder
from contracts.permissions.panel import Seat
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


def check_impartial(bids: Iterable[Bid], who: Standing) -> None:
    """Nobody judges bids of which one is their own ME's, also when they joined that ME after it bid (rule 6).

    A vendor has no members in the market, so nobody here can be one of its people.
    """
    for bid in bids:
        if bid.microenterprise is not None and who.belongs_to(bid.microenterprise_id):
            raise Denied(
                _("You are a member of %(supplier)s: nobody accepts their own work.")
                % {"supplier": bid.microenterprise.name}
            )


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


def check_agree(project: Project, award: Award, bids: Iterable[Bid], who: Standing, panel: Iterable[Seat]) -> None:
    """Another member of the buyer, of the panel, or the steward agrees; never who proposed, accepts, or bid, nor whom
    a conflict of interest took off the panel."""
    if award.status != Award.Status.PROPOSED:
        raise InvalidTransition(_("Nothing waits for a second person here."))
    if who.user.pk == award.awarded_by_id:
        raise Denied(_("You proposed this award, so somebody else has to agree with it."))
    if who.user.pk == project.acceptor_id:
        raise Denied(_("You accept the work of this project, and who awards is not who accepts."))
    seat = next((seat for seat in panel if seat.person_id == who.user.pk), None)
    if seat is not None and seat.status == Panelist.Status.CONFLICTED:
        raise Denied(_("You have a conflict of interest here, so somebody else has to agree with this award."))
    if seat is None and not who.belongs_to(project.buyer_id) and not who.user.has_role(Role.STEWARD):
        raise Denied(_("A second member of the buyer, somebody of the panel or the steward agrees with this award."))
    check_impartial(bids, who)


def may_agree(project: Project, award: Award, bids: Iterable[Bid], now: datetime) -> list[User]:
    """Who is asked to agree: members of the buyer and the panel, as `check_agree` lets them. Two statements."""
    today = business_date(now)
    bidders = Membership.objects.active(today).filter(
        microenterprise__in=[bid.microenterprise_id for bid in bids if bid.microenterprise_id is not None]
    )
    buyers = Membership.objects.active(today).filter(microenterprise=project.buyer_id).values("person")
    people = User.objects.filter(pk__in=buyers) | User.objects.filter(pk__in=project.panel.values("person"))
    left_out = [person for person in (award.awarded_by_id, project.acceptor_id) if person is not None]
    conflicted = project.panel.filter(status=Panelist.Status.CONFLICTED).values("person")
    free = people.exclude(pk__in=conflicted)
    return list(free.exclude(pk__in=left_out).exclude(pk__in=bidders.values("person")).filter(is_active=True))


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


def check_object(award: Award, bids: Iterable[Bid], who: Standing, now: datetime) -> Bidder:
    """The leader of an ME, or who signs in for a vendor, that bid and was not chosen objects while the award stands;
    the bidder it is for.
    """
    firm = objecting_firm(award, bids, who)
    if firm is None:
        raise Denied(_("Only the leader of an ME that bid here and was not chosen may object."))
    if award.status == Award.Status.PROPOSED:
        raise InvalidTransition(_("This award waits for a second person. You may object once it stands."))
    if award.status != Award.Status.STANDING or award.stands_until is None:
        raise InvalidTransition(_("This award does not stand for objections any more."))
    if now >= award.stands_until:
        raise TooLate(_("Objections were possible until %(until)s.") % {"until": exact(award.stands_until)})
    return firm


def objecting_firm(award: Award, bids: Iterable[Bid], who: Standing) -> Bidder | None:
    """The first bidder that the person speaks for, bid here, and was not chosen."""
    for bid in bids:
        if bid.pk != award.bid_id and who.leads(bid.bidder_id):
            return bid.bidder
    return None


def check_rule(project: Project, objection: Objection, bids: Iterable[Bid], who: Standing) -> None:
    """A steward without a part in it rules on an open objection."""
    if not who.user.has_role(Role.STEWARD):
        raise Denied(_("Only the steward rules on objections."))
    if who.belongs_to(project.buyer_id):
        raise Denied(_("You are a member of the buyer, so another steward must rule on this objection."))
    check_impartial(bids, who)
    if objection.ruling is not None:
        raise InvalidTransition(_("This objection is ruled on already."))


def _check_open(project: Project) -> None:
    if project.status == Project.Status.PUBLISHED:
        raise InvalidTransition(_("The bids are sealed until the deadline has passed and they are opened."))
    PROJECT.check(project.status, "award")
