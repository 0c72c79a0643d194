"""Scenes for the tests of payouts: approved nights, people with bank details, batches in every state."""

from datetime import date, timedelta

from ledger.accounts import Kind
from ledger.queries import balance, party_balances, person_balances
from microenterprises.models import Microenterprise
from people.models import User
from settlement.actions import nights as night_verbs
from settlement.actions import payouts
from settlement.bank import Account, read_account
from settlement.models import BankDetails, Payment, PayoutBatch, SettlementRun
from tests.settlement.world import Seat, earn, firm, nights, person

DAY = date(2026, 11, 18)
ONE = timedelta(days=1)
IBAN = "DE89370400440532013000"
CARD = "6222021234567890123"


def account(number: str = CARD, holder: str = "李娜") -> Account:
    return read_account(holder=holder, number=number, clearing_system="CNAPS", clearing_code="102100099996")


def bank(somebody: User, details: Account | None = None, currency: str = "") -> BankDetails:
    """They enter their own bank details."""
    return payouts.keep_bank_details(person=somebody, account=details or account(), currency=currency, by=somebody)


def approve(day: date, by: User | None = None) -> SettlementRun:
    run = SettlementRun.objects.get(business_date=day)
    return night_verbs.approve(run=run, by=by or person("Approver", "finance"))


def people_of(*firms: Microenterprise) -> list[User]:
    return list(User.objects.filter(memberships__microenterprise__in=firms).distinct().order_by("name", "pk"))


def shared(*seats: Seat, minor: int = 1_000_00, name: str = "", currency: str = "CNY") -> Microenterprise:
    """An ME whose members share half of what it earned on DAY, sealed and approved, everybody with bank details."""
    me = firm(*seats, name=name, currency=currency, launched=DAY)
    earn(me, minor, DAY)
    nights(DAY)
    approve(DAY)
    for somebody in people_of(me):
        bank(somebody)
    return me


def draft(fay: User, currency: str = "CNY") -> PayoutBatch:
    return payouts.create(currency=currency, by=fay)


def sent(fay: User, currency: str = "CNY") -> PayoutBatch:
    return payouts.send(batch=draft(fay, currency), by=fay)


def paid(fay: User, other: User, currency: str = "CNY") -> PayoutBatch:
    return payouts.mark_paid(batch=sent(fay, currency), by=other)


def payment_to(name: str, batch: PayoutBatch) -> Payment:
    return Payment.objects.get(batch=batch, person__name=name)


def stands(me: Microenterprise, somebody: User) -> tuple[int, int, int]:
    """What an ME owes somebody, has on its way to them, and has set aside for everybody."""
    theirs = person_balances(somebody.party)[me.entity_id]
    return theirs.payable_minor, theirs.in_transit_minor, balance(me.entity_id, Kind.SET_ASIDE)


def owed_in_all(me: Microenterprise) -> int:
    return sum(party_balances([me.entity_id], Kind.PAYABLE).values())
