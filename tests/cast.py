"""The fixed cast: ten people, three MEs and a platform, as every test knows them.

Lin leads Blue Kettle and posts; Noor accepts for her. Amara leads Cold Chain and bids, Mei is a member there. Teo leads
Northwind and rivals. Sol waits in the pool. Ada is steward, Rui audits, Fay is finance, Hua is HR.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import pytest
from django.contrib.auth.hashers import make_password
from pytest_django.plugin import DjangoDbBlocker

from core.clock import business_date, company_zone, market_now, move_forward
from core.models import Parameter
from ledger.entities import open_entity
from microenterprises.actions.firms import MemberSpec, found
from microenterprises.actions.money import Document, fund_platform, record_investment
from microenterprises.calculation import TermsSpec, Tier
from microenterprises.models import Microenterprise, Platform
from people.models import Role, User
from tests.databases import Told, told

START = date(2026, 1, 1)
PASSWORD = "market-demo"
TERMS = TermsSpec(
    threshold_minor=0,
    tiers=(Tier(200_000_000, 3000), Tier(None, 4000)),
    residual_owners={"reserve": 5000, "platform": 5000},
)


@dataclass
class Cast:
    lin: User
    noor: User
    amara: User
    teo: User
    mei: User
    sol: User
    ada: User
    rui: User
    fay: User
    hua: User
    blue_kettle: Microenterprise
    cold_chain: Microenterprise
    northwind: Microenterprise
    platform: Platform


@cache
def _hashed() -> str:
    """The password of everybody, hashed once: hashing is slow on purpose."""
    return make_password(PASSWORD)


def person(name: str, *roles: str) -> User:
    somebody = User(email=f"{name.lower()}@haier.example", name=name, roles=list(roles), joined_on=START)
    somebody.password = _hashed()
    somebody.save()
    return somebody


def firm(name: str, platform: Platform, lead: User, *members: User, wallet_minor: int = 0) -> Microenterprise:
    """An ME founded on `START`; its opening money is an investment of the platform, recorded by finance."""
    me = found(
        name=name,
        kind="user",
        platform=platform,
        purpose=f"{name} serves its customers.",
        currency="CNY",
        members=[
            MemberSpec(
                person=somebody,
                role="Leader" if somebody == lead else "Member",
                customer_outcome="Deliveries arrive cold.",
                is_lead=somebody == lead,
                weight=20 if somebody == lead else 10,
            )
            for somebody in (lead, *members)
        ],
        terms=TERMS,
        by=lead,
        on=START,
    )
    if wallet_minor:
        invest(me, platform, wallet_minor)
    return me


def invest(me: Microenterprise, platform: Platform, amount_minor: int) -> None:
    """Give the platform money and let it invest all of it."""
    fay = User.objects.filter(roles__contains=[Role.FINANCE]).order_by("created_at").first() or person("Fay", "finance")
    _fund(platform, amount_minor, f"Funding for {me.pk}", fay)
    _place(platform, me, amount_minor, fay)


def _fund(platform: Platform, amount_minor: int, document: str, fay: User) -> None:
    fund_platform(
        platform=platform, amount_minor=amount_minor, document=document, effective_date=business_date(), by=fay
    )


def _place(platform: Platform, me: Microenterprise, amount_minor: int, fay: User) -> None:
    opening = Document(number="Opening", counterparty=platform.name, dated=business_date())
    record_investment(microenterprise=me, platform=platform, amount_minor=amount_minor, document=opening, by=fay)


def begin_in_the_morning() -> None:
    """Nine o'clock in the company, today or tomorrow: the hours of a test do not cross midnight, whenever it runs."""
    now = market_now().astimezone(company_zone())
    nine = datetime.combine(now.date() + timedelta(days=now.time() > time(9)), time(9), company_zone())
    move_forward(nine - now)


def make_cast() -> Cast:
    """Everybody of the cast, with the platform's money in the three MEs."""
    begin_in_the_morning()
    Parameter.objects.create(name="standstill_business_days", holds_from=START, value=0, note="As in the demo.")
    platform = Platform.objects.create(
        name="Smart Living", purpose="Homes", entity=open_entity(name="Smart Living", kind="platform", currency="CNY")
    )
    fay = person("Fay", "finance")
    lin, noor, amara, teo, mei, sol = (person(name) for name in ("Lin", "Noor", "Amara", "Teo", "Mei", "Sol"))
    assert business_date() > START
    wallets = {
        firm("Blue Kettle", platform, lin, noor): 500_000_000,
        firm("Cold Chain", platform, amara, mei): 10_000_000,
        firm("Northwind", platform, teo): 10_000_000,
    }
    _fund(platform, sum(wallets.values()), "Funding for the cast", fay)
    for me, amount_minor in wallets.items():
        _place(platform, me, amount_minor, fay)
    blue_kettle, cold_chain, northwind = wallets
    return Cast(
        lin=lin,
        noor=noor,
        amara=amara,
        teo=teo,
        mei=mei,
        sol=sol,
        ada=person("Ada", "steward"),
        rui=person("Rui", "auditor"),
        fay=fay,
        hua=person("Hua", "hr"),
        blue_kettle=blue_kettle,
        cold_chain=cold_chain,
        northwind=northwind,
        platform=platform,
    )


@pytest.fixture(scope="session")
def told_cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Told[Cast]]:
    """Written once: to open the accounts and found the MEs takes longer than most of what is tested with them."""
    with django_db_blocker.unblock(), told(make_cast) as cast:
        yield cast


@pytest.fixture
def cast(db: None, told_cast: Told[Cast]) -> Cast:
    """A test's own copy of everybody; they stand in the test's database."""
    return deepcopy(told_cast.what)
