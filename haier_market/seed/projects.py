"""Projects in every phase, with sealed and opened bids, awards, contracts, milestones and ratings.

A project is planned from its end: a fate says how far it came, lengths in slots say when each step was, and rows, deeds
and drafts are written as the actions of `contracts` leave them. Bids are really sealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from contracts import explaining, scoring, sealing, wording
from contracts.models import Award, Bid, Contract, ContractVersion, Milestone, Panelist, Project, Rating, Signature
from contracts.models.contracts import Party
from contracts.ranking import frozen, rank
from haier_market.seed import journal
from haier_market.seed.chance import Chance
from haier_market.seed.words import (
    CANCEL_REASONS,
    COMMENTS,
    END_REASONS,
    EVERYWHERE_SKILLS,
    EVIDENCE,
    NEEDS,
    NO_AWARD_REASONS,
    PART_REASONS,
    PLANS_MORE,
    RATER_COMMENTS,
    REJECTED,
    SITES,
    WIN_REASONS,
    Need,
)
from haier_market.seed.world import Firm, World
from people.models import User

CHUNK: Final = 1_000
UNITS_EACH: Final = 2.2
MANY: Final = 2_000
"""From so many projects on they have fewer bids each, as in a market that large."""
HUNDRED_YUAN: Final = 10_000
SMALLEST, LARGEST = 18_000, 260_000


class Fate(StrEnum):
    """How far a project came."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    CANCELLED = "cancelled"
    NO_BIDS = "no_bids"
    EVALUATING = "evaluating"
    NO_AWARD = "no_award"
    SIGNING = "signing"
    DECLINED = "declined"
    ACTIVE = "active"
    ENDED = "ended"
    COMPLETED = "completed"


FATES: Final = (
    (Fate.DRAFT, 5),
    (Fate.SCHEDULED, 3),
    (Fate.OPEN, 25),
    (Fate.CANCELLED, 5),
    (Fate.NO_BIDS, 8),
    (Fate.EVALUATING, 8),
    (Fate.NO_AWARD, 3),
    (Fate.SIGNING, 5),
    (Fate.DECLINED, 1),
    (Fate.ACTIVE, 17),
    (Fate.ENDED, 1),
    (Fate.COMPLETED, 19),
)
UNOPENED: Final = (Fate.DRAFT, Fate.SCHEDULED, Fate.OPEN, Fate.CANCELLED)


@dataclass(frozen=True)
class Wish:
    """What a project of the cast must be; what is left open is drawn."""

    fate: Fate
    buyer: Firm
    bidders: Sequence[Firm] | None = None
    """The first one wins."""
    need: Need | None = None
    product: str = ""
    site: str = ""
    ceiling: int = 0
    deadline: datetime | None = None
    parts: int = 0
    accepted: int | None = None
    waiting: bool | None = None
    """Whether the next milestone is delivered and waits for a decision."""
    first_signature: str = ""


@dataclass
class Steps:
    """The slots in which things happened; those after the end of the fate are not used."""

    published: int
    deadline: int
    award: int
    signed: tuple[int, int]
    delivered: list[int]
    decided: list[int]

    @property
    def cancelled(self) -> int:
        """When a project that is cancelled was cancelled: when two thirds of the time for bids were over."""
        return self.published + max(1, (self.deadline - self.published) * 2 // 3)


@dataclass
class Deal:
    """One project on its way."""

    wish: Wish
    project: Project
    steps: Steps
    need: Need
    words: dict[str, str]
    seal: sealing.ProjectSealer | None = None
    panel: list[User] = field(default_factory=list)
    bidders: dict[object, Firm] = field(default_factory=dict)
    bids: list[Bid] = field(default_factory=list)

    @property
    def buyer(self) -> Firm:
        return self.wish.buyer

    @property
    def subject(self) -> str:
        return f"project:{self.project.pk}"

    @property
    def link(self) -> str:
        return f"/projects/{self.project.pk}/"

    @property
    def ceiling(self) -> int:
        return self.project.ceiling_minor or 0


def everything(world: World) -> None:
    """All projects: those of the cast, and as many others as were asked for."""
    planner = _Planner(world)
    wishes = cast_wishes(world)
    market = world.market
    chance = planner.chance
    world.progress.expect(world.options.projects * UNITS_EACH)
    for number in range(max(world.options.projects, len(wishes))):
        if number < len(wishes):
            planner.plan(wishes[number])
        else:
            planner.plan(Wish(chance.weighted(FATES), chance.pick(market)))
        world.progress.done(UNITS_EACH)
        if number % CHUNK == CHUNK - 1:
            world.write()


def cast_wishes(world: World) -> list[Wish]:
    """What the ten find when they sign in: each has something to do, and something that runs."""
    blue, cold, north, near = world.firms[:4]
    line, need = world.timeline, {each.title.split(" ")[0]: each for each in NEEDS}
    tonight = line.at(line.until + timedelta(days=1), time(2, 0))
    next_week = line.at(line.until + timedelta(days=7), time(16, 0))
    return [
        Wish(Fate.OPEN, blue, [], need["Temperature"], "cold store", "Qingdao", 180_000, tonight),
        Wish(Fate.EVALUATING, blue, [cold, near, north], need["Packaging"], "wine cabinet", "Qingdao", 90_000),
        Wish(Fate.ACTIVE, blue, [near, north], need["Noise"], "range hood", "Qingdao", 120_000, parts=2, accepted=0,
             waiting=True),  # fmt: skip
        Wish(Fate.COMPLETED, blue, [cold, near], need["Transport"], "dishwasher", "Jiaozhou", 140_000, parts=2),
        Wish(Fate.SIGNING, blue, [near, cold], need["Door"], "built-in refrigerator", "Qingdao", 75_000,
             first_signature=Party.SUPPLIER),  # fmt: skip
        Wish(Fate.ACTIVE, near, [cold, north], need["Spare"], "delivery locker", "Hefei", 110_000, parts=2, accepted=1,
             waiting=False),  # fmt: skip
        Wish(Fate.ACTIVE, near, [north, cold], need["Energy"], "ventilation unit", "Qingdao", 95_000, parts=2,
             accepted=1, waiting=False),  # fmt: skip
        Wish(Fate.OPEN, north, [near], need["Service"], "water filter", "Shanghai", 60_000, next_week),
        Wish(Fate.DRAFT, blue, [], need["Usability"], "steam oven", "Qingdao", 150_000, next_week),
    ]


class _Planner:
    """Plans one project after another."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.line = world.timeline
        self.chance: Chance = world.chance.stream("projects")
        self.sealer = sealing.Sealer()
        self.is_large = world.options.projects > MANY
        minutes = timedelta(minutes=world.value("shortest_bidding_minutes"))
        self.least_bidding = -(-minutes // self.line.step) + 2

    # --- the course of a project ---

    def plan(self, wish: Wish) -> None:
        with translation.override("en"):
            deal = self._draft(wish)
            if wish.fate is Fate.DRAFT:
                return
            self._publish(deal)
            self._bid(deal)
            if wish.fate in UNOPENED:
                self._cancel(deal)
                return
            self._open(deal)
            if wish.fate in (Fate.NO_BIDS, Fate.EVALUATING):
                return
            if wish.fate is Fate.NO_AWARD:
                self._award_nothing(deal)
                return
            _Contracting(self, deal).run()

    def _steps(self, wish: Wish) -> Steps:
        chance, line = self.chance, self.line
        bidding = line.long(14, 54, chance, least=self.least_bidding)
        lengths = [bidding, line.long(2, 12, chance), line.long(1, 6, chance), line.long(1, 6, chance)]
        parts = wish.parts or 3
        work = [step for _part in range(parts) for step in (line.long(6, 26, chance), line.long(1, 9, chance))]
        needed = self._reach(wish, lengths, work)
        if needed > line.slots - 2:
            lengths, work = [self.least_bidding, 1, 1, 1], [1] * len(work)
            needed = self._reach(wish, lengths, work)
        latest = max(0, line.slots - 2 - needed)
        earliest = max(0, latest - self._window(wish)) if self._window(wish) else 0
        start = chance.whole(earliest, latest)
        marks = [start]
        for step in [*lengths, *work]:
            marks.append(marks[-1] + step)
        return Steps(
            published=start,
            deadline=marks[1],
            award=marks[2],
            signed=(marks[3], marks[4]),
            delivered=marks[5::2],
            decided=marks[6::2],
        )

    def _reach(self, wish: Wish, lengths: list[int], work: list[int]) -> int:
        """How many slots the story of a fate takes after publication."""
        match wish.fate:
            case Fate.DRAFT | Fate.SCHEDULED | Fate.OPEN:
                return 0
            case Fate.CANCELLED | Fate.NO_BIDS | Fate.EVALUATING:
                return lengths[0]
            case Fate.NO_AWARD:
                return sum(lengths[:2])
            case Fate.SIGNING | Fate.DECLINED:
                return sum(lengths[:3])
            case Fate.ACTIVE:
                done = wish.accepted or 0
                return sum(lengths) + sum(work[: 2 * done]) + (work[2 * done] if wish.waiting else 0)
        return sum(lengths) + sum(work)

    def _window(self, wish: Wish) -> int:
        """How far back the last step may lie, in slots; 0 for anywhere."""
        days = {Fate.SCHEDULED: 3, Fate.OPEN: 9, Fate.EVALUATING: 3, Fate.SIGNING: 7}.get(wish.fate, 0)
        if wish.waiting:
            days = 6
        return days * self.line.slots_of_a_day

    # --- the need ---

    def _draft(self, wish: Wish) -> Deal:
        world, chance, buyer = self.world, self.chance, wish.buyer
        need = wish.need or chance.pick(NEEDS)
        words = {
            "product": wish.product or chance.pick(buyer.field.products),
            "site": wish.site or chance.weighted([(site, weight) for site, _zone, weight in SITES]),
        }
        steps = self._steps(wish)
        wanted = wish.ceiling or chance.spread(SMALLEST, LARGEST) // 1000 * 1000
        at = self.line.part(steps.published, 0.2)
        acceptor = world.cast.noor if buyer is world.cast.blue_kettle else chance.pick(self._members(buyer))
        weight = chance.pick((5000, 6000, 7000)) if need.is_quality else scoring.FULL
        project = Project(
            buyer=buyer.row,
            title=need.title.format(**words)[:160],
            need=need.need.format(**words),
            success_measure=need.measure.format(**words),
            currency=buyer.row.currency,
            ceiling_minor=buyer.minor(wanted),
            deadline=self._deadline(wish, steps),
            deadline_zone=str(self.line.zone),
            method=Project.Method.PRICE_QUALITY if need.is_quality else Project.Method.LOWEST_PRICE,
            price_weight_bp=weight,
            pass_mark=chance.pick((0, 4000)) if need.is_quality else 0,
            acceptor=acceptor,
            created_at=at,
            created_by=buyer.lead,
        )
        deal = Deal(wish, project, steps, need, words)
        world.rows.add(project)
        if need.is_quality:
            others = [person for person in self._members(buyer) if person is not acceptor]
            deal.panel = chance.sample(others or [acceptor], 2)
            world.rows.add(*(Panelist(project=project, person=person) for person in deal.panel))
        for skill in world.skilled((*buyer.field.skills, *EVERYWHERE_SKILLS[:4]), 2, chance):
            world.rows.add(Project.skills.through(project=project, skill=skill))
        world.trail.tell(at, buyer.lead, "project.drafted", deal.subject, project.title)
        return deal

    def _members(self, firm: Firm) -> list[User]:
        """Members besides the leader and a late joiner."""
        return firm.people[1:-1] if len(firm.people) > 3 else firm.people[1:]

    def _deadline(self, wish: Wish, steps: Steps) -> datetime:
        if wish.deadline is not None:
            return wish.deadline
        if wish.fate in (Fate.DRAFT, Fate.SCHEDULED, Fate.OPEN):
            ahead = self.chance.spread(1, 30) + (7 if wish.fate is Fate.SCHEDULED else 0)
            day = self.line.until + timedelta(days=ahead)
            return self.line.at(day, time(self.chance.whole(9, 18), self.chance.pick((0, 0, 30))))
        return self.line.deadline_in(steps.deadline, self.chance)

    # --- publication ---

    def _publish(self, deal: Deal) -> None:
        world, project, buyer, steps = self.world, deal.project, deal.buyer, deal.steps
        at = self.line.part(steps.published, 0.8)
        project.status = Project.Status.PUBLISHED
        project.published_at, project.published_by = at, buyer.lead
        project.opens_at = at
        if deal.wish.fate is Fate.SCHEDULED:
            day = self.line.until + timedelta(days=self.chance.whole(1, 6))
            project.opens_at = self.line.at(day, time(9, 0))
        project.draw_seed = self.chance.hex(32)
        project.draw_commitment = scoring.commitment(project.draw_seed)
        deal.seal = self.sealer.project(project.pk)
        world.rows.add(deal.seal.key())
        buyer.budget_minor += deal.ceiling
        world.journal.add(steps.published, buyer.lead, journal.published(project, buyer.entity_id, deal.ceiling))
        world.trail.tell(
            at, buyer.lead, "project.published", deal.subject, project.title,
            ceiling_minor=project.ceiling_minor, currency=project.currency,
            opens_at=_iso(project.opens_at), deadline=_iso(project.deadline),
            draw_commitment=project.draw_commitment, acceptor=str(project.acceptor_id),
            panel=[str(person.pk) for person in deal.panel],
        )  # fmt: skip
        if project.acceptor is not None:
            world.tell(
                [project.acceptor],
                at,
                lambda: _("You will accept the work of “%(title)s” for your ME.") % {"title": project.title},
                deal.link,
            )

    def _cancel(self, deal: Deal) -> None:
        if deal.wish.fate is not Fate.CANCELLED:
            return
        world, project, steps = self.world, deal.project, deal.steps
        slot, reason = steps.cancelled, self.chance.pick(CANCEL_REASONS)
        at = self.line.part(slot, 0.95)
        project.status, project.ended_at, project.ended_reason = Project.Status.CANCELLED, at, reason
        world.journal.add(slot, deal.buyer.lead, journal.released(project, deal.buyer.entity_id, deal.ceiling))
        world.trail.tell(
            at, deal.buyer.lead, "project.cancelled", deal.subject, project.title, reason=reason, was="published"
        )

    # --- bids ---

    def _bid(self, deal: Deal) -> None:
        for place, firm in enumerate(self._bidders(deal)):
            self._submit(deal, firm, place)

    def _bidders(self, deal: Deal) -> list[Firm]:
        fate, chance = deal.wish.fate, self.chance
        if fate in (Fate.SCHEDULED, Fate.NO_BIDS):
            return []
        if deal.wish.bidders is not None:
            return list(deal.wish.bidders)
        if fate in (Fate.OPEN, Fate.CANCELLED):
            wanted = chance.weighted(((0, 75), (1, 20), (2, 5)) if self.is_large else ((0, 30), (1, 30), (2, 25), (3, 15)))
        else:
            wanted = chance.weighted(((1, 6), (2, 3), (3, 1)) if self.is_large else ((1, 1), (2, 3), (3, 4), (4, 2)))
        market = self.world.market
        found: dict[str, Firm] = {}
        while len(found) < min(wanted, len(market) - 1):
            firm = chance.pick(market)
            if firm is not deal.buyer:
                found[firm.name] = firm
        return list(found.values())

    def _submit(self, deal: Deal, firm: Firm, place: int) -> None:
        world, project, chance = self.world, deal.project, self.chance
        if deal.seal is None or project.opens_at is None:
            return
        last = min(deal.steps.deadline - 1, self.line.slots - 1)
        if deal.wish.fate is Fate.OPEN:
            last = self.line.slots - 1
        if deal.wish.fate is Fate.CANCELLED:
            last = deal.steps.cancelled
        if last <= deal.steps.published:
            return
        at = self.line.part(chance.whole(deal.steps.published + 1, last), 0.1 + 0.8 * chance.below())
        low = 62 + 8 * place if deal.wish.bidders is not None else 62
        price = deal.ceiling * chance.whole(low, min(99, low + (5 if deal.wish.bidders is not None else 37))) // 100
        price = max(HUNDRED_YUAN, price // HUNDRED_YUAN * HUNDRED_YUAN)
        plan = " ".join([deal.need.plan, *chance.sample(PLANS_MORE, chance.whole(0, 2))]).format(**deal.words)
        terms = sealing.new_terms(
            microenterprise=firm.row.pk, author=firm.lead.pk, price_minor=price, days=chance.whole(12, 60), plan=plan
        )
        bid = Bid(
            project=project,
            bidder_token=self.sealer.token(project.pk, firm.row.pk),
            submitted_at=at,
            receipt=terms.receipt(),
        )
        deal.bids.append(bid)
        deal.bidders[bid.pk] = firm
        is_opened = deal.wish.fate not in UNOPENED
        deed = sealing.Deed(
            "submitted", str(bid.pk), str(firm.lead.pk), firm.lead.name, _iso(at), {"revision": 1, "receipt": bid.receipt}
        )
        world.rows.add(bid, deal.seal.terms(bid, terms), deal.seal.deed(deed, published=is_opened))
        if is_opened:
            bid.price_minor, bid.days, bid.plan = terms.price_minor, terms.days, terms.plan
            bid.microenterprise, bid.author = firm.row, firm.lead

    # --- the opening and what follows without an award ---

    def _open(self, deal: Deal) -> None:
        world, project = self.world, deal.project
        at = project.deadline + timedelta(seconds=self.chance.whole(2, 11))
        project.opened_at = at
        for bid in deal.bids:
            bid.opened_at, bid.status = at, Bid.Status.VALID
            world.trail.tell(
                at, bid.author, "bid.submitted", f"bid:{bid.pk}", project.title,
                project=str(project.pk), happened_at=_iso(bid.submitted_at), name_then=deal.bidders[bid.pk].lead.name,
                revision=1, receipt=bid.receipt,
            )  # fmt: skip
        if not deal.bids:
            self._end_without_bids(deal, at)
            return
        project.status = Project.Status.EVALUATING
        world.trail.tell(at, None, "project.opened", deal.subject, project.title, bids=len(deal.bids))
        world.tell(
            [deal.buyer.lead],
            at,
            lambda: _("The bids on your project “%(title)s” are open.") % {"title": project.title},
            deal.link,
        )
        world.tell(
            [firm.lead for firm in deal.bidders.values()],
            at,
            lambda: _("The bids on “%(title)s” are open. See where yours stands.") % {"title": project.title},
            deal.link,
        )
        world.tell(
            deal.panel,
            at,
            lambda: _("The bids on “%(title)s” are open. Judge their quality.") % {"title": project.title},
            f"{deal.link}quality/",
        )
        self._judge(deal)

    def _end_without_bids(self, deal: Deal, at: datetime) -> None:
        world, project = self.world, deal.project
        project.status, project.ended_at = Project.Status.UNSUCCESSFUL, at
        project.ended_reason = _("No valid bid came before the deadline.")
        world.journal.add(deal.steps.deadline, None, journal.released(project, deal.buyer.entity_id, deal.ceiling))
        world.trail.tell(at, None, "project.unsuccessful", deal.subject, project.title, reason=project.ended_reason)
        world.tell(
            [deal.buyer.lead],
            at,
            lambda: _("No valid bid came for “%(title)s”; what was held is back in your wallet.")
            % {"title": project.title},
            deal.link,
        )

    def _judge(self, deal: Deal) -> None:
        """The panel gives its points; of a project that is still evaluated some are missing."""
        if not deal.panel:
            return
        begin, end = deal.project.deadline, self.line.part(deal.steps.award, 0.1)
        for number, bid in enumerate(deal.bids, start=1):
            if deal.wish.fate is Fate.EVALUATING and number == len(deal.bids):
                return
            at = begin + (end - begin) * (number / (len(deal.bids) + 1))
            if deal.wish.fate is Fate.EVALUATING:
                at = begin + timedelta(minutes=2) * number
            at = at.replace(microsecond=0)
            judge = deal.panel[number % len(deal.panel)]
            bid.quality_points = self.chance.whole(45, 96) * 100
            bid.quality_reason = self.chance.pick(
                ("The plan names its risks and how it meets them.", "Reaches the measure, the schedule is tight.",
                 "Knows our users; the report is left open.")
            )  # fmt: skip
            bid.scored_by, bid.scored_at = judge, at
            self.world.trail.tell(
                at, judge, "project.quality_judged", deal.subject, deal.project.title,
                bid=str(bid.pk), points=bid.quality_points, before=None, reason=bid.quality_reason,
            )  # fmt: skip

    def _award_nothing(self, deal: Deal) -> None:
        world, project, slot = self.world, deal.project, deal.steps.award
        at, reason = self.line.part(slot, 0.6), self.chance.pick(NO_AWARD_REASONS)
        project.status, project.ended_at, project.ended_reason = Project.Status.UNSUCCESSFUL, at, reason
        for bid in deal.bids:
            bid.outcome_reason = reason
        world.journal.add(slot, deal.buyer.lead, journal.released(project, deal.buyer.entity_id, deal.ceiling))
        world.trail.tell(at, deal.buyer.lead, "project.unsuccessful", deal.subject, project.title, reason=reason)
        world.tell(
            [firm.lead for firm in deal.bidders.values()],
            at,
            lambda: _("“%(title)s” ended without an award: %(reason)s") % {"title": project.title, "reason": reason},
            deal.link,
        )


class _Contracting:
    """From the award of one project to the end of its contract."""

    def __init__(self, planner: _Planner, deal: Deal) -> None:
        self.planner = planner
        self.world, self.line, self.chance = planner.world, planner.line, planner.chance
        self.deal = deal
        self.ranking = rank(deal.project, deal.bids)
        self.winner = self.ranking.places[0].bid
        self.supplier = deal.bidders[self.winner.pk]
        self.awarded_at = self.line.part(deal.steps.award, 0.6)
        self.award = self._award()
        self.contract = self._draft()

    @property
    def fate(self) -> Fate:
        return self.deal.wish.fate

    @property
    def subject(self) -> str:
        return f"contract:{self.contract.pk}"

    @property
    def link(self) -> str:
        return f"/contracts/{self.contract.pk}/"

    def tell(self, at: datetime, by: User | None, deed: str, **facts: object) -> None:
        self.world.trail.tell(at, by, f"contract.{deed}", self.subject, self.contract.title, **facts)

    def firm(self, party: str) -> Firm:
        return self.deal.buyer if party == Party.BUYER else self.supplier

    def run(self) -> None:
        version, parts = self._words()
        if self.fate is Fate.DECLINED:
            self._decline()
            return
        if not self._sign(version):
            return
        milestones = self._activate(version, parts)
        done = self._work(milestones)
        self.world.rows.add(*milestones)
        if self.fate is Fate.ENDED:
            self._end(milestones)
        elif done == len(milestones):
            self._complete(milestones)

    # --- award ---

    def _award(self) -> Award:
        deal, project, reason = self.deal, self.deal.project, self.chance.pick(WIN_REASONS)
        best = self.ranking.of(self.winner.pk)
        for place in self.ranking.places:
            if place.bid.pk == self.winner.pk:
                place.bid.outcome_reason = reason
                continue
            behind = explaining.why_behind(place, best, project.currency)
            place.bid.outcome_reason = behind or "The awarded plan reaches the measure sooner."
        award = Award(
            project=project,
            bid=self.winner,
            reason=reason,
            arithmetic=frozen(project, self.ranking),
            awarded_at=self.awarded_at,
            awarded_by=deal.buyer.lead,
        )
        project.status, project.ended_at = Project.Status.AWARDED, self.awarded_at
        self.world.rows.add(award)
        self.world.trail.tell(
            self.awarded_at, deal.buyer.lead, "project.awarded", deal.subject, project.title,
            bid=str(self.winner.pk), microenterprise=str(self.supplier.row.pk), price_minor=self.winner.price_minor,
            rank=best.rank, reason=reason,
        )  # fmt: skip
        self._tell_bidders()
        return award

    def _tell_bidders(self) -> None:
        title = self.deal.project.title
        for bid in self.deal.bids:
            words = {"title": title, "reason": bid.outcome_reason}
            won = bid.pk == self.winner.pk

            def say(words: dict[str, str] = words, won: bool = won) -> str:
                if won:
                    return _("Your bid on “%(title)s” won.") % words
                return _("Your bid on “%(title)s” did not win: %(reason)s") % words

            self.world.tell([self.deal.bidders[bid.pk].lead], self.awarded_at, say, self.deal.link)

    # --- words ---

    def _draft(self) -> Contract:
        project, buyer = self.deal.project, self.deal.buyer
        contract = Contract(
            project=project,
            award=self.award,
            buyer=buyer.row,
            supplier=self.supplier.row,
            acceptor=project.acceptor,
            title=project.title,
            currency=project.currency,
            book=project.book,
            price_minor=self.winner.price_minor,
            created_at=self.awarded_at,
        )
        self.world.rows.add(contract)
        return contract

    def _words(self) -> tuple[ContractVersion, list[wording.Part]]:
        """Version 1 with one milestone, and often a second one with more."""
        contract, days = self.contract, self.winner.days or 1
        buyer, today = self.deal.buyer, self.line.day_of(self.deal.steps.award)
        whole = [wording.Part(contract.title, contract.price_minor, today + timedelta(days=days))]
        version = self._version(1, whole, "", self.awarded_at, buyer.lead)
        self.tell(self.awarded_at, buyer.lead, "drafted", version=1, price_minor=contract.price_minor)
        self.world.tell(
            [buyer.lead, self.supplier.lead],
            self.awarded_at,
            lambda: _("The contract for “%(title)s” waits for your signature.") % {"title": contract.title},
            self.link,
        )
        wanted = self.deal.wish.parts or (1 if self.chance.happens(45) else len(self.deal.need.parts))
        if wanted == 1:
            return version, whole
        at = self.line.part(self.deal.steps.signed[0], 0.2)
        note = "Paid in steps, so that both sides see how it goes."
        parts = self._parts(wanted, days)
        second = self._version(2, parts, note, at, self.supplier.lead)
        self.tell(at, self.supplier.lead, "changed", version=2, party=Party.SUPPLIER.value, reason=note, voided=0)
        return second, parts

    def _parts(self, wanted: int, days: int) -> list[wording.Part]:
        titles = [*self.deal.need.parts, "Acceptance test"][:wanted]
        price, today = self.contract.price_minor, self.line.day_of(self.deal.steps.award)
        each = price // len(titles) // HUNDRED_YUAN * HUNDRED_YUAN or price // len(titles)
        amounts = [each] * (len(titles) - 1)
        amounts.append(price - sum(amounts))
        return [
            wording.Part(title.format(**self.deal.words), amount, today + timedelta(days=max(1, days * number // wanted)))
            for number, (title, amount) in enumerate(zip(titles, amounts, strict=True), start=1)
        ]

    def _version(
        self, number: int, parts: list[wording.Part], reason: str, at: datetime, by: User
    ) -> ContractVersion:
        body, digest = wording.seal(
            wording.compose(
                self.contract,
                version=number,
                parts=parts,
                silence_days=self.world.value("silence_is_acceptance_days"),
                signing_days=self.world.value("signing_days"),
            )
        )
        version = ContractVersion(
            contract=self.contract, number=number, body=body, sha256=digest, reason=reason, created_at=at, created_by=by
        )
        self.world.rows.add(version)
        return version

    # --- signatures ---

    def _sign(self, version: ContractVersion) -> bool:
        """Sign in both slots; while a contract waits, one party at most has signed. Says whether both have."""
        first = self.deal.wish.first_signature or self.chance.pick((Party.BUYER.value, Party.SUPPLIER.value, ""))
        if self.fate is Fate.SIGNING:
            if first:
                self._signature(version, first, self.deal.steps.signed[0])
            return False
        first = first or Party.BUYER.value
        other = Party.SUPPLIER.value if first == Party.BUYER else Party.BUYER.value
        self._signature(version, first, self.deal.steps.signed[0])
        self._signature(version, other, self.deal.steps.signed[1])
        self.last_signer = self.firm(other).lead
        return True

    def _signature(self, version: ContractVersion, party: str, slot: int) -> None:
        at, by = self.line.part(slot, 0.7), self.firm(party).lead
        self.world.rows.add(
            Signature(version=version, party=party, sha256_seen=version.sha256, signed_at=at, signed_by=by)
        )
        self.tell(at, by, "signed", version=version.number, party=party, sha256=version.sha256)

    def _activate(self, version: ContractVersion, parts: list[wording.Part]) -> list[Milestone]:
        contract, slot = self.contract, self.deal.steps.signed[1]
        at = self.line.part(slot, 0.7)
        contract.status, contract.activated_at = Contract.Status.ACTIVE, at
        draft = journal.signed(contract, self.deal.buyer.entity_id, self.deal.ceiling)
        self.world.journal.add(slot, self.last_signer, draft)
        self.tell(at, self.last_signer, "activated", version=version.number, escrow_minor=contract.price_minor)
        self.world.tell(
            [self.deal.buyer.lead, self.supplier.lead, contract.acceptor],
            at,
            lambda: _(
                "The contract “%(title)s” is signed by both parties; the price is in escrow and work can start."
            )
            % {"title": contract.title},
            self.link,
        )
        return [
            Milestone(
                contract=contract, number=number, title=part.title, amount_minor=part.amount_minor, due_on=part.due_on
            )
            for number, part in enumerate(parts, start=1)
        ]

    def _decline(self) -> None:
        """The supplier says no: the hold goes back and the project ends without award."""
        contract, project, slot = self.contract, self.deal.project, self.deal.steps.signed[0]
        at, by = self.line.part(slot, 0.8), self.supplier.lead
        reason = "A large order came in; we could not keep the days we promised."
        contract.status, contract.ended_at, contract.ended_reason = Contract.Status.VOID, at, reason
        self.award.status = Award.Status.DECLINED
        project.status, project.ended_at, project.ended_reason = Project.Status.UNSUCCESSFUL, at, reason
        draft = journal.voided(contract, self.deal.buyer.entity_id, self.deal.ceiling)
        self.world.journal.add(slot, by, draft)
        self.tell(at, by, "voided", reason=reason, released_minor=self.deal.ceiling)
        self.world.trail.tell(at, by, "project.unsuccessful", self.deal.subject, project.title, reason=reason)

    # --- work ---

    def _work(self, milestones: list[Milestone]) -> int:
        """Deliver and decide milestone after milestone as far as the fate goes; returns how many are decided for good."""
        total = len(milestones)
        done = {Fate.COMPLETED: total, Fate.ENDED: total - 1}.get(self.fate, self._accepted(total))
        for milestone in milestones[:done]:
            self._deliver(milestone)
            self._accept(milestone)
        if self.fate is not Fate.ACTIVE or done == total:
            return done
        if self.deal.wish.waiting is not None:
            state = "waiting" if self.deal.wish.waiting else "scheduled"
        else:
            state = self.chance.weighted((("scheduled", 5), ("waiting", 4), ("rejected", 1)))
        slot = self.deal.steps.delivered[done]
        recently = slot >= self.line.slots - 9 * self.line.slots_of_a_day
        if state != "scheduled" and slot < self.line.slots - 1 and recently:
            self._deliver(milestones[done])
            decided = self.deal.steps.decided[done]
            if state == "rejected" and decided < self.line.slots:
                self._reject(milestones[done], decided)
        return done

    def _accepted(self, total: int) -> int:
        """How many milestones of an active contract were accepted: fewer than all, and only in the past."""
        if self.deal.wish.accepted is not None:
            return min(self.deal.wish.accepted, total - 1)
        past = len([slot for slot in self.deal.steps.decided[: total - 1] if slot < self.line.slots])
        return self.chance.whole(0, past)

    def _deliver(self, milestone: Milestone) -> None:
        slot = self.deal.steps.delivered[milestone.number - 1]
        at, by = self.line.part(slot, 0.5), self.chance.pick(self.planner._members(self.supplier))
        milestone.status, milestone.evidence = Milestone.Status.SUBMITTED, self.chance.pick(EVIDENCE)
        milestone.submitted_at, milestone.submitted_by = at, by
        self.tell(at, by, "delivered", milestone=milestone.number, title=milestone.title)
        words = {"title": milestone.title, "contract": self.contract.title}
        self.world.tell(
            [self.contract.acceptor],
            at,
            lambda: _("“%(title)s” is delivered for the contract “%(contract)s” and waits for your decision.") % words,
            self.link,
        )

    def _accept(self, milestone: Milestone) -> None:
        slot, by = self.deal.steps.decided[milestone.number - 1], self.contract.acceptor
        at = self.line.part(slot, 0.9)
        milestone.status, milestone.accepted_minor = Milestone.Status.ACCEPTED, milestone.amount_minor
        if self.chance.happens(5) and milestone.amount_minor > 10:
            milestone.status = Milestone.Status.PART_ACCEPTED
            milestone.accepted_minor = milestone.amount_minor * 9 // 10
            milestone.decision_reason = self.chance.pick(PART_REASONS)
        milestone.decided_at, milestone.decided_by = at, by
        draft = journal.accepted(self.contract, milestone, self.deal.buyer.entity_id, self.supplier.entity_id)
        self.world.journal.add(slot, by, draft)
        self.tell(
            at, by, "accepted", milestone=milestone.number, title=milestone.title,
            accepted_minor=milestone.accepted_minor, amount_minor=milestone.amount_minor,
            reason=milestone.decision_reason,
        )  # fmt: skip

    def _reject(self, milestone: Milestone, slot: int) -> None:
        at, by = self.line.part(slot, 0.9), self.contract.acceptor
        milestone.status, milestone.decision_reason = Milestone.Status.REJECTED, self.chance.pick(REJECTED)
        milestone.decided_at, milestone.decided_by = at, by
        self.tell(
            at, by, "rejected", milestone=milestone.number, title=milestone.title, reason=milestone.decision_reason
        )
        words = {"title": milestone.title, "reason": milestone.decision_reason}
        self.world.tell(
            [self.supplier.lead],
            at,
            lambda: _("“%(title)s” was rejected: %(reason)s You can deliver it again.") % words,
            self.link,
        )

    # --- the end ---

    def _complete(self, milestones: list[Milestone]) -> None:
        contract, last = self.contract, milestones[-1]
        at = last.decided_at or self.awarded_at
        contract.status, contract.ended_at = Contract.Status.COMPLETED, at
        self.tell(at, contract.acceptor, "completed")
        self.world.tell(
            [self.deal.buyer.lead, self.supplier.lead, contract.acceptor],
            at,
            lambda: _("The contract “%(title)s” is completed. Say how satisfied you are.") % {"title": contract.title},
            self.link,
        )
        slot = self.deal.steps.decided[len(milestones) - 1] + 1
        if slot >= self.line.slots:
            return
        for party, by, comments, fraction in (
            (Party.BUYER, contract.acceptor, COMMENTS, 0.3),
            (Party.SUPPLIER, self.supplier.lead, RATER_COMMENTS, 0.6),
        ):
            if self.deal.wish.bidders is None and not self.chance.happens(80):
                continue
            rated_at = self.line.part(slot, fraction)
            self.world.rows.add(
                Rating(
                    contract=contract,
                    party=party,
                    stars=self.chance.weighted(((5, 5), (4, 6), (3, 2), (2, 1))),
                    comment=self.chance.pick(comments),
                    rated_at=rated_at,
                    rated_by=by,
                )
            )
            self.tell(rated_at, by, "rated", party=party.value)

    def _end(self, milestones: list[Milestone]) -> None:
        """Both leaders agree to stop: what is open is cancelled, what escrow still holds goes back."""
        contract, reason = self.contract, self.chance.pick(END_REASONS)
        done = [row for row in milestones if row.decided_at]
        slot = (self.deal.steps.decided[len(done) - 1] if done else self.deal.steps.signed[1]) + 1
        slot = min(slot, self.line.slots - 1)
        proposed, at = self.line.part(slot, 0.3), self.line.part(slot, 0.8)
        contract.end_proposed_for, contract.end_proposed_reason = Party.SUPPLIER, reason
        contract.end_proposed_at, contract.end_proposed_by = proposed, self.supplier.lead
        by, unused = self.deal.buyer.lead, 0
        for row in milestones[len(done) :]:
            row.status, row.decided_at, row.decided_by = Milestone.Status.CANCELLED, at, by
            row.decision_reason = reason
            unused += row.amount_minor
        contract.status, contract.ended_at, contract.ended_reason = Contract.Status.TERMINATED, at, reason
        self.world.journal.add(slot, by, journal.ended(contract, self.deal.buyer.entity_id, unused))
        self.tell(proposed, self.supplier.lead, "end_proposed", party=Party.SUPPLIER.value, reason=reason)
        self.tell(at, by, "terminated", reason=reason, returned_minor=unused)


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
