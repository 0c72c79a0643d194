"""Drafts as somebody read them: all that publication freezes as one hash, so that nobody publishes unread words."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from contracts import criteria
from contracts.models import Project
from contracts.versions import ProjectChanged, words_of


def seen_of(drafts: Iterable[Project]) -> str:
    """Everything that publication freezes of some drafts, in order, as a SHA-256 in hex. Four statements each."""
    facts = json.dumps([_facts(draft) for draft in drafts], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


def check_seen(drafts: Iterable[Project], seen: str | None) -> None:
    """Raise ProjectChanged unless the drafts, locked, are those that somebody saw; None: whatever they are now."""
    if seen is not None and seen != seen_of(drafts):
        raise ProjectChanged(_("Somebody changed the draft while you read it. Read it again below, then publish it."))


def _facts(draft: Project) -> dict[str, Any]:
    return {
        "words": words_of(draft).as_json(),
        "opens_at": draft.opens_at.isoformat() if draft.opens_at else "",
        "method": draft.method,
        "two_envelopes": draft.two_envelopes,
        "acceptor": str(draft.acceptor_id),
        "admission": [draft.admission, draft.teams_may_bid],
        "criteria": criteria.facts(draft.criteria.order_by("place")),
        "panel": sorted(str(row.person_id) for row in draft.panel.all()),
        "invited": [
            *sorted(str(row.microenterprise_id) for row in draft.invited.all()),
            *sorted(str(row.vendor_id) for row in draft.invited_vendors.all()),
        ],
    }
