"""What the first page reads: everything that waits for one person, from every room, in one statement.

Each branch is a small indexed query of a room's own tables in one shape (`Line`), cut to a few rows; their union is one
statement, so the page costs the same for somebody with one task and with fifty. `haier_market.statement` sends it,
sentences are made in `haier_market.cards`. Nothing sealed is read here: own bids come from `contracts.queries.bids`,
which knows the rule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    Count,
    DateTimeField,
    Exists,
    F,
    Max,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from contracts.lifecycle import Phase
from contracts.models import (
    Award,
    Bid,
    Contract,
    ContractVersion,
    FlagSearch,
    Milestone,
    Objection,
    Panelist,
    PriceQuestion,
    Project,
    Question,
    Rating,
    RedFlag,
    ReplacementRequest,
    Signature,
)
from contracts.models.contracts import Party
from contracts.permissions.standing import Standing
from contracts.queries import panel as panel_queries
from contracts.queries import projects as project_queries
from core.models import AuditRecord, Parameter
from ledger.accounts import Book, Kind
from ledger.models import Account
from microenterprises.models import Ballot, Idea, Invitation, Membership, Microenterprise, Seat
from microenterprises.queries.ideas import filled_seats, pledged_minor
from people.models import Notice, PersonSkill, Role, User
from settlement.models import BankDetails, OpenSum, Outcome, Payment, PaymentPart, PayoutBatch, SettlementRun
from talent_pool.models import PoolEntry

MOST: Final = 10
"""How many lines one kind of thing takes on the page; the lists behind it hold the rest."""
DUE_SOON: Final = timedelta(days=14)
RATE_WITHIN: Final = timedelta(days=30)
POOL_SOON: Final = timedelta(days=14)
STUCK_AFTER: Final = timedelta(minutes=10)
NOTICES: Final = 5
COLUMNS: Final = (
    "line_section", "line_kind", "line_key", "line_title", "line_detail", "line_at", "line_number", "line_extra",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the union. What `at`, `number` and `extra` mean is told by `kind` in `cards`."""

    section: str
    kind: str
    key: str
    title: str
    detail: str
    at: datetime | None
    number: int | None
    extra: str


def branches(who: Standing, now: datetime) -> QuerySet[Any, Any]:
    """The union of everything the first page says to one person, each row in the columns of `Line`."""
    first, *rest = [*_needs(who, now), *_motion(who), *_looks(who, now), *_notices(who)]
    found: QuerySet[Any, Any] = first.union(*rest, all=True)
    return found


def _lines(
    section: str,
    kind: str,
    rows: QuerySet[Any],
    *,
    order: Iterable[str] = ("at",),
    most: int = MOST,
    **columns: Any,
) -> QuerySet[Any, Any]:
    """A branch of the union: `rows` in the shape of `Line`, in `order`, at most `most` of them."""
    shaped = rows.order_by().annotate(
        line_key=Cast(columns.get("key", F("pk")), TextField()),
        line_title=Cast(columns.get("title", F("title")), TextField()),
        line_detail=Cast(columns.get("detail", Value("")), TextField()),
        line_at=Cast(columns.get("at", Value(None)), DateTimeField()),
        line_number=Cast(columns.get("number", Value(None)), BigIntegerField()),
        line_extra=Cast(columns.get("extra", Value("")), TextField()),
        line_section=Value(section, output_field=TextField()),
        line_kind=Value(kind, output_field=TextField()),
    )
    ordered = shaped.order_by(*(name.replace("at", "line_at") if name in ("at", "-at") else name for name in order))
    found: QuerySet[Any, Any] = ordered.values_list(*COLUMNS)[:most]
    return found


def _path(project: str, room: str, thing: str) -> Concat:
    """Where a thing of a project lives, below the project's own page."""
    parts = Cast(F(project), TextField()), Value(f"/{room}/"), Cast(F(thing), TextField())
    return Concat(*parts, output_field=TextField())


def _ids(firms: Iterable[Model]) -> list[Any]:
    return [firm.pk for firm in firms]


def _days(name: str, since: str) -> Subquery:
    """A parameter as it held when the row began, inside the row's own statement."""
    rows = Parameter.objects.filter(name=name, holds_from__lte=OuterRef(since)).order_by("-holds_from")
    return Subquery(rows.values("value")[:1])


# ------------------------------------------------------------------ what needs me


def _needs(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    """Things that wait for this person, branch by branch. The first branch is there for everybody."""
    yield from _needs_of_a_person(who, now)
    if who.firms:
        yield from _needs_of_a_member(who, now)
    if who.led:
        yield from _needs_of_a_leader(who, now)
    yield from _needs_of_a_role(who, now)


def _needs_of_a_person(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    user = who.user
    yield _lines(
        "need",
        "accept",
        Milestone.objects.filter(
            status=Milestone.Status.SUBMITTED, contract__acceptor=user, contract__status=Contract.Status.ACTIVE
        ),
        key=F("contract_id"),
        detail=F("contract__supplier__name"),
        at=F("submitted_at"),
        number=_days("silence_is_acceptance_days", "contract__created_at"),
        extra=F("number"),
    )
    yield _lines(
        "need",
        "invitation",
        Invitation.objects.filter(
            person=user,
            direction=Invitation.Direction.INVITED,
            status=Invitation.Status.OPEN,
            open_until__gt=now,
        ),
        title=F("seat__role"),
        detail=_owner_of("seat__"),
        at=F("open_until"),
    )
    yield _lines(
        "need",
        "quality",
        panel_queries.waiting_for(user),
        detail=F("buyer__name"),
        at=F("opened_at"),
    )
    yield _lines(
        "need",
        "rate",
        _unrated(Party.BUYER, now).filter(acceptor=user),
        detail=F("supplier__name"),
        at=F("ended_at"),
        number=_days("rating_hidden_days", "ended_at"),
    )
    yield _lines(
        "need",
        "pool",
        PoolEntry.objects.waiting().filter(person=user),
        title=Value(""),
        detail=F("left_microenterprise__name"),
        at=F("clock_ends_on"),
    )
    yield _lines(
        "need",
        "launch",
        Idea.objects.filter(owner=user, status=Idea.Status.PUBLISHED)
        .annotate(pledged=pledged_minor(), filled=filled_seats(), needed=_days("launch_filled_seats", "created_at"))
        .filter(pledged__gte=F("funding_goal_minor"), filled__gte=F("needed")),
        at=F("published_at"),
    )
    yield _lines("need", "asked", _asked(Q(seat__microenterprise=None, seat__idea__owner=user), now), **_asked_facts())
    if not user.is_vendor:
        yield _lines(
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
    owed = Account.objects.filter(kind=Kind.PAYABLE.value, book=Book.REAL.value, party=party)
    yield _grouped(
        "unpayable",
        owed.filter(~Exists(_details().filter(person=user))),
        "currency",
        number=Count("pk"),
    )
    yield _lines(
        "need",
        "rejected",
        _rejected().filter(person=user),
        key=F("batch_id"),
        title=F("reason"),
        at=F("rejected_at"),
        number=F("amount_minor"),
        extra=F("currency"),
    )


def _details() -> QuerySet[BankDetails]:
    """The accounts that payments in the outer row's currency go to now."""
    return BankDetails.objects.filter(Q(currency="") | Q(currency=OuterRef("currency")), replaced_at=None)


def _rejected() -> QuerySet[Payment]:
    """Payments that the bank rejected, that are owed again, and that would go to the same account again."""
    owed_again = PaymentPart.objects.filter(payment=OuterRef("pk"), owed__taken_minor__lt=F("owed__released_minor"))
    told_since = _details().filter(person=OuterRef("person"), entered_at__gt=OuterRef("rejected_at"))
    return Payment.objects.filter(Exists(owed_again), ~Exists(told_since), status=Payment.Status.REJECTED)


def _owner_of(path: str) -> Coalesce:
    return Coalesce(F(f"{path}microenterprise__name"), F(f"{path}idea__title"))


def _asked(whose: Q, now: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        whose, direction=Invitation.Direction.ASKED, status=Invitation.Status.OPEN, open_until__gt=now
    )


def _asked_facts() -> dict[str, Any]:
    return {"title": F("seat__role"), "detail": F("person__name"), "at": F("open_until"), "extra": _owner_of("seat__")}


def _open_request() -> QuerySet[ReplacementRequest]:
    return ReplacementRequest.objects.filter(project=OuterRef("pk"), panelist=None)


def _unrated(party: str, now: datetime) -> QuerySet[Contract]:
    """Contracts completed lately on which one side has not said how satisfied it is."""
    return Contract.objects.filter(
        ~Exists(Rating.objects.filter(contract=OuterRef("pk"), party=party)),
        status=Contract.Status.COMPLETED,
        ended_at__gte=now - RATE_WITHIN,
    )


def _to_agree(who: Standing) -> QuerySet[Award]:
    """Proposed awards that wait for a second person such as this one: of the buyer or the panel, and no bidder."""
    mine = _ids(who.firms)
    seats = Panelist.objects.filter(project=OuterRef("project"), person=who.user)
    conflicted = seats.filter(status=Panelist.Status.CONFLICTED)
    own = Bid.objects.filter(project=OuterRef("project"), microenterprise__in=mine)
    return (
        Award.objects.filter(
            Q(project__buyer__in=mine) | Exists(seats), ~Exists(own), ~Exists(conflicted), status=Award.Status.PROPOSED
        )
        .exclude(awarded_by=who.user)
        .exclude(project__acceptor=who.user)
    )


def _needs_of_a_member(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    mine = _ids(who.firms)
    yield _lines(
        "need",
        "deliver",
        Milestone.objects.filter(
            Q(status=Milestone.Status.REJECTED) | Q(status=Milestone.Status.SCHEDULED, due_on__lte=who.on + DUE_SOON),
            contract__supplier__in=mine,
            contract__status=Contract.Status.ACTIVE,
        ),
        key=F("contract_id"),
        detail=F("contract__buyer__name"),
        at=F("due_on"),
        extra=F("number"),
    )
    yield _lines("need", "question", _questions_waiting(mine, now), at=F("deadline"))
    yield _lines(
        "need",
        "vote",
        Ballot.objects.filter(
            status=Ballot.Status.OPEN,
            share_terms__microenterprise__in=mine,
            share_terms__effective_from__gt=who.on,
        ).exclude(votes__person=who.user),
        key=F("share_terms__microenterprise_id"),
        title=F("share_terms__microenterprise__name"),
        at=F("share_terms__effective_from"),
        number=F("share_terms__version"),
    )


def _questions_waiting(firms: Iterable[Any], now: datetime) -> QuerySet[Project]:
    """Open projects of these MEs with questions that nobody has answered; what is asked is public anyway."""
    waiting = Question.objects.filter(project=OuterRef("pk"), answered_at=None)
    return project_queries.in_phase(Project.objects.filter(Exists(waiting), buyer__in=firms), Phase.OPEN, now)


def _needs_of_a_leader(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    led = _ids(who.led)
    for party, side in ((Party.BUYER, "buyer"), (Party.SUPPLIER, "supplier")):
        across = "supplier" if side == "buyer" else "buyer"
        yield _lines(
            "need",
            "sign",
            _unsigned(party).filter(**{f"{side}__in": led}),
            detail=F(f"{across}__name"),
            at=F("created_at"),
            number=_days("signing_days", "created_at"),
        )
        yield _lines(
            "need",
            "end",
            Contract.objects.filter(status=Contract.Status.ACTIVE, end_proposed_for=across, **{f"{side}__in": led}),
            detail=F(f"{across}__name"),
            at=F("end_proposed_at"),
        )
    yield _lines(
        "need",
        "ask_judge",
        panel_queries.without_judges().filter(~Exists(_open_request()), buyer__in=led),
        at=F("opened_at"),
    )
    yield _lines(
        "need",
        "award",
        Project.objects.filter(
            ~Exists(Award.objects.filter(project=OuterRef("pk"), status__in=Award.LIVE)),
            buyer__in=led,
            status=Project.Status.EVALUATING,
        ).exclude(acceptor=who.user),
        at=F("opened_at"),
    )
    yield _lines(
        "need",
        "price",
        PriceQuestion.objects.filter(bid__microenterprise__in=led, answered_at=None, answer_until__gt=now),
        key=_path("bid__project_id", "bids", "bid_id"),
        title=F("bid__project__title"),
        detail=F("bid__project__buyer__name"),
        at=F("answer_until"),
    )
    for party, side in ((Party.BUYER, "buyer"), (Party.SUPPLIER, "supplier")):
        across = "supplier" if side == "buyer" else "buyer"
        yield _lines(
            "need",
            "rate",
            _unrated(party, now).filter(**{f"{side}__in": led}).exclude(acceptor=who.user),
            detail=F(f"{across}__name"),
            at=F("ended_at"),
            number=_days("rating_hidden_days", "ended_at"),
        )
    yield _lines("need", "asked", _asked(Q(seat__microenterprise__in=led), now), **_asked_facts())
    yield _lines(
        "need",
        "bid",
        project_queries.closing_soon(project_queries.can_bid(Project.objects.visible_to(who.user), who, now), now),
        detail=F("buyer__name"),
        at=F("deadline"),
        number=F("ceiling_minor"),
        extra=F("currency"),
    )
    yield _lines(
        "need",
        "exception",
        _exceptions().filter(microenterprise__in=led),
        title=F("microenterprise__name"),
        at=F("business_date"),
    )


def _unsigned(party: str) -> QuerySet[Contract]:
    """Contracts whose newest words this party has not signed."""
    newest = ContractVersion.objects.filter(contract=OuterRef("pk")).order_by("-number").values("pk")[:1]
    return (
        Contract.objects.filter(status=Contract.Status.SIGNING)
        .annotate(newest=Subquery(newest))
        .filter(~Exists(Signature.objects.filter(version=OuterRef("newest"), party=party)))
    )


def _exceptions() -> QuerySet[Outcome]:
    return Outcome.objects.filter(state=Outcome.State.EXCEPTION, repaired_by=None)


def _needs_of_a_role(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    if who.user.has_role(Role.FINANCE):
        yield _lines(
            "need",
            "approve",
            SettlementRun.objects.filter(status=SettlementRun.Status.SEALED).exclude(started_by=who.user),
            key=F("business_date"),
            title=Value(""),
            at=F("sealed_at"),
            number=F("exceptions"),
        )
        yield _summed("exceptions", _exceptions(), "state", at=Min("business_date"))
        yield from _needs_of_payouts(who.user)
    if who.user.has_role(Role.HR):
        waiting = PoolEntry.objects.waiting()
        yield _summed("pool_soon", waiting.filter(clock_ends_on__range=(who.on, who.on + POOL_SOON)))
        yield _summed("pool_over", waiting.filter(clock_ends_on__lt=who.on))
    if who.user.has_role(Role.STEWARD):
        led = Membership.objects.active(who.on).filter(microenterprise=OuterRef("pk"), is_lead=True)
        yield _lines(
            "need",
            "leaderless",
            Microenterprise.objects.active().filter(~Exists(led)),
            title=F("name"),
            at=F("launched_at"),
        )
        yield _lines(
            "need",
            "stuck",
            Project.objects.filter(status=Project.Status.PUBLISHED, deadline__lte=now - STUCK_AFTER),
            at=F("deadline"),
        )
        yield _lines(
            "need",
            "judge",
            panel_queries.without_judges().filter(Exists(_open_request())),
            detail=F("buyer__name"),
            at=F("opened_at"),
        )
        # One line, whatever their number: the newest search, while something it found waits for a look.
        yield _lines(
            "need",
            "flags",
            FlagSearch.objects.filter(Exists(RedFlag.objects.waiting())),
            title=Value(""),
            at=F("searched_at"),
            order=("-at",),
            most=1,
        )
        mine = _ids(who.firms)
        bidding = Bid.objects.filter(project=OuterRef("award__project"), microenterprise__in=mine)
        yield _lines(
            "need",
            "objection",
            Objection.objects.filter(~Exists(bidding), ruling=None).exclude(award__project__buyer__in=mine),
            key=_path("award__project_id", "objections", "pk"),
            title=F("award__project__title"),
            detail=F("microenterprise__name"),
            at=F("raised_at"),
        )


def _needs_of_payouts(user: User) -> Iterator[QuerySet[Any, Any]]:
    """From an approved night to money paid: each step shows to who in finance can take it."""
    drafts = PayoutBatch.objects.filter(status__in=(PayoutBatch.Status.PREPARING, PayoutBatch.Status.DRAFT))
    open_now = OpenSum.objects.filter(~Exists(drafts.filter(currency=OuterRef("currency"))), people__gt=0)
    can_be_paid = open_now.filter(people__gt=F("without"))
    yield _lines("need", "pay", can_be_paid, title=Value(""), order=("currency",), most=1)
    yield _grouped("pay_sum", open_now, "currency", number=Sum("minor"))
    # Approved seconds ago: the clock has not added these nights to what is owed yet.
    yield _summed("pay_soon", _approved_just_now(), "status", at=Max("business_date"))
    exported = AuditRecord.objects.filter(
        deed="payout.exported", subject=Concat(Value("payout:"), Cast(OuterRef("pk"), TextField()))
    )
    sent = PayoutBatch.objects.filter(status=PayoutBatch.Status.SENT)
    for kind, batches in (
        ("payout_send", PayoutBatch.objects.filter(status=PayoutBatch.Status.DRAFT)),
        ("payout_file", sent.filter(~Exists(exported))),
        ("payout_paid", sent.filter(Exists(exported)).exclude(created_by=user)),
    ):
        yield _lines(
            "need",
            kind,
            batches,
            title=F("number"),
            detail=F("size"),
            at=F("created_at"),
            number=F("total_minor"),
            extra=F("currency"),
        )
    yield _grouped(
        "payout_rejected",
        _rejected(),
        "batch_id",
        title=Min("batch__number"),
        number=Count("pk"),
        at=Min("rejected_at"),
    )


def _approved_just_now() -> QuerySet[SettlementRun]:
    """Approved nights with money for people that are not released yet, and that no earlier night holds back."""
    earlier = SettlementRun.objects.filter(
        business_date__lt=OuterRef("business_date"),
        status__in=(SettlementRun.Status.POSTING, SettlementRun.Status.SEALED),
    )
    runs = SettlementRun.objects.filter(status=SettlementRun.Status.APPROVED, release=None, lines__gt=0)
    return runs.filter(~Exists(earlier))


def _summed(kind: str, rows: QuerySet[Any], by: str = "landed_at", at: Any = None) -> QuerySet[Any, Any]:
    """One line for many rows that agree in `by`: how many there are and which is first; none when there are none."""
    return _grouped(kind, rows, by, key=Value(""), number=Count("pk"), at=at or Min("clock_ends_on"))


def _grouped(kind: str, rows: QuerySet[Any], by: str, **columns: Any) -> QuerySet[Any, Any]:
    """A line for each value of `by` among some rows, which is its key unless another is given."""
    shaped = (
        rows.order_by()
        .values(by)
        .annotate(
            line_section=Value("need", output_field=TextField()),
            line_kind=Value(kind, output_field=TextField()),
            line_key=Cast(columns.get("key", F(by)), TextField()),
            line_title=Cast(columns.get("title", Value("")), TextField()),
            line_detail=Value("", output_field=TextField()),
            line_at=Cast(columns.get("at", Value(None)), DateTimeField()),
            line_number=Cast(columns["number"], BigIntegerField()),
            line_extra=Value("", output_field=TextField()),
        )
    )
    found: QuerySet[Any, Any] = shaped.values_list(*COLUMNS)[:MOST]
    return found


# ------------------------------------------------------------------ what is in motion


def _motion(who: Standing) -> Iterator[QuerySet[Any, Any]]:
    """What goes on without this person having to do something."""
    yield _lines(
        "motion",
        "idea",
        Idea.objects.filter(owner=who.user, status__in=(Idea.Status.DRAFT, Idea.Status.PUBLISHED)).annotate(
            pledged=pledged_minor()
        ),
        detail=F("currency"),
        at=F("created_at"),
        number=F("pledged"),
        extra=F("status"),
        order=("-at",),
    )
    if not who.firms:
        return
    mine = _ids(who.firms)
    for side, across in (("buyer", "supplier"), ("supplier", "buyer")):
        yield _lines(
            "motion",
            f"contract_{side}",
            Contract.objects.filter(
                status__in=(Contract.Status.SIGNING, Contract.Status.ACTIVE), **{f"{side}__in": mine}
            ).annotate(open_parts=_open_parts()),
            detail=F(f"{across}__name"),
            at=F("created_at"),
            number=F("open_parts"),
            extra=F("status"),
            order=("-at",),
        )
    yield _lines(
        "motion",
        "project",
        Project.objects.filter(
            buyer__in=mine,
            status__in=(Project.Status.DRAFT, Project.Status.PUBLISHED, Project.Status.EVALUATING),
        ),
        at=F("deadline"),
        extra=F("status"),
    )
    yield _lines(
        "motion",
        "opened_bid",
        Bid.objects.opened().filter(
            microenterprise__in=mine, status=Bid.Status.VALID, project__status=Project.Status.EVALUATING
        ),
        key=F("project_id"),
        title=F("project__title"),
        detail=F("microenterprise__name"),
        at=F("opened_at"),
    )


def _open_parts() -> Subquery:
    rows = Milestone.objects.filter(
        contract=OuterRef("pk"),
        status__in=(Milestone.Status.SCHEDULED, Milestone.Status.SUBMITTED, Milestone.Status.REJECTED),
    ).order_by()
    return Subquery(rows.values("contract").annotate(n=Count("pk")).values("n"))


# ------------------------------------------------------------------ what is worth a look


def _looks(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    """Open projects of others that ask for what this person can, then those that close next; seats for who looks."""
    others = project_queries.in_phase(Project.objects.visible_to(who.user), "open", now).exclude(
        buyer__in=_ids(who.firms)
    )
    facts: dict[str, Any] = {
        "detail": F("buyer__name"),
        "at": F("deadline"),
        "number": F("ceiling_minor"),
        "extra": F("currency"),
    }
    skills = PersonSkill.objects.filter(person=who.user).values("skill")
    matching = others.filter(skills__in=skills).annotate(matches=Count("pk"))
    yield _lines("look", "match", matching, order=("-matches", "at"), most=4, **facts)
    yield _lines("look", "project", others, most=4, **facts)
    if who.user.is_vendor:
        return
    open_seats = Seat.objects.filter(
        Q(microenterprise__status=Microenterprise.Status.ACTIVE) | Q(idea__status=Idea.Status.PUBLISHED),
        status=Seat.Status.OPEN,
        skills__in=skills,
    ).exclude(microenterprise__in=_ids(who.firms))
    yield _lines(
        "look",
        "seat",
        open_seats.annotate(matches=Count("pk")),
        title=F("role"),
        detail=_owner_of(""),
        at=F("opened_at"),
        order=("-matches", "-at"),
        most=3,
    )


def _notices(who: Standing) -> Iterator[QuerySet[Any, Any]]:
    yield _lines(
        "notice",
        "notice",
        Notice.objects.filter(person=who.user),
        title=F("sentence"),
        detail=F("link"),
        at=F("created_at"),
        extra=F("read_at"),
        order=("-at",),
        most=NOTICES,
    )
