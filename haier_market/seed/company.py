"""Building the company: everything in one transaction, so that a seeding that is interrupted leaves nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import past
from core.clock import company_zone
from core.errors import Conflict, Invalid
from core.models import Parameter
from haier_market.seed import firms, ideas, money, nights, payouts, people, pool, projects, seats
from haier_market.seed.chance import Chance
from haier_market.seed.copying import Rows
from haier_market.seed.journal import Journal
from haier_market.seed.progress import Progress
from haier_market.seed.timeline import Timeline
from haier_market.seed.trail import Trail
from haier_market.seed.world import Options, World
from people.esco.load import load_skills
from people.models import Skill, User

FEWEST_MICROENTERPRISES: Final = 5
PEOPLE_AN_ME: Final = 8
PEOPLE_BESIDES: Final = 20
UNITS_TO_START: Final = 800.0
UNITS_TO_END: Final = 0.2


@dataclass(frozen=True)
class Built:
    """What was built, counted."""

    people: int
    microenterprises: int
    projects: int
    entries: int
    days: int
    seconds: float


def build(options: Options, say: Callable[[str], None]) -> Built:
    """Build a company into an empty database. `say` gets a line of progress now and then.

    Same options, same company: names, identifiers, amounts; only keys, nonces and what is sealed with them differ.
    Raises Conflict when people exist already, Invalid when the numbers do not make a company.
    """
    check(options)
    progress = Progress(say)
    chance = Chance(options.seed)
    timeline = Timeline(options.until, options.days, company_zone())
    with transaction.atomic(), past.ids(chance.stream("ids").uuid):
        if User.objects.exists():
            raise Conflict(_("People live in this database already. Seed an empty one, or pass --if-empty."))
        progress.expect(
            UNITS_TO_START
            + options.people * firms.UNITS_A_PERSON
            + options.projects * projects.UNITS_EACH
            + nights.units(options)
            + UNITS_TO_END * options.projects
        )
        _set_parameters(timeline)
        progress.step(_("skills"))
        load_skills()
        world = World(
            options=options,
            chance=chance,
            timeline=timeline,
            rows=Rows(),
            trail=Trail(),
            journal=Journal(),
            progress=progress,
            cast=people.cast(timeline, chance.stream("cast")),
            skills={skill.label: skill for skill in Skill.objects.all()},
            people=[],
            case_people=[],
            names=firms.names(chance.stream("names")),
        )
        progress.done(UNITS_TO_START)
        _plan(world)
        _analyse()
        progress.step(_("days and nights"))
        nights.everything(world)
        world.trail.flush(datetime.max.replace(tzinfo=timeline.zone) - timedelta(days=2))
        _analyse()
        progress.step(_("checking references"))
    return Built(
        people=options.people,
        microenterprises=len(world.firms),
        projects=options.projects,
        entries=world.journal.entries,
        days=options.days,
        seconds=progress.seconds,
    )


def _set_parameters(timeline: Timeline) -> None:
    """What is otherwise in the demo than in the examples: awards take effect at once, so that one sitting shows all."""
    none = "Demo: bidders have no time to object; set it to 1 or more to see a standstill."
    told = [(timeline.first_day, 0, none)]
    if timeline.has_standstill:
        one = "Demo: on this one day bidders had a business day to object, so that there is a standstill to see."
        told += [(timeline.last_day, 1, one), (timeline.until, 0, none)]
    for day, days, note in told:
        Parameter.objects.get_or_create(
            name="standstill_business_days", holds_from=day, defaults={"value": days, "note": note}
        )


def check(options: Options) -> None:
    """Whether the numbers make a company: enough MEs for the cast's market, and people for the MEs."""
    if options.microenterprises < FEWEST_MICROENTERPRISES:
        raise Invalid(_("A market needs at least %(least)s microenterprises.") % {"least": FEWEST_MICROENTERPRISES})
    least = options.microenterprises * PEOPLE_AN_ME + PEOPLE_BESIDES
    if options.people < least:
        raise Invalid(
            _("%(mes)s microenterprises need at least %(least)s people.")
            % {"mes": options.microenterprises, "least": least}
        )
    if options.days < 1:
        raise Invalid(_("At least one day is settled."))


def _plan(world: World) -> None:
    """Plan and write everything but the money, which waits for its day."""
    progress = world.progress
    progress.step(_("people"))
    people.everybody(world)
    progress.step(_("microenterprises"))
    firms.platforms(world)
    firms.everything(world)
    pool.everything(world)
    seats.everything(world)
    ideas.everything(world)
    seats.invitations(world)
    payouts.accounts(world)
    world.write()
    progress.step(_("projects, bids and contracts"))
    projects.everything(world)
    progress.step(_("receipts and costs"))
    money.everything(world)
    world.write()


def _analyse() -> None:
    """Tell the planner what the tables hold now; it would take them for empty until the next autovacuum."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
