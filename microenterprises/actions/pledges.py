"""Pledging money to an idea and taking it back. What is pledged waits in the idea's escrow until launch.

An ME's pledge is paid from its wallet at once. A person's own money is promised, and is in the escrow from when
somebody of finance has recorded the paper by which it came in.
"""

from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import audit, money
from core.clock import market_now
from core.errors import Conflict, Invalid, InvalidTransition
from core.parameters import value
from ledger.writer import post_one
from microenterprises import entries, lifecycle, names, sentences
from microenterprises.actions.money import check_amount, check_dated, check_document
from microenterprises.models import Idea, Microenterprise, Pledge
from microenterprises.permissions import (
    check_dissolve,
    check_lead,
    check_pledge,
    check_receive_pledge,
    check_refund,
    place_of,
)
from microenterprises.rules import check_active
from people.models import User
from people.notices import tell


@transaction.atomic
def pledge(*, idea: Idea, amount_minor: int, by: User, microenterprise: Microenterprise | None = None) -> Pledge:
    """Promise one's own money, or pay money in from the wallet of the ME one leads.

    A promise counts once it is received (see `receive`); it is at most `own_limit_minor` to one idea.
    Raises Denied, InvalidTransition (not published), Invalid (amount, currency), InsufficientFunds (the ME's wallet).
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
        idea=row,
        person=by,
        microenterprise=firm,
        amount_minor=amount_minor,
        status=Pledge.Status.HELD if firm is not None else Pledge.Status.PROMISED,
        pledged_at=market_now(),
    )
    if firm is not None:
        post_one(entries.pledge(made), by=str(by.pk))
    _told(made, "pledge.made" if firm is not None else "pledge.promised", by)
    if by.pk != row.owner_id:
        tell(
            [row.owner],
            lambda: _("%(person)s pledged to %(title)s.") % {"person": by.name, "title": row.title},
            link=f"/ideas/{row.pk}/",
        )
    return made


@transaction.atomic
def receive(*, pledge: Pledge, document: str, dated: date, by: User) -> Pledge:
    """Record that the money a person promised came in: all of it, by one paper, into the idea's escrow.

    document: its number. dated: the day on which the money came in. Raises Denied (only finance, and not who pledged),
    Invalid (no document, a day to come), Conflict (a paper pays one pledge to an idea), InvalidTransition.
    """
    row = _taken(pledge)
    check_receive_pledge(by, row)
    lifecycle.PLEDGE.check(row.status, "receive")
    check_document(document)
    check_dated(dated)
    key = names.number_key(document)
    if Pledge.objects.filter(idea=row.idea_id, document_key=key).exists():
        raise Conflict(
            _("Document %(document)s was recorded for this idea before. A document is recorded once.")
            % {"document": document.strip()},
            field="document",
        )
    lifecycle.PLEDGE.move(
        row,
        "receive",
        received_at=market_now(),
        received_by=by,
        dated=dated,
        document=document.strip(),
        document_key=key,
    )
    post_one(entries.pledge(row), by=str(by.pk))
    _told(row, "pledge.received", by, document=row.document, person=row.person.name)
    tell([row.person, row.idea.owner], partial(sentences.came_in, row), link=f"/ideas/{row.idea_id}/")
    return row


@transaction.atomic
def refund(*, pledge: Pledge, by: User) -> Pledge:
    """Take a pledge back before launch; a promise that is not paid in just ends.

    Raises Denied (only who pledged), InvalidTransition (launched, refunded).
    """
    taken = _taken(pledge)
    check_refund(by, taken)
    if taken.status == Pledge.Status.PROMISED:
        return cancel(taken, now=market_now(), by=by)
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
    return [give_back(row, now=now, by=by) for row in _locked_rows().filter(pk__in=mine)]


def give_back(pledge: Pledge, *, now: datetime, by: User) -> Pledge:
    """The refund itself, for a pledge whose idea is locked. Whoever recorded a person's money hears to send it back."""
    lifecycle.PLEDGE.move(pledge, "refund", settled_at=now)
    post_one(entries.refund(pledge), by=str(by.pk))
    _told(pledge, "pledge.refunded", by)
    tell([pledge.received_by], partial(sentences.send_back, pledge), link=f"/ideas/{pledge.idea_id}/")
    return pledge


def cancel(pledge: Pledge, *, now: datetime, by: User) -> Pledge:
    """End a promise that was not paid in, for a pledge whose idea is locked. No money moves."""
    lifecycle.PLEDGE.move(pledge, "cancel", settled_at=now)
    _told(pledge, "pledge.cancelled", by, person=pledge.person.name)
    return pledge


def held(idea: Idea) -> QuerySet[Pledge]:
    """The pledges an idea holds, locked, oldest first. The idea is locked before."""
    return _of(idea, Pledge.Status.HELD)


def promised(idea: Idea) -> QuerySet[Pledge]:
    """The pledges to an idea that are not paid in, locked, oldest first. The idea is locked before."""
    return _of(idea, Pledge.Status.PROMISED)


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
    standing = [Pledge.Status.PROMISED, Pledge.Status.HELD]
    mine = Pledge.objects.filter(idea=idea, person=by, microenterprise=None, status__in=standing)
    before = mine.total_minor()
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


def _of(idea: Idea, status: Pledge.Status) -> QuerySet[Pledge]:
    return _locked_rows().filter(idea=idea, status=status).order_by("pledged_at", "pk")


def _taken(pledge: Pledge) -> Pledge:
    """A pledge, locked after its idea."""
    row = Pledge.objects.only("idea_id").get(pk=pledge.pk)
    _locked(Idea(pk=row.idea_id))
    return _locked_rows().get(pk=pledge.pk)


def _locked_rows() -> QuerySet[Pledge]:
    rows = Pledge.objects.select_for_update(of=("self",))
    return rows.select_related("idea__owner", "person", "microenterprise", "received_by")


def _told(pledge: Pledge, deed: str, by: User, **facts: str) -> None:
    audit.record(
        by=by,
        deed=deed,
        subject=f"idea:{pledge.idea_id}",
        about=pledge.idea.title,
        amount_minor=pledge.amount_minor,
        currency=pledge.idea.currency,
        microenterprise=pledge.microenterprise.name if pledge.microenterprise else "",
        **facts,
    )
