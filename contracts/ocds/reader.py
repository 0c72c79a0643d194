"""From values to a package: what the market needs of a tender, and whether what it refers to is there.

`_Notes` keeps the problems and reads single fields; one function per part of a release builds its value. A getter
answers None for what is absent or of the wrong kind; the schema has then already said so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from contracts.ocds import schema
from contracts.ocds.text import Unreadable, _, instant, join, kept, minor_units, parse, place, storable
from contracts.ocds.values import (
    Award,
    Bid,
    BidStatus,
    Contract,
    Instant,
    Money,
    Organisation,
    Outcome,
    Package,
    Problem,
    Release,
)

Node = Mapping[str, Any]
Parties = Mapping[str, str] | None
"""The names of the parties by id, which may be empty; None when the release has no list of them."""

LONGEST_ID = 120
NEEDED = _("This field is missing. The import needs it.")
EMPTY = _("This field is empty. Give it a value.")


def read(source: bytes | str) -> Package | list[Problem]:
    """The package in `source`, or every problem found in it, sorted by path. Never raises on bad input."""
    try:
        document = parse(source)
    except Unreadable as unreadable:
        return [unreadable.problem]
    notes = _Notes()
    package = _package(document, notes)
    if package is None or notes.problems:
        return sorted(notes.problems.values(), key=lambda problem: place(problem.path))
    return package


class _Notes:
    """The problems found so far, the first of each path: one message per problem."""

    def __init__(self) -> None:
        self.problems: dict[str, Problem] = {}

    def say(self, path: str, sentence: str, **figures: str | int) -> None:
        self.problems.setdefault(path, Problem(path, sentence, figures))

    def text(self, node: Node, path: str, name: str) -> str | None:
        """A field we need: text or a whole number, not empty."""
        value = node.get(name)
        if value is None:
            self.say(join(path, name), NEEDED)
        elif isinstance(value, str) and not value.strip():
            self.say(join(path, name), EMPTY)
        return _text(node, name) or None

    def identity(self, node: Node, path: str, name: str) -> str | None:
        """An id by which we find the thing again, so it is never cut."""
        found = self.text(node, path, name)
        if found and len(found) > LONGEST_ID:
            sentence = _("This id has %(length)s characters; at most %(most)s can be kept. Shorten it.")
            self.say(join(path, name), sentence, length=len(found), most=LONGEST_ID)
        return found

    def object(self, node: Node, path: str, name: str) -> Node | None:
        value = node.get(name)
        if value is None:
            self.say(join(path, name), NEEDED)
        return value if isinstance(value, dict) else None

    def instant(self, node: Node, path: str, name: str) -> Instant | None:
        """An instant we need; the schema has said when it is not one."""
        if node.get(name) is None:
            self.say(join(path, name), NEEDED)
        return _instant(node, name)

    def money(self, node: Node, path: str) -> Money | None:
        """An amount with its currency, exact in minor units."""
        currency = self.text(node, path, "currency")
        amount = node.get("amount")
        if amount is None:
            self.say(join(path, "amount"), NEEDED)
        if currency is None or isinstance(amount, bool) or not isinstance(amount, int | Decimal):
            return None
        return self._exact(amount, currency, join(path, "amount"))

    def _exact(self, amount: int | Decimal, currency: str, path: str) -> Money | None:
        try:
            minor = minor_units(amount, currency)
        except OverflowError:
            self.say(path, _("This amount is larger than the books take. Check the number of zeros."))
            return None
        if minor is None:
            sentence = _("%(amount)s has more digits after the point than %(currency)s has. Write the exact amount.")
            self.say(path, sentence, amount=str(amount)[:40], currency=currency)
            return None
        return Money(minor, currency)

    def organisation(self, node: Any, path: str, parties: Parties) -> Organisation | None:
        """A reference to a party of the release."""
        if not isinstance(node, dict):
            return None
        found = self.text(node, path, "id")
        if found is None:
            return None
        if parties is not None and found not in parties:
            sentence = _("There is no party “%(id)s” in this release. Add it to “parties” or mend the reference.")
            self.say(join(path, "id"), sentence, id=found)
            return None
        name = (parties or {}).get(found) or _text(node, "name")
        if not name:
            self.say(join(path, "name"), NEEDED)
        return Organisation(found, name)

    def used_once(self, rows: Iterable[tuple[str, Any]], field: str, sentence: str) -> None:
        first: dict[str, str] = {}
        for path, node in rows:
            found = _text(node, field) if isinstance(node, dict) else ""
            if found and found in first:
                self.say(join(path, field), sentence, id=found, first=first[found])
            elif found:
                first[found] = path


# Fields that may be absent


def _text(node: Node, name: str) -> str:
    """Text, or a whole number as text (OCDS allows both for ids); empty when absent or of another kind."""
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _instant(node: Node, name: str) -> Instant | None:
    value = node.get(name)
    at = instant(value) if isinstance(value, str) else None
    return None if at is None or not isinstance(value, str) else Instant(at, value)


def _object(node: Node, name: str) -> Node:
    value = node.get(name)
    return value if isinstance(value, dict) else {}


def _rows(node: Node, path: str, name: str) -> list[tuple[str, Any]]:
    value = node.get(name)
    items = value if isinstance(value, list) else []
    return [(join(path, name, index), item) for index, item in enumerate(items)]


def _ids(rows: Iterable[tuple[str, Any]]) -> Sequence[str]:
    return [found for _path, node in rows if isinstance(node, dict) and (found := _text(node, "id"))]


# The package


def _package(document: Any, notes: _Notes) -> Package | None:
    if not isinstance(document, dict) or not isinstance(document.get("releases"), list):
        _say_what_it_is(document, notes)
        return None
    _check_storable(document, "", notes)
    publisher = _check_package_fields(document, notes)
    published = _instant(document, "publishedDate")
    rows = _rows(document, "", "releases")
    sentence = _("The process %(id)s is already at %(first)s. Give one compiled release per process.")
    notes.used_once(rows, "ocid", sentence)
    releases = [_release(node, path, notes) for path, node in rows]
    if published is None:
        sentence = _("%(value)s is not an instant with its offset. Write it like 2021-02-11T19:21:00+05:30.")
        notes.say("publishedDate", sentence, value=schema.shown(document.get("publishedDate")))
        return None
    found = tuple(release for release in releases if release is not None)
    return Package(
        uri=_text(document, "uri"),
        publisher=publisher,
        licence=_text(document, "license"),
        policy=_text(document, "publicationPolicy"),
        published=published,
        releases=found,
    )


def _say_what_it_is(document: Any, notes: _Notes) -> None:
    if not isinstance(document, dict):
        notes.say("$", _("This is not an OCDS release package: the file holds no object with a list “releases”."))
    elif "releases" in document:
        notes.say("releases", _("“releases” is not a list. Write the releases as a list."))
    elif "records" in document:
        notes.say("$", _("This is an OCDS record package. Export the same processes as a release package."))
    elif "ocid" in document:
        notes.say("$", _("This is a single OCDS release. Put it into the “releases” list of a release package."))
    else:
        notes.say("$", _("This is not an OCDS release package: it has no list “releases”."))


def _check_storable(node: Any, path: str, notes: _Notes) -> None:
    if isinstance(node, str) and not storable(node):
        notes.say(path, _("The text holds a character that cannot be stored (U+0000 or half a pair). Remove it."))
    elif isinstance(node, dict):
        for name, value in node.items():
            _check_storable(value, join(path, name), notes)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            _check_storable(value, join(path, index), notes)


def _check_package_fields(document: Node, notes: _Notes) -> str:
    """Says what the package lacks of what OCDS requires; returns the publisher's name."""
    for name in ("uri", "version", "publishedDate"):
        notes.text(document, "", name)
    version = _text(document, "version")
    if version and version != "1.1":
        notes.say("version", _("This reads OCDS 1.1; the file says %(version)s. Convert it to 1.1."), version=version)
    if not document["releases"]:
        notes.say("releases", _("The package has no releases. There is nothing to import."))
    publisher = notes.object(document, "", "publisher")
    if publisher is None:
        notes.say("publisher", _("The publisher is not an object with a name. Say who published the file."))
        return ""
    return notes.text(publisher, "publisher", "name") or ""


# A release


def _release(node: Any, path: str, notes: _Notes) -> Release | None:
    for problem in schema.problems(node, path):
        notes.problems.setdefault(problem.path, problem)
    if not isinstance(node, dict):
        return None
    parties = _parties(node, path, notes)
    tender = notes.object(node, path, "tender")
    bids = _bids(node, path, parties, notes)
    awards = _awards(node, path, parties, notes)
    contracts = _contracts(node, path, notes)
    if tender is None:
        return None
    return _assemble(node, tender, path, _buyer(node, tender, path, parties, notes), bids, awards, contracts, notes)


def _assemble(
    node: Node,
    tender: Node,
    path: str,
    buyer: Organisation | None,
    bids: tuple[Bid, ...],
    awards: tuple[Award, ...],
    contracts: tuple[Contract, ...],
    notes: _Notes,
) -> Release | None:
    """The release, or None with at least one problem noted."""
    at = join(path, "tender")
    ocid, tender_id = notes.identity(node, path, "ocid"), notes.identity(tender, at, "id")
    title = notes.text(tender, at, "title")
    date = notes.instant(node, path, "date")
    opens, deadline = _period(tender, at, notes)
    estimate = _optional_money(tender, at, notes)
    outcome = _outcome(tender, at, awards, notes)
    currency = _currency(path, estimate, bids, awards, contracts, notes)
    if not (ocid and tender_id and title and date and buyer and opens and deadline and outcome and currency):
        return None
    opened = _instant(_object(tender, "awardPeriod"), "startDate")
    return Release(
        path=path,
        ocid=ocid,
        tender_id=tender_id,
        date=date,
        title=title,
        description=_text(tender, "description"),
        criteria=_text(tender, "awardCriteriaDetails"),
        category=_text(tender, "mainProcurementCategory"),
        buyer=buyer,
        opens=opens,
        deadline=deadline,
        opened=opened if opened and opened.at >= deadline.at else None,
        outcome=outcome,
        currency=currency,
        estimate=estimate,
        bids=bids,
        awards=awards,
        contracts=contracts,
        original=kept(node),
    )


def _parties(node: Node, path: str, notes: _Notes) -> Parties:
    if not isinstance(node.get("parties"), list):
        notes.say(join(path, "parties"), NEEDED)
        return None
    rows = _rows(node, path, "parties")
    for at, row in rows:
        if isinstance(row, dict):
            notes.text(row, at, "id")
    notes.used_once(rows, "id", _("The party “%(id)s” is already at %(first)s. Keep one."))
    return {_text(row, "id"): _text(row, "name") for _at, row in rows if isinstance(row, dict) and _text(row, "id")}


def _buyer(node: Node, tender: Node, path: str, parties: Parties, notes: _Notes) -> Organisation | None:
    """Who buys: the release's buyer, or else the tender's procuring entity. Tenderers are proved on the way."""
    for at, row in _rows(tender, join(path, "tender"), "tenderers"):
        notes.organisation(row, at, parties)
    entity = join(path, "tender", "procuringEntity")
    procuring = notes.organisation(tender.get("procuringEntity"), entity, parties)
    if node.get("buyer") is None and tender.get("procuringEntity") is not None:
        return procuring
    buyer = notes.object(node, path, "buyer")
    return notes.organisation(buyer, join(path, "buyer"), parties)


def _period(tender: Node, path: str, notes: _Notes) -> tuple[Instant | None, Instant | None]:
    period = notes.object(tender, path, "tenderPeriod")
    if period is None:
        return None, None
    at = join(path, "tenderPeriod")
    opens, deadline = notes.instant(period, at, "startDate"), notes.instant(period, at, "endDate")
    if opens and deadline and deadline.at <= opens.at:
        sentence = _("The tender ends at %(end)s, before it starts at %(start)s. Correct one of the two.")
        notes.say(join(at, "endDate"), sentence, end=deadline.text, start=opens.text)
    return opens, deadline


def _outcome(tender: Node, path: str, awards: tuple[Award, ...], notes: _Notes) -> Outcome | None:
    status, in_force = _text(tender, "status"), [award for award in awards if award.status == "active"]
    if status in ("planning", "planned", "active"):
        sentence = _("The tender is still “%(status)s”. Only tenders that are over can be imported.")
        notes.say(join(path, "status"), sentence, status=status)
        return None
    if not status and not in_force:
        notes.text(tender, path, "status")
        return None
    if in_force and status in ("unsuccessful", "cancelled", "withdrawn"):
        sentence = _("The tender is “%(status)s”, but %(award)s is in force. Correct one of the two.")
        notes.say(join(path, "status"), sentence, status=status, award=in_force[0].path)
        return None
    if in_force:
        return Outcome.AWARDED
    return Outcome.CANCELLED if status in ("cancelled", "withdrawn") else Outcome.UNSUCCESSFUL


def _optional_money(node: Node, path: str, notes: _Notes) -> Money | None:
    value = node.get("value")
    return notes.money(value, join(path, "value")) if isinstance(value, dict) else None


def _currency(
    path: str,
    estimate: Money | None,
    bids: tuple[Bid, ...],
    awards: tuple[Award, ...],
    contracts: tuple[Contract, ...],
    notes: _Notes,
) -> str | None:
    """The one currency of the release, the most frequent one; a project has no second one."""
    rows: list[tuple[str, Money | None]] = [(join(path, "tender"), estimate)]
    rows += [(row.path, row.value) for part in (bids, awards, contracts) for row in part]
    priced = [(at, money) for at, money in rows if money is not None]
    if not priced:
        sentence = _("Nothing says the currency. Give the tender an estimated value.")
        notes.say(join(path, "tender", "value"), sentence)
        return None
    (currency, _count), *_others = Counter(money.currency for _at, money in priced).most_common()
    for at, money in priced:
        if money.currency != currency:
            sentence = _("This is in %(currency)s, the tender in %(other)s. A project has one currency.")
            notes.say(join(at, "value", "currency"), sentence, currency=money.currency, other=currency)
    return currency


# Bids


def _bid_rows(node: Node, path: str) -> list[tuple[str, Any]]:
    return _rows(_object(node, "bids"), join(path, "bids"), "details")


def _bid_ids(node: Node, path: str) -> Sequence[str] | None:
    """The ids an award may name; None when there is no list of bids, which has been said."""
    return _ids(_bid_rows(node, path)) if isinstance(_object(node, "bids").get("details"), list) else None


def _bids(node: Node, path: str, parties: Parties, notes: _Notes) -> tuple[Bid, ...]:
    bids = notes.object(node, path, "bids")
    if bids is not None and bids.get("details") is None:
        notes.say(join(path, "bids", "details"), NEEDED)
    rows = _bid_rows(node, path)
    notes.used_once(rows, "id", _("The bid “%(id)s” is already at %(first)s. Give each bid its own id."))
    found = (_bid(row, at, parties, notes) for at, row in rows if isinstance(row, dict))
    return tuple(bid for bid in found if bid is not None)


def _bid(node: Node, path: str, parties: Parties, notes: _Notes) -> Bid | None:
    """A bid; None for an invitation that nobody answered, or with a problem noted."""
    status = notes.text(node, path, "status")
    if status == "invited":
        return None
    if status == "pending":
        sentence = _("This bid is still pending. Only opened bids with an outcome can be imported.")
        notes.say(join(path, "status"), sentence)
    bid_id, submitted = notes.identity(node, path, "id"), notes.instant(node, path, "date")
    tenderers = _tenderers(node, path, parties, notes)
    value = _price(node, path, status, notes)
    if bid_id is None or submitted is None or status not in set(BidStatus):
        return None
    return Bid(path, bid_id, submitted, BidStatus(status), tenderers, value)


def _tenderers(node: Node, path: str, parties: Parties, notes: _Notes) -> tuple[Organisation, ...]:
    if node.get("tenderers") is None:
        notes.say(join(path, "tenderers"), NEEDED)
    elif node["tenderers"] == []:
        notes.say(join(path, "tenderers"), EMPTY)
    return tuple(_organisations(node, path, "tenderers", parties, notes))


def _organisations(node: Node, path: str, name: str, parties: Parties, notes: _Notes) -> Iterator[Organisation]:
    for at, row in _rows(node, path, name):
        found = notes.organisation(row, at, parties)
        if found is not None:
            yield found


def _price(node: Node, path: str, status: str | None, notes: _Notes) -> Money | None:
    """The price of a bid, which only a valid one must have."""
    if status == BidStatus.VALID:
        notes.object(node, path, "value")
    price = _optional_money(node, path, notes)
    if price is not None and price.minor <= 0:
        notes.say(join(path, "value", "amount"), _("The price is not above zero. Correct the amount."))
    return price


# Awards and contracts


def _awards(node: Node, path: str, parties: Parties, notes: _Notes) -> tuple[Award, ...]:
    rows, bid_ids = _rows(node, path, "awards"), _bid_ids(node, path)
    notes.used_once(rows, "id", _("The award “%(id)s” is already at %(first)s. Give each award its own id."))
    return tuple(_award(row, at, parties, bid_ids, notes) for at, row in rows if isinstance(row, dict))


def _award(node: Node, path: str, parties: Parties, bid_ids: Sequence[str] | None, notes: _Notes) -> Award:
    status, bid_id = notes.text(node, path, "status") or "", _text(node, "relatedBid")
    if status == "active":
        notes.text(node, path, "relatedBid")
        notes.instant(node, path, "date")
    if bid_id and bid_ids is not None and bid_id not in bid_ids:
        sentence = _("There is no bid “%(id)s” in this release. Name one of its bids: %(known)s.")
        notes.say(join(path, "relatedBid"), sentence, id=bid_id, known=_listed(bid_ids))
    return Award(
        path=path,
        id=notes.text(node, path, "id") or "",
        status=status,
        date=_instant(node, "date"),
        bid_id=bid_id or None,
        suppliers=tuple(_organisations(node, path, "suppliers", parties, notes)),
        value=_optional_money(node, path, notes),
    )


def _contracts(node: Node, path: str, notes: _Notes) -> tuple[Contract, ...]:
    rows, award_ids = _rows(node, path, "contracts"), _ids(_rows(node, path, "awards"))
    notes.used_once(rows, "id", _("The contract “%(id)s” is already at %(first)s. Give each contract its own id."))
    return tuple(_contract(row, at, award_ids, notes) for at, row in rows if isinstance(row, dict))


def _contract(node: Node, path: str, award_ids: Sequence[str], notes: _Notes) -> Contract:
    award_id = notes.text(node, path, "awardID") or ""
    if award_id and award_id not in award_ids:
        sentence = _("There is no award “%(id)s” in this release. Name one of its awards: %(known)s.")
        notes.say(join(path, "awardID"), sentence, id=award_id, known=_listed(award_ids))
    return Contract(
        path=path,
        id=notes.text(node, path, "id") or "",
        award_id=award_id,
        signed=_instant(node, "dateSigned"),
        value=_optional_money(node, path, notes),
    )


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:20]) + (", …" if len(ids) > 20 else "") if ids else "—"
