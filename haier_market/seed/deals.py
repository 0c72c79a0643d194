"""What is known of a project before it is planned: how far it came, who takes part, and when its steps were."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from contracts import sealing
from contracts.models import Bid, Criterion, Panelist, Project
from contracts.models.contracts import Party
from haier_market.seed import cases
from haier_market.seed.words import NEEDS, Need
from haier_market.seed.world import Firm, World
from people.models import User


class Fate(StrEnum):
    """How far a project came."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    CANCELLED = "cancelled"
    NO_BIDS = "no_bids"
    EVALUATING = "evaluating"
    NO_AWARD = "no_award"
    SIGNING = "signing"
    DECLINED = "declined"
    ACTIVE = "active"
    ENDED = "ended"
    COMPLETED = "completed"


FATES: Final = (
    (Fate.DRAFT, 5),
    (Fate.SCHEDULED, 3),
    (Fate.OPEN, 25),
    (Fate.CANCELLED, 5),
    (Fate.NO_BIDS, 8),
    (Fate.EVALUATING, 8),
    (Fate.NO_AWARD, 3),
    (Fate.SIGNING, 5),
    (Fate.DECLINED, 1),
    (Fate.ACTIVE, 17),
    (Fate.ENDED, 1),
    (Fate.COMPLETED, 19),
)
FATES_OF_MANY: Final = (
    (Fate.DRAFT, 4),
    (Fate.SCHEDULED, 3),
    (Fate.OPEN, 38),
    (Fate.CANCELLED, 7),
    (Fate.NO_BIDS, 17),
    (Fate.EVALUATING, 6),
    (Fate.NO_AWARD, 3),
    (Fate.SIGNING, 3),
    (Fate.DECLINED, 1),
    (Fate.ACTIVE, 9),
    (Fate.ENDED, 1),
    (Fate.COMPLETED, 8),
)
"""In a market of many thousands fewer needs find a bidder."""
AWARDED: Final = (Fate.SIGNING, Fate.DECLINED, Fate.ACTIVE, Fate.ENDED, Fate.COMPLETED)
ASKED, APART, PROPOSED, OBJECTED = "asked", "apart", "proposed", "objected"
"""Names of the cast's projects that real actions go on with."""
UNOPENED: Final = (Fate.DRAFT, Fate.SCHEDULED, Fate.OPEN, Fate.CANCELLED)


@dataclass(frozen=True)
class Wish:
    """What a project of the cast must be; what is left open is drawn."""

    fate: Fate
    buyer: Firm
    bidders: Sequence[Firm] | None = None
    """The first one wins."""
    need: Need | None = None
    product: str = ""
    site: str = ""
    ceiling: int = 0
    deadline: datetime | None = None
    parts: int = 0
    accepted: int | None = None
    waiting: bool | None = None
    """Whether the next milestone is delivered and waits for a decision."""
    first_signature: str = ""
    panel: Sequence[User] | None = None
    two_envelopes: bool = False
    name: str = ""
    """Under which the real actions find it on the way (`World.told`)."""

    @property
    def is_decided_by_actions(self) -> bool:
        """Whether real actions open its bids and do what follows (`decisions`)."""
        return bool(self.name) and self.fate is Fate.EVALUATING


@dataclass
class Steps:
    """The slots in which things happened; those after the end of the fate are not used."""

    published: int
    deadline: int
    award: int
    signed: tuple[int, int]
    delivered: list[int]
    decided: list[int]

    @property
    def cancelled(self) -> int:
        """When a project that is cancelled was cancelled: when two thirds of the time for bids were over."""
        return self.published + max(1, (self.deadline - self.published) * 2 // 3)


@dataclass
class Deal:
    """One project on its way."""

    wish: Wish
    project: Project
    steps: Steps
    need: Need
    words: dict[str, str]
    acceptor: User
    seal: sealing.ProjectSealer | None = None
    panel: list[User] = field(default_factory=list)
    seats: list[Panelist] = field(default_factory=list)
    criterion: Criterion = field(default_factory=Criterion)
    bidders: dict[UUID, Firm] = field(default_factory=dict)
    bids: list[Bid] = field(default_factory=list)
    outsiders: dict[UUID, User] = field(default_factory=dict)
    """Who bid for an outside vendor, by bid."""

    def author(self, bid: Bid) -> User:
        """Who bid."""
        return self.outsiders[bid.pk] if bid.pk in self.outsiders else self.bidders[bid.pk].lead

    @property
    def buyer(self) -> Firm:
        return self.wish.buyer

    @property
    def subject(self) -> str:
        return f"project:{self.project.pk}"

    @property
    def link(self) -> str:
        return f"/projects/{self.project.pk}/"

    @property
    def ceiling(self) -> int:
        return self.project.ceiling_minor or 0


def cast_wishes(world: World) -> list[Wish]:
    """What the ten find when they sign in: each has something to do, and something that runs."""
    blue, cold, north, near = world.firms[:4]
    line, need = world.timeline, {each.title.split(" ")[0]: each for each in NEEDS}
    tonight = line.at(line.until + timedelta(days=1), time(2, 0))
    next_week = line.at(line.until + timedelta(days=7), time(16, 0))
    return [
        Wish(Fate.OPEN, blue, [], need["Temperature"], "cold store", "Qingdao", 180_000, tonight, name=ASKED),
        Wish(Fate.EVALUATING, blue, [cold, near, north], need["Packaging"], "wine cabinet", "Qingdao", 90_000),
        Wish(
            Fate.ACTIVE,
            blue,
            [near, north],
            need["Noise"],
            "range hood",
            "Qingdao",
            120_000,
            parts=2,
            accepted=0,
            waiting=True,
        ),
        Wish(Fate.COMPLETED, blue, [cold, near], need["Transport"], "dishwasher", "Jiaozhou", 140_000, parts=2),
        Wish(
            Fate.SIGNING,
            blue,
            [near, cold],
            need["Door"],
            "built-in refrigerator",
            "Qingdao",
            75_000,
            first_signature=Party.SUPPLIER,
        ),
        Wish(
            Fate.ACTIVE,
            near,
            [cold, north],
            need["Spare"],
            "delivery locker",
            "Hefei",
            110_000,
            parts=2,
            accepted=1,
            waiting=False,
        ),
        Wish(
            Fate.ACTIVE,
            near,
            [north, cold],
            need["Energy"],
            "ventilation unit",
            "Qingdao",
            95_000,
            parts=2,
            accepted=1,
            waiting=False,
        ),
        Wish(Fate.OPEN, north, [near], need["Service"], "water filter", "Shanghai", 60_000, next_week),
        Wish(Fate.DRAFT, blue, [], need["Usability"], "steam oven", "Qingdao", 150_000, next_week),
        *_wishes_in_yen(world, need),
        *_wishes_to_decide(world, need),
    ]


def _wishes_to_decide(world: World, need: dict[str, Need]) -> list[Wish]:
    """What real actions go on with: judged apart under two envelopes, proposed by one of two, objected to."""
    blue, cold, north, near = world.firms[:4]
    judges = (world.cast.noor, world.cast.hua)
    found = [
        Wish(
            Fate.EVALUATING,
            near,
            [cold, north],
            need["Firmware"],
            "washing machine",
            "Chongqing",
            85_000,
            panel=judges,
            two_envelopes=True,
            name=APART,
        ),
        Wish(Fate.EVALUATING, cold, [near], need["Certificate"], "wine cabinet", "Qingdao", 45_000, name=PROPOSED),
    ]
    if world.timeline.has_standstill:
        wish = Wish(Fate.EVALUATING, near, [blue, cold], need["Shelf"], "tea bar", "Hefei", 50_000, name=OBJECTED)
        found.append(wish)
    return found


def _wishes_in_yen(world: World, need: dict[str, Need]) -> list[Wish]:
    """Work that one ME in yen does for the other: one contract is over, one runs."""
    if not cases.fit(world.options.microenterprises):
        return []
    buyer, supplier = world.firms[cases.YEN_BUYER], world.firms[cases.YEN]
    return [
        Wish(Fate.COMPLETED, buyer, [supplier], need["Packaging"], "rice cooker", "Shanghai", 60_000, parts=2),
        Wish(
            Fate.ACTIVE,
            buyer,
            [supplier],
            need["Noise"],
            "range hood",
            "Shanghai",
            80_000,
            parts=2,
            accepted=1,
            waiting=False,
        ),
    ]


def iso(instant: datetime) -> str:
    """An instant as the market's clock writes it into facts."""
    return instant.astimezone(UTC).isoformat()
