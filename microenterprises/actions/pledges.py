"""Pledging money to an idea and taking it back. What is pledged waits in the idea's escrow until launch."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core import audit, money
from core.clock import market_now
from core.errors import Invalid, InvalidTransition
from core.parameters import value
from ledger.writer import post_one
from microenterprises import entries, lifecycle
from microenterprises.actions.firms import check_active
from microenterprises.actions.money import check_amount
from microenterprises.models import Idea, Microenterprise, Pledge
from microenterprises.permissions import check_dissolve, check_lead, check_pledge, check_refund, place_of
from people.models import User
from people.notices import tell


@transaction.atomic
def pledge(*, idea: Idea, amount_minor: int, by: User, microenterprise: Microenterprise | None = None) -> Pledge:
    """Pledge one's own money, or money from the wallet of the ME one leads.

    Nobody confirms that a person has the money, so it is at most `own_limit_minor` to one idea; an ME has what is in
    its wallet. Raises Denied, InvalidTransition (not published), Invalid (amount, currency), InsufficientFunds (the
    ME's wallet).
    """
    firm = _locked_firm(microenterprise) if microenterprise is not None else None
    row = _locked(idea)
    check_pledge(by)
    check_gathering(row)
    check_amount(amount_minor)
    if firm is not None:
        _check_backer(firm, row, by)
    else:
        _check_own(amount_minor, row, by)
    made = Pledge.objects.create(
        idea=row, person=by, microenterprise=firm, amount_minor=amount_minor, pledged_at=market_now()
    )
    post_one(entries.pledge(made), by=str(by.pk))
    _told(made, "pledge.made", by)
    if by.pk != row.owner_id:
        tell(
            [row.owner],
            lambda: _("%(person)s pledged to %(title)s.") % {"person": by.name, "title": row.title},
            link=f"/ideas/{row.pk}/",
        )
    return made


@transaction.atomic
def refund(*, pledge: Pledge, by: User) -> Pledge:
    """Take a pledge back before launch. Raises Denied (only who pledged), InvalidTransition (launched, refunded)."""
    row = Pledge.objects.only("idea_id").get(pk=pledge.pk)
    _locked(Idea(pk=row.idea_id))
    taken = (
        Pledge.objects.select_for_update(of=("self",))
        .select_related("idea", "person", "microenterprise")
        .get(pk=pledge.pk)
    )
    check_refund(by, taken)
    return give_back(taken, now=market_now(), by=by)


@transaction.atomic
def refund_all_of(*, microenterprise: Microenterprise, by: User) -> list[Pledge]:
    """Take back everything an ME pledged to ideas that are not launched, for example before it is wound up.

    Raises Denied (only its leader, or the steward when nobody leads it).
    """
    check_dissolve(place_of(by, microenterprise))
    mine = Pledge.objects.filter(microenterprise=microenterprise, status=Pledge.Status.HELD)
    for idea in Idea.objects.filter(pledges__in=mine).distinct().order_by("pk"):
        _locked(idea)
    now = market_now()
    rows = mine.select_for_update(of=("self",)).select_related("idea", "person", "microenterprise")
    return [give_back(row, now=now, by=by) for row in rows]


def give_back(pledge: Pledge, *, now: datetime, by: User) -> Pledge:
    """The refund itself, for a pledge whose idea is locked."""
    lifecycle.PLEDGE.move(pledge, "refund", settled_at=now)
    post_one(entries.refund(pledge), by=str(by.pk))
    _told(pledge, "pledge.refunded", by)
    return pledge


def held(idea: Idea) -> QuerySet[Pledge]:
    """The pledges an idea holds, locked, oldest first. The idea is locked before."""
    return (
        Pledge.objects.select_for_update(of=("self",))
        .filter(idea=idea, status=Pledge.Status.HELD)
        .select_related("idea", "person", "microenterprise")
        .order_by("pledged_at", "pk")
    )


def pledged_minor(idea: Idea) -> int:
    """What an idea holds in pledges, or held when it was launched."""
    counted = Pledge.objects.filter(idea=idea).exclude(status=Pledge.Status.REFUNDED)
    total: int | None = counted.aggregate(total=Sum("amount_minor"))["total"]
    return total or 0


def check_gathering(idea: Idea) -> None:
    """Money and people come to an idea between publication and launch."""
    if idea.status == Idea.Status.DRAFT:
        raise InvalidTransition(_("This idea is not published yet."))
    if idea.status == Idea.Status.LAUNCHED:
        raise InvalidTransition(_("This idea is launched; pledges have become stakes."))
    if idea.status == Idea.Status.WITHDRAWN:
        raise InvalidTransition(_("This idea was withdrawn."))


def own_limit_minor(idea: Idea) -> int:
    """What one person pledges of their own money to an idea at most today, in minor units."""
    found: int = value("largest_personal_pledge") * 10 ** money.decimals(idea.currency)
    return found


def _check_own(amount_minor: int, idea: Idea, by: User) -> None:
    mine = Pledge.objects.filter(idea=idea, person=by, microenterprise=None, status=Pledge.Status.HELD)
    before: int = mine.aggregate(total=Coalesce(Sum("amount_minor"), 0))["total"]
    limit = own_limit_minor(idea)
    if before + amount_minor > limit:
        raise Invalid(
            _(
                "Of their own money a person pledges at most %(limit)s to an idea, and you have pledged %(before)s. "
                "Pledge less, or from the wallet of an ME you lead."
            )
            % {"limit": money.write(limit, idea.currency), "before": money.write(before, idea.currency)},
            field="amount",
        )


def _check_backer(firm: Microenterprise, idea: Idea, by: User) -> None:
    check_lead(place_of(by, firm))
    check_active(firm)
    if firm.currency != idea.currency:
        raise Invalid(
            _("%(me)s keeps its books in %(ours)s and this idea in %(theirs)s; the market exchanges nothing.")
            % {"me": firm.name, "ours": firm.currency, "theirs": idea.currency},
            field="source",
        )


def _locked_firm(firm: Microenterprise) -> Microenterprise:
    return Microenterprise.objects.select_for_update(no_key=True).get(pk=firm.pk)


def _locked(idea: Idea) -> Idea:
    return Idea.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=idea.pk)


def _told(pledge: Pledge, deed: str, by: User) -> None:
    audit.record(
        by=by,
        deed=deed,
        subject=f"idea:{pledge.idea_id}",
        about=pledge.idea.title,
        amount_minor=pledge.amount_minor,
        currency=pledge.idea.currency,
        microenterprise=pledge.microenterprise.name if pledge.microenterprise else "",
    )
