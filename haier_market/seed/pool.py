"""The talent pool as the story finds it: people of MEs that ended earlier; clocks end late, end soon, or have ended.

Sol and the others whose ME ends while the story runs come by the real wind-up (`nights`).
"""

from datetime import datetime, time, timedelta

from haier_market.seed.chance import Chance
from haier_market.seed.people import give_skills
from haier_market.seed.seats import enter
from haier_market.seed.words import COMPANY_FIELDS, DISSOLVE_REASONS, EVERYWHERE
from haier_market.seed.world import World
from ledger.accounts import EntityKind
from ledger.entities import NewEntity, open_entities
from microenterprises.models import Membership, Microenterprise, ShareTerms, Track
from people.models import User

CREW = 8
AGES = ((82, 88), (94, 125), (36, 62), (66, 80))
"""How many days ago the earlier MEs ended, in turn: clocks near their end, expired, with time left, in between."""


def everything(world: World) -> None:
    """One earlier ME for every eight people of the pool."""
    chance = world.chance.stream("pool")
    size = max(1, min(CREW, len(world.pool) // len(AGES)))
    crews = [world.pool[start : start + size] for start in range(0, len(world.pool), size)]
    drafts = [(next(world.names), chance.pick(COMPANY_FIELDS)) for _crew in crews]
    opened = open_entities([NewEntity(name, EntityKind.MICROENTERPRISE, field.currency) for name, field in drafts])
    for number, (crew, (name, field), entity) in enumerate(zip(crews, drafts, opened, strict=True)):
        low, high = AGES[number % len(AGES)]
        ended = world.timeline.until - timedelta(days=chance.whole(low, high))
        at = world.timeline.at(ended, time(15, 10))
        lead, reason = crew[0], chance.pick(DISSOLVE_REASONS)
        launched = at - timedelta(days=chance.whole(300, 1500))
        row = Microenterprise(
            name=name,
            kind=Microenterprise.Kind.USER,
            status=Microenterprise.Status.DISSOLVED,
            purpose=chance.pick(field.purposes),
            platform=world.platforms[field.name],
            entity=entity,
            currency=field.currency,
            launched_at=launched,
            launched_by=lead,
            dissolved_at=at,
            dissolved_by=lead,
            dissolution_reason=reason,
        )
        world.rows.add(row, _terms(row, lead, world))
        _deeds(world, row, lead, reason, len(crew))
        for place, person in enumerate(crew):
            world.rows.add(_membership(row, person, place, world, chance))
            entry = enter(world, person, at)
            entry.left_microenterprise = row
            if number % 3 == 0 and place == 1:
                entry.note = "Would move for a seat in energy. Talked on the phone."
            world.rows.add(entry)
            give_skills(world, person, field, chance)


def _launched(row: Microenterprise) -> datetime:
    assert row.launched_at is not None  # every ME of this file was
    return row.launched_at


def _terms(row: Microenterprise, lead: User, world: World) -> ShareTerms:
    return ShareTerms(
        microenterprise=row,
        version=1,
        status=ShareTerms.Status.AGREED,
        tiers=[[None, 3000]],
        residual_owners={"reserve": 10_000},
        effective_from=_launched(row).astimezone(world.timeline.zone).date(),
        proposed_at=_launched(row),
        proposed_by=lead,
        agreed_at=_launched(row),
    )


def _deeds(world: World, row: Microenterprise, lead: User, reason: str, people: int) -> None:
    subject, on = f"microenterprise:{row.pk}", _launched(row).astimezone(world.timeline.zone).date()
    world.trail.tell(
        _launched(row), lead, "microenterprise.founded", subject, row.name, members=people, on=on.isoformat(), idea=""
    )
    if row.dissolved_at is not None:
        world.trail.tell(row.dissolved_at, lead, "microenterprise.dissolved", subject, row.name, reason=reason)
        world.trail.tell(
            row.dissolved_at,
            lead,
            "microenterprise.wound_up",
            subject,
            row.name,
            reason=reason,
            people=people,
            handed_on_minor=0,
        )


def _membership(row: Microenterprise, person: User, place: int, world: World, chance: Chance) -> Membership:
    job, zone = chance.pick(EVERYWHERE), world.timeline.zone
    started = _launched(row).astimezone(zone).date()
    return Membership(
        microenterprise=row,
        person=person,
        role="Leader" if place == 0 else job.role,
        customer_outcome=row.purpose if place == 0 else job.outcome,
        is_lead=place == 0,
        weight=20 if place == 0 else chance.whole(6, 15),
        track=Track.ENTREPRENEUR,
        started_on=max(started, person.joined_on or started) if place else started,
        ended_on=row.dissolved_at.astimezone(zone).date() if row.dissolved_at else None,
    )
