"""Interests: declared, recorded by the steward, or found by the rules. A conflict takes out at once.

`room_of` is the door of every other verb: whom the rules find is out before anything is asked.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.actions.panel.publishing import publish_if_all_in
from contracts.actions.panel.room import LONGEST_CONFLICT, Room, bidder, given, trail
from contracts.actions.panel.table import drop
from contracts.actions.projects import leaders, link, locked
from contracts.lifecycle import PANELIST
from contracts.models import Bid, Declaration, Panelist, Project, Score
from contracts.permissions import panel as permissions
from contracts.permissions.panel import Panel, Seat
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import panel as queries
from contracts.ranking import needs_quality
from core.clock import business_date, market_now
from core.errors import Invalid
from people.models import User
from people.notices import tell


def room_of(project: Project, by: User) -> Room:
    """Under the lock, after everybody was taken out whom the rules find in a conflict now."""
    project = locked(project)
    find_conflicts(project=project)
    now = market_now()
    bids = queries.bids_of(project)
    return Room(project, now, bids, queries.panel_of(project, bids), standing_of(by, business_date(now)))


@transaction.atomic
def declare_none(*, project: Project, by: User) -> Panelist:
    """Say that one has no conflict of interest with any bidder. Raises Denied (also when the rules find one),
    InvalidTransition (not judged now, declared already)."""
    room = room_of(project, by)
    seat = permissions.check_declare(room.project, room.panel, room.who)
    row = Panelist.objects.get(pk=seat.pk)
    PANELIST.move(row, "declare")
    Declaration.objects.create(panelist=row, says=Declaration.Says.NONE, made_at=room.now, made_by=by)
    trail(room.project, "interests_declared", by=by, says="none")
    return row


@transaction.atomic
def declare_conflict(*, project: Project, bid: Bid, reason: str, by: User) -> Panelist:
    """Say with which bidder one has a conflict of interest and why. It takes one out of the panel at once.

    Raises Denied, InvalidTransition, Invalid (no bidder of this project, no reason).
    """
    room = room_of(project, by)
    seat = permissions.check_declare_conflict(room.project, room.panel, room.who)
    named = bidder(room, bid)
    reason = given(reason, _("Say what connects you with this bidder."), LONGEST_CONFLICT)
    return _take_out(room, seat, named, Declaration.Says.DECLARED, reason, by=by)


@transaction.atomic
def record_conflict(*, project: Project, person: User, bid: Bid, reason: str, by: User) -> Panelist:
    """The steward writes down a conflict of somebody on the panel. It takes them out at once, with all they gave.

    Raises Denied (not the steward), InvalidTransition (agreed already, out already), Invalid.
    """
    room = room_of(project, by)
    ties = queries.conflicts_of_steward(room.who, room.bids)
    permissions.check_record_conflict(room.project, room.panel, room.who, ties)
    seat = room.panel.of(person.pk)
    if seat is None:
        raise Invalid(_("%(name)s is not on this panel.") % {"name": person.name}, field="person")
    PANELIST.check(seat.status, "conflict")
    named = bidder(room, bid)
    reason = given(reason, _("Say what connects this panel member with the bidder."), LONGEST_CONFLICT)
    return _take_out(room, seat, named, Declaration.Says.RECORDED, reason, by=by)


@transaction.atomic
def find_conflicts(*, project: Project) -> int:
    """Take everybody out whom the rules find in a conflict with a bidder; how many. By the clock, and safe twice."""
    project = locked(project)
    now = market_now()
    if project.status != Project.Status.EVALUATING or not needs_quality(project):
        return 0
    bids = queries.bids_of(project)
    found = 0
    for _attempt in range(len(queries.seats_of(project))):
        panel = queries.panel_of(project, bids)
        judging = [seat.person_id for seat in panel.judging]
        conflicts = queries.found_conflicts(judging, queries.to_judge(bids), business_date(now))
        if panel.agreed or not conflicts:
            break
        conflict = conflicts[0]
        seat = panel.of(conflict.person_id)
        if seat is not None:
            _take_out(
                _clocks_room(project, now, bids, panel), seat, conflict.bid, conflict.says, conflict.firm, by=None
            )
            found += 1
    return found


def _clocks_room(project: Project, now: datetime, bids: list[Bid], panel: Panel) -> Room:
    """The clock belongs to no ME."""
    return Room(project, now, bids, panel, Standing(User(), business_date(now), (), ()))


def _take_out(room: Room, seat: Seat, bid: Bid, says: str, reason: str, *, by: User | None) -> Panelist:
    """Access ends, points are void, figures on the table fall; those who are left go on without."""
    project, now = room.project, room.now
    row = Panelist.objects.select_related("person").get(pk=seat.pk)
    PANELIST.move(row, "conflict")
    Declaration.objects.create(panelist=row, says=says, bid=bid, reason=reason, made_at=now, made_by=by)
    voided = Score.objects.filter(panelist=row, voided_at=None).update(voided_at=now)
    facts = {"person": str(row.person_id), "bid": str(bid.pk), "says": str(says), "reason": reason}
    trail(project, "conflict_found", by=by, **facts, voided=voided)
    drop(project, now, by=by)
    name, title = row.person.name, project.title
    if by != row.person:
        tell(
            [row.person],
            lambda: _("You no longer judge the bids on “%(title)s”: conflict of interest.") % {"title": title},
            link=link(project),
        )
    panel = queries.panel_of(project, room.bids)
    if panel.vacant:
        tell(
            leaders([project.buyer], now),
            lambda: (
                _("Everybody on the panel of “%(title)s” has a conflict of interest. Ask the steward for a new member.")
                % {"title": title}
            ),
            link=f"{link(project)}quality/",
        )
    else:
        tell(
            leaders([project.buyer], now),
            lambda: _("%(name)s left the panel of “%(title)s”: conflict of interest.") % {"name": name, "title": title},
            link=f"{link(project)}quality/",
        )
    publish_if_all_in(project, room.bids, now)
    return row
