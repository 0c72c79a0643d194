"""Which open seats suit a person, and why, as pure functions over plain values. No Django, no reading of tables.

Every suggestion carries its reasons, because an offer without one is noise to somebody whose clock is running.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class ReasonCode(StrEnum):
    """Why a seat is offered; the words stand in `talent_pool.queries`."""

    SKILLS = "skills"
    SAME_PLATFORM = "same_platform"
    SAME_ROLE = "same_role"
    FULL_TIME = "full_time"
    WAITING_LONGEST = "waiting_longest"


@dataclass(frozen=True, slots=True)
class OpenSeat:
    """A seat as matching sees it."""

    id: UUID
    role: str
    platform: UUID | None
    skills: frozenset[int]
    allocation_percent: int
    opened_on: date


@dataclass(frozen=True, slots=True)
class Seeker:
    """A person as matching sees them: what they can do, where they come from, what they did last."""

    skills: frozenset[int]
    platform: UUID | None = None
    last_role: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `skills` are the ids that match, for `ReasonCode.SKILLS`."""

    code: ReasonCode
    skills: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A seat with its points (larger is better) and at least one reason."""

    seat: UUID
    points: int
    reasons: tuple[Reason, ...]


SKILL_POINTS, PLATFORM_POINTS, ROLE_POINTS, FULL_TIME_POINTS = 10, 4, 6, 1


def suggest(seeker: Seeker, seats: Iterable[OpenSeat], *, excluded: Collection[UUID] = ()) -> list[Suggestion]:
    """All seats, best first; ties go to the seat that waits longest, then by id. Nobody is left without an offer:
    a seat that matches nothing is offered because it has waited.
    """
    candidates = [seat for seat in seats if seat.id not in excluded]
    opened = {seat.id: seat.opened_on for seat in candidates}
    found = [_judge(seeker, seat) for seat in candidates]
    return sorted(found, key=lambda s: (-s.points, opened[s.seat], s.seat))


def _judge(seeker: Seeker, seat: OpenSeat) -> Suggestion:
    reasons: list[Reason] = []
    points = 0
    if shared := seeker.skills & seat.skills:
        reasons.append(Reason(ReasonCode.SKILLS, tuple(sorted(shared))))
        points += SKILL_POINTS * len(shared)
    if seeker.last_role and seeker.last_role.casefold() == seat.role.casefold():
        reasons.append(Reason(ReasonCode.SAME_ROLE))
        points += ROLE_POINTS
    if seeker.platform is not None and seeker.platform == seat.platform:
        reasons.append(Reason(ReasonCode.SAME_PLATFORM))
        points += PLATFORM_POINTS
    if seat.allocation_percent == 100 and reasons:
        reasons.append(Reason(ReasonCode.FULL_TIME))
        points += FULL_TIME_POINTS
    return Suggestion(seat.id, points, tuple(reasons) or (Reason(ReasonCode.WAITING_LONGEST),))
