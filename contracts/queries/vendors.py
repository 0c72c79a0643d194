"""What the offices read of the people of vendors: HR which addresses are used, steward and auditor who was asked for.

Whether a link was used is for HR alone, which keeps accounts: it hints who bids (rule 2, docs/adr/0037).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from contracts.models import FurtherColleague, Vendor, VendorInvitation
from people.models import User


@dataclass(frozen=True, slots=True)
class Address:
    """An address that a known vendor was written to at, and what became of its last link."""

    email: str
    person: User | None
    sent_at: datetime | None
    expires_at: datetime | None
    withdrawn: bool


def known(user: User) -> QuerySet[Vendor]:
    """The vendors of the reader's office, each with how many further colleagues wait for the second person."""
    waiting = Count("further_colleagues", filter=Q(further_colleagues__agreed=None, further_colleagues__isnull=False))
    return Vendor.objects.visible_to(user).annotate(waiting=waiting)


def open_addresses(vendor: Vendor) -> set[str]:
    """The addresses at which a known vendor can be written to. One statement."""
    rows = VendorInvitation.objects.in_force().filter(vendor=vendor, project__published_at__isnull=False)
    return set(rows.values_list("email", flat=True))


def addresses(vendor: Vendor) -> list[Address]:
    """Every address of a known vendor by name, the drafts of buyers left out. Two statements."""
    last: dict[str, VendorInvitation] = {}
    people: dict[str, User] = {}
    rows = VendorInvitation.objects.filter(vendor=vendor, project__published_at__isnull=False)
    for row in rows.select_related("accepted_by"):
        last[row.email] = row
        if row.accepted_by is not None:
            people[row.email] = row.accepted_by
    still = open_addresses(vendor)
    return [
        Address(email, people.get(email), row.sent_at, row.expires_at, withdrawn=email not in still)
        for email, row in sorted(last.items())
    ]


def asked_for(vendor: Vendor, most: int) -> list[FurtherColleague]:
    """Who was asked for lately, those that wait first. One statement."""
    rows = vendor.further_colleagues.select_related("asked_by", "decided_by")
    return list(rows.order_by(F("decided_at").desc(nulls_first=True), "-asked_at", "pk")[:most])
