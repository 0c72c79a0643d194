"""Who may do what with a contract, and why somebody may not. When it may happen is in `contracts.lifecycle`.

Every check takes the reader's `Place`, which is read once per page or action, so that a page can ask all of them
without another statement.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import DateField, Exists, OuterRef, Q, QuerySet, UUIDField
from django.utils.translation import gettext as _

from contracts.lifecycle import CONTRACT, MILESTONE
from contracts.models import (
    Contract,
    ContractVersion,
    Declaration,
    Milestone,
    Rating,
    Signature,
    VendorSeat,
)
from contracts.models.contracts import Party
from contracts.models.vendors import Bidder
from contracts.permissions.parts import decided
from core.errors import Denied, InvalidTransition, TooLate
from core.prepared import Asked, Bound
from core.words.instants import exact
from microenterprises.models import Membership
from people.models import Role, User


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands towards one contract on a day: which parties they are a member of, which they lead, and
    for which they have acted in it, whatever they are a member of by now.

    decided: they made, agreed with or ended an award of the project. tied: they have a known conflict of interest with
    the supplier, or a place in it, also one that begins later.
    """

    person_id: UUID
    is_steward: bool
    serves: frozenset[str]
    leads: frozenset[str]
    acted: frozenset[str] = frozenset()
    decided: bool = False
    tied: bool = False

    @property
    def is_member(self) -> bool:
        return bool(self.serves)


def place(contract: Contract, user: User, on: date) -> Place:
    """Read the place of `user` towards `contract` on a business date. Two statements, for a vendor one."""
    if user.is_vendor:
        seats = VendorSeat.objects.filter(person=user, vendor=contract.supplier_vendor_id)
        return made_of(contract, user, dict.fromkeys(seats.values_list("vendor_id", flat=True), True), {})
    rows = (
        Membership.objects.active(on)
        .filter(person=user, microenterprise__in=(contract.buyer_id, contract.supplier_id))
        .values_list("microenterprise_id", "is_lead")
    )
    asked: Asked[Contract] = Asked(_part, "part in a contract", {"reader": user.pk, "on": on, "contract": contract.pk})
    (part,) = asked.rows()
    return made_of(contract, user, dict(rows), vars(part))


def _part() -> QuerySet[Contract]:
    part = part_in(Bound("reader", UUIDField()), Bound("on", DateField()))
    return Contract.objects.filter(pk=Bound("contract", UUIDField())).annotate(**part).only("pk")


def part_in(user: User | Bound, on: date | Bound) -> dict[str, Q]:
    """Of a search for contracts: what `user` has had to do with each, as `made_of` takes it; on a business date."""
    known = Declaration.objects.filter(panelist__project=OuterRef("project"), panelist__person=user)
    places = Membership.objects.lasting(on).filter(person=user, microenterprise=OuterRef("supplier"))
    return {
        Party.BUYER.value + "_acted": _has_acted(user, Party.BUYER),
        Party.SUPPLIER.value + "_acted": _has_acted(user, Party.SUPPLIER),
        "decided": Q(Exists(decided(OuterRef("project"), user))),
        "tied": Q(Exists(known.filter(bid=OuterRef("award__bid")))) | Q(Exists(places)),
    }


def _has_acted(user: User | Bound, party: Party) -> Q:
    """Whether `user` has acted for this party, in the award or since; what was taken back binds nobody.

    The award and its contract are made for the buyer, the bid for the supplier.
    """
    deeds = [
        Signature.objects.filter(version__contract=OuterRef("pk"), party=party, signed_by=user),
        ContractVersion.objects.filter(contract=OuterRef("pk"), party=party, created_by=user),
        Rating.objects.filter(contract=OuterRef("pk"), party=party, rated_by=user),
    ]
    # A milestone that fell with its contract was decided by whoever ended that, for whichever side.
    milestones = Milestone.objects.filter(contract=OuterRef("pk")).exclude(status=Milestone.Status.CANCELLED)
    deeds.append(milestones.filter(decided_by=user) if party == Party.BUYER else milestones.filter(submitted_by=user))
    began = Q(award__awarded_by=user) if party == Party.BUYER else Q(award__bid__author=user)
    return Q(*map(Exists, deeds), began, Q(end_proposed_for=party, end_proposed_by=user), _connector=Q.OR)


def made_of(contract: Contract, user: User, memberships: dict[UUID, bool], part: Mapping[str, bool]) -> Place:
    """A place from what is known already: the ids of the reader's MEs and whether they lead each, and what `part_in`
    found. Who signs in for a vendor speaks for it as a leader does for an ME.

    The auditor reads everything and changes nothing: they serve and lead no party, even where they are a member.
    """
    if user.has_role(Role.AUDITOR):
        return Place(person_id=user.pk, is_steward=False, serves=frozenset(), leads=frozenset())
    sides = {Party.BUYER.value: contract.buyer_id, Party.SUPPLIER.value: contract.seller_id}
    return Place(
        person_id=user.pk,
        is_steward=user.has_role(Role.STEWARD),
        serves=frozenset(party for party, me in sides.items() if me in memberships),
        leads=frozenset(party for party, me in sides.items() if me is not None and memberships.get(me)),
        acted=frozenset(party for party in sides if part.get(party + "_acted")),
        decided=part.get("decided", False),
        tied=part.get("tied", False),
    )


def firm(contract: Contract, party: str) -> Bidder:
    """The ME, or outside vendor, that is this party."""
    return contract.buyer if party == Party.BUYER else contract.seller


def other(party: str) -> str:
    """The party across the table."""
    return Party.SUPPLIER.value if party == Party.BUYER else Party.BUYER.value


def signing_ends(contract: Contract, signing_days: int) -> datetime:
    """The instant from which an unsigned contract is void."""
    return contract.signing_from + timedelta(days=signing_days)


# ------------------------------------------------------------------ signing


def check_party(contract: Contract, place: Place) -> str:
    """The one party somebody speaks for. Raises Denied for everybody else, and for who leads both sides."""
    if len(place.leads) == 2:
        raise Denied(
            _("You lead both parties. Nobody buys from themselves: another leader must speak for one of them.")
        )
    if not place.leads:
        raise Denied(
            _("Only the leaders of %(buyer)s and %(supplier)s can do this.")
            % {"buyer": contract.buyer.name, "supplier": contract.supplier_name}
        )
    party = next(iter(place.leads))
    check_one_side(contract, place, party)
    return party


def check_one_side(contract: Contract, place: Place, party: str) -> None:
    """Who has acted for one party of a contract never acts for the other, whatever they are a member of by now."""
    if other(party) in place.acted:
        raise Denied(
            _(
                "You have acted for %(other)s in this contract, and nobody acts for both parties: "
                "somebody else must act for %(me)s."
            )
            % {"other": firm(contract, other(party)).name, "me": firm(contract, party).name}
        )


def check_sign(contract: Contract, place: Place, signed: Collection[str], *, now: datetime, until: datetime) -> str:
    """Leaders sign for their party, each version once, in time. Returns the party. `signed`: the parties that have."""
    party = check_party(contract, place)
    CONTRACT.check(contract.status, "activate")
    if party in signed:
        raise InvalidTransition(
            _("%(me)s has signed this version; it now waits for %(other)s.")
            % {"me": firm(contract, party).name, "other": firm(contract, other(party)).name}
        )
    _check_in_time(now, until)
    if party == Party.SUPPLIER and contract.supplier is not None and contract.supplier.is_team:
        raise InvalidTransition(
            _("%(me)s is a team that is not launched yet, and only an ME signs. Launch the team as an ME first.")
            % {"me": contract.supplier.name}
        )
    return party


def check_change(contract: Contract, place: Place, *, now: datetime, until: datetime) -> str:
    """While signatures are awaited, either leader proposes another version, in time."""
    party = check_party(contract, place)
    if contract.status != Contract.Status.SIGNING:
        raise InvalidTransition(_("All parties have signed these words, so they are frozen."))
    _check_in_time(now, until)
    return party


def _check_in_time(now: datetime, until: datetime) -> None:
    if now >= until:
        raise TooLate(_("The days for signing are over, so this contract is void. The buyer can post it again."))


def check_decline(contract: Contract, place: Place) -> str:
    """While signatures are awaited, either leader may say no; the contract is then void."""
    party = check_party(contract, place)
    CONTRACT.check(contract.status, "void")
    return party


# ------------------------------------------------------------------ work


def check_deliver(contract: Contract, milestone: Milestone, place: Place) -> None:
    """Members of the supplier deliver, while the contract is active."""
    if Party.SUPPLIER.value not in place.serves:
        raise Denied(_("Members of %(supplier)s deliver this milestone.") % {"supplier": contract.supplier_name})
    check_one_side(contract, place, Party.SUPPLIER)
    _check_active(contract)
    if milestone.status == Milestone.Status.SUBMITTED:
        raise InvalidTransition(
            _("This milestone is delivered and waits for %(acceptor)s.") % {"acceptor": contract.acceptor.name}
        )
    MILESTONE.check(milestone.status, "submit")


def silence_ends(milestone: Milestone, silence_days: int) -> datetime | None:
    """The instant from which a delivery without a decision counts as accepted; None when nothing is delivered."""
    return milestone.submitted_at and milestone.submitted_at + timedelta(days=silence_days)


def check_decide(
    contract: Contract, milestone: Milestone, place: Place, *, now: datetime, until: datetime | None
) -> None:
    """The named acceptor decides: a member of the buyer, not tied to the supplier, without part in the award (rule 6).

    until: when the silence after the delivery is over, and accepts it instead (rule 8).
    """
    if place.person_id != contract.acceptor_id:
        raise Denied(
            _("%(acceptor)s decides on this work for %(buyer)s.")
            % {"acceptor": contract.acceptor.name, "buyer": contract.buyer.name}
        )
    if Party.BUYER.value not in place.serves:
        raise Denied(
            _("You are no longer a member of %(buyer)s. Its leader can name who accepts instead.")
            % {"buyer": contract.buyer.name}
        )
    if Party.SUPPLIER.value in place.serves:
        raise Denied(
            _("You are a member of %(supplier)s: nobody accepts their own work.") % {"supplier": contract.supplier_name}
        )
    if place.decided:
        raise Denied(_("You took part in the award of this project. Who awards is not who accepts."))
    if place.tied:
        raise Denied(
            _(
                "You have a conflict of interest with %(supplier)s. "
                "The leader of %(buyer)s can name who accepts instead."
            )
            % {"supplier": contract.supplier_name, "buyer": contract.buyer.name}
        )
    check_one_side(contract, place, Party.BUYER)
    _check_active(contract)
    if milestone.status in (Milestone.Status.SCHEDULED, Milestone.Status.REJECTED):
        raise InvalidTransition(
            _("Nothing is delivered for this milestone yet; %(supplier)s delivers it with evidence.")
            % {"supplier": contract.supplier_name}
        )
    MILESTONE.check(milestone.status, "accept")
    if until is not None and now >= until:
        raise TooLate(
            _(
                "“%(title)s” counts as accepted by silence since %(until)s, because nobody decided on it before. "
                "%(supplier)s is paid for it by itself; there is nothing left to decide."
            )
            % {"title": milestone.title, "until": exact(until), "supplier": contract.supplier_name}
        )


def why_not_accept(contract: Contract, name: str, theirs: Place) -> str:
    """Why the person of this name and place cannot be who accepts; empty when they can."""
    words = {"name": name, "buyer": contract.buyer.name, "supplier": contract.supplier_name}
    if theirs.serves != {Party.BUYER.value}:
        return _("%(name)s cannot accept: it takes a member of %(buyer)s who is not a member of %(supplier)s.") % words
    if theirs.decided:
        return _("%(name)s took part in the award of this project. Who awards is not who accepts.") % words
    if theirs.tied:
        return _("%(name)s cannot accept because of a conflict of interest with %(supplier)s.") % words
    if Party.SUPPLIER.value in theirs.acted:
        return _("%(name)s has acted for %(supplier)s in this contract, and nobody acts for both parties.") % words
    return ""


def check_name_acceptor(contract: Contract, place: Place) -> None:
    """The buyer's leader names another acceptor while there is work to accept."""
    if place.leads != {Party.BUYER.value}:
        raise Denied(_("The leader of %(buyer)s names who accepts.") % {"buyer": contract.buyer.name})
    check_one_side(contract, place, Party.BUYER)
    _check_active(contract)


def _check_active(contract: Contract) -> None:
    if contract.status == Contract.Status.SIGNING:
        raise InvalidTransition(_("Work starts when both parties have signed."))
    if contract.status != Contract.Status.ACTIVE:
        raise InvalidTransition(_("This contract has ended; its milestones do not change any more."))


# ------------------------------------------------------------------ the end


def check_terminate(contract: Contract, place: Place) -> None:
    """The steward ends a contract for a reason; leaders propose it to each other."""
    if not place.is_steward:
        raise Denied(_("The steward can end a contract alone; leaders end it together."))
    if place.serves:
        raise Denied(_("You are a member of a party, so another steward must rule on this contract."))
    CONTRACT.check(contract.status, "terminate")


def check_propose_end(contract: Contract, place: Place) -> str:
    """A leader proposes the end, or agrees to what the other leader proposed."""
    party = check_party(contract, place)
    CONTRACT.check(contract.status, "terminate")
    if contract.end_proposed_for == party:
        raise InvalidTransition(
            _("You proposed the end of this contract; it now waits for %(other)s.")
            % {"other": firm(contract, other(party)).name}
        )
    return party


def check_withdraw_end(contract: Contract, place: Place) -> str:
    """The party that proposed the end may take the proposal back."""
    party = check_party(contract, place)
    if contract.end_proposed_for != party:
        raise InvalidTransition(_("Your side has not proposed to end this contract."))
    CONTRACT.check(contract.status, "terminate")
    return party


def check_rate(contract: Contract, place: Place, rated: Collection[str]) -> str:
    """After completion each side rates once: the buyer's acceptor or leader, the supplier's leader."""
    party = _rater(contract, place)
    check_one_side(contract, place, party)
    if contract.status != Contract.Status.COMPLETED:
        raise InvalidTransition(_("Both sides rate the work once the contract is completed."))
    if party in rated:
        raise InvalidTransition(_("%(me)s has given its rating.") % {"me": firm(contract, party).name})
    return party


def _rater(contract: Contract, place: Place) -> str:
    if len(place.serves) < 2:
        accepts = place.person_id == contract.acceptor_id and Party.BUYER.value in place.serves
        if accepts or Party.BUYER.value in place.leads:
            return Party.BUYER.value
        if Party.SUPPLIER.value in place.leads:
            return Party.SUPPLIER.value
    raise Denied(
        _("%(acceptor)s or the leader of %(buyer)s rates for the buyer, the leader of %(supplier)s for the supplier.")
        % {"acceptor": contract.acceptor.name, "buyer": contract.buyer.name, "supplier": contract.supplier_name}
    )
