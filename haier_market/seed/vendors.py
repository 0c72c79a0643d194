"""One outside vendor of the demo: Vera Berg signs in for Nordfrost, which is invited to the cast's first open project
and has bid on the one that is being decided, beside MEs from inside. So its people, and the competitiveness of the MEs
it bid against, have something to show.
"""

import secrets
from datetime import timedelta
from typing import Final

from django.contrib.auth.hashers import make_password

from contracts import sealing
from contracts.models import Bid, InvitedVendor, Vendor, VendorInvitation, VendorSeat
from contracts.models.vendors import name_beside_firm
from core import past
from haier_market.seed.deals import Deal, Fate, iso
from haier_market.seed.people import PASSWORD
from haier_market.seed.world import World
from people.models import Role, User

NAME, COUNTRY = "Nordfrost AB", "SE"
PERSON, ADDRESS = "Vera Berg", "vera@nordfrost.example"
PRICE_PERCENT: Final = 66
"""Of the ceiling: between the first and the second of the MEs that bid there."""


def join(world: World, deal: Deal, sealer: sealing.Sealer) -> None:
    """Let the vendor take part in a project of the cast that is meant for it; every other project is left alone."""
    if deal.buyer is not world.firms[0] or deal.wish.bidders is None or deal.seal is None:
        return
    if deal.wish.fate is Fate.OPEN:
        vendor, vera = _founded(world, deal)
        _invite(world, deal, vendor, vera)
        _write_to(world, deal, vendor, vera)
    elif deal.wish.fate is Fate.EVALUATING and world.vendor is not None:
        vendor, vera = world.vendor
        _invite(world, deal, vendor, vera)
        _bid(world, deal, vendor, vera, sealer)


def _founded(world: World, deal: Deal) -> tuple[Vendor, User]:
    """The firm, and the first of the outside people there are, who can sign in from now on."""
    if world.vendor is None:
        vera = User.objects.filter(roles__contains=[Role.VENDOR.value]).order_by("email")[0]
        at = deal.project.created_at
        vendor = Vendor(name=NAME, country=COUNTRY, created_at=at, created_by_id=deal.buyer.lead.pk)
        vera.name, vera.email = name_beside_firm(PERSON, vendor), ADDRESS
        vera.password = make_password(PASSWORD)
        with past.at(at):  # before she bids: what was sealed before an address changed is closed to its account
            vera.save(update_fields=["name", "email", "password"])
        world.rows.add(vendor, VendorSeat(vendor_id=vendor.pk, person_id=vera.pk, seated_at=at))
        world.vendor = vendor, vera
    return world.vendor


def _invite(world: World, deal: Deal, vendor: Vendor, vera: User) -> None:
    at, lead = deal.project.created_at + timedelta(minutes=1), deal.buyer.lead
    world.rows.add(InvitedVendor(project_id=deal.project.pk, vendor_id=vendor.pk, invited_at=at, invited_by_id=lead.pk))
    world.trail.tell(
        at, lead, "project.vendor_invited", deal.subject, deal.project.title, vendor=str(vendor.pk), name=vendor.name
    )


def _write_to(world: World, deal: Deal, vendor: Vendor, vera: User) -> None:
    """The mail by whose link Vera signed in: the address by which the firm is known. Its hash is of no token."""
    at = deal.project.created_at + timedelta(minutes=1)
    world.rows.add(
        VendorInvitation(
            project_id=deal.project.pk, vendor_id=vendor.pk, email=ADDRESS, made_at=at, made_by_id=deal.buyer.lead.pk,
            token_sha256=f"{vendor.pk.hex}{deal.project.pk.hex}", sent_at=at, expires_at=at + timedelta(days=14),
            accepted_at=at, accepted_by_id=vera.pk,
        )
    )  # fmt: skip


def _bid(world: World, deal: Deal, vendor: Vendor, vera: User, sealer: sealing.Sealer) -> None:
    """A sealed bid that is opened with the others, as `projects` plans theirs."""
    project = deal.project
    if deal.seal is None or project.opens_at is None:
        return
    at = project.opens_at + (project.deadline - project.opens_at) / 2
    terms = sealing.Terms(
        microenterprise="",
        author=str(vera.pk),
        price_minor=deal.ceiling * PRICE_PERCENT // 100,
        days=30,
        plan=deal.need.plan.format(**deal.words),
        nonce=secrets.token_hex(16),
        vendor=str(vendor.pk),
    )
    bid = Bid(
        project_id=project.pk,
        bidder_token=sealer.token(project.pk, vendor.pk),
        submitted_at=at,
        receipt=terms.receipt(),
        vendor_id=vendor.pk,
        author_id=vera.pk,
        price_minor=terms.price_minor,
        days=terms.days,
        plan=terms.plan,
        answers=[],
    )
    facts = {"revision": 1, "receipt": bid.receipt}
    deed = sealing.Deed("submitted", str(bid.pk), str(vera.pk), vera.name, iso(at), facts)
    deal.bids.append(bid)
    deal.outsiders[bid.pk] = vera
    world.rows.add(bid, deal.seal.terms(bid, terms), deal.seal.deed(deed, published=True))
