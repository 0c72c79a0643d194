"""The fixed cast: ten people, three MEs and a platform, as every test knows them.

Lin leads Blue Kettle and posts; Noor accepts for her. Amara leads Cold Chain and bids, Mei is a member there. Teo leads
Northwind and rivals. Sol waits in the pool. Ada is steward, Rui audits, Fay is finance, Hua is HR.
"""

from dataclasses import dataclass
from datetime import date

import pytest
from django.utils import timezone

from core.clock import business_date
from ledger.entities import open_entity
from ledger.writer import Draft, Kind, credit, debit, post_one
from microenterprises.models import Membership, Microenterprise, Platform, ShareTerms
from people.models import User

START = date(2026, 1, 1)


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


def person(name: str, *roles: str) -> User:
    return User.objects.create_user(
        f"{name.lower()}@haier.example", "market-demo", name=name, roles=list(roles), joined_on=START
    )


def firm(name: str, platform: Platform, lead: User, *members: User, wallet_minor: int = 0) -> Microenterprise:
    entity = open_entity(name=name, kind="microenterprise", currency="CNY")
    found = Microenterprise.objects.create(
        name=name,
        kind="user",
        purpose=f"{name} serves its customers.",
        platform=platform,
        entity=entity,
        currency="CNY",
        launched_at=timezone.now(),
        launched_by=lead,
    )
    for index, somebody in enumerate((lead, *members)):
        Membership.objects.create(
            microenterprise=found,
            person=somebody,
            role="Leader" if index == 0 else "Member",
            customer_outcome="Deliveries arrive cold.",
            is_lead=index == 0,
            weight=20 if index == 0 else 10,
            track="entrepreneur",
            started_on=START,
        )
    ShareTerms.objects.create(
        microenterprise=found,
        version=1,
        status="agreed",
        threshold_minor=0,
        tiers=[[200_000_000, 3000], [None, 4000]],
        residual_owners={"reserve": 5000, "platform": 5000},
        effective_from=START,
        proposed_at=timezone.now(),
        proposed_by=lead,
        agreed_at=timezone.now(),
    )
    if wallet_minor:
        post_one(
            Draft(
                reference=f"opening:{found.pk}",
                kind="investment",
                lines=(
                    debit(entity.pk, Kind.WALLET, wallet_minor),
                    credit(entity.pk, Kind.STAKE, wallet_minor, f"entity:{platform.entity_id}"),
                ),
                memo="Opening money",
            ),
            by=str(lead.pk),
        )
    return found


def make_cast() -> Cast:
    platform = Platform.objects.create(
        name="Smart Living", purpose="Homes", entity=open_entity(name="Smart Living", kind="platform", currency="CNY")
    )
    lin, noor, amara, teo, mei, sol = (person(name) for name in ("Lin", "Noor", "Amara", "Teo", "Mei", "Sol"))
    assert business_date() > START
    return Cast(
        lin=lin,
        noor=noor,
        amara=amara,
        teo=teo,
        mei=mei,
        sol=sol,
        ada=person("Ada", "steward"),
        rui=person("Rui", "auditor"),
        fay=person("Fay", "finance"),
        hua=person("Hua", "hr"),
        blue_kettle=firm("Blue Kettle", platform, lin, noor, wallet_minor=500_000_000),
        cold_chain=firm("Cold Chain", platform, amara, mei, wallet_minor=10_000_000),
        northwind=firm("Northwind", platform, teo, wallet_minor=10_000_000),
        platform=platform,
    )


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
