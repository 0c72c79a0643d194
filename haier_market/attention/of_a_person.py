"""What waits for everybody: deliveries to accept, seats, bids to judge, a place to find, pay that cannot arrive.

What waits for the members of an ME is in `of_a_member`, for its leaders in `of_a_leader`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Cast, Coalesce, Concat

from contracts.models import Award, Bid, Contract, Milestone, Panelist, Rating
from contracts.models.contracts import Party
from contracts.permissions.parts import places_that_tie
from contracts.permissions.standing import Standing
from contracts.queries import panel as panel_queries
from haier_market.attention.lines import days, grouped, ids, lines, party_name
from ledger.accounts import Book, Kind
from ledger.models import Account
from microenterprises.models import Idea, Invitation
from microenterprises.queries.ideas import filled_seats, pledged_minor
from people.models import User
from settlement.models import BankDetails, Payment, PaymentPart
from talent_pool.models import PoolEntry

RATE_WITHIN: Final = timedelta(days=30)


def needs_of_a_person(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    user = who.user
    yield lines(
        "need",
        "accept",
        Milestone.objects.filter(
            status=Milestone.Status.SUBMITTED, contract__acceptor=user, contract__status=Contract.Status.ACTIVE
        ),
        key=F("contract_id"),
        detail=party_name("supplier", "contract__"),
        at=F("submitted_at"),
        number=days("silence_is_acceptance_days", "contract__created_at"),
        extra=F("number"),
    )
    yield lines(
        "need",
        "invitation",
        Invitation.objects.filter(
            person=user,
            direction=Invitation.Direction.INVITED,
            status=Invitation.Status.OPEN,
            open_until__gt=now,
        ),
        title=F("seat__role"),
        detail=owner_of("seat__"),
        at=F("open_until"),
    )
    yield lines(
        "need",
        "quality",
        panel_queries.waiting_for(user),
        detail=F("buyer__name"),
        at=F("opened_at"),
    )
    yield lines(
        "need",
        "rate",
        unrated(Party.BUYER, now).filter(acceptor=user),
        detail=party_name("supplier"),
        at=F("ended_at"),
        number=days("rating_hidden_days", "ended_at"),
    )
    yield lines(
        "need",
        "pool",
        PoolEntry.objects.waiting().filter(person=user),
        title=Value(""),
        detail=F("left_microenterprise__name"),
        at=F("clock_ends_on"),
    )
    yield lines(
        "need",
        "launch",
        Idea.objects.filter(owner=user, status=Idea.Status.PUBLISHED)
        .annotate(pledged=pledged_minor(), filled=filled_seats(), needed=days("launch_filled_seats", "created_at"))
        .filter(pledged__gte=F("funding_goal_minor"), filled__gte=F("needed")),
        at=F("published_at"),
    )
    yield lines("need", "asked", asked(Q(seat__microenterprise=None, seat__idea__owner=user), now), **asked_facts())
    if not user.is_vendor:
        yield lines(
            "need",
            "agree",
            _to_agree(who),
            key=F("project_id"),
            title=F("project__title"),
            detail=F("awarded_by__name"),
            at=F("awarded_at"),
        )
        yield from _needs_of_a_payee(user)


def _needs_of_a_payee(user: User) -> Iterator[QuerySet[Any, Any]]:
    """What keeps a person from being paid: no bank details, or details that the bank rejected."""
    # The id travels as a UUID, so that the compiled statement finds it among its parameters.
    party = Concat(Value("person:"), Cast(Value(user.pk, output_field=UUIDField()), TextField()))
    # The index has accounts with a party only; of a person who is not known yet the server cannot tell that it is one.
    owed = Account.objects.exclude(party="").filter(kind=Kind.PAYABLE.value, book=Book.REAL.value, party=party)
    yield grouped(
        "unpayable",
        owed.filter(~Exists(details().filter(person=user))),
        "currency",
        number=Count("pk"),
    )
    yield lines(
        "need",
        "rejected",
        rejected().filter(person=user),
        key=F("batch_id"),
        title=F("reason"),
        at=F("rejected_at"),
        number=F("amount_minor"),
        extra=F("currency"),
    )


def details() -> QuerySet[BankDetails]:
    """The accounts that payments in the outer row's currency go to now."""
    return BankDetails.objects.filter(Q(currency="") | Q(currency=OuterRef("currency")), replaced_at=None)


def rejected() -> QuerySet[Payment]:
    """Payments that the bank rejected, that are owed again, and that would go to the same account again."""
    owed_again = PaymentPart.objects.filter(payment=OuterRef("pk"), owed__taken_minor__lt=F("owed__released_minor"))
    told_since = details().filter(person=OuterRef("person"), entered_at__gt=OuterRef("rejected_at"))
    return Payment.objects.filter(Exists(owed_again), ~Exists(told_since), status=Payment.Status.REJECTED)


def owner_of(path: str) -> Coalesce:
    return Coalesce(F(f"{path}microenterprise__name"), F(f"{path}idea__title"))


def asked(whose: Q, now: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        whose, direction=Invitation.Direction.ASKED, status=Invitation.Status.OPEN, open_until__gt=now
    )


def asked_facts() -> dict[str, Any]:
    return {"title": F("seat__role"), "detail": F("person__name"), "at": F("open_until"), "extra": owner_of("seat__")}


def unrated(party: str, now: datetime) -> QuerySet[Contract]:
    """Contracts completed lately on which one side has not said how satisfied it is."""
    return Contract.objects.filter(
        ~Exists(Rating.objects.filter(contract=OuterRef("pk"), party=party)),
        status=Contract.Status.COMPLETED,
        ended_at__gte=now - RATE_WITHIN,
    )


def _to_agree(who: Standing) -> QuerySet[Award]:
    """Proposed awards that wait for a second person such as this one: of the buyer or the panel, and tied to nobody."""
    mine = ids(who.firms)
    seats = Panelist.objects.filter(project=OuterRef("project"), person=who.user)
    conflicted = seats.filter(status=Panelist.Status.CONFLICTED)
    tied = places_that_tie(who.on).filter(person=who.user).values("microenterprise")
    own = Bid.objects.filter(project=OuterRef("project"), microenterprise__in=tied)
    return (
        Award.objects.filter(
            Q(project__buyer__in=mine) | Exists(seats), ~Exists(own), ~Exists(conflicted), status=Award.Status.PROPOSED
        )
        .exclude(awarded_by=who.user)
        .exclude(project__acceptor=who.user)
    )
