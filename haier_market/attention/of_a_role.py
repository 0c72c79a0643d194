"""What waits for a role: finance's nights, HR's pool, the steward's guard. Payouts are in `of_payouts`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, F, Min, OuterRef, QuerySet, Value

from contracts.models import Bid, FlagSearch, FurtherColleague, Objection, Panelist, Project, RedFlag
from contracts.permissions.parts import decided, places_that_tie
from contracts.permissions.standing import Standing
from contracts.queries import panel as panel_queries
from haier_market.attention.lines import lines, path_to, summed
from haier_market.attention.of_a_leader import exceptions, open_request
from haier_market.attention.of_payouts import needs_of_payouts
from microenterprises.models import Membership, Microenterprise
from microenterprises.queries.ideas import to_receive
from people.models import Role
from settlement.models import SettlementRun
from talent_pool.models import PoolEntry

POOL_SOON: Final = timedelta(days=14)
STUCK_AFTER: Final = timedelta(minutes=10)


def needs_of_a_role(who: Standing, now: datetime) -> Iterator[QuerySet[Any, Any]]:
    if who.user.has_role(Role.FINANCE):
        yield lines(
            "need",
            "approve",
            SettlementRun.objects.filter(status=SettlementRun.Status.SEALED).exclude(started_by=who.user),
            key=F("business_date"),
            title=Value(""),
            at=F("sealed_at"),
            number=F("exceptions"),
        )
        yield summed("exceptions", exceptions(), "state", at=Min("business_date"))
        yield from needs_of_payouts(who.user)
        yield summed("receive", to_receive().exclude(person=who.user), "status", at=Min("pledged_at"))
    if who.user.has_role(Role.HR):
        waiting = PoolEntry.objects.waiting()
        yield summed("pool_soon", waiting.filter(clock_ends_on__range=(who.on, who.on + POOL_SOON)))
        yield summed("pool_over", waiting.filter(clock_ends_on__lt=who.on))
    if who.user.has_role(Role.STEWARD):
        led = Membership.objects.active(who.on).filter(microenterprise=OuterRef("pk"), is_lead=True)
        yield lines(
            "need",
            "leaderless",
            Microenterprise.objects.active().filter(~Exists(led)),
            title=F("name"),
            at=F("launched_at"),
        )
        yield lines(
            "need",
            "stuck",
            Project.objects.filter(status=Project.Status.PUBLISHED, deadline__lte=now - STUCK_AFTER),
            at=F("deadline"),
        )
        yield lines(
            "need",
            "judge",
            panel_queries.without_judges().filter(Exists(open_request())),
            detail=F("buyer__name"),
            at=F("opened_at"),
        )
        # One line, whatever their number: the newest search, while something it found waits for a look.
        yield lines(
            "need",
            "flags",
            FlagSearch.objects.filter(Exists(RedFlag.objects.waiting())),
            title=Value(""),
            at=F("searched_at"),
            order=("-at",),
            most=1,
        )
        yield lines(
            "need",
            "let_in",
            FurtherColleague.objects.filter(agreed=None).exclude(asked_by=who.user),
            key=F("vendor"),
            title=F("vendor__name"),
            detail=F("email"),
            at=F("asked_at"),
        )
        yield lines(
            "need",
            "objection",
            _to_rule(who),
            key=path_to("award__project_id", "objections", "pk"),
            title=F("award__project__title"),
            detail=F("microenterprise__name"),
            at=F("raised_at"),
        )


def _to_rule(who: Standing) -> QuerySet[Objection]:
    """Open objections on which a steward may rule: without a part in the choice (see `parts.stewards`)."""
    project, mine = (
        OuterRef("award__project"),
        places_that_tie(who.on).filter(person=who.user).values("microenterprise"),
    )
    parts = (
        decided(project, who.user),
        Panelist.objects.filter(project=project, person=who.user),
        Bid.objects.filter(project=project, microenterprise__in=mine),
    )
    found = Objection.objects.filter(*(~Exists(part) for part in parts), ruling=None)
    return found.exclude(award__project__buyer__in=mine).exclude(award__project__acceptor=who.user)
