"""A panel under its project's lock, and what all of its verbs do: keep the trail, read a reason, write to the panel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from contracts.actions.projects import subject
from contracts.models import Bid, Project
from contracts.permissions.panel import Panel
from contracts.permissions.standing import Standing
from contracts.queries import panel as queries
from core import audit
from core.errors import Invalid
from people.models import User

LONGEST_CONFLICT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Room:
    """A panel under its project's lock: everything its verbs ask."""

    project: Project
    now: datetime
    bids: list[Bid]
    panel: Panel
    who: Standing

    @property
    def to_judge(self) -> list[Bid]:
        return queries.to_judge(self.bids)


NOTHING_FOUND: Final[dict[UUID, str]] = {}
"""Whom the rules find is out already when an action asks its checks."""


def trail(project: Project, deed: str, *, by: User | None, **facts: object) -> None:
    """One line in the project's trail about the panel; nothing of it is released to the world."""
    audit.record(by=by, deed=f"project.{deed}", subject=subject(project), about=project.title, **facts)


def bidder(room: Room, bid: Bid) -> Bid:
    found = next((row for row in room.bids if row.pk == bid.pk), None)
    if found is None:
        raise Invalid(_("Choose one of the bidders of this project."), field="bid")
    return found


def given(text: str, sentence: str, most: int) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid(sentence, field="reason")
    if len(text) > most:
        raise Invalid(_("The reason is longer than %(most)s signs. Shorten it.") % {"most": most}, field="reason")
    return text


def people(panel: Panel) -> list[User]:
    return list(User.objects.filter(pk__in=[seat.person_id for seat in panel.judging]))
