"""What the verbs of a contract share: its locked row, its trail, whom they tell. Verbs have files of their own."""

from datetime import datetime

from django.db.models import QuerySet, UUIDField

from contracts.actions import releases
from contracts.bidders import speakers
from contracts.models import Contract, ContractVersion
from contracts.models.vendors import Bidder
from contracts.permissions import contracts as permissions
from core import audit, parameters
from core.clock import business_date
from core.prepared import Asked, Bound
from people.models import User

CLOCK = "clock"


def locked(contract: Contract) -> Contract:
    """The contract as it is now, its row locked until the transaction ends, with what its verbs read."""
    Contract.objects.select_for_update().get(pk=contract.pk)
    asked: Asked[Contract] = Asked(_with_parties, "contract with its parties", {"contract": contract.pk})
    (found,) = asked.rows()  # its row was locked just now, and none is ever deleted
    return found


def _with_parties() -> QuerySet[Contract]:
    return Contract.objects.filter(pk=Bound("contract", UUIDField())).select_related(
        "buyer", "supplier", "supplier_vendor", "acceptor", "project", "award__bid", "award__awarded_by"
    )


def record(contract: Contract, deed: str, *, by: User | None, **facts: object) -> None:
    """One line in the contract's trail, and a release if anything changed that others read."""
    audit.record(by=by, deed=f"contract.{deed}", subject=subject(contract), about=contract.title, **facts)
    releases.note_contract(contract, deed)


def subject(contract: Contract) -> str:
    """How the trail and the books name a contract."""
    return f"contract:{contract.pk}"


def link(contract: Contract) -> str:
    """The page of a contract."""
    return f"/contracts/{contract.pk}/"


def leaders(*firms: Bidder) -> list[User]:
    """Who leads these MEs, and who signs in for the vendors among them, today."""
    return speakers(firms, business_date())


def posted_by(by: User | None) -> str:
    """How the books name who posted."""
    return CLOCK if by is None else str(by.pk)


def signing_ends(contract: Contract) -> datetime:
    """The instant from which the unsigned contract is void, by the days that held when it was drafted."""
    return permissions.signing_ends(contract, parameters.value("signing_days", on=business_date(contract.created_at)))


def current_version(contract: Contract) -> ContractVersion:
    """The newest words."""
    return contract.versions.order_by("-number")[0]
