"""Who judges quality, what they have to say about their interests first, and who replaces whom (rule 6).

A panelist's place (`Seat`) says how far they are; `Panel` is all of them with the bids they judge. Both are read once
per page or action, so that every check here costs no statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from contracts.lifecycle import PANELIST, PROJECT
from contracts.models import Bid, Panelist, Project
from contracts.permissions.standing import Standing
from contracts.ranking import needs_quality
from core.errors import Denied, InvalidTransition
from people.models import Role


@dataclass(frozen=True, slots=True)
class Seat:
    """One panelist: who, and how far they are. `pk` is the row's."""

    pk: int
    person_id: UUID
    name: str
    status: str

    @property
    def waiting(self) -> bool:
        """Whether the others wait for this one."""
        return self.status in Panelist.WAITING


@dataclass(frozen=True, slots=True)
class Panel:
    """Everybody who judges a project. `unscored`: how many valid bids have no agreed quality yet."""

    seats: tuple[Seat, ...]
    unscored: int

    def of(self, person_id: UUID) -> Seat | None:
        """The place of one person, or None."""
        return next((seat for seat in self.seats if seat.person_id == person_id), None)

    @property
    def judging(self) -> tuple[Seat, ...]:
        """Everybody without a conflict."""
        return tuple(seat for seat in self.seats if seat.status != Panelist.Status.CONFLICTED)

    @property
    def left(self) -> tuple[Seat, ...]:
        """Everybody with a conflict."""
        return tuple(seat for seat in self.seats if seat.status == Panelist.Status.CONFLICTED)

    @property
    def awaited(self) -> tuple[Seat, ...]:
        """Who has not given their points yet."""
        return tuple(seat for seat in self.seats if seat.waiting)

    @property
    def agreed(self) -> bool:
        """Whether there is nothing left to judge."""
        return self.unscored == 0

    @property
    def together(self) -> bool:
        """Whether everybody who judges has given their points, so that all see all."""
        return bool(self.judging) and not self.awaited

    @property
    def vacant(self) -> bool:
        """Whether everybody has a conflict, so that nobody is left to judge."""
        return bool(self.seats) and not self.judging


Found = Mapping[UUID, str]
"""People whom the rules found in a conflict, each with the sentence that says why."""


def check_judged(project: Project) -> None:
    """Quality is judged once the bids are open, where the criteria ask for it, until something is decided."""
    if not needs_quality(project):
        raise InvalidTransition(_("Only the price counts for this project, so quality is not judged."))
    if project.status == Project.Status.PUBLISHED:
        raise InvalidTransition(_("The bids are sealed until the deadline has passed and they are opened."))
    PROJECT.check(project.status, "award")


def check_follow(project: Project, panel: Panel, who: Standing) -> None:
    """The panel, members of the buyer, the steward and the auditor see how far the panel is, and later its points."""
    if panel.of(who.user.pk) is None and not _may_watch(project, who):
        raise Denied(_("Only the panel named at publication judges quality here."))
    if not needs_quality(project):
        raise InvalidTransition(_("Only the price counts for this project, so quality is not judged."))
    if project.opened_at is None:
        raise InvalidTransition(_("The bids are sealed until the deadline has passed and they are opened."))


def check_sees_points(project: Project, panel: Panel, who: Standing) -> None:
    """The panel sees all points once everybody has given theirs; the buyer, steward and auditor once it has agreed."""
    seat = panel.of(who.user.pk)
    if seat is not None and seat.status == Panelist.Status.SUBMITTED and (panel.together or panel.agreed):
        return
    if panel.agreed and _may_watch(project, who):
        return
    if panel.agreed:
        raise Denied(_("You had a conflict of interest here, so you do not see what the panel gave."))
    raise Denied(_("Nobody sees the points of others before everybody on the panel has given theirs."))


def check_seat(project: Project, panel: Panel, who: Standing) -> Seat:
    """Somebody on the panel, while quality is judged."""
    seat = panel.of(who.user.pk)
    if seat is None:
        raise Denied(_("Only the panel named at publication judges quality here."))
    if who.user.has_role(Role.AUDITOR):
        raise Denied(_("The auditor reads everything and takes no part, so you do not judge here."))
    check_judged(project)
    if panel.agreed:
        raise InvalidTransition(_("The panel has agreed on the quality of every bid already."))
    return seat


def check_declare(project: Project, panel: Panel, who: Standing) -> Seat:
    """Everybody on the panel says first whether they have a conflict of interest; once."""
    seat = check_seat(project, panel, who)
    _check_in(seat)
    PANELIST.check(seat.status, "declare")
    return seat


def check_declare_conflict(project: Project, panel: Panel, who: Standing) -> Seat:
    """A conflict can be declared at any time until quality is agreed."""
    seat = check_seat(project, panel, who)
    _check_in(seat)
    return seat


def check_impartial(panel: Panel, who: Standing, found: Found) -> None:
    """What the rules find keeps somebody out at once, whatever they declared."""
    if who.user.pk in found:
        raise Denied(found[who.user.pk])


def check_score(project: Project, panel: Panel, who: Standing, found: Found) -> Seat:
    """Points are given by who has declared and has no conflict, until everybody has given theirs."""
    seat = check_seat(project, panel, who)
    _check_in(seat)
    check_impartial(panel, who, found)
    if seat.status == Panelist.Status.NAMED:
        raise Denied(_("Say first whether you have a conflict of interest with one of the bidders."))
    if panel.together:
        raise InvalidTransition(_("Everybody has given their points, so they stand now. Agree on one figure together."))
    return seat


def check_agree(project: Project, panel: Panel, who: Standing, found: Found) -> Seat:
    """One figure is proposed and confirmed by who gave points, once everybody has."""
    seat = check_seat(project, panel, who)
    _check_in(seat)
    check_impartial(panel, who, found)
    if not panel.together:
        raise InvalidTransition(
            _("The panel agrees together once everybody has given their points. Waiting for %(names)s.")
            % {"names": names(panel.awaited)}
        )
    return seat


def check_record_conflict(project: Project, panel: Panel, who: Standing, found: Found) -> None:
    """A steward without part in it writes down a conflict that somebody else found."""
    if not who.user.has_role(Role.STEWARD):
        raise Denied(_("Only the steward records a conflict of interest of somebody else."))
    _check_apart(project, panel, who, found)
    check_judged(project)
    if panel.agreed:
        raise InvalidTransition(
            _("The panel has agreed on quality already. A conflict found now is for an objection to the award.")
        )


def check_ask(project: Project, panel: Panel, who: Standing, *, asked: bool) -> None:
    """The leader of the buyer asks the steward for a panelist when everybody has a conflict."""
    if not who.leads(project.buyer_id):
        raise Denied(_("Only the leader of %(me)s asks the steward for a new panel member.") % {"me": _buyer(project)})
    check_judged(project)
    if not panel.vacant or panel.agreed:
        raise InvalidTransition(
            _("Somebody without a conflict of interest is left on the panel, so it stays as it is.")
        )
    if asked:
        raise InvalidTransition(_("The steward is asked already and has not named anybody yet."))


def check_name(project: Project, panel: Panel, who: Standing, found: Found, *, asked: bool) -> None:
    """A steward without part in it names the replacement the buyer asked for."""
    if not who.user.has_role(Role.STEWARD):
        raise Denied(_("Only the steward names a new panel member, when the buyer asks for one."))
    _check_apart(project, panel, who, found)
    check_judged(project)
    if not asked:
        raise InvalidTransition(_("The panel is fixed at publication, and the buyer has not asked for a replacement."))


def _check_apart(project: Project, panel: Panel, who: Standing, found: Found) -> None:
    """Who is with the buyer, judges, or has a conflict with a bidder as judges have, does not say who judges."""
    if who.belongs_to(project.buyer_id) or panel.of(who.user.pk) is not None:
        raise Denied(_("You are a member of the buyer or of this panel, so another steward must say who judges."))
    check_impartial(panel, who, found)


def keeps_away(panel: Panel, person_id: UUID, bids: Sequence[Bid]) -> bool:
    """Whether somebody on the panel sees no terms: before they declared, and after they were found in a conflict."""
    seat = panel.of(person_id)
    if seat is None or panel.agreed or not bids:
        return False
    return seat.status in (Panelist.Status.NAMED, Panelist.Status.CONFLICTED)


def names(seats: Sequence[Seat]) -> str:
    """Who, for a sentence."""
    return ", ".join(seat.name for seat in seats)


def _check_in(seat: Seat) -> None:
    if seat.status == Panelist.Status.CONFLICTED:
        raise Denied(_("You have a conflict of interest with a bidder, so you do not judge here."))


def _may_watch(project: Project, who: Standing) -> bool:
    return who.belongs_to(project.buyer_id) or who.user.has_role(Role.STEWARD, Role.AUDITOR)


def _buyer(project: Project) -> str:
    return project.buyer.name if project.buyer is not None else ""
