"""The verbs of the panel: declare interests, give points apart, agree on one figure, open the prices, replace.

Rule 6: who judges says first whether they have a conflict of interest, and a conflict, declared or found, takes them
out at once with all they gave. Points are sealed until everybody has given theirs (`contracts.sealing`); the one who
comes last brings them all to light in the same transaction. Only agreed figures become the quality of a bid, and only
then are prices in an envelope of their own opened. All under the project's lock, so that two at once are one after the
other.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from contracts import scoring, sealing
from contracts.actions.projects import leaders, link, locked, record, subject
from contracts.lifecycle import CONSENSUS, PANELIST
from contracts.models import (
    Bid,
    Confirmation,
    Consensus,
    ConsensusLine,
    Declaration,
    Panelist,
    Project,
    ReplacementRequest,
    Score,
    SealedScores,
)
from contracts.permissions import panel as permissions
from contracts.permissions.panel import Panel, Seat
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import panel as queries
from contracts.ranking import needs_quality
from contracts.sealing import BrokenSeal, Cell
from core import audit, parameters
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid, InvalidTransition
from people.models import Role, User
from people.notices import tell

log = logging.getLogger(__name__)

LONGEST_REASON: Final = 600
LONGEST_CONFLICT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Figure:
    """Points from 0 to 10,000 for one bid on one criterion, and why. `points` None: not decided yet."""

    points: int | None
    reason: str


Place = tuple[UUID, int]
"""A bid and the place of a criterion."""
Figures = Mapping[Place, Figure]


@dataclass(frozen=True, slots=True)
class _Room:
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


def _room(project: Project, by: User) -> _Room:
    """Under the lock, after everybody was taken out whom the rules find in a conflict now."""
    project = locked(project)
    find_conflicts(project=project)
    now = market_now()
    bids = queries.bids_of(project)
    return _Room(project, now, bids, queries.panel_of(project, bids), standing_of(by, business_date(now)))


# ------------------------------------------------------------------ interests


@transaction.atomic
def declare_none(*, project: Project, by: User) -> Panelist:
    """Say that one has no conflict of interest with any bidder. Raises Denied (also when the rules find one),
    InvalidTransition (not judged now, declared already)."""
    room = _room(project, by)
    seat = permissions.check_declare(room.project, room.panel, room.who)
    row = Panelist.objects.get(pk=seat.pk)
    PANELIST.move(row, "declare")
    Declaration.objects.create(panelist=row, says=Declaration.Says.NONE, made_at=room.now, made_by=by)
    _trail(room.project, "interests_declared", by=by, says="none")
    return row


@transaction.atomic
def declare_conflict(*, project: Project, bid: Bid, reason: str, by: User) -> Panelist:
    """Say with which bidder one has a conflict of interest and why. It takes one out of the panel at once.

    Raises Denied, InvalidTransition, Invalid (no bidder of this project, no reason).
    """
    room = _room(project, by)
    seat = permissions.check_declare_conflict(room.project, room.panel, room.who)
    named = _bidder(room, bid)
    reason = _given(reason, _("Say what connects you with this bidder."), LONGEST_CONFLICT)
    return _take_out(room, seat, named, Declaration.Says.DECLARED, reason, by=by)


@transaction.atomic
def record_conflict(*, project: Project, person: User, bid: Bid, reason: str, by: User) -> Panelist:
    """The steward writes down a conflict of somebody on the panel. It takes them out at once, with all they gave.

    Raises Denied (not the steward), InvalidTransition (agreed already, out already), Invalid.
    """
    room = _room(project, by)
    permissions.check_record_conflict(room.project, room.panel, room.who)
    seat = room.panel.of(person.pk)
    if seat is None:
        raise Invalid(_("%(name)s is not on this panel.") % {"name": person.name}, field="person")
    PANELIST.check(seat.status, "conflict")
    named = _bidder(room, bid)
    reason = _given(reason, _("Say what connects this panel member with the bidder."), LONGEST_CONFLICT)
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


def _clocks_room(project: Project, now: datetime, bids: list[Bid], panel: Panel) -> _Room:
    """The clock belongs to no ME."""
    return _Room(project, now, bids, panel, Standing(User(), business_date(now), (), ()))


def _take_out(room: _Room, seat: Seat, bid: Bid, says: str, reason: str, *, by: User | None) -> Panelist:
    """Access ends, points are void, figures on the table fall; those who are left go on without."""
    project, now = room.project, room.now
    row = Panelist.objects.select_related("person").get(pk=seat.pk)
    PANELIST.move(row, "conflict")
    Declaration.objects.create(panelist=row, says=says, bid=bid, reason=reason, made_at=now, made_by=by)
    voided = Score.objects.filter(panelist=row, voided_at=None).update(voided_at=now)
    facts = {"person": str(row.person_id), "bid": str(bid.pk), "says": str(says), "reason": reason}
    _trail(project, "conflict_found", by=by, **facts, voided=voided)
    _drop_proposal(project, now, by=by)
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
    _publish_if_all_in(project, room.bids, now)
    return row


# ------------------------------------------------------------------ points, apart


@transaction.atomic
def keep_scores(*, project: Project, figures: Figures, by: User) -> SealedScores:
    """Keep what one has so far, sealed; nobody is told. Raises Denied, InvalidTransition, Invalid."""
    room = _room(project, by)
    seat = permissions.check_score(room.project, room.panel, room.who, NOTHING_FOUND)
    if seat.status == Panelist.Status.SUBMITTED:
        raise InvalidTransition(_("Your points are with the panel already. Submit them again to change them."))
    return _seal(room, seat, _known(room, figures), submitted_at=None)


@transaction.atomic
def submit_scores(*, project: Project, figures: Figures, by: User) -> SealedScores:
    """Give one's points for every bid and criterion. Until everybody has, they may be given anew; the last to come
    brings all to light. Somebody who judges alone has agreed with that.

    Raises Denied, InvalidTransition, Invalid (`field` names what is missing).
    """
    room = _room(project, by)
    seat = permissions.check_score(room.project, room.panel, room.who, NOTHING_FOUND)
    complete = _complete(room, figures)
    kept = _seal(room, seat, complete, submitted_at=room.now)
    row = Panelist.objects.get(pk=seat.pk)
    PANELIST.move(row, "submit")
    _trail(room.project, "points_submitted", by=by, bids=len(room.to_judge))
    _publish_if_all_in(room.project, room.bids, room.now)
    panel = queries.panel_of(room.project, room.bids)
    if len(panel.judging) == 1 and panel.together:
        _propose(_room(room.project, by), complete, by=by)
    return kept


def read_own_scores(*, project: Project, by: User) -> dict[Place, Figure]:
    """What one has given so far oneself; nobody else's, ever. Two statements."""
    sealed = SealedScores.objects.filter(panelist__project=project, panelist__person=by).first()
    if sealed is None:
        return {}
    found = sealing.open_scores(project.pk, {sealed.panelist_id: bytes(sealed.ciphertext)})[sealed.panelist_id]
    return {(UUID(cell.bid), cell.place): Figure(cell.points, cell.reason) for cell in found}


def _seal(room: _Room, seat: Seat, figures: Figures, *, submitted_at: datetime | None) -> SealedScores:
    cells = [Cell(str(bid), place, figure.points, figure.reason) for (bid, place), figure in sorted(figures.items())]
    ciphertext = sealing.seal_scores(room.project.pk, seat.pk, cells, bids=len(room.to_judge))
    kept, _is_new = SealedScores.objects.update_or_create(
        panelist_id=seat.pk, defaults={"ciphertext": ciphertext, "kept_at": room.now, "submitted_at": submitted_at}
    )
    return kept


def _publish_if_all_in(project: Project, bids: Sequence[Bid], now: datetime) -> None:
    """Bring the points of everybody to light once nobody is awaited any more; once."""
    panel = queries.panel_of(project, bids)
    if not panel.together or panel.agreed:
        return
    submitted = [seat.pk for seat in panel.judging]
    shown = set(Score.objects.filter(panelist__in=submitted).values_list("panelist_id", flat=True))
    sealed = {
        row.panelist_id: bytes(row.ciphertext)
        for row in SealedScores.objects.filter(panelist__in=submitted, submitted_at__isnull=False)
        if row.panelist_id not in shown
    }
    if not sealed:
        return
    criteria = {criterion.place: criterion for criterion in queries.criteria_of(project)}
    judged = {str(bid.pk) for bid in queries.to_judge(bids)}
    opened = sealing.open_scores(project.pk, sealed)
    Score.objects.bulk_create(
        Score(
            panelist_id=panelist,
            bid_id=UUID(cell.bid),
            criterion=criteria[cell.place],
            points=cell.points,
            reason=cell.reason,
        )
        for panelist, cells in opened.items()
        for cell in cells
        if cell.bid in judged and cell.points is not None
    )
    by_seat = {seat.pk: seat for seat in panel.judging}
    for panelist, cells in opened.items():
        points = [[cell.bid, cell.place, cell.points] for cell in cells]
        _trail(project, "points_shown", by=None, person=str(by_seat[panelist].person_id), points=points)
    if len(panel.judging) > 1:
        tell(
            _people(panel),
            lambda: (
                _("Everybody has given their points on “%(title)s”. Agree on one figure.") % {"title": project.title}
            ),
            link=f"{link(project)}quality/",
        )


# ------------------------------------------------------------------ one figure, together


@transaction.atomic
def propose(*, project: Project, figures: Figures, by: User) -> Consensus:
    """Put one figure with a reason on the table for every bid and criterion; what was there before falls.

    Agreed at once where nobody else has to confirm. Raises Denied, InvalidTransition, Invalid.
    """
    room = _room(project, by)
    permissions.check_agree(room.project, room.panel, room.who, NOTHING_FOUND)
    return _propose(room, _complete(room, figures), by=by)


@transaction.atomic
def confirm(*, consensus: Consensus, by: User) -> Consensus:
    """Agree to the figures on the table. The last that is needed makes them the quality of the bids.

    Raises Denied (not judging, or one's own proposal), InvalidTransition (they are not on the table any more), Conflict
    (confirmed already).
    """
    room = _room(Project(pk=consensus.project_id), by)
    permissions.check_agree(room.project, room.panel, room.who, NOTHING_FOUND)
    consensus = Consensus.objects.get(pk=consensus.pk)
    if consensus.status != Consensus.Status.PROPOSED:
        raise InvalidTransition(_("These figures are not on the table any more. Reload the page and look again."))
    if consensus.proposed_by_id == by.pk:
        raise InvalidTransition(_("You proposed these figures, so the others confirm them."))
    if consensus.confirmations.filter(confirmed_by=by).exists():
        raise Conflict(_("You have confirmed these figures already."))
    Confirmation.objects.create(consensus=consensus, confirmed_at=room.now, confirmed_by=by)
    _trail(room.project, "figures_confirmed", by=by, consensus=str(consensus.pk))
    _agree_if_enough(room, consensus, by=by)
    return consensus


def _propose(room: _Room, figures: Figures, *, by: User) -> Consensus:
    project, now = room.project, room.now
    _drop_proposal(project, now, by=by)
    percent = parameters.value("consensus_confirming_percent", on=business_date(now))
    others = len(room.panel.judging) - 1
    made = Consensus.objects.create(
        project=project, needed=-(-others * percent // 100), proposed_at=now, proposed_by=by
    )
    criteria = {criterion.place: criterion for criterion in queries.criteria_of(project)}
    ConsensusLine.objects.bulk_create(
        ConsensusLine(consensus=made, bid_id=bid, criterion=criteria[place], points=figure.points, reason=figure.reason)
        for (bid, place), figure in sorted(figures.items())
        if figure.points is not None
    )
    points = [[str(bid), place, figure.points] for (bid, place), figure in sorted(figures.items())]
    _trail(project, "figures_proposed", by=by, consensus=str(made.pk), needed=made.needed, points=points)
    if made.needed:
        tell(
            [person for person in _people(room.panel) if person != by],
            lambda: (
                _("%(name)s proposes figures for the bids on “%(title)s”. Confirm them or propose others.")
                % {"name": by.name, "title": project.title}
            ),
            link=f"{link(project)}quality/",
        )
    _agree_if_enough(room, made, by=by)
    return made


def _drop_proposal(project: Project, now: datetime, *, by: User | None) -> None:
    for old in Consensus.objects.filter(project=project, status=Consensus.Status.PROPOSED):
        CONSENSUS.move(old, "drop", ended_at=now)
        _trail(project, "figures_dropped", by=by, consensus=str(old.pk))


def _agree_if_enough(room: _Room, consensus: Consensus, *, by: User) -> None:
    """Make the figures the quality of the bids once enough have confirmed, then open the prices that wait for it."""
    if consensus.confirmations.count() < consensus.needed:
        return
    project, now = room.project, room.now
    CONSENSUS.move(consensus, "agree", ended_at=now)
    judged = _set_quality(room, consensus, by=by)
    record(
        project, "quality_agreed", by=by, consensus=str(consensus.pk),
        points={str(bid.pk): bid.quality_points for bid in judged},
    )  # fmt: skip
    tell(
        leaders([project.buyer], now),
        lambda: _("The panel has agreed on the quality of the bids on “%(title)s”.") % {"title": project.title},
        link=link(project),
    )
    _open_prices_now(project)


def _set_quality(room: _Room, consensus: Consensus, *, by: User) -> list[Bid]:
    """The agreed figures as the quality of every bid that is still valid: weighed, added, rounded down."""
    lines: dict[UUID, list[ConsensusLine]] = {}
    for line in consensus.lines.select_related("criterion").order_by("criterion__place"):
        lines.setdefault(line.bid_id, []).append(line)
    judged = [bid for bid in room.to_judge if bid.pk in lines]
    for bid in judged:
        parts = lines[bid.pk]
        bid.quality_points = scoring.quality_points((line.criterion.weight_bp, line.points) for line in parts)
        bid.quality_parts = [
            {
                "title": line.criterion.title,
                "weight_bp": line.criterion.weight_bp,
                "points": line.points,
                "reason": line.reason,
            }
            for line in parts
        ]
        bid.quality_reason = _reasons(parts)
        bid.scored_by, bid.scored_at = by, room.now
    columns = ["quality_points", "quality_parts", "quality_reason", "scored_by", "scored_at"]
    Bid.objects.bulk_update(judged, columns)
    return judged


def _reasons(parts: Sequence[ConsensusLine]) -> str:
    if len(parts) == 1:
        return parts[0].reason
    return "\n".join(f"{line.criterion.title}: {line.reason}" for line in parts)


# ------------------------------------------------------------------ the second envelope


@transaction.atomic
def open_prices(*, project: Project) -> int:
    """Open the prices of the bids that meet the pass mark, once quality is agreed: by the clock; how many.

    Runs in the transaction of the last confirmation, and again by the clock should that have failed. The price of a bid
    below the mark, or out for another reason, stays sealed for ever. Safe twice. Raises BrokenSeal.
    """
    project = locked(project)
    now = market_now()
    if not project.two_envelopes or project.status != Project.Status.EVALUATING:
        return 0
    bids = list(project.bids.opened().select_related("sealed", "microenterprise").order_by("pk"))
    if queries.unscored(project, bids):
        return 0
    waiting = [
        bid
        for bid in bids
        if bid.status == Bid.Status.VALID
        and bid.price_opened_at is None
        and (bid.quality_points or 0) >= project.pass_mark
    ]
    for bid, terms in sealing.open_all(waiting, project.pk):
        bid.price_minor, bid.price_opened_at = terms.price_minor, now
    Bid.objects.bulk_update(waiting, ["price_minor", "price_opened_at"])
    if waiting:
        sealed = sum(bid.price_opened_at is None for bid in bids)
        record(project, "prices_opened", by=None, bids=len(waiting), stay_sealed=sealed)
        _tell_prices(project, waiting, now)
    return len(waiting)


def _open_prices_now(project: Project) -> None:
    """Open the prices with the last confirmation; should that fail, what is agreed stands and the clock tries again."""
    try:
        open_prices(project=project)
    except (BrokenSeal, DatabaseError):
        log.exception("the prices of project %s could not be opened", project.pk)


def _tell_prices(project: Project, opened: Iterable[Bid], now: datetime) -> None:
    people = leaders([project.buyer, *(bid.microenterprise for bid in opened)], now)
    tell(
        people,
        lambda: _("The prices on “%(title)s” are open: quality is agreed.") % {"title": project.title},
        link=link(project),
    )


# ------------------------------------------------------------------ when nobody is left


@transaction.atomic
def ask_for_replacement(*, project: Project, reason: str, by: User) -> ReplacementRequest:
    """The buyer asks the steward for a panelist because everybody has a conflict. Raises Denied, InvalidTransition,
    Invalid without a reason."""
    room = _room(project, by)
    permissions.check_ask(room.project, room.panel, room.who, asked=_asked(room.project) is not None)
    reason = _given(reason, _("Say what the new member should know about."), LONGEST_CONFLICT)
    asked = ReplacementRequest.objects.create(project=room.project, reason=reason, asked_at=room.now, asked_by=by)
    _trail(room.project, "replacement_asked", by=by, reason=reason)
    title = room.project.title
    tell(
        User.objects.filter(roles__contains=[Role.STEWARD], is_active=True),
        lambda: (
            _("Name a panel member for “%(title)s”: everybody named has a conflict of interest.") % {"title": title}
        ),
        link=f"{link(room.project)}quality/replace/",
    )
    return asked


@transaction.atomic
def name_replacement(*, project: Project, person: User, by: User) -> Panelist:
    """The steward names who judges instead, from outside the bidders. They declare and judge like anybody else.

    Raises Denied, InvalidTransition (not asked for), Invalid (cannot judge: on the panel, a vendor, with a bidder).
    """
    room = _room(project, by)
    asked = _asked(room.project)
    permissions.check_name(room.project, room.panel, room.who, asked=asked is not None)
    _check_nameable(room, person)
    named = Panelist.objects.create(project=room.project, person=person, named_at=room.now, named_by=by)
    ReplacementRequest.objects.filter(project=room.project, panelist=None).update(panelist=named)
    _trail(room.project, "replacement_named", by=by, person=str(person.pk))
    title, page = room.project.title, f"{link(room.project)}quality/"
    tell([person], partial(_you_judge, title), link=page)
    tell(
        leaders([room.project.buyer], room.now),
        lambda: _("%(name)s judges the bids on “%(title)s” now.") % {"name": person.name, "title": title},
        link=page,
    )
    return named


def _you_judge(title: str) -> str:
    return _("You are on the panel of “%(title)s” now. Judge the quality of its bids.") % {"title": title}


def _check_nameable(room: _Room, person: User) -> None:
    if person.is_vendor or not person.is_active:
        raise Invalid(_("%(name)s cannot be on the panel.") % {"name": person.name}, field="person")
    if room.panel.of(person.pk) is not None:
        raise Invalid(_("%(name)s is on the panel already.") % {"name": person.name}, field="person")
    if person.pk == room.who.user.pk:
        raise Invalid(_("You guard this contract as steward, so somebody else judges."), field="person")
    found = queries.found_conflicts([person.pk], room.to_judge, business_date(room.now))
    if found:
        raise Invalid(found[0].sentence, field="person")


def _asked(project: Project) -> ReplacementRequest | None:
    return ReplacementRequest.objects.filter(project=project, panelist=None).first()


# ------------------------------------------------------------------ what the verbs share


def _trail(project: Project, deed: str, *, by: User | None, **facts: object) -> None:
    """One line in the project's trail about the panel; nothing of it is released to the world."""
    audit.record(by=by, deed=f"project.{deed}", subject=subject(project), about=project.title, **facts)


def _bidder(room: _Room, bid: Bid) -> Bid:
    found = next((row for row in room.bids if row.pk == bid.pk), None)
    if found is None:
        raise Invalid(_("Choose one of the bidders of this project."), field="bid")
    return found


def _given(text: str, sentence: str, most: int) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid(sentence, field="reason")
    if len(text) > most:
        raise Invalid(_("The reason is longer than %(most)s signs. Shorten it.") % {"most": most}, field="reason")
    return text


def _known(room: _Room, figures: Figures) -> dict[Place, Figure]:
    """The figures that belong to a bid and a criterion of this project, with their reasons tidied."""
    places = {criterion.place for criterion in queries.criteria_of(room.project)}
    bids = {bid.pk for bid in room.to_judge}
    found = {
        (bid, place): Figure(figure.points, figure.reason.replace("\r\n", "\n").strip())
        for (bid, place), figure in figures.items()
        if bid in bids and place in places
    }
    for (bid, place), figure in found.items():
        if figure.points is not None and not 0 <= figure.points <= scoring.FULL:
            raise Invalid(_("Quality points lie between 0 and 10,000."), field=field_of("points", bid, place))
        if len(figure.reason) > LONGEST_REASON:
            raise Invalid(
                _("The reason is longer than %(most)s signs. Shorten it.") % {"most": LONGEST_REASON},
                field=field_of("reason", bid, place),
            )
    return found


def _complete(room: _Room, figures: Figures) -> dict[Place, Figure]:
    """A figure with a reason for every bid and criterion. Raises Invalid for the first that is missing."""
    found = _known(room, figures)
    criteria = queries.criteria_of(room.project)
    for bid in room.to_judge:
        for criterion in criteria:
            figure = found.get((bid.pk, criterion.place))
            if figure is None or figure.points is None:
                raise Invalid(
                    _("Give points for every bid and every criterion."),
                    field=field_of("points", bid.pk, criterion.place),
                )
            if not figure.reason:
                raise Invalid(_("Say why; the bidder reads it."), field=field_of("reason", bid.pk, criterion.place))
    return found


def field_of(what: str, bid: UUID, place: int) -> str:
    """The name of a field of the panel's forms: `points` or `reason` of a bid on a criterion."""
    return f"{bid}-{place}-{what}"


def _people(panel: Panel) -> list[User]:
    return list(User.objects.filter(pk__in=[seat.person_id for seat in panel.judging]))
