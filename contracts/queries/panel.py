"""Reads for the panel: who judges and how far they are, conflicts the rules find, points side by side.

Sealed points are not read here: see `actions.panel.read_own_scores`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.criteria import for_panel
from contracts.explaining import given_points
from contracts.models import (
    Bid,
    Confirmation,
    Consensus,
    Criterion,
    Declaration,
    Panelist,
    Project,
    ReplacementRequest,
    Score,
)
from contracts.permissions.panel import Panel, Seat
from contracts.permissions.standing import Standing
from contracts.queries.projects import bidder_name
from contracts.ranking import needs_quality
from contracts.scoring import FULL
from core import parameters
from microenterprises.models import Membership
from people.models import Role, User


def seats_of(project: Project) -> tuple[Seat, ...]:
    """Everybody on the panel by name. One statement."""
    rows = Panelist.objects.filter(project=project).select_related("person").order_by("person__name", "pk")
    return tuple(Seat(row.pk, row.person_id, row.person.name, row.status) for row in rows)


def panel_of(project: Project, bids: Iterable[Bid]) -> Panel:
    """The panel with what it still has to judge among the opened bids. One statement."""
    return Panel(seats_of(project), unscored(project, bids))


def unscored(project: Project, bids: Iterable[Bid]) -> int:
    """How many of the bids still wait for the panel."""
    return len(to_judge(bids)) if needs_quality(project) else 0


def to_judge(bids: Iterable[Bid]) -> list[Bid]:
    """The valid bids without agreed quality, in an order that tells nothing."""
    found = [bid for bid in bids if bid.status == Bid.Status.VALID and bid.quality_points is None]
    return sorted(found, key=lambda bid: str(bid.pk))


def bids_of(project: Project) -> list[Bid]:
    """The opened bids with their bidders. One statement."""
    return list(project.bids.opened().select_related("microenterprise", "vendor", "author").order_by("pk"))


def criteria_of(project: Project) -> list[Criterion]:
    """The criteria whose points the panel gives, in their order. One statement."""
    return list(Criterion.objects.filter(project=project, kind=Criterion.Kind.JUDGED).order_by("place"))


def waiting_for(user: User) -> QuerySet[Project]:
    """Projects whose panel waits for this person: to declare, to give points, to propose or confirm a figure."""
    seats = Panelist.objects.filter(project=OuterRef("pk"))
    mine = seats.filter(person=user)
    done = Consensus.objects.filter(
        Q(proposed_by=user) | Exists(Confirmation.objects.filter(consensus=OuterRef("pk"), confirmed_by=user)),
        project=OuterRef("pk"),
        status=Consensus.Status.PROPOSED,
    )
    alone = Q(Exists(mine.filter(status__in=Panelist.WAITING)))
    together = (
        Q(Exists(mine.filter(status=Panelist.Status.SUBMITTED)))
        & ~Q(Exists(seats.filter(status__in=Panelist.WAITING)))
        & ~Q(Exists(done))
    )
    return _unjudged().filter(alone | together)


def without_judges() -> QuerySet[Project]:
    """Projects with something to judge and nobody left to do it."""
    judging = Panelist.objects.filter(project=OuterRef("pk")).exclude(status=Panelist.Status.CONFLICTED)
    return _unjudged().filter(~Exists(judging))


def _unjudged() -> QuerySet[Project]:
    open_bids = Bid.objects.opened().filter(project=OuterRef("pk"), status=Bid.Status.VALID, quality_points=None)
    return Project.objects.filter(
        Q(price_weight_bp__lt=FULL) | Q(pass_mark__gt=0), Exists(open_bids), status=Project.Status.EVALUATING
    )


def with_conflicts(on: date) -> QuerySet[Project]:
    """Judged projects of whose panel the rules find somebody in a conflict: what `found_conflicts` says, as one search,
    so that the clock looks closely at those only. Two statements."""
    since = on - timedelta(days=parameters.value("conflict_lookback_days", on=on))
    judged = Bid.objects.opened().filter(status=Bid.Status.VALID, quality_points=None)
    lately = Q(microenterprise__memberships__ended_on=None) | Q(microenterprise__memberships__ended_on__gt=since)
    member = judged.filter(
        lately,
        project=OuterRef("project"),
        microenterprise__memberships__person=OuterRef("person"),
    )
    lasting = Membership.objects.lasting(on)
    shared = lasting.filter(
        microenterprise__in=lasting.filter(person=OuterRef(OuterRef("person"))).values("microenterprise"),
        person__in=judged.filter(project=OuterRef(OuterRef("project"))).values("author"),
    )
    suspects = Panelist.objects.filter(Exists(member) | Exists(shared), project=OuterRef("pk")).exclude(
        status=Panelist.Status.CONFLICTED
    )
    return _unjudged().filter(Exists(suspects))


def with_prices_to_open() -> QuerySet[Project]:
    """Projects under two envelopes whose quality is agreed and whose prices did not open with it. One statement."""
    valid = Bid.objects.opened().filter(project=OuterRef("pk"), status=Bid.Status.VALID)
    waiting = valid.filter(price_opened_at=None, quality_points__gte=OuterRef("pass_mark"))
    return Project.objects.filter(
        Exists(waiting),
        ~Exists(valid.filter(quality_points=None)),
        two_envelopes=True,
        status=Project.Status.EVALUATING,
    )


# ------------------------------------------------------------------ conflicts the rules find


@dataclass(frozen=True, slots=True)
class FoundConflict:
    """A conflict that follows from memberships: with which bid, by which rule, through which ME."""

    person_id: UUID
    bid: Bid
    says: str
    firm: str

    @property
    def sentence(self) -> str:
        """Why somebody does not judge, for themselves."""
        return why(self.says, self.firm, bidder_name(self.bid))


def why(says: str, reason: str, bidder: str) -> str:
    """A conflict in words. reason: what was declared, or the ME that is shared."""
    words = {"me": reason, "bidder": bidder, "reason": reason}
    if says == Declaration.Says.MEMBER:
        return (
            _("A member of %(me)s, which bids, now or from a later date on, does not judge its bid or its rivals'.")
            % words
        )
    if says == Declaration.Says.WAS_MEMBER:
        return _("Who was a member of %(me)s not long ago does not judge its bid or those of its rivals.") % words
    if says == Declaration.Says.SHARES_ME:
        return _("Who is in %(me)s together with the author of the bid of %(bidder)s does not judge here.") % words
    return _("Conflict of interest with %(bidder)s: %(reason)s") % words


def found_conflicts(people: Iterable[UUID], bids: Sequence[Bid], on: date) -> list[FoundConflict]:
    """What memberships say about people and the bidders they would judge; at most one conflict each. Two statements.

    Somebody who is, will be, or was within the dated number of days a member of a bidding ME, or is or will be in any
    ME together with the author of a bid, has a conflict.
    """
    wanted = set(people)
    if not wanted or not bids:
        return []
    since = on - timedelta(days=parameters.value("conflict_lookback_days", on=on))
    authors = {bid.author_id for bid in bids if bid.author_id is not None}
    rows = [
        row
        for row in Membership.objects.filter(person__in=wanted | authors).select_related("microenterprise")
        if row.ended_on is None or row.ended_on > since
    ]
    lasting = [row for row in rows if row.ended_on is None or row.ended_on > on]
    by_firm = {bid.microenterprise_id: bid for bid in bids if bid.microenterprise_id is not None}
    bid_of = {bid.author_id: bid for bid in bids}
    authored = {row.microenterprise_id: bid_of[row.person_id] for row in lasting if row.person_id in authors}
    found: dict[UUID, FoundConflict] = {}
    for row in sorted(rows, key=lambda row: (row.ended_on is not None, str(row.microenterprise_id))):
        if row.person_id not in wanted or row.person_id in found:
            continue
        bid = by_firm.get(row.microenterprise_id)
        now = row in lasting
        if bid is not None:
            says = Declaration.Says.MEMBER if now else Declaration.Says.WAS_MEMBER
            found[row.person_id] = FoundConflict(row.person_id, bid, says, row.microenterprise.name)
        elif now and row.microenterprise_id in authored:
            shared = authored[row.microenterprise_id]
            found[row.person_id] = FoundConflict(
                row.person_id, shared, Declaration.Says.SHARES_ME, row.microenterprise.name
            )
    return list(found.values())


def conflicts_of(panel: Panel, bids: Sequence[Bid], on: date) -> dict[UUID, str]:
    """Who of the judging panel the rules find in a conflict, with the sentence. Two statements."""
    judging = [seat.person_id for seat in panel.judging]
    return {found.person_id: found.sentence for found in found_conflicts(judging, to_judge(bids), on)}


def conflicts_of_steward(who: Standing, bids: Sequence[Bid]) -> dict[UUID, str]:
    """The same of a steward who says who judges; asked of nobody else. Two statements."""
    asked = [who.user.pk] if who.user.has_role(Role.STEWARD) else []
    return {found.person_id: found.sentence for found in found_conflicts(asked, to_judge(bids), who.on)}


@dataclass(frozen=True, slots=True)
class Known:
    """A declared or found conflict as the page tells it."""

    name: str
    sentence: str
    by: str
    at: object


def known_conflicts(project: Project) -> list[Known]:
    """The conflicts of a panel, oldest first. One statement."""
    rows = (
        Declaration.objects.filter(panelist__project=project)
        .exclude(says=Declaration.Says.NONE)
        .select_related("panelist__person", "bid__microenterprise", "bid__vendor", "made_by")
    )
    return [
        Known(
            row.panelist.person.name,
            why(row.says, row.reason, bidder_name(row.bid) if row.bid is not None else ""),
            row.made_by.name if row.made_by is not None else "",
            row.made_at,
        )
        for row in rows
    ]


def open_request(project: Project) -> ReplacementRequest | None:
    """What the buyer asked the steward for and nobody has answered. One statement."""
    waiting = ReplacementRequest.objects.filter(project=project, panelist=None)
    return waiting.select_related("asked_by").first()


# ------------------------------------------------------------------ side by side


@dataclass(frozen=True, slots=True)
class Given:
    """What one panelist gave on one criterion. `void`: it does not count because of a conflict of interest."""

    name: str
    points: int
    reason: str
    void: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One criterion of one bid: every panelist's points, their mean rounded down, and how far they lie apart."""

    criterion: Criterion
    given: tuple[Given, ...]

    @property
    def alone(self) -> tuple["Compared", ...]:
        """This one criterion, for a template that shows several."""
        return (self,)

    @property
    def counted(self) -> list[int]:
        return [one.points for one in self.given if not one.void]

    @property
    def mean(self) -> int | None:
        return sum(self.counted) // len(self.counted) if self.counted else None

    @property
    def spread(self) -> int | None:
        return max(self.counted) - min(self.counted) if self.counted else None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One bid with all that the panel gave it, and in words what nobody judges."""

    bid: Bid
    name: str
    rows: tuple[Compared, ...]
    given: str


def side_by_side(project: Project, bids: Iterable[Bid], criteria: Sequence[Criterion]) -> list[SideBySide]:
    """The points of everybody, by bid and criterion; empty rows while they are sealed. One statement."""
    given: dict[tuple[UUID, int], list[Given]] = {}
    scores = Score.objects.filter(panelist__project=project).select_related("panelist__person")
    for row in scores.order_by("panelist__person__name", "pk"):
        one = Given(row.panelist.person.name, row.points, row.reason, row.voided_at is not None)
        given.setdefault((row.bid_id, row.criterion_id), []).append(one)
    return [
        SideBySide(
            bid,
            bidder_name(bid),
            tuple(Compared(each, tuple(given.get((bid.pk, each.pk), ()))) for each in for_panel(criteria)),
            given_points(bid),
        )
        for bid in bids
    ]


Place = tuple[UUID, int]
"""A bid and the place of a criterion."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The figures on the table: whose, and who has confirmed them."""

    consensus: Consensus
    confirmed: tuple[UUID, ...]

    @property
    def missing(self) -> int:
        """How many more have to confirm."""
        return max(0, self.consensus.needed - len(self.confirmed))

    def figures(self) -> dict[Place, tuple[int, str]]:
        """What is proposed: points and reason. One statement."""
        lines = self.consensus.lines.values_list("bid_id", "criterion__place", "points", "reason")
        return {(bid, place): (points, reason) for bid, place, points, reason in lines}


def proposed_for(project: Project) -> Proposed | None:
    """The live proposal or the agreed figures. One statement."""
    confirmations = Confirmation.objects.filter(consensus=OuterRef("pk"))
    found = (
        Consensus.objects.filter(project=project)
        .exclude(status=Consensus.Status.DROPPED)
        .select_related("proposed_by")
        .annotate(confirmed_rows=ArraySubquery(confirmations.values("confirmed_by")))
        .first()
    )
    return None if found is None else Proposed(found, tuple(found.confirmed_rows))


# ------------------------------------------------------------------ sentences


def state_of(panel: Panel, proposed: Proposed | None) -> str:
    """Where the panel stands and who is awaited, in one sentence."""
    if panel.agreed:
        return _("The panel has agreed on the quality of every bid.")
    if panel.vacant:
        return _("Everybody on the panel has a conflict of interest. The buyer asks the steward for a new member.")
    if panel.awaited:
        return _("Points are given apart and stay sealed until everybody has given theirs. Waiting for %(names)s.") % {
            "names": ", ".join(seat.name for seat in panel.awaited)
        }
    if proposed is None:
        return _("Everybody has given their points. One of the panel proposes a figure; the others confirm it.")
    names = [seat.name for seat in panel.judging if seat.person_id not in _done(proposed)]
    return ngettext(
        "%(who)s proposed figures; %(count)s more has to confirm them. Waiting for %(names)s.",
        "%(who)s proposed figures; %(count)s more have to confirm them. Waiting for %(names)s.",
        proposed.missing,
    ) % {"who": proposed.consensus.proposed_by.name, "count": proposed.missing, "names": ", ".join(names)}


def _done(proposed: Proposed) -> set[UUID]:
    return {proposed.consensus.proposed_by_id, *proposed.confirmed}
