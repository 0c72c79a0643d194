"""When something may happen to an idea, pledge, seat, invitation, ballot, share terms or ME, as tables.

*Who* may do it is in `permissions`. An invitation or a ballot whose time is over is derived from the clock, never
waited for: see `invitation_is_over` and `ballot_is_over`.
"""

from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from core.lifecycle import Lifecycle
from core.look import Badge
from microenterprises.models import Ballot, Idea, Invitation, Microenterprise, Pledge, Seat, ShareTerms

MICROENTERPRISE: Final = Lifecycle(
    noun="microenterprise",
    states=dict(Microenterprise.Status.choices),
    moves={"launch": (("incubating",), "active"), "dissolve": (("incubating", "active"), "dissolved")},
)

IDEA: Final = Lifecycle(
    noun="idea",
    states=dict(Idea.Status.choices),
    moves={
        "edit": (("draft",), "draft"),
        "publish": (("draft",), "published"),
        "launch": (("published",), "launched"),
        "withdraw": (("draft", "published"), "withdrawn"),
    },
)

PLEDGE: Final = Lifecycle(
    noun="pledge",
    states=dict(Pledge.Status.choices),
    moves={
        "receive": (("promised",), "held"),
        "cancel": (("promised",), "cancelled"),
        "convert": (("held",), "converted"),
        "refund": (("held",), "refunded"),
    },
)

SEAT: Final = Lifecycle(
    noun="seat",
    states=dict(Seat.Status.choices),
    moves={
        "fill": (("open",), "filled"),
        "withdraw": (("open",), "withdrawn"),
        "give_up": (("filled",), "withdrawn"),
    },
)

INVITATION: Final = Lifecycle(
    noun="invitation",
    states=dict(Invitation.Status.choices),
    moves={
        "accept": (("open",), "accepted"),
        "decline": (("open",), "declined"),
        "withdraw": (("open",), "withdrawn"),
        "expire": (("open",), "expired"),
    },
)

TERMS: Final = Lifecycle(
    noun="share terms",
    states=dict(ShareTerms.Status.choices),
    moves={"agree": (("proposed",), "agreed"), "reject": (("proposed",), "rejected")},
)

BALLOT: Final = Lifecycle(
    noun="ballot",
    states=dict(Ballot.Status.choices),
    moves={"pass": (("open",), "passed"), "fail": (("open",), "failed")},
)

LIFECYCLES: Final = (MICROENTERPRISE, IDEA, PLEDGE, SEAT, INVITATION, TERMS, BALLOT)


def invitation_is_over(invitation: Invitation, now: datetime) -> bool:
    """Whether an unanswered invitation can no longer be answered. At `open_until` exactly it is over."""
    return invitation.status == Invitation.Status.OPEN and now >= invitation.open_until


def ballot_is_over(ballot: Ballot, terms: ShareTerms, today: date) -> bool:
    """Whether an undecided ballot ran out: agreed on the day they start, terms would price what already happened."""
    return ballot.status == Ballot.Status.OPEN and today >= terms.effective_from


MICROENTERPRISE_BADGES: Final = {
    Microenterprise.Status.INCUBATING: Badge(Microenterprise.Status.INCUBATING.label, "accent", "sprout"),
    Microenterprise.Status.ACTIVE: Badge(Microenterprise.Status.ACTIVE.label, "good", "store"),
    Microenterprise.Status.DISSOLVED: Badge(Microenterprise.Status.DISSOLVED.label, "neutral", "history"),
}
IDEA_BADGES: Final = {
    Idea.Status.DRAFT: Badge(Idea.Status.DRAFT.label, "neutral", "pencil-line"),
    Idea.Status.PUBLISHED: Badge(Idea.Status.PUBLISHED.label, "accent", "sprout"),
    Idea.Status.LAUNCHED: Badge(Idea.Status.LAUNCHED.label, "good"),
    Idea.Status.WITHDRAWN: Badge(Idea.Status.WITHDRAWN.label, "neutral", "undo-2"),
}
PLEDGE_BADGES: Final = {
    Pledge.Status.PROMISED: Badge(Pledge.Status.PROMISED.label, "warn", "hourglass"),
    Pledge.Status.HELD: Badge(Pledge.Status.HELD.label, "accent", "lock"),
    Pledge.Status.CONVERTED: Badge(Pledge.Status.CONVERTED.label, "good"),
    Pledge.Status.REFUNDED: Badge(Pledge.Status.REFUNDED.label, "neutral", "undo-2"),
    Pledge.Status.CANCELLED: Badge(Pledge.Status.CANCELLED.label, "neutral", "x"),
}
SEAT_BADGES: Final = {
    Seat.Status.OPEN: Badge(Seat.Status.OPEN.label, "accent", "user-plus"),
    Seat.Status.FILLED: Badge(Seat.Status.FILLED.label, "good", "user-check"),
    Seat.Status.WITHDRAWN: Badge(Seat.Status.WITHDRAWN.label, "neutral", "x"),
}
INVITATION_BADGES: Final = {
    Invitation.Status.OPEN: Badge(_("Waiting for an answer"), "accent", "hourglass"),
    Invitation.Status.ACCEPTED: Badge(Invitation.Status.ACCEPTED.label, "good"),
    Invitation.Status.DECLINED: Badge(Invitation.Status.DECLINED.label, "neutral", "x"),
    Invitation.Status.WITHDRAWN: Badge(Invitation.Status.WITHDRAWN.label, "neutral", "undo-2"),
    Invitation.Status.EXPIRED: Badge(Invitation.Status.EXPIRED.label, "neutral", "clock"),
}
BALLOT_BADGES: Final = {
    Ballot.Status.OPEN: Badge(_("Being voted on"), "accent", "vote"),
    Ballot.Status.PASSED: Badge(Ballot.Status.PASSED.label, "good"),
    Ballot.Status.FAILED: Badge(Ballot.Status.FAILED.label, "neutral", "x"),
}


def terms_badge(terms: ShareTerms, today: date) -> Badge:
    """Where a version stands for a reader today."""
    if terms.status == ShareTerms.Status.PROPOSED:
        return Badge(_("Being voted on"), "accent", "vote")
    if terms.status == ShareTerms.Status.REJECTED:
        return Badge(_("Not agreed"), "neutral", "x")
    if terms.effective_from > today:
        return Badge(_("Agreed, starts later"), "good", "calendar")
    if terms.effective_to is not None and terms.effective_to <= today:
        return Badge(_("Replaced"), "neutral", "history")
    return Badge(_("In force"), "good")


def badge_of(badges: dict[Any, Badge], status: str) -> Badge:
    """The badge of a stored status."""
    return badges[status]
