"""Two MEs whose money is even, and people with unusual places and names: what somebody can work out with a pencil.

Even Keel earns the same every day, so that its statements can be checked by hand (`tests/seed/test_cases.py` does):
names in Chinese, in Arabic and of eighty characters, a draw, a salary, somebody who left in the middle of a month, and
somebody with a second place in the ME that keeps its books in yen. Long Winter loses money until the last third of the
story and carries its loss over. A second ME in yen buys work from the first. Small companies do without all of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from haier_market.seed.names import Name
from haier_market.seed.timeline import Timeline
from haier_market.seed.world import Firm, Trade, World
from microenterprises.actions.firms import leave
from microenterprises.models import Membership, Track

LEAST_MICROENTERPRISES: Final = 12
"""From so many MEs on there is room for them."""
YEN, EVEN_KEEL, LONG_WINTER, YEN_BUYER = 4, 9, 10, 11
"""Which of a company's MEs they are."""
NAMES: Final = {EVEN_KEEL: "Even Keel", LONG_WINTER: "Long Winter"}
LONGEST_NAME: Final = "Maria Guadalupe Fernández-Hernández de la Torre y Villavicencio Echeverría-Lopes"
PEOPLE: Final = (
    Name("欧阳若曦", "Ruoxi Ouyang", "zh-hans"),
    Name("نور الدين عبد الرحمن", "Noureddine Abdelrahman"),
    Name(LONGEST_NAME, "Maria Guadalupe Fernandez"),
    Name("Wanjiru Kamau", "Wanjiru Kamau"),
    Name("Jakub Wójcik", "Jakub Wojcik"),
    Name("Ida Sørensen", "Ida Sorensen"),
)
"""The crew of Even Keel, the leader first."""
TWO_PLACES, STABLE, LEFT = 3, 4, 5
"""Whose place is which, in `PEOPLE`."""
LONG_WINTER_SIZE: Final = 5


@dataclass(frozen=True)
class Place:
    """A place in Even Keel; money in yuan a month."""

    weight: int
    track: Track
    monthly: int = 0
    allocation_percent: int = 100


PLACES: Final = (
    Place(20, Track.ENTREPRENEUR),
    Place(15, Track.ENTREPRENEUR, 3_000),
    Place(10, Track.ENTREPRENEUR),
    Place(5, Track.ENTREPRENEUR, 0, 50),
    Place(0, Track.STABLE, 9_000),
    Place(0, Track.STABLE, 9_300),
)
SECOND_WEIGHT: Final = 6
"""What the second place, in yen, weighs."""
Terms = tuple[int, tuple[tuple[int | None, int], ...], tuple[tuple[str, int], ...], bool]
TERMS: Final[dict[int, Terms]] = {
    EVEN_KEEL: (20_000, ((50_000, 3000), (None, 4000)), (("reserve", 10_000),), False),
    LONG_WINTER: (0, ((None, 3000),), (("reserve", 10_000),), True),
}
"""How they share: threshold and tiers in yuan, owners of the rest, and whether losses carry over."""


def fit(microenterprises: int) -> bool:
    """Whether a company is large enough for them."""
    return microenterprises >= LEAST_MICROENTERPRISES


def sizes(microenterprises: int) -> dict[int, int]:
    """How many people each of these MEs has, by its number."""
    return {EVEN_KEEL: len(PEOPLE), LONG_WINTER: LONG_WINTER_SIZE} if fit(microenterprises) else {}


def trade(number: int) -> Trade | None:
    """Their money, the same every day: Even Keel earns 4,000.00; Long Winter loses 3,000.00, then earns 2,000.00."""
    return {EVEN_KEEL: _even, LONG_WINTER: _thaw}.get(number)


def _even(_day: int, _days: int) -> tuple[int, int]:
    return 10_000_00, 6_000_00


def _thaw(day: int, days: int) -> tuple[int, int]:
    return (5_000_00, 8_000_00) if day < days * 2 // 3 else (9_000_00, 7_000_00)


def settle_in(world: World, number: int, firm: Firm) -> None:
    """Make the places of the two MEs what they are; in Even Keel one person has another place, in yen."""
    if number == LONG_WINTER:
        for place, member in enumerate(firm.members):
            member.track, member.weight, member.pay_minor = Track.ENTREPRENEUR, 10 if place else 20, 0
        return
    for wanted, member in zip(PLACES, firm.members, strict=True):
        member.weight, member.track, member.allocation_percent = wanted.weight, wanted.track, wanted.allocation_percent
        member.pay_minor = firm.minor(wanted.monthly)
    first, yen = firm.members[TWO_PLACES], world.firms[YEN]
    world.rows.add(
        Membership(
            microenterprise_id=yen.row.pk,
            person_id=first.person_id,
            role=yen.members[1].role,
            customer_outcome=yen.members[1].customer_outcome,
            allocation_percent=50,
            weight=SECOND_WEIGHT,
            track=Track.ENTREPRENEUR,
            started_on=max(first.started_on, yen.members[0].started_on),
        )
    )


def leaves_on(line: Timeline) -> date:
    """The first day without the one who leaves: the 16th of the last month that ends in the story, if it began."""
    days = [line.first_day + timedelta(days=number) for number in range(line.days)]
    ends = [day for day in days if (day + timedelta(days=1)).day == 1]
    earliest = line.first_day + timedelta(days=1)
    return max(earliest, ends[-1].replace(day=16)) if ends else line.first_day + timedelta(days=max(1, line.days // 2))


def somebody_leaves(world: World) -> tuple[int, Callable[[], object]]:
    """In which slot somebody of Even Keel says that they leave, and the act."""
    firm, day = world.firms[EVEN_KEEL], leaves_on(world.timeline)
    slot = world.timeline.slots_on(day - timedelta(days=1))[1]
    person = firm.people[LEFT]
    return slot, lambda: leave(membership=firm.members[LEFT], on=day, by=person)
