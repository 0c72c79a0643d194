"""Seats that MEs offer, the people who took one lately, and the invitations that wait for an answer."""

from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _

from haier_market.seed import cases
from haier_market.seed.chance import Chance
from haier_market.seed.firms import BLUE_KETTLE, COLD_CHAIN, NORTHWIND
from haier_market.seed.words import EVERYWHERE, EVERYWHERE_SKILLS
from haier_market.seed.world import Firm, World
from microenterprises.models import Invitation, Seat, Track
from people.models import User
from talent_pool.calendar import clock_end
from talent_pool.models import PoolEntry

ENOUGH = 12
"""The first MEs always look for people, so that whoever lands in the pool finds seats."""


def everything(world: World) -> None:
    """Open seats everywhere, late joiners in some MEs."""
    chance = world.chance.stream("seats")
    for number, firm in enumerate(world.firms):
        if number == NORTHWIND:
            continue
        wanted = chance.whole(2, 3) if number < ENOUGH else chance.weighted(((0, 5), (1, 3), (2, 1)))
        for _each in range(wanted):
            _open(world, firm, chance)
        keeps_its_crew = number == cases.YEN and cases.fit(world.options.microenterprises)
        if number > NORTHWIND and number % 4 == 0 and len(firm.members) > 5 and not keeps_its_crew:
            _join_late(world, firm, chance)


def _open(world: World, firm: Firm, chance: Chance) -> Seat:
    line = world.timeline
    seat = _seat(world, firm, line.within(chance.whole(0, line.slots - 1), chance), chance)
    world.rows.add(seat)
    labels = (*firm.field.skills, *EVERYWHERE_SKILLS[:6])
    for skill in world.skilled(labels, chance.whole(2, 3), chance):
        world.rows.add(Seat.skills.through(seat_id=seat.pk, skill_id=skill.pk))
    world.seats.append(seat)
    return seat


def _seat(world: World, firm: Firm, at: datetime, chance: Chance) -> Seat:
    job = chance.pick((*firm.field.jobs, *EVERYWHERE))
    stable = chance.happens(25)
    seat = Seat(
        microenterprise=firm.row,
        role=job.role,
        customer_outcome=job.outcome,
        allocation_percent=chance.weighted(((100, 8), (60, 1), (50, 1))),
        weight=0 if stable else chance.whole(7, 14),
        track=Track.STABLE if stable else Track.ENTREPRENEUR,
        pay_minor=firm.minor(chance.whole(95, 160) * 100 if stable else chance.whole(0, 1) * 4_000),
        opened_at=at,
        opened_by=firm.lead,
    )
    _told(world, firm, seat, "seat.opened", at, firm.lead)
    return seat


def _join_late(world: World, firm: Firm, chance: Chance) -> None:
    """The last member came from the pool while the story ran: invited, accepted, landed."""
    line, person, member = world.timeline, firm.people[-1], firm.members[-1]
    slot = chance.whole(2, max(2, line.slots * 2 // 3))
    at = line.within(slot, chance)
    seat = _seat(world, firm, at - timedelta(days=9), chance)
    seat.status, seat.filled_by, seat.filled_at = Seat.Status.FILLED, person, at
    member.started_on, member.seat = line.day_of(slot), seat
    member.role, member.customer_outcome = seat.role, seat.customer_outcome
    member.track, member.weight, member.pay_minor = seat.track, seat.weight, seat.pay_minor
    member.allocation_percent, member.is_lead = seat.allocation_percent, False
    invited = at - timedelta(days=2)
    invitation = _invitation(world, seat, person, world.cast.hua, invited, chance)
    invitation.status, invitation.answered_at, invitation.answered_by = Invitation.Status.ACCEPTED, at, person
    entered = at - timedelta(days=chance.whole(15, 50))
    entry = enter(world, person, entered)
    entry.landed_at, entry.landed_in = at, seat
    world.rows.add(seat, invitation, entry)
    world.trail.tell(
        at, person, "membership.started", f"microenterprise:{firm.row.pk}", firm.name,
        person=person.name, role=seat.role, on=member.started_on.isoformat(),
    )  # fmt: skip
    world.trail.tell(at, person, "pool.landed", f"person:{person.pk}", person.name, seat=str(seat.pk))


def enter(world: World, person: User, at: datetime) -> PoolEntry:
    """A person's stay in the pool from an instant on, with its deed."""
    day = at.astimezone(world.timeline.zone).date()
    entry = PoolEntry(person=person, entered_at=at, clock_ends_on=clock_end(day, world.value("pool_clock_months")))
    world.trail.tell(
        at, world.cast.hua, "pool.entered", f"person:{person.pk}", person.name,
        clock_ends_on=entry.clock_ends_on.isoformat(),
    )  # fmt: skip
    return entry


def invitations(world: World) -> None:
    """HR and leaders have invited every second person of the pool; some members of other MEs ask for a seat."""
    chance = world.chance.stream("invitations")
    for person in world.pool[::2]:
        seat = chance.pick(world.seats)
        at = world.timeline.at(world.timeline.until - timedelta(days=chance.whole(1, 6)), time(chance.whole(9, 17), 20))
        by = world.cast.hua if chance.happens(70) or seat.microenterprise is None else seat.opened_by
        invitation = _invitation(world, seat, person, by, at, chance)
        world.rows.add(invitation)
        words = {"by": by.name, "role": seat.role, "owner": seat.owner_name}
        world.tell(
            [person],
            at,
            lambda words=words: _("%(by)s invites you to the seat %(role)s in %(owner)s.") % words,  # type: ignore[misc]
            f"/talent/invitations/{invitation.pk}/",
        )
    for number in (BLUE_KETTLE, COLD_CHAIN):
        _ask(world, world.firms[number], chance)


def _ask(world: World, firm: Firm, chance: Chance) -> None:
    seat = next(each for each in world.seats if each.microenterprise == firm.row)
    person = chance.pick(world.firms[3].people[1:])
    at = world.timeline.at(world.timeline.until - timedelta(days=1), time(16, 5))
    invitation = _invitation(world, seat, person, person, at, chance)
    invitation.direction, invitation.message = Invitation.Direction.ASKED, "I have done this work for two seasons."
    world.rows.add(invitation)
    words = {"person": person.name, "role": seat.role, "owner": firm.name}
    world.tell(
        [firm.lead],
        at,
        lambda: _("%(person)s asks for the seat %(role)s in %(owner)s.") % words,
        f"/talent/invitations/{invitation.pk}/",
    )


def _invitation(world: World, seat: Seat, person: User, by: User, at: datetime, chance: Chance) -> Invitation:
    deed = "invitation.asked" if by is person else "invitation.sent"
    world.trail.tell(at, by, deed, f"seat:{seat.pk}", seat.role, person=str(person.pk))
    return Invitation(
        seat=seat,
        person=person,
        message=chance.pick(("", "We would like to talk to you.", "Your last work is why we ask.")),
        invited_by=by,
        invited_at=at,
        open_until=at + timedelta(days=world.value("invitation_days")),
    )


def _told(world: World, firm: Firm, seat: Seat, deed: str, at: datetime, by: User) -> None:
    world.trail.tell(at, by, deed, f"microenterprise:{firm.row.pk}", firm.name, role=seat.role, seat=str(seat.pk))
