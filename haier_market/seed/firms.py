"""Platforms and MEs with their members, share terms, ballots and goals, as founding and voting leave them.

What they trade is in `projects`, what they earn outside in `money`, who they look for in `seats`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, count, cycle

from django.utils.translation import gettext as _

from haier_market.seed import cases
from haier_market.seed.chance import Chance
from haier_market.seed.people import give_skills
from haier_market.seed.words import (
    COMPANY_FIELDS,
    EVERYWHERE,
    FIELDS,
    FIRST_WORDS,
    JAPAN,
    SECOND_WORDS,
    VENTURES,
    Field,
)
from haier_market.seed.world import Firm, World
from ledger.accounts import EntityKind
from ledger.entities import NewEntity, open_entities
from ledger.models import Entity
from microenterprises.calculation import votes_needed
from microenterprises.models import Ballot, Goal, Membership, Microenterprise, Platform, ShareTerms, Track, Vote
from microenterprises.sentences import day_name
from people.models import User

BLUE_KETTLE, COLD_CHAIN, NORTHWIND, NEIGHBOUR, YEN, WEIGHTLESS = 0, 1, 2, 3, cases.YEN, 7
CAST_NAMES = ("Blue Kettle", "Cold Chain", "Northwind")
NORTHWIND_MEMBERS = 5
LARGEST = 20
UNITS_A_PERSON = 0.5
STABLE_ONLY_FROM = 20
"""In a company of so many MEs one has stable members only, so that finance sees an exception."""


@dataclass(frozen=True)
class Shape:
    """One way to share; amounts in yuan."""

    threshold: int
    tiers: tuple[tuple[int | None, int], ...]
    owners: tuple[tuple[str, int], ...]
    carries_losses: bool = False
    shares_with_stable: bool = False


SHAPES = (
    Shape(0, ((None, 3000),), (("reserve", 7000), ("platform", 3000))),
    Shape(200_000, ((500_000, 3000), (None, 4000)), (("reserve", 5000), ("platform", 5000))),
    Shape(100_000, ((None, 2500),), (("reserve", 10_000),), shares_with_stable=True),
    Shape(500_000, ((1_000_000, 2000), (2_000_000, 3000), (None, 5000)), (("reserve", 6000), ("co-investors", 4000))),
    Shape(150_000, ((None, 3500),), (("reserve", 8000), ("platform", 2000)), carries_losses=True),
    Shape(8_000_000, ((2_000_000, 3000), (None, 4000)), (("reserve", 5000), ("platform", 5000))),
    Shape(50_000, ((300_000, 2000), (300_000, 3000), (None, 4500)), (("reserve", 4000), ("platform", 6000))),
)
COLD_CHAIN_SHAPE = Shape(10_000, ((2_000_000, 3000), (None, 4000)), (("reserve", 5000), ("platform", 5000)))


def platforms(world: World) -> None:
    """One platform per field, with its books."""
    wanted = [field for field in FIELDS if field is not JAPAN or world.options.microenterprises > YEN]
    opened = open_entities([NewEntity(field.name, EntityKind.PLATFORM, field.currency) for field in wanted])
    for field, entity in zip(wanted, opened, strict=True):
        platform = Platform(name=field.name, purpose=field.purpose, entity=entity)
        world.platforms[field.name] = platform
        world.rows.add(platform)


@dataclass(frozen=True)
class Headcount:
    """How the people are spread."""

    sizes: list[int]
    ending: list[int]
    pool: int
    free: int


def headcount(people: int, microenterprises: int, chance: Chance) -> Headcount:
    """Everybody has a place: MEs of about equal size, MEs that end, the pool, and some between two places."""
    ending = [6] if microenterprises < 20 else [8] * (2 if microenterprises < 200 else 3)
    pool, free = max(4, people * 25 // 1000), max(2, people * 3 // 100)
    # The cast is eleven and two are outside; six of the cast have a place in an ME, and Sol in one that ends.
    places = people - 13 + 6 - sum(ending) - pool - free
    fixed = {NORTHWIND: NORTHWIND_MEMBERS, **cases.sizes(microenterprises)}
    others, places = microenterprises - len(fixed), places - sum(fixed.values())
    each = min(LARGEST, places // others)
    left = min(places, LARGEST * others) - each * others
    sizes = [each + (1 if number < left else 0) for number in range(others)]
    for first in range(4, others - 1, 2):
        moved = chance.whole(0, each // 3)
        sizes[first] += moved
        sizes[first + 1] -= moved
    for number, size in fixed.items():
        sizes.insert(number, size)
    return Headcount(sizes, ending, pool, people - 13 + 6 - sum(ending) - pool - sum(sizes))


def everything(world: World) -> None:
    """Found every ME, seat everybody, agree on terms."""
    chance = world.chance.stream("firms")
    plan = headcount(world.options.people, world.options.microenterprises, chance)
    people = iter(world.people)
    world.pool = [next(people) for _each in range(plan.pool)]
    world.free = [next(people) for _each in range(plan.free)]
    fields = _fields(len(plan.sizes), len(plan.ending))
    sizes = [*plan.sizes, *plan.ending]
    titles = chain(CAST_NAMES, world.names)
    with_cases = cases.fit(world.options.microenterprises)
    given = cases.NAMES if with_cases else {}
    drafts = [(given.get(number) or next(titles), field) for number, field in enumerate(fields)]
    entities = open_entities([NewEntity(name, EntityKind.MICROENTERPRISE, field.currency) for name, field in drafts])
    for number, ((name, field), entity, size) in enumerate(zip(drafts, entities, sizes, strict=True)):
        known = world.case_people if number == cases.EVEN_KEEL and with_cases else _cast_of(world, number)
        has_sol = number == len(plan.sizes)
        crew = [*known, *(next(people) for _each in range(size - len(known) - has_sol))]
        if has_sol:
            crew.insert(1, world.cast.sol)
        firm = _found(world, name, field, entity, crew, chance)
        (world.firms if number < len(plan.sizes) else world.ending).append(firm)
        if with_cases and number in cases.TERMS:
            firm.trade = cases.trade(number)
            cases.settle_in(world, number, firm)
        _agree(world, firm, number, chance)
        _goals(world, firm, chance)
        world.progress.done(size * UNITS_A_PERSON)
    for number, firm in enumerate(world.ending):
        world.ends[firm.name] = world.timeline.slots * (35 + 20 * number) // 100
    world.cast.blue_kettle, world.cast.cold_chain, world.cast.northwind = world.firms[:3]


def _cast_of(world: World, number: int) -> list[User]:
    cast = world.cast
    known: dict[int, list[User]] = {
        BLUE_KETTLE: [cast.lin, cast.noor],
        COLD_CHAIN: [cast.amara, cast.mei],
        NORTHWIND: [cast.teo],
    }
    return known.get(number, [])


def names(chance: Chance) -> Iterator[str]:
    """Names of MEs without end, none twice, none of the cast's."""
    pairs = chance.shuffled([f"{first} {second}" for first in FIRST_WORDS for second in SECOND_WORDS])
    yield from pairs
    for number in count(2):
        yield from (f"{pair} {number}" for pair in pairs)


def _fields(microenterprises: int, ending: int) -> list[Field]:
    """The field of every ME; the ones that end come last."""
    by_name = {field.name: field for field in FIELDS}
    first = [by_name[name] for name in ("Smart Kitchen", "Cold Chain Logistics", "Air & Water")]
    turn = cycle(COMPANY_FIELDS[-1:] + COMPANY_FIELDS[-2:-1] + COMPANY_FIELDS[:-2])
    wanted = microenterprises + ending
    yen = (YEN, cases.YEN_BUYER) if cases.fit(microenterprises) else (YEN,)
    return [*first, *(JAPAN if number in yen else next(turn) for number in range(3, wanted))]


def _found(world: World, name: str, field: Field, entity: Entity, crew: list[User], chance: Chance) -> Firm:
    """The ME, founded a while ago by the one who leads it."""
    line = world.timeline
    lead = crew[0]
    launched_on = line.first_day - timedelta(days=chance.whole(60, 1800))
    launched_on = max(launched_on, lead.joined_on or launched_on)
    launched_at = line.at(launched_on, time(chance.whole(9, 17), chance.whole(0, 59)))
    platform = world.platforms[field.name]
    row = Microenterprise(
        name=name,
        kind=Microenterprise.Kind.NODE if field.is_node else Microenterprise.Kind.USER,
        purpose=chance.pick(field.purposes),
        platform=platform,
        entity=entity,
        currency=field.currency,
        launched_at=launched_at,
        launched_by=lead,
    )
    firm = Firm(row, field, platform, people=crew)
    firm.revenue = len(crew) * chance.whole(1_800, 4_200)
    firm.costs_percent = chance.whole(48, 68)
    if len(world.firms) % 9 == 8:
        firm.costs_percent = 118
    if name == CAST_NAMES[COLD_CHAIN]:
        # Whatever it is paid for accepted work is shared the same night: its profit is never below its threshold.
        firm.revenue, firm.costs_percent = len(crew) * 5_500, 48
    world.rows.add(row)
    world.trail.tell(
        launched_at, lead, "microenterprise.founded", f"microenterprise:{row.pk}", name,
        members=min(len(crew), 8), on=launched_on.isoformat(), idea="",
    )  # fmt: skip
    firm.members = _seat_everybody(world, firm, launched_on, chance)
    return firm


def _seat_everybody(world: World, firm: Firm, launched_on: date, chance: Chance) -> list[Membership]:
    jobs = [*firm.field.jobs, *chance.shuffled(EVERYWHERE)]
    everybody_stable = _is_weightless(world, len(world.firms))
    members = []
    for number, person in enumerate(firm.people):
        job = jobs[(number - 1) % len(jobs)]
        is_lead = number == 0
        stable = everybody_stable or (number > 1 and firm.name != CAST_NAMES[COLD_CHAIN] and chance.happens(24))
        pay = chance.whole(90, 170) * 100 if stable else chance.whole(0, 1) * chance.whole(30, 75) * 100
        started = max(launched_on, person.joined_on or launched_on) if number >= 8 else launched_on
        members.append(
            Membership(
                microenterprise_id=firm.row.pk,
                person_id=person.pk,
                role="Leader" if is_lead else job.role,
                customer_outcome=firm.row.purpose if is_lead else job.outcome,
                is_lead=is_lead,
                allocation_percent=chance.weighted(((100, 8), (80, 1), (50, 1))),
                weight=0 if stable else 20 if is_lead else 12 if person is world.cast.mei else chance.whole(6, 17),
                track=Track.STABLE if stable else Track.ENTREPRENEUR,
                pay_minor=0 if person is world.cast.mei else firm.minor(pay),
                started_on=started,
            )
        )
        if person.email.split("@")[0] not in ("lin", "noor", "amara", "teo", "mei", "sol"):
            give_skills(world, person, firm.field, chance)
    world.rows.add(*members)
    return members


def _is_weightless(world: World, number: int) -> bool:
    return number == WEIGHTLESS and world.options.microenterprises >= STABLE_ONLY_FROM


# --- Share terms ------------------------------------------------------------------------------------------------------


def _agree(world: World, firm: Firm, number: int, chance: Chance) -> None:
    """Version 1 by founding; in some MEs a second version by ballot, in a few one that is being voted on."""
    shape = COLD_CHAIN_SHAPE if number == COLD_CHAIN else SHAPES[number % len(SHAPES)]
    if firm.trade is not None:
        shape = Shape(*cases.TERMS[number])
    if _is_weightless(world, number):
        shape = _late_shape(world, firm)
    if shape.shares_with_stable:
        for member in firm.members:
            member.weight = member.weight or chance.whole(4, 8)
    launched_at = firm.row.launched_at
    assert launched_at is not None  # `_found` said when
    first = _terms(firm, shape, 1, launched_at, launched_at.date())
    first.status, first.agreed_at = ShareTerms.Status.AGREED, launched_at
    world.rows.add(first)
    if number in (BLUE_KETTLE, COLD_CHAIN, NORTHWIND) or firm in world.ending or firm.trade is not None:
        return
    if number % 4 == 2 and world.options.days > 4:
        _agreed_by_ballot(world, firm, first, SHAPES[(number + 1) % len(SHAPES)], chance)
    elif number % 12 == NEIGHBOUR:
        _being_voted_on(world, firm, SHAPES[(number + 2) % len(SHAPES)], chance)


def _late_shape(world: World, firm: Firm) -> Shape:
    """A threshold that is reached in the last third of the story, when nobody with a weight is there to share."""
    days = world.options.days
    margin = firm.revenue * days * (100 - firm.costs_percent) // 100
    pay = sum(member.pay_minor for member in firm.members) // firm.minor(1) * days // 30
    return Shape(max(0, margin - pay) * 6 // 10, ((None, 3000),), (("reserve", 10_000),))


def _terms(firm: Firm, shape: Shape, version: int, at: datetime, starts: date) -> ShareTerms:
    return ShareTerms(
        microenterprise=firm.row,
        version=version,
        threshold_minor=firm.minor(shape.threshold),
        tiers=[[None if width is None else firm.minor(width), rate] for width, rate in shape.tiers],
        residual_owners=dict(shape.owners),
        carries_losses=shape.carries_losses,
        shares_with_stable=shape.shares_with_stable,
        effective_from=starts,
        proposed_at=at,
        proposed_by=firm.lead,
    )


def _agreed_by_ballot(world: World, firm: Firm, first: ShareTerms, shape: Shape, chance: Chance) -> None:
    line = world.timeline
    slot = chance.whole(1, line.slots // 2)
    terms, ballot = _propose(world, firm, shape, slot, line.day_of(slot) + timedelta(days=4), chance)
    last = line.at(line.day_of(slot) + timedelta(days=1), time(11, 30))
    needed = _vote(world, firm, terms, ballot, line.within(slot, chance), last, ballot.needed)
    ballot.status, ballot.closed_at = Ballot.Status.PASSED, last
    terms.status, terms.agreed_at = ShareTerms.Status.AGREED, last
    first.effective_to = terms.effective_from
    world.trail.tell(
        last, None, "terms.agreed", f"microenterprise:{firm.row.pk}", firm.name, version=2, yes=needed, no=0
    )


def _being_voted_on(world: World, firm: Firm, shape: Shape, chance: Chance) -> None:
    line = world.timeline
    slot = line.slots - line.slots_of_a_day
    terms, ballot = _propose(world, firm, shape, slot, line.until + timedelta(days=12), chance)
    at = line.within(slot, chance)
    _vote(world, firm, terms, ballot, at, line.now - timedelta(minutes=5), max(1, ballot.needed - 2))
    facts = {"version": terms.version, "me": firm.name, "day": day_name(terms.effective_from)}
    world.tell(
        firm.people[1:],
        at,
        lambda: _("Vote on version %(version)s of the share terms of %(me)s before %(day)s.") % facts,
        f"/microenterprises/{firm.row.pk}/terms/",
    )


def _propose(
    world: World, firm: Firm, shape: Shape, slot: int, starts: date, chance: Chance
) -> tuple[ShareTerms, Ballot]:
    at = world.timeline.end_of(slot) - timedelta(minutes=50)
    terms = _terms(firm, shape, 2, at, starts)
    electors = [m.person_id for m in firm.members if m.started_on <= world.timeline.day_of(slot)]
    needed = votes_needed(
        len(electors),
        numerator=world.value("ballot_majority_numerator"),
        denominator=world.value("ballot_majority_denominator"),
    )
    ballot = Ballot(share_terms=terms, electors=electors, needed=needed, opened_at=at, opened_by=firm.lead)
    world.rows.add(terms, ballot)
    world.trail.tell(
        at, firm.lead, "terms.proposed", f"microenterprise:{firm.row.pk}", firm.name,
        version=2, needed=needed, voters=len(electors),
    )  # fmt: skip
    return terms, ballot


def _vote(
    world: World, firm: Firm, terms: ShareTerms, ballot: Ballot, first: datetime, last: datetime, votes: int
) -> int:
    """So many members say yes, the last one at `last`."""
    for number, person in enumerate(firm.people[:votes], start=1):
        at = first + (last - first) * number / votes
        world.rows.add(Vote(ballot=ballot, person=person, agrees=True, cast_at=at))
        world.trail.tell(
            at - timedelta(seconds=1), person, "vote.cast", f"ballot:{ballot.pk}", f"{firm.name} v{terms.version}",
            agrees=True,
        )  # fmt: skip
    return votes


# --- Goals ------------------------------------------------------------------------------------------------------------


def _goals(world: World, firm: Firm, chance: Chance) -> None:
    numbers = count(1)
    for venture in chance.sample(VENTURES, chance.whole(1, 2)):
        world.rows.add(
            Goal(
                microenterprise=firm.row,
                metric=venture.metric,
                baseline=venture.baseline,
                target=venture.target,
                leading_target=venture.leading,
                due_on=world.timeline.until + timedelta(days=90 * next(numbers) + chance.whole(0, 60)),
            )
        )
