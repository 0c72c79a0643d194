"""Projects in every phase with their bids, sealed and opened; what follows an award is in `contracting`.

A project is planned from its end: a fate says how far it came, lengths in slots say when each step was, and rows, deeds
and drafts are written as the actions of `contracts` leave them. Bids are really sealed.
"""

import secrets
from datetime import datetime, time, timedelta
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from contracts import scoring, sealing
from contracts.actions.projects import lot_facts
from contracts.models import Bid, Project
from haier_market.seed import journal, lots, vendors
from haier_market.seed.chance import Chance
from haier_market.seed.contracting import Contracting
from haier_market.seed.deals import AWARDED, FATES, FATES_OF_MANY, UNOPENED, Deal, Fate, Steps, Wish, cast_wishes, iso
from haier_market.seed.firms import COLD_CHAIN, WEIGHTLESS
from haier_market.seed.judging import Panels, published_facts
from haier_market.seed.words import CANCEL_REASONS, EVERYWHERE_SKILLS, NEEDS, NO_AWARD_REASONS, PLANS_MORE, SITES
from haier_market.seed.world import Firm, World

CHUNK: Final = 1_000
UNITS_EACH: Final = 2.2
MANY: Final = 2_000
"""From so many projects on they have fewer bids each, as in a market that large."""
HUNDRED_YUAN: Final = 10_000
SMALLEST, LARGEST = 18_000, 260_000
BIDS: Final = ((0, 30), (1, 30), (2, 25), (3, 15)), ((1, 1), (2, 3), (3, 4), (4, 2))
BIDS_OF_MANY: Final = ((0, 75), (1, 20), (2, 5)), ((1, 6), (2, 3), (3, 1))
"""How many bids there are, by weight: while a project is open, and on one that was opened."""


def everything(world: World) -> None:
    """All projects: those of the cast, and as many others as were asked for."""
    planner = Planner(world)
    wishes = cast_wishes(world)
    market = world.market
    for number in range(max(world.options.projects, len(wishes))):
        if number < len(wishes):
            planner.plan(wishes[number])
        else:
            planner.plan(planner.any_wish(market))
        world.progress.done(UNITS_EACH)
        if number % CHUNK == CHUNK - 1:
            world.write()
    lots.everything(planner)


class Planner:
    """Plans one project after another."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.line = world.timeline
        self.chance: Chance = world.chance.stream("projects")
        self.sealer = sealing.Sealer()
        self.panels = Panels(world)
        self.steady = [world.firms[number] for number in (COLD_CHAIN, WEIGHTLESS) if number < len(world.firms)]
        self.is_large = world.options.projects > MANY
        minutes = timedelta(minutes=world.value("shortest_bidding_minutes"))
        self.least_bidding = -(-minutes // self.line.step) + 2

    def any_wish(self, market: list[Firm]) -> Wish:
        """Any project of anybody; MEs whose profit must not fall ask for work, but have paid for none."""
        buyer, fate = self.chance.pick(market), self.chance.weighted(FATES_OF_MANY if self.is_large else FATES)
        if buyer in self.steady and fate not in (*UNOPENED, Fate.NO_BIDS):
            fate = Fate.OPEN
        # Northwind can be wound up at once: no delivery waits for its decision.
        return Wish(fate, buyer, waiting=False if buyer is self.world.cast.northwind else None)

    # --- the course of a project ---

    def plan(self, wish: Wish) -> None:
        with translation.override("en"):
            deal = self._draft(wish)
            if wish.fate is Fate.DRAFT:
                return
            self.publish(deal)
            self._bid(deal)
            if wish.name:
                self.world.told[wish.name] = deal
            vendors.join(world=self.world, deal=deal, sealer=self.sealer)
            if wish.fate in UNOPENED:
                self._cancel(deal)
                return
            if wish.is_decided_by_actions:
                return
            self._open(deal)
            if wish.fate in (Fate.NO_BIDS, Fate.EVALUATING):
                return
            if wish.fate is Fate.NO_AWARD:
                self._award_nothing(deal)
                return
            Contracting(self.world, deal, self.chance, is_large=self.is_large).run()

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
        if wish.fate in AWARDED and line.has_standstill:
            # What is awarded here takes effect at once, as on every day but the last.
            latest = max(0, min(latest, line.slots_on(line.last_day)[0] - 1 - sum(lengths[:2])))
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
        acceptor = world.cast.noor if buyer is world.cast.blue_kettle else chance.pick(buyer.coworkers)
        weight = chance.pick((5000, 6000, 7000)) if need.is_quality else scoring.FULL
        project = Project(
            buyer_id=buyer.row.pk,
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
            two_envelopes=wish.two_envelopes,
            acceptor_id=acceptor.pk,
            created_at=at,
            created_by_id=buyer.lead.pk,
        )
        deal = Deal(wish, project, steps, need, words, acceptor)
        world.rows.add(project)
        others = [person for person in buyer.coworkers if person is not acceptor]
        drawn = chance.sample(others or [acceptor], 2) if need.is_quality else []
        self.panels.name(deal, list(wish.panel or drawn))
        for skill in world.skilled((*buyer.field.skills, *EVERYWHERE_SKILLS[:4]), 2, chance):
            world.rows.add(Project.skills.through(project_id=project.pk, skill_id=skill.pk))
        world.trail.tell(at, buyer.lead, "project.drafted", deal.subject, project.title)
        return deal

    def _deadline(self, wish: Wish, steps: Steps) -> datetime:
        if wish.deadline is not None:
            return wish.deadline
        if wish.fate in (Fate.DRAFT, Fate.SCHEDULED, Fate.OPEN):
            ahead = self.chance.spread(1, 30) + (7 if wish.fate is Fate.SCHEDULED else 0)
            day = self.line.until + timedelta(days=ahead)
            return self.line.at(day, time(self.chance.whole(9, 18), self.chance.pick((0, 0, 30))))
        return self.line.deadline_in(steps.deadline, self.chance)

    # --- publication ---

    def publish(self, deal: Deal) -> None:
        world, project, buyer, steps = self.world, deal.project, deal.buyer, deal.steps
        at = self.line.part(steps.published, 0.8)
        project.status = Project.Status.PUBLISHED
        project.published_at, project.published_by_id = at, buyer.lead.pk
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
            opens_at=iso(project.opens_at), deadline=iso(project.deadline),
            draw_commitment=project.draw_commitment, acceptor=str(project.acceptor_id),
            panel=[str(person.pk) for person in deal.panel], **published_facts(deal), **lot_facts(project),
        )  # fmt: skip
        world.tell(
            [deal.acceptor],
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
            self.submit(deal, firm, place)

    def _bidders(self, deal: Deal) -> list[Firm]:
        fate, chance = deal.wish.fate, self.chance
        if fate in (Fate.SCHEDULED, Fate.NO_BIDS):
            return []
        if deal.wish.bidders is not None:
            return list(deal.wish.bidders)
        few, many = BIDS_OF_MANY if self.is_large else BIDS
        wanted = chance.weighted(few if fate in (Fate.OPEN, Fate.CANCELLED) else many)
        market = self.world.market
        found: dict[str, Firm] = {}
        while len(found) < min(wanted, len(market) - 1):
            firm = chance.pick(market)
            if firm is not deal.buyer:
                found[firm.name] = firm
        return list(found.values())

    def submit(self, deal: Deal, firm: Firm, place: int, *, price: int = 0) -> None:
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
        price = (
            price
            or deal.ceiling * chance.whole(low, min(99, low + (5 if deal.wish.bidders is not None else 37))) // 100
        )
        price = max(HUNDRED_YUAN, price // HUNDRED_YUAN * HUNDRED_YUAN)
        plan = " ".join([deal.need.plan, *chance.sample(PLANS_MORE, chance.whole(0, 2))]).format(**deal.words)
        terms = sealing.Terms(
            str(firm.row.pk), str(firm.lead.pk), price, chance.whole(12, 60), plan, secrets.token_hex(16)
        )
        bid = Bid(
            project_id=project.pk,
            bidder_token=self.sealer.token(project.pk, firm.row.pk),
            submitted_at=at,
            receipt=terms.receipt(),
        )
        deal.bids.append(bid)
        deal.bidders[bid.pk] = firm
        is_opened = deal.wish.fate not in UNOPENED and not deal.wish.is_decided_by_actions
        deed = sealing.Deed(
            "submitted",
            str(bid.pk),
            str(firm.lead.pk),
            firm.lead.name,
            iso(at),
            {"revision": 1, "receipt": bid.receipt},
        )
        world.rows.add(bid, deal.seal.terms(bid, terms), deal.seal.deed(deed, published=is_opened))
        if is_opened:
            bid.price_minor, bid.days, bid.plan = terms.price_minor, terms.days, terms.plan
            bid.answers = list(terms.answers)
            bid.microenterprise_id, bid.author_id = firm.row.pk, firm.lead.pk

    # --- the opening and what follows without an award ---

    def _open(self, deal: Deal) -> None:
        world, project = self.world, deal.project
        at = project.deadline + timedelta(seconds=self.chance.whole(2, 11))
        project.opened_at = at
        for bid in deal.bids:
            bid.opened_at = bid.price_opened_at = at
            bid.status = Bid.Status.VALID
            world.trail.tell(
                at, deal.author(bid), "bid.submitted", f"bid:{bid.pk}", project.title,
                project=str(project.pk), happened_at=iso(bid.submitted_at), name_then=deal.author(bid).name,
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
            [deal.author(bid) for bid in deal.bids],
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
        world.trail.tell(at, None, "project.unsuccessful", deal.subject, project.title, bids=0)
        world.tell(
            [deal.buyer.lead],
            at,
            lambda: (
                _("No valid bid came for “%(title)s”; what was held is back in your wallet.") % {"title": project.title}
            ),
            deal.link,
        )

    def _judge(self, deal: Deal) -> None:
        """The panel gives its points; of a project that is still evaluated everybody has to begin."""
        if not deal.panel or deal.wish.fate is Fate.EVALUATING:
            return
        points = [self.chance.whole(45, 96) * 100 for _bid in deal.bids]
        self.panels.judge(deal, points=points, end=self.line.part(deal.steps.award, 0.1))

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
