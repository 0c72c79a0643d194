"""Milestones that a buyer proposes with a project: a title, a share of the price, days after the signatures.

Bidders see them before they bid, and the first version of the contract starts from them. Plain values; what the parties
agree on in the end is in `actions.drafting`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from contracts.models import Bid, Project
from contracts.wording import Part
from core.errors import Invalid

WHOLE_BP: Final = 10_000
MOST_PROPOSED: Final = 20
LONGEST_TITLE: Final = 160
LONGEST_DAYS: Final = 3_650


@dataclass(frozen=True, slots=True)
class Proposed:
    """One milestone: its share of the price in basis points, and its last day counted from the signatures."""

    title: str
    share_bp: int
    days: int


def proposed_of(project: Project) -> list[Proposed]:
    """What a project proposes, in order; empty when the buyer proposes nothing."""
    return read(project.milestones)


def read(rows: Sequence[dict[str, Any]]) -> list[Proposed]:
    """Rows as they are stored."""
    return [Proposed(row["title"], row["share_bp"], row["days"]) for row in rows]


def written(rows: Sequence[Proposed]) -> list[dict[str, Any]]:
    """Rows as they are stored; titles with single spaces."""
    return [{"title": " ".join(row.title.split()), "share_bp": row.share_bp, "days": row.days} for row in rows]


def check(rows: Sequence[Proposed]) -> None:
    """Whether these can be proposed. Raises Invalid with a sentence that says what to mend."""
    if not rows:
        return
    if len(rows) > MOST_PROPOSED:
        raise Invalid(_("Propose at most %(count)s milestones.") % {"count": MOST_PROPOSED}, field="milestones")
    for number, row in enumerate(rows, start=1):
        _check_one(number, row)
    whole = sum(row.share_bp for row in rows)
    if whole != WHOLE_BP:
        raise Invalid(
            _("The shares of the milestones sum to %(sum)s%%; they must be 100%% of the price.")
            % {"sum": _percent(whole)},
            field="milestones",
        )
    for number, (before, row) in enumerate(pairwise(rows), start=2):
        if row.days < before.days:
            raise Invalid(
                _("Milestone %(number)s is due before the one above it. Put them in the order in which they are due.")
                % {"number": number},
                field="milestones",
            )


def _check_one(number: int, row: Proposed) -> None:
    words = {"number": number}
    if not row.title.strip():
        raise Invalid(_("Milestone %(number)s needs a title that says what is delivered.") % words, field="milestones")
    if len(row.title) > LONGEST_TITLE:
        raise Invalid(_("The title of milestone %(number)s is longer than 160 signs.") % words, field="milestones")
    if row.share_bp <= 0:
        raise Invalid(_("Milestone %(number)s needs a share above zero.") % words, field="milestones")
    if not 1 <= row.days <= LONGEST_DAYS:
        raise Invalid(_("Milestone %(number)s is due at least one day after signing.") % words, field="milestones")


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d}".rstrip("0").rstrip(".")


def parts(project: Project, bid: Bid, *, price_minor: int, today: date) -> list[Part]:
    """The milestones of the first version of a contract: as proposed, else one for the whole.

    Amounts are floors of the shares, and the last takes what is left, so that they sum to the price. The bid's days
    are the bidder's promise of the last delivery: the last milestone is due then, and no other later.
    """
    promised = max(1, bid.days or 1)
    rows = proposed_of(project) or [Proposed(project.title, WHOLE_BP, promised)]
    amounts = [price_minor * row.share_bp // WHOLE_BP for row in rows[:-1]]
    amounts.append(price_minor - sum(amounts))
    days = [*(min(row.days, promised) for row in rows[:-1]), promised]
    found = [
        Part(row.title, amount, today + timedelta(days=after))
        for row, amount, after in zip(rows, amounts, days, strict=True)
    ]
    # A price of a few cents leaves a small share without a cent, and a milestone needs one.
    return found if all(part.amount_minor > 0 for part in found) else [_whole(project, price_minor, today, promised)]


def _whole(project: Project, price_minor: int, today: date, promised: int) -> Part:
    return Part(project.title, price_minor, today + timedelta(days=promised))
