"""A price that is too good: its bidder is asked, and answers for all to read. The rule itself is `scrutiny`."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from contracts import scrutiny
from contracts.actions.evaluation import bidder, given, locked_bid, opened
from contracts.actions.projects import leaders, link, record
from contracts.models import Bid, PriceQuestion, Project
from contracts.permissions import awards as permissions
from contracts.permissions.projects import check_undecided
from contracts.permissions.standing import standing_of
from contracts.ranking import contenders
from core import money, parameters
from core.clock import business_date
from core.errors import Conflict, InvalidTransition
from core.words.instants import exact
from people.models import User
from people.notices import tell


@transaction.atomic
def ask_about_price(*, bid: Bid, by: User) -> PriceQuestion:
    """Ask a bidder whose price is abnormally low how it can be kept. Only the leader of the buyer, once.

    Raises Denied, InvalidTransition (not evaluating, not abnormally low, an award is on its way), Conflict (asked).
    """
    project, bid, now = locked_bid(bid)
    who = standing_of(by, business_date(now))
    permissions.check_award(project, who)
    permissions.check_impartial(project, who)
    check_undecided(project)
    bids = opened(project)
    low = low_price_of(project, bid, bids, limits_on(project, business_date(now)))
    if low is None:
        raise InvalidTransition(_("This price is not abnormally low, so there is nothing to ask."))
    days = parameters.value("low_price_answer_days", on=business_date(now))
    question, is_new = PriceQuestion.objects.get_or_create(
        bid=bid, defaults={"asked_at": now, "asked_by": by, "answer_until": now + timedelta(days=days)}
    )
    if not is_new:
        raise Conflict(_("The bidder was asked already. Reload the page to see the answer."))
    record(project, "price_questioned", by=by, bid=str(bid.pk), mean_minor=low.mean_minor, next_minor=low.next_minor)
    tell(
        leaders([bid.bidder], now),
        lambda: (
            _("Your price on “%(title)s” is very low. Say by %(until)s how you keep it, or it may be passed over.")
            % {"title": project.title, "until": exact(question.answer_until)}
        ),
        link=f"{link(project)}bids/{bid.pk}/price/",
    )
    return question


@transaction.atomic
def answer_about_price(*, bid: Bid, answer: str, by: User) -> PriceQuestion:
    """Explain an abnormally low price; everybody who sees the bids reads it. Only the leader of the bidder, once.

    Raises Denied, InvalidTransition (nobody asked, or answered already), TooLate, Invalid.
    """
    project, bid, now = locked_bid(bid)
    question = PriceQuestion.objects.select_for_update().filter(bid=bid).first()
    permissions.check_answer(bid, question, standing_of(by, business_date(now)), now)
    if question is None:
        raise InvalidTransition(_("Nobody asked about this price."))
    question.answer = given(answer, _("Say how you keep this price; everybody who sees the bids reads it."), "answer")
    question.answered_at, question.answered_by = now, by
    question.save(update_fields=["answer", "answered_at", "answered_by"])
    record(project, "price_explained", by=by, bid=str(bid.pk), answer=question.answer)
    tell(
        leaders([project.buyer], now),
        lambda: _("%(bidder)s explained its price on “%(title)s”.") % {"bidder": bidder(bid), "title": project.title},
        link=link(project),
    )
    return question


def low_price_of(project: Project, bid: Bid, bids: Sequence[Bid], limits: scrutiny.Limits) -> scrutiny.LowPrice | None:
    """What makes the price of a bid abnormally low among those of its project that may win too, or None."""
    if bid.price_minor is None:
        return None
    others = [row.price_minor for row in contenders(project, bids) if row.pk != bid.pk and row.price_minor is not None]
    return scrutiny.low_price(bid.price_minor, others, limits)


def limits_on(project: Project, day: date) -> scrutiny.Limits:
    """The limits of a day, in minor units of the project's currency."""
    names = ("award_large_from_units", "low_price_under_mean_bp", "low_price_under_next_bp")
    values = parameters.values(*names, on=day)
    large, under_mean, under_next = (values[name] for name in names)
    return scrutiny.Limits(large * 10 ** money.decimals(project.currency), under_mean, under_next)


def check_price_asked(project: Project, winner: Bid, bids: Sequence[Bid], now: datetime) -> None:
    """An abnormally low price wins only after its bidder was asked and has answered, or let the time pass."""
    if low_price_of(project, winner, bids, limits_on(project, business_date(now))) is None:
        return
    question = PriceQuestion.objects.filter(bid=winner).first()
    if question is None:
        raise InvalidTransition(
            _("The price of %(bidder)s is abnormally low. Ask how it can be kept before you choose this bid.")
            % {"bidder": bidder(winner)}
        )
    if question.answered_at is None and now < question.answer_until:
        raise InvalidTransition(
            _("%(bidder)s was asked about its low price and may answer until %(until)s.")
            % {"bidder": bidder(winner), "until": exact(question.answer_until)}
        )
