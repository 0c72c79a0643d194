"""What tests of changed projects share: a change by Lin, bids confirmed, what somebody was told."""

from dataclasses import replace
from typing import Any

from contracts.actions import amendments, bids
from contracts.models import Bid, Project
from contracts.permissions.standing import standing_of
from contracts.queries.bids import OwnBid, own_sealed_bids
from contracts.versions import words_of
from core.clock import business_date, market_now
from people.models import Notice, User
from tests.cast import Cast


def amended(cast: Cast, project: Project, reason: str = "The customer asks for more.", **changes: Any) -> Project:
    """Lin changes what her project says."""
    changes = changes or {"title": "Colder boxes for the last mile"}
    words = replace(words_of(project), **changes)
    amendments.amend(project=project, words=words, reason=reason, by=cast.lin)
    return Project.objects.get(pk=project.pk)


def confirmed(bid: Bid, by: User) -> Bid:
    return bids.confirm(bid=bid, seen=Project.objects.get(pk=bid.project_id).revision, by=by)


def own(somebody: User) -> OwnBid:
    now = market_now()
    (found,) = own_sealed_bids(standing_of(somebody, business_date(now)), now)
    return found


def told(somebody: User) -> list[str]:
    return list(Notice.objects.filter(person=somebody).order_by("created_at").values_list("sentence", flat=True))
