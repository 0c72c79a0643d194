"""Whether what an OCDS release refers to is there. Pure; knows nothing of our tables, so it judges any OCDS 1.1 file.

A schema cannot say that an award's bid is one of the bids: a validator lets a dangling reference pass without a word.
Looked at are the references of OCDS 1.1 with the bids and lots extensions. What a release does not hold at all is not
missed, unless something in it refers there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.ocds.text import _, join
from contracts.ocds.values import Problem

Node = Mapping[str, Any]
Place = tuple[str, Any]
"""A path, and what stands there."""


def dangling(document: Any, path: str = "") -> Iterator[Problem]:
    """Every broken reference and repeated id of a release, a release package, a record or a record package."""
    if not isinstance(document, dict):
        yield Problem(path or "$", _("This is not an OCDS release, record or package. Write an object here."))
    elif "records" in document:
        yield from _each(document, path, "records")
    elif "compiledRelease" in document:
        yield from _each(document, path, "releases")
        yield from dangling(document["compiledRelease"], join(path, "compiledRelease"))
    elif "releases" in document:
        yield from _each(document, path, "releases")
    elif "ocid" in document:
        yield from _release(document, path)
    else:
        sentence = _("This is not an OCDS release, record or package: it has no “ocid”, “releases” or “records”.")
        yield Problem(path or "$", sentence)


def _each(document: Node, path: str, name: str) -> Iterator[Problem]:
    rows = list(_rows(document, path, name))
    if name == "releases":
        yield from _repeated([(at, _release_key(row)) for at, row in rows])
    for at, row in rows:
        yield from dangling(row, at)


def _release_key(release: Any) -> str:
    found = release if isinstance(release, dict) else {}
    return "/".join(part for part in (_id(found, "ocid"), _id(found, "id")) if part)


# ------------------------------------------------------------------ one release


def _release(node: Node, path: str) -> Iterator[Problem]:
    tender, bids = _object(node, "tender"), list(_rows(_object(node, "bids"), join(path, "bids"), "details"))
    awards, contracts = list(_rows(node, path, "awards")), list(_rows(node, path, "contracts"))
    for rows in _lists(node, path):
        yield from _repeated([(at, _id(row, "id")) for at, row in rows])
    known = [_id(row, "id") for _at, row in _rows(node, path, "parties")]
    sentence = _("There is no party “%(id)s” in this release. Add it to “parties” or mend the reference.")
    yield from _missing(_organisations(node, path, tender, bids, awards, contracts), known, sentence)
    sentence = _("There is no bid “%(id)s” in this release. Add the bid or mend the reference.")
    yield from _missing(_plain(awards, "relatedBid", "relatedBids"), [_id(row, "id") for _at, row in bids], sentence)
    sentence = _("There is no award “%(id)s” in this release. Add the award or mend the reference.")
    yield from _missing(_plain(contracts, "awardID"), [_id(row, "id") for _at, row in awards], sentence)
    lots = [_id(row, "id") for _at, row in _rows(tender, join(path, "tender"), "lots")]
    sentence = _("There is no lot “%(id)s” in this release. Add it to “tender.lots” or mend the reference.")
    yield from _missing(
        _plain(_with_lots(node, path, tender, bids, awards), "relatedLot", "relatedLots"), lots, sentence
    )


def _lists(node: Node, path: str) -> Iterator[list[Place]]:
    """Every list of a release whose entries are told apart by their ids."""
    tender = _object(node, "tender")
    for name in ("parties", "awards", "contracts", "relatedProcesses"):
        yield list(_rows(node, path, name))
    for name in ("lots", "items", "amendments", "milestones", "documents"):
        yield list(_rows(tender, join(path, "tender"), name))
    for name in ("details", "statistics"):
        yield list(_rows(_object(node, "bids"), join(path, "bids"), name))
    for at, row in _rows(node, path, "contracts"):
        inside = join(at, "implementation")
        for name in ("milestones", "transactions"):
            yield list(_rows(_object(row, "implementation"), inside, name))


def _organisations(
    node: Node, path: str, tender: Node, bids: Sequence[Place], awards: Sequence[Place], contracts: Sequence[Place]
) -> Iterator[Place]:
    """Where a release names a party: the path of the id, and the id."""
    found: list[Place] = [
        (join(path, "buyer"), node.get("buyer")),
        (join(path, "tender", "procuringEntity"), tender.get("procuringEntity")),
        *_rows(tender, join(path, "tender"), "tenderers"),
    ]
    found += [one for at, bid in bids for one in _rows(bid, at, "tenderers")]
    found += [one for at, award in awards for one in _rows(award, at, "suppliers")]
    for at, contract in contracts:
        paid = _rows(_object(contract, "implementation"), join(at, "implementation"), "transactions")
        found += [(join(row_at, end), row.get(end)) for row_at, row in paid for end in ("payer", "payee")]
    for at, reference in found:
        if isinstance(reference, dict) and _id(reference, "id"):
            yield join(at, "id"), _id(reference, "id")


def _with_lots(node: Node, path: str, tender: Node, bids: Sequence[Place], awards: Sequence[Place]) -> Iterator[Place]:
    """What may name lots."""
    yield from bids
    yield from awards
    yield from _rows(tender, join(path, "tender"), "items")
    yield from _rows(tender, join(path, "tender"), "milestones")
    yield from _rows(tender, join(path, "tender"), "documents")
    yield from _rows(_object(node, "bids"), join(path, "bids"), "statistics")


def _plain(rows: Iterator[Place] | Sequence[Place], one: str, many: str | None = None) -> Iterator[Place]:
    """References that are ids themselves: a field with one, a field with a list."""
    for at, row in rows:
        if _id(row, one):
            yield join(at, one), _id(row, one)
        listed = row.get(many) if many else None
        for index, found in enumerate(listed if isinstance(listed, list) else []):
            yield join(at, many or one, index), str(found)


# ------------------------------------------------------------------ what is wrong


def _missing(references: Iterator[Place], known: Sequence[str], sentence: str) -> Iterator[Problem]:
    there = set(known)
    for at, found in references:
        if found not in there:
            yield Problem(at, sentence, {"id": found})


def _repeated(rows: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for at, found in rows:
        if found and found in first:
            sentence = _("The id “%(id)s” is already used at %(first)s. Give each entry its own id.")
            yield Problem(join(at, "id"), sentence, {"id": found, "first": first[found]})
        first.setdefault(found, at)


# ------------------------------------------------------------------ fields, whatever their kind


def _object(node: Any, name: str) -> Node:
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _rows(node: Node, path: str, name: str) -> Iterator[tuple[str, Any]]:
    value = node.get(name)
    for index, row in enumerate(value if isinstance(value, list) else []):
        if isinstance(row, dict) or name in ("releases", "records"):
            yield join(path, name, index), row


def _id(node: Any, name: str) -> str:
    value = node.get(name) if isinstance(node, dict) else None
    return "" if isinstance(value, bool) or not isinstance(value, str | int) else str(value)
