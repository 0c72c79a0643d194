"""Telling the story in the order of time: money slot by slot, what real actions do on the way, and every night.

Nights run through the same code as the clock's own (`settlement.actions`); finance approves each the morning after.
Everything an action would mail is dropped: nobody wants letters about what happened weeks ago.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial

from django.db import connection

from core import past
from core.clock import business_date
from haier_market.seed import cases, decisions, payouts, questions, teams, watching
from haier_market.seed.ideas import Launch
from haier_market.seed.timeline import OPENING
from haier_market.seed.words import DISSOLVE_REASONS, EVERYWHERE
from haier_market.seed.world import CENTS, Firm, Options, World
from microenterprises.actions import ideas, invitations, pledges, seats
from microenterprises.calculation import TermsSpec, Tier
from microenterprises.models import Idea
from settlement.actions import nights
from settlement.models import SettlementRun
from talent_pool.actions import placements
from talent_pool.actions.wind_up import wind_up

UNITS_A_DRAFT = 0.25
UNITS_AN_ME = 1.6
UNITS_A_DAY = 60.0
NEEDED = 120_000
Event = Callable[[], object]


def everything(world: World) -> None:
    """All slots and all nights."""
    line, firms = world.timeline, len(world.firms)
    events = _events(world)
    _tell(world, OPENING, [])
    for number in range(line.days):
        day = line.first_day + timedelta(days=number)
        for slot in line.slots_on(day):
            _tell(world, slot, events[slot])
        approval = partial(_approve, world, _settle(world, day))
        if number + 1 < line.days:
            events[line.slots_on(day)[-1] + 1].append(approval)
            if number + 1 == (line.days + 1) // 2:
                events[line.slots_on(day)[-1] + 1].append(partial(payouts.paid_out, world))
        else:
            _act(world, line.now + timedelta(minutes=20), approval)
            _act(world, line.now + timedelta(minutes=25), partial(payouts.on_its_way, world))
        world.progress.done(UNITS_A_DAY + firms * UNITS_AN_ME)


def units(options: Options) -> float:
    """How much work days and nights will be."""
    drafts = options.projects * 1.9 + options.microenterprises * (2 + options.days * 1.6)
    return options.days * (UNITS_A_DAY + options.microenterprises * UNITS_AN_ME) + drafts * UNITS_A_DRAFT


def _tell(world: World, slot: int, events: list[Event]) -> None:
    posted = world.journal.post(slot, world.timeline)
    world.progress.done(posted * UNITS_A_DRAFT)
    for event in events:
        _act(world, world.timeline.end_of(slot), event)


def _act(world: World, at: datetime, event: Event) -> None:
    """Let a real action happen at an instant, after every deed before it."""
    world.trail.flush(at)
    with past.at(at), _no_letters():
        event()


@contextmanager
def _no_letters() -> Iterator[None]:
    kept = list(connection.run_on_commit)
    yield
    connection.run_on_commit = kept


# --- Nights -----------------------------------------------------------------------------------------------------------


def _settle(world: World, day: date) -> SettlementRun:
    """The night after a date, as the clock does it."""
    midnight = world.timeline.at(day + timedelta(days=1), time(0, 0, 20))
    world.trail.flush(midnight)
    with past.at(midnight), _no_letters():
        return nights.work_on_run(nights.start_run(business_date=day, by=None))


def _approve(world: World, run: SettlementRun) -> None:
    nights.approve(run=run, by=world.cast.fay)


# --- What real actions do on the way ----------------------------------------------------------------------------------


def _events(world: World) -> dict[int, list[Event]]:
    events: dict[int, list[Event]] = defaultdict(list)
    for number, firm in enumerate(world.ending):
        events[world.ends_at(firm)].append(partial(_wind_up, firm, DISSOLVE_REASONS[number % len(DISSOLVE_REASONS)]))
    if cases.fit(world.options.microenterprises):
        leaving, act = cases.somebody_leaves(world)
        events[leaving].append(act)
    told = [*decisions.deeds(world), *watching.deeds(world), *questions.deeds(world), *teams.deeds(world)]
    for deed in sorted(told, key=lambda deed: (deed.slot, deed.after)):
        events[deed.slot].append(partial(_later, world.timeline.end_of(deed.slot) + deed.after, deed.act))
    for launch in world.launches:
        slot = world.timeline.slots // 4
        story = _Launching(world, launch)
        for number, event in enumerate((story.write, story.publish, story.gather, story.recruit, story.launch)):
            events[slot + number * max(1, world.timeline.slots // 10)].append(event)
    return events


def _later(at: datetime, act: Event) -> None:
    with past.at(at):
        act()


def _wind_up(firm: Firm, reason: str) -> None:
    wind_up(microenterprise=firm.row, reason=reason, by=firm.lead)


class _Launching:
    """An idea from its draft to its launch."""

    def __init__(self, world: World, plan: Launch) -> None:
        self.world, self.plan = world, plan
        self.idea: Idea

    def write(self) -> None:
        venture = self.plan.venture
        spec = ideas.IdeaSpec(
            title=venture.title,
            customer=venture.customer,
            outcome=venture.outcome,
            platform=self.world.platforms[self.plan.field.name],
            funding_goal_minor=NEEDED * CENTS,
            goals=[
                ideas.GoalSpec(
                    metric=venture.metric,
                    baseline=venture.baseline,
                    target=venture.target,
                    leading_target=venture.leading,
                    due_on=self.world.timeline.until + timedelta(days=300),
                )
            ],
        )
        self.idea = ideas.create(spec=spec, by=self.plan.owner)

    def publish(self) -> None:
        self.idea = ideas.publish(idea=self.idea, by=self.plan.owner)
        for job in (*self.plan.field.jobs, *EVERYWHERE)[: len(self.plan.crew)]:
            spec = seats.SeatSpec(role=job.role, customer_outcome=job.outcome, weight=12)
            seats.open_seat(owner=self.idea, spec=spec, by=self.plan.owner)

    def gather(self) -> None:
        part = -(-NEEDED // len(self.plan.pledgers)) * CENTS
        for number, person in enumerate(self.plan.pledgers, start=1):
            made = pledges.pledge(idea=self.idea, amount_minor=part, by=person)
            pledges.receive(pledge=made, document=f"TR-{number}", dated=business_date(), by=self.world.cast.fay)

    def recruit(self) -> None:
        for seat, person in zip(self.idea.seats.order_by("pk"), self.plan.crew, strict=True):
            invited = invitations.invite(seat=seat, person=person, by=self.plan.owner)
            placements.accept(invitation=invited, by=person)

    def launch(self) -> None:
        terms = TermsSpec(
            threshold_minor=0, tiers=(Tier(None, 3000),), residual_owners={"reserve": 6000, "co-investors": 4000}
        )
        placements.launch(idea=self.idea, terms=terms, by=self.plan.owner)
