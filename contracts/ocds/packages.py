"""Release packages and record packages, written piece by piece so that a year of them needs no memory. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.ocds.text import write
from contracts.ocds.writer import Node, stamp

VERSION: Final = "1.1"
BIDS: Final = "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json"
LOTS: Final = "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/v1.1.5/extension.json"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes, under which licence, and where it says how."""

    name: str
    uri: str
    licence: str
    policy: str


def release_package(
    releases: Iterable[str], *, publisher: Publisher, uri: str, published: datetime, **more: object
) -> Iterator[str]:
    """A release package in pieces. releases: each one as JSON text. more: further fields of the package."""
    yield from _package("releases", releases, _head(publisher, uri, published) | more)


def record_package(records: Iterable[str], *, publisher: Publisher, uri: str, published: datetime) -> Iterator[str]:
    """A record package in pieces. records: each one as `record` writes it."""
    yield from _package("records", records, _head(publisher, uri, published))


def record(ocid: str, releases: Iterable[str], compiled: Node) -> str:
    """A record as JSON text: every release of a process, oldest first, and what they come to."""
    return f'{{"ocid":{write(ocid)},"releases":[{",".join(releases)}],"compiledRelease":{write(compiled)}}}'


def _head(publisher: Publisher, uri: str, published: datetime) -> Node:
    fields: Node = {
        "uri": uri,
        "version": VERSION,
        "extensions": [BIDS, LOTS],
        "publishedDate": stamp(published),
        "publisher": {"name": publisher.name, "uri": publisher.uri},
        "license": publisher.licence,
    }
    return fields | ({"publicationPolicy": publisher.policy} if publisher.policy else {})


def _package(name: str, entries: Iterable[str], head: Node) -> Iterator[str]:
    yield f'{write(head)[:-1]},"{name}":['
    comma = ""
    for entry in entries:
        yield comma + entry
        comma = ",\n"
    yield "]}"
