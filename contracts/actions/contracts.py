"""The verbs of a contract: sign, end, name who accepts. Its words, milestones and ratings have files of their own.

Every verb locks the contract's row first and judges by the market's clock read under that lock. Money moves here only
through `ledger.writer`: into escrow with the last signature, back to the wallet when the contract ends or never starts.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import wording
from contracts.actions import acceptance, awards, holds, releases
from contracts.actions.parties import (
    current_version,
    leaders,
    link,
    locked,
    posted_by,
    record,
    signing_ends,
    subject,
)
from contracts.lifecycle import AWARD, CONTRACT, MILESTONE, PROJECT
from contracts.models import Contract, ContractVersion, Milestone, Signature
from contracts.models.contracts import Party
from contracts.permissions import contracts as permissions
from contracts.permissions.contracts import place
from core import audit, parameters
from core.clock import business_date, market_now
from core.errands import one_by_one
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.models import Parameter
from ledger.accounts import Book, Kind
from ledger.writer import Draft, credit, debit, post_one
from microenterprises.models import Microenterprise
from people.models import User
from people.notices import tell

# ------------------------------------------------------------------ signatures


@transaction.atomic
def sign(*, contract: Contract, sha256_seen: str, by: User) -> Signature:
    """Sign the current version for the party that `by` leads; the last signature puts the money in escrow.

    sha256_seen: the hash of the words the signer read. Raises Conflict when the words changed meanwhile, Denied,
    InvalidTransition (signed already, not waiting for signatures), TooLate after the days for signing.
    """
    contract = locked(contract)
    now = market_now()
    version = current_version(contract)
    signed = set(version.signatures.values_list("party", flat=True))
    here = place(contract, by, business_date(now))
    party = permissions.check_sign(contract, here, signed, now=now, until=signing_ends(contract))
    if sha256_seen != version.sha256:
        raise Conflict(
            _("The contract changed after you opened it. Read version %(number)s and sign that one.")
            % {"number": version.number}
        )
    signature = Signature.objects.create(
        version=version, party=party, sha256_seen=sha256_seen, signed_at=now, signed_by=by
    )
    record(contract, "signed", by=by, version=version.number, party=party, sha256=version.sha256)
    if len(signed) == 1:
        _activate(contract, version, by=by, now=now)
    return signature


def _activate(contract: Contract, version: ContractVersion, *, by: User, now: datetime) -> None:
    parts = wording.read(version.body).parts
    Milestone.objects.bulk_create(
        Milestone(
            contract=contract, number=number, title=part.title, amount_minor=part.amount_minor, due_on=part.due_on
        )
        for number, part in enumerate(parts, start=1)
    )
    _fund(contract, by)
    CONTRACT.move(contract, "activate", activated_at=now)
    record(contract, "activated", by=by, version=version.number, escrow_minor=contract.price_minor)
    tell(
        [*leaders(contract.buyer, contract.seller), contract.acceptor],
        lambda: (
            _("The contract “%(title)s” is signed by both parties; the price is in escrow and work can start.")
            % {"title": contract.title}
        ),
        link=link(contract),
    )


def _fund(contract: Contract, by: User) -> None:
    """From hold to escrow; what the ceiling held above the price goes back to the wallet."""
    buyer, over = contract.buyer.entity_id, _ceiling(contract) - contract.price_minor
    lines = [debit(buyer, Kind.ESCROW, contract.price_minor), credit(buyer, Kind.HOLD, _ceiling(contract))]
    if over > 0:
        lines.append(debit(buyer, Kind.WALLET, over))
    post_one(
        Draft(
            reference=f"contract:{contract.pk}:signed",
            kind="contract_signed",
            lines=tuple(lines),
            subject=subject(contract),
            memo=contract.title,
            book=Book(contract.book),
        ),
        by=posted_by(by),
    )


def _ceiling(contract: Contract) -> int:
    ceiling = contract.project.ceiling_minor
    if ceiling is None:
        raise InvalidTransition(_("This project held no money, so its contract cannot be funded."))
    return ceiling


# ------------------------------------------------------------------ the end


@transaction.atomic
def void(*, contract: Contract, reason: str, by: User | None) -> Contract:
    """Decline to sign (a leader of either party), or by the clock (`by=None`) once the days for signing are over.

    The award is declined. Where the supplier did not sign, the next rank is chosen and the money stays held; where the
    buyer did not, or nobody is left to choose, the hold goes back and the project ends without an award.
    Raises Denied, InvalidTransition, Invalid without a reason.
    """
    contract = locked(contract)
    now = market_now()
    if by is None:
        CONTRACT.check(contract.status, "void")
        if now < signing_ends(contract):
            raise InvalidTransition(_("The days for signing are not over yet."))
        unwilling = _unwilling(current_version(contract))
    else:
        unwilling = Party(permissions.check_decline(contract, place(contract, by, business_date(now))))
    return _void(contract, unwilling, reason=_given(reason), by=by, now=now)


def _unwilling(newest: ContractVersion) -> Party:
    """Because of whom the days passed: who has not signed the newest words where the other side has.

    Where neither has, it is the side that changed the words and did not sign its own; the first ones follow from the
    award, which waits for the supplier.
    """
    signature = newest.signatures.first()
    if signature is not None:
        return Party(permissions.other(signature.party))
    return Party.SUPPLIER if newest.number == 1 else Party(newest.party)


def _void(contract: Contract, unwilling: Party, *, reason: str, by: User | None, now: datetime) -> Contract:
    """unwilling: the party because of which there is no contract."""
    CONTRACT.move(contract, "void", ended_at=now, ended_reason=reason)
    AWARD.move(contract.award, "decline", ended_at=now, ended_by=by, ended_reason=reason)
    record(contract, "voided", by=by, reason=reason, unwilling=unwilling.value)
    words = _("%(me)s did not sign: %(reason)s") % {"me": contract.supplier_name, "reason": reason}
    chosen = unwilling == Party.SUPPLIER and awards.choose_next(declined=contract.award, reason=words, now=now)
    if not chosen:
        _fall_through(contract, reason=reason, by=by, now=now)
    tell(
        leaders(contract.buyer, contract.seller),
        lambda: _("The contract “%(title)s” is void: %(reason)s") % {"title": contract.title, "reason": reason},
        link=link(contract),
    )
    return contract


def _fall_through(contract: Contract, *, reason: str, by: User | None, now: datetime) -> None:
    """The project ends without an award and its money is free again."""
    holds.release(contract.project, by=by)
    PROJECT.move(contract.project, "fall_through", ended_at=now, ended_reason=reason)
    audit.record(
        by=by,
        deed="project.unsuccessful",
        subject=f"project:{contract.project_id}",
        about=contract.project.title,
        reason=reason,
        released_minor=_ceiling(contract),
    )
    releases.note_project(contract.project, "unsuccessful")


def void_unsigned(now: datetime) -> int:
    """Void every contract whose days for signing are over; returns how many. Safe to run twice."""
    shortest = Parameter.objects.filter(name="signing_days").aggregate(days=Min("value"))["days"]
    waiting = Contract.objects.filter(
        status=Contract.Status.SIGNING, signing_from__lte=now - timedelta(days=shortest)
    ).order_by("signing_from", "id")
    return one_by_one(_void_if_over, waiting)


def _void_if_over(contract: Contract) -> bool:
    days = parameters.value("signing_days", on=business_date(contract.created_at))
    reason = ngettext(
        "not signed by both parties within %(days)s day", "not signed by both parties within %(days)s days", days
    ) % {"days": days}
    try:
        void(contract=contract, reason=reason, by=None)
    except InvalidTransition:
        # Signed or declined between our look and our lock, or its own days are longer: nothing is due.
        return False
    return True


@transaction.atomic
def terminate(*, contract: Contract, reason: str, by: User) -> Contract:
    """The steward ends an active contract, citing why: open milestones are cancelled, unused escrow goes back.

    What silence has accepted is paid before. A contract that this completes has nothing left to end.
    Raises Denied (leaders use `propose_end`), InvalidTransition, Invalid without a reason.
    """
    contract = locked(contract)
    now = market_now()
    permissions.check_terminate(contract, place(contract, by, business_date(now)))
    return _terminate(contract, reason=_given(reason), by=by, now=now)


@transaction.atomic
def propose_end(*, contract: Contract, reason: str, by: User, seen: str | None = None) -> Contract:
    """One leader proposes to end an active contract; when the other leader does too, it ends.

    seen: `proposed_end` of the contract that `by` read, so that nobody agrees to another reason than they saw; None:
    whatever is proposed now. Raises Denied, InvalidTransition (proposed already, or not active), Invalid (without a
    reason, or something else is proposed meanwhile).
    """
    contract = locked(contract)
    now = market_now()
    if seen is not None and seen != proposed_end(contract):
        raise Invalid(_("What is proposed changed while you read it. Read it again below, then answer."))
    party = permissions.check_propose_end(contract, place(contract, by, business_date(now)))
    reason = _given(reason)
    if contract.end_proposed_for is not None:
        return _terminate(contract, reason=contract.end_proposed_reason, by=by, now=now)
    contract.end_proposed_for = party
    contract.end_proposed_reason = reason
    contract.end_proposed_at = now
    contract.end_proposed_by = by
    contract.save(update_fields=["end_proposed_for", "end_proposed_reason", "end_proposed_at", "end_proposed_by"])
    record(contract, "end_proposed", by=by, party=party, reason=reason)
    tell(
        leaders(permissions.firm(contract, permissions.other(party))),
        lambda: (
            _("%(name)s proposes to end the contract “%(title)s”: %(reason)s")
            % {"name": by.name, "title": contract.title, "reason": reason}
        ),
        link=link(contract),
    )
    return contract


def proposed_end(contract: Contract) -> str:
    """Which proposal to end the contract stands, for whoever answers it; empty when there is none."""
    return "" if contract.end_proposed_at is None else contract.end_proposed_at.isoformat()


@transaction.atomic
def withdraw_end(*, contract: Contract, by: User) -> Contract:
    """Take the proposal to end the contract back. Raises Denied, InvalidTransition."""
    contract = locked(contract)
    party = permissions.check_withdraw_end(contract, place(contract, by, business_date()))
    contract.end_proposed_for = None
    contract.end_proposed_reason = ""
    contract.end_proposed_at = None
    contract.end_proposed_by = None
    contract.save(update_fields=["end_proposed_for", "end_proposed_reason", "end_proposed_at", "end_proposed_by"])
    record(contract, "end_withdrawn", by=by, party=party)
    return contract


@transaction.atomic
def end_with_party(*, contract: Contract, leaving: Microenterprise, reason: str, by: User) -> Contract:
    """End a contract because one of its parties is being dissolved: void before the signatures, terminated after.

    Called by the wind-up, which has decided that `by` may dissolve `leaving`. Raises Invalid, and InvalidTransition
    while a delivery waits for the leaving buyer: whoever took the work decides on it before the escrow goes back.
    """
    contract = locked(contract)
    if leaving.pk not in (contract.buyer_id, contract.supplier_id):
        raise Denied(_("%(me)s is no party of this contract.") % {"me": leaving.name})
    now = market_now()
    if contract.status == Contract.Status.SIGNING:
        unwilling = Party.BUYER if leaving.pk == contract.buyer_id else Party.SUPPLIER
        return _void(contract, unwilling, reason=_given(reason), by=by, now=now)
    waiting = _waiting(contract, now)
    if waiting is not None and leaving.pk == contract.buyer_id:
        raise InvalidTransition(
            _("“%(title)s” is delivered for the contract “%(contract)s” and waits for your decision.")
            % {"title": waiting.title, "contract": contract.title}
        )
    return _terminate(contract, reason=_given(reason), by=by, now=now)


def _waiting(contract: Contract, now: datetime) -> Milestone | None:
    """A delivery on which somebody may still decide."""
    delivered = contract.milestones.filter(status=Milestone.Status.SUBMITTED).order_by("number")
    return next((each for each in delivered if acceptance.silent_since(contract, each, now) is None), None)


def _terminate(contract: Contract, *, reason: str, by: User, now: datetime) -> Contract:
    """End what is still open. What silence has accepted is paid first; when that was all, the contract is completed."""
    CONTRACT.check(contract.status, "terminate")
    acceptance.accept_all_silent(contract, now)
    if contract.status == Contract.Status.COMPLETED:
        return contract
    unused = 0
    for milestone in contract.milestones.select_for_update().filter(status__in=acceptance.OPEN):
        MILESTONE.move(milestone, "cancel", decided_at=now, decided_by=by, decision_reason=reason)
        unused += milestone.amount_minor
    if unused:
        _return_escrow(contract, unused, by)
    CONTRACT.move(contract, "terminate", ended_at=now, ended_reason=reason)
    record(contract, "terminated", by=by, reason=reason, returned_minor=unused)
    tell(
        [*leaders(contract.buyer, contract.seller), contract.acceptor],
        lambda: _("The contract “%(title)s” has ended: %(reason)s") % {"title": contract.title, "reason": reason},
        link=link(contract),
    )
    return contract


def _return_escrow(contract: Contract, unused: int, by: User) -> None:
    buyer = contract.buyer.entity_id
    post_one(
        Draft(
            reference=f"contract:{contract.pk}:ended",
            kind="escrow_returned",
            lines=(debit(buyer, Kind.WALLET, unused), credit(buyer, Kind.ESCROW, unused)),
            subject=subject(contract),
            memo=contract.title,
            book=Book(contract.book),
        ),
        by=posted_by(by),
    )


def _given(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Give the reason; everybody in the contract reads it."), field="reason")
    return reason.strip()


# ------------------------------------------------------------------ who accepts


@transaction.atomic
def name_acceptor(*, contract: Contract, acceptor: User, by: User) -> Contract:
    """Name another person who accepts for the buyer: its member, not tied to the supplier, without part in the award.

    Raises Denied, InvalidTransition, Invalid with the sentence that says why this person cannot.
    """
    contract = locked(contract)
    today = business_date()
    permissions.check_name_acceptor(contract, place(contract, by, today))
    if refused := permissions.why_not_accept(contract, acceptor.name, place(contract, acceptor, today)):
        raise Invalid(refused, field="acceptor")
    before = contract.acceptor.name
    contract.acceptor = acceptor
    contract.save(update_fields=["acceptor"])
    record(contract, "acceptor_named", by=by, before=before, after=acceptor.name)
    tell(
        [acceptor],
        lambda: _("You now accept the work of the contract “%(title)s”.") % {"title": contract.title},
        link=link(contract),
    )
    return contract
