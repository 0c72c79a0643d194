"""Real tenders beside our rule: how an imported tender is ranked, and the words that say whether the real award agrees.

Reads only, and no queries: pages pass the tender with its opened bids in. A reference project has no ceiling (its
`tender.value` is an estimate), so only the lowest price is compared; its draw is seeded by the ocid and drawn on the
ids the publisher gave.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import scoring
from contracts.models import Bid, Project, ReferenceTender
from core import money

RULE = scoring.Rule(scoring.Method.LOWEST_PRICE, ceiling_minor=None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our ranking beside the real award.

    `ranking` and `awarded` are the publisher's bid ids. `verdict` is the sentence for the top of the page; `reasons`
    say why, one sentence each. `written` holds the instants of the bids, and of `opens` and `deadline`, as the file
    wrote them, with their offset.
    """

    agrees: bool
    ranking: tuple[str, ...]
    awarded: tuple[str, ...]
    verdict: str
    reasons: tuple[str, ...]
    written: Mapping[str, str]


def score(bids: Iterable[scoring.Bid], *, ocid: str) -> tuple[scoring.Scored, ...]:
    """The bids of a real tender under our rule, best first."""
    return scoring.score(bids, rule=RULE, seed=ocid)


def agrees(ranking: Sequence[str], awarded: Sequence[str]) -> bool:
    """Whether the first ranked is the one real winner."""
    return len(awarded) == 1 and list(ranking[:1]) == list(awarded)


def scored_bids(tender: ReferenceTender, bids: Iterable[Bid]) -> tuple[scoring.Scored, ...]:
    """The valid bids of an imported tender with their arithmetic, named by the publisher's ids."""
    return score((_plain(bid) for bid in bids if _is_ranked(bid)), ocid=tender.ocid)


def comparison(project: Project, bids: Sequence[Bid]) -> Comparison:
    """What the page of a reference project says. `bids` are all its opened bids; select `reference` with it."""
    tender: ReferenceTender = project.reference
    scored = scored_bids(tender, bids)
    ranking, awarded = scoring.ranking(scored), tuple(tender.awarded_bids)
    story = _Story(project, {bid.external_id: bid for bid in bids}, scored, awarded, _written(tender))
    return Comparison(
        agrees=agrees(ranking, awarded),
        ranking=ranking,
        awarded=awarded,
        verdict=story.verdict(),
        reasons=tuple(story.reasons()),
        written=story.written,
    )


def _is_ranked(bid: Bid) -> bool:
    return bid.status == Bid.Status.VALID and bid.price_minor is not None


def _plain(bid: Bid) -> scoring.Bid:
    return scoring.Bid(bid.external_id, bid.price_minor or 0, bid.submitted_at)


def _written(tender: ReferenceTender) -> dict[str, str]:
    """The instants in the words of the file, by bid id, with `opens` and `deadline`."""
    details = (tender.original.get("bids") or {}).get("details") or []
    period = tender.original["tender"]["tenderPeriod"]
    return {row["id"].strip(): row["date"] for row in details if row.get("date")} | {
        "opens": period["startDate"],
        "deadline": period["endDate"],
    }


@dataclass(frozen=True, slots=True)
class _Story:
    """The sentences about one tender."""

    project: Project
    bids: Mapping[str, Bid]
    scored: tuple[scoring.Scored, ...]
    awarded: tuple[str, ...]
    written: Mapping[str, str]

    def verdict(self) -> str:
        if not self.awarded:
            return _("This tender ended without an award, so there is nothing to compare our ranking with.")
        if not self.scored:
            return _("Our rule ranks none of these bids; the award went to %(winner)s.") % {"winner": self._winners()}
        names = {"first": self._name(self.scored[0].bid.id), "winner": self._winners()}
        if agrees([self.scored[0].bid.id], self.awarded):
            return _("Our rule and the real award agree: both choose %(first)s.") % names
        return (
            _("Our rule and the real award disagree: our rule ranks %(first)s first, the award went to %(winner)s.")
            % names
        )

    def reasons(self) -> Iterable[str]:
        if self.scored and not agrees([self.scored[0].bid.id], self.awarded):
            yield from (self._why_not(winner) for winner in self.awarded if winner != self.scored[0].bid.id)
        yield from self._late()

    def _name(self, bid_id: str) -> str:
        return _("bid %(id)s (%(bidder)s)") % {"id": bid_id, "bidder": self.bids[bid_id].bidder_name}

    def _winners(self) -> str:
        return ", ".join(self._name(bid_id) for bid_id in self.awarded)

    def _why_not(self, winner: str) -> str:
        """Why our rule prefers its first to a bid that was awarded."""
        first = self.scored[0]
        rival = next((row for row in self.scored if row.bid.id == winner), None)
        if rival is None:
            return _("Bid %(winner)s has no rank: the buyer's record says “%(status)s”.") % {
                "winner": winner,
                "status": self.bids[winner].get_status_display(),
            }
        facts = {
            "first": first.bid.id,
            "winner": winner,
            "price": self._price(first),
            "rival_price": self._price(rival),
        }
        step = scoring.score([first.bid, rival.bid], rule=RULE, seed="")[1].decided_by
        if step is scoring.Step.PRICE:
            return _("Bid %(first)s asks %(price)s; bid %(winner)s asked %(rival_price)s.") % facts
        return " ".join((self._same_price(first), self._tie(step, facts)))

    def _price(self, row: scoring.Scored) -> str:
        return money.write(row.bid.price_minor, self.project.currency)

    def _same_price(self, first: scoring.Scored) -> str:
        count = sum(row.bid.price_minor == first.bid.price_minor for row in self.scored)
        return ngettext(
            "%(count)s valid bid asks the same price, %(price)s.",
            "%(count)s valid bids ask the same price, %(price)s.",
            count,
        ) % {"count": count, "price": self._price(first)}

    def _tie(self, step: scoring.Step | None, facts: Mapping[str, str]) -> str:
        if step is scoring.Step.DRAW:
            return _("They came at the same instant, and the draw puts bid %(first)s before bid %(winner)s.") % facts
        return _(
            "Our rule then takes the earlier one: bid %(first)s of %(earlier)s before %(winner)s of %(later)s."
        ) % {
            **facts,
            "earlier": self.written[facts["first"]],
            "later": self.written[facts["winner"]],
        }

    def _late(self) -> Iterable[str]:
        for row in self.scored:
            if row.bid.submitted_at >= self.project.deadline:
                yield _("Bid %(id)s came at %(time)s, after the deadline %(deadline)s: here it would be refused.") % {
                    "id": row.bid.id,
                    "time": self.written[row.bid.id],
                    "deadline": self.written["deadline"],
                }
