"""Draws the states of everything from the rooms' tables, for docs/lifecycles.md; a test compares both."""

from collections.abc import Iterator

from contracts.lifecycle import LIFECYCLES as CONTRACTS
from core.lifecycle import Lifecycle
from microenterprises.lifecycle import LIFECYCLES as MICROENTERPRISES
from settlement.lifecycle import LIFECYCLES as SETTLEMENT

ROOMS: tuple[tuple[str, tuple[Lifecycle, ...]], ...] = (
    ("microenterprises", MICROENTERPRISES),
    ("contracts", CONTRACTS),
    ("settlement", SETTLEMENT),
)


def drawn() -> str:
    """The whole document."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# States"
    yield ""
    yield "Drawn from the code by `make manage ARGS=draw_lifecycles`; a test refuses a difference. What depends on time"
    yield "(a project that is open, an invitation that ran out) is derived from stored instants and is no state here."
    for room, tables in ROOMS:
        for table in tables:
            yield from ("", f"## {table.noun} ({room})", "", "```mermaid", *table.mermaid(), "```")
