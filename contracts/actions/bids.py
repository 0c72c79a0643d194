"""The verbs of a bid: submit, revise, withdraw, and reading one's own while it is sealed.

Rule 3: the instant that decides is read under the project's lock, which the opening takes too. Rule 2: nothing here
writes a name, a price or a plan in clear, tells anybody but the bidder, or logs; what belongs into the audit trail is
sealed until the opening.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts import criteria, letters, sealing
from contracts.actions.projects import locked
from contracts.lifecycle import BID
from contracts.models import Bid, Project, Vendor, VendorSeat
from contracts.models.vendors import Bidder
from contracts.permissions import bids as permissions
from contracts.permissions.standing import Standing, standing_of
from contracts.sealing import LONGEST_ANSWER, LONGEST_PLAN, Terms
from contracts.versions import ProjectChanged
from core import money
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from microenterprises.models import Membership
from people.models import User

LONGEST_TIME_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bidder types: price in minor units, days from signing to the last delivery, the plan in words, and an
    answer to each criterion that asks for one."""

    price_minor: int
    days: int
    plan: str
    answers: Sequence[str] = ()


@transaction.atomic
def submit(
    *,
    project: Project,
    microenterprise: Bidder,
    price_minor: int,
    days: int,
    plan: str,
    by: User,
    seen: int | None = None,
    answers: Sequence[str] = (),
) -> Bid:
    """Submit a sealed bid for an ME or an outside vendor; `receipt` of the returned bid is what the bidder keeps.

    microenterprise: who bids; a vendor stands here as an ME does, with the same words, times and checks (rule 9).
    seen: the version of the project's words the bidder read; None: whichever holds now. answers: one for each criterion
    that asks for one, in their order.
    Raises Denied (not its leader, own project, panel, other currency), InvalidTransition (not open yet), TooLate (at
    the deadline or later), Invalid (`field` says what), Conflict (the ME has a live bid here, or the project changed).
    """
    project = locked(project)
    now = market_now()
    _check_seen(project, seen)
    who = standing_of(by, business_date(now))
    _check_may_bid(project, microenterprise, who, now)
    offer = _checked(project, Offer(price_minor, days, plan, answers))
    token = sealing.bidder_token(project.pk, microenterprise.pk)
    if Bid.objects.filter(project=project, bidder_token=token).exclude(status=Bid.Status.WITHDRAWN).exists():
        raise _second_bid(microenterprise)
    bid = Bid(project=project, bidder_token=token, submitted_at=now)
    terms = _terms(project, offer, microenterprise, by)
    bid.receipt = terms.receipt()
    try:
        with _written_in_time(project):
            bid.save(force_insert=True)
            sealing.seal_terms(bid, terms, project.revision)
    except IntegrityError as refused:
        if "one_live_bid_per_me_and_project" in str(refused):
            raise _second_bid(microenterprise) from None
        raise
    _keep(bid, "submitted", by, now)
    _send_receipt(bid, by)
    return bid


@transaction.atomic
def revise(
    *,
    bid: Bid,
    price_minor: int,
    days: int,
    plan: str,
    by: User,
    seen: int | None = None,
    answers: Sequence[str] = (),
) -> Bid:
    """Replace the terms of one's live bid. Its place in time restarts now, and there is a new receipt.

    seen: as for `submit`; a revised bid is one for the words that hold now.

    Raises what `submit` raises, and InvalidTransition when the bid was withdrawn.
    """
    project, bid, now = _locked(bid)
    _check_seen(project, seen)
    who = standing_of(by, business_date(now))
    firm = _own_firm(project, bid, who)
    _check_may_bid(project, firm, who, now)
    offer = _checked(project, Offer(price_minor, days, plan, answers))
    terms = _terms(project, offer, firm, by)
    with _written_in_time(project):
        BID.move(bid, "revise", revision=bid.revision + 1, submitted_at=now, receipt=terms.receipt())
        sealing.seal_terms(bid, terms, project.revision)
    _keep(bid, "revised", by, now)
    _send_receipt(bid, by)
    return bid


@transaction.atomic
def confirm(*, bid: Bid, seen: int, by: User) -> Bid:
    """Let one's bid stand for the changed words of its project. Its place in time, terms and receipt stay.

    seen: the version of the words the bidder read. Nothing of the bid's row changes, so that nobody learns of it before
    the opening; an unconfirmed bid stays sealed for ever. Raises what `revise` raises, Conflict when the project
    changed again, InvalidTransition when there is nothing to confirm, Invalid when the price is above the new ceiling.
    """
    project, bid, now = _locked(bid)
    who = standing_of(by, business_date(now))
    _check_may_bid(project, _own_firm(project, bid, who), who, now)
    _check_seen(project, seen)
    BID.check(bid.status, "confirm")
    if bid.pk not in sealing.stale_among(Bid.objects.select_related("sealed").filter(pk=bid.pk), project):
        raise InvalidTransition(_("Your bid is one for the words that hold now; there is nothing to confirm."))
    terms = read_own_bid(bid=bid, by=by)
    _check_price(project, terms.price_minor)
    with _written_in_time(project):
        sealing.confirm_terms(bid, project.revision)
    _keep(bid, "confirmed", by, now, made_for=project.revision)
    _send_receipt(bid, by, confirmed=now)
    return bid


@transaction.atomic
def withdraw(*, bid: Bid, by: User) -> Bid:
    """Take one's live bid back before the deadline. It stays sealed for ever; another may be submitted in time.

    Raises Denied, InvalidTransition, TooLate.
    """
    project, bid, now = _locked(bid)
    permissions.check_time(project, now)
    _own_firm(project, bid, standing_of(by, business_date(now)))
    with _written_in_time(project):
        BID.move(bid, "withdraw")
    _keep(bid, "withdrawn", by, now)
    return bid


@transaction.atomic
def read_own_bid(*, bid: Bid, by: User) -> Terms:
    """The sealed terms of a bid for its author or for who speaks for the bidder now; the reading is kept as a deed.

    The only way to read a bid before it is opened. Raises Denied for everybody else, in words that tell nothing, and
    for an account that got another address after the bid was sealed.
    """
    now = market_now()
    bid = Bid.objects.select_related("sealed").get(pk=bid.pk)
    terms = sealing.open_terms(bid)
    if (terms.vendor or terms.author != str(by.pk)) and not _speaks(terms, by, now):
        raise Denied(_("Sealed bids are read by their author and the leader of the bidding ME only."))
    # After opening everybody reads the clear columns, so only a reading of what is sealed is a deed.
    if bid.opened_at is None:
        permissions.check_same_holder(bid, by)
        _keep(bid, "read", by, now)
    return terms


# ------------------------------------------------------------------ what the verbs share


def _locked(bid: Bid) -> tuple[Project, Bid, datetime]:
    """The project under its lock, the bid as it is now, and the instant that decides."""
    project = locked(Project(pk=bid.project_id))
    now = market_now()
    return project, Bid.objects.get(pk=bid.pk), now


@contextmanager
def _written_in_time(project: Project) -> Iterator[None]:
    """What the database refuses from the deadline on is late: a demo's clock may jump between the instant and the row.

    Raises TooLate; any other refusal of the database as it is.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        permissions.check_time(project, market_now())
        raise


def _check_seen(project: Project, seen: int | None) -> None:
    if seen is not None and seen != project.revision:
        raise ProjectChanged(_("The project changed after you opened this page. Read what changed, then decide again."))


def _check_may_bid(project: Project, firm: Bidder, who: Standing, now: datetime) -> None:
    permissions.check_bid(project, firm, who, barred=permissions.barred(project, who), now=now)


def _own_firm(project: Project, bid: Bid, who: Standing) -> Bidder:
    """The bidder of the bid, for whom somebody speaks now. Raises Denied, in words that tell nothing."""
    firms = {firm.pk: firm for firm in who.bidders}
    found = sealing.bidder_tokens([project.pk.bytes], firms).get(bid.bidder_token) if firms else None
    if found is None:
        raise Denied(_("Only the leader of the bidding ME changes its bid."))
    return firms[found]


def _speaks(terms: Terms, person: User, now: datetime) -> bool:
    if terms.vendor:
        outside = person.is_vendor and person.is_active
        return outside and VendorSeat.objects.filter(person=person, vendor=UUID(terms.vendor)).exists()
    places = Membership.objects.active(business_date(now))
    return places.filter(person=person, microenterprise=UUID(terms.microenterprise), is_lead=True).exists()


def _checked(project: Project, offer: Offer) -> Offer:
    _check_price(project, offer.price_minor)
    if not 1 <= offer.days <= LONGEST_TIME_DAYS:
        raise Invalid(_("Give the days from signing to the last delivery, at least 1."), field="days")
    plan = offer.plan.replace("\r\n", "\n").strip()
    if not plan:
        raise Invalid(_("Say how you will reach what success means; the plan is part of the bid."), field="plan")
    if len(plan) > LONGEST_PLAN:
        raise Invalid(_("The plan is longer than %(most)s signs. Shorten it.") % {"most": LONGEST_PLAN}, field="plan")
    return Offer(offer.price_minor, offer.days, plan, _answers(project, offer.answers))


def _answers(project: Project, answers: Sequence[str]) -> list[str]:
    """An answer for each criterion that asks for one. Raises Invalid; `field` is that of the page."""
    asking = criteria.asking(project.criteria.order_by("place"))
    if len(answers) > len(asking):
        raise Invalid(_("There are more answers than criteria that ask for one."), field="plan")
    found = [answer.replace("\r\n", "\n").strip() for answer in answers]
    found += [""] * (len(asking) - len(found))
    for criterion, answer in zip(asking, found, strict=True):
        field = f"answer_{criterion.place}"
        if not answer:
            raise Invalid(
                _("Say how you meet “%(criterion)s”; the panel judges your answer.") % {"criterion": criterion.title},
                field=field,
            )
        if len(answer) > LONGEST_ANSWER:
            raise Invalid(
                _("The answer is longer than %(most)s signs. Shorten it.") % {"most": LONGEST_ANSWER}, field=field
            )
    return found


def _check_price(project: Project, price_minor: int) -> None:
    ceiling = "" if project.ceiling_minor is None else money.write(project.ceiling_minor, project.currency)
    permissions.check_price(project, price_minor, ceiling)


def _terms(project: Project, offer: Offer, firm: Bidder, by: User) -> Terms:
    return sealing.new_terms(
        microenterprise=None if isinstance(firm, Vendor) else firm.pk,
        vendor=firm.pk if isinstance(firm, Vendor) else None,
        author=by.pk,
        price_minor=offer.price_minor,
        days=offer.days,
        plan=offer.plan,
        answers=offer.answers,
        two_envelopes=project.two_envelopes,
    )


def _second_bid(firm: Bidder) -> Conflict:
    return Conflict(
        _("%(me)s has a bid on this project already. Revise it instead; one ME has one bid.") % {"me": firm.name}
    )


def _keep(bid: Bid, deed: str, by: User, now: datetime, **facts: Any) -> None:
    sealing.keep_deed(
        bid.project_id,
        deed=deed,
        bid=bid.pk,
        actor=by.pk,
        actor_name=by.name,
        at=now,
        revision=bid.revision,
        receipt=bid.receipt,
        **facts,
    )


def _send_receipt(bid: Bid, by: User, confirmed: datetime | None = None) -> None:
    """The receipt goes to the bidder by mail after the commit; its facts travel sealed."""
    sealed = sealing.seal_letter(
        bid.project_id,
        {
            "person": str(by.pk),
            "receipt": bid.receipt,
            "at": bid.submitted_at.isoformat(),
            "revision": str(bid.revision),
            "confirmed": confirmed.isoformat() if confirmed is not None else "",
        },
    )
    transaction.on_commit(partial(letters.send_off, str(bid.project_id), sealed))
