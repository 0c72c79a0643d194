"""From the award of one project to the end of its contract: words, signatures, milestones, ratings."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from contracts import explaining, wording
from contracts.models import Award, Contract, ContractVersion, Milestone, Project, Rating, Signature
from contracts.models.contracts import Party
from contracts.ranking import frozen, rank
from haier_market.seed import journal
from haier_market.seed.chance import Chance
from haier_market.seed.deals import Deal, Fate
from haier_market.seed.words import (
    COMMENTS,
    END_REASONS,
    EVIDENCE,
    PART_REASONS,
    RATER_COMMENTS,
    REJECTED,
    WIN_REASONS,
)
from haier_market.seed.world import Firm, World
from people.models import User

HUNDRED_YUAN: Final = 10_000


class Contracting:
    """What becomes of the bids of one project; the best one wins."""

    def __init__(self, world: World, deal: Deal, chance: Chance, *, is_large: bool) -> None:
        self.world, self.line, self.chance = world, world.timeline, chance
        self.deal, self.is_large = deal, is_large
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
            status=Award.Status.ACTIVE,
            reason=reason,
            arithmetic=frozen(project, self.ranking),
            awarded_at=self.awarded_at,
            awarded_by_id=deal.buyer.lead.pk,
        )
        project.status, project.ended_at = Project.Status.AWARDED, self.awarded_at
        self.world.rows.add(award)
        facts: dict[str, Any] = {
            "bid": str(self.winner.pk), "microenterprise": str(self.supplier.row.pk),
            "price_minor": self.winner.price_minor, "reason": reason,
        }  # fmt: skip
        tell = self.world.trail.tell
        proposed = facts | {"rank": best.rank, "causes": []}
        tell(self.awarded_at, deal.buyer.lead, "project.award_proposed", deal.subject, project.title, **proposed)
        tell(self.awarded_at, None, "project.awarded", deal.subject, project.title, **facts)
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
            acceptor=self.deal.acceptor,
            title=project.title,
            currency=project.currency,
            book=project.book,
            price_minor=self.winner.price_minor or 0,
            created_at=self.awarded_at,
            signing_from=self.awarded_at,
        )
        self.world.rows.add(contract)
        return contract

    def _words(self) -> tuple[ContractVersion, list[wording.Part]]:
        """Version 1 with one milestone, and often a second one with more."""
        contract, days = self.contract, self.winner.days or 1
        buyer, today = self.deal.buyer, self.line.day_of(self.deal.steps.award)
        whole = [wording.Part(contract.title, contract.price_minor, today + timedelta(days=days))]
        version = self._version(1, whole, "", self.awarded_at, Party.BUYER)
        self.tell(self.awarded_at, buyer.lead, "drafted", version=1, price_minor=contract.price_minor)
        self.world.tell(
            [buyer.lead, self.supplier.lead],
            self.awarded_at,
            lambda: _("The contract for “%(title)s” waits for your signature.") % {"title": contract.title},
            self.link,
        )
        in_one_part = self.chance.happens(75 if self.is_large else 45)
        wanted = self.deal.wish.parts or (1 if in_one_part else len(self.deal.need.parts))
        if wanted == 1:
            return version, whole
        at = self.line.part(self.deal.steps.signed[0], 0.2)
        note = "Paid in steps, so that both sides see how it goes."
        parts = self._parts(wanted, days)
        second = self._version(2, parts, note, at, Party.SUPPLIER)
        self.tell(at, self.supplier.lead, "changed", version=2, party=Party.SUPPLIER.value, reason=note, voided=0)
        return second, parts

    def _parts(self, wanted: int, days: int) -> list[wording.Part]:
        titles = [*self.deal.need.parts, "Acceptance test"][:wanted]
        price, today = self.contract.price_minor, self.line.day_of(self.deal.steps.award)
        each = price // len(titles) // HUNDRED_YUAN * HUNDRED_YUAN or price // len(titles)
        amounts = [each] * (len(titles) - 1)
        amounts.append(price - sum(amounts))
        return [
            wording.Part(
                title.format(**self.deal.words), amount, today + timedelta(days=max(1, days * number // wanted))
            )
            for number, (title, amount) in enumerate(zip(titles, amounts, strict=True), start=1)
        ]

    def _version(
        self, number: int, parts: list[wording.Part], reason: str, at: datetime, party: Party
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
            contract_id=self.contract.pk,
            number=number,
            body=body,
            sha256=digest,
            reason=reason,
            party=party,
            created_at=at,
            created_by_id=self.firm(party).lead.pk,
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
            Signature(version_id=version.pk, party=party, sha256_seen=version.sha256, signed_at=at, signed_by_id=by.pk)
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
            lambda: (
                _("The contract “%(title)s” is signed by both parties; the price is in escrow and work can start.")
                % {"title": contract.title}
            ),
            self.link,
        )
        return [
            Milestone(
                contract_id=contract.pk,
                number=number,
                title=part.title,
                amount_minor=part.amount_minor,
                due_on=part.due_on,
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
        """Deliver and decide milestones as far as the fate goes; returns how many are decided for good."""
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
        at, by = self.line.part(slot, 0.5), self.chance.pick(self.supplier.coworkers)
        milestone.status, milestone.evidence = Milestone.Status.SUBMITTED, self.chance.pick(EVIDENCE)
        milestone.submitted_at, milestone.submitted_by_id = at, by.pk
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
        milestone.decided_at, milestone.decided_by_id = at, by.pk
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
        milestone.decided_at, milestone.decided_by_id = at, by.pk
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
                    contract_id=contract.pk,
                    party=party,
                    stars=self.chance.weighted(((5, 5), (4, 6), (3, 2), (2, 1))),
                    comment=self.chance.pick(comments),
                    rated_at=rated_at,
                    rated_by_id=by.pk,
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
            row.status, row.decided_at, row.decided_by_id = Milestone.Status.CANCELLED, at, by.pk
            row.decision_reason = reason
            unused += row.amount_minor
        contract.status, contract.ended_at, contract.ended_reason = Contract.Status.TERMINATED, at, reason
        self.world.journal.add(slot, by, journal.ended(contract, self.deal.buyer.entity_id, unused))
        self.tell(proposed, self.supplier.lead, "end_proposed", party=Party.SUPPLIER.value, reason=reason)
        self.tell(at, by, "terminated", reason=reason, returned_minor=unused)
