"""Local times in named zones: from what somebody typed to the one instant meant, and back with zone and offset.

When clocks are put forward an hour of local times does not exist; when they are put back one comes twice. Nothing is
guessed: the first is refused with the nearest times, the second is asked. No requests, no queries.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date, format_datetime, format_timedelta, get_timezone_gmt, get_timezone_location
from babel.lists import format_list
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.money import locale_name
from core.words.instants import date_locale
from people.zones import ZONES

FIRST: Final = "first"
SECOND: Final = "second"
MINUTE: Final = timedelta(minutes=1)
Unit = Literal["day", "hour", "minute"]
UNITS: Final[tuple[tuple[Unit, timedelta], ...]] = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", MINUTE),
)
CONTINENTS: Final = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/",
    "Pacific/",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Twice:
    """A local time that comes twice in a zone: its two instants."""

    first: datetime
    second: datetime


class ComesTwiceError(Invalid):
    """The local time comes twice; `twice` holds both instants, and the reader says which."""

    def __init__(self, sentence: str, twice: Twice) -> None:
        super().__init__(sentence)
        self.twice = twice


def instant_of(local: datetime, zone: str, which: str = "") -> datetime:
    """The one instant, in UTC, at which clocks in `zone` show `local`.

    which: `FIRST` or `SECOND` for a time that comes twice; looked at for no other. Raises Invalid when the clocks never
    show it, with the gap and the nearest times, and ComesTwiceError when they show it twice and nobody said which.
    """
    place = ZoneInfo(zone)
    early = local.replace(tzinfo=place, fold=0)
    late = local.replace(tzinfo=place, fold=1)
    # Only in UTC: Python compares two times of one zone by their clocks and does not look at the fold.
    first, second = early.astimezone(UTC), late.astimezone(UTC)
    if first == second:
        return first
    # In the skipped hour the two readings are swapped.
    if first > second:
        raise Invalid(_skipped(local, place))
    if which in (FIRST, SECOND):
        return first if which == FIRST else second
    raise ComesTwiceError(_twice(local, place), Twice(early, late))


def comes_twice(instant: datetime, zone: str) -> Twice | None:
    """The two instants that look like this one on the clocks of a zone; None where there is only one."""
    place = ZoneInfo(zone)
    local = instant.astimezone(place)
    other = local.replace(fold=1 - local.fold)
    if other.utcoffset() == local.utcoffset():
        return None
    return Twice(*sorted((local, other), key=lambda one: one.astimezone(UTC)))


def which_choices(twice: Twice) -> list[tuple[str, str]]:
    """Both instants for a reader to choose from, each with its offset."""
    words = {"time": _clock(twice.first)}
    first = _("the first %(time)s, %(offset)s, before clocks are put back") % {**words, "offset": offset(twice.first)}
    second = _("the second %(time)s, %(offset)s, an hour later") % {**words, "offset": offset(twice.second)}
    if twice.second.astimezone(UTC) - twice.first.astimezone(UTC) != timedelta(hours=1):
        second = _("the second %(time)s, %(offset)s, after clocks are put back") % {
            **words,
            "offset": offset(twice.second),
        }
    return [(FIRST, first), (SECOND, second)]


def _skipped(local: datetime, place: ZoneInfo) -> str:
    change = _change(local, place)
    last, first = change - MINUTE, change
    before = last.astimezone(place)
    after = first.astimezone(place)
    return _(
        "%(time)s does not exist in %(city)s on %(day)s: at %(gap_start)s clocks are put forward to %(gap_end)s "
        "(from %(offset_before)s to %(offset_after)s). The nearest times are %(nearest_before)s and %(gap_end)s."
    ) % {
        "time": _clock(local),
        "city": city(str(place)),
        "day": _day(local),
        "gap_start": _clock(before + MINUTE),
        "gap_end": _clock(after),
        "offset_before": offset(before),
        "offset_after": offset(after),
        "nearest_before": _clock(before),
    }


def _twice(local: datetime, place: ZoneInfo) -> str:
    return _("%(time)s comes twice in %(city)s on %(day)s: clocks are put back then. Choose which of the two.") % {
        "time": _clock(local),
        "city": city(str(place)),
        "day": _day(local),
    }


def _change(local: datetime, place: ZoneInfo) -> datetime:
    """The instant in UTC, to the second, at which the clocks change that make `local` not exist."""
    low = local.replace(tzinfo=place, fold=1).astimezone(UTC)
    high = local.replace(tzinfo=place, fold=0).astimezone(UTC)
    before = low.astimezone(place).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


# ------------------------------------------------------------------ for a reader


def in_zone(instant: datetime, place: ZoneInfo) -> str:
    """An instant on the clocks of a zone: 31 Oct 2027, 02:30 Berlin (UTC+01:00)."""
    local = instant.astimezone(place)
    seconds = ":ss" if local.second else ""
    time = format_datetime(local, f"HH:mm{seconds}", tzinfo=place, locale=date_locale())
    return f"{_day(local)}, {time} {city(str(place))} ({offset(local)})"


def beside_readers(instant: datetime, zone: str) -> dict[str, str]:
    """What a page says of a deadline in its own zone, beside the instant in the reader's.

    `deadline_there`: the instant on the clocks of the zone; empty where the reader's zone is the same, so that nothing
    is told twice. `deadline_offset`: then the zone's distance to UTC, which still is to be said.
    """
    place = ZoneInfo(zone)
    local = instant.astimezone(place)
    if zone == timezone.get_current_timezone_name() and not local.second:
        return {"deadline_there": "", "deadline_offset": offset(local)}
    return {"deadline_there": in_zone(instant, place), "deadline_offset": ""}


def offset(local: datetime) -> str:
    """The distance of a local time to UTC: UTC+01:00."""
    return "UTC" + get_timezone_gmt(local, width="iso8601", locale="en").replace("Z", "+00:00")


def city(zone: str) -> str:
    """The zone as a reader knows it: Shanghai, 上海."""
    return "UTC" if zone == "UTC" else str(get_timezone_location(zone, locale=date_locale(), return_city=True))


def countdown(deadline: datetime, now: datetime) -> str:
    """How long until a deadline, in days, hours and minutes, rounded down; empty from the deadline on."""
    if now >= deadline:
        return ""
    left = deadline - now
    name, said = locale_name(), []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count:
            # A threshold that is never reached keeps the unit that was asked for.
            words = format_timedelta(count * size, granularity=unit, threshold=float("inf"), locale=name)
            said.append(words)
    return format_list(said, style="unit", locale=name) if said else _("less than a minute")


def choices(*first: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every zone there is, in two groups: near at hand by city, the reader's own first; then all others by name."""
    near = list(dict.fromkeys([name for name in first if name] + [*ZONES, "UTC"]))
    others = [(name, name.replace("_", " ")) for name in every_zone() if name not in near]
    return [(_("Often chosen"), [(name, city(name)) for name in near]), (_("Every other zone"), others)]


@cache
def every_zone() -> tuple[str, ...]:
    """Every zone of the world's time zone database that is named for a place."""
    return tuple(sorted(name for name in available_timezones() if name.startswith(CONTINENTS)))


def _day(local: datetime) -> str:
    return str(format_date(local.date(), locale=date_locale()))


def _clock(local: datetime) -> str:
    return f"{local:%H:%M}"
