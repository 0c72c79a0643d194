"""The award of a project on its way or in force, with what was said against it. Reads nothing before the opening."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext as _

from contracts.models import Award, Bid, Contract, Objection


@dataclass(frozen=True, slots=True)
class Said:
    """One objection and, once it is there, the ruling on it."""

    id: UUID
    firm_id: UUID
    firm: str
    reason: str
    at: datetime
    by: str
    ruling: str
    ruling_reason: str
    ruled_at: datetime | None
    ruled_by: str

    @property
    def ruling_words(self) -> str:
        """The ruling as readers see it; empty while the objection is open."""
        upheld, dismissed = Objection.Ruling.UPHELD, Objection.Ruling.DISMISSED
        return {upheld.value: _("Objection upheld"), dismissed.value: _("Objection dismissed")}.get(self.ruling, "")


@dataclass(frozen=True, slots=True)
class Decision:
    """The live award of a project, its bid and its objections, oldest first."""

    award: Award
    bid: Bid
    objections: tuple[Said, ...]

    @property
    def contested(self) -> bool:
        """Whether an objection waits for the steward."""
        return any(not said.ruling for said in self.objections)

    @property
    def contract(self) -> Contract | None:
        return getattr(self.award, "contract", None)


def objections_of(bid: Any) -> ArraySubquery:
    """What was said against the live award of a bid, as an annotation. bid: how the outer query names it."""
    rows = Objection.objects.filter(award__bid=bid, award__status__in=Award.LIVE).order_by("raised_at", "id")
    row = JSONObject(
        id="id",
        firm_id=Coalesce("microenterprise_id", "vendor_id"),
        firm=Coalesce("microenterprise__name", "vendor__name"),
        reason="reason",
        at="raised_at",
        by="raised_by__name",
        ruling="ruling",
        ruling_reason="ruling_reason",
        ruled_at="ruled_at",
        ruled_by="ruled_by__name",
    )
    return ArraySubquery(rows.values(row=row))


def live_award(bid: Bid) -> Award | None:
    """The award on its way or in force of a bid read `with_award`."""
    found: Award | None = vars(bid).get("live_award")
    return found


def decision_of(bids: Iterable[Bid]) -> Decision | None:
    """The decision among the opened bids of one project, read by `queries.projects.opened_bids`."""
    for bid in bids:
        award = live_award(bid)
        if award is not None:
            return Decision(award, bid, tuple(_said(row) for row in vars(bid).get("objection_rows", ())))
    return None


def _said(row: dict[str, Any]) -> Said:
    return Said(
        id=UUID(row["id"]),
        firm_id=UUID(row["firm_id"]),
        firm=row["firm"],
        reason=row["reason"],
        at=datetime.fromisoformat(row["at"]),
        by=row["by"],
        ruling=row["ruling"] or "",
        ruling_reason=row["ruling_reason"],
        ruled_at=datetime.fromisoformat(row["ruled_at"]) if row["ruled_at"] else None,
        ruled_by=row["ruled_by"] or "",
    )
