"""What stands in a person's calendar: deadlines they watch, milestones of signed contracts. Never anything of bids.

Whoever learns the address of a calendar reads it, so it holds only what the person chose to watch and what two parties
have signed: nothing depends on bids or drafts (docs/adr/0034).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from contracts.lifecycle import Phase
from contracts.models import Contract, Milestone, Project
from contracts.queries.finding import watched
from core.clock import business_date
from core.words.instants import exact
from microenterprises.models import Membership
from people.models import User

KEPT: Final = timedelta(days=90)
"""How long what is over stays in the calendar. A choice of the feed, not a rule."""
MOST: Final = 500
"""Of each kind; a calendar with more is no calendar."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a calendar. `at`: an instant, or a day; `stamp`: when what it says was settled."""

    uid: str
    at: datetime | date
    title: str
    words: str
    link: str
    stamp: datetime


def entries(user: User, now: datetime) -> Iterator[Entry]:
    """Everything in somebody's calendar, in the language that is switched on. Two statements."""
    yield from _deadlines(user, now)
    yield from _milestones(user, now)


def _deadlines(user: User, now: datetime) -> Iterator[Entry]:
    ended = (Phase.DRAFT, Phase.CANCELLED)
    projects = watched(Project.objects.visible_to(user), user).filter(deadline__gt=now - KEPT)
    for project in projects.exclude(status__in=ended).order_by("deadline", "pk")[:MOST]:
        yield Entry(
            uid=_uid("deadline", project.pk),
            at=project.deadline,
            title=_("Deadline: %(title)s") % {"title": project.title},
            words=_("Bids are taken until %(deadline)s.") % {"deadline": exact(project.deadline)},
            link=f"/projects/{project.pk}/",
            stamp=project.published_at or project.created_at,
        )


def _milestones(user: User, now: datetime) -> Iterator[Entry]:
    mine = Membership.objects.active(business_date(now)).filter(person=user).values("microenterprise")
    rows = Milestone.objects.filter(
        Q(contract__supplier__in=mine) | Q(contract__acceptor=user),
        contract__in=Contract.objects.visible_to(user),
        contract__status=Contract.Status.ACTIVE,
        status__in=[Milestone.Status.SCHEDULED, Milestone.Status.SUBMITTED, Milestone.Status.REJECTED],
    )
    for row in rows.select_related("contract").order_by("due_on", "pk")[:MOST]:
        yield Entry(
            uid=_uid("milestone", row.pk),
            at=row.due_on,
            title=_("Due: %(title)s") % {"title": row.title},
            words=_("Of the contract “%(title)s”.") % {"title": row.contract.title},
            link=f"/contracts/{row.contract_id}/",
            stamp=row.contract.activated_at or row.contract.created_at,
        )


def _uid(kind: str, pk: UUID) -> str:
    return f"{kind}-{pk}@market"
