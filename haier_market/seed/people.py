"""The people of the company: the cast with its known password, everybody else without one."""

from datetime import date, datetime, time, timedelta
from itertools import count

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

from haier_market.seed import cases, names
from haier_market.seed.chance import Chance
from haier_market.seed.timeline import Timeline
from haier_market.seed.words import EVERYWHERE_SKILLS, SITES, Field
from haier_market.seed.world import Cast, World
from people.models import PersonSkill, Role, User

DOMAIN = "haier.example"
PASSWORD = "market-demo"  # noqa: S105 (the demo's password is meant to be read)
VENDORS = 2
CAST = (
    ("Lin Zhao", ()),
    ("Noor Rahman", ()),
    ("Amara Okafor", ()),
    ("Teo Lindqvist", ()),
    ("Mei Tanaka", ()),
    ("Sol Rivera", ()),
    ("Ada Novak", (Role.STEWARD,)),
    ("Rui Costa", (Role.AUDITOR,)),
    ("Fay Brennan", (Role.FINANCE,)),
    ("Hua Jiang", (Role.HR,)),
    ("Ines Duarte", (Role.FINANCE,)),
)


def cast(timeline: Timeline, chance: Chance) -> Cast:
    """The eleven who can sign in."""
    made = []
    for number, (name, roles) in enumerate(CAST, start=1):
        joined = timeline.first_day - timedelta(days=chance.whole(800, 3000))
        made.append(
            User(
                email=f"{name.split()[0].lower()}@{DOMAIN}",
                name=name,
                password=make_password(PASSWORD),
                employee_number=f"H{number:06d}",
                location="Qingdao",
                roles=[str(role) for role in roles],
                joined_on=joined,
                created_at=_morning(timeline, joined),
            )
        )
    lin, noor, amara, teo, mei, sol, ada, rui, fay, hua, ines = made
    return Cast(lin, noor, amara, teo, mei, sol, ada, rui, fay, hua, ines)


def everybody(world: World) -> None:
    """The cast, the outside vendors, and as many colleagues as were asked for in all."""
    cast = world.cast
    known = [
        cast.lin, cast.noor, cast.amara, cast.teo, cast.mei, cast.sol, cast.ada, cast.rui, cast.fay, cast.hua, cast.ines
    ]  # fmt: skip
    chance = world.chance.stream("people")
    taken: dict[str, int] = {person.email.split("@")[0]: 1 for person in known}
    numbers = count(len(known) + 1)
    world.rows.add(*known)
    for _each in range(VENDORS):
        world.rows.add(_person(world.timeline, chance, taken, None))
    wanted = world.options.people - len(known) - VENDORS
    given = cases.PEOPLE if cases.fit(world.options.microenterprises) else ()
    world.case_people = [_person(world.timeline, chance, taken, next(numbers), name) for name in given]
    world.people = [_person(world.timeline, chance, taken, next(numbers)) for _each in range(wanted - len(given))]
    world.rows.add(*world.case_people, *world.people)
    for person in (cast.lin, cast.noor, cast.amara, cast.teo, cast.mei, cast.sol):
        give_skills(world, person, None, chance)


def give_skills(world: World, person: User, field: Field | None, chance: Chance) -> None:
    """Two or three skills of somebody's field, and one or two that every field needs."""
    own = world.skilled(field.skills, chance.whole(2, 3), chance) if field else []
    common = world.skilled(EVERYWHERE_SKILLS, chance.whole(1, 2) if field else 4, chance)
    for skill in dict.fromkeys([*own, *common]):
        world.rows.add(PersonSkill(person_id=person.pk, skill_id=skill.pk))


def _person(
    timeline: Timeline, chance: Chance, taken: dict[str, int], number: int | None, given: names.Name | None = None
) -> User:
    """A colleague, or without a number somebody of an outside vendor; the name is drawn when none is given."""
    name = given or names.draw(chance)
    base = names.mail_name(name.plain)
    taken[base] = taken.get(base, 0) + 1
    suffix = str(taken[base]) if taken[base] > 1 else ""
    domain = DOMAIN if number else "supplier.example"
    site, zone, _weight = chance.weighted([(row, row[2]) for row in SITES])
    joined = timeline.first_day - timedelta(days=chance.whole(120, 5000))
    abroad = zone != str(timeline.zone)
    return User(
        email=f"{base}{suffix}@{domain}",
        name=name.written,
        # Unusable as Django writes it, but drawn from the seed instead of from the system's entropy.
        password=UNUSABLE_PASSWORD_PREFIX + chance.hex(20),
        employee_number=f"H{number:06d}" if number else None,
        location=site if number else "",
        roles=[] if number else [str(Role.VENDOR)],
        language=name.language if number else "",
        time_zone=zone if abroad and number else "",
        joined_on=joined if number else None,
        created_at=_morning(timeline, joined),
    )


def _morning(timeline: Timeline, day: date) -> datetime:
    return timeline.at(day, time(9, 0))
