"""Outside money: what the company gives its platforms, what they invest, what customers pay and what things cost.

Finance records all of it, day by day, with documents. Investments cover everything an ME will hold, pay in advance or
lose in the story, so that no wallet runs dry however the nights share.
"""

from datetime import timedelta

from haier_market.seed.chance import Chance
from haier_market.seed.timeline import OPENING
from haier_market.seed.world import Firm, Trade, World
from microenterprises import entries
from microenterprises.models import MoneyRecord
from microenterprises.names import number_key

ROUND = 10_000
SATURDAY = 5


def everything(world: World) -> None:
    """All documents of the story. Comes after everything that spends."""
    chance = world.chance.stream("money")
    firms = [*world.firms, *world.ending]
    spent: dict[str, int] = {}
    for number, firm in enumerate(firms, start=1):
        amount = _needed(world, firm)
        spent[firm.platform.name] = spent.get(firm.platform.name, 0) + amount
        _record(world, firm, MoneyRecord.Kind.INVESTMENT, amount, OPENING, f"VAM-{number:05d}", firm.platform.name)
    _fund(world, spent)
    for firm in firms:
        _trade(world, firm, chance)


def _needed(world: World, firm: Firm) -> int:
    """Everything it may hold at once, two months of pay, its losses, and a reserve; in minor units, rounded up."""
    pay = sum(member.pay_minor for member in firm.members) * (2 + world.options.days // 30)
    days = world.options.days
    losses = firm.minor(firm.revenue * days * max(0, firm.costs_percent - 90) // 100)
    if firm.trade is not None:
        losses = sum(max(0, out - into) for into, out in (firm.trade(day, days) for day in range(days)))
    wanted = firm.budget_minor * 11 // 10 + pay + losses + firm.minor(800_000)
    unit = firm.minor(ROUND)
    return -(-wanted // unit) * unit


def _fund(world: World, spent: dict[str, int]) -> None:
    """The company gives each platform what it invests and half as much again for what comes next."""
    line, fay = world.timeline, world.cast.fay
    for number, (name, platform) in enumerate(world.platforms.items(), start=1):
        reserve = 4_000_000_00 if platform.entity.currency == "CNY" else 80_000_000
        amount = spent.get(name, 0) * 3 // 2 + reserve
        document = f"CAP-{line.first_day.year}-{number:03d}"
        draft = entries.funding(platform, amount, document=document, effective_date=line.first_day)
        world.journal.add(OPENING, fay, draft)
        world.trail.tell(
            line.end_of(OPENING), fay, "money.funding", f"platform:{platform.pk}", name,
            amount_minor=amount, currency=platform.entity.currency, document=document,
        )  # fmt: skip


def _trade(world: World, firm: Firm, chance: Chance) -> None:
    """A receipt and a cost on working days, a receipt on most others; an ME that ends has neither any more then."""
    line = world.timeline
    if firm.trade is not None:
        _trade_evenly(world, firm, firm.trade, chance)
        return
    is_steady = firm is world.cast.cold_chain
    for number in range(line.days):
        day = line.first_day + timedelta(days=number)
        slot = line.slots_on(day)[-2]
        if slot >= world.ends_at(firm):
            return
        works = is_steady or day.weekday() < SATURDAY
        earned = _around(firm.revenue, chance)
        if works or chance.happens(60):
            paper = f"INV-{day:%y%m%d}-{chance.whole(100, 999)}"
            who = chance.pick(firm.field.customers)
            _record(world, firm, MoneyRecord.Kind.RECEIPT, firm.minor(earned), slot, paper, who)
        if works:
            basis = earned if is_steady else _around(firm.revenue, chance)
            paper = f"BILL-{day:%y%m%d}-{chance.whole(100, 999)}"
            who = chance.pick(firm.field.suppliers)
            cost = firm.minor(basis) * firm.costs_percent // 100
            _record(world, firm, MoneyRecord.Kind.COST, cost, slot, paper, who)


def _trade_evenly(world: World, firm: Firm, trade: Trade, chance: Chance) -> None:
    """A receipt and a cost on every day, as large as the ME's own trade says."""
    line = world.timeline
    for number in range(line.days):
        day = line.first_day + timedelta(days=number)
        slot, (into, out) = line.slots_on(day)[-2], trade(number, line.days)
        customer, supplier = chance.pick(firm.field.customers), chance.pick(firm.field.suppliers)
        _record(world, firm, MoneyRecord.Kind.RECEIPT, into, slot, f"INV-{day:%y%m%d}-1", customer)
        _record(world, firm, MoneyRecord.Kind.COST, out, slot, f"BILL-{day:%y%m%d}-1", supplier)


def _around(amount: int, chance: Chance) -> int:
    return amount * chance.whole(70, 130) // 100


def _record(
    world: World, firm: Firm, kind: MoneyRecord.Kind, amount_minor: int, slot: int, document: str, counterparty: str
) -> None:
    """As `microenterprises.actions.money` records it."""
    line, fay = world.timeline, world.cast.fay
    at = line.end_of(slot)
    record = MoneyRecord(
        microenterprise=firm.row,
        kind=kind,
        amount_minor=amount_minor,
        effective_date=line.day_of(slot),
        counterparty=counterparty,
        document=document,
        document_key=number_key(document),
        platform=firm.platform if kind is MoneyRecord.Kind.INVESTMENT else None,
        recorded_at=at,
        recorded_by=fay,
    )
    record.entry_reference = f"{kind.value}:{record.pk}"
    world.rows.add(record)
    world.journal.add(slot, fay, entries.money_record(record))
    world.trail.tell(
        at, fay, f"money.{kind.value}", f"microenterprise:{firm.row.pk}", firm.name,
        amount_minor=amount_minor, currency=firm.row.currency, document=document,
    )  # fmt: skip
