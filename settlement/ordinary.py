"""The ordinary night of many MEs at once, column by column: facts in, entries and outcomes out.

Ordinary is an ME with terms in force and an outcome the date before, in the same fiscal year, without anything open: no
exception, no draw to recover, no month's pay tonight, and a pool that its wallet covers. That is nearly every ME on
nearly every night. `settle` posts those and hands the others back; they go one by one through `settlement.facts`,
`settlement.night` and `settlement.posting`, which say what is right. A test holds both ways against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core import columns
from core.ids import new_id
from ledger import batches
from ledger import queries as books
from ledger.accounts import Kind
from ledger.canonical import account_key
from ledger.entities import account_ids
from microenterprises.models import Membership, Microenterprise, ShareTerms
from settlement.bulk import copy_lines
from settlement.calculation import Standing, Terms, advance, is_month_end, pool_minor
from settlement.facts import NOTHING_ELSE, fingerprint_of, fiscal_year_of, terms_of
from settlement.models import Outcome, Payee, share_reference
from settlement.posting import share_memo
from settlement.splitting import Parts, Pools, Whole, fits, split_all

ONE_DAY: Final = timedelta(days=1)


class _Before(NamedTuple):
    """What the outcome of the date before leaves to this one."""

    microenterprise: UUID
    business_date: date
    fiscal_year: date
    profit_minor: int
    due_fine: int
    shared_minor: int
    carries_at: UUID | None


class _Firm(NamedTuple):
    """An ME that may be ordinary tonight."""

    id: UUID
    entity_id: int
    currency: str
    terms_id: UUID
    terms: Terms
    with_stable: bool
    before: _Before


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
    firms = [] if is_month_end(day) else _candidates(day, microenterprises)
    if firms:
        firms = _Night(day, firms).settle(by)
    done = {firm.id for firm in firms}
    return [each for each in microenterprises if each not in done]


# --- Who may be ordinary ----------------------------------------------------------------------------------------------


def _candidates(day: date, microenterprises: Sequence[UUID]) -> list[_Firm]:
    year = fiscal_year_of(day)
    before = {
        row.microenterprise: row
        for row in _outcomes_before(day, microenterprises)
        if row.business_date == day - ONE_DAY and row.fiscal_year == year
    }
    waiting = set(
        Outcome.objects.filter(
            microenterprise__in=microenterprises, state=Outcome.State.EXCEPTION, repaired_by=None, business_date__lt=day
        ).values_list("microenterprise", flat=True)
    )
    terms = {row.microenterprise_id: row for row in ShareTerms.objects.in_force(day).filter(microenterprise__in=before)}
    rows = Microenterprise.objects.filter(pk__in=before).order_by("entity").values_list("pk", "entity_id", "currency")
    firms = [
        _Firm(pk, entity, currency, terms[pk].pk, terms_of(terms[pk]), terms[pk].shares_with_stable, before[pk])
        for pk, entity, currency in rows
        if pk in terms and pk not in waiting
    ]
    owing = {entity for (entity, _party), minor in _advances([firm.entity_id for firm in firms]).items() if minor}
    return [firm for firm in firms if firm.entity_id not in owing]


def _advances(entity_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    return books.party_balances(entity_ids, Kind.ADVANCE)


def _outcomes_before(day: date, microenterprises: Sequence[UUID]) -> list[_Before]:
    """The latest own outcome of each ME before the date, through the index of its unique constraint."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.microenterprise_id, o.business_date, o.fiscal_year, o.profit_minor, o.due_fine,
                   o.already_shared_minor + o.shared_minor, o.carries_at_id
              FROM unnest(%s::uuid[]) AS firm (id)
             CROSS JOIN LATERAL (
                   SELECT * FROM settlement_outcome
                    WHERE microenterprise_id = firm.id AND repairs_id IS NULL AND business_date < %s
                    ORDER BY business_date DESC LIMIT 1) o
            """,
            [list(microenterprises), day],
        )
        return [_Before(*row) for row in cursor.fetchall()]


# --- The night of those who are ---------------------------------------------------------------------------------------


class _Night:
    """The columns of one batch. Places in them are places in `firms`, which stand in the order of their entities."""

    def __init__(self, day: date, firms: list[_Firm]) -> None:
        self.day, self.year, self.firms = day, firms[0].before.fiscal_year, firms
        self.entities = np.array([firm.entity_id for firm in firms], dtype=np.int64)
        self.wallet_account, self.wallet = batches.accounts_with_balances(self.entities.tolist(), Kind.WALLET)
        self.moved, self.reshared = self._movements()
        self.standings = [
            advance(
                Standing(firm.before.profit_minor, firm.before.due_fine, firm.before.shared_minor),
                firm.terms,
                moved_minor=moved,
                reshared_minor=reshared,
            )
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

    def _movements(self) -> tuple[Whole, Whole]:
        entities = self.entities.tolist()
        results = books.result(entities, self.day, self.day)
        shared = books.movement(entities, Kind.PROFIT_SHARED, self.day, self.day)
        moved = [income - expense for income, expense in (results[entity] for entity in entities)]
        return np.array(moved, dtype=np.int64), np.array([shared.get(each, 0) for each in entities], dtype=np.int64)

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
            {"places": [firm.before.carries_at for firm in self.firms if firm.before.carries_at]},
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
        kinds = (Kind.PROFIT_SHARED, Kind.SET_ASIDE)
        entities = self.entities[settled].tolist()
        found = batches.accounts_of(entities, kinds)
        for kind in kinds:
            for place in np.flatnonzero(found[kind] == 0).tolist():
                found[kind][place] = account_ids([account_key(entities[place], kind, "")])[0]
        return found[Kind.PROFIT_SHARED], found[Kind.SET_ASIDE]

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
                f"\t{sums[place]}\t{end - start}\t{outcome if pool else before.carries_at or nothing}"
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
