"""What a replay reads: the facts and versions of a shard of MEs, what is stored of their nights, and what is counted.

Each table is read once for a shard. Nothing is worked out here (see `settlement.replay_night`) and nothing written.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from core import clock
from core.models import AuditRecord
from ledger import by_date
from ledger.accounts import Kind
from ledger.by_date import Account
from microenterprises.models import Membership, Microenterprise, ShareTerms
from settlement.calculation import (
    Terms,
)
from settlement.closing import RESULT
from settlement.facts import Place, fiscal_year_of, terms_of
from settlement.models import LoweredPay, Outcome, PayLine

ONE_DAY: Final = timedelta(days=1)
NAMED: Final = 25
"""How many differences are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is stored otherwise than it works out again."""

    microenterprise: str
    day: date
    what: str
    stored: object
    recomputed: object


@dataclass(slots=True)
class Tally:
    """What a replay compared and what differed; the first differences are named."""

    nights: int = 0
    outcomes: int = 0
    share_lines: int = 0
    pay_lines: int = 0
    entries: int = 0
    differences: int = 0
    named: list[Difference] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return self.share_lines + self.pay_lines

    def differs(self, microenterprise: str, day: date, what: str, stored: object, recomputed: object) -> None:
        self.differences += 1
        if len(self.named) < NAMED:
            self.named.append(Difference(microenterprise, day, what, stored, recomputed))


@dataclass(frozen=True, slots=True)
class Window:
    """When the run of a date worked: what was posted before it was there, what was posted after it was not."""

    opened: datetime
    closed: datetime


def dates(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)


class Years(dict[date, date]):
    """The fiscal year of each date, asked for once."""

    def __missing__(self, day: date) -> date:
        self[day] = found = fiscal_year_of(day)
        return found


# --- Reading ----------------------------------------------------------------------------------------------------------

OUTCOME: Final = (
    "is_final", "state", "snag", "currency", "fiscal_year", "share_terms_id", "profit_before_minor", "profit_minor",
    "due_before_fine", "due_fine", "already_shared_minor", "pool_minor", "shared_minor", "needed_minor",
    "wallet_minor", "recovered_minor", "payable_minor", "pay_minor", "draws_minor", "written_off_minor",
    "weights_sum", "line_count", "carries_at_id", "entry_reference", "facts_sha256", "frozen",
)  # fmt: skip
PAY: Final = (
    "person_id", "kind", "month", "business_date", "night", "currency", "days", "days_in_month", "monthly_minor",
    "amount_minor", "entry_reference",
)  # fmt: skip
PayKey = tuple[UUID, object, object]
SHARE: Final = (
    "night", "business_date", "person_id", "currency", "weight", "weights_sum", "inherited_grain",
    "carry_before_grain", "carry_after_grain", "amount_minor", "recovered_minor", "payable_minor",
)  # fmt: skip
FACTS: Final = (*RESULT, Kind.STAKE)
STANDS: Final = (Kind.WALLET, Kind.ADVANCE)


@dataclass(frozen=True, slots=True)
class Stored:
    """An outcome as it is stored, with the hash of its lines."""

    pk: UUID
    night: date
    day: date
    repairs: UUID | None
    values: tuple[Any, ...]
    lines: int = 0
    digest: str = ""


def pay_key(membership: UUID, values: Sequence[Any]) -> PayKey:
    """What there is one line of: pay and draw of a month, an advance that was taken over in a night."""
    kind, month, night = values[PAY.index("kind")], values[PAY.index("month")], values[PAY.index("night")]
    return membership, night if kind == "forgiven" else month, kind


@dataclass(slots=True)
class Facts:
    """Everything one ME's nights depend on, and what was stored of them."""

    places: list[Place] = field(default_factory=list)
    terms: list[tuple[ShareTerms, Terms]] = field(default_factory=list)
    moved: dict[date, dict[Account, int]] = field(default_factory=dict)
    events: list[by_date.Event] = field(default_factory=list)
    stood: dict[Account, int] = field(default_factory=dict)
    outcomes: dict[tuple[date, UUID | None], Stored] = field(default_factory=dict)
    lowered: dict[UUID, list[tuple[UUID, int, date]]] = field(default_factory=dict)
    pays: dict[PayKey, tuple[Any, ...]] = field(default_factory=dict)
    entries: dict[str, by_date.NightEntry] = field(default_factory=dict)
    left_on_the_last_day: frozenset[UUID] = frozenset()


class Reading:
    """All rows of a shard of MEs, each table read once."""

    def __init__(
        self, firms: Sequence[Microenterprise], start: date, until: date, begin: date, *, from_stored: bool
    ) -> None:
        self.firms, self.start, self.until, self.begin = firms, start, until, begin
        self.from_stored = from_stored and start > begin
        self.ids = [firm.pk for firm in firms]
        self.entities = {firm.entity_id: firm.pk for firm in firms}
        self.of: dict[UUID, Facts] = {pk: Facts() for pk in self.ids}
        self._versions()
        self._ledger()
        self._stored()
        self._leavers()

    def _versions(self) -> None:
        rows = Membership.objects.filter(microenterprise__in=self.ids, started_on__lte=self.until)
        for place in map(Place._make, rows.order_by("number").values_list(*Place._fields)):
            self.of[place.microenterprise_id].places.append(place)
        for row in ShareTerms.objects.filter(microenterprise__in=self.ids, status=ShareTerms.Status.AGREED):
            self.of[row.microenterprise_id].terms.append((row, terms_of(row)))
        lowered = LoweredPay.objects.filter(outcome__microenterprise__in=self.ids)
        for me, outcome, membership, minor, on in lowered.values_list(
            "outcome__microenterprise", "outcome", "membership", "monthly_minor", "lowered_on"
        ):
            self.of[me].lowered.setdefault(outcome, []).append((membership, minor, on))

    def _ledger(self) -> None:
        entities = list(self.entities)
        for move in by_date.facts_by_day(entities, FACTS, date.min, self.until):
            day = self.of[self.entities[move.entity_id]].moved.setdefault(move.business_date, {})
            day[move.kind, move.party] = move.amount_minor
        for event in by_date.events(entities, STANDS, self.start):
            self.of[self.entities[event.entity_id]].events.append(event)
        for entity, stood in by_date.stood_before(entities, STANDS, self.start).items():
            self.of[self.entities[entity]].stood = stood
        subjects = {f"microenterprise:{pk}": pk for pk in self.ids}
        for entry in by_date.night_entries(list(subjects), self.start, self.until):
            self.of[subjects[entry.subject]].entries[entry.reference] = entry

    def _stored(self) -> None:
        digests = self._line_digests()
        rows = Outcome.objects.filter(microenterprise__in=self.ids, night__range=(self.start, self.until))
        for pk, me, night, day, repairs, *values in rows.values_list(
            "pk", "microenterprise_id", "night", "business_date", "repairs_id", *OUTCOME
        ):
            stored = Stored(pk, night, day, repairs, tuple(values), *digests.get(pk, (0, "")))
            self.of[me].outcomes[day, repairs] = stored
        pays = PayLine.objects.filter(microenterprise__in=self.ids, night__range=(self.start, self.until))
        for me, membership, *values in pays.values_list("microenterprise_id", "membership_id", *PAY):
            self.of[me].pays[pay_key(membership, values)] = tuple(values)

    def _line_digests(self) -> dict[UUID, tuple[int, str]]:
        columns = ", ".join(f"l.{name}" for name in SHARE)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT l.outcome_id, count(*),
                       md5(string_agg(concat_ws(',', l.membership_id, {columns}), E'\\n' ORDER BY l.membership_id))
                  FROM settlement_outcome o JOIN settlement_shareline l ON l.outcome_id = o.id
                 WHERE o.microenterprise_id = ANY(%s) AND o.night BETWEEN %s AND %s
                 GROUP BY 1
                """,  # noqa: S608 (names of columns)
                [self.ids, self.start, self.until],
            )
            return {outcome: (lines, digest) for outcome, lines, digest in cursor.fetchall()}

    def _leavers(self) -> None:
        """Who left an ME by themselves on the day it ended: they were no members at its final settlement."""
        ended = {firm.pk: clock.business_date(firm.dissolved_at) for firm in self.firms if firm.dissolved_at}
        subjects = {f"microenterprise:{pk}": pk for pk in ended}
        left: dict[UUID, set[str]] = defaultdict(set)
        for record in AuditRecord.objects.filter(subject__in=subjects, deed="membership.ended"):
            pk = subjects[record.subject]
            if record.facts.get("on") == ended[pk].isoformat():
                left[pk].add(record.facts["person"])
        names = {}
        if left:
            people = Membership.objects.filter(microenterprise__in=left).select_related("person")
            names = {each.person_id: each.person.name for each in people}
        for pk, persons in left.items():
            self.of[pk].left_on_the_last_day = frozenset(
                place.pk for place in self.of[pk].places if names[place.person_id] in persons
            )
