"""Where people are paid, and two payouts: one that is over, with a payment that came back, and one that waits for Fay.

Accounts are made up and pass every check; like everybody's they are sealed before they reach the database. Payouts go
through the real actions. Whoever prepares one does not mark it as paid, so Ines prepares them here.
"""

from datetime import time, timedelta
from typing import Final

from django.conf import settings

from haier_market.seed.chance import Chance
from haier_market.seed.world import World
from people.models import Role, User
from settlement import payable, vault
from settlement.actions import payouts
from settlement.bank import Account, read_account
from settlement.models import BankDetails, Payment, PayoutBatch

FORGETFUL_PERCENT: Final = 6
"""How many never said where to."""
YEN: Final = "JPY"


def accounts(world: World) -> None:
    """Bank details of nearly everybody; of the cast but Sol."""
    chance = world.chance.stream("accounts")
    cast = world.cast
    known = {cast.lin, cast.noor, cast.amara, cast.teo, cast.mei, cast.ada, cast.rui, cast.fay, cast.hua, cast.ines}
    in_yen = {person.pk for firm in world.firms if firm.row.currency == YEN for person in firm.people}
    at = world.timeline.at(world.timeline.first_day - timedelta(days=3), time(10, 0))
    for person in [*sorted(known, key=lambda each: each.email), *world.people]:
        if Role.VENDOR in person.roles or (person not in known and chance.happens(FORGETFUL_PERCENT)):
            continue
        account = _account(person, chance, in_japan=person.pk in in_yen)
        row = BankDetails(person=person, ending=account.ending, entered_at=at)
        row.sealed = vault.seal(account, row=row.pk, person=person.pk)
        world.rows.add(row)
        world.trail.tell(
            at, person, "bank_details.entered", f"person:{person.pk}", person.name, currency="", ending=account.ending
        )


def _account(person: User, chance: Chance, *, in_japan: bool) -> Account:
    if in_japan:
        code = f"{chance.whole(1, 9999):04d}{chance.whole(1, 999):03d}"
        return read_account(
            holder=person.name, number=f"{chance.whole(0, 9_999_999):07d}", clearing_system="JPZGN", clearing_code=code
        )
    number = f"6217{chance.whole(0, 10**15 - 1):015d}"
    return read_account(holder=person.name, number=number, clearing_system="CNAPS", clearing_code="102100099996")


def paid_out(world: World) -> None:
    """Ines prepares and sends what is approved, the bank rejects one payment, Fay marks the rest as paid."""
    for currency in _ready():
        batch = _sent(world, currency)
        if batch is None:
            continue
        if currency == settings.COMPANY_CURRENCY:
            _come_back(world, batch)
        payouts.work_on(payouts.mark_paid(batch=batch, by=world.cast.fay))


def _come_back(world: World, batch: PayoutBatch) -> None:
    """The bank rejects the payment of somebody who is not of the cast."""
    colleagues = {person.pk for person in world.people}
    payments = Payment.objects.filter(batch=batch).select_related("batch").order_by("number")
    payment = next((each for each in payments.iterator(100) if each.person_id in colleagues), None)
    if payment is not None:
        payouts.reject(payment=payment, reason="Account closed", by=world.cast.fay)


def on_its_way(world: World) -> None:
    """The last one is with the bank; what is approved in the company's own currency waits for Fay."""
    for currency in _ready():
        if currency != settings.COMPANY_CURRENCY:
            _sent(world, currency)


def _ready() -> list[str]:
    payouts.release_approved()
    return [each.currency for each in payable.open_sums() if each.ready]


def _sent(world: World, currency: str) -> PayoutBatch | None:
    batch = payouts.work_on(payouts.create(currency=currency, by=world.cast.ines))
    if batch.status == PayoutBatch.Status.CANCELLED:
        return None
    return payouts.work_on(payouts.send(batch=batch, by=world.cast.ines))
