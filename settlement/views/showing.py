"""What the pages of this room show alike."""

from core.http import Request
from core.look import Badge
from core.paging import Page
from settlement.lifecycle import OUTCOME_BADGES
from settlement.models import Outcome


def badged(found: Page[Outcome]) -> list[tuple[Outcome, Badge]]:
    """Each row of a page of outcomes with the badge of its state."""
    return [(outcome, OUTCOME_BADGES[Outcome.State(outcome.state)]) for outcome in found.rows]


def fragment(request: Request, template: str) -> str:
    """The template, or its part `results` when HTMX asks for that alone."""
    return f"{template}#results" if request.htmx.target == "results" else template
