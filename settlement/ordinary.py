"""The ordinary night of many MEs at once, column by column: facts in, entries and outcomes out.

Ordinary is an ME with terms in force and an outcome the date before, in the same fiscal year, without anything open: no
exception, no draw to recover, no month's pay tonight, and a pool that its wallet covers. That is nearly every ME on
nearly every night. `settle` posts those and hands the others back; they go one by one through `settlement.facts`,
`settlement.night` and `settlement.posting`, which say what is right. A test holds both ways against each other.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core import columns
from core.ids import new_bytes
from ledger import batches
from ledger.accounts import Kind
from ledger.canonical import account_key
from ledger.entities import account_ids
from microenterprises.models import Membership
from settlement.calculation import Standing, Terms, advance, is_month_end, pool_minor
from settlement.facts import NOTHING_ELSE, fingerprint_of, fiscal_year_of, terms_from
from settlement.models import Outcome, PayeeAccounts, share_reference
from settlement.posting import share_memo
from settlement.splitting import Parts, Pools, Whole, fits, split_all

ONE_DAY: Final = timedelta(days=1)


class _Firm(NamedTuple):
    """An ME that may be ordinary tonight, with what the date before left. Identifiers are texts, to be written only."""

    id: str
    entity_id: int
    currency: str
    before: Standing
    carries_at: str | None
    terms_id: str
    terms: Terms
    terms_text: bytes
    with_stable: bool


@dataclass(frozen=True, slots=True)
class _Seats:
    """Members of tonight, firm after firm, by their numbers. of: the place of their firm; account: 0 if not known."""

    of: Whole
    number: Whole
    weight: Whole
    account: Whole
    carry: Whole


Moved = Mapping[str, tuple[int, int]]
"""What the date moved before its night, by ME: income less expense, and profit shared (minor units)."""


def settle(day: date, moved: Moved, *, by: str) -> list[str]:
    """Settle the ordinary nights among those MEs inside the caller's transaction; the MEs that have another kind.

    by: who posts, as text for readers of the books. Raises what `ledger.batches.post` raises.
    """
    year = fiscal_year_of(day)
    firms = [] if is_month_end(day) else _candidates(day, year, list(moved))
    if firms:
        firms = _Night(day, year, firms, moved).settle(by)
    done = {firm.id for firm in firms}
    return [each for each in moved if each not in done]


def _listed(texts: Iterable[str | None]) -> str:
    """Identifiers as the text of an array."""
    return f"{{{','.join(text or 'NULL' for text in texts)}}}"


# --- Who may be ordinary ----------------------------------------------------------------------------------------------


def _candidates(day: date, year: date, microenterprises: Sequence[str]) -> list[_Firm]:
    """In the order of their entities: an own outcome the date before in this year, terms in force, nothing open.

    OFFSET 0 has each looked up by its ME: of a date that its statistics do not know the planner expects one outcome,
    and would read the terms of the whole company for each.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT f.id::text, f.entity_id, f.currency, o.profit_minor, o.due_fine,
                   o.already_shared_minor + o.shared_minor, o.carries_at_id::text,
                   t.id::text, t.threshold_minor, t.tiers::text, t.carries_losses, t.shares_with_stable
              FROM microenterprises_microenterprise f
             CROSS JOIN LATERAL (
                   SELECT * FROM settlement_outcome o
                    WHERE o.microenterprise_id = f.id AND o.repairs_id IS NULL
                      AND o.business_date = %(before)s AND o.fiscal_year = %(year)s OFFSET 0) o
             CROSS JOIN LATERAL (
                   SELECT * FROM microenterprises_shareterms t
                    WHERE t.microenterprise_id = f.id AND t.status = 'agreed' AND t.effective_from <= %(day)s
                      AND (t.effective_to IS NULL OR t.effective_to > %(day)s) OFFSET 0) t
             WHERE f.id = ANY(%(firms)s::uuid[]) AND NOT EXISTS (
                   SELECT FROM settlement_outcome e
                    WHERE e.microenterprise_id = f.id AND e.state = 'exception' AND e.business_date < %(day)s
                      AND NOT EXISTS (SELECT FROM settlement_outcome r WHERE r.repairs_id = e.id))
             ORDER BY f.entity_id
            """,
            {"before": day - ONE_DAY, "year": year, "day": day, "firms": _listed(microenterprises)},
        )
        return [_firm(*row) for row in cursor.fetchall()]


def _firm(
    pk: str, entity: int, currency: str, profit: int, due: Decimal, shared: int, carries_at: str | None, *rest: Any
) -> _Firm:
    terms_id, threshold, tiers, carries_losses, with_stable = rest
    terms, text = _terms(threshold, tiers, carries_losses)
    before = Standing(profit, int(due), shared)
    return _Firm(pk, entity, currency, before, carries_at, terms_id, terms, text, with_stable)


@lru_cache(maxsize=16_384)
def _terms(threshold_minor: int, tiers: str, carries_losses: bool) -> tuple[Terms, bytes]:
    """The same terms hold for many nights. Beside them, how they are hashed."""
    terms = terms_from(threshold_minor, json.loads(tiers), carries_losses)
    return terms, repr(terms).encode()


# --- The night of those who are ---------------------------------------------------------------------------------------


class _Night:
    """The columns of one batch. Places in them are places in `firms`, which stand in the order of their entities."""

    def __init__(self, day: date, year: date, firms: list[_Firm], moved: Moved) -> None:
        self.day, self.year, self.night = day, year, day.isoformat()
        entities = np.array([firm.entity_id for firm in firms], dtype=np.int64)
        accounts = batches.accounts_of(entities, (Kind.WALLET, Kind.SET_ASIDE, Kind.PROFIT_SHARED, Kind.ADVANCE))
        standings = [
            advance(firm.before, firm.terms, moved_minor=minor, reshared_minor=reshared)
            for firm in firms
            for minor, reshared in (moved[firm.id],)
        ]
        kept = accounts[Kind.ADVANCE][0] == 0  # nobody owes a draw
        kept &= np.array([_is_narrow(firm.before, after) for firm, after in zip(firms, standings, strict=True)])
        self.firms = [firm for firm, is_kept in zip(firms, kept.tolist(), strict=True) if is_kept]
        self.listed = _listed(firm.id for firm in self.firms)
        self.entities = entities[kept]
        self.accounts = {kind: (ids[kept], minor[kept]) for kind, (ids, minor) in accounts.items()}
        self.wallet_account, self.wallet = self.accounts[Kind.WALLET]
        self.moved = [moved[firm.id] for firm in self.firms]
        self.standings = [each for each, is_kept in zip(standings, kept.tolist(), strict=True) if is_kept]
        self.pool = np.array([pool_minor(standing) for standing in self.standings], dtype=np.int64)
        self.seats, self.departed = self._seats()
        self.weights_sum = self._by_firm(self.seats.weight)
        self.orphaned = self._orphaned()

    def settle(self, by: str) -> list[_Firm]:
        """Split, post and store those whose night is ordinary; which they were."""
        if not self.firms:
            return []
        shares = self.pool > 0
        can = shares & self._can_split()
        parts, holders = self._split(can)
        waits = np.zeros(len(self.firms), dtype=bool)
        waits[can] = parts.waits
        settled, fine = can & ~waits, ~shares | (can & ~waits)
        kept = settled[self.seats.of[holders]]
        answer = _Answer(settled, fine, holders[kept], parts.of_those(kept))
        self._post(answer, by)
        self._store(answer)
        return [firm for firm, is_fine in zip(self.firms, fine.tolist(), strict=True) if is_fine]

    # --- facts ---

    def _seats(self) -> tuple[_Seats, dict[int, dict[int, int]]]:
        rows = columns.read(
            """
            SELECT f.place - 1 AS of, m.number, m.weight, (m.track = 'stable') AS stable
              FROM unnest(%(firms)s::uuid[]) WITH ORDINALITY AS f (id, place)
              JOIN microenterprises_membership m ON m.microenterprise_id = f.id AND m.started_on <= %(day)s
                   AND (m.ended_on IS NULL OR m.ended_on > %(day)s)
             ORDER BY f.place, m.number
            """,
            {"of": "int8", "number": "int8", "weight": "int4", "stable": "bool"},
            {"firms": self.listed, "day": self.day},
        )
        of, number = rows["of"], rows["number"]
        with_stable = np.array([firm.with_stable for firm in self.firms], dtype=bool)
        weight = np.where((rows["stable"] == 0) | with_stable[of], rows["weight"], 0)
        kept = self._kept()
        account, _of_nobody = _by_number(kept, _ACCOUNT, number)
        carry, gone = _by_number(kept, _CARRY, number)
        departed: dict[int, dict[int, int]] = {}
        for place, who, grain in zip(*(kept[name][gone].tolist() for name in ("of", "number", "value")), strict=True):
            departed.setdefault(place, {})[who] = grain
        return _Seats(of, number, weight, account, carry), departed

    def _kept(self) -> dict[str, Whole]:
        """What earlier nights left, by the number of a membership: its account and its carry, of whoever has one."""
        kept = columns.read_lists(
            """
            SELECT at.place - 1 AS of, 0::int2 AS what, o.member_numbers, o.member_carry_after_grain
              FROM unnest(%(places)s::uuid[]) WITH ORDINALITY AS at (id, place)
              JOIN settlement_outcome o ON o.id = at.id
             UNION ALL
            SELECT at.place - 1, 1::int2, p.numbers, p.accounts
              FROM unnest(%(firms)s::uuid[]) WITH ORDINALITY AS at (id, place)
              JOIN settlement_payeeaccounts p ON p.microenterprise_id = at.id
            """,
            {"of": "int8", "what": "int2"},
            {"number": "int8", "value": "int8"},
            {"places": _listed(firm.carries_at for firm in self.firms), "firms": self.listed},
        )
        something = kept["value"] != 0
        return {name: values[something] for name, values in kept.items()}

    def _orphaned(self) -> Whole:
        """Carries of those who hold no weight tonight: they left, or weigh nothing."""
        found = self._by_firm(np.where(self.seats.weight > 0, 0, self.seats.carry))
        for place, carries in self.departed.items():
            found[place] += sum(carries.values())
        return found

    def _by_firm(self, values: Whole) -> Whole:
        found = np.zeros(len(self.firms), dtype=np.int64)
        np.add.at(found, self.seats.of, values)
        return found

    # --- the split ---

    def _can_split(self) -> NDArray[np.bool_]:
        largest = np.zeros(len(self.firms), dtype=np.int64)
        np.maximum.at(largest, self.seats.of, self.seats.weight)
        fit = fits(self.pool, largest, self.weights_sum, self.orphaned)
        return np.asarray(fit & (self.weights_sum > 0) & (self.pool <= self.wallet) & (self.wallet_account > 0))

    def _split(self, can: NDArray[np.bool_]) -> tuple[Parts, Whole]:
        """The parts of the pools of those firms, and whose they are, as places among the seats."""
        holders = np.flatnonzero((self.seats.weight > 0) & can[self.seats.of])
        place = np.cumsum(can) - 1
        pools = Pools(
            self.pool[can],
            self.orphaned[can],
            place[self.seats.of[holders]],
            self.seats.weight[holders],
            self.seats.carry[holders],
        )
        return split_all(pools), holders

    # --- the books ---

    def _post(self, answer: "_Answer", by: str) -> None:
        """Profit shared and set aside, from the wallet; payable to whoever gets more than nothing."""
        settled = np.flatnonzero(answer.settled)
        firms = [self.firms[place] for place in settled.tolist()]
        paid = answer.parts.amount_minor > 0
        payees = answer.holders[paid]
        per_firm = np.bincount(np.searchsorted(settled, self.seats.of[payees]), minlength=len(settled))
        ends = np.cumsum(per_firm + 3)
        heads = ends - per_firm - 3
        size = int(ends[-1]) if len(ends) else 0
        account, amount = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        pool = self.pool[settled]
        shared, set_aside = self._own_accounts(settled)
        for offset, (ids, minor) in enumerate(
            ((shared, pool), (set_aside, pool), (self.wallet_account[settled], -pool))
        ):
            account[heads + offset], amount[heads + offset] = ids, minor
        members = amount == 0
        account[members], amount[members] = self._payable_accounts(payees), -answer.parts.amount_minor[paid]
        batches.post(
            batches.Batch(
                kind="share",
                references=[share_reference(firm.id, self.night) for firm in firms],
                subjects=[f"microenterprise:{firm.id}" for firm in firms],
                memo=share_memo(self.day),
                entity_ids=self.entities[settled],
                line_counts=per_firm + 3,
                account_ids=account,
                amounts=amount,
            ),
            by=by,
            night=self.day,
        )

    def _own_accounts(self, settled: Whole) -> tuple[Whole, Whole]:
        """Profit shared and set aside of those firms; opened in their first night."""
        found = []
        for kind in (Kind.PROFIT_SHARED, Kind.SET_ASIDE):
            ids = self.accounts[kind][0][settled]
            unknown = np.flatnonzero(ids == 0)
            if unknown.size:
                keys = [account_key(entity, kind, "") for entity in self.entities[settled[unknown]].tolist()]
                ids[unknown] = account_ids(keys)
            found.append(ids)
        return found[0], found[1]

    def _payable_accounts(self, places: Whole) -> Whole:
        """The accounts that owe those members; found by their persons once, by their numbers from then on."""
        accounts = self.seats.account[places]
        unknown = np.flatnonzero(accounts == 0)
        if unknown.size:
            numbers = self.seats.number[places[unknown]].tolist()
            persons = dict(Membership.objects.filter(number__in=numbers).values_list("number", "person_id"))
            entities = self.entities[self.seats.of[places[unknown]]].tolist()
            keys = [
                account_key(entity, Kind.PAYABLE, f"person:{persons[number]}")
                for entity, number in zip(entities, numbers, strict=True)
            ]
            accounts[unknown] = account_ids(keys)
            firms = [self.firms[place].id for place in self.seats.of[places[unknown]].tolist()]
            PayeeAccounts.remember(firms, numbers, accounts[unknown].tolist())
        return accounts

    # --- outcomes ---

    def _store(self, answer: "_Answer") -> None:
        """One outcome for each ME of this kind of night; what an ordinary night never has is zero, empty or NULL."""
        fine = np.flatnonzero(answer.fine)
        places = fine.tolist()
        firms = [self.firms[place] for place in places]
        ids = new_bytes(len(firms))
        pool = self.pool[fine]
        counts = np.bincount(self.seats.of[answer.holders], minlength=len(self.firms))
        hashes = self._fingerprints()
        columns.write_lists(
            Outcome._meta.db_table,
            _FIGURES,
            _NOTHING
            | {
                "night": columns.day_number(self.day),
                "business_date": columns.day_number(self.day),
                "fiscal_year": columns.day_number(self.year),
                "profit_before_minor": [firm.before.profit_minor for firm in firms],
                "profit_minor": [self.standings[place].profit_minor for place in places],
                "due_before_fine": [firm.before.due_fine for firm in firms],
                "due_fine": [self.standings[place].due_fine for place in places],
                "already_shared_minor": [self.standings[place].shared_minor for place in places],
                "pool_minor": pool,
                "shared_minor": pool,
                "needed_minor": pool,
                "payable_minor": pool,
                "wallet_minor": self.wallet[fine],
                "weights_sum": self.weights_sum[fine],
                "line_count": counts[fine],
            },
            dict.fromkeys(_LISTS, "int8"),
            dict(zip(_LISTS, self._lists(answer), strict=True)),
            counts[fine],
            {
                "id": ids,
                "microenterprise_id": [_uuid(firm.id) for firm in firms],
                "share_terms_id": [_uuid(firm.terms_id) for firm in firms],
                "carries_at_id": [
                    own if shares else _uuid(firm.carries_at) if firm.carries_at else None
                    for own, firm, shares in zip(ids, firms, pool.tolist(), strict=True)
                ],
                "currency": [firm.currency.encode() for firm in firms],
                "state": [_SETTLED if shares else _NOTHING_SHARED for shares in pool.tolist()],
                "snag": [b""] * len(firms),
                "entry_reference": [
                    share_reference(firm.id, self.night).encode() if shares else b""
                    for firm, shares in zip(firms, pool.tolist(), strict=True)
                ],
                "facts_sha256": [hashes[place].encode() for place in places],
                "member_inherited_grain": self._inherited(answer, counts, places),
                "member_recovered_minor": [columns.list_of(())] * len(firms),
            },
        )

    def _lists(self, answer: "_Answer") -> tuple[Whole, ...]:
        """The parts of all outcomes, one after the other, in the order of `_LISTS`."""
        parts, holders = answer.parts, answer.holders
        return (
            self.seats.number[holders],
            self.seats.weight[holders],
            parts.amount_minor,
            parts.carry_before_grain,
            parts.carry_after_grain,
        )

    def _inherited(self, answer: "_Answer", counts: Whole, places: Sequence[int]) -> list[bytes]:
        """What was inherited from those who left, by outcome; an empty list when it is nothing for everybody."""
        inherited, ends = answer.parts.inherited_grain, np.cumsum(counts)
        of_those = set(self.seats.of[answer.holders[inherited != 0]].tolist())
        return [
            columns.list_of(inherited[ends[place] - counts[place] : ends[place]] if place in of_those else ())
            for place in places
        ]

    def _fingerprints(self) -> list[str]:
        firms = self.firms
        figures = np.empty((len(firms), 8), dtype=">i8")
        figures[:, 0], figures[:, 1] = self.day.toordinal(), self.year.toordinal()
        figures[:, 2] = [firm.before.profit_minor for firm in firms]
        figures[:, 3] = [firm.before.due_fine for firm in firms]
        figures[:, 4] = [firm.before.shared_minor for firm in firms]
        figures[:, 5:7], figures[:, 7] = self.moved, self.wallet
        seats = np.column_stack((self.seats.number, self.seats.weight, self.seats.carry)).astype(">i8").tobytes()
        heads, width = figures.tobytes(), 24
        ends = np.searchsorted(self.seats.of, np.arange(len(firms) + 1)).tolist()
        return [
            fingerprint_of(
                _uuid(firm.id),
                heads[place * 64 : place * 64 + 64],
                firm.terms_text,
                seats[ends[place] * width : ends[place + 1] * width],
                repr((self.departed[place], (), {}, {}, (), False)).encode()
                if place in self.departed
                else NOTHING_ELSE,
            )
            for place, firm in enumerate(firms)
        ]


_CARRY: Final = 0
_ACCOUNT: Final = 1


def _by_number(kept: dict[str, Whole], what: int, numbers: Whole) -> tuple[Whole, NDArray[np.bool_]]:
    """What is kept under each of the numbers, 0 where nothing is; and which of the kept rows belong to none of them."""
    order = np.argsort(numbers)
    at = np.searchsorted(numbers, kept["number"], sorter=order)
    mine = kept["what"] == what
    here = mine & (at < len(numbers))
    here[here] = numbers[order[at[here]]] == kept["number"][here]
    found = np.zeros(len(numbers), dtype=np.int64)
    found[order[at[here]]] = kept["value"][here]
    return found, mine & ~here


@dataclass(frozen=True, slots=True)
class _Answer:
    """Which firms settled, which had an ordinary night, who holds a part (places among the seats), and the parts."""

    settled: NDArray[np.bool_]
    fine: NDArray[np.bool_]
    holders: Whole
    parts: Parts


_LISTS: Final = (
    "member_numbers", "member_weights", "member_minor", "member_carry_before_grain", "member_carry_after_grain",
)  # fmt: skip
_FIGURES: Final = {
    **dict.fromkeys(("night", "business_date", "fiscal_year"), "date"),
    **dict.fromkeys(
        (
            "profit_before_minor", "profit_minor", "already_shared_minor", "pool_minor", "shared_minor", "needed_minor",
            "payable_minor", "wallet_minor", "weights_sum", "recovered_minor", "pay_minor", "draws_minor",
            "written_off_minor",
        ),
        "int8",
    ),
    "due_before_fine": "numeric",
    "due_fine": "numeric",
    "line_count": "int4",
    "is_final": "bool",
}  # fmt: skip
_NOTHING: Final = dict.fromkeys(("recovered_minor", "pay_minor", "draws_minor", "written_off_minor", "is_final"), 0)
"""An ordinary night is not an ME's last, recovers, pays and writes off nothing."""
_SETTLED: Final = Outcome.State.SETTLED.value.encode()
_NOTHING_SHARED: Final = Outcome.State.NOTHING.value.encode()


_ROOM: Final = 2**62


def _is_narrow(before: Standing, after: Standing) -> bool:
    """Whether what is due, which is counted ten thousand times finer than money, has room in 64 bits."""
    return -_ROOM < before.due_fine < _ROOM and -_ROOM < after.due_fine < _ROOM


def _uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))
