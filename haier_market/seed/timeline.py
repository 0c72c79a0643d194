"""When things happened: business dates cut into slots of working time, in the company's zone.

Whatever moves money happens in a slot and is posted at its end, so that a day costs a few calls of the ledger's writer
however many people did something. No wall clock: everything follows from the base date.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from haier_market.seed.chance import Chance

OPENING = -1
"""The slot before the first: the books of the market are opened and platforms invest."""
LEAST_SLOTS = 24
SLOTS_OF_A_DAY = 6
FIRST, LAST = time(8, 30), time(19, 30)
A_MONTH_OF_SLOTS = 180


@dataclass(frozen=True)
class Timeline:
    """`days` business dates before `until`, which itself has just begun: nothing seeded happens on it but its night."""

    until: date
    days: int
    zone: ZoneInfo

    @property
    def first_day(self) -> date:
        return self.until - timedelta(days=self.days)

    @property
    def slots_of_a_day(self) -> int:
        return max(SLOTS_OF_A_DAY, -(-LEAST_SLOTS // self.days))

    @property
    def slots(self) -> int:
        return self.days * self.slots_of_a_day

    @property
    def step(self) -> timedelta:
        """From one slot of a day to the next."""
        return timedelta(hours=LAST.hour - FIRST.hour) / (self.slots_of_a_day - 1)

    @property
    def now(self) -> datetime:
        """The instant at which the story ends: midnight, when `until` begins."""
        return self.at(self.until, time.min)

    def at(self, day: date, clock: time) -> datetime:
        """A local time of a date."""
        return datetime.combine(day, clock, self.zone)

    def day_of(self, slot: int) -> date:
        return self.first_day if slot == OPENING else self.first_day + timedelta(days=slot // self.slots_of_a_day)

    def end_of(self, slot: int) -> datetime:
        """The instant at which the money of a slot is posted."""
        if slot == OPENING:
            return self.at(self.first_day, time(7, 30))
        return self.at(self.day_of(slot), FIRST) + (slot % self.slots_of_a_day) * self.step

    def within(self, slot: int, chance: Chance) -> datetime:
        """An instant of the slot, to the second."""
        if slot == OPENING:
            return self.end_of(slot)
        back = min(self.step, timedelta(minutes=55)) * chance.below()
        return (self.end_of(slot) - back).replace(microsecond=0)

    def part(self, slot: int, fraction: float) -> datetime:
        """An instant of the slot: 0 is its beginning, 1 its end."""
        return (self.end_of(slot) - self.step * (1 - fraction)).replace(microsecond=0)

    def deadline_in(self, slot: int, chance: Chance) -> datetime:
        """A deadline of the slot, at full five minutes, with time left in the slot to open the bids."""
        instant = self.end_of(slot) - timedelta(minutes=1) - timedelta(minutes=12) * chance.below()
        return instant.replace(minute=instant.minute // 5 * 5, second=0, microsecond=0)

    def long(self, low: int, high: int, chance: Chance, *, least: int = 1) -> int:
        """A number of slots: the bounds are those of a company with thirty days, shrunk to the days there are."""
        return max(least, round(chance.whole(low, high) * min(1.0, self.slots / A_MONTH_OF_SLOTS)))

    def slots_on(self, day: date) -> range:
        start = (day - self.first_day).days * self.slots_of_a_day
        return range(start, start + self.slots_of_a_day)
