"""Winding up an ME: its contracts end, its last money is settled, it is dissolved, its people are in the pool.

All in one transaction, so that there is no instant at which an ME is gone and somebody has no place.
"""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.actions import contracts as contract_actions
from contracts.actions import gone
from contracts.actions import projects as project_actions
from core import audit, locks
from core.clock import business_date, market_now
from core.errors import Invalid
from microenterprises.actions import firms, pledges
from microenterprises.models import Membership, Microenterprise
from people.models import User
from settlement.actions.nights import settle_finally
from talent_pool.actions import liquidation, pool
from talent_pool.models import PoolEntry
from talent_pool.permissions import check_wind_up

ENDS: Final = 2026112301
"""What an ME that ends holds until it has ended."""


@transaction.atomic
def wind_up(*, microenterprise: Microenterprise, reason: str, by: User) -> list[PoolEntry]:
    """Wind an ME up and return the pool entries of its people.

    Running contracts are terminated (what escrow still holds goes back to the buyer), its open projects are cancelled
    (holds go back to its wallet), its opened bids are disqualified and awards on their way for it end, its profit to
    date is shared, what is left goes to the owners its terms name. Ends wait for each other: one of two that end at
    once may hold a stake in the other, and each hands on what the other reads.

    Raises Denied, InvalidTransition (already dissolved), Invalid (no reason), Conflict (a contract was drafted for it
    meanwhile, or another ME takes long to end), and what settling it raises.
    """
    locks.hold(ENDS, busy=_("Another ME is being wound up at this moment. Try again in a minute."))
    # Not its key: an award or a draft that names the ME meanwhile need not wait, and cannot deadlock with this.
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=microenterprise.pk)
    check_wind_up(by, firm)
    if not reason.strip():
        raise Invalid(_("Say why the ME ends; its members and partners will read it."), field="reason")
    _end_dealings(firm, reason=reason, by=by)
    settle_finally(microenterprise=firm, by=by)
    handed_on = liquidation.hand_on(microenterprise=firm, by=by)
    now = market_now()
    people = [
        membership.person
        for membership in Membership.objects.active(business_date(now))
        .filter(microenterprise=firm)
        .select_related("person")
    ]
    firms.dissolve(microenterprise=firm, reason=reason, by=by)
    elsewhere = set(
        Membership.objects.active(business_date(now))
        .filter(person__in=people)
        .exclude(microenterprise__status=Microenterprise.Status.INCUBATING)
        .values_list("person_id", flat=True)
    )
    audit.record(
        by=by,
        deed="microenterprise.wound_up",
        subject=f"microenterprise:{firm.pk}",
        about=firm.name,
        reason=reason,
        people=len(people),
        handed_on_minor=handed_on,
    )
    return [pool.enter(person=person, left=firm, by=by, at=now) for person in people if person.pk not in elsewhere]


def _end_dealings(firm: Microenterprise, *, reason: str, by: User) -> None:
    # All rows are locked before the first posting: whoever accepts a milestone or publishes a project holds its row and
    # then waits for a wallet, so whoever held a wallet and waited for a row would wait for ever.
    dealings = gone.lock_dealings(firm)
    pledges.refund_all_of(microenterprise=firm, by=by)
    for contract in dealings.contracts:
        contract_actions.end_with_party(contract=contract, leaving=firm, reason=reason, by=by)
    for project in dealings.own:
        project_actions.cancel(project=project, reason=reason, by=by)
    gone.pass_over(firm, dealings.bid_on, by=by)
