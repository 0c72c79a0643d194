"""When something may happen to a project, bid, panel, award, contract, milestone. *Who* may is in `permissions`.

What depends on time is derived from stored instants (`phase`), never stored: a late scheduler changes nothing that a
reader or a rule sees. Intervals are half open: `[opens_at, deadline)`. `docs/lifecycles.md` is generated from the
tables here.
"""

from datetime import datetime
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from contracts.models import Award, Bid, Consensus, Contract, Milestone, Panelist, Project
from core.lifecycle import Lifecycle
from core.look import Badge

PROJECT: Final = Lifecycle(
    noun="project",
    states=dict(Project.Status.choices),
    moves={
        "publish": (("draft",), "published"),
        "cancel": (("draft", "published", "evaluating"), "cancelled"),
        "open": (("published",), "evaluating"),
        "find_nothing": (("published",), "unsuccessful"),
        "award": (("evaluating",), "awarded"),
        "award_nothing": (("evaluating",), "unsuccessful"),
        "choose_again": (("awarded",), "evaluating"),
        "fall_through": (("awarded",), "unsuccessful"),
    },
)

BID: Final = Lifecycle(
    noun="bid",
    states=dict(Bid.Status.choices),
    moves={
        "revise": (("submitted",), "submitted"),
        "confirm": (("submitted",), "submitted"),
        "withdraw": (("submitted",), "withdrawn"),
        "lapse": (("submitted",), "stale"),
        "open": (("submitted",), "valid"),
        "disqualify": (("submitted", "valid"), "disqualified"),
    },
)

AWARD: Final = Lifecycle(
    noun="award",
    states=dict(Award.Status.choices),
    moves={
        "agree": (("proposed",), "standing"),
        "stand": (("proposed",), "standing"),
        "take_effect": (("standing",), "active"),
        "cancel": (("proposed", "standing"), "cancelled"),
        "decline": (("active",), "declined"),
    },
)

PANELIST: Final = Lifecycle(
    noun="panelist",
    states=dict(Panelist.Status.choices),
    moves={
        "declare": (("named",), "ready"),
        "submit": (("ready", "submitted"), "submitted"),
        "conflict": (("named", "ready", "submitted"), "conflicted"),
    },
)

CONSENSUS: Final = Lifecycle(
    noun="consensus",
    states=dict(Consensus.Status.choices),
    moves={
        "agree": (("proposed",), "agreed"),
        "drop": (("proposed",), "dropped"),
    },
)

CONTRACT: Final = Lifecycle(
    noun="contract",
    states=dict(Contract.Status.choices),
    moves={
        "activate": (("signing",), "active"),
        "void": (("signing",), "void"),
        "complete": (("active",), "completed"),
        "terminate": (("active",), "terminated"),
    },
)

MILESTONE: Final = Lifecycle(
    noun="milestone",
    states=dict(Milestone.Status.choices),
    moves={
        "submit": (("scheduled", "rejected"), "submitted"),
        "accept": (("submitted",), "accepted"),
        "accept_part": (("submitted",), "part_accepted"),
        "reject": (("submitted",), "rejected"),
        "cancel": (("scheduled", "submitted", "rejected"), "cancelled"),
    },
)

LIFECYCLES: Final = (PROJECT, BID, PANELIST, CONSENSUS, AWARD, CONTRACT, MILESTONE)


class Phase(models.TextChoices):
    """Where a project stands for a reader: its status, and for a published one what the clock makes of it."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    EVALUATING = "evaluating", _("Evaluating")
    AWARDED = "awarded", _("Awarded")
    UNSUCCESSFUL = "unsuccessful", _("Without award")
    CANCELLED = "cancelled", _("Cancelled")


def phase(project: Project, now: datetime) -> Phase:
    """The phase of a project at an instant of the market's clock. At the deadline exactly it is closed."""
    return phase_of(project.status, project.opens_at, project.deadline, now)


def phase_of(status: str, opens_at: datetime | None, deadline: datetime, now: datetime) -> Phase:
    """`phase` of plain values, for lists that make no objects."""
    if status != Project.Status.PUBLISHED:
        return Phase(status)
    if opens_at is not None and now < opens_at:
        return Phase.SCHEDULED
    return Phase.OPEN if now < deadline else Phase.CLOSED


PROJECT_BADGES: Final = {
    Phase.DRAFT: Badge(Phase.DRAFT.label, "neutral", "pencil-line"),
    Phase.SCHEDULED: Badge(Phase.SCHEDULED.label, "neutral", "calendar"),
    Phase.OPEN: Badge(Phase.OPEN.label, "accent", "gavel"),
    Phase.CLOSED: Badge(Phase.CLOSED.label, "warn", "lock"),
    Phase.EVALUATING: Badge(Phase.EVALUATING.label, "accent", "scale"),
    Phase.AWARDED: Badge(Phase.AWARDED.label, "good", "award"),
    Phase.UNSUCCESSFUL: Badge(Phase.UNSUCCESSFUL.label, "neutral", "circle-dashed"),
    Phase.CANCELLED: Badge(Phase.CANCELLED.label, "bad", "ban"),
}

PANELIST_BADGES: Final = {
    Panelist.Status.NAMED: Badge(Panelist.Status.NAMED.label, "accent", "hourglass"),
    Panelist.Status.READY: Badge(Panelist.Status.READY.label, "accent", "scale"),
    Panelist.Status.SUBMITTED: Badge(Panelist.Status.SUBMITTED.label, "good"),
    Panelist.Status.CONFLICTED: Badge(Panelist.Status.CONFLICTED.label, "bad", "ban"),
}

BID_BADGES: Final = {
    Bid.Status.SUBMITTED: Badge(Bid.Status.SUBMITTED.label, "accent", "lock"),
    Bid.Status.WITHDRAWN: Badge(Bid.Status.WITHDRAWN.label, "neutral", "undo-2"),
    Bid.Status.STALE: Badge(Bid.Status.STALE.label, "neutral", "lock"),
    Bid.Status.VALID: Badge(Bid.Status.VALID.label, "good"),
    Bid.Status.DISQUALIFIED: Badge(Bid.Status.DISQUALIFIED.label, "bad"),
}

AWARD_BADGES: Final = {
    Award.Status.PROPOSED: Badge(Award.Status.PROPOSED.label, "accent", "hourglass"),
    Award.Status.STANDING: Badge(Award.Status.STANDING.label, "accent", "hourglass"),
    Award.Status.ACTIVE: Badge(_("Awarded"), "good", "award"),
    Award.Status.DECLINED: Badge(Award.Status.DECLINED.label, "neutral", "undo-2"),
    Award.Status.CANCELLED: Badge(Award.Status.CANCELLED.label, "bad", "ban"),
}

TO_CONFIRM: Final = Badge(_("To be confirmed"), "warn", "triangle-alert")
"""A sealed bid made for words of its project that hold no more; derived, see `queries.bids`."""

CONTRACT_BADGES: Final = {
    Contract.Status.SIGNING: Badge(Contract.Status.SIGNING.label, "accent", "signature"),
    Contract.Status.ACTIVE: Badge(Contract.Status.ACTIVE.label, "good", "handshake"),
    Contract.Status.COMPLETED: Badge(Contract.Status.COMPLETED.label, "good"),
    Contract.Status.TERMINATED: Badge(Contract.Status.TERMINATED.label, "bad"),
    Contract.Status.VOID: Badge(Contract.Status.VOID.label, "neutral", "ban"),
}

MILESTONE_BADGES: Final = {
    Milestone.Status.SCHEDULED: Badge(Milestone.Status.SCHEDULED.label, "neutral", "calendar"),
    Milestone.Status.SUBMITTED: Badge(Milestone.Status.SUBMITTED.label, "accent", "hourglass"),
    Milestone.Status.ACCEPTED: Badge(Milestone.Status.ACCEPTED.label, "good"),
    Milestone.Status.PART_ACCEPTED: Badge(Milestone.Status.PART_ACCEPTED.label, "warn"),
    Milestone.Status.REJECTED: Badge(Milestone.Status.REJECTED.label, "bad"),
    Milestone.Status.CANCELLED: Badge(Milestone.Status.CANCELLED.label, "neutral", "ban"),
}


def project_badge(project: Project, now: datetime) -> Badge:
    """The state of a project as its pages show it."""
    return PROJECT_BADGES[phase(project, now)]
