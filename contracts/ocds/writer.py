"""From plain values to the parts of an OCDS 1.1.5 release with the bids extension. No Django and no database here.

`process` says what everybody may read of a process; `contract` what its parties and those who watch over them read. The
two never write the same field with different values, so the order in which their releases are merged does not matter.
What may not be told yet is not among the values: bids come with the opening, a price under two envelopes with its own.
How parts become a release, and what a later release takes back, stands in `contracts.ocds.history`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from babel.numbers import get_currency_precision

Node = dict[str, Any]

SIBLING_LOT: Final = "siblingLot"
TENDER_STATUS: Final = {
    "planned": "planned",
    "published": "active",
    "evaluating": "active",
    "awarded": "complete",
    "unsuccessful": "unsuccessful",
    "cancelled": "cancelled",
}
"""States of a project, and `planned` for one that is published and takes no bids yet."""
BID_STATUS: Final = {"valid": "valid", "disqualified": "disqualified", "withdrawn": "withdrawn"}
AWARD_STATUS: Final = {
    "proposed": "pending",
    "standing": "pending",
    "active": "active",
    "declined": "unsuccessful",
    "cancelled": "cancelled",
}
CONTRACT_STATUS: Final = {
    "signing": "pending",
    "active": "active",
    "suspended": "active",
    "completed": "terminated",
    "terminated": "terminated",
    "void": "cancelled",
}
MILESTONE_STATUS: Final = {
    "scheduled": "scheduled",
    "submitted": "scheduled",
    "accepted": "met",
    "part_accepted": "partiallyMet",
    "rejected": "notMet",
    "cancelled": "notMet",
}


@dataclass(frozen=True, slots=True)
class Firm:
    """An ME, or an outside bidder; the id is the same in every process."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Lot:
    """A part of a process that is awarded by itself."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another lot of the same need, which here is a process of its own."""

    number: int
    ocid: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of what a published process says, and why."""

    id: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Bid:
    """An opened bid. `price_minor` None: its price is not opened yet. `lots` empty: for the whole process."""

    id: str
    status: str
    submitted_at: datetime
    firm: Firm
    price_minor: int | None
    lots: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Award:
    """A choice for one bid, in whatever state it is."""

    id: str
    status: str
    at: datetime
    reason: str
    bid_id: str
    firm: Firm
    price_minor: int | None
    lots: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """What everybody may read of a process now. `status` is a key of `TENDER_STATUS`; money in minor units.

    `opened_at` None: nothing of bids is told, however many there are.
    """

    id: str
    title: str
    description: str
    status: str
    buyer: Firm
    currency: str
    ceiling_minor: int | None
    opens_at: datetime | None
    deadline: datetime
    opened_at: datetime | None
    decided_at: datetime | None
    invited_only: bool
    criteria: str
    criteria_details: str
    bids: Sequence[Bid] = ()
    awards: Sequence[Award] = ()
    amendments: Sequence[Amendment] = ()
    lots: Sequence[Lot] = ()
    has_enquiries: bool = False
    siblings: Sequence[Sibling] = ()
    eligibility: str = ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A part of a contract. `due_at`: the last instant of the day on which it is due."""

    id: str
    title: str
    status: str
    due_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    accepted_minor: int | None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract between two MEs on an award."""

    id: str
    award_id: str
    title: str
    status: str
    buyer: Firm
    supplier: Firm
    currency: str
    price_minor: int
    signed_at: datetime | None
    ended_at: datetime | None
    milestones: Sequence[Milestone] = ()


# ------------------------------------------------------------------ values


def stamp(instant: datetime) -> str:
    """An aware instant as OCDS writes it, always in UTC with six digits, so that text sorts as time does."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def amount(minor: int, currency: str) -> Node:
    """An exact amount with its currency; as many digits after the point as the currency has."""
    return {"amount": Decimal(minor).scaleb(-get_currency_precision(currency)), "currency": currency}


def _present(**fields: Any) -> Node:
    """The fields that say something: absent is absent, never null or empty."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _reference(firm: Firm) -> Node:
    return {"id": firm.id, "name": firm.name}


def _value(minor: int | None, currency: str) -> Node | None:
    return None if minor is None else amount(minor, currency)


def _period(start: datetime | None, end: datetime | None) -> Node:
    return _present(startDate=start and stamp(start), endDate=end and stamp(end))


def _parties(roles: Iterable[tuple[Firm, str]]) -> list[Node]:
    """Each firm once, with every role it has, in the order in which they were first named."""
    firms: dict[str, tuple[Firm, list[str]]] = {}
    for firm, role in roles:
        _firm, found = firms.setdefault(firm.id, (firm, []))
        if role not in found:
            found.append(role)
    return [
        {"id": firm.id, "name": firm.name, "identifier": {"id": firm.id, "legalName": firm.name}, "roles": found}
        for firm, found in firms.values()
    ]


# ------------------------------------------------------------------ what everybody may read


def process(facts: Process) -> Node:
    """The parts of a release that everybody may read: parties, buyer, tender, opened bids, awards."""
    return {
        **_frame(
            [
                (facts.buyer, "buyer"),
                (facts.buyer, "procuringEntity"),
                *((bid.firm, "tenderer") for bid in facts.bids),
                *((award.firm, "supplier") for award in facts.awards),
            ],
            facts.buyer,
        ),
        "tender": _tender(facts),
        **_present(
            bids=_present(details=[_bid(bid, facts.currency) for bid in facts.bids]),
            awards=[_award(award, facts.currency) for award in facts.awards],
            relatedProcesses=[_sibling(sibling) for sibling in facts.siblings],
        ),
    }


def _frame(roles: Iterable[tuple[Firm, str]], buyer: Firm) -> Node:
    return {"initiationType": "tender", "language": "en", "parties": _parties(roles), "buyer": _reference(buyer)}


def _tender(facts: Process) -> Node:
    return _present(
        id=facts.id,
        title=facts.title,
        description=facts.description,
        status=TENDER_STATUS[facts.status],
        procuringEntity=_reference(facts.buyer),
        value=_value(facts.ceiling_minor, facts.currency),
        procurementMethod="selective" if facts.invited_only else "open",
        eligibilityCriteria=facts.eligibility or None,
        mainProcurementCategory="services",
        awardCriteria=facts.criteria,
        awardCriteriaDetails=facts.criteria_details,
        submissionMethod=["electronicSubmission"],
        tenderPeriod=_period(facts.opens_at, facts.deadline),
        hasEnquiries=facts.has_enquiries or None,
        awardPeriod=_period(facts.opened_at, facts.decided_at if facts.opened_at else None),
        lots=[{"id": lot.id, "title": lot.title} for lot in facts.lots],
        amendments=[{"id": row.id, "date": stamp(row.at), "rationale": row.reason} for row in facts.amendments],
        **_tenderers(facts),
    )


def _tenderers(facts: Process) -> Node:
    """Who bid and how many did: from the opening on, and then a zero is told too."""
    if facts.opened_at is None:
        return {}
    firms = {bid.firm.id: bid.firm for bid in facts.bids}
    return {"numberOfTenderers": len(firms), "tenderers": [_reference(firm) for firm in firms.values()]}


def _sibling(sibling: Sibling) -> Node:
    """The codelist is open and has no code for lots that are processes of their own; docs/ocds.md says what ours means.

    Without the other's title, which may change in releases of its own.
    """
    return {
        "id": f"lot-{sibling.number}",
        "relationship": [SIBLING_LOT],
        "scheme": "ocid",
        "identifier": sibling.ocid,
    }


def _bid(bid: Bid, currency: str) -> Node:
    return _present(
        id=bid.id,
        date=stamp(bid.submitted_at),
        status=BID_STATUS[bid.status],
        tenderers=[_reference(bid.firm)],
        value=_value(bid.price_minor, currency),
        relatedLots=list(bid.lots),
    )


def _award(award: Award, currency: str) -> Node:
    return _present(
        id=award.id,
        status=AWARD_STATUS[award.status],
        date=stamp(award.at),
        description=award.reason,
        suppliers=[_reference(award.firm)],
        value=_value(award.price_minor, currency),
        relatedBid=award.bid_id,
        relatedLots=list(award.lots),
    )


# ------------------------------------------------------------------ what the parties of a contract read


def contract(facts: Contract) -> Node:
    """The parts of a release that only the contract's readers get: the contract, its milestones, what was paid.

    The award is named by what of it never changes, so that the release stands by itself and agrees with every other.
    """
    return {
        **_frame(
            [
                (facts.buyer, "buyer"),
                (facts.buyer, "procuringEntity"),
                (facts.supplier, "tenderer"),
                (facts.supplier, "supplier"),
            ],
            facts.buyer,
        ),
        "awards": [{"id": facts.award_id, "suppliers": [_reference(facts.supplier)]}],
        "contracts": [_contract(facts)],
    }


def _contract(facts: Contract) -> Node:
    return _present(
        id=facts.id,
        awardID=facts.award_id,
        title=facts.title,
        status=CONTRACT_STATUS[facts.status],
        value=amount(facts.price_minor, facts.currency),
        dateSigned=facts.signed_at and stamp(facts.signed_at),
        period=_period(facts.signed_at, facts.ended_at) if facts.signed_at else None,
        implementation=_present(
            transactions=[_transaction(row, facts) for row in facts.milestones if row.accepted_minor],
            milestones=[_milestone(row) for row in facts.milestones],
        ),
    )


def _milestone(row: Milestone) -> Node:
    moved = row.decided_at or row.submitted_at
    return _present(
        id=row.id,
        title=row.title,
        type="delivery",
        status=MILESTONE_STATUS[row.status],
        dueDate=stamp(row.due_at),
        dateMet=stamp(row.decided_at) if row.decided_at and row.accepted_minor is not None else None,
        dateModified=moved and stamp(moved),
    )


def _transaction(row: Milestone, facts: Contract) -> Node:
    return _present(
        id=row.id,
        date=row.decided_at and stamp(row.decided_at),
        value=amount(row.accepted_minor or 0, facts.currency),
        payer=_reference(facts.buyer),
        payee=_reference(facts.supplier),
    )
