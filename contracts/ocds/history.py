"""How a process is told over time: the next release after the last one, its tags, and what it takes back.

Every release of ours is a snapshot, so that it can be read by itself; what an earlier one said and this one no longer
says is written as null, because merging only forgets what is null (OCDS 1.1, *Merging*). The schema allows null for
plain fields, not for objects and lists, and ocdsmerge forgets neither; so an object that is gone has all its fields
null, and an entry that is gone from a list stays with its id alone. Nothing of ours loses entries: the database refuses
to delete them. Pure: dictionaries in, dictionaries out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from contracts.ocds.writer import Node

ABOUT_THE_RELEASE: Final = ("ocid", "id", "date", "tag")


# ------------------------------------------------------------------ the next release


def following(before: Mapping[str, Any], now: Mapping[str, Any]) -> Node | None:
    """What must be released so that merging leads from `before` to `now`; None when nothing changed.

    Both are parts as `contracts.ocds.writer` makes them; `before` is empty when nothing was released yet.
    """
    parts = _after(before, now)
    return None if told(parts) == before else parts


def told(release: Mapping[str, Any]) -> Node:
    """The parts that a release of ours told: without what is about the release, and without what it took back."""
    return {name: _kept(value) for name, value in release.items() if _says(value) and name not in ABOUT_THE_RELEASE}


def tags(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The codes of `releaseTag` that say what changed, in the order of a process; never empty."""
    found = list(_tender_tags(before.get("tender"), now.get("tender")))
    found += _listed_tags(before, now, "awards", {"cancelled", "unsuccessful"}, "award", "awardCancellation")
    found += _contract_tags(before, now)
    if before.get("bids") != now.get("bids") and "tender" not in found:
        found.append("tenderUpdate")
    return list(dict.fromkeys(found)) or ["tenderUpdate" if "tender" in now else "contractUpdate"]


def release(parts: Mapping[str, Any], *, ocid: str, release_id: str, date: str, tags: Iterable[str]) -> Node:
    """Parts as a release. date: as `contracts.ocds.writer.stamp` writes it."""
    return {"ocid": ocid, "id": release_id, "date": date, "tag": list(tags), **parts}


def compiled(
    process: Mapping[str, Any] | None, contracts: Iterable[Mapping[str, Any]], *, ocid: str, date: str
) -> Node:
    """The current state as a compiled release: what merging all releases gives.

    process: the newest parts of the process; contracts: those of each contract, oldest first. The id is that of merged
    releases: the ocid and the date of the newest.
    """
    parts = dict(process or {})
    for row in contracts:
        parts = {**row, **parts, "contracts": [*parts.get("contracts", []), *row.get("contracts", [])]}
    return release(parts, ocid=ocid, release_id=f"{ocid}-{date}", date=date, tags=["compiled"])


# ------------------------------------------------------------------ what is taken back


def _after(before: Mapping[str, Any], now: Mapping[str, Any]) -> Node:
    """`now`, with null wherever `before` said something that `now` does not."""
    parts = {name: _value_after(before.get(name), value) for name, value in now.items()}
    return parts | {name: _gone(value) for name, value in before.items() if name not in now}


def _value_after(before: Any, now: Any) -> Any:
    if isinstance(before, dict) and isinstance(now, dict):
        return _after(before, now)
    if not _identified(before) or not _identified(now):
        return now
    earlier = {row["id"]: row for row in before}
    present = {row["id"] for row in now}
    later = [_after(earlier.get(row["id"], {}), row) for row in now]
    return later + [_gone(row) for row in before if row["id"] not in present]


def _gone(value: Any) -> Any:
    """What takes a value back: null for a plain one, null for every field of an object but its id."""
    if isinstance(value, dict):
        return {name: inner if name == "id" else _gone(inner) for name, inner in value.items()}
    return [_gone(row) for row in value] if _identified(value) else None


def _identified(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) and "id" in row for row in value)


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _kept(inner) for name, inner in value.items() if _says(inner)}
    return [_kept(inner) for inner in value] if isinstance(value, list) else value


def _says(value: Any) -> bool:
    """Whether a value says anything: null does not, nor does an object of which nothing is left."""
    return any(_says(inner) for inner in value.values()) if isinstance(value, dict) else value is not None


# ------------------------------------------------------------------ what changed


def _tender_tags(before: Node | None, now: Node | None) -> Iterator[str]:
    if now is None or before == now:
        return
    status = (before or {}).get("status")
    if before is None and now.get("status") == "planned":
        yield "planning"
    elif before is None or (status == "planned" and now.get("status") == "active"):
        yield "tender"
    elif len(now.get("amendments", ())) > len(before.get("amendments", ())):
        yield "tenderAmendment"
    elif now.get("status") != "cancelled":
        yield "tenderUpdate"
    if now.get("status") == "cancelled" and status != "cancelled":
        yield "tenderCancellation"


def _listed_tags(
    before: Mapping[str, Any], now: Mapping[str, Any], name: str, ended: set[str], tag: str, ended_tag: str
) -> Iterator[str]:
    earlier = {row["id"]: row for row in before.get(name) or ()}
    if "tender" not in now:
        return  # a release of a contract names its award and says nothing new about it
    for row in now.get(name) or ():
        was = earlier.get(row["id"])
        if was is None:
            yield tag
        if row.get("status") in ended and (was or {}).get("status") not in ended:
            yield ended_tag
        elif was is not None and was != row:
            yield f"{tag}Update"


def _contract_tags(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    earlier = {row["id"]: row for row in before.get("contracts") or ()}
    for row in now.get("contracts") or ():
        was = earlier.get(row["id"])
        yield from _one_contract(was, row)


def _one_contract(was: Node | None, row: Node) -> Iterator[str]:
    ended = ("terminated", "cancelled")
    inside, earlier = row.get("implementation"), (was or {}).get("implementation")
    if was is None:
        yield "contract"
    elif any(was.get(name) != row.get(name) for name in ("title", "status", "value", "dateSigned", "awardID")):
        yield "contractUpdate"
    if inside != earlier:
        yield "implementationUpdate" if earlier else "implementation"
    if row.get("status") in ended and (was or {}).get("status") not in ended:
        yield "contractTermination"
