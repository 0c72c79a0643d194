"""What an ME and outside vendors asked for the same words, read from opened bids only."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q

from contracts.competitiveness import Compared, months_before
from contracts.models import Bid
from core import parameters
from core.clock import business_date, company_zone
from people.models import User


def compared(firm_id: UUID, user: User, day: date) -> tuple[list[Compared], int]:
    """The projects of the months before a day on which the ME and a vendor had valid bids with open prices that the
    reader may see, the latest opening first, and how many months that are. Two statements.

    Real projects only: what is asked in the shadow book is paid to nobody.
    """
    months = parameters.value("competitiveness_months", on=day)
    vendors = Q(project__bids__vendor__isnull=False, project__bids__status=Bid.Status.VALID)
    priced = vendors & Q(project__bids__price_minor__isnull=False)
    rows = (
        Bid.objects.visible_to(user)
        .filter(
            microenterprise=firm_id,
            status=Bid.Status.VALID,
            price_minor__isnull=False,
            project__book="real",
            project__opened_at__gte=datetime.combine(months_before(day, months), time.min, company_zone()),
        )
        .annotate(
            best=Min("project__bids__price_minor", filter=priced),
            outside=Count("project__bids", filter=priced),
            title=F("project__title"),
            currency=F("project__currency"),
            project_opened_at=F("project__opened_at"),
        )
        .filter(best__isnull=False)
        .order_by("-project_opened_at", "pk")
    )
    return [_compared(row) for row in rows], months


def _compared(row: Any) -> Compared:
    return Compared(
        project=row.project_id,
        title=row.title,
        opened_on=business_date(row.project_opened_at),
        currency=row.currency,
        inside_minor=row.price_minor,
        outside_minor=row.best,
        outside=row.outside,
    )
