"""Processes told in a few words, for tests of red flags, and what was found in them."""

import json
from pathlib import Path
from typing import Any

from contracts.ocds import flags
from contracts.ocds.flags import Settings

VECTORS = Path(__file__).parent / "red_flags"
TENDERS = Path(__file__).parent.parent / "data" / "tenders_with_bids.ocds.json"
Release = dict[str, Any]
Told = dict[str, dict[str, dict[str, float]]]


def found(rows: list[Release], *codes: str, **settings: Any) -> Told:
    """The answer as it is printed, read again."""
    told: Told = json.loads(flags.printed(flags.find(rows, codes=codes or flags.CODES, settings=Settings(**settings))))
    return told


def bid(who: str | list[str], amount: Any = None, status: str = "valid", currency: str = "USD", **more: Any) -> Release:
    """A bid of one or several tenderers."""
    row: Release = {"status": status, "tenderers": [{"id": one} for one in ([who] if isinstance(who, str) else who)]}
    if amount is not None:
        row["value"] = {"amount": amount, "currency": currency}
    return row | more


def award(who: str | list[str], status: str = "active", **more: Any) -> Release:
    return {"status": status, "suppliers": [{"id": one} for one in ([who] if isinstance(who, str) else who)]} | more


def process(
    ocid: str, bids: list[Release], awards: list[Release], tender: Release | None = None, **more: Any
) -> Release:
    return {"ocid": ocid, "bids": {"details": bids}, "awards": awards, "tender": tender or {}} | more


def flagged(told: Told, group: str = "OCID") -> dict[str, float]:
    """The values of one group under the one indicator that was asked for."""
    return {who: next(iter(values.values())) for who, values in told.get(group, {}).items()}


def gaps(*amounts: Any) -> list[Release]:
    """A process for each second price, won at 100."""
    return [
        process(f"p{n}", [bid(f"w{n}", 100), bid(f"l{n}", amount)], [award(f"w{n}")])
        for n, amount in enumerate(amounts)
    ]
