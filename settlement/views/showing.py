"""What the pages of this room show alike."""

from collections.abc import Iterable

from core.http import Request
from core.look import Badge
from core.paging import Page
from settlement import sentences
from settlement.lifecycle import OUTCOME_BADGES
from settlement.models import Outcome
from settlement.queries import Evidence


def badged(found: Page[Outcome]) -> list[tuple[Outcome, Badge]]:
    """Each row of a page of outcomes with the badge of its state."""
    return [(outcome, OUTCOME_BADGES[Outcome.State(outcome.state)]) for outcome in found.rows]


def fragment(request: Request, template: str) -> str:
    """The template, or its part `results` when HTMX asks for that alone."""
    return f"{template}#results" if request.htmx.target == "results" else template


def dated(facts: Iterable[Evidence]) -> list[tuple[Evidence, str]]:
    """Facts, each with why it counts on a later date than its own."""
    return [(fact, sentences.late(fact)) for fact in facts]
