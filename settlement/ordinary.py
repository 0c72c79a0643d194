"""The ordinary night of many MEs at once, column by column: facts in, entries and outcomes out.

Ordinary is an ME with terms in force and an outcome the date before, in the same fiscal year, without anything open: no
exception, no draw to recover, no month's pay tonight, and a pool that its wallet covers. That is nearly every ME on
nearly every night. `settle` posts those and hands the others back; they go one by one through `settlement.facts`,
`settlement.night` and `settlement.posting`, which say what is right. A test holds both ways against each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core import columns
from core.ids import new_bytes
from ledger import batches
from ledger.accounts import Kind
from ledger.canonical import account_key
from ledger.entities import account_ids
from microenterprises.models import Membership
from settlement.calculation import advance, is_month_end, pool_minor
from settlement.candidates import NOWHERE, ROOM, Carries, Firm, candidates, listed
from settlement.facts import NOTHING_ELSE, fingerprint_of, fiscal_year_of
from settlement.models import Outcome, PayeeAccounts, share_reference
from settlement.posting import share_memo
from settlement.splitting import Parts, Pools, Whole, fits, split_all


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
    firms: list[Firm] = []
    if not is_month_end(day):
        firms, carries = candidates(day, year, list(moved))
    if firms:
        firms = _Night(day, year, firms, carries, moved).settle(by)
    done = {firm.id for firm in firms}
    return [each for each in moved if each not in done]


# --- The night of those who are ---------------------------------------------------------------------------------------


class _Night:
    """The columns of one batch. Places in them are places in `firms`, which stand in the order of their entities."""

    def __init__(self, day: date, year: date, firms: list[Firm], carries: Carries, moved: Moved) -> None:
        self.day, self.year, self.night = day, year, day.isoformat()
        entities = np.array([firm.entity_id for firm in firms], dtype=np.int64)
        accounts = batches.accounts_of(entities, (Kind.WALLET, Kind.SET_ASIDE, Kind.PROFIT_SHARED, Kind.ADVANCE))
        standings = [
            advance(firm.before, firm.terms, moved_minor=minor, reshared_minor=reshared)
            for firm in firms
            for minor, reshared in (moved[firm.id],)
        ]
        kept = accounts[Kind.ADVANCE][0] == 0  # nobody owes a draw
        kept &= np.array([-ROOM < after.due_fine < ROOM for after in standings])  # has room in 64 bits
        self.firms = [firm for firm, is_kept in zip(firms, kept.tolist(), strict=True) if is_kept]
        self.listed = listed(firm.id for firm in self.firms)
        self.entities = entities[kept]
        self.accounts = {kind: (ids[kept], minor[kept]) for kind, (ids, minor) in accounts.items()}
        self.wallet_account, self.wallet = self.accounts[Kind.WALLET]
        self.moved = [moved[firm.id] for firm in self.firms]
        self.standings = [each for each, is_kept in zip(standings, kept.tolist(), strict=True) if is_kept]
        self.pool = np.array([pool_minor(standing) for standing in self.standings], dtype=np.int64)
        self.seats, self.departed = self._seats(carries.of_those(kept))
        self.weights_sum = self._by_firm(self.seats.weight)
        self.orphaned = self._orphaned()

    def settle(self, by: str) -> list[Firm]:
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

    def _seats(self, carries: Carries) -> tuple[_Seats, dict[int, dict[int, int]]]:
        rows = columns.read(
            """
            SELECT f.place - 1 AS of, m.number, m.weight, (m.track = 'stable') AS stable
              FROM unnest(%(firms)s::uuid[]) WITH ORDINALITY AS f (id, place)
              JOIN microenterprises_membership m ON m.microenterprise_id = f.id AND m.started_on <= %(day)s
                   AND (m.ended_on IS NULL OR m.ended_on > %(day)s)
            """,
            {"of": "int8", "number": "int8", "weight": "int4", "stable": "bool"},
            {"firms": self.listed, "day": self.day},
        )
        order = np.lexsort((rows["number"], rows["of"]))  # numbers are put in order here faster than rows there
        rows = {name: values[order] for name, values in rows.items()}
        of, number = rows["of"], rows["number"]
        with_stable = np.array([firm.with_stable for firm in self.firms], dtype=bool)
        weight = np.where((rows["stable"] == 0) | with_stable[of], rows["weight"], 0)
        account, carry = np.zeros_like(number), np.zeros_like(number)
        payees = self._payees()
        at, here = _among(number, payees["number"])
        account[at] = payees["account"][here]
        at, here = _among(number, carries.number)
        carry[at] = carries.value[here]
        departed: dict[int, dict[int, int]] = {}
        for place, who, grain in zip(*(values[~here].tolist() for values in carries), strict=True):
            departed.setdefault(place, {})[who] = grain
        return _Seats(of, number, weight, account, carry), departed

    def _payees(self) -> dict[str, Whole]:
        """The accounts that owe the members, as they were found on earlier nights, beside the members' numbers."""
        return columns.read_lists(
            """
            SELECT p.numbers, p.accounts
              FROM unnest(%(firms)s::uuid[]) AS f (id)
             CROSS JOIN LATERAL (  -- OFFSET: looked up one by one, not by reading those of the whole company
                   SELECT numbers, accounts FROM settlement_payeeaccounts WHERE microenterprise_id = f.id OFFSET 0) p
            """,
            {},
            {"number": "int8", "account": "int8"},
            {"firms": self.listed},
        )

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
                "microenterprise_id": [firm.key for firm in firms],
                "share_terms_id": [firm.terms_id for firm in firms],
                "carries_at_id": [
                    own if shares else firm.carries_at if firm.carries_at != NOWHERE else None
                    for own, firm, shares in zip(ids, firms, pool.tolist(), strict=True)
                ],
                "currency": [firm.currency for firm in firms],
                "state": [_SETTLED if shares else _NOTHING_SHARED for shares in pool.tolist()],
                "snag": [b""] * len(firms),
                "entry_reference": [
                    share_reference(firm.id, self.night).encode() if shares else b""
                    for firm, shares in zip(firms, pool.tolist(), strict=True)
                ],
                "facts_sha256": [hashes[place].encode() for place in places],
                "member_inherited_grain": self._inherited(answer, counts, places),
                "member_recovered_minor": [_NO_LIST] * len(firms),
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
        if not inherited.any():
            return [_NO_LIST] * len(places)
        of_those = set(self.seats.of[answer.holders[inherited != 0]].tolist())
        return [
            columns.list_of(inherited[ends[place] - counts[place] : ends[place]]) if place in of_those else _NO_LIST
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
                firm.key,
                heads[place * 64 : place * 64 + 64],
                firm.terms_text,
                seats[ends[place] * width : ends[place + 1] * width],
                repr((self.departed[place], (), {}, {}, (), False)).encode()
                if place in self.departed
                else NOTHING_ELSE,
            )
            for place, firm in enumerate(firms)
        ]


def _among(numbers: Whole, wanted: Whole) -> tuple[Whole, NDArray[np.bool_]]:
    """Where each of the wanted stands among the numbers; and which of the wanted stand there at all."""
    order = np.argsort(numbers, kind="stable")
    at = np.searchsorted(numbers, wanted, sorter=order)
    here = at < len(numbers)
    here[here] = numbers[order[at[here]]] == wanted[here]
    return order[at[here]], here


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
_NO_LIST: Final = columns.list_of(())
