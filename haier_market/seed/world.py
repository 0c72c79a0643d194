"""What the parts of the seeder share: options, chance, timeline, and everybody and every firm there is so far."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import translation

from contracts.models import Vendor
from core import parameters, past
from haier_market.seed.chance import Chance
from haier_market.seed.copying import Rows
from haier_market.seed.journal import Journal
from haier_market.seed.progress import Progress
from haier_market.seed.timeline import Timeline
from haier_market.seed.trail import Trail
from haier_market.seed.words import Field
from microenterprises.models import Membership, Microenterprise, Platform, Seat
from people.models import Notice, Skill, User

if TYPE_CHECKING:
    from haier_market.seed.deals import Deal
    from haier_market.seed.ideas import Launch

PROJECTS_OF_AN_ME: Final = 6
CENTS: Final = 100
YEN_OF_A_YUAN: Final = 20


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    people: int
    microenterprises: int
    days: int
    seed: int
    projects: int
    until: date


Trade = Callable[[int, int], tuple[int, int]]
"""What comes in and what goes out on a day (its number from 0, of so many), in minor units."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does by a real action, so long after the end of a slot."""

    slot: int
    after: timedelta
    act: Callable[[], object]


@dataclass
class Firm:
    """An ME with its members in memory; the first member leads."""

    row: Microenterprise
    field: Field
    platform: Platform
    members: list[Membership] = dataclasses.field(default_factory=list)
    people: list[User] = dataclasses.field(default_factory=list)
    budget_minor: int = 0
    revenue: int = 0
    costs_percent: int = 60
    joined_late: bool = False
    trade: Trade | None = None
    """Its money when it is the same whatever chance says; such an ME keeps out of the market."""

    @property
    def lead(self) -> User:
        return self.people[0]

    @property
    def coworkers(self) -> list[User]:
        """Members besides the leader and whoever may have joined late."""
        return self.people[1:-1] if len(self.people) > 3 else self.people[1:]

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def entity_id(self) -> int:
        return int(self.row.entity_id)

    def minor(self, yuan: int) -> int:
        """An amount of yuan in the minor units of the ME's own currency, at a rate of convenience."""
        return yuan * (YEN_OF_A_YUAN if self.row.currency == "JPY" else CENTS)


@dataclass
class Cast:
    """The eleven people everybody knows, and their firms."""

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
    ines: User
    blue_kettle: Firm | None = None
    cold_chain: Firm | None = None
    northwind: Firm | None = None


@dataclass
class World:
    """Everything on its way into the database."""

    options: Options
    chance: Chance
    timeline: Timeline
    rows: Rows
    trail: Trail
    journal: Journal
    progress: Progress
    cast: Cast
    skills: dict[str, Skill]
    people: list[User]
    case_people: list[User]
    """The crew of Even Keel; nobody in a small company (see `cases`)."""
    names: Iterator[str]
    """Names for MEs, none twice."""
    platforms: dict[str, Platform] = dataclasses.field(default_factory=dict)
    firms: list[Firm] = dataclasses.field(default_factory=list)
    ending: list[Firm] = dataclasses.field(default_factory=list)
    """MEs that are wound up while the story runs."""
    ends: dict[str, int] = dataclasses.field(default_factory=dict)
    """In which slot, by name."""
    seats: list[Seat] = dataclasses.field(default_factory=list)
    """Those that can be taken."""
    launches: list["Launch"] = dataclasses.field(default_factory=list)
    told: dict[str, "Deal"] = dataclasses.field(default_factory=dict)
    """Projects that real actions go on with, by name."""
    vendor: tuple[Vendor, User] | None = None
    """The outside vendor of the demo, with who signs in for it (see `vendors`)."""
    pool: list[User] = dataclasses.field(default_factory=list)
    free: list[User] = dataclasses.field(default_factory=list)
    values: dict[str, int] = dataclasses.field(default_factory=dict)

    def value(self, name: str) -> int:
        """A dated parameter as it holds when the story begins."""
        if name not in self.values:
            self.values[name] = parameters.value(name, on=self.timeline.first_day)
        return self.values[name]

    def ends_at(self, firm: Firm) -> int:
        """The slot in which an ME is wound up; after the last one for those that go on."""
        return self.ends.get(firm.name, self.timeline.slots)

    @cached_property
    def market(self) -> list[Firm]:
        """MEs that trade with each other: active, in the company's currency. Asked for once all are founded."""
        return [firm for firm in self.firms if firm.row.currency == "CNY" and firm.trade is None]

    @cached_property
    def recent_from(self) -> datetime:
        """From when on somebody would still find a notice on their home page."""
        return self.timeline.now - min(timedelta(days=4), timedelta(days=self.timeline.days) / 4)

    def skilled(self, labels: tuple[str, ...], count: int, chance: Chance) -> list[Skill]:
        """Some skills of those labels; labels that are not loaded are passed over."""
        known = [self.skills[label] for label in dict.fromkeys(labels) if label in self.skills]
        return chance.sample(known, count)

    def tell(self, people: Iterable[User], at: datetime, say: Callable[[], str], link: str) -> None:
        """Notices as `people.notices.tell` leaves them, for what is recent; nobody would still see older ones."""
        if at < self.recent_from:
            return
        for person in {person.pk: person for person in people}.values():
            with translation.override(person.language or "en"):
                self.rows.add(Notice(person_id=person.pk, sentence=say(), link=link, created_at=at))

    def write(self) -> None:
        """Write what was planned so far; the guards of the market know that it speaks of the past."""
        with past.at(self.timeline.now), transaction.atomic():
            self.rows.write()
