"""The ordinary night of many MEs at once, column by column: facts in, entries and outcomes out.

Ordinary is an ME with terms in force and an outcome the date before, in the same fiscal year, without anything open: no
exception, no draw to recover, no month's pay tonight, and a pool that its wallet covers. That is nearly every ME on
nearly every night. `settle` posts those and hands the others back; they go one by one through `settlement.facts`,
`settlement.night` and `settlement.posting`, which say what is right. A test holds both ways against each other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core import columns
from core.ids import new_id
from ledger import batches
from ledger.accounts import Kind
from ledger.canonical import account_key
from ledger.entities import account_ids
from microenterprises.models import Membership
from settlement.bulk import copy_lines
from settlement.calculation import Standing, Terms, advance, is_month_end, pool_minor
from settlement.facts import NOTHING_ELSE, fingerprint_of, fiscal_year_of, terms_from
from settlement.models import Outcome, Payee, share_reference
from settlement.posting import share_memo
from settlement.splitting import Parts, Pools, Whole, fits, split_all

ONE_DAY: Final = timedelta(days=1)


class _Firm(NamedTuple):
    """An ME that may be ordinary tonight, with what the date before left."""

    id: UUID
    entity_id: int
    currency: str
    before: Standing
    carries_at: UUID | None
    terms_id: UUID
    terms: Terms
    with_stable: bool


@dataclass(frozen=True, slots=True)
class _Seats:
    """Members of tonight, firm after firm, by their numbers. of: the place of their firm; account: 0 if not known."""

    of: Whole
    number: Whole
    weight: Whole
    account: Whole
    carry: Whole


def settle(day: date, microenterprises: Sequence[UUID], *, by: str) -> list[UUID]:
    """Settle the ordinary nights among those MEs inside the caller's transaction; the MEs that have another kind.

    by: who posts, as text for readers of the books. Raises what `ledger.batches.post` raises.
    """
    year = fiscal_year_of(day)
    firms = [] if is_month_end(day) else _candidates(day, year, microenterprises)
    if firms:
        firms = _Night(day, year, firms).settle(by)
    done = {firm.id for firm in firms}
    return [each for each in microenterprises if each not in done]


# --- Who may be ordinary ----------------------------------------------------------------------------------------------


def _candidates(day: date, year: date, microenterprises: Sequence[UUID]) -> list[_Firm]:
    """In the order of their entities: an own outcome the date before in this year, terms in force, nothing open."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT f.id, f.entity_id, f.currency, o.profit_minor, o.due_fine, o.already_shared_minor + o.shared_minor,
                   o.carries_at_id, t.id, t.threshold_minor, t.tiers::text, t.carries_losses, t.shares_with_stable
              FROM microenterprises_microenterprise f
              JOIN settlement_outcome o ON o.microenterprise_id = f.id AND o.repairs_id IS NULL
                   AND o.business_date = %(before)s AND o.fiscal_year = %(year)s
              JOIN microenterprises_shareterms t ON t.microenterprise_id = f.id AND t.status = 'agreed'
                   AND t.effective_from <= %(day)s AND (t.effective_to IS NULL OR t.effective_to > %(day)s)
             WHERE f.id = ANY(%(firms)s::uuid[]) AND NOT EXISTS (
                   SELECT FROM settlement_outcome e
                    WHERE e.microenterprise_id = f.id AND e.state = 'exception' AND e.business_date < %(day)s
                      AND NOT EXISTS (SELECT FROM settlement_outcome r WHERE r.repairs_id = e.id))
             ORDER BY f.entity_id
            """,
            {"before": day - ONE_DAY, "year": year, "day": day, "firms": list(microenterprises)},
        )
        firms = [_firm(*row) for row in cursor.fetchall()]
    owing = batches.with_open_advances([firm.entity_id for firm in firms])
    return [firm for firm in firms if firm.entity_id not in owing]


def _firm(
    pk: UUID, entity: int, currency: str, profit: int, due: int, shared: int, carries_at: UUID | None, *rest: Any
) -> _Firm:
    terms, threshold, tiers, carries_losses, with_stable = rest
    standing = Standing(profit, due, shared)
    return _Firm(
        pk, entity, currency, standing, carries_at, terms, _terms(threshold, tiers, carries_losses), with_stable
    )


@lru_cache(maxsize=16_384)
def _terms(threshold_minor: int, tiers: str, carries_losses: bool) -> Terms:
    """The same terms hold for many nights."""
    return terms_from(threshold_minor, json.loads(tiers), carries_losses)


# --- The night of those who are ---------------------------------------------------------------------------------------


class _Night:
    """The columns of one batch. Places in them are places in `firms`, which stand in the order of their entities."""

    def __init__(self, day: date, year: date, firms: list[_Firm]) -> None:
        self.day, self.year, self.firms = day, year, firms
        self.entities = np.array([firm.entity_id for firm in firms], dtype=np.int64)
        self.accounts = batches.accounts_of(self.entities.tolist(), (Kind.WALLET, Kind.SET_ASIDE, Kind.PROFIT_SHARED))
        self.wallet_account, self.wallet = self.accounts[Kind.WALLET]
        self.moved, self.reshared = batches.moved_on(self.entities.tolist(), day)
        self.standings = [
            advance(firm.before, firm.terms, moved_minor=moved, reshared_minor=reshared)
            for firm, moved, reshared in zip(firms, self.moved.tolist(), self.reshared.tolist(), strict=True)
        ]
        self.pool = np.array([pool_minor(standing) for standing in self.standings], dtype=np.int64)
        self.seats, self.departed = self._seats()
        self.weights_sum = self._by_firm(self.seats.weight)
        self.orphaned = self._orphaned()

    def settle(self, by: str) -> list[_Firm]:
        """Split, post and store those whose night is ordinary; which they were."""
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
            SELECT f.entity_id, m.number, m.weight, (m.track = 'stable') AS stable, coalesce(p.account_id, 0) AS account
              FROM microenterprises_membership m
              JOIN microenterprises_microenterprise f ON f.id = m.microenterprise_id
              LEFT JOIN settlement_payee p ON p.membership_number = m.number
             WHERE m.microenterprise_id = ANY(%(firms)s::uuid[]) AND m.started_on <= %(day)s
               AND (m.ended_on IS NULL OR m.ended_on > %(day)s)
             ORDER BY f.entity_id, m.number
            """,
            {"entity_id": "int8", "number": "int8", "weight": "int4", "stable": "bool", "account": "int8"},
            {"firms": [firm.id for firm in self.firms], "day": self.day},
        )
        of = np.searchsorted(self.entities, rows["entity_id"])
        with_stable = np.array([firm.with_stable for firm in self.firms], dtype=bool)
        weight = np.where((rows["stable"] == 0) | with_stable[of], rows["weight"], 0)
        carry, departed = self._carries(rows["number"])
        return _Seats(of, rows["number"], weight, rows["account"], carry), departed

    def _carries(self, numbers: Whole) -> tuple[Whole, dict[int, dict[int, int]]]:
        """Carries in the order of the seats, and those of whoever has no seat any more, by the place of the firm."""
        carry = np.zeros(len(numbers), dtype=np.int64)
        departed: dict[int, dict[int, int]] = {}
        rows = columns.read(
            """
            SELECT f.entity_id, c.number, c.grain
              FROM settlement_outcome o
              JOIN microenterprises_microenterprise f ON f.id = o.microenterprise_id
             CROSS JOIN LATERAL unnest(o.member_numbers, o.member_carry_after_grain) AS c (number, grain)
             WHERE o.id = ANY(%(places)s::uuid[]) AND c.grain <> 0
            """,
            {"entity_id": "int8", "number": "int8", "grain": "int8"},
            {"places": [firm.carries_at for firm in self.firms if firm.carries_at]},
        )
        order = np.argsort(numbers)
        at = np.searchsorted(numbers[order], rows["number"])
        here = at < len(numbers)
        here[here] = numbers[order][at[here]] == rows["number"][here]
        carry[order[at[here]]] = rows["grain"][here]
        for entity, number, grain in zip(*(rows[name][~here].tolist() for name in rows), strict=True):
            departed.setdefault(int(np.searchsorted(self.entities, entity)), {})[number] = grain
        return carry, departed

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
                references=[share_reference(firm.id, self.day) for firm in firms],
                subjects=[f"microenterprise:{firm.id}" for firm in firms],
                memo=share_memo(self.day),
                line_counts=per_firm + 3,
                account_ids=account,
                entity_ids=np.repeat(self.entities[settled], per_firm + 3),
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
            found = zip(numbers, accounts[unknown].tolist(), strict=True)
            Payee.objects.bulk_create(
                [Payee(membership_number=number, account_id=account) for number, account in found],
                ignore_conflicts=True,
            )
        return accounts

    # --- outcomes ---

    def _store(self, answer: "_Answer") -> None:
        rows = []
        ends = np.searchsorted(self.seats.of[answer.holders], np.arange(len(self.firms) + 1)).tolist()
        arrays = _Arrays.of(self.seats, answer)
        hashes = self._fingerprints()
        pools, sums, wallets = self.pool.tolist(), self.weights_sum.tolist(), self.wallet.tolist()
        night, year = self.day.isoformat(), self.year.isoformat()
        nothing = r"\N"
        for place in np.flatnonzero(answer.fine).tolist():
            firm, standing, pool, before = (
                self.firms[place],
                self.standings[place],
                pools[place],
                self.firms[place].before,
            )
            outcome, start, end = new_id(), ends[place], ends[place + 1]
            head = (
                f"{outcome}\t{firm.id}\t{night}\t{night}\t{'settled' if pool else 'nothing'}\t{firm.currency}\t{year}"
                f"\t{firm.terms_id}\t{before.profit_minor}\t{standing.profit_minor}\t{before.due_fine}"
                f"\t{standing.due_fine}\t{standing.shared_minor}\t{pool}\t{pool}\t{pool}\t{wallets[place]}\t{pool}"
                f"\t{sums[place]}\t{end - start}\t{outcome if pool else firm.carries_at or nothing}"
                f"\t{share_reference(firm.id, self.day) if pool else ''}\t{hashes[place]}"
            )
            rows.append("\t".join((head, *arrays.between(start, end), _NOTHING)))
        copy_lines(Outcome, _COLUMNS, rows)

    def _fingerprints(self) -> list[str]:
        firms = self.firms
        figures = np.empty((len(firms), 8), dtype=">i8")
        figures[:, 0], figures[:, 1] = self.day.toordinal(), self.year.toordinal()
        figures[:, 2] = [firm.before.profit_minor for firm in firms]
        figures[:, 3] = [firm.before.due_fine for firm in firms]
        figures[:, 4] = [firm.before.shared_minor for firm in firms]
        figures[:, 5], figures[:, 6], figures[:, 7] = self.moved, self.reshared, self.wallet
        seats = np.column_stack((self.seats.number, self.seats.weight, self.seats.carry)).astype(">i8").tobytes()
        heads, width = figures.tobytes(), 24
        ends = np.searchsorted(self.seats.of, np.arange(len(firms) + 1)).tolist()
        return [
            fingerprint_of(
                firm.id,
                heads[place * 64 : place * 64 + 64],
                firm.terms,
                seats[ends[place] * width : ends[place + 1] * width],
                repr((self.departed[place], (), {}, {}, (), False)) if place in self.departed else NOTHING_ELSE,
            )
            for place, firm in enumerate(firms)
        ]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Which firms settled, which had an ordinary night, who holds a part (places among the seats), and the parts."""

    settled: NDArray[np.bool_]
    fine: NDArray[np.bool_]
    holders: Whole
    parts: Parts


@dataclass(frozen=True, slots=True)
class _Arrays:
    """The arrays of outcomes as text, one item for each part."""

    columns: tuple[list[str], ...]
    nothing: list[str]

    @classmethod
    def of(cls, seats: _Seats, answer: _Answer) -> "_Arrays":
        parts, holders = answer.parts, answer.holders
        return cls(
            tuple(
                list(map(str, values.tolist()))
                for values in (
                    seats.number[holders],
                    seats.weight[holders],
                    parts.amount_minor,
                    parts.inherited_grain,
                    parts.carry_before_grain,
                    parts.carry_after_grain,
                )
            ),
            ["0"] * len(holders),
        )

    def between(self, start: int, end: int) -> list[str]:
        """The arrays of one outcome, in the order of `_ARRAYS`."""
        return [f"{{{','.join(each[start:end])}}}" for each in (*self.columns, self.nothing)]


_ARRAYS: Final = (
    "member_numbers", "member_weights", "member_minor", "member_inherited_grain", "member_carry_before_grain",
    "member_carry_after_grain", "member_recovered_minor",
)  # fmt: skip
_COLUMNS: Final = (
    "id", "microenterprise_id", "night", "business_date", "state", "currency", "fiscal_year", "share_terms_id",
    "profit_before_minor", "profit_minor", "due_before_fine", "due_fine", "already_shared_minor", "pool_minor",
    "shared_minor", "needed_minor", "wallet_minor", "payable_minor", "weights_sum", "line_count", "carries_at_id",
    "entry_reference", "facts_sha256", *_ARRAYS,
    "snag", "is_final", "recovered_minor", "pay_minor", "draws_minor", "written_off_minor",
)  # fmt: skip
_NOTHING: Final = "\tf\t0\t0\t0\t0"
"""An ordinary night has no snag, is not the last, recovers, pays and writes off nothing."""
