"""Who may bid, and why an ME may not (rules 3, 4 and 6). What was bid is asked nowhere here."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from contracts.lifecycle import Phase, phase
from contracts.models import Bid, InvitedFirm, InvitedVendor, Panelist, Project, Vendor
from contracts.models.vendors import Bidder
from contracts.permissions.standing import Standing
from core import money
from core.errors import Denied, Invalid, InvalidTransition, TooLate
from core.words.instants import exact
from microenterprises.models import Membership, Microenterprise
from people.models import User

Barred = Mapping[UUID, str]
"""MEs that may not bid on a project, each with the sentence that says why."""


def barred(project: Project, who: Standing) -> Barred:
    """Which of the MEs and teams that somebody leads are kept out: by who judges, accepts or awards, because who leads
    it is to join the buyer, because it is not invited, or because it is a team that may not bid here, or not yet. One
    statement.

    A place ties to an ME from when it is agreed on, also where it begins later.
    """
    judges = (
        Q(person__in=Panelist.objects.filter(project=project).values("person"))
        | Q(person__in=_leaders_of_buyer(project, who))
        | Q(person__in=[pk for pk in (project.acceptor_id, project.published_by_id) if pk is not None])
    )
    lasting = Membership.objects.lasting(who.on)
    keepers = lasting.filter(
        judges | Q(person=who.user, person__in=lasting.filter(microenterprise=project.buyer_id).values("person")),
        microenterprise=OuterRef("pk"),
    ).order_by("person__name")
    rows = Microenterprise.objects.filter(pk__in=[firm.pk for firm in who.bidding_mes]).annotate(
        keeper=Subquery(keepers.values("person__name")[:1]),
        is_invited=Exists(InvitedFirm.objects.filter(project=project, microenterprise=OuterRef("pk"))),
    )
    found = _barred_teams(project, who)
    for pk, name, keeper, is_invited in rows.values_list("pk", "name", "keeper", "is_invited"):
        if keeper is not None:
            found[pk] = _(
                "%(person)s, who judges, accepts or awards here or will be with the buyer, is or will be a member of "
                "%(me)s, so %(me)s cannot bid. Nobody buys from themselves."
            ) % {"person": keeper, "me": name}
        elif project.admission == Project.Admission.INVITED and not is_invited:
            found[pk] = _("Only the MEs that the buyer invited bid here; %(me)s is not on the list.") % {"me": name}
    return found


def _barred_teams(project: Project, who: Standing) -> dict[UUID, str]:
    """Teams of the talent pool that this project does not admit, or that have too few people to bid on any."""
    found = {
        team.pk: _("%(me)s has too few people to bid: a team bids from %(count)s people on. Open a seat and invite.")
        % {"me": team.name, "count": who.small_teams[team.pk]}
        for team in who.led_teams
        if team.pk in who.small_teams
    }
    if not project.teams_may_bid:
        for team in who.led_teams:
            found[team.pk] = _(
                "This project is for launched MEs; its buyer does not admit teams of the talent pool such as %(me)s."
            ) % {"me": team.name}
    return found


def check_time(project: Project, now: datetime) -> None:
    """Bids are taken from `opens_at` on and until the deadline; at the deadline exactly it is late."""
    here = phase(project, now)
    if here is Phase.OPEN:
        return
    if here is Phase.SCHEDULED and project.opens_at is not None:
        raise InvalidTransition(
            _("Bids are taken from %(start)s on. Come back then.") % {"start": exact(project.opens_at)}
        )
    if here is Phase.DRAFT:
        raise InvalidTransition(_("This project is a draft; bids are taken once it is published."))
    if here is Phase.CANCELLED:
        raise InvalidTransition(_("This project was cancelled, so bids are no longer taken or changed."))
    raise TooLate(
        _("The deadline was %(deadline)s. From that instant on no bid is taken, changed or withdrawn.")
        % {"deadline": exact(project.deadline)},
        deadline=project.deadline.isoformat(),
    )


def check_bid(project: Project, firm: Bidder, who: Standing, *, barred: Barred, now: datetime) -> None:
    """Whether somebody may submit or revise for `firm` now. Raises Denied, InvalidTransition, TooLate.

    A vendor has no members inside, so no circle of the buyer or the panel keeps it out; it must be invited (rule 9).
    """
    check_time(project, now)
    if isinstance(firm, Vendor):
        _check_vendor(project, firm, who)
        return
    if not who.leads(firm.pk):
        raise Denied(_("Only the leader of %(me)s submits bids for it.") % {"me": firm.name})
    _check_not_own(project, firm, who, barred)
    if firm.currency != project.currency:
        raise Denied(
            _(
                "This project is paid in %(project)s and %(me)s keeps its books in %(own)s. The market exchanges "
                "nothing, so only MEs with books in %(project)s bid."
            )
            % {"project": project.currency, "own": firm.currency, "me": firm.name}
        )


def check_bid_somehow(project: Project, who: Standing, *, barred: Barred, now: datetime) -> None:
    """Whether somebody may bid for any ME they lead. Raises the refusal of the first when for none."""
    check_time(project, now)
    if not who.bidders:
        raise Denied(
            _("Only the leader of an active ME or of a team submits bids. Show this project to the leader of yours.")
        )
    refusals: list[Denied] = []
    for firm in who.bidders:
        try:
            check_bid(project, firm, who, barred=barred, now=now)
        except Denied as refusal:
            refusals.append(refusal)
        else:
            return
    raise refusals[0]


def bidding_firms(project: Project, who: Standing, *, barred: Barred, now: datetime) -> list[Bidder]:
    """The MEs, or the vendor, somebody may bid for now; empty when none."""
    found: list[Bidder] = []
    for firm in who.bidders:
        try:
            check_bid(project, firm, who, barred=barred, now=now)
        except (Denied, InvalidTransition):
            continue
        found.append(firm)
    return found


def check_same_holder(bid: Bid, person: User) -> None:
    """What was sealed before the address of an account changed stays closed to it: whoever keeps accounts could give
    one another address, have its password set anew there, and read (rule 2). Raises Denied.
    """
    changed = person.address_changed_at
    if changed is not None and bid.submitted_at <= changed:
        raise Denied(
            _(
                "The address of your account changed %(instant)s, after this bid was sealed, so what it says stays "
                "closed to you until it is opened. It still counts. You can replace it by a new one or withdraw it."
            )
            % {"instant": exact(changed)}
        )


def check_price(project: Project, price_minor: int, ceiling: str) -> None:
    """1 up to the ceiling (rule 4). `ceiling`: the ceiling as a reader sees it."""
    if price_minor <= 0:
        raise Invalid(_("A price is more than zero."), field="price")
    money.check_size(price_minor, field="price")
    if project.ceiling_minor is not None and price_minor > project.ceiling_minor:
        raise Invalid(_("The ceiling is %(ceiling)s; a bid above it is refused.") % {"ceiling": ceiling}, field="price")


def _check_vendor(project: Project, vendor: Vendor, who: Standing) -> None:
    if not who.leads(vendor.pk):
        raise Denied(_("Only who signs in for %(vendor)s submits bids for it.") % {"vendor": vendor.name})
    if not InvitedVendor.objects.filter(project=project, vendor=vendor).exists():
        raise Denied(_("The buyer has not invited %(vendor)s to this project.") % {"vendor": vendor.name})


def _check_not_own(project: Project, firm: Microenterprise, who: Standing, barred: Barred) -> None:
    if firm.pk == project.buyer_id or who.belongs_to(project.buyer_id):
        raise Denied(_("This is a project of your own ME. Nobody buys from themselves."))
    if firm.pk in barred:
        raise Denied(barred[firm.pk])


def _leaders_of_buyer(project: Project, who: Standing) -> "object":
    return Membership.objects.lasting(who.on).filter(microenterprise=project.buyer_id, is_lead=True).values("person")
