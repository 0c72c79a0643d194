"""States of a contract reached by the real actions: Lin posts, Amara bids, Lin awards; both sign; Amara delivers."""

from collections.abc import Sequence
from datetime import date, timedelta

from contracts.actions import awards, bids, contracts, drafting, milestones, openings, parties, projects
from contracts.models import Bid, Contract, Milestone
from core import clock
from core.clock import business_date, market_now
from microenterprises.models import Microenterprise
from people.models import User
from tests.cast import Cast

PRICE = 90_000_00
CEILING = 120_000_00
Parts = Sequence[tuple[str, int, date]]


def in_days(days: int) -> date:
    return business_date(market_now()) + timedelta(days=days)


def awarded(
    cast: Cast,
    *,
    title: str = "Keep the vans cold",
    price_minor: int = PRICE,
    supplier: Microenterprise | None = None,
    leader: User | None = None,
) -> Contract:
    """A contract that waits for both signatures; Cold Chain under Amara is the supplier unless others are named."""
    draft = projects.ProjectDraft(
        title=title,
        need="Vans lose cold on hot days. The customers of Blue Kettle get warm fish.",
        success_measure="Share of deliveries under 4 degrees: 81 % today, 97 % wanted, read from the van's logger.",
        ceiling_minor=CEILING,
        deadline=market_now() + timedelta(hours=6),
        deadline_zone="Asia/Shanghai",
        acceptor=cast.noor,
    )
    project = projects.create_draft(buyer=cast.blue_kettle, draft=draft, by=cast.lin)
    project = projects.publish(project=project, by=cast.lin)
    bids.submit(
        project=project,
        microenterprise=supplier or cast.cold_chain,
        price_minor=price_minor,
        days=30,
        plan="Line the vans, then measure.",
        by=leader or cast.amara,
    )
    clock.move_forward(timedelta(hours=7))
    openings.open_bids(project=project)
    bid = Bid.objects.get(project=project)
    made = awards.award(project=project, bid=bid, reason="The only bid, and a good one.", loser_reasons={}, by=cast.lin)
    awards.agree(award=made, reason="The price is what we paid before.", by=cast.ada)
    return Contract.objects.get(project=project)


def digest(contract: Contract) -> str:
    """The hash of the current words."""
    return parties.current_version(contract).sha256


def signed(cast: Cast, *, parts: Parts = (), title: str = "Keep the vans cold") -> Contract:
    """An active contract; `parts` are proposed by Amara before both sign."""
    contract = awarded(cast, title=title)
    if parts:
        drafting.propose_version(contract=contract, milestones=parts, note="Two steps.", by=cast.amara)
    contracts.sign(contract=contract, sha256_seen=digest(contract), by=cast.lin)
    contracts.sign(contract=contract, sha256_seen=digest(contract), by=cast.amara)
    contract.refresh_from_db()
    return contract


def in_two_parts() -> Parts:
    return [("Line the vans", 60_000_00, in_days(10)), ("Measure", 30_000_00, in_days(30))]


def milestone(contract: Contract, number: int = 1) -> Milestone:
    return Milestone.objects.get(contract=contract, number=number)


def delivered(cast: Cast, *, parts: Parts = (), title: str = "Keep the vans cold") -> Contract:
    """An active contract whose first milestone Mei has delivered."""
    contract = signed(cast, parts=parts, title=title)
    milestones.deliver(
        milestone=milestone(contract),
        evidence="Twelve vans lined; logger files attached.",
        evidence_url="",
        by=cast.mei,
    )
    return contract


def completed(cast: Cast, *, title: str = "Keep the vans cold") -> Contract:
    """A contract whose only milestone Noor has accepted."""
    contract = delivered(cast, title=title)
    milestones.accept(milestone=milestone(contract), by=cast.noor)
    contract.refresh_from_db()
    return contract
