"""Who may have an ordinary night, with what the date before left them: one reading for many MEs, column by column.

`settlement.ordinary` settles them. Nothing is decided here but who may be among them, and nothing is written.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core import columns
from core.columns import Whole
from settlement.calculation import Standing, Terms
from settlement.facts import terms_from

ONE_DAY: Final = timedelta(days=1)
ROOM: Final = 2**62
"""What is due is counted ten thousand times finer than money; what has no room in 64 bits goes one by one."""
NOWHERE: Final = bytes(16)
_MOST_TERMS: Final = 16_384
_FACTS: Final = {
    "place": "int8", "id": "uuid", "entity_id": "int8", "currency": "3 bytes", "profit": "int8", "due": "int8",
    "shared": "int8", "carries_at": "uuid", "terms_id": "uuid", "threshold": "int8", "tiers": "32 bytes",
    "carries_losses": "bool", "with_stable": "bool",
}  # fmt: skip


class Firm(NamedTuple):
    """An ME that may be ordinary tonight, with what the date before left. Its id as text; every other identifier, and
    the currency, as the bytes that are written. carries_at: `NOWHERE` when no part was ever carried.
    """

    id: str
    key: bytes
    entity_id: int
    currency: bytes
    before: Standing
    carries_at: bytes
    terms_id: bytes
    terms: Terms
    terms_text: bytes
    with_stable: bool


class Carries(NamedTuple):
    """What earlier nights carried over: `of` the place of the firm, the number of the membership, and how much."""

    of: Whole
    number: Whole
    value: Whole

    def of_those(self, chosen: NDArray[np.bool_]) -> "Carries":
        """The carries of some firms that are not zero, at the places that are theirs among those firms alone."""
        place, mine = np.cumsum(chosen) - 1, chosen[self.of] & (self.value != 0)
        return Carries(place[self.of[mine]], self.number[mine], self.value[mine])


def listed(texts: Iterable[str | None]) -> str:
    """Identifiers as the text of an array."""
    return f"{{{','.join(text or 'NULL' for text in texts)}}}"


def candidates(day: date, year: date, microenterprises: Sequence[str]) -> tuple[list[Firm], Carries]:
    """In the order of their entities: an own outcome the date before in this year, terms in force, nothing open.

    OFFSET 0 has each looked up by its ME: of a date that its statistics do not know the planner expects one outcome,
    and would read the terms of the whole company for each. Whoever shared the date before has the carries in that very
    outcome; `_with_those_elsewhere` reads those of the others.
    """
    rows, lengths, lists = columns.read_rows(
        """
        SELECT g.place - 1, f.id, f.entity_id, f.currency, o.profit_minor, o.due_fine::bigint,
               o.already_shared_minor + o.shared_minor, coalesce(o.carries_at_id, %(nowhere)s), t.id, t.threshold_minor,
               sha256(convert_to(t.tiers::text, 'UTF8')), t.carries_losses, t.shares_with_stable,
               CASE WHEN o.carries_at_id = o.id THEN o.member_numbers ELSE '{}' END,
               CASE WHEN o.carries_at_id = o.id THEN o.member_carry_after_grain ELSE '{}' END
          FROM unnest(%(firms)s::uuid[]) WITH ORDINALITY AS g (id, place)
          JOIN microenterprises_microenterprise f ON f.id = g.id
         CROSS JOIN LATERAL (
               SELECT * FROM settlement_outcome o
                WHERE o.microenterprise_id = f.id AND o.repairs_id IS NULL
                  AND o.business_date = %(before)s AND o.fiscal_year = %(year)s OFFSET 0) o
         CROSS JOIN LATERAL (
               SELECT * FROM microenterprises_shareterms t
                WHERE t.microenterprise_id = f.id AND t.status = 'agreed' AND t.effective_from <= %(day)s
                  AND (t.effective_to IS NULL OR t.effective_to > %(day)s) OFFSET 0) t
         WHERE abs(o.due_fine) < %(room)s AND NOT EXISTS (
               SELECT FROM settlement_outcome e
                WHERE e.microenterprise_id = f.id AND e.state = 'exception' AND e.business_date < %(day)s
                  AND NOT EXISTS (SELECT FROM settlement_outcome r WHERE r.repairs_id = e.id))
         ORDER BY f.entity_id
        """,
        _FACTS,
        {"number": "int8", "value": "int8"},
        {
            "before": day - ONE_DAY,
            "year": year,
            "day": day,
            "firms": listed(microenterprises),
            "room": ROOM,
            "nowhere": str(UUID(bytes=NOWHERE)),
        },
    )
    terms = _terms(rows)
    told = (rows[name].tolist() for name in _FACTS)
    firms = [
        Firm(microenterprises[place], key, entity, currency, Standing(*before), at, terms_id, *words, bool(with_stable))
        for (place, key, entity, currency, *before, at, terms_id, _minor, _tiers, _losses, with_stable), words in zip(
            zip(*told, strict=True), terms, strict=True
        )
    ]
    here = Carries(np.repeat(np.arange(len(firms)), lengths), lists["number"], lists["value"])
    elsewhere = [place for place in np.flatnonzero(lengths == 0).tolist() if firms[place].carries_at != NOWHERE]
    return firms, _with_those_elsewhere(firms, elsewhere, here) if elsewhere else here


def _with_those_elsewhere(firms: Sequence[Firm], places: Sequence[int], here: Carries) -> Carries:
    """The carries, and with them those of the firms at these places, which an older outcome holds."""
    older = columns.read_lists(
        """
        SELECT at.place, o.member_numbers, o.member_carry_after_grain
          FROM unnest(%(at)s::uuid[], %(places)s::bigint[]) AS at (id, place)
          JOIN settlement_outcome o ON o.id = at.id
        """,
        {"of": "int8"},
        {"number": "int8", "value": "int8"},
        {"at": listed(firms[place].carries_at.hex() for place in places), "places": list(places)},
    )
    return Carries(*(np.concatenate((mine, older[name])) for name, mine in zip(Carries._fields, here, strict=True)))


_known_terms: dict[tuple[int, bytes, int], tuple[Terms, bytes]] = {}


def _terms(rows: Mapping[str, Any]) -> list[tuple[Terms, bytes]]:
    """The terms of each row, and how they are hashed. The same ones hold for many nights: they are kept by what they
    say, the tiers by their hash, and only those not seen yet are read."""
    said = list(zip(*(rows[name].tolist() for name in ("threshold", "tiers", "carries_losses")), strict=True))
    if len(_known_terms) > _MOST_TERMS:
        _known_terms.clear()
    unknown = {
        key: terms_id.hex()
        for key, terms_id in zip(said, rows["terms_id"].tolist(), strict=True)
        if key not in _known_terms
    }
    if unknown:
        key_of = {terms_id: key for key, terms_id in unknown.items()}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT replace(id::text, '-', ''), tiers::text FROM microenterprises_shareterms"
                " WHERE id = ANY(%s::uuid[])",
                [listed(key_of)],
            )
            for terms_id, tiers in cursor.fetchall():
                threshold, _hash, carries_losses = key = key_of[terms_id]
                terms = terms_from(threshold, json.loads(tiers), bool(carries_losses))
                _known_terms[key] = terms, repr(terms).encode()
    return [_known_terms[key] for key in said]
