"""What an outside vendor reads: the projects it is invited to, its own bids and contracts. One statement each.

Nothing of other bidders is read here but how many valid bids there were, once they are open.
"""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from contracts.models import Award, Bid, Contract, InvitedVendor, Project, VendorInvitation
from contracts.permissions.standing import Standing
from contracts.queries import contracts as contract_queries
from people.models import User


def invited_to(user: User, who: Standing) -> QuerySet[Project]:
    """The published projects a vendor is invited to, each with the states of its own opened bid and of its award."""
    bids = Bid.objects.visible_to(user).filter(project=OuterRef("pk"), vendor=who.vendor)
    told = Award.objects.filter(bid=OuterRef("pk"), status__in=[Award.Status.STANDING, Award.Status.ACTIVE])
    awards = ArraySubquery(told.values("status"))
    return (
        Project.objects.visible_to(user)
        .select_related("buyer")
        .annotate(
            own_opened=ArraySubquery(bids.annotate(won=awards).values(row=JSONObject(status="status", won="won")))
        )
    )


def contracts_of(user: User) -> QuerySet[Contract, Any]:
    """The vendor's contracts as a list shows them, the newest first."""
    return contract_queries.listed(user).order_by("-created_at", "id")


def invited(project: Project) -> list[InvitedVendor]:
    """Which vendors are invited to a project, with the addresses that its buyer brought in first.

    Those that other buyers brought in are theirs to know; who has used a link is not read. Two statements.
    """
    found = list(project.invited_vendors.select_related("vendor").order_by("vendor__name", "pk"))
    addresses: dict[Any, list[str]] = {}
    same = VendorInvitation.objects.filter(vendor=OuterRef("vendor"), email=OuterRef("email"))
    earlier = same.filter(project__published_at__isnull=False, made_at__lt=OuterRef("made_at"))
    first = same.filter(~Exists(earlier), project__buyer=project.buyer_id, colleague=None)
    rows = VendorInvitation.objects.filter(Exists(first), project=project)
    for vendor, email in rows.values_list("vendor_id", "email"):
        if email not in addresses.setdefault(vendor, []):
            addresses[vendor].append(email)
    for row in found:
        vars(row)["addresses"] = addresses.get(row.vendor_id, [])
    return found
