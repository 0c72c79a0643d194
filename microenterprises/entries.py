"""What this room posts: one function per event, each giving the entry the ledger writer is asked for.

The table behind it is in docs/money.md. Pages show the same lines as a preview before the button. Nothing is posted or
decided here.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from ledger.accounts import Kind
from ledger.writer import Draft, Line, credit, debit
from microenterprises.models import Idea, Microenterprise, MoneyRecord, Platform, Pledge

COMPANY: Final = "owner:company"
"""The party that owns what platforms invest."""


def entity_party(entity_id: int) -> str:
    """How the ledger names an entity as a party."""
    return f"entity:{entity_id}"


def pledger_party(pledge: Pledge) -> str:
    """Whom an idea owes a pledge to: the person, or the ME whose wallet pledged."""
    return entity_party(pledge.microenterprise.entity_id) if pledge.microenterprise else pledge.person.party


# --- Outside money ----------------------------------------------------------------------------------------------------


def receipt_lines(microenterprise: Microenterprise, amount_minor: int) -> tuple[Line, ...]:
    """A customer paid: wallet, against income from outside."""
    me = microenterprise.entity_id
    return debit(me, Kind.WALLET, amount_minor), credit(me, Kind.INCOME_OUTSIDE, amount_minor)


def cost_lines(microenterprise: Microenterprise, amount_minor: int) -> tuple[Line, ...]:
    """The ME paid somebody outside: cost, against the wallet."""
    me = microenterprise.entity_id
    return debit(me, Kind.EXPENSE_OUTSIDE, amount_minor), credit(me, Kind.WALLET, amount_minor)


def investment_lines(microenterprise: Microenterprise, platform: Platform, amount_minor: int) -> tuple[Line, ...]:
    """A platform invested: both books, the ME's stake against the stake the platform holds."""
    me, backer = microenterprise.entity_id, platform.entity_id
    return (
        debit(me, Kind.WALLET, amount_minor),
        credit(me, Kind.STAKE, amount_minor, entity_party(backer)),
        debit(backer, Kind.STAKE_HELD, amount_minor, entity_party(me)),
        credit(backer, Kind.WALLET, amount_minor),
    )


def lines_of(record: MoneyRecord) -> tuple[Line, ...]:
    """The lines of a record of outside money by its kind."""
    if record.kind == MoneyRecord.Kind.RECEIPT:
        return receipt_lines(record.microenterprise, record.amount_minor)
    if record.kind == MoneyRecord.Kind.COST:
        return cost_lines(record.microenterprise, record.amount_minor)
    if record.platform is None:
        raise ValueError("an investment names its platform")
    return investment_lines(record.microenterprise, record.platform, record.amount_minor)


def money_record(record: MoneyRecord) -> Draft:
    """The entry of a receipt, cost or investment."""
    return Draft(
        reference=record.entry_reference,
        kind=record.kind,
        lines=lines_of(record),
        subject=f"microenterprise:{record.microenterprise_id}",
        memo=f"{record.counterparty}, {record.document}",
        effective_date=record.effective_date,
    )


def funding(platform: Platform, amount_minor: int, *, document: str, effective_date: date) -> Draft:
    """The company gave a platform money to invest."""
    return Draft(
        reference=f"funding:{platform.pk}:{document}",
        kind="funding",
        lines=(
            debit(platform.entity_id, Kind.WALLET, amount_minor),
            credit(platform.entity_id, Kind.STAKE, amount_minor, COMPANY),
        ),
        subject=f"platform:{platform.pk}",
        memo=document,
        effective_date=effective_date,
    )


# --- Pledges and launch -----------------------------------------------------------------------------------------------


def _idea_entity(idea: Idea) -> int:
    if idea.entity_id is None:
        raise ValueError("a draft idea has no books")
    return int(idea.entity_id)


def pledge(pledge: Pledge) -> Draft:
    """Money comes into the idea's pledge escrow: a person's by a paper and its date, an ME's from its wallet."""
    idea, amount = _idea_entity(pledge.idea), pledge.amount_minor
    lines = [
        debit(idea, Kind.PLEDGE_ESCROW, amount),
        credit(idea, Kind.PLEDGES_OWED, amount, pledger_party(pledge)),
    ]
    if pledge.microenterprise:
        giver = pledge.microenterprise.entity_id
        lines += [debit(giver, Kind.PLEDGE_GIVEN, amount, entity_party(idea)), credit(giver, Kind.WALLET, amount)]
    return Draft(
        reference=f"pledge:{pledge.pk}",
        kind="pledge",
        lines=tuple(lines),
        subject=f"idea:{pledge.idea_id}",
        memo=f"{pledge.idea.title}, {pledge.document}" if pledge.document else pledge.idea.title,
        effective_date=pledge.dated,
    )


def refund(pledge: Pledge) -> Draft:
    """The mirror of a pledge: the money goes back to whoever gave it."""
    idea, amount = _idea_entity(pledge.idea), pledge.amount_minor
    lines = [
        debit(idea, Kind.PLEDGES_OWED, amount, pledger_party(pledge)),
        credit(idea, Kind.PLEDGE_ESCROW, amount),
    ]
    if pledge.microenterprise:
        giver = pledge.microenterprise.entity_id
        lines += [debit(giver, Kind.WALLET, amount), credit(giver, Kind.PLEDGE_GIVEN, amount, entity_party(idea))]
    return Draft(
        reference=f"pledge:{pledge.pk}:refunded",
        kind="refund",
        lines=tuple(lines),
        subject=f"idea:{pledge.idea_id}",
        memo=pledge.idea.title,
    )


def launch(idea: Idea, microenterprise: Microenterprise, pledges: Iterable[Pledge]) -> Draft:
    """Every pledge becomes a stake: out of the idea's escrow into the ME's wallet, per pledger."""
    source, target = _idea_entity(idea), microenterprise.entity_id
    per_party: dict[str, int] = defaultdict(int)
    given: dict[int, int] = defaultdict(int)
    for each in pledges:
        per_party[pledger_party(each)] += each.amount_minor
        if each.microenterprise:
            given[each.microenterprise.entity_id] += each.amount_minor
    total = sum(per_party.values())
    lines = [debit(target, Kind.WALLET, total), credit(source, Kind.PLEDGE_ESCROW, total)]
    for party, amount in sorted(per_party.items()):
        lines += [credit(target, Kind.STAKE, amount, party), debit(source, Kind.PLEDGES_OWED, amount, party)]
    for giver, amount in sorted(given.items()):
        lines += [
            debit(giver, Kind.STAKE_HELD, amount, entity_party(target)),
            credit(giver, Kind.PLEDGE_GIVEN, amount, entity_party(source)),
        ]
    return Draft(
        reference=f"idea:{idea.pk}:launched",
        kind="launch",
        lines=tuple(lines),
        subject=f"idea:{idea.pk}",
        memo=idea.title,
    )
