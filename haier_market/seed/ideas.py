"""Ideas that gather people and pledges, drafts, ideas that were withdrawn, and one that was launched.

The launched ones go through the real actions while the nights are told (`nights`); the others are written as those
actions leave them.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.utils.translation import gettext as _

from haier_market.seed.chance import Chance
from haier_market.seed.words import (
    COMPANY_FIELDS,
    EVERYWHERE,
    EVERYWHERE_SKILLS,
    VENTURE_PLACES,
    VENTURES,
    Field,
    Venture,
)
from haier_market.seed.world import World
from ledger.accounts import EntityKind
from ledger.entities import NewEntity, open_entities
from microenterprises import entries, sentences
from microenterprises.models import Goal, Idea, Pledge, Seat, Track
from microenterprises.names import number_key
from people.models import User

MOST = 400
FATES = (("published", 13), ("draft", 3), ("withdrawn", 3))
SMALLEST, LARGEST = 60_000, 400_000


@dataclass
class Launch:
    """An idea that real actions will take from its draft to its launch."""

    venture: Venture
    field: Field
    owner: User
    crew: list[User]
    pledgers: list[User] = dataclasses.field(default_factory=list)


@dataclass(frozen=True)
class _Plan:
    venture: Venture
    title: str
    field: Field
    owner: User
    fate: str


def everything(world: World) -> None:
    """About one idea for four MEs, at least four."""
    chance = world.chance.stream("ideas")
    wanted = min(MOST, max(4, world.options.microenterprises // 4))
    titles = [(venture, venture.title + place) for place in VENTURE_PLACES for venture in VENTURES]
    titles += [(venture, f"{title} {number}") for number in range(2, 6) for venture, title in titles]
    owners = [*world.free, *(firm.people[-1] for firm in world.market[3:])]
    plans = [
        _Plan(
            venture,
            title,
            chance.pick(COMPANY_FIELDS),
            owners[number % len(owners)],
            "published" if number < 2 else chance.weighted(FATES),
        )
        for number, (venture, title) in enumerate(titles[1 : wanted + 1])
    ]
    shown = [plan for plan in plans if plan.fate != "draft"]
    opened = iter(open_entities([NewEntity(plan.title, EntityKind.IDEA, plan.field.currency) for plan in shown]))
    for plan in plans:
        idea = _write(world, plan, chance)
        if plan.fate == "draft":
            continue
        idea.entity = next(opened)
        _publish(world, plan, idea, chance)
    world.launches.append(_launch(world, titles[0][0], chance))


def _write(world: World, plan: _Plan, chance: Chance) -> Idea:
    line = world.timeline
    slot = chance.whole(0, line.slots // 2)
    at = line.part(slot, 0.3)
    idea = Idea(
        owner=plan.owner,
        title=plan.title,
        customer=plan.venture.customer,
        outcome=plan.venture.outcome,
        platform=world.platforms[plan.field.name],
        currency=plan.field.currency,
        funding_goal_minor=chance.spread(SMALLEST, LARGEST) // 10_000 * 10_000 * 100,
        created_at=at,
    )
    world.rows.add(idea)
    world.rows.add(_goal(world, plan.venture, idea, chance))
    world.trail.tell(at, plan.owner, "idea.created", f"idea:{idea.pk}", idea.title)
    return idea


def _goal(world: World, venture: Venture, idea: Idea, chance: Chance) -> Goal:
    return Goal(
        idea=idea,
        metric=venture.metric,
        baseline=venture.baseline,
        target=venture.target,
        leading_target=venture.leading,
        due_on=world.timeline.until + timedelta(days=chance.whole(120, 400)),
    )


def _publish(world: World, plan: _Plan, idea: Idea, chance: Chance) -> None:
    line = world.timeline
    slot = chance.whole(line.slots // 2 + 1, line.slots * 2 // 3)
    at = line.part(slot, 0.2)
    idea.status, idea.published_at = Idea.Status.PUBLISHED, at
    world.trail.tell(at, plan.owner, "idea.published", f"idea:{idea.pk}", idea.title)
    pledges = []
    slots = sorted(chance.whole(slot + 1, line.slots * 5 // 6) for _each in range(chance.whole(1, 5)))
    for number, pledge_slot in enumerate(slots, start=1):
        pledge = _pledge(world, idea, pledge_slot, chance)
        pledges.append(pledge)
        # Of the last one, the money of somebody's own is still on its way.
        if pledge.microenterprise is None and (plan.fate == "withdrawn" or number < len(slots)):
            _receive(world, pledge, pledge_slot, f"TR-{chance.whole(10_000, 99_999)}-{number}")
    _seats(world, plan, idea, at, chance)
    if plan.fate == "withdrawn":
        _withdraw(world, idea, pledges, chance)


def _pledge(world: World, idea: Idea, slot: int, chance: Chance) -> Pledge:
    """A colleague's own money, or now and then the wallet of an ME."""
    line = world.timeline
    firm = chance.pick(world.market) if chance.happens(25) else None
    person = firm.lead if firm else chance.pick(chance.pick(world.firms).people)
    if person.pk == idea.owner_id:
        firm, person = None, chance.pick(world.firms[0].people)
    amount = idea.funding_goal_minor * chance.whole(5, 24) // 100 // 10_000 * 10_000
    pledge = Pledge(
        idea=idea,
        person=person,
        microenterprise=firm.row if firm else None,
        amount_minor=max(10_000, amount),
        status=Pledge.Status.HELD if firm else Pledge.Status.PROMISED,
        pledged_at=line.part(slot, 0.6),
    )
    if firm:
        firm.budget_minor += pledge.amount_minor
        world.journal.add(slot, person, entries.pledge(pledge))
    world.rows.add(pledge)
    _told(world, pledge, "pledge.made" if firm else "pledge.promised", pledge.pledged_at, person)
    words = {"person": person.name, "title": idea.title}
    world.tell(
        [idea.owner],
        pledge.pledged_at,
        lambda: _("%(person)s pledged to %(title)s.") % words,
        f"/ideas/{idea.pk}/",
    )
    return pledge


def _receive(world: World, pledge: Pledge, slot: int, document: str) -> None:
    """What was promised comes in on the same day."""
    line, finance = world.timeline, world.cast.fay
    pledge.status, pledge.received_at, pledge.received_by = Pledge.Status.HELD, line.part(slot, 0.9), finance
    pledge.dated, pledge.document, pledge.document_key = line.day_of(slot), document, number_key(document)
    world.journal.add(slot, finance, entries.pledge(pledge))
    _told(world, pledge, "pledge.received", pledge.received_at, finance, document=document, person=pledge.person.name)
    people = [pledge.person, pledge.idea.owner]
    world.tell(people, pledge.received_at, partial(sentences.came_in, pledge), f"/ideas/{pledge.idea_id}/")


def _told(world: World, pledge: Pledge, deed: str, at: datetime, by: User, **facts: str) -> None:
    world.trail.tell(
        at, by, deed, f"idea:{pledge.idea_id}", pledge.idea.title,
        amount_minor=pledge.amount_minor, currency=pledge.idea.currency,
        microenterprise=pledge.microenterprise.name if pledge.microenterprise else "", **facts,
    )  # fmt: skip


def _seats(world: World, plan: _Plan, idea: Idea, at: datetime, chance: Chance) -> None:
    """Two to four seats, some of them taken."""
    ended = plan.fate == "withdrawn"
    jobs = chance.sample((*plan.field.jobs, *EVERYWHERE), chance.whole(2, 4))
    takers = chance.sample([person for person in world.free if person is not plan.owner], len(jobs))
    for number, job in enumerate(jobs):
        seat = Seat(
            idea=idea,
            role=job.role,
            customer_outcome=job.outcome,
            weight=chance.whole(8, 15),
            track=Track.ENTREPRENEUR,
            status=Seat.Status.WITHDRAWN if ended else Seat.Status.OPEN,
            opened_at=at,
            opened_by=plan.owner,
        )
        told = {"role": seat.role, "seat": str(seat.pk)}
        world.trail.tell(at, plan.owner, "seat.opened", f"idea:{idea.pk}", idea.title, **told)
        if number == 0 and takers and not ended and chance.happens(50):
            seat.status, seat.filled_by = Seat.Status.FILLED, takers[0]
            seat.filled_at = world.timeline.part(world.timeline.slots * 5 // 6, 0.4)
            world.trail.tell(
                seat.filled_at, takers[0], "seat.filled", f"idea:{idea.pk}", idea.title,
                person=takers[0].name, **told,
            )  # fmt: skip
        world.rows.add(seat)
        if seat.status == Seat.Status.OPEN:
            world.seats.append(seat)
        for skill in world.skilled((*plan.field.skills, *EVERYWHERE_SKILLS[:6]), 2, chance):
            world.rows.add(Seat.skills.through(seat_id=seat.pk, skill_id=skill.pk))


def _withdraw(world: World, idea: Idea, pledges: list[Pledge], chance: Chance) -> None:
    line = world.timeline
    slot = chance.whole(line.slots * 5 // 6 + 1, line.slots - 1)
    at = line.part(slot, 0.8)
    idea.status, idea.withdrawn_at = Idea.Status.WITHDRAWN, at
    for pledge in pledges:
        pledge.status, pledge.settled_at = Pledge.Status.REFUNDED, at
        world.journal.add(slot, idea.owner, entries.refund(pledge))
        _told(world, pledge, "pledge.refunded", at, idea.owner)
        if pledge.received_by:
            world.tell([pledge.received_by], at, partial(sentences.send_back, pledge), f"/ideas/{idea.pk}/")
    reason = "Two others do the same already, and better."
    world.trail.tell(at, idea.owner, "idea.withdrawn", f"idea:{idea.pk}", idea.title, reason=reason)


def _launch(world: World, venture: Venture, chance: Chance) -> Launch:
    """Who launches: somebody between two places, with two others like them."""
    owner, *crew = world.free[-3:] if len(world.free) > 2 else [*world.free, world.firms[3].people[1]]
    pledgers = [*chance.sample(world.firms[3].people, 3), world.cast.teo]
    return Launch(venture, chance.pick(COMPANY_FIELDS), owner, crew[:2], pledgers)
