"""What waits for who leads an ME: signatures, awards, prices to explain, bids to make, nights that failed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from contracts.models import Award, Contract, ContractVersion, PriceQuestion, Project, ReplacementRequest, Signature
from contracts.models.contracts import Party
from contracts.permissions.standing import Standing
from contracts.queries import panel as panel_queries
from contracts.queries import projects as project_queries
from haier_market.attention.lines import days, ids, lines, party_name, path_to
from haier_market.attention.of_a_person import asked, asked_facts, unrated
from settlement.models import Outcome


def open_request() -> QuerySet[ReplacementRequest]:
    return ReplacementRequest.objects.filter(project=OuterRef("pk"), panelist=None)


def needs_of_a_leader(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    led = ids(who.led)
    for party, side in ((Party.BUYER, "buyer"), (Party.SUPPLIER, "supplier")):
        across = "supplier" if side == "buyer" else "buyer"
        yield lines(
            "need",
            "sign",
            _unsigned(party).filter(**{f"{side}__in": led}),
            detail=party_name(across),
            at=F("signing_from"),
            number=days("signing_days", "created_at"),
        )
        yield lines(
            "need",
            "end",
            Contract.objects.filter(status=Contract.Status.ACTIVE, end_proposed_for=across, **{f"{side}__in": led}),
            detail=party_name(across),
            at=F("end_proposed_at"),
        )
    yield lines(
        "need",
        "ask_judge",
        panel_queries.without_judges().filter(~Exists(open_request()), buyer__in=led),
        at=F("opened_at"),
    )
    yield lines(
        "need",
        "award",
        Project.objects.filter(
            ~Exists(Award.objects.filter(project=OuterRef("pk"), status__in=Award.LIVE)),
            buyer__in=led,
            status=Project.Status.EVALUATING,
        ).exclude(acceptor=who.user),
        at=F("opened_at"),
    )
    yield lines("need", "price", _prices_to_explain(led, now), **_price_facts())
    for party, side in ((Party.BUYER, "buyer"), (Party.SUPPLIER, "supplier")):
        across = "supplier" if side == "buyer" else "buyer"
        yield lines(
            "need",
            "rate",
            unrated(party, now).filter(**{f"{side}__in": led}).exclude(acceptor=who.user),
            detail=party_name(across),
            at=F("ended_at"),
            number=days("rating_hidden_days", "ended_at"),
        )
    yield lines("need", "asked", asked(Q(seat__microenterprise__in=led), now), **asked_facts())
    yield _closing(who, now)
    yield lines(
        "need",
        "exception",
        exceptions().filter(microenterprise__in=led),
        title=F("microenterprise__name"),
        at=F("business_date"),
    )


def needs_of_a_team_leader(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    """What waits for who leads a team of the talent pool: it may bid, explain a price, take people in, be launched."""
    led = ids(who.led_teams)
    yield lines(
        "need",
        "team_launch",
        Contract.objects.filter(status=Contract.Status.SIGNING, supplier__in=led),
        key=F("supplier_id"),
        detail=F("supplier__name"),
        at=F("signing_from"),
        number=days("signing_days", "created_at"),
    )
    yield lines("need", "price", _prices_to_explain(led, now), **_price_facts())
    yield lines("need", "asked", asked(Q(seat__microenterprise__in=led), now), **asked_facts())
    if not who.led:
        yield _closing(who, now)


def _prices_to_explain(firms: list[Any], now: datetime) -> QuerySet[PriceQuestion]:
    return PriceQuestion.objects.filter(bid__microenterprise__in=firms, answered_at=None, answer_until__gt=now)


def _price_facts() -> dict[str, Any]:
    return {
        "key": path_to("bid__project_id", "bids", "bid_id"),
        "title": F("bid__project__title"),
        "detail": F("bid__project__buyer__name"),
        "at": F("answer_until"),
    }


def _closing(who: Standing, now: datetime) -> QuerySet[Any, Any]:
    """Projects that close soon, on which the reader may bid."""
    return lines(
        "need",
        "bid",
        project_queries.closing_soon(project_queries.can_bid(Project.objects.visible_to(who.user), who, now), now),
        detail=F("buyer__name"),
        at=F("deadline"),
        number=F("ceiling_minor"),
        extra=F("currency"),
    )


def _unsigned(party: str) -> QuerySet[Contract]:
    """Contracts whose newest words this party has not signed."""
    newest = ContractVersion.objects.filter(contract=OuterRef("pk")).order_by("-number").values("pk")[:1]
    return (
        Contract.objects.filter(status=Contract.Status.SIGNING)
        .annotate(newest=Subquery(newest))
        .filter(~Exists(Signature.objects.filter(version=OuterRef("newest"), party=party)))
    )


def exceptions() -> QuerySet[Outcome]:
    return Outcome.objects.filter(state=Outcome.State.EXCEPTION, repaired_by=None)
