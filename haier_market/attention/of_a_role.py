"""What waits for a role: finance's nights, HR's pool, the steward's guard. Payouts are in `of_payouts`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, F, Min, OuterRef, QuerySet, Value

from contracts.models import Bid, FlagSearch, FurtherColleague, Objection, Project, RedFlag
from contracts.permissions.standing import Standing
from contracts.queries import panel as panel_queries
from haier_market.attention.lines import ids, lines, path_to, summed
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
        mine = ids(who.firms)
        bidding = Bid.objects.filter(project=OuterRef("award__project"), microenterprise__in=mine)
        yield lines(
            "need",
            "objection",
            Objection.objects.filter(~Exists(bidding), ruling=None).exclude(award__project__buyer__in=mine),
            key=path_to("award__project_id", "objections", "pk"),
            title=F("award__project__title"),
            detail=F("microenterprise__name"),
            at=F("raised_at"),
        )
