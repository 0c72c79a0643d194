"""The verbs of a project: draft, edit, publish, cancel.

Every verb locks the project's row first and judges by the market's clock read under that lock; bids (`actions.bids`)
and their opening (`actions.openings`) take the same lock, so that nothing slips in between the deadline and the
opening. What is decided for whom stands in `actions.awards`.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import criteria, proposed, scoring, sealing
from contracts.actions import holds, releases, vendor_mails
from contracts.bidders import hold_firms, speakers
from contracts.criteria import CriterionDraft
from contracts.drafts import check_seen
from contracts.lifecycle import PROJECT
from contracts.measures import NO_MEASURE, Measure, write_measure
from contracts.models import InvitedFirm, LotSet, Panelist, Project
from contracts.models.vendors import Bidder
from contracts.permissions import projects as permissions
from contracts.permissions.lots import check_alone
from contracts.permissions.standing import standing_of, too_small_to_bid
from contracts.proposed import Proposed
from contracts.ranking import needs_quality, rule_of
from core import audit, money, parameters
from core.clock import business_date, market_now
from core.errors import Invalid
from core.words.instants import exact
from microenterprises.models import Membership, Microenterprise
from people.models import Role, Skill, User
from people.notices import tell

LARGEST_PANEL = 9
FEWEST_INVITED = 2


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """What a draft says. Instants are aware; money in minor units of the buyer's currency; weight in basis points.

    `opens_at` None means: as soon as it is published. `success_measure` empty is made of `measure`. A draft may be
    incomplete; publication asks for the rest.
    """

    title: str
    need: str
    success_measure: str
    ceiling_minor: int | None
    deadline: datetime
    deadline_zone: str
    opens_at: datetime | None = None
    method: str = Project.Method.LOWEST_PRICE
    price_weight_bp: int = scoring.FULL
    pass_mark: int = 0
    acceptor: User | None = None
    panel: Sequence[User] = ()
    skills: Sequence[Skill] = ()
    book: str = "real"
    measure: Measure = NO_MEASURE
    milestones: Sequence[Proposed] = ()
    admission: str = Project.Admission.OPEN
    teams_may_bid: bool = True
    invited: Sequence[Microenterprise] = ()
    criteria: Sequence[CriterionDraft] = ()
    two_envelopes: bool = False


# ------------------------------------------------------------------ what the verbs share


def locked(project: Project) -> Project:
    """The project as it is now, its row locked until the transaction ends. Read the clock after this, never before."""
    return (
        Project.objects.select_for_update(of=("self",), no_key=True)
        .select_related("buyer", "acceptor", "published_by")
        .get(pk=project.pk)
    )


def locked_with_lots(lot_set: UUID | None) -> list[Project]:
    """All lots of a set as `locked` gives one, their rows locked in the order of their numbers; none without a set."""
    if lot_set is None:
        return []
    rows = Project.objects.select_for_update(of=("self",), no_key=True).filter(lot_set=lot_set)
    return list(rows.select_related("buyer", "acceptor", "published_by").order_by("lot_number"))


def record(project: Project, deed: str, *, by: User | None, **facts: object) -> None:
    """One line in the project's trail, and a release if anything changed that others read."""
    audit.record(by=by, deed=f"project.{deed}", subject=subject(project), about=project.title, **facts)
    releases.note_project(project, deed)


def subject(project: Project) -> str:
    """How the trail names a project."""
    return f"project:{project.pk}"


def link(project: Project) -> str:
    """The page of a project."""
    return f"/projects/{project.pk}/"


def leaders(firms: Iterable[Bidder | None], now: datetime) -> list[User]:
    """Who leads these MEs, and who signs in for the vendors among them, today."""
    return speakers(firms, business_date(now))


# ------------------------------------------------------------------ draft


@transaction.atomic
def create_draft(
    *, buyer: Microenterprise, draft: ProjectDraft, by: User, lot: tuple[LotSet | None, int | None] = (None, None)
) -> Project:
    """Write a need down. Only members of the buyer see it until it is published. Raises Denied, Invalid.

    lot: the set it is a lot of, and its number there (`actions.lots`).
    """
    now = market_now()
    who = standing_of(by, business_date(now))
    permissions.check_draft(who)
    permissions.check_draft_for(buyer, who)
    project = Project(buyer=buyer, currency=buyer.currency, created_at=now, created_by=by)
    project.lot_set, project.lot_number = lot
    _write(project, draft)
    project.save(force_insert=True)
    _write_people(project, draft)
    record(project, "drafted", by=by)
    return project


@transaction.atomic
def edit(*, project: Project, draft: ProjectDraft, by: User) -> Project:
    """Replace what a draft says. Raises Denied, InvalidTransition (it is published, or a lot), Invalid."""
    project = locked(project)
    permissions.check_edit(project, standing_of(by, business_date(market_now())))
    check_alone(project)
    return rewrite(project, draft, by=by)


def rewrite(project: Project, draft: ProjectDraft, *, by: User) -> Project:
    """Write a draft over another. The caller holds its lock and has asked whether `by` may."""
    _write(project, draft)
    project.save()
    _write_people(project, draft)
    record(project, "edited", by=by)
    return project


def _write(project: Project, draft: ProjectDraft) -> None:
    check_draft(draft)
    project.title = " ".join(draft.title.split())
    project.need = draft.need.strip()
    write_measure(project, draft.measure, draft.success_measure)
    project.ceiling_minor = draft.ceiling_minor
    project.opens_at = draft.opens_at
    project.deadline = draft.deadline
    project.deadline_zone = draft.deadline_zone
    project.method = draft.method
    project.price_weight_bp = draft.price_weight_bp
    project.pass_mark = draft.pass_mark
    project.two_envelopes = draft.two_envelopes
    project.acceptor = draft.acceptor
    project.book = draft.book
    project.milestones = proposed.written(draft.milestones)
    project.admission, project.teams_may_bid = draft.admission, draft.teams_may_bid


def check_draft(draft: ProjectDraft) -> None:
    """Whether what is written contradicts itself. Raises Invalid; `field` says where."""
    if not draft.title.strip():
        raise Invalid(_("Give the project a title that says what is needed."), field="title")
    if len(draft.title) > 160:
        raise Invalid(_("The title is longer than 160 signs; the rest belongs into the need."), field="title")
    if draft.ceiling_minor is not None and draft.ceiling_minor <= 0:
        raise Invalid(_("A ceiling is more than zero."), field="ceiling")
    money.check_size(draft.ceiling_minor or 0, field="ceiling")
    if draft.opens_at is not None and draft.deadline <= draft.opens_at:
        raise Invalid(_("The deadline comes after the instant from which bids are taken."), field="deadline")
    if draft.method == Project.Method.LOWEST_PRICE and draft.price_weight_bp != scoring.FULL:
        raise Invalid(_("When the lowest price wins, price counts 100%."), field="price_weight")
    if draft.method == Project.Method.PRICE_QUALITY and not 0 < draft.price_weight_bp < scoring.FULL:
        raise Invalid(_("Give price a weight between 1% and 99%; quality gets the rest."), field="price_weight")
    if not 0 <= draft.pass_mark <= scoring.FULL:
        raise Invalid(_("A pass mark lies between 0 and 10,000 points."), field="pass_mark")
    proposed.check(draft.milestones)
    criteria.check(draft.criteria)
    if len(draft.panel) > LARGEST_PANEL:
        raise Invalid(_("A panel has at most %(count)s people.") % {"count": LARGEST_PANEL}, field="panel")


def _write_people(project: Project, draft: ProjectDraft) -> None:
    Panelist.objects.filter(project=project).delete()
    Panelist.objects.bulk_create(Panelist(project=project, person=person) for person in dict.fromkeys(draft.panel))
    criteria.write(project, draft.criteria)
    project.skills.set(draft.skills)
    InvitedFirm.objects.filter(project=project).delete()
    # A list that nobody goes by would only mislead its readers.
    invited = dict.fromkeys(draft.invited) if draft.admission == Project.Admission.INVITED else ()
    InvitedFirm.objects.bulk_create(InvitedFirm(project=project, microenterprise=firm) for firm in invited)


# ------------------------------------------------------------------ publication


@transaction.atomic
def publish(*, project: Project, by: User, seen: str | None = None) -> Project:
    """Publish a draft: its ceiling is held, its words, criteria, panel and acceptor are frozen, its draw is sealed.

    seen: `drafts.seen_of` when `by` read it; None: whatever it says now. Raises Denied, InvalidTransition (also for a
    lot, which is published with its set), ProjectChanged (meanwhile), Invalid (something is missing; `field` says
    what), InsufficientFunds.
    """
    hold_buyer(project)
    project = locked(project)
    now = market_now()
    permissions.check_publish(project, standing_of(by, business_date(now)))
    check_alone(project)
    check_seen([project], seen)
    named = put_up(project, by=by, now=now)
    _tell_named(project, named.panel, by)
    _tell_invited(project, named.invited, now)
    vendor_mails.tell_invited(project)
    return project


def hold_buyer(project: Project | LotSet) -> None:
    """An ME that is being wound up is waited for before a project of it is locked to be published: it cannot buy any
    more then. Its winding up locks in the same order."""
    if project.buyer_id is not None:
        hold_firms([project.buyer_id])


class Named(NamedTuple):
    """Who has a part in a project from its publication on."""

    panel: Sequence[User]
    invited: Sequence[Microenterprise]


def put_up(project: Project, *, by: User, now: datetime) -> Named:
    """What publication does to a draft. The caller holds its lock, has asked whether `by` may, and tells who is named.

    now: read under the lock. Raises Invalid, InsufficientFunds.
    """
    opens_at = max(project.opens_at or now, now)
    panel = [row.person for row in project.panel.select_related("person")]
    check_complete(project, opens_at, panel, by=by, now=now)
    invited = check_invited(project, on=business_date(now))
    holds.hold(project, by=by)
    sealing.keep_project_key(project.pk)
    seed = secrets.token_hex(32)
    PROJECT.move(
        project,
        "publish",
        opens_at=opens_at,
        published_at=now,
        published_by=by,
        draw_seed=seed,
        draw_commitment=scoring.commitment(seed),
    )
    record(
        project,
        "published",
        by=by,
        ceiling_minor=project.ceiling_minor,
        currency=project.currency,
        opens_at=opens_at.isoformat(),
        deadline=project.deadline.isoformat(),
        draw_commitment=project.draw_commitment,
        acceptor=str(project.acceptor_id),
        panel=[str(person.pk) for person in panel],
        invited=[str(firm.pk) for firm in invited],
        criteria=criteria.facts(project.criteria.order_by("place")),
        two_envelopes=project.two_envelopes,
        **lot_facts(project),
    )
    return Named(panel, invited)


def lot_facts(project: Project) -> dict[str, object]:
    """Of what it is a lot, and which, for the trail; nothing for a project without."""
    return {} if project.lot_set_id is None else {"lot_set": str(project.lot_set_id), "lot": project.lot_number}


def check_complete(project: Project, opens_at: datetime, panel: Sequence[User], *, by: User, now: datetime) -> None:
    """Whether a draft says everything bidders rely on. `opens_at`: the instant from which bids would be taken."""
    for field, value, sentence in (
        ("need", project.need, _("Say what is needed before you publish.")),
        ("success_measure", project.success_measure, _("Say what success means before you publish.")),
        ("ceiling", project.ceiling_minor, _("Set a ceiling before you publish; it is held from your wallet.")),
    ):
        if not value:
            raise Invalid(sentence, field=field)
    check_criteria(project, panel)
    for person in panel:
        check_judge(person, field="panel")
    criteria.check_counts(project)
    _check_acceptor(project, by, now)
    _check_deadline(project, opens_at, now)


def check_criteria(project: Project, panel: Sequence[User]) -> None:
    """Whether bids can be compared by what the project says. Raises Invalid."""
    try:
        rule_of(project)
    except ValueError as wrong:
        raise Invalid(_("The criteria contradict each other. Write them again."), field="method") from wrong
    if needs_quality(project) and not panel:
        raise Invalid(_("Quality counts, so name at least one person for the panel that judges it."), field="panel")
    if project.two_envelopes and not needs_quality(project):
        raise Invalid(
            _("Two envelopes need quality that counts: give it a weight or a pass mark, or open prices at once."),
            field="two_envelopes",
        )


def check_judge(person: User, *, field: str) -> None:
    """Whether somebody can be named for a panel at all. Raises Invalid with `field`."""
    if person.is_vendor or not person.is_active:
        raise Invalid(_("%(name)s cannot be on the panel.") % {"name": person.name}, field=field)
    if person.has_role(Role.AUDITOR):
        raise Invalid(
            _("%(name)s audits the market and takes no part in it. Name somebody else for the panel.")
            % {"name": person.name},
            field=field,
        )


def check_invited(project: Project, *, on: date) -> list[Microenterprise]:
    """The MEs invited to a project for invited MEs only, by name; none for one that is for every ME. Raises Invalid.

    Two at least that can bid on that date: a list of one would be a decision, not a competition. A team with too few
    people may be invited besides; it has until the deadline to find them.
    """
    if project.admission != Project.Admission.INVITED:
        return []
    invited = list(Microenterprise.objects.filter(pk__in=project.invited.values("microenterprise")).order_by("name"))
    for firm in invited:
        if firm.status == Microenterprise.Status.DISSOLVED:
            raise Invalid(
                _("%(me)s is dissolved and cannot bid. Invite another ME.") % {"me": firm.name}, field="invited"
            )
        if firm.is_team and not project.teams_may_bid:
            raise Invalid(
                _("%(me)s is a team of the talent pool. Let teams bid too, or invite another ME.") % {"me": firm.name},
                field="invited",
            )
        if firm.pk == project.buyer_id:
            raise Invalid(_("Nobody buys from themselves: take your own ME off the list."), field="invited")
        if firm.currency != project.currency:
            raise Invalid(
                _("%(me)s keeps its books in %(own)s and this project is paid in %(project)s. Invite another ME.")
                % {"me": firm.name, "own": firm.currency, "project": project.currency},
                field="invited",
            )
    if len(invited) < FEWEST_INVITED:
        raise Invalid(
            _("Invite at least %(count)s MEs, or let every ME bid.") % {"count": FEWEST_INVITED}, field="invited"
        )
    small = too_small_to_bid(invited, on)
    if len(invited) - len(small) < FEWEST_INVITED:
        raise Invalid(
            _("%(teams)s: too few people to bid yet. Invite at least %(count)s besides, or let every ME bid.")
            % {"teams": ", ".join(firm.name for firm in invited if firm.pk in small), "count": FEWEST_INVITED},
            field="invited",
        )
    return invited


def _check_acceptor(project: Project, by: User, now: datetime) -> None:
    if project.acceptor is None:
        raise Invalid(_("Name who accepts the work, a member of your ME other than you."), field="acceptor")
    if project.acceptor == by:
        raise Invalid(_("You award this project, so somebody else must accept the work."), field="acceptor")
    members = Membership.objects.active(business_date(now)).filter(microenterprise=project.buyer_id)
    place = members.filter(person=project.acceptor).first()
    if place is None:
        raise Invalid(
            _("%(name)s is not a member of your ME. Name a member who accepts the work.")
            % {"name": project.acceptor.name},
            field="acceptor",
        )
    if place.is_lead:
        raise Invalid(_("The leader awards, so somebody else must accept the work."), field="acceptor")


def _check_deadline(project: Project, opens_at: datetime, now: datetime) -> None:
    least = parameters.value("shortest_bidding_minutes", on=business_date(now))
    earliest = opens_at + timedelta(minutes=least)
    if project.deadline >= earliest:
        return
    time = ngettext("%(count)s minute", "%(count)s minutes", least) % {"count": least}
    raise Invalid(
        _("Bidders need at least %(time)s: set the deadline to %(earliest)s or later.")
        % {"time": time, "earliest": exact(earliest)},
        field="deadline",
    )


def _tell_named(project: Project, panel: Sequence[User], by: User) -> None:
    """The panel and the acceptor learn of their part; nobody learns of bids."""
    tell(
        [person for person in panel if person != by],
        lambda: (
            _("You are on the panel of “%(title)s” and will judge quality once its bids are open.")
            % {"title": project.title}
        ),
        link=link(project),
    )
    tell(
        [project.acceptor],
        lambda: _("You will accept the work of “%(title)s” for your ME.") % {"title": project.title},
        link=link(project),
    )


def _tell_invited(project: Project, invited: Sequence[Microenterprise], now: datetime) -> None:
    """Everybody reads who is invited, so this tells nothing of who bids."""
    tell(
        leaders(invited, now),
        lambda: _("Your ME is invited to bid on “%(title)s”.") % {"title": project.title},
        link=link(project),
    )


# ------------------------------------------------------------------ the end without award


@transaction.atomic
def cancel(*, project: Project, reason: str, by: User) -> Project:
    """Cancel a project that has no award. Its hold goes back; unopened bids stay sealed for ever.

    Raises Denied, InvalidTransition (it ended, or an award is on its way), Invalid without a reason.
    """
    project = locked(project)
    now = market_now()
    permissions.check_cancel(project, standing_of(by, business_date(now)))
    permissions.check_undecided(project)
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say why the project is cancelled; everybody reads it."), field="reason")
    was = project.status
    PROJECT.move(project, "cancel", ended_at=now, ended_reason=reason)
    if was != Project.Status.DRAFT:
        holds.release(project, by=by)
    record(project, "cancelled", by=by, reason=reason, was=was)
    # Only where bids are open: a notice to sealed bidders would tell who bid.
    if was == Project.Status.EVALUATING:
        firms = [bid.bidder for bid in project.bids.opened().select_related("microenterprise", "vendor")]
        tell(
            leaders(firms, now),
            lambda: _("“%(title)s” was cancelled: %(reason)s") % {"title": project.title, "reason": reason},
            link=link(project),
        )
    return project
