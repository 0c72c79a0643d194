"""When things happened: business dates cut into slots of working time, in the company's zone.

Whatever moves money happens in a slot and is posted at its end, so that a day costs a few calls of the ledger's writer
however many people did something. No wall clock: everything follows from the base date.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from haier_market.seed.chance import Chance

OPENING = -1
"""The slot before the first: the books of the market are opened and platforms invest."""
LEAST_SLOTS = 24
SLOTS_OF_A_DAY = 6
FIRST, LAST = time(8, 30), time(19, 30)
A_MONTH_OF_SLOTS = 180


class Timeline:
    """`days` business dates before `until`, which itself has just begun: nothing seeded happens on it but its night."""

    def __init__(self, until: date, days: int, zone: ZoneInfo) -> None:
        self.until, self.days, self.zone = until, days, zone
        self.first_day = until - timedelta(days=days)
        self.slots_of_a_day = max(SLOTS_OF_A_DAY, -(-LEAST_SLOTS // days))
        self.slots = days * self.slots_of_a_day
        self.step = timedelta(hours=LAST.hour - FIRST.hour) / (self.slots_of_a_day - 1)
        self.now = self.at(until, time.min)
        """The instant at which the story ends: midnight, when `until` begins."""
        # A few more than there are: what is planned beyond the end is never used, but has its place.
        self._ends = [self._end_of(slot) for slot in range(self.slots * 2 + A_MONTH_OF_SLOTS)]
        self._opening = self.at(self.first_day, time(7, 30))

    @property
    def last_day(self) -> date:
        """The last date on which people do something."""
        return self.until - timedelta(days=1)

    @property
    def has_standstill(self) -> bool:
        """Whether bidders had time to object on the last day, and on no other; the story must be longer than it."""
        return self.days > 1

    def at(self, day: date, clock: time) -> datetime:
        """A local time of a date."""
        return datetime.combine(day, clock, self.zone)

    def day_of(self, slot: int) -> date:
        return self.first_day if slot == OPENING else self.first_day + timedelta(days=slot // self.slots_of_a_day)

    def end_of(self, slot: int) -> datetime:
        """The instant at which the money of a slot is posted."""
        return self._opening if slot == OPENING else self._ends[slot]

    def _end_of(self, slot: int) -> datetime:
        instant = self.at(self.day_of(slot), FIRST) + (slot % self.slots_of_a_day) * self.step
        return instant.replace(microsecond=0)

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
