"""Whom to tell for a bidder: the leader of an ME today, everybody who signs in for a vendor. And whether it is gone, or
about to be.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import connection

from contracts.models.vendors import Bidder, people_of_vendors
from microenterprises.models import Membership, Microenterprise
from people.models import User


def is_gone(bidder: Bidder | None) -> bool:
    """Whether an ME or team has been dissolved since it bid, so that it cannot sign. A vendor is never dissolved."""
    return isinstance(bidder, Microenterprise) and bidder.status == Microenterprise.Status.DISSOLVED


def hold_firms(ids: Iterable[UUID | str]) -> None:
    """Let none of these MEs and teams end before this transaction does. One that is ending is waited for, so what is
    read afterwards is what became of it; two openings with the same bidders do not wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM microenterprises_microenterprise WHERE id = ANY(%s::uuid[]) ORDER BY id FOR SHARE",
            [[str(pk) for pk in ids]],
        )


def speakers(bidders: Iterable[Bidder | None], on: date) -> list[User]:
    """Who speaks for these bidders on a business date. One statement for MEs, one more when vendors are among them."""
    wanted = [bidder for bidder in bidders if bidder is not None]
    firms = [bidder.pk for bidder in wanted if isinstance(bidder, Microenterprise)]
    rows = Membership.objects.active(on).filter(microenterprise__in=firms, is_lead=True).select_related("person")
    return [*(row.person for row in rows), *people_of_vendors(wanted)]
