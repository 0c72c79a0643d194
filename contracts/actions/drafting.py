"""The words of a contract: its first version from an award, and other milestones while signatures are awaited.

Every verb locks the contract's row first and judges by the market's clock read under that lock.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts import proposed, wording
from contracts.actions.parties import current_version, leaders, link, locked, record, signing_ends
from contracts.models import Award, Contract, ContractVersion
from contracts.models.contracts import Party
from contracts.permissions import contracts as permissions
from contracts.permissions.contracts import place
from core import money, parameters
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from people.models import User
from people.notices import tell

Asked = Sequence[tuple[str, int, date]]
"""Milestones as a form asks for them: title, minor units, due date."""

LONGEST_PLAN = 50


@transaction.atomic
def draft(*, award: Award, by: User) -> Contract:
    """Version 1 from an award: its price is the bid's, in the milestones the buyer proposed, else in one.

    Raises Denied (only who awarded drafts), InvalidTransition (the award is not active), Conflict (drafted already).
    """
    Award.objects.select_for_update().get(pk=award.pk)
    award = Award.objects.select_related(
        "project__buyer", "project__acceptor", "bid__microenterprise", "bid__vendor"
    ).get(pk=award.pk)
    _check_award(award, by)
    contract = _drafted(award, now := market_now())
    parts = proposed.parts(award.project, award.bid, price_minor=contract.price_minor, today=business_date(now))
    _write_version(contract, parts, number=1, reason="", party=Party.BUYER, by=by, now=now)
    record(contract, "drafted", by=by, version=1, price_minor=contract.price_minor)
    tell(
        leaders(contract.buyer, contract.seller),
        lambda: _("The contract for “%(title)s” waits for your signature.") % {"title": contract.title},
        link=link(contract),
    )
    return contract


def _check_award(award: Award, by: User) -> None:
    if award.awarded_by_id != by.pk:
        raise Denied(_("Who awarded the project drafts its contract."))
    if award.status != Award.Status.ACTIVE:
        raise InvalidTransition(_("This award is no longer in force, so it has no contract."))
    if Contract.objects.filter(award=award).exists():
        raise Conflict(_("The contract of this award is drafted already."))


def _drafted(award: Award, now: datetime) -> Contract:
    """The row of the contract that follows from an award."""
    project, bid = award.project, award.bid
    if project.buyer is None or project.acceptor is None or bid.bidder is None or bid.price_minor is None:
        raise InvalidTransition(_("A reference project is shown for comparison only; it has no contract."))
    return Contract.objects.create(
        project=project,
        award=award,
        buyer=project.buyer,
        supplier=bid.microenterprise,
        supplier_vendor=bid.vendor,
        acceptor=project.acceptor,
        title=project.title,
        currency=project.currency,
        book=project.book,
        price_minor=bid.price_minor,
        created_at=now,
        signing_from=now,
    )


@transaction.atomic
def propose_version(*, contract: Contract, milestones: Asked, note: str, by: User) -> ContractVersion:
    """Propose other milestones while signatures are awaited; signatures of the version before stay with it.

    Where the other side had signed that version, the days for signing begin anew: it has as long for these words.
    milestones: (title, minor units, due date), in order; their amounts sum to the price. note: why, for the others.
    Raises Denied, InvalidTransition, TooLate after the days for signing, Invalid with a sentence that says how much is
    missing or over.
    """
    contract = locked(contract)
    now = market_now()
    here = place(contract, by, business_date(now))
    party = permissions.check_change(contract, here, now=now, until=signing_ends(contract))
    parts = _checked_parts(contract, milestones, business_date(now))
    if not note.strip():
        raise Invalid(_("Say why you change the words; the other side reads it before signing."), field="note")
    before = current_version(contract)
    if wording.read(before.body).parts == tuple(parts):
        raise Invalid(_("These are the milestones of version %(n)s; change one of them.") % {"n": before.number})
    version = _write_version(
        contract, parts, number=before.number + 1, reason=note.strip(), party=party, by=by, now=now
    )
    signed = set(before.signatures.values_list("party", flat=True))
    if permissions.other(party) in signed:
        contract.signing_from = now
        contract.save(update_fields=["signing_from"])
    record(contract, "changed", by=by, version=version.number, party=party, reason=note.strip(), voided=len(signed))
    tell(
        [person for person in leaders(contract.buyer, contract.seller) if person != by],
        lambda: (
            _("%(name)s proposed version %(number)s of the contract “%(title)s”; it waits for your signature.")
            % {"name": by.name, "number": version.number, "title": contract.title}
        ),
        link=link(contract),
    )
    return version


def _write_version(
    contract: Contract,
    parts: Sequence[wording.Part],
    *,
    number: int,
    reason: str,
    party: str,
    by: User,
    now: datetime,
) -> ContractVersion:
    today = business_date(now)
    body, digest = wording.seal(
        wording.compose(
            contract,
            version=number,
            parts=parts,
            silence_days=parameters.value("silence_is_acceptance_days", on=today),
            signing_days=parameters.value("signing_days", on=business_date(contract.created_at)),
        )
    )
    return ContractVersion.objects.create(
        contract=contract,
        number=number,
        body=body,
        sha256=digest,
        reason=reason,
        party=party,
        created_at=now,
        created_by=by,
    )


def _checked_parts(contract: Contract, asked: Asked, today: date) -> list[wording.Part]:
    if not asked:
        raise Invalid(_("A contract has at least one milestone."))
    if len(asked) > LONGEST_PLAN:
        raise Invalid(_("A contract has at most %(count)s milestones.") % {"count": LONGEST_PLAN})
    for number, (title, amount_minor, due_on) in enumerate(asked, start=1):
        _check_part(number, title, amount_minor, due_on, today)
    _check_sum(sum(amount for _title, amount, _due in asked), contract)
    return [wording.Part(" ".join(title.split()), amount, due_on) for title, amount, due_on in asked]


def _check_part(number: int, title: str, amount_minor: int, due_on: date, today: date) -> None:
    if not title.strip():
        raise Invalid(_("Milestone %(number)s needs a title that says what is delivered.") % {"number": number})
    if len(title) > 160:
        raise Invalid(_("The title of milestone %(number)s is longer than 160 signs.") % {"number": number})
    if amount_minor <= 0:
        raise Invalid(_("Milestone %(number)s needs an amount above zero.") % {"number": number})
    if due_on < today:
        raise Invalid(_("Milestone %(number)s is due before today; choose a later date.") % {"number": number})


def _check_sum(total: int, contract: Contract) -> None:
    gap = contract.price_minor - total
    if gap == 0:
        return
    facts = {
        "total": money.write(total, contract.currency),
        "price": money.write(contract.price_minor, contract.currency),
        "gap": money.write(abs(gap), contract.currency),
    }
    if gap > 0:
        raise Invalid(_("The milestones sum to %(total)s; %(gap)s is missing to the price of %(price)s.") % facts)
    raise Invalid(_("The milestones sum to %(total)s; that is %(gap)s over the price of %(price)s.") % facts)
