"""Reads for the contract pages: the list, one contract with everything its page says, and its trail in sentences.

One statement each, whatever the number of rows. Nothing here decides anything: checks are asked of `permissions`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, IntegerField, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext as _

from contracts import wording
from contracts.access import SeenContract, Stars
from contracts.models import Contract, ContractVersion, Milestone, Signature, Vendor
from contracts.models.contracts import Party
from contracts.models.vendors import Bidder
from core import money
from core.models import AuditRecord
from microenterprises.models import Microenterprise
from people.models import User

OPEN: Final = (Milestone.Status.SCHEDULED, Milestone.Status.SUBMITTED, Milestone.Status.REJECTED)
PAID: Final = (Milestone.Status.ACCEPTED, Milestone.Status.PART_ACCEPTED)
TRAIL_LENGTH: Final = 100


# ------------------------------------------------------------------ the list


def listed(user: User, mine: Collection[UUID] = ()) -> QuerySet[Contract]:
    """Every contract the reader may see, with its parties and how far it is.

    mine: the reader's MEs; their contracts get `theirs` = 0, all others 1, so that a list can start with them.
    """
    own = Q(buyer__in=mine) | Q(supplier__in=mine)
    return (
        Contract.objects.visible_to(user)
        .select_related("buyer", "supplier", "supplier_vendor")
        .annotate(
            theirs=Case(When(own, then=0), default=1, output_field=IntegerField()) if mine else Value(1),
            parts=_counted(),
            parts_open=_counted(status__in=OPEN),
            next_due=Subquery(_milestones(status__in=OPEN).annotate(due=Min("due_on")).values("due")),
        )
    )


def _milestones(**where: Any) -> QuerySet[Milestone, Any]:
    return Milestone.objects.filter(contract=OuterRef("pk"), **where).order_by().values("contract")


def _counted(**where: Any) -> Coalesce:
    return Coalesce(Subquery(_milestones(**where).annotate(n=Count("pk")).values("n")), 0)


def found_by(rows: QuerySet[Contract], text: str) -> QuerySet[Contract]:
    """Contracts whose title, buyer or supplier contains `text`."""
    firms = Microenterprise.objects.filter(name__icontains=text).values("pk")
    vendors = Vendor.objects.filter(name__icontains=text).values("pk")
    return rows.filter(
        Q(title__icontains=text) | Q(buyer__in=firms) | Q(supplier__in=firms) | Q(supplier_vendor__in=vendors)
    )


def on_side(rows: QuerySet[Contract], side: str, mine: Collection[UUID]) -> QuerySet[Contract]:
    """Contracts in which the reader's MEs are the buyer or the supplier."""
    return rows.filter(buyer__in=mine) if side == Party.BUYER else rows.filter(supplier__in=mine)


# ------------------------------------------------------------------ one contract


@dataclass(frozen=True, slots=True)
class Sign:
    """A signature as the page shows it."""

    party: str
    who: str
    at: datetime


def shown_ratings(found: SeenContract, now: datetime) -> tuple[Stars, ...]:
    """The ratings the reader may see: both once both are in or the days are over, until then their own side's."""
    ended = found.contract.ended_at
    over = ended is not None and now >= ended + timedelta(days=found.hidden_days)
    if len(found.ratings) == 2 or over:
        return found.ratings
    return tuple(row for row in found.ratings if row.party in found.place.serves)


# ------------------------------------------------------------------ words


@dataclass(frozen=True, slots=True)
class Version:
    """One version with its words and who signed it."""

    number: int
    sha256: str
    words: wording.Words
    reason: str
    written_at: datetime
    written_by: str
    signatures: tuple[Sign, ...]

    @property
    def signed(self) -> frozenset[str]:
        return frozenset(row.party for row in self.signatures)


def versions(contract: Contract) -> list[Version]:
    """All versions, newest first. One statement."""
    signatures = Signature.objects.filter(version=OuterRef("pk")).order_by("signed_at")
    rows = (
        ContractVersion.objects.filter(contract=contract)
        .select_related("created_by")
        .annotate(
            signed_rows=ArraySubquery(
                signatures.values(row=JSONObject(party="party", who="signed_by__name", at="signed_at"))
            )
        )
        .order_by("-number")
    )
    return [_version(row) for row in rows]


def _version(row: Any) -> Version:
    return Version(
        number=row.number,
        sha256=row.sha256,
        words=wording.read(row.body),
        reason=row.reason,
        written_at=row.created_at,
        written_by=row.created_by.name,
        signatures=tuple(
            Sign(found["party"], found["who"], datetime.fromisoformat(found["at"])) for found in row.signed_rows
        ),
    )


# ------------------------------------------------------------------ money


@dataclass(frozen=True, slots=True)
class Funds:
    """Where the price is: in hold before the signatures, then in escrow, paid, or back in the buyer's wallet."""

    price_minor: int
    held_minor: int
    escrow_minor: int
    paid_minor: int
    returned_minor: int


def funds(contract: Contract, milestones: Iterable[Milestone]) -> Funds:
    """The money of a contract, from its milestones; a test compares it with the books."""
    rows = list(milestones)
    ceiling = contract.project.ceiling_minor or 0
    paid = sum(row.accepted_minor or 0 for row in rows)
    escrow = sum(row.amount_minor for row in rows if row.status in OPEN)
    signing = contract.status == Contract.Status.SIGNING
    return Funds(
        price_minor=contract.price_minor,
        held_minor=ceiling if signing else 0,
        escrow_minor=escrow,
        paid_minor=paid,
        returned_minor=contract.price_minor - paid - escrow if rows else 0,
    )


# ------------------------------------------------------------------ the trail


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the timeline."""

    at: datetime
    who: str
    sentence: str
    icon: str
    tone: str


def trail(contract: Contract) -> list[Happened]:
    """What happened to a contract and who did it, newest first. One statement."""
    rows = AuditRecord.objects.filter(subject=f"contract:{contract.pk}").order_by("-id")[:TRAIL_LENGTH]
    return [_happened(row, contract) for row in rows]


Tale = Callable[[Mapping[str, Any], Contract], str]


def _happened(row: AuditRecord, contract: Contract) -> Happened:
    verb = row.deed.removeprefix("contract.")
    tale, icon, tone = TALES.get(verb, (lambda facts, contract: verb, "circle", "neutral"))
    return Happened(
        at=row.at,
        who=row.actor_name if row.actor_id else "",
        sentence=tale(row.facts, contract),
        icon=icon,
        tone=tone,
    )


def _side(facts: Mapping[str, Any], contract: Contract) -> str:
    return contract.buyer.name if facts.get("party") == Party.BUYER else contract.supplier_name


def _money(minor: int, contract: Contract) -> str:
    return money.write(minor, contract.currency)


def _changed(facts: Mapping[str, Any], contract: Contract) -> str:
    said = _("Proposed version %(version)s: %(reason)s") % facts
    return said + " " + _("Earlier signatures stay with their version.") if facts["voided"] else said


def _accepted(facts: Mapping[str, Any], contract: Contract) -> str:
    told = {
        "number": facts["milestone"],
        "title": facts["title"],
        "paid": _money(facts["accepted_minor"], contract),
        "amount": _money(facts["amount_minor"], contract),
        "reason": facts["reason"],
    }
    if facts["accepted_minor"] == facts["amount_minor"]:
        return _("Accepted milestone %(number)s, %(title)s; %(paid)s was paid.") % told
    return _("Accepted %(paid)s of %(amount)s for milestone %(number)s, %(title)s: %(reason)s") % told


TALES: Final[dict[str, tuple[Tale, str, str]]] = {
    "drafted": (lambda f, c: _("Drafted version 1 from the award"), "file-text", "neutral"),
    "changed": (_changed, "pencil-line", "warn"),
    "signed": (
        lambda f, c: _("Signed version %(version)s for %(side)s") % {"version": f["version"], "side": _side(f, c)},
        "signature",
        "good",
    ),
    "activated": (
        lambda f, c: (
            _("All parties have signed; %(amount)s went into escrow.") % {"amount": _money(f["escrow_minor"], c)}
        ),
        "handshake",
        "good",
    ),
    "delivered": (
        lambda f, c: _("Delivered milestone %(milestone)s, %(title)s") % f,
        "send",
        "accent",
    ),
    "accepted": (_accepted, "circle-check", "good"),
    "accepted_by_silence": (
        lambda f, c: _("Nobody decided in time, which is acceptance.") + " " + _accepted(f, c),
        "hourglass",
        "good",
    ),
    "rejected": (
        lambda f, c: _("Rejected milestone %(milestone)s, %(title)s: %(reason)s") % f,
        "circle-x",
        "bad",
    ),
    "completed": (lambda f, c: _("Every milestone is decided; the contract is completed."), "circle-check", "good"),
    "end_proposed": (
        lambda f, c: (
            _("Proposed for %(side)s to end the contract: %(reason)s") % {"side": _side(f, c), "reason": f["reason"]}
        ),
        "ban",
        "warn",
    ),
    "end_withdrawn": (lambda f, c: _("Took the proposal to end the contract back"), "undo-2", "neutral"),
    "terminated": (
        lambda f, c: (
            _("Ended the contract: %(reason)s %(amount)s went back to %(buyer)s.")
            % {"reason": f["reason"], "amount": _money(f["returned_minor"], c), "buyer": c.buyer.name}
        ),
        "ban",
        "bad",
    ),
    "voided": (
        lambda f, c: _("The contract is void: %(reason)s") % f,
        "ban",
        "bad",
    ),
    "acceptor_named": (
        lambda f, c: _("Named %(after)s to accept the work instead of %(before)s") % f,
        "user-check",
        "neutral",
    ),
    "rated": (lambda f, c: _("Rated for %(side)s") % {"side": _side(f, c)}, "star", "neutral"),
}


# ------------------------------------------------------------------ what comes next


def state_sentence(contract: Contract, version: Version, milestones: Sequence[Milestone], until: str) -> str:
    """The state of a contract in one sentence. `until`: when unsigned words become void, written out."""
    if contract.status == Contract.Status.SIGNING:
        waiting = [firm.name for party, firm in _parties(contract) if party not in version.signed]
        return _("Version %(number)s waits for %(names)s. Unsigned on %(until)s it is void.") % {
            "number": version.number,
            "names": _(" and ").join(waiting),
            "until": until,
        }
    if contract.status == Contract.Status.ACTIVE:
        return _active_sentence(milestones)
    if contract.status == Contract.Status.COMPLETED:
        return _("Every milestone is decided and the money has moved.")
    if contract.status == Contract.Status.VOID:
        return _("It never took effect: %(reason)s") % {"reason": contract.ended_reason}
    return _("It ended early: %(reason)s") % {"reason": contract.ended_reason}


def _active_sentence(milestones: Sequence[Milestone]) -> str:
    done = sum(row.status not in OPEN for row in milestones)
    facts = {"done": done, "all": len(milestones)}
    if any(row.status == Milestone.Status.SUBMITTED for row in milestones):
        return _("%(done)s of %(all)s milestones decided; a delivery waits for a decision.") % facts
    return _("%(done)s of %(all)s milestones decided; the next delivery is awaited.") % facts


def _parties(contract: Contract) -> tuple[tuple[str, Bidder], ...]:
    return ((Party.BUYER.value, contract.buyer), (Party.SUPPLIER.value, contract.seller))


@dataclass(frozen=True, slots=True)
class Duty:
    """What one party has to do now."""

    party: str
    firm: Bidder
    sentence: str
    waits: bool


def duties(contract: Contract, version: Version, milestones: Sequence[Milestone], rated: Collection[str]) -> list[Duty]:
    """What each party must do now, or that nothing is asked of it."""
    said = {
        Party.BUYER.value: _buyer_duty(contract, version, milestones, rated),
        Party.SUPPLIER.value: _supplier_duty(contract, version, milestones, rated),
    }
    return [
        Duty(party, firm, said[party] or _("Nothing is asked now."), bool(said[party]))
        for party, firm in _parties(contract)
    ]


def _signing_duty(contract: Contract, version: Version, party: str) -> str:
    if party in version.signed:
        return ""
    return _("Its leader reads version %(number)s and signs it.") % {"number": version.number}


def _rating_duty(rated: Collection[str], party: str) -> str:
    return "" if party in rated else _("Says how satisfied it is.")


def _buyer_duty(contract: Contract, version: Version, milestones: Sequence[Milestone], rated: Collection[str]) -> str:
    if contract.status == Contract.Status.SIGNING:
        return _signing_duty(contract, version, Party.BUYER)
    if contract.status == Contract.Status.COMPLETED:
        return _rating_duty(rated, Party.BUYER)
    waiting = [row.title for row in milestones if row.status == Milestone.Status.SUBMITTED]
    if contract.status == Contract.Status.ACTIVE and waiting:
        return _("%(name)s decides on “%(title)s”.") % {"name": contract.acceptor.name, "title": waiting[0]}
    return ""


def _supplier_duty(
    contract: Contract, version: Version, milestones: Sequence[Milestone], rated: Collection[str]
) -> str:
    if contract.status == Contract.Status.SIGNING:
        return _signing_duty(contract, version, Party.SUPPLIER)
    if contract.status == Contract.Status.COMPLETED:
        return _rating_duty(rated, Party.SUPPLIER)
    todo = [row for row in milestones if row.status in (Milestone.Status.SCHEDULED, Milestone.Status.REJECTED)]
    if contract.status == Contract.Status.ACTIVE and todo:
        return _("Delivers “%(title)s” with evidence.") % {"title": todo[0].title}
    return ""
