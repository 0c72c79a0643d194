"""Reads for one's own bids. Which sealed bids are one's own is found by token; their terms are not read here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, BinaryField, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat

from contracts import sealing
from contracts.lifecycle import BID_BADGES, TO_CONFIRM, Phase, phase
from contracts.models import Award, Bid, Project, Vendor, WrappedKey
from contracts.models.vendors import Bidder
from contracts.permissions.standing import Standing
from contracts.prospects_of_bids import PastBid
from contracts.queries.decisions import live_award
from core.look import Badge
from core.prepared import Among, Asked
from microenterprises.models import Microenterprise
from people.models import User

CANCELLED_SHOWN = timedelta(days=30)
"""How long a bid that stays sealed for ever is still listed. A choice of the page, not a rule."""
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class OwnBid:
    """A bid of an ME the reader leads, or of the vendor they sign in for, without its terms."""

    bid: Bid
    firm: Bidder
    stale: bool = False
    """Made for words of the project that hold no more: it waits to be confirmed."""

    @property
    def live(self) -> bool:
        """Whether it still stands."""
        return self.bid.status == Bid.Status.SUBMITTED

    @property
    def badge(self) -> Badge:
        return TO_CONFIRM if self.stale else BID_BADGES[Bid.Status(self.bid.status)]

    def may_change(self, now: datetime) -> bool:
        """Whether the clock still lets it be revised or withdrawn."""
        return self.live and phase(self.bid.project, now) is Phase.OPEN


def own_bids_on(project: Project, who: Standing) -> list[OwnBid]:
    """The sealed bids of the reader's MEs on one project, the live one of each ME first. At most two statements."""
    if not who.bidders or project.opened_at is not None or project.published_at is None:
        return []
    found = _found(sealing.bidder_tokens([project.pk.bytes], [firm.pk for firm in who.bidders]), who)
    for row in found:
        row.bid.project = project
    return found


def own_sealed_bids(who: Standing, now: datetime) -> list[OwnBid]:
    """Every bid of the reader's MEs that is not opened: on running projects and on those cancelled lately.

    Three statements, whatever the number of projects.
    """
    if not who.bidders:
        return []
    candidates = Project.objects.filter(
        Q(status=Project.Status.PUBLISHED)
        | Q(status=Project.Status.CANCELLED, published_at__isnull=False, ended_at__gte=now - CANCELLED_SHOWN),
        opened_at=None,
    )
    keys = bytes(candidates.aggregate(keys=_Keys("pk"))["keys"] or b"")
    projects = (keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES))
    found = _found(sealing.bidder_tokens(projects, [firm.pk for firm in who.bidders]), who)
    return sorted(found, key=lambda row: (row.bid.project.deadline, str(row.bid.pk)))


def own_sealed_among(projects: Iterable[UUID], who: Standing) -> list[OwnBid]:
    """The bids of the reader's bidders on these projects that are not opened, live ones first. Two statements."""
    if not who.bidders:
        return []
    keys = (project.bytes for project in projects)
    return _found(sealing.bidder_tokens(keys, [bidder.pk for bidder in who.bidders]), who)


def opened_bids_of(who: Standing) -> QuerySet[Bid]:
    """Opened bids of the reader's MEs and teams, which every member may see."""
    return (
        Bid.objects.visible_to(who.user)
        .filter(microenterprise__in=[firm.pk for firm in (*who.firms, *who.teams)])
        .select_related("project__buyer", "microenterprise")
        .with_award()
    )


def past_bids(person: User, firm: Bidder, *, most: int) -> list[PastBid]:
    """The last opened bids of an ME the reader is in, or of their vendor, the newest first, with what became of them.
    One statement.
    """
    own = Q(vendor=firm) if isinstance(firm, Vendor) else Q(microenterprise=firm)
    rows = Bid.objects.visible_to(person).filter(own).exclude(status=Bid.Status.WITHDRAWN)
    newest = rows.select_related("project").with_award().order_by("-submitted_at", "-pk")[:most]
    return [PastBid(bid.price_minor, bid.project.ceiling_minor, bid.quality_points, _won(bid)) for bid in newest]


def _won(bid: Bid) -> bool | None:
    """Whether an opened bid won; None while that is open, and for ever where the project ended without a choice."""
    award = live_award(bid)
    if award is not None and award.status == Award.Status.ACTIVE:
        return True
    if bid.status == Bid.Status.DISQUALIFIED or bid.project.status == Project.Status.AWARDED:
        return False
    return None


class _Keys(Aggregate):
    """All keys side by side, `KEY_BYTES` each: to make thousands of UUIDs takes Python longer than to hash them."""

    template = "string_agg(uuid_send(%(expressions)s), '')"
    output_field = BinaryField()


def _found(tokens: dict[str, UUID], who: Standing) -> list[OwnBid]:
    """The bids with these tokens, live ones first, then the latest."""
    firms = {firm.pk: firm for firm in who.bidders}
    # As the text of an array, which takes the driver a tenth of the time that a list of thousands takes it.
    asked: Asked[Bid] = Asked(_sealed_bids, "sealed bids", {"tokens": f"{{{','.join(tokens)}}}"})
    found = [OwnBid(bid, firms[tokens[bid.bidder_token]], _is_stale(bid)) for bid in asked.rows()]
    return sorted(found, key=lambda row: (not row.live, -row.bid.submitted_at.timestamp()))


def _sealed_bids() -> QuerySet[Bid]:
    name = Concat(Value("project:"), Cast(OuterRef("project_id"), TextField()))
    rows = Bid.objects.filter(bidder_token__in=Among("tokens", TextField()), opened_at=None)
    return rows.select_related("project__buyer").annotate(
        mark=F("sealed__made_for"), wrapped=Subquery(WrappedKey.objects.filter(name=name).values("wrapped")[:1])
    )


def _is_stale(row: Any) -> bool:
    """Whether a live bid of the reader's own ME was made for words that hold no more; `_found` read what it takes."""
    if row.status != Bid.Status.SUBMITTED or row.project.revision == 1:
        return False
    return sealing.made_for(row, bytes(row.mark), wrapped=bytes(row.wrapped)) != int(row.project.revision)


def firms_of(bids: Iterable[Bid]) -> list[Bidder]:
    """Which MEs and teams and which vendors these sealed bids are of. Only for telling the bidders themselves; three
    statements.
    """
    wanted = {bid.bidder_token: bid.project_id for bid in bids}
    firms: dict[UUID, Bidder] = {}
    if wanted:
        firms |= {firm.pk: firm for firm in Microenterprise.objects.living()}
        vendors = Vendor.objects.filter(invited_to__project__in=set(wanted.values())).distinct()
        firms |= {vendor.pk: vendor for vendor in vendors}
    tokens = sealing.bidder_tokens({project.bytes for project in wanted.values()}, firms)
    return [firms[firm] for token, firm in tokens.items() if token in wanted]


@dataclass(frozen=True, slots=True)
class SealedWords:
    """The words of an opened bid whose SHA-256 is its receipt. `price`: the words of the inner envelope, whose SHA-256
    stands in `text`; empty where there is none, or while it is sealed.
    """

    text: str
    price: str


def sealed_words(bid: Bid) -> SealedWords | None:
    """The canonical words of an opened bid; None where nothing was ever sealed. Tells no price that is sealed."""
    if bid.opened_at is None or not bid.receipt:
        return None
    sealed = Bid.objects.filter(pk=bid.pk, sealed__isnull=False).select_related("sealed").first()
    if sealed is None:
        return None
    terms = sealing.open_terms(sealed)
    shows_price = bool(terms.price_nonce) and bid.price_opened_at is not None
    return SealedWords(terms.text(), terms.price_text() if shows_price else "")
