"""What the page of a project says of its panel, and what the reader can do about quality there. No statements."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from contracts.access import SeenProject
from contracts.models import Bid, Panelist
from contracts.permissions import panel as checks
from contracts.permissions.panel import Panel
from contracts.permissions.standing import Standing
from contracts.queries.projects import bidder_name
from contracts.views.acts import Act, address
from core.permissions import why_not


def acts(seen: SeenProject, panel: Panel, who: Standing) -> list[Act]:
    """What the reader can do about quality on the page of an evaluated project. No statement."""
    seat = panel.of(who.user.pk)
    if not why_not(checks.check_seat, seen.project, panel, who):
        waits = seat is not None and (seat.waiting or panel.together)
        tone = "primary" if waits and seat is not None and seat.status != Panelist.Status.CONFLICTED else "plain"
        return [Act(address("project_quality", seen.project), _("Judge quality"), "scale", tone=tone)]
    if not why_not(checks.check_follow, seen.project, panel, who):
        return [Act(address("project_quality", seen.project), _("How the panel judges"), "scale", tone="plain")]
    return []


def card(seen: SeenProject, panel: Panel, bids: Sequence[Bid], who: Standing) -> dict[str, Any]:
    """What the page of a project says about its panel, for `projects/_panel.html`. No statement."""
    away = checks.keeps_away(panel, who.user.pk, bids)
    return {
        "awaited": checks.names(panel.awaited) if panel.unscored else "",
        "panel_together": panel.together and bool(panel.unscored),
        "panel_vacant": panel.vacant and bool(panel.unscored),
        "kept_away": away,
        "bidders": [bidder_name(bid) for bid in bids] if away else [],
        "prices_sealed": seen.project.two_envelopes and any(bid.price_opened_at is None for bid in bids),
        "prices_wait": seen.project.two_envelopes and bool(panel.unscored),
    }
