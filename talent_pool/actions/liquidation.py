"""Handing on what is left in the books of an ME that ends, after its last share.

Its result is closed into what its owners retain, by the rule that closes every fiscal year; stakes go back to who put
them in, and what cannot is lost to them; the rest goes to the owners by what each retained over the years. An ME that
no longer is cannot keep a reserve, so its platform takes the reserve's part. Its own stakes in other MEs pass to its
platform, so that nobody pays an ME that is no more.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from core.clock import business_date
from ledger.accounts import EXPENSE, INCOME, YEAR_CLOSE, Kind
from ledger.queries import balances, party_balances
from ledger.writer import Draft, Line, credit, debit, post
from microenterprises.entries import COMPANY, entity_party
from microenterprises.models import Microenterprise, ShareTerms
from people.models import User
from settlement.actions.ends import Left, hand_on_to_people
from settlement.calculation import retained
from talent_pool.liquidation import split

RESULT = (*INCOME, *EXPENSE, Kind.PROFIT_SHARED)
OWNERS = {"platform": 10_000}
"""Who owns the rest when an ME ends that never had terms."""


def hand_on(*, microenterprise: Microenterprise, by: User) -> int:
    """Close the books of an ME and empty its wallet; returns what left it, in minor units. Safe to repeat."""
    me, platform = microenterprise.entity_id, microenterprise.platform.entity_id
    found = balances([me], [*RESULT, Kind.WALLET])
    wallet = found[me, Kind.WALLET]
    stakes = {party: minor for (_entity, party), minor in party_balances([me], Kind.STAKE).items() if minor > 0}
    result = {kind: found[me, kind] for kind in RESULT}
    made = _retained(microenterprise, _result(result), stakes)
    drafts = []
    closing = tuple(_close(me, result, made))
    if closing:
        drafts.append(_draft(microenterprise, "closed", YEAR_CLOSE, closing))
    claims = _claims(me, made)
    divided = split(wallet, stakes, _weights(microenterprise, claims, stakes))
    handing = (
        *_give_back(me, divided.stakes),
        *_lose(me, {party: minor - divided.stakes[party] for party, minor in stakes.items()}),
        *_gather(me, claims),
        *_give_rest(me, platform, divided.rest),
        *_pass_on_holdings(me, platform),
    )
    if handing:
        drafts.append(_draft(microenterprise, "handed-on", "wind_up", handing))
    entries = post(drafts, by=str(by.pk))
    if handing:
        left = _left_to_people(me, handing, stakes)
        hand_on_to_people(
            microenterprise=microenterprise,
            left=left,
            night=entries[-1].business_date,
            reference=drafts[-1].reference,
            by=by,
        )
    return wallet


def _left_to_people(me: int, handing: Iterable[Line], stakes: dict[str, int]) -> dict[UUID, Left]:
    """What becomes payable to each person by the entry that hands on, beside the stake they had."""
    owed: dict[str, int] = {}
    for line in handing:
        if line.entity_id == me and line.kind is Kind.PAYABLE:
            owed[line.party] = owed.get(line.party, 0) - line.amount_minor
    return {
        UUID(party.removeprefix("person:")): Left(stakes.get(party, 0), minor) for party, minor in owed.items() if minor
    }


def _draft(firm: Microenterprise, event: str, kind: str, lines: tuple[Line, ...]) -> Draft:
    return Draft(
        reference=f"microenterprise:{firm.pk}:{event}",
        kind=kind,
        lines=_merged(lines),
        subject=f"microenterprise:{firm.pk}",
        memo=firm.name,
    )


def _merged(lines: Iterable[Line]) -> tuple[Line, ...]:
    """One line per account; an account that comes out even has none."""
    sums: dict[tuple[int, Kind, str], int] = {}
    for line in lines:
        key = (line.entity_id, line.kind, line.party)
        sums[key] = sums.get(key, 0) + line.amount_minor
    return tuple(Line(*key[:2], amount, key[2]) for key, amount in sums.items() if amount)


def _owners(firm: Microenterprise) -> dict[str, int]:
    agreed = ShareTerms.objects.filter(microenterprise=firm, status=ShareTerms.Status.AGREED)
    # Terms that were to begin later never held, and name no owner of what was made before.
    terms = agreed.filter(effective_from__lte=business_date()).order_by("-version").first()
    return dict(terms.residual_owners) if terms else OWNERS


def _retained(firm: Microenterprise, minor: int, stakes: dict[str, int]) -> dict[str, int]:
    """An amount by the parties that own it, by the terms that held last."""
    return retained(minor, _owners(firm), stakes, platform=entity_party(firm.platform.entity_id))


def _result(result: dict[Kind, int]) -> int:
    return -sum(kind.side * minor for kind, minor in result.items())


def _close(me: int, result: dict[Kind, int], made: dict[str, int]) -> Iterator[Line]:
    """Empty income, expense and what was shared into what each owner retains."""
    for kind, minor in result.items():
        if minor:
            yield Line(me, kind, -kind.side * minor)
    for party, minor in made.items():
        yield Line(me, Kind.RETAINED, -minor, party)


def _claims(me: int, made: dict[str, int]) -> dict[str, int]:
    """What each owner retained over the years, this one included."""
    claims = {party: minor for (_entity, party), minor in party_balances([me], Kind.RETAINED).items()}
    for party, minor in made.items():
        claims[party] = claims.get(party, 0) + minor
    return {party: minor for party, minor in sorted(claims.items()) if minor}


def _weights(firm: Microenterprise, claims: dict[str, int], stakes: dict[str, int]) -> dict[str, int]:
    """By what the rest is divided: what owners retained, or the terms' own parts when nobody retained anything."""
    return {party: minor for party, minor in claims.items() if minor > 0} or _retained(firm, 10_000, stakes)


def _gather(me: int, claims: dict[str, int]) -> Iterator[Line]:
    """Every owner's account is emptied into one, out of which the rest is paid."""
    for party, minor in claims.items():
        if party != COMPANY:
            yield Line(me, Kind.RETAINED, minor, party)
            yield Line(me, Kind.RETAINED, -minor, COMPANY)


def _give_back(me: int, parts: dict[str, int]) -> Iterator[Line]:
    for party, minor in parts.items():
        if not minor:
            continue
        yield debit(me, Kind.STAKE, minor, party)
        yield from _pay(me, party, minor, stake=True)


def _lose(me: int, lost: dict[str, int]) -> Iterator[Line]:
    """What the wallet could not give back: no stake in an ME that is no more stays in anybody's books."""
    for party, minor in lost.items():
        if not minor:
            continue
        yield debit(me, Kind.STAKE, minor, party)
        yield credit(me, Kind.RETAINED, minor, COMPANY)
        if party.startswith("entity:"):
            holder = _entity_of(party)
            yield debit(holder, Kind.RETAINED, minor, COMPANY)
            yield credit(holder, Kind.STAKE_HELD, minor, entity_party(me))


def _pass_on_holdings(me: int, platform: int) -> Iterator[Line]:
    """The stakes this ME holds in others belong to its platform from now on, at what was put in."""
    for (_entity, party), minor in party_balances([me], Kind.STAKE_HELD).items():
        if minor <= 0:
            continue
        other = _entity_of(party)
        yield credit(me, Kind.STAKE_HELD, minor, party)
        yield debit(me, Kind.RETAINED, minor, COMPANY)
        yield debit(platform, Kind.STAKE_HELD, minor, party)
        yield credit(platform, Kind.RETAINED, minor, COMPANY)
        yield debit(other, Kind.STAKE, minor, entity_party(me))
        yield credit(other, Kind.STAKE, minor, entity_party(platform))


def _entity_of(party: str) -> int:
    return int(party.removeprefix("entity:"))


def _give_rest(me: int, platform: int, rest: dict[str, int]) -> Iterator[Line]:
    parts: dict[str, int] = {}
    for owner, minor in rest.items():
        party = entity_party(platform) if owner.startswith("owner:") else owner
        parts[party] = parts.get(party, 0) + minor
    for party, minor in parts.items():
        if minor:
            yield debit(me, Kind.RETAINED, minor, COMPANY)
            yield from _pay(me, party, minor, stake=False)


def _pay(me: int, party: str, minor: int, *, stake: bool) -> Iterator[Line]:
    """Money leaves the wallet: to another entity's wallet, or set aside for a person."""
    yield credit(me, Kind.WALLET, minor)
    if not party.startswith("entity:"):
        yield debit(me, Kind.SET_ASIDE, minor)
        yield credit(me, Kind.PAYABLE, minor, party)
        return
    other = _entity_of(party)
    yield debit(other, Kind.WALLET, minor)
    if stake:
        yield credit(other, Kind.STAKE_HELD, minor, entity_party(me))
    else:
        yield credit(other, Kind.RETAINED, minor, COMPANY)
